//! What `(orders -> ledger)` stands for: a place whose one property is what passed there.

use std::any::Any;
use std::sync::Arc;

use crate::link::Calls;
use crate::value::{BoxFuture, Live, Value};

/// A link of a scenario, or all that one name means.
#[derive(Debug)]
pub(super) struct Passage {
    name: Arc<str>,
    calls: Arc<Calls>,
}

impl Passage {
    pub(super) fn new(name: Arc<str>, calls: Arc<Calls>) -> Passage {
        Passage { name, calls }
    }
}

impl Live for Passage {
    fn kind(&self) -> &'static str {
        "link"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
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
