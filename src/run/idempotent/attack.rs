//! The attacks: each on a trial of its own, or on several. What is sent, what must come back and how
//! often the effect may happen stands in [`same`], [`other`] and `links`; what they promise, in
//! `probe::SPECS`.

mod other;
mod same;

use std::sync::Arc;

use super::super::cx::Cx;
use super::super::flow::{Flow, Stop};
use super::super::scenario::is_inconclusive;
use super::Operation;
use super::effect::Times;
use super::given::Given;
use super::trial::{Answer, Trial};
use crate::check::Attack;
use crate::diag::Code;
use crate::event::Failure;
use crate::syntax::ast::Block;

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
            (Ok(_), false) if cleanup.iter().all(is_inconclusive) => Err(Stop::Unknown(cleanup)),
            (Ok(_), false) => Err(Stop::Failed(cleanup)),
            (Err(Stop::Unknown(unknown)), false) if cleanup.iter().all(is_inconclusive) => {
                Err(Stop::Unknown([unknown, cleanup].concat()))
            }
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
