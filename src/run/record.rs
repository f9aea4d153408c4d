//! The recorder: gives every event its number and time, masks secrets in it, and shows it to the
//! reporters. It runs on a thread of its own, since reporters write to files and terminals.

use std::time::Instant;

use tokio::sync::mpsc;

use crate::event::{Event, EventKind, Reporter};
use crate::value::{Redactor, Stopwatch};

/// Takes events up to the last one of a run.
pub(crate) fn record(
    stopwatch: Stopwatch,
    mut events: mpsc::UnboundedReceiver<(Instant, EventKind)>,
    redactor: &Redactor,
    reporters: &mut [Box<dyn Reporter>],
) {
    let mut seq = 0;
    let mut last = 0;
    while let Some((at, kind)) = events.blocking_recv() {
        // Senders race for the channel; the stream's times still never go back.
        last = last.max(stopwatch.at(at).as_micros() as u64);
        let is_last = matches!(kind, EventKind::RunFinished { .. });
        let event = masked(Event { seq, at: last, kind }, redactor);
        seq += 1;
        for reporter in reporters.iter_mut() {
            // What a reporter cannot write is told by the one who made it, at the end.
            let _ = reporter.on(&event);
        }
        if is_last {
            break;
        }
    }
    for reporter in reporters.iter_mut() {
        let _ = reporter.finish();
    }
}

/// The event with every known secret masked in every text.
fn masked(event: Event, redactor: &Redactor) -> Event {
    let Ok(json) = serde_json::to_value(&event) else { return event };
    match mask(&json, redactor) {
        Some(json) => serde_json::from_value(json).unwrap_or(event),
        None => event,
    }
}

/// The value with secrets masked; `None` when there is none in it.
fn mask(json: &serde_json::Value, redactor: &Redactor) -> Option<serde_json::Value> {
    use serde_json::Value;
    match json {
        Value::String(text) => match redactor.mask(text) {
            std::borrow::Cow::Owned(masked) => Some(Value::String(masked)),
            std::borrow::Cow::Borrowed(_) => None,
        },
        Value::Array(items) => {
            let parts: Vec<Option<Value>> = items.iter().map(|item| mask(item, redactor)).collect();
            parts.iter().any(Option::is_some).then(|| {
                let each = items.iter().zip(parts);
                Value::Array(each.map(|(item, masked)| masked.unwrap_or_else(|| item.clone())).collect())
            })
        }
        Value::Object(fields) => {
            let parts: Vec<Option<Value>> = fields.values().map(|value| mask(value, redactor)).collect();
            parts.iter().any(Option::is_some).then(|| {
                let each = fields.iter().zip(parts);
                Value::Object(each.map(|((k, v), m)| (k.clone(), m.unwrap_or_else(|| v.clone()))).collect())
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let redactor = Redactor::default();
        redactor.register("correct horse");
        let kind = EventKind::Warning { code: "x".into(), message: "key=correct horse!".into(), place: None };
        let event = masked(Event { seq: 0, at: 0, kind }, &redactor);
        assert_eq!(serde_json::to_string(&event).unwrap().matches("correct").count(), 0);
        assert!(serde_json::to_string(&event).unwrap().contains("key=•••!"));
    }
}
