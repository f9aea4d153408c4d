//! Values as YAML that reads back the same, in every reader: what an older one would take for a
//! truth value or a date stands in quotes.

use base64::Engine as _;

use crate::value::{Number, Value, to_json};

/// Writes a document in the block style, with the line end. What is absent is left out.
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    match inline(value) {
        Some(text) => out.push_str(&format!("{text}\n")),
        None => block(value, 0, &mut out),
    }
    out
}

/// A list or an object that is not empty; the first line begins where the output stands.
fn block(value: &Value, indent: usize, out: &mut String) {
    let mut first = true;
    let mut line = |out: &mut String| {
        if !std::mem::take(&mut first) {
            out.push_str(&" ".repeat(indent));
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
                line(out);
                out.push_str(&text(name));
                match inline(value) {
                    Some(text) => out.push_str(&format!(": {text}\n")),
                    None => {
                        out.push_str(&format!(":\n{}", " ".repeat(indent + 2)));
                        block(value, indent + 2, out);
                    }
                }
            }
        }
        Value::List(items) => {
            for item in items.iter().filter(|item| !matches!(item, Value::Absent)) {
                line(out);
                out.push_str("- ");
                match inline(item) {
                    Some(text) => out.push_str(&format!("{text}\n")),
                    None => block(item, indent + 2, out),
                }
            }
        }
        _ => {}
    }
}

/// What stands on one line: a scalar, or what is empty.
fn inline(value: &Value) -> Option<String> {
    let present = |value: &Value| !matches!(value, Value::Absent);
    Some(match value {
        Value::Object(fields) if fields.values().any(present) => return None,
        Value::List(items) if items.iter().any(present) => return None,
        Value::Object(_) => "{}".to_owned(),
        Value::List(_) => "[]".to_owned(),
        Value::Text(found) => text(&found.text),
        Value::Bytes(found) => {
            format!("!!binary \"{}\"", base64::engine::general_purpose::STANDARD.encode(&found.bytes))
        }
        Value::Number(Number::Float { value, .. }) if !value.is_finite() => if value.is_nan() {
            ".nan"
        } else if *value > 0.0 {
            ".inf"
        } else {
            "-.inf"
        }
        .to_owned(),
        Value::Absent => "null".to_owned(),
        other => to_json(other),
    })
}

/// A text, in quotes unless every reader takes the bare word for one.
fn text(text: &str) -> String {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "null", "true", "false"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '/' | '@' | '+'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain {
        return text.to_owned();
    }
    // JSON's quotes are YAML's, but for what YAML does not print (§5.1).
    let printed = |c: char| {
        !matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    to_json(&Value::text(text))
        .chars()
        .map(|c| if printed(c) { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::from_yaml;
    use super::*;
    use proptest::prelude::*;

    fn back(value: &Value) -> Value {
        let text = to_yaml(value);
        from_yaml(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    #[test]
    fn a_document_is_written_as_people_would() {
        let text = "customers:\n  - id: 1\n    tags:\n      - a b\n      - \"no\"\n    more: {}\n  - - 1.10\n    - \"1.10\"\nborn: \"2026-11-22\"\nraw: !!binary \"AP8=\"\n";
        assert_eq!(to_yaml(&from_yaml(text.as_bytes()).unwrap()), text);
        assert_eq!(to_yaml(&Value::Null), "null\n");
        assert_eq!(to_yaml(&Value::list(vec![])), "[]\n");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "",
            " ",
            "~",
            "a: b",
            "a #b",
            "# c",
            "- x",
            "yes",
            "Null",
            "1e3",
            "0x1f",
            "line\nend\n",
            "tab\t",
            "\u{0}\u{7f}\u{85}\u{a0}\u{2028}\u{feff}",
            "'\"\\",
            "{a}",
            "*x",
            "&x",
            "!t",
            "%d",
            "---",
            "...",
            "<<",
            "ü😀",
        ] {
            let value = Value::object([(text, Value::list(vec![Value::text(text)]))]);
            assert_eq!(back(&value), value, "{text:?}");
        }
        let number = |text: &str| Value::Number(text.parse().unwrap());
        let infinite = Value::Number(Number::Float { value: f64::NEG_INFINITY, single: false });
        let value =
            Value::list(vec![number("59.980"), number("1e400"), number("-7"), infinite, Value::Bool(true)]);
        assert_eq!(to_json(&Value::list(vec![number("59.980")])), "[59.980]");
        assert_eq!(back(&value), value);
    }

    proptest! {
        #[test]
        fn any_text_and_name_is_read_again(name in any::<String>(), text in any::<String>()) {
            let value = Value::object([(name.as_str(), Value::list(vec![Value::list(vec![Value::text(text)])]))]);
            prop_assert_eq!(back(&value), value);
        }
    }
}
