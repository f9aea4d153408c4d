//! Scalars and the keys of maps.

use std::sync::{Arc, LazyLock};

use prost_reflect::Kind;
use regex::Regex;

use super::{Side, range};
use crate::contract::drawn::judged;
use crate::shape::Pattern;
use crate::value::Value;

/// The least and the greatest value of an integer kind.
fn bounds(kind: &Kind) -> Option<(i128, i128)> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Some((i32::MIN.into(), i32::MAX.into())),
        Kind::Uint32 | Kind::Fixed32 => Some((0, u32::MAX.into())),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Some((i64::MIN.into(), i64::MAX.into())),
        Kind::Uint64 | Kind::Fixed64 => Some((0, u64::MAX.into())),
        _ => None,
    }
}

/// The pattern of a scalar, named as a `.proto` writes it.
pub(super) fn pattern(kind: &Kind, side: Side) -> Pattern {
    let name = format!("{kind:?}").to_lowercase();
    let sent = side == Side::Sent;
    if let Some((low, high)) = bounds(kind) {
        let wide = high > i128::from(u32::MAX);
        return judged(&name, Pattern::Type("int", range(low, high)), move |value| match value {
            Value::Number(number) => number.to_i128().is_some_and(|number| (low..=high).contains(&number)),
            // JSON carries 64 bits as text.
            Value::Text(text) if sent && wide => {
                text.text.parse::<i128>().is_ok_and(|number| (low..=high).contains(&number))
            }
            Value::Null => sent,
            _ => false,
        });
    }
    let basic = |name| Pattern::Type(name, Arc::default());
    match kind {
        Kind::Float => judged(&name, basic("number"), move |value| float(value, sent, true)),
        Kind::Double => judged(&name, basic("number"), move |value| float(value, sent, false)),
        Kind::Bool if !sent => basic("bool"),
        Kind::Bool => judged(&name, basic("bool"), |value| matches!(value, Value::Bool(_) | Value::Null)),
        Kind::Bytes if !sent => basic("bytes"),
        Kind::Bytes => judged(&name, basic("bytes"), |value| match value {
            Value::Bytes(_) | Value::Null => true,
            Value::Text(text) => super::super::value::is_base64(&text.text),
            _ => false,
        }),
        _ if !sent => basic("text"),
        _ => judged(&name, basic("text"), |value| matches!(value, Value::Text(_) | Value::Null)),
    }
}

/// NaN and the infinities are floats too; their texts go in as JSON has them.
fn float(value: &Value, sent: bool, single: bool) -> bool {
    match value {
        Value::Number(number) => {
            let wide = number.to_f64();
            !single || !wide.is_finite() || (wide as f32).is_finite()
        }
        Value::Text(text) => sent && matches!(&*text.text, "NaN" | "Infinity" | "-Infinity"),
        Value::Null => sent,
        _ => false,
    }
}

/// The keys of a map, which values write as texts.
pub(super) fn map_key(kind: &Kind) -> Pattern {
    /// Few enough digits for every kind of integer, and no zero in front: that is how they come
    /// back.
    static DIGITS: LazyLock<Option<Arc<Regex>>> =
        LazyLock::new(|| Regex::new("0|[1-9][0-9]{0,8}").ok().map(Arc::new));
    let text = || Pattern::Type("text", Arc::default());
    match (kind, bounds(kind)) {
        (Kind::Bool, _) => {
            Pattern::Union(["true", "false"].map(|key| Pattern::Equals(Value::text(key))).into())
        }
        (_, Some((low, high))) => {
            let drawn = DIGITS.clone().map_or_else(text, Pattern::Regex);
            judged(&format!("{kind:?}").to_lowercase(), drawn, move |key| {
                let number = key.as_text().and_then(|text| text.parse::<i128>().ok());
                number.is_some_and(|number| (low..=high).contains(&number))
            })
        }
        _ => text(),
    }
}
