//! What a workload is when it is over: its figures, and its history when something reads it.

use std::any::Any;
use std::sync::Arc;

use crate::value::{BoxFuture, Gap, Live, Value};
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
    /// How many records there was no room for.
    pub(super) lost: u64,
}

impl Measured {
    /// Why nothing is known of this figure.
    pub(crate) fn unknown(&self, figure: &str) -> Option<&str> {
        self.unsound.as_deref().filter(|_| TIMES.contains(&figure))
    }

    /// Whether this is read of what was counted, which a history with a hole leaves as it is.
    pub(crate) fn counts(&self, field: &str) -> bool {
        FIGURES.contains(&field) || self.parts.iter().any(|part| *part.name == *field)
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

    fn gap(&self) -> Option<Gap> {
        let kept = self.records.as_ref().map_or(0, Vec::len) as u64;
        (self.lost > 0).then(|| {
            Gap::Hole(format!(
                "the history of `{}` would have {} operations, and {kept} are kept: it has a hole and cannot be \
                 judged",
                self.name,
                kept + self.lost
            ))
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Recorder;

    #[test]
    fn a_history_that_was_cut_has_a_hole() {
        let figures = Figures::new(Recorder::default(), std::time::Duration::ZERO);
        let records = Some(vec![Value::Null; 3]);
        let whole =
            Measured { name: "w".into(), figures, unsound: None, parts: Vec::new(), records, lost: 0 };
        assert_eq!(whole.gap(), None);
        let cut = Measured { lost: 2, ..whole };
        let Some(Gap::Hole(why)) = cut.gap() else { panic!("no hole") };
        assert!(why.contains("would have 5 operations, and 3 are kept"), "{why}");
        assert!(cut.counts("p99") && !cut.counts("items") && !cut.counts("first"));
    }
}
