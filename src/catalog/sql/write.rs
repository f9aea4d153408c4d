//! Values as literals, and names as identifiers.

use std::fmt::Write as _;

use super::Dialect;
use crate::value::{Number, Value, to_json};

/// A name in the quotes of a dialect.
pub fn identifier(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A value as a literal. Lists and objects are texts of JSON. Errors: a text with a NUL character
/// or a number that is not finite, where the dialect has no form for it.
pub fn literal(value: &Value, dialect: Dialect) -> Result<String, String> {
    Ok(match value {
        Value::Null | Value::Absent => "NULL".to_owned(),
        Value::Bool(value) if dialect == Dialect::Sqlite => u8::from(*value).to_string(),
        Value::Bool(value) => if *value { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Number(Number::Float { value, .. }) if !value.is_finite() => match dialect {
            Dialect::Postgres if value.is_nan() => "'NaN'".to_owned(),
            Dialect::Postgres => format!("'{}Infinity'", if *value < 0.0 { "-" } else { "" }),
            _ => return Err(format!("`{value}` has no literal in this dialect")),
        },
        Value::Number(number) => number.to_string(),
        Value::Text(text) => quoted(&text.text, dialect)?,
        Value::Bytes(bytes) => {
            let digits = bytes.bytes.iter().fold(String::new(), |mut digits, byte| {
                let _ = write!(digits, "{byte:02x}");
                digits
            });
            if dialect == Dialect::Postgres { format!("'\\x{digits}'") } else { format!("X'{digits}'") }
        }
        Value::Duration(_) => quoted(to_json(value).trim_matches('"'), dialect)?,
        other => quoted(&to_json(other), dialect)?,
    })
}

fn quoted(text: &str, dialect: Dialect) -> Result<String, String> {
    if dialect == Dialect::Mysql {
        let mut out = String::from("'");
        for c in text.chars() {
            match c {
                '\'' => out.push_str("''"),
                '\\' => out.push_str("\\\\"),
                '\0' => out.push_str("\\0"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\u{1a}' => out.push_str("\\Z"),
                c => out.push(c),
            }
        }
        out.push('\'');
        return Ok(out);
    }
    if text.contains('\0') {
        return Err("a text with a NUL character has no literal in this dialect".to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', "''")))
}

/// A cell of `COPY`, in its text format.
pub fn copied(value: &Value) -> Result<String, String> {
    let text = match value {
        Value::Null | Value::Absent => return Ok("\\N".to_owned()),
        Value::Bool(value) => return Ok(if *value { "t" } else { "f" }.to_owned()),
        Value::Bytes(_) => literal(value, Dialect::Postgres)?.trim_matches('\'').to_owned(),
        Value::Text(text) => text.text.to_string(),
        Value::Number(number) => number.to_string(),
        other => to_json(other),
    };
    if text.contains('\0') {
        return Err("a text with a NUL character has no form in `COPY`".to_owned());
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    Ok(out)
}
