//! The attacks that send the same request again: one after the other, at once, after a restart, to
//! another member.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::super::super::flow::{Flow, Stop};
use super::super::super::world::ServiceRef;
use super::super::effect::Times;
use super::super::trial::{Answer, Trial};
use super::{Aim, Ended};
use crate::diag::Code;
use crate::probe;
use crate::protocol::Call;
use crate::value::{Object, Value};

impl Trial {
    pub(super) async fn replay(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let times = self.times(&aim.given, "times", 3)?;
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        for _ in 0..times {
            let answer = self.send(aim.operation).await?;
            self.repeats(aim.operation, aim.body, &first, &answer).await?;
        }
        self.effect(aim.operation, Times::Once).await
    }

    pub(super) async fn concurrent(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let times = self.times(&aim.given, "times", 5)?;
        if probe::find(&aim.attack.name).is_some_and(|probe| times < probe.least) {
            return Err(self.cannot(aim, "one request alone is not concurrent"));
        }
        let busy = aim.given.value("busy");
        let numbers: Vec<u32> = (0..times).map(|_| self.next()).collect();
        let call = &self.prepared.call;
        let sent = numbers.iter().map(|number| self.perform(aim.operation, call.clone(), *number));
        let answers = join_all(sent).await.into_iter().collect::<Flow<Vec<Answer>>>()?;
        for answer in &answers {
            self.note_answer(answer, "at the same time");
        }
        let taken: Vec<&Answer> = answers.iter().filter(|answer| !Trial::is_busy(answer, &busy)).collect();
        let Some((first, rest)) = taken.split_first() else {
            if let Some(answer) = answers.first() {
                self.find(
                    "was refused because of another, and so was every other".into(),
                    Vec::new(),
                    answer,
                );
            }
            return self.effect(aim.operation, Times::Never).await;
        };
        // With a block of its own, each answer has to fit it, and none is the one to compare with.
        if let Some((block, profile)) = aim.body {
            for answer in &taken {
                self.block_holds(block, profile, answer).await?;
            }
        } else if self.accepts(aim.operation, first).await? {
            for answer in rest {
                self.is_same(aim.operation, first, answer).await?;
            }
        }
        let last = self.send(aim.operation).await?;
        self.repeats(aim.operation, aim.body, first, &last).await?;
        self.effect(aim.operation, Times::Once).await
    }

    /// A race of two attempts; they provably overlapped when one of them was refused for it.
    pub(super) async fn in_flight(&mut self, aim: &Aim<'_>, turn: u32) -> Flow<Ended> {
        let tries = self.times(&aim.given, "tries", 10)?;
        let busy = aim.given.value("busy");
        let numbers = [self.next(), self.next()];
        let call = self.prepared.call.clone();
        // The second follows the first a little later in each race.
        let later = std::time::Duration::from_micros(u64::from(turn - 1) * 300);
        let (first, second) = tokio::join!(self.perform(aim.operation, call.clone(), numbers[0]), async {
            self.cx.sleep(later).await?;
            self.perform(aim.operation, call.clone(), numbers[1]).await
        });
        let (first, second) = (first?, second?);
        self.note_answer(&first, "");
        self.note_answer(&second, "while it may be under way");
        let refused = |answer: &Answer| !answer.succeeded && !answer.broke();
        let (taken, other) =
            if refused(&first) && !refused(&second) { (second, first) } else { (first, second) };
        if !self.accepts(aim.operation, &taken).await? {
            return Ok(Ended::Over);
        }
        let overlapped = refused(&other);
        if overlapped {
            match aim.body {
                Some((block, profile)) => self.block_holds(block, profile, &other).await?,
                None if Trial::is_busy(&other, &busy) => {}
                None => {
                    let told = format!("came while the other was under way, and came to {}", other.told());
                    self.find(told, Vec::new(), &other);
                }
            }
        } else {
            self.is_same(aim.operation, &taken, &other).await?;
        }
        let last = self.send(aim.operation).await?;
        self.is_same(aim.operation, &taken, &last).await?;
        self.effect(aim.operation, Times::Once).await?;
        if overlapped || !self.findings.is_empty() {
            return Ok(Ended::Over);
        }
        if turn < tries {
            return Ok(Ended::Again);
        }
        let message =
            format!("probe `{}`: no two attempts provably overlapped in {tries} races", aim.attack.title);
        let mut failure =
            self.cx.failure(&self.env, Code::EXPECTATION, aim.operation.place_of(aim.attack), message);
        failure.details.push(self.timeline());
        failure.help = Some(
            "aim it at a link that the service uses while it works, which then holds the first attempt up: `probe in_flight on orders -> ledger`".into(),
        );
        Err(Stop::Unknown(vec![failure]))
    }

