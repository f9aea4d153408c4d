use std::sync::Arc;

use super::*;
use crate::contract::style::Style;
use crate::contract::{Address, Operation, ParameterPlace, Payload, Response, Segment, Status};
use crate::shape::{FieldPattern, ObjectPattern, Pattern};
use crate::value::from_json;

fn ty(name: &'static str) -> Pattern {
    Pattern::Type(name, Arc::default())
}

fn order() -> Pattern {
    let state = ["PENDING", "PAID"].map(|state| Pattern::Equals(Value::text(state)));
    let fields = vec![
        FieldPattern::new("id", false, ty("text")),
        FieldPattern::new("total", false, ty("number")),
        FieldPattern::new("state", false, Pattern::Union(state.to_vec())),
        FieldPattern::new("note", true, ty("text")),
    ];
    Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() })
}

fn payload(media: &str, pattern: Option<Pattern>) -> Payload {
    let content = vec![(media.into(), pattern)];
    Payload { required: true, content, variants: Vec::new(), items: Vec::new(), origin: None }
}

fn parameter(place: ParameterPlace, name: &str, required: bool, pattern: Pattern) -> Parameter {
    Parameter { name: name.into(), place, required, style: Style::of(place), pattern, origin: None }
}

fn operation() -> Operation {
    let response = |status, payload, headers| Response { status, payload, headers, origin: None };
    let location = parameter(ParameterPlace::Header, "location", true, ty("text"));
    Operation {
        name: "PUT /orders/{id}".into(),
        address: Address::Http {
            method: "PUT".into(),
            path: vec![
                Segment::Literal("orders".into()),
                Segment::Parameter { prefix: "".into(), name: "id".into(), suffix: "".into() },
            ],
        },
        parameters: vec![
            parameter(ParameterPlace::Path, "id", true, ty("int")),
            parameter(ParameterPlace::Query, "page", true, ty("int")),
            parameter(ParameterPlace::Header, "x-tenant", false, ty("text")),
        ],
        request: Some(payload("application/json", Some(order()))),
        responses: vec![
            response(Status::Code(200), Some(payload("application/json", Some(order()))), Vec::new()),
            response(Status::Code(201), Some(payload("application/json", Some(order()))), vec![location]),
            response(Status::Code(204), None, Vec::new()),
            response(Status::Class(4), Some(payload("application/problem+json", None)), Vec::new()),
            response(Status::Code(206), Some(payload("text/*", Some(ty("text")))), Vec::new()),
        ],
        origin: None,
    }
}

fn headers(pairs: &[(&str, &str)]) -> Value {
    Value::object(pairs.iter().map(|(name, value)| (*name, Value::text(*value))))
}

#[track_caller]
fn answer(status: u16, given: &[(&str, &str)], body: Option<&str>) -> Vec<String> {
    let body = body.map(|body| from_json(body.as_bytes()).unwrap());
    let headers = headers(given);
    let came = Came { status, headers: &headers, body: body.as_ref(), events: |_| Ok(Vec::new()) };
    let found = super::came(&operation(), &came);
    let each = found.into_iter().map(|breach| {
        let paths: Vec<String> = breach.differences.listed.into_iter().map(|it| it.path).collect();
        format!("{} [{}]", breach.what, paths.join(" "))
    });
    each.collect()
}

const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
const GOOD: &str = r#"{"id":"1","total":2.5,"state":"PAID"}"#;

#[test]
fn a_response_as_declared_is_let_be() {
    assert!(answer(200, &[JSON], Some(GOOD)).is_empty());
    assert!(answer(204, &[], None).is_empty());
    assert!(answer(409, &[("content-type", "application/problem+json")], Some("{}")).is_empty());
    // Not read, as after `HEAD`.
    assert!(answer(200, &[], None).is_empty());
}

#[test]
fn every_way_to_break_a_response_is_told() {
    let all = r#"{"id":7,"state":"PAYED","extra":1}"#;
    assert_eq!(
        answer(200, &[JSON], Some(all)),
        ["the body does not fit [body.id body.total body.state body.extra]"]
    );
    assert_eq!(answer(418, &[], Some("{}")), ["there is a body, but no content type []"]);
    assert_eq!(answer(302, &[], None), ["the status 302 is not declared [status]"]);
    assert_eq!(answer(201, &[JSON], Some(GOOD)), ["the header `location` is missing []"]);
    assert_eq!(
        answer(200, &[("content-type", "text/html")], Some("\"<p>\"")),
        ["the content type `text/html` is not declared [headers.content-type]"]
    );
    assert_eq!(answer(204, &[JSON], Some("{}")), ["there is a body, and 204 is declared without one [body]"]);
    assert_eq!(answer(206, &[("content-type", "text/plain")], Some("3")), ["the body does not fit [body]"]);
}

