//! The attacks themselves, one by one: what is sent, what must come back, and how often the effect
//! may happen. Their promises are the summaries in `probe::SPECS`.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::super::cx::Cx;
use super::super::flow::{Flow, Stop};
use super::super::request::Prepared;
use super::super::world::ServiceRef;
use super::effect::Times;
use super::given::Given;
use super::trial::{Answer, Trial};
use super::{Operation, change};
use crate::check::Attack;
use crate::diag::Code;
use crate::event::Failure;
use crate::protocol::Call;
use crate::syntax::ast::Block;
use crate::value::{Object, Value};

impl Trial {
    /// The operation without any attack: it succeeds and shows its effect.
    pub(super) async fn as_it_is(&mut self, operation: &Operation<'_>) -> Flow<()> {
        let answer = self.send(operation).await?;
        if self.accepts(operation, &answer).await? {
            self.effect(operation, Times::Once).await?;
        }
        self.verdict(operation, None)
    }
}

impl Cx {
    /// Runs a probe in a trial of its own; how many requests it sent, and what it came to.
    pub(super) async fn attack(
        self: &Arc<Self>,
        operation: &Operation<'_>,
        attack: &Attack<'_>,
    ) -> (u32, Flow<()>) {
        let mut sent = 0;
        let mut turn = 0;
        loop {
            turn += 1;
            let (more, result) = self.one_trial(operation, attack, turn).await;
            sent += more;
            match result {
                Ok(Ended::Over) => return (sent, Ok(())),
                Ok(Ended::Again) => {}
                Err(stop) => return (sent, Err(stop)),
            }
        }
    }

    async fn one_trial(
        self: &Arc<Self>,
        operation: &Operation<'_>,
        attack: &Attack<'_>,
        turn: u32,
    ) -> (u32, Flow<Ended>) {
        let name = format!("probe {} {turn}", attack.title);
        let cx = self.again(&name);
        let mut sent = 0;
        let result = match Trial::again(&cx, operation, &attack.title, &name).await {
            Ok(mut trial) => {
                let ended = trial.run(operation, attack, turn).await;
                sent = trial.sent();
                match ended {
                    Ok(ended) => trial.verdict(operation, Some(attack)).map(|()| ended),
                    Err(stop) => Err(with_timeline(stop, &trial, attack)),
                }
            }
            Err(stop) => Err(before_probe(stop, attack)),
        };
        Trial::count_into(&cx, self);
        if matches!(result, Err(Stop::Cancelled)) {
            return (sent, result);
        }
        let cleanup = match self.clean_up_nested(&cx).await {
            Ok(cleanup) => cleanup,
            Err(stop) => return (sent, Err(stop)),
        };
        let result = match (result, cleanup.is_empty()) {
            (result, true) => result,
            (Ok(_), false) => Err(Stop::Failed(cleanup)),
            (Err(stop), false) => {
                let mut failures = stop.into_failures();
                failures.extend(cleanup);
                Err(Stop::Failed(failures))
            }
        };
        (sent, result)
    }
}

/// How a trial ended that found nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// The probe is over.
    Over,
    /// It needs another trial.
    Again,
}

/// The failures of the scenario's beginning say that it was not its first time.
fn before_probe(stop: Stop, attack: &Attack<'_>) -> Stop {
    let told = |mut failures: Vec<Failure>| {
        if let Some(first) = failures.first_mut() {
            let text = format!("the scenario was run once more, on fresh data, for probe `{}`", attack.title);
            first.details.push(super::report::note(text));
        }
        failures
    };
    match stop {
        Stop::Failed(failures) | Stop::Broken(failures) => Stop::Failed(told(failures)),
        Stop::Unknown(failures) => Stop::Unknown(told(failures)),
        Stop::Terminal(failure) => Stop::Failed(told(vec![*failure])),
        Stop::Return(_) => Stop::Failed(Vec::new()),
        Stop::Cancelled => Stop::Cancelled,
    }
}

