//! What was put in and what came out.

use super::operations::{Draw, MS, is_before, op, plain};
use super::*;

const ALL: [&str; 6] = ["exactly_once", "at_least_once", "at_most_once", "no_loss", "no_phantoms", "fifo"];

fn says(name: &str, subject: &Value, of: &Value) -> Verdict {
    find(name).unwrap().judge(&Claim {
        subject: Some(subject),
        of: Some(of),
        by: key("id"),
        ..Claim::default()
    })
}

fn out(ids: &[i64]) -> Value {
    Value::list(ids.iter().map(|id| Value::object([("id", Value::int(*id))])).collect())
}

/// Operations that put in, one after another.
fn puts(of: &[(i64, &str)]) -> Value {
    let put = |(at, (id, outcome)): (usize, &(i64, &str))| {
        op(0, ("put", &[9, *id]), None, (at as i64 * 10, at as i64 * 10 + 1), outcome)
    };
    Value::list(of.iter().enumerate().map(put).collect())
}

#[test]
fn acknowledged_unknown_and_failed_are_three_things() {
    let of = puts(&[(1, "ok"), (2, "info"), (3, "fail")]);
    // Of each relation: whether it holds when these came out.
    for (came, holds) in [
        (&[1][..], [true, true, true, true, true, true]),
        (&[1, 2], [true, true, true, true, true, true]),
        (&[2], [false, false, true, false, true, true]),
        (&[1, 2, 2], [false, true, false, true, false, true]),
        (&[1, 1], [false, true, false, true, true, true]),
        (&[1, 3], [false, false, false, true, false, true]),
        (&[1, 7], [true, true, true, true, false, true]),
    ] {
        for (name, holds) in ALL.into_iter().zip(holds) {
            let verdict = says(name, &out(came), &of);
            assert_eq!(verdict == Verdict::Holds, holds, "{name} of {came:?}: {verdict:?}");
            assert!(holds || fails(&verdict), "{name} of {came:?}: {verdict:?}");
        }
    }
}

#[test]
fn failures_say_what_became_of_the_operation() {
    let of = puts(&[(1, "ok"), (2, "info"), (3, "fail")]);
    assert_eq!(
        why(says("exactly_once", &out(&[1, 3]), &of)),
        "`.id` is 3 in a record, although the operation failed"
    );
    assert_eq!(
        why(says("no_loss", &out(&[2]), &of)),
        "1 was put in and never came out: `.id` is that in none of 1 records"
    );
    assert_eq!(
        why(says("no_phantoms", &out(&[1, 2, 2]), &of)),
        "`.id` 2 may have been put in once at most, by operations of unknown outcome"
    );
    assert_eq!(why(says("no_phantoms", &out(&[7]), &of)), "`.id` 7 came out and was never put in");
    let Verdict::Fails(details) = says("no_loss", &out(&[2]), &of) else { panic!() };
    assert!(
        details.contains(&Detail::Value {
            expression: "of [0]".into(),
            value: "put 9 1 → null, process 0, 0s – 1ms".into()
        }),
        "{details:?}"
    );
}

#[test]
fn losses_are_counted() {
    let of = json("[1, 1, 2]");
    assert_eq!(why(says("no_loss", &out(&[1, 2]), &of)), "1 was put in 2 times and came out once");
    assert_eq!(says("no_loss", &out(&[1, 2, 1]), &of), Verdict::Holds);
    assert_eq!(says("no_phantoms", &out(&[1, 2, 1, 1]), &of), Verdict::Holds);
}

