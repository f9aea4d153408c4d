//! Whether a history is linearizable, by trying every order. What an operation makes of a state is
//! found out once, and what cannot follow a set of operations in a state is not tried twice; nothing
//! else is clever.

use std::collections::HashSet;

use super::reference::{agrees, execute};
use crate::history::{Model, Operation, Outcome};
use crate::value::Value;

/// Whether some order of all operations that succeeded, and of any of unknown outcome, is true to
/// real time and allowed by the model.
pub(super) fn holds(operations: &[Operation], model: &Model) -> bool {
    let left: Vec<&Operation> = operations.iter().filter(|op| op.outcome != Outcome::Fail).collect();
    let all = (0..left.len()).fold(0, |all, at| all | 1 << at);
    let states = vec![model.initial.clone()];
    Brute { operations: left, model, states, steps: Vec::new(), hopeless: HashSet::new() }.any_order(all, 0)
}

struct Brute<'a> {
    operations: Vec<&'a Operation>,
    model: &'a Model,
    /// States are numbered as they are seen.
    states: Vec<Value>,
    /// For each state, for each operation: the state after it, if that was found out, if there is one.
    steps: Vec<Vec<Option<Option<usize>>>>,
    /// Operations that have no order from a state on.
    hopeless: HashSet<(u32, usize)>,
}

impl Brute<'_> {
    fn any_order(&mut self, left: u32, state: usize) -> bool {
        let operations = self.operations.clone();
        let of = || (0..operations.len()).filter(|at| left >> at & 1 == 1);
        let known = || of().filter(|at| operations[*at].outcome == Outcome::Ok);
        if known().next().is_none() {
            return true;
        }
        if self.hopeless.contains(&(left, state)) {
            return false;
        }
        // The first one takes effect no later than any other is over.
        let first_end = known().filter_map(|at| operations[at].end).min();
        let found = of().any(|at| {
            first_end.is_none_or(|end| operations[at].start <= end)
                && self.step(state, at).is_some_and(|after| self.any_order(left & !(1 << at), after))
        });
        if !found {
            self.hopeless.insert((left, state));
        }
        found
    }

    fn step(&mut self, state: usize, at: usize) -> Option<usize> {
        while self.steps.len() <= state {
            self.steps.push(vec![None; self.operations.len()]);
        }
        if let Some(known) = self.steps[state][at] {
            return known;
        }
        let operation = self.operations[at];
        let after = execute(self.model.name, &self.states[state], operation)
            .filter(|(_, result)| agrees(self.model.name, operation, result))
            .map(|(after, _)| {
                self.states.iter().position(|known| *known == after).unwrap_or_else(|| {
                    self.states.push(after);
                    self.states.len() - 1
                })
            });
        self.steps[state][at] = Some(after);
        after
    }
}
