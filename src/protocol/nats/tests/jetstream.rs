//! Streams and consumers.

use super::*;
use crate::protocol::broker::test_server::{kind_of, messages, over, part};

async fn with_stream() -> (Server, World<Nats>) {
    let (server, world) = server("").await;
    let config = json(r#"{"name":"ORDERS","subjects":["orders.>"]}"#);
    world.done("request", "$JS.API.STREAM.CREATE.ORDERS", Some(config), none()).await;
    (server, world)
}

const STREAM: &str = r#"{"stream":"ORDERS"}"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_stream_says_where_it_stored_a_message_and_whether_it_had_it() {
    let (_server, world) = with_stream().await;
    let once = json(r#"{"stream":"ORDERS","headers":{"Nats-Msg-Id":"o-1"}}"#);
    let first = world.done("publish", "orders.created", Some(json("{}")), once.clone()).await;
    assert_eq!((part(&first, "seq"), part(&first, "duplicate")), (Value::int(1), Value::Bool(false)));
    let again = world.done("publish", "orders.created", Some(json("{}")), once).await;
    assert_eq!((part(&again, "seq"), part(&again, "duplicate")), (Value::int(1), Value::Bool(true)));
    // Without an id, twice is twice.
    for seq in [2, 3] {
        let stored = world.done("publish", "orders.created", None, json(STREAM)).await;
        assert_eq!((part(&stored, "stream"), part(&stored, "seq")), (Value::text("ORDERS"), Value::int(seq)));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn where_no_stream_is_nothing_is_stored() {
    let (_server, world) = with_stream().await;
    let (kind, message) = world.fails("publish", "elsewhere", None, json(STREAM)).await;
    assert!(kind == "no_stream" && message.contains("no stream stores `elsewhere`"), "{kind}: {message}");
    let (kind, message) = world.fails("publish", "orders.x", None, json(r#"{"stream":"OTHER"}"#)).await;
    assert!(kind == "jetstream" && message.contains("expected stream"), "{kind}: {message}");
    assert_eq!(world.fails("open", "orders.>", None, json(r#"{"stream":"OTHER"}"#)).await.0, "no_stream");
    // Somebody answers who is no stream.
    let liar = world.open("lies", none()).await;
    let lie = async {
        let asked = messages(&liar, 1).await.pop().unwrap();
        world
            .done("publish", part(&asked, "reply").as_text().unwrap(), Some(json(r#"{"ok":1}"#)), none())
            .await;
    };
    let (told, ()) = tokio::join!(world.fails("publish", "lies", None, json(STREAM)), lie);
    assert!(told.0 == "protocol" && told.1.contains("no stream"), "{told:?}");
    // What JetStream's own API refuses is no success.
    let wrong =
        world.fails("request", "$JS.API.STREAM.CREATE.X", Some(json(r#"{"name":"Y"}"#)), none()).await;
    assert_eq!(wrong.0, "jetstream");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_consumer_begins_where_it_should_and_reads_on() {
    let (_server, world) = with_stream().await;
    let publish = async |n: i32| {
        world.done("publish", "orders.created", Some(json(&n.to_string())), json(STREAM)).await;
    };
    for n in 1..=600 {
        publish(n).await;
    }
    let options = |rest: &str| json(&format!(r#"{{"stream":"ORDERS"{rest}}}"#));
    let all = world.open("orders.>", options("")).await;
    let new = world.open("orders.>", options(r#","deliver":"new""#)).await;
    let last = world.open("orders.>", options(r#","deliver":"last""#)).await;
    let from = world.open("orders.>", options(r#","since":599"#)).await;
    publish(601).await;
    let seqs = |items: Vec<Value>| items.iter().map(|item| part(item, "seq").to_owned()).collect::<Vec<_>>();
    let every = messages(&all, 601).await;
    assert_eq!(part(&every[600], "body"), Value::text("601"));
    assert_eq!(
        (part(&every[0], "deliveries"), part(&every[0], "redelivered")),
        (Value::int(1), Value::Bool(false))
    );
    assert_eq!(seqs(every), (1..=601).map(|seq: i32| Value::int(seq)).collect::<Vec<_>>());
    assert_eq!(seqs(messages(&new, 1).await), [Value::int(601)]);
    assert_eq!(seqs(messages(&last, 2).await), [Value::int(600), Value::int(601)]);
    assert_eq!(seqs(messages(&from, 3).await), [Value::int(599), Value::int(600), Value::int(601)]);
    let refused = world.on("ack", &all, all.items().unwrap().pop(), none()).await.unwrap_err();
    assert!(refused.message.contains("wants nothing confirmed"), "{refused:?}");
    world.on("close", &all, None, none()).await.unwrap();
    assert!(all.is_over());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_is_given_back_comes_again_and_what_is_confirmed_does_not() {
    let (_server, world) = with_stream().await;
    for n in ["1", "2", "3"] {
        world.done("publish", "orders.created", Some(json(n)), json(STREAM)).await;
    }
    let durable = r#"{"stream":"ORDERS","durable":"billing","ack":"explicit"}"#;
    let work = world.open("orders.>", json(durable)).await;
    assert_eq!(work.field("consumer"), Some(Value::text("billing")));
    let items = messages(&work, 3).await;
    for (verb, item) in [("ack", &items[0]), ("nak", &items[1]), ("term", &items[2])] {
        let reply = world.on(verb, &work, Some(item.clone()), none()).await.unwrap();
        assert!(reply.succeeded, "{verb}: {:?}", reply.record);
    }
    let again = messages(&work, 4).await;
    let told = |item: &Value| (part(item, "seq"), part(item, "deliveries"), part(item, "redelivered"));
    assert_eq!(told(&again[3]), (Value::int(2), Value::int(2), Value::Bool(true)));
    world.on("cancel", &work, None, none()).await.unwrap();
    // It goes on where it was: only the second was never confirmed.
    let work = world.open("orders.>", json(durable)).await;
    world.done("publish", "orders.created", None, json(STREAM)).await;
    let seqs: Vec<Value> = messages(&work, 1).await.iter().map(|item| part(item, "seq")).collect();
    assert!(!seqs.contains(&Value::int(1)) && !seqs.contains(&Value::int(3)), "{seqs:?}");
    let plain = world.open("orders.>", none()).await;
    let refused = world.on("nak", &plain, Some(items[0].clone()), none()).await.unwrap_err();
    assert!(refused.message.contains("plain subscription"), "{refused:?}");
    let refused = world.on("ack", &work, Some(json("{}")), none()).await.unwrap_err();
    assert!(refused.message.contains("no message of a consumer"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_is_not_confirmed_in_time_comes_again_so_often() {
    let (_server, world) = with_stream().await;
    let options = within("ack_wait", 200, r#"{"stream":"ORDERS","ack":"explicit","max_deliver":3}"#);
    let work = world.open("orders.>", options).await;
    world.done("publish", "orders.created", None, json(STREAM)).await;
    let items = messages(&work, 3).await;
    let times: Vec<Value> = items.iter().map(|item| part(item, "deliveries")).collect();
    assert_eq!(times, [Value::int(1), Value::int(2), Value::int(3)]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_consumer_that_is_deleted_ends_with_an_error() {
    let (mut server, world) = with_stream().await;
    let work = world.open("orders.>", json(STREAM)).await;
    let name = part(&Value::Live(work.clone()), "consumer");
    let api = format!("$JS.API.CONSUMER.DELETE.ORDERS.{}", name.as_text().unwrap());
    world.done("request", &api, None, none()).await;
    let (kind, message) = over(&work).await;
    assert!(kind == "jetstream" && message.contains("Deleted"), "{kind}: {message}");
    let other = world.open("orders.>", json(STREAM)).await;
    server.kill();
    assert_eq!(over(&other).await.0, "reset");
    let closed = world.on("close", &other, None, none()).await.unwrap();
    assert_eq!(kind_of(&closed.record).0, "reset");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn a_server_without_jetstream_says_so() {
    let arguments = ["-a", "127.0.0.1", "-p", "{port}"];
    let server = Server::start("SCN_TEST_NATS_SERVER", "nats", "", &arguments).await;
    let world = World::new(Nats::new(), &server.url);
    let (kind, message) = world.fails("open", "a", None, json(STREAM)).await;
    assert!(kind == "jetstream" && message.contains("nats-server -js"), "{kind}: {message}");
    assert_eq!(world.fails("request", "$JS.API.INFO", None, none()).await.0, "jetstream");
    assert_eq!(world.fails("publish", "a", None, json(STREAM)).await.0, "no_stream");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_somebody_else_took_of_a_consumer_is_missed() {
    let (_server, world) = with_stream().await;
    let work = world.open("orders.>", json(STREAM)).await;
    world.done("publish", "orders.created", Some(json("{\"n\":1}")), json(STREAM)).await;
    messages(&work, 1).await;
    // Its next one goes to whoever has asked first, so that many are asked for.
    let name = part(&Value::Live(work.clone()), "consumer");
    let thief = world.open("stolen", none()).await;
    let ask = format!("$JS.API.CONSUMER.MSG.NEXT.ORDERS.{}", name.as_text().unwrap());
    let connection = crate::protocol::nats::connection::Connection::open(
        &crate::protocol::nats::target::Target::new(&world.endpoint).unwrap().0,
        &crate::protocol::nats::target::Login::default(),
        None,
    )
    .await
    .unwrap();
    let mut ops = crate::protocol::nats::wire::Ops::default();
    ops.publish(&ask, Some("stolen"), &[], b"{\"batch\":1000}");
    connection.exchange(ops).await.unwrap();
    for n in 2..600 {
        world.done("publish", "orders.created", Some(json(&format!("{{\"n\":{n}}}"))), json(STREAM)).await;
    }
    let (kind, message) = over(&work).await;
    assert!(kind == "jetstream" && message.contains("messages before this one, and"), "{kind}: {message}");
    assert!(!thief.items().unwrap().is_empty());
    assert!(matches!(work.gap(), Some(crate::value::Gap::Broken(_))));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_a_stream_no_longer_has_is_not_begun_with() {
    let (_server, world) = with_stream().await;
    for _ in 0..5 {
        world.done("publish", "orders.created", None, json(STREAM)).await;
    }
    world.done("request", "$JS.API.STREAM.PURGE.ORDERS", Some(json(r#"{"seq":4}"#)), none()).await;
    let (kind, message) =
        world.fails("open", "orders.>", None, json(r#"{"stream":"ORDERS","since":3}"#)).await;
    assert!(kind == "jetstream" && message.contains("`ORDERS` begins with 4"), "{kind}: {message}");
    let whole = world.open("orders.>", json(r#"{"stream":"ORDERS","since":4}"#)).await;
    assert_eq!(messages(&whole, 2).await.len(), 2);
}

/// Twice is nothing new to the server, which says nothing of it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_is_confirmed_twice_stays_confirmed() {
    let (_server, world) = with_stream().await;
    let work =
        world.open("orders.>", within("ack_wait", 200, r#"{"stream":"ORDERS","ack":"explicit"}"#)).await;
    world.done("publish", "orders.created", None, json(STREAM)).await;
    let message = messages(&work, 1).await.pop().unwrap();
    for _ in 0..2 {
        assert!(world.on("ack", &work, Some(message.clone()), none()).await.unwrap().succeeded);
    }
    // What comes after the time in which it would have come again.
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    world.done("publish", "orders.created", None, json(STREAM)).await;
    let seqs: Vec<Value> = messages(&work, 2).await.iter().map(|item| part(item, "seq")).collect();
    assert_eq!(seqs, [Value::int(1), Value::int(2)]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nats-server; see tests/brokers"]
async fn what_is_over_takes_no_more_from_others() {
    let (_server, world) = with_stream().await;
    for (subject, options) in
        [("orders.new", r#""stream":"ORDERS","durable":"billing""#), ("work", r#""queue":"workers""#)]
    {
        let full = world.open(subject, json(&format!(r#"{{{options},"limit":200}}"#))).await;
        world.done("publish", subject, None, none()).await;
        assert_eq!(over(&full).await.0, "protocol");
        let next = world.open(subject, json(&format!("{{{options}}}"))).await;
        for _ in 0..20 {
            world.done("publish", subject, None, none()).await;
        }
        assert_eq!(messages(&next, 20).await.len(), 20, "{subject}");
    }
}
