//! What the relations over calls read of a record of a link, and how they put calls in order.
//! Times are nanoseconds since the run began.

use super::records::{Group, invalid, lacking, shows};
use super::{Claim, Verdict};
use crate::value::{Number, Object, Value, show};

/// Two processes do not see an answer at the same instant, so a pause may fall short by so much, or
/// by a twentieth of itself if that is less.
const SLACK: i64 = 10_000_000;

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// Its place among the records.
    pub(super) at: usize,
    /// When the caller began.
    pub(super) start: i64,
    /// When it was over; absent while it lasts.
    pub(super) end: Option<i64>,
    record: &'a Object,
}

impl<'a> Call<'a> {
    /// The answer that the caller heard; one that the link hid is none.
    pub(super) fn heard(&self) -> Option<&'a Object> {
        let response = object(self.record, "response")?;
        (response.get("sent") != Some(&Value::Bool(false))).then_some(response)
    }

    /// The status that the caller heard.
    pub(super) fn status(&self) -> Option<&'a Value> {
        self.heard()?.get("status").filter(|status| !matches!(status, Value::Absent))
    }

    /// A header of the request, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&'a Value> {
        object(self.record, "headers")?.get(name)
    }

    /// The trace that the call belongs to.
    pub(super) fn trace(&self) -> Option<&'a Value> {
        self.record.get("trace").filter(|trace| !matches!(trace, Value::Absent))
    }
}

/// A field that is an object.
pub(super) fn object<'a>(of: &'a Object, name: &str) -> Option<&'a Object> {
    of.get(name).and_then(Value::as_object)
}

/// The records as calls, in their order.
pub(super) fn calls(records: &[Value]) -> Result<Vec<Call<'_>>, Verdict> {
    records.iter().enumerate().map(|(at, record)| call(at, record)).collect()
}

fn call(at: usize, value: &Value) -> Result<Call<'_>, Verdict> {
    let Some(record) = value.as_object() else {
        return Err(invalid(format!("record [{at}] is no call of a link")));
    };
    let time = |name: &str| match record.get(name) {
        Some(Value::Duration(nanos)) => Ok(Some(*nanos)),
        None | Some(Value::Absent) => Ok(None),
        Some(other) => Err(invalid(format!(
            "`.{name}` of record [{at}] is {}, and not a duration since the run began",
            show(other)
        ))),
    };
    let start = time("start")?.ok_or_else(|| lacking(at, ".start", value))?;
    Ok(Call { at, start, end: time("end")?, record })
}

/// The calls of a group in the order of their starts.
pub(super) fn members<'a>(group: &Group, calls: &[Call<'a>]) -> Vec<Call<'a>> {
    let mut members: Vec<Call<'a>> = group.members.iter().map(|&at| calls[at]).collect();
    members.sort_by_key(|call| call.start);
    members
}

/// The first call that began once another was over; what had begun before is no answer to it.
pub(super) fn next_after<'a>(members: &[Call<'a>], call: &Call<'_>, end: i64) -> Option<Call<'a>> {
    members.iter().find(|next| next.start >= end && next.at != call.at).copied()
}

/// The least pause that counts as so much.
pub(super) fn at_least(pause: i64) -> i64 {
    pause - SLACK.min(pause / 20)
}

/// What shows that a call came too soon after another.
pub(super) fn pair(
    claim: &Claim<'_>,
    why: String,
    first: Call<'_>,
    second: Call<'_>,
    records: &[Value],
) -> Verdict {
    let shown = [(first.at, &records[first.at]), (second.at, &records[second.at])];
    Verdict::Fails(shows(claim, why, &shown))
}

/// Statuses that a relation is about: numbers, ranges of them, or the names of gRPC.
#[derive(Debug)]
pub(super) struct Statuses(Vec<Value>);

impl Statuses {
    /// From a value or a list of them; an empty list is no claim.
    pub(super) fn of(value: &Value, what: &str) -> Result<Statuses, Verdict> {
        let wanted = match value {
            Value::List(items) => items.to_vec(),
            one => vec![one.clone()],
        };
        let sound = |value: &Value| match value {
            Value::Number(_) | Value::Text(_) => true,
            Value::Range(range) => matches!((&range.0, &range.1), (Value::Number(_), Value::Number(_))),
            _ => false,
        };
        match wanted.iter().find(|value| !sound(value)) {
            Some(other) => Err(invalid(format!(
                "{what} takes statuses such as `[400, 422, \"INVALID_ARGUMENT\"]` or `400..499`, not {}",
                show(other)
            ))),
            None if wanted.is_empty() => Err(invalid(format!("{what} names no status"))),
            None => Ok(Statuses(wanted)),
        }
    }

    /// Whether a status is one of these.
    pub(super) fn has(&self, status: &Value) -> bool {
        self.0.iter().any(|wanted| match (wanted, status) {
            (Value::Range(range), Value::Number(status)) => within(&range.0, status, &range.1),
            _ => wanted == status,
        })
    }
}

fn within(low: &Value, status: &Number, high: &Value) -> bool {
    match (low, high) {
        (Value::Number(low), Value::Number(high)) => low <= status && status <= high,
        _ => false,
    }
}
