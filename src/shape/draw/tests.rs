use proptest::prelude::*;

use std::sync::Arc;

use ::regex::Regex;

use super::*;
use crate::shape::{
    Comparison, Derive, Difference, FieldPattern, MapPattern, ObjectPattern, describe, mismatches, types,
};
use crate::value::{Number, from_json, show};

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

fn object_with(fields: &[(&str, Pattern)], open: bool) -> Pattern {
    match object(fields) {
        Pattern::Object(object) => Pattern::Object(ObjectPattern { open, ..object }),
        other => other,
    }
}

fn json_pattern(text: &str) -> Pattern {
    Pattern::Equals(json(text))
}

fn die(faces: i64) -> Pattern {
    ty("int", &[("range", range(json("1"), Value::int(i128::from(faces))))])
}

/// A shape that contains itself, as the evaluator makes one.
fn within_itself(name: &'static str, make: fn(Pattern) -> Pattern) -> Pattern {
    let cell: Arc<std::sync::OnceLock<Pattern>> = Arc::default();
    let inner = cell.clone();
    let late = Pattern::Late(name.into(), Arc::new(move || inner.get().unwrap().clone()));
    cell.get_or_init(|| Pattern::Named(name.into(), Arc::new(make(late)))).clone()
}

/// `{ label: text, children: [Tree; 0..3] }`
fn tree() -> Pattern {
    within_itself("Tree", |tree| {
        object(&[("label", ty("text", &[])), ("children", Pattern::Sized(Box::new(tree), 0, 3))])
    })
}

/// `{ value: int, next: Chain | null }`
fn chain() -> Pattern {
    within_itself("Chain", |chain| {
        object(&[("value", die(9)), ("next", Pattern::Union(vec![chain, json_pattern("null")]))])
    })
}

/// `int | { left: Expression, right: Expression }`: twice itself, so that it could explode.
fn expression() -> Pattern {
    within_itself("Expression", |expression| {
        Pattern::Union(vec![
            object(&[("left", expression.clone()), ("right", expression.clone()), ("more", expression)]),
            ty("int", &[]),
        ])
    })
}

