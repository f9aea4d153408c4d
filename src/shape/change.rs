//! One change at one place of a value: what shrinking and making wrong values are built of.

use std::sync::Arc;

use super::{ObjectPattern, Pattern};
use crate::value::{Path, Step, Value};

/// A step down a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// Into a field.
    Field(Arc<str>),
    /// Into an element.
    Index(usize),
}

/// What happens there.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Another value stands there, or one more field.
    Put(Value),
    /// The field or element goes away.
    Remove,
    /// These elements of the list go away.
    Drop(usize, usize),
}

/// A change with its place.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) path: Vec<At>,
    pub(super) change: Change,
}

/// `.lines[0].qty`; empty for the value itself.
pub(super) fn written(path: &[At]) -> String {
    let step = |at: &At| match at {
        At::Field(name) => Step::Field(name.clone()),
        At::Index(index) => Step::Index(i64::try_from(*index).unwrap_or(i64::MAX)),
    };
    Path(path.iter().map(step).collect()).to_string()
}

impl Move {
    pub(super) fn put(path: &[At], value: Value) -> Move {
        Move { path: path.to_vec(), change: Change::Put(value) }
    }

    pub(super) fn remove(path: &[At]) -> Move {
        Move { path: path.to_vec(), change: Change::Remove }
    }

    /// The value with the change; `None` when there is no such place.
    pub(super) fn apply(&self, value: &Value) -> Option<Value> {
        apply(value, &self.path, &self.change)
    }
}

fn apply(value: &Value, path: &[At], change: &Change) -> Option<Value> {
    let Some((step, rest)) = path.split_first() else {
        return match (change, value) {
            (Change::Put(new), _) => Some(new.clone()),
            (Change::Drop(from, to), Value::List(items)) => {
                let kept = items.iter().enumerate().filter(|(i, _)| !(*from..*to).contains(i));
                Some(Value::list(kept.map(|(_, item)| item.clone()).collect()))
            }
            _ => None,
        };
    };
    let removes = rest.is_empty() && matches!(change, Change::Remove);
    match (step, value) {
        (At::Field(name), Value::Object(fields)) => {
            let mut fields = (**fields).clone();
            if removes {
                fields.shift_remove(name)?;
            } else {
                let changed = match (fields.get(name), change) {
                    (None, Change::Put(new)) if rest.is_empty() => new.clone(),
                    (known, _) => apply(known?, rest, change)?,
                };
                fields.insert(name.clone(), changed);
            }
            Some(Value::Object(Arc::new(fields)))
        }
        (At::Index(index), Value::List(items)) if *index < items.len() => {
            let mut items = (**items).clone();
            if removes {
                items.remove(*index);
            } else {
                items[*index] = apply(&items[*index], rest, change)?;
            }
            Some(Value::list(items))
        }
        _ => None,
    }
}

/// The value with everything computed anew that is computed from its siblings; `None` when
/// something cannot be computed any more.
pub(super) fn recompute(pattern: &Pattern, value: &Value, depth: usize) -> Option<Value> {
    if depth > super::shrink::DEPTH {
        return Some(value.clone());
    }
    match (pattern, value) {
        (Pattern::Named(_, inner), _) => recompute(inner, value, depth + 1),
        (Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _), _) => {
            recompute(inner, value, depth + 1)
        }
        (Pattern::Late(_, make), _) => recompute(&make(), value, depth + 1),
        (Pattern::Sized(item, ..), Value::List(items)) => {
            let items = items.iter().map(|element| recompute(item, element, depth + 1));
            items.collect::<Option<Vec<Value>>>().map(Value::list)
        }
        (Pattern::List(parts, _), Value::List(items)) => {
            let each = items.iter().enumerate().map(|(i, item)| match parts.get(i) {
                Some(part) => recompute(part, item, depth + 1),
                None => Some(item.clone()),
            });
            each.collect::<Option<Vec<Value>>>().map(Value::list)
        }
        (Pattern::Object(object), Value::Object(_)) => siblings(object, value, depth),
        _ => Some(value.clone()),
    }
}

fn siblings(object: &ObjectPattern, value: &Value, depth: usize) -> Option<Value> {
    let mut fields = value.as_object()?.clone();
    for field in &object.fields {
        if let Some(known) = fields.get(&field.name) {
            let known = recompute(&field.pattern, known, depth + 1)?;
            fields.insert(field.name.clone(), known);
        }
    }
    let computed: Vec<_> = object
        .fields
        .iter()
        .filter_map(|field| match derive_of(&field.pattern) {
            Some(derive) if fields.contains_key(&field.name) => Some((&field.name, derive)),
            _ => None,
        })
        .collect();
    // They may need each other, in whatever order.
    for _ in 0..computed.len() {
        let before = Value::Object(Arc::new(fields.clone()));
        for (name, derive) in &computed {
            fields.insert((*name).clone(), derive.of(&before).ok()?);
        }
        if before == object_of(&fields) {
            break;
        }
    }
    Some(object_of(&fields))
}

fn object_of(fields: &crate::value::Object) -> Value {
    Value::Object(Arc::new(fields.clone()))
}

fn derive_of(pattern: &Pattern) -> Option<&super::Derive> {
    match pattern {
        Pattern::Derived(_, derive) => Some(derive),
        Pattern::Named(_, inner) => derive_of(inner),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) => derive_of(inner),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_json;

    fn json(text: &str) -> Value {
        from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn one_place_changes_and_the_rest_stays() {
        let value = json(r#"{"a":[1,2,3],"b":{"c":1}}"#);
        let field = |name: &str| At::Field(name.into());
        let put = Move::put(&[field("b"), field("c")], Value::Null);
        assert_eq!(put.apply(&value), Some(json(r#"{"a":[1,2,3],"b":{"c":null}}"#)));
        let removed = Move::remove(&[field("a"), At::Index(1)]);
        assert_eq!(removed.apply(&value), Some(json(r#"{"a":[1,3],"b":{"c":1}}"#)));
        let dropped = Move { path: vec![field("a")], change: Change::Drop(0, 2) };
        assert_eq!(dropped.apply(&value), Some(json(r#"{"a":[3],"b":{"c":1}}"#)));
        assert_eq!(Move::remove(&[field("z")]).apply(&value), None);
        assert_eq!(Move::put(&[At::Index(0)], Value::Null).apply(&value), None);
        let more = Move::put(&[field("new")], Value::Null).apply(&value).unwrap();
        assert_eq!(more.as_object().unwrap().len(), 3);
        assert_eq!(written(&[field("a"), At::Index(2), field("odd key")]), ".a[2][\"odd key\"]");
    }
}
