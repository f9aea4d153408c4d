//! Records that are operations: `{ process f args value start end outcome … }`, and how a message
//! tells them.

use super::records::WIDTH;
use super::{Verdict, note};
use crate::event::Detail;
use crate::history::{Operation, Outcome};
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

/// A moment since the run began, in seconds to the microsecond.
pub(super) fn moment(nanos: i64) -> String {
    let micros = nanos.div_euclid(1_000);
    format!("{}.{:06}s", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000))
}

/// A record in few words: an operation as its call, its answer and its times, anything else as it
/// is.
pub(super) fn told(record: &Value) -> String {
    let Ok(operation) = Operation::read(record) else { return show_short(record, WIDTH) };
    let args: Vec<String> = operation.args.iter().map(|arg| show_short(arg, 40)).collect();
    let answer = match (operation.outcome, &operation.value) {
        (Outcome::Fail, _) => " failed".to_owned(),
        (Outcome::Info, _) => " may have taken effect".to_owned(),
        (Outcome::Ok, Value::Absent | Value::Null) => String::new(),
        (Outcome::Ok, value) => format!(" = {}", show_short(value, 60)),
    };
    let who = match &operation.process {
        Value::Absent => String::new(),
        process => format!(" by process {}", show(process)),
    };
    let start = moment(operation.start);
    let when = match operation.end {
        Some(end) => format!("{start} to {}", moment(end)),
        None => format!("from {start} on"),
    };
    format!("{}({}){answer}{who}, {when}", operation.function, args.join(", "))
}
