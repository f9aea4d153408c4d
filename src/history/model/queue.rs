//! `queue`: a state is the sequence of what is in it, the oldest first.

use super::object::{Act, Discipline, Effect, Object, Op, State, States};
use super::reading::{argument, is_silent};
use super::values::{Id, Values};
use crate::history::{Operation, Outcome};
use crate::value::Value;
use crate::value::words::a_kind;

const PUT: u8 = 0;
const TAKE: u8 = 1;
/// It took whatever was next, or found nothing.
const TAKE_ANY: u8 = 2;
const PEEK: u8 = 3;
const FOUND_NOTHING: u8 = 4;
const LOOK: u8 = 5;

/// A queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    values: Values,
}

/// What an operation of a queue or a stack does.
pub(super) fn read(
    values: &mut Values,
    empty: State,
    role: &str,
    operation: &Operation,
) -> Result<Option<(Act, Effect)>, String> {
    let known = operation.outcome == Outcome::Ok;
    let act = |role, a| Act { role, a, b: 0 };
    let found = match (role, &operation.value) {
        ("enqueue" | "push", _) => {
            let value = argument(operation, 0, "what to put in")?;
            if matches!(value, Value::Null | Value::Absent) {
                return Err("null cannot be put in: it is what an empty one returns".to_owned());
            }
            (act(PUT, values.id(value)), Effect::Moves)
        }
        ("peek", _) if is_silent(operation) => (act(LOOK, 0), Effect::Pure),
        ("peek", Value::Null) => (act(FOUND_NOTHING, empty), Effect::Seen(empty)),
        ("peek", value) => (act(PEEK, values.id(value)), Effect::Pure),
        _ if is_silent(operation) || !known => (act(TAKE_ANY, 0), Effect::Moves),
        (_, Value::Null) => (act(FOUND_NOTHING, empty), Effect::Seen(empty)),
        (_, value) => (act(TAKE, values.id(value)), Effect::Moves),
    };
    Ok((known || !found.1.is_pure()).then_some(found))
}

/// The action of a queue or a stack when nobody knows what came of it.
pub(super) fn loose(act: Act) -> Option<(Act, Effect)> {
    match act.role {
        PUT => Some((act, Effect::Moves)),
        TAKE | TAKE_ANY => Some((Act { role: TAKE_ANY, a: 0, b: 0 }, Effect::Moves)),
        _ => None,
    }
}

/// What an action of a queue or a stack is about.
pub(super) fn about(act: Act) -> Option<Id> {
    matches!(act.role, PUT | TAKE | PEEK).then_some(act.a)
}

/// Whether an action of a queue or a stack is possible in every state.
pub(super) fn is_blind(act: Act) -> bool {
    matches!(act.role, PUT | TAKE_ANY | LOOK)
}

/// What an action does to a collection of distinct values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::history) enum Deed {
    Put(Id),
    Take(Id),
    FoundNothing,
    Other,
}

impl Deed {
    /// What this action of a queue or a stack does.
    pub(in crate::history) fn of(act: Act) -> Deed {
        match act.role {
            PUT => Deed::Put(act.a),
            TAKE => Deed::Take(act.a),
            FOUND_NOTHING => Deed::FoundNothing,
            _ => Deed::Other,
        }
    }
}

/// What was perhaps put in and never seen is needed in no order: whatever took it is of unknown
/// outcome, so that both can be left out.
pub(super) fn prune(ops: &mut Vec<Op>) {
    if ops.iter().any(|op| op.act.role == TAKE_ANY && op.end.is_some()) {
        return;
    }
    let seen: foldhash::HashSet<Id> =
        ops.iter().filter(|op| matches!(op.act.role, TAKE | PEEK)).map(|op| op.act.a).collect();
    ops.retain(|op| op.end.is_some() || op.act.role != PUT || seen.contains(&op.act.a));
}

/// What an action makes of a sequence whose next is at one of its ends.
pub(super) enum Change {
    Nothing,
    Put(Id),
    Take,
    Impossible,
}

/// The change that an action makes when this is the next.
pub(super) fn change(act: Act, next: Option<Id>) -> Change {
    match act.role {
        PUT => Change::Put(act.a),
        TAKE if next == Some(act.a) => Change::Take,
        TAKE_ANY if next.is_some() => Change::Take,
        PEEK if next == Some(act.a) => Change::Nothing,
        FOUND_NOTHING if next.is_none() => Change::Nothing,
        TAKE_ANY | LOOK => Change::Nothing,
        _ => Change::Impossible,
    }
}

/// What is in it at first: a list, or null for nothing.
pub(super) fn initial<'a>(initial: &'a Value, what: &str) -> Result<&'a [Value], String> {
    match initial {
        Value::Null => Ok(&[]),
        Value::List(items) => Ok(items),
        other => Err(format!("{what} begins with a list, not with {}", a_kind(other))),
    }
}

impl Object for Queue {
    fn begin(&mut self, states: &mut States, value: &Value) -> Result<State, String> {
        let items: Vec<Id> = initial(value, "a queue")?.iter().map(|item| self.values.id(item)).collect();
        Ok(states.number(&items))
    }

    fn read(
        &mut self,
        states: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String> {
        read(&mut self.values, states.number(&[]), role, operation)
    }

    fn step(&self, states: &mut States, state: State, act: Act) -> Option<State> {
        let items = states.sequence(state);
        match change(act, items.first().copied()) {
            Change::Nothing => Some(state),
            Change::Impossible => None,
            Change::Put(value) => {
                let items: Vec<Id> = items.iter().copied().chain([value]).collect();
                Some(states.number(&items))
            }
            Change::Take => {
                let items = items[1..].to_vec();
                Some(states.number(&items))
            }
        }
    }

    fn loose(&self, act: Act) -> Option<(Act, Effect)> {
        loose(act)
    }

    fn about(&self, act: Act) -> Option<Id> {
        about(act)
    }

    fn discipline(&self) -> Option<Discipline> {
        Some(Discipline::Queue)
    }

    fn is_blind(&self, act: Act) -> bool {
        is_blind(act)
    }

    fn prune(&self, ops: &mut Vec<Op>) {
        prune(ops);
    }

    fn show(&self, states: &States, state: State) -> String {
        self.values.show_all(states.sequence(state).iter().copied())
    }
}
