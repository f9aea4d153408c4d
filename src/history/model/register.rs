//! `register`, `cas_register`, an entry of a `map`, an element of a `set` and a `lock`: a state is
//! the one value that is held.

use super::object::{Act, Effect, Object, Op, State, States};
use super::reading::{argument, is_silent, matched};
use super::values::{Id, Values};
use crate::history::{Operation, Outcome};
use crate::value::{Value, show_short};

const READ: u8 = 0;
const WRITE: u8 = 1;
const CAS: u8 = 2;
/// A compare that was carried out and did not match.
const MISS: u8 = 3;
/// A read of which nobody knows what it returned.
const LOOK: u8 = 4;

/// A value that no operation speaks of.
const OTHER: Id = Id::MAX;

/// Something that holds one value.
#[derive(Debug, Default)]
pub(super) struct Register {
    values: Values,
    holds: Holds,
}

/// What it means that it holds a value.
#[derive(Debug, Default)]
enum Holds {
    #[default]
    Value,
    /// Whether a lock is held.
    Lock,
    /// Whether this element is in a set.
    Element(Value),
}

impl Register {
    /// Whether a lock is held.
    pub(super) fn lock() -> Register {
        Register { holds: Holds::Lock, ..Register::default() }
    }

    /// Whether an element is in a set.
    pub(super) fn element(element: Value) -> Register {
        Register { holds: Holds::Element(element), ..Register::default() }
    }

    fn sees(&mut self, value: &Value) -> (Act, Effect) {
        let value = self.values.id(value);
        (Act { role: READ, a: value, b: 0 }, Effect::Seen(value))
    }

    fn sets(&mut self, value: &Value) -> (Act, Effect) {
        let value = self.values.id(value);
        (Act { role: WRITE, a: value, b: 0 }, Effect::Sets(value))
    }

    fn swaps(&mut self, old: &Value, new: &Value) -> (Act, Effect) {
        let (old, new) = (self.values.id(old), self.values.id(new));
        let effect = if old == new { Effect::Seen(old) } else { Effect::Moves };
        (Act { role: CAS, a: old, b: new }, effect)
    }

    /// Makes it `new` (an element that is there, a lock that is held), and says whether it was not.
    fn turns(&mut self, operation: &Operation, new: bool) -> (Act, Effect) {
        match (&operation.value, &self.holds) {
            (Value::Bool(false), _) => self.sees(&Value::Bool(new)),
            (Value::Bool(true), _) | (_, Holds::Lock) => self.swaps(&Value::Bool(!new), &Value::Bool(new)),
            _ => self.sets(&Value::Bool(new)),
        }
    }
}

impl Object for Register {
    fn begin(&mut self, _: &mut States, initial: &Value) -> Result<State, String> {
        Ok(self.values.id(initial))
    }

    fn read(
        &mut self,
        _: &mut States,
        role: &str,
        operation: &Operation,
    ) -> Result<Option<(Act, Effect)>, String> {
        let known = operation.outcome == Outcome::Ok;
        let (act, effect) = match role {
            "read" | "get" | "contains" if is_silent(operation) => {
                (Act { role: LOOK, a: 0, b: 0 }, Effect::Pure)
            }
            "contains" if operation.value.as_bool().is_none() => {
                return Err(format!("`{}` returned no `true` or `false`", operation.function));
            }
            "read" | "get" | "contains" => self.sees(&operation.value),
            "write" | "put" => self.sets(argument(operation, 0, "the value to write")?),
            "add" | "acquire" => self.turns(operation, true),
            "release" => self.turns(operation, false),
            "remove" if matches!(self.holds, Holds::Element(_)) => self.turns(operation, false),
            "remove" => self.sets(&Value::Null),
            _ => {
                let new = argument(operation, 0, "the new value")?;
                let old = argument(operation, 1, "the expected value")?;
                let (act, effect) = self.swaps(old, new);
                if known && !matched(&operation.value) {
                    (Act { role: MISS, ..act }, Effect::Pure)
                } else {
                    (act, effect)
                }
            }
        };
        Ok((known || !effect.is_pure()).then_some((act, effect)))
    }

    fn step(&self, _: &mut States, state: State, act: Act) -> Option<State> {
        match act.role {
            WRITE => Some(act.a),
            READ => (state == act.a).then_some(state),
            CAS => (state == act.a).then_some(act.b),
            MISS => (state != act.a).then_some(state),
            _ => Some(state),
        }
    }

    fn loose(&self, act: Act) -> Option<(Act, Effect)> {
        match act.role {
            WRITE => Some((act, Effect::Sets(act.a))),
            CAS if act.a != act.b => Some((act, Effect::Moves)),
            _ => None,
        }
    }

    fn anything(&self, ops: &[Op]) -> Option<Vec<State>> {
        let tested = ops.iter().filter(|op| matches!(op.act.role, READ | CAS | MISS)).map(|op| op.act.a);
        let mut states: Vec<State> = tested.chain([OTHER]).collect();
        states.sort_unstable();
        states.dedup();
        Some(states)
    }

    fn is_blind(&self, act: Act) -> bool {
        matches!(act.role, WRITE | LOOK)
    }

    /// An order needs a write of unknown outcome only for a value that somebody saw, or because it
    /// made a compare miss; and it needs those that do the same at most once before each operation
    /// of known outcome, since a way from value to value need not pass one twice.
    fn prune(&self, ops: &mut Vec<Op>) {
        if !ops.iter().any(|op| op.act.role == MISS) {
            let seen = seen(ops);
            ops.retain(|op| {
                op.end.is_some() || seen.contains(if op.act.role == WRITE { &op.act.a } else { &op.act.b })
            });
        }
        let known = ops.iter().filter(|op| op.end.is_some()).count();
        let mut alike: foldhash::HashMap<Act, usize> = foldhash::HashMap::default();
        ops.retain(|op| {
            op.end.is_some() || {
                let count = alike.entry(op.act).or_default();
                *count += 1;
                *count <= known
            }
        });
    }

    fn show(&self, _: &States, state: State) -> String {
        let held = self.values.get(state);
        match &self.holds {
            _ if state == OTHER => "something else".to_owned(),
            Holds::Value => held.map_or_else(String::new, |value| show_short(value, 60)),
            Holds::Lock if held == Some(&Value::Bool(true)) => "held".to_owned(),
            Holds::Lock => "free".to_owned(),
            Holds::Element(element) => {
                let with = if held == Some(&Value::Bool(true)) { "with" } else { "without" };
                format!("{with} {}", show_short(element, 60))
            }
        }
    }
}

/// The values that somebody saw, or may have seen who set one that somebody saw.
fn seen(ops: &[Op]) -> foldhash::HashSet<Id> {
    let mut seen: foldhash::HashSet<Id> = foldhash::HashSet::default();
    let mut compares: Vec<Act> = Vec::new();
    for op in ops {
        match (op.act.role, op.end) {
            (READ | CAS, Some(_)) => {
                seen.insert(op.act.a);
            }
            (CAS, None) => compares.push(op.act),
            _ => {}
        }
    }
    loop {
        let before = compares.len();
        compares.retain(|act| {
            let needed = seen.contains(&act.b);
            if needed {
                seen.insert(act.a);
            }
            !needed
        });
        if compares.len() == before {
            return seen;
        }
    }
}
