use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Dialect, Files, Lower, Mode, parse};
use crate::contract::{File, Reader};
use crate::shape::{DrawKey, Pattern, describe, draw, fits, mismatches};
use crate::source::SourceId;
use crate::value::{from_json, show};

struct None_;

impl Reader for None_ {
    fn read(&mut self, _: &Path, path: &str) -> Result<File, String> {
        Err(format!("`{path}` does not exist"))
    }
}

/// The pattern of a schema in YAML, and what is wrong with it.
fn lowered(text: &str, dialect: Dialect, mode: Mode) -> (Pattern, Vec<String>) {
    let file = File { path: PathBuf::from("a.yaml"), source: SourceId(0), text: text.into() };
    let root = parse(&file).unwrap();
    let mut diagnostics = Vec::new();
    let files = Arc::new(Files::read(&file, root.clone(), dialect, &mut None_, &mut diagnostics));
    let mut lower = Lower::new(files, mode);
    let pattern = lower.schema(0, &root);
    lower.rest();
    diagnostics.extend(lower.diagnostics);
    let slice = |d: &crate::diag::Diagnostic| {
        let at = &text[d.at.span.start as usize..d.at.span.end as usize];
        format!("{at}: {}{}", d.message, d.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default())
    };
    (pattern, diagnostics.iter().map(slice).collect())
}

fn schema(text: &str) -> Pattern {
    let (pattern, wrong) = lowered(text, Dialect::Draft2020, Mode::Either);
    assert!(wrong.is_empty(), "{text}: {wrong:?}");
    pattern
}

fn holds(pattern: &Pattern, json: &str) -> bool {
    fits(pattern, &from_json(json.as_bytes()).unwrap())
}

