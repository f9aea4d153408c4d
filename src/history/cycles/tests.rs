use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::history::Outcome;
use crate::value::{Value, from_json};

/// A transaction: its process, outcome, times and steps in JSON.
fn txn(process: i64, outcome: Outcome, start: i64, end: i64, steps: &str) -> Operation {
    let steps = from_json(steps.as_bytes()).unwrap();
    let (args, value) = match outcome {
        Outcome::Ok => (Vec::new(), steps),
        Outcome::Fail | Outcome::Info => (vec![steps], Value::Absent),
    };
    Operation {
        process: Value::int(process),
        function: "txn".into(),
        args,
        value,
        start,
        end: (outcome != Outcome::Info).then_some(end),
        outcome,
    }
}

/// Transactions that are all ok and all at work at the same time.
fn all_ok(steps: &[&str]) -> Vec<Operation> {
    let each = steps.iter().enumerate();
    each.map(|(at, steps)| txn(at as i64, Outcome::Ok, 0, 100, steps)).collect()
}

fn model() -> Model {
    Model { name: "list_append", roles: vec![("txn", Arc::from("txn"))], initial: Value::Null }
}

fn judge(operations: &[Operation]) -> Serial {
    serializable(operations, &model(), Respect::Results, &Limits::default())
}

/// The names of all anomalies, and the sentences of the first.
fn names(operations: &[Operation], respect: Respect) -> (Vec<String>, String) {
    match serializable(operations, &model(), respect, &Limits::default()) {
        Serial::Fails(found) => {
            let names = found.iter().map(|anomaly| anomaly.kind.to_string()).collect();
            (names, found[0].sentences.join("\n"))
        }
        other => panic!("{other:?}"),
    }
}

/// Executes transactions one after the other; whether each read what it says.
fn fits(operations: &[Operation], order: &[usize]) -> bool {
    let mut lists: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for &at in order {
        let steps = Transaction::read(&operations[at], &model()).unwrap();
        for step in steps {
            match step {
                transaction::Step::Append { list, element } => {
                    lists.entry(format!("{list:?}")).or_default().push(format!("{element:?}"));
                }
                transaction::Step::Read { list, elements: Some(read) } => {
                    let read: Vec<String> = read.iter().map(|value| format!("{value:?}")).collect();
                    if lists.get(&format!("{list:?}")).map(Vec::as_slice).unwrap_or_default() != read {
                        return false;
                    }
                }
                transaction::Step::Read { elements: None, .. } => {}
            }
        }
    }
    true
}

fn is_true_to(operations: &[Operation], order: &[usize], respect: Respect) -> bool {
    let place: BTreeMap<usize, usize> = order.iter().enumerate().map(|(place, at)| (*at, place)).collect();
    place.iter().all(|(one, before)| {
        place.iter().all(|(other, after)| {
            let (a, b) = (&operations[*one], &operations[*other]);
            let same = format!("{:?}", a.process) == format!("{:?}", b.process);
            let first = match respect {
                Respect::Results => false,
                Respect::Process => same && a.end.is_some() && a.start < b.start,
                Respect::Realtime => a.end.is_some_and(|end| end < b.start),
            };
            !first || before < after
        })
    })
}

/// Whether any order of any set that may have taken effect fits: by trying all of them.
fn brute_force(operations: &[Operation], respect: Respect) -> bool {
    let sure: Vec<usize> =
        (0..operations.len()).filter(|at| operations[*at].outcome == Outcome::Ok).collect();
    let open: Vec<usize> =
        (0..operations.len()).filter(|at| operations[*at].outcome == Outcome::Info).collect();
    (0..1_u32 << open.len()).any(|chosen| {
        let more = open.iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0).map(|(_, at)| *at);
        let mut order: Vec<usize> = sure.iter().copied().chain(more).collect();
        any_order(&mut order, 0, &|order| fits(operations, order) && is_true_to(operations, order, respect))
    })
}

