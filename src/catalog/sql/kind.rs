//! What the types of columns make of texts.

use crate::value::{Number, Value};

/// What a column holds, as far as a text of it is read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Bool,
    Bytes,
    /// Bytes, in MySQL also of a text as it stands; in SQLite whatever is put there.
    Blob,
    Text,
}

const NUMBERS: &[&str] = &[
    "smallint",
    "integer",
    "int",
    "int2",
    "int4",
    "int8",
    "bigint",
    "decimal",
    "numeric",
    "real",
    "double",
    "float4",
    "float8",
    "serial",
    "bigserial",
    "smallserial",
    "oid",
];

impl Kind {
    /// The kind of a type as a dump writes it, such as `numeric(10,2)`.
    pub(super) fn of(ty: &str) -> Kind {
        let first = ty.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        match first.to_ascii_lowercase().as_str() {
            _ if ty.trim_end().ends_with(']') => Kind::Text,
            "boolean" | "bool" => Kind::Bool,
            "bytea" => Kind::Bytes,
            "binary" | "varbinary" | "blob" | "tinyblob" | "mediumblob" | "longblob" => Kind::Blob,
            word if NUMBERS.contains(&word) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

/// A text as what its column holds; what is no such thing stays text, such as `NaN`.
pub(super) fn typed(text: &str, kind: Kind) -> Value {
    let found = match (kind, text) {
        (Kind::Bool, "t" | "true") => Some(Value::Bool(true)),
        (Kind::Bool, "f" | "false") => Some(Value::Bool(false)),
        (Kind::Number, _) => number(text),
        (Kind::Bytes, _) => text.strip_prefix("\\x").and_then(hex).map(Value::bytes),
        _ => None,
    };
    found.unwrap_or_else(|| Value::text(text))
}

/// Digits with a sign, a point and an exponent; not `NaN`, and no `_` between.
pub(super) fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let good = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && !digits.contains('_');
    let whole = digits.strip_prefix('.').map(|rest| format!("0.{rest}"));
    let sign = if text.starts_with('-') { "-" } else { "" };
    let digits = whole.as_deref().unwrap_or(digits);
    let digits = digits.strip_suffix('.').unwrap_or(digits);
    good.then(|| format!("{sign}{digits}").parse::<Number>().ok().map(Value::Number)).flatten()
}

/// Bytes of pairs of hexadecimal digits.
pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8)).collect()
}
