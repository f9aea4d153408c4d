//! Bodies that are one part after the other: events (WHATWG HTML §9.2), JSON lines, JSON text
//! sequences (RFC 7464). The contract describes each part (OpenAPI 3.2 §4.14.4).

use super::{Breach, below};
use crate::contract::{Operation, Payload};
use crate::shape::{Differences, Pattern, mismatches};
use crate::value::{Object, Value, from_json};

/// What is wrong with the events that came on a stream: the first that does not fit.
pub fn streamed(operation: &Operation, events: &[Value]) -> Option<Breach> {
    let payload = operation.response(200)?.payload.as_ref()?;
    let item = payload.item(EVENTS)?;
    first(events, payload, |event| of_event(item, event))
}

/// Whether the contract says what each event of a stream is.
pub fn describes_events(operation: &Operation) -> bool {
    let payload = operation.response(200).and_then(|response| response.payload.as_ref());
    payload.is_some_and(|payload| payload.item(EVENTS).is_some())
}

const EVENTS: &str = "text/event-stream";

/// What is wrong with a whole body.
pub(super) fn whole(
    item: &Pattern,
    media: &str,
    text: &str,
    payload: &Payload,
    events: fn(&str) -> Result<Vec<Value>, String>,
) -> Option<Breach> {
    let parts = match media {
        EVENTS => events(text),
        "application/json-seq" => json("part", text.split('\u{1e}').skip(1)),
        _ => json("line", text.lines()),
    };
    match parts {
        Err(why) => Some(Breach::new(why, payload.origin)),
        Ok(parts) if media == EVENTS => first(&parts, payload, |event| of_event(item, event)),
        Ok(parts) => first(&parts, payload, |part| mismatches(item, part)),
    }
}

fn json<'t>(what: &str, parts: impl Iterator<Item = &'t str>) -> Result<Vec<Value>, String> {
    let there = parts.enumerate().filter(|(_, part)| !part.trim().is_empty());
    let read = there.map(|(at, part)| {
        from_json(part.as_bytes())
            .map_err(|error| format!("{what} {} of the body is no JSON: {}", at + 1, error.message))
    });
    read.collect()
}

fn first(parts: &[Value], payload: &Payload, judge: impl Fn(&Value) -> Differences) -> Option<Breach> {
    let found = |(at, part)| {
        let differences = judge(part);
        let breach = || Breach {
            what: format!("part {} does not fit", at + 1),
            differences: below(&format!("[{at}]"), differences.clone()),
            place: payload.origin,
        };
        (!differences.is_empty()).then(breach)
    };
    parts.iter().enumerate().find_map(found)
}

/// How an event differs from what its fields should be. Once read, an event has a type and perhaps
/// an id, whether or not it brought them itself, so it need only fit with or without those; when to
/// come again is said of the stream.
fn of_event(item: &Pattern, event: &Value) -> Differences {
    let given = |name: &str| event.as_object().and_then(|fields| fields.get(name)).cloned();
    let with = |names: &[&str]| {
        let fields: Object = names.iter().filter_map(|name| Some(((*name).into(), given(name)?))).collect();
        let mut found = mismatches(item, &Value::object(fields));
        found.listed.retain(|difference| difference.path != ".retry");
        found
    };
    // What an event that names no type is called is not in doubt.
    let typed = given("event").is_some_and(|word| word.as_text() != Some("message"));
    let ways: &[&[&str]] = match typed {
        true => &[&["data", "event", "id"], &["data", "event"]],
        false => &[&["data", "event", "id"], &["data", "event"], &["data", "id"], &["data"]],
    };
    let found = ways.iter().map(|names| with(names)).min_by_key(Differences::len);
    found.unwrap_or_default()
}
