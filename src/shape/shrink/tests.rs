use std::sync::Arc;

use super::*;
use crate::shape::{FieldPattern, MapPattern, ObjectPattern, types};
use crate::value::{Number, Object, from_json, show};

fn ty(name: &'static str) -> Pattern {
    types::of_type(name, Object::new()).unwrap()
}

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

fn object(fields: &[(&str, Pattern)]) -> Pattern {
    let field = |(name, pattern): &(&str, Pattern)| {
        let optional = name.ends_with('?');
        FieldPattern::new(name.trim_end_matches('?'), optional, pattern.clone())
    };
    Pattern::Object(ObjectPattern { fields: fields.iter().map(field).collect(), ..ObjectPattern::default() })
}

/// Shrinks to the end; `blame` says how many parts fail, 0 when it passes.
fn shrunk(pattern: &Pattern, value: &Value, blame: impl Fn(&Value) -> usize) -> (String, usize) {
    assert!(fits(pattern, value), "{}", show(value));
    let mut shrink = Shrink::new(pattern, value, blame(value));
    let mut asked = 0;
    while let Some(candidate) = shrink.propose() {
        asked += 1;
        assert!(fits(pattern, &candidate), "{}", show(&candidate));
        let found = blame(&candidate);
        if found > 0 {
            shrink.fails_too(found);
        }
    }
    let (end, current) = (show(&shrink.current()), shrink.current());
    assert!(blame(&current) > 0);
    (end, asked)
}

fn when(test: impl Fn(&Value) -> bool) -> impl Fn(&Value) -> usize {
    move |value| usize::from(test(value))
}

fn int(value: &Value) -> i128 {
    value.as_number().and_then(Number::to_i128).unwrap_or_default()
}

#[test]
fn numbers_end_where_they_begin_to_fail() {
    let pattern = ty("int");
    let (end, asked) = shrunk(&pattern, &json("983451"), when(|value| int(value) >= 1234));
    assert_eq!(end, "1234");
    assert!(asked < 120, "{asked}");
    let lossy = |value: &Value| int(value) as f64 as i128 != int(value);
    let (end, _) = shrunk(&pattern, &json("18446744073709551615"), when(lossy));
    assert_eq!(end, "9007199254740993");
    let negative = shrunk(&pattern, &json("-5000"), when(|value| int(value) < -99)).0;
    assert_eq!(negative, "-100");
    let decimal =
        shrunk(&ty("decimal"), &json("123.4567"), when(|value| value.as_number() > Some(&Number::Int(3))));
    assert_eq!(decimal.0, "4");
    let range = Pattern::Range(Value::int(50), Value::int(90));
    assert_eq!(shrunk(&range, &json("80"), when(|_| true)).0, "50");
}

#[test]
fn texts_become_short_and_simple() {
    let has = |part: &'static str| {
        when(move |value: &Value| value.as_text().is_some_and(|text| text.contains(part)))
    };
    assert_eq!(shrunk(&ty("text"), &Value::text("Zoë likes coffee ☕ and tea"), has("ë")).0, "\"ë\"");
    let long = |value: &Value| value.as_text().is_some_and(|text| text.chars().count() > 9);
    assert_eq!(shrunk(&ty("text"), &Value::text("Hello, World! 42"), when(long)).0, "\"aaaaaaaaaa\"");
    let regex = Pattern::Regex(Arc::new(regex::Regex::new("[A-Z]{2}-[0-9]{1,9}").unwrap()));
    assert_eq!(shrunk(&regex, &Value::text("QX-772"), when(|_| true)).0, "\"AA-0\"");
    assert_eq!(shrunk(&ty("date"), &Value::text("2027-03-09"), when(|_| true)).0, "\"2000-01-01\"");
}

#[test]
fn what_is_not_to_blame_goes_or_becomes_simple() {
    let line = object(&[("sku", ty("text")), ("qty", Pattern::Range(Value::int(1), Value::int(99)))]);
    let pattern = object(&[
        ("id", ty("uuid")),
        (
            "state",
            Pattern::Union(vec![Pattern::Equals(Value::text("NEW")), Pattern::Equals(Value::text("PAID"))]),
        ),
        ("lines", Pattern::Sized(Box::new(line), 1, 5)),
        ("note?", ty("text")),
        ("paid?", ty("bool")),
        ("total", ty("decimal")),
    ]);
    let value = json(
        r#"{"id":"7f3e1c5a-9f60-4a35-8a41-2b2b4b1f9d11","state":"PAID","note":"x y","paid":true,"total":12.50,
            "lines":[{"sku":"tea","qty":3},{"sku":"mug","qty":42},{"sku":"pot","qty":7}]}"#,
    );
    let dear = |value: &Value| {
        let lines = value.as_object().unwrap()["lines"].as_list().unwrap();
        lines.iter().any(|line| int(&line.as_object().unwrap()["qty"]) > 40)
    };
    let (end, asked) = shrunk(&pattern, &value, when(dear));
    assert_eq!(
        end,
        "{ id: \"00000000-0000-4000-8000-000000000000\", state: \"NEW\", total: 0, lines: [{ sku: \"\", qty: 41 }] }"
    );
    assert!(asked < 150, "{asked}");
}

