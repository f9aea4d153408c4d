//! Orders: of times, and of two lists.

use super::operations::{Draw, MS, judged, op};
use super::*;

fn called(name: &str) -> Pattern {
    has_field("f", &format!("\"{name}\""))
}

fn before(history: &[Value], fill: impl FnOnce(&mut Claim<'_>)) -> Verdict {
    let (a, b) = (called("a"), called("b"));
    let subject = Value::list(history.to_vec());
    let mut claim =
        Claim { subject: Some(&subject), pattern: Some(&a), before: Some(&b), ..Claim::default() };
    fill(&mut claim);
    find("has").unwrap().judge(&claim)
}

#[test]
fn what_may_not_be_over_is_before_nothing() {
    let b = op(1, ("b", &[]), None, (9, 10), "ok");
    assert_eq!(before(&[op(0, ("a", &[]), None, (0, 1), "ok"), b.clone()], |_| {}), Verdict::Holds);
    let unknown = op(0, ("a", &[]), None, (0, 1), "info");
    assert!(matches!(before(&[unknown, b.clone()], |_| {}), Verdict::Unknown(_)));
    let start = |ms: i64| ("start", Value::Duration(ms * MS));
    let lasting = Value::object([("f", Value::text("a")), start(0)]);
    assert!(matches!(before(&[lasting, b.clone()], |_| {}), Verdict::Unknown(_)));
    let after = op(0, ("a", &[]), None, (20, 21), "ok");
    assert_eq!(
        why(before(&[after, b], |_| {})),
        r#"[1] fits { f: "b" }, and nothing before it fits { f: "a" }"#
    );
}

/// Records of a history that has spans, and messages, which come in the order in which they stand.
#[test]
fn records_are_timed_by_their_history() {
    let records = [json(r#"{"f":"b"}"#), json(r#"{"f":"a"}"#)];
    let from = |times: &[(i64, Option<i64>)]| Some(Origin { name: "polls".into(), times: times.to_vec() });
    assert_eq!(
        before(&records, |claim| claim.origin = from(&[(5, Some(9)), (0, Some(4))])),
        Verdict::Holds,
        "what was seen first was asked later"
    );
    let overlap = before(&records, |claim| claim.origin = from(&[(5, Some(9)), (0, Some(6))]));
    assert!(matches!(overlap, Verdict::Unknown(_)));
    let messages = before(&records, |claim| claim.origin = from(&[(5, Some(5)), (5, Some(5))]));
    let Verdict::Fails(details) = messages else { panic!("{messages:?}") };
    let place = |at: usize| match &details[at] {
        Detail::Value { expression, .. } => expression.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((place(1).as_str(), place(2).as_str()), ("[0] of polls at 0.000s", "[1] of polls at 0.000s"));
}

#[test]
fn a_definition_checker_agrees_on_before() {
    let mut draw = Draw(23);
    let mut seen = [0usize; 4];
    for round in 0..5_000 {
        let history = draw.history(7, |draw, _, process, times| {
            let function = ["a", "b", "c"][draw.below(3) as usize];
            op(process, (function, &[]), None, times, draw.outcome())
        });
        let got = match before(&history, |_| {}) {
            Verdict::Holds => 0,
            Verdict::Fails(_) | Verdict::Lacks(..) => 1,
            Verdict::Unknown(_) => 2,
            Verdict::Invalid(_) => 3,
        };
        assert_eq!(got, naive(&history), "{round}: {history:?}");
        seen[got] += 1;
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

fn naive(history: &[Value]) -> usize {
    let all: Vec<_> = history.iter().map(operations::plain).collect();
    let of = |name: &'static str| all.iter().filter(move |it| it.function == name);
    let over = |it: &operations::Plain| it.end.unwrap_or(i64::MAX);
    let of_each = of("b").map(|b| {
        if of("a").any(|a| over(a) < b.start) {
            0
        } else if of("a").any(|a| a.start <= over(b)) {
            2
        } else {
            1
        }
    });
    let of_each: Vec<usize> = of_each.collect();
    match of_each.as_slice() {
        [] => 3,
        some if some.contains(&1) => 1,
        some if some.contains(&2) => 2,
        _ => 0,
    }
}

#[test]
fn two_lists_are_compared_group_by_group() {
    let here = r#"[{"id":1,"a":"x"},{"id":2,"a":"y"},{"id":3,"a":"x"}]"#;
    let there = json(r#"[{"id":2,"a":"y"},{"id":1,"a":"x"},{"id":3,"a":"x"},{"id":4,"a":"z"}]"#);
    for name in ["same_order_as", "prefix_of"] {
        let whole = judge(name, here, |claim| (claim.operand, claim.by) = (Some(&there), key("id")));
        assert!(fails(&whole), "{name}: {whole:?}");
        let per = |claim: &mut Claim<'_>| (claim.by, claim.per) = (key("id"), key("a"));
        let subject = json(here);
        let mut claim = Claim { subject: Some(&subject), operand: Some(&there), ..Claim::default() };
        per(&mut claim);
        assert_eq!(find(name).unwrap().judge(&claim), Verdict::Holds, "{name}");
        let swapped = json(r#"[{"id":3,"a":"x"},{"id":1,"a":"x"},{"id":2,"a":"y"}]"#);
        let swapped = Claim { operand: Some(&swapped), ..claim.clone() };
        assert!(why(find(name).unwrap().judge(&swapped)).ends_with("where `.a` is \"x\""), "{name}");
        let without = json(r#"[{"id":1}]"#);
        let without = Claim { operand: Some(&without), ..claim.clone() };
        assert!(invalid(&find(name).unwrap().judge(&without)), "{name}");
        let empty = json("[]");
        assert_ne!(find(name).unwrap().judge(&Claim { operand: Some(&empty), ..claim }), Verdict::Holds);
    }
}

#[test]
fn both_sides_of_a_broken_order_are_shown() {
    let there = json("[3, 2, 1]");
    let Verdict::Fails(details) = judge("same_order_as", "[1, 3]", |claim| claim.operand = Some(&there))
    else {
        panic!()
    };
    let shown: Vec<(&str, &str)> = details
        .iter()
        .filter_map(|detail| match detail {
            Detail::Value { expression, value } => Some((expression.as_str(), value.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(shown, [("[0]", "1"), ("[1]", "3"), ("other [0]", "3"), ("other [2]", "1")]);
}

#[test]
fn equal_keys_are_paired_by_their_count() {
    let there = json("[1, 1, 2, 1]");
    let same = |here: &str| judge("same_order_as", here, |claim| claim.operand = Some(&there));
    assert_eq!(same("[1, 1, 1, 1, 1]"), Verdict::Holds);
    assert_eq!(same("[1, 2, 2]"), Verdict::Holds);
    assert!(fails(&same("[2, 1]")));
    assert_eq!(same("[1, 1, 2, 1]"), Verdict::Holds);
}

#[test]
fn replicas_converge() {
    let with = |name: Option<&str>, here: &str, there: &str| {
        let there = json(there);
        let here = json(here);
        let by = name.and_then(key);
        let claim = Claim { subject: Some(&here), operand: Some(&there), by, ..Claim::default() };
        find("converges_with").unwrap().judge(&claim)
    };
    let (a, b) = (r#"[{"id":1,"v":1},{"id":2,"v":2}]"#, r#"[{"id":2,"v":2},{"id":1,"v":1.0}]"#);
    assert_eq!(with(Some("id"), a, b), Verdict::Holds);
    assert!(fails(&with(None, a, b)), "as they stand, they are not the same");
    assert_eq!(with(None, a, a), Verdict::Holds);
    assert_eq!(with(None, "5", "5"), Verdict::Holds);
    let changed = r#"[{"id":1,"v":1},{"id":2,"v":3}]"#;
    assert_eq!(why(with(Some("id"), a, changed)), "`.id` 2 is not the same here, [1], and there, [1]");
    assert_eq!(why(with(Some("id"), a, r#"[{"id":1,"v":1}]"#)), "`.id` 2 is only here");
    assert_eq!(why(with(Some("id"), r#"[{"id":1,"v":1}]"#, a)), "`.id` 2 is only there");
    assert!(fails(&with(Some("id"), "[]", a)));
    assert!(invalid(&with(Some("id"), "[]", "[]")) && invalid(&with(None, "[]", "[]")));
    assert!(invalid(&with(Some("id"), r#"[{"id":1},{"id":1}]"#, a)), "two records behind one key");
    assert!(invalid(&with(Some("no"), a, b)) && invalid(&with(Some("id"), "5", a)));
    let many: Vec<String> = (0..30).map(|id| format!(r#"{{"id":{id}}}"#)).collect();
    let Verdict::Fails(details) = with(Some("id"), &format!("[{}]", many.join(",")), r#"[{"id":99}]"#) else {
        panic!()
    };
    assert_eq!(details.last(), Some(&note("and 21 more that differ")));
}

#[test]
fn registers_are_linearizable_or_not() {
    let says = |history: &[Value]| {
        judged("linearizable", history, |claim| {
            claim.per = Some(Key::One(Path(vec![Step::Field("args".into()), Step::Index(0)])));
            claim.model = crate::history::Model::named("register");
        })
    };
    let write = |value: i64, at: i64| op(0, ("write", &[7, value]), None, (at, at + 1), "ok");
    let read = |value: i64, at: i64| op(1, ("read", &[7]), Some(value), (at, at + 1), "ok");
    assert_eq!(says(&[write(1, 0), read(1, 10), write(2, 20), read(2, 30)]), Verdict::Holds);
    let stale = [write(1, 0), op(2, ("read", &[8]), None, (2, 3), "ok"), write(2, 20), read(1, 30)];
    let Verdict::Fails(details) = says(&stale) else { panic!("{:?}", says(&stale)) };
    assert_eq!(details[0], note("no order that is true to real time explains [3] where `.args[0]` is 7"));
    assert!(details.iter().any(|detail| matches!(detail, Detail::Lines { .. })), "{details:?}");
    // Writes alone are explained by any order, and so are operations of which nobody knows.
    for nothing in [vec![write(1, 0), write(2, 10)], vec![op(0, ("read", &[7]), None, (0, 1), "info")]] {
        assert!(invalid(&says(&nothing)), "{nothing:?}");
    }
    assert!(invalid(&says(&[write(1, 0), read(1, 10), op(0, ("ping", &[7]), None, (20, 21), "ok")])));
}

/// Whether an answer puts the model to the test is the model's word, not that there is one.
#[test]
fn what_any_order_explains_is_no_test() {
    let says = |model: &str, history: &[Value]| {
        judged("linearizable", history, |claim| claim.model = crate::history::Model::named(model))
    };
    let done =
        |f: &str, args: &[i64], value: Option<i64>, at: i64| op(0, (f, args), value, (at, at + 1), "ok");
    // Nobody looks at what a removal from a map returned.
    let blind = [done("put", &[7, 1], Some(1), 0), done("remove", &[7], Some(1), 10)];
    assert!(invalid(&says("map", &blind)), "{:?}", says("map", &blind));
    let seen = [blind.as_slice(), &[done("get", &[7], None, 20)]].concat();
    assert_eq!(says("map", &seen), Verdict::Holds);
    // A lock need not answer: who has it, had it to himself.
    let (acquire, release) = (|at| done("acquire", &[], None, at), |at| done("release", &[], None, at));
    assert_eq!(says("lock", &[acquire(0), release(10), acquire(20)]), Verdict::Holds);
    assert!(fails(&says("lock", &[acquire(0), acquire(10), release(20)])));
}

#[test]
fn a_model_that_is_not_said_judges_nothing() {
    let history = [op(0, ("read", &[]), None, (0, 1), "ok")];
    assert!(invalid(&judged("linearizable", &history, |_| {})));
    let model = crate::history::Model::named("register");
    assert!(invalid(&judged("linearizable", &[json("{}")], |claim| claim.model = model.clone())));
    assert!(invalid(&judged("linearizable", &[], |claim| claim.model = model)));
}
