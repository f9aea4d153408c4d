//! Bodies: which media types are declared, and what JSON and forms hold.

use super::Breach;
use crate::contract::Payload;
use crate::contract::form::{Form, forms};
use crate::contract::style::form_field_fits;
use crate::shape::{Difference, Differences, Pattern};
use crate::value::{Object, Value, from_json, show_short, to_json};

/// The fields of a form, whose values are texts.
pub(super) fn form(fields: &Object, pattern: &Pattern, payload: &Payload) -> Option<Breach> {
    let object = forms(pattern).into_iter().find_map(|form| match form {
        Form::Object(object) => Some(object),
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
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        if value.is_secret() || form_field_fits(&field.pattern, &texts) {
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
pub(super) fn allowed<'p>(payload: &'p Payload, media: &str) -> Option<Result<Option<&'p Pattern>, Breach>> {
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

/// The fields of a form as it was sent; one that stands several times is a list.
pub(super) fn fields(text: &str) -> Object {
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

/// RFC 8259, and the structured suffix of RFC 6839.
pub(super) fn is_json(media: &str) -> bool {
    let bare = media_type(media);
    bare == "application/json" || bare.ends_with("+json")
}

/// Without its parameters, in lower case.
pub(super) fn media_type(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The value as JSON carries it; none when it is sent as something else.
pub(super) fn as_json(value: &Value) -> Option<Value> {
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
