//! Causal consistency.

use super::operations::{Draw, Plain, judged, op, plain};
use super::*;

fn says(history: &[Value]) -> Verdict {
    let register = Key::One(Path(vec![Step::Field("args".into()), Step::Index(0)]));
    judged("causal", history, |claim| claim.by = Some(register))
}

fn write(process: i64, register: i64, value: i64, at: i64) -> Value {
    op(process, ("write", &[register, value]), None, (at, at), "ok")
}

fn read(process: i64, register: i64, value: Option<i64>, at: i64) -> Value {
    op(process, ("read", &[register]), value, (at, at), "ok")
}

#[test]
fn each_bad_pattern_is_found_and_told() {
    // The answer is seen without the question.
    let answer = [
        write(0, 1, 10, 0),
        read(1, 1, Some(10), 1),
        write(1, 2, 20, 2),
        read(2, 2, Some(20), 3),
        read(2, 1, None, 4),
    ];
    let Verdict::Fails(details) = says(&answer) else { panic!() };
    let notes: Vec<&str> = details
        .iter()
        .filter_map(|detail| match detail {
            Detail::Note { text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        notes,
        [
            "[4] read null, the initial value, though it depends on the write [0]",
            "[1] read what [0] wrote",
            "process 1 did [1] before [2]",
            "[3] read what [2] wrote",
            "process 2 did [3] before [4]",
        ]
    );
    let overwritten =
        [write(0, 1, 10, 0), write(0, 1, 11, 1), read(1, 1, Some(11), 2), read(1, 1, Some(10), 3)];
    assert_eq!(
        why(says(&overwritten)),
        "[3] read 10, which [0] wrote, though it depends on [1], which overwrote that"
    );
    let air = [write(0, 1, 10, 0), read(1, 1, Some(99), 1)];
    assert!(why(says(&air)).contains("which nobody wrote"));
    let cycle = [read(0, 1, Some(10), 0), write(0, 2, 20, 1), read(1, 2, Some(20), 2), write(1, 1, 10, 3)];
    assert_eq!(why(says(&cycle)), "what happened depends on itself");
    let failed = [op(0, ("write", &[1, 10]), None, (0, 0), "fail"), read(1, 1, Some(10), 1)];
    assert!(why(says(&failed)).contains("only a failed write wrote, [0]"));
}

#[test]
fn concurrent_writes_may_be_seen_in_any_order() {
    let history = [
        write(0, 1, 10, 0),
        write(1, 1, 11, 0),
        read(2, 1, Some(10), 1),
        read(2, 1, Some(11), 2),
        read(3, 1, Some(11), 1),
        read(3, 1, Some(10), 2),
    ];
    assert_eq!(says(&history), Verdict::Holds);
}

/// It may take effect after its caller has seen that it did not.
#[test]
fn a_write_of_unknown_outcome_comes_before_its_readers_only() {
    let unknown = op(0, ("write", &[1, 10]), None, (0, 1), "info");
    let late = [unknown.clone(), read(0, 1, None, 2), read(1, 1, Some(10), 3)];
    assert_eq!(says(&late), Verdict::Holds);
    let gone = [unknown.clone(), read(1, 1, Some(10), 3), read(1, 1, None, 4)];
    assert!(fails(&says(&gone)));
    assert!(invalid(&says(&[unknown, read(0, 1, None, 2)])), "it did not happen, for all anybody knows");
}

#[test]
fn what_shows_nothing_does_not_hold() {
    assert!(invalid(&says(&[])));
    assert!(invalid(&says(&[read(0, 1, None, 0)])));
    assert!(invalid(&says(&[write(0, 1, 10, 0)])));
    let early = [read(1, 1, None, 0), write(0, 1, 10, 5), write(1, 2, 20, 6)];
    assert!(why(says(&early)).starts_with("no read depends on a write of its register"));
    let twice = [write(0, 1, 10, 0), write(1, 1, 10, 0), read(0, 1, Some(10), 1)];
    assert!(why(says(&twice)).starts_with("[0] and [1] write the same, 10"));
    let elsewhere = [write(0, 1, 10, 0), write(1, 2, 10, 0), read(0, 1, Some(10), 1)];
    assert_eq!(says(&elsewhere), Verdict::Holds);
    let ping = [write(0, 1, 10, 0), read(0, 1, Some(10), 1), op(0, ("ping", &[1]), None, (4, 5), "ok")];
    assert!(why(says(&ping)).contains("`ping`"));
    let at_once = [op(0, ("write", &[1, 10]), None, (0, 5), "ok"), read(0, 1, Some(10), 1)];
    assert_eq!(why(says(&at_once)), "process 0 does [0] and [1] at the same time");
    assert!(invalid(&says(&[json(r#"{"f":"read"}"#)])));
}

/// The definition itself: of each read, some arrangement of what it depends on explains it.
#[test]
fn a_definition_checker_agrees() {
    let mut draw = Draw(3);
    let mut seen = [0usize; 3];
    for round in 0..6_000 {
        let history = draw.history(8, |draw, number, process, times| {
            let register = draw.below(2);
            if draw.below(5) < 2 {
                // No two write the same.
                op(process, ("write", &[register, number]), None, times, draw.outcome())
            } else {
                let value = (draw.below(4) > 0).then(|| draw.below(number + 2));
                op(process, ("read", &[register]), value, times, draw.outcome())
            }
        });
        let got = match says(&history) {
            Verdict::Holds => 0,
            Verdict::Fails(_) => 1,
            _ => 2,
        };
        assert_eq!(got, naive(&history), "{round}: {history:?}");
        seen[got] += 1;
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

fn naive(history: &[Value]) -> usize {
    let all: Vec<Plain> = history.iter().map(plain).collect();
    let is_read = |it: &Plain| it.function == "read";
    let source = |read: &Plain| {
        all.iter()
            .position(|w| !is_read(w) && !w.failed && w.args[0] == read.args[0] && w.args[1] == read.value)
    };
    let reads: Vec<usize> = (0..all.len()).filter(|&at| is_read(&all[at]) && all[at].ok).collect();
    if reads.iter().any(|&r| source(&all[r]).is_none() && !matches!(all[r].value, Value::Null)) {
        return 1;
    }
    let happened: Vec<usize> = (0..all.len())
        .filter(|&at| {
            let it = &all[at];
            it.ok || (!is_read(it) && !it.failed && reads.iter().any(|&r| source(&all[r]) == Some(at)))
        })
        .collect();
    let mut before = vec![vec![false; all.len()]; all.len()];
    for &a in &happened {
        for &b in &happened {
            let same = all[a].process == all[b].process && all[a].ok && a < b;
            before[a][b] = same || (is_read(&all[b]) && source(&all[b]) == Some(a));
        }
    }
    for k in 0..all.len() {
        for a in 0..all.len() {
            for b in 0..all.len() {
                before[a][b] |= before[a][k] && before[k][b];
            }
        }
    }
    if happened.iter().any(|&at| before[at][at]) {
        return 1;
    }
    for &read in &reads {
        let past: Vec<usize> = happened.iter().copied().filter(|&at| before[at][read]).collect();
        let wanted = source(&all[read]);
        if !arranged(&all, &before, &past, &mut Vec::new(), (read, wanted)) {
            return 1;
        }
    }
    let depends = |&read: &usize| {
        let of = |&at: &usize| !is_read(&all[at]) && all[at].args[0] == all[read].args[0] && before[at][read];
        happened.iter().any(of)
    };
    if reads.iter().any(depends) { 0 } else { 2 }
}

/// Whether some order of the past, true to the causal order, ends with the wanted write being the
/// last one on the read's register.
fn arranged(
    all: &[Plain],
    before: &[Vec<bool>],
    past: &[usize],
    order: &mut Vec<usize>,
    (read, wanted): (usize, Option<usize>),
) -> bool {
    if order.len() == past.len() {
        let on = |at: &&usize| all[**at].function == "write" && all[**at].args[0] == all[read].args[0];
        return order.iter().rev().find(on).copied() == wanted;
    }
    past.iter().any(|&next| {
        let ready = !order.contains(&next)
            && past.iter().all(|&other| !before[other][next] || order.contains(&other));
        if !ready {
            return false;
        }
        order.push(next);
        let found = arranged(all, before, past, order, (read, wanted));
        order.pop();
        found
    })
}