fn any_order(order: &mut Vec<usize>, from: usize, holds: &dyn Fn(&[usize]) -> bool) -> bool {
    if from == order.len() {
        return holds(order);
    }
    (from..order.len()).any(|other| {
        order.swap(from, other);
        let found = any_order(order, from + 1, holds);
        order.swap(from, other);
        found
    })
}

/// A history as one reads it.
fn shown(operations: &[Operation]) -> String {
    let line = |one: &Operation| {
        let steps = one.args.last().unwrap_or(&one.value);
        let times = (one.start, one.end);
        format!("{:?} {:?} {times:?} {}\n", one.process, one.outcome, crate::value::show(steps))
    };
    operations.iter().map(line).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A small history: executed serially with a few reads of older or torn states, some outcomes
/// changed.
fn random(random: &mut Random) -> Vec<Operation> {
    let count = 2 + random.below(4);
    let lists = 1 + random.below(2);
    let mut state: Vec<Vec<u64>> = vec![Vec::new(); lists as usize];
    let mut next = 1;
    let mut operations = Vec::new();
    let mut clock = 0;
    for _ in 0..count {
        let outcome = match random.below(10) {
            0 => Outcome::Fail,
            1 | 2 => Outcome::Info,
            _ => Outcome::Ok,
        };
        let happened = match outcome {
            Outcome::Ok => true,
            // A failed one that leaves something behind is an aborted read for whoever sees it.
            Outcome::Fail => random.below(4) == 0,
            Outcome::Info => random.below(2) == 0,
        };
        let (old, mut steps) = (state.clone(), Vec::new());
        for _ in 0..1 + random.below(3) {
            let list = random.below(lists) as usize;
            if random.below(2) == 0 {
                state[list].push(next);
                steps.push(format!("[\"append\",\"l{list}\",{next}]"));
                next += 1;
            } else {
                let mut read = state[list].clone();
                match random.below(12) {
                    0 => drop(read.pop()),
                    1 => read.clone_from(&old[list]),
                    2 if read.len() > 1 => read.swap(0, 1),
                    3 => drop(read.drain(..read.len() / 2)),
                    _ => {}
                }
                steps.push(format!("[\"r\",\"l{list}\",{read:?}]"));
            }
        }
        if !happened {
            state = old;
        }
        let start = clock + random.below(3) as i64;
        let end = start + 1 + random.below(6) as i64;
        clock = start + 1;
        operations.push(txn(
            operations.len() as i64 % 3,
            outcome,
            start,
            end,
            &format!("[{}]", steps.join(",")),
        ));
    }
    // The order in which they stand says nothing.
    for at in (1..operations.len()).rev() {
        operations.swap(at, random.below(at as u64 + 1) as usize);
    }
    operations
}

/// Every verdict is that of trying all orders; what holds comes with an order that fits, and what
/// fails with dependencies that close.
#[test]
fn small_histories_are_judged_as_by_trying_all_orders() {
    let mut random_numbers = Random(7);
    let (mut held, mut failed) = (0, 0);
    let mut kinds = BTreeSet::new();
    for round in 0..15_000 {
        let operations = random(&mut random_numbers);
        let respect = Respect::ALL[round % 3].1;
        let expected = brute_force(&operations, respect);
        match serializable(&operations, &model(), respect, &Limits::default()) {
            Serial::Holds(order) => {
                held += 1;
                assert!(expected, "{}", shown(&operations));
                let is_true = fits(&operations, &order) && is_true_to(&operations, &order, respect);
                assert!(is_true, "{order:?}\n{}", shown(&operations));
            }
            Serial::Fails(found) => {
                failed += 1;
                assert!(!expected, "{found:#?}\n{}", shown(&operations));
                for anomaly in found {
                    kinds.insert(anomaly.kind.to_string());
                    let count = anomaly.dependencies.len();
                    for (place, tie) in anomaly.dependencies.iter().enumerate() {
                        assert_eq!((tie.from, tie.to), (place, (place + 1) % count));
                    }
                }
            }
            other => panic!("{other:?}\n{}", shown(&operations)),
        }
    }
    assert!(held > 2_000 && failed > 2_000, "{held} {failed}");
    for kind in ["incompatible order", "internal", "dirty update", "G1a", "G1b", "G1c", "G-single", "G2"] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
}

#[test]
fn a_serial_history_is_clean_and_its_order_is_given() {
    let operations = all_ok(&[
        r#"[["r","x",[1]],["append","y",2]]"#,
        r#"[["append","x",1]]"#,
        r#"[["r","x",[1]],["r","y",[2]],["append","x",3]]"#,
        r#"[["r","x",[1,3]],["r","z",[]]]"#,
    ]);
    assert_eq!(judge(&operations), Serial::Holds(vec![1, 0, 2, 3]));
}

#[test]
fn g0_is_a_cycle_of_writes() {
    let operations = all_ok(&[
        r#"[["append","x",1],["append","y",1]]"#,
        r#"[["append","x",2],["append","y",2]]"#,
        r#"[["r","x",[1,2]]]"#,
        r#"[["r","y",[2,1]]]"#,
    ]);
    let (names, told) = names(&operations, Respect::Results);
    assert_eq!(names[0], "G0", "{names:?}");
    insta::assert_snapshot!(told);
}

#[test]
fn g1a_is_an_aborted_read() {
    let operations = [
        txn(0, Outcome::Fail, 0, 1, r#"[["append","x",1]]"#),
        txn(1, Outcome::Ok, 2, 3, r#"[["r","x",[1]]]"#),
    ];
    let (names, told) = names(&operations, Respect::Results);
    assert_eq!(names, ["G1a"]);
    insta::assert_snapshot!(told);
}

#[test]
fn g1b_is_an_intermediate_read() {
    let operations =
        all_ok(&[r#"[["append","x",1],["append","x",2]]"#, r#"[["r","x",[1]]]"#, r#"[["r","x",[1,2]]]"#]);
    let (names, told) = names(&operations, Respect::Results);
    assert_eq!(names[0], "G1b", "{names:?}");
    insta::assert_snapshot!(told);
}

#[test]
fn g1c_is_a_circle_of_information() {
    let operations = all_ok(&[r#"[["append","x",1],["r","y",[2]]]"#, r#"[["append","y",2],["r","x",[1]]]"#]);
    let (names, told) = names(&operations, Respect::Results);
    assert_eq!(names, ["G1c"]);
    insta::assert_snapshot!(told);
}

#[test]
fn g_single_is_read_skew() {
    let operations = all_ok(&[
        r#"[["append","x",1],["append","y",1]]"#,
        r#"[["r","x",[]],["r","y",[1]]]"#,
        r#"[["r","x",[1]]]"#,
    ]);
    let (names, told) = names(&operations, Respect::Results);
    assert_eq!(names, ["G-single"]);
    insta::assert_snapshot!(told);
}

#[test]
fn g2_is_write_skew() {
    let operations = all_ok(&[
        r#"[["r","x",[]],["append","y",1]]"#,
        r#"[["r","y",[]],["append","x",2]]"#,
        r#"[["r","y",[1]],["r","x",[2]]]"#,
    ]);
    let (names, told) = names(&operations, Respect::Results);
    assert_eq!(names, ["G2"]);
    insta::assert_snapshot!(told);
}

/// Nobody read what either wrote, and still both cannot have been alone.
#[test]
fn write_skew_that_nobody_saw_is_found() {
    let operations = all_ok(&[r#"[["r","x",[]],["append","y",1]]"#, r#"[["r","y",[]],["append","x",2]]"#]);
    assert_eq!(names(&operations, Respect::Results).0, ["G2"]);
    let lost = all_ok(&[r#"[["r","x",[]],["append","x",1]]"#, r#"[["r","x",[]],["append","x",2]]"#]);
    assert_eq!(names(&lost, Respect::Results).0, ["G2"]);
}

#[test]
fn what_contradicts_itself_is_named() {
    for (steps, name) in [
        (&[r#"[["append","x",1],["r","x",[]]]"#][..], "internal"),
        (&[r#"[["r","x",[]],["r","x",[1]]]"#, r#"[["append","x",1]]"#], "internal"),
        (&[r#"[["r","x",[1]],["append","x",1]]"#], "internal"),
        (&[r#"[["r","x",[1,1]]]"#, r#"[["append","x",1]]"#], "duplicate element"),
        (&[r#"[["r","x",[7]]]"#], "garbage read"),
        (
            &[
                r#"[["append","x",1]]"#,
                r#"[["append","x",2]]"#,
                r#"[["r","x",[1,2]]]"#,
                r#"[["r","x",[2,1]]]"#,
            ],
            "incompatible order",
        ),
    ] {
        let (names, told) = names(&all_ok(steps), Respect::Results);
        assert_eq!(names[0], name, "{told}");
    }
    for read in ["[2,1]", "[2]"] {
        let read = format!(r#"[["r","x",{read}]]"#);
        let (names, _) = names(&all_ok(&[r#"[["append","x",1],["append","x",2]]"#, &read]), Respect::Results);
        assert_eq!(names[0], "incompatible order");
    }
    let dirty = [
        txn(0, Outcome::Fail, 0, 1, r#"[["append","x",1]]"#),
        txn(1, Outcome::Ok, 2, 3, r#"[["append","x",2]]"#),
        txn(2, Outcome::Ok, 4, 5, r#"[["r","x",[1,2]]]"#),
    ];
    assert_eq!(names(&dirty, Respect::Results).0, ["dirty update", "G1a"]);
}

/// A read of the past is serializable, unless its process or the clock knows better.
#[test]
fn orders_besides_the_results_are_respected_when_asked_for() {
    let stale = |process| {
        [
            txn(0, Outcome::Ok, 0, 1, r#"[["append","x",1]]"#),
            txn(process, Outcome::Ok, 2, 3, r#"[["r","x",[]]]"#),
        ]
    };
    assert_eq!(judge(&stale(0)), Serial::Holds(vec![1, 0]));
    assert_eq!(names(&stale(0), Respect::Process).0, ["G-single-process"]);
    assert!(matches!(
        serializable(&stale(1), &model(), Respect::Process, &Limits::default()),
        Serial::Holds(_)
    ));
    let (names, told) = names(&stale(1), Respect::Realtime);
    assert_eq!(names, ["G-single-realtime"]);
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_not_known_is_not_guessed() {
    // Unknown outcome: it may have happened, and it may not.
    for read in ["[]", "[1]"] {
        let operations = [
            txn(0, Outcome::Info, 0, 1, r#"[["append","x",1]]"#),
            txn(1, Outcome::Ok, 2, 3, &format!(r#"[["r","x",{read}]]"#)),
        ];
        assert!(matches!(judge(&operations), Serial::Holds(_)), "{read}");
    }
    // But not by halves.
    let torn = [
        txn(0, Outcome::Info, 0, 1, r#"[["append","x",1],["append","y",1]]"#),
        txn(1, Outcome::Ok, 2, 3, r#"[["r","x",[1]],["r","y",[]]]"#),
    ];
    assert_eq!(names(&torn, Respect::Results).0, ["G-single"]);
    // The same element twice: whose is it?
    let twice = all_ok(&[r#"[["append","x",1]]"#, r#"[["append","x",1]]"#, r#"[["r","x",[1]]]"#]);
    let Serial::Unknown(why) = judge(&twice) else { panic!() };
    assert!(why.contains("elements must be distinct"), "{why}");
    // An ok without a value constrains nothing.
    let mut silent = txn(0, Outcome::Ok, 0, 1, "[]");
    silent.args = vec![from_json(br#"[["r","x",null],["append","x",1]]"#).unwrap()];
    silent.value = Value::Absent;
    let read = txn(1, Outcome::Ok, 2, 3, r#"[["r","x",[1]]]"#);
    assert!(matches!(judge(&[silent, read]), Serial::Holds(_)));
}

#[test]
fn what_is_no_transaction_is_told() {
    for (steps, part) in [
        ("3", "`3` is a number"),
        (r#"[["apend","x",1]]"#, "did you mean `append`?"),
        (r#"[["append","x"]]"#, "is no part of a transaction"),
        (r#"[["r","x",5]]"#, "a list was expected"),
        ("[7]", "is no part of a transaction"),
    ] {
        let Serial::Invalid(0, why) = judge(&[txn(0, Outcome::Ok, 0, 1, steps)]) else { panic!("{steps}") };
        assert!(why.contains(part), "{why}");
    }
    let mut other = txn(0, Outcome::Ok, 0, 1, r#"[["append","x",2]]"#);
    other.args = vec![from_json(br#"[["append","x",1]]"#).unwrap()];
    assert!(matches!(judge(&[other]), Serial::Invalid(0, why) if why.contains("another transaction")));
}

/// Thousands of transactions that all read the end and append unseen, and a long chain: neither
/// time nor the stack grows out of hand.
#[test]
fn large_histories_are_judged() {
    let race: Vec<Operation> = (0..3_000)
        .map(|n| txn(n, Outcome::Ok, n, n + 9_000, &format!(r#"[["r","x",[]],["append","x",{n}]]"#)))
        .collect();
    assert_eq!(names(&race, Respect::Results).0, ["G2"]);
    let mut chain: Vec<Operation> = (0..20_000)
        .map(|n| {
            txn(
                n % 5,
                Outcome::Ok,
                n * 2,
                n * 2 + 1,
                &format!(
                    r#"[["append","k{}",{n}],["r","k{}",[{}]]]"#,
                    n,
                    n - 1,
                    if n > 0 { (n - 1).to_string() } else { String::new() }
                ),
            )
        })
        .collect();
    let Serial::Holds(order) = serializable(&chain, &model(), Respect::Realtime, &Limits::default()) else {
        panic!()
    };
    assert!(fits(&chain, &order));
    chain.push(txn(0, Outcome::Ok, 90_000, 90_001, r#"[["r","k0",[]],["r","k19999",[19999]]]"#));
    assert_eq!(names(&chain, Respect::Results).0, ["G-single"]);
}

/// What is over the limits is unknown, wherever they are met, and says how far it came.
#[test]
fn what_is_over_the_limits_is_unknown() {
    let append = |at: i64| txn(at, Outcome::Ok, at * 10, at * 10 + 5, &format!(r#"[["append","x",{at}]]"#));
    let operations: Vec<Operation> = (0..2_000).map(append).collect();
    let judge = |limits: &Limits| serializable(&operations, &model(), Respect::Realtime, limits);
    assert!(matches!(judge(&Limits::default()), Serial::Holds(_)));
    let timeless = Limits { time: std::time::Duration::ZERO, ..Limits::default() };
    let reached = "0 of 2000 transactions were looked at";
    assert_eq!(judge(&timeless), Serial::Unknown(format!("no answer within 0ns: {reached}")));
    // With more memory it comes further; what it has says where it stopped.
    let mut reached = BTreeSet::new();
    for kib in (0..4_096).step_by(64) {
        match judge(&Limits { memory: kib << 10, ..Limits::default() }) {
            Serial::Unknown(why) => {
                let (limit, how_far) = why.split_once(": ").unwrap();
                assert!(limit.ends_with("of memory"), "{why}");
                reached.insert(how_far.split_once("2000").unwrap().1.to_owned());
            }
            Serial::Holds(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reached.len(), 3, "{reached:?}");
}
