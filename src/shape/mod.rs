//! Patterns: sets of values, as pure data. Matching (and later drawing) read them; the evaluator
//! makes them from the tree, with every name resolved.

mod calendar;
mod change;
pub mod choice;
mod describe;
mod diff;
mod difference;
mod distinct;
mod draw;
mod index;
pub mod malformed;
mod matching;
mod moves;
mod near_miss;
mod order;
mod pairing;
mod read;
mod refine;
mod shrink;
mod simplest;
mod smaller;
#[cfg(test)]
mod tests;
pub mod types;
mod walk;
mod wrong;

use std::fmt;
use std::sync::Arc;

pub(crate) use calendar::{parse_date, parse_datetime, show_datetime};
pub use describe::describe;
pub use diff::diff;
pub use difference::{Difference, Differences};
pub use draw::{BOUNDARIES, DrawKey, Drawer, Many, draw, draw_with};
pub(crate) use index::Index;
pub use malformed::Malformed;
pub use matching::{contains, fits, mismatches, mismatches_open};
pub use order::compare;
pub use read::{field, field_names, read_text, required_names};
pub use refine::refine;
pub use shrink::Shrink;
pub use simplest::plain;

use crate::source::Span;
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
    /// Whatever fits all of them.
    All(Vec<Pattern>),
    /// `not Order`: whatever is there and does not fit.
    Not(Box<Pattern>),
    /// An object of any keys: what each key, as a text, and each value must fit, and the least and
    /// most entries.
    Map(Box<MapPattern>),
    /// `weighted(…)`: one of them, each as often as its weight says; matches as a union.
    Weighted(Vec<(u64, Pattern)>),
    /// `unique(…)`: drawn so that no two elements of the list around it have the same; each
    /// element matches as what is inside, and the list only when they differ.
    Unique(Box<Pattern>),
    /// `edges(…)`: drawn near its limits as often as the share says, in thousandths; matches as
    /// what is inside.
    Edges(Box<Pattern>, u16),
    /// `malformed(…)`: what a careless or hostile sender makes of it; matches as `not` does.
    Malformed(Box<Pattern>),
    /// What is made only when it is needed, so that a description may contain itself: its name and
    /// how it is made.
    Late(Arc<str>, Make),
    /// What a judge decides, such as a JSON Schema with `if` and `then`. The pattern beside it is
    /// what can be drawn and shown of it.
    Judged(Box<Pattern>, Judge),
}

/// Makes a pattern.
pub type Make = Arc<dyn Fn() -> Pattern + Send + Sync>;

/// Says at which paths a value does not fit.
pub type Judge = Arc<dyn Fn(&Value) -> Vec<Difference> + Send + Sync>;

/// An object whose keys are data.
#[derive(Debug, Clone)]
pub struct MapPattern {
    /// What each key must fit, as a text.
    pub key: Pattern,
    /// What each value must fit.
    pub value: Pattern,
    /// The least number of entries.
    pub min: u64,
    /// The most.
    pub max: u64,
}

/// Computes a value from the object at hand.
#[derive(Clone)]
pub struct Derive {
    siblings: Arc<[Arc<str>]>,
    compute: Arc<Compute>,
}

type Compute = dyn Fn(&Value) -> Result<Value, String> + Send + Sync;

impl Derive {
    /// From the fields that are looked at, and the function from the object to the value.
    pub fn new<S: Into<Arc<str>>>(
        siblings: impl IntoIterator<Item = S>,
        compute: impl Fn(&Value) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Derive {
        let siblings = siblings.into_iter().map(Into::into).collect();
        Derive { siblings, compute: Arc::new(compute) }
    }

    /// The value beside these fields.
    pub fn of(&self, object: &Value) -> Result<Value, String> {
        (self.compute)(object)
    }

    /// The fields that it looks at: a field that is computed of them is not there without them.
    pub fn siblings(&self) -> &[Arc<str>] {
        &self.siblings
    }

    /// The first field that it looks at and that is not there.
    pub fn lacks(&self, object: &Value) -> Option<&Arc<str>> {
        let fields = object.as_object()?;
        self.siblings.iter().find(|name| matches!(fields.get(name.as_ref()), None | Some(Value::Absent)))
    }
}

/// An object pattern.
#[derive(Debug, Clone, Default)]
pub struct ObjectPattern {
    /// The fields in order.
    pub fields: Vec<FieldPattern>,
    /// Whether other fields may be there.
    pub open: bool,
    /// What the values of those others must fit, when it is known.
    pub rest: Option<Box<Pattern>>,
    /// Groups of optional fields of which at most one is there, such as a `oneof`.
    pub exclusive: Vec<Vec<Arc<str>>>,
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
    /// Where a contract declares it.
    pub origin: Option<Span>,
}

impl FieldPattern {
    /// A field that is declared in no contract.
    pub fn new(name: impl Into<Arc<str>>, optional: bool, pattern: Pattern) -> FieldPattern {
        FieldPattern { name: name.into(), optional, pattern, origin: None }
    }
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
            Pattern::All(parts) => f.debug_tuple("All").field(parts).finish(),
            Pattern::Not(inner) => f.debug_tuple("Not").field(inner).finish(),
            Pattern::Map(map) => map.fmt(f),
            Pattern::Weighted(parts) => f.debug_tuple("Weighted").field(parts).finish(),
            Pattern::Unique(inner) => f.debug_tuple("Unique").field(inner).finish(),
            Pattern::Edges(inner, share) => f.debug_tuple("Edges").field(inner).field(share).finish(),
            Pattern::Malformed(inner) => f.debug_tuple("Malformed").field(inner).finish(),
            Pattern::Late(name, _) => f.debug_tuple("Late").field(name).finish(),
            Pattern::Judged(inner, _) => f.debug_tuple("Judged").field(inner).finish(),
        }
    }
}
