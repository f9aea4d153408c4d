use std::sync::Arc;

use super::*;
use crate::contract::{Address, Response, Segment};
use crate::shape::{FieldPattern, ObjectPattern};

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
    Payload { required: true, content: vec![(media.into(), pattern)], origin: None }
}

fn parameter(place: ParameterPlace, name: &str, required: bool, pattern: Pattern) -> Parameter {
    Parameter { name: name.into(), place, required, pattern, origin: None }
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
    let came = Came { status, headers: &headers, body: body.as_ref() };
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
    let found = came(&operation(), &Came { status: 200, headers: &headers, body: Some(&body) });
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
        body: Body::Json(&body),
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
    assert_eq!(wrong(|sent| sent.body = Body::Text("{")).len(), 1);
    assert_eq!(wrong(|sent| sent.body = Body::Text("{}")), ["the body does not fit"]);
    assert_eq!(
        wrong(|sent| sent.media = Some("text/plain".into())),
        ["the content type `text/plain` is not declared"]
    );
    let none = Value::object([("total", Value::text("x"))]);
    assert_eq!(wrong(|sent| sent.body = Body::Json(Box::leak(Box::new(none)))), ["the body does not fit"]);
}

#[test]
fn fields_that_only_the_wire_knows_are_found() {
    let message = from_json(br#"{"a":{"@unknown":"x"},"b":[{"@unknown":"x"},{"c":1}],"d":{"e":2}}"#).unwrap();
    assert_eq!(unknown_fields(&message), [".a", ".b[*]"]);
}
