//! The guarantees of sessions.

use super::operations::{Draw, is_before, judged, op, plain};
use super::*;

/// A history as each relation would like it, but for what a test changes.
fn version() -> Option<Key> {
    Some(Key::One(Path(vec![Step::Field("value".into())])))
}

fn says(name: &str, history: &[Value]) -> Verdict {
    judged(name, history, |claim| claim.by = version())
}

fn read(process: i64, version: Option<i64>, times: (i64, i64)) -> Value {
    op(process, ("read", &[7]), version, times, "ok")
}

fn write(process: i64, version: i64, times: (i64, i64)) -> Value {
    op(process, ("write", &[7, 1]), Some(version), times, "ok")
}

#[test]
fn reads_do_not_go_back() {
    assert_eq!(
        says("monotonic_reads", &[read(0, Some(1), (0, 1)), read(0, Some(1), (2, 3))]),
        Verdict::Holds
    );
    let back = [read(0, Some(3), (0, 1)), read(1, Some(2), (2, 3)), read(0, Some(2), (4, 5))];
    assert_eq!(
        why(says("monotonic_reads", &back)),
        "the read [2] saw `.value` 2, after [0] had seen 3, in the session where `.process` is 0"
    );
    let gone = [read(0, Some(3), (0, 1)), read(0, None, (4, 5))];
    assert!(why(says("monotonic_reads", &gone)).starts_with("the read [1] saw `.value` nothing"));
    // Whoever may have been first broke nothing.
    let together = [read(0, Some(3), (0, 5)), read(1, Some(2), (3, 8))];
    let all = |claim: &mut Claim<'_>| (claim.by, claim.per) = (version(), key("f"));
    assert!(invalid(&judged("monotonic_reads", &together, all)));
    let later = [read(0, Some(3), (0, 5)), read(1, Some(2), (6, 8))];
    assert!(fails(&judged("monotonic_reads", &later, all)));
}

#[test]
fn a_session_reads_what_it_wrote() {
    let own = [write(0, 5, (0, 1)), read(0, Some(4), (2, 3))];
    assert!(why(says("read_your_writes", &own)).contains("after the session's own write [0] had made 5"));
    assert_eq!(says("read_your_writes", &[write(0, 5, (0, 1)), read(0, Some(6), (2, 3))]), Verdict::Holds);
    let nobody_knows = [op(0, ("write", &[1]), Some(5), (0, 1), "info"), read(0, Some(4), (2, 3))];
    assert!(invalid(&says("read_your_writes", &nobody_knows)));
}

#[test]
fn writes_keep_their_order() {
    assert!(fails(&says("monotonic_writes", &[write(0, 5, (0, 1)), write(0, 5, (2, 3))])));
    assert_eq!(says("monotonic_writes", &[write(0, 5, (0, 1)), write(0, 6, (2, 3))]), Verdict::Holds);
    let lost = [read(0, Some(5), (0, 1)), write(0, 5, (2, 3))];
    assert!(why(says("writes_follow_reads", &lost)).contains("after the session had read 5 at [0]"));
    let follows = [read(0, None, (0, 1)), read(0, Some(1), (2, 3)), write(0, 2, (4, 5))];
    assert_eq!(says("writes_follow_reads", &follows), Verdict::Holds);
}

#[test]
fn nothing_to_compare_shows_nothing() {
    for name in ["monotonic_reads", "read_your_writes", "monotonic_writes", "writes_follow_reads"] {
        let apart = [read(0, Some(1), (0, 1)), write(1, 1, (2, 3))];
        let verdict = says(name, &apart);
        assert!(invalid(&verdict) && invalid(&verdict.negate()), "{name}");
        let empty = |claim: &mut Claim<'_>| (claim.by, claim.or_empty) = (version(), true);
        assert_eq!(judged(name, &apart, empty), Verdict::Holds, "{name}");
        assert!(invalid(&says(name, &[])), "{name}");
        assert!(invalid(&judged(name, &apart, |_| {})), "{name} without `by`");
    }
    let empty = [read(0, None, (0, 1)), read(0, None, (2, 3)), write(0, 1, (4, 5))];
    for (name, second) in [("monotonic_reads", "read"), ("writes_follow_reads", "write")] {
        let nothing = format!("no session has a {second} after a read that found something");
        assert!(why(says(name, &empty)).starts_with(&nothing), "{name}");
    }
    // A process reads one after the other, however coarse its clock; others do not.
    let touching = |process: i64| [read(0, Some(4), (0, 5)), read(process, Some(3), (5, 9))];
    assert!(fails(&says("monotonic_reads", &touching(0))));
    let together = |claim: &mut Claim<'_>| {
        claim.by = version();
        claim.per = Some(Key::One(Path(vec![Step::Field("f".into())])));
    };
    assert!(fails(&judged("monotonic_reads", &touching(0), together)));
    assert!(invalid(&judged("monotonic_reads", &touching(1), together)));
    let moments = [read(0, Some(4), (5, 5)), read(0, Some(3), (5, 5))];
    assert!(fails(&says("monotonic_reads", &moments)));
    let others = [op(0, ("get", &[]), Some(2), (0, 1), "ok"), op(0, ("get", &[]), Some(1), (2, 3), "ok")];
    let nobody = "no operation is a read: they call `get`; say who does with `(read: ACTION)`";
    assert!(why(says("monotonic_reads", &others)).starts_with(nobody));
    let get = |claim: &mut Claim<'_>| {
        claim.by = version();
        claim.args.insert("read".into(), Value::list(vec![Value::text("get")]));
    };
    assert!(fails(&judged("monotonic_reads", &others, get)));
}

