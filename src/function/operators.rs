//! Operators on values. What derives from a secret is secret; two kinds that do not go together
//! are an error that names them both.

use std::sync::Arc;

pub use crate::shape::compare;
use crate::shape::{parse_datetime, show_datetime};
use crate::value::words::a_kind;
use crate::value::{Binary, Number, Text, Value, to_json};

/// `left + right`: numbers, texts, lists, bytes, durations; a date-time and a duration.
pub fn add(left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => number(a.add(b)),
        (Value::Duration(a), Value::Duration(b)) => span(a.checked_add(*b)),
        (Value::Text(a), Value::Text(b)) => {
            Ok(Value::text_with(format!("{}{}", a.text, b.text), a.secret || b.secret))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            let bytes = [&a.bytes[..], &b.bytes[..]].concat().into();
            Ok(Value::Bytes(Binary { bytes, secret: a.secret || b.secret }))
        }
        (Value::List(a), Value::List(b)) => Ok(Value::list(a.iter().chain(b.iter()).cloned().collect())),
        (Value::Text(text), Value::Duration(nanos)) | (Value::Duration(nanos), Value::Text(text))
            if parse_datetime(&text.text).is_some() =>
        {
            moved(text, i128::from(*nanos))
        }
        _ => Err(misfit(
            "+",
            "two numbers, two texts, two lists, two durations, or a date-time and a duration",
            left,
            right,
        )),
    }
}

/// `left - right`: numbers, durations; a date-time less a duration, and the duration between two
/// date-times.
pub fn sub(left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => number(a.sub(b)),
        (Value::Duration(a), Value::Duration(b)) => span(a.checked_sub(*b)),
        (Value::Text(text), Value::Duration(nanos)) if parse_datetime(&text.text).is_some() => {
            moved(text, -i128::from(*nanos))
        }
        (Value::Text(a), Value::Text(b)) => match (parse_datetime(&a.text), parse_datetime(&b.text)) {
            (Some(a), Some(b)) => span(i64::try_from(a - b).ok()),
            _ => Err("`-` takes two numbers, two durations or two date-times; these texts are no date-times"
                .to_owned()),
        },
        _ => Err(misfit("-", "two numbers, two durations, or date-times", left, right)),
    }
}

/// `left * right`: numbers, or a duration and a number.
pub fn mul(left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => number(a.mul(b)),
        (Value::Duration(nanos), Value::Number(factor)) | (Value::Number(factor), Value::Duration(nanos)) => {
            let product = Number::Int(i128::from(*nanos)).mul(factor).and_then(|product| product.round(0));
            span(product.map_err(|e| e.to_string())?.to_i128().and_then(|nanos| i64::try_from(nanos).ok()))
        }
        _ => Err(misfit("*", "two numbers, or a duration and a number", left, right)),
    }
}

/// `left / right`: numbers, a duration by a number, or the number of times one duration goes into
/// another. Exact, or an error that names `round`.
pub fn div(left: &Value, right: &Value) -> Result<Value, String> {
    let nanos = |nanos: &i64| Number::Int(i128::from(*nanos));
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => number(a.div(b)),
        (Value::Duration(a), Value::Duration(b)) => number(nanos(a).div(&nanos(b))),
        (Value::Duration(a), Value::Number(b)) => {
            let quotient = quotient(&nanos(a), b, 0)?;
            span(quotient.to_i128().and_then(|nanos| i64::try_from(nanos).ok()))
        }
        _ => Err(misfit("/", "two numbers, two durations, or a duration and a number", left, right)),
    }
}

/// `left % right`: numbers; the sign is the left one's.
pub fn rem(left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => number(a.rem(b)),
        _ => Err(misfit("%", "two numbers", left, right)),
    }
}

/// `-value`: a number or a duration.
pub fn negate(value: &Value) -> Result<Value, String> {
    match value {
        Value::Number(number) => Ok(Value::Number(number.negate())),
        Value::Duration(nanos) => span(nanos.checked_neg()),
        other => Err(format!("`-` takes a number or a duration, not {}", a_kind(other))),
    }
}

