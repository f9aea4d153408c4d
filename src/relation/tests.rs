mod calls;
mod causal;
mod cut;
mod operations;
mod orders;
mod passage;
mod serializable;
mod session;
mod stale_below;

use super::*;
use crate::shape::{FieldPattern, ObjectPattern};
use crate::value::{Step, from_json};

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

fn key(field: &str) -> Option<Key> {
    Some(Key::One(Path(vec![Step::Field(field.into())])))
}

fn has_field(name: &str, text: &str) -> Pattern {
    let field = FieldPattern::new(name, false, Pattern::Equals(json(text)));
    Pattern::Object(ObjectPattern { fields: vec![field], open: false, ..Default::default() })
}

fn judge<'a>(name: &str, subject: &str, fill: impl FnOnce(&mut Claim<'a>)) -> Verdict {
    let mut filled = Claim::default();
    fill(&mut filled);
    let subject = json(subject);
    let claim = Claim { subject: Some(&subject), ..filled };
    find(name).unwrap_or_else(|| panic!("no relation {name}")).judge(&claim)
}

/// The first sentence of a failure.
fn why(verdict: Verdict) -> String {
    let (Verdict::Fails(details) | Verdict::Invalid(details)) = verdict else { panic!("{verdict:?}") };
    match &details[0] {
        Detail::Note { text } => text.clone(),
        other => panic!("{other:?}"),
    }
}

fn fails(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Fails(_))
}

fn invalid(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Invalid(_))
}

const SEQS: &str = r#"[{"seq":1,"o":"a"},{"seq":2,"o":"b"},{"seq":3,"o":"a"}]"#;

#[test]
fn names_are_unique_and_explained() {
    let mut names: Vec<&str> = SPECS.iter().copied().flatten().map(|spec| spec.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for spec in SPECS.iter().copied().flatten() {
        assert!(spec.example.contains(spec.name) && !spec.summary.is_empty(), "{}", spec.name);
        assert_eq!(find(spec.name).is_some(), spec.planned.is_none(), "{}", spec.name);
    }
}

#[test]
fn increasing_and_ordered() {
    let by = |claim: &mut Claim<'_>| claim.by = key("seq");
    assert_eq!(judge("increasing", SEQS, by), Verdict::Holds);
    let twice = r#"[{"seq":1},{"seq":1}]"#;
    assert_eq!(judge("ordered", twice, by), Verdict::Holds);
    assert_eq!(why(judge("increasing", twice, by)), "`.seq` stays at 1 between [0] and [1]");
    let falls = r#"[{"seq":3},{"seq":9},{"seq":2}]"#;
    assert_eq!(why(judge("ordered", falls, by)), "`.seq` falls from 9 to 2 between [1] and [2]");
    let Verdict::Fails(details) = judge("ordered", falls, by) else { panic!() };
    assert_eq!(details[2], Detail::Value { expression: "[2]".into(), value: "{ seq: 2 }".into() });
    assert_eq!(judge("increasing", "[1, 2.5, 10]", |_| {}), Verdict::Holds);
}

#[test]
fn a_history_says_of_each_record_where_it_came_from_and_when() {
    let from = |claim: &mut Claim<'_>| {
        claim.by = key("seq");
        let at = |nanos: i64| (nanos, Some(nanos));
        claim.origin =
            Some(Origin { name: "feed".into(), times: vec![at(5), at(1_204_000_000), at(2_000_000_000)] });
    };
    let falls = r#"[{"seq":3},{"seq":9},{"seq":2}]"#;
    let Verdict::Fails(details) = judge("ordered", falls, from) else { panic!() };
    let shown =
        |expression: &str, value: &str| Detail::Value { expression: expression.into(), value: value.into() };
    assert_eq!(details[1], shown("[1] of feed at 1.204s", "{ seq: 9 }"));
    assert_eq!(details[2], shown("[2] of feed at 2.000s", "{ seq: 2 }"));
}

#[test]
fn groups_are_judged_apart() {
    let mixed = r#"[{"seq":1,"o":"a"},{"seq":1,"o":"b"},{"seq":2,"o":"a"},{"seq":2,"o":"b"}]"#;
    let per = |claim: &mut Claim<'_>| (claim.by, claim.per) = (key("seq"), key("o"));
    assert_eq!(judge("increasing", mixed, per), Verdict::Holds);
    assert_eq!(judge("unique", mixed, per), Verdict::Holds);
    assert_eq!(judge("gapless", mixed, per), Verdict::Holds);
    let wrong = r#"[{"seq":1,"o":"a"},{"seq":2,"o":"b"},{"seq":0,"o":"a"}]"#;
    assert_eq!(
        why(judge("increasing", wrong, per)),
        r#"`.seq` falls from 1 to 0 between [0] and [2] where `.o` is "a""#
    );
}

