//! `append_log`: a state is the last entry with its place and the state before it, so that an
//! append costs the same however long the log is.

use super::object::{Act, Effect, Object, Op, State, States};
use super::queue;
use super::reading::{argument, is_silent};
use super::values::{Id, Values};
use crate::history::{Operation, Outcome};
use crate::value::{Value, show_short};

const APPEND: u8 = 0;
/// An append that said at which place.
const APPEND_AT: u8 = 1;
const READ: u8 = 2;
const GET: u8 = 3;
const LOOK: u8 = 4;

/// No entry, as what a `get` returned.
const NONE: Id = Id::MAX;

/// A log.
#[derive(Debug, Default)]
pub(super) struct AppendLog {
    values: Values,
    /// What somebody read.
    seen: foldhash::HashSet<Id>,
}

/// The last entry, its place and the state before.
fn last(states: &States, state: State) -> Option<(Id, u32, State)> {
    match states.sequence(state) {
        [value, place, before] => Some((*value, *place, *before)),
        _ => None,
    }
}

fn length(states: &States, state: State) -> u32 {
    last(states, state).map_or(0, |(_, place, _)| place + 1)
}

fn append(states: &mut States, state: State, value: Id) -> State {
    let place = length(states, state);
    states.number(&[value, place, state])
}

impl AppendLog {
    fn log(&mut self, states: &mut States, items: &[Value]) -> State {
        items.iter().fold(states.number(&[]), |state, item| {
            let value = self.values.id(item);
            self.seen.insert(value);
            append(states, state, value)
        })
    }
}

impl Object for AppendLog {
    fn begin(&mut self, states: &mut States, value: &Value) -> Result<State, String> {
        Ok(self.log(states, queue::initial(value, "a log")?))
    }

    fn read(
        &mut self,
        states: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String> {
        let known = operation.outcome == Outcome::Ok;
        let silent = is_silent(operation) || !known;
        let look = (Act { role: LOOK, a: 0, b: 0 }, Effect::Pure);
        let found = match role {
            "append" => {
                let a = self.values.id(argument(operation, 0, "what to append")?);
                match operation.value.as_number() {
                    Some(at) if known => {
                        let place = at.to_usize().and_then(|place| u32::try_from(place).ok());
                        let b = place.ok_or_else(|| format!("{at} is no place in a log"))?;
                        (Act { role: APPEND_AT, a, b }, Effect::Moves)
                    }
                    _ => (Act { role: APPEND, a, b: 0 }, Effect::Moves),
                }
            }
            "get" => {
                let place = argument(operation, 0, "the place to read")?;
                let number = place.as_number().and_then(crate::value::Number::to_usize);
                let number = number.and_then(|place| u32::try_from(place).ok());
                let a = number.ok_or_else(|| format!("{} is no place in a log", show_short(place, 60)))?;
                if silent {
                    look
                } else {
                    let empty = matches!(operation.value, Value::Null);
                    let b = if empty { NONE } else { self.values.id(&operation.value) };
                    self.seen.insert(b);
                    (Act { role: GET, a, b }, Effect::Pure)
                }
            }
            _ if silent => look,
            _ => {
                let Some(items) = operation.value.as_list() else {
                    let value = show_short(&operation.value, 60);
                    return Err(format!("`{}` returned {value}, not a list", operation.function));
                };
                let state = self.log(states, items);
                (Act { role: READ, a: state, b: 0 }, Effect::Seen(state))
            }
        };
        Ok((known || !found.1.is_pure()).then_some(found))
    }

    fn step(&self, states: &mut States, state: State, act: Act) -> Option<State> {
        match act.role {
            APPEND => Some(append(states, state, act.a)),
            APPEND_AT => (length(states, state) == act.b).then(|| append(states, state, act.a)),
            READ => (state == act.a).then_some(state),
            GET => {
                let mut entry = last(states, state);
                while let Some((_, place, before)) = entry
                    && place > act.a
                {
                    entry = last(states, before);
                }
                let found = entry.filter(|(_, place, _)| *place == act.a).map_or(NONE, |(value, _, _)| value);
                (found == act.b).then_some(state)
            }
            _ => Some(state),
        }
    }

    fn loose(&self, act: Act) -> Option<(Act, Effect)> {
        let appends = matches!(act.role, APPEND | APPEND_AT);
        appends.then_some((Act { role: APPEND, b: 0, ..act }, Effect::Moves))
    }

    fn is_blind(&self, act: Act) -> bool {
        matches!(act.role, APPEND | LOOK)
    }

    /// What was perhaps appended and never seen is needed in no order, unless places were seen.
    fn prune(&self, ops: &mut Vec<Op>) {
        if !ops.iter().any(|op| matches!(op.act.role, APPEND_AT | GET)) {
            ops.retain(|op| op.end.is_some() || self.seen.contains(&op.act.a));
        }
    }

    fn show(&self, states: &States, state: State) -> String {
        let mut items: Vec<Id> = Vec::new();
        let mut entry = last(states, state);
        while let Some((value, _, before)) = entry {
            items.push(value);
            entry = last(states, before);
        }
        self.values.show_all(items.into_iter().rev())
    }
}
