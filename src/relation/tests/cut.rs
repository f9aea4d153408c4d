//! What a claim is worth over a history that broke off: of each relation, what it says of records
//! that are all, and of the same records when nobody knows what would have come then.

use std::collections::BTreeSet;

use super::operations::{MS, op};
use super::*;
use crate::history::{Model, cycles};
use crate::value::Gap;

/// What a claim comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    Holds,
    Fails,
    Unknown,
}
use Comes::{Fails, Holds, Unknown};

fn broken() -> Option<Cut> {
    Cut::of("feed", Gap::Broken("broke off: the connection was reset".into()))
}

fn comes(verdict: &Verdict) -> Comes {
    match verdict {
        Verdict::Holds => Holds,
        Verdict::Fails(_) => Fails,
        Verdict::Unknown(why) => {
            assert!(why.ends_with("was not seen"), "{why}");
            Unknown
        }
        other => panic!("{other:?}"),
    }
}

/// What a claim comes to, and its negation.
fn of(name: &str, claim: &Claim<'_>) -> (Comes, Comes) {
    let verdict = find(name).unwrap().judge(claim);
    (comes(&verdict), comes(&verdict.negate()))
}

fn contrary(whole: Comes) -> Comes {
    if whole == Holds { Fails } else { Holds }
}

/// Judges a claim over whole sides, and over one that broke off.
#[track_caller]
fn row(name: &str, claim: Claim<'_>, side: Side, whole: Comes, cut: Comes) {
    let told = format!("{name} of {}", crate::value::show(claim.subject.unwrap()));
    assert_eq!(of(name, &claim), (whole, contrary(whole)), "{told}");
    let claim = match side {
        Side::Other => Claim { other_cut: broken(), ..claim },
        _ => Claim { cut: broken(), ..claim },
    };
    let negated = if cut == Unknown { Unknown } else { contrary(cut) };
    assert_eq!(of(name, &claim), (cut, negated), "{told}, which broke off");
    let hole = Cut::of("feed", Gap::Hole("one call was lost, which was not seen".into()));
    let with_hole = Claim { cut: hole, ..claim };
    assert_eq!(of(name, &with_hole), (Unknown, Unknown), "{told}, which has a hole");
    let closed = Claim { cut: Cut::of("feed", Gap::Closed("was closed".into())), ..with_hole };
    if side != Side::Other {
        assert_eq!(of(name, &closed), (whole, contrary(whole)), "{told}, which the scenario closed");
    }
}

#[test]
fn what_one_list_says_of_itself() {
    for (name, from, subject, whole, cut) in [
        ("increasing", None, "[1,2]", Holds, Unknown),
        ("increasing", None, "[2,1]", Fails, Fails),
        ("increasing", None, "[2]", Holds, Unknown),
        ("ordered", None, "[1,1]", Holds, Unknown),
        ("ordered", None, "[2,1]", Fails, Fails),
        ("unique", None, "[1,2]", Holds, Unknown),
        ("unique", None, "[1,1]", Fails, Fails),
        ("gapless", None, "[1,2]", Holds, Unknown),
        // The 2 may come late.
        ("gapless", None, "[1,3]", Fails, Unknown),
        ("gapless", Some(2), "[3]", Fails, Unknown),
        ("gapless", Some(2), "[1,2]", Fails, Fails),
    ] {
        let subject = json(subject);
        let args = from.map(|from| ("from".into(), Value::int(from))).into_iter().collect();
        row(name, Claim { subject: Some(&subject), args, ..Claim::default() }, Side::Subject, whole, cut);
    }
    for (least, most, subject, whole, cut) in [
        (None, Some(1), "[1]", Holds, Unknown),
        (None, Some(1), "[1,1]", Fails, Fails),
        (Some(2), None, "[1,1]", Holds, Unknown),
        (Some(2), None, "[1]", Fails, Unknown),
    ] {
        let subject = json(subject);
        let arg = |name: &str, n: Option<i64>| n.map(|n| (name.into(), Value::int(n)));
        let args = [arg("at_least", least), arg("at_most", most)].into_iter().flatten().collect();
        let claim = Claim { subject: Some(&subject), args, ..Claim::default() };
        row("attempted", claim, Side::Subject, whole, cut);
    }
}

