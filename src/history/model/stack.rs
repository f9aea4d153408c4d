//! `stack`: a state is what lies on top with the state below it, so that a push costs the same
//! however high the stack is.

use super::object::{Act, Discipline, Effect, Object, Op, State, States};
use super::queue::{self, Change};
use super::values::{Id, Values};
use crate::history::Operation;
use crate::value::Value;

/// A stack.
#[derive(Debug, Default)]
pub(super) struct Stack {
    values: Values,
}

/// What lies on top, and the state below.
fn top(states: &States, state: State) -> Option<(Id, State)> {
    match states.sequence(state) {
        [value, below] => Some((*value, *below)),
        _ => None,
    }
}

impl Object for Stack {
    fn begin(&mut self, states: &mut States, value: &Value) -> Result<State, String> {
        let mut state = states.number(&[]);
        for item in queue::initial(value, "a stack")? {
            state = states.number(&[self.values.id(item), state]);
        }
        Ok(state)
    }

    fn read(
        &mut self,
        states: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String> {
        queue::read(&mut self.values, states.number(&[]), role, operation)
    }

    fn step(&self, states: &mut States, state: State, act: Act) -> Option<State> {
        let top = top(states, state);
        match queue::change(act, top.map(|(value, _)| value)) {
            Change::Nothing => Some(state),
            Change::Impossible => None,
            Change::Put(value) => Some(states.number(&[value, state])),
            Change::Take => top.map(|(_, below)| below),
        }
    }

    fn loose(&self, act: Act) -> Option<(Act, Effect)> {
        queue::loose(act)
    }

    fn about(&self, act: Act) -> Option<Id> {
        queue::about(act)
    }

    fn discipline(&self) -> Option<Discipline> {
        Some(Discipline::Stack)
    }

    fn is_blind(&self, act: Act) -> bool {
        queue::is_blind(act)
    }

    fn prune(&self, ops: &mut Vec<Op>) {
        queue::prune(ops);
    }

    fn show(&self, states: &States, state: State) -> String {
        let mut items: Vec<Id> = Vec::new();
        let mut next = top(states, state);
        while let Some((value, below)) = next {
            items.push(value);
            next = top(states, below);
        }
        self.values.show_all(items.into_iter().rev())
    }
}