fn sibling(of: &'static str, end: &'static str) -> Pattern {
    let derive = Derive::new([of], move |here: &Value| {
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
        r#"{ id: "140d16f2-5e2a-4cd2-9a6d-757adc5aa6cb", n: 258117, sku: "juvnepfe" }"#
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
    assert!(fails(&Pattern::Range(json("\"b\""), json("\"a\""))).contains("empty"));
    assert!(fails(&Pattern::Range(json("true"), json("1"))).contains("no numbers"));
    for (op, bound) in [
        (Comparison::Less, json("\"\"")),
        (Comparison::Greater, json("true")),
        (Comparison::Less, json("[1]")),
        (Comparison::Less, Value::bytes(vec![])),
        (Comparison::Greater, Value::Duration(i64::MAX)),
        (Comparison::Greater, json("\"9999-12-31\"")),
    ] {
        let why = fails(&Pattern::Compare(op, bound));
        assert!(why.contains("say more"), "{why}");
    }
    assert!(fails(&Pattern::Not(Box::new(Pattern::Anything))).contains("say more"));
    assert!(
        fails(&Pattern::All(vec![die(6), Pattern::Compare(Comparison::Greater, json("6"))]))
            .contains("no value")
    );
    assert!(
        fails(&Pattern::All(vec![ty("int", &[]), ty("text", &[])]))
            .contains("no value was found that fits all")
    );
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
        Pattern::Compare(Comparison::Greater, json("0")),
        Pattern::Compare(Comparison::Less, json("-99999999999999999999999999999999999999999999.5")),
        Pattern::Compare(Comparison::Greater, Value::Duration(i64::MAX - 1)),
        Pattern::Compare(Comparison::LessEqual, Value::Duration(i64::MIN)),
        Pattern::Compare(Comparison::Greater, json("\"2024-02-28\"")),
        Pattern::Compare(Comparison::Less, json("\"2024-02-28T00:00:00+14:00\"")),
        Pattern::Compare(Comparison::NotEqual, json("\"9999-12-30\"")),
        Pattern::Compare(Comparison::Greater, json("\"\"")),
        Pattern::Compare(Comparison::Less, json("\"é\"")),
        Pattern::Compare(Comparison::LessEqual, json("\"\"")),
        Pattern::Compare(Comparison::NotEqual, json("\"x\"")),
        Pattern::Compare(Comparison::NotEqual, json("true")),
        Pattern::Compare(Comparison::GreaterEqual, json("false")),
        Pattern::Compare(Comparison::NotEqual, json("null")),
        Pattern::Compare(Comparison::NotEqual, Value::Absent),
        Pattern::Compare(Comparison::NotEqual, json("[1]")),
        Pattern::Compare(Comparison::Greater, Value::bytes(vec![1, 2])),
        Pattern::Compare(Comparison::Less, Value::bytes(vec![1, 2])),
        Pattern::Range(json("\"a\""), json("\"b\"")),
        Pattern::Range(json("\"a\""), json("\"ab\"")),
        Pattern::Weighted(vec![(0, json_pattern("1")), (9, ty("int", &[])), (1, json_pattern("\"a\""))]),
        Pattern::Sized(Box::new(Pattern::Unique(Box::new(die(6)))), 6, 6),
        Pattern::Edges(Box::new(customer()), 500),
        Pattern::Edges(Box::new(Pattern::Sized(Box::new(ty("text", &[])), 0, u64::MAX)), 900),
        Pattern::Map(Box::new(MapPattern { key: regex("[a-c]"), value: die(6), min: 3, max: 3 })),
        Pattern::Map(Box::new(MapPattern { key: ty("slug", &[]), value: customer(), min: 0, max: u64::MAX })),
        Pattern::All(vec![
            ty("int", &[]),
            Pattern::Compare(Comparison::Greater, json("41")),
            Pattern::Compare(Comparison::Less, json("43")),
        ]),
        Pattern::All(vec![ty("text", &[("length", range(json("3"), json("4")))]), regex("[a-z]*")]),
        Pattern::All(vec![ty("text", &[]), Pattern::Not(Box::new(json_pattern("\"\"")))]),
        Pattern::All(vec![
            object_with(&[("a", die(6))], true),
            object_with(
                &[("b?", ty("bool", &[])), ("a", Pattern::Compare(Comparison::Greater, json("4")))],
                true,
            ),
        ]),
        Pattern::All(vec![Pattern::Union(vec![ty("int", &[]), ty("bool", &[])]), ty("bool", &[])]),
        Pattern::Judged(
            Box::new(die(6)),
            Arc::new(|value| match value.as_number().and_then(Number::to_i128) {
                Some(number) if number % 2 == 0 => Vec::new(),
                _ => vec![Difference { path: String::new(), expected: "even".into(), actual: "odd".into() }],
            }),
        ),
        Pattern::Object(ObjectPattern {
            fields: ["a", "b", "c"].map(|name| FieldPattern::new(name, true, ty("int", &[]))).to_vec(),
            exclusive: vec![vec!["a".into(), "b".into(), "c".into()]],
            ..ObjectPattern::default()
        }),
        tree(),
        chain(),
        expression(),
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
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_is_drawn_fits(seed in any::<u64>()) {
        for pattern in patterns() {
            let value = draw(&pattern, &DrawKey::new(seed)).map_err(|why| TestCaseError::fail(format!("{}: {why}", describe(&pattern))))?;
            let found = mismatches(&pattern, &value);
            prop_assert!(found.is_empty(), "{}: {}: {:?}", describe(&pattern), show(&value), found);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn every_boundary_fits(seed in any::<u64>()) {
        for pattern in patterns() {
            let edges = Drawer::new(&pattern).edges(&DrawKey::new(seed), BOUNDARIES);
            prop_assert!(!edges.is_empty(), "{}", describe(&pattern));
            prop_assert!(edges.len() <= BOUNDARIES);
            for value in edges {
                let found = mismatches(&pattern, &value);
                prop_assert!(found.is_empty(), "{}: {}: {:?}", describe(&pattern), show(&value), found);
            }
        }
    }

    #[test]
    fn draws_near_the_limits_fit(seed in any::<u64>(), share in 0u16..=1000) {
        for pattern in patterns() {
            let value = draw_with(&pattern, &DrawKey::new(seed), Some(share)).map_err(|why| TestCaseError::fail(format!("{}: {why}", describe(&pattern))))?;
            let found = mismatches(&pattern, &value);
            prop_assert!(found.is_empty(), "{}: {}: {:?}", describe(&pattern), show(&value), found);
        }
    }
}

#[test]
fn boundaries_come_first_and_hold_what_breaks_programs() {
    let edges = |pattern: &Pattern| Drawer::new(pattern).edges(&DrawKey::new(1), BOUNDARIES);
    let shown = |pattern: &Pattern| edges(pattern).iter().map(show).collect::<Vec<String>>();
    let ints = shown(&ty("int", &[]));
    for wanted in
        ["0", "9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615"]
    {
        assert!(ints.contains(&wanted.to_owned()), "{wanted}: {ints:?}");
    }
    assert_eq!(shown(&die(9))[..4], ["1", "9", "2", "8"]);
    let texts = shown(&ty("text", &[("length", range(json("0"), json("4")))]));
    assert_eq!(texts[..2], ["\"\"", "\"aaaa\""]);
    assert!(
        texts.contains(&"\"e\u{301}\"".to_owned()) || texts.iter().any(|text| text.contains('\u{301}')),
        "{texts:?}"
    );
    assert!(shown(&ty("date", &[])).contains(&"\"2024-02-29\"".to_owned()));
    let lists = shown(&Pattern::Sized(Box::new(die(2)), 0, 3));
    assert_eq!(lists[0], "[]");
    assert!(lists[1].matches(',').count() == 2, "{lists:?}");
    // Of an object the least and the most first, then one field at a time.
    let pair = object(&[("a?", ty("text", &[])), ("b", die(9))]);
    let pairs = edges(&pair);
    assert_eq!(pairs[0].as_object().unwrap().len(), 1);
    assert_eq!(pairs[1].as_object().unwrap().len(), 2);
    let held = |field: &str, value: &Value| {
        pairs.iter().any(|pair| pair.as_object().unwrap().get(field) == Some(value))
    };
    assert!(held("a", &Value::text("")) && held("b", &json("9")) && held("b", &json("1")));
    assert!(edges(&Pattern::Anything).is_empty());
    assert_eq!(Drawer::new(&pair).edges(&DrawKey::new(1), 5), pairs[..5], "fewer are the first of more");
}

#[test]
fn the_share_of_boundaries_is_what_was_asked_for() {
    let int = ty("int", &[("range", range(json("0"), json("1000000000")))]);
    let limits = Drawer::new(&int).edges(&DrawKey::new(0), BOUNDARIES);
    let near = |share: Option<u16>| {
        let drawer = Drawer::new(&int);
        let drawn = (0..1_000).filter_map(|i| drawer.draw_with(&DrawKey::new(i), share).ok());
        drawn.filter(|value| limits.contains(value)).count()
    };
    assert_eq!(near(None), 0);
    assert!((200..400).contains(&near(Some(300))), "{}", near(Some(300)));
    assert_eq!(near(Some(1000)), 1_000);
    let inside = Drawer::new(&Pattern::Edges(Box::new(int.clone()), 1000));
    assert!(limits.contains(&inside.draw(&DrawKey::new(3)).unwrap()));
}

#[test]
fn unique_values_differ_until_there_are_no_more() {
    let list = |item, count| Pattern::Sized(Box::new(item), count, count);
    let unique = |inner| Pattern::Unique(Box::new(inner));
    for seed in 0..20 {
        let drawn = draw(&list(unique(die(9)), 9), &DrawKey::new(seed)).unwrap();
        let mut faces: Vec<String> = drawn.as_list().unwrap().iter().map(show).collect();
        faces.sort();
        assert_eq!(faces, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }
    let why = draw(&list(unique(die(3)), 4), &DrawKey::new(1)).unwrap_err();
    assert_eq!(
        why,
        "`unique(int(1..3))` has only 3 values, and all of them are taken: make the list shorter"
    );
    let why = draw(&list(unique(json_pattern("1")), 2), &DrawKey::new(1)).unwrap_err();
    assert!(why.contains("only 1 value"), "{why}");
    // In a field, and computed from a sibling that has few values.
    let person = object(&[
        ("n", Pattern::Union(["\"a\"", "\"b\"", "\"c\""].map(json_pattern).to_vec())),
        ("mail", unique(sibling("n", "@example.test"))),
    ]);
    for seed in 0..20 {
        let drawn = draw(&list(person.clone(), 3), &DrawKey::new(seed)).unwrap();
        let mails: std::collections::BTreeSet<String> = drawn
            .as_list()
            .unwrap()
            .iter()
            .map(|person| show(&person.as_object().unwrap()["mail"]))
            .collect();
        assert_eq!(mails.len(), 3);
    }
    assert!(draw(&list(person.clone(), 4), &DrawKey::new(1)).unwrap_err().contains("make the list shorter"));
    let drawer = Drawer::new(&person);
    let mut many = drawer.many(DrawKey::new(1));
    assert!((0..3).all(|_| many.draw().is_ok()) && many.draw().is_err());
    // Each list keeps its own apart, and what stands in no list has nothing to differ from.
    assert!(draw(&list(list(unique(die(2)), 2), 5), &DrawKey::new(1)).is_ok());
    assert!(draw(&unique(die(1)), &DrawKey::new(1)).is_ok());
}

#[test]
fn what_contains_itself_ends() {
    let depth = |value: &Value| show(value).matches("children").count();
    let drawn: Vec<usize> =
        (0..200).map(|seed| depth(&draw(&tree(), &DrawKey::new(seed)).unwrap())).collect();
    assert!(drawn.iter().any(|count| *count > 3) && drawn.contains(&1), "{drawn:?}");
    for seed in 0..200 {
        assert!(show(&draw(&expression(), &DrawKey::new(seed)).unwrap()).len() < 20_000);
    }
    let endless = within_itself("Endless", |endless| object(&[("more", endless)]));
    assert!(draw(&endless, &DrawKey::new(1)).unwrap_err().contains("contain itself"));
    assert!(Drawer::new(&endless).edges(&DrawKey::new(1), BOUNDARIES).is_empty());
}

#[test]
fn a_changed_field_changes_no_other() {
    let key = DrawKey::new(9);
    let with = |qty: Pattern| object(&[("id", ty("uuid", &[])), ("qty", qty), ("tags?", ty("slug", &[]))]);
    let drawn = [die(6), ty("text", &[]), Pattern::Sized(Box::new(die(6)), 3, 9)]
        .map(|qty| draw(&with(qty), &key).unwrap());
    for value in &drawn {
        let fields = value.as_object().unwrap();
        assert_eq!(fields["id"], drawn[0].as_object().unwrap()["id"]);
        assert_eq!(fields.get("tags"), drawn[0].as_object().unwrap().get("tags"));
    }
    // A longer list begins with the shorter one.
    let list = |count| draw(&Pattern::Sized(Box::new(ty("uuid", &[])), count, count), &key).unwrap();
    assert_eq!(list(2).as_list().unwrap(), &list(5).as_list().unwrap()[..2]);
}

#[test]
fn weights_are_kept() {
    let weighted =
        Pattern::Weighted(vec![(1, json_pattern("1")), (9, json_pattern("2")), (0, json_pattern("3"))]);
    let drawer = Drawer::new(&weighted);
    let count = |wanted: &str| {
        (0..1_000).filter(|seed| drawer.draw(&DrawKey::new(*seed)).unwrap() == json(wanted)).count()
    };
    assert!((60..150).contains(&count("1")) && (850..940).contains(&count("2")));
    assert_eq!(count("3"), 0);
    assert!(mismatches(&weighted, &json("3")).is_empty(), "it belongs all the same");
}

#[test]
fn many_draws_can_share_a_drawer() {
    let drawer = Drawer::new(&customer());
    std::thread::scope(|scope| {
        let drawn: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..50).map(|i| show(&drawer.draw(&DrawKey::new(i)).unwrap())).collect::<Vec<_>>()
                })
            })
            .collect();
        let drawn: Vec<Vec<String>> = drawn.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(drawn.iter().all(|list| *list == drawn[0]));
    });
}

