//! What can be made wrong with a value of a shape, one thing at a time, each with its name.

use super::change::{At, Move, written};
use super::matching::fits;
use super::{ObjectPattern, Pattern, types};
use crate::value::words::a_kind;
use crate::value::{Number, Value};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    /// What is done to the value.
    pub(super) change: Move,
    /// The kind of mistake, such as `wrong type`.
    pub(super) mutation: &'static str,
    /// What stands there now, such as `text instead of a number`.
    pub(super) what: String,
}

/// Parts nested deeper are left alone.
const DEPTH: usize = 24;
/// Of a list only the first elements are made wrong.
const ELEMENTS: usize = 3;
/// No value has more things that can be wrong with it.
const MOST: usize = 2_000;
/// How long an oversized text is, in characters.
const LONG: usize = 65_536;
/// How long an oversized list is.
const MANY: usize = 1_000;

/// Every single thing that makes the value one that does not fit. With `gross`, mistakes of a
/// size that a careful receiver must refuse too.
pub(super) fn all(pattern: &Pattern, value: &Value, gross: bool) -> Vec<Wrong> {
    let mut search = Search { found: Vec::new(), gross };
    search.walk(pattern, value, &mut Vec::new());
    let wrong = |wrong: &Wrong| wrong.change.apply(value).is_some_and(|made| !fits(pattern, &made));
    search.found.into_iter().take(MOST).filter(wrong).collect()
}

struct Search {
    found: Vec<Wrong>,
    gross: bool,
}

impl Search {
    fn add(&mut self, change: Move, mutation: &'static str, what: impl Into<String>) {
        self.found.push(Wrong { change, mutation, what: what.into() });
    }

    fn put(&mut self, path: &[At], new: Value, mutation: &'static str, what: impl Into<String>) {
        self.add(Move::put(path, new), mutation, what);
    }

    fn walk(&mut self, pattern: &Pattern, value: &Value, path: &mut Vec<At>) {
        if path.len() > DEPTH || self.found.len() > MOST {
            return;
        }
        match pattern {
            Pattern::Named(_, inner) => return self.walk(inner, value, path),
            Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => {
                return self.walk(inner, value, path);
            }
            Pattern::Late(_, make) => return self.walk(&make(), value, path),
            Pattern::All(parts) => return parts.iter().for_each(|part| self.walk(part, value, path)),
            Pattern::Union(parts) => return self.branch(parts.iter(), value, path),
            Pattern::Weighted(parts) => {
                return self.branch(parts.iter().map(|(_, part)| part), value, path);
            }
            _ => {}
        }
        self.kind(value, path);
        self.near(pattern, value, path);
        match (pattern, value) {
            (Pattern::Object(object), Value::Object(_)) => self.object(object, value, path),
            (Pattern::Map(map), Value::Object(entries)) => {
                for (name, part) in entries.iter() {
                    path.push(At::Field(name.clone()));
                    self.walk(&map.value, part, path);
                    path.pop();
                }
            }
            (Pattern::Sized(item, least, most), Value::List(items)) => {
                self.count(items, *least, *most, path);
                self.elements(items, |_| Some(&**item), path);
            }
            (Pattern::List(parts, _) | Pattern::Unordered(parts, _), Value::List(items)) => {
                self.count(items, parts.len() as u64, parts.len() as u64, path);
                self.elements(items, |i| parts.get(i), path);
            }
            _ => {}
        }
    }

