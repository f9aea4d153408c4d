//! Values: exact, ordered, and aware of secrets. Replies, bodies, rows and variables are all of
//! this one type, so that relations never learn protocols.

mod cut;
mod gap;
mod json;
mod level;
mod number;
mod path;
mod redact;
mod show;
mod stopwatch;
pub(crate) mod words;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use bytes::Bytes;
pub use gap::Gap;
pub use json::{JsonError, from_json, is_valid_json, to_json, to_json_pretty};
pub(crate) use level::{LEVELS, level};
pub use number::{Number, NumberError};
pub use path::{Key, Path, Step, at};
pub use redact::{MASK, Redactor, is_long_enough};
pub(crate) use show::is_label;
pub use show::{show, show_short};
pub use stopwatch::Stopwatch;

/// Objects keep the order in which their fields were written or came over the wire.
pub type Object = indexmap::IndexMap<Arc<str>, Value>;

/// Any value of the language.
#[derive(Debug, Clone)]
pub enum Value {
    /// JSON `null`. Not the same as [`Value::Absent`].
    Null,
    /// A field that is not there. Only `absent` equals it.
    Absent,
    /// `true` or `false`.
    Bool(bool),
    /// An exact number, or an IEEE one that came from a contract which says so.
    Number(Number),
    /// Text, perhaps secret.
    Text(Text),
    /// Bytes, perhaps secret.
    Bytes(Binary),
    /// A span of time in nanoseconds; may be negative as a difference.
    Duration(i64),
    /// A list.
    List(Arc<Vec<Value>>),
    /// An object with ordered fields.
    Object(Arc<Object>),
    /// An inclusive range `low..high`.
    Range(Arc<(Value, Value)>),
    /// A compiled `re"…"`, whole match.
    Regex(Arc<regex::Regex>),
    /// A value that says how it is to be sent: `form({…})`, `file("…")`, `multipart({…})`.
    Tagged(Arc<Tagged>),
    /// Something that changes while the scenario runs: a stream, a service.
    Live(Arc<dyn Live>),
}

/// Text with its taint. Whatever is derived from a secret is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The characters.
    pub text: Arc<str>,
    /// Whether they came from a secret.
    pub secret: bool,
}

/// Bytes with their taint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// The bytes.
    pub bytes: Bytes,
    /// Whether they came from a secret.
    pub secret: bool,
}

/// A value with the way in which it is to be sent.
#[derive(Debug, Clone)]
pub struct Tagged {
    /// The constructor's name, such as `form`.
    pub tag: &'static str,
    /// What it was given.
    pub value: Value,
}

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A piece of quoted text.
#[derive(Debug, Clone)]
pub enum Piece {
    /// As written.
    Text(Arc<str>),
    /// From `${…}`.
    Value(Value),
}

/// Something that changes while the scenario runs. Waiting is by events: `wait` ends as soon as
/// the version is no longer the one that was seen.
pub trait Live: Debug + Send + Sync {
    /// `stream`, `service`: the word for messages.
    fn kind(&self) -> &'static str;
    /// The name in the scenario.
    fn name(&self) -> Arc<str>;
    /// A property as it is now, such as `count` or `log`; `None` when there is no such property.
    fn field(&self, name: &str) -> Option<Value>;
    /// The properties that [`Live::field`] knows, for did-you-mean.
    fn fields(&self) -> &'static [&'static str];
    /// The records so far, when it is a history.
    fn items(&self) -> Option<Vec<Value>>;
    /// One of [`Live::items`], which need not all be made for it.
    fn item(&self, at: usize) -> Option<Value> {
        self.items()?.get(at).cloned()
    }
    /// When each of [`Live::items`] began and was over, in nanoseconds of the run's [`Stopwatch`];
    /// both are the same for a message, and without an end it lasts. It may be longer than the items
    /// that were asked for before. Unless a history keeps them apart, the records say it themselves.
    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        self.items()?.iter().map(own_times).collect()
    }
    /// Grows with every change.
    fn version(&self) -> u64;
    /// Ends when the version differs from `seen`, or when nothing can change any more.
    fn changed(&self, seen: u64) -> BoxFuture<'static, ()>;
    /// Whether nothing can change any more.
    fn is_over(&self) -> bool;
    /// What makes it less than all that there was to see; `None` while it is whole.
    fn gap(&self) -> Option<Gap> {
        None
    }
    /// The properties of it that say how it ended.
    fn ends(&self) -> &'static [&'static str] {
        &["closed", "error"]
    }
    /// The service that its records come from: one that stands still tells nothing.
    fn source(&self) -> Arc<str> {
        self.name()
    }
    /// Asks whoever its records come from whether they are still there, and waits for the answer;
    /// what was sent before that has come by then. Does nothing where the protocol has no such
    /// question. Errors: there was no answer; why, as the end of a sentence.
    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
    /// The statements that it was opened by are over, and their cleanup follows: what it holds
    /// is undone, so that cleanup does not wait for it.
    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
    /// For the protocol that made it, to find its own type again.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// The `start` and `end` of a record that carries them: a call, an operation.
