//! Values as people read them in messages: like the language writes them, secrets masked.

use std::fmt::Write as _;

use super::{MASK, Value};

/// The value on one line as the language would write it, secrets masked.
pub fn show(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// The same, cut in the middle to at most `width` characters.
pub fn show_short(value: &Value, width: usize) -> String {
    let full = show(value);
    let count = full.chars().count();
    if count <= width {
        return full;
    }
    let head = width.saturating_sub(1) * 2 / 3;
    let tail = width.saturating_sub(1) - head;
    let start: String = full.chars().take(head).collect();
    let end: String = full.chars().skip(count - tail).collect();
    format!("{start}…{end}")
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Absent => out.push_str("absent"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Text(text) if text.secret => out.push_str(MASK),
        Value::Text(text) => {
            // Debug's escapes are Rust's; JSON's are the language's.
            out.push_str(&super::to_json(&Value::Text(text.clone())));
        }
        Value::Bytes(bytes) if bytes.secret => out.push_str(MASK),
        Value::Bytes(bytes) => {
            out.push_str("bytes(");
            for byte in bytes.bytes.iter().take(32) {
                let _ = write!(out, "{byte:02x}");
            }
            if bytes.bytes.len() > 32 {
                let _ = write!(out, "… {} bytes", bytes.bytes.len());
            }
            out.push(')');
        }
        Value::Duration(nanos) => out.push_str(&duration(*nanos)),
        Value::Regex(regex) => {
            let _ = write!(out, "re\"{}\"", regex.as_str());
        }
        Value::Range(range) => {
            write(&range.0, out);
            out.push_str("..");
            write(&range.1, out);
        }
        Value::Tagged(tagged) => {
            out.push_str(tagged.tag);
            out.push('(');
            write(&tagged.value, out);
            out.push(')');
        }
        Value::List(items) => write_list(items.iter(), out),
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            out.push_str("{ ");
            for (i, (name, value)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if is_label(name) {
                    out.push_str(name);
                } else {
                    out.push_str(&super::to_json(&Value::text(name.clone())));
                }
                out.push_str(": ");
                write(value, out);
            }
            out.push_str(" }");
        }
        Value::Live(live) => match live.items() {
            Some(items) => write_list(items.iter(), out),
            None => {
                let _ = write!(out, "{} {}", live.kind(), live.name());
            }
        },
    }
}

fn write_list<'a>(items: impl Iterator<Item = &'a Value>, out: &mut String) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push(']');
}

/// Whether a field name needs no quotes: letters, digits, `_`, and `-` between them.
pub(crate) fn is_label(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !name.ends_with('-')
}

/// A duration as the language writes it: `250ms`, `1m30s`, `1.5s`.
pub(crate) fn duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let total = nanos.unsigned_abs();
    if total == 0 {
        return "0s".to_owned();
    }
    let (unit, size) = match total {
        n if n < 1_000 => ("ns", 1),
        n if n < 1_000_000 => ("us", 1_000),
        n if n < 1_000_000_000 => ("ms", 1_000_000),
        n if n < 60_000_000_000 => ("s", 1_000_000_000),
        _ => {
            let seconds = total / 1_000_000_000;
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            let mut out = sign.to_owned();
            for (amount, unit) in [(hours, "h"), (minutes, "m"), (seconds, "s")] {
                if amount > 0 {
                    let _ = write!(out, "{amount}{unit}");
                }
            }
            return out;
        }
    };
    // At most three digits after the point: nobody reads more.
    let thousandths = (total as u128 * 1_000 / size as u128) as u64;
    let (whole, fraction) = (thousandths / 1_000, thousandths % 1_000);
    let fraction = format!("{fraction:03}");
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        format!("{sign}{whole}{unit}")
    } else {
        format!("{sign}{whole}.{fraction}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_json;

    #[test]
    fn values_read_like_the_language() {
        let value = from_json(br#"{"id":"a","X-Trace":1.50,"odd key":[null,true]}"#).unwrap();
        assert_eq!(show(&value), r#"{ id: "a", X-Trace: 1.50, "odd key": [null, true] }"#);
        assert_eq!(show(&Value::text_with("geheim", true)), MASK);
        assert_eq!(duration(90_000_000_000), "1m30s");
        assert_eq!(duration(250_000_000), "250ms");
        assert_eq!(duration(1_500_000_000), "1.5s");
        assert_eq!(show_short(&Value::text("x".repeat(50)), 9), "\"xxxx…xx\"");
    }
}
