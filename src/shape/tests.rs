use std::sync::Arc;

use super::*;
use crate::value::{Object, Value, from_json};

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

fn equals(text: &str) -> Pattern {
    Pattern::Equals(json(text))
}

fn regex(source: &str) -> Pattern {
    Pattern::Regex(Arc::new(regex::Regex::new(source).unwrap()))
}

fn ty(name: &str) -> Pattern {
    types::of_type(name, Object::new()).unwrap()
}

fn object(fields: &[(&str, Pattern)], open: bool) -> Pattern {
    let fields = fields.iter().map(|(name, pattern)| {
        FieldPattern::new(name.trim_end_matches('?'), name.ends_with('?'), pattern.clone())
    });
    Pattern::Object(ObjectPattern { fields: fields.collect(), open, ..Default::default() })
}

fn named(name: &str, pattern: Pattern) -> Pattern {
    Pattern::Named(name.into(), Arc::new(pattern))
}

/// `path: expected / actual`, a line each.
fn lines(found: Differences) -> Vec<String> {
    let mut lines: Vec<String> =
        found.listed.iter().map(|d| format!("{}: {} / {}", d.path, d.expected, d.actual)).collect();
    if found.more > 0 {
        lines.push(format!("{} more", found.more));
    }
    lines.extend(found.invalid.map(|why| format!("invalid: {why}")));
    lines
}

fn check(pattern: &Pattern, text: &str) -> Vec<String> {
    lines(mismatches(pattern, &json(text)))
}

fn holds(pattern: &Pattern, text: &str) -> bool {
    let value = json(text);
    let full = mismatches(pattern, &value).is_empty();
    assert_eq!(full, fits(pattern, &value), "the quick answer differs for {text}");
    full
}

#[test]
fn every_differing_path_is_listed() {
    let order = object(
        &[
            ("id", ty("uuid")),
            ("state", Pattern::Union(vec![equals("\"PENDING\""), equals("\"PAID\"")])),
            ("total", equals("59.98")),
            (
                "lines",
                Pattern::Sized(
                    Box::new(object(
                        &[
                            ("sku", regex("[a-z]{3,8}")),
                            ("qty", Pattern::Range(Value::int(1), Value::int(9))),
                        ],
                        false,
                    )),
                    1,
                    5,
                ),
            ),
        ],
        false,
    );
    let found = check(
        &order,
        r#"{"id":"x","state":"GONE","total":"59.98","lines":[{"sku":"tea","qty":0},{"sku":"x!","qty":"2","n":1}]}"#,
    );
    assert_eq!(
        found,
        [
            r#".id: uuid / "x""#,
            r#".state: "PENDING" | "PAID" / "GONE" (text)"#,
            r#".total: 59.98 (number) / "59.98" (text)"#,
            ".lines[0].qty: 1..9 / 0",
            r#".lines[1].sku: re"[a-z]{3,8}" / "x!""#,
            r#".lines[1].qty: 1..9 / "2" (text)"#,
            ".lines[1].n: no such field / 1",
        ]
    );
    assert!(holds(
        &order,
        r#"{"lines":[{"qty":9,"sku":"tea"}],"total":59.980,"state":"PAID","id":"f81d4fae-7dec-11d0-a765-00a0c91e6bf6"}"#
    ));
}

