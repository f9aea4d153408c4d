//! The attacks that break a link: the first attempt runs while a fault is at work there, the next
//! ones with the link in order. A fault that hit nothing shows nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::flow::{Flow, Stop};
use super::super::under::{Faults, Harm, Told, What};
use super::attack::Aim;
use super::effect::Times;
use super::trial::{Answer, Trial};
use crate::check::{LinkName, Party};
use crate::diag::Code;
use crate::link::Fault;
use crate::link::fault::{Counted, Kind, Select};
use crate::syntax::ast::ExprKind;
use crate::value::{Live as _, Value};

/// How long an attempt is held up by default.
const HOLD: Duration = Duration::from_secs(1);

impl Trial {
    /// The first attempt or its answer is lost; the request is sent again.
    pub(super) async fn lost(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let answered = &*aim.attack.name == "lost_response";
        let kind = if answered { Kind::LostResponse } else { Kind::LostRequest };
        let link = self.link(aim)?;
        let faults = self.begin(aim, &link, kind, Some(1)).await?;
        let first = self.send(aim.operation).await?;
        self.ended(aim, &link, faults).await?;
        let own = link.from == Party::Client;
        if own && !first.broke() {
            return Err(self.shows_nothing(aim, "the first attempt was answered although its link broke"));
        }
        let hidden = first.hidden();
        if own && answered && hidden.is_none() {
            return Err(self.shows_nothing(aim, "the link does not know the answer that it kept back"));
        }
        // What the service made of the first attempt when something behind it broke is its own
        // affair; a success counts, and is what the next answers are compared with.
        let known = hidden.or_else(|| first.succeeded.then_some(first));
        if let Some(known) = &known
            && !known.is_success()
        {
            let told = format!("must succeed, and came to {}", known.told());
            self.find(told, Vec::new(), known);
            return Ok(());
        }
        self.once_more(aim, known).await
    }

    /// What the service calls fails during the first attempt; the request is sent again.
    pub(super) async fn failed_first(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let link = self.link(aim)?;
        let status = match aim.given.value("status") {
            Value::Absent => {
                let called = link.to.and_then(|to| self.cx.world.service(to));
                match called.is_some_and(|service| &*service.protocol == "grpc") {
                    true => Value::text("UNAVAILABLE"),
                    false => Value::int(503),
                }
            }
            given => given,
        };
        let faults = self.begin(aim, &link, Kind::Status { status, headers: Vec::new() }, None).await?;
        let first = self.send(aim.operation).await?;
        self.ended(aim, &link, faults).await?;
        if first.succeeded {
            return Err(self.shows_nothing(aim, "the first attempt succeeded although what it calls failed"));
        }
        self.once_more(aim, None).await
    }

    /// The first attempt is held up in the middle of its work, and a second one comes.
    pub(super) async fn held_up(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let link = self.link(aim)?;
        let hold = self.time(&aim.given, "hold")?.unwrap_or(HOLD);
        let busy = aim.given.value("busy");
        let faults = self.begin(aim, &link, Kind::Delay { by: hold, jitter: Duration::ZERO }, None).await?;
        let numbers = [self.next(), self.next()];
        let call = self.prepared.call.clone();
        let first = self.perform(aim.operation, call.clone(), numbers[0]);
        let second = async {
            let waits = Instant::now();
            while faults.hits().is_empty() {
                if waits.elapsed() > hold * 10 {
                    return Ok(None);
                }
                self.cx.sleep(Duration::from_millis(2)).await?;
            }
            self.perform(aim.operation, call.clone(), numbers[1]).await.map(Some)
        };
        // The second is not waited for when the first is over and was never held up.
        let (first, second) = {
            tokio::pin!(first, second);
            tokio::select! {
                second = &mut second => (first.await?, second?),
                answer = &mut first => match faults.hits().is_empty() {
                    true => (answer?, None),
                    false => (answer?, second.await?),
                },
            }
        };
        self.note_answer(&first, "");
        let Some(second) = second else {
            self.ended(aim, &link, faults).await?;
            return Err(self.shows_nothing(aim, "the first attempt was over before it was held up"));
        };
        self.note_answer(&second, "while the first is under way");
        self.ended(aim, &link, faults).await?;
        let refused = !second.succeeded && !second.broke();
        if !refused && second.start + hold / 2 > first.end {
            return Err(self.shows_nothing(aim, "the two attempts did not provably overlap"));
        }
        if !self.accepts(aim.operation, &first).await? {
            return self.effect(aim.operation, Times::Once).await;
        }
        match aim.body {
            Some((block, profile)) => self.block_holds(block, profile, &second).await?,
            None if Trial::is_busy(&second, &busy) => {}
            None => self.is_same(aim.operation, &first, &second).await?,
        }
        let last = self.send(aim.operation).await?;
        self.is_same(aim.operation, &first, &last).await?;
        self.effect(aim.operation, Times::Once).await
    }

