//! A history as its model reads it: operations as small integers, split where the model lets its
//! parts be judged alone (Herlihy and Wing 1990: linearizability is local).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Model;
use super::append_log::AppendLog;
use super::counter::Counter;
use super::object::{Object, Op, State, States};
use super::queue::{self, Queue};
use super::reading::{argument, is_silent};
use super::register::Register;
use super::set::Set;
use super::stack::Stack;
use super::values::{Same, Values};
use crate::history::{Operation, Outcome};
use crate::value::words::a_kind;
use crate::value::{Object as Entries, Value, from_json};

/// One object with its operations, in the order of their starts.
pub(in crate::history) struct Part {
    pub object: Box<dyn Object>,
    /// The states that reading the history needed.
    pub states: States,
    pub initial: State,
    pub ops: Vec<Op>,
}

/// The operation that the model cannot read, and why.
pub(in crate::history) type Strange = (usize, String);

/// Positions of operations with what these speak of.
type Positions = (Value, Vec<u32>);

/// Reads a history.
///
/// # Errors
/// The position of the operation that the model cannot read, and why.
pub(in crate::history) fn parts(model: &Model, operations: &[Operation]) -> Result<Vec<Part>, Strange> {
    let all = || (0..operations.len() as u32).collect();
    let object: Box<dyn Object> = match model.name {
        "map" => return by_key(model, operations),
        "set" if !is_read_whole(model, operations) => return by_element(model, operations),
        "set" => Box::new(Set::default()),
        "counter" => Box::new(Counter::default()),
        "queue" => Box::new(Queue::default()),
        "stack" => Box::new(Stack::default()),
        "lock" => {
            let initial = Value::Bool(is_held(&model.initial).map_err(|why| (0, why))?);
            return Ok(vec![part(model, operations, all(), Box::new(Register::lock()), &initial)?]);
        }
        "append_log" => Box::new(AppendLog::default()),
        _ => Box::new(Register::default()),
    };
    Ok(vec![part(model, operations, all(), object, &model.initial)?])
}

/// Whether a history puts its model to the test: some operation that succeeded is not possible in
/// every state. Any order explains a history that does not.
pub fn demands(operations: &[Operation], model: &Model) -> bool {
    let tests = |part: &Part| part.ops.iter().any(|op| op.end.is_some() && !part.object.is_blind(op.act));
    parts(model, operations).is_ok_and(|parts| parts.iter().any(tests))
}

/// A map is a register for each key.
fn by_key(model: &Model, operations: &[Operation]) -> Result<Vec<Part>, Strange> {
    let entries = match &model.initial {
        Value::Null => Entries::default(),
        Value::Object(entries) => Entries::clone(entries),
        other => return Err((0, format!("a map begins with an object, not with {}", a_kind(other)))),
    };
    // A key that is no text stands there as its JSON, which may be written in several ways.
    let others: BTreeMap<Same, &Value> = entries
        .iter()
        .filter_map(|(name, value)| Some((Same::of(&from_json(name.as_bytes()).ok()?), value)))
        .collect();
    let entry = |key: &Value, positions| {
        let initial = match key.as_text() {
            Some(name) => entries.get(name),
            None => others.get(&Same::of(key)).copied(),
        };
        let initial = initial.cloned().unwrap_or(Value::Null);
        part(model, operations, positions, Box::new(Register::default()), &initial)
    };
    let key = |operation: &Operation| {
        // A key, and what the role asks for besides.
        let least = match model.role(&operation.function) {
            Some("put") => 2,
            Some("cas") => 3,
            _ => 1,
        };
        let given = operation.args.len();
        let missing = || {
            format!(
                "`{}` has {given} of {least} arguments, of which the key is the first",
                operation.function
            )
        };
        operation.args.first().filter(|_| given >= least).cloned().ok_or_else(missing)
    };
    split(operations, key)?.into_iter().map(|(key, positions)| entry(&key, positions)).collect()
}

/// A set that is never read as a whole is a register for each element.
fn by_element(model: &Model, operations: &[Operation]) -> Result<Vec<Part>, Strange> {
    let items = queue::initial(&model.initial, "a set").map_err(|why| (0, why))?;
    let element = |operation: &Operation| match model.role(&operation.function) {
        // Of a read nobody knows what it returned; it can stand anywhere.
        Some("read") => Ok(Value::Absent),
        _ => argument(operation, 0, "the element").cloned(),
    };
    split(operations, element)?
        .into_iter()
        .map(|(element, positions)| {
            let initial = Value::Bool(items.contains(&element));
            part(model, operations, positions, Box::new(Register::element(element)), &initial)
        })
        .collect()
}

/// Positions by what the operations speak of, in the order of first mention.
fn split(
    operations: &[Operation],
    what: impl Fn(&Operation) -> Result<Value, String>,
) -> Result<Vec<Positions>, Strange> {
    let mut values = Values::default();
    let mut parts: Vec<Positions> = Vec::new();
    for (at, operation) in operations.iter().enumerate() {
        let value = what(operation).map_err(|why| (at, why))?;
        let id = values.id(&value) as usize;
        if id == parts.len() {
            parts.push((value, Vec::new()));
        }
        parts[id].1.push(at as u32);
    }
    Ok(parts)
}

fn is_read_whole(model: &Model, operations: &[Operation]) -> bool {
    operations.iter().any(|operation| {
        operation.outcome == Outcome::Ok
            && !is_silent(operation)
            && model.role(&operation.function) == Some("read")
    })
}

fn is_held(initial: &Value) -> Result<bool, String> {
    match initial {
        Value::Null => Ok(false),
        Value::Bool(held) => Ok(*held),
        other => {
            Err(format!("a lock begins with `true`, held, or `false`, free; not with {}", a_kind(other)))
        }
    }
}

/// Reads the operations at these positions, all of one object.
fn part(
    model: &Model,
    operations: &[Operation],
    mut positions: Vec<u32>,
    mut object: Box<dyn Object>,
    initial: &Value,
) -> Result<Part, Strange> {
    positions.sort_by_key(|at| operations[*at as usize].start);
    let mut states = States::default();
    let first = positions.first().map_or(0, |at| *at as usize);
    let initial = object.begin(&mut states, initial).map_err(|why| (first, why))?;
    let mut roles: Vec<(Arc<str>, &'static str)> = Vec::new();
    let mut ops = Vec::with_capacity(positions.len());
    for at in positions {
        let operation = &operations[at as usize];
        let known = roles.iter().find(|(function, _)| *function == operation.function);
        let role = match known {
            Some((_, role)) => role,
            None => {
                let role = model
                    .role(&operation.function)
                    .ok_or_else(|| (at as usize, strange(model, operation)))?;
                roles.push((operation.function.clone(), role));
                role
            }
        };
        if operation.outcome == Outcome::Fail {
            continue;
        }
        let read = object.read(&mut states, role, operation).map_err(|why| (at as usize, why))?;
        if let Some((act, effect)) = read {
            // What succeeded did happen, even if nobody wrote down when it was over.
            let end = (operation.outcome == Outcome::Ok).then(|| operation.end.unwrap_or(i64::MAX));
            ops.push(Op { at, act, effect, start: operation.start, end });
        }
    }
    object.prune(&mut ops);
    Ok(Part { object, states, initial, ops })
}

/// Why an operation plays no role.
fn strange(model: &Model, operation: &Operation) -> String {
    let roles: Vec<String> = model.all_roles().map(|role| format!("`{role}`")).collect();
    format!(
        "`{}` plays no role in `{}`, whose roles are {}",
        operation.function,
        model.name,
        roles.join(", ")
    )
}
