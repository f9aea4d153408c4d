//! A line of a service's log as people read it: of a JSON object the time of day, the level and the
//! message, then its other fields. Everything else stays as the service wrote it.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::value::level;

const TIME: &[&str] = &["time", "ts", "timestamp", "@timestamp"];
const LEVEL: &[&str] = &["level", "severity", "lvl"];
const MESSAGE: &[&str] = &["msg", "message"];

/// `07:21:03.120 ERROR cannot post order=7 attempt=3`
pub(super) fn told(line: &str) -> String {
    match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(fields)) if !fields.is_empty() => of_fields(fields),
        _ => line.to_owned(),
    }
}

fn of_fields(mut fields: Map<String, Value>) -> String {
    let mut take = |names: &[&str]| names.iter().find_map(|name| fields.shift_remove(*name));
    let heads = [
        take(TIME).map(|time| time_of_day(&shown(&time))),
        take(LEVEL).map(|written| level(&shown(&written))),
        take(MESSAGE).map(|message| shown(&message)),
    ];
    let heads: Vec<String> = heads.into_iter().flatten().collect();
    let mut told = heads.join(" ");
    for (name, value) in &fields {
        let gap = if told.is_empty() { "" } else { " " };
        let value = match value {
            Value::String(text) if text.is_empty() || text.contains([' ', '"', '=']) => value.to_string(),
            value => shown(value),
        };
        // Writing to a text cannot fail.
        let _ = write!(told, "{gap}{name}={value}");
    }
    told
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The time of a date-time to the millisecond; other times as they are.
fn time_of_day(time: &str) -> String {
    match chrono::DateTime::parse_from_rfc3339(time) {
        Ok(time) => time.format("%H:%M:%S%.3f").to_string(),
        Err(_) => time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn objects_are_told_and_all_else_stays() {
        for (line, wanted) in [
            (
                r#"{"time":"2026-11-23T07:21:03.120456Z","level":"error","msg":"cannot post","order":7,"why":"no room","by":{"a":[1]}}"#,
                r#"07:21:03.120 ERROR cannot post order=7 why="no room" by={"a":[1]}"#,
            ),
            (r#"{"level":50,"msg":"down"}"#, "ERROR down"),
            (
                r#"{"message":"up","ts":1700000000.5,"port":"80","empty":""}"#,
                r#"1700000000.5 up port=80 empty="""#,
            ),
            (r#"{"a":null}"#, "a=null"),
            ("{}", "{}"),
            (r#"{"a":"#, r#"{"a":"#),
            ("[1] plain  text", "[1] plain  text"),
            ("", ""),
        ] {
            assert_eq!(told(line), wanted);
        }
    }
}
