//! What is over the limits is unknown, and stops near them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::random::model;
use crate::history::linear::{race, timeline::Timeline};
use crate::history::meter::{Budget, Stop};
use crate::history::model::parts;
use crate::history::{Judged, Limits, Operation, Outcome, linearizable};
use crate::value::Value;

fn operation(function: &str, value: i64, start: i64, end: i64) -> Operation {
    let (arg, result) = match function {
        "enqueue" => (vec![Value::int(value)], Value::Null),
        _ => (Vec::new(), Value::int(value)),
    };
    Operation {
        process: Value::int(value),
        function: Arc::from(function),
        args: arg,
        value: result,
        start,
        end: Some(end),
        outcome: Outcome::Ok,
    }
}

/// So many values enter a queue at once, one of them twice, and leave it one after the other; the
/// last one twice. Only who has tried every order knows.
fn hard(values: i64) -> Vec<Operation> {
    let enter = (0..=values).map(|at| operation("enqueue", at % values, 0, 10));
    let leave = (0..=values).map(|at| operation("dequeue", at.min(values - 1), 20 + 10 * at, 25 + 10 * at));
    enter.chain(leave).collect()
}

#[test]
fn a_hard_history_stops_at_the_limit_of_memory() {
    let (model, limit) = (model("queue"), 4 << 20);
    let operations = hard(24);
    let limits = Limits { memory: limit, ..Limits::default() };
    let judged = linearizable(&operations, &model, &limits);
    let Judged::Unknown(why) = judged else { panic!("{judged:?}") };
    // All that entered, and some that left, but never all.
    let (limit_reached, how_far) = why.split_once(": ").unwrap();
    assert_eq!(limit_reached, "no answer within 4 MiB of memory");
    let over = how_far.strip_prefix("an order explains the first ").unwrap().split(' ').next().unwrap();
    assert!(
        over.parse::<usize>().unwrap() < 50 && how_far.ends_with(" of 50 operations that ended"),
        "{why}"
    );

    let parts = parts(&model, &operations).unwrap();
    let deadline = Instant::now() + Duration::from_secs(600);
    let budget = Budget { steps: u64::MAX, bytes: limit, deadline };
    let searched = race::both(&parts[0], &Timeline::new(&parts[0].ops), budget);
    assert_eq!(searched.found, Err(Stop::Memory));
    assert!((limit / 2..limit + limit / 8).contains(&searched.peak), "{} of {limit}", searched.peak);
}

#[test]
fn a_history_without_time_is_unknown() {
    let limits = Limits { time: Duration::ZERO, ..Limits::default() };
    let judged = linearizable(&hard(24), &model("queue"), &limits);
    let told = "no answer within 0ns: an order explains the first 0 of 50 operations that ended";
    assert_eq!(judged, Judged::Unknown(told.to_owned()));
}

/// The same in small has an answer, so that it is the limits that the others stop at.
#[test]
fn the_same_in_small_fails() {
    let judged = linearizable(&hard(4), &model("queue"), &Limits::default());
    assert!(matches!(judged, Judged::Fails(_)), "{judged:?}");
}

/// The race does not decide what is said: the same history has the same certificate every time.
#[test]
fn every_run_says_the_same() {
    let operations = hard(7);
    let first = linearizable(&operations, &model("queue"), &Limits::default());
    for _ in 0..2 {
        assert_eq!(linearizable(&operations, &model("queue"), &Limits::default()), first);
    }
    assert!(matches!(first, Judged::Fails(_)), "{first:?}");
}
