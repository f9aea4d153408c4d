//! Redirects: off by default, recorded, bounded, and careful with credentials.

use axum::Router;
use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::routing::{any, get as on_get};

use super::server::{canned, echo, serve};
use super::*;

async fn moved(UrlPath((status, rest)): UrlPath<(u16, String)>) -> (StatusCode, [(&'static str, String); 1]) {
    (StatusCode::from_u16(status).unwrap(), [("location", format!("/{rest}"))])
}

fn router() -> Router {
    Router::new()
        .route("/to/{status}/{*rest}", any(moved))
        .route("/loop", on_get(|| async { (StatusCode::FOUND, [("location", "/loop")]) }))
        .merge(echo())
}

#[tokio::test]
async fn a_redirect_is_the_response_unless_told() {
    let url = serve(router()).await;
    let reply = World::new().send(call("GET", &url, "/to/302/x")).await;
    assert_eq!(
        (shown(&reply, "status"), text(&reply, "headers.location")),
        ("302".to_owned(), "/x".to_owned())
    );
    assert!(!reply.succeeded);
    assert_eq!(shown(&reply, "hops"), "[]");
}

#[tokio::test]
async fn hops_are_recorded() {
    let url = serve(router()).await;
    let call = call("GET", &url, "/to/301/to/307/x?q=1").with("redirects", Value::int(5));
    let reply = World::new().send(call).await;
    assert_eq!(text(&reply, "body.uri"), "/x");
    assert_eq!(text(&reply, "url"), format!("{url}/x"));
    assert_eq!(
        (shown(&reply, "hops.0.status"), shown(&reply, "hops.1.status")),
        ("301".to_owned(), "307".to_owned())
    );
    assert_eq!(text(&reply, "hops.0.url"), format!("{url}/to/301/to/307/x?q=1"));
    assert_eq!(text(&reply, "hops.1.location"), "/x");
    assert_eq!(reply.exchange.request, format!("GET {url}/x"));
    assert!(reply.succeeded);
}

#[tokio::test]
async fn methods_and_bodies_survive_where_they_must() {
    let url = serve(router()).await;
    let world = World::new();
    for (verb, status, method, body) in [
        ("POST", 301, "GET", ""),
        ("POST", 302, "GET", ""),
        ("POST", 303, "GET", ""),
        ("PUT", 303, "GET", ""),
        ("PUT", 302, "PUT", "[1]"),
        ("POST", 307, "POST", "[1]"),
        ("POST", 308, "POST", "[1]"),
    ] {
        let call =
            call(verb, &url, &format!("/to/{status}/x")).body(json("[1]")).with("redirects", Value::int(1));
        let reply = world.send(call).await;
        assert_eq!(
            (text(&reply, "body.method"), text(&reply, "body.body")),
            (method.to_owned(), body.to_owned()),
            "{verb} {status}"
        );
        assert_eq!(get(&reply, "body.headers.content-type") == Value::Absent, body.is_empty());
    }
}

#[tokio::test]
async fn a_file_is_sent_again_after_a_redirect() {
    let url = serve(router()).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.txt"), "hello").unwrap();
    let call = call("POST", &url, "/to/308/x")
        .body(tagged("file", Value::text("a.txt")))
        .with("redirects", Value::int(1));
    assert_eq!(text(&World::in_dir(dir.path()).send(call).await, "body.body"), "hello");
}

#[tokio::test]
async fn circles_and_too_many_end_with_the_reason() {
    let url = serve(router()).await;
    let world = World::new();
    let reply = world.send(call("GET", &url, "/loop").with("redirects", Value::int(4))).await;
    let (kind, message) = error(&reply);
    assert!(kind == "protocol" && message.contains("lead in a circle"), "{message}");
    assert_eq!(
        (shown(&reply, "status"), get(&reply, "hops").as_list().unwrap().len()),
        ("302".to_owned(), 4)
    );
    let reply = world.send(call("GET", &url, "/to/302/to/302/x").with("redirects", Value::int(1))).await;
    assert!(error(&reply).1.contains("redirects once more, to"), "{}", error(&reply).1);
}

#[tokio::test]
async fn a_location_that_is_no_url_ends_with_the_reason() {
    for location in ["ftp://x/", "http://", "javascript:alert(1)"] {
        let url =
            canned(format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")).await;
        let reply = World::new().send(call("GET", &url, "/").with("redirects", Value::int(3))).await;
        assert!(error(&reply).1.contains("which is no HTTP URL"), "{location}: {}", error(&reply).1);
    }
}

#[tokio::test]
async fn credentials_stay_with_the_first_host() {
    let other = serve(echo()).await;
    let location = format!("{other}/x");
    let url = serve(
        Router::new()
            .route("/away", on_get(move || async move { (StatusCode::FOUND, [("location", location)]) })),
    )
    .await;
    let headers = Value::object([
        ("X-Key", Value::text_with("tainted", true)),
        ("Cookie", Value::text("a=1")),
        ("X-Plain", Value::text("kept")),
    ]);
    let call = call("GET", &url, "/away")
        .with("redirects", Value::int(1))
        .with("headers", headers)
        .with("auth", Value::text("Bearer token"));
    let reply = World::new().send(call).await;
    assert_eq!(text(&reply, "body.headers.x-plain"), "kept");
    for name in ["authorization", "cookie", "x-key"] {
        assert_eq!(get(&reply, &format!("body.headers.{name}")), Value::Absent, "{name}");
    }
}
