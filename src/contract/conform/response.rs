//! Whether a response is what the contract promises.

use super::body::{allowed, fields, form, is_json, media_type};
use super::{Breach, Came, below, unfit};
use crate::contract::style::{Given, Style, read};
use crate::contract::{Operation, Parameter, Payload, Status};
use crate::shape::{Difference, mismatches};
use crate::value::{Value, show_short};

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
            if value.is_secret() { None } else { unfit("header", header, &Given::Texts(texts)) }
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
        return payload
            .of("application/octet-stream")
            .is_none()
            .then(|| Breach::new("there is a body, but no content type", payload.origin));
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
    match (media_type(media).as_str(), body.as_text()) {
        ("application/x-www-form-urlencoded", Some(text)) => {
            return form(&fields(text), pattern, payload);
        }
        // `12` as plain text may be the number.
        ("text/plain", Some(text)) if read(pattern, Style::Commas, &Given::Texts(vec![text])).is_fine() => {
            return None;
        }
        ("text/plain", _) => {}
        // What a schema says of other media is said of something that is not read here.
        _ if !is_json(media) => return None,
        _ => {}
    }
    let differences = below("body", mismatches(pattern, body));
    let what = "the body does not fit".to_owned();
    (!differences.is_empty()).then_some(Breach { what, differences, place: payload.origin })
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