#[test]
fn nothing_shows_nothing() {
    let nothing = json("[]");
    for name in ALL {
        let verdict = says(name, &out(&[1]), &nothing);
        // Whatever came out is a phantom if nothing was put in.
        assert!(if name == "no_phantoms" { fails(&verdict) } else { invalid(&verdict) }, "{name}");
        let lost = says(name, &out(&[]), &json("[1]"));
        let must = ["exactly_once", "at_least_once", "no_loss"].contains(&name);
        assert!(if must { fails(&lost) } else { invalid(&lost) }, "{name}");
        assert!(invalid(&says(name, &json(r#"[{"di":1}]"#), &json("[1]"))), "{name}");
        assert!(invalid(
            &find(name).unwrap().judge(&Claim { subject: Some(&out(&[1])), ..Claim::default() })
        ));
    }
    for name in ["exactly_once", "at_least_once", "no_loss"] {
        assert!(invalid(&says(name, &out(&[]), &puts(&[(1, "info"), (2, "fail")]))), "{name}");
        let per = Claim {
            subject: Some(&out(&[])),
            of: Some(&json("[1]")),
            by: key("id"),
            per: key("account"),
            ..Claim::default()
        };
        assert_ne!(find(name).unwrap().judge(&per), Verdict::Holds, "{name} of groups that are not there");
    }
    assert!(invalid(&says("fifo", &out(&[7]), &json("[1]"))), "nothing in common");
}

#[test]
fn the_key_of_an_operation_may_be_said() {
    let of = Value::list(vec![op(0, ("put", &[5]), Some(1), (0, 1), "ok")]);
    let subject = out(&[1]);
    let keyed = Claim { subject: Some(&subject), of: Some(&of), by: key("id"), ..Claim::default() };
    for name in ALL {
        let verdict = find(name).unwrap().judge(&Claim { key: key("value"), ..keyed.clone() });
        assert_eq!(verdict, Verdict::Holds, "{name}");
        let verdict = find(name).unwrap().judge(&Claim { key: key("nothing"), ..keyed.clone() });
        assert!(invalid(&verdict), "{name}: {verdict:?}");
        if name != "at_most_once" {
            assert_ne!(find(name).unwrap().judge(&keyed), Verdict::Holds, "{name} by the last argument");
        }
    }
}

#[test]
fn first_in_comes_first_out() {
    assert_eq!(says("fifo", &out(&[1, 2, 1, 3]), &json("[1, 2, 3]")), Verdict::Holds, "a redelivery is late");
    assert_eq!(
        why(says("fifo", &out(&[1, 3, 2]), &json("[1, 2, 3]"))),
        "`.id` 2 was put in before 3, and came out after it"
    );
    let overlapping =
        Value::list(vec![op(0, ("put", &[1]), None, (0, 5), "ok"), op(1, ("put", &[2]), None, (3, 8), "ok")]);
    assert_eq!(says("fifo", &out(&[2, 1]), &overlapping), Verdict::Holds);
    let touching = |process: i64| {
        Value::list(vec![
            op(0, ("put", &[1]), None, (0, 3), "ok"),
            op(process, ("put", &[2]), None, (3, 8), "ok"),
        ])
    };
    assert!(fails(&says("fifo", &out(&[2, 1]), &touching(0))), "one process puts one in after the other");
    assert_eq!(says("fifo", &out(&[2, 1]), &touching(1)), Verdict::Holds);
    let taken = |process: i64| {
        let take = |process, id, times| op(process, ("take", &[]), Some(id), times, "ok");
        let subject = Value::list(vec![take(0, 2, (0, 3)), take(process, 1, (3, 3))]);
        let (of, by) = (json("[1, 2]"), key("value"));
        find("fifo").unwrap().judge(&Claim { subject: Some(&subject), of: Some(&of), by, ..Claim::default() })
    };
    assert!(fails(&taken(0)), "one process takes one out after the other");
    assert_eq!(taken(1), Verdict::Holds);
    let by_account = r#"[{"id":2,"a":1},{"id":1,"a":2}]"#;
    let (subject, of) = (json(by_account), json("[1, 2]"));
    let claim = Claim { subject: Some(&subject), of: Some(&of), by: key("id"), ..Claim::default() };
    assert!(fails(&find("fifo").unwrap().judge(&claim)));
    assert_eq!(find("fifo").unwrap().judge(&Claim { per: key("a"), ..claim }), Verdict::Holds);
}

#[test]
fn a_definition_checker_agrees_on_fifo() {
    let mut draw = Draw(17);
    let mut seen = [0usize; 2];
    for round in 0..8_000 {
        let history = draw.history(7, |draw, number, process, times| {
            op(process, ("put", &[number]), None, times, draw.outcome())
        });
        let count = history.len() as i64;
        let came = (0..=draw.below(7)).map(|_| {
            let start = draw.below(20);
            Value::object([
                ("id", Value::int(draw.below(count))),
                ("start", Value::Duration(start * MS)),
                ("end", Value::Duration((start + draw.below(5)) * MS)),
            ])
        });
        let came: Vec<Value> = came.collect();
        let broken = naive(&history, &came);
        let verdict = says("fifo", &Value::list(came.clone()), &Value::list(history.clone()));
        assert_eq!(fails(&verdict), broken, "{round}: {history:?} {came:?}");
        seen[usize::from(broken)] += 1;
    }
    assert!(seen.iter().all(|count| *count > 500), "{seen:?}");
}

fn naive(history: &[Value], came: &[Value]) -> bool {
    let field = |record: &Value, name: &str| record.as_object().unwrap()[name].clone();
    let time = |record: &Value, name: &str| match field(record, name) {
        Value::Duration(nanos) => nanos,
        other => panic!("{other:?}"),
    };
    let first = |id: &Value| came.iter().find(|record| field(record, "id") == *id);
    let puts: Vec<_> = history.iter().map(plain).filter(|put| !put.failed).collect();
    (0..puts.len()).any(|a| {
        (0..puts.len()).any(|b| {
            let (Some(x), Some(y)) = (first(&puts[a].args[0]), first(&puts[b].args[0])) else { return false };
            is_before(&puts, a, b) && time(y, "end") < time(x, "start")
        })
    })
}
