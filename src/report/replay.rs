//! Reading an event file back.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use crate::event::{Event, EventKind, FORMAT};

/// Why a file cannot be replayed, with the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ReplayError {
    /// The file.
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// What is wrong; lower case.
    pub message: String,
}

/// Hands every event of a file to `each`, in order; stops when `each` says `false`.
///
/// # Errors
/// The file cannot be read, is no event file, is of a later format, or ends before the run does.
/// What could be read before that was handed on.
pub fn read_run(path: &Path, mut each: impl FnMut(Event) -> bool) -> Result<(), ReplayError> {
    let name = path.display().to_string();
    let fail = |line: usize, message: String| ReplayError { file: name.clone(), line, message };
    let file = File::open(path).map_err(|error| fail(1, crate::value::words::plain(&error)))?;
    let mut reader = BufReader::new(file);
    let mut last = None;
    let mut bytes = Vec::new();
    for (expected, line) in (0..).zip(1..) {
        bytes.clear();
        let count = reader
            .read_until(b'\n', &mut bytes)
            .map_err(|error| fail(line, crate::value::words::plain(&error)))?;
        if count == 0 {
            break;
        }
        let whole = bytes.ends_with(b"\n");
        if line == 1 {
            check_format(&bytes).map_err(|message| fail(1, message))?;
        }
        let event: Event = match serde_json::from_slice(&bytes) {
            Ok(event) => event,
            Err(_) if !whole => return Err(fail(line, "the file ends in the middle of an event".to_owned())),
            Err(error) => return Err(fail(line, format!("this is no event: {}", no_place(&error)))),
        };
        if event.seq != expected {
            return Err(fail(line, format!("event {expected} is missing; this one is {}", event.seq)));
        }
        last = Some((line, matches!(event.kind, EventKind::RunFinished { .. })));
        if !each(event) {
            return Ok(());
        }
    }
    match last {
        None => Err(fail(1, "the file is empty".to_owned())),
        Some((line, false)) => {
            Err(fail(line, "the file ends before the run does; it was cut off".to_owned()))
        }
        Some((_, true)) => Ok(()),
    }
}

/// The first line tells the format before anything else is understood.
fn check_format(line: &[u8]) -> Result<(), String> {
    let foreign = || "this is no event file of scn: it does not begin with `run_started`".to_owned();
    let first: serde_json::Value = serde_json::from_slice(line).map_err(|_| foreign())?;
    if first.get("event").and_then(serde_json::Value::as_str) != Some("run_started") {
        return Err(foreign());
    }
    let format = first.get("format").and_then(serde_json::Value::as_u64).ok_or_else(foreign)?;
    if format != u64::from(FORMAT) {
        let version = first.get("version").and_then(serde_json::Value::as_str).unwrap_or("another version");
        return Err(format!("format {format}, written by scn {version}; this scn reads format {FORMAT}"));
    }
    Ok(())
}

/// The line number that serde knows is always 1, since it sees one line.
fn no_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