/// Each schema with values that fit and values that do not. What fits must also be what a
/// validator of JSON Schema says.
const CASES: &[(&str, &[&str], &[&str])] = &[
    ("true", &["1", "null", "{}"], &[]),
    ("false", &[], &["1", "null"]),
    ("{}", &["1", "null", "[]"], &[]),
    ("type: string", &["\"\""], &["1", "null"]),
    ("type: [string, 'null']", &["\"\"", "null"], &["1"]),
    ("{type: string, minLength: 2}", &["\"ab\"", "\"äö\""], &["\"a\"", "1"]),
    ("{type: string, minLength: 1, maxLength: 2}", &["\"a\""], &["\"\"", "\"abc\""]),
    ("{type: string, maxLength: 1000}", &["\"\""], &["1"]),
    ("{type: string, pattern: '^a'}", &["\"ab\""], &["\"ba\""]),
    ("{type: string, pattern: '(?<!b)a'}", &["\"xa\""], &["\"ba\""]),
    ("{type: string, format: duration}", &["\"P1DT2H\"", "\"PT5M\""], &["\"1d\"", "1"]),
    ("{type: string, format: uri-reference}", &["\"/a?b\""], &["\"a b\""]),
    ("{type: string, format: iri}", &["\"http://x/é\""], &["\"no iri\""]),
    ("{type: string, format: iri-reference}", &["\"/é\""], &["\"a b\""]),
    ("{type: string, format: uri-template}", &["\"/x/{a}\""], &["\"{a\""]),
    ("{type: string, format: json-pointer}", &["\"/a/0\"", "\"\""], &["\"a\""]),
    ("{type: string, format: relative-json-pointer}", &["\"0/a\""], &["\"/a\""]),
    ("{type: string, format: regex}", &["\"a+\""], &["\"(\""]),
    (
        "{type: string, format: date-time}",
        &["\"2026-01-01T00:00:00Z\"", "\"2026-01-01t00:00:00z\""],
        &["\"2026\"", "\"2026-01-01 00:00:00Z\""],
    ),
    (
        "{type: string, format: uuid, pattern: '^0'}",
        &["\"00000000-0000-4000-8000-000000000000\""],
        &["\"0\""],
    ),
    ("{type: string, format: ipv4}", &["\"1.2.3.4\""], &["\"::1\""]),
    ("{type: string, enum: [a, b]}", &["\"a\""], &["\"c\"", "1"]),
    ("{enum: [1, null, {a: 1}]}", &["1", "null", "{\"a\":1}", "1.0"], &["2", "{\"a\":1,\"b\":2}"]),
    ("const: EUR", &["\"EUR\""], &["\"USD\""]),
    ("type: integer", &["1", "-1", "2.0", "9007199254740993"], &["1.5", "\"1\""]),
    ("{type: integer, minimum: 1}", &["1", "99999999999999999999"], &["0", "1.5"]),
    ("{type: integer, exclusiveMaximum: 10, minimum: -3}", &["9", "-3"], &["10", "-4"]),
    ("{type: integer, minimum: 1, maximum: 9007199254740993}", &["9007199254740993"], &["9007199254740994"]),
    ("{type: integer, format: int32}", &["2147483647"], &["2147483648"]),
    ("{type: number, format: float}", &["3.4028235e38", "-0.1"], &["1e39", "-1e39", "\"1\""]),
    ("{type: number, minimum: 0, exclusiveMaximum: 1}", &["0", "0.999"], &["1", "-0.1"]),
    ("{type: number, multipleOf: 0.01}", &["59.98", "1"], &["0.001"]),
    ("{type: integer, multipleOf: 7, minimum: 10}", &["14"], &["7", "15"]),
    ("type: boolean", &["true"], &["0"]),
    ("type: 'null'", &["null"], &["0"]),
    ("{type: array, items: {type: integer}}", &["[]", "[1]"], &["[\"1\"]", "{}"]),
    ("{type: array, minItems: 1, maxItems: 2}", &["[null]"], &["[]", "[1,2,3]"]),
    (
        "{type: array, items: {type: integer, minimum: 0, maximum: 9}, uniqueItems: true}",
        &["[1,2]"],
        &["[1,1]", "[1,1.0]"],
    ),
    (
        "{type: array, prefixItems: [{type: string}, {type: integer}], items: false}",
        &["[]", "[\"a\"]", "[\"a\", 1]"],
        &["[1]", "[\"a\", 1, 2]"],
    ),
    ("{type: array, contains: {const: 1}, minContains: 2}", &["[1,1,0]"], &["[1]", "[0]"]),
    (
        "{type: object, required: [a], properties: {a: {type: integer}, b: {type: string}}}",
        &["{\"a\":1}", "{\"a\":1,\"c\":null}"],
        &["{}", "{\"a\":\"x\"}", "{\"a\":1,\"b\":null}", "[]"],
    ),
    (
        "{type: object, properties: {a: {type: integer}}, additionalProperties: false}",
        &["{}", "{\"a\":1}"],
        &["{\"b\":1}"],
    ),
    (
        "{type: object, properties: {a: {type: integer}}, additionalProperties: {type: string}}",
        &["{\"b\":\"x\"}"],
        &["{\"b\":1}"],
    ),
    (
        "{type: object, additionalProperties: {type: integer}, minProperties: 1}",
        &["{\"x\":1}"],
        &["{}", "{\"x\":\"y\"}"],
    ),
    (
        "{type: object, properties: {a: {}}, patternProperties: {'^x-': {type: integer}}, additionalProperties: false}",
        &["{\"a\":1,\"x-b\":2}"],
        &["{\"x-b\":\"c\"}", "{\"d\":1}"],
    ),
    ("{type: object, propertyNames: {maxLength: 1}}", &["{\"a\":1}"], &["{\"ab\":1}"]),
    (
        "{type: object, properties: {a: {}, b: {}}, dependentRequired: {a: [b]}}",
        &["{}", "{\"b\":1}", "{\"a\":1,\"b\":1}"],
        &["{\"a\":1}"],
    ),
    (
        "{type: object, properties: {kind: {enum: [x, y]}}, if: {properties: {kind: {const: x}}, required: [kind]}, then: {required: [n]}}",
        &["{}", "{\"kind\":\"y\"}", "{\"kind\":\"x\",\"n\":1}"],
        &["{\"kind\":\"x\"}"],
    ),
    (
        "{allOf: [{type: object, required: [a], properties: {a: {type: integer}}}, {type: object, properties: {b: {type: string}}}]}",
        &["{\"a\":1}", "{\"a\":1,\"b\":\"\"}"],
        &["{}", "{\"a\":1,\"b\":2}"],
    ),
    (
        "{allOf: [{type: object, properties: {a: {}}, additionalProperties: false}, {type: object, properties: {b: {}}}]}",
        &["{}", "{\"a\":1}"],
        &["{\"b\":1}"],
    ),
    (
        "{type: object, properties: {a: {}}, allOf: [{properties: {b: {}}}], unevaluatedProperties: false}",
        &["{\"a\":1,\"b\":1}"],
        &["{\"c\":1}"],
    ),
    ("{anyOf: [{type: string}, {type: integer}]}", &["\"a\"", "1"], &["1.5", "null"]),
    (
        "{type: object, properties: {a: {}}, required: [a], anyOf: [{required: [b]}, {required: [c]}]}",
        &["{\"a\":1,\"b\":1}", "{\"a\":1,\"b\":1,\"c\":1}"],
        &["{\"a\":1}"],
    ),
    ("{oneOf: [{type: integer}, {type: number, minimum: 5}]}", &["1", "5.5"], &["6", "1.5"]),
    ("{type: string, not: {const: a}}", &["\"b\""], &["\"a\"", "1"]),
    ("{minimum: 3}", &["3", "\"a\"", "null"], &["2"]),
    ("{properties: {a: {type: integer}}}", &["1", "{\"a\":1}"], &["{\"a\":\"\"}"]),
    ("{$ref: '#/$defs/a~1b', $defs: {a/b: {type: integer}}}", &["1"], &["\"\""]),
    ("{$ref: '#n', minimum: 2, $defs: {x: {$anchor: n, type: integer}}}", &["2"], &["1", "2.5"]),
    (
        "{$ref: '#/$defs/tree', $defs: {tree: {type: object, required: [v], properties: {v: {type: integer}, kids: {type: array, items: {$ref: '#/$defs/tree'}}}}}}",
        &["{\"v\":1}", "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[{\"v\":3}]}]}"],
        &["{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[{}]}]}"],
    ),
];

