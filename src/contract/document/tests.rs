use super::{Data, Node, parse};
use crate::source::{Source, SourceId};
use crate::value::{Value, from_json, show};

fn read(text: &str, is_json: bool) -> Result<std::sync::Arc<Node>, String> {
    parse(SourceId(0), text, is_json).map_err(|error| {
        let source = Source::new("a", "", text);
        let (line, column) = source.line_column(error.at.span.start);
        format!("{line}:{column} {}", error.message)
    })
}

#[test]
fn yaml_and_json_say_the_same() {
    let json =
        r#"{"a": [1, -2.50, 1e3, "x\ud83d\ude00", true, null], "b": {"c": {}}, "d": 18446744073709551615}"#;
    let yaml = "a:\n  - 1\n  - -2.50\n  - 1e3\n  - \"x\\U0001F600\"\n  - true\n  - ~\nb: { c: {} }\nd: 18446744073709551615\n";
    let want = from_json(json.as_bytes()).unwrap();
    assert_eq!(read(json, true).unwrap().value(), want);
    assert_eq!(read(yaml, false).unwrap().value(), want);
    assert_eq!(show(&read("a: -2.50", false).unwrap().value()), "{ a: -2.50 }");
    // What is a number elsewhere is a text in the core schema, and the reverse.
    let texts = read("[yes, 1_000, 012, 0x1F, \"1\", 1.2.3, .5, +3, 2026-01-01, e5]", false).unwrap();
    let shown: Vec<String> = texts.items().iter().map(|item| show(&item.value())).collect();
    assert_eq!(
        shown,
        ["\"yes\"", "\"1_000\"", "12", "31", "\"1\"", "\"1.2.3\"", "0.5", "3", "\"2026-01-01\"", "\"e5\""]
    );
}

#[test]
fn every_part_has_its_place() {
    for (text, is_json) in
        [("# ü\nöl:\n  paths: [\"a\", bcd]\n", false), ("{\"öl\": {\"paths\" : [\"a\", \"bcd\"]}}", true)]
    {
        let source = Source::new("a", "", text);
        let root = read(text, is_json).unwrap();
        let slice = |span| source.slice(span).trim_matches('"').to_owned();
        assert_eq!(slice(root.entries()[0].key_span), "öl");
        let paths = root.get("öl").unwrap().entry("paths").unwrap();
        assert_eq!(slice(paths.key_span), "paths");
        assert_eq!(slice(paths.value.items()[1].span), "bcd");
        assert_eq!(root.pointer("/öl/paths/1").unwrap().text().map(|t| &**t), Some("bcd"));
        assert!(root.pointer("/öl/paths/2").is_none());
        // A mark of the byte order is no part of the first key.
        let marked = read(&format!("\u{feff}{text}"), is_json).unwrap();
        let (bare, marked) = (&root.entries()[0], &marked.entries()[0]);
        assert_eq!((&marked.key, marked.key_span.start), (&bare.key, bare.key_span.start + 3));
    }
}

#[test]
fn what_is_malformed_has_its_place() {
    for (text, is_json, want) in [
        ("a: 1\nb: 2\na: 3\n", false, "3:1 the key `a` stands twice in one object"),
        ("{\"a\": 1,\n \"a\": 2}", true, "2:2 the key `a` stands twice in one object"),
        ("{\"a\": 1,\n \"b\" 2}", true, "2:6 this is no JSON: expected `:`"),
        ("{\"a\": 1} x", true, "1:10 this is no JSON: trailing characters"),
        ("a: [1, 2\nb: 3\n", false, "2:"),
        ("", false, "1:1 the file is empty"),
        ("", true, "1:1 this is no JSON: EOF while parsing a value"),
        ("a: 1\n---\nb: 2\n", false, "2:1 a contract is one document"),
        ("a: &x { b: *x }\n", false, "1:12 this alias stands within what it stands for"),
        ("a: !!binary YQ==\nb: !mine c\n", false, "2:10 the tag `!mine` is not known"),
        ("base: &b { x: 1 }\nc:\n  <<: *b\n", false, "3:3 merge keys"),
        ("a: *none\n", false, "1:4 "),
    ] {
        let error = read(text, is_json).unwrap_err();
        assert!(error.starts_with(want), "{text:?}: {error}");
    }
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..20 {
        let before = format!("*a{}", i - 1);
        bomb += &format!("a{i}: &a{i} [{}]\n", [before.as_str(); 10].join(", "));
    }
    let error = read(&bomb, false).unwrap_err();
    assert!(error.contains("more than 500000 parts, aliases included, are refused"), "{error}");
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        assert!(read(&text, false).is_err());
        assert!(read(&text.replace('a', "\"a\""), true).is_err());
    }
    assert!(read("a: 1e999999999", false).is_ok(), "a text, since no number has so many digits");
    assert!(read("{\"a\": 1e999999999}", true).is_err());
}

#[test]
fn aliases_share() {
    let root = read("a: &x { b: 1 }\nc: *x\n", false).unwrap();
    assert_eq!(root.value(), Value::object([("a", one()), ("c", one())]));
    assert!(matches!(root.get("c").unwrap().data, Data::Map(_)));
}

fn one() -> Value {
    Value::object([("b", Value::int(1))])
}
