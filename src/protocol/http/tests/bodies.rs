//! What is sent as a body, and what is made of the bodies that come.

use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::post;
use tokio::io::AsyncReadExt;

use super::server::{canned, echo, serve};
use super::*;

#[tokio::test]
async fn operands_become_bodies() {
    let url = serve(echo()).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.csv"), "1,2\n").unwrap();
    let world = World::in_dir(dir.path());
    let cases = [
        (
            json(r#"{"n":1.10,"big":18446744073709551615}"#),
            "application/json",
            r#"{"n":1.10,"big":18446744073709551615}"#,
        ),
        (json("[1,null]"), "application/json", "[1,null]"),
        (tagged("json", Value::Null), "application/json", "null"),
        (Value::list(vec![tagged("json", Value::text("a"))]), "application/json", "[\"a\"]"),
        (Value::text("é"), "text/plain; charset=utf-8", "é"),
        (Value::bytes(&b"raw"[..]), "application/octet-stream", "raw"),
        (
            tagged("form", json(r#"{"a":"x y&z","b":[1,true]}"#)),
            "application/x-www-form-urlencoded",
            "a=x+y%26z&b=1&b=true",
        ),
        (tagged("text", json(r#"{"text":"<a/>","type":"application/xml"}"#)), "application/xml", "<a/>"),
        (tagged("text", Value::text("bare")), "text/plain; charset=utf-8", "bare"),
        (tagged("bytes", json(r#"{"content":"abc","type":"image/x"}"#)), "image/x", "abc"),
        (tagged("file", json(r#"{"path":"a.csv"}"#)), "text/csv", "1,2\n"),
        (tagged("file", json(r#"{"path":"./a.csv","type":"text/x"}"#)), "text/x", "1,2\n"),
        (
            tagged("graphql", json(r#"{"query":"{ a }","variables":{"x":1},"operation":"Q"}"#)),
            "application/json",
            r#"{"query":"{ a }","variables":{"x":1},"operationName":"Q"}"#,
        ),
        (tagged("json", Value::text("a")), "application/json", "\"a\""),
        (tagged("json", Value::Null), "application/json", "null"),
    ];
    for (operand, kind, body) in cases {
        let reply = world.send(call("POST", &url, "/").body(operand)).await;
        assert_eq!(
            (text(&reply, "body.headers.content-type"), text(&reply, "body.body")),
            (kind.to_owned(), body.to_owned())
        );
        assert_eq!(text(&reply, "body.headers.content-length"), body.len().to_string());
    }
    let own = json(r#"{"Content-Type":"application/merge-patch+json"}"#);
    let reply = world.send(call("PATCH", &url, "/").body(json("{}")).with("headers", own)).await;
    assert_eq!(text(&reply, "body.headers.content-type"), "application/merge-patch+json");
}

#[tokio::test]
async fn operands_that_are_no_bodies_are_refused() {
    let world = World::new();
    for (operand, says) in [
        (Value::int(1), "a number cannot be the body"),
        (Value::Null, "null cannot be the body"),
        (Value::Absent, "absent cannot be the body"),
        (
            Value::object([("f", tagged("file", json(r#"{"path":"x"}"#)))]),
            "`file(…)` cannot stand inside a JSON body",
        ),
        (tagged("form", json("[]")), "`form(…)` needs an object"),
        (tagged("form", json(r#"{"a":{}}"#)), "`a` in `form` must be text"),
        (tagged("form", json(r#"{"a":null}"#)), "not null"),
        (tagged("file", json(r#"{"path":"./no-such-file"}"#)), "no such file"),
        (tagged("file", json(r#"{"path":"src"}"#)), "is no file"),
        (tagged("text", json(r#"{"text":1}"#)), "needs text, not a number"),
        (tagged("text", json(r#"{"text":"a","type":"nonsense"}"#)), "no media type"),
        (tagged("multipart", json(r#"{"a":{}}"#)), "the part `a` of `multipart(…)` cannot be an object"),
        (tagged("graphql", json(r#"{"query":"{a}","variables":[1]}"#)), "needs an object of variables"),
        (tagged("unreadable", json("{}")), "could not be read"),
        (tagged("link", json("{}")), "`link(…)` cannot be the body"),
        (
            tagged("json", Value::list(vec![tagged("text", Value::text("a"))])),
            "`text(…)` cannot stand inside",
        ),
    ] {
        let misuse = world.refuse(call("POST", "http://127.0.0.1:1", "/").body(operand)).await;
        assert!(misuse.message.contains(says), "{says}: {}", misuse.message);
    }
    let own = json(r#"{"Content-Type":"multipart/form-data"}"#);
    let misuse = world
        .refuse(
            call("POST", "http://127.0.0.1:1", "/")
                .body(tagged("multipart", json("{}")))
                .with("headers", own),
        )
        .await;
    assert!(misuse.message.contains("boundary"));
}

async fn list_parts(mut form: Multipart) -> String {
    let mut out = String::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let (name, file) = (field.name().unwrap().to_owned(), field.file_name().map(str::to_owned));
        let kind = field.content_type().map(str::to_owned);
        let length = field.bytes().await.unwrap().len();
        out.push_str(&format!("{name} {file:?} {kind:?} {length}\n"));
    }
    out
}

#[tokio::test]
async fn parts_arrive_with_names_types_and_bytes() {
    let router = Router::new().route("/", post(list_parts)).layer(DefaultBodyLimit::disable());
    let url = serve(router).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.png"), vec![0xff; 3_000_000]).unwrap();
    let world = World::in_dir(dir.path());
    let form = Value::object([
        ("name", Value::text("Alice")),
        ("photo", tagged("file", json(r#"{"path":"a.png"}"#))),
        ("renamed", tagged("file", json(r#"{"path":"a.png","name":"b.bin","type":"x/y"}"#))),
        (
            "n",
            Value::list(vec![
                Value::int(1),
                tagged("bytes", Value::object([("content", Value::bytes(&b"\xff\xfe"[..]))])),
            ]),
        ),
        ("j", tagged("json", json("[1]"))),
        ("b", Value::bytes(&b"abc"[..])),
        ("t", tagged("text", json(r#"{"text":"{}","type":"application/json"}"#))),
    ]);
    let reply = world.send(call("POST", &url, "/").body(tagged("multipart", form))).await;
    assert_eq!(
        text(&reply, "body"),
        "name None None 5\n\
         photo Some(\"a.png\") Some(\"image/png\") 3000000\n\
         renamed Some(\"b.bin\") Some(\"x/y\") 3000000\n\
         n None None 1\n\
         n None Some(\"application/octet-stream\") 2\n\
         j None Some(\"application/json\") 3\n\
         b None Some(\"application/octet-stream\") 3\n\
         t None Some(\"application/json\") 2\n"
    );
}

#[tokio::test]
async fn a_file_is_streamed_whole() {
    let router = Router::new()
        .route("/", post(|body: axum::body::Bytes| async move { body.len().to_string() }))
        .layer(DefaultBodyLimit::disable());
    let url = serve(router).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("big"), vec![7; 5_000_001]).unwrap();
    let world = World::in_dir(dir.path());
    let reply = world.send(call("POST", &url, "/").body(tagged("file", Value::text("big")))).await;
    assert_eq!(text(&reply, "body"), "5000001");
}

#[tokio::test]
async fn graphql_errors_are_no_success() {
    let world = World::new();
    let graphql = || tagged("graphql", json(r#"{"query":"{ a }"}"#));
    for (body, succeeds) in
        [(r#"{"data":{"a":1}}"#, true), (r#"{"data":null,"errors":[{"message":"no"}]}"#, false)]
    {
        let response = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let url = canned(response).await;
        assert_eq!(world.send(call("POST", &url, "/").body(graphql())).await.succeeded, succeeds);
        assert!(world.send(call("POST", &url, "/").body(json("{}"))).await.succeeded);
    }
}

/// A response with a content coding.
fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => GzipEncoder::new(plain).read_to_end(&mut out).await,
        "br" => BrotliEncoder::new(plain).read_to_end(&mut out).await,
        "zstd" => ZstdEncoder::new(plain).read_to_end(&mut out).await,
        _ => ZlibEncoder::new(plain).read_to_end(&mut out).await,
    }
    .unwrap();
    out
}

#[tokio::test]
async fn every_coding_is_undone_and_both_sizes_kept() {
    let world = World::new();
    let plain = format!("[{}1]", "1,".repeat(500));
    for coding in ["gzip", "br", "zstd", "deflate"] {
        let packed = encode(coding, plain.as_bytes()).await;
        let reply = world.send(call("GET", &canned(coded(coding, &packed)).await, "/")).await;
        assert_eq!(get(&reply, "body").as_list().unwrap().len(), 501, "{coding}");
        assert_eq!(
            shown(&reply, "size"),
            format!("{{ received: {}, decoded: {} }}", packed.len(), plain.len())
        );
        assert_eq!(text(&reply, "headers.content-encoding"), coding);
        assert!(reply.succeeded);
    }
    let twice = encode("br", &encode("gzip", plain.as_bytes()).await).await;
    let reply = world.send(call("GET", &canned(coded("gzip, br", &twice)).await, "/")).await;
    assert_eq!(get(&reply, "body").as_list().unwrap().len(), 501);
}

#[tokio::test]
async fn codings_are_asked_for_only_when_told() {
    let url = serve(echo()).await;
    let world = World::new();
    for (value, asked) in [
        (Value::Bool(false), Value::Absent),
        (Value::Bool(true), Value::text("gzip, br, zstd, deflate")),
        (Value::text("br"), Value::text("br")),
    ] {
        let reply = world.send(call("GET", &url, "/").with("compression", value)).await;
        assert_eq!(get(&reply, "body.headers.accept-encoding"), asked);
    }
    assert_eq!(get(&world.send(call("GET", &url, "/")).await, "body.headers.accept-encoding"), Value::Absent);
}

#[tokio::test]
async fn a_broken_coding_leaves_status_and_headers_readable() {
    let world = World::new();
    let mut packed = encode("gzip", b"[1,2,3,4,5,6,7,8]").await;
    let middle = packed.len() / 2;
    let cut = packed[..middle].to_vec();
    packed[middle] ^= 0xff;
    for (coding, body) in [
        ("gzip", packed),
        ("gzip", cut),
        ("gzip", b"plain".to_vec()),
        ("br", b"\xff\xff".to_vec()),
        ("zstd", b"no".to_vec()),
        ("deflate", b"no".to_vec()),
        ("snappy", b"x".to_vec()),
    ] {
        let reply = world.send(call("GET", &canned(coded(coding, &body)).await, "/")).await;
        assert!(!reply.succeeded, "{coding}");
        assert_eq!(shown(&reply, "status"), "200");
        assert_eq!(text(&reply, "headers.content-encoding"), coding);
        assert!(shown(&reply, "body").starts_with("unreadable("), "{}", shown(&reply, "body"));
        assert!(
            text(&reply, "body_error.message").contains(&format!("`{coding}`")),
            "{}",
            shown(&reply, "body_error")
        );
        assert_eq!(get(&reply, "raw"), Value::bytes(body));
        assert!(reply.exchange.response.starts_with("200 OK, but the "), "{}", reply.exchange.response);
    }
}

#[tokio::test]
async fn a_small_body_cannot_unpack_to_fill_the_memory() {
    let world = World::new();
    let bomb = encode("gzip", &vec![b' '; 3_000_000]).await;
    let reply = world
        .send(call("GET", &canned(coded("gzip", &bomb)).await, "/").with("limit", Value::int(100_000)))
        .await;
    assert!(bomb.len() < 100_000);
    let (kind, message) = error(&reply);
    assert!(kind == "protocol" && message.contains("larger than the limit of 100000 bytes"), "{message}");
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_unreadable() {
    let world = World::new();
    for (kind, body, says) in [
        ("application/json", &b"{\"a\":"[..], "the body is no JSON"),
        ("application/json", b"\"\xff\"", "not valid UTF-8"),
        ("application/json", b"", "the body is empty"),
        ("text/plain", b"a\xffb", "byte 1 is 0xff"),
        ("text/plain; charset=klingon", b"a", "`klingon`"),
    ] {
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
        let reply = world.send(call("GET", &canned([head.as_bytes(), body].concat()).await, "/")).await;
        assert!(!reply.succeeded, "{kind}");
        assert_eq!(shown(&reply, "status"), "200");
        assert!(text(&reply, "body_error.message").contains(says), "{}", shown(&reply, "body_error"));
        assert_ne!(get(&reply, "body"), Value::Absent);
        assert!(shown(&reply, "body").contains(says.split('`').next().unwrap()));
        assert_eq!(get(&reply, "raw"), Value::bytes(body));
        assert_eq!(get(&reply, "error"), Value::Absent);
    }
}
