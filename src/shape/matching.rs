//! Matching.

use super::{Differences, FieldPattern, Pattern};
use crate::value::Value;

/// Every path at which the value does not fit the pattern.
pub fn mismatches(_pattern: &Pattern, _value: &Value) -> Differences {
    Differences::invalid("not yet")
}

/// What the value lacks of the operand of `contains`.
pub fn contains(_pattern: &Pattern, _value: &Value) -> Differences {
    Differences::invalid("not yet")
}

/// Every path at which two values differ; lists are aligned.
pub fn diff(_expected: &Value, _actual: &Value) -> Differences {
    Differences::invalid("not yet")
}

/// The pattern as the language writes it, secrets masked.
pub fn describe(pattern: &Pattern) -> String {
    format!("{pattern:?}")
}

/// `Order { state: "PAID" }`: the shape with some fields overridden; it stays as open as it is.
pub fn refine(_pattern: &Pattern, _fields: Vec<FieldPattern>) -> Result<Pattern, String> {
    Err("not yet".into())
}
