use proptest::prelude::*;

use super::*;
use crate::shape::{Derive, ObjectPattern, describe, mismatches, types};
use crate::value::{from_json, show};

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

fn ty(name: &str, args: &[(&str, Value)]) -> Pattern {
    types::of_type(name, args.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect())
        .unwrap()
}

fn range(low: Value, high: Value) -> Value {
    Value::Range(Arc::new((low, high)))
}

fn regex(source: &str) -> Pattern {
    Pattern::Regex(Arc::new(Regex::new(source).unwrap()))
}

fn object(fields: &[(&str, Pattern)]) -> Pattern {
    let fields = fields.iter().map(|(name, pattern)| {
        FieldPattern::new(name.trim_end_matches('?'), name.ends_with('?'), pattern.clone())
    });
    Pattern::Object(ObjectPattern { fields: fields.collect(), open: false, ..Default::default() })
}

fn sibling(of: &'static str, end: &'static str) -> Pattern {
    let derive: Derive = Arc::new(move |here| {
        let field = here.as_object().and_then(|fields| fields.get(of)).and_then(Value::as_text);
        field.map(|text| Value::text(format!("{text}{end}"))).ok_or_else(|| format!("no `.{of}`"))
    });
    Pattern::Derived(format!("\"${{.{of}}}{end}\"").into(), derive)
}

/// The customer of the tour.
fn customer() -> Pattern {
    let tiers = ["\"gold\"", "\"silver\"", "\"basic\""].map(|tier| Pattern::Equals(json(tier)));
    let shape = object(&[
        ("id", ty("uuid", &[])),
        ("alias", sibling("email", "+")),
        ("email", sibling("name", "@example.test")),
        ("name", ty("person_name", &[])),
        ("balance", ty("decimal", &[("range", range(json("0.00"), json("500.00")))])),
        ("tier", Pattern::Union(tiers.to_vec())),
        ("phone?", ty("phone", &[])),
        (
            "lines",
            Pattern::Sized(
                Box::new(object(&[
                    ("sku", regex("[a-z]{3,8}")),
                    ("qty", ty("int", &[("range", range(json("1"), json("9")))])),
                ])),
                1,
                5,
            ),
        ),
    ]);
    Pattern::Named("Customer".into(), Arc::new(shape))
}

#[test]
fn the_same_key_draws_the_same_value_on_every_machine() {
    let key = DrawKey::new(42).with("shop.scn").with("A title").with("3");
    assert_eq!(show(&draw(&customer(), &key).unwrap()), show(&draw(&customer(), &key).unwrap()));
    // Written down once: a change here breaks the repetition of every earlier run.
    let small = object(&[("id", ty("uuid", &[])), ("n", ty("int", &[])), ("sku", regex("[a-z]{3,8}"))]);
    assert_eq!(
        show(&draw(&small, &key).unwrap()),
        r#"{ id: "dd6e0bb6-6555-4906-9148-38847c7e736e", n: 407590, sku: "gkdo" }"#
    );
}

#[test]
fn different_places_draw_differently() {
    let uuid = ty("uuid", &[]);
    let run = DrawKey::new(42);
    let keys = [
        run,
        run.with("a"),
        run.with("b"),
        run.with("a").with("b"),
        run.with("ab"),
        DrawKey::new(43),
        run.with("a").with(""),
    ];
    let mut drawn: Vec<String> = keys.iter().map(|key| show(&draw(&uuid, key).unwrap())).collect();
    drawn.sort();
    drawn.dedup();
    assert_eq!(drawn.len(), keys.len());
}

#[test]
fn one_field_more_changes_no_other() {
    let two = object(&[("a", ty("uuid", &[])), ("b", ty("uuid", &[]))]);
    let three = object(&[("x", ty("uuid", &[])), ("b", ty("uuid", &[])), ("a", ty("uuid", &[]))]);
    let key = DrawKey::new(1);
    let (two, three) = (draw(&two, &key).unwrap(), draw(&three, &key).unwrap());
    for field in ["a", "b"] {
        assert_eq!(two.as_object().unwrap()[field], three.as_object().unwrap()[field]);
    }
}

#[test]
fn draws_reach_the_ends_of_a_range_and_every_branch() {
    let die = ty("int", &[("range", range(json("1"), json("6")))]);
    let faces: std::collections::BTreeSet<String> =
        (0..200).map(|i| show(&draw(&die, &DrawKey::new(i)).unwrap())).collect();
    assert_eq!(faces.len(), 6);
    let phones = (0..100)
        .filter(|i| draw(&customer(), &DrawKey::new(*i)).unwrap().as_object().unwrap().contains_key("phone"));
    assert!((20..80).contains(&phones.count()));
}

