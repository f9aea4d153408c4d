//! What a search knows of a model: states and actions are small integers.

use super::values::Id;
use crate::history::Operation;
use crate::value::Value;

/// A state of an object: a value, or a number in [`States`].
pub(in crate::history) type State = u32;

/// What an operation does, as its object reads it: a role and up to two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::history) struct Act {
    pub role: u8,
    pub a: Id,
    pub b: Id,
}

/// What is known of an action in every state; a search may count on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::history) enum Effect {
    /// Changes no state; impossible in some.
    Pure,
    /// Changes no state, and is possible in this one only.
    Seen(State),
    /// Possible in every state, and this is the state after it.
    Sets(State),
    /// Anything else.
    Moves,
}

impl Effect {
    /// Whether it changes no state at all.
    pub(in crate::history) fn is_pure(self) -> bool {
        matches!(self, Effect::Pure | Effect::Seen(_))
    }
}

/// An operation as a search sees it. Those that failed are gone, and so are pure ones of unknown
/// outcome.
#[derive(Debug, Clone, Copy)]
pub(in crate::history) struct Op {
    /// Its position in the list of operations.
    pub at: u32,
    pub act: Act,
    pub effect: Effect,
    pub start: i64,
    /// `None`: it may take effect once, at any time from its start on, or never.
    pub end: Option<i64>,
}

/// How a collection gives back what was put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::history) enum Discipline {
    /// The oldest first.
    Queue,
    /// The latest first.
    Stack,
}

/// A model with the values of one history.
pub(in crate::history) trait Object: Send + Sync {
    /// The state before the first operation.
    ///
    /// # Errors
    /// Why the model cannot begin so.
    fn begin(&mut self, states: &mut States, initial: &Value) -> Result<State, String>;

    /// What an operation does that plays this role; `None` when it explains nothing: a pure one of
    /// unknown outcome.
    ///
    /// # Errors
    /// Why the model cannot read it.
    fn read(
        &mut self,
        states: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String>;

    /// The state after the action; `None` when it is impossible in this one.
    fn step(&self, states: &mut States, state: State, act: Act) -> Option<State>;

    /// The action when nobody knows what came of it; `None` when it then explains nothing.
    fn loose(&self, act: Act) -> Option<(Act, Effect)>;

    /// Every state that the object may be in before these operations, as far as they tell states
    /// apart; `None` when those are too many to name.
    fn anything(&self, ops: &[Op]) -> Option<Vec<State>> {
        let _ = ops;
        None
    }

    /// The value that an action puts in, takes or sees, if what is left of a history without the
    /// operations on some values is a history too: as of a collection that nobody counts.
    fn about(&self, act: Act) -> Option<Id> {
        let _ = act;
        None
    }

    /// How a collection gives back what was put in, if that decides everything.
    fn discipline(&self) -> Option<Discipline> {
        None
    }

    /// Whether the action is possible in every state, so that it puts nothing to the test.
    fn is_blind(&self, act: Act) -> bool;

    /// Leaves out operations of unknown outcome that no order needs: if there is an order with
    /// them, there is one without.
    fn prune(&self, ops: &mut Vec<Op>) {
        let _ = ops;
    }

    /// The state in words.
    fn show(&self, states: &States, state: State) -> String;
}

/// States that are sequences, each kept once. A state's number is its place in the order of first
/// sight, so that equal searches number them equally.
#[derive(Debug, Default, Clone)]
pub(in crate::history) struct States {
    numbers: foldhash::HashMap<Box<[u32]>, State>,
    all: Vec<Box<[u32]>>,
    bytes: usize,
}

impl States {
    /// The number of this sequence.
    pub(in crate::history) fn number(&mut self, sequence: &[u32]) -> State {
        if let Some(number) = self.numbers.get(sequence) {
            return *number;
        }
        let number = self.all.len() as State;
        self.bytes += 2 * size_of_val(sequence) + 96;
        self.numbers.insert(sequence.into(), number);
        self.all.push(sequence.into());
        number
    }

    /// The sequence with this number.
    pub(in crate::history) fn sequence(&self, state: State) -> &[u32] {
        self.all.get(state as usize).map_or(&[], |sequence| sequence)
    }

    /// About how much memory they take.
    pub(in crate::history) fn bytes(&self) -> usize {
        self.bytes
    }
}
