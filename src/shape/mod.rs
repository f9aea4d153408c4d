//! Patterns: sets of values, as pure data. Matching (and later drawing) read them; the evaluator
//! makes them from the tree, with every name resolved.

mod calendar;
mod describe;
mod diff;
mod difference;
mod draw;
mod index;
mod matching;
mod order;
mod pairing;
mod refine;
#[cfg(test)]
mod tests;
pub mod types;
mod walk;

use std::fmt;
use std::sync::Arc;

pub(crate) use calendar::{parse_date, parse_datetime, show_datetime};
pub use describe::describe;
pub use diff::diff;
pub use difference::{Difference, Differences};
pub use draw::{DrawKey, draw};
pub(crate) use index::Index;
pub use matching::{contains, fits, mismatches, mismatches_open};
pub use order::compare;
pub use refine::refine;

use crate::value::{Object, Value};

/// A set of values.
#[derive(Clone)]
pub enum Pattern {
    /// Anything that is there.
    Anything,
    /// Exactly this value. Lists compare element by element; objects are closed.
    Equals(Value),
    /// `> 0`, `contains "x"`, `not in […]`: what stands left of the operator is the value at hand.
    Compare(Comparison, Value),
    /// A built-in type with its arguments by name: `int(1..9)` has `range`.
    Type(&'static str, Arc<Object>),
    /// `re"…"`, the whole text.
    Regex(Arc<regex::Regex>),
    /// `1..9`, inclusive.
    Range(Value, Value),
    /// `a | b`
    Union(Vec<Pattern>),
    /// `[a, b]`; open with a last `..`.
    List(Vec<Pattern>, bool),
    /// `unordered([a, b])`: every pattern has its own element, in any order; open when others may
    /// be there too.
    Unordered(Vec<Pattern>, bool),
    /// `[Line; 1..5]`: least and most elements.
    Sized(Box<Pattern>, u64, u64),
    /// `{ … }`
    Object(ObjectPattern),
    /// `absent`
    Absent,
    /// A shape by name, for messages; matches as what it stands for.
    Named(Arc<str>, Arc<Pattern>),
    /// A value computed from the object at hand, such as `"${.name}@example.test"`: the text as
    /// written and the function from the object to the value.
    Derived(Arc<str>, Derive),
}

/// Computes a value from the object at hand.
pub type Derive = Arc<dyn Fn(&Value) -> Result<Value, String> + Send + Sync>;

/// An object pattern.
#[derive(Debug, Clone, Default)]
pub struct ObjectPattern {
    /// The fields in order.
    pub fields: Vec<FieldPattern>,
    /// Whether other fields may be there.
    pub open: bool,
}

/// A field of an object pattern.
#[derive(Debug, Clone)]
pub struct FieldPattern {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it may be missing.
    pub optional: bool,
    /// What its value must fit.
    pub pattern: Pattern,
}

/// Comparisons that stand in patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Anything => f.write_str("Anything"),
            Pattern::Equals(value) => f.debug_tuple("Equals").field(value).finish(),
            Pattern::Compare(op, value) => f.debug_tuple("Compare").field(op).field(value).finish(),
            Pattern::Type(name, args) => f.debug_tuple("Type").field(name).field(args).finish(),
            Pattern::Regex(regex) => f.debug_tuple("Regex").field(&regex.as_str()).finish(),
            Pattern::Range(low, high) => f.debug_tuple("Range").field(low).field(high).finish(),
            Pattern::Union(parts) => f.debug_tuple("Union").field(parts).finish(),
            Pattern::List(items, open) => f.debug_tuple("List").field(items).field(open).finish(),
            Pattern::Unordered(items, open) => f.debug_tuple("Unordered").field(items).field(open).finish(),
            Pattern::Sized(item, min, max) => {
                f.debug_tuple("Sized").field(item).field(min).field(max).finish()
            }
            Pattern::Object(object) => object.fmt(f),
            Pattern::Absent => f.write_str("Absent"),
            Pattern::Named(name, pattern) => f.debug_tuple("Named").field(name).field(pattern).finish(),
            Pattern::Derived(text, _) => f.debug_tuple("Derived").field(text).finish(),
        }
    }
}
