//! Documents in YAML or JSON with the place of every part: what OpenAPI and JSON Schema are
//! written in.

mod json;
#[cfg(test)]
mod tests;
mod yaml;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::value::{Number, Value};

/// Nesting past this is refused.
const MAX_DEPTH: usize = 128;
/// A document with more parts is refused; an alias counts as all that it stands for.
const MAX_PARTS: u64 = 500_000;

/// A part of a document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Where it stands; of a list or a map, where it begins.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) data: Data,
    /// How many parts it has, itself included.
    parts: u64,
}

/// What a part of a document is.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(Arc<str>),
    List(Vec<Arc<Node>>),
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) key_span: Span,
    pub(crate) value: Arc<Node>,
}

/// Reads a document: as JSON when the name of its file says so, else as YAML 1.2 in its core
/// schema. The error has its place in the text.
pub(crate) fn parse(source: SourceId, text: &str, is_json: bool) -> Result<Arc<Node>, Box<Diagnostic>> {
    let node = if is_json { json::parse(source, text) } else { yaml::parse(source, text) };
    node.map_err(|wrong| Box::new(Diagnostic::error(Code::CONTRACT, wrong.span, wrong.message)))
}

/// Why a text is no document.
struct Wrong {
    span: Span,
    message: String,
}

impl Node {
    fn new(span: Span, data: Data) -> Node {
        let inner: u64 = match &data {
            Data::List(items) => items.iter().fold(0, |sum, item| sum.saturating_add(item.parts)),
            Data::Map(entries) => entries.iter().fold(0, |sum, entry| sum.saturating_add(entry.value.parts)),
            _ => 0,
        };
        Node { span, data, parts: inner.saturating_add(1) }
    }

    /// The entries, when it is a map.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements, when it is a list.
    pub(crate) fn items(&self) -> &[Arc<Node>] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The entry with this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| *entry.key == *key)
    }

    /// The value under this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Arc<Node>> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text, when it is one.
    pub(crate) fn text(&self) -> Option<&Arc<str>> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, when it is one.
    pub(crate) fn bool(&self) -> Option<bool> {
        match self.data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The number, when it is one.
    pub(crate) fn number(&self) -> Option<&Number> {
        match &self.data {
            Data::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The part that a JSON pointer names (RFC 6901 §4).
    pub(crate) fn pointer<'a>(self: &'a Arc<Node>, pointer: &str) -> Option<&'a Arc<Node>> {
        let mut at = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            at = match &at.data {
                Data::Map(_) => at.get(&part)?,
                Data::List(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(at)
    }

    /// Its kind, as messages name it.
    pub(crate) fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a truth value",
            Data::Number(_) => "a number",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "an object",
        }
    }

    /// The part as a value.
    pub(crate) fn value(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::text(text.clone()),
            Data::List(items) => Value::list(items.iter().map(|item| item.value()).collect()),
            Data::Map(entries) => {
                Value::object(entries.iter().map(|entry| (entry.key.clone(), entry.value.value())))
            }
        }
    }
}

/// The entries of a map that has not ended yet.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    seen: BTreeSet<Arc<str>>,
}

impl Entries {
    /// Adds an entry; a key that is there already is refused.
    fn add(&mut self, entry: Entry) -> Result<(), Wrong> {
        if !self.seen.insert(entry.key.clone()) {
            let message = format!("the key `{}` stands twice in one object", entry.key);
            return Err(Wrong { span: entry.key_span, message });
        }
        self.list.push(entry);
        Ok(())
    }
}

fn bounded(node: Node) -> Result<Node, Wrong> {
    if node.parts > MAX_PARTS {
        let message = format!("more than {MAX_PARTS} parts, aliases included, are refused");
        return Err(Wrong { span: node.span, message });
    }
    Ok(node)
}
