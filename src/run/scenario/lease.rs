//! What a scenario holds while it runs.

use std::sync::Arc;

use super::super::world::World;
use super::Policy;
use crate::check::{ItemRef, Party, PlannedScenario};
use crate::value::BoxFuture;

/// What a scenario holds while it runs: its leases and its place among the running ones.
pub(crate) type Held = Vec<Box<dyn std::any::Any + Send>>;

/// Waits until a scenario may run. Whoever asks first comes first, so that with one job scenarios
/// run in the order in which they are written.
pub(crate) fn admission(
    world: &Arc<World>,
    policy: &Policy,
    planned: usize,
) -> BoxFuture<'static, Option<Held>> {
    let (world, policy) = (world.clone(), policy.clone());
    Box::pin(async move {
        // Leases before a place among the running ones, so that waiting takes no place.
        let held = async {
            let mut held = leases(&world, &world.plan.scenarios[planned]).await;
            if let Ok(permit) = policy.permits.clone().acquire_owned().await {
                held.push(Box::new(permit));
            }
            held
        };
        tokio::select! {
            biased;
            () = policy.cancel.cancelled() => None,
            held = held => Some(held),
        }
    })
}

/// Read leases on the services it uses, write leases on those it must have alone, in the order of
/// their items so that no two scenarios wait for each other in a circle.
async fn leases(world: &Arc<World>, planned: &PlannedScenario) -> Vec<Box<dyn std::any::Any + Send>> {
    let mut guards: Vec<Box<dyn std::any::Any + Send>> = Vec::new();
    if planned.serial {
        guards.push(Box::new(world.serial.clone().write_owned().await));
    } else {
        guards.push(Box::new(world.serial.clone().read_owned().await));
    }
    let mut items = planned.services.clone();
    items.sort();
    items.dedup();
    for item in items {
        let Some(service) = world.service(item) else { continue };
        let lease = service.lease();
        if planned.leases.contains(&item) {
            guards.push(Box::new(lease.write_owned().await));
        } else {
            guards.push(Box::new(lease.read_owned().await));
        }
    }
    guards
}

/// Why a scenario cannot run in this environment: it needs to kill, observe or break what is not
/// ours.
pub(super) fn out_of_reach(world: &World, planned: &PlannedScenario) -> Option<String> {
    let foreign =
        |item: ItemRef| world.service(item).filter(|service| world.elsewhere.contains(&service.name));
    for link in &planned.links {
        let from = match link.from {
            Party::Service(from) => world.service(from),
            Party::Client => None,
        };
        let caller = from.as_ref().map_or("client", |from| &from.name);
        let ends = from.iter().map(|from| from.item).chain([link.to]);
        if let (Some(theirs), Some(to)) = (ends.filter_map(foreign).next(), world.service(link.to)) {
            let link = format!("{caller} -> {}", to.name);
            return Some(format!(
                "it observes or breaks `{link}`, and this environment only uses `{}`",
                theirs.name
            ));
        }
    }
    planned.leases.iter().copied().filter_map(foreign).next().map(|service| {
        format!("it kills, restarts or exchanges `{}`, which this environment only uses", service.name)
    })
}
