//! Subjects: publish, request, subscribe.

use super::*;
use crate::protocol::Protocol as _;
use crate::protocol::broker::test_server::{kind_of, messages, over, part};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_is_published_after_open_comes_in_order() {
    let (_server, world) = server("").await;
    let orders = world.open("orders.>", none()).await;
    for n in 0..500 {
        let body = json(&format!("{{\"n\":{n}}}"));
        world.done("publish", "orders.created", Some(body), json(r#"{"headers":{"X-A":["1","2"]}}"#)).await;
    }
    world.done("publish", "other", Some(json("{}")), none()).await;
    world.on("close", &orders, None, none()).await.unwrap();
    let items = orders.items().unwrap();
    assert_eq!(items.len(), 500);
    for (n, item) in items.iter().enumerate() {
        assert_eq!(part(&part(item, "body"), "n"), Value::int(n as i128));
        assert_eq!(part(item, "subject"), Value::text("orders.created"));
    }
    assert_eq!(part(&part(&items[0], "headers"), "X-A"), json(r#"["1","2"]"#));
    assert_eq!((orders.is_over(), orders.field("error")), (true, Some(Value::Absent)));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn bodies_are_what_they_are_or_break_what_wants_another() {
    let (_server, world) = server("").await;
    let any = world.open("a", none()).await;
    let strict = world.open("a", json(r#"{"body":"json"}"#)).await;
    let text = world.open("a", json(r#"{"body":"text"}"#)).await;
    world.done("publish", "a", Some(json("[1]")), none()).await;
    world.done("publish", "a", Some(Value::text("{\"half\":")), none()).await;
    world.done("publish", "a", Some(Value::bytes(&b"\xff\x00"[..])), none()).await;
    world.done("publish", "a", None, none()).await;
    let items = messages(&any, 4).await;
    let bodies: Vec<Value> = items.iter().map(|item| part(item, "body")).collect();
    assert_eq!(
        bodies,
        [json("[1]"), Value::text("{\"half\":"), Value::bytes(&b"\xff\x00"[..]), Value::text("")]
    );
    let (kind, message) = over(&strict).await;
    assert!(kind == "protocol" && message.contains("no JSON"), "{message}");
    assert_eq!(strict.items().unwrap().len(), 1);
    let (kind, message) = over(&text).await;
    assert!(kind == "protocol" && message.contains("no UTF-8"), "{message}");
    // Closing what had broken off is no success.
    let closed = world.on("close", &strict, None, none()).await.unwrap();
    assert_eq!((closed.succeeded, kind_of(&closed.record).0.as_str()), (false, "protocol"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_request_is_answered_or_says_that_nobody_is_there() {
    let (_server, world) = server("").await;
    let (kind, message) = world.fails("request", "orders.get", Some(json("{}")), none()).await;
    assert!(kind == "no_responders" && message.contains("`orders.get`"), "{kind}: {message}");
    let asked = world.open("orders.get", none()).await;
    let (kind, _) = world.fails("request", "orders.get", None, within("timeout", 100, "{}")).await;
    assert_eq!(kind, "timeout");
    let answer = async {
        let question = messages(&asked, 2).await.pop().unwrap();
        let reply = part(&question, "reply");
        world.done("publish", reply.as_text().unwrap(), Some(json(r#"{"id":7}"#)), none()).await;
    };
    let (record, ()) = tokio::join!(world.done("request", "orders.get", None, none()), answer);
    assert_eq!(part(&record, "body"), json(r#"{"id":7}"#));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_queue_shares_messages_among_its_members() {
    let (_server, world) = server("").await;
    let queue = json(r#"{"queue":"workers"}"#);
    let (a, b) = (world.open("work", queue.clone()).await, world.open("work", queue).await);
    for _ in 0..50 {
        world.done("publish", "work", None, none()).await;
    }
    for live in [&a, &b] {
        world.on("close", live, None, none()).await.unwrap();
    }
    assert_eq!(a.items().unwrap().len() + b.items().unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_server_that_is_killed_breaks_every_subscription_and_nothing_hides_it() {
    let (mut server, world) = server("").await;
    let orders = world.open("orders", none()).await;
    world.done("publish", "orders", None, none()).await;
    messages(&orders, 1).await;
    server.kill();
    assert_eq!(over(&orders).await.0, "reset");
    // The kept connection may not have heard of it yet; then this call is what finds out.
    let (kind, message) = world.fails("publish", "orders", None, none()).await;
    assert!(kind == "refused" || kind == "reset", "{kind}: {message}");
    let (kind, message) = world.fails("publish", "orders", None, none()).await;
    assert!(kind == "refused" && message.contains("nothing listens"), "{kind}: {message}");
    let (kind, _) = world.fails("open", "orders", None, none()).await;
    assert_eq!(kind, "refused");
    assert!(world.protocol.healthy(&world.endpoint).await.unwrap_err().contains("refused"));
    server.again().await;
    world.protocol.healthy(&world.endpoint).await.unwrap();
    world.done("publish", "orders", None, none()).await;
    // It did not come back behind the scenario's back.
    assert_eq!((orders.items().unwrap().len(), orders.is_over()), (1, true));
    let closed = world.on("close", &orders, None, none()).await.unwrap();
    assert_eq!(kind_of(&closed.record).0, "reset");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_is_too_much_is_told() {
    let (_server, world) = server("max_payload: 1024").await;
    let large = Value::text("x".repeat(1025));
    let (kind, message) = world.fails("publish", "a", Some(large.clone()), none()).await;
    assert!(kind == "too_large" && message.contains("at most 1024"), "{kind}: {message}");
    assert_eq!(world.fails("request", "a", Some(large), none()).await.0, "too_large");
    let few = world.open("a", json(r#"{"limit":2000}"#)).await;
    for _ in 0..3 {
        world.done("publish", "a", Some(Value::text("x".repeat(1000))), none()).await;
    }
    let (kind, message) = over(&few).await;
    assert!(kind == "protocol" && message.contains("limit of 2000 bytes"), "{message}");
    assert_eq!(few.items().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_consumer_that_is_too_slow_is_broken_off() {
    // The server hangs up on who has more waiting than this, which one message is.
    let (_server, world) = server("max_pending: 2048\nmax_payload: 1024").await;
    let slow = world.open("a", none()).await;
    let payload = Value::text("x".repeat(1000));
    let mut sent = 0;
    while !slow.is_over() && sent < 2000 {
        let burst = (0..16).map(|_| world.ask("publish", "a", Some(payload.clone()), none()));
        futures_util::future::join_all(burst).await;
        sent += 16;
    }
    if slow.is_over() {
        assert!(["reset", "slow_consumer"].contains(&over(&slow).await.0.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_nats_says_so() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut io, _)) = listener.accept().await {
            let _ = io.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let world = World::new(Nats::new(), &url);
    let (kind, message) = world.fails("publish", "a", None, none()).await;
    assert!(kind == "protocol" && message.contains("does not speak NATS"), "{kind}: {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_and_one_that_is_not_there() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("nats://{}", listener.local_addr().unwrap());
    let world = World::new(Nats::new(), &url);
    assert_eq!(world.fails("publish", "a", None, within("timeout", 50, "{}")).await.0, "timeout");
    drop(listener);
    assert_eq!(world.fails("publish", "a", None, none()).await.0, "refused");
    let world = World::new(Nats::new(), "nats://no-such-host.invalid:4222");
    assert_eq!(world.fails("publish", "a", None, none()).await.0, "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_before_anything_is_sent() {
    let world = World::new(Nats::new(), "nats://127.0.0.1:1");
    for (verb, place, operand, options, part) in [
        ("publish", "a b", None, "{}", "white space"),
        ("publish", "a.*", None, "{}", "wildcard"),
        ("publish", "", None, "{}", "empty"),
        ("request", "a..b", None, "{}", "empty"),
        ("open", "a.>.b", None, "{}", "nothing follows"),
        ("open", "a", Some("{}"), "{}", "subject alone"),
        ("open", "a", None, r#"{"durable":"x"}"#, "consumer of a stream"),
        ("open", "a", None, r#"{"stream":"A.B"}"#, "no name"),
        ("open", "a", None, r#"{"stream":"S","deliver":"new","since":2}"#, "both say"),
        ("open", "a", None, r#"{"deliver":"newest"}"#, "one of all, new"),
        ("publish", "a", None, r#"{"headers":{"A b":"c"}}"#, "cannot name a header"),
        ("publish", "a", None, r#"{"headers":{"A":"b\r\nC: d"}}"#, "line break"),
        ("publish", "a", None, r#"{"tiemout":1}"#, "no option `tiemout`"),
        ("publish", "a", None, r#"{"nkey":"SUNOTASEED"}"#, "refused"),
    ] {
        let call = world.call(verb, place, operand.map(json), json(options));
        let told = match world.send(call).await {
            Err(misuse) => misuse.message,
            Ok(reply) => kind_of(&reply.record).0,
        };
        assert!(told.contains(part), "{verb} {place} {options}: {told}");
    }
}
