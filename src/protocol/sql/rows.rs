//! What a statement gave: rows as objects, and how much of them is kept.

use std::sync::Arc;

use super::fault::Fault;
use crate::protocol::ErrorKind;
use crate::value::{Object, Value};

/// How much of a result is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) rows: usize,
    pub(super) bytes: usize,
    /// Whether a column of an unknown type is left out, rather than an error: what an `insert`
    /// gives back is no reason for it to fail.
    pub(super) lenient: bool,
}

impl Limits {
    /// Of statements that the runner itself makes.
    pub(super) const SMALL: Limits = Limits { rows: 100_000, bytes: 16 << 20, lenient: true };
}

/// What a statement came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub(super) columns: Vec<Arc<str>>,
    pub(super) rows: Vec<Value>,
    pub(super) affected: u64,
    /// The key that the database made for the first row, where it gives no rows back.
    pub(super) key: Option<i128>,
    bytes: usize,
}

/// A value of a column, read.
pub(super) enum Cell {
    Value(Value),
    /// Its type is not known: the word for it.
    Unknown(String),
}

impl Outcome {
    /// The rows of another statement begin.
    pub(super) fn begin(&mut self, columns: Vec<Arc<str>>) -> Result<(), Fault> {
        for (index, name) in columns.iter().enumerate() {
            if columns[..index].contains(name) {
                return Err(Fault::new("value", format!("two columns of the result are called `{name}`"))
                    .with_hint("name them apart: `select a.id as a_id, b.id as b_id …`"));
            }
        }
        self.rows.clear();
        self.columns = columns;
        Ok(())
    }

    /// One more row, of this many bytes.
    pub(super) fn push(&mut self, cells: Vec<Cell>, bytes: usize, limits: &Limits) -> Result<(), Fault> {
        if self.rows.len() == limits.rows {
            return Err(Fault::broken(
                ErrorKind::Protocol,
                format!(
                    "the result has more than {} rows; `max_rows` allows more, `limit` in the statement asks for less",
                    limits.rows
                ),
            ));
        }
        self.bytes += bytes;
        if self.bytes > limits.bytes {
            return Err(Fault::broken(
                ErrorKind::Protocol,
                format!("the result has more than {} bytes; `max_size` allows more", limits.bytes),
            ));
        }
        let mut fields = Object::new();
        for (name, cell) in self.columns.iter().zip(cells) {
            match cell {
                Cell::Value(value) => {
                    fields.insert(name.clone(), value);
                }
                Cell::Unknown(_) if limits.lenient => {}
                Cell::Unknown(word) => {
                    return Err(Fault::new(
                        "value",
                        format!("the column `{name}` is of type `{word}`, which scn does not read"),
                    )
                    .with_hint("cast it in the statement: `select cast(x as text) as x …`"));
                }
            }
        }
        self.rows.push(Value::Object(Arc::new(fields)));
        Ok(())
    }

    /// Adds what another statement of the same request came to.
    pub(super) fn add(&mut self, other: Outcome) {
        self.columns = other.columns;
        self.rows.extend(other.rows);
        self.affected += other.affected;
        self.key = self.key.or(other.key);
    }
}

impl Fault {
    /// With a hint, which the message ends with too.
    pub(super) fn with_hint(mut self, hint: &str) -> Fault {
        self.advise(hint);
        self
    }
}

/// Text, or the bytes when they are no UTF-8.
pub(super) fn text_or_bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::text(text),
        Err(_) => Value::bytes(bytes.to_vec()),
    }
}

/// JSON as a value; what is no JSON after all stays text.
pub(super) fn json(bytes: &[u8]) -> Value {
    crate::value::from_json(bytes).unwrap_or_else(|_| text_or_bytes(bytes))
}

/// An exact number from its digits.
pub(super) fn number(text: &str) -> Value {
    match text.parse() {
        Ok(number) => Value::Number(number),
        Err(_) => Value::text(text),
    }
}