/// A failure in the middle of an attack shows what had been sent.
fn with_timeline(stop: Stop, trial: &Trial, attack: &Attack<'_>) -> Stop {
    let told = |mut failures: Vec<Failure>| {
        if let Some(first) = failures.first_mut() {
            // What an attack says of itself has both already.
            if !first.message.starts_with("probe `") {
                first.message = format!("probe `{}`: {}", attack.title, first.message);
                first.details.push(trial.timeline());
            }
        }
        failures
    };
    match stop {
        Stop::Failed(failures) | Stop::Broken(failures) => Stop::Failed(told(failures)),
        Stop::Unknown(failures) => Stop::Unknown(told(failures)),
        other => other,
    }
}

/// One attack under way.
pub(super) struct Aim<'a> {
    pub(super) operation: &'a Operation<'a>,
    pub(super) attack: &'a Attack<'a>,
    pub(super) given: Given,
    /// The probe's own block, and whether it stands in a profile.
    pub(super) body: Option<(&'a Block, bool)>,
}

impl Trial {
    async fn run(&mut self, operation: &Operation<'_>, attack: &Attack<'_>, turn: u32) -> Flow<Ended> {
        let given = self.given(attack).await?;
        let body = attack.probe.body.as_ref().map(|body| (body, attack.profile.is_some()));
        let aim = Aim { operation, attack, given, body };
        match &*attack.name {
            "replay" => self.replay(&aim).await,
            "concurrent" => self.concurrent(&aim).await,
            "in_flight" if attack.probe.on.is_some() => self.held_up(&aim).await,
            "in_flight" => return self.in_flight(&aim, turn).await,
            "lost_request" | "lost_response" => self.lost(&aim).await,
            "failed_first" => self.failed_first(&aim).await,
            "restart" => self.restart(&aim).await,
            "changed_body" => return self.changed_body(&aim, turn).await,
            "reordered_body" => self.reordered_body(&aim).await,
            "missing_key" => self.missing_key(&aim).await,
            "malformed_key" => self.malformed_key(&aim).await,
            "expired" => self.expired(&aim).await,
            "other_tenant" => self.other_tenant(&aim).await,
            "other_replica" => self.other_replica(&aim).await,
            "redelivery" => self.redelivery(&aim).await,
            other => {
                // `check` refuses it before anything runs; a run that got here must not pass.
                let message = format!("`{other}` cannot be executed yet");
                Err(self.cx.failure(&self.env, Code::NOT_YET, attack.probe.span, message).into())
            }
        }
        .map(|()| Ended::Over)
    }

    /// The first attempt, which must succeed. None when it did not, which is noted.
    async fn first(&mut self, aim: &Aim<'_>) -> Flow<Option<Answer>> {
        let first = self.send(aim.operation).await?;
        Ok(self.accepts(aim.operation, &first).await?.then_some(first))
    }

    async fn replay(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let times = self.times(&aim.given, "times", 3)?;
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        for _ in 0..times {
            let answer = self.send(aim.operation).await?;
            self.repeats(aim.operation, aim.body, &first, &answer).await?;
        }
        self.effect(aim.operation, Times::Once).await
    }

