//! When records happened, as far as it is known.

use super::origin::Origin;
use crate::value::Value;

/// From its start to its end, in nanoseconds since the run began, or places in the list when nobody
/// knows the times. What lasts, and what may still take effect, ends with [`i64::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: i64,
    pub(super) end: i64,
}

impl Interval {
    /// Whether it was over before the other began. When neither was before the other they overlap,
    /// and nobody can say which came first.
    pub(super) fn is_before(self, other: Interval) -> bool {
        self.end < other.start
    }

    /// The same of two that one process did, at these places: it does one thing after the other, so
    /// that those that touch have an order, and those of one moment come as they stand.
    pub(super) fn is_turn_before(self, at: usize, other: Interval, place: usize) -> bool {
        let touches = self.end == other.start;
        let is_moment = self.start == self.end && other.start == other.end;
        self.is_before(other) || (touches && (!is_moment || at < place))
    }
}

/// When each record happened. Records that carry a `start` that is a duration (calls, operations)
/// are timed by it and by their `end`; one without an end lasts, and so does an operation whose
/// outcome is `info`. Others are timed by the history that they are from, where these are spans.
/// Messages of one history, and records without times, come in the order in which they stand.
pub(super) fn intervals(records: &[Value], origin: Option<&Origin>) -> Vec<Interval> {
    let own: Option<Vec<Interval>> = records.iter().map(interval).collect();
    let places = || (0..records.len() as i64).map(|at| Interval { start: at, end: at }).collect();
    own.or_else(|| spans(records.len(), origin?)).unwrap_or_else(places)
}

fn interval(record: &Value) -> Option<Interval> {
    let fields = record.as_object()?;
    let Some(Value::Duration(start)) = fields.get("start") else { return None };
    let open = fields.get("outcome").and_then(Value::as_text) == Some("info");
    match fields.get("end") {
        Some(Value::Duration(end)) if !open => Some(Interval { start: *start, end: (*end).max(*start) }),
        None | Some(Value::Absent | Value::Null | Value::Duration(_)) => {
            Some(Interval { start: *start, end: i64::MAX })
        }
        Some(_) => None,
    }
}

fn spans(count: usize, origin: &Origin) -> Option<Vec<Interval>> {
    let moments = origin.times.iter().all(|(start, end)| *end == Some(*start));
    // A history may have grown since its records were read.
    (origin.times.len() >= count && !moments).then(|| {
        let span = |&(start, end): &(i64, Option<i64>)| Interval { start, end: end.unwrap_or(i64::MAX) };
        origin.times.iter().take(count).map(span).collect()
    })
}
