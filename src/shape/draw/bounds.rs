//! Leaves between bounds: ranges of numbers, times and spans of time, and what a comparison
//! leaves of them.

use std::cmp::Ordering;

use bigdecimal::num_traits::ToPrimitive as _;
use bigdecimal::{BigDecimal, RoundingMode};

use super::leaf::{Leaf, SECOND};
use crate::shape::Comparison;
use crate::shape::Pattern;
use crate::shape::calendar::{parse_date, parse_datetime};
use crate::shape::describe::describe_short;
use crate::shape::order::compare;
use crate::value::{Number, Value, show};

/// How far from its bound a comparison with a number is drawn, in whole numbers.
const FAR: i128 = 1_000;
const MILLISECOND: i128 = 1_000_000;
const DAY: i128 = 86_400;

/// A number of units with so many digits after the point.
pub(super) fn scaled(units: i128, scale: i64) -> Value {
    match scale {
        0 => Value::int(units),
        scale => Value::Number(Number::from_decimal(BigDecimal::new(units.into(), scale))),
    }
}

/// A range by its ends alone.
pub(super) fn range(low: &Value, high: &Value) -> Result<Leaf, String> {
    let dates = |a: &str, b: &str| parse_date(a).is_some() && parse_date(b).is_some();
    let times = |a: &str, b: &str| parse_datetime(a).is_some() && parse_datetime(b).is_some();
    match (low, high) {
        (Value::Number(_), Value::Number(_)) => between("decimal", low, high),
        (Value::Duration(_), Value::Duration(_)) => between("duration", low, high),
        (Value::Text(a), Value::Text(b)) if dates(&a.text, &b.text) => between("date", low, high),
        (Value::Text(a), Value::Text(b)) if times(&a.text, &b.text) => between("datetime", low, high),
        (Value::Text(a), Value::Text(b)) if a.text <= b.text => {
            // Everything that goes on after the lower end lies between them, unless the upper end
            // does so too; the ends themselves always do.
            match b.text.starts_with(&*a.text) {
                true => Ok(Leaf::Only(low.clone())),
                false => Ok(Leaf::Longer(a.text.to_string(), 8)),
            }
        }
        _ if compare(low, high) == Ok(Some(Ordering::Equal)) => Ok(Leaf::Only(low.clone())),
        (Value::Text(_), Value::Text(_)) => Err(empty(low, high)),
        _ => Err(format!(
            "nothing can be drawn of {}..{}: the ends are no numbers, durations, dates or texts",
            show(low),
            show(high)
        )),
    }
}

fn empty(low: &Value, high: &Value) -> String {
    format!("the range {}..{} is empty", show(low), show(high))
}

/// A built-in shape between bounds, both included.
pub(super) fn between(name: &str, low: &Value, high: &Value) -> Result<Leaf, String> {
    match (low, high) {
        (Value::Number(a), Value::Number(b)) => numbers(name, a, b, || empty(low, high)),
        (Value::Duration(a), Value::Duration(b)) if a <= b => {
            let (a, b) = (i128::from(*a), i128::from(*b));
            // Whole milliseconds where the bounds allow it: that is what people write.
            Ok(match steps(a, b, MILLISECOND) {
                Some((low, high)) => Leaf::Duration { low, high, step: MILLISECOND },
                None => Leaf::Duration { low: a, high: b, step: 1 },
            })
        }
        (Value::Text(a), Value::Text(b)) => {
            if let (Some(a), Some(b)) = (parse_date(&a.text), parse_date(&b.text)) {
                return if a <= b { Ok(Leaf::Date(a, b)) } else { Err(empty(low, high)) };
            }
            match (parse_datetime(&a.text), parse_datetime(&b.text)) {
                (Some(a), Some(b)) if a <= b => Ok(match steps(a, b, SECOND) {
                    Some((low, high)) => Leaf::Datetime { low, high, step: SECOND },
                    None => Leaf::Datetime { low: a, high: b, step: 1 },
                }),
                _ => Err(empty(low, high)),
            }
        }
        _ => Err(empty(low, high)),
    }
}

/// The whole steps between two ends, when there are any.
fn steps(low: i128, high: i128, step: i128) -> Option<(i128, i128)> {
    let (first, last) = (-(-low).div_euclid(step), high.div_euclid(step));
    (first <= last).then_some((first, last))
}

fn numbers(name: &str, low: &Number, high: &Number, empty: impl Fn() -> String) -> Result<Leaf, String> {
    let (low, high) = (exact(low)?, exact(high)?);
    // As many digits after the point as the bounds show: 0.00..500.00 draws cents.
    let scale = match name {
        "int" => 0,
        _ => low.fractional_digit_count().max(high.fractional_digit_count()).max(0),
    };
    let (first, last) = (units(&low, scale, RoundingMode::Ceiling), units(&high, scale, RoundingMode::Floor));
    match (first, last) {
        (Some(low), Some(high)) if low <= high => Ok(Leaf::Units { low, high, scale }),
        (Some(_), Some(_)) => Err(empty()),
        _ => Err("the bounds have too many digits to draw between them".to_owned()),
    }
}

