//! Doubles at work: where calls arrive ([`stand`]), who plays now ([`active`]), what came
//! ([`history`]), which rule takes a call ([`rule`], [`nearest`]) and what it says ([`answer`]).

mod active;
mod answer;
mod attempt;
mod history;
mod nearest;
mod rule;
mod stand;

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use crate::check::{Ends, ItemRef, LinkName, Party, PlannedScenario};
use crate::diag::Code;
use crate::event::Failure;
use crate::link::Link;
use crate::syntax::ast::{ExprKind, ItemKind};

pub(crate) use active::Active;
pub(crate) use answer::Turn;
pub(crate) use stand::Stand;

/// The doubles of one scenario, and what went wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Doubles {
    playing: Mutex<Vec<Playing>>,
    troubles: Arc<Troubles>,
}

/// One double at work.
#[derive(Debug)]
struct Playing {
    service: ItemRef,
    stand: Arc<Stand>,
    active: Arc<Active>,
    /// Who played before: the double of the scenario whose trial this is.
    before: Option<Arc<Active>>,
    /// The links that lead callers of a service that is usually there to the double.
    links: Vec<Arc<Link>>,
}

/// Failures that calls brought, whoever made them.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    failures: Mutex<Vec<Failure>>,
    told: Notify,
}

impl Troubles {
    fn tell(&self, failures: Vec<Failure>) {
        lock(&self.failures).extend(failures);
        self.told.notify_waiters();
    }
}

impl Doubles {
    /// For a trial of the scenario: doubles of its own, whose troubles are the scenario's.
    pub(crate) fn of_trial(&self) -> Doubles {
        Doubles { playing: Mutex::default(), troubles: self.troubles.clone() }
    }

    /// Ends once there is a failure.
    pub(crate) async fn trouble(&self) {
        loop {
            let told = self.troubles.told.notified();
            if !lock(&self.troubles.failures).is_empty() {
                return;
            }
            told.await;
        }
    }
}

impl Cx {
    /// Puts the doubles of a scenario to work. Their arguments are evaluated in its scope.
    pub(crate) async fn play(
        self: &Arc<Self>,
        planned: &PlannedScenario,
        env: &Env,
        cancel: &tokio_util::sync::CancellationToken,
    ) -> Flow<()> {
        for double in &planned.doubles {
            let Some(stand) = self.world.service(double.service).and_then(|service| service.stand()) else {
                let text = "this service has no place where it could be played";
                return Err(self.bad_value(env, double.written.span, text));
            };
            let item = self.world.plan.program.item(double.double);
            let ItemKind::Double(declared) = &item.kind else { continue };
            let given = match &double.written.kind {
                ExprKind::Call(_, args) => self.arguments(env, args).await?,
                _ => super::call::Given::none(),
            };
            let span = double.written.span;
            let mut inner = env.call(double.double.unit, item.span.start, span);
            for (name, value) in self.bind(env, &declared.params, given, span, &inner.clone()).await? {
                inner.bind(name, value);
            }
            inner.key = env.key.with(format!("double {}", declared.name.name));
            let cx = Arc::new(self.for_doubles(cancel.child_token()));
            let active =
                Arc::new(Active::new(cx, double.double, inner, stand.service(), &self.doubles.troubles));
            let before = stand.begin(active.clone());
            let links = self.lead_to(&stand, double.service, &planned.links);
            let service = double.service;
            lock(&self.doubles.playing).push(Playing { service, stand, active, before, links });
        }
        Ok(())
    }

    /// Leads those who call a service over a link to its double.
    fn lead_to(&self, stand: &Stand, service: ItemRef, links: &[Ends]) -> Vec<Arc<Link>> {
        let ends = links.iter().filter(|ends| ends.to == service);
        let names = ends.map(|ends| LinkName { from: ends.from, to: Some(ends.to), method: None });
        let links: Vec<Arc<Link>> = names.flat_map(|name| self.links_of(&name)).collect();
        links.iter().for_each(|link| link.redirect(Some(stand.address())));
        links
    }

    /// The same for the runner's own links, which are made once its services are ready.
    pub(crate) fn lead_own_links(&self, links: &[Ends]) {
        let own: Vec<Ends> = links.iter().copied().filter(|ends| ends.from == Party::Client).collect();
        for played in lock(&self.doubles.playing).iter_mut() {
            let led = self.lead_to(&played.stand, played.service, &own);
            played.links.extend(led);
        }
    }

    /// Ends the doubles of this scenario; calls that are being answered are cut off. What went
    /// wrong and was not told yet.
    pub(crate) async fn end_doubles(&self) -> Vec<Failure> {
        let mut playing = std::mem::take(&mut *lock(&self.doubles.playing));
        for played in &mut playing {
            let to = played.before.as_ref().map(|_| played.stand.address());
            played.links.iter().for_each(|link| link.redirect(to));
            played.stand.end(played.before.take());
        }
        for played in &playing {
            played.active.end().await;
        }
        self.troubles()
    }

    /// What went wrong and was not told yet.
    pub(crate) fn troubles(&self) -> Vec<Failure> {
        std::mem::take(&mut *lock(&self.doubles.troubles.failures))
    }
}

/// What went wrong with doubles, then what else failed: a request that got no answer for that very
/// reason is not told a second time.
pub(crate) fn causes_first(troubles: Vec<Failure>, failures: Vec<Failure>) -> Vec<Failure> {
    let service = |failure: &Failure| failure.exchange.as_ref().and_then(|exchange| exchange.service.clone());
    let refused: Vec<Option<String>> = troubles.iter().map(service).collect();
    let is_effect = |failure: &Failure| {
        let speaks_of_answer =
            [Code::UNEXPECTED_STATUS.name, Code::REQUEST_FAILED.name, Code::CONTRACT_BROKEN.name]
                .contains(&failure.code.as_str());
        speaks_of_answer && refused.contains(&service(failure))
    };
    let others: Vec<Failure> = failures.into_iter().filter(|failure| !is_effect(failure)).collect();
    troubles.into_iter().chain(others).collect()
}
