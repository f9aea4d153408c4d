//! Metadata as values, both ways.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::wire::base64;
use crate::protocol::Misuse;
use crate::value::{Object, Value, show};

/// Names that belong to the protocol itself.
const RESERVED: [&str; 6] =
    ["te", "content-type", "content-length", "host", "connection", "transfer-encoding"];

/// A piece of metadata to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    pub(super) secret: bool,
}

impl Entry {
    /// From the option `metadata`.
    pub(super) fn parse(fields: &Object) -> Result<Vec<Entry>, Misuse> {
        let mut entries = Vec::new();
        for (name, value) in fields {
            let wrong = |message: String| Misuse::option("metadata", message);
            let key = name.to_ascii_lowercase();
            if RESERVED.contains(&&*key) || key.starts_with("grpc-") {
                let misuse = wrong(format!("`{name}` belongs to the protocol and cannot be set"));
                return Err(match &*key {
                    "grpc-timeout" => misuse.help("use the option `deadline`"),
                    "grpc-encoding" => misuse.help("use the option `compression`"),
                    _ => misuse,
                });
            }
            let key = HeaderName::try_from(key).map_err(|_| {
                wrong(format!("`{name}` is no name of metadata"))
                    .help("a name has lower-case letters, digits, `-`, `_` and `.`")
            })?;
            let values = value.as_list().unwrap_or(std::slice::from_ref(value));
            for value in values.iter().filter(|value| !matches!(value, Value::Absent)) {
                let (text, secret) = encode(name, value).map_err(wrong)?;
                let value = HeaderValue::try_from(text).map_err(|_| {
                    wrong(format!("the value of `{name}` has a character that metadata cannot carry"))
                        .help("it carries printable ASCII; a name that ends in `-bin` takes bytes")
                })?;
                entries.push(Entry { name: key.clone(), value, secret });
            }
        }
        Ok(entries)
    }
}

fn encode(name: &str, value: &Value) -> Result<(String, bool), String> {
    let binary = name.to_ascii_lowercase().ends_with("-bin");
    match value {
        Value::Bytes(bytes) if binary => Ok((STANDARD_NO_PAD.encode(&bytes.bytes), bytes.secret)),
        _ if binary => Err(format!("`{name}` takes bytes, not {} {}", value.kind(), show(value))),
        Value::Text(text) if text.text.is_ascii() => Ok((text.text.to_string(), text.secret)),
        // Anything else would arrive garbled.
        Value::Text(_) => Err(format!("the value of `{name}` is not ASCII; a name in `-bin` takes bytes")),
        Value::Number(number) => Ok((number.to_string(), false)),
        Value::Bool(value) => Ok((value.to_string(), false)),
        _ => Err(format!("`{name}` takes text, not {} {}", value.kind(), show(value))),
    }
}

/// Metadata that came, without the parts of the protocol that the record shows elsewhere.
pub(crate) fn to_value(headers: &HeaderMap) -> Value {
    let mut object = Object::new();
    for name in headers.keys() {
        if matches!(name.as_str(), "grpc-status" | "grpc-message" | "grpc-status-details-bin") {
            continue;
        }
        let mut values: Vec<Value> =
            headers.get_all(name).iter().flat_map(|value| decode(name, value)).collect();
        let value = if values.len() == 1 { values.remove(0) } else { Value::list(values) };
        object.insert(Arc::from(name.as_str()), value);
    }
    Value::Object(Arc::new(object))
}

/// Binary metadata may be joined by commas; what is not base64 stays the text it is.
fn decode(name: &HeaderName, value: &HeaderValue) -> Vec<Value> {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !name.as_str().ends_with("-bin") {
        return vec![Value::text(&*text)];
    }
    let parts = text.split(',').map(str::trim);
    parts.map(|part| base64(part.as_bytes()).map_or_else(|| Value::text(part), Value::bytes)).collect()
}

/// For the report: names and texts as they came.
pub(super) fn to_lines(headers: &HeaderMap) -> Vec<(String, String)> {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    headers.iter().map(line).collect()
}