/// The quotient rounded to `digits` after the point, halves away from zero, from the exact value.
pub(crate) fn quotient(left: &Number, right: &Number, digits: i64) -> Result<Number, String> {
    let failed = |e: crate::value::NumberError| e.to_string();
    if let Ok(exact) = left.div(right) {
        return exact.round(digits).map_err(failed);
    }
    // left = right·whole + rest; twice the rest against the divisor decides the last digit.
    let scale: Number = format!("1e{digits}").parse().map_err(failed)?;
    let scaled = left.mul(&scale).map_err(failed)?;
    let rest = scaled.rem(right).map_err(failed)?;
    let whole = scaled.sub(&rest).and_then(|even| even.div(right)).map_err(failed)?;
    let zero = Number::Int(0);
    let positive = |number: &Number| if *number < zero { number.negate() } else { number.clone() };
    let twice = positive(&rest).mul(&Number::Int(2)).map_err(failed)?;
    let up = twice >= positive(right);
    let one = if (*left < zero) == (*right < zero) { Number::Int(1) } else { Number::Int(-1) };
    let rounded = if up { whole.add(&one).map_err(failed)? } else { whole };
    rounded.div(&scale).and_then(|number| number.round(digits)).map_err(failed)
}

/// `needle in haystack`: an element of a list or of a stream so far, a value of a range, a part
/// of a text, a name of an object's fields.
pub fn is_in(needle: &Value, haystack: &Value) -> Result<bool, String> {
    match (needle, haystack) {
        (_, Value::List(items)) => Ok(items.contains(needle)),
        (_, Value::Range(range)) => {
            use std::cmp::Ordering::{Equal, Greater, Less};
            let low = compare(needle, &range.0)?;
            let high = compare(needle, &range.1)?;
            Ok(matches!(low, Some(Greater | Equal)) && matches!(high, Some(Less | Equal)))
        }
        (Value::Text(part), Value::Text(text)) => Ok(text.text.contains(&*part.text)),
        (Value::Text(text), Value::Regex(regex)) => {
            Ok(crate::shape::fits(&crate::shape::Pattern::Regex(regex.clone()), &Value::Text(text.clone())))
        }
        (Value::Text(name), Value::Object(fields)) => Ok(fields.contains_key(&name.text)),
        (_, Value::Live(live)) if live.items().is_some() => {
            Ok(live.items().unwrap_or_default().contains(needle))
        }
        _ => Err(format!(
            "`in` looks into a list, a range or a text, not for {} in {}",
            a_kind(needle),
            a_kind(haystack)
        )),
    }
}

/// The text of `${value}`: texts as they are, numbers by their digits, objects and lists as JSON.
/// `null`, absent fields and bytes have no text: that would hide a mistake.
pub fn text_of(value: &Value) -> Result<Text, String> {
    let plain = |text: String| Ok(Text { text: text.into(), secret: value.is_secret() });
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Duration(_) => plain(crate::value::show(value)),
        Value::List(_) | Value::Object(_) => plain(to_json(value)),
        Value::Live(live) if live.items().is_some() => plain(to_json(value)),
        Value::Live(live) => Ok(Text { text: live.name(), secret: false }),
        Value::Regex(regex) => plain(regex.as_str().to_owned()),
        Value::Range(_) => plain(crate::value::show(value)),
        Value::Bytes(_) => {
            Err("bytes have no text: say which, with `base64(…)`, `hex(…)` or `utf8(…)`".to_owned())
        }
        Value::Null | Value::Absent => Err(format!("{} has no text", value.kind())),
        Value::Tagged(tagged) => Err(format!("`{}(…)` has no text", tagged.tag)),
    }
}

/// A date-time some nanoseconds later, in UTC.
fn moved(text: &Text, by: i128) -> Result<Value, String> {
    let shown = parse_datetime(&text.text).and_then(|at| show_datetime(at + by));
    match shown {
        Some(shown) => Ok(Value::text_with(shown, text.secret)),
        None => Err("the date-time lies outside the years 0 to 9999".to_owned()),
    }
}

fn number(result: Result<Number, crate::value::NumberError>) -> Result<Value, String> {
    result.map(Value::Number).map_err(|error| error.to_string())
}

fn span(nanos: Option<i64>) -> Result<Value, String> {
    nanos.map(Value::Duration).ok_or_else(|| "a duration of more than 292 years is refused".to_owned())
}

fn misfit(symbol: &str, takes: &str, left: &Value, right: &Value) -> String {
    format!("`{symbol}` takes {takes}; this is {} {symbol} {}", left.kind(), right.kind())
}

