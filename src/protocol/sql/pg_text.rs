//! Values in PostgreSQL's text forms (PostgreSQL, chapter 8).

use crate::value::{Value, to_json};

/// The text of a value as the server reads it; none for NULL.
pub(super) fn of(value: &Value) -> Option<Vec<u8>> {
    let text = match value {
        Value::Null | Value::Absent => return None,
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number_text(number),
        Value::Text(text) => text.text.to_string(),
        Value::Bytes(bytes) => hex(&bytes.bytes),
        Value::Duration(nanos) => interval(*nanos),
        Value::List(items) => array(items),
        other => to_json(other),
    };
    Some(text.into_bytes())
}

fn number_text(number: &crate::value::Number) -> String {
    use crate::value::Number;
    match number {
        Number::Decimal(value) => value.to_plain_string(),
        Number::Float { value, .. } if value.is_infinite() => {
            if *value > 0.0 {
                "Infinity".to_owned()
            } else {
                "-Infinity".to_owned()
            }
        }
        other => other.to_string(),
    }
}

/// `\x0aff` (§8.4.1).
fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\\x{digits}")
}

/// ISO 8601 (§8.5.4); the server keeps microseconds.
fn interval(nanos: i64) -> String {
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    format!("PT{sign}{}.{:09}S", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// `{"a","b",NULL}` (§8.15.2); lists in lists are further dimensions.
fn array(items: &[Value]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| match item {
            Value::List(inner) => array(inner),
            item => match of(item) {
                None => "NULL".to_owned(),
                Some(text) => {
                    let text = String::from_utf8_lossy(&text).replace('\\', "\\\\").replace('"', "\\\"");
                    format!("\"{text}\"")
                }
            },
        })
        .collect();
    format!("{{{}}}", items.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_servers_text_forms() {
        let text = |value| String::from_utf8(of(&value).unwrap()).unwrap();
        assert_eq!(text(Value::bytes(vec![0, 255])), "\\x00ff");
        assert_eq!(text(Value::Duration(-1_500_000_000)), "PT-1.500000000S");
        assert_eq!(text(Value::Number("100.00".parse().unwrap())), "100.00");
        let list = Value::list(vec![Value::text("a\"b\\"), Value::Null, Value::text("NULL"), Value::int(1)]);
        assert_eq!(text(list), r#"{"a\"b\\",NULL,"NULL","1"}"#);
        assert_eq!(of(&Value::Null), None);
    }
}