#[test]
fn nothing_shows_nothing() {
    for name in ["increasing", "ordered", "gapless", "unique"] {
        let verdict = judge(name, "[]", |_| {});
        assert!(invalid(&verdict) && invalid(&verdict.negate()), "{name}");
        assert_eq!(judge(name, "[]", |claim| claim.or_empty = true), Verdict::Holds, "{name}");
        assert!(invalid(&judge(name, "5", |_| {})), "{name}");
        assert!(invalid(&judge(name, "null", |claim| claim.or_empty = true)), "{name}");
    }
}

#[test]
fn a_record_without_the_key_is_named() {
    let lacking = r#"[{"seq":1},{"sqe":2}]"#;
    for name in ["increasing", "ordered", "gapless", "unique"] {
        let verdict = judge(name, lacking, |claim| claim.by = key("seq"));
        assert!(invalid(&verdict) && invalid(&verdict.clone().negate()), "{name}");
        assert_eq!(why(verdict), "record [1] has no `.seq`");
        assert!(invalid(&judge(name, lacking, |claim| claim.per = key("seq"))), "{name}");
    }
    let composite =
        Some(Key::Many(vec![Path(vec![Step::Field("seq".into())]), Path(vec![Step::Field("o".into())])]));
    assert!(invalid(&judge("unique", lacking, |claim| claim.by = composite.clone())));
    assert_eq!(judge("unique", SEQS, |claim| claim.by = composite.clone()), Verdict::Holds);
    assert!(invalid(&judge("increasing", r#"[1,"2"]"#, |_| {})));
    assert!(invalid(&judge("increasing", r#"[null]"#, |_| {})));
}

#[test]
fn gaps_are_listed() {
    let gapless = |subject: &str, from: Option<i64>| {
        judge("gapless", subject, |claim| {
            from.map(|from| claim.args.insert("from".into(), Value::int(from)));
        })
    };
    assert_eq!(gapless("[3, 1, 2, 2]", Some(1)), Verdict::Holds);
    assert_eq!(gapless("[5, 6]", None), Verdict::Holds);
    assert_eq!(why(gapless("[1, 5]", None)), "the value jumps from 1 to 5: 2..4 are missing");
    assert_eq!(why(gapless("[2, 3]", Some(1))), "the value starts with 2: 1 is missing");
    assert_eq!(why(gapless("[0, 1]", Some(1))), "the value is 0 at [0], before the first, 1");
    assert!(invalid(&gapless("[1, 1.5]", None)));
    assert!(invalid(&gapless("[1, \"2\"]", None)));
}

#[test]
fn repetitions_show_both_records() {
    let verdict = judge("unique", r#"[{"id":1},{"id":2},{"id":1.0}]"#, |claim| claim.by = key("id"));
    assert_eq!(why(verdict), "`.id` is 1.0 at [0] and again at [2]");
    assert_eq!(judge("unique", "[1, \"1\", null]", |_| {}), Verdict::Holds);
}

#[test]
fn has_counts() {
    let paid = has_field("t", "\"PAID\"");
    let count = |subject: &str, times: Option<Value>| {
        judge("has", subject, |claim| {
            claim.pattern = Some(&paid);
            times.map(|times| claim.args.insert("times".into(), times));
        })
    };
    let two = r#"[{"t":"PAID","x":1},{"t":"PLACED"},{"t":"PAID"}]"#;
    assert_eq!(count(two, None), Verdict::Holds);
    assert_eq!(count(two, Some(Value::int(2))), Verdict::Holds);
    assert_eq!(why(count(two, Some(Value::int(1)))), r#"2 records fit { t: "PAID" }, not 1"#);
    assert_eq!(why(count(r#"[{"t":"X"}]"#, None)), r#"none of 1 records fits { t: "PAID" }"#);
    assert!(invalid(&count("[]", None)));
    assert_eq!(count("[]", Some(Value::int(0))), Verdict::Holds);
    assert!(invalid(&count(two, Some(Value::text("2")))));
}

#[test]
fn has_before() {
    let (placed, paid) = (has_field("t", "\"PLACED\""), has_field("t", "\"PAID\""));
    let before = |subject: &str, per: Option<Key>| {
        judge("has", subject, |claim| {
            (claim.pattern, claim.before, claim.per) = (Some(&placed), Some(&paid), per);
        })
    };
    assert_eq!(before(r#"[{"t":"PLACED"},{"t":"X"},{"t":"PAID"}]"#, None), Verdict::Holds);
    assert_eq!(
        why(before(r#"[{"t":"PAID"},{"t":"PLACED"}]"#, None)),
        r#"[0] fits { t: "PAID" }, and nothing before it fits { t: "PLACED" }"#
    );
    let other = r#"[{"t":"PLACED","o":1},{"t":"PAID","o":2}]"#;
    assert_eq!(before(other, None), Verdict::Holds);
    assert!(fails(&before(other, key("o"))));
    assert!(invalid(&before(r#"[{"t":"PLACED"}]"#, None)), "no PAID is a claim about nothing");
    assert!(invalid(&before(r#"[{"t":"PLACED"},{"t":"PAID","o":1}]"#, key("o"))));
}

#[test]
fn overlapping_intervals_are_inconclusive() {
    let (placed, paid) = (has_field("t", "1"), has_field("t", "2"));
    let before = |of: &[(i64, i64, i64)]| {
        let record = |&(t, start, end): &(i64, i64, i64)| {
            let time = |at: i64| Value::Duration(at);
            Value::object([("t", Value::int(t)), ("start", time(start)), ("end", time(end))])
        };
        let subject = Value::list(of.iter().map(record).collect());
        let claim = Claim {
            subject: Some(&subject),
            pattern: Some(&placed),
            before: Some(&paid),
            ..Claim::default()
        };
        find("has").unwrap().judge(&claim)
    };
    assert_eq!(before(&[(2, 5, 6), (1, 1, 2)]), Verdict::Holds);
    assert!(matches!(before(&[(1, 1, 5), (2, 4, 6)]), Verdict::Unknown(_)));
    assert!(fails(&before(&[(1, 7, 8), (2, 4, 6)])));
    assert!(matches!(before(&[(1, 1, 5), (2, 4, 6)]).negate(), Verdict::Unknown(_)));
}

#[test]
fn once() {
    let count = |name: &str, subject: &str, expected: &str| {
        let expected = json(expected);
        let subject = json(subject);
        find(name).unwrap().judge(&Claim {
            subject: Some(&subject),
            of: Some(&expected),
            by: key("id"),
            ..Claim::default()
        })
    };
    let twice = r#"[{"id":"a"},{"id":"b"},{"id":"a"},{"id":"x"}]"#;
    assert_eq!(count("exactly_once", twice, r#"["b"]"#), Verdict::Holds);
    assert_eq!(why(count("exactly_once", twice, r#"["a","b"]"#)), r#"`.id` is "a" in 2 records"#);
    assert_eq!(why(count("exactly_once", twice, r#"["c"]"#)), r#"`.id` is "c" in none of 4 records"#);
    assert_eq!(count("at_least_once", twice, r#"["a","b"]"#), Verdict::Holds);
    assert!(fails(&count("at_least_once", twice, r#"["c"]"#)));
    assert_eq!(count("at_most_once", twice, r#"["b","c"]"#), Verdict::Holds);
    assert!(fails(&count("at_most_once", twice, r#"["a"]"#)));
    assert!(fails(&count("exactly_once", "[]", r#"["a"]"#)));
    assert!(invalid(&count("at_most_once", "[]", r#"["a"]"#)));
    for name in ["exactly_once", "at_least_once", "at_most_once"] {
        assert!(invalid(&count(name, twice, "[]")), "{name}");
        assert!(invalid(&count(name, twice, r#"["a","a"]"#)), "{name}");
        assert!(invalid(&count(name, r#"[{"di":"a"}]"#, r#"["a"]"#)), "{name}");
        assert!(invalid(&judge(name, twice, |_| {})), "{name}");
    }
}

#[test]
fn orders_of_two_lists() {
    let compare = |name: &str, left: &str, right: &str| {
        let right = json(right);
        let left = json(left);
        find(name).unwrap().judge(&Claim { subject: Some(&left), operand: Some(&right), ..Claim::default() })
    };
    assert_eq!(compare("same_order_as", "[1,3,9]", "[1,2,3]"), Verdict::Holds);
    assert!(fails(&compare("same_order_as", "[3,1]", "[1,2,3]")));
    assert!(invalid(&compare("same_order_as", "[7]", "[1]")));
    assert_eq!(compare("same_order_as", "[1,1,2]", "[1,2]"), Verdict::Holds);
    assert_eq!(compare("prefix_of", "[1,2]", "[1,2,3]"), Verdict::Holds);
    assert_eq!(why(compare("prefix_of", "[1,3]", "[1,2,3]")), "the value at [1] is 3 here and 2 there");
    assert!(fails(&compare("prefix_of", "[1,2]", "[1]")));
    assert!(invalid(&compare("prefix_of", "[]", "[1]")) && invalid(&compare("prefix_of", "[1]", "5")));
}

#[test]
fn changes() {
    let change = |name: &str, before: &str, after: &str, fill: &dyn Fn(&mut Claim<'_>)| {
        let (before, after) = (json(before), json(after));
        let mut claim = Claim { change: Some((&before, &after)), ..Claim::default() };
        fill(&mut claim);
        find(name).unwrap().judge(&claim)
    };
    let by = |by: i64| {
        move |claim: &mut Claim<'_>| {
            claim.args.insert("by".into(), Value::int(by));
        }
    };
    assert_eq!(change("rises", "1", "2", &by(1)), Verdict::Holds);
    assert_eq!(why(change("rises", "1", "3", &by(1))), "it rises by 2, not by 1");
    assert_eq!(change("rises", "1", "1", &by(0)), Verdict::Holds);
    assert_eq!(why(change("rises", "1", "1", &|_| {})), "it rises by 0, not at all");
    assert_eq!(change("rises", "1", "1.5", &|_| {}), Verdict::Holds);
    assert!(invalid(&change("rises", "1", "\"2\"", &by(1))));
    assert!(invalid(&judge("rises", "1", |_| {})));

    assert_eq!(change("unchanged", "{\"a\":1.0}", "{\"a\":1}", &|_| {}), Verdict::Holds);
    assert!(fails(&change("unchanged", "{\"a\":1}", "{\"a\":2}", &|_| {})));
    let except =
        |claim: &mut Claim<'_>| claim.except = vec![Path(vec![Step::Each, Step::Field("at".into())])];
    assert_eq!(change("unchanged", r#"[{"a":1,"at":1}]"#, r#"[{"a":1,"at":2}]"#, &except), Verdict::Holds);
    assert!(fails(&change("unchanged", r#"[{"a":1,"at":1}]"#, r#"[{"a":2,"at":2}]"#, &except)));

    let paid = Pattern::Equals(json("\"PAID\""));
    let subject = json("0");
    let becomes = |before: &str, after: &str| {
        let (before, after) = (json(before), json(after));
        find("becomes").unwrap().judge(&Claim {
            subject: Some(&subject),
            change: Some((&before, &after)),
            pattern: Some(&paid),
            ..Claim::default()
        })
    };
    assert_eq!(becomes("\"NEW\"", "\"PAID\""), Verdict::Holds);
    assert!(fails(&becomes("\"NEW\"", "\"GONE\"")));
    assert!(why(becomes("\"PAID\"", "\"PAID\"")).contains("already"));
}

#[test]
fn backing_off() {
    let attempts = |starts: &[i64]| {
        Value::list(
            starts
                .iter()
                .map(|ms| Value::object([("start", Value::Duration(ms * 1_000_000)), ("o", Value::int(1))]))
                .collect(),
        )
    };
    let judged = |starts: &[i64]| {
        let subject = attempts(starts);
        let mut claim = Claim { subject: Some(&subject), per: key("o"), ..Claim::default() };
        claim.args.insert("from".into(), Value::Duration(100_000_000));
        claim.args.insert("to".into(), Value::Duration(1_000_000_000));
        find("backs_off").unwrap().judge(&claim)
    };
    assert_eq!(judged(&[0, 100, 300, 700, 1_700]), Verdict::Holds);
    assert!(why(judged(&[0, 50])).contains("shorter than 100ms"));
    assert!(why(judged(&[0, 100, 1_400])).contains("longer than 1s"));
    assert!(why(judged(&[0, 400, 600])).contains("shorter than the one before, 400ms"));
    assert!(invalid(&judged(&[0])));
    assert!(why(judged(&[0, 100])).contains("no attempt was repeated often enough"));
    assert!(invalid(&judged(&[0, 100, 210])));
    assert_eq!(judged(&[0, 100, 230]), Verdict::Holds, "two pauses that grow are enough");
    assert!(why(judged(&[0, 110, 220, 335])).contains("the pauses stay at about 110ms, and do not grow"));
    assert_eq!(judged(&[0, 900, 1_800, 2_700]), Verdict::Holds, "nothing is longer than `to`");
    assert!(invalid(&judge("backs_off", "[{\"start\":1},{\"start\":2}]", |_| {})));
}
