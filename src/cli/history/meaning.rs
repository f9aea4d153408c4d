//! What a line's value means: what an operation was asked for, and what it answered.

use crate::value::words::a_kind;
use crate::value::{Value, show_short};

/// What an operation may answer, besides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// What it is for; the model judges it.
    Asked,
    /// Whether it changed anything.
    Truth,
    /// The sum or the place that came of it.
    Number,
    /// Whether a compare matched.
    Matched,
    Nothing,
}

impl Answer {
    fn of(model: &str, role: &str) -> Answer {
        match (model, role) {
            (_, "read" | "get" | "contains" | "peek" | "dequeue" | "pop" | "txn") => Answer::Asked,
            (_, "cas") => Answer::Matched,
            ("set", "add" | "remove") | ("lock", _) => Answer::Truth,
            ("counter", _) | ("append_log", "append") => Answer::Number,
            _ => Answer::Nothing,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Answer::Asked => "something",
            Answer::Truth => "true, false or nothing",
            Answer::Number => "a number or nothing",
            Answer::Matched => "true, false, an object whose `matched` is one of them, or nothing",
            Answer::Nothing => "nothing",
        }
    }
}

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

/// What an operation that is ok answered, from the line that ends it; absent if that says nothing.
///
/// # Errors
/// Why the value is no answer of the role.
pub(super) fn answered(
    model: &str,
    role: &str,
    asked: &[Value],
    value: Option<&Value>,
) -> Result<Value, String> {
    let Some(value) = value else { return Ok(Value::Absent) };
    let answer = Answer::of(model, role);
    // Jepsen repeats what was asked for; that is no answer. Neither is nothing.
    let repeats = value.as_list().is_some_and(|values| !values.is_empty() && asked.ends_with(values))
        || answer != Answer::Matched && asked.last() == Some(value);
    match (answer, value) {
        (Answer::Asked, _) => Ok(value.clone()),
        (_, Value::Null) => Ok(Value::Absent),
        _ if repeats => Ok(Value::Absent),
        (Answer::Truth | Answer::Matched, Value::Bool(_)) | (Answer::Number, Value::Number(_)) => {
            Ok(value.clone())
        }
        (Answer::Matched, Value::Object(fields)) => match fields.get("matched") {
            Some(Value::Bool(matched)) => Ok(Value::Bool(*matched)),
            _ => Err(wrong(role, answer, value)),
        },
        _ => Err(wrong(role, answer, value)),
    }
}

fn wrong(role: &str, answer: Answer, value: &Value) -> String {
    format!("`{role}` answers {}, not `{}`", answer.words(), show_short(value, 40))
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
        for (model, role, asked, value, answer) in [
            ("map", "get", "[3]", Some("3"), "3"),
            ("register", "read", "[]", Some("null"), "null"),
            ("register", "read", "[]", None, "absent"),
            ("counter", "add", "[3]", Some("3"), "absent"),
            ("counter", "add", "[3]", Some("8"), "8"),
            ("set", "add", "[3]", Some("false"), "false"),
            ("register", "write", "[[3]]", Some("[3]"), "absent"),
            ("map", "put", "[\"k\", 3]", Some("3"), "absent"),
            ("map", "put", "[\"k\", 3]", Some("[\"k\", 3]"), "absent"),
            ("set", "contains", "[3]", Some("false"), "false"),
            ("cas_register", "cas", "[1, 2]", Some("[1, 2]"), "absent"),
            ("map", "cas", "[\"k\", 1, 2]", Some("[1, 2]"), "absent"),
            ("cas_register", "cas", "[true, false]", Some("false"), "false"),
            ("map", "cas", "[\"k\", 1, 2]", Some("{\"matched\": true}"), "true"),
            ("lock", "acquire", "[]", Some("true"), "true"),
            ("append_log", "append", "[\"a\"]", Some("0"), "0"),
        ] {
            let asked = json(asked);
            let found = answered(model, role, asked.as_list().unwrap(), value.map(json).as_ref()).unwrap();
            assert_eq!(show(&found), answer, "{model} {role} {value:?}");
        }
        for (model, role, asked, value) in [
            ("register", "write", "[3]", "4"),
            ("register", "write", "[3]", "true"),
            ("map", "remove", "[\"k\"]", "true"),
            ("cas_register", "cas", "[1, 2]", "[2, 1]"),
            ("cas_register", "cas", "[1, 2]", "2"),
            ("cas_register", "cas", "[1, 2]", "{}"),
            ("set", "add", "[3]", "\"true\""),
            ("counter", "add", "[3]", "\"7\""),
            ("counter", "subtract", "[3]", "true"),
            ("lock", "acquire", "[]", "{\"ok\": false}"),
            ("append_log", "append", "[1]", "{\"offset\": 7}"),
        ] {
            let asked = json(asked);
            let found = answered(model, role, asked.as_list().unwrap(), Some(&json(value)));
            assert!(found.is_err(), "{model} {role} {value}");
        }
    }
}
