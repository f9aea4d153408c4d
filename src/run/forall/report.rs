//! What a report says of a case: its value as it was drawn, what is wrong with it on purpose, and
//! what shrinking made of it.

use super::Property;
use crate::event::Detail;
use crate::shape::{Malformed, Pattern, mismatches};
use crate::value::{Value, show, show_short};

/// A value as it was drawn is cut at this many characters.
const SHORT: usize = 300;
/// A value on one line has at most this many.
const LINE: usize = 76;
/// A line of a value in full is cut at this many characters: an oversized text shows its size.
const WIDE: usize = 2_000;
/// A value in full is cut after this many lines.
const LINES: usize = 400;

impl Property<'_> {
    /// What a case is that was not shrunk.
    pub(super) fn drawn(&self, index: u32, value: &Value) -> Vec<Detail> {
        let name = &self.forall.name.name;
        let mut details = vec![Detail::Lines {
            title: format!("`{name}` in {}", self.title(index)),
            lines: vec![short(value)],
        }];
        details.extend(self.label(value));
        details
    }

    /// The same with the whole value.
    pub(super) fn drawn_whole(&self, index: u32, value: &Value) -> Vec<Detail> {
        let name = &self.forall.name.name;
        let mut details =
            vec![Detail::Lines { title: format!("`{name}` in {}", self.title(index)), lines: lines(value) }];
        details.extend(self.label(value));
        details
    }

    /// What a case is that was shrunk in `steps`, after so many tries.
    pub(super) fn shrunk(
        &self,
        index: u32,
        found: &Value,
        end: &Value,
        (steps, tries): (usize, u32),
    ) -> Vec<Detail> {
        let name = &self.forall.name.name;
        let title = format!("`{name}` as first found, in {}", self.title(index));
        let mut details = vec![Detail::Lines { title, lines: vec![short(found)] }];
        let steps = counted(steps, "step", "steps");
        let title = format!("`{name}` shrunk, in {steps} of {tries} tries");
        details.push(Detail::Lines { title, lines: lines(end) });
        details.extend(self.label(end));
        details
    }

    /// What is wrong with the value, when it is wrong on purpose.
    fn label(&self, value: &Value) -> Option<Detail> {
        let name = &self.forall.name.name;
        if let Some(malformed) = Malformed::of(value) {
            return Some(Detail::Note { text: format!("`{name}` is malformed: {}", malformed.told) });
        }
        let pattern = negated(&self.pattern)?;
        let found = mismatches(&pattern, value).listed;
        let first = found.first()?;
        let path = if first.path.is_empty() { "it".to_owned() } else { first.path.clone() };
        let text = format!(
            "`{name}` is wrong on purpose: {path} should be {}, and is {}",
            first.expected, first.actual
        );
        Some(Detail::Note { text })
    }
}

/// `1 step`, `7 steps`.
pub(super) fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// What `not` stands before.
fn negated(pattern: &Pattern) -> Option<Pattern> {
    match pattern {
        Pattern::Not(inner) => Some((**inner).clone()),
        Pattern::Named(_, inner) => negated(inner),
        Pattern::Judged(inner, _) => negated(inner),
        Pattern::Weighted(parts) => parts.iter().find_map(|(_, part)| negated(part)),
        _ => None,
    }
}

fn short(value: &Value) -> String {
    match Malformed::of(value) {
        Some(malformed) => malformed.shown(SHORT),
        None => show_short(value, SHORT),
    }
}

/// The whole value, a field or an element a line where it is long.
fn lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    match Malformed::of(value) {
        Some(malformed) => out.push(malformed.shown(WIDE)),
        None => write("", value, 0, "", &mut out),
    }
    if out.len() > LINES {
        let more = out.len() - LINES;
        out.truncate(LINES);
        out.push(format!("… and {more} more lines"));
    }
    out
}

fn write(head: &str, value: &Value, depth: usize, tail: &str, out: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let one = show(value);
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(fields) if one.chars().count() > LINE => {
            // As the language writes it: a field's name as `show` has it.
            let head = |name: &str| match show(&Value::object([(name, Value::Null)])).strip_suffix(": null }")
            {
                Some(shown) => format!("{}: ", shown.trim_start_matches("{ ")),
                None => format!("{name}: "),
            };
            fields.iter().map(|(name, part)| (head(name), part)).collect()
        }
        Value::List(items) if one.chars().count() > LINE => {
            items.iter().map(|item| (String::new(), item)).collect()
        }
        _ => {
            let shown = if one.chars().count() > WIDE { show_short(value, WIDE) } else { one };
            return out.push(format!("{indent}{head}{shown}{tail}"));
        }
    };
    let (open, close) = if matches!(value, Value::List(_)) { ("[", "]") } else { ("{", "}") };
    out.push(format!("{indent}{head}{open}"));
    let last = inside.len().saturating_sub(1);
    for (i, (head, part)) in inside.iter().enumerate() {
        let comma = if i == last { "" } else { "," };
        write(head, part, depth + 1, comma, out);
    }
    out.push(format!("{indent}{close}{tail}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_json;

    #[test]
    fn long_values_have_a_line_for_each_part() {
        let value = from_json(br#"{"a b":1,"list":[{"name":"a name that is quite long"},{"name":"another name that is even longer"}]}"#);
        assert_eq!(
            lines(&value.unwrap()),
            [
                "{",
                "  \"a b\": 1,",
                "  list: [",
                "    { name: \"a name that is quite long\" },",
                "    { name: \"another name that is even longer\" }",
                "  ]",
                "}"
            ]
        );
        assert_eq!(lines(&Value::int(1)), ["1"]);
        assert!(lines(&Value::text("x".repeat(9_000)))[0].chars().count() <= WIDE);
    }
}
