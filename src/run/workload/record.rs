//! The record of an operation in a history.

use std::sync::Arc;
use std::time::Instant;

use super::hand::{Begun, Hand};
use super::operate::Came;
use super::planned::Operation;
use crate::history::Outcome;
use crate::value::{Object, Stopwatch, Value};

/// Makes the records of one load: `{ process f args value start end outcome error trace }`. What is
/// the same in all of them is kept once, since a history may have a million.
pub(super) struct Recording {
    names: [Arc<str>; 9],
    outcomes: [Value; 3],
    /// What the operations of the mix are called.
    operations: Vec<Value>,
    trace: Value,
    /// The clock of histories.
    stopwatch: Stopwatch,
}

impl Recording {
    pub(super) fn new(operations: &[Operation], trace: &str, stopwatch: Stopwatch) -> Recording {
        let names = ["process", "f", "args", "value", "start", "end", "outcome", "error", "trace"];
        Recording {
            names: names.map(Arc::from),
            outcomes: ["ok", "fail", "info"].map(Value::text),
            operations: operations.iter().map(|operation| Value::text(operation.name.clone())).collect(),
            trace: Value::text(trace),
            stopwatch,
        }
    }

    /// The record of an operation. Of one whose outcome is not known the end is not known either;
    /// of one whose answer a link hid, it is when the link had the answer.
    pub(super) fn record(&self, hand: &Hand, begun: Begun, came: &Came, end: Option<Instant>) -> Value {
        let (word, known) = match came.outcome {
            Outcome::Ok => (0, true),
            Outcome::Fail => (1, true),
            Outcome::Info => (2, false),
        };
        let end = end.filter(|_| known).map(|end| {
            let end = nanos(self.stopwatch.at(end));
            Value::Duration(came.answered.map_or(end, |answered| answered.min(end)))
        });
        let error = came.failure.as_ref().map(|failure| {
            let kind = hand.broken().map_or_else(|| failure.code.clone(), |broken| broken.kind.into());
            Value::object([("kind", Value::text(kind)), ("message", Value::text(failure.message.as_str()))])
        });
        let parts = [
            Some(Value::int(hand.process())),
            self.operations.get(begun.operation).cloned(),
            Some(Value::list(begun.args)),
            Some(came.value.clone()).filter(|value| !matches!(value, Value::Absent)),
            Some(Value::Duration(nanos(self.stopwatch.at(begun.start)))),
            end,
            Some(self.outcomes[word].clone()),
            error,
            Some(self.trace.clone()),
        ];
        let fields = self.names.iter().cloned().zip(parts);
        let mut record = Object::with_capacity(self.names.len());
        record.extend(fields.filter_map(|(name, value)| Some((name, value?))));
        Value::Object(Arc::new(record))
    }
}

fn nanos(since: std::time::Duration) -> i64 {
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::hand::Sample;
    use super::super::load::Ticket;
    use super::*;
    use crate::workload::Ended;

    #[test]
    fn an_operation_is_over_when_the_link_has_its_answer() {
        let clock = Stopwatch::start();
        let recording = Recording::new(&[], "t", clock);
        let hand = Hand::new(3, 0, Arc::new(Sample::new(None)));
        let start = Instant::now();
        let ticket = Ticket { index: 0, measured: true, due: None };
        let begun = Begun { ticket, operation: 0, start, args: Vec::new() };
        let end = start + std::time::Duration::from_secs(30);
        let gave_up = nanos(clock.at(end));
        let of = |outcome: Outcome, answered: Option<i64>| {
            let came = Came { outcome, answered, ended: Ended::TimedOut, ..Came::cut_off() };
            let record = recording.record(&hand, begun.clone(), &came, Some(end));
            record.as_object().and_then(|fields| fields.get("end")).cloned()
        };
        assert_eq!(of(Outcome::Ok, None), Some(Value::Duration(gave_up)));
        assert_eq!(of(Outcome::Ok, Some(gave_up - 5)), Some(Value::Duration(gave_up - 5)));
        // The clocks are one, but whoever wrote it down later does not make it longer.
        assert_eq!(of(Outcome::Ok, Some(gave_up + 5)), Some(Value::Duration(gave_up)));
        assert_eq!(of(Outcome::Info, None), None);
    }
}
