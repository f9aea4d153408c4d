//! The recorder: gives every event its number and time, masks secrets in it, and shows it to the
//! reporters. It runs on a thread of its own, since reporters write to files and terminals.

use std::time::Instant;

use tokio::sync::mpsc;

use crate::diag::Code;
use crate::event::{Event, EventKind, Reporter, WORDS};
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

/// The event with every known secret masked in every text of its data. What cannot be masked is
/// not told, since it may be a secret.
fn masked(event: Event, redactor: &Redactor) -> Event {
    let (seq, at) = (event.seq, event.at);
    let masked = serde_json::to_value(&event).and_then(|json| match mask(&json, redactor) {
        Some(json) => serde_json::from_value(json),
        None => Ok(event),
    });
    masked.unwrap_or_else(|_| {
        let message = "an event is left out, since the secrets in it could not be masked".to_owned();
        let code = Code::INTERNAL.name.to_owned();
        Event { seq, at, kind: EventKind::Warning { code, message, place: None } }
    })
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
            let field = |(name, value): (&String, &Value)| match value {
                Value::String(_) if WORDS.contains(&name.as_str()) => None,
                _ => mask(value, redactor),
            };
            let parts: Vec<Option<Value>> = fields.iter().map(field).collect();
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
    use crate::event::{Detail, Element, ElementKind, Failure, SuiteOutcome, SuiteTest};

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let redactor = Redactor::default();
        redactor.register("correct horse");
        let kind = EventKind::Warning { code: "x".into(), message: "key=correct horse!".into(), place: None };
        let event = masked(Event { seq: 0, at: 0, kind }, &redactor);
        assert_eq!(serde_json::to_string(&event).unwrap().matches("correct").count(), 0);
        assert!(serde_json::to_string(&event).unwrap().contains("key=•••!"));
    }

    #[test]
    fn a_secret_that_is_a_word_of_the_format_is_masked_in_data_alone() {
        let kinds = [
            EventKind::StepStarted { id: 0, title: "hunter2hunter2 step_started".into() },
            EventKind::SuiteFinished {
                stage: "skipped hunter2hunter2".into(),
                suite: "suite_finished".into(),
                tests: vec![SuiteTest {
                    name: "hunter2hunter2".into(),
                    outcome: SuiteOutcome::Skipped,
                    output: "suite_finished".into(),
                }],
                failure: Some(Failure {
                    details: vec![Detail::Difference {
                        path: "hunter2hunter2".into(),
                        expected: "difference".into(),
                        actual: String::new(),
                    }],
                    ..Failure::new("internal", "hunter2hunter2")
                }),
                took_us: 0,
            },
            EventKind::ContractCounted {
                service: "hunter2hunter2".into(),
                elements: vec![Element { kind: ElementKind::FieldLeftOut, name: "field_left_out".into() }],
            },
        ];
        for word in ["step_started", "suite_finished", "difference", "field_left_out", "internal", "took_us"]
        {
            let redactor = Redactor::default();
            redactor.register("hunter2hunter2");
            redactor.register(word);
            for kind in &kinds {
                let event = masked(Event { seq: 3, at: 0, kind: kind.clone() }, &redactor);
                let text = format!("{event:?}");
                assert!(!text.contains("hunter2"), "{word}: {text}");
                assert!(!text.contains(&format!("{word:?}")) || word == "internal", "{word}: {text}");
                let same = std::mem::discriminant(&event.kind) == std::mem::discriminant(kind);
                assert!(same && event.seq == 3, "{word}: {text}");
            }
        }
    }
}
