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
    let holds = |operations: &[Operation]| match found.begins_anyhow {
        true => anything(operations, model).iter().any(|model| brute::holds(operations, model)),
        false => brute::holds(operations, model),
    };
    if holds(&core) {
        return Err("the core has an order".to_owned());
    }
    let weakened = |strict: &[usize]| -> Vec<Operation> {
        // What began after the last of them was over explains none; nor does what was over before
        // the first of them began, except for what the object holds then.
        let end = strict.iter().filter_map(|at| operations[*at].end).max();
        let start = strict.iter().map(|at| operations[*at].start).min().filter(|_| found.begins_anyhow);
        let values: Vec<Option<&Value>> = strict.iter().map(|at| about(&operations[*at], model)).collect();
        let all = operations.iter().enumerate().filter(|(_, op)| op.outcome != Outcome::Fail);
        let begun = all.filter(|(_, op)| end.is_some_and(|end| op.start <= end));
        let open = begun.filter(|(_, op)| op.end.is_none_or(|end| start.is_none_or(|start| start <= end)));
        // Values of a queue or a stack do not depend on each other.
        let (kept, others): (Vec<(usize, &Operation)>, Vec<_>) =
            open.partition(|(_, op)| about(op, model).is_none_or(|value| values.contains(&Some(value))));
        let whole = others.is_empty();
        kept.into_iter()
            .filter(|(at, op)| strict.contains(at) || op.outcome == Outcome::Info || !is_pure(op))
            .map(|(at, op)| {
                // What took nobody knows what may have taken a value that is left out.
                let is_known = strict.contains(&at) && (whole || !takes_anything(op));
                if is_known { op.clone() } else { unknown(op) }
            })
            .collect()
    };
    if holds(&weakened(&strict)) {
        return Err("there is an order if what the core leaves out is unknown".to_owned());
    }
    for at in strict.iter().filter(|at| **at != found.stuck) {
        let fewer: Vec<usize> = strict.iter().copied().filter(|other| other != at).collect();
        if !holds(&weakened(&fewer)) {
            return Err(format!("operation {at} is not needed"));
        }
    }
    let order = found.order.iter().map(|at| place(found, *at)).collect::<Vec<_>>();
    match found.begins_anyhow {
        true => {
            let mut orders = anything(&core, model).into_iter().map(|model| is_order(&core, &model, &order));
            if orders.any(|found| found.is_ok()) {
                Ok(())
            } else {
                Err("nothing explains its order".to_owned())
            }
        }
        false => is_order(&core, model, &order),
    }
}

/// The model with everything that it may begin with, as far as these operations can tell: a value
/// that they speak of, or another one.
fn anything(operations: &[Operation], model: &Model) -> Vec<Model> {
    let spoken = operations.iter().flat_map(|op| op.args.iter().chain([&op.value]));
    let mut values: Vec<Value> =
        vec![Value::Null, Value::Bool(true), Value::Bool(false), Value::text("other")];
    for value in spoken {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    let initial = |value: Value| match model.name {
        // Each part of these is judged alone, and so is its counterexample.
        "map" => Value::object(["a", "b"].map(|key| (key, value.clone()))),
        "set" if value == Value::Bool(true) => Value::list(values.clone()),
        "set" => Value::list(Vec::new()),
        _ => value,
    };
    values.iter().map(|value| Model { initial: initial(value.clone()), ..model.clone() }).collect()
}

/// The value of a queue or a stack that an operation puts in, takes or sees, if that is known.
fn about<'a>(operation: &'a Operation, model: &Model) -> Option<&'a Value> {
    if !matches!(model.name, "queue" | "stack") {
        return None;
    }
    match (&*operation.function, operation.outcome) {
        ("enqueue" | "push", _) => operation.args.last(),
        (_, Outcome::Ok) => {
            Some(&operation.value).filter(|value| !matches!(value, Value::Null | Value::Absent))
        }
        _ => None,
    }
}

/// Whether it took what nobody knows.
fn takes_anything(operation: &Operation) -> bool {
    matches!(&*operation.function, "dequeue" | "pop") && matches!(operation.value, Value::Absent)
}

fn place(found: &Counterexample, at: usize) -> usize {
    found.core.iter().position(|(other, _)| *other == at).unwrap()
}

fn unknown(operation: &Operation) -> Operation {
    Operation { outcome: Outcome::Info, end: None, value: Value::Absent, ..operation.clone() }
}
