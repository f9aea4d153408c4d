//! Texts: length, `pattern` and `format`.

use std::sync::Arc;

use super::{Lower, regex};
use crate::contract::document::Node;
use crate::contract::drawn::judged;
use crate::shape::{Pattern, parse_datetime};
use crate::value::{Object, Value};

/// Formats that a validator judges, each with texts to draw as a regular expression.
const VALIDATED: &[(&str, &str)] = &[
    ("duration", "^P[1-9]DT[1-9]H$"),
    ("uri-reference", "^/[a-z]{1,8}$"),
    ("iri", "^https://[a-z]{1,8}\\.example$"),
    ("iri-reference", "^/[a-z]{1,8}$"),
    ("uri-template", "^/[a-z]{1,8}/\\{id\\}$"),
    ("json-pointer", "^/[a-z]{1,8}$"),
    ("relative-json-pointer", "^[0-9]/[a-z]{1,8}$"),
    ("regex", "^[a-z]{1,8}$"),
];
/// Longer texts may fit, and are not drawn where no more is asked.
const DRAWN: u64 = 20;

impl Lower {
    /// The pattern of a `string`.
    pub(super) fn text(&mut self, node: &Node) -> Pattern {
        let (min, max) = (self.count(node, "minLength"), self.count(node, "maxLength"));
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            self.error(node.span, "`minLength` is more than `maxLength`, so nothing fits");
        }
        let mut parts = Vec::new();
        parts.extend(self.format(node));
        parts.extend(self.regex(node));
        if min.is_some() || max.is_some() {
            parts.push(length(min.unwrap_or(0), max));
        }
        match parts.len() {
            0 => Pattern::Type("text", Arc::default()),
            1 => parts.remove(0),
            _ => Pattern::All(parts),
        }
    }

    fn regex(&mut self, node: &Node) -> Option<Pattern> {
        let given = node.get("pattern")?;
        let Some(source) = given.text() else {
            self.error(given.span, format!("`pattern` is a text, not {}", given.kind()));
            return None;
        };
        match regex::pattern(source) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                self.error(given.span, format!("`pattern` is no regular expression of ECMA-262: {why}"));
                None
            }
        }
    }

    /// The formats of JSON Schema 2020-12 §7.3 and of OpenAPI's registry that texts have. Formats
    /// that are not known say nothing, as their specification demands.
    fn format(&mut self, node: &Node) -> Option<Pattern> {
        let basic = |name| Some(Pattern::Type(name, Arc::default()));
        let version = |number: i128| {
            let args = Object::from([(Arc::from("version"), Value::int(number))]);
            Some(Pattern::Type("ip", Arc::new(args)))
        };
        let given = node.get("format")?;
        let Some(format) = given.text() else {
            self.error(given.span, format!("`format` is a text, not {}", given.kind()));
            return None;
        };
        match &**format {
            // Elsewhere a space may stand for the `T`, as databases write it; the grammar of RFC 3339
            // §5.6 has none.
            "date-time" => Some(judged("datetime", Pattern::Type("datetime", Arc::default()), |value| {
                value.as_text().is_some_and(|text| parse_datetime(text).is_some() && !text.contains(' '))
            })),
            "date" => basic("date"),
            "time" => basic("time"),
            "uuid" => basic("uuid"),
            "email" => basic("email"),
            "uri" => basic("url"),
            "hostname" => basic("hostname"),
            "ipv4" => version(4),
            "ipv6" => version(6),
            "byte" => basic("base64"),
            "binary" => {
                let text = Pattern::Type("text", Arc::default());
                Some(judged("binary", text, |value| matches!(value, Value::Text(_) | Value::Bytes(_))))
            }
            other => VALIDATED.iter().find(|(name, _)| *name == other).map(|(name, drawn)| {
                let drawn = regex::pattern(drawn);
                validated(name, drawn.unwrap_or_else(|_| Pattern::Type("text", Arc::default())))
            }),
        }
    }
}

/// A text by a format that the validator knows.
fn validated(format: &'static str, drawn: Pattern) -> Pattern {
    let schema = serde_json::json!({ "type": "string", "format": format });
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
    match options.should_validate_formats(true).build(&schema) {
        Ok(validator) => judged(format, drawn, move |value| {
            value.as_text().is_some_and(|text| validator.is_valid(&serde_json::Value::from(text)))
        }),
        Err(_) => drawn,
    }
}

/// A text by its length in characters.
fn length(min: u64, max: Option<u64>) -> Pattern {
    let drawn = |max: u64| {
        let range = Value::Range(Arc::new((Value::int(min), Value::int(max))));
        Pattern::Type("text", Arc::new(Object::from([(Arc::from("length"), range)])))
    };
    match max {
        Some(max) if max <= 500 => drawn(max.max(min)),
        _ => {
            let name = max.map_or_else(|| format!("text({min}..)"), |max| format!("text({min}..{max})"));
            judged(&name, drawn(min.saturating_add(DRAWN)), move |value| {
                let count = value.as_text().map(|text| text.chars().count() as u64);
                count.is_some_and(|count| count >= min && max.is_none_or(|max| count <= max))
            })
        }
    }
}
