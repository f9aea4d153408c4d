//! Whether a history is linearizable, by trying every order.

use super::reference::{agrees, execute};
use crate::history::{Model, Operation, Outcome};
use crate::value::Value;

/// Whether some order of all operations that succeeded, and of any of unknown outcome, is true to
/// real time and allowed by the model.
pub(super) fn holds(operations: &[Operation], model: &Model) -> bool {
    let left: Vec<&Operation> = operations.iter().filter(|op| op.outcome != Outcome::Fail).collect();
    any_order(&left, model.name, &model.initial)
}

fn any_order(left: &[&Operation], model: &str, state: &Value) -> bool {
    if left.iter().all(|op| op.outcome == Outcome::Info) {
        return true;
    }
    // The first one takes effect no later than any other is over.
    let first_end = left.iter().filter(|op| op.outcome == Outcome::Ok).filter_map(|op| op.end).min();
    (0..left.len()).any(|index| {
        let next = left[index];
        first_end.is_none_or(|end| next.start <= end)
            && execute(model, state, next).is_some_and(|(after, result)| {
                let rest: Vec<&Operation> =
                    left.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, op)| *op).collect();
                agrees(model, next, &result) && any_order(&rest, model, &after)
            })
    })
}
