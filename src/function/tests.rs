use super::*;
use crate::value::{from_json, show};

fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
    (function.call)(&Arguments::bind(function.spec, args.to_vec(), vec![])?)
}

fn text(text: &str) -> Value {
    Value::text(text)
}

fn number(digits: &str) -> Value {
    Value::Number(digits.parse().unwrap())
}

fn secret() -> Value {
    Value::text_with("geheimnis", true)
}

#[test]
fn arguments_bind_by_position_and_name() {
    let spec = find("replace").unwrap().spec;
    let bind = |positional: &[&str], named: &[&str]| {
        let positional = positional.iter().map(|word| text(word)).collect();
        Arguments::bind(spec, positional, named.iter().map(|name| (Arc::from(*name), text("x"))).collect())
    };
    assert!(bind(&["a", "b", "c"], &[]).is_ok());
    assert_eq!(bind(&["a", "b"], &["by"]).unwrap().get("by"), Some(&text("x")));
    assert!(bind(&["a", "b", "c", "d"], &[]).unwrap_err().contains("at most 3"));
    assert!(bind(&["a", "b"], &[]).unwrap_err().contains("needs `by`"));
    assert!(bind(&["a", "b"], &["bi"]).unwrap_err().contains("did you mean `by`?"));
    assert!(bind(&["a", "b", "c"], &["by"]).unwrap_err().contains("twice"));
    assert!(call("upper", &[Value::int(1)]).unwrap_err().contains("`text` is text, not a number"));
    assert!(call("to_json", &[Value::Absent]).is_err());
}

