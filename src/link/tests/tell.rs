//! What a link tells of what passed.

use super::*;
use crate::link::calls::Calls;
use crate::value::Stopwatch;

#[tokio::test]
async fn a_call_is_told_in_full() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller
        .send(
            "POST /orders?x=1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer geheim\r\nX-A: 1\r\nx-a: 2\r\n\
             traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
             Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{\"id\":7}",
        )
        .await;
    caller.answer().await.unwrap();
    let record = &records(&link, 1).await[0];
    for (path, value) in [
        (&["from"][..], "\"orders\""),
        (&["to"], "\"ledger\""),
        (&["method"], "\"POST\""),
        (&["path"], "\"/orders?x=1\""),
        (&["headers", "x-a"], "[\"1\", \"2\"]"),
        (&["body"], "{ id: 7 }"),
        (&["request"], "{ id: 7 }"),
        (&["response", "status"], "200"),
        (&["response", "body"], "{ number: 1 }"),
        (&["response", "sent"], "true"),
        (&["error"], "absent"),
        (&["faults"], "[]"),
        (&["attempt"], "1"),
        (&["request_size"], "8"),
        (&["response_size"], "12"),
        (&["trace"], "\"0af7651916cd43dd8448eb211c80319c\""),
    ] {
        assert_eq!(at(record, path), value, "{path:?}");
    }
    assert!(!show(record).contains("geheim"), "{}", show(record));
    let time = |name: &str| record.as_object().and_then(|fields| fields.get(name)?.as_duration()).unwrap();
    assert!(time("start") <= time("end"));
}

#[tokio::test]
async fn a_caller_that_leaves_in_the_middle_of_its_request_is_not_left_by_the_service() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = link(listener.local_addr().unwrap(), Wire::Http).await;
    // Closes when nothing more comes.
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.unwrap();
    });
    let mut caller = Caller::to(link.address()).await;
    caller.send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nabc").await;
    drop(caller);
    let record = &records(&link, 1).await[0];
    assert_eq!(at(record, &["error", "kind"]), "\"cancelled\"");
    assert!(
        at(record, &["error", "message"]).contains("before its request was complete"),
        "{}",
        show(record)
    );
}

#[tokio::test]
async fn histories_are_parts_and_sums_of_others() {
    let shop = Shop::open().await;
    let (one, two) = (link(shop.address, Wire::Http).await, link(shop.address, Wire::Http).await);
    post(&one, "/orders", "a").await.unwrap();
    post(&two, "/orders", "b").await.unwrap();
    post(&one, "/echo", "c").await.unwrap();
    records(&one, 2).await;
    records(&two, 1).await;
    let both = Calls::merged(&[one.calls(), two.calls()]);
    let bodies: Vec<String> = both.items().unwrap().iter().map(|record| at(record, &["raw"])).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[0] < bodies[1] && bodies[1] < bodies[2], "{bodies:?}");
    assert_eq!(both.of("GET").items().unwrap().len(), 0);
    assert_eq!(&*both.of("POST").name(), "orders -> ledger.POST");
    let later = one.calls().from_now();
    assert_eq!(later.field("count"), Some(Value::int(0)));
    post(&one, "/orders", "d").await.unwrap();
    records(&one, 3).await;
    assert_eq!(later.field("count"), Some(Value::int(1)));
    later.forget_before();
    assert_eq!((one.calls().items().unwrap().len(), later.items().unwrap().len()), (1, 1));
    assert_eq!(later.dropped(), 0);
}

#[tokio::test]
async fn a_call_that_lasts_has_no_end_and_wakes_who_waits() {
    async fn slow(mut caller: Caller) {
        caller.until("\r\n\r\n").await.unwrap();
        caller.until("go").await.unwrap();
        caller.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    }
    let link = link(raw(slow).await, Wire::Http).await;
    let calls = link.calls();
    let seen = calls.version();
    let mut caller = Caller::to(link.address()).await;
    caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n").await;
    soon(calls.changed(seen)).await;
    let now = calls.items().unwrap();
    assert_eq!((at(&now[0], &["end"]), at(&now[0], &["response"])), ("absent".into(), "absent".into()));
    caller.send("go").await;
    assert_eq!(at(&records(&link, 1).await[0], &["response", "status"]), "204");
}

