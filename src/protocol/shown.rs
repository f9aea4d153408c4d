//! What reports show of what was sent and came: cut, and without secrets.

use crate::event::BODY_LIMIT;
use crate::value::{MASK, Value};

/// The text, cut at [`BODY_LIMIT`] bytes with a note of how many there are in all.
pub(super) fn cut(text: &str) -> String {
    cut_of(text, text.len())
}

/// The same for the beginning of a text that has so many bytes in all.
pub(super) fn cut_of(text: &str, all: usize) -> String {
    if all <= BODY_LIMIT {
        return text.to_owned();
    }
    format!("{}\n… (cut here: {all} bytes in all)", &text[..text.floor_char_boundary(BODY_LIMIT)])
}

/// The value with its secrets masked, whether the redactor knows them or not.
pub(super) fn veil(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().map(veil).collect()),
        Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.clone(), veil(value))))
        }
        value if value.is_secret() => Value::text(MASK),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_are_cut_between_characters() {
        let text = "é".repeat(BODY_LIMIT);
        let shown = cut(&text);
        assert!(shown.ends_with(&format!("… (cut here: {} bytes in all)", 2 * BODY_LIMIT)));
        assert!(shown.len() < BODY_LIMIT + 64);
        assert_eq!(cut("short"), "short");
    }
}