#[test]
fn what_is_computed_of_a_field_that_is_left_out_is_left_out_too() {
    let shape = object(&[
        ("third?", sibling("second", "3")),
        ("second?", sibling("first", "2")),
        ("first?", ty("text", &[])),
    ]);
    let drawer = Drawer::new(&shape);
    let mut seen = std::collections::BTreeSet::new();
    let (mut all, key) = (Vec::new(), DrawKey::new(5));
    all.extend((0..200u64).map(|n| drawer.draw(&key.with(n.to_be_bytes())).unwrap()));
    all.extend(drawer.edges(&key, 50));
    for value in &all {
        assert!(mismatches(&shape, value).is_empty(), "{}", show(value));
        let there = |name: &str| value.as_object().unwrap().contains_key(name);
        assert!(there("first") || !there("second"), "{}", show(value));
        assert!(there("second") || !there("third"), "{}", show(value));
        seen.insert(value.as_object().unwrap().len());
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    let two = Pattern::Union(vec![json_pattern("\"x\""), json_pattern("\"y\"")]);
    let few = object(&[("b?", sibling("a", "")), ("a?", two)]);
    let all: Vec<String> = Drawer::new(&few).all(9).unwrap().iter().map(show).collect();
    assert_eq!(all.len(), 5, "{all:?}");
}
