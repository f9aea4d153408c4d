//! `set` that is read as a whole: a state is the sorted sequence of its elements. One that is not
//! is judged element by element, see [`Register`](super::register::Register).

use super::object::{Act, Effect, Object, Op, State, States};
use super::queue;
use super::reading::{argument, is_silent};
use super::values::{Id, Values};
use crate::history::{Operation, Outcome};
use crate::value::{Value, show_short};

const ADD: u8 = 0;
const REMOVE: u8 = 1;
const READ: u8 = 2;
/// Somebody saw the element there, or not there.
const WITH: u8 = 3;
const WITHOUT: u8 = 4;
const LOOK: u8 = 5;

/// In [`Act::b`]: nothing is known of what was there before; it was not there; it was.
const ANYHOW: u32 = 0;
const NEW: u32 = 1;
const OLD: u32 = 2;

/// A set.
#[derive(Debug, Default)]
pub(super) struct Set {
    values: Values,
    /// The elements of which anybody saw whether they were there.
    seen: foldhash::HashSet<Id>,
}

impl Set {
    /// The state with these elements; with one of them twice, a state that no set ever has.
    fn set(&mut self, states: &mut States, items: &[Value]) -> State {
        let mut elements: Vec<Id> = items.iter().map(|item| self.values.id(item)).collect();
        elements.sort_unstable();
        self.seen.extend(&elements);
        states.number(&elements)
    }
}

impl Object for Set {
    fn begin(&mut self, states: &mut States, value: &Value) -> Result<State, String> {
        let state = self.set(states, queue::initial(value, "a set")?);
        match states.sequence(state).windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(format!("{} is in the set twice", self.values.show(twice[0]))),
            None => Ok(state),
        }
    }

    fn read(
        &mut self,
        states: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String> {
        let known = operation.outcome == Outcome::Ok;
        let function = &operation.function;
        let look = (Act { role: LOOK, a: 0, b: 0 }, Effect::Pure);
        let found = if role == "read" {
            match &operation.value {
                _ if is_silent(operation) || !known => look,
                Value::List(items) => {
                    let state = self.set(states, items);
                    (Act { role: READ, a: state, b: 0 }, Effect::Seen(state))
                }
                other => return Err(format!("`{function}` returned {}, not a list", show_short(other, 60))),
            }
        } else {
            let a = self.values.id(argument(operation, 0, "the element")?);
            let said = operation.value.as_bool().filter(|_| known);
            if said.is_some() {
                self.seen.insert(a);
            }
            let pure = |role| (Act { role, a, b: 0 }, Effect::Pure);
            match (role, said) {
                ("contains", Some(true)) | ("add", Some(false)) => pure(WITH),
                ("contains", Some(false)) | ("remove", Some(false)) => pure(WITHOUT),
                ("contains", None) if is_silent(operation) || !known => look,
                ("contains", None) => return Err(format!("`{function}` returned no `true` or `false`")),
                ("add", said) => {
                    (Act { role: ADD, a, b: if said.is_some() { NEW } else { ANYHOW } }, Effect::Moves)
                }
                (_, said) => {
                    (Act { role: REMOVE, a, b: if said.is_some() { OLD } else { ANYHOW } }, Effect::Moves)
                }
            }
        };
        Ok((known || !found.1.is_pure()).then_some(found))
    }

    fn step(&self, states: &mut States, state: State, act: Act) -> Option<State> {
        let elements = states.sequence(state);
        match act.role {
            READ => return (state == act.a).then_some(state),
            LOOK => return Some(state),
            _ => {}
        }
        let place = elements.binary_search(&act.a);
        match (act.role, place) {
            (WITH, _) => place.is_ok().then_some(state),
            (WITHOUT, _) => place.is_err().then_some(state),
            (ADD, Ok(_)) => (act.b == ANYHOW).then_some(state),
            (ADD, Err(place)) => {
                let mut more = elements.to_vec();
                more.insert(place, act.a);
                Some(states.number(&more))
            }
            (_, Ok(place)) => {
                let mut fewer = elements.to_vec();
                fewer.remove(place);
                Some(states.number(&fewer))
            }
            (_, Err(_)) => (act.b == ANYHOW).then_some(state),
        }
    }

    fn loose(&self, act: Act) -> Option<(Act, Effect)> {
        matches!(act.role, ADD | REMOVE).then_some((Act { b: ANYHOW, ..act }, Effect::Moves))
    }

    fn is_blind(&self, act: Act) -> bool {
        act.role == LOOK || matches!(act.role, ADD | REMOVE) && act.b == ANYHOW
    }

    /// An order needs to add an element only if somebody saw it, and to remove it only if somebody
    /// did or it was surely added.
    fn prune(&self, ops: &mut Vec<Op>) {
        let added: foldhash::HashSet<Id> =
            ops.iter().filter(|op| op.end.is_some() && op.act.role == ADD).map(|op| op.act.a).collect();
        ops.retain(|op| {
            let removed = op.act.role == REMOVE && added.contains(&op.act.a);
            op.end.is_some() || removed || self.seen.contains(&op.act.a)
        });
    }

    fn show(&self, states: &States, state: State) -> String {
        self.values.show_all(states.sequence(state).iter().copied())
    }
}
