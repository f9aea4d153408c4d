//! Re-checks certificates: the few lines that a judgement rests on.

use super::brute;
use super::reference::{agrees, execute, is_pure};
use crate::history::{Counterexample, Model, Operation, Outcome};
use crate::value::Value;

/// An order is true to real time and to the model, and names no operation that failed, nor one
/// twice.
pub(super) fn is_order(operations: &[Operation], model: &Model, order: &[usize]) -> Result<(), String> {
    let mut state = model.initial.clone();
    let mut latest_start = i64::MIN;
    for (place, at) in order.iter().enumerate() {
        let next = &operations[*at];
        if next.outcome == Outcome::Fail || order[..place].contains(at) && operations.len() < 1000 {
            return Err(format!("operation {at} failed or comes twice"));
        }
        if next.outcome == Outcome::Ok && next.end.is_some_and(|end| end < latest_start) {
            return Err(format!("operation {at} was over before one that comes before it"));
        }
        latest_start = latest_start.max(next.start);
        match execute(model.name, &state, next) {
            Some((after, result)) if agrees(model.name, next, &result) => state = after,
            _ => return Err(format!("operation {at} is impossible in {}", crate::value::show(&state))),
        }
    }
    Ok(())
}

/// The same, of every operation that succeeded.
pub(super) fn is_witness(operations: &[Operation], model: &Model, order: &[usize]) -> Result<(), String> {
    is_order(operations, model, order)?;
    let mut named = vec![false; operations.len()];
    order.iter().for_each(|at| named[*at] = true);
    let missing = (0..operations.len()).find(|at| operations[*at].outcome == Outcome::Ok && !named[*at]);
    missing.map_or(Ok(()), |at| Err(format!("operation {at} is missing")))
}

/// The operations of a core fail by themselves; they also fail with everything else that happened,
/// as far as it is unknown; and not if one more were unknown.
pub(super) fn is_core(operations: &[Operation], model: &Model, found: &Counterexample) -> Result<(), String> {
    let strict: Vec<usize> = found.core.iter().filter(|(_, weak)| !weak).map(|(at, _)| *at).collect();
    if !strict.contains(&found.stuck) || strict.iter().any(|at| operations[*at].outcome != Outcome::Ok) {
        return Err("what is stuck must have succeeded".to_owned());
    }
    let core: Vec<Operation> = found
        .core
        .iter()
        .map(|(at, weak)| if *weak { unknown(&operations[*at]) } else { operations[*at].clone() })
        .collect();
    if brute::holds(&core, model) {
        return Err("the core has an order".to_owned());
    }
    let weakened = |strict: &[usize]| -> Vec<Operation> {
        // What began after the last of them was over explains none.
        let end = strict.iter().filter_map(|at| operations[*at].end).max();
        let all = operations.iter().enumerate().filter(|(_, op)| op.outcome != Outcome::Fail);
        let begun = all.filter(|(_, op)| end.is_some_and(|end| op.start <= end));
        begun
            .filter(|(at, op)| strict.contains(at) || op.outcome == Outcome::Info || !is_pure(op))
            .map(|(at, op)| if strict.contains(&at) { op.clone() } else { unknown(op) })
            .collect()
    };
    if brute::holds(&weakened(&strict), model) {
        return Err("there is an order if what the core leaves out is unknown".to_owned());
    }
    for at in strict.iter().filter(|at| **at != found.stuck) {
        let fewer: Vec<usize> = strict.iter().copied().filter(|other| other != at).collect();
        if !brute::holds(&weakened(&fewer), model) {
            return Err(format!("operation {at} is not needed"));
        }
    }
    is_order(&core, model, &found.order.iter().map(|at| place(found, *at)).collect::<Vec<_>>())
}

fn place(found: &Counterexample, at: usize) -> usize {
    found.core.iter().position(|(other, _)| *other == at).unwrap()
}

fn unknown(operation: &Operation) -> Operation {
    Operation { outcome: Outcome::Info, end: None, value: Value::Absent, ..operation.clone() }
}
