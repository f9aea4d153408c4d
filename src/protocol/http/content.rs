//! What a body is: its content coding undone (RFC 9110 §8.4), its text decoded, its JSON read.
//! A body that is not what its headers say is never taken for something else: it is unreadable.

use std::sync::Arc;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use bytes::Bytes;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::link::parameter_value;
use crate::value::{Tagged, Text, Value, from_json, is_valid_json};

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BodyError {
    pub(crate) message: String,
    /// 1-based line and column, where there is such a place.
    pub(crate) place: Option<(usize, usize)>,
}

impl BodyError {
    pub(crate) fn new(message: impl Into<String>) -> BodyError {
        BodyError { message: message.into(), place: None }
    }

    pub(crate) fn record(&self) -> Value {
        let mut fields = vec![("message", Value::text(self.message.as_str()))];
        if let Some((line, column)) = self.place {
            fields.push(("line", Value::int(line as i128)));
            fields.push(("column", Value::int(column as i128)));
        }
        Value::object(fields)
    }

    /// What stands as `body`: equal to nothing that a scenario can write, not even `absent`, and
    /// it shows its reason wherever it is shown.
    pub(crate) fn unreadable(&self) -> Value {
        Value::Tagged(Arc::new(Tagged { tag: "unreadable", value: self.record() }))
    }
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match self.place {
            Some((line, column)) => write!(f, " at line {line} column {column}"),
            None => Ok(()),
        }
    }
}

/// Why a body was not decoded.
pub(crate) enum Undecoded {
    /// It decodes to more than the limit.
    TooLarge,
    /// It is broken.
    Broken(BodyError),
}

/// Undoes the content codings. At most `limit` bytes come out, so that a small body cannot fill
/// the memory.
pub(crate) async fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Undecoded> {
    let codings: Vec<String> = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| {
            String::from_utf8_lossy(value.as_bytes()).split(',').map(str::to_owned).collect::<Vec<_>>()
        })
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    let mut body = body;
    for coding in codings.iter().rev() {
        if body.is_empty() {
            break;
        }
        let bytes = &body[..];
        let decoded = match coding.as_str() {
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(bytes);
                decoder.multiple_members(true);
                read_all(decoder, coding, limit).await
            }
            "br" => read_all(BrotliDecoder::new(bytes), coding, limit).await,
            "zstd" => read_all(ZstdDecoder::new(bytes), coding, limit).await,
            "deflate" => read_all(ZlibDecoder::new(bytes), coding, limit).await,
            _ => {
                let message = format!("the content coding `{}` is not known", coding.escape_debug());
                Err(Undecoded::Broken(BodyError::new(message)))
            }
        }?;
        body = decoded.into();
    }
    Ok(body)
}

async fn read_all(decoder: impl AsyncRead + Unpin, coding: &str, limit: usize) -> Result<Vec<u8>, Undecoded> {
    let mut out = Vec::new();
    let read = decoder.take(limit as u64 + 1).read_to_end(&mut out).await;
    match read {
        Ok(_) if out.len() > limit => Err(Undecoded::TooLarge),
        Ok(_) => Ok(out),
        Err(error) => Err(Undecoded::Broken(BodyError::new(format!(
            "the body says it is `{coding}`, but it cannot be decoded after {} bytes: {error}",
            out.len()
        )))),
    }
}

/// A body as the language sees it.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) body: Value,
    pub(crate) text: Option<Arc<str>>,
    pub(crate) error: Option<BodyError>,
}

/// Reads a decoded body by its content type. `expected` is whether a body must be there at all, as
/// it need not after `HEAD` or with 204 and 304.
pub(crate) fn read(headers: &HeaderMap, body: &Bytes, expected: bool) -> Content {
    let content_type = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let content_type = content_type.as_deref().unwrap_or_default();
    let media = media_type(content_type);
    if body.is_empty() {
        let error = (expected && is_json(&media))
            .then(|| BodyError::new(format!("the content type is `{media}`, but the body is empty")));
        return Content {
            body: error.as_ref().map_or(Value::Absent, BodyError::unreadable),
            text: None,
            error,
        };
    }
    if is_json(&media) {
        return read_json(&media, body);
    }
    if is_text(&media) {
        return match decode_text(content_type, body) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                Content {
                    body: Value::Text(Text { text: text.clone(), secret: false }),
                    text: Some(text),
                    error: None,
                }
            }
            Err(error) => Content { body: error.unreadable(), text: None, error: Some(error) },
        };
    }
    // A body that says nothing of itself may well be text.
    let text = if media.is_empty() { std::str::from_utf8(body).ok().map(Arc::from) } else { None };
    Content { body: Value::bytes(body.clone()), text, error: None }
}

/// The same where nobody reads the body: whether it is what its content type says.
pub(crate) fn check(headers: &HeaderMap, body: &Bytes, expected: bool) -> Content {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // All else is quick to read.
    if body.is_empty() || !is_json(&media_type(content_type)) || !is_valid_json(body) {
        return read(headers, body, expected);
    }
    Content { body: Value::Absent, text: None, error: None }
}