fn units(bound: &BigDecimal, scale: i64, mode: RoundingMode) -> Option<i128> {
    bound.with_scale_round(scale, mode).as_bigint_and_exponent().0.to_i128()
}

fn exact(number: &Number) -> Result<BigDecimal, String> {
    number.to_decimal().map_err(|error| error.to_string())
}

/// What `> 0` and its like leave: something on the right side of the bound, and near it.
pub(super) fn compared(op: Comparison, bound: &Value) -> Result<Leaf, String> {
    let up = matches!(op, Comparison::Greater | Comparison::GreaterEqual | Comparison::NotEqual);
    let strict = !matches!(op, Comparison::GreaterEqual | Comparison::LessEqual);
    let none = || {
        let pattern = Pattern::Compare(op, bound.clone());
        Err(format!("nothing can be drawn of `{}`: say more about it", describe_short(&pattern)))
    };
    // From the bound to so far beyond it, in steps.
    let span = |at: i128, far: i128| {
        let near = i128::from(strict);
        if up {
            (at.checked_add(near), at.checked_add(far))
        } else {
            (at.checked_sub(far), at.checked_sub(near))
        }
    };
    match bound {
        _ if op == Comparison::Equal => Ok(Leaf::Only(bound.clone())),
        Value::Number(number) => {
            let decimal = exact(number)?;
            let scale = decimal.fractional_digit_count().max(0);
            let far = 10i128.checked_pow(scale as u32).and_then(|unit| unit.checked_mul(FAR));
            let at = units(&decimal, scale, RoundingMode::Floor);
            match at.zip(far).map(|(at, far)| span(at, far)) {
                Some((Some(low), Some(high))) => Ok(Leaf::Units { low, high, scale }),
                // Too large to count: the next whole number is enough.
                _ => {
                    let one = Number::Int(1);
                    let next = if up { number.add(&one) } else { number.sub(&one) };
                    next.map(|next| Leaf::Only(Value::Number(next))).map_err(|error| error.to_string())
                }
            }
        }
        Value::Duration(nanos) => {
            let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
            match span((*nanos).into(), FAR * MILLISECOND) {
                (Some(low), Some(high)) if low <= most && high >= least => {
                    Ok(Leaf::Duration { low: low.max(least), high: high.min(most), step: 1 })
                }
                _ => none(),
            }
        }
        Value::Bool(at) => match (op, at) {
            (Comparison::NotEqual, at) => Ok(Leaf::Only(Value::Bool(!at))),
            (Comparison::Greater, false) | (Comparison::GreaterEqual, true) => {
                Ok(Leaf::Only(Value::Bool(true)))
            }
            (Comparison::Less, true) | (Comparison::LessEqual, false) => Ok(Leaf::Only(Value::Bool(false))),
            (Comparison::GreaterEqual, false) | (Comparison::LessEqual, true) => Ok(Leaf::Bool),
            _ => none(),
        },
        Value::Text(text) => texts(op, &text.text, span).map_or_else(none, Ok),
        Value::Bytes(bytes) if up => Ok(Leaf::Only(Value::bytes([&bytes.bytes[..], b"0"].concat()))),
        Value::Bytes(bytes) if !strict => Ok(Leaf::Only(Value::bytes(bytes.bytes.clone()))),
        Value::Bytes(bytes) if !bytes.bytes.is_empty() => Ok(Leaf::Only(Value::bytes(Vec::new()))),
        // Whatever is there differs from what is no text.
        _ if op == Comparison::NotEqual => Ok(Leaf::Text(1, 12)),
        _ => none(),
    }
}

fn texts(
    op: Comparison,
    bound: &str,
    span: impl Fn(i128, i128) -> (Option<i128>, Option<i128>),
) -> Option<Leaf> {
    let up = matches!(op, Comparison::Greater | Comparison::GreaterEqual | Comparison::NotEqual);
    if let Some(day) = parse_date(bound) {
        // The years of four digits.
        let (first, last) = (-719_528, 2_932_896);
        let (low, high) = span(day.into(), FAR);
        let (low, high) = (low?.max(first) as i64, high?.min(last) as i64);
        return (low <= high).then_some(Leaf::Date(low, high));
    }
    if let Some(at) = parse_datetime(bound) {
        let (first, last) = (-719_528 * DAY * SECOND, (2_932_897 * DAY - 1) * SECOND);
        let (low, high) = span(at, FAR * DAY * SECOND);
        let (low, high) = (low?.max(first), high?.min(last));
        return match steps(low, high, SECOND) {
            Some((low, high)) => Some(Leaf::Datetime { low, high, step: SECOND }),
            None => (low <= high).then_some(Leaf::Datetime { low, high, step: 1 }),
        };
    }
    match op {
        // What goes on after the bound is greater, and what ends before it is less.
        _ if up => Some(Leaf::Longer(bound.to_owned(), 8)),
        Comparison::LessEqual => Some(Leaf::Only(Value::text(bound))),
        _ => {
            let end = bound.char_indices().next_back()?.0;
            Some(Leaf::Only(Value::text(&bound[..end])))
        }
    }
}
