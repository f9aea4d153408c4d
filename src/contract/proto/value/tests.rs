use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::{decode, from_message, to_message};
use crate::contract::proto::{Proto, compile};
use crate::value::{Number, Object, Value, from_json, show};

const KITCHEN: &str = r#"
syntax = "proto3";
package test;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/field_mask.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";

enum Course { COURSE_UNSPECIFIED = 0; STARTER = 1; MAIN = 2; }
message Line { string sku = 1; int32 qty = 2; }
message Kitchen {
  int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6;
  fixed32 f32 = 7; fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10;
  float single = 11; double twice = 12; bool flag = 13; string name = 14; bytes blob = 15;
  Course course = 16;
  optional string maybe_name = 17; optional int32 maybe_count = 18;
  oneof choice { string word = 19; int64 number = 20; Line line = 21; }
  map<string, int64> counts = 22; map<int32, Line> by_number = 23; map<bool, bytes> by_flag = 24;
  map<uint64, double> by_big = 25;
  repeated int32 numbers = 26; repeated Line lines = 27; repeated string words = 28;
  Kitchen nested = 29;
  google.protobuf.Timestamp at = 30; google.protobuf.Duration took = 31; google.protobuf.FieldMask mask = 32;
  google.protobuf.StringValue boxed_text = 33; google.protobuf.Int64Value boxed_int = 34;
  google.protobuf.BoolValue boxed_bool = 35; google.protobuf.BytesValue boxed_bytes = 36;
  google.protobuf.DoubleValue boxed_double = 37;
  google.protobuf.Struct json_object = 38; google.protobuf.Value json = 39; google.protobuf.ListValue json_list = 40;
  google.protobuf.Any any = 41; google.protobuf.NullValue nothing = 42; google.protobuf.Empty empty = 43;
  repeated Course courses = 44; repeated google.protobuf.Duration laps = 45;
}
message Narrow { int32 i32 = 1; }
"#;

const OLD: &str = r#"
syntax = "proto2";
package old;
message Old {
  required string id = 1;
  optional int32 count = 2 [default = 7];
  optional group Part = 3 { optional string name = 1; }
  extensions 100 to 200;
}
extend Old { optional string note = 100; repeated int32 marks = 101; }
"#;

fn compiled(text: &str) -> Arc<Proto> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("test.proto");
    std::fs::write(&file, text).unwrap();
    compile(&file).unwrap()
}

fn kitchen() -> MessageDescriptor {
    compiled(KITCHEN).get_message_by_name("test.Kitchen").unwrap()
}

/// JSON text with `bytes` where the test needs them is clumsy; tests that do build values.
fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

/// Through the wire and back, as an echoing server would send it.
fn echo(value: &Value, descriptor: &MessageDescriptor) -> Value {
    let sent = to_message(value, descriptor)
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(|e| format!("{e}\n")).collect::<String>()));
    from_message(&decode(&Bytes::from(sent.encode_to_vec()), descriptor).unwrap())
}

fn errors(value: &Value, descriptor: &MessageDescriptor) -> Vec<String> {
    let errors = to_message(value, descriptor).unwrap_err();
    errors
        .into_iter()
        .map(|error| match error.help.clone() {
            Some(help) => format!("{error}; {help}"),
            None => error.to_string(),
        })
        .collect()
}

fn field(value: &Value, name: &str) -> Value {
    value.as_object().unwrap().get(name).cloned().unwrap_or(Value::Absent)
}