#[test]
fn versions_must_be_there_and_have_an_order() {
    let lacking = [read(0, Some(1), (0, 1)), read(0, Some(1), (2, 3))];
    let elsewhere = |claim: &mut Claim<'_>| claim.by = key("seq");
    assert_eq!(why(judged("monotonic_reads", &lacking, elsewhere)), "record [0] has no `.seq`");
    let silent = [write(0, 1, (0, 1)), op(0, ("write", &[1]), None, (2, 3), "ok")];
    assert!(why(says("monotonic_writes", &silent)).starts_with("the write [1] does not say"));
    let both = |claim: &mut Claim<'_>| {
        claim.by = version();
        claim.args.insert("write".into(), Value::text("read"));
    };
    assert!(invalid(&judged("read_your_writes", &lacking, both)));
}

/// What is no operation is read or written in the order in which it stands.
#[test]
fn plain_records_are_one_session() {
    let by = |claim: &mut Claim<'_>| claim.by = key("seq");
    assert!(fails(&judge("monotonic_reads", r#"[{"seq":2},{"seq":1}]"#, by)));
    assert_eq!(judge("monotonic_writes", r#"[{"seq":1},{"seq":2}]"#, by), Verdict::Holds);
    assert!(invalid(&judge("read_your_writes", r#"[{"seq":1},{"seq":2}]"#, by)));
}

#[test]
fn a_definition_checker_agrees() {
    let mut draw = Draw(5);
    let mut seen = [0usize; 3];
    for round in 0..4_000 {
        let history = draw.history(9, |draw, _, process, times| {
            let function = ["read", "write", "ping"][draw.below(3) as usize];
            let version = (function != "read" || draw.below(5) > 0).then(|| draw.below(4));
            op(process, (function, &[1]), version, times, draw.outcome())
        });
        for (name, first, second, strict) in [
            ("monotonic_reads", "read", "read", false),
            ("read_your_writes", "write", "read", false),
            ("monotonic_writes", "write", "write", true),
            ("writes_follow_reads", "read", "write", true),
        ] {
            for together in [false, true] {
                let verdict = judged(name, &history, |claim| {
                    claim.by = version();
                    if together {
                        claim.per = Some(Key::One(Path(vec![Step::Field("args".into())])));
                    }
                });
                let pairs = naive(&history, (first, second), together);
                let broken = |(a, b): &(i64, i64)| if strict { a >= b } else { a > b };
                // After nothing, every version is right.
                let shown = pairs.iter().any(|(first, _)| *first >= 0);
                let expected = match (shown, pairs.iter().any(broken)) {
                    (false, _) => 2,
                    (_, true) => 1,
                    (_, false) => 0,
                };
                let got = match &verdict {
                    Verdict::Holds => 0,
                    Verdict::Fails(_) => 1,
                    _ => 2,
                };
                assert_eq!(got, expected, "{round} {name} {together}: {history:?} {verdict:?}");
                seen[got] += 1;
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 500), "{seen:?}");
}

/// The versions of every pair that the guarantee speaks of; nothing is -1.
fn naive(history: &[Value], (first, second): (&str, &str), together: bool) -> Vec<(i64, i64)> {
    let all: Vec<_> = history.iter().map(plain).collect();
    let version = |value: &Value| value.as_number().map_or(-1, |number| number.to_i128().unwrap() as i64);
    let mut pairs = Vec::new();
    for (at, a) in all.iter().enumerate().filter(|(_, a)| a.ok && a.function == first) {
        for (place, b) in all.iter().enumerate().filter(|(_, b)| b.ok && b.function == second) {
            if (together || a.process == b.process) && is_before(&all, at, place) {
                pairs.push((version(&a.value), version(&b.value)));
            }
        }
    }
    pairs
}