    fn branch<'p>(&mut self, parts: impl Iterator<Item = &'p Pattern>, value: &Value, path: &mut Vec<At>) {
        for part in parts {
            if fits(part, value) {
                return self.walk(part, value, path);
            }
        }
    }

    /// Another kind of value, nothing, or a list around it.
    fn kind(&mut self, value: &Value, path: &[At]) {
        let others = match value {
            Value::Number(number) => vec![Value::text(number.to_string()), Value::Bool(true)],
            Value::Bool(truth) => vec![Value::text(truth.to_string()), Value::int(1)],
            Value::Text(_) | Value::Duration(_) | Value::Bytes(_) => {
                vec![Value::int(1), Value::object(Vec::<(&str, Value)>::new())]
            }
            Value::List(_) => vec![Value::object(Vec::<(&str, Value)>::new()), Value::text("x")],
            Value::Object(_) => vec![Value::list(Vec::new()), Value::text("x")],
            _ => Vec::new(),
        };
        for other in others {
            let what = format!("{} instead of {}", a_kind(&other), a_kind(value));
            self.put(path, other, "wrong type", what);
        }
        if !matches!(value, Value::Null | Value::Absent) {
            self.put(path, Value::Null, "null", format!("null instead of {}", a_kind(value)));
            let what = format!("a list around {}", a_kind(value));
            self.put(path, Value::list(vec![value.clone()]), "wrong nesting", what);
        }
    }

    /// What lies just beyond the limits of a simple value.
    fn near(&mut self, pattern: &Pattern, value: &Value, path: &[At]) {
        let range = match pattern {
            Pattern::Range(low, high) => Some((low, high)),
            Pattern::Equals(Value::Range(range)) => Some((&range.0, &range.1)),
            Pattern::Type(_, args) => match args.get("range") {
                Some(Value::Range(range)) => Some((&range.0, &range.1)),
                _ => None,
            },
            _ => None,
        };
        if let Some((Value::Number(low), Value::Number(high))) = range {
            let one = Number::Int(1);
            if let (Ok(below), Ok(above)) = (low.sub(&one), high.add(&one)) {
                self.put(path, Value::Number(below), "out of range", "less than the least");
                self.put(path, Value::Number(above), "out of range", "more than the most");
            }
        }
        match value {
            Value::Number(number) => {
                if let Ok(half) = "0.5".parse().map_err(drop).and_then(|half| number.add(&half).map_err(drop))
                {
                    self.put(path, Value::Number(half), "wrong type", "a fraction");
                }
                self.put(path, Value::Number(number.negate()), "out of range", "of the other sign");
                if self.gross {
                    let huge = Value::int(10i128.pow(36));
                    self.put(path, huge, "oversized", "a number of 37 digits");
                }
            }
            Value::Text(text) => self.text(pattern, text, path),
            _ => {}
        }
    }

    fn text(&mut self, pattern: &Pattern, text: &crate::value::Text, path: &[At]) {
        let new = |new: String| Value::text_with(new, text.secret);
        if let Pattern::Type(_, args) = pattern
            && let Some((least, most)) = types::lengths(args)
        {
            if least > 0 {
                let short = text.text.chars().take(least - 1).collect();
                self.put(path, new(short), "out of range", "one character too short");
            }
            if most < LONG {
                let long = text.text.chars().chain(std::iter::repeat('x')).take(most + 1).collect();
                self.put(path, new(long), "out of range", "one character too long");
            }
        }
        self.put(path, new(String::new()), "wrong value", "an empty text");
        self.put(path, new(format!("{}?", text.text)), "wrong value", "a text with one more character");
        self.put(path, new(text.text.to_uppercase()), "wrong value", "a text in upper case");
        if self.gross {
            self.put(path, new("x".repeat(LONG)), "oversized", format!("a text of {LONG} characters"));
        }
    }

    fn count(&mut self, items: &[Value], least: u64, most: u64, path: &[At]) {
        let items_of = |count: usize| items.iter().cycle().take(count).cloned().collect::<Vec<Value>>();
        if let Ok(least) = usize::try_from(least)
            && least > 0
        {
            self.put(path, Value::list(items_of(least - 1)), "out of range", "one element too few");
        }
        let Ok(most) = usize::try_from(most) else { return };
        if items.is_empty() {
            return;
        }
        if most < MANY {
            self.put(path, Value::list(items_of(most + 1)), "out of range", "one element too many");
        }
        if self.gross {
            self.put(path, Value::list(items_of(MANY)), "oversized", format!("a list of {MANY} elements"));
        }
    }

    fn elements<'p>(
        &mut self,
        items: &[Value],
        of: impl Fn(usize) -> Option<&'p Pattern>,
        path: &mut Vec<At>,
    ) {
        for (i, item) in items.iter().enumerate().take(ELEMENTS) {
            let Some(pattern) = of(i) else { continue };
            path.push(At::Index(i));
            self.walk(pattern, item, path);
            path.pop();
        }
    }

    fn object(&mut self, object: &ObjectPattern, value: &Value, path: &mut Vec<At>) {
        let Some(fields) = value.as_object() else { return };
        for field in &object.fields {
            let Some(part) = fields.get(&field.name) else { continue };
            path.push(At::Field(field.name.clone()));
            self.add(Move::remove(path), "missing", "a field that is not there");
            self.walk(&field.pattern, part, path);
            path.pop();
        }
        let stranger = ["unknown", "unexpected", "stranger"].iter().find(|name| !fields.contains_key(**name));
        if let Some(name) = stranger {
            path.push(At::Field((*name).into()));
            self.put(path, Value::Bool(true), "unknown field", "a field that nobody asked for");
            path.pop();
        }
    }
}

impl Wrong {
    /// `wrong type at .qty: text instead of a number`.
    pub(super) fn told(&self) -> String {
        let at = written(&self.change.path);
        let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
        format!("{}{at}: {}", self.mutation, self.what)
    }
}
