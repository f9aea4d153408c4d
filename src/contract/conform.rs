//! Whether what went over the wire is what the contract allows: pure, from an operation and an
//! exchange to what is wrong with it.

use super::form::parameter_fits;
use super::{Operation, Parameter, ParameterPlace, Payload, Status};
use crate::shape::{Difference, Differences, Pattern, mismatches};
use crate::source::Span;
use crate::value::{Object, Value, from_json, show_short, to_json};

/// What was sent.
#[derive(Debug, Clone, Default)]
pub struct Sent<'a> {
    /// The segments of the path below the service's address, decoded.
    pub segments: Vec<String>,
    /// Names and values after the `?`, decoded.
    pub query: Vec<(String, String)>,
    /// Names and values of the headers that the scenario set.
    pub headers: Vec<(String, String)>,
    /// The names of all headers that were sent, when they are known.
    pub wire: Option<Vec<&'a str>>,
    /// What the body is, when it is known.
    pub media: Option<String>,
    /// The body.
    pub body: Body<'a>,
}

/// A body that was sent.
#[derive(Debug, Clone, Default)]
pub enum Body<'a> {
    /// None.
    #[default]
    Nothing,
    /// One of which nothing can be said, such as a file.
    Unread,
    /// A value in JSON.
    Json(&'a Value),
    /// A text, whatever it is.
    Text(&'a str),
    /// Names and values of a form.
    Form(&'a Object),
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Came<'a> {
    /// The status.
    pub status: u16,
    /// The headers by lower-case name, texts or lists of them.
    pub headers: &'a Value,
    /// The body, `absent` when it is empty; none when it was not read or there is none to be, as
    /// after `HEAD`.
    pub body: Option<&'a Value>,
}

/// Something that the contract does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// One line, lower case: `the status 418 is not declared`.
    pub what: String,
    /// Every path at which it differs.
    pub differences: Differences,
    /// Where the contract says so.
    pub place: Option<Span>,
}

impl Breach {
    fn new(what: impl Into<String>, place: Option<Span>) -> Breach {
        Breach { what: what.into(), differences: Differences::default(), place }
    }
}

/// What is wrong with a request.
pub fn sent(operation: &Operation, sent: &Sent<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    for parameter in &operation.parameters {
        let header = |wanted: &str| named(&sent.headers, |name| name.eq_ignore_ascii_case(wanted));
        let no_header = |wanted: &str| {
            sent.wire.as_ref().is_some_and(|wire| wire.iter().all(|name| !name.eq_ignore_ascii_case(wanted)))
        };
        // Where it stands, what the scenario wrote, and whether nothing else can have put it there.
        let (word, texts, is_all): (_, Vec<&str>, bool) = match parameter.place {
            ParameterPlace::Path => {
                let text = path_value(operation, parameter, &sent.segments);
                ("path parameter", text.into_iter().collect(), false)
            }
            ParameterPlace::Query => {
                let is_meant =
                    |name: &str| name == &*parameter.name || name.split('[').next() == Some(&*parameter.name);
                ("query parameter", named(&sent.query, is_meant), true)
            }
            ParameterPlace::Header => ("header", header(&parameter.name), no_header(&parameter.name)),
            // The client keeps the cookies of a scenario, and adds them to what is written.
            ParameterPlace::Cookie => {
                let pairs = header(COOKIE).into_iter().flat_map(cookies);
                let own = pairs.filter(|(name, _)| *name == &*parameter.name).map(|(_, value)| value);
                ("cookie", own.collect(), no_header(COOKIE))
            }
        };
        if texts.is_empty() {
            if parameter.required && is_all {
                let what = format!("the {word} `{}` is missing", parameter.name);
                found.push(Breach::new(what, parameter.origin));
            }
        } else if !parameter_fits(&parameter.pattern, &texts) {
            found.push(unfit(word, parameter, &texts));
        }
    }
    found.extend(strangers(operation, &sent.query));
    found.extend(sent_body(operation, sent));
    found
}

const COOKIE: &str = "cookie";

/// The names and values in a `Cookie` header (RFC 6265 §4.2.1).
pub fn cookies(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| pair.trim().split_once('='))
}

