//! Finds values among many by the language's equality, in constant time.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::value::Value;

/// Positions by value. Only looked into, never walked, so its order shows nowhere.
#[derive(Debug, Default)]
pub(crate) struct Index {
    buckets: HashMap<u64, Vec<usize>>,
}

impl Index {
    /// Indexes all of a list.
    pub(crate) fn of(values: &[Value]) -> Index {
        let mut index = Index::default();
        for (at, value) in values.iter().enumerate() {
            index.add(value, at);
        }
        index
    }

    /// Adds a value that stands at a position.
    pub(crate) fn add(&mut self, value: &Value, at: usize) {
        self.buckets.entry(code(value)).or_default().push(at);
    }

    /// The first position at which an equal value stands; `at` gives the value at a position.
    pub(crate) fn find<'a>(&self, value: &Value, at: impl Fn(usize) -> &'a Value) -> Option<usize> {
        self.all(value, at).next()
    }

    /// Every position at which an equal value stands, in order.
    pub(crate) fn all<'a>(
        &self,
        value: &Value,
        at: impl Fn(usize) -> &'a Value,
    ) -> impl Iterator<Item = usize> {
        let bucket = self.buckets.get(&code(value)).map_or(&[][..], Vec::as_slice);
        bucket.iter().copied().filter(move |position| at(*position) == value)
    }
}

/// Equal values have equal codes.
fn code(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    feed(value, &mut hasher);
    hasher.finish()
}

fn feed(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Number(number) => {
            // Single precision is the coarsest equality; adding zero joins -0 and 0.
            let coarse = number.to_f64() as f32 + 0.0;
            coarse.to_bits().hash(hasher);
        }
        Value::Bool(value) => value.hash(hasher),
        Value::Text(text) => text.text.hash(hasher),
        Value::Bytes(bytes) => bytes.bytes.hash(hasher),
        Value::Duration(nanos) => nanos.hash(hasher),
        Value::List(items) => {
            items.len().hash(hasher);
            items.iter().take(64).for_each(|item| feed(item, hasher));
        }
        Value::Object(fields) => {
            // In any order, so the codes of the fields are added up.
            let sum = fields.iter().fold(fields.len() as u64, |sum, (name, value)| {
                let mut own = DefaultHasher::new();
                name.hash(&mut own);
                feed(value, &mut own);
                sum.wrapping_add(own.finish())
            });
            sum.hash(hasher);
        }
        other => other.kind().hash(hasher),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_json;

    #[test]
    fn equal_values_are_found() {
        let json = br#"[1, "1", 1.50, {"a":1,"b":2}, [1,2], null, 9007199254740993, 0, true]"#;
        let values = from_json(json).unwrap();
        let values = values.as_list().unwrap();
        let index = Index::of(values);
        let find = |text: &str| index.find(&from_json(text.as_bytes()).unwrap(), |at| &values[at]);
        assert_eq!(find("1.0"), Some(0));
        assert_eq!(find("\"1\""), Some(1));
        assert_eq!(find("1.5"), Some(2));
        assert_eq!(find("{\"b\":2.0,\"a\":1}"), Some(3));
        assert_eq!(find("[1.0,2]"), Some(4));
        assert_eq!(find("null"), Some(5));
        assert_eq!(find("9007199254740992"), None);
        assert_eq!(find("-0"), Some(7));
        assert_eq!(find("false"), None);
    }
}
