//! Operations in words.

use std::cmp::Ordering;

use crate::history::{Operation, Outcome};
use crate::value::{Value, show, show_short};

/// An operation as it was called and what it returned, each part cut to so many characters:
/// `read → 1`, `cas 1 2 → false`, `write 3 → ?` when nobody knows.
pub fn word(operation: &Operation, width: usize) -> String {
    let mut text = operation.function.to_string();
    for arg in &operation.args {
        text.push(' ');
        text.push_str(&show_short(arg, width));
    }
    match (operation.outcome, &operation.value) {
        (Outcome::Info, _) => text.push_str(" → ?"),
        (Outcome::Fail, _) => text.push_str(" failed"),
        (Outcome::Ok, Value::Absent) => {}
        (Outcome::Ok, value) => {
            text.push_str(" → ");
            text.push_str(&show_short(value, width));
        }
    }
    text
}

/// When an operation was at work, since the run began: `12ms – 15ms`.
pub fn when(operation: &Operation) -> String {
    let time = |nanos| show(&Value::Duration(nanos));
    match operation.end {
        Some(end) => format!("{} – {}", time(operation.start), time(end)),
        None => format!("{} – …", time(operation.start)),
    }
}

/// A process by its name: `process 3`, or the text it is called by.
pub(super) fn process(process: &Value) -> String {
    match process {
        Value::Text(text) => text.text.to_string(),
        Value::Absent | Value::Null => "process".to_owned(),
        other => format!("process {}", show_short(other, 16)),
    }
}

/// Processes in the order of their numbers, then of their names.
pub(super) fn by_name(one: &str, other: &str) -> Ordering {
    let number = |text: &str| text.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok();
    let bare = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    bare(one).cmp(&bare(other)).then_with(|| number(one).cmp(&number(other))).then_with(|| one.cmp(other))
}
