//! What passed over links since a scenario began, as one history.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use crate::link::Calls;
use crate::value::{BoxFuture, Live, Value};

/// `(orders -> ledger)`: its one property is what passed there.
#[derive(Debug)]
pub(super) struct Passage {
    calls: Arc<Passed>,
}

/// `(orders -> ledger).calls`: the calls of one or several links that began after the scenario did,
/// in the order of their starts.
#[derive(Debug)]
struct Passed {
    name: Arc<str>,
    links: Vec<Arc<Calls>>,
    method: Option<Arc<str>>,
    since: Value,
}

impl Passage {
    /// `since` counts from the beginning of the run, as the times in records do.
    pub(super) fn new(
        name: Arc<str>,
        links: Vec<Arc<Calls>>,
        method: Option<Arc<str>>,
        since: Duration,
    ) -> Passage {
        Passage { calls: Arc::new(Passed { name, links, method, since: Value::duration(since) }) }
    }
}

impl Passed {
    fn fits(&self, call: &Value) -> bool {
        let Some(fields) = call.as_object() else { return false };
        let begins = match (fields.get("start"), &self.since) {
            (Some(Value::Duration(start)), Value::Duration(since)) => start >= since,
            _ => true,
        };
        let method = |wanted: &Arc<str>| fields.get("method").and_then(Value::as_text) == Some(wanted);
        begins && self.method.as_ref().is_none_or(method)
    }
}

fn start(call: &Value) -> i64 {
    match call.as_object().and_then(|fields| fields.get("start")) {
        Some(Value::Duration(start)) => *start,
        _ => 0,
    }
}

impl Live for Passed {
    fn kind(&self) -> &'static str {
        "calls"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    fn items(&self) -> Option<Vec<Value>> {
        let all = self.links.iter().flat_map(|link| link.items().unwrap_or_default());
        let mut calls: Vec<Value> = all.filter(|call| self.fits(call)).collect();
        // Stable: within a link, and among calls of the same instant, the order stays.
        calls.sort_by_key(start);
        Some(calls)
    }

    fn version(&self) -> u64 {
        self.links.iter().map(|link| link.version()).sum()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        // The versions first: what changes after they were read ends the wait.
        let versions: Vec<u64> = self.links.iter().map(|link| link.version()).collect();
        if versions.iter().sum::<u64>() != seen {
            return Box::pin(std::future::ready(()));
        }
        let waits: Vec<_> = self.links.iter().zip(versions).map(|(link, seen)| link.changed(seen)).collect();
        if waits.is_empty() {
            return Box::pin(std::future::pending());
        }
        Box::pin(async move {
            futures_util::future::select_all(waits).await;
        })
    }

    fn is_over(&self) -> bool {
        self.links.iter().all(|link| link.is_over())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Live for Passage {
    fn kind(&self) -> &'static str {
        "link"
    }

    fn name(&self) -> Arc<str> {
        self.calls.name()
    }

    fn field(&self, name: &str) -> Option<Value> {
        (name == "calls").then(|| Value::Live(self.calls.clone()))
    }

    fn fields(&self) -> &'static [&'static str] {
        &["calls"]
    }

    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn version(&self) -> u64 {
        self.calls.version()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        self.calls.changed(seen)
    }

    fn is_over(&self) -> bool {
        self.calls.is_over()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
