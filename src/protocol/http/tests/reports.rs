//! What reports show: everything that helps, and no secret.

use super::server::{canned, echo, nobody, serve};
use super::*;
use crate::event::BODY_LIMIT;
use crate::value::MASK;

#[tokio::test]
async fn an_exchange_shows_both_sides() {
    let url = canned("HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nset-cookie: sid=geheim\r\ncontent-length: 8\r\n\r\n{\"id\":1}").await;
    let headers = json(r#"{"X-Region":"eu"}"#);
    let reply =
        World::new().send(call("POST", &url, "/o").body(json(r#"{"a":[1]}"#)).with("headers", headers)).await;
    let exchange = reply.exchange;
    assert_eq!((exchange.protocol.as_str(), exchange.service.as_deref()), ("http", Some("orders")));
    assert_eq!(exchange.request, format!("POST {url}/o"));
    let names: Vec<&str> = exchange.request_headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["user-agent", "accept", "content-type", "traceparent", "x-region"]);
    assert_eq!(exchange.request_body, "{\n  \"a\": [\n    1\n  ]\n}");
    assert_eq!(exchange.response, "201 Created");
    assert_eq!(exchange.response_headers[1], ("set-cookie".to_owned(), MASK.to_owned()));
    assert_eq!(exchange.response_body, "{\n  \"id\": 1\n}");
    assert_eq!(exchange.phases.last().unwrap().0, "total");
    let agent = &exchange.request_headers[0].1;
    let parent = &exchange.request_headers[3].1;
    assert_eq!(
        exchange.shell,
        format!(
            "curl -sS -i -X POST {url}/o -H 'user-agent: {agent}' -H 'accept: */*' -H 'content-type: application/json' -H 'traceparent: {parent}' -H 'x-region: eu' --data-raw '{{\"a\":[1]}}'"
        )
    );
}

#[tokio::test]
async fn no_secret_is_shown_whatever_way_it_took() {
    const SECRET: &str = "s3cr3t/hunter-2";
    let tainted = || Value::text_with(SECRET, true);
    let url = serve(echo()).await;
    let dead = nobody().await;
    let world = World::new();
    let mut path = call("GET", &dead, "/");
    path.place = Some(CallPlace::Path(Text { text: "/keys/s3cr3t%2Fhunter-2".into(), secret: true }));
    let calls = [
        path,
        call("GET", &dead, "/").with("query", Value::object([("key", tainted()), ("page", Value::int(2))])),
        call("GET", &dead, "/").with("headers", Value::object([("X-Key", tainted())])),
        call("GET", &dead, "/").with("auth", Value::text_with(format!("Bearer {SECRET}"), true)),
        call("POST", &dead, "/").body(Value::object([("key", tainted()), ("plain", Value::int(1))])),
        call("POST", &dead, "/").body(tagged("form", Value::object([("key", tainted())]))),
        call("POST", &dead, "/").body(tainted()),
        call("POST", &dead, "/").body(tagged("multipart", Value::object([("key", tainted())]))),
        call("POST", &dead, "/").body(tagged("bytes", Value::object([("content", tainted())]))),
        call("POST", &dead, "/").body(tagged("graphql", Value::object([("query", tainted())]))),
    ];
    for call in calls {
        let about = format!("{:?} {:?}", call.verb, call.options.keys().next());
        let reply = world.send(call).await;
        let everything = format!("{:?} {}", reply.exchange, shown(&reply, "error"));
        assert!(!everything.contains("s3cr3t") && !everything.contains("hunter"), "{about}: {everything}");
        assert!(everything.contains(MASK), "{about}: {everything}");
    }
    // What the server sends back is masked by value.
    world.session.redactor.register(SECRET);
    let reply = world.send(call("POST", &url, "/").body(Value::object([("key", tainted())]))).await;
    assert!(text(&reply, "body.body").contains(SECRET), "the value itself is whole");
    let everything = format!("{:?}", reply.exchange);
    assert!(!everything.contains("hunter"), "{everything}");
}

#[tokio::test]
async fn large_and_binary_bodies_are_summed_up() {
    let world = World::new();
    let long = "x".repeat(BODY_LIMIT + 1);
    let response = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{long}",
        long.len()
    );
    let reply = world.send(call("POST", &canned(response).await, "/").body(Value::text(long.as_str()))).await;
    for body in [&reply.exchange.request_body, &reply.exchange.response_body] {
        assert!(body.ends_with(&format!("… (cut here: {} bytes in all)", long.len())));
    }
    assert!(reply.exchange.shell.ends_with(&format!(
        "--data-binary @body  # put the {} bytes of the body into the file `body`",
        long.len()
    )));

    let binary =
        [b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 4\r\n\r\n".as_slice(), b"\x89PNG"]
            .concat();
    let reply =
        world.send(call("POST", &canned(binary).await, "/").body(Value::bytes(&b"\x00\xff'"[..]))).await;
    assert_eq!(reply.exchange.response_body, "(4 bytes: 89504e47)");
    assert_eq!(reply.exchange.request_body, "(3 bytes: 00ff27)");
    assert!(reply.exchange.shell.starts_with("printf '\\000\\377\\047' | curl "), "{}", reply.exchange.shell);
    assert!(reply.exchange.shell.ends_with(" --data-binary @-"));
}

#[tokio::test]
async fn the_shell_line_sends_the_same() {
    let curl = std::process::Command::new("curl").arg("--version").output();
    assert!(curl.is_ok(), "curl is missing, and this test compares with it: install it");
    let url = serve(echo()).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("it's a file.txt"), "in the file").unwrap();
    let world = World::in_dir(dir.path());
    let tricky = "/q?a=[1]&b='x'&c=$HOME";
    let calls = [
        call("GET", &url, tricky),
        call("DELETE", &url, "/x"),
        call("POST", &url, "/x").body(json(r#"{"it's":"$HOME `id` \\ \" !"}"#)),
        call("PUT", &url, "/x").body(tagged("form", json(r#"{"a":"x y&z"}"#))),
        call("POST", &url, "/x").body(Value::text("@not-a-file\nline two")),
        call("POST", &url, "/x").body(Value::bytes(&b"\x00\xff%d\\n"[..])),
        call("POST", &url, "/x").body(tagged("file", Value::text("it's a file.txt"))),
        call("POST", &url, "/x")
            .body(json("[]"))
            .with("headers", json(r#"{"X-Empty":"","Content-Type":"a/b"}"#)),
        call("GET", &url, "/x").with("version", Value::text("2")),
    ];
    for call in calls {
        let reply = world.send(call).await;
        let line = reply.exchange.shell.clone();
        let output = tokio::process::Command::new("sh").arg("-c").arg(&line).output().await.unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let body = output.split("\r\n\r\n").last().unwrap();
        let again = json(body);
        assert!(again == get(&reply, "body"), "{line}\n{}\n{}", show(&again), shown(&reply, "body"));
    }
}
