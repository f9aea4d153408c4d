//! Paths into values, such as `.request.order_id` or `.args[0]`: pure data, so that relations can
//! take keys without knowing the language.

use std::fmt;
use std::sync::Arc;

use super::Value;

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Field(Arc<str>),
    /// `[2]`; negative counts from the end.
    Index(i64),
    /// `[*]`
    Each,
}

/// Steps from a value to a part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

/// The key a relation looks at: one path, or several as a composite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// `by .id`
    One(Path),
    /// `by [.a, .b]`
    Many(Vec<Path>),
}

impl Path {
    /// The part of `value` at this path; [`Value::Absent`] when it is not there.
    pub fn get(&self, value: &Value) -> Value {
        walk(value, &self.0)
    }
}

fn walk(value: &Value, steps: &[Step]) -> Value {
    let Some((step, rest)) = steps.split_first() else { return value.clone() };
    match (step, value) {
        (Step::Field(name), Value::Object(fields)) => {
            fields.get(name).map_or(Value::Absent, |field| walk(field, rest))
        }
        (Step::Field(name), Value::Live(live)) => {
            live.field(name).map_or(Value::Absent, |field| walk(&field, rest))
        }
        (Step::Index(index), Value::List(items)) => {
            at(items, *index).map_or(Value::Absent, |item| walk(item, rest))
        }
        (Step::Each, Value::List(items)) => Value::list(items.iter().map(|item| walk(item, rest)).collect()),
        (Step::Index(_) | Step::Each, Value::Live(live)) => match live.items() {
            Some(items) => walk(&Value::list(items), steps),
            None => Value::Absent,
        },
        _ => Value::Absent,
    }
}

/// The element at an index; negative counts from the end.
pub fn at(items: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 { index + items.len() as i64 } else { index };
    usize::try_from(index).ok().and_then(|index| items.get(index))
}

impl Key {
    /// The key of a record: the part itself, or the list of the parts.
    pub fn get(&self, record: &Value) -> Value {
        match self {
            Key::One(path) => path.get(record),
            Key::Many(paths) => Value::list(paths.iter().map(|path| path.get(record)).collect()),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Field(name) if super::show::is_label(name) => write!(f, ".{name}")?,
                Step::Field(name) => write!(f, "[{}]", super::to_json(&Value::text(name.clone())))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::One(path) => write!(f, "{path}"),
            Key::Many(paths) => {
                f.write_str("[")?;
                for (i, path) in paths.iter().enumerate() {
                    write!(f, "{}{path}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }
}
