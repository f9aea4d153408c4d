//! Values to rhai and back. Integers of 64 bits are integers there, all other numbers are decimals
//! of at most 28 digits; more is an error, never rounded. Durations become their milliseconds,
//! bytes blobs, `null` and absent fields `()`, regexes their text, histories the list of their
//! records. rhai keeps the fields of an object in alphabetical order.

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::{Signed as _, ToPrimitive as _};
use rhai::{Array, Dynamic, Map};
use rust_decimal::Decimal;

use crate::value::{Binary, Number, Value};

/// Nesting past this is refused.
const MAX_DEPTH: usize = 128;

/// A value for a script.
pub(super) fn to_rhai(value: &Value) -> Result<Dynamic, String> {
    into(value, 0)
}

fn into(value: &Value, depth: usize) -> Result<Dynamic, String> {
    if depth > MAX_DEPTH {
        return Err(format!("a value nested more than {MAX_DEPTH} deep is too deep for a script"));
    }
    Ok(match value {
        Value::Null | Value::Absent => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number_to_rhai(number)?,
        Value::Text(text) => text.text.to_string().into(),
        Value::Bytes(bytes) => Dynamic::from_blob(bytes.bytes.to_vec()),
        Value::Duration(nanos) => {
            let millis = Number::Int(i128::from(*nanos)).div(&Number::Int(1_000_000));
            number_to_rhai(&millis.map_err(|error| error.to_string())?)?
        }
        Value::List(items) => array(items, depth)?,
        Value::Object(fields) => {
            let mut map = Map::new();
            for (name, value) in fields.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
                map.insert(name.as_ref().into(), into(value, depth + 1)?);
            }
            Dynamic::from_map(map)
        }
        Value::Range(range) => {
            Dynamic::from_array(vec![into(&range.0, depth + 1)?, into(&range.1, depth + 1)?])
        }
        Value::Regex(regex) => regex.as_str().to_owned().into(),
        Value::Tagged(tagged) => into(&tagged.value, depth + 1)?,
        Value::Live(live) => match live.items() {
            Some(items) => array(&items, depth)?,
            None => live.name().to_string().into(),
        },
    })
}

fn array(items: &[Value], depth: usize) -> Result<Dynamic, String> {
    let items: Result<Array, String> = items.iter().map(|item| into(item, depth + 1)).collect();
    Ok(Dynamic::from_array(items?))
}

fn number_to_rhai(number: &Number) -> Result<Dynamic, String> {
    if let Number::Int(value) = number
        && let Ok(small) = i64::try_from(*value)
    {
        return Ok(small.into());
    }
    to_decimal(number).map(Dynamic::from_decimal)
}

/// The decimal of 28 digits with the same value.
pub(super) fn to_decimal(number: &Number) -> Result<Decimal, String> {
    let exact = number.to_decimal().map_err(|error| error.to_string())?;
    let fit = |exact: &BigDecimal| {
        let (digits, scale) = exact.as_bigint_and_exponent();
        let scale = u32::try_from(scale).ok().filter(|scale| *scale <= 28)?;
        Decimal::try_from_i128_with_scale(digits.to_i128()?, scale).ok()
    };
    let (_, scale) = exact.as_bigint_and_exponent();
    // `1e5` has a negative scale, and `1.000…` with thirty zeros too many digits: same values,
    // written otherwise. A huge exponent is not written out.
    let rewritten = if scale < 0 && scale > -30 { exact.with_scale(0) } else { exact.clone() };
    fit(&rewritten).or_else(|| fit(&exact.normalized())).ok_or_else(|| {
        let sign = if exact.is_negative() { "negative " } else { "" };
        format!("a {sign}number of more than 28 digits does not fit into a script, which would round it")
    })
}

/// The exact number of a decimal.
pub(super) fn to_number(decimal: &Decimal) -> Number {
    Number::from_decimal(BigDecimal::new(decimal.mantissa().into(), i64::from(decimal.scale())))
}

/// The value that a script ended with; texts and bytes are secret when the script was given one.
pub(super) fn from_rhai(value: &Dynamic, secret: bool) -> Result<Value, String> {
    from(value, secret, 0)
}

fn from(value: &Dynamic, secret: bool, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the script ended with a value nested more than {MAX_DEPTH} deep"));
    }
    let failed = |kind: &str| format!("the script's {kind} cannot be read");
    if value.is_unit() {
        Ok(Value::Null)
    } else if let Ok(value) = value.as_bool() {
        Ok(Value::Bool(value))
    } else if let Ok(value) = value.as_int() {
        Ok(Value::int(value))
    } else if let Ok(value) = value.as_decimal() {
        Ok(Value::Number(to_number(&value)))
    } else if value.is_string() || value.is_char() {
        let text = if value.is_char() {
            value.as_char().map(String::from).map_err(failed)?
        } else {
            value.clone().into_string().map_err(failed)?
        };
        Ok(Value::text_with(text, secret))
    } else if value.is_blob() {
        let bytes = value.clone().into_blob().map_err(failed)?.into();
        Ok(Value::Bytes(Binary { bytes, secret }))
    } else if value.is_array() {
        let items = value.as_array_ref().map_err(failed)?;
        let items: Result<Vec<Value>, String> =
            items.iter().map(|item| from(item, secret, depth + 1)).collect();
        items.map(Value::list)
    } else if value.is_map() {
        let map = value.as_map_ref().map_err(failed)?;
        let mut fields = Vec::with_capacity(map.len());
        for (name, value) in map.iter() {
            fields.push((name.as_str(), from(value, secret, depth + 1)?));
        }
        Ok(Value::object(fields))
    } else {
        Err(format!("the script ended with a {}, which is no value", value.type_name()))
    }
}