#[test]
fn what_has_no_presence_is_there_and_what_has_is_absent() {
    let empty = echo(&json("{}"), &kitchen());
    for (name, shown) in [
        ("i64", "0"),
        ("name", "\"\""),
        ("flag", "false"),
        ("course", "\"COURSE_UNSPECIFIED\""),
        ("lines", "[]"),
        ("counts", "{}"),
        ("blob", "bytes()"),
        ("nothing", "null"),
        ("maybe_name", "absent"),
        ("maybe_count", "absent"),
        ("word", "absent"),
        ("line", "absent"),
        ("nested", "absent"),
        ("at", "absent"),
        ("boxed_int", "absent"),
        ("json", "absent"),
    ] {
        assert_eq!(show(&field(&empty, name)), shown, "{name}");
    }
    let set = echo(
        &json(r#"{"maybeName":"","maybe_count":0,"boxed_int":0,"json":null,"nested":{},"word":""}"#),
        &kitchen(),
    );
    for (name, shown) in
        [("maybe_name", "\"\""), ("maybe_count", "0"), ("boxed_int", "0"), ("json", "null"), ("word", "\"\"")]
    {
        assert_eq!(show(&field(&set, name)), shown, "{name}");
    }
    assert_eq!(field(&field(&set, "nested"), "i64"), Value::int(0));
}

#[test]
fn the_largest_integers_survive() {
    let text = r#"{"i64":-9223372036854775808,"u64":18446744073709551615,"f64":9007199254740993,
        "s64":9223372036854775807,"sf64":-9007199254740993,"i32":-2147483648,"u32":4294967295,
        "counts":{"a":9007199254740993},"boxed_int":9007199254740993}"#;
    let back = echo(&json(text), &kitchen());
    for (name, value) in json(text).as_object().unwrap() {
        assert_eq!(show(&field(&back, name)), show(value), "{name}");
    }
    // JSON carries 64-bit integers as text; 2.0 is an integer.
    let back = echo(&json(r#"{"i64":"9007199254740993","u32":2.0}"#), &kitchen());
    assert_eq!(show(&field(&back, "i64")), "9007199254740993");
    assert_eq!(show(&field(&back, "u32")), "2");
}

#[test]
fn every_mistake_has_its_path_and_all_come_at_once() {
    let value = json(
        r#"{"lines":[{"qty":1},{"qty":2.5},{"qty":"x","skuu":"tea"}],"i32":2147483648,"u64":-1,
            "course":"MIAN","courses":[1,"MAIN",true],"name":1,"flag":0,"by_number":{"x":{},"2":{"qty":null}},
            "word":"a","number":1,"nested":{"nested":{"blob":"%%"}},"at":"yesterday","took":"1 s",
            "single":1e39,"numbers":{"a":1},"counts":[],"any":{"@type":"x/no.Such"},"nmae":"","by_flag":{"yes":""},
            "line":"x","i64":"many","i32":1}"#
            .replace(r#","i32":1}"#, "}")
            .as_str(),
    );
    let mut found = errors(&value, &kitchen());
    found.sort();
    let mut want = vec![
        r#".lines[1].qty: expected int32, got number 2.5"#,
        r#".lines[2].qty: expected int32, got text "x""#,
        r#".lines[2].skuu: `test.Line` has no field `skuu`; did you mean `sku`?"#,
        r#".i32: 2147483648 does not fit int32 (-2147483648..2147483647)"#,
        r#".u64: -1 does not fit uint64 (0..18446744073709551615)"#,
        r#".course: `test.Course` has no value "MIAN"; did you mean `MAIN`?"#,
        r#".courses[2]: expected a `test.Course` by name or number, got bool true"#,
        r#".name: expected string, got number 1"#,
        r#".flag: expected bool, got number 0"#,
        r#".by_number.x: the key is no int32"#,
        r#".number: only one of `choice` may be set, and `word` is"#,
        r#".line: only one of `choice` may be set, and `word` is"#,
        r#".nested.nested.blob: expected bytes, or base64 as text, got text "%%""#,
        r#".at: expected a timestamp such as "2026-11-22T10:00:00Z", got text "yesterday""#,
        r#".took: expected a duration such as `1.5s`, got text "1 s""#,
        r#".single: 1000000000000000000000000000000000000000 does not fit float"#,
        r#".numbers: expected a list of int32, got object { a: 1 }"#,
        r#".counts: expected an object that maps string to int64, got list []"#,
        r#".any["@type"]: the contract has no message `no.Such`; give its bytes under `@bytes`, or import the file that defines it"#,
        r#".nmae: `test.Kitchen` has no field `nmae`; did you mean `name`?"#,
        r#".by_flag.yes: the key is no bool"#,
        r#".i64: expected int64, got text "many""#,
    ];
    want.sort_unstable();
    assert_eq!(found, want);
    assert_eq!(errors(&Value::text("x"), &kitchen()), [r#"expected a `test.Kitchen`, got text "x""#]);
    assert_eq!(
        errors(&json(r#"{"maybe_name":"a","maybeName":"b"}"#), &kitchen()),
        [".maybeName: the same field is given as `maybe_name` already"]
    );
    // A secret in the wrong place is not shown.
    let secret = Value::object([("i32", Value::text_with("hunter2hunter2", true))]);
    assert_eq!(errors(&secret, &kitchen()), [".i32: expected int32, got text •••"]);
}

#[test]
fn enums_go_by_name_and_number_and_unknown_numbers_survive() {
    let back = echo(&json(r#"{"course":2,"courses":["STARTER",0,99]}"#), &kitchen());
    assert_eq!(show(&field(&back, "course")), r#""MAIN""#);
    assert_eq!(show(&field(&back, "courses")), r#"["STARTER", "COURSE_UNSPECIFIED", 99]"#);
    assert_eq!(errors(&json(r#"{"course":1.5}"#), &kitchen()), [".course: expected int32, got number 1.5"]);
}

#[test]
fn bytes_are_bytes_and_base64_goes_in() {
    for text in ["+/8=", "+/8", "-_8=", "-_8"] {
        let back = echo(&Value::object([("blob", Value::text(text))]), &kitchen());
        assert_eq!(field(&back, "blob"), Value::bytes(vec![0xfb, 0xff]), "{text}");
    }
    let back = echo(&Value::object([("blob", Value::bytes(vec![0, 255]))]), &kitchen());
    assert_eq!(field(&back, "blob"), Value::bytes(vec![0, 255]));
}

#[test]
fn floats_are_ieee_and_take_their_special_words() {
    let back = echo(&json(r#"{"single":0.1,"twice":0.1,"boxed_double":"-Infinity"}"#), &kitchen());
    assert!(matches!(field(&back, "single"), Value::Number(Number::Float { single: true, .. })));
    assert_eq!(field(&back, "single"), json("0.1"));
    assert_eq!(field(&back, "twice"), json("0.1"));
    assert_eq!(show(&field(&back, "boxed_double")), "-inf");
    let back = echo(&json(r#"{"twice":"NaN","single":"Infinity"}"#), &kitchen());
    assert_ne!(field(&back, "twice"), field(&back, "twice"), "NaN equals nothing");
    assert_eq!(show(&field(&back, "single")), "inf");
}

#[test]
fn well_known_types_have_their_own_form() {
    for (name, given, got) in [
        ("at", r#""2026-11-22T10:00:00.5+01:00""#, r#""2026-11-22T09:00:00.500Z""#),
        ("at", r#""0001-01-01T00:00:00Z""#, r#""0001-01-01T00:00:00Z""#),
        ("at", r#"{"seconds":-62135596801}"#, r#"{ seconds: -62135596801, nanos: 0 }"#),
        ("at", r#"{"nanos":-1}"#, r#"{ seconds: 0, nanos: -1 }"#),
        ("took", r#""-1.000000001s""#, "-1s"),
        ("took", r#""315576000000s""#, r#""315576000000s""#),
        ("took", r#""9223372037.5s""#, r#""9223372037.5s""#),
        ("took", r#"{"seconds":1,"nanos":-1}"#, r#"{ seconds: 1, nanos: -1 }"#),
        ("mask", r#""orderId,lines.unitPrice""#, r#""orderId,lines.unitPrice""#),
        ("mask", r#""order_id""#, r#""orderId""#),
        ("mask", r#""""#, r#""""#),
        ("mask", r#"{"paths":["odd_1"]}"#, r#"{ paths: ["odd_1"] }"#),
        ("boxed_text", r#""""#, r#""""#),
        ("boxed_bool", "false", "false"),
        ("json_object", r#"{"a":[1,null,{"b":true}],"z":"x"}"#, r#"{ a: [1, null, { b: true }], z: "x" }"#),
        ("json", r#"[1.5,{}]"#, "[1.5, {}]"),
        ("json_list", "[null]", "[null]"),
        ("empty", "{}", "{}"),
        ("nothing", "null", "null"),
        ("laps", r#"["1s","0.5s"]"#, "[1s, 500ms]"),
        ("any", "{}", "{}"),
        (
            "any",
            r#"{"@type":"type.googleapis.com/test.Line","sku":"tea"}"#,
            r#"{ "@type": "type.googleapis.com/test.Line", sku: "tea", qty: 0 }"#,
        ),
        (
            "any",
            r#"{"@type":"type.googleapis.com/google.protobuf.Duration","value":"2s"}"#,
            r#"{ "@type": "type.googleapis.com/google.protobuf.Duration", value: 2s }"#,
        ),
        (
            "any",
            r#"{"@type":"x/google.protobuf.Any","value":{"@type":"x/test.Line"}}"#,
            r#"{ "@type": "x/google.protobuf.Any", value: { "@type": "x/test.Line", sku: "", qty: 0 } }"#,
        ),
        (
            "any",
            r#"{"@type":"x/no.Such","@bytes":"AQI="}"#,
            r#"{ "@type": "x/no.Such", "@bytes": bytes(0102) }"#,
        ),
    ] {
        let value = Value::object([(name, json(given))]);
        let back = echo(&value, &kitchen());
        assert_eq!(show(&field(&back, name)), got, "{name}: {given}");
        // What came out goes in again as the same.
        assert_eq!(echo(&back, &kitchen()), back, "{name}: {given}");
    }
    for (name, bad) in [
        ("at", "2026-11-22"),
        ("at", "2026-11-22 10:00:00Z"),
        ("at", "2026-13-22T10:00:00Z"),
        ("at", "10000-01-01T00:00:00Z"),
        ("at", "2026-11-22T10:00:00"),
        ("took", "1"),
        ("took", "1m"),
        ("took", "315576000001s"),
        ("took", "1.0000000001s"),
    ] {
        assert_eq!(errors(&Value::object([(name, Value::text(bad))]), &kitchen()).len(), 1, "{name}: {bad}");
    }
}

#[test]
fn fields_the_contract_does_not_know_are_kept_and_sent_again() {
    let proto = compiled(KITCHEN);
    let (wide, narrow) = (kitchen(), proto.get_message_by_name("test.Narrow").unwrap());
    let sent = to_message(&json(r#"{"i32":1,"name":"kept","u64":7}"#), &wide).unwrap();
    let seen = from_message(&decode(&Bytes::from(sent.encode_to_vec()), &narrow).unwrap());
    assert_eq!(field(&seen, "i32"), Value::int(1));
    assert!(matches!(field(&seen, "@unknown"), Value::Bytes(_)), "{}", show(&seen));
    let again = to_message(&seen, &narrow).unwrap().encode_to_vec();
    let back = from_message(&decode(&Bytes::from(again), &wide).unwrap());
    assert_eq!(field(&back, "name"), Value::text("kept"));
    assert_eq!(field(&back, "u64"), Value::int(7));
}

#[test]
fn proto2_has_required_fields_defaults_groups_and_extensions() {
    let old = compiled(OLD).get_message_by_name("old.Old").unwrap();
    assert_eq!(errors(&json("{}"), &old), [".id: required, but not given"]);
    assert_eq!(errors(&json(r#"{"id":1}"#), &old), [".id: expected string, got number 1"]);
    let back = echo(&json(r#"{"id":"a"}"#), &old);
    assert_eq!(show(&back), r#"{ id: "a" }"#, "a default is not a value that came");
    let text = r#"{"id":"a","count":7,"part":{"name":"p"},"[old.note]":"n","[old.marks]":[1,2]}"#;
    assert_eq!(echo(&json(text), &old), json(text));
    assert_eq!(
        errors(&json(r#"{"id":"a","[old.no]":1}"#), &old)[0],
        r#"["[old.no]"]: `old.Old` has no extension `old.no`"#
    );
}

#[test]
fn text_that_is_not_utf8_is_named() {
    let descriptor = kitchen();
    // lines = 27, sku = 1; two lines, the second one bad.
    let bytes = [0xda, 0x01, 0x02, 0x0a, 0x00, 0xda, 0x01, 0x03, 0x0a, 0x01, 0xff];
    let error = decode(&Bytes::copy_from_slice(&bytes), &descriptor).unwrap_err();
    assert_eq!(error, "`.lines[1].sku` of a `test.Kitchen` is text that is not UTF-8");
    let error = decode(&Bytes::from_static(b"\x0a\xff"), &descriptor).unwrap_err();
    assert!(error.starts_with("what came is no `test.Kitchen`: "), "{error}");
}

#[test]
fn any_within_any_does_not_overflow_the_stack() {
    let descriptor = kitchen();
    let mut bytes = Bytes::new();
    for _ in 0..20_000 {
        let any = prost_types::Any { type_url: "x/google.protobuf.Any".to_owned(), value: bytes.to_vec() };
        bytes = any.encode_to_vec().into();
        if bytes.len() > 200_000 {
            break;
        }
    }
    let mut message = DynamicMessage::new(descriptor.clone());
    let any = descriptor.get_field_by_name("any").unwrap().kind();
    let any = DynamicMessage::decode(any.as_message().unwrap().clone(), bytes).unwrap();
    message.set_field_by_name("any", prost_reflect::Value::Message(any));
    let value = from_message(&message);
    assert!(show(&value).contains("@bytes"));
    assert_eq!(echo(&value, &descriptor), value);
}

fn number_text() -> impl Strategy<Value = Value> {
    prop_oneof![any::<i64>().prop_map(Value::int), Just(Value::int(i64::MIN)), Just(Value::int(0))]
}

fn double() -> impl Strategy<Value = Value> {
    any::<f64>()
        .prop_filter("NaN equals nothing", |value| !value.is_nan())
        .prop_map(|value| Value::Number(Number::Float { value, single: false }))
}

fn line() -> impl Strategy<Value = Value> {
    (".*", any::<i32>())
        .prop_map(|(sku, qty)| Value::object([("sku", Value::text(sku)), ("qty", Value::int(qty))]))
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        double(),
        ".*".prop_map(Value::text),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            proptest::collection::btree_map(".*", inner, 0..4).prop_map(Value::object),
        ]
    })
}

fn blob() -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::bytes)
}

/// Any message of the kitchen sink; each field is there or not.
fn message() -> impl Strategy<Value = Value> {
    let scalars = vec![
        ("i32", any::<i32>().prop_map(Value::int).boxed()),
        ("i64", number_text().boxed()),
        ("u32", any::<u32>().prop_map(Value::int).boxed()),
        ("u64", any::<u64>().prop_map(Value::int).boxed()),
        ("s32", any::<i32>().prop_map(Value::int).boxed()),
        ("s64", any::<i64>().prop_map(Value::int).boxed()),
        ("f32", any::<u32>().prop_map(Value::int).boxed()),
        ("f64", any::<u64>().prop_map(Value::int).boxed()),
        ("sf32", any::<i32>().prop_map(Value::int).boxed()),
        ("sf64", any::<i64>().prop_map(Value::int).boxed()),
        (
            "single",
            any::<f32>()
                .prop_filter("NaN equals nothing", |value| !value.is_nan())
                .prop_map(|value| Value::Number(Number::Float { value: value.into(), single: true }))
                .boxed(),
        ),
        ("twice", double().boxed()),
        ("flag", any::<bool>().prop_map(Value::Bool).boxed()),
        ("name", ".*".prop_map(Value::text).boxed()),
        ("blob", blob().boxed()),
        (
            "course",
            prop_oneof![
                Just(Value::text("STARTER")),
                (3..i32::MAX).prop_map(Value::int),
                Just(Value::int(-1))
            ]
            .boxed(),
        ),
        ("maybe_name", ".*".prop_map(Value::text).boxed()),
        ("maybe_count", any::<i32>().prop_map(Value::int).boxed()),
        (
            "counts",
            proptest::collection::btree_map(".*", any::<i64>().prop_map(Value::int), 0..4)
                .prop_map(Value::object)
                .boxed(),
        ),
        (
            "by_number",
            proptest::collection::btree_map(any::<i32>(), line(), 0..3)
                .prop_map(|map| Value::object(map.into_iter().map(|(k, v)| (k.to_string(), v))))
                .boxed(),
        ),
        (
            "by_flag",
            proptest::collection::btree_map(any::<bool>(), blob(), 0..2)
                .prop_map(|map| Value::object(map.into_iter().map(|(k, v)| (k.to_string(), v))))
                .boxed(),
        ),
        (
            "by_big",
            proptest::collection::btree_map(any::<u64>(), double(), 0..3)
                .prop_map(|map| Value::object(map.into_iter().map(|(k, v)| (k.to_string(), v))))
                .boxed(),
        ),
        (
            "numbers",
            proptest::collection::vec(any::<i32>().prop_map(Value::int), 0..5).prop_map(Value::list).boxed(),
        ),
        ("lines", proptest::collection::vec(line(), 0..3).prop_map(Value::list).boxed()),
        (
            "at",
            (-62_135_596_800i64..=253_402_300_799, 0..1_000_000_000i32)
                .prop_map(|(seconds, nanos)| {
                    Value::text(prost_types::Timestamp { seconds, nanos }.to_string())
                })
                .boxed(),
        ),
        ("took", any::<i64>().prop_map(Value::Duration).boxed()),
        ("boxed_text", ".*".prop_map(Value::text).boxed()),
        ("boxed_int", any::<i64>().prop_map(Value::int).boxed()),
        ("boxed_bytes", blob().boxed()),
        ("boxed_double", double().boxed()),
        (
            "json_object",
            proptest::collection::btree_map(".*", json_value(), 0..3).prop_map(Value::object).boxed(),
        ),
        ("json", json_value().boxed()),
        ("json_list", proptest::collection::vec(json_value(), 0..3).prop_map(Value::list).boxed()),
        ("empty", Just(Value::Object(Arc::default())).boxed()),
        (
            "any",
            line()
                .prop_map(|line| {
                    let mut fields = Object::from_iter([(Arc::from("@type"), Value::text("x/test.Line"))]);
                    fields.extend(line.as_object().unwrap().clone());
                    Value::Object(Arc::new(fields))
                })
                .boxed(),
        ),
    ];
    let fields: Vec<_> = scalars
        .into_iter()
        .map(|(name, value)| proptest::option::of(value).prop_map(move |value| (name, value)).boxed())
        .collect();
    let choice = proptest::option::of(prop_oneof![
        ".*".prop_map(|word| ("word", Value::text(word))),
        any::<i64>().prop_map(|number| ("number", Value::int(number))),
        line().prop_map(|line| ("line", line)),
    ]);
    (fields, choice).prop_map(|(fields, choice)| {
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Value::object(fields.chain(choice))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_message_survives_the_wire(outer in message(), inner in proptest::option::of(message())) {
        let descriptor = kitchen();
        let mut fields = outer.as_object().unwrap().clone();
        if let Some(inner) = inner {
            fields.insert(Arc::from("nested"), inner);
        }
        let given = Value::Object(Arc::new(fields));
        let back = echo(&given, &descriptor);
        agrees(&given, &back)?;
        prop_assert_eq!(&echo(&back, &descriptor), &back);
    }
}

/// Every field that was given came back equal; the others came back as defaults or not at all.
fn agrees(given: &Value, back: &Value) -> Result<(), TestCaseError> {
    for (name, value) in given.as_object().unwrap() {
        let got = field(back, name);
        if &**name == "nested" {
            agrees(value, &got)?;
        } else {
            prop_assert_eq!(&got, value, "{}", name);
        }
    }
    Ok(())
}
