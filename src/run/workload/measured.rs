//! What a workload is when it is over: its figures, and its history when something reads it.

use std::any::Any;
use std::sync::Arc;

use crate::value::{BoxFuture, Live, Value};
use crate::workload::{FIGURES, Figures, TIMES};

/// A workload that is over, or one operation of its mix.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(super) name: Arc<str>,
    pub(super) figures: Figures,
    /// Why nothing is known of the figures of time.
    pub(super) unsound: Option<String>,
    /// The operations of the mix.
    pub(super) parts: Vec<Arc<Measured>>,
    /// The history, in the order of the starts.
    pub(super) records: Option<Vec<Value>>,
}

impl Measured {
    /// Why nothing is known of this figure.
    pub(crate) fn unknown(&self, figure: &str) -> Option<&str> {
        self.unsound.as_deref().filter(|_| TIMES.contains(&figure))
    }
}

impl Live for Measured {
    fn kind(&self) -> &'static str {
        "workload"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        if let Some(figure) = self.figures.value(name) {
            return Some(figure);
        }
        if let Some(part) = self.parts.iter().find(|part| *part.name == *name) {
            return Some(Value::Live(part.clone()));
        }
        let records = self.records.as_ref()?;
        Some(match name {
            "items" => Value::list(records.clone()),
            "first" => records.first().cloned().unwrap_or(Value::Absent),
            "last" => records.last().cloned().unwrap_or(Value::Absent),
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIGURES
    }

    fn items(&self) -> Option<Vec<Value>> {
        self.records.clone()
    }

    fn version(&self) -> u64 {
        0
    }

    fn changed(&self, _seen: u64) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn is_over(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