#[test]
fn what_cannot_be_drawn_is_an_error() {
    let key = DrawKey::new(1);
    let fails = |pattern: &Pattern| draw(pattern, &key).unwrap_err();
    assert_eq!(
        fails(&object(&[("a", object(&[("b", Pattern::Anything)]))])),
        "`.a.b`: nothing can be drawn of `anything`: say more about it"
    );
    assert!(fails(&ty("object", &[])).contains("nothing can be drawn"));
    assert!(fails(&Pattern::Union(vec![])).contains("nothing"));
    assert!(fails(&Pattern::Range(json("5"), json("1"))).contains("empty"));
    assert!(fails(&Pattern::Range(json("\"a\""), json("\"b\""))).contains("no numbers"));
    assert!(fails(&Pattern::Compare(Comparison::Greater, json("\"a\""))).contains("say more"));
    assert!(
        fails(&object(&[("a", sibling("b", "")), ("b", sibling("a", ""))])).contains("cannot be computed")
    );
    assert!(fails(&regex(r"a\bb")).contains("no text was found"));
    assert!(fails(&regex("(a{500}){300}")).contains("100000"));
    assert!(fails(&Pattern::Sized(Box::new(ty("int", &[])), u64::MAX, u64::MAX)).contains("not drawn"));
    let endless = (0..100).fold(ty("int", &[]), |inner, _| Pattern::Named("Node".into(), Arc::new(inner)));
    assert!(fails(&endless).contains("contain itself"));
}

fn patterns() -> Vec<Pattern> {
    let mut patterns = vec![
        customer(),
        regex(r"[A-Z]{2}\d{4}-(x|yy|z*)"),
        regex(r"^.{3}$"),
        regex(r"\w+@\w+\.(com|org)"),
        regex("a|ab|[^a-z]"),
        regex("(?i)straße"),
        Pattern::Range(json("-3"), json("3")),
        Pattern::Range(json("0.001"), json("0.002")),
        Pattern::Range(Value::Duration(5), Value::Duration(9)),
        Pattern::Range(Value::Duration(0), Value::Duration(3_000_000_000)),
        Pattern::Range(json("\"2026-01-31\""), json("\"2026-03-01\"")),
        Pattern::Range(json("\"2026-01-31T00:00:00.5Z\""), json("\"2026-01-31T02:00:03+02:00\"")),
        Pattern::Compare(Comparison::Less, json("0.5")),
        Pattern::Compare(Comparison::GreaterEqual, json("100000000000000000000")),
        Pattern::Compare(Comparison::NotEqual, json("1")),
        Pattern::List(vec![ty("bool", &[]), ty("text", &[("length", json("3"))])], false),
        Pattern::Unordered(vec![ty("int", &[]), ty("bool", &[])], false),
        Pattern::Sized(Box::new(ty("bytes", &[("length", range(json("0"), json("4")))])), 0, u64::MAX),
        ty(
            "int",
            &[(
                "range",
                range(
                    json("-170141183460469231731687303715884105728"),
                    json("170141183460469231731687303715884105727"),
                ),
            )],
        ),
        ty("int", &[("range", range(json("0.5"), json("1.5")))]),
        ty("uuid", &[("version", json("7"))]),
        ty("ip", &[("version", json("6"))]),
        ty("hex", &[("length", range(json("3"), json("7")))]),
        ty(
            "datetime",
            &[("range", range(json("\"2026-01-01T00:00:00Z\""), json("\"2026-01-02T00:00:00Z\"")))],
        ),
        Pattern::Equals(json("[1,{\"a\":null}]")),
    ];
    let plain = types::SPECS.iter().filter(|spec| !matches!(spec.name, "anything" | "list" | "object"));
    patterns.extend(plain.map(|spec| ty(spec.name, &[])));
    patterns
}

#[test]
fn nested_lists_are_refused_before_they_fill_the_memory() {
    let list = |item| Pattern::Sized(Box::new(item), 1_000, 1_000);
    let why = draw(&list(list(list(ty("bool", &[])))), &DrawKey::new(1)).unwrap_err();
    assert!(why.contains("more than 1000000 parts"), "{why}");
    assert!(draw(&list(ty("bool", &[])), &DrawKey::new(1)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_drawn_fits(seed in any::<u64>()) {
        for pattern in patterns() {
            let value = draw(&pattern, &DrawKey::new(seed)).map_err(|why| TestCaseError::fail(format!("{}: {why}", describe(&pattern))))?;
            let found = mismatches(&pattern, &value);
            prop_assert!(found.is_empty(), "{}: {}: {:?}", describe(&pattern), show(&value), found);
        }
    }
}
