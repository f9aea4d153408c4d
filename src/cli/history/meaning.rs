//! What a line's value means: what an operation was asked for, and what it answered.

use crate::value::Value;
use crate::value::words::a_kind;

/// Roles whose answer is what they are for.
const ASKING: [&str; 7] = ["read", "get", "contains", "peek", "dequeue", "pop", "txn"];
/// Roles that answer nothing, whatever a line repeats.
const TELLING: [&str; 4] = ["write", "put", "enqueue", "push"];

/// The arguments of an operation, from the `value` of its invocation and, of a map, its `key`.
///
/// # Errors
/// Why the value has not the form that the role needs.
pub(super) fn asked(
    role: &str,
    is_map: bool,
    key: Option<&Value>,
    value: Option<&Value>,
) -> Result<Vec<Value>, String> {
    let key = key.filter(|_| is_map);
    let inside = usize::from(is_map && key.is_none());
    let several = |form: &str, count: usize| match value {
        Some(Value::List(values)) if values.len() == count => Ok(values.to_vec()),
        Some(other) if !matches!(other, Value::List(_)) => {
            Err(format!("the value of `{role}` is `{form}`, not {}", a_kind(other)))
        }
        _ => Err(format!("the value of `{role}` is `{form}`")),
    };
    let values = match (role, inside) {
        ("cas", 0) => several("[old, new]", 2)?,
        ("cas", _) => several("[key, old, new]", 3)?,
        ("put", 1) => several("[key, value]", 2)?,
        // `null` may be written, too.
        ("write" | "put", _) => vec![value.cloned().ok_or_else(|| format!("`{role}` lacks its `value`"))?],
        // With its key aside, it needs no more.
        ("get" | "remove", 0) if is_map => Vec::new(),
        _ => value.filter(|value| !matches!(value, Value::Null)).into_iter().cloned().collect(),
    };
    Ok(key.into_iter().cloned().chain(values).collect())
}

/// What an operation that is ok answered, from the line that ends it.
pub(super) fn answered(role: &str, asked: &[Value], value: Option<&Value>, matched: Option<bool>) -> Value {
    match (role, value) {
        ("cas", _) => matched.filter(|matched| !matched).map_or(Value::Absent, Value::Bool),
        (_, None) => Value::Absent,
        (role, _) if TELLING.contains(&role) => Value::Absent,
        (role, Some(value)) if ASKING.contains(&role) => value.clone(),
        // Jepsen repeats what was asked for; that is no answer. Neither is nothing.
        (_, Some(Value::Null)) => Value::Absent,
        (_, Some(value)) if asked.last() == Some(value) => Value::Absent,
        (_, Some(value)) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{from_json, show};

    fn json(text: &str) -> Value {
        from_json(text.as_bytes()).unwrap()
    }

    #[test]
    fn values_are_arguments_as_the_role_takes_them() {
        for (role, is_map, key, value, args) in [
            ("read", false, None, Some("null"), "[]"),
            ("write", false, None, Some("null"), "[null]"),
            ("write", false, Some("\"k\""), Some("[1]"), "[[1]]"),
            ("cas", false, None, Some("[1, null]"), "[1, null]"),
            ("add", false, None, None, "[]"),
            ("put", true, None, Some("[\"k\", 1]"), "[\"k\", 1]"),
            ("put", true, Some("\"k\""), Some("[2, 1]"), "[\"k\", [2, 1]]"),
            ("get", true, Some("\"k\""), Some("null"), "[\"k\"]"),
            ("get", true, None, Some("\"k\""), "[\"k\"]"),
            ("cas", true, None, Some("[\"k\", 1, 2]"), "[\"k\", 1, 2]"),
        ] {
            let (key, value) = (key.map(json), value.map(json));
            let found = asked(role, is_map, key.as_ref(), value.as_ref()).unwrap();
            assert_eq!(show(&Value::list(found)), args, "{role} {value:?}");
        }
        for (role, is_map, value) in [
            ("write", false, None),
            ("cas", false, Some("[1]")),
            ("cas", false, Some("1")),
            ("put", true, Some("1")),
        ] {
            assert!(asked(role, is_map, None, value.map(json).as_ref()).is_err(), "{role}");
        }
    }

    /// A read of the very number that was asked for is an answer; a sum that only repeats what was
    /// added is none.
    #[test]
    fn what_is_repeated_is_no_answer() {
        for (role, asked, value, answer) in [
            ("get", "[3]", Some("3"), "3"),
            ("read", "[]", Some("null"), "null"),
            ("read", "[]", None, "absent"),
            ("add", "[3]", Some("3"), "absent"),
            ("add", "[3]", Some("8"), "8"),
            ("add", "[3]", Some("false"), "false"),
            ("write", "[3]", Some("4"), "absent"),
            ("contains", "[3]", Some("false"), "false"),
        ] {
            let asked = json(asked);
            let found = answered(role, asked.as_list().unwrap(), value.map(json).as_ref(), None);
            assert_eq!(show(&found), answer, "{role}");
        }
        assert_eq!(show(&answered("cas", &[], None, Some(false))), "false");
        assert_eq!(show(&answered("cas", &[], None, Some(true))), "absent");
    }
}