fn named(pairs: &[(String, String)], is_meant: impl Fn(&str) -> bool) -> Vec<&str> {
    pairs.iter().filter(|(name, _)| is_meant(name)).map(|(_, value)| value.as_str()).collect()
}

fn path_value<'t>(operation: &Operation, parameter: &Parameter, segments: &'t [String]) -> Option<&'t str> {
    let super::Address::Http { path, .. } = &operation.address else { return None };
    path.iter().zip(segments).find_map(|(segment, text)| match segment {
        super::Segment::Parameter { prefix, name, suffix } if *name == parameter.name => {
            text.strip_prefix(&**prefix)?.strip_suffix(&**suffix)
        }
        _ => None,
    })
}

fn unfit(word: &str, parameter: &Parameter, texts: &[&str]) -> Breach {
    let mut breach = Breach::new(format!("the {word} `{}` does not fit", parameter.name), parameter.origin);
    breach.differences.push(|| Difference {
        path: parameter.name.to_string(),
        expected: crate::shape::describe(&parameter.pattern),
        actual: texts.iter().map(|text| show_short(&Value::text(*text), 120)).collect::<Vec<_>>().join(", "),
    });
    breach
}

/// Query parameters that the contract does not have.
fn strangers(operation: &Operation, query: &[(String, String)]) -> Option<Breach> {
    let known = || operation.parameters.iter().filter(|it| it.place == ParameterPlace::Query);
    let is_known = |name: &str| {
        let bare = name.split('[').next().unwrap_or(name);
        known().any(|parameter| &*parameter.name == name || &*parameter.name == bare)
    };
    // The fields of an object may stand as parameters of their own.
    if known().any(|it| super::form::kinds(&it.pattern).is_none_or(|kinds| kinds.contains(&"object"))) {
        return None;
    }
    let (name, _) = query.iter().find(|(name, _)| !is_known(name))?;
    Some(Breach::new(format!("there is no query parameter `{name}`"), operation.origin))
}

fn sent_body(operation: &Operation, sent: &Sent<'_>) -> Option<Breach> {
    let payload = match (&operation.request, &sent.body) {
        (None, Body::Nothing) => return None,
        (None, _) => return Some(Breach::new("it takes no body", operation.origin)),
        (Some(payload), Body::Nothing) => {
            return payload.required.then(|| Breach::new("the body is missing", payload.origin));
        }
        (Some(payload), _) => payload,
    };
    let media = sent.media.as_deref()?;
    let pattern = match allowed(payload, media)? {
        Ok(pattern) => pattern?,
        Err(breach) => return Some(breach),
    };
    let parsed;
    let value = match &sent.body {
        Body::Json(value) => {
            parsed = as_json(value)?;
            &parsed
        }
        Body::Text(text) if is_json(media) => match from_json(text.as_bytes()) {
            Ok(value) => {
                parsed = value;
                &parsed
            }
            Err(error) => return Some(Breach::new(format!("the body is no JSON: {error}"), payload.origin)),
        },
        Body::Form(fields) => return form(fields, pattern, payload),
        _ => return None,
    };
    let differences = below("body", mismatches(pattern, value));
    let what = "the body does not fit".to_owned();
    (!differences.is_empty()).then_some(Breach { what, differences, place: payload.origin })
}

/// The fields of a form, whose values are texts.
fn form(fields: &Object, pattern: &Pattern, payload: &Payload) -> Option<Breach> {
    let object = super::form::forms(pattern).into_iter().find_map(|form| match form {
        super::form::Form::Object(object) => Some(object),
        _ => None,
    })?;
    let mut differences = Differences::default();
    for field in &object.fields {
        let value = fields.get(&field.name).filter(|value| !matches!(value, Value::Absent));
        let Some(value) = value else {
            if !field.optional {
                let expected = crate::shape::describe(&field.pattern);
                let path = format!("body.{}", field.name);
                differences.push(|| Difference { path, expected, actual: "absent".into() });
            }
            continue;
        };
        let texts: Vec<String> = match value {
            Value::List(items) => items.iter().map(plain).collect(),
            one => vec![plain(one)],
        };
        if value.is_secret()
            || parameter_fits(&field.pattern, &texts.iter().map(String::as_str).collect::<Vec<_>>())
        {
            continue;
        }
        let path = format!("body.{}", field.name);
        let expected = crate::shape::describe(&field.pattern);
        differences.push(|| Difference { path, expected, actual: show_short(value, 120) });
    }
    let closed = !object.open && object.rest.is_none();
    for (name, value) in fields.iter().filter(|_| closed) {
        if object.fields.iter().all(|field| field.name != *name) {
            let (path, actual) = (format!("body.{name}"), show_short(value, 120));
            differences.push(|| Difference { path, expected: "no such field".into(), actual });
        }
    }
    let what = "the form does not fit".to_owned();
    (!differences.is_empty()).then_some(Breach { what, differences, place: payload.origin })
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.text.to_string(),
        other => show_short(other, 400),
    }
}

