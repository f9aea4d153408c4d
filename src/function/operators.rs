//! Operators on values.

use std::cmp::Ordering;

use crate::value::{Text, Value};

/// `left + right`
pub fn add(_left: &Value, _right: &Value) -> Result<Value, String> {
    Err("not yet".into())
}

/// `left - right`
pub fn sub(_left: &Value, _right: &Value) -> Result<Value, String> {
    Err("not yet".into())
}

/// `left * right`
pub fn mul(_left: &Value, _right: &Value) -> Result<Value, String> {
    Err("not yet".into())
}

/// `left / right`
pub fn div(_left: &Value, _right: &Value) -> Result<Value, String> {
    Err("not yet".into())
}

/// `left % right`
pub fn rem(_left: &Value, _right: &Value) -> Result<Value, String> {
    Err("not yet".into())
}

/// `-value`
pub fn negate(_value: &Value) -> Result<Value, String> {
    Err("not yet".into())
}

/// The order of two values for `< <= > >=`; `None` when one is NaN. Kinds that have no order, or
/// two different kinds, are an error. Equality is `==` on [`Value`] and never an error.
pub fn compare(_left: &Value, _right: &Value) -> Result<Option<Ordering>, String> {
    Err("not yet".into())
}

/// `needle in haystack`: a list, a range, a text.
pub fn is_in(_needle: &Value, _haystack: &Value) -> Result<bool, String> {
    Err("not yet".into())
}

/// The text of `${value}`.
pub fn text_of(_value: &Value) -> Result<Text, String> {
    Err("not yet".into())
}
