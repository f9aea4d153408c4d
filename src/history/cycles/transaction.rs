//! Operations as transactions.

use crate::history::meter::{Meter, Stop};
use crate::history::{Model, Operation, Outcome, Same};
use crate::value::words::a_kind;
use crate::value::{Value, show_short};

/// A transaction.
#[derive(Debug)]
pub(super) struct Transaction {
    /// Its position in the history.
    pub(super) at: usize,
    pub(super) outcome: Outcome,
    /// What it did, in its order.
    pub(super) steps: Vec<Step>,
}

/// A part of a transaction.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// `["append", list, element]`
    Append { list: Value, element: Value },
    /// `["r", list, elements]`; `None` when it is not known what was read.
    Read { list: Value, elements: Option<Vec<Value>> },
}

const FORM: &str = "a transaction is a list of `[\"append\", list, element]` and `[\"r\", list, elements]`";

impl Transaction {
    /// Counts what it takes.
    pub(super) fn count(&self, meter: &mut Meter<'_>) -> Result<(), Stop> {
        let elements = self.steps.iter().map(|step| match step {
            Step::Append { .. } => 1,
            Step::Read { elements, .. } => elements.as_ref().map_or(0, Vec::len),
        });
        let elements: usize = elements.sum();
        meter.work(1 + elements as u64)?;
        let steps = size_of::<Transaction>() + self.steps.len() * size_of::<Step>();
        meter.take(2 * steps + elements * size_of::<Value>())
    }

    /// What an operation did: what it returned says so if it is ok, else what it was asked for.
    pub(super) fn read(operation: &Operation, model: &Model) -> Result<Vec<Step>, String> {
        if super::role(model, &operation.function).is_none() {
            return Err(format!("`{}` plays no role of `{}`", operation.function, model.name));
        }
        let asked = match operation.args.last() {
            None | Some(Value::Null | Value::Absent) => None,
            Some(asked) => Some(steps(asked, false)?),
        };
        let returned = match (&operation.value, operation.outcome) {
            (Value::Absent, _) | (_, Outcome::Fail | Outcome::Info) => None,
            (returned, Outcome::Ok) => Some(steps(returned, true)?),
        };
        match (asked, returned) {
            (None, None) => Err(format!("it has no value: {FORM}")),
            (Some(steps), None) | (None, Some(steps)) => Ok(steps),
            (Some(asked), Some(returned)) => {
                let same =
                    asked.len() == returned.len() && asked.iter().zip(&returned).all(|(a, b)| a.is_like(b));
                if !same {
                    return Err("what it returned is another transaction than it was asked for".to_owned());
                }
                Ok(returned)
            }
        }
    }
}

impl Step {
    /// Whether both do the same to the same list, whatever they read.
    fn is_like(&self, other: &Step) -> bool {
        match (self, other) {
            (Step::Append { list, element }, Step::Append { list: other, element: another }) => {
                Same::of(list) == Same::of(other) && Same::of(element) == Same::of(another)
            }
            (Step::Read { list, .. }, Step::Read { list: other, .. }) => Same::of(list) == Same::of(other),
            _ => false,
        }
    }
}

fn steps(value: &Value, done: bool) -> Result<Vec<Step>, String> {
    let Some(items) = value.as_list() else {
        return Err(format!("`{}` is {}: {FORM}", show_short(value, 40), a_kind(value)));
    };
    items.iter().map(|item| step(item, done)).collect()
}

fn step(item: &Value, done: bool) -> Result<Step, String> {
    let parts = item.as_list().unwrap_or_default();
    match parts {
        [kind, list, value] => match (kind.as_text(), value) {
            (Some("append"), element) => Ok(Step::Append { list: list.clone(), element: element.clone() }),
            (Some("r"), Value::List(elements)) if done => {
                Ok(Step::Read { list: list.clone(), elements: Some(elements.to_vec()) })
            }
            // A list that is not there yet has no elements.
            (Some("r"), Value::Null) if done => {
                Ok(Step::Read { list: list.clone(), elements: Some(Vec::new()) })
            }
            (Some("r"), _) if !done => Ok(Step::Read { list: list.clone(), elements: None }),
            (Some("r"), other) => Err(format!("`{}` was read: a list was expected", show_short(other, 40))),
            (Some(word), _) => Err(match crate::diag::did_you_mean(word, ["append", "r"]) {
                Some(advice) => format!("`{word}` is unknown; {advice}"),
                None => format!("`{word}` is unknown: {FORM}"),
            }),
            (None, _) => Err(format!("`{}` is no part of a transaction: {FORM}", show_short(item, 40))),
        },
        [kind, list] if kind.as_text() == Some("r") && !done => {
            Ok(Step::Read { list: list.clone(), elements: None })
        }
        _ => Err(format!("`{}` is no part of a transaction: {FORM}", show_short(item, 40))),
    }
}
