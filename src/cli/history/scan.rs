//! Where the fields of a JSON object stand in its text.

use std::ops::Range;

/// The bytes of a field's value, in the text of an object that was read before.
pub(super) fn value_of(text: &str, field: &str) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = text.find('{')? + 1;
    loop {
        let name = token(bytes, skip(bytes, at));
        let colon = skip(bytes, name.end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let value = token(bytes, skip(bytes, colon + 1));
        if text.get(name.clone())?.trim_matches('"') == field {
            return Some(value);
        }
        let comma = skip(bytes, value.end);
        if bytes.get(comma) != Some(&b',') {
            return None;
        }
        at = comma + 1;
    }
}

fn skip(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// A name, a scalar, or everything up to the end of a list or an object.
fn token(bytes: &[u8], start: usize) -> Range<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(byte) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if *byte == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 0 => break,
            b']' | b'}' => depth -= 1,
            b',' | b':' if depth == 0 => break,
            byte if byte.is_ascii_whitespace() && depth == 0 => break,
            _ => {}
        }
        at += 1;
    }
    start..at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_they_stand() {
        let text = r#" { "a" : "x,}\"" , "b":[1, {"c": 2}],"c":null } "#;
        for (field, value) in [("a", r#""x,}\"""#), ("b", r#"[1, {"c": 2}]"#), ("c", "null")] {
            assert_eq!(&text[value_of(text, field).unwrap()], value);
        }
        assert_eq!(value_of(text, "d"), None);
        for text in ["", "{", "{}", "{\"a\"", "{\"a\":", "[1]"] {
            assert!(value_of(text, "d").is_none(), "{text}");
        }
    }
}
