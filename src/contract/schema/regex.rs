//! Regular expressions of ECMA-262, as JSON Schema has them: not anchored, and in a dialect whose
//! look-arounds and back-references a pattern does not have.

use std::sync::Arc;

use crate::contract::drawn::judged;
use crate::shape::Pattern;
use crate::value::Value;

/// The pattern of texts in which an expression of ECMA-262 matches somewhere. One with look-around
/// is decided by the judge's own engine, and drawn as any text.
pub(super) fn pattern(source: &str) -> Result<Pattern, String> {
    let translated = translate(source);
    let whole = whole(&translated);
    match regex::Regex::new(&whole) {
        Ok(regex) => Ok(Pattern::Regex(Arc::new(regex))),
        Err(error) => {
            let schema = serde_json::json!({ "type": "string", "pattern": source });
            match jsonschema::options().with_draft(jsonschema::Draft::Draft202012).build(&schema) {
                Ok(validator) => {
                    let text = Pattern::Type("text", Arc::default());
                    Ok(judged(&format!("re\"{source}\""), text, move |value: &Value| {
                        value.as_text().is_some_and(|text| validator.is_valid(&text.into()))
                    }))
                }
                // The first line names the regex, the last says what is wrong.
                Err(_) => Err(error
                    .to_string()
                    .lines()
                    .last()
                    .unwrap_or_default()
                    .trim_start_matches("error: ")
                    .into()),
            }
        }
    }
}

/// Classes that mean ASCII in ECMA-262 and Unicode here, and escapes that are none here.
fn translate(source: &str) -> String {
    let mut out = String::new();
    let mut chars = source.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str(if in_class { "A-Za-z0-9_" } else { "[A-Za-z0-9_]" }),
                Some('W') => out.push_str("[^A-Za-z0-9_]"),
                Some('/') => out.push('/'),
                Some('u') if chars.peek() != Some(&'{') => {
                    let digits: String = chars.by_ref().take(4).collect();
                    out.push_str(&format!("\\x{{{digits}}}"));
                }
                Some('u') => out.push_str("\\x"),
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            // ECMA-262 has no sets within sets.
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push(c);
                if chars.peek() == Some(&'^') {
                    chars.next();
                    out.push('^');
                }
            }
            ']' => {
                in_class = false;
                out.push(c);
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

/// The expression as one that matches the whole text.
fn whole(source: &str) -> String {
    const ANY: &str = "(?s:.*)";
    if alternates(source) {
        return format!("{ANY}(?:{source}){ANY}");
    }
    let (before, rest) = match source.strip_prefix('^') {
        Some(rest) => ("", rest),
        None => (ANY, source),
    };
    let escaped = rest
        .strip_suffix('$')
        .is_some_and(|rest| rest.chars().rev().take_while(|&c| c == '\\').count() % 2 == 1);
    match rest.strip_suffix('$') {
        Some(rest) if !escaped => format!("{before}{rest}"),
        _ => format!("{before}{rest}{ANY}"),
    }
}

/// Whether there is a `|` outside of groups.
fn alternates(source: &str) -> bool {
    let (mut depth, mut in_class, mut escaped) = (0usize, false, false);
    for c in source.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::fits;

    #[test]
    fn expressions_match_somewhere() {
        for (source, good, bad) in [
            ("^a+$", &["a", "aaa"][..], &["", "ba", "ab"][..]),
            ("a", &["a", "bab", "\na\n"], &["", "b"]),
            ("^a|b$", &["ax", "xb"], &["xa", "bx"]),
            ("^(a|b)$", &["a", "b"], &["ab", "c"]),
            (r"^\d{2}$", &["12"], &["٣٤", "1"]),
            (r"^[\w-]+$", &["a-b_9"], &["ä", ""]),
            (r"^\/v1\/[0-9a-f-]{2}$", &["/v1/0f"], &["/v1/0g"]),
            (r"^\u00e4\u{1F600}$", &["ä😀"], &["a"]),
            (r"a\$", &["a$", "xa$y"], &["a"]),
            (r"^(?!x)\w+$", &["yx"], &["xy"]),
            (r"^(a)\1$", &["aa"], &["ab"]),
            ("^[[a]$", &["[", "a"], &["b"]),
        ] {
            let pattern = pattern(source).unwrap();
            good.iter().for_each(|text| assert!(fits(&pattern, &Value::text(*text)), "{source} {text}"));
            bad.iter().for_each(|text| assert!(!fits(&pattern, &Value::text(*text)), "{source} {text}"));
        }
        assert!(pattern("(").is_err());
        assert!(pattern("a{2,1}").is_err());
    }
}
