//! Bodies: which media types are declared, and what JSON and forms hold.

use std::sync::Arc;

use super::{Breach, below};
use crate::contract::Payload;
use crate::contract::form::{Form, forms};
use crate::contract::style::{Given, Reading, Style, in_json, read, readings};
use crate::shape::{Difference, Differences, Pattern, fits, mismatches};
use crate::value::{Object, Path, Step, Value, from_json, show_short, to_json};

/// How many ways to read the fields of a form are tried; fields that would make them more are not
/// judged.
const READINGS: usize = 1024;

/// What a pattern says of objects.
#[derive(Default)]
struct Described {
    objects: Vec<Form>,
    /// Whether more is said of them than their fields show.
    is_judged: bool,
}

/// The fields of a form, whose values are texts: they are read in each way in which each may be
/// meant, and one of those must be what the whole schema takes.
pub(super) fn form(fields: &Object, pattern: &Pattern, payload: &Payload) -> Option<Breach> {
    let mut described = Described::default();
    describe(pattern, &mut described);
    let mut unread: Vec<String> = Vec::new();
    let mut all: Vec<Object> = vec![Object::new()];
    // Of an empty list nothing is sent.
    let is_sent = |value: &Value| match value {
        Value::List(items) => !items.is_empty(),
        value => !matches!(value, Value::Absent),
    };
    for (name, value) in fields.iter().filter(|(_, value)| is_sent(value)) {
        let ways = ways(name, value, &described).filter(|ways| all.len() * ways.len() <= READINGS);
        let ways = ways.unwrap_or_else(|| {
            unread.push(Path(vec![Step::Field(name.clone())]).to_string());
            vec![value.clone()]
        });
        let with = |way: &Value| {
            let way = way.clone();
            all.iter().map(move |known| {
                let mut known = known.clone();
                known.insert(name.clone(), way.clone());
                known
            })
        };
        all = ways.iter().flat_map(with).collect();
    }
    let is_below = |path: &str, name: &str| {
        path.is_empty()
            || path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let mut least: Option<Differences> = None;
    for object in all {
        let mut found = mismatches(pattern, &Value::Object(Arc::new(object)));
        if !unread.is_empty() {
            found.invalid = None;
            found.listed.retain(|it| !unread.iter().any(|name| is_below(&it.path, name)));
        }
        if found.is_empty() {
            return None;
        }
        if least.as_ref().is_none_or(|least| found.len() < least.len()) {
            least = Some(found);
        }
    }
    let what = "the form does not fit".to_owned();
    Some(Breach { what, differences: below("body", least?), place: payload.origin })
}

/// The objects of which a pattern speaks, also where a judge says the rest.
fn describe(pattern: &Pattern, found: &mut Described) {
    for form in forms(pattern) {
        match form {
            Form::Object(_) | Form::Map(_) => found.objects.push(form),
            Form::Opaque(opaque) => {
                found.is_judged = true;
                match opaque {
                    Pattern::Judged(inner, _) | Pattern::Not(inner) => describe(&inner, found),
                    Pattern::All(parts) => parts.iter().for_each(|part| describe(part, found)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// What a field of a form may mean; none where that is not known, as of a file.
fn ways(name: &str, value: &Value, described: &Described) -> Option<Vec<Value>> {
    let patterns = described.objects.iter().filter_map(|form| match form {
        Form::Object(object) => {
            let known = object.fields.iter().find(|field| *field.name == *name);
            known.map(|field| &field.pattern).or(object.rest.as_deref())
        }
        Form::Map(map) => Some(&map.value),
        _ => None,
    });
    let patterns: Vec<&Pattern> = patterns.collect();
    let texts = match value {
        value if value.is_secret() => None,
        Value::Tagged(tagged) if tagged.tag == "json" => return Some(vec![as_json(&tagged.value)?]),
        Value::List(items) => items.iter().map(plain).collect(),
        one => plain(one).map(|text| vec![text]),
    };
    let Some(texts) = texts else {
        // A name that nothing knows is one, whatever it holds.
        return (patterns.is_empty() && !described.is_judged).then(|| vec![value.clone()]);
    };
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let simple = match texts.as_slice() {
        [one] => readings(one).into_iter().chain(in_json(one)).collect(),
        texts => vec![Value::list(texts.iter().map(|text| Value::text(*text)).collect())],
    };
    let (mut found, mut is_unjudged): (Vec<Value>, bool) = (Vec::new(), false);
    for pattern in &patterns {
        let mut fitting: Vec<Value> = simple.iter().filter(|value| fits(pattern, value)).cloned().collect();
        // Apart, or with commas between them where the form says so in an `encoding`.
        for style in [Style::Apart, Style::Commas] {
            match read(pattern, style, &Given::Texts(texts.clone())) {
                Reading::Fits(value) => fitting.push(value),
                Reading::Unjudged => is_unjudged = true,
                _ => {}
            }
        }
        for value in fitting {
            if !found.contains(&value) {
                found.push(value);
            }
        }
    }
    // Where nothing but its own pattern decides, one way says as much as all.
    let is_plain = !described.is_judged && described.objects.len() < 2;
    let (mut ways, is_open) = match found.is_empty() {
        true if is_unjudged => return None,
        true => (simple, patterns.is_empty()),
        false => (found, true),
    };
    if is_plain || !is_open {
        ways.truncate(1);
    }
    Some(ways)
}

/// A body that is no JSON, as it was written.
pub(super) fn text(media: &str, body: &str, pattern: &Pattern, payload: &Payload) -> Option<Breach> {
    let media = media_type(media);
    if media == FORM {
        return form(&fields(body), pattern, payload);
    }
    // `12` as plain text may be the number.
    let is_fine =
        !judges(&media, pattern) || read(pattern, Style::Commas, &Given::Texts(vec![body])).is_fine();
    let differences = || below("body", mismatches(pattern, &Value::text(body)));
    let what = "the body does not fit".to_owned();
    (!is_fine).then(|| Breach { what, differences: differences(), place: payload.origin })
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a body that is no JSON can be held against a pattern: a form, a plain text, and other
/// texts of which the pattern speaks as one.
pub(in crate::contract) fn judges(media: &str, pattern: &Pattern) -> bool {
    let is_leaf = || forms(pattern).iter().all(|form| matches!(form, Form::Leaf(_)));
    let is_text = media.starts_with("text/") && media != "text/event-stream";
    media == FORM || media == "text/plain" || is_text && is_leaf()
}

/// The text that a value of a form is sent as; none of a file, and of what has a type of its own.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.text.to_string()),
        // `text("…")`, whose type is that of every text.
        Value::Tagged(tagged) if tagged.tag == "text" => {
            let fields = tagged.value.as_object()?;
            let text = fields.get("text").filter(|_| fields.get("type").is_none())?;
            text.as_text().map(str::to_owned)
        }
        Value::Bytes(_) | Value::Tagged(_) => None,
        other => Some(show_short(other, 400)),
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
pub(in crate::contract) fn is_json(media: &str) -> bool {
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