/// What a payload says of a media type; none when it says nothing at all.
fn allowed<'p>(payload: &'p Payload, media: &str) -> Option<Result<Option<&'p Pattern>, Breach>> {
    if payload.content.is_empty() {
        return None;
    }
    Some(payload.of(media).ok_or_else(|| {
        let bare = media.split(';').next().unwrap_or_default().trim();
        let mut breach = Breach::new(format!("the content type `{bare}` is not declared"), payload.origin);
        let known: Vec<&str> = payload.content.iter().map(|(media, _)| &**media).collect();
        breach.differences.push(|| Difference {
            path: "headers.content-type".into(),
            expected: known.join(" or "),
            actual: bare.to_owned(),
        });
        breach
    }))
}

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
    found.extend(came_body(payload, came.headers, body));
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
            (!value.is_secret() && !parameter_fits(&header.pattern, &texts))
                .then(|| unfit("header", header, &texts))
        }
    }
}

fn came_body(payload: &Payload, headers: &Value, body: &Value) -> Option<Breach> {
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
    let pattern = pattern?;
    match (media_type(media).as_str(), body.as_text()) {
        ("application/x-www-form-urlencoded", Some(text)) => {
            return form(&fields(text), pattern, payload);
        }
        // `12` as plain text may be the number.
        ("text/plain", Some(text)) if parameter_fits(pattern, &[text]) => return None,
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

/// The fields of a form as it was sent; one that stands several times is a list.
fn fields(text: &str) -> Object {
    let mut fields = Object::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = Value::text(value.into_owned());
        let value = match fields.get(&*name) {
            None => value,
            Some(Value::List(items)) => Value::list(items.iter().cloned().chain([value]).collect()),
            Some(one) => Value::list(vec![one.clone(), value]),
        };
        fields.insert(name.into(), value);
    }
    fields
}

/// Paths from the whole exchange.
fn below(part: &str, mut differences: Differences) -> Differences {
    for difference in &mut differences.listed {
        difference.path.insert_str(0, part);
    }
    differences
}

/// RFC 8259, and the structured suffix of RFC 6839.
fn is_json(media: &str) -> bool {
    let bare = media_type(media);
    bare == "application/json" || bare.ends_with("+json")
}

/// Without its parameters, in lower case.
fn media_type(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The value as JSON carries it; none when it is sent as something else.
fn as_json(value: &Value) -> Option<Value> {
    if is_plain(value) { Some(value.clone()) } else { from_json(to_json(value).as_bytes()).ok() }
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Absent | Value::Bool(_) | Value::Number(_) | Value::Text(_) => true,
        Value::List(items) => items.iter().all(is_plain),
        Value::Object(fields) => fields.values().all(is_plain),
        _ => false,
    }
}

fn shown(status: Status) -> String {
    match status {
        Status::Code(code) => code.to_string(),
        Status::Class(hundreds) => format!("{hundreds}XX"),
        Status::Default => "default".to_owned(),
    }
}

/// The paths at which a message carries fields that its contract does not know.
pub fn unknown_fields(message: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<(String, &Value)> = vec![(String::new(), message)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter() {
                    if &**name == super::proto::value::UNKNOWN {
                        found.push(path.clone());
                    } else {
                        open.push((format!("{path}.{name}"), value));
                    }
                }
            }
            Value::List(items) => {
                // What one element carries, all do.
                open.extend(items.iter().map(|item| (format!("{path}[*]"), item)));
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests;
