//! Records that are operations: `{ process f args value start end outcome … }`, and how a message
//! tells them.

use super::records::WIDTH;
use super::{Verdict, note};
use crate::event::Detail;
use crate::history::{Operation, picture};
use crate::value::{Value, show, show_short};

/// A record of the subject in few words.
fn shown(at: usize, record: &Value) -> Detail {
    Detail::Value { expression: format!("[{at}]"), value: show_short(record, WIDTH) }
}

/// The records as operations.
pub(super) fn operations(records: &[Value]) -> Result<Vec<Operation>, Verdict> {
    let read = |(at, record): (usize, &Value)| {
        Operation::read(record)
            .map_err(|why| Verdict::Invalid(vec![note(format!("record [{at}]: {why}")), shown(at, record)]))
    };
    records.iter().enumerate().map(read).collect()
}

/// A record in few words: an operation as its call, its answer and who made it, with its times unless
/// these are said beside it; anything else as it is.
pub(super) fn told(record: &Value, timed: bool) -> String {
    let Ok(operation) = Operation::read(record) else { return show_short(record, WIDTH) };
    let mut text = picture::word(&operation, 60);
    match &operation.process {
        Value::Absent | Value::Null => {}
        Value::Text(name) => text.push_str(&format!(", {}", name.text)),
        process => text.push_str(&format!(", process {}", show(process))),
    }
    if timed {
        text.push_str(&format!(", {}", picture::when(&operation)));
    }
    text
}