#[test]
fn schemas_mean_what_they_say() {
    for (text, good, bad) in CASES {
        let pattern = schema(text);
        for json in *good {
            let found = mismatches(&pattern, &from_json(json.as_bytes()).unwrap());
            assert!(found.is_empty(), "{text} takes {json}: {found:?} {}", describe(&pattern));
        }
        bad.iter().for_each(|json| assert!(!holds(&pattern, json), "{text} takes no {json}"));
    }
}

#[test]
fn the_table_is_what_a_validator_says() {
    for (text, good, bad) in CASES {
        let file = File { path: PathBuf::from("a.yaml"), source: SourceId(0), text: (*text).into() };
        let json = crate::value::to_json(&parse(&file).unwrap().value());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012);
        let validator = options.should_validate_formats(true).build(&json).unwrap();
        for (values, want) in [(good, true), (bad, false)] {
            for value in *values {
                // Formats of OpenAPI, and numbers that a double does not hold, are ours.
                if text.contains("int32")
                    || text.contains("format: float")
                    || value.contains("9007199254740994")
                {
                    continue;
                }
                let instance: serde_json::Value = serde_json::from_str(value).unwrap();
                assert_eq!(validator.is_valid(&instance), want, "{text} {value}");
            }
        }
    }
}

#[test]
fn what_is_drawn_fits() {
    let mut skipped = Vec::new();
    for (text, _, _) in CASES {
        let pattern = schema(text);
        for i in 0..30 {
            match draw(&pattern, &DrawKey::new(i)) {
                Ok(value) => assert!(fits(&pattern, &value), "{text}: {}", show(&value)),
                Err(why) => skipped.push(format!("{text}: {why}")),
            }
        }
    }
    skipped.retain(|text| !text.contains("nothing can be drawn of"));
    skipped.dedup();
    assert!(skipped.len() <= 2, "{skipped:#?}");
}

