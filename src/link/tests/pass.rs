//! Without faults, everything passes as it came.

use super::*;

#[tokio::test]
async fn a_connection_is_used_again_and_requests_may_follow_at_once() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    for number in 1..=3 {
        assert_eq!(caller.post("/orders", "{}").await.unwrap(), (200, format!("{{\"number\":{number}}}")));
    }
    let one = "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n7";
    caller.send(one.repeat(3)).await;
    for number in 4..=6 {
        assert_eq!(caller.answer().await.unwrap(), (200, format!("{{\"number\":{number}}}")));
    }
    assert_eq!(records(&link, 6).await.len(), 6);
}

/// Answers with the head and the body that came, byte by byte.
async fn mirror(mut caller: Caller) {
    let head = caller.until("\r\n\r\n").await.unwrap();
    let body = if head.contains("chunked") { caller.until("\r\n\r\n").await.unwrap() } else { String::new() };
    let body = format!("{head}{body}");
    caller
        .send(format!("HTTP/1.1 200 Fine\r\nX-CaSe: 1\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
        .await;
    let _ = caller.more().await;
}

#[tokio::test]
async fn not_a_byte_of_a_request_is_changed() {
    let link = link(raw(mirror).await, Wire::Http).await;
    let request = "POST /a?b HTTP/1.1\r\nhOST: who\r\nX-B: 2\r\nX-A:1\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3;ext=1\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n";
    let mut caller = Caller::to(link.address()).await;
    caller.send(request).await;
    let head = caller.until("\r\n\r\n").await.unwrap();
    assert!(head.contains("Fine\r\nX-CaSe: 1\r\n"), "{head}");
    let body = caller.exactly(request.len()).await.unwrap();
    assert_eq!(String::from_utf8(body).unwrap(), request);
    let records = records(&link, 1).await;
    assert_eq!(at(&records[0], &["path"]), "\"/a?b\"");
    assert_eq!(at(&records[0], &["request_size"]), "3");
    assert_eq!(at(&records[0], &["headers", "x-b"]), "\"2\"");
}

/// Asks for the body, hints, and then answers in chunks with trailers.
async fn interim(mut caller: Caller) {
    caller.until("\r\n\r\n").await.unwrap();
    caller.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    caller.exactly(3).await.unwrap();
    caller.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n").await;
    caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n").await;
    let _ = caller.more().await;
}

#[tokio::test]
async fn interim_answers_and_trailers_pass() {
    let link = link(raw(interim).await, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller.send("PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").await;
    caller.until("100 Continue\r\n\r\n").await.unwrap();
    caller.send("abc").await;
    let rest = caller.until("X-T: 1\r\n\r\n").await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 103 Early Hints\r\n"), "{rest}");
    let records = records(&link, 1).await;
    assert_eq!(at(&records[0], &["response", "status"]), "200");
    assert_eq!(at(&records[0], &["response", "trailers", "x-t"]), "\"1\"");
    assert_eq!(at(&records[0], &["response_size"]), "2");
}

/// Sends an event and the next one only when the caller has said that the first came.
async fn events(mut caller: Caller) {
    caller.until("\r\n\r\n").await.unwrap();
    caller.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n").await;
    caller.until("more").await.unwrap();
    caller.send("data: 2\n\n").await;
}

#[tokio::test]
async fn a_stream_passes_as_it_comes() {
    let link = link(raw(events).await, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n").await;
    caller.until("data: 1\n\n").await.unwrap();
    caller.send("more").await;
    caller.until("data: 2\n\n").await.unwrap();
    assert_eq!(caller.more().await.unwrap(), 0);
    assert_eq!(at(&records(&link, 1).await[0], &["response_size"]), "18");
}

async fn upgrade(mut caller: Caller) {
    caller.until("\r\n\r\n").await.unwrap();
    caller.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n").await;
    let said = caller.exactly(4).await.unwrap();
    caller.send([b"you said ", &said[..]].concat()).await;
}

#[tokio::test]
async fn after_an_upgrade_bytes_pass() {
    let link = link(raw(upgrade).await, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller
        .send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n\0\x01\x02\xff")
        .await;
    assert!(caller.until("you said \0").await.is_ok());
    assert_eq!(at(&records(&link, 1).await[0], &["response", "status"]), "101");
}

async fn hello(mut caller: Caller) {
    let first = caller.exactly(5).await.unwrap();
    caller.send(first).await;
}

#[tokio::test]
async fn what_is_no_http_passes_as_bytes() {
    for wire in [Wire::Http, Wire::Grpc, Wire::Bytes] {
        let link = link(raw(hello).await, wire).await;
        let mut caller = Caller::to(link.address()).await;
        caller.send(b"\x16\x03\x01\x02\x00").await;
        assert_eq!(caller.exactly(5).await.unwrap(), b"\x16\x03\x01\x02\x00");
        assert_eq!(caller.more().await.unwrap(), 0);
        assert_eq!(link.calls().items().unwrap().len(), 0);
    }
}

async fn greet(mut caller: Caller) {
    caller.send("220 ready\r\n").await;
    let _ = caller.more().await;
}

#[tokio::test]
async fn a_service_may_speak_first() {
    let link = link(raw(greet).await, Wire::Http).await;
    assert_eq!(Caller::to(link.address()).await.until("\r\n").await.unwrap(), "220 ready\r\n");
}

async fn resets(mut caller: Caller) {
    caller.until("\r\n\r\n").await.unwrap();
    caller.io.set_zero_linger().unwrap();
}

async fn breaks_off(mut caller: Caller) {
    caller.until("\r\n\r\n").await.unwrap();
    caller.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").await;
}

#[tokio::test]
async fn what_the_service_does_to_a_connection_is_done_to_the_callers() {
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let reset = link(raw(resets).await, Wire::Http).await;
    let mut caller = Caller::to(reset.address()).await;
    caller.send(get).await;
    assert_eq!(caller.more().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(at(&records(&reset, 1).await[0], &["error", "kind"]), "\"reset\"");

    let short = link(raw(breaks_off).await, Wire::Http).await;
    let mut caller = Caller::to(short.address()).await;
    caller.send(get).await;
    caller.until("abc").await.unwrap();
    assert_eq!(caller.more().await.unwrap(), 0);
    assert_eq!(at(&records(&short, 1).await[0], &["error", "kind"]), "\"reset\"");

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    // A caller of HTTP is heard out first: what it wants is a call.
    for (wire, says) in
        [(Wire::Http, get), (Wire::Grpc, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), (Wire::Bytes, "")]
    {
        let refused = link(nobody, wire).await;
        let mut caller = Caller::to(refused.address()).await;
        caller.send(says).await;
        assert!(caller.more().await.is_err(), "{wire:?}");
    }
}

#[tokio::test]
async fn large_bodies_pass_whole_and_are_kept_in_part() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let body = "0123456789".repeat(150_000);
    let mut caller = Caller::to(link.address()).await;
    let (status, text) = caller.post("/echo", &body).await.unwrap();
    assert_eq!((status, text == body), (200, true));
    let record = &records(&link, 1).await[0];
    assert_eq!(at(record, &["request_size"]), "1500000");
    assert_eq!(at(record, &["raw"]), "absent");
    assert!(at(record, &["body"]).contains("the link kept 1048576 of its 1500000 bytes"));
}

#[tokio::test]
async fn what_is_not_as_it_says_passes_and_leaves_a_hole() {
    async fn lies(mut caller: Caller) {
        caller.until("\r\n\r\n").await.unwrap();
        caller.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\nnor this").await;
        caller.until("again").await.unwrap();
        caller.send(" and more").await;
    }
    let link = link(raw(lies).await, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    caller.until("no chunk\r\nnor this").await.unwrap();
    caller.send("again").await;
    caller.until(" and more").await.unwrap();
    assert_eq!(at(&records(&link, 1).await[0], &["error", "kind"]), "\"protocol\"");
    assert_eq!(link.calls().dropped(), 1);
}

#[tokio::test]
async fn a_head_without_end_passes_as_bytes() {
    let link = link(raw(mirror).await, Wire::Http).await;
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "x".repeat(400_000));
    let mut caller = Caller::to(link.address()).await;
    caller.send(&request).await;
    caller.until("\r\n\r\n").await.unwrap();
    assert_eq!(caller.exactly(request.len()).await.unwrap(), request.as_bytes());
    assert_eq!(link.calls().dropped(), 1);
}

/// Answers without end, and counts what it could send.
static SENT: AtomicUsize = AtomicUsize::new(0);

async fn endless(mut caller: Caller) {
    caller.until("\r\n\r\n").await.unwrap();
    caller.send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n").await;
    let piece = vec![b'x'; 64 << 10];
    while caller.io.write_all(&piece).await.is_ok() {
        SENT.fetch_add(piece.len(), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_caller_that_reads_nothing_holds_the_service_up() {
    let latency = Kind::Latency { by: Duration::from_millis(1), jitter: Duration::ZERO };
    for faults in [Vec::new(), vec![fault(latency, Select::default())]] {
        SENT.store(0, Ordering::SeqCst);
        let link = link(raw(endless).await, Wire::Http).await;
        let (_work, _) = apply(&link, faults);
        let mut caller = Caller::to(link.address()).await;
        caller.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        // Until nothing more fits anywhere.
        let mut sent = 0;
        while sent == 0 || sent != SENT.load(Ordering::SeqCst) {
            sent = SENT.load(Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(sent < 64 << 20, "{sent} bytes went somewhere");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_connections_have_their_calls() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let address = link.address();
        callers.spawn(async move {
            let mut caller = Caller::to(address).await;
            for _ in 0..5 {
                assert_eq!(caller.post("/orders", "{}").await.unwrap().0, 200);
            }
        });
    }
    soon(callers.join_all()).await;
    assert_eq!((shop.done(), records(&link, 500).await.len(), link.calls().dropped()), (500, 500, 0));
}

#[tokio::test]
async fn a_redirected_connection_asks_another() {
    let (first, second) = (Shop::open().await, Shop::open().await);
    let link = link(first.address, Wire::Http).await;
    let mut caller = Caller::to(link.address()).await;
    caller.post("/orders", "a").await.unwrap();
    link.redirect(Some(second.address));
    caller.post("/orders", "b").await.unwrap();
    link.redirect(None);
    caller.post("/orders", "c").await.unwrap();
    assert_eq!((first.done(), second.done()), (2, 1));
}

#[tokio::test]
async fn a_dropped_link_is_gone_with_its_connections() {
    let shop = Shop::open().await;
    let link = link(shop.address, Wire::Http).await;
    let address = link.address();
    let mut caller = Caller::to(address).await;
    caller.post("/orders", "a").await.unwrap();
    drop(link);
    assert!(matches!(caller.more().await, Ok(0) | Err(_)));
    soon(async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await
        }
    })
    .await;
}
