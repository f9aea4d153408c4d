//! Values as small integers: equal ones have equal numbers, so that a search compares integers.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Number, Value, show_short};

/// The number of a value.
pub(in crate::history) type Id = u32;

/// Every value that a history speaks of.
#[derive(Debug, Default)]
pub(in crate::history) struct Values {
    ids: foldhash::HashMap<Same, Id>,
    values: Vec<Value>,
}

/// What equal values have in common, however they are written: 1.5 and 1.50, an object and the same
/// one with its fields in another order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Same {
    Null,
    Absent,
    Bool(bool),
    Int(i128),
    /// In plain digits without trailing zeros, or `NaN`, `inf`.
    Digits(String),
    Text(Arc<str>),
    Bytes(Vec<u8>),
    Duration(i64),
    List(Vec<Same>),
    Object(BTreeMap<Arc<str>, Same>),
    Range(Box<(Same, Same)>),
    Regex(String),
    Tagged(&'static str, Box<Same>),
    /// Where it lies: live things are equal when they are the same thing.
    Live(usize),
}

impl Values {
    /// The number of this value, a new one if it was not seen before.
    pub(in crate::history) fn id(&mut self, value: &Value) -> Id {
        let next = self.values.len() as Id;
        let id = *self.ids.entry(Same::of(value)).or_insert(next);
        if id == next {
            self.values.push(value.clone());
        }
        id
    }

    /// The value with this number.
    pub(in crate::history) fn get(&self, id: Id) -> Option<&Value> {
        self.values.get(id as usize)
    }

    /// The value in words.
    pub(in crate::history) fn show(&self, id: Id) -> String {
        self.get(id).map_or_else(String::new, |value| show_short(value, 60))
    }

    /// Several values in words, as a list.
    pub(in crate::history) fn show_all(&self, ids: impl ExactSizeIterator<Item = Id>) -> String {
        let (count, most) = (ids.len(), 12);
        let mut shown: Vec<String> = ids.take(most).map(|id| self.show(id)).collect();
        if count > most {
            shown.push(format!("… {count} in all"));
        }
        format!("[{}]", shown.join(", "))
    }
}

impl Same {
    /// Of a value.
    pub(crate) fn of(value: &Value) -> Same {
        match value {
            Value::Null => Same::Null,
            Value::Absent => Same::Absent,
            Value::Bool(value) => Same::Bool(*value),
            Value::Number(Number::Int(value)) => Same::Int(*value),
            Value::Number(number) => match (number.to_i128(), number.to_decimal()) {
                (Some(int), _) => Same::Int(int),
                (None, Ok(decimal)) => Same::Digits(decimal.normalized().to_plain_string()),
                (None, Err(_)) => Same::Digits(number.to_string()),
            },
            Value::Text(text) => Same::Text(text.text.clone()),
            Value::Bytes(bytes) => Same::Bytes(bytes.bytes.to_vec()),
            Value::Duration(nanos) => Same::Duration(*nanos),
            Value::List(items) => Same::List(items.iter().map(Same::of).collect()),
            Value::Object(fields) => {
                Same::Object(fields.iter().map(|(k, v)| (k.clone(), Same::of(v))).collect())
            }
            Value::Range(range) => Same::Range(Box::new((Same::of(&range.0), Same::of(&range.1)))),
            Value::Regex(regex) => Same::Regex(regex.as_str().to_owned()),
            Value::Tagged(tagged) => Same::Tagged(tagged.tag, Box::new(Same::of(&tagged.value))),
            Value::Live(live) => Same::Live(Arc::as_ptr(live).cast::<()>() as usize),
        }
    }
}
