//! Payloads: bytes that say nothing of what they are.

use crate::diag::did_you_mean;
use crate::protocol::Misuse;
use crate::value::{Bytes, Value, from_json, to_json};

/// How a payload is read: the option `body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::protocol) enum Form {
    /// An object or a list when it is JSON of one, otherwise text, or bytes when it is no UTF-8.
    #[default]
    Auto,
    /// JSON, whatever it is of.
    Json,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

impl Form {
    /// The words of the option.
    pub(in crate::protocol) const WORDS: &'static [&'static str] = &["json", "text", "bytes"];

    pub(in crate::protocol) fn read(value: &Value) -> Result<Form, Misuse> {
        Ok(match value.as_text() {
            Some("json") => Form::Json,
            Some("text") => Form::Text,
            Some("bytes") => Form::Bytes,
            other => {
                let misuse = Misuse::option("body", "`body` is `json`, `text` or `bytes`");
                return Err(match other.and_then(|word| did_you_mean(word, Form::WORDS.iter().copied())) {
                    Some(advice) => misuse.help(advice),
                    None => misuse,
                });
            }
        })
    }
}

/// The bytes of an operand: text and bytes as they are, everything else as JSON.
pub(in crate::protocol) fn encode(value: Option<&Value>) -> Result<Bytes, Misuse> {
    Ok(match value {
        None | Some(Value::Absent) => Bytes::new(),
        Some(Value::Text(text)) => Bytes::copy_from_slice(text.text.as_bytes()),
        Some(Value::Bytes(bytes)) => bytes.bytes.clone(),
        Some(
            value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Object(_)),
        ) => to_json(value).into(),
        Some(Value::Tagged(tagged)) if tagged.tag == "json" => to_json(&tagged.value).into(),
        Some(Value::Tagged(tagged)) if matches!(tagged.tag, "text" | "bytes") => {
            return encode(tagged.value.as_object().and_then(|fields| fields.get("content")));
        }
        Some(Value::Tagged(tagged)) if tagged.tag == crate::shape::malformed::TAG => {
            return Err(Misuse::new(
                "a message of a broker has no content type that `malformed(…)` could break",
            )
            .help("write the broken message out, as text or as bytes"));
        }
        Some(other) => {
            return Err(Misuse::new(format!("{} cannot be a message", crate::value::words::a_kind(other)))
                .help("a message is an object or a list, which is sent as JSON, or text, or bytes"));
        }
    })
}

/// The value of a payload, or why it is not what the option says.
pub(in crate::protocol) fn decode(payload: &Bytes, form: Form) -> Result<Value, String> {
    let text = || std::str::from_utf8(payload);
    match form {
        Form::Bytes => Ok(Value::bytes(payload.clone())),
        Form::Text => match text() {
            Ok(text) => Ok(Value::text(text)),
            Err(error) => Err(format!("it is no text: byte {} is no UTF-8", error.valid_up_to() + 1)),
        },
        Form::Json => from_json(payload).map_err(|error| {
            format!("it is no JSON: {} in line {}, column {}", error.message, error.line, error.column)
        }),
        Form::Auto => {
            let first = payload.iter().find(|byte| !byte.is_ascii_whitespace());
            if matches!(first, Some(b'{' | b'['))
                && let Ok(value) = from_json(payload)
            {
                return Ok(value);
            }
            Ok(text().map_or_else(|_| Value::bytes(payload.clone()), Value::text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &'static [u8], form: Form) -> Result<Value, String> {
        decode(&Bytes::from_static(bytes), form)
    }

    #[test]
    fn a_payload_is_what_it_looks_like() {
        assert_eq!(read(b"{\"a\":1}", Form::Auto), Ok(Value::object([("a", Value::int(1))])));
        assert_eq!(read(b" [1]", Form::Auto), Ok(Value::list(vec![Value::int(1)])));
        // A number could be a name; only `body: json` says that it is one.
        assert_eq!(read(b"42", Form::Auto), Ok(Value::text("42")));
        assert_eq!(read(b"42", Form::Json), Ok(Value::int(42)));
        assert_eq!(read(b"{\"a\":", Form::Auto), Ok(Value::text("{\"a\":")));
        assert_eq!(read(b"\xff\xfe", Form::Auto), Ok(Value::bytes(&b"\xff\xfe"[..])));
        assert_eq!(read(b"", Form::Auto), Ok(Value::text("")));
    }

    #[test]
    fn what_is_not_as_it_must_be_is_told() {
        let why = read(b"{\"a\":", Form::Json).unwrap_err();
        assert!(why.starts_with("it is no JSON: ") && why.contains("line 1"), "{why}");
        assert_eq!(read(b"ab\xff", Form::Text).unwrap_err(), "it is no text: byte 3 is no UTF-8");
        assert!(read(b"\xff", Form::Json).is_err());
    }

    #[test]
    fn an_operand_is_json_unless_it_is_text_or_bytes() {
        let bytes = |value: Value| encode(Some(&value)).unwrap();
        assert_eq!(&bytes(Value::object([("id", Value::int(7))]))[..], b"{\"id\":7}");
        assert_eq!(&bytes(Value::text("plain"))[..], b"plain");
        assert_eq!(&bytes(Value::bytes(&b"\x00\xff"[..]))[..], b"\x00\xff");
        assert_eq!(&bytes(Value::Bool(true))[..], b"true");
        assert!(encode(None).unwrap().is_empty());
        assert!(encode(Some(&Value::Duration(5))).is_err());
    }
}