#[test]
fn a_body_that_is_no_json_says_why() {
    let record = Value::object([("message", Value::text("the body is no JSON: x"))]);
    let body = Value::Tagged(Arc::new(crate::value::Tagged { tag: "unreadable", value: record }));
    let headers = headers(&[JSON]);
    let found = came(
        &operation(),
        &Came { status: 200, headers: &headers, body: Some(&body), events: |_| Ok(Vec::new()) },
    );
    assert_eq!(found[0].what, "the body is no JSON: x");
}

fn wrong(change: impl FnOnce(&mut Sent<'_>)) -> Vec<String> {
    let body = from_json(GOOD.as_bytes()).unwrap();
    let mut sent = Sent {
        wire: None,
        segments: vec!["orders".into(), "7".into()],
        query: vec![("page".into(), "1".into())],
        headers: vec![("X-Tenant".into(), "a".into())],
        media: Some("application/json".into()),
        body: Body::Json(Cow::Borrowed(&body)),
    };
    change(&mut sent);
    super::sent(&operation(), &sent).into_iter().map(|breach| breach.what).collect()
}

#[test]
fn every_way_to_break_a_request_is_told() {
    assert!(wrong(|_| {}).is_empty());
    assert_eq!(wrong(|sent| sent.segments[1] = "x".into()), ["the path parameter `id` does not fit"]);
    assert_eq!(wrong(|sent| sent.query.clear()), ["the query parameter `page` is missing"]);
    assert_eq!(wrong(|sent| sent.query[0].1 = "x".into()), ["the query parameter `page` does not fit"]);
    assert_eq!(
        wrong(|sent| sent.query.push(("pgae".into(), "1".into()))),
        ["there is no query parameter `pgae`"]
    );
    assert_eq!(wrong(|sent| sent.body = Body::Nothing), ["the body is missing"]);
    assert_eq!(wrong(|sent| sent.body = Body::Text("{".into())).len(), 1);
    assert_eq!(wrong(|sent| sent.body = Body::Text("{}".into())), ["the body does not fit"]);
    assert_eq!(
        wrong(|sent| sent.media = Some("text/plain".into())),
        ["the content type `text/plain` is not declared"]
    );
    let none = Value::object([("total", Value::text("x"))]);
    assert_eq!(wrong(|sent| sent.body = Body::Json(Cow::Owned(none))), ["the body does not fit"]);
}

#[test]
fn fields_that_only_the_wire_knows_are_found() {
    let message = from_json(br#"{"a":{"@unknown":"x"},"b":[{"@unknown":"x"},{"c":1}],"d":{"e":2}}"#).unwrap();
    assert_eq!(unknown_fields(&message), [".a", ".b[*]"]);
}

/// What is wrong with a body of this media type whose parts are `{ n: int }`, or events of that.
fn sequence(media: &str, text: &str) -> Option<String> {
    let n = Pattern::Object(ObjectPattern {
        fields: vec![FieldPattern::new("n", false, ty("int"))],
        ..ObjectPattern::default()
    });
    let digit = Pattern::Regex(Arc::new(regex::Regex::new("^[0-9]$").unwrap()));
    let fields = vec![FieldPattern::new("data", false, digit), FieldPattern::new("retry", false, ty("int"))];
    let event = Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() });
    let item = if media == "text/event-stream" { event } else { n };
    let payload = Payload { items: vec![(media.into(), item)], ..payload(media, None) };
    let of = Operation {
        responses: vec![Response {
            status: Status::Code(200),
            payload: Some(payload),
            headers: Vec::new(),
            origin: None,
        }],
        ..operation()
    };
    let (headers, body) = (headers(&[("content-type", media)]), Value::text(text));
    let events = |text: &str| {
        let event =
            |data: &str| Value::object([("event", Value::text("message")), ("data", Value::text(data))]);
        if text == "broken" {
            Err("line 1 is broken".to_owned())
        } else {
            Ok(text.split(' ').map(event).collect())
        }
    };
    let found = came(&of, &Came { status: 200, headers: &headers, body: Some(&body), events });
    found.into_iter().next().map(|breach| {
        let paths: Vec<String> = breach.differences.listed.into_iter().map(|it| it.path).collect();
        format!("{} [{}]", breach.what, paths.join(" "))
    })
}

#[test]
fn each_part_of_a_sequence_is_judged() {
    for media in ["application/jsonl", "application/x-ndjson"] {
        assert_eq!(sequence(media, "{\"n\":1}\n\n{\"n\":2}\n"), None);
        assert_eq!(sequence(media, "{\"n\":1}\n{\"n\":\"2\"}").unwrap(), "part 2 does not fit [[1].n]");
        assert!(sequence(media, "{\"n\":1}\n{").unwrap().starts_with("line 2 of the body is no JSON"));
    }
    assert_eq!(sequence("application/json-seq", "\u{1e}{\"n\":1}\n\u{1e}{\"n\":2}\n"), None);
    assert_eq!(
        sequence("application/json-seq", "\u{1e}{\"n\":1}\n\u{1e}{\"m\":2}\n").unwrap(),
        "part 2 does not fit [[1].n [1].m]"
    );
    assert!(
        sequence("application/json-seq", "\u{1e}{").unwrap().starts_with("part 1 of the body is no JSON")
    );
    // That an event has no type or id of its own cannot be told, nor when to come again.
    assert_eq!(sequence("text/event-stream", "1 2"), None);
    assert_eq!(sequence("text/event-stream", "1 x").unwrap(), "part 2 does not fit [[1].data]");
    assert_eq!(sequence("text/event-stream", "broken").unwrap(), "line 1 is broken []");
}

