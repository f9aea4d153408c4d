//! Patterns as people read them in messages: as the language writes them, secrets masked.

use std::fmt::Write as _;

use super::{Comparison, ObjectPattern, Pattern, types};
use crate::value::{Path, Step, Value, show};

/// Deeper parts are written as `…`.
const DEPTH: usize = 12;

impl Comparison {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterEqual => ">=",
        }
    }
}

/// The pattern as the language writes it, secrets masked.
pub fn describe(pattern: &Pattern) -> String {
    let mut out = String::new();
    write(pattern, 0, &mut out);
    out
}

/// The same, cut at about 160 characters.
pub(super) fn describe_short(pattern: &Pattern) -> String {
    let full = describe(pattern);
    match full.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &full[..at]),
        None => full,
    }
}

fn write(pattern: &Pattern, depth: usize, out: &mut String) {
    if depth > DEPTH {
        out.push('…');
        return;
    }
    match pattern {
        Pattern::Anything => out.push_str("anything"),
        Pattern::Equals(value) => out.push_str(&show(value)),
        Pattern::Compare(op, value) => {
            let _ = write!(out, "{} {}", op.symbol(), show(value));
        }
        Pattern::Type(name, args) => {
            out.push_str(name);
            if !args.is_empty() {
                let first = types::find(name).and_then(|ty| ty.spec.params.first()).map(|param| param.name);
                let shown = args.iter().map(|(arg, value)| match first {
                    Some(first) if *first == **arg => show(value),
                    _ => format!("{arg}: {}", show(value)),
                });
                let _ = write!(out, "({})", shown.collect::<Vec<_>>().join(", "));
            }
        }
        Pattern::Regex(regex) => {
            let _ = write!(out, "re\"{}\"", regex.as_str());
        }
        Pattern::Range(low, high) => {
            let _ = write!(out, "{}..{}", show(low), show(high));
        }
        Pattern::Union(parts) => separated(parts, " | ", depth, out),
        Pattern::List(items, open) => list("[", items, *open, "]", depth, out),
        Pattern::Unordered(items, open) => list("unordered([", items, *open, "])", depth, out),
        Pattern::Sized(item, min, max) => {
            out.push('[');
            write(item, depth + 1, out);
            let _ = match (min, max) {
                (min, max) if min == max => write!(out, "; {min}]"),
                (min, &u64::MAX) => write!(out, "; {min} or more]"),
                (min, max) => write!(out, "; {min}..{max}]"),
            };
        }
        Pattern::Object(object) => write_object(object, depth, out),
        Pattern::Absent => out.push_str("absent"),
        Pattern::Named(name, _) => out.push_str(name),
        Pattern::Derived(text, _) => out.push_str(text),
        Pattern::All(parts) => separated(parts, " & ", depth, out),
        Pattern::Not(inner) => {
            out.push_str("not ");
            write(inner, depth + 1, out);
        }
        Pattern::Map(map) => {
            out.push_str("{ [");
            write(&map.key, depth + 1, out);
            out.push_str("]: ");
            write(&map.value, depth + 1, out);
            out.push_str(" }");
        }
        Pattern::Weighted(parts) => {
            out.push_str("weighted(");
            for (i, (weight, part)) in parts.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                let _ = write!(out, "{weight} of ");
                write(part, depth + 1, out);
            }
            out.push(')');
        }
        Pattern::Unique(inner) => wrapped("unique", inner, depth, out),
        Pattern::Edges(inner, share) => {
            out.push_str("edges(");
            write(inner, depth + 1, out);
            let _ = match share % 10 {
                _ if *share == super::choice::SHARE => write!(out, ")"),
                0 => write!(out, ", share: {}%)", share / 10),
                tenths => write!(out, ", share: {}.{tenths}%)", share / 10),
            };
        }
        Pattern::Malformed(inner) => wrapped("malformed", inner, depth, out),
        Pattern::Late(name, _) => out.push_str(name),
        Pattern::Judged(inner, _) => write(inner, depth, out),
    }
}

fn wrapped(name: &str, inner: &Pattern, depth: usize, out: &mut String) {
    out.push_str(name);
    out.push('(');
    write(inner, depth + 1, out);
    out.push(')');
}

fn write_object(object: &ObjectPattern, depth: usize, out: &mut String) {
    if object.fields.is_empty() {
        out.push_str(if object.open { "{ .. }" } else { "{}" });
        return;
    }
    out.push_str("{ ");
    for (i, field) in object.fields.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        // A path's text is the name with a dot, or in brackets when it is no label.
        let name = Path(vec![Step::Field(field.name.clone())]).to_string();
        match name.strip_prefix('.') {
            Some(label) => out.push_str(label),
            None => out.push_str(&show(&Value::text(field.name.clone()))),
        }
        out.push_str(if field.optional { "?: " } else { ": " });
        write(&field.pattern, depth + 1, out);
    }
    out.push_str(if object.open { ", .. }" } else { " }" });
}

fn list(start: &str, items: &[Pattern], open: bool, end: &str, depth: usize, out: &mut String) {
    out.push_str(start);
    separated(items, ", ", depth, out);
    if open {
        out.push_str(if items.is_empty() { ".." } else { ", .." });
    }
    out.push_str(end);
}

fn separated(parts: &[Pattern], separator: &str, depth: usize, out: &mut String) {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        write(part, depth + 1, out);
    }
}
