//! Random histories: of an object that works, then perhaps spoilt.

use super::reference::execute;
use crate::history::{Model, Operation, Outcome};
use crate::value::Value;

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
pub(in crate::history::linear) struct Random(pub u64);

impl Random {
    pub(in crate::history::linear) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    pub(in crate::history::linear) fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// A model that begins like the histories do.
pub(in crate::history::linear) fn model(name: &str) -> Model {
    let initial = match name {
        "map" => Value::object::<&str>([]),
        "counter" => Value::int(0),
        "set" | "queue" | "stack" | "append_log" => Value::list(Vec::new()),
        "lock" => Value::Bool(false),
        _ => Value::Null,
    };
    Model { initial, ..Model::named(name).unwrap() }
}

fn call(name: &str, random: &mut Random, nth: usize) -> (&'static str, Vec<Value>) {
    let small = |random: &mut Random| Value::int(random.below(3) as i64);
    let key = Value::text(*random.of(&["a", "b"]));
    // Sometimes every value is written once.
    let value = if random.below(2) == 0 { small(random) } else { Value::int(nth as i64) };
    let functions: &[&'static str] = match name {
        "register" => &["read", "write"],
        "cas_register" => &["read", "write", "cas"],
        "map" => &["get", "put", "cas", "remove"],
        "set" => &["add", "remove", "contains", "read"],
        "counter" => &["add", "subtract", "read"],
        "queue" => &["enqueue", "enqueue", "dequeue", "dequeue", "peek"],
        "stack" => &["push", "push", "pop", "pop", "peek"],
        "lock" => &["acquire", "release"],
        _ => &["append", "append", "read", "get"],
    };
    let function = *random.of(functions);
    let args = match (name, function) {
        ("map", "get" | "remove") => vec![key],
        ("map", "cas") => vec![key, small(random), value],
        ("map", _) => vec![key, value],
        (_, "cas") => vec![small(random), value],
        ("append_log", "get") | ("set", "contains" | "remove") => vec![small(random)],
        ("counter", "add") if random.below(3) == 0 => vec![],
        (_, "write" | "add" | "subtract" | "enqueue" | "push" | "append") => vec![value],
        _ => vec![],
    };
    (function, args)
}

/// A history of at most this many operations.
pub(super) fn history(model: &Model, random: &mut Random, most: u64) -> Vec<Operation> {
    let count = 1 + random.below(most) as usize;
    let span = 2 + random.below(3 * count as u64 + 1);
    let mut points: Vec<i64> = (0..count).map(|_| random.below(span) as i64).collect();
    points.sort_unstable();
    let mut state = model.initial.clone();
    let mut operations = Vec::new();
    for (nth, point) in points.into_iter().enumerate() {
        let (function, args) = call(model.name, random, nth);
        let mut operation = Operation {
            process: Value::Absent,
            function: function.into(),
            args,
            value: Value::Absent,
            start: point - random.below(1 + span / 4) as i64,
            end: Some(point + random.below(1 + span / 4) as i64),
            outcome: Outcome::Ok,
        };
        let chance = random.below(20);
        if chance == 0 {
            operation.outcome = Outcome::Fail;
        } else if let Some((after, result)) = execute(model.name, &state, &operation) {
            if chance < 4 {
                operation.outcome = Outcome::Info;
                operation.end = None;
            }
            if chance != 1 {
                state = after;
            }
            if operation.outcome == Outcome::Ok && chance != 4 {
                operation.value = result;
                if function == "cas" && random.below(2) == 0 {
                    operation.value = Value::object([("matched", operation.value)]);
                }
            }
        }
        operations.push(operation);
    }
    for _ in 0..random.below(4) {
        spoil(&mut operations, model, random);
    }
    if random.below(4) == 0 {
        operations.reverse();
    }
    operations
}

/// Changes what one operation returned, or when it happened.
fn spoil(operations: &mut [Operation], model: &Model, random: &mut Random) {
    let other = random.of(operations).value.clone();
    let index = random.below(operations.len() as u64) as usize;
    let operation = &mut operations[index];
    match random.below(4) {
        0 => {
            let later = random.below(6) as i64 - 3;
            operation.start += later;
            operation.end = operation.end.map(|end| end + later);
        }
        1 => operation.value = other,
        2 => {
            if let Value::Bool(value) = operation.value {
                operation.value = Value::Bool(!value);
            }
        }
        _ => {
            let state = Value::int(random.below(4) as i64);
            let holds_list = model.initial.as_list().is_some() && &*operation.function == "read";
            operation.value = if holds_list { Value::list(vec![state]) } else { state };
        }
    }
    if operation.outcome != Outcome::Ok {
        operation.value = Value::Absent;
    }
}

/// A history of clients that work without a pause, with this many operations.
pub(super) fn long_history(model: &Model, random: &mut Random, count: usize, valid: bool) -> Vec<Operation> {
    let mut next = vec![0i64; 2 + random.below(5) as usize];
    let unknown = random.below(3) * 4;
    let mut timed: Vec<(i64, Operation)> = Vec::new();
    for nth in 0..count {
        let client = random.below(next.len() as u64) as usize;
        let (function, args) = call(model.name, random, nth);
        let start = next[client] + 1 + random.below(5) as i64;
        let effect = start + random.below(20) as i64;
        let end = effect + random.below(20) as i64;
        next[client] = end;
        let (function, process) = (function.into(), Value::int(client as i64));
        let (value, outcome, end) = (Value::Absent, Outcome::Ok, Some(end));
        timed.push((effect, Operation { process, function, args, value, start, end, outcome }));
    }
    timed.sort_by_key(|(effect, _)| *effect);
    let mut state = model.initial.clone();
    let mut operations = Vec::new();
    for (_, mut operation) in timed {
        // What cannot happen did not.
        let Some((after, result)) = execute(model.name, &state, &operation) else { continue };
        if random.below(100) < unknown {
            (operation.outcome, operation.end) = (Outcome::Info, None);
            if random.below(2) == 0 {
                state = after;
            }
        } else {
            (state, operation.value) = (after, result);
        }
        operations.push(operation);
    }
    if !valid {
        spoil(&mut operations, model, random);
    }
    operations
}