#[test]
fn openapi_30_has_rules_of_its_own() {
    let old = |text: &str| {
        let (pattern, wrong) = lowered(text, Dialect::OpenApi30, Mode::Either);
        assert!(wrong.is_empty(), "{text}: {wrong:?}");
        pattern
    };
    let pattern = old("{type: string, nullable: true, enum: [a, null]}");
    assert!(holds(&pattern, "null") && holds(&pattern, "\"a\"") && !holds(&pattern, "\"b\""));
    let pattern = old("{type: integer, minimum: 1, exclusiveMinimum: true}");
    assert!(!holds(&pattern, "1") && holds(&pattern, "2"));
    let pattern = old("{type: object, properties: {a: {type: object, nullable: true}}, minProperties: 1}");
    assert!(holds(&pattern, "{\"a\":null}") && !holds(&pattern, "{}"));
    let wrong = |text: &str| lowered(text, Dialect::OpenApi30, Mode::Either).1.join("\n");
    assert!(wrong("{type: [string, integer]}").contains("a type is a text"));
    assert!(wrong("{type: 'null'}").contains("there is no type `null`"));
    assert!(wrong("{type: integer, exclusiveMinimum: 3}").contains("is true or false in OpenAPI 3.0"));
    assert!(wrong("{const: 1}").contains("schemas have no keyword `const`"));
    let found = wrong("{properties: {a: {$ref: '#/x', minimum: 1}}, x: {type: integer}}");
    assert!(found.contains("minimum: `minimum` beside `$ref` has no meaning here"), "{found}");
}

