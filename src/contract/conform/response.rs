//! Whether a response is what the contract promises.

use super::body::{allowed, is_json, media_type, text};
use super::{Breach, Came, below, unfit};
use crate::contract::style::Given;
use crate::contract::{Operation, Parameter, Payload, Status};
use crate::shape::{Difference, Pattern, fits, mismatches};
use crate::value::{Value, from_json, show_short};

/// What is wrong with a response.
pub fn came(operation: &Operation, came: &Came<'_>) -> Vec<Breach> {
    let Some(response) = operation.response(came.status) else {
        let mut breach = Breach::new(format!("the status {} is not declared", came.status), operation.origin);
        let known: Vec<String> = operation.responses.iter().map(|response| shown(response.status)).collect();
        breach.differences.push(|| Difference {
            path: "status".into(),
            expected: known.join(" or "),
            actual: came.status.to_string(),
        });
        return vec![breach];
    };
    let mut found = Vec::new();
    for header in &response.headers {
        found.extend(came_header(header, came.headers));
    }
    let Some(body) = came.body.filter(|body| !matches!(body, Value::Absent)) else {
        if came.body.is_some()
            && let Some(payload) = response.payload.as_ref().filter(|payload| payload.required)
        {
            found.push(Breach::new("the body is missing", payload.origin));
        }
        return found;
    };
    let Some(payload) = &response.payload else {
        let mut breach = Breach::new(
            // One that is empty, though its headers say it is not, is no body that is there.
            unreadable(body).map_or_else(
                || format!("there is a body, and {} is declared without one", shown(response.status)),
                str::to_owned,
            ),
            response.origin.or(operation.origin),
        );
        let actual = show_short(body, 120);
        breach.differences.push(|| Difference { path: "body".into(), expected: "absent".into(), actual });
        found.push(breach);
        return found;
    };
    found.extend(came_body(payload, came.headers, body, came.events));
    found
}

fn came_header(header: &Parameter, headers: &Value) -> Option<Breach> {
    let given = headers.as_object().and_then(|headers| headers.get(&header.name));
    match given {
        None | Some(Value::Absent) => header
            .required
            .then(|| Breach::new(format!("the header `{}` is missing", header.name), header.origin)),
        Some(value) => {
            let texts: Vec<&str> = match value {
                Value::List(items) => items.iter().filter_map(Value::as_text).collect(),
                other => other.as_text().into_iter().collect(),
            };
            // Lines of one name count as one (RFC 9110 §5.3), but for these, which hold commas.
            let joined = texts.join(", ");
            let lines = if *header.name == *"set-cookie" { texts } else { vec![joined.as_str()] };
            let wrong = || lines.iter().find_map(|line| unfit("header", header, &Given::Texts(vec![line])));
            if value.is_secret() { None } else { wrong() }
        }
    }
}

fn came_body(
    payload: &Payload,
    headers: &Value,
    body: &Value,
    events: fn(&str) -> Result<Vec<Value>, String>,
) -> Option<Breach> {
    let header = headers.as_object().and_then(|headers| headers.get("content-type"));
    let media = header.and_then(|header| match header {
        Value::List(items) => items.first().and_then(Value::as_text),
        other => other.as_text(),
    });
    if payload.content.is_empty() {
        return None;
    }
    let Some(media) = media else {
        // A response that says nothing of its body fits only where anything does.
        let Some(pattern) = payload.of("application/octet-stream") else {
            return Some(Breach::new("there is a body, but no content type", payload.origin));
        };
        return unnamed(pattern?, body, payload);
    };
    let pattern = match allowed(payload, media)? {
        Ok(pattern) => pattern,
        Err(breach) => return Some(breach),
    };
    if let Some(why) = unreadable(body) {
        return Some(Breach::new(why, payload.origin));
    }
    if let Some(item) = payload.item(media) {
        let text = match body {
            Value::Bytes(bytes) => std::str::from_utf8(&bytes.bytes).ok(),
            body => body.as_text(),
        };
        return match text {
            Some(text) => super::sequence::whole(item, &media_type(media), text, payload, events),
            None => Some(Breach::new("the body is no text", payload.origin)),
        };
    }
    let pattern = pattern?;
    match body.as_text() {
        _ if is_json(media) => {}
        Some(body) => return text(media, body, pattern, payload),
        None if media_type(media) == "text/plain" => {}
        // What a schema says of other media is said of something that is not read here.
        None => return None,
    }
    let differences = below("body", mismatches(pattern, body));
    let what = "the body does not fit".to_owned();
    (!differences.is_empty()).then_some(Breach { what, differences, place: payload.origin })
}

/// A body without a content type: it may be JSON all the same (RFC 9110 §8.3).
fn unnamed(pattern: &Pattern, body: &Value, payload: &Payload) -> Option<Breach> {
    let text = match body {
        Value::Bytes(bytes) => std::str::from_utf8(&bytes.bytes).ok()?,
        body => body.as_text()?,
    };
    let json = from_json(text.as_bytes()).ok()?;
    let is_text = fits(pattern, &Value::text(text));
    let differences = below("body", mismatches(pattern, &json));
    let what = "the body does not fit".to_owned();
    (!is_text && !differences.is_empty()).then_some(Breach { what, differences, place: payload.origin })
}

/// Why a body could not be read.
fn unreadable(body: &Value) -> Option<&str> {
    let Value::Tagged(tagged) = body else { return None };
    let why = tagged.value.as_object().and_then(|fields| fields.get("message")).and_then(Value::as_text);
    (tagged.tag == "unreadable").then(|| why.unwrap_or("the body cannot be read"))
}

fn shown(status: Status) -> String {
    match status {
        Status::Code(code) => code.to_string(),
        Status::Class(hundreds) => format!("{hundreds}XX"),
        Status::Default => "default".to_owned(),
    }
}
