//! The order of values, for `< <= > >=`, ranges and relations.

use std::cmp::Ordering;

use super::calendar::parse_datetime;
use crate::value::Value;
use crate::value::words::a_kind;

/// The order of two values; `None` when one is NaN. Numbers, durations, texts, bytes and truth
/// values have an order, and lists by their first differing element. Two texts that are both
/// date-times of RFC 3339 compare as instants, whatever their offsets; other texts by their
/// characters. Two different kinds have no order: that is an error which names them.
pub fn compare(left: &Value, right: &Value) -> Result<Option<Ordering>, String> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => Ok(a.partial_cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Ok(Some(a.cmp(b))),
        (Value::Bool(a), Value::Bool(b)) => Ok(Some(a.cmp(b))),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(Some(a.bytes.cmp(&b.bytes))),
        (Value::Text(a), Value::Text(b)) => match (parse_datetime(&a.text), parse_datetime(&b.text)) {
            (Some(a), Some(b)) => Ok(Some(a.cmp(&b))),
            _ => Ok(Some(a.text.cmp(&b.text))),
        },
        (Value::List(a), Value::List(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match compare(a, b)? {
                    Some(Ordering::Equal) => {}
                    other => return Ok(other),
                }
            }
            Ok(Some(a.len().cmp(&b.len())))
        }
        _ if left.kind() == right.kind() => Err(format!(
            "{} has no order: only numbers, durations, texts, bytes, truth values and lists of them have",
            a_kind(left)
        )),
        _ => {
            Err(format!("{} and {} have no order: they are of different kinds", a_kind(left), a_kind(right)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(left: &str, right: &str) -> Option<Ordering> {
        compare(&Value::text(left), &Value::text(right)).unwrap()
    }

    #[test]
    fn instants_compare_as_instants() {
        assert_eq!(order("2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00Z"), Some(Ordering::Equal));
        assert_eq!(order("2026-11-22T10:00:00+02:00", "2026-11-22T09:00:00Z"), Some(Ordering::Less));
        assert_eq!(order("b", "a"), Some(Ordering::Greater));
    }

    #[test]
    fn kinds_do_not_mix() {
        let error = compare(&Value::int(1), &Value::text("1")).unwrap_err();
        assert_eq!(error, "a number and text have no order: they are of different kinds");
        assert!(compare(&Value::Null, &Value::Null).is_err());
        assert!(compare(&Value::Absent, &Value::int(1)).is_err());
    }
}
