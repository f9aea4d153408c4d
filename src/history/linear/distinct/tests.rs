//! That the patterns decide what they should, and no more.

use std::time::{Duration, Instant};

use super::*;
use crate::history::linear::tests::random::{Random, model};
use crate::history::linear::timeline::Timeline;
use crate::history::linear::{frontier::Found, race};
use crate::history::model::parts;
use crate::history::{Judged, Limits, Operation, Outcome, linearizable};
use crate::value::Value;

fn budget() -> Budget {
    Budget { steps: u64::MAX, bytes: 8 << 20, deadline: Instant::now() + Duration::from_secs(600) }
}

fn operation(function: &str, value: Option<i64>, start: i64, end: i64) -> Operation {
    let value = value.map_or(Value::Null, Value::int);
    let puts = matches!(function, "enqueue" | "push");
    Operation {
        process: Value::Absent,
        function: function.into(),
        args: if puts { vec![value.clone()] } else { Vec::new() },
        value: if puts { Value::Null } else { value },
        start,
        end: Some(end),
        outcome: Outcome::Ok,
    }
}

/// A history of clients that put in distinct values and take them; one of so many has an unknown
/// outcome. If `slips`, some of them find another value than they should.
fn history(name: &str, random: &mut Random, count: usize, unknown: u64, slips: bool) -> Vec<Operation> {
    let (put, take) = if name == "queue" { ("enqueue", "dequeue") } else { ("push", "pop") };
    let mut inside: Vec<i64> = Vec::new();
    let mut operations = Vec::new();
    let takes = 1 + random.below(3);
    let width = 1 + random.below(3) as i64;
    for nth in 0..count as i64 {
        let now = nth * 4;
        let (start, end) =
            (now - random.below(4 * width as u64) as i64, now + random.below(4 * width as u64) as i64);
        let mut one = if random.below(4) < takes {
            let at = if name == "queue" { 0 } else { inside.len().saturating_sub(1) };
            let found = (!inside.is_empty()).then(|| inside.remove(at));
            operation(take, found, start, end)
        } else {
            inside.push(nth);
            operation(put, Some(nth), start, end)
        };
        if random.below(unknown) == 0 {
            (one.outcome, one.end) = (Outcome::Info, None);
            if &*one.function == take {
                one.value = Value::Absent;
            }
        }
        operations.push(one);
    }
    if slips {
        let taken: Vec<usize> = (0..count).filter(|at| &*operations[*at].function == take).collect();
        for _ in 0..1 + random.below(2) {
            if taken.len() > 1 {
                let (one, other) = (*random.of(&taken), *random.of(&taken));
                let value = operations[one].value.clone();
                operations[one].value = std::mem::replace(&mut operations[other].value, value);
            }
        }
        for operation in operations.iter_mut().filter(|one| one.outcome == Outcome::Info) {
            if &*operation.function == take {
                operation.value = Value::Absent;
            }
        }
    }
    operations
}

/// The patterns and the search say the same, and the patterns say something of nearly all.
#[test]
fn the_patterns_say_what_the_search_says() {
    for name in ["queue", "stack"] {
        let model = model(name);
        let (mut held, mut failed, mut silent) = (0, 0, 0);
        for seed in 0..1_500 {
            let mut random = Random(seed);
            let count = 2 + random.below(9) as usize;
            let operations = history(name, &mut random, count, 30, seed % 2 == 0);
            let part = parts(&model, &operations).unwrap().remove(0);
            let Ok(searched) = race::both(&part, &Timeline::new(&part.ops), budget()).found else { continue };
            let open = operations.iter().any(|one| one.outcome == Outcome::Info);
            match (judge(&part, budget()), &searched) {
                (Some(Told::Order(_)), Found::Order(_)) => held += 1,
                (Some(Told::Unexplained(few)), Found::Impossible(_)) => {
                    failed += 1;
                    assert!(few.len() <= part.ops.len(), "{few:?}");
                }
                // What nobody knows of may have taken what lies in the way.
                (Some(Told::Unexplained(_)) | None, _) if open => silent += 1,
                (told, _) => panic!("{name}, seed {seed}: {told:?}, but {searched:?}\n{operations:#?}"),
            }
        }
        assert!(held > 600 && failed > 60 && silent < 200, "{name}: {held} {failed} {silent}");
    }
}