fn read_json(media: &str, body: &Bytes) -> Content {
    let text = std::str::from_utf8(body).ok().map(Arc::<str>::from);
    let error = match from_json(body) {
        Ok(value) => return Content { body: value, text, error: None },
        Err(_) if text.is_none() => invalid_utf8(media, body),
        Err(error) => BodyError {
            message: format!("the content type is `{media}`, but the body is no JSON: {}", error.message),
            place: Some((error.line, error.column)),
        },
    };
    Content { body: error.unreadable(), text, error: Some(error) }
}

fn invalid_utf8(what: &str, body: &[u8]) -> BodyError {
    let at = std::str::from_utf8(body).err().map_or(0, |error| error.valid_up_to());
    let before = &body[..at];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
    BodyError {
        message: format!(
            "the body is `{what}`, but it is not valid UTF-8: byte {at} is 0x{:02x}",
            body.get(at).unwrap_or(&0)
        ),
        place: Some((line, column)),
    }
}

fn decode_text(content_type: &str, body: &[u8]) -> Result<String, BodyError> {
    let label = parameter(content_type, "charset").unwrap_or_else(|| "utf-8".to_owned());
    let Some(encoding) = encoding_rs::Encoding::for_label(label.as_bytes()) else {
        return Err(BodyError::new(format!("the charset `{}` is not known", label.escape_debug())));
    };
    if encoding == encoding_rs::UTF_8 {
        return match std::str::from_utf8(body) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(invalid_utf8(&media_type(content_type), body)),
        };
    }
    match encoding.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => Ok(text.into_owned()),
        None => Err(BodyError::new(format!("the body says it is `{label}`, but it is not"))),
    }
}

/// `application/json` of `application/json; charset=utf-8`, in lower case.
pub(crate) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A parameter of a content type, such as `charset`.
fn parameter(content_type: &str, name: &str) -> Option<String> {
    let (_, mut rest) = content_type.split_once(';')?;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = parameter_value(after.trim_start());
        // A parameter without a value may stand before the one with it.
        let key = key.rsplit(';').next().unwrap_or(key).trim();
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after.trim_start().strip_prefix(';')?;
    }
}

/// RFC 8259, and the structured suffix of RFC 6839.
pub(crate) fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json")
}

fn is_text(media: &str) -> bool {
    media.starts_with("text/")
        || media.ends_with("+xml")
        || media.ends_with("+yaml")
        || matches!(
            media,
            "application/xml"
                | "application/yaml"
                | "application/javascript"
                | "application/x-www-form-urlencoded"
                | "application/x-ndjson"
                | "application/jsonl"
                | "application/json-seq"
                | "application/graphql"
                | "application/sql"
                | "application/toml"
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::show;

    fn content(content_type: &str, body: &[u8]) -> Content {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        read(&headers, &Bytes::copy_from_slice(body), true)
    }

    #[test]
    fn a_body_is_what_its_type_says() {
        assert_eq!(show(&content("application/problem+json", b"{\"a\":1.0}").body), "{ a: 1.0 }");
        assert_eq!(content("text/plain", "é".as_bytes()).body, Value::text("é"));
        assert_eq!(content("text/plain; charset=ISO-8859-1", b"\xe9").body, Value::text("é"));
        assert_eq!(content("text/html; x; charset=\"utf-16le\"", b"a\0").body, Value::text("a"));
        assert_eq!(content("application/xml", b"<a/>").body, Value::text("<a/>"));
        assert_eq!(content("image/png", b"abc").body, Value::bytes(&b"abc"[..]));
        let unnamed = content("", b"abc");
        assert_eq!((unnamed.body, unnamed.text.as_deref()), (Value::bytes(&b"abc"[..]), Some("abc")));
        assert_eq!(content("text/plain", b"").body, Value::Absent);
    }

    #[test]
    fn a_body_that_is_not_what_it_says_equals_nothing() {
        let broken = content("application/json", b"{\n \"a\": ?}");
        assert_eq!(broken.error.as_ref().unwrap().place, Some((2, 7)));
        assert_eq!(broken.text.as_deref(), Some("{\n \"a\": ?}"));
        assert_ne!(broken.body, Value::Absent);
        assert!(
            show(&broken.body).starts_with("unreadable({ message: \"the content type is `application/json`")
        );
        for (kind, body) in [
            ("application/json", &b""[..]),
            ("application/json", b"\"\xff\""),
            ("text/plain", b"ab\ncd\xff"),
            ("text/plain; charset=nonsense", b"a"),
            ("text/plain; charset=utf-16le", b"\x00\xd8"),
        ] {
            let content = content(kind, body);
            assert!(content.error.is_some(), "{kind}");
            assert_ne!(content.body, Value::Absent, "{kind}");
        }
        let error = content("text/plain", b"ab\ncd\xff").error.unwrap();
        assert_eq!(
            error.to_string(),
            "the body is `text/plain`, but it is not valid UTF-8: byte 5 is 0xff at line 2 column 3"
        );
    }

    #[test]
    fn an_empty_body_is_fine_where_none_is_expected() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        let content = read(&headers, &Bytes::new(), false);
        assert_eq!((content.body, content.error), (Value::Absent, None));
    }
}