/// A message of gRPC, `flag` saying whether it is compressed.
fn framed(flag: u8, bytes: &[u8]) -> Vec<u8> {
    [&[flag][..], &(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

#[tokio::test]
async fn messages_are_told_by_their_contract_also_compressed_ones() {
    use async_compression::tokio::bufread::{GzipEncoder, ZstdEncoder};
    use http::HeaderMap;

    use crate::contract::{Contract, proto};
    use crate::link::calls::log::{Head, Headers, Log};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("l.proto");
    let text = "syntax = \"proto3\"; package l; message M { string id = 1; } \
                service L { rpc Post(M) returns (M); rpc Put(stream M) returns (stream M); }";
    std::fs::write(&file, text).unwrap();
    let spec = Spec {
        from: "a".into(),
        to: "b".into(),
        wire: Wire::Grpc,
        upstream: "127.0.0.1:1".parse().unwrap(),
        contract: Some(Contract::Proto(proto::compile(&file).unwrap())),
        stopwatch: Stopwatch::start(),
    };
    let plain = b"\x0a\x01x";
    let (mut gzip, mut zstd) = (Vec::new(), Vec::new());
    GzipEncoder::new(&plain[..]).read_to_end(&mut gzip).await.unwrap();
    ZstdEncoder::new(&plain[..]).read_to_end(&mut zstd).await.unwrap();
    for (path, coding, sent, told) in [
        ("/l.L/Post", "identity", framed(0, plain), "{ id: \"x\" }"),
        ("/l.L/Post", "gzip", framed(1, &gzip), "{ id: \"x\" }"),
        ("/l.L/Post", "zstd", framed(1, &zstd), "{ id: \"x\" }"),
        ("/l.L/Put", "identity", framed(0, plain), "[{ id: \"x\" }]"),
        ("/l.L/Put", "identity", framed(0, plain).repeat(2), "[{ id: \"x\" }, { id: \"x\" }]"),
        ("/l.L/Post", "gzip", framed(1, b"no gzip"), "unreadable("),
        ("/l.L/Post", "identity", framed(0, b"\x0a\x05x"), "unreadable("),
        ("/l.L/Post", "identity", framed(0, plain)[..6].to_vec(), "unreadable("),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-encoding", coding.parse().unwrap());
        let log = Log::new(&spec);
        let headers = Headers::Map(headers);
        let call = log.begin(Head { method: "POST".into(), target: path.into(), headers, is_grpc: true });
        call.request(&sent);
        call.requested();
        let body = at(&call.record(), &["body"]);
        assert!(body.starts_with(told), "{path} {coding}: {body}");
    }
}

#[tokio::test]
async fn what_is_not_understood_leaves_a_hole_in_the_history() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    // Whoever only looks whether someone listens makes no call.
    drop(TcpStream::connect(link.address()).await.unwrap());
    let mut caller = Caller::to(link.address()).await;
    caller.post("/orders", "a").await.unwrap();
    assert_eq!(link.calls().dropped(), 0);
    let mut stranger = Caller::to(link.address()).await;
    stranger.send("\u{16}\u{3}\u{1} no HTTP at all\r\n\r\n").await;
    let _ = soon(stranger.more()).await;
    assert_eq!(link.calls().dropped(), 1);
}

#[tokio::test]
async fn a_hole_is_in_the_history_in_which_it_came() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let mut stranger = Caller::to(link.address()).await;
    stranger.send("\u{16}\u{3}\u{1} no HTTP at all\r\n\r\n").await;
    let _ = soon(stranger.more()).await;
    let later = link.calls().from_now();
    post(&link, "/orders", "a").await.unwrap();
    records(&link, 1).await;
    assert_eq!((link.calls().dropped(), later.dropped()), (1, 0));
}

#[tokio::test]
async fn calls_may_hide_behind_an_upgrade_and_frames_of_a_web_socket_are_none() {
    async fn upgrades(mut caller: Caller) {
        let head = caller.until("\r\n\r\n").await.unwrap();
        let protocol = head.split("upgrade: ").nth(1).unwrap().split("\r\n").next().unwrap();
        caller
            .send(format!(
                "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: {protocol}\r\n\r\n"
            ))
            .await;
        caller.until("hidden").await.unwrap();
        caller.send("seen").await;
    }
    let link = link(raw(upgrades).await, Wire::Http).await;
    for (protocol, holes) in [("websocket", 0), ("h2c", 1)] {
        let before = link.calls().from_now();
        let mut caller = Caller::to(link.address()).await;
        caller
            .send(format!(
                "GET / HTTP/1.1\r\nHost: a\r\nconnection: upgrade\r\nupgrade: {protocol}\r\n\r\nhidden"
            ))
            .await;
        caller.until("seen").await.unwrap();
        assert_eq!((before.dropped(), before.items().unwrap().len()), (holes, 1), "{protocol}");
    }
}

#[tokio::test]
async fn grpc_web_is_http_and_no_grpc() {
    async fn web(mut caller: Caller) {
        caller.until("\r\n\r\n").await.unwrap();
        caller.send("HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\ncontent-length: 5\r\n\r\n\0\0\0\0\0").await;
    }
    let link = link(raw(web).await, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller.send("POST /l.L/Post HTTP/1.1\r\nHost: a\r\ncontent-type: application/grpc-web+proto\r\nContent-Length: 0\r\n\r\n").await;
    caller.answer().await.unwrap();
    let record = &records(&link, 1).await[0];
    assert_eq!(
        (at(record, &["method"]), at(record, &["response", "status"])),
        ("\"POST\"".into(), "200".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_the_answer_finds_it_told() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    for number in 1..=500 {
        caller.post("/orders", "a").await.unwrap();
        let records = link.calls().items().unwrap();
        let record = &records[number - 1];
        assert_eq!(at(record, &["response", "body"]), format!("{{ number: {number} }}"));
        assert_ne!(at(record, &["end"]), "absent", "{number}");
    }
}

#[tokio::test]
async fn a_call_to_a_service_that_is_not_there_was_made() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let link = link(gone, Wire::Http).await;
    for _ in 0..2 {
        let error = post(&link, "/orders", "a").await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    let records = records(&link, 2).await;
    assert_eq!(at(&records[1], &["error", "kind"]), "\"refused\"");
    assert_eq!(at(&records[1], &["path"]), "\"/orders\"");
}