#[test]
fn one_part_is_to_blame_where_one_suffices() {
    let pattern =
        object(&[("name", ty("text")), ("city", ty("text")), ("n", ty("int")), ("more?", ty("text"))]);
    // Every empty text is lost on the way.
    let blame =
        |value: &Value| value.as_object().unwrap().values().filter(|part| part.as_text() == Some("")).count();
    let all_empty = json(r#"{"name":"","city":"","n":71,"more":""}"#);
    assert_eq!(shrunk(&pattern, &all_empty, blame).0, "{ name: \"a\", city: \"\", n: 0 }");
    let one = json(r#"{"name":"Nora","city":"Ashford","n":71,"more":""}"#);
    assert_eq!(shrunk(&pattern, &one, blame).0, "{ name: \"a\", city: \"a\", n: 0, more: \"\" }");
}

#[test]
fn computed_siblings_follow_and_unique_ones_stay_so() {
    let derive = crate::shape::Derive::new(["name"], |object: &Value| {
        let name = object.as_object().and_then(|fields| fields.get("name")).and_then(Value::as_text);
        Ok(Value::text(format!("{}@example.test", name.ok_or("no name")?)))
    });
    let pattern =
        object(&[("email", Pattern::Derived("…".into(), derive)), ("name", ty("text")), ("n", ty("int"))]);
    let value = json(r#"{"email":"nora@example.test","name":"nora","n":5}"#);
    assert_eq!(shrunk(&pattern, &value, when(|_| true)).0, "{ email: \"@example.test\", name: \"\", n: 0 }");
}

#[test]
fn keys_of_maps_and_earlier_branches() {
    let map = Pattern::Map(Box::new(MapPattern { key: ty("text"), value: ty("int"), min: 0, max: 9 }));
    let has = |value: &Value| value.as_object().is_some_and(|entries| entries.values().any(|n| int(n) > 5));
    assert_eq!(shrunk(&map, &json(r#"{"a":1,"b":7,"c":3}"#), when(has)).0, "{ b: 6 }");
    let union = Pattern::Union(vec![ty("bool"), object(&[("x", ty("int"))])]);
    assert_eq!(shrunk(&union, &json(r#"{"x":4}"#), when(|_| true)).0, "false");
}

#[test]
fn what_is_wrong_stays_wrong_while_the_rest_shrinks() {
    let pattern = object(&[("name", ty("text")), ("n", Pattern::Range(Value::int(0), Value::int(9)))]);
    let not = Pattern::Not(Box::new(pattern.clone()));
    let (end, _) = shrunk(
        &not,
        &json(r#"{"name":"Nora Keller","n":10}"#),
        when(|value| int(&value.as_object().unwrap()["n"]) > 9),
    );
    assert_eq!(end, "{ name: \"\", n: 10 }");
    let malformed = Pattern::Malformed(Box::new(pattern.clone()));
    let drawn = crate::shape::malformed::each(&pattern, &crate::shape::DrawKey::new(4)).unwrap();
    for value in drawn {
        let told = Malformed::of(&value).unwrap().told;
        let mut shrink = Shrink::new(&malformed, &value, 0);
        while let Some(candidate) = shrink.propose() {
            assert_eq!(Malformed::of(&candidate).unwrap().told, told);
            shrink.fails_too(0);
        }
        let end = Malformed::of(&shrink.current()).unwrap();
        assert!(fits(&pattern, &end.base) && end.told == told);
        assert!(show(&end.base).len() < 30, "{}: {}", told, show(&end.base));
    }
}

#[test]
fn a_failure_that_passes_when_anything_changes_stays_as_it_is() {
    let pattern = ty("text");
    let value = Value::text("exactly this");
    let same = value.clone();
    assert_eq!(shrunk(&pattern, &value, when(move |other| *other == same)).0, "\"exactly this\"");
}

#[test]
fn hostile_shapes_and_sizes_end() {
    let shape: crate::shape::Make = Arc::new(|| ty("text"));
    let value = Value::text("x".repeat(20_000));
    let (end, asked) =
        shrunk(&Pattern::Late("late".into(), shape), &value, when(|v| v.as_text().unwrap().len() > 999));
    assert_eq!(end.len(), 1_002, "{asked}");
    assert!(asked < 3_000, "{asked}");
    let list = Pattern::Sized(Box::new(ty("int")), 0, u64::MAX);
    let many = Value::list((0..10_000).map(|n| Value::int(n % 7)).collect());
    let (end, asked) =
        shrunk(&list, &many, when(|v| v.as_list().unwrap().iter().filter(|n| int(n) == 3).count() >= 2));
    assert_eq!(end, "[3, 3]");
    assert!(asked < 3_000, "{asked}");
}