    /// The request once more, with everything in order, and a last time: the answers are the same,
    /// and the effect happens once.
    async fn once_more(&mut self, aim: &Aim<'_>, known: Option<Answer>) -> Flow<()> {
        let second = self.send(aim.operation).await?;
        let first = match known {
            Some(known) => {
                self.repeats(aim.operation, aim.body, &known, &second).await?;
                known
            }
            None => {
                if !self.accepts(aim.operation, &second).await? {
                    return self.effect(aim.operation, Times::Once).await;
                }
                second
            }
        };
        let last = self.send(aim.operation).await?;
        self.repeats(aim.operation, aim.body, &first, &last).await?;
        self.effect(aim.operation, Times::Once).await
    }

    /// The link that a probe is aimed at: as written, else the runner's own to the service.
    fn link(&self, aim: &Aim<'_>) -> Flow<LinkName> {
        match &aim.attack.probe.on {
            Some(on) => match &on.kind {
                ExprKind::Link(from, to) => {
                    self.cx.link_at(self.env_of(aim.attack.profile.is_some()), from, to.as_deref(), on.span)
                }
                _ => Err(self.cannot(aim, "the place is no link")),
            },
            None => match self.prepared.service() {
                Some(service) => Ok(LinkName { from: Party::Client, to: Some(service.item), method: None }),
                None => Err(self.cannot(aim, "the request goes to no service, so there is no link")),
            },
        }
    }

    /// Puts a fault to work.
    async fn begin(&mut self, aim: &Aim<'_>, on: &LinkName, kind: Kind, first: Option<u64>) -> Flow<Faults> {
        let span = aim.operation.place_of(aim.attack);
        let written: Arc<str> = aim.attack.title.as_str().into();
        let key = self.env.site(span).with(aim.attack.title.clone());
        // What the service does by itself passes there as well. Where it hands on whose work it does,
        // only calls of this attempt are attacked.
        let hands_on = on.from != Party::Client && self.traces(on, &aim.operation.first_trace);
        let of = hands_on.then(|| self.cx.session.trace_id.as_str().into());
        let select = Select { first, of, ..Select::default() };
        let fault =
            Fault { written: written.clone(), kind, select, key, trace: None, counted: Counted::default() };
        let harm = Harm { written, span, what: What::Link { on: on.clone(), fault: Box::new(fault) } };
        self.cx.begin_faults(&self.env, vec![harm]).await
    }

    /// Whether a call over a link said that it belongs to a trace.
    fn traces(&self, on: &LinkName, trace: &str) -> bool {
        let calls = self.cx.links_of(on).into_iter().filter_map(|link| link.calls().items()).flatten();
        let mut traces =
            calls.filter_map(|call| call.as_object()?.get("trace")?.as_text().map(str::to_owned));
        traces.any(|of| of == trace)
    }

    /// Ends a fault and draws its hits into the timeline. Inconclusive when it hit nothing.
    async fn ended(&mut self, aim: &Aim<'_>, on: &LinkName, faults: Faults) -> Flow<()> {
        let hits = faults.hits();
        faults.end(&self.cx, &self.env, false).await?;
        for Told { on, hit, .. } in &hits {
            let line = format!("× {} on {on} hits {}", aim.attack.name, hit.message);
            self.note(Instant::from_std(hit.at), line);
        }
        if hits.is_empty() {
            let link = self.cx.links_of(on).first().map_or_else(String::new, |link| link.title());
            return Err(self.shows_nothing(aim, &format!("no message passed on {link} that it could hit")));
        }
        Ok(())
    }

    /// The attack did not come about.
    fn shows_nothing(&self, aim: &Aim<'_>, why: &str) -> Stop {
        let message = format!("probe `{}` shows nothing: {why}", aim.attack.title);
        let span = aim.operation.place_of(aim.attack);
        let mut failure = self.cx.failure(&self.env, Code::EXPECTATION, span, message);
        failure.details.push(self.timeline());
        failure.details.extend(self.downstream());
        failure.help = Some("an attack that did not come about is no pass".into());
        Stop::Unknown(vec![failure])
    }
}