#[test]
fn every_function_has_an_example_and_a_unique_name() {
    let mut names: Vec<&str> = SPECS.iter().copied().flatten().map(|spec| spec.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for spec in SPECS.iter().copied().flatten().chain(PROPERTIES) {
        assert!(!spec.example.is_empty() && !spec.summary.is_empty(), "{}", spec.name);
    }
    assert_eq!(SPECS.len(), FUNCTIONS.len() + 1);
    for (specs, functions) in SPECS.iter().zip(FUNCTIONS) {
        assert!(specs.iter().zip(*functions).all(|(spec, function)| spec.name == function.spec.name));
        assert_eq!(specs.len(), functions.len());
    }
}

#[test]
fn known_answers() {
    let cases: &[(&str, &[Value], Value)] = &[
        ("sha256", &[text("abc")], text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        // RFC 4231 §4.3
        (
            "hmac_sha256",
            &[text("Jefe"), text("what do ya want for nothing?")],
            text("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ),
        ("base64", &[text("a")], text("YQ==")),
        ("base64url", &[Value::bytes(vec![0xfb, 0xff])], text("-_8")),
        ("unbase64", &[text("YQ")], Value::bytes(&b"a"[..])),
        ("unbase64", &[text("-_8")], Value::bytes(vec![0xfb, 0xff])),
        ("hex", &[Value::bytes(vec![0, 255])], text("00ff")),
        ("unhex", &[text("00fF")], Value::bytes(vec![0, 255])),
        ("utf8", &[Value::bytes("é".as_bytes().to_vec())], text("é")),
        ("url_encode", &[text("a b/é~")], text("a%20b%2F%C3%A9~")),
        ("url_decode", &[text("a%20b+%C3%A9")], text("a b+é")),
        ("to_json", &[from_json(b"{\"a\":1.50}").unwrap()], text("{\"a\":1.50}")),
        ("from_json", &[text("[9007199254740993]")], Value::list(vec![number("9007199254740993")])),
        ("upper", &[text("straße")], text("STRASSE")),
        ("trim", &[text(" a\n")], text("a")),
        ("slug", &[text("  Zoë Ångström & Söhne’s! ")], text("zoe-angstroem-soehnes")),
        ("replace", &[text("a.b.c"), text("."), text("-")], text("a-b-c")),
        ("split", &[text("a,b"), text(",")], Value::list(vec![text("a"), text("b")])),
        ("join", &[Value::list(vec![text("a"), number("1.0")]), text("-")], text("a-1.0")),
        ("starts_with", &[text("abc"), text("ab")], Value::Bool(true)),
        ("ends_with", &[text("abc"), text("ab")], Value::Bool(false)),
        ("repeat", &[text("ab"), number("3")], text("ababab")),
        ("round", &[number("2.675"), number("2")], number("2.68")),
        ("quotient", &[number("100"), number("3"), number("2")], number("33.33")),
        ("abs", &[number("-1.5")], number("1.5")),
        ("floor", &[number("-1.5")], number("-2")),
        ("floor", &[number("2")], number("2")),
        ("ceil", &[number("1.2")], number("2")),
        ("ceil", &[number("-1.2")], number("-1")),
        ("number", &[text("18446744073709551615")], number("18446744073709551615")),
        ("int", &[text("4")], number("4")),
        ("date", &[text("2026-11-22")], text("2026-11-22")),
        ("datetime", &[text("2026-11-22T10:00:00+02:00")], text("2026-11-22T08:00:00Z")),
        ("keys", &[from_json(b"{\"b\":1,\"a\":2}").unwrap()], Value::list(vec![text("b"), text("a")])),
        ("values", &[from_json(b"{\"b\":1,\"a\":2}").unwrap()], Value::list(vec![number("1"), number("2")])),
    ];
    for (name, args, want) in cases {
        assert_eq!(call(name, args).as_ref(), Ok(want), "{name}");
    }
}

#[test]
fn what_makes_no_sense_is_an_error() {
    let cases: &[(&str, &[Value], &str)] = &[
        ("unbase64", &[text("a b")], "not base64"),
        ("unhex", &[text("abc")], "not hexadecimal"),
        ("unhex", &[text("zz")], "not hexadecimal"),
        ("unhex", &[text("é")], "not hexadecimal"),
        ("utf8", &[Value::bytes(vec![b'a', 0xff])], "byte 1 is not UTF-8"),
        ("url_decode", &[text("%zz")], "percent"),
        ("url_decode", &[text("%ff")], "percent"),
        ("from_json", &[text("{")], "line 1"),
        ("number", &[text("1_000")], "not a number"),
        ("number", &[text("+1")], "not a number"),
        ("number", &[text("")], "not a number"),
        ("number", &[text("0x10")], "not a number"),
        ("int", &[text("1.5")], "not a whole number"),
        ("number", &[secret()], "a secret cannot become a number"),
        ("int", &[secret()], "a secret cannot become a number"),
        ("date", &[text("2026-02-30")], "no date"),
        ("datetime", &[text("2026-11-22")], "no date-time"),
        ("replace", &[text("a"), text(""), text("b")], "empty"),
        ("split", &[text("a"), text("")], "empty"),
        ("join", &[Value::list(vec![Value::Null])], "[0]"),
        ("repeat", &[text("abc"), number("1e12")], "16 MiB"),
        ("repeat", &[text("abc"), number("-1")], "from 0"),
        ("round", &[number("1"), number("1e9")], "from -1000 to 1000"),
        ("basic", &[text("a:b"), text("c")], "colon"),
        ("bearer", &[text("a b")], "visible ASCII"),
        ("bearer", &[text("")], "visible ASCII"),
    ];
    for (name, args, part) in cases {
        let error = call(name, args).unwrap_err();
        assert!(error.contains(part), "{name}: {error}");
    }
}

#[test]
fn what_is_made_of_a_secret_is_secret() {
    let calls: &[(&str, &[Value])] = &[
        ("sha256", &[secret()]),
        ("sha512", &[secret()]),
        ("hmac_sha256", &[secret(), text("a")]),
        ("hmac_sha256", &[text("a"), secret()]),
        ("base64", &[secret()]),
        ("base64url", &[secret()]),
        ("unbase64", &[Value::text_with("YWJj", true)]),
        ("hex", &[secret()]),
        ("unhex", &[Value::text_with("00ff", true)]),
        ("utf8", &[secret()]),
        ("url_encode", &[secret()]),
        ("url_decode", &[secret()]),
        ("to_json", &[Value::object([("a", secret())])]),
        ("from_json", &[Value::text_with("{\"a\":[\"b\",1]}", true)]),
        ("upper", &[secret()]),
        ("lower", &[secret()]),
        ("trim", &[secret()]),
        ("slug", &[secret()]),
        ("replace", &[text("abc"), text("b"), secret()]),
        ("replace", &[secret(), text("b"), text("c")]),
        ("split", &[secret(), text("e")]),
        ("join", &[Value::list(vec![secret()]), text(",")]),
        ("repeat", &[secret(), number("2")]),
        ("datetime", &[Value::text_with("2026-11-22T08:00:00Z", true)]),
        ("date", &[Value::text_with("2026-11-22", true)]),
        ("values", &[Value::object([("a", secret())])]),
        ("flatten", &[Value::list(vec![secret()])]),
        ("form", &[Value::object([("a", secret())])]),
        ("text", &[secret()]),
        ("bytes", &[secret()]),
        ("json", &[secret()]),
        ("multipart", &[Value::object([("a", secret())])]),
        ("graphql", &[secret()]),
        ("basic", &[text("a"), secret()]),
        ("bearer", &[secret()]),
    ];
    for (name, args) in calls {
        let value = call(name, args).unwrap();
        assert!(value.is_secret(), "{name}");
        assert!(!show(&value).contains("geheim"), "{name}: {}", show(&value));
    }
    let parsed = call("from_json", &[Value::text_with("{\"a\":[\"b\",12345678]}", true)]).unwrap();
    assert!(!show(&parsed).contains("12345678"), "{}", show(&parsed));
    for name in ["slug", "upper", "lower"] {
        assert!(property(&secret(), name).unwrap().unwrap().is_secret(), "{name}");
    }
}

#[test]
fn constructors_say_how_to_send() {
    let tagged = |value: Value| match value {
        Value::Tagged(tagged) => (tagged.tag, show(&tagged.value)),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        tagged(call("text", &[text("a"), text("text/csv")]).unwrap()),
        ("text", r#"{ text: "a", type: "text/csv" }"#.into())
    );
    assert_eq!(tagged(call("file", &[text("./a")]).unwrap()), ("file", r#"{ path: "./a" }"#.into()));
    assert_eq!(
        tagged(call("graphql", &[text("{ me }")]).unwrap()),
        ("graphql", r#"{ query: "{ me }" }"#.into())
    );
    assert_eq!(
        tagged(call("form", &[Value::object([("a", text("b"))])]).unwrap()),
        ("form", r#"{ a: "b" }"#.into())
    );
    let basic = call("basic", &[text("Aladdin"), text("open sesame")]).unwrap();
    assert_eq!(tagged(basic), ("basic", r#"{ user: "Aladdin", password: "open sesame" }"#.into()));
    assert_eq!(tagged(call("bearer", &[text("abc")]).unwrap()), ("bearer", r#"{ token: "abc" }"#.into()));
    assert_eq!(tagged(call("link", &[text("next")]).unwrap()), ("link", r#"{ rel: "next" }"#.into()));
    assert_eq!(call("bytes", &[text("a")]).unwrap(), Value::bytes(&b"a"[..]));
    assert!(call("form", &[text("a")]).is_err());
}

#[test]
fn properties_of_lists() {
    let list = from_json(b"[3, 1, 2, 1.0]").unwrap();
    for (name, want) in [
        ("count", "4"),
        ("first", "3"),
        ("last", "1.0"),
        ("sorted", "[1, 1.0, 2, 3]"),
        ("reversed", "[1.0, 2, 1, 3]"),
        ("unique", "[3, 1, 2]"),
        ("sum", "7.0"),
        ("min", "1"),
        ("max", "3"),
    ] {
        assert_eq!(show(&property(&list, name).unwrap().unwrap()), want, "{name}");
    }
    let empty = Value::list(vec![]);
    assert_eq!(property(&empty, "sum").unwrap(), Ok(Value::int(0)));
    for name in ["first", "last", "min", "max"] {
        assert!(property(&empty, name).unwrap().unwrap_err().contains("empty"), "{name}");
    }
    let mixed = from_json(b"[1, \"a\"]").unwrap();
    for name in ["sorted", "min", "max", "sum"] {
        assert!(property(&mixed, name).unwrap().is_err(), "{name}");
    }
    assert!(property(&from_json(b"[null]").unwrap(), "sorted").unwrap().is_err());
    assert!(property(&list, "coutn").is_none());
}

#[test]
fn properties_of_others() {
    assert_eq!(property(&text("é"), "length").unwrap(), Ok(Value::int(1)));
    assert_eq!(property(&text("é"), "size").unwrap(), Ok(Value::int(2)));
    assert_eq!(property(&Value::bytes(vec![1, 2]), "size").unwrap(), Ok(Value::int(2)));
    assert_eq!(property(&Value::Duration(1_500_000_000), "seconds").unwrap(), Ok(number("1.5")));
    assert_eq!(property(&Value::Duration(1_500), "milliseconds").unwrap(), Ok(number("0.0015")));
    // A missing field must not be answered by a property.
    let object = from_json(b"{\"a\":1,\"b\":2}").unwrap();
    assert!(
        ["count", "first", "keys", "size", "length"].iter().all(|name| property(&object, name).is_none())
    );
    assert!(property_names(&object).is_empty() && property_names(&text("")).contains(&"length"));
}