fn own_times(record: &Value) -> Option<(i64, Option<i64>)> {
    let fields = record.as_object()?;
    let time = |name: &str| match fields.get(name) {
        Some(Value::Duration(nanos)) => Some(*nanos),
        _ => None,
    };
    Some((time("start")?, time("end")))
}

impl Value {
    /// Plain text.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(Text { text: text.into(), secret: false })
    }

    /// Text with the given taint.
    pub fn text_with(text: impl Into<Arc<str>>, secret: bool) -> Value {
        Value::Text(Text { text: text.into(), secret })
    }

    /// Bytes that are no secret.
    pub fn bytes(bytes: impl Into<Bytes>) -> Value {
        Value::Bytes(Binary { bytes: bytes.into(), secret: false })
    }

    /// An integer.
    pub fn int(value: impl Into<i128>) -> Value {
        Value::Number(Number::Int(value.into()))
    }

    /// A list.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }

    /// An object from name and value pairs, in order.
    pub fn object<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Object(Arc::new(fields.into_iter().map(|(k, v)| (k.into(), v)).collect()))
    }

    /// A duration; saturates at about 292 years.
    pub fn duration(duration: std::time::Duration) -> Value {
        Value::Duration(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The word for this kind of value in messages, such as `text` or `object`.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Absent => "absent",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Duration(_) => "duration",
            Value::List(_) => "list",
            Value::Object(_) => "object",
            Value::Range(_) => "range",
            Value::Regex(_) => "regex",
            Value::Tagged(tagged) => tagged.tag,
            Value::Live(live) => live.kind(),
        }
    }

    /// The text, when it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(&text.text),
            _ => None,
        }
    }

    /// The object, when it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The list, when it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The number, when it is one.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The duration as a non-negative [`std::time::Duration`], when it is one.
    pub fn as_duration(&self) -> Option<std::time::Duration> {
        match self {
            Value::Duration(nanos) => u64::try_from(*nanos).ok().map(std::time::Duration::from_nanos),
            _ => None,
        }
    }

    /// The boolean, when it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether any part of it came from a secret.
    pub fn is_secret(&self) -> bool {
        match self {
            Value::Text(text) => text.secret,
            Value::Bytes(bytes) => bytes.secret,
            Value::List(items) => items.iter().any(Value::is_secret),
            Value::Object(fields) => fields.values().any(Value::is_secret),
            Value::Tagged(tagged) => tagged.value.is_secret(),
            Value::Range(range) => range.0.is_secret() || range.1.is_secret(),
            _ => false,
        }
    }
}

/// Equality of the language: `100.0 == 100.00`, `1` is not `"1"`, NaN equals nothing, object
/// fields in any order, `absent` only equals `absent`. Live things are equal when they are the
/// same thing; regexes when they are written alike.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) | (Value::Absent, Value::Absent) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Number(a), Value::Number(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a.text == b.text,
            (Value::Bytes(a), Value::Bytes(b)) => a.bytes == b.bytes,
            (Value::Duration(a), Value::Duration(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| v == w))
            }
            (Value::Range(a), Value::Range(b)) => a == b,
            (Value::Regex(a), Value::Regex(b)) => a.as_str() == b.as_str(),
            (Value::Tagged(a), Value::Tagged(b)) => a.tag == b.tag && a.value == b.value,
            (Value::Live(a), Value::Live(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}
