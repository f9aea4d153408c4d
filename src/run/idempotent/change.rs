//! How a request is changed: its key taken away or replaced, its body altered or reordered.

use std::sync::Arc;

use crate::probe::KeyPlace;
use crate::protocol::Call;
use crate::value::{Number, Object, Value};

/// The key that a call carries.
pub(super) fn key(call: &Call, place: &KeyPlace) -> Option<Value> {
    match place.option() {
        Some((option, name)) => {
            let Value::Object(fields) = call.options.get(option)? else { return None };
            fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        }
        None => {
            let KeyPlace::Field(path) = place else { return None };
            path.iter().try_fold(call.operand.clone()?, |value, name| value.as_object()?.get(name).cloned())
        }
    }
    .filter(|value| !matches!(value, Value::Absent))
}

/// The call with another key, or without one.
pub(super) fn with_key(call: &Call, place: &KeyPlace, key: Option<&Value>) -> Call {
    let mut call = call.clone();
    match place {
        KeyPlace::Header(name) | KeyPlace::Metadata(name) => {
            let option = place.option().map_or("headers", |(option, _)| option);
            if let Some(Value::Object(fields)) = call.options.get(option) {
                let mut fields = (**fields).clone();
                let written = fields.keys().find(|field| field.eq_ignore_ascii_case(name)).cloned();
                if let Some(written) = written {
                    match key {
                        Some(key) => fields.insert(written, key.clone()),
                        None => fields.shift_remove(&written),
                    };
                }
                call.options.insert(option.into(), Value::Object(Arc::new(fields)));
            }
        }
        KeyPlace::Field(path) => {
            call.operand = call.operand.as_ref().map(|operand| with_field(operand, path, key));
        }
    }
    call
}

fn with_field(value: &Value, path: &[Arc<str>], new: Option<&Value>) -> Value {
    let (Value::Object(fields), Some((name, rest))) = (value, path.split_first()) else {
        return value.clone();
    };
    let mut fields = (**fields).clone();
    if rest.is_empty() {
        match new {
            Some(new) => fields.insert(name.clone(), new.clone()),
            None => fields.shift_remove(name),
        };
    } else if let Some(inner) = fields.get(name) {
        let inner = with_field(inner, rest, new);
        fields.insert(name.clone(), inner);
    }
    Value::Object(Arc::new(fields))
}

/// The body with some of its fields replaced. Errors: it has no fields, or nothing changes.
pub(super) fn with_fields(body: &Value, fields: &Object) -> Result<Value, String> {
    let Value::Object(known) = body else {
        return Err(format!("the body is a {}, which has no fields to change", body.kind()));
    };
    let mut changed = (**known).clone();
    for (name, value) in fields {
        changed.insert(name.clone(), value.clone());
    }
    let changed = Value::Object(Arc::new(changed));
    if changed == *body {
        Err("these fields are as they were, so nothing changes".into())
    } else {
        Ok(changed)
    }
}

/// The body with its first number one more, else its first truth value the other, else its first
/// text longer; the key stays. None when there is nothing of that kind.
pub(super) fn altered(body: &Value, place: Option<&KeyPlace>) -> Option<Value> {
    let spared: &[Arc<str>] = match place {
        Some(KeyPlace::Field(path)) => path,
        _ => &[],
    };
    let alter: [fn(&Value) -> Option<Value>; 3] = [
        |value| match value {
            Value::Number(number) => {
                crate::function::operators::add(&Value::Number(number.clone()), &Value::int(1)).ok()
            }
            _ => None,
        },
        |value| value.as_bool().map(|value| Value::Bool(!value)),
        |value| match value {
            Value::Text(text) => Some(Value::text_with(format!("{}x", text.text), text.secret)),
            _ => None,
        },
    ];
    alter.iter().find_map(|alter| first(body, spared, *alter))
}

/// The value with the first leaf replaced that can be.
fn first(value: &Value, spared: &[Arc<str>], alter: fn(&Value) -> Option<Value>) -> Option<Value> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, inner)| {
            let spared = match spared.split_first() {
                Some((head, [])) if head == name => return None,
                Some((head, rest)) if head == name => rest,
                _ => &[],
            };
            let inner = first(inner, spared, alter)?;
            let mut fields = (**fields).clone();
            fields.insert(name.clone(), inner);
            Some(Value::Object(Arc::new(fields)))
        }),
        Value::List(items) => items.iter().enumerate().find_map(|(at, inner)| {
            let inner = first(inner, &[], alter)?;
            let mut items = (**items).clone();
            items[at] = inner;
            Some(Value::list(items))
        }),
        leaf => alter(leaf),
    }
}

/// The value with the fields of every object in reverse order. None when no object has two.
pub(super) fn reordered(value: &Value) -> Option<Value> {
    let (value, changed) = reversed(value);
    changed.then_some(value)
}

fn reversed(value: &Value) -> (Value, bool) {
    match value {
        Value::Object(fields) => {
            let mut changed = fields.len() > 1;
            let reverse = fields.iter().rev().map(|(name, inner)| {
                let (inner, inside) = reversed(inner);
                changed |= inside;
                (name.clone(), inner)
            });
            let fields: Object = reverse.collect();
            (Value::Object(Arc::new(fields)), changed)
        }
        Value::List(items) => {
            let items: Vec<(Value, bool)> = items.iter().map(reversed).collect();
            let changed = items.iter().any(|(_, changed)| *changed);
            (Value::list(items.into_iter().map(|(item, _)| item).collect()), changed)
        }
        other => (other.clone(), false),
    }
}

/// A key of so many characters.
pub(super) fn long_key(length: usize) -> Value {
    Value::text("k".repeat(length))
}

/// A whole number within bounds.
pub(super) fn whole(number: &Number, most: i128) -> Option<u32> {
    number
        .to_i128()
        .filter(|number| (1..=most).contains(number))
        .and_then(|number| u32::try_from(number).ok())
}
