//! A closed workload: clients, each of which performs one operation after the other.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::super::cx::Cx;
use super::load::Load;

/// Starts the clients; they end when the load does, or with the set.
pub(super) fn start(cx: &Arc<Cx>, load: &Arc<Load>, clients: u64) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (hand, load) = (load.hand(cx), load.clone());
        tasks.spawn(async move {
            while let Some(ticket) = load.next() {
                hand.operate(&load, ticket).await;
                // An operation that waits for nothing lets others go on.
                tokio::task::consume_budget().await;
            }
        });
    }
    tasks
}
