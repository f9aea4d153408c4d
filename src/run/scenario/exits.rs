//! Services that end while a scenario needs them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::cx::Cx;
use super::super::world::World;
use crate::check::{ItemRef, PlannedScenario};
use crate::event::{EventKind, Failure};
use crate::syntax::ast::ExprKind;

/// How long after a broken connection the exit behind it becomes known at the latest.
pub(crate) const EXIT_IS_KNOWN: Duration = Duration::from_millis(250);

/// The exit of a service that the last statement brought about: it becomes known a moment after
/// the connection broke, so that a scenario in which one broke waits for it a little.
pub(super) async fn last_exit(cx: &Cx, world: &Arc<World>, planned: &PlannedScenario) -> Option<Failure> {
    let most = if cx.broke.load(Ordering::Relaxed) { EXIT_IS_KNOWN } else { Duration::ZERO };
    tokio::time::timeout(most, crashed(world, planned)).await.ok()
}

/// Ends when a service that the scenario uses is down and nobody asked for it. A scenario that
/// reads a service's `.exits` judges them itself.
pub(super) async fn crashed(world: &Arc<World>, planned: &PlannedScenario) -> Failure {
    let judged = judges_exits_of(world, planned);
    let services = planned.services.iter().filter(|item| !judged.contains(item));
    let processes = services.filter_map(|item| world.service(*item)).flat_map(|service| {
        let all = std::iter::once(service.clone()).chain(service.members.iter().cloned());
        all.filter_map(|service| service.process().map(|process| (service, process))).collect::<Vec<_>>()
    });
    let exits: Vec<_> = processes
        .map(|(service, process)| {
            Box::pin(async move {
                let exit = process.unexpected_exit().await;
                if service.blame() {
                    world.events.send(EventKind::ServiceExited {
                        service: service.name.to_string(),
                        status: exit.to_string(),
                        expected: false,
                    });
                }
                process.exit_failure(exit)
            })
        })
        .collect();
    if exits.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(exits).await.0
}

/// The services whose `.exits` the scenario's own statements read.
pub(super) fn judges_exits_of(world: &World, planned: &PlannedScenario) -> Vec<ItemRef> {
    let mut judged = Vec::new();
    let Some(scenario) = world.plan.body(planned) else { return judged };
    crate::syntax::visit::block(&scenario.body, &mut |expr| {
        if let ExprKind::Field(base, field) = &expr.kind
            && &*field.name == "exits"
            && let ExprKind::Name(name) = &base.kind
            && let Some((item, _)) = world.plan.program.lookup_item(planned.item.unit, name)
        {
            judged.push(item);
        }
    });
    judged
}