#[test]
fn misspelt_fields_are_recognised() {
    let pattern = object(&[("total", ty("decimal")), ("id", Pattern::Anything)], false);
    assert_eq!(
        check(&pattern, r#"{"totl":1,"id":2}"#),
        [".total: decimal / absent (there is `.totl`)", ".totl: no such field; did you mean `.total`? / 1"]
    );
    let open = object(&[("total", ty("decimal"))], true);
    assert_eq!(check(&open, r#"{"totl":1}"#), [".total: decimal / absent (there is `.totl`)"]);
    assert_eq!(check(&object(&[("a b", Pattern::Anything)], false), "{}"), [r#"["a b"]: anything / absent"#]);
}

#[test]
fn absent_null_and_optional_differ() {
    let absent = object(&[("a", Pattern::Absent)], false);
    assert!(holds(&absent, "{}"));
    assert_eq!(check(&absent, r#"{"a":null}"#), [".a: absent / null"]);
    let null = object(&[("a", equals("null"))], false);
    assert!(holds(&null, r#"{"a":null}"#));
    assert_eq!(check(&null, "{}"), [".a: null / absent"]);
    let optional = object(&[("a?", ty("int"))], false);
    assert!(holds(&optional, "{}") && holds(&optional, r#"{"a":1}"#));
    assert_eq!(check(&optional, r#"{"a":null}"#), [".a: int / null"]);
    for op in [Comparison::NotEqual, Comparison::Less, Comparison::Greater] {
        let compared = object(&[("a", Pattern::Compare(op, Value::int(5)))], false);
        assert!(!holds(&compared, "{}"), "{op:?}");
    }
    assert!(holds(&object(&[("a", Pattern::Union(vec![Pattern::Absent, ty("int")]))], false), "{}"));
}

#[test]
fn a_regex_matches_the_whole_text() {
    for (source, good, bad) in [("a|ab", "ab", "abc"), ("(?x) a # note", "a", "ab"), ("a*", "", "b")] {
        assert!(fits(&regex(source), &Value::text(good)), "{source}");
        assert!(!fits(&regex(source), &Value::text(bad)), "{source}");
    }
    assert!(!holds(&regex("[0-9]+"), "5"));
}

#[test]
fn comparisons_and_ranges_stay_in_their_kind() {
    let above = Pattern::Compare(Comparison::Greater, Value::int(0));
    assert!(holds(&above, "0.1") && !holds(&above, "0"));
    assert_eq!(check(&above, "\"1\""), [r#": > 0 / "1" (text)"#]);
    let second = Pattern::Range(Value::Duration(0), Value::Duration(1_000_000_000));
    assert!(fits(&second, &Value::Duration(1_000_000_000)));
    assert!(!fits(&second, &Value::Duration(1_000_000_001)) && !holds(&second, "1"));
    let day = Pattern::Range(Value::text("2026-11-01"), Value::text("2026-11-30"));
    assert!(holds(&day, "\"2026-11-22\"") && !holds(&day, "\"2026-12-01\""));
}

#[test]
fn the_nearest_branch_of_a_union_is_shown() {
    let card = named("Card", object(&[("kind", equals("\"card\"")), ("number", ty("text"))], false));
    let bank = named("Bank", object(&[("kind", equals("\"bank\"")), ("iban", ty("text"))], false));
    let either = Pattern::Union(vec![card, bank]);
    assert_eq!(
        check(&either, r#"{"kind":"bank","iban":5}"#),
        [": Card | Bank / nearest to Bank, except for:", ".iban: text / 5 (number)"]
    );
    assert_eq!(check(&either, "5"), [": Card | Bank / 5 (number)"]);
    assert!(holds(&either, r#"{"kind":"card","number":"1"}"#));
}

#[test]
fn lists_are_matched_by_position() {
    let pair = Pattern::List(vec![ty("int"), ty("text")], false);
    assert!(holds(&pair, r#"[1,"a"]"#));
    assert_eq!(check(&pair, "[1]"), ["[1]: text / no such element"]);
    assert_eq!(check(&pair, r#"[1,"a",true]"#), ["[2]: no such element / true"]);
    assert!(holds(&Pattern::List(vec![ty("int")], true), r#"[1,"a",true]"#));
    let sized = Pattern::Sized(Box::new(ty("int")), 1, 2);
    assert_eq!(check(&sized, "[]"), [": 1..2 elements / 0 elements"]);
    assert_eq!(check(&sized, "[1,2,\"3\"]"), [": 1..2 elements / 3 elements", r#"[2]: int / "3" (text)"#]);
    assert!(!holds(&sized, "{}"));
}

#[test]
fn computed_parts_see_their_siblings() {
    let derive = Derive::new(["name"], |here: &Value| {
        let name = here.as_object().and_then(|fields| fields.get("name")).and_then(Value::as_text);
        name.map(|name| Value::text(format!("{name}@example.test"))).ok_or_else(|| "no name".to_owned())
    });
    let email = Pattern::Derived("\"${.name}@example.test\"".into(), derive);
    let customer = object(&[("name", ty("text")), ("email", email)], true);
    assert!(holds(&customer, r#"{"name":"a","email":"a@example.test"}"#));
    assert_eq!(
        check(&customer, r#"{"name":"a","email":"b@example.test"}"#),
        [r#".email: "a@example.test" / "b@example.test""#]
    );
    // Without the one the other is not there either, and has no value that fits.
    assert_eq!(
        check(&customer, r#"{"email":"a"}"#),
        [".name: text / absent", r#".email: "${.name}@example.test", of `.name`, which is not there / "a""#]
    );
    let broken = mismatches(&customer, &json(r#"{"name":1,"email":"a"}"#));
    assert!(broken.invalid.is_some() && !broken.holds(false) && !broken.holds(true));
}

#[test]
fn contains_pairs_by_maximum_matching() {
    let any = object(&[("n", ty("int"))], false);
    let one = object(&[("n", equals("1"))], false);
    // Greed gives the only `n: 1` to the first pattern.
    let operand = Pattern::List(vec![any.clone(), one.clone()], false);
    assert!(contains(&operand, &json(r#"[{"n":1},{"n":2}]"#)).is_empty());
    assert!(contains(&operand, &json(r#"[{"n":2},{"n":1,"more":true}]"#)).is_empty());
    assert_eq!(
        lines(contains(&Pattern::List(vec![one.clone(), one.clone()], false), &json(r#"[{"n":1},{"n":2}]"#))),
        [
            ": an element that fits { n: 1 } / only [0], which the other patterns of `contains` need: each needs an element of its own"
        ]
    );
    assert_eq!(
        lines(contains(&one, &json(r#"[{"n":2,"x":1},5]"#))),
        [
            ": an element that fits { n: 1 } / none of 2 elements; the nearest is [0], except for:",
            "[0].n: 1 / 2"
        ]
    );
    assert_eq!(lines(contains(&one, &json("[]"))), [": an element that fits { n: 1 } / no elements"]);
}

#[test]
fn contains_opens_literal_objects_but_not_shapes() {
    let line = object(&[("sku", equals("\"tea\""))], false);
    let order = json(r#"{"id":1,"line":{"sku":"tea","qty":2}}"#);
    assert!(contains(&object(&[("line", line.clone())], false), &order).is_empty());
    assert!(contains(&equals(r#"{"line":{"sku":"tea"}}"#), &order).is_empty());
    assert!(!mismatches(&object(&[("line", line.clone())], true), &order).is_empty());
    let closed = named("Line", line);
    assert_eq!(
        lines(contains(&object(&[("line", closed)], false), &order)),
        [".line.qty: no such field / 2"]
    );
    assert!(contains(&equals(r#"[{"id":1}]"#), &json(r#"[{"id":1,"x":2}]"#)).is_empty());
}

#[test]
fn contains_in_texts() {
    let text = Value::text("an unlikely story");
    assert!(contains(&equals("\"like\""), &text).is_empty());
    assert!(contains(&regex("u[a-z]+y"), &text).is_empty());
    assert_eq!(
        lines(contains(&regex("^story"), &text)),
        [r#": a text that contains re"^story" / "an unlikely story""#]
    );
    assert!(contains(&Pattern::Equals(Value::bytes(&b"li"[..])), &Value::bytes(&b"alike"[..])).is_empty());
}

#[test]
fn a_contains_that_makes_no_sense_holds_in_neither_form() {
    for (operand, value) in [
        (equals("3"), json("5")),
        (equals("3"), json("\"3\"")),
        (equals("\"a\""), json("{\"a\":1}")),
        (equals("1"), json("null")),
    ] {
        let found = contains(&operand, &value);
        assert!(!found.holds(false) && !found.holds(true), "{value:?}: {found:?}");
    }
    let missing = contains(&equals("1"), &Value::Absent);
    assert!(!missing.holds(false));
}

#[test]
fn unordered_lists() {
    let both = Pattern::Unordered(vec![ty("int"), equals("1")], false);
    assert!(holds(&both, "[1,2]") && holds(&both, "[2,1]"));
    assert!(!holds(&both, "[2,3]") && !holds(&both, "[1]"));
    assert_eq!(check(&both, "[1,2,\"x\"]"), [r#"[2]: no such element / "x""#]);
    assert!(holds(&Pattern::Unordered(vec![equals("1")], true), "[3,1]"));
}

#[test]
fn diffs_are_aligned() {
    let differ = |a: &str, b: &str| lines(diff(&json(a), &json(b)));
    assert_eq!(differ("[1,2,3,4]", "[1,9,2,3,4]"), ["[1]: no such element / 9"]);
    assert_eq!(differ("[1,2,3,4]", "[1,3,4]"), ["[1]: 2 / no such element"]);
    assert_eq!(differ("[1,2,3]", "[1,5,3]"), ["[1]: 2 / 5"]);
    assert_eq!(
        differ(
            r#"[{"id":1,"a":1},{"id":2,"a":1},{"id":3,"a":1}]"#,
            r#"[{"id":0,"a":0},{"id":1,"a":1},{"id":2,"a":7},{"id":3,"a":1}]"#
        ),
        ["[0]: no such element / { id: 0, a: 0 }", "[2].a: 1 / 7"]
    );
    assert_eq!(
        differ(r#"{"a":{"b":[1]}}"#, r#"{"a":{"b":["1"]},"c":null}"#),
        [r#".a.b[0]: 1 (number) / "1" (text)"#, ".c: no such field / null"]
    );
    assert!(differ(r#"{"a":1,"b":1.0}"#, r#"{"b":1.00,"a":1}"#).is_empty());
    assert_eq!(differ("1", "\"1\""), [r#": 1 (number) / "1" (text)"#]);
    assert_eq!(differ("null", "{}"), [": null / {}"]);
}

#[test]
fn what_differs_invisibly_is_said() {
    let nan = Value::Number(crate::value::Number::Float { value: f64::NAN, single: false });
    assert_eq!(lines(diff(&nan, &nan)), [": NaN / NaN (NaN equals nothing)"]);
    let (a, b) = (Value::text_with("geheimnis", true), Value::text_with("anderes", true));
    let found = lines(diff(&a, &b));
    assert!(found[0].contains("a different secret") && !found[0].contains("geheim"), "{found:?}");
    let (long, other) = ("x".repeat(1_000) + "a", "x".repeat(1_000) + "b");
    let found = lines(diff(&Value::text(long), &Value::text(other)));
    assert!(found[0].contains("xa\"") && found[0].contains("xb\" (from character 1001)"), "{found:?}");
}

#[test]
fn equality_and_diff_agree() {
    let samples =
        ["1", "1.0", "\"1\"", "null", "[]", "[1]", "[1,2]", "{}", "{\"a\":1}", "{\"a\":null}", "true"];
    for a in samples {
        for b in samples {
            assert_eq!(json(a) == json(b), diff(&json(a), &json(b)).is_empty(), "{a} {b}");
        }
    }
}

#[test]
fn huge_values_stay_readable() {
    let many = |n: i64| Value::list((0..2_000).map(|i| Value::int(i * n)).collect());
    let found = diff(&many(1), &many(-1));
    assert_eq!(found.listed.len(), 50);
    assert!(found.more > 1_000);
    assert!(
        matches!(found.into_details().last(), Some(crate::event::Detail::Note { text }) if text.starts_with("and "))
    );
    let wide = |value: i64| Value::object((0..20_000).map(|i| (format!("f{i}"), Value::int(value))));
    assert_eq!(diff(&wide(1), &wide(2)).len(), 20_000);
    assert_eq!(diff(&wide(1), &Value::object::<String>([])).len(), 20_000);
    let deep = |value: i64| (0..1_000).fold(Value::int(value), |inner, _| Value::list(vec![inner]));
    assert!(diff(&deep(1), &deep(1)).holds(false));
    let found = mismatches(&Pattern::Equals(deep(1)), &deep(2));
    assert!(!found.holds(false) && !found.holds(true), "{found:?}");
    let patterns = (0..3_000).map(|i| Pattern::Equals(Value::int(i))).collect();
    let found = contains(&Pattern::List(patterns, false), &many(1));
    assert!(!found.holds(false));
}

#[test]
fn descriptions_read_like_the_language() {
    let range = Object::from([("range".into(), Value::Range(Arc::new((Value::int(1), Value::int(9)))))]);
    let pattern = object(
        &[
            ("id", ty("uuid")),
            ("qty", types::of_type("int", range).unwrap()),
            ("phone?", ty("phone")),
            ("odd key", Pattern::Sized(Box::new(named("Line", Pattern::Anything)), 1, 5)),
            ("total", Pattern::Compare(Comparison::Greater, Value::int(0))),
            ("key", Pattern::Equals(Value::text_with("geheimnis", true))),
        ],
        true,
    );
    assert_eq!(
        describe(&pattern),
        r#"{ id: uuid, qty: int(1..9), phone?: phone, "odd key": [Line; 1..5], total: > 0, key: •••, .. }"#
    );
}

#[test]
fn refining_keeps_openness_and_refuses_strangers() {
    let field = |name: &str| vec![FieldPattern::new(name, false, equals("1"))];
    let closed = named("Line", object(&[("qty", ty("int"))], false));
    let refined = refine(&closed, field("qty")).unwrap();
    assert!(
        holds(&refined, r#"{"qty":1}"#)
            && !holds(&refined, r#"{"qty":2}"#)
            && !holds(&refined, r#"{"qty":1,"x":1}"#)
    );
    assert_eq!(refine(&closed, field("qyt")).unwrap_err(), "`Line` has no field `qyt`; did you mean `qty`?");
    let open = named("Order", object(&[("qty", ty("int"))], true));
    assert!(holds(&refine(&open, field("x")).unwrap(), r#"{"qty":5,"x":1,"y":1}"#));
    let none = refine(&ty("int"), field("x")).unwrap_err();
    assert_eq!(none, "`int` is no object shape, so it has no fields to override");
}
