//! Catalogs: data from CSV, JSON, YAML and SQL dumps as values. Texts come in, values and the place
//! of the first mistake come out; nothing is guessed and nothing is lost.

pub mod csv;
mod place;
pub mod sql;
mod write_yaml;
mod yaml;

pub use place::Malformed;
pub use write_yaml::to_yaml;
pub use yaml::from_yaml;
pub(crate) use yaml::scalar as yaml_scalar;

use crate::value::{JsonError, Value, from_json};

/// The most bytes of a file that is read as a catalog: a catalog is held in memory.
pub const MAX_BYTES: u64 = 100 * 1024 * 1024;

/// Reads one JSON value (RFC 8259); a byte order mark is left out.
pub fn json(text: &[u8]) -> Result<Value, Malformed> {
    from_json(text.strip_prefix(place::BOM).unwrap_or(text)).map_err(Malformed::from)
}

/// Reads a JSON value from every line that is not blank, as a list.
pub fn json_lines(text: &[u8]) -> Result<Value, Malformed> {
    let text = place::text(text)?;
    let mut values = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let value = from_json(line.as_bytes());
        values.push(value.map_err(|error| Malformed { line: index + 1, ..Malformed::from(error) })?);
    }
    Ok(Value::list(values))
}

impl From<JsonError> for Malformed {
    fn from(error: JsonError) -> Malformed {
        Malformed { message: error.message, line: error.line, column: error.column }
    }
}

#[cfg(test)]
mod tests;
