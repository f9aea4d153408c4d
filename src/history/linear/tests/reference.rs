//! The models once more, as plainly as they can be said: one operation at a time on plain values.
//! Nothing here is shared with the search.

use crate::history::{Operation, Outcome};
use crate::value::{Number, Value};

/// What an operation makes of a state and what it returns; `None` when it cannot happen then.
pub(super) fn execute(model: &str, state: &Value, operation: &Operation) -> Option<(Value, Value)> {
    let args = &operation.args;
    let last = args.last().cloned().unwrap_or(Value::Null);
    let same = |result: Value| Some((state.clone(), result));
    let list = || state.as_list().map(<[Value]>::to_vec).unwrap_or_default();
    Some(match (model, &*operation.function) {
        ("register" | "cas_register", "read") => return same(state.clone()),
        ("register" | "cas_register", "write") => (last, Value::Null),
        ("cas_register", "cas") => {
            let matches = *state == args[args.len() - 2];
            (if matches { last } else { state.clone() }, Value::Bool(matches))
        }
        ("map", function) => {
            let entries = state.as_object().cloned().unwrap_or_default();
            let key = args[0].as_text().unwrap_or_default();
            let held = entries.get(key).cloned().unwrap_or(Value::Null);
            let mut changed = entries.clone();
            let result = match function {
                "get" => held,
                "put" => {
                    changed.insert(key.into(), last);
                    Value::Null
                }
                "cas" => {
                    let matches = held == args[1];
                    if matches {
                        changed.insert(key.into(), last);
                    }
                    Value::Bool(matches)
                }
                _ => {
                    changed.shift_remove(key);
                    Value::Null
                }
            };
            (Value::object(changed), result)
        }
        ("set", function) => {
            let mut items = list();
            let held = items.contains(&last);
            match function {
                "add" if !held => items.push(last),
                "remove" => items.retain(|item| *item != last),
                "read" => return same(state.clone()),
                _ => {}
            }
            let result = if function == "add" { !held } else { held };
            (Value::list(items), Value::Bool(result))
        }
        ("counter", "read") => return same(state.clone()),
        ("counter", function) => {
            let by = last.as_number().cloned().unwrap_or(Number::Int(1));
            let by = if function == "subtract" { by.negate() } else { by };
            let sum = Value::Number(state.as_number()?.add(&by).ok()?);
            (sum.clone(), sum)
        }
        ("queue" | "stack", function) => {
            let mut items = list();
            let front = if model == "queue" { 0 } else { items.len().saturating_sub(1) };
            let next = items.get(front).cloned().unwrap_or(Value::Null);
            match function {
                "enqueue" | "push" => {
                    items.push(last);
                    (Value::list(items), Value::Null)
                }
                "peek" => return same(next),
                _ => {
                    if !items.is_empty() {
                        items.remove(front);
                    }
                    (Value::list(items), next)
                }
            }
        }
        ("lock", function) => {
            let held = *state == Value::Bool(true);
            (Value::Bool(function == "acquire"), Value::Bool(held == (function == "release")))
        }
        ("append_log", "append") => {
            let mut items = list();
            items.push(last);
            (Value::list(items.clone()), Value::int(items.len() as i64 - 1))
        }
        ("append_log", "get") => {
            let index = last.as_number()?.to_usize()?;
            return same(list().get(index).cloned().unwrap_or(Value::Null));
        }
        ("append_log", _) => return same(state.clone()),
        _ => return None,
    })
}

/// Whether what was recorded is what the model returns.
pub(super) fn agrees(model: &str, operation: &Operation, result: &Value) -> bool {
    if operation.outcome != Outcome::Ok || matches!(operation.value, Value::Absent) {
        return match (model, operation.outcome) {
            // What nobody says failed has succeeded.
            ("lock", Outcome::Ok) => *result == Value::Bool(true),
            ("cas_register" | "map", Outcome::Ok) => *result != Value::Bool(false),
            _ => true,
        };
    }
    let value = &operation.value;
    match (model, &*operation.function) {
        (_, "write" | "put" | "enqueue" | "push") | ("map", "remove") => true,
        (_, "cas") => {
            let missed =
                value.as_object().and_then(|fields| fields.get("matched")) == Some(&Value::Bool(false));
            *result == Value::Bool(!missed && *value != Value::Bool(false))
        }
        ("set", "read") => {
            let (mut held, mut seen) =
                (result.as_list().unwrap_or_default().to_vec(), value.as_list().unwrap_or_default().to_vec());
            let shown = |item: &Value| crate::value::show(item);
            held.sort_by_key(shown);
            seen.sort_by_key(shown);
            held == seen
        }
        ("set", _) => value.as_bool().is_none() || value == result,
        ("counter", "add" | "subtract") | ("append_log", "append") => {
            value.as_number().is_none() || value == result
        }
        ("lock", _) => *result == Value::Bool(*value != Value::Bool(false)),
        _ => value == result,
    }
}

/// Whether an operation, as it was recorded, changes nothing.
pub(super) fn is_pure(operation: &Operation) -> bool {
    let value = &operation.value;
    let no = *value == Value::Bool(false)
        || value.as_object().and_then(|fields| fields.get("matched")) == Some(&Value::Bool(false));
    match &*operation.function {
        "read" | "get" | "contains" | "peek" => true,
        "cas" => no || operation.args[operation.args.len() - 2] == operation.args[operation.args.len() - 1],
        "add" | "remove" | "acquire" | "release" => no,
        "dequeue" | "pop" => matches!(value, Value::Null),
        _ => false,
    }
}