#[test]
fn what_a_list_has() {
    let (one, two) = (has_field("t", "1"), has_field("t", "2"));
    let has = |subject: &str, times: Option<i64>, before: bool, per: bool, whole, cut| {
        let subject = json(subject);
        let claim = Claim {
            subject: Some(&subject),
            pattern: Some(&one),
            before: before.then_some(&two),
            per: per.then(|| key("p")).flatten(),
            args: times.map(|times| ("times".into(), Value::int(times))).into_iter().collect(),
            ..Claim::default()
        };
        row("has", claim, Side::Subject, whole, cut);
    };
    has(r#"[{"t":1}]"#, None, false, false, Holds, Holds);
    has(r#"[{"t":2}]"#, None, false, false, Fails, Unknown);
    // Another group may come that has none.
    has(r#"[{"t":1,"p":1}]"#, None, false, true, Holds, Unknown);
    has(r#"[{"t":1}]"#, Some(1), false, false, Holds, Unknown);
    has(r#"[{"t":1},{"t":1}]"#, Some(1), false, false, Fails, Fails);
    has(r#"[{"t":1}]"#, Some(2), false, false, Fails, Unknown);
    has("[]", Some(0), false, false, Holds, Unknown);
    has(r#"[{"t":1},{"t":2}]"#, None, true, false, Holds, Unknown);
    has(r#"[{"t":2},{"t":1}]"#, None, true, false, Fails, Fails);
}

#[test]
fn what_came_of_what_was_put_in() {
    for (name, subject, put, side, whole, cut) in [
        ("exactly_once", "[1]", "[1]", Side::Subject, Holds, Unknown),
        ("exactly_once", "[1,1]", "[1]", Side::Subject, Fails, Fails),
        ("exactly_once", "[]", "[1]", Side::Subject, Fails, Unknown),
        ("exactly_once", "[2,2]", "[1,2]", Side::Subject, Fails, Fails),
        ("at_least_once", "[1]", "[1]", Side::Subject, Holds, Holds),
        ("at_least_once", "[2]", "[1]", Side::Subject, Fails, Unknown),
        ("at_least_once", "[1]", "[1]", Side::Other, Holds, Unknown),
        ("at_most_once", "[1]", "[1]", Side::Subject, Holds, Unknown),
        ("at_most_once", "[1,1]", "[1]", Side::Subject, Fails, Fails),
        ("no_loss", "[1]", "[1]", Side::Subject, Holds, Holds),
        ("no_loss", "[2]", "[1]", Side::Subject, Fails, Unknown),
        ("no_loss", "[1]", "[1]", Side::Other, Holds, Unknown),
        ("no_loss", "[2]", "[1]", Side::Other, Fails, Fails),
        ("no_phantoms", "[1]", "[1]", Side::Subject, Holds, Unknown),
        ("no_phantoms", "[2]", "[1]", Side::Subject, Fails, Fails),
        ("no_phantoms", "[1]", "[1]", Side::Other, Holds, Holds),
        ("no_phantoms", "[2]", "[1]", Side::Other, Fails, Unknown),
        ("fifo", "[1,2]", "[1,2]", Side::Subject, Holds, Unknown),
        ("fifo", "[2,1]", "[1,2]", Side::Subject, Fails, Fails),
    ] {
        let (subject, put) = (json(subject), json(put));
        let claim = Claim { subject: Some(&subject), of: Some(&put), ..Claim::default() };
        row(name, claim, side, whole, cut);
    }
    // What an operation that failed put in may still come out.
    let put = Value::list(vec![
        op(0, ("put", &[1]), None, (0, 1), "ok"),
        op(0, ("put", &[2]), None, (2, 3), "fail"),
    ]);
    let subject = json("[1]");
    let claim = Claim { subject: Some(&subject), of: Some(&put), ..Claim::default() };
    row("at_least_once", claim, Side::Subject, Holds, Unknown);
}

#[test]
fn what_two_lists_say_of_each_other() {
    for (name, subject, other, side, whole, cut) in [
        ("same_order_as", "[1,2]", "[1,2]", Side::Subject, Holds, Unknown),
        ("same_order_as", "[2,1]", "[1,2]", Side::Subject, Fails, Fails),
        ("same_order_as", "[1,2]", "[1,2]", Side::Other, Holds, Unknown),
        ("prefix_of", "[1]", "[1,2]", Side::Subject, Holds, Unknown),
        ("prefix_of", "[2]", "[1,2]", Side::Subject, Fails, Fails),
        ("prefix_of", "[1]", "[1,2]", Side::Other, Holds, Holds),
        ("prefix_of", "[1,2,3]", "[1,2]", Side::Other, Fails, Unknown),
        ("prefix_of", "[1,2,3]", "[1,2]", Side::Subject, Fails, Fails),
        ("prefix_of", "[2,2,3]", "[1,2]", Side::Other, Fails, Fails),
        ("converges_with", "[1]", "[1]", Side::Subject, Holds, Unknown),
        ("converges_with", "[1]", "[1,2]", Side::Subject, Fails, Unknown),
        ("converges_with", "[1]", "[1,2]", Side::Other, Fails, Unknown),
    ] {
        let (subject, other) = (json(subject), json(other));
        let claim = Claim { subject: Some(&subject), operand: Some(&other), ..Claim::default() };
        row(name, claim, side, whole, cut);
    }
    let (subject, other) = (json(r#"[{"id":1,"n":1}]"#), json(r#"[{"id":1,"n":2}]"#));
    let claim = Claim { subject: Some(&subject), operand: Some(&other), by: key("id"), ..Claim::default() };
    row("converges_with", claim, Side::Subject, Fails, Fails);
}

fn transaction(at: i64, steps: &str) -> Value {
    Value::object([
        ("process", Value::int(0)),
        ("f", Value::text("txn")),
        ("args", Value::list(Vec::new())),
        ("value", json(steps)),
        ("start", Value::Duration(at * MS)),
        ("end", Value::Duration((at + 1) * MS)),
        ("outcome", Value::text("ok")),
    ])
}

#[test]
fn what_operations_saw() {
    let write = |value: i64, at: i64| op(0, ("write", &[value]), Some(value), (at, at), "ok");
    let read = |value: i64, at: i64| op(0, ("read", &[]), Some(value), (at, at), "ok");
    let age = Value::Duration(0);
    let by_value = key("value");
    let plain: &dyn Fn(&mut Claim<'_>) = &|_| {};
    let by: &dyn Fn(&mut Claim<'_>) = &|claim| claim.by.clone_from(&by_value);
    let register: &dyn Fn(&mut Claim<'_>) = &|claim| claim.model = Model::named("register");
    let lists: &dyn Fn(&mut Claim<'_>) = &|claim| claim.model = Some(cycles::model());
    let lost = [r#"[["r","x",[]],["append","x",1]]"#, r#"[["r","x",[]],["append","x",2]]"#];
    for (name, history, fill, whole, cut) in [
        ("monotonic_reads", vec![read(1, 0), read(2, 1)], by, Holds, Unknown),
        ("monotonic_reads", vec![read(2, 0), read(1, 1)], by, Fails, Fails),
        ("read_your_writes", vec![write(1, 0), read(1, 1)], by, Holds, Unknown),
        ("read_your_writes", vec![write(2, 0), read(1, 1)], by, Fails, Fails),
        ("monotonic_writes", vec![write(1, 0), write(2, 1)], by, Holds, Unknown),
        ("monotonic_writes", vec![write(2, 0), write(1, 1)], by, Fails, Fails),
        ("writes_follow_reads", vec![read(1, 0), write(2, 1)], by, Holds, Unknown),
        ("writes_follow_reads", vec![read(2, 0), write(1, 1)], by, Fails, Fails),
        ("causal", vec![write(1, 0), read(1, 1)], plain, Holds, Unknown),
        ("causal", vec![write(1, 0), write(2, 1), read(1, 2)], plain, Fails, Fails),
        // A write that comes later, and may have happened at the same time, would explain the read.
        ("causal", vec![write(1, 0), read(9, 1)], plain, Fails, Unknown),
        ("stale_below", vec![write(1, 0), read(1, 1)], plain, Holds, Unknown),
        ("stale_below", vec![write(1, 0), write(2, 2), read(1, 9)], plain, Fails, Unknown),
        ("linearizable", vec![write(1, 0), read(1, 1)], register, Holds, Unknown),
        ("linearizable", vec![write(1, 0), write(2, 2), read(1, 9)], register, Fails, Unknown),
        ("serializable", vec![transaction(0, lost[0])], lists, Holds, Unknown),
        ("serializable", vec![transaction(0, lost[0]), transaction(2, lost[1])], lists, Fails, Fails),
    ] {
        let subject = Value::list(history);
        let operand = (name == "stale_below").then_some(&age);
        let mut claim = Claim { subject: Some(&subject), operand, ..Claim::default() };
        fill(&mut claim);
        row(name, claim, Side::Subject, whole, cut);
    }
}

#[test]
fn nothing_is_told_of_nothing_and_why_there_is_nothing_is_said() {
    let subject = json("[]");
    let claim = Claim { subject: Some(&subject), cut: broken(), ..Claim::default() };
    for name in ["increasing", "unique", "gapless"] {
        let Verdict::Invalid(details) = find(name).unwrap().judge(&claim) else { panic!("{name}") };
        assert_eq!(details[1], note(broken().unwrap().why()), "{name}");
        let or_empty = Claim { or_empty: true, ..claim.clone() };
        assert_eq!(of(name, &or_empty), (Unknown, Unknown), "{name}");
    }
}

/// What is to hold of every record is never known of records that nobody saw: each relation says of
/// itself where it is otherwise, and these are all.
#[test]
fn only_what_was_found_goes_on_to_hold() {
    let claim = Claim::default();
    let harmless: BTreeSet<&str> = RELATIONS
        .iter()
        .filter(|rule| (rule.stays)(&claim) != Stays::Neither)
        .map(|rule| rule.spec.name)
        .collect();
    assert_eq!(harmless, BTreeSet::from(["at_least_once", "has", "no_loss", "no_phantoms", "prefix_of"]));
}

#[test]
fn every_relation_speaks_of_its_subject() {
    let claim = Claim::default();
    for rule in RELATIONS {
        let Says(yes, no) = (rule.says)(&claim);
        assert!(!yes.is_empty() && !no.is_empty() && yes != no, "{}", rule.spec.name);
        assert!(!yes.contains('_') || yes.contains('`'), "{}: {yes}", rule.spec.name);
    }
}
