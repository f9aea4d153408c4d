//! Operations: what was called, when, and what came of it.

use std::sync::Arc;

use crate::value::Value;

/// One operation of a history.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Who performed it. The operations of one process follow each other.
    pub process: Value,
    /// What was called: `read`, `write`, an action's name.
    pub function: Arc<str>,
    /// With what.
    pub args: Vec<Value>,
    /// What it returned; [`Value::Absent`] when nobody knows.
    pub value: Value,
    /// When it began, in nanoseconds of the runner's monotonic clock since the run began.
    pub start: i64,
    /// When it was over; `None` while nobody knows, so that it may still take effect.
    pub end: Option<i64>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an operation, in Jepsen's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect between its start and its end.
    Ok,
    /// It provably did not take effect.
    Fail,
    /// Nobody knows: it may take effect once, at any time from its start on, or never.
    Info,
}

impl Operation {
    /// Reads a record `{ process f args value start end outcome … }`; an `info` has no end, whatever
    /// the record says of when its caller gave up.
    ///
    /// # Errors
    /// Which field is missing or wrong.
    pub fn read(record: &Value) -> Result<Operation, String> {
        let Some(fields) = record.as_object() else {
            return Err("it is no operation: an object with `f`, `start`, `end` and `outcome`".to_owned());
        };
        let field = |name: &str| fields.get(name).cloned().unwrap_or(Value::Absent);
        let time = |name: &str| match field(name) {
            Value::Duration(nanos) => Ok(Some(nanos)),
            Value::Absent | Value::Null => Ok(None),
            other => Err(format!("its `{name}` is {}, not a duration", crate::value::show(&other))),
        };
        let outcome = match field("outcome").as_text() {
            Some("ok") => Outcome::Ok,
            Some("fail") => Outcome::Fail,
            Some("info") => Outcome::Info,
            _ => return Err("its `outcome` is none of ok, fail and info".to_owned()),
        };
        let Value::Text(function) = field("f") else {
            return Err("it has no `f` that says what was called".to_owned());
        };
        let args = match field("args") {
            Value::List(args) => args.to_vec(),
            Value::Absent => Vec::new(),
            other => return Err(format!("its `args` are {}, not a list", other.kind())),
        };
        let start = time("start")?.ok_or("it has no `start`")?;
        let end = match outcome {
            Outcome::Info => None,
            Outcome::Ok | Outcome::Fail => Some(time("end")?.ok_or("it has no `end`")?),
        };
        if end.is_some_and(|end| end < start) {
            return Err("it ends before it starts".to_owned());
        }
        Ok(Operation {
            process: field("process"),
            function: function.text,
            args,
            value: field("value"),
            start,
            end,
            outcome,
        })
    }
}
