//! Reads a recorded history: JSON lines in Jepsen's words, one at a time. Every line must be
//! understood; what cannot be is told with all others like it.

use std::io::{self, BufRead, Read as _};
use std::sync::Arc;

use indexmap::IndexMap;

use super::meaning::{answered, asked};
use super::mistake::{Mistake, Mistakes};
use super::scan::value_of;
use super::theory::Theory;
use crate::diag::{did_you_mean, nearest};
use crate::history::{Operation, Outcome, Same};
use crate::value::words::a_kind;
use crate::value::{JsonError, Object, Value, from_json, show_short};

/// A longer line is no operation.
const LONGEST: u64 = 64 << 20;

/// A history as it was recorded.
#[derive(Debug, Default)]
pub(super) struct History {
    /// In the order of their invocations.
    pub(super) operations: Vec<Operation>,
    /// What each belongs to, by the field of `--per`.
    pub(super) keys: Vec<Value>,
    /// The lines of each: where it begins, and where it ends.
    pub(super) lines: Vec<(u32, Option<u32>)>,
    /// The times of each in nanoseconds, if the history has any.
    pub(super) times: Vec<(i64, Option<i64>)>,
    /// Lines that are no client's.
    pub(super) left_out: usize,
}

/// Reads a history of a model's operations.
///
/// # Errors
/// The file cannot be read.
pub(super) fn read(
    mut input: impl BufRead,
    theory: &Theory,
    per: Option<&str>,
) -> io::Result<Result<History, Mistakes>> {
    let mut reader = Reader::new(theory, per);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut input).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        reader.number += 1;
        if line.len() as u64 == LONGEST {
            let text = String::from_utf8_lossy(&line[..80]);
            let message = "a line of more than 64 MiB is no operation";
            reader.mistakes.add(Mistake::new(reader.number, &text, 0..80, message));
            break;
        }
        reader.line(&line);
    }
    Ok(reader.finish())
}

struct Reader<'a> {
    theory: &'a Theory,
    per: Option<&'a str>,
    history: History,
    mistakes: Mistakes,
    /// The number of the line at hand.
    number: u32,
    /// For each process what it did last, and whether that is still at work.
    processes: IndexMap<Same, Process>,
    functions: IndexMap<String, Arc<str>>,
    /// Whether the first line has a time.
    is_timed: Option<bool>,
    last_time: i64,
    /// Whether the lines are in the order of their times.
    is_sorted: bool,
    /// The `key` of the first line, when nothing is said of keys.
    first_key: Option<Value>,
    keys_told: bool,
}

struct Process {
    operation: usize,
    at_work: bool,
    time: i64,
}

/// A wrong field: which, and what to say.
struct Wrong {
    field: &'static str,
    message: String,
    label: String,
    help: Option<String>,
}

impl Wrong {
    fn new(field: &'static str, message: impl Into<String>) -> Wrong {
        Wrong { field, message: message.into(), label: String::new(), help: None }
    }

    fn label(self, text: impl Into<String>) -> Wrong {
        Wrong { label: text.into(), ..self }
    }

    fn help(self, text: impl Into<String>) -> Wrong {
        Wrong { help: Some(text.into()), ..self }
    }
}