    async fn concurrent(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let times = self.times(&aim.given, "times", 5)?;
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
    async fn in_flight(&mut self, aim: &Aim<'_>, turn: u32) -> Flow<Ended> {
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

    async fn restart(&mut self, aim: &Aim<'_>) -> Flow<()> {
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
        };
        let began = Instant::now();
        let reply = system
            .perform(call, &self.cx.session)
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

    /// Turn 1 shows that the other body is taken with a fresh key; turn 2 sends it with a used one.
    async fn changed_body(&mut self, aim: &Aim<'_>, turn: u32) -> Flow<Ended> {
        let place = aim.operation.key.as_ref().map(|(place, _)| place);
        let body = self.body(aim)?;
        let changed = match (aim.given.value("body"), aim.given.span("body")) {
            (Value::Object(fields), Some(span)) => {
                change::with_fields(&body, &fields).map_err(|why| self.cx.bad_value(&self.env, span, why))?
            }
            (Value::Absent, _) => change::altered(&body, place).ok_or_else(|| {
                self.cannot(aim, "the body has no number, truth value or text to change: say what changes")
            })?,
            (other, span) => {
                let span = span.unwrap_or(aim.attack.probe.span);
                let message = format!("the change of a body is an object, not a {}", other.kind());
                return Err(self.cx.bad_value(&self.env, span, message));
            }
        };
        let call = Call { operand: Some(changed), ..self.prepared.call.clone() };
        if turn == 1 {
            let answer = self.send_call(aim.operation, call, "the other body, by itself").await?;
            if answer.succeeded {
                return Ok(Ended::Again);
            }
            let message = format!(
                "probe `{}`: the other body is refused by itself with {}, so its refusal says nothing of the key",
                aim.attack.title,
                answer.told()
            );
            let span = aim.operation.place_of(aim.attack);
            let mut failure = self.cx.failure(&self.env, Code::EXPECTATION, span, message);
            failure.exchange = Some(Box::new(answer.response.exchange.clone()));
            failure.details.push(self.timeline());
            failure.help =
                Some("say a change that the service takes: `probe changed_body({ qty: 3 })`".into());
            return Err(Stop::Unknown(vec![failure]));
        }
        let Some(_) = self.first(aim).await? else { return Ok(Ended::Over) };
        let answer = self.send_call(aim.operation, call, "the other body, the same key").await?;
        self.refusal(aim, &answer, "with another body").await?;
        self.effect(aim.operation, Times::Once).await?;
        Ok(Ended::Over)
    }

    async fn reordered_body(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let body = self.body(aim)?;
        let Some(reordered) = change::reordered(&body) else {
            return Err(self.cannot(aim, "no object of the body has two fields, so there is no other order"));
        };
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        let call = Call { operand: Some(reordered), ..self.prepared.call.clone() };
        let answer = self.send_call(aim.operation, call, "its fields in reverse order").await?;
        self.repeats(aim.operation, aim.body, &first, &answer).await?;
        self.effect(aim.operation, Times::Once).await
    }

    async fn missing_key(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some((place, _)) = &aim.operation.key else {
            return Err(self.cannot(aim, "nobody says where the request carries its key"));
        };
        let call = change::with_key(&self.prepared.call, place, None);
        let answer = self.send_call(aim.operation, call, "without its key").await?;
        self.refusal(aim, &answer, "without its key").await?;
        self.effect(aim.operation, Times::Never).await
    }

    async fn malformed_key(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some((place, _)) = &aim.operation.key else {
            return Err(self.cannot(aim, "nobody says where the request carries its key"));
        };
        let length = match aim.given.value("length") {
            Value::Number(number) => change::whole(&number, 1 << 20),
            _ => None,
        };
        let mut keys: Vec<Value> = match aim.given.value("keys") {
            Value::List(keys) => (*keys).clone(),
            _ if length.is_none() => vec![Value::text("")],
            _ => Vec::new(),
        };
        keys.extend(length.map(|length| change::long_key(length as usize)));
        if keys.is_empty() {
            return Err(self.cannot(aim, "there is no malformed key"));
        }
        for key in keys {
            let call = change::with_key(&self.prepared.call, place, Some(&key));
            let shown = crate::value::show_short(&key, 24);
            let answer = self.send_call(aim.operation, call, &format!("with the key {shown}")).await?;
            self.refusal(aim, &answer, &format!("with the key {shown}")).await?;
        }
        self.effect(aim.operation, Times::Never).await
    }

    async fn expired(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some(after) = self.time(&aim.given, "after")? else {
            return Err(self.cannot(aim, "`after` says how long a key lives"));
        };
        let Some(_) = self.first(aim).await? else { return Ok(()) };
        let before = self.before.clone();
        let between = self.effect_since(aim.operation, Times::Once, &before).await?;
        self.note(Instant::now(), format!("wait {}", crate::value::show_short(&Value::duration(after), 20)));
        self.cx.sleep(after).await?;
        let answer = self.send(aim.operation).await?;
        self.anew(aim, &answer, &between).await
    }

    async fn other_tenant(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Value::Object(options) = aim.given.value("with") else {
            return Err(
                self.cannot(aim, "`with` says what makes the request another tenant's: `{ headers: { … } }`")
            );
        };
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        let before = self.before.clone();
        let between = self.effect_since(aim.operation, Times::Once, &before).await?;
        let mut call = self.prepared.call.clone();
        super::super::request::merge(&mut call.options, (*options).clone());
        let answer = self.send_call(aim.operation, call, "the other tenant, the same key").await?;
        if let Some((block, profile)) = aim.body {
            self.block_holds(block, profile, &answer).await?;
        } else if !answer.succeeded {
            let told = format!("is another tenant's, an operation of its own, and came to {}", answer.told());
            self.find(told, Vec::new(), &answer);
        }
        if !answer.succeeded {
            return self.effect_since(aim.operation, Times::Never, &between).await.map(drop);
        }
        // Taken as an operation of its own: it shows in the answer, or in the effect.
        let differs = !self.differences(aim.operation, &first, &answer).await?.is_empty();
        let found = self.findings.len();
        self.effect_since(aim.operation, Times::Never, &between).await?;
        let unchanged = self.findings.len() == found;
        self.findings.truncate(found);
        if !unchanged {
            return self.effect_since(aim.operation, Times::Once, &between).await.map(drop);
        }
        if !differs {
            let told = "is another tenant's, and was answered with what belongs to the first".to_owned();
            self.find(told, Vec::new(), &answer);
        }
        Ok(())
    }

    async fn other_replica(&mut self, aim: &Aim<'_>) -> Flow<()> {
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

    async fn redelivery(&mut self, aim: &Aim<'_>) -> Flow<()> {
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

    /// A refusal: what the probe's block says, else one that says the caller is wrong.
    async fn refusal(&mut self, aim: &Aim<'_>, answer: &Answer, why: &str) -> Flow<()> {
        match aim.body {
            Some((block, profile)) => self.block_holds(block, profile, answer).await,
            None => {
                self.refuses(answer, why);
                Ok(())
            }
        }
    }

    /// An attempt that is taken as a new one: it succeeds, and the effect happens once more; when
    /// the probe's block expects a refusal, nothing happens.
    async fn anew(&mut self, aim: &Aim<'_>, answer: &Answer, between: &[Value]) -> Flow<()> {
        match aim.body {
            Some((block, profile)) => self.block_holds(block, profile, answer).await?,
            None => {
                self.accepts(aim.operation, answer).await?;
            }
        }
        let times = if answer.succeeded { Times::Once } else { Times::Never };
        self.effect_since(aim.operation, times, between).await.map(drop)
    }

    /// The body that is sent.
    fn body(&self, aim: &Aim<'_>) -> Flow<Value> {
        let Prepared { call, .. } = &self.prepared;
        match &call.operand {
            Some(body @ (Value::Object(_) | Value::List(_))) => Ok(body.clone()),
            Some(Value::Tagged(_)) => Err(self.cannot(aim, "the body is no JSON, and only JSON is changed")),
            Some(other) => Err(self.cannot(
                aim,
                format!("the body is a {}, and only objects and lists are changed", other.kind()),
            )),
            None => Err(self.cannot(aim, "the request has no body")),
        }
    }

    /// A probe that cannot attack here.
    pub(super) fn cannot(&self, aim: &Aim<'_>, why: impl Into<String>) -> Stop {
        let message = why.into();
        let mut failure =
            self.cx.failure(&self.env, Code::BAD_VALUE, aim.operation.place_of(aim.attack), message);
        failure.help =
            Some("a probe that cannot attack is no pass: leave it out, or give it what it needs".into());
        failure.into()
    }
}