    pub(super) async fn restart(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        let service = match &aim.attack.probe.on {
            Some(on) => {
                let value = self.cx.eval(self.env_of(aim.attack.profile.is_some()), on).await?;
                match &value {
                    Value::Live(live) => self.cx.world.service_behind(&**live),
                    _ => None,
                }
            }
            None => self.prepared.service().cloned(),
        };
        let Some(service) = service else {
            return Err(self.cannot(aim, "there is no service to restart"));
        };
        self.restarted(aim, &service).await?;
        let answer = self.send(aim.operation).await?;
        self.repeats(aim.operation, aim.body, &first, &answer).await?;
        self.effect(aim.operation, Times::Once).await
    }

    async fn restarted(&mut self, aim: &Aim<'_>, service: &Arc<ServiceRef>) -> Flow<()> {
        let Some(system) = self.cx.world.protocol("system") else {
            return Err(self.cannot(aim, "nothing can restart a service"));
        };
        let call = Call {
            verb: "restart".into(),
            endpoint: Some(service.endpoint(&self.cx.world)),
            stream: Some(service.clone().target()),
            members: Vec::new(),
            place: None,
            operand: None,
            options: Object::new(),
            span: None,
            reads: crate::protocol::Parts::ALL,
        };
        let began = Instant::now();
        let reply = system
            .perform(&call, &self.cx.session)
            .await
            .map_err(|misuse| self.cannot(aim, misuse.message))?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        self.note(
            began,
            format!("restart {}  → {} after {took:.1} ms", service.name, reply.exchange.response),
        );
        if reply.succeeded {
            return Ok(());
        }
        let message = format!("`{}` did not come back: {}", service.name, reply.exchange.response);
        let mut failure = self.cx.failure(&self.env, Code::SERVICE_START, aim.attack.probe.span, message);
        failure.exchange = Some(Box::new(reply.exchange));
        failure.logs = self.cx.world.log_tails([&*service.name]);
        Err(failure.into())
    }

    pub(super) async fn other_replica(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let members = self.prepared.service().map(|service| service.members.clone()).unwrap_or_default();
        if members.len() < 2 {
            return Err(self.cannot(aim, "the service has no other member"));
        }
        let mut first: Option<Answer> = None;
        for (index, member) in members.iter().enumerate() {
            let mut call = self.prepared.call.clone();
            call.endpoint = Some(self.cx.endpoint(member));
            call.stream = Some(member.clone().target());
            let answer = self.send_call(aim.operation, call, &format!("to member {index}")).await?;
            match &first {
                Some(first) => self.repeats(aim.operation, aim.body, first, &answer).await?,
                None if self.accepts(aim.operation, &answer).await? => first = Some(answer),
                None => return Ok(()),
            }
        }
        self.effect(aim.operation, Times::Once).await
    }

    pub(super) async fn redelivery(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let times = self.times(&aim.given, "times", 2)?;
        let Some(_) = self.first(aim).await? else { return Ok(()) };
        self.effect(aim.operation, Times::Once).await?;
        for _ in 0..times {
            let answer = self.send_call(aim.operation, self.prepared.call.clone(), "delivered again").await?;
            match aim.body {
                Some((block, profile)) => self.block_holds(block, profile, &answer).await?,
                None => {
                    self.accepts(aim.operation, &answer).await?;
                }
            }
        }
        self.effect(aim.operation, Times::Once).await
    }
}