/// A text that is secret as soon as one of its sources is.
pub(super) fn derived(text: impl Into<Arc<str>>, sources: &[&Value]) -> Value {
    Value::text_with(text, sources.iter().any(|source| source.is_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cmp::Ordering;

    fn n(text: &str) -> Value {
        Value::Number(text.parse().unwrap())
    }

    fn secret() -> Value {
        Value::text_with("geheimnis", true)
    }

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(add(&n("0.1"), &n("0.2")).unwrap(), n("0.3"));
        assert_eq!(mul(&n("29.99"), &n("2")).unwrap(), n("59.98"));
        assert_eq!(add(&n("9007199254740993"), &n("0")).unwrap(), n("9007199254740993"));
        assert!(div(&n("1"), &n("3")).unwrap_err().contains("round"));
        assert!(div(&n("1"), &n("0")).unwrap_err().contains("zero"));
        assert_eq!(rem(&n("-7"), &n("3")).unwrap(), n("-1"));
    }

    #[test]
    fn quotients_round_from_the_exact_value() {
        for (a, b, digits, want) in [
            ("1", "3", 2, "0.33"),
            ("2", "3", 2, "0.67"),
            ("-2", "3", 0, "-1"),
            ("1", "-3", 1, "-0.3"),
            ("1", "8", 2, "0.13"),
            ("10", "6", 0, "2"),
            ("1000", "7", -1, "140"),
        ] {
            let got = quotient(n(a).as_number().unwrap(), n(b).as_number().unwrap(), digits).unwrap();
            assert_eq!(Value::Number(got), n(want), "{a}/{b}");
        }
    }

    #[test]
    fn durations_and_instants() {
        let (one, two) = (Value::Duration(SECOND), Value::Duration(2 * SECOND));
        assert_eq!(add(&one, &one).unwrap(), two);
        assert_eq!(mul(&one, &n("2")).unwrap(), two);
        assert_eq!(mul(&n("0.5"), &two).unwrap(), one);
        assert_eq!(div(&two, &one).unwrap(), n("2"));
        assert_eq!(div(&one, &n("3")).unwrap(), Value::Duration(333_333_333));
        assert!(add(&Value::Duration(i64::MAX), &one).unwrap_err().contains("292"));
        let noon = Value::text("2026-11-22T12:00:00Z");
        let later = add(&noon, &one).unwrap();
        assert_eq!(later, Value::text("2026-11-22T12:00:01Z"));
        assert_eq!(sub(&later, &noon).unwrap(), one);
        assert_eq!(compare(&noon, &later).unwrap(), Some(Ordering::Less));
    }

    #[test]
    fn taint_survives() {
        assert!(add(&secret(), &Value::text("x")).unwrap().is_secret());
        assert!(add(&Value::text("x"), &secret()).unwrap().is_secret());
        assert!(text_of(&secret()).unwrap().secret);
        assert!(text_of(&Value::list(vec![secret()])).unwrap().secret);
        assert!(add(&Value::list(vec![secret()]), &Value::list(vec![])).unwrap().is_secret());
        assert!(!add(&Value::text("x"), &Value::text("x")).unwrap().is_secret());
    }

    #[test]
    fn kinds_that_do_not_fit_are_named() {
        assert_eq!(
            add(&n("1"), &Value::text("1")).unwrap_err(),
            "`+` takes two numbers, two texts, two lists, two durations, or a date-time and a duration; this is number + text"
        );
        assert!(sub(&Value::text("a"), &Value::text("b")).is_err());
        assert!(mul(&Value::Null, &n("1")).unwrap_err().contains("null * number"));
        assert!(rem(&n("1"), &Value::Duration(1)).is_err());
        assert!(negate(&Value::text("a")).is_err());
        for value in [Value::Null, Value::Absent, Value::bytes(&b"a"[..])] {
            assert!(text_of(&value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn membership() {
        let list = Value::list(vec![n("1.0"), Value::text("a")]);
        assert!(is_in(&n("1"), &list).unwrap());
        assert!(!is_in(&Value::text("1"), &list).unwrap());
        let range = Value::Range(Arc::new((n("1"), n("9"))));
        assert!(is_in(&n("9"), &range).unwrap() && !is_in(&n("9.1"), &range).unwrap());
        assert!(is_in(&Value::text("5"), &range).is_err());
        assert!(is_in(&n("1"), &Value::Null).is_err());
    }
}
