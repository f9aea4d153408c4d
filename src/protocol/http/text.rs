//! Bodies and URLs as reports show them: masked, cut, and binary ones summed up.

use std::fmt::Write as _;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

use super::content::{is_json, media_type};
use super::options::Header;
use crate::event::BODY_LIMIT;
use crate::protocol::shown::{cut, cut_of};
use crate::value::{MASK, Redactor, Value, from_json, to_json_pretty};

/// Header values past this are cut: nobody reads a token of a hundred lines.
const HEADER_LIMIT: usize = 1024;

fn shorten(value: &str) -> String {
    if value.len() <= HEADER_LIMIT {
        return value.to_owned();
    }
    format!("{}… ({} bytes in all)", &value[..value.floor_char_boundary(HEADER_LIMIT)], value.len())
}

/// `(1234 bytes: 89504e47…)`
pub(super) fn binary(bytes: &[u8]) -> String {
    let mut out = format!("({} bytes: ", bytes.len());
    for byte in bytes.iter().take(32) {
        let _ = write!(out, "{byte:02x}");
    }
    out.push_str(if bytes.len() > 32 { "…)" } else { ")" });
    out
}

/// A response's body: JSON indented, other text as it is, the rest summed up.
pub(super) fn response_body(headers: &HeaderMap, body: &Bytes, redactor: &Redactor) -> String {
    if body.is_empty() {
        return String::new();
    }
    let Ok(text) = std::str::from_utf8(body) else { return binary(body) };
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    // What will be cut anyway need not be indented first.
    let small = text.len() <= 4 * BODY_LIMIT;
    if small
        && content_type.is_some_and(|kind| is_json(&media_type(&kind)))
        && let Ok(value) = from_json(body)
    {
        return cut(&redactor.mask(&to_json_pretty(&value)));
    }
    if small {
        return cut(&redactor.mask(text));
    }
    // Masked before it is cut, so that no secret is cut in two and then missed.
    let window = &text[..text.floor_char_boundary(4 * BODY_LIMIT)];
    let masked = redactor.mask(window);
    cut_of(&masked, text.len())
}

/// Headers that were sent, secret values masked.
pub(super) fn sent_headers(headers: &[Header], redactor: &Redactor) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|header| {
            let value = if header.secret { MASK.to_owned() } else { header_text(header.value.as_bytes()) };
            (header.name.to_string(), redactor.mask(&value).into_owned())
        })
        .collect()
}

/// Headers that came, those that are always private masked.
pub(super) fn received_headers(headers: &HeaderMap, redactor: &Redactor) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            if super::options::is_private(name) {
                return (name.to_string(), MASK.to_owned());
            }
            let text = header_text(value.as_bytes());
            (name.to_string(), shorten(&redactor.mask(&text)))
        })
        .collect()
}

/// A header value as text: UTF-8 where it is, otherwise each byte a character (ISO 8859-1), as
/// RFC 9110 §5.5 reads them.
pub(crate) fn header_text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Headers as a record: text by lower-case name, a list where one came several times. `set-cookie`
/// is always a list, since one cookie today is two tomorrow.
pub(crate) fn header_record(headers: &HeaderMap) -> Value {
    Value::object(headers.keys().map(|name| {
        let mut values: Vec<Value> =
            headers.get_all(name).iter().map(|value| Value::text(header_text(value.as_bytes()))).collect();
        let single = values.len() == 1 && name != reqwest::header::SET_COOKIE;
        let value = if single { values.remove(0) } else { Value::list(values) };
        (name.as_str().to_owned(), value)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_at_the_cut_does_not_leak() {
        let redactor = Redactor::default();
        redactor.register("geheimgeheim");
        for shift in 0..16 {
            let body =
                format!("{}geheimgeheim{}", "x".repeat(BODY_LIMIT - shift), "y".repeat(5 * BODY_LIMIT));
            let shown = response_body(&HeaderMap::new(), &Bytes::from(body), &redactor);
            assert!(!shown.contains("gehe"), "{shift}");
        }
    }
}