impl<'a> Reader<'a> {
    fn new(theory: &'a Theory, per: Option<&'a str>) -> Reader<'a> {
        Reader {
            theory,
            per,
            history: History::default(),
            mistakes: Mistakes::default(),
            number: 0,
            processes: IndexMap::new(),
            functions: IndexMap::new(),
            is_timed: None,
            last_time: i64::MIN,
            is_sorted: true,
            first_key: None,
            keys_told: false,
        }
    }

    fn line(&mut self, bytes: &[u8]) {
        let bytes =
            if self.number == 1 { bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes) } else { bytes };
        let bytes = bytes.trim_ascii_end();
        if bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let value = match from_json(bytes) {
            Ok(value) => value,
            Err(error) => return self.no_json(&text, &error),
        };
        let Value::Object(fields) = value else {
            let message = format!("a line of a history is an object, not {}", a_kind(&value));
            let mut mistake = Mistake::new(self.number, &text, 0..text.len(), message);
            if matches!(value, Value::List(_)) {
                mistake = mistake.help("one object a line: `jq -c '.[]' FILE` writes a list so");
            }
            return self.mistakes.add(mistake);
        };
        if let Err(wrong) = self.event(&fields) {
            let span = value_of(&text, wrong.field).unwrap_or(0..text.len());
            let mut mistake = Mistake::new(self.number, &text, span, wrong.message).label(wrong.label);
            mistake.help = wrong.help;
            self.mistakes.add(mistake);
        }
    }

    fn no_json(&mut self, text: &str, error: &JsonError) {
        let at = error.column.saturating_sub(1).min(text.len());
        let mistake =
            Mistake::new(self.number, text, at..at, "this line is not JSON").label(error.message.as_str());
        let start = text.trim_start();
        let is_edn = start.starts_with("{:") || start.starts_with("#jepsen") || start.starts_with("[{:");
        let mistake = if is_edn {
            mistake.help("this is EDN, as Jepsen stores it: write each operation as one line of JSON")
        } else if self.number == 1 && matches!(start, "[" | "{") {
            mistake.help("one object a line: `jq -c '.[]' FILE` writes a list so, and `jq -c . FILE` objects")
        } else {
            mistake
        };
        self.mistakes.add(mistake);
    }

    /// Takes in what a line says.
    fn event(&mut self, fields: &Object) -> Result<(), Wrong> {
        let process = match fields.get("process") {
            Some(Value::Text(name)) if &*name.text == "nemesis" || name.text.starts_with(':') => {
                self.history.left_out += 1;
                return Ok(());
            }
            Some(process @ (Value::Number(_) | Value::Text(_))) => process,
            Some(other) => {
                return Err(Wrong::new(
                    "process",
                    format!("a process is a number or a name, not {}", a_kind(other)),
                ));
            }
            None => return Err(lacks(fields, "process")),
        };
        let kind = match fields.get("type") {
            Some(Value::Text(kind)) => kind.text.clone(),
            Some(other) => {
                return Err(Wrong::new("type", format!("a type is a name, not {}", a_kind(other))));
            }
            None => return Err(lacks(fields, "type")),
        };
        let outcome = match &*kind {
            "invoke" => None,
            "ok" => Some(Outcome::Ok),
            "fail" => Some(Outcome::Fail),
            "info" => Some(Outcome::Info),
            other => {
                let wrong = Wrong::new("type", format!("there is no type `{other}`"));
                let bare = other.trim_start_matches(':');
                let help = if TYPES.contains(&bare) {
                    format!("write `{bare}`")
                } else {
                    did_you_mean(bare, TYPES)
                        .unwrap_or_else(|| "the types are invoke, ok, fail and info".to_owned())
                };
                return Err(wrong.help(help));
            }
        };
        let time = self.time(fields)?;
        match outcome {
            None => self.invoke(fields, process, time),
            Some(outcome) => self.complete(fields, process, outcome, time),
        }
    }

    /// The time of a line, if lines have times.
    fn time(&mut self, fields: &Object) -> Result<i64, Wrong> {
        let time = match fields.get("time") {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => match number.to_i128().and_then(|time| i64::try_from(time).ok()) {
                Some(time) => Some(time),
                None => {
                    return Err(Wrong::new("time", "a time is a whole number of nanoseconds").help(
                        "any moment may be 0; fractions of a second are to be multiplied by 1000000000",
                    ));
                }
            },
            Some(other) => {
                return Err(Wrong::new(
                    "time",
                    format!("a time is a number of nanoseconds, not {}", a_kind(other)),
                ));
            }
        };
        let is_timed = *self.is_timed.get_or_insert(time.is_some());
        match time {
            Some(_) if !is_timed => {
                Err(Wrong::new("time", "this line has a time, and those before it have none").help(
                    "give every line a time, or none: then the lines are in the order of what happened",
                ))
            }
            None if is_timed => Err(Wrong::new("", "this line has no time, and those before it have one")
                .help("give every line a time, or none: then the lines are in the order of what happened")),
            Some(time) => {
                self.is_sorted &= time >= self.last_time;
                self.last_time = time;
                Ok(time)
            }
            None => Ok(i64::from(self.number)),
        }
    }

    fn invoke(&mut self, fields: &Object, process: &Value, time: i64) -> Result<(), Wrong> {
        let name = Same::of(process);
        if let Some(before) = self.processes.get(&name) {
            let (first, _) = self.history.lines[before.operation];
            if before.at_work {
                let shown = show_short(process, 40);
                return Err(Wrong::new(
                    "process",
                    format!("process {shown} begins an operation before it ended another"),
                )
                .label(format!("still at work since line {first}"))
                .help(
                    "a process does one thing at a time: a line of type ok, fail or info ends an operation",
                ));
            }
            self.forward(before.time, time, before.operation)?;
        }
        let function = match fields.get("f") {
            Some(Value::Text(function)) => &function.text,
            Some(other) => {
                return Err(Wrong::new("f", format!("`f` is the name of a function, not {}", a_kind(other))));
            }
            None => return Err(lacks(fields, "f")),
        };
        let Some(role) = self.theory.role(function) else {
            let wrong = Wrong::new("f", format!("`{}` has no `{function}`", self.theory.name()));
            let known: Vec<String> = self.theory.roles().iter().map(|role| format!("`{role}`")).collect();
            let near = did_you_mean(function, self.theory.roles().iter().copied());
            return Err(wrong.help(near.unwrap_or_else(|| format!("its functions are {}", known.join(", ")))));
        };
        let key = self.key(fields)?;
        let value = fields.get("value");
        let args = asked(role, self.theory.is_map(), fields.get("key"), value)
            .map_err(|why| Wrong::new("value", why))?;
        let function = self.functions.entry(function.to_string()).or_insert_with(|| function.clone()).clone();
        let operation = self.history.operations.len();
        self.history.operations.push(Operation {
            process: process.clone(),
            function,
            args,
            value: Value::Absent,
            start: i64::from(self.number),
            end: None,
            outcome: Outcome::Info,
        });
        self.history.keys.push(key);
        self.history.lines.push((self.number, None));
        self.history.times.push((time, None));
        self.processes.insert(name, Process { operation, at_work: true, time });
        Ok(())
    }

    fn complete(
        &mut self,
        fields: &Object,
        process: &Value,
        outcome: Outcome,
        time: i64,
    ) -> Result<(), Wrong> {
        let name = Same::of(process);
        let Some(process) = self.processes.get(&name).filter(|process| process.at_work) else {
            let shown = show_short(process, 40);
            return Err(Wrong::new(
                "process",
                format!("process {shown} ends an operation that it never began"),
            )
            .help("a line of type `invoke` begins an operation"));
        };
        let at = process.operation;
        self.forward(process.time, time, at)?;
        let (first, _) = self.history.lines[at];
        let operation = &self.history.operations[at];
        let begun = operation.function.clone();
        match fields.get("f") {
            None => {}
            Some(Value::Text(function)) if function.text == begun => {}
            Some(other) => {
                let other = show_short(other, 40);
                return Err(Wrong::new(
                    "f",
                    format!("this ends {other}, but the process is at work on \"{begun}\""),
                )
                .label(format!("begun in line {first}")));
            }
        }
        self.same_key(fields, at)?;
        let role = self.theory.role(&begun).unwrap_or_default();
        let matched = match fields.get("matched") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(matched)) if role == "cas" => Some(*matched),
            Some(Value::Bool(_)) => {
                return Err(Wrong::new(
                    "matched",
                    format!("only `cas` has `matched`; this ends \"{begun}\""),
                ));
            }
            Some(other) => {
                return Err(Wrong::new(
                    "matched",
                    format!("`matched` is true or false, not {}", a_kind(other)),
                ));
            }
        };
        let answer = answered(self.theory.name(), role, &operation.args, fields.get("value"));
        if outcome == Outcome::Fail
            && role == "cas"
            && (matched == Some(false) || answer == Ok(Value::Bool(false)))
        {
            return Err(Wrong::new("type", "a compare that was carried out and did not match is `ok`")
                .help("`fail` says that it did not happen, and so nothing of what the object held"));
        }
        let value = match outcome {
            Outcome::Ok => {
                let advice =
                    "repeat the value of the invocation, or leave it out, where nothing was answered";
                let answer = answer.map_err(|why| Wrong::new("value", why).help(advice))?;
                match (matched.map(Value::Bool), answer) {
                    (None, answer) => answer,
                    (Some(matched), Value::Absent) => matched,
                    (Some(matched), answer) if matched == answer => matched,
                    _ => return Err(Wrong::new("matched", "`matched` says otherwise than `value`")),
                }
            }
            Outcome::Fail | Outcome::Info => Value::Absent,
        };
        let operation = &mut self.history.operations[at];
        (operation.outcome, operation.value) = (outcome, value);
        if outcome != Outcome::Info {
            operation.end = Some(i64::from(self.number));
            self.history.times[at].1 = Some(time);
        }
        self.history.lines[at].1 = Some(self.number);
        if let Some(process) = self.processes.get_mut(&name) {
            process.at_work = false;
            process.time = time;
        }
        Ok(())
    }

    /// An operation ends on the object that it began with, if the line says which.
    fn same_key(&self, fields: &Object, at: usize) -> Result<(), Wrong> {
        let theory = self.theory;
        let per = self.per.map(|per| (per, self.history.keys.get(at)));
        let key = match () {
            () if theory.is_map() => self.history.operations[at].args.first(),
            // That there are several is told already.
            () if per.is_some() || theory.is_serial() || self.keys_told => None,
            () => self.first_key.as_ref(),
        };
        for (field, begun) in per.into_iter().chain([("key", key)]) {
            let (Some(begun), Some(ended)) = (begun, fields.get(field)) else { continue };
            if begun != ended {
                let (first, _) = self.history.lines[at];
                let message =
                    format!("this ends an operation on another `{field}` than it began with in line {first}");
                let label = format!("it began with {}", show_short(begun, 40));
                return Err(Wrong::new(if field == "key" { "key" } else { "" }, message).label(label));
            }
        }
        Ok(())
    }

    /// The time of a process does not go backwards.
    fn forward(&self, before: i64, time: i64, operation: usize) -> Result<(), Wrong> {
        if time >= before {
            return Ok(());
        }
        let (first, last) = self.history.lines[operation];
        let line = last.unwrap_or(first);
        Err(Wrong::new(
            "time",
            format!("the time of this process goes backwards: it was {before} in line {line}"),
        )
        .help("times must come from one clock that only goes forward, such as a monotonic one"))
    }

    /// What an operation belongs to.
    fn key(&mut self, fields: &Object) -> Result<Value, Wrong> {
        if let Some(per) = self.per {
            return match fields.get(per) {
                Some(key) => Ok(key.clone()),
                None => {
                    Err(Wrong::new("", format!("it has no `{per}`, by which operations are to be parted")))
                }
            };
        }
        let key = fields.get("key").cloned().unwrap_or(Value::Absent);
        let first = self.first_key.get_or_insert_with(|| key.clone());
        if !self.keys_told && *first != key && !self.theory.has_keys_inside() {
            self.keys_told = true;
            let other = show_short(first, 40);
            return Err(Wrong::new(
                "key",
                "the operations have several keys, and would be judged as if of one object",
            )
            .label(format!("before it was {other}"))
            .help("`--per key` judges the operations of each key by themselves"));
        }
        Ok(Value::Absent)
    }

    /// The whole history. If its lines are in the order of their times, they are in the order of
    /// what happened; otherwise its times alone say what that was.
    fn finish(mut self) -> Result<History, Mistakes> {
        if self.mistakes.count > 0 {
            return Err(self.mistakes);
        }
        if !self.is_sorted {
            for (operation, (start, end)) in self.history.operations.iter_mut().zip(&self.history.times) {
                operation.start = *start;
                operation.end = operation.end.and(*end);
            }
        }
        if self.is_timed != Some(true) {
            self.history.times.clear();
        }
        Ok(self.history)
    }
}

const TYPES: [&str; 4] = ["invoke", "ok", "fail", "info"];

fn lacks(fields: &Object, field: &'static str) -> Wrong {
    let wrong = Wrong::new("", format!("it has no `{field}`"));
    match nearest(field, fields.keys().map(|name| &**name)).first() {
        Some(other) => wrong.help(format!("is `{other}` meant to be `{field}`?")),
        None => wrong,
    }
}
