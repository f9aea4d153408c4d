//! What a message carries that its contract does not know.

use crate::contract::proto::value::UNKNOWN;
use crate::value::Value;

/// The paths at which a message carries fields that its contract does not know.
pub fn unknown_fields(message: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<(String, &Value)> = vec![(String::new(), message)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields.iter() {
                    if &**name == UNKNOWN {
                        found.push(path.clone());
                    } else {
                        open.push((format!("{path}.{name}"), value));
                    }
                }
            }
            Value::List(items) => {
                // What one element carries, all do.
                open.extend(items.iter().map(|item| (format!("{path}[*]"), item)));
            }
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}
