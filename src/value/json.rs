//! Lossless JSON (RFC 8259): every digit of a number survives, fields keep their order, a
//! duplicate name is an error instead of a lost value.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use jiter::{Jiter, Peek};

use super::{Number, Object, Value};

/// Nesting past this is refused, so that hostile input cannot overflow the stack.
const MAX_DEPTH: usize = 128;

/// Why a text is not JSON, with its 1-based place in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub message: String,
    /// 1-based line in the JSON text.
    pub line: usize,
    /// 1-based column in the JSON text.
    pub column: usize,
}

/// Reads one JSON value; anything but white space after it is an error.
pub fn from_json(text: &[u8]) -> Result<Value, JsonError> {
    let mut reader = Jiter::new(text);
    let value = reader.peek().map_err(Fault::Syntax).and_then(|peek| read(&mut reader, peek, 0));
    let value = value.and_then(|value| reader.finish().map(|()| value).map_err(Fault::Syntax));
    value.map_err(|fault| {
        let (message, place) = match fault {
            Fault::Syntax(error) => (error.error_type.to_string(), error.get_position(&reader)),
            Fault::Other(message) => (message, reader.current_position()),
        };
        JsonError { message, line: place.line.max(1), column: place.column.max(1) }
    })
}

/// Whether it is one JSON value, without making it. A name that stands twice in an object shows only to
/// whoever reads that.
pub fn is_valid_json(text: &[u8]) -> bool {
    let mut reader = Jiter::new(text);
    std::str::from_utf8(text).is_ok() && reader.next_skip().is_ok() && reader.finish().is_ok()
}

enum Fault {
    Syntax(jiter::JiterError),
    Other(String),
}

impl From<jiter::JiterError> for Fault {
    fn from(error: jiter::JiterError) -> Fault {
        Fault::Syntax(error)
    }
}

fn read(reader: &mut Jiter<'_>, peek: Peek, depth: usize) -> Result<Value, Fault> {
    if depth > MAX_DEPTH {
        return Err(Fault::Other(format!("nested more than {MAX_DEPTH} deep")));
    }
    match peek {
        Peek::Null => reader.known_null().map(|()| Value::Null).map_err(Fault::from),
        Peek::True | Peek::False => Ok(Value::Bool(reader.known_bool(peek)?)),
        Peek::String => Ok(Value::text(reader.known_str()?)),
        Peek::Array => {
            let mut items = Vec::new();
            let mut next = reader.known_array()?;
            while let Some(peek) = next {
                items.push(read(reader, peek, depth + 1)?);
                next = reader.array_step()?;
            }
            Ok(Value::list(items))
        }
        Peek::Object => {
            let mut fields = Object::new();
            let mut key: Option<Arc<str>> = reader.known_object()?.map(Arc::from);
            while let Some(name) = key {
                let peek = reader.peek()?;
                let value = read(reader, peek, depth + 1)?;
                if fields.contains_key(&name) {
                    return Err(Fault::Other(format!("the name `{name}` stands twice in one object")));
                }
                fields.insert(name, value);
                key = reader.next_key()?.map(Arc::from);
            }
            Ok(Value::Object(Arc::new(fields)))
        }
        _ => {
            let digits = reader.known_number_bytes(peek)?;
            let digits = std::str::from_utf8(digits).map_err(|e| Fault::Other(e.to_string()))?;
            let number: Number =
                digits.parse().map_err(|e: super::NumberError| Fault::Other(e.to_string()))?;
            Ok(Value::Number(number))
        }
    }
}

/// Compact JSON. What JSON has no form for is written as people would expect it on the wire:
/// bytes in base64 (RFC 4648 §4), durations as `1.5s`; absent fields are left out.
pub fn to_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, None, 0, &mut out);
    out
}

/// JSON with two spaces of indentation.
pub fn to_json_pretty(value: &Value) -> String {
    let mut out = String::new();
    write(value, Some(2), 0, &mut out);
    out
}

fn write(value: &Value, indent: Option<usize>, depth: usize, out: &mut String) {
    match value {
        Value::Null | Value::Absent => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(Number::Float { value, .. }) if !value.is_finite() => {
            // The proto3 JSON mapping's spelling; JSON itself has none.
            out.push_str(if value.is_nan() {
                "\"NaN\""
            } else if *value > 0.0 {
                "\"Infinity\""
            } else {
                "\"-Infinity\""
            });
        }
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Text(text) => write_text(&text.text, out),
        Value::Bytes(bytes) => {
            write_text(&base64::engine::general_purpose::STANDARD.encode(&bytes.bytes), out);
        }
        Value::Duration(nanos) => write_text(&super::show::duration(*nanos), out),
        Value::Regex(regex) => write_text(regex.as_str(), out),
        Value::Range(range) => {
            write_seq('[', ']', [&range.0, &range.1], indent, depth, out, |value, depth, out| {
                write(value, indent, depth, out);
            });
        }
        Value::Tagged(tagged) => write(&tagged.value, indent, depth, out),
        Value::List(items) => write_seq('[', ']', items.iter(), indent, depth, out, |value, depth, out| {
            write(value, indent, depth, out);
        }),
        Value::Live(live) => match live.items() {
            Some(items) => write(&Value::list(items), indent, depth, out),
            None => write_text(&live.name(), out),
        },
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| !matches!(value, Value::Absent));
            write_seq('{', '}', present, indent, depth, out, |(name, value), depth, out| {
                write_text(name, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(value, indent, depth, out);
            });
        }
    }
}

fn write_seq<T>(
    open: char,
    close: char,
    items: impl IntoIterator<Item = T>,
    indent: Option<usize>,
    depth: usize,
    out: &mut String,
    mut each: impl FnMut(T, usize, &mut String),
) {
    let line = |depth: usize, out: &mut String| {
        if let Some(width) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', width * depth));
        }
    };
    out.push(open);
    let mut any = false;
    for item in items {
        if any {
            out.push(',');
        }
        any = true;
        line(depth + 1, out);
        each(item, depth + 1, out);
    }
    if any {
        line(depth, out);
    }
    out.push(close);
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_survives() {
        let text = r#"{"big":9007199254740993,"max":18446744073709551615,"money":100.00,"tiny":-0.10,"list":[1,null,true,"é\n"],"empty":{}}"#;
        let value = from_json(text.as_bytes()).unwrap();
        assert_eq!(to_json(&value), text);
    }

    #[test]
    fn a_duplicate_name_is_an_error() {
        let error = from_json(br#"{"a":1,"a":2}"#).unwrap_err();
        assert!(error.message.contains("`a` stands twice"), "{error}");
    }

    #[test]
    fn malformed_text_is_an_error_with_its_place() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "01", "nul", "1 2", "\"\\ud800\"", "{\"a\":1e99999999}"] {
            assert!(from_json(text.as_bytes()).is_err(), "{text}");
        }
        assert!(from_json(b"\"\xff\"").is_err());
        assert!(from_json("[".repeat(100_000).as_bytes()).is_err());
        let error = from_json(b"{\n  \"a\": ?}").unwrap_err();
        assert_eq!(error.line, 2);
    }
}
