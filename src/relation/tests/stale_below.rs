//! Reads of what has been overwritten.

use super::operations::{Draw, MS, Plain, is_before, judged, op, plain};
use super::*;

fn says(age: i64, history: &[Value]) -> Verdict {
    let age = Value::Duration(age * MS);
    let subject = Value::list(history.to_vec());
    let claim = Claim { subject: Some(&subject), operand: Some(&age), ..Claim::default() };
    find("stale_below").unwrap().judge(&claim)
}

fn write(value: i64, times: (i64, i64), outcome: &str) -> Value {
    op(0, ("write", &[value]), None, times, outcome)
}

fn read(value: Option<i64>, times: (i64, i64)) -> Value {
    op(1, ("read", &[]), value, times, "ok")
}

#[test]
fn what_was_overwritten_too_long_ago_is_stale() {
    let history = |at: i64| [write(1, (0, 10), "ok"), write(2, (20, 30), "ok"), read(Some(1), (at, at + 1))];
    assert_eq!(says(50, &history(80)), Verdict::Holds);
    assert_eq!(why(says(50, &history(81))), "[2] read 1, which [1] had overwritten 51ms before");
    // Who wrote at the same time may have been first.
    let together = [write(1, (0, 25), "ok"), write(2, (20, 30), "ok"), read(Some(1), (500, 501))];
    assert_eq!(says(50, &together), Verdict::Holds);
    // But one process writes one after the other, however coarse its clock.
    let touching = [write(1, (0, 5), "ok"), write(2, (5, 5), "ok"), read(Some(1), (500, 501))];
    assert!(fails(&says(50, &touching)));
    let initial = [write(1, (0, 10), "ok"), read(None, (61, 62))];
    assert!(fails(&says(50, &initial)));
    assert_eq!(says(51, &initial), Verdict::Holds);
}

#[test]
fn unknown_writes_explain_and_do_not_overwrite() {
    let maybe = [write(1, (0, 10), "info"), write(2, (20, 30), "ok"), read(Some(1), (500, 501))];
    assert_eq!(says(50, &maybe), Verdict::Holds);
    let maybe = [write(1, (0, 10), "ok"), write(2, (20, 30), "info"), read(Some(1), (500, 501))];
    assert_eq!(says(50, &maybe), Verdict::Holds);
    let failed = [write(1, (0, 10), "ok"), write(2, (20, 30), "fail"), read(Some(2), (500, 501))];
    assert!(why(says(50, &failed)).contains("only a failed write wrote, [1]"));
    assert!(invalid(&says(50, &failed)));
}

#[test]
fn what_shows_nothing_does_not_hold() {
    assert!(invalid(&says(50, &[])));
    assert!(invalid(&says(50, &[read(None, (0, 1))])));
    assert!(invalid(&says(50, &[write(1, (0, 1), "ok")])));
    assert!(invalid(&says(50, &[write(1, (0, 1), "ok"), read(Some(9), (2, 3))])));
    // Whoever reads before a write is over can read nothing stale.
    let early = says(50, &[read(None, (0, 500)), write(1, (1000, 2000), "ok"), read(Some(1), (1500, 2500))]);
    assert!(why(early).starts_with("no read began after an acknowledged write of its register was over"));
    assert!(invalid(&says(50, &[write(1, (0, 1), "info"), read(Some(1), (500, 501))])));
    let ping = [write(1, (0, 1), "ok"), read(Some(1), (2, 3)), op(0, ("ping", &[]), None, (4, 5), "ok")];
    assert!(why(says(50, &ping)).contains("`ping`, which neither reads nor writes"));
    assert!(invalid(&judged("stale_below", &ping, |_| {})), "without an age");
}

#[test]
fn a_definition_checker_agrees() {
    let mut draw = Draw(11);
    let mut seen = [0usize; 3];
    for round in 0..10_000 {
        let history = draw.history(9, |draw, _, process, times| {
            if draw.below(2) == 0 {
                op(process, ("write", &[draw.below(3)]), None, times, draw.outcome())
            } else {
                let value = (draw.below(4) > 0).then(|| draw.below(3));
                op(process, ("read", &[]), value, times, draw.outcome())
            }
        });
        let age = draw.below(6);
        let got = match says(age, &history) {
            Verdict::Holds => 0,
            Verdict::Fails(_) => 1,
            _ => 2,
        };
        assert_eq!(got, naive(age * MS, &history), "{round}: {age} {history:?}");
        seen[got] += 1;
    }
    assert!(seen.iter().all(|count| *count > 500), "{seen:?}");
}

fn naive(age: i64, history: &[Value]) -> usize {
    let all: &[Plain] = &history.iter().map(plain).collect::<Vec<_>>();
    let of = |function: &'static str| (0..all.len()).filter(move |&at| all[at].function == function);
    let writes: Vec<usize> = of("write").filter(|&at| !all[at].failed).collect();
    let reads: Vec<_> = of("read").map(|at| &all[at]).filter(|read| read.ok).collect();
    for read in &reads {
        let is_source = |at: &usize| all[*at].args[0] == read.value && all[*at].start <= read.end.unwrap();
        let mut sources: Vec<Option<usize>> = writes.iter().copied().filter(is_source).map(Some).collect();
        if matches!(read.value, Value::Null) {
            sources.push(None);
        }
        if sources.is_empty() {
            return 2;
        }
        let overwritten = |source: &Option<usize>| {
            let over = |&w: &usize| {
                let after = source.is_none_or(|source| is_before(all, source, w));
                all[w].ok && after && all[w].end.unwrap() < read.start - age
            };
            writes.iter().any(over)
        };
        if sources.iter().all(overwritten) {
            return 1;
        }
    }
    let after = |read: &Plain| writes.iter().any(|&w| all[w].ok && all[w].end.unwrap() < read.start);
    if reads.iter().any(|read| after(read)) { 0 } else { 2 }
}