fn sends(media: &str, pattern: Pattern, body: Body<'_>) -> bool {
    let mut operation = operation();
    operation.parameters.clear();
    operation.request = Some(payload(media, Some(pattern)));
    let sent = Sent { media: Some(media.to_owned()), body, ..Sent::default() };
    super::sent(&operation, &sent).is_empty()
}

#[test]
fn texts_and_parts_that_are_sent_are_held_against_the_contract() {
    let number = || {
        let fields = vec![FieldPattern::new("a", false, ty("int"))];
        Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() })
    };
    let ok = || Pattern::Equals(Value::text("ok"));
    let text = |text: &'static str| Body::Text(text.into());
    assert!(sends("text/plain", ok(), text("ok")) && !sends("text/plain", ok(), text("no")));
    assert!(sends("text/csv", ok(), text("ok")) && !sends("text/csv", ok(), text("no")));
    let form = "application/x-www-form-urlencoded";
    assert!(sends(form, number(), text("a=1")) && !sends(form, number(), text("a=x")));
    assert!(!sends(form, number(), text("a=1&a=2")) && !sends(form, number(), text("a=1&z=2")));
    let parts = |name: &'static str| [(Arc::from(name), Value::text("1"))].into_iter().collect::<Object>();
    let (right, wrong) = (parts("a"), parts("zzz"));
    assert!(sends("multipart/form-data", number(), Body::Form(&right)));
    assert!(!sends("multipart/form-data", number(), Body::Form(&wrong)));
}

#[test]
fn a_form_is_held_against_the_whole_schema() {
    let form = "application/x-www-form-urlencoded";
    let text = |text: &'static str| Body::Text(text.into());
    let of = |name: &str, open: bool| {
        let fields = vec![FieldPattern::new(name, false, ty("int"))];
        Pattern::Object(ObjectPattern { fields, open, ..ObjectPattern::default() })
    };
    let either = || Pattern::Union(vec![of("a", false), of("b", false)]);
    assert!(sends(form, either(), text("a=1")) && sends(form, either(), text("b=1")));
    assert!(!sends(form, either(), text("b=x")) && !sends(form, either(), text("a=1&b=2")));
    let rest = Some(Box::new(ty("int")));
    let rest = Pattern::Object(ObjectPattern { open: true, rest, ..ObjectPattern::default() });
    assert!(sends(form, rest.clone(), text("z=1")) && !sends(form, rest, text("z=q")));
    let without = Pattern::All(vec![of("a", true), Pattern::Not(Box::new(of("z", true)))]);
    assert!(sends(form, without.clone(), text("a=1")) && !sends(form, without, text("a=1&z=2")));
    assert!(!sends(form, Pattern::Sized(Box::new(ty("int")), 0, 9), text("a=1")));
}

#[test]
fn a_form_of_many_fields_is_judged_all_the_same() {
    let fields = vec![FieldPattern::new("a", false, ty("int"))];
    let open = Pattern::Object(ObjectPattern { fields, open: true, ..ObjectPattern::default() });
    let many: String = (0..40).map(|at| format!("&n{at}={at}")).collect();
    // Beside another schema every field may be meant in several ways, more of them than can be tried.
    for pattern in [open.clone(), Pattern::All(vec![open.clone(), open])] {
        let sends = |a: &str| {
            let body = Body::Text(format!("a={a}{many}").into());
            sends("application/x-www-form-urlencoded", pattern.clone(), body)
        };
        assert!(sends("1") && !sends("x"));
    }
}

#[test]
fn a_body_without_a_content_type_may_be_json() {
    let came = |text: &str| {
        let mut operation = operation();
        operation.responses = vec![Response {
            status: Status::Default,
            payload: Some(payload("*/*", Some(order()))),
            headers: Vec::new(),
            origin: None,
        }];
        let (headers, body) = (Value::object::<&str>([]), Value::text(text));
        let came = Came { status: 200, headers: &headers, body: Some(&body), events: |_| Ok(Vec::new()) };
        super::came(&operation, &came).is_empty()
    };
    assert!(came(r#"{"id":"1","total":1,"state":"PAID"}"#) && came("anything") && !came(r#"{"id":"1"}"#));
}

#[test]
fn a_single_value_is_not_written_twice() {
    let twice = |sent: &mut Sent<'_>| sent.query.push(("page".into(), "2".into()));
    assert_eq!(wrong(twice), ["the query parameter `page` does not fit"]);
}