/// Every pattern, with the few operations that show it.
#[test]
fn every_pattern_is_found() {
    let judged = |name: &str, operations: &[(&str, Option<i64>, i64, i64)]| {
        let operations: Vec<Operation> =
            operations.iter().map(|(f, value, start, end)| operation(f, *value, *start, *end)).collect();
        match linearizable(&operations, &model(name), &Limits::default()) {
            Judged::Fails(found) => {
                let mut core: Vec<usize> = found.core.into_iter().map(|(at, _)| at).collect();
                core.sort_unstable();
                core
            }
            Judged::Holds(_) => Vec::new(),
            other => panic!("{other:?}"),
        }
    };
    let (put, take) =
        (|value, at| ("enqueue", Some(value), at, at + 1), |value, at| ("dequeue", Some(value), at, at + 1));
    let empty = |start, end| ("dequeue", None, start, end);
    // Nobody put it in; only later; it was taken twice.
    assert_eq!(judged("queue", &[put(1, 0), take(2, 5)]), [1]);
    assert_eq!(judged("queue", &[take(1, 0), put(1, 5)]), [0]);
    assert_eq!(judged("queue", &[put(1, 0), take(1, 5), put(2, 10), take(1, 15)]), [0, 1, 3]);
    // The other way round; the first never.
    assert_eq!(judged("queue", &[put(1, 0), put(2, 5), take(2, 10), take(1, 15), put(3, 20)]), [0, 1, 2]);
    assert_eq!(judged("queue", &[put(1, 0), put(2, 5), put(3, 7), take(3, 10)]).len(), 3);
    // Something was there all the time.
    let hidden = [put(1, 0), put(2, 10), take(1, 20), take(2, 40), empty(3, 30)];
    assert_eq!(judged("queue", &hidden), [0, 1, 2, 4]);
    assert_eq!(
        judged("queue", &[put(1, 0), put(2, 22), take(1, 20), take(2, 40), empty(3, 30)]),
        [] as [usize; 0]
    );
    let (push, pop) =
        (|value, at| ("push", Some(value), at, at + 1), |value, at| ("pop", Some(value), at, at + 1));
    assert_eq!(judged("stack", &[push(1, 0), push(2, 5), pop(1, 10), pop(2, 15)]).len(), 3);
    assert_eq!(judged("stack", &[push(1, 0), push(2, 5), pop(2, 10), pop(1, 15)]), [] as [usize; 0]);
    // While the pop of the first lasts, it may come last.
    assert_eq!(
        judged("stack", &[push(1, 0), push(2, 5), ("pop", Some(1), 10, 20), pop(2, 15)]),
        [] as [usize; 0]
    );
}

/// Who was interrupted may have taken what is missing; but only one thing, and only then.
#[test]
fn what_is_missing_may_have_been_taken() {
    for (name, put, take) in [("queue", "enqueue", "dequeue"), ("stack", "push", "pop")] {
        // Of three values the one that would come next is not taken by anybody who came to an end.
        let (missing, rest) = if name == "queue" { (1, [2, 3]) } else { (3, [2, 1]) };
        let mut operations: Vec<Operation> =
            (1..4).map(|at| operation(put, Some(at), at * 10, at * 10 + 5)).collect();
        operations.extend(
            rest.iter().zip(0..).map(|(value, at)| operation(take, Some(*value), 60 + at * 10, 65 + at * 10)),
        );
        let judged = |operations: &[Operation]| linearizable(operations, &model(name), &Limits::default());
        assert!(matches!(judged(&operations), Judged::Fails(_)), "{name} lost {missing}");
        let mut taker = operation(take, None, 50, 50);
        (taker.outcome, taker.end, taker.value) = (Outcome::Info, None, Value::Absent);
        let with = |taker: &Operation| [operations.as_slice(), std::slice::from_ref(taker)].concat();
        let part = parts(&model(name), &with(&taker)).unwrap().remove(0);
        assert!(matches!(judge(&part, budget()), Some(Told::Order(_))), "{name}");
        assert!(matches!(judged(&with(&taker)), Judged::Holds(_)), "{name}");
        // By then the next one was gone.
        taker.start = 90;
        assert!(matches!(judged(&with(&taker)), Judged::Fails(_)), "{name}");
    }
}

/// An order is replayed before anybody is told.
#[test]
fn an_order_that_is_none_is_not_told() {
    let operations = [operation("enqueue", Some(1), 0, 1), operation("enqueue", Some(2), 2, 3)];
    let part = parts(&model("queue"), &operations).unwrap().remove(0);
    assert!(spans::explains(&part, Discipline::Queue, &[0, 1]));
    assert!(!spans::explains(&part, Discipline::Queue, &[1, 0]), "true to real time");
    assert!(!spans::explains(&part, Discipline::Queue, &[0]), "all of them");
    let operations =
        [operation("push", Some(1), 0, 9), operation("push", Some(2), 0, 9), operation("pop", Some(1), 0, 9)];
    let part = parts(&model("stack"), &operations).unwrap().remove(0);
    assert!(spans::explains(&part, Discipline::Stack, &[1, 0, 2]));
    assert!(!spans::explains(&part, Discipline::Stack, &[0, 1, 2]), "the latest first");
    assert!(!spans::explains(&part, Discipline::Queue, &[1, 0, 2]), "the oldest first");
}

/// What the search could not finish: many values in a queue and in a stack at once.
#[test]
fn large_collections_take_no_search() {
    for name in ["queue", "stack"] {
        let mut random = Random(7);
        let mut operations = history(name, &mut random, 10_000, u64::MAX, false);
        let limits = Limits { memory: 256 << 20, ..Limits::default() };
        assert!(matches!(linearizable(&operations, &model(name), &limits), Judged::Holds(_)), "{name}");
        // The last two values that were taken change places.
        let known = |one: &Operation| one.outcome == Outcome::Ok && matches!(one.value, Value::Number(_));
        let taken: Vec<usize> = (0..operations.len()).filter(|at| known(&operations[*at])).collect();
        let (one, other) = (taken[taken.len() - 40], taken[taken.len() - 1]);
        let value = operations[one].value.clone();
        operations[one].value = std::mem::replace(&mut operations[other].value, value);
        let judged = linearizable(&operations, &model(name), &limits);
        let Judged::Fails(found) = judged else { panic!("{name}: {judged:?}") };
        assert!(found.core.len() < 12, "{name}: {found:?}");
    }
}
