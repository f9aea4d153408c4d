use std::path::Path;

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::MessageDescriptor;

use crate::contract::proto::value::{decode, from_message, to_message};
use crate::contract::proto::{Proto, compile};
use crate::contract::{Address, Contract};
use crate::shape::{DrawKey, Pattern, describe, draw, mismatches};
use crate::source::{Source, Sources};
use crate::value::{Object, Value, from_json, show};

fn ledger() -> std::sync::Arc<Proto> {
    compile(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop/contracts/ledger.proto")).unwrap()
}

fn compiled(text: &str) -> std::sync::Arc<Proto> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("test.proto");
    std::fs::write(&file, text).unwrap();
    compile(&file).unwrap()
}

fn echo(value: &Value, descriptor: &MessageDescriptor) -> Value {
    let sent = to_message(value, descriptor).unwrap_or_else(|errors| panic!("{}: {errors:?}", show(value)));
    from_message(&decode(&Bytes::from(sent.encode_to_vec()), descriptor).unwrap())
}

#[test]
fn every_drawn_message_survives_the_wire_and_fits_again() {
    let proto = ledger();
    let kitchen = proto.get_message_by_name("ledger.v1.Kitchen").unwrap();
    let pattern = &proto.interface().types["ledger.v1.Kitchen"].pattern;
    let key = DrawKey::new(7);
    let (mut nested, mut chosen, mut absent) = (0, 0, 0);
    for i in 0..1000 {
        let drawn = draw(pattern, &key.with(i.to_string())).unwrap();
        let back = echo(&drawn, &kitchen);
        assert_eq!(back, drawn, "{i}");
        let misfits = mismatches(pattern, &back);
        assert!(misfits.is_empty(), "{i}: {misfits:?}");
        let has = |name: &str| drawn.as_object().unwrap().contains_key(name);
        nested += usize::from(has("nested"));
        chosen += usize::from(has("word") || has("number") || has("line"));
        absent += usize::from(!has("optional_string"));
    }
    for count in [nested, chosen, absent] {
        assert!((100..=900).contains(&count), "{nested} {chosen} {absent}");
    }
}

#[test]
fn what_no_message_is_does_not_fit() {
    let proto = ledger();
    let pattern = &proto.interface().types["ledger.v1.Kitchen"].pattern;
    let kitchen = proto.get_message_by_name("ledger.v1.Kitchen").unwrap();
    let empty = echo(&Value::Object(Default::default()), &kitchen);
    let with = |name: &str, value: Value| {
        let mut fields: Object = empty.as_object().unwrap().clone();
        fields.insert(name.into(), value);
        mismatches(pattern, &Value::object(fields))
    };
    assert!(with("course", Value::int(99)).is_empty(), "enums are open");
    assert!(with("@unknown", Value::bytes(vec![0xa0, 6, 1])).is_empty(), "newer fields may come");
    assert!(
        with("double", Value::Number(crate::value::Number::Float { value: f64::NAN, single: false }))
            .is_empty()
    );
    for (name, value) in [
        ("int64", Value::int(i128::from(i64::MAX) + 1)),
        ("uint64", Value::int(-1)),
        ("sint32", Value::int(1i64 << 31)),
        ("float", Value::text("1")),
        ("string", Value::Null),
        ("bytes", Value::text("YQ==")),
        ("course", Value::text("SOUP")),
        ("counts", Value::object([("a", Value::text("1"))])),
        ("lines_by_number", Value::object([("x", Value::object::<&str>([]))])),
        ("timestamp", Value::text("yesterday")),
        ("numbers", Value::list(vec![Value::int(1), Value::Null])),
        ("nested", Value::object([("int64", Value::int(1))])),
        ("kitchen_sink", Value::int(1)),
        ("any", Value::object([("@type", Value::text("x/none.Such"))])),
    ] {
        assert!(!with(name, value).is_empty(), "{name}");
    }
    let mut missing = empty.as_object().unwrap().clone();
    missing.shift_remove("int64");
    assert!(!mismatches(pattern, &Value::object(missing)).is_empty(), "no presence: always there");
    let mut two = empty.as_object().unwrap().clone();
    two.insert("word".into(), Value::text("a"));
    two.insert("number".into(), Value::int(1));
    assert!(!mismatches(pattern, &Value::object(two)).is_empty(), "one of them");
}

#[test]
fn requests_may_leave_out_and_use_json_names() {
    let contract = Contract::Proto(ledger());
    let operation =
        contract.interface().operations.iter().find(|op| &*op.name == "ledger.v1.Ledger/Post").unwrap();
    let pattern = operation.request.as_ref().unwrap().content[0].1.as_ref().unwrap();
    let finds = |text: &str| mismatches(pattern, &from_json(text.as_bytes()).unwrap());
    assert!(finds("{}").is_empty());
    assert!(finds(r#"{"entryId":"e","amount_minor":"12","type":1}"#).is_empty());
    let found = finds(r#"{"entryId":"e","entry_id":"e"}"#);
    assert_eq!(found.len(), 1, "{found:?}");
    let found = finds(r#"{"entry":"e","amount_minor":"x","type":"PAYED","currency":3}"#);
    let mut paths: Vec<&str> = found.listed.iter().map(|it| &*it.path).collect();
    paths.sort_unstable();
    assert_eq!(paths, [".amount_minor", ".currency", ".entry", ".type"]);
    let stream =
        contract.interface().operations.iter().find(|op| &*op.name == "ledger.v1.Ledger/Watch").unwrap();
    assert!(matches!(stream.address, Address::Grpc { server_streaming: true, client_streaming: false, .. }));
    assert!(stream.response(0).is_some());
}

#[test]
fn messages_within_themselves_end() {
    let proto = compiled(
        "syntax = \"proto3\"; package t;
         message Tree { repeated Tree children = 1; map<string, Tree> named = 2; Other other = 3; string name = 4; }
         message Other { Tree back = 1; Other again = 2; }",
    );
    let tree = proto.get_message_by_name("t.Tree").unwrap();
    let pattern = &proto.interface().types["t.Tree"].pattern;
    for i in 0..200 {
        let drawn = draw(pattern, &DrawKey::new(i)).unwrap();
        assert_eq!(echo(&drawn, &tree), drawn);
    }
    // Deeper than anything drawn still fits.
    let mut deep = echo(&Value::Object(Default::default()), &tree);
    for _ in 0..12 {
        deep = echo(&Value::object([("children", Value::list(vec![deep]))]), &tree);
    }
    assert!(mismatches(pattern, &deep).is_empty());
}

#[test]
fn fields_have_the_place_of_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.proto");
    let text =
        "syntax = \"proto3\";\npackage a;\n// Größe\nmessage Ding { /* ü */ string size = 1; }\n".to_owned();
    std::fs::write(&file, &text).unwrap();
    let mut proto = std::sync::Arc::unwrap_or_clone(compile(&file).unwrap());
    let mut sources = Sources::default();
    let source = Source::new("a.proto", "", text);
    let id = sources.add(source.clone());
    let name = proto.files()[0].0.clone();
    proto.register(&name, id, &source);
    let declared = &proto.interface().types["a.Ding"];
    assert_eq!(sources.get(id).slice(declared.origin.unwrap()), "Ding");
    let Pattern::Named(_, inner) = &declared.pattern else { panic!("{}", describe(&declared.pattern)) };
    let Pattern::Object(object) = &**inner else { panic!() };
    assert_eq!(sources.get(id).slice(object.fields[0].origin.unwrap()), "size");
}
