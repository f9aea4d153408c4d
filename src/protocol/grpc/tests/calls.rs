//! Unary calls, client streams under `call`, options, records and exchanges.

use std::sync::Arc;

use super::super::{Grpc, constant};
use super::server::Server;
use super::*;
use crate::protocol::CallPlace;
use crate::value::{MASK, Tagged, Text};

#[tokio::test]
async fn a_call_gives_the_whole_record() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let reply =
        get(&grpc, &ledger(server.url()), "Get", r#"{"id":"e1","since":"2026-11-22T10:00:00Z"}"#).await;
    let record = &reply.record;
    assert!(reply.succeeded, "{}", show(record));
    assert_eq!(at(record, "status"), constant("OK").unwrap());
    for (path, shown) in [
        ("code", "0"),
        ("message", "\"\""),
        ("details", "[]"),
        ("error", "absent"),
        ("body.id", "\"e1\""),
        ("body.seq", "9007199254740993"),
        ("headers.x-request-id", "\"r1\""),
        ("headers.x-many", r#"["a", "b"]"#),
        ("headers.x-blob-bin", "bytes(00ff)"),
        ("headers.grpc-status", "absent"),
        ("trace_id", "\"4bf92f3577b34da6a3ce929d0e0e4736\""),
    ] {
        assert_eq!(part(record, path), shown, "{path}");
    }
    assert!(part(record, "body.note").contains("2026-11-22T10:00:00Z"));
    assert!(matches!(at(record, "latency"), Value::Duration(nanos) if nanos > 0));
}

#[tokio::test]
async fn an_error_has_status_details_and_trailers_but_is_no_error_record() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let reply = get(&grpc, &ledger(server.url()), "Get", r#"{"id":"missing"}"#).await;
    assert!(!reply.succeeded);
    assert_eq!(at(&reply.record, "status"), constant("NOT_FOUND").unwrap());
    for (path, shown) in [
        ("code", "5"),
        ("message", "\"no such order\""),
        ("body", "absent"),
        ("error", "absent"),
        ("trailers.x-ledger-node", "\"n1\""),
        ("trailers.grpc-status-details-bin", "absent"),
        (
            "details.0",
            r#"{ type: "google.rpc.ErrorInfo", reason: "ORDER_UNKNOWN", domain: "ledger", metadata: { order: "nope" } }"#,
        ),
        ("details.1.type", "\"test.v1.Entry\""),
        ("details.1.seq", "9"),
        ("details.2", r#"{ type: "no.Such", bytes: bytes(0102) }"#),
    ] {
        assert_eq!(part(&reply.record, path), shown, "{path}");
    }
    let exchange = &reply.exchange;
    assert_eq!(exchange.request, "call test.v1.Ledger/Get");
    assert_eq!(exchange.response, "NOT_FOUND: no such order");
    assert!(exchange.response_body.contains("ORDER_UNKNOWN"), "{}", exchange.response_body);
    assert!(exchange.trailers.contains(&("x-ledger-node".to_owned(), "n1".to_owned())));
    assert_eq!(exchange.phases.last().unwrap().0, "total");
    // Percent-encoded on the wire.
    let reply = get(&grpc, &ledger(server.url()), "Get", r#"{"id":"plain"}"#).await;
    assert_eq!(part(&reply.record, "message"), "\"not »you«, 100%\"");
    assert_eq!(at(&reply.record, "status"), constant("PERMISSION_DENIED").unwrap());
}

#[tokio::test]
async fn metadata_deadline_credentials_and_trace_are_sent() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    let mut given = options(r#"{"metadata":{"X-Tenant":"acme","x-n":5,"x-two":["a","b"]}}"#);
    let mut metadata = given["metadata"].as_object().unwrap().clone();
    metadata.insert("x-raw-bin".into(), Value::bytes(vec![0xfb, 0xff]));
    metadata.insert("x-none".into(), Value::Absent);
    given.insert("metadata".into(), Value::Object(Arc::new(metadata)));
    given.insert("deadline".into(), Value::duration(std::time::Duration::from_secs(20)));
    let token = Value::object([("token", Value::text_with("geheim-geheim", true))]);
    given.insert("auth".into(), Value::Tagged(Arc::new(Tagged { tag: "bearer", value: token })));
    let call = request("call", &endpoint, "Get", Some(v(r#"{"id":"e1"}"#)), given);
    let reply = perform(&grpc, call).await;
    let got = at(&reply.record, "body.metadata");
    for (name, shown) in [
        ("x-tenant", "\"acme\""),
        ("x-n", "\"5\""),
        ("x-raw-bin", "\"+/8\""),
        ("x-none", "absent"),
        ("authorization", "\"Bearer geheim-geheim\""),
    ] {
        assert_eq!(part(&got, name), shown, "{name}");
    }
    assert!(part(&got, "grpc-timeout").ends_with("u\""), "{}", part(&got, "grpc-timeout"));
    let parent = part(&got, "traceparent");
    assert!(parent.starts_with("\"00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{parent}");
    assert!(part(&got, "user-agent").contains("scn/"));
    // The secret is in the request, and not in the report.
    let report = serde_json::to_string(&reply.exchange).unwrap();
    assert!(!reply.exchange.shell.contains("geheim") && reply.exchange.shell.contains(MASK), "{report}");
    assert!(reply.exchange.request_headers.contains(&("authorization".to_owned(), MASK.to_owned())));
    assert!(reply.exchange.shell.contains("-max-time 20"), "{}", reply.exchange.shell);
    // What is set by hand stays.
    let set = options(r#"{"metadata":{"traceparent":"mine"}}"#);
    let reply = perform(&grpc, request("call", &endpoint, "Get", Some(v(r#"{"id":"e1"}"#)), set)).await;
    assert_eq!(part(&reply.record, "body.metadata.traceparent"), "\"mine\"");
    let off = options(r#"{"trace":false}"#);
    let reply = perform(&grpc, request("call", &endpoint, "Get", Some(v(r#"{"id":"e1"}"#)), off)).await;
    assert_eq!(part(&reply.record, "body.metadata.traceparent"), "absent");
}

#[tokio::test]
async fn basic_credentials_are_base64_and_written_metadata_wins() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    let basic = Value::Tagged(Arc::new(Tagged { tag: "basic", value: v(r#"{"user":"u","password":"p"}"#) }));
    let mut given = Object::from_iter([(Arc::from("auth"), basic)]);
    let call = |given: &Object| request("call", &endpoint, "Get", Some(v(r#"{"id":"e1"}"#)), given.clone());
    let reply = perform(&grpc, call(&given)).await;
    assert_eq!(part(&reply.record, "body.metadata.authorization"), "\"Basic dTpw\"");
    given.insert("metadata".into(), v(r#"{"authorization":"mine"}"#));
    let reply = perform(&grpc, call(&given)).await;
    assert_eq!(part(&reply.record, "body.metadata.authorization"), "\"mine\"");
}

#[tokio::test]
async fn a_secret_in_a_message_is_masked_in_the_exchange() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let session = session();
    session.redactor.register("geheim-geheim");
    let operand = Value::object([
        ("id", Value::text_with("geheim-geheim", true)),
        ("payload", Value::bytes("geheim-geheim".as_bytes().to_vec())),
    ]);
    let call = request("call", &ledger(server.url()), "Get", Some(operand), Object::new());
    let reply = grpc.perform(&call, &session).await.unwrap();
    assert_eq!(part(&reply.record, "body.id"), "\"geheim-geheim\"");
    let report = serde_json::to_string(&reply.exchange).unwrap();
    assert!(!report.contains("geheim") && !report.contains("Z2VoZWltLWdlaGVpb"), "{report}");
    assert!(report.contains(MASK));
}

#[tokio::test]
async fn the_shell_line_repeats_the_call() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let call = request(
        "call",
        &ledger(server.url()),
        "Get",
        Some(v(r#"{"id":"it's","since":"2026-11-22T10:00:00Z"}"#)),
        options(r#"{"metadata":{"x-tenant":"a b"},"trace":false}"#),
    );
    let shell = perform(&grpc, call).await.exchange.shell;
    let root = super::server::contract().import_roots()[0].display().to_string();
    let want = format!(
        "grpcurl -plaintext -import-path {root} -proto ledger.proto -H 'x-tenant: a b' \
         -d '{{\"id\":\"it'\\''s\",\"since\":\"2026-11-22T10:00:00Z\"}}' {} test.v1.Ledger/Get",
        server.addr
    );
    assert_eq!(shell, want);
}

#[tokio::test]
async fn a_client_stream_takes_a_list() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    let reply = get(&grpc, &endpoint, "Import", r#"[{"id":"a"},{"id":"b"},{"id":"c"}]"#).await;
    assert_eq!(part(&reply.record, "body.total"), "3");
    let reply = get(&grpc, &endpoint, "Import", "[]").await;
    assert_eq!(part(&reply.record, "body.total"), "0");
    let reply = get(&grpc, &endpoint, "Import", r#"[{"id":"a"},{"id":"bad"}]"#).await;
    assert_eq!(part(&reply.record, "status"), "\"INVALID_ARGUMENT\"");
    let wrong = request("call", &endpoint, "Import", Some(v(r#"[{"id":"a"},{"idd":"b"}]"#)), Object::new());
    let (message, help) = misuse(&grpc, wrong).await;
    assert_eq!(
        message,
        "this is no `test.v1.Entry`, which `Import` takes: [1].idd: `test.v1.Entry` has no field `idd`"
    );
    assert_eq!(help, "did you mean `id`?");
    let one = request("call", &endpoint, "Import", Some(v(r#"{"id":"a"}"#)), Object::new());
    assert!(misuse(&grpc, one).await.1.starts_with("give a list"));
}

#[tokio::test]
async fn both_compressions_work_both_ways() {
    let (server, grpc) = (Server::start(), Grpc::new());
    for name in ["gzip", "zstd"] {
        let given = options(&format!(r#"{{"compression":"{name}","metadata":{{"x-compress":"1"}}}}"#));
        let call = request("call", &ledger(server.url()), "Get", Some(v(r#"{"id":"e1"}"#)), given);
        let reply = perform(&grpc, call).await;
        assert_eq!(part(&reply.record, "body.id"), "\"e1\"", "{}", show(&reply.record));
        assert_eq!(part(&reply.record, "body.metadata.grpc-encoding"), format!("\"{name}\""));
        assert_eq!(part(&reply.record, "headers.grpc-encoding"), "\"zstd\"");
    }
}

#[tokio::test]
async fn methods_are_found_by_their_short_and_full_names() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    for name in ["Ledger.Get", "test.v1.Ledger.Get", "Only", "Second.Only", "v1.Ledger.Get"] {
        let reply = get(&grpc, &endpoint, name, r#"{"id":"e1"}"#).await;
        assert!(reply.succeeded, "{name}: {}", show(&reply.record));
    }
    let path = Text { text: "/test.v1.Ledger/Get".into(), secret: false };
    let call = Call {
        members: Vec::new(),
        place: Some(CallPlace::Path(path)),
        ..request("call", &endpoint, "", Some(v(r#"{"id":"e1"}"#)), Object::new())
    };
    assert!(perform(&grpc, call).await.succeeded);
    let ask = |name: &str| request("call", &endpoint, name, None, Object::new());
    for (name, message, help) in [
        ("Gett", "`ledger` has no method `Gett`", "did you mean `Get`?"),
        ("Ledgr.Get", "`ledger` has no method `Ledgr.Get`", "did you mean `Ledger.Get`?"),
        (
            "Zebra",
            "`ledger` has no method `Zebra`",
            "it has `Get`, `Watch`, `Import`, `Sync`, `Gone`, `Only`",
        ),
        ("", "`call` needs a method", "write it after the service: `call ledger.GetEntry { … }`"),
        (
            "Watch",
            "`Watch` answers with a stream, and `call` waits for one answer",
            "use `open`: `let feed = open ledger.Watch { … }`",
        ),
    ] {
        assert_eq!(misuse(&grpc, ask(name)).await, (message.to_owned(), help.to_owned()), "{name}");
    }
}

#[tokio::test]
async fn the_same_name_in_two_services_is_asked_back() {
    let grpc = Grpc::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("two.proto");
    let text = r#"syntax = "proto3"; package a; message M {} service One { rpc Get(M) returns (M); } service Two { rpc Get(M) returns (M); }"#;
    std::fs::write(&file, text).unwrap();
    let contract = Contract::Proto(crate::contract::proto::compile(&file).unwrap());
    let endpoint = Arc::new(Endpoint { contract: Some(contract), ..(*ledger("http://127.0.0.1:1")).clone() });
    let (message, help) = misuse(&grpc, request("call", &endpoint, "Get", None, Object::new())).await;
    assert_eq!(message, "several services of `ledger` have a method `Get`");
    assert_eq!(help, "say which: `One.Get` or `Two.Get`");
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_connecting() {
    let grpc = Grpc::new();
    // Nobody listens there: a call that connected would come back with an error record.
    let endpoint = ledger("http://127.0.0.1:1");
    let wrong =
        request("call", &endpoint, "Ledger.Get", Some(v(r#"{"idd":"x","payload":5}"#)), Object::new());
    let (message, help) = misuse(&grpc, wrong).await;
    assert_eq!(
        message,
        "this is no `test.v1.GetRequest`, which `Get` takes: .idd: `test.v1.GetRequest` has no field `idd`; \
         .payload: expected bytes, got number 5"
    );
    assert_eq!(help, "did you mean `id`?");
    for (given, message) in [
        (r#"{"deadlin":1}"#, "gRPC has no option `deadlin`"),
        (r#"{"timeout":1}"#, "gRPC has no option `timeout`"),
        (r#"{"deadline":5}"#, "`deadline` must be a duration such as `2s`, not number 5"),
        (r#"{"compression":"br"}"#, "`compression` must be `\"gzip\"` or `\"zstd\"`, not text \"br\""),
        (r#"{"metadata":{"grpc-timeout":"1S"}}"#, "`grpc-timeout` belongs to the protocol and cannot be set"),
        (r#"{"metadata":{"x-bin":"text"}}"#, "`x-bin` takes bytes, not text \"text\""),
        (r#"{"metadata":{"x":"ü"}}"#, "the value of `x` is not ASCII; a name in `-bin` takes bytes"),
        (r#"{"metadata":{"x":"a\nb"}}"#, "the value of `x` has a character that metadata cannot carry"),
        (r#"{"metadata":{"a b":"x"}}"#, "`a b` is no name of metadata"),
        (r#"{"tls":{"caa":"x"}}"#, "`tls` has no field `caa`"),
        (r#"{"tls":{"key":"x"}}"#, "`key` needs a `cert` beside it"),
        (r#"{"tls":{"ca":"none.pem"}}"#, "cannot read the `ca` file `none.pem`: no such file or directory"),
        (
            r#"{"auth":"x"}"#,
            "`auth` must be `basic(\"user\", \"password\")` or `bearer(token)`, not text \"x\"",
        ),
        (r#"{"contract":"obey"}"#, "`contract` must be `ignore`, not text \"obey\""),
        (r#"{"max_size":-1}"#, "`max_size` must be a size such as `64MiB`, not number -1"),
    ] {
        let call = request("call", &endpoint, "Ledger.Get", None, options(given));
        assert_eq!(misuse(&grpc, call).await.0, message, "{given}");
    }
    let bad = ledger("ftp://127.0.0.1:1");
    let (message, _) = misuse(&grpc, request("call", &bad, "Only", None, Object::new())).await;
    assert_eq!(message, "`ftp://127.0.0.1:1` is no address of a gRPC service: its scheme is `ftp`");
}

#[tokio::test]
async fn connections_are_shared_and_made_anew() {
    let grpc = Grpc::new();
    let server = Server::start();
    let endpoint = ledger(server.url());
    let connected = |reply: &Reply| reply.exchange.phases.iter().any(|(name, _)| name == "connect");
    let first = get(&grpc, &endpoint, "Only", r#"{"id":"a"}"#).await;
    let second = get(&grpc, &endpoint, "Only", r#"{"id":"a"}"#).await;
    assert!(connected(&first) && !connected(&second));
    let addr = server.addr;
    drop(server);
    // The old connection breaks at once or at the next call; a call after that is a new one.
    let lost = get(&grpc, &endpoint, "Only", r#"{"id":"a"}"#).await;
    assert_eq!(part(&lost.record, "status"), "\"UNAVAILABLE\"", "{}", show(&lost.record));
    let listener = loop {
        if let Ok(listener) = std::net::TcpListener::bind(addr) {
            break listener;
        }
        tokio::task::yield_now().await;
    };
    let _again = Server::on(listener, super::server::Setup::default());
    let reply = get(&grpc, &endpoint, "Only", r#"{"id":"a"}"#).await;
    assert!(reply.succeeded && connected(&reply), "{}", show(&reply.record));
}