#[test]
fn requests_leave_out_what_is_only_read() {
    let text = "{type: object, additionalProperties: false, required: [id, name, password], properties: {\
                id: {type: integer, readOnly: true}, name: {type: string}, password: {$ref: '#/$defs/p'}},\
                $defs: {p: {type: string, writeOnly: true}}}";
    let of = |mode| lowered(text, Dialect::Draft2020, mode).0;
    let (sent, whole) = (r#"{"name":"n","password":"p"}"#, r#"{"id":1,"name":"n","password":"p"}"#);
    let came = r#"{"id":1,"name":"n"}"#;
    // What is only written must not come back.
    assert!(!holds(&of(Mode::Response), whole));
    assert!(holds(&of(Mode::Request), sent) && !holds(&of(Mode::Request), came));
    assert!(holds(&of(Mode::Response), came) && !holds(&of(Mode::Response), sent));
    assert!(
        holds(&of(Mode::Either), came) && holds(&of(Mode::Either), whole) && !holds(&of(Mode::Either), sent)
    );
    for i in 0..20 {
        let drawn = |mode| show(&draw(&of(mode), &DrawKey::new(i)).unwrap());
        assert!(!drawn(Mode::Request).contains("id:"));
        assert!(drawn(Mode::Either).contains("id:") && drawn(Mode::Either).contains("password:"));
    }
}

#[test]
fn a_discriminator_chooses_what_a_value_must_fit() {
    let text = "{$defs: {Cat: {type: object, required: [kind, lives], properties: {kind: {type: string}, \
                lives: {type: integer}}}, Dog: {type: object, required: [kind, bark], properties: {kind: \
                {type: string}, bark: {type: string}}}}, oneOf: [{$ref: '#/$defs/Cat'}, {$ref: '#/$defs/Dog'}], \
                discriminator: {propertyName: kind, mapping: {cat: '#/$defs/Cat'}}}";
    let pattern = schema(text);
    let cat = r#"{"kind":"cat","lives":9}"#;
    // It would be both, and its `kind` says which.
    let both = r#"{"kind":"Dog","bark":"w","lives":9}"#;
    assert!(holds(&pattern, cat) && holds(&pattern, both));
    for wrong in [r#"{"kind":"cat","bark":"w"}"#, r#"{"kind":"bird","bark":"w"}"#, r#"{"bark":"w"}"#, "1"] {
        assert!(!holds(&pattern, wrong), "{wrong}");
    }
    for i in 0..20 {
        let drawn = draw(&pattern, &DrawKey::new(i)).unwrap();
        assert!(fits(&pattern, &drawn), "{}", show(&drawn));
    }
    let wrong = |mapped: &str| {
        let text = text.replace("cat: '#/$defs/Cat'", mapped).replace("propertyName: kind, m", "m");
        lowered(&text, Dialect::Draft2020, Mode::Either).1.join("\n")
    };
    assert!(wrong("cat: '#/$defs/Cat'").contains("a `discriminator` names a field"), "{}", wrong(""));
    let text = text.replace("cat: '#/$defs/Cat'", "cat: Kat");
    let found = lowered(&text, Dialect::Draft2020, Mode::Either).1.join("\n");
    assert!(found.contains("Kat: this is none of the schemas of `oneOf`"), "{found}");
}

/// A tree of kinds, as OpenAPI has it: each is made of its parent, whose `discriminator` tells them.
const PETS: &str = "{$ref: '#/$defs/Pet', $defs: {\
    Pet: {type: object, required: [kind, name], properties: {kind: {type: string}, name: {type: string}, \
        mother: {$ref: '#/$defs/Pet'}}, discriminator: {propertyName: kind, mapping: {dog: \
        '#/$defs/Dog'}}}, \
    Cat: {allOf: [{$ref: '#/$defs/Pet'}, {type: object, required: [lives], properties: {lives: \
        {type: integer}}}]}, \
    Dog: {type: object, required: [bark], properties: {bark: {type: string}}, allOf: [{$ref: \
        '#/$defs/Pet'}]}, \
    Pup: {allOf: [{$ref: '#/$defs/Dog'}, {required: [age], properties: {age: {type: integer}}}]}, \
    Tin: {type: object}}}";

#[test]
fn a_discriminator_chooses_among_those_that_are_made_of_its_schema() {
    let (pattern, wrong) = lowered(PETS, Dialect::Draft2020, Mode::Either);
    assert!(wrong.is_empty(), "{wrong:?}");
    for right in [
        r#"{"kind":"Cat","name":"a","lives":9}"#,
        r#"{"kind":"dog","name":"a","bark":"w"}"#,
        r#"{"kind":"Pup","name":"a","bark":"w","age":1}"#,
        r#"{"kind":"Pet","name":"a"}"#,
        r#"{"kind":"Cat","name":"a","lives":9,"mother":{"kind":"Cat","name":"b","lives":1}}"#,
    ] {
        assert!(holds(&pattern, right), "{right}");
    }
    for wrong in [
        r#"{"kind":"Cat","name":"a"}"#,
        r#"{"kind":"Cat","name":"a","lives":"9"}"#,
        r#"{"kind":"Cat","lives":9}"#,
        r#"{"kind":"Dog","name":"a","bark":"w"}"#,
        r#"{"kind":"dog","name":"a"}"#,
        r#"{"kind":"Pup","name":"a","age":1}"#,
        r#"{"kind":"Pup","name":"a","bark":"w"}"#,
        r#"{"kind":"Tin","name":"a"}"#,
        r#"{"kind":"Bird","name":"a"}"#,
        r#"{"name":"a"}"#,
        r#"{"kind":"Cat","name":"a","lives":9,"mother":{"kind":"Cat","name":"b"}}"#,
    ] {
        assert!(!holds(&pattern, wrong), "{wrong}");
    }
    let mut kinds = std::collections::BTreeSet::new();
    for i in 0..60 {
        let drawn = draw(&pattern, &DrawKey::new(i)).unwrap();
        assert!(fits(&pattern, &drawn), "{}", show(&drawn));
        kinds.insert(show(&drawn.as_object().unwrap()["kind"]));
    }
    // What is only a part of others is not drawn.
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["\"Cat\"", "\"Pup\"", "\"dog\""]);
    // A kind by itself is what it is, with whatever its field says.
    let (cat, _) = lowered(&PETS.replacen("$defs/Pet", "$defs/Cat", 1), Dialect::Draft2020, Mode::Either);
    assert!(
        holds(&cat, r#"{"kind":"x","name":"a","lives":9}"#) && !holds(&cat, r#"{"kind":"Cat","name":"a"}"#)
    );
    // Where the field may be left out, nothing is chosen without it.
    let (lax, _) = lowered(&PETS.replacen("[kind, name]", "[name]", 1), Dialect::Draft2020, Mode::Either);
    assert!(holds(&lax, r#"{"name":"a"}"#) && !holds(&lax, r#"{"kind":"Cat","name":"a"}"#));
    let (_, wrong) =
        lowered(&PETS.replacen("$defs/Dog'}}}", "$defs/Dgo'}}}", 1), Dialect::Draft2020, Mode::Either);
    assert!(wrong.join("\n").contains("this leads to no schema"), "{wrong:?}");
}

#[test]
fn what_is_wrong_is_said_at_its_place() {
    for (text, want) in [
        ("{type: strin}", "strin: there is no type `strin`; did you mean `string`?"),
        (
            "{type: string, minLenght: 1}",
            "minLenght: schemas have no keyword `minLenght`, so it is ignored; did you mean `minLength` or `maxLength`?",
        ),
        ("{type: string, minLength: -1}", "-1: `minLength` is a whole number from 0"),
        ("{type: string, pattern: '('}", "'(': `pattern` is no regular expression of ECMA-262"),
        ("{type: integer, minimum: a}", "a: `minimum` is a number, not a text"),
        (
            "{$ref: '#/$defs/Oder', $defs: {Order: {}}}",
            "'#/$defs/Oder': `#/$defs/Oder` leads to nothing: did you mean `Order`?",
        ),
        ("{$ref: './none.yaml#/A'}", "'./none.yaml#/A': `./none.yaml` does not exist"),
        (
            "{$ref: 'https://example.com/a.json'}",
            "'https://example.com/a.json': `https://example.com/a.json` lies on another host",
        ),
        (
            "{$ref: 'https://example.com/b', $defs: {b: {$id: 'https://example.com/b', type: string}}}",
            "'https://example.com/b': `https://example.com/b` is an `$id` inside a document, which is not supported",
        ),
        (
            "{$ref: '#/$defs/a', $defs: {a: {$ref: '#/$defs/b'}, b: {$ref: '#/$defs/a'}}}",
            "leads back to itself, and to nothing else",
        ),
        ("{$ref: '#/$defs/a', $defs: {a: {allOf: [{$ref: '#/$defs/a'}]}}}", "to no property or element"),
        ("{$ref: '#/$defs/a', $defs: {a: {oneOf: [{type: string}, {$ref: '#/$defs/a'}]}}}", "to no property"),
        (
            "{$ref: '#/$defs/a', $defs: {a: {not: {$ref: '#/$defs/b'}}, b: {if: {$ref: '#/$defs/a'}}}}",
            "to no",
        ),
        ("{properties: {a: 3}}", "3: a schema is an object, not a number"),
        ("{required: a}", "a: `required` is a list of names, not a text"),
        ("{type: string, enum: [1]}", "a value of `enum` or `const` does not fit the rest of its schema"),
        ("{$dynamicRef: '#a'}", "$dynamicRef: `$dynamicRef` is not supported: use `$ref`"),
        ("{allOf: []}", "`allOf` is a list of at least one schema"),
    ] {
        let (_, wrong) = lowered(text, Dialect::Draft2020, Mode::Either);
        assert!(wrong.iter().any(|wrong| wrong.contains(want)), "{text}: {wrong:#?}");
    }
}

/// Longer than any stack is deep; what is wrong at its end is still found.
#[test]
fn a_long_chain_of_references_is_followed_to_its_end() {
    let chain = |last: &str| {
        let mut text = "$ref: '#/$defs/a0'\n$defs:\n".to_owned();
        for at in 0..2_000 {
            let next = format!("{{$ref: '#/$defs/a{}'}}", at + 1);
            text += &format!("  a{at}: {{type: object, properties: {{n: {next}, m: {next}}}}}\n");
        }
        format!("{text}  a2000: {last}\n")
    };
    let (pattern, wrong) = lowered(&chain("{type: integer}"), Dialect::Draft2020, Mode::Either);
    assert_eq!(wrong, <[String; 0]>::default());
    let json = |last: &str| format!("{}{last}{}", "{\"n\":".repeat(60), "}".repeat(60));
    assert!(holds(&pattern, &json("{}")) && !holds(&pattern, &json("1")));
    let (_, wrong) = lowered(&chain("{type: intger}"), Dialect::Draft2020, Mode::Either);
    assert!(wrong.iter().any(|wrong| wrong.contains("there is no type `intger`")), "{wrong:?}");
    let next = |at| format!("  a{at}: {{allOf: [{{$ref: '#/$defs/a{}'}}]}}\n", at + 1);
    let all: String = (0..2_000).map(next).collect();
    let all = format!("$ref: '#/$defs/a0'\n$defs:\n{all}  a2000: {{type: integer}}\n");
    let (_, wrong) = lowered(&all, Dialect::Draft2020, Mode::Either);
    assert!(wrong.iter().any(|wrong| wrong.contains("more than 200 times")), "{wrong:?}");
}
