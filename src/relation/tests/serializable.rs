use super::*;
use crate::history::cycles::model;
use crate::value::Value;

/// Transactions that followed each other, all of process 0: outcome and steps.
fn history(transactions: &[(&str, &str)]) -> Value {
    let record = |(at, (outcome, steps)): (usize, &(&str, &str))| {
        let done = *outcome == "ok";
        Value::object([
            ("process", Value::int(0)),
            ("f", Value::text("txn")),
            ("args", if done { Value::list(Vec::new()) } else { Value::list(vec![json(steps)]) }),
            ("value", if done { json(steps) } else { Value::Absent }),
            ("start", Value::Duration(at as i64 * 10)),
            ("end", Value::Duration(at as i64 * 10 + 5)),
            ("outcome", Value::text(*outcome)),
        ])
    };
    Value::list(transactions.iter().enumerate().map(record).collect())
}

fn judged(history: &Value, respect: Option<&str>) -> Verdict {
    let args = respect.map(|name| ("respect".into(), Value::text(name))).into_iter().collect();
    let claim = Claim { subject: Some(history), model: Some(model()), args, ..Claim::default() };
    find("serializable").unwrap().judge(&claim)
}

#[test]
fn what_some_order_explains_is_serializable() {
    let clean = history(&[("ok", r#"[["append","x",1]]"#), ("ok", r#"[["r","x",[1]],["append","x",2]]"#)]);
    assert_eq!(judged(&clean, None), Verdict::Holds);
    assert_eq!(judged(&clean, Some("realtime")), Verdict::Holds);
}

#[test]
fn an_anomaly_is_told_by_its_name_with_its_transactions() {
    let lost = history(&[
        ("ok", r#"[["r","x",[]],["append","x",1]]"#),
        ("ok", r#"[["r","x",[]],["append","x",2]]"#),
    ]);
    let Verdict::Fails(details) = judged(&lost, None) else { panic!() };
    let [Detail::Lines { title, lines }] = details.as_slice() else { panic!("{details:?}") };
    assert_eq!(title, "G2");
    let text = lines.join("\n");
    assert!(text.contains("T1 read x as [], without the 2 that T2 appended"), "{text}");
    assert!(lines.iter().all(|line| line.chars().count() <= 76), "{text}");
    let stale = history(&[("ok", r#"[["append","x",1]]"#), ("ok", r#"[["r","x",[]]]"#)]);
    assert_eq!(judged(&stale, None), Verdict::Holds);
    assert!(fails(&judged(&stale, Some("process"))) && fails(&judged(&stale, Some("realtime"))));
}

/// Neither nothing, nor what cannot be read, nor what is not known is a pass, said or denied.
#[test]
fn what_cannot_be_judged_does_not_hold() {
    assert!(invalid(&judged(&Value::list(Vec::new()), None)));
    assert!(invalid(&judged(&history(&[("fail", r#"[["append","x",1]]"#)]), None)));
    assert!(invalid(&judged(&history(&[("ok", r#"[["add","x",1]]"#)]), None)));
    assert!(invalid(&judged(&history(&[("ok", "[]")]), Some("real"))));
    for unread in [r#"[["append","x",1]]"#, "[]"] {
        let written = history(&[("ok", unread), ("fail", r#"[["r","x"]]"#), ("info", r#"[["r","x"]]"#)]);
        assert!(why(judged(&written, None)).starts_with("no acknowledged transaction read anything"));
        assert!(invalid(&judged(&written, None).negate()));
    }
    let twice = history(&[("ok", r#"[["append","x",1]]"#), ("ok", r#"[["append","x",1]]"#)]);
    assert!(matches!(judged(&twice, None), Verdict::Unknown(_)));
    assert!(matches!(judged(&twice, None).negate(), Verdict::Unknown(_)));
}
