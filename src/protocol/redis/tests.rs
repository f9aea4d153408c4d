//! Against a real server: `tests/brokers` says which.

use crate::protocol::Protocol as _;
use crate::protocol::broker::test_server::{Server, World, kind_of, messages, over, part};
use crate::protocol::redis::Redis;
use crate::protocol::{Call, CallPlace, Piece};
use crate::value::Value;

async fn server(more: &[&str]) -> (Server, World<Redis>) {
    let mut arguments = vec!["--bind", "127.0.0.1", "--port", "{port}", "--dir", "{dir}", "--save", ""];
    arguments.extend(more);
    let server = Server::start("SCN_TEST_REDIS_SERVER", "redis", "", &arguments).await;
    let world = World::new(Redis::new(), &server.url);
    for _ in 0..1000 {
        if world.protocol.healthy(&world.endpoint).await.is_ok() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    (server, world)
}

fn json(text: &str) -> Value {
    crate::value::from_json(text.as_bytes()).unwrap()
}

fn none() -> Value {
    json("{}")
}

/// The reply to a command that must work.
async fn run(world: &World<Redis>, command: &str) -> Value {
    part(&world.done("command", command, None, none()).await, "body")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn replies_are_values() {
    let (_server, world) = server(&[]).await;
    assert_eq!(run(&world, "SET name 'Ann Lee'").await, Value::text("OK"));
    assert_eq!(run(&world, "GET name").await, Value::text("Ann Lee"));
    assert_eq!(run(&world, "GET nobody").await, Value::Null);
    assert_eq!(run(&world, "INCRBY n 9007199254740993").await, Value::int(9007199254740993_i64));
    assert_eq!(run(&world, "HSET order:1 state PAID total 4.20").await, Value::int(2));
    assert_eq!(run(&world, "HGETALL order:1").await, json(r#"{"state":"PAID","total":"4.20"}"#));
    assert_eq!(run(&world, "RPUSH l a b").await, Value::int(2));
    assert_eq!(run(&world, "LRANGE l 0 -1").await, json(r#"["a","b"]"#));
    let bytes = Value::list(vec![Value::text("raw"), Value::bytes(&b"\xff\x00"[..])]);
    world.done("command", "SET", Some(bytes), none()).await;
    assert_eq!(run(&world, "GET raw").await, Value::bytes(&b"\xff\x00"[..]));
    world.done("command", "SET doc", Some(json(r#"{"id":7}"#)), none()).await;
    assert_eq!(run(&world, "GET doc").await, Value::text(r#"{"id":7}"#));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn a_value_is_one_argument_whatever_is_in_it() {
    let (_server, world) = server(&[]).await;
    let nasty = "a b\r\nFLUSHALL\r\n' \"";
    let pieces = vec![Piece::Text("SET k ".into()), Piece::Value(Value::text(nasty))];
    let call = Call { place: Some(CallPlace::Text(pieces)), ..world.call("command", "", None, none()) };
    assert!(world.send(call).await.unwrap().succeeded);
    assert_eq!(run(&world, "GET k").await, Value::text(nasty));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn what_the_server_refuses_is_an_error_with_its_code() {
    let (_server, world) = server(&[]).await;
    run(&world, "SET k v").await;
    let reply = world.ask("command", "LPUSH k x", None, none()).await;
    assert!(!reply.succeeded);
    assert_eq!(kind_of(&reply.record).0, "redis");
    assert_eq!(part(&part(&reply.record, "error"), "code"), Value::text("WRONGTYPE"));
    // A script goes on after an error, which is one all the same.
    let script = "EVAL \"return {1, redis.error_reply('WRONG x'), 3}\" 0";
    let (kind, message) = world.fails("command", script, None, none()).await;
    assert!(kind == "redis" && message.contains("WRONG x"), "{kind}: {message}");
    let (kind, message) = world.fails("command", "NOSUCH", None, none()).await;
    assert!(kind == "redis" && message.contains("unknown command"), "{kind}: {message}");
    for (command, part) in
        [("MULTI", "connection"), ("SUBSCRIBE a", "connection"), ("", "empty"), ("GET 'a", "quot")]
    {
        let misuse = world.send(world.call("command", command, None, none())).await.unwrap_err();
        assert!(misuse.message.contains(part), "{command}: {misuse:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn where_only_what_is_safe_is_allowed_the_server_says_what_that_is() {
    let (_server, mut world) = server(&[]).await;
    run(&world, "SET k v").await;
    world.session.only_safe = true;
    assert_eq!(run(&world, "GET k").await, Value::text("v"));
    assert_eq!(run(&world, "PING").await, Value::text("PONG"));
    for command in
        ["SET k w", "set k w", "DEL k", "FLUSHALL", "EVAL 'return 1' 0", "CONFIG SET maxmemory 1", "NOSUCH"]
    {
        assert_eq!(world.fails("command", command, None, none()).await.0, "read_only", "{command}");
    }
    assert_eq!(run(&world, "GET k").await, Value::text("v"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn a_command_that_blocks_holds_nobody_up_and_is_given_up_in_time() {
    let (_server, world) = server(&[]).await;
    let options = Value::object([("timeout", Value::Duration(300_000_000))]);
    let (late, quick) =
        tokio::join!(world.fails("command", "BLPOP jobs 0", None, options), run(&world, "PING"));
    assert_eq!((late.0.as_str(), quick), ("timeout", Value::text("PONG")));
    // What was given up takes nothing any more.
    run(&world, "RPUSH jobs a").await;
    assert_eq!(run(&world, "LLEN jobs").await, Value::int(1));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn entries_of_a_stream_come_from_where_it_was_opened() {
    let (_server, world) = server(&[]).await;
    run(&world, "XADD orders 1-0 n 1").await;
    let new = world.open("orders", none()).await;
    let all = world.open("orders", json(r#"{"since":"0"}"#)).await;
    let fresh = world.open("not:yet", none()).await;
    for n in 2..=1500 {
        run(&world, &format!("XADD orders {n}-0 n {n}")).await;
    }
    run(&world, "XADD not:yet 1-0 a b").await;
    let ids = |items: &[Value]| items.iter().map(|item| part(item, "id")).collect::<Vec<_>>();
    let expected: Vec<Value> = (1..=1500).map(|n| Value::text(format!("{n}-0"))).collect();
    world.on("close", &all, None, none()).await.unwrap();
    assert_eq!(ids(&all.items().unwrap()), expected);
    assert_eq!(ids(&messages(&new, 1499).await), expected[1..]);
    assert_eq!(part(&messages(&fresh, 1).await[0], "body"), json(r#"{"a":"b"}"#));
    run(&world, "SET plain v").await;
    assert_eq!(world.fails("open", "plain", None, none()).await.0, "redis");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn entries_that_went_before_they_were_read_are_missed() {
    let (_server, world) = server(&[]).await;
    let add = |n: usize| format!("XADD orders {n}-0 n {n}");
    let broken = async |change: &str| {
        run(&world, "FLUSHALL").await;
        run(&world, &add(1)).await;
        let orders = world.open("orders", none()).await;
        run(&world, &add(2)).await;
        messages(&orders, 1).await;
        run(&world, change).await;
        let closed = world.on("close", &orders, None, none()).await.unwrap();
        part(&part(&closed.record, "error"), "message")
    };
    let script = "for n = 3, 7 do redis.call('XADD', KEYS[1], 'MAXLEN', 1, n .. '-0', 'n', n) end return 1";
    let trimmed = broken(&format!("EVAL \"{script}\" 1 orders")).await;
    assert!(
        trimmed.as_text().unwrap().contains("4 entries of the stream `orders` were removed"),
        "{trimmed:?}"
    );
    for anew in
        ["FLUSHALL", "EVAL \"redis.call('DEL', 'orders') redis.call('XADD', 'orders', '9-0', 'n', 9)\" 0"]
    {
        let message = broken(anew).await;
        assert!(message.as_text().unwrap().contains("deleted, or made anew"), "{anew}: {message:?}");
    }
    // What was read before it was removed is no loss, nor what nobody has asked for.
    assert_eq!(broken("XTRIM orders MAXLEN 0").await, Value::Absent);
    let later = world.open("orders", json(r#"{"since":"50"}"#)).await;
    assert!(world.on("close", &later, None, none()).await.unwrap().succeeded);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn a_group_has_its_entries_confirmed() {
    let (_server, world) = server(&[]).await;
    let work = world.open("orders", json(r#"{"group":"billing"}"#)).await;
    run(&world, "XADD orders * n 1").await;
    let entry = messages(&work, 1).await.remove(0);
    assert_eq!(part(&json(r#"{"a":1}"#), "a"), Value::int(1));
    let pending = run(&world, "XPENDING orders billing").await;
    assert_eq!(pending.as_list().unwrap()[0], Value::int(1));
    assert!(world.on("ack", &work, Some(entry.clone()), none()).await.unwrap().succeeded);
    assert_eq!(run(&world, "XPENDING orders billing").await.as_list().unwrap()[0], Value::int(0));
    // Twice is told.
    assert!(!world.on("ack", &work, Some(entry), none()).await.unwrap().succeeded);
    let plain = world.open("orders", none()).await;
    assert!(world.on("ack", &plain, Some(none()), none()).await.unwrap_err().message.contains("group"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn what_is_held_is_counted_with_its_payload() {
    let (_server, world) = server(&[]).await;
    for n in 1..=3 {
        let entry = Value::list(vec![Value::text("n"), Value::text("x".repeat(1000))]);
        world.done("command", &format!("XADD orders {n}-0"), Some(entry), none()).await;
    }
    let few = world.open("orders", json(r#"{"since":"0","limit":2000}"#)).await;
    let (kind, message) = over(&few).await;
    assert!(kind == "protocol" && message.contains("limit of 2000 bytes"), "{kind}: {message}");
    assert_eq!(few.items().unwrap().len(), 1);
}

/// What is full takes nothing from the others of its group.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn what_is_over_reads_no_more_for_its_group() {
    let (_server, world) = server(&[]).await;
    let full = world.open("orders", json(r#"{"group":"billing","limit":200}"#)).await;
    run(&world, "XADD orders 1-0 n 1").await;
    assert_eq!(over(&full).await.0, "protocol");
    let next = world.open("orders", json(r#"{"group":"billing","consumer":"next"}"#)).await;
    for n in 2..=10 {
        run(&world, &format!("XADD orders {n}-0 n {n}")).await;
    }
    let ids: Vec<Value> = messages(&next, 9).await.iter().map(|item| part(item, "id")).collect();
    assert_eq!(ids, (2..=10).map(|n| Value::text(format!("{n}-0"))).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn what_a_group_had_before_it_was_closed_has_come() {
    let (_server, world) = server(&[]).await;
    for n in 0..50 {
        let key = format!("orders:{n}");
        let work = world.open(&key, json(r#"{"group":"billing"}"#)).await;
        run(&world, &format!("XADD {key} * n 1")).await;
        assert!(world.on("close", &work, None, none()).await.unwrap().succeeded);
        assert_eq!(work.items().unwrap().len(), 1, "{key}");
        // What comes later is the others'.
        run(&world, &format!("XADD {key} * n 2")).await;
        assert_eq!(
            run(&world, &format!("XPENDING {key} billing")).await.as_list().unwrap()[0],
            Value::int(1)
        );
    }
}

/// Passes bytes on between clients and a server; nothing of the server's any more to a connection
/// that has begun to wait for entries.
async fn swallowing(server: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let server = server.trim_start_matches("redis://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_server, mut to_server) =
                tokio::net::TcpStream::connect(&server).await.unwrap().into_split();
            let (mut from_client, mut to_client) = client.into_split();
            let waits = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
            let told = waits.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
                    if bytes[..count].windows(5).any(|word| word == b"BLOCK") {
                        told.store(true, std::sync::atomic::Ordering::SeqCst);
                    }
                    to_server.write_all(&bytes[..count]).await.unwrap();
                }
            });
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 16];
                while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
                    if !waits.load(std::sync::atomic::Ordering::SeqCst) {
                        to_client.write_all(&bytes[..count]).await.unwrap();
                    }
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn a_reading_gives_its_sign_of_life_itself() {
    let (server, world) = server(&[]).await;
    let hale = world.open("orders", none()).await;
    let work = world.open("orders", json(r#"{"group":"billing"}"#)).await;
    let lost = World::new(Redis::new(), &swallowing(&server.url).await);
    let deaf = lost.open("orders", none()).await;
    for n in 1..=20 {
        run(&world, "XADD orders * n 1").await;
        for live in [&hale, &work] {
            live.hail().await.unwrap();
            // What was added before has come.
            assert_eq!(live.items().unwrap().len(), n);
        }
    }
    let answered = tokio::time::timeout(std::time::Duration::from_secs(1), deaf.hail()).await;
    assert!(answered.is_err() && deaf.items().unwrap().is_empty(), "{answered:?}");
    let soon = Value::object([("timeout", Value::Duration(300_000_000))]);
    let closed = lost.on("close", &deaf, None, soon).await.unwrap();
    assert_eq!(kind_of(&closed.record).0, "timeout");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn only_a_stream_that_is_not_there_yet_begins_with_nothing() {
    let (_server, world) = server(&["--rename-command", "XINFO", ""]).await;
    run(&world, "XADD orders 1-0 n 1").await;
    let (kind, message) = world.fails("open", "orders", None, none()).await;
    assert!(kind == "redis" && message.contains("unknown command"), "{kind}: {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_what_is_safe_is_allowed_nothing_is_taken_from_a_group() {
    let mut world = World::new(Redis::new(), "redis://127.0.0.1:1");
    world.session.only_safe = true;
    let call = world.call("open", "orders", None, json(r#"{"group":"billing"}"#));
    let misuse = world.send(call).await.unwrap_err();
    assert_eq!(misuse.option.as_deref(), Some("group"));
    assert!(misuse.message.contains("allows only what is safe"), "{misuse:?}");
    // To read along is.
    assert_eq!(world.fails("open", "orders", None, none()).await.0, "refused");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn messages_of_a_channel_reach_who_subscribed_before() {
    let (_server, world) = server(&[]).await;
    let nobody = world.done("publish", "prices", Some(json("{}")), none()).await;
    assert_eq!(part(&nobody, "receivers"), Value::int(0));
    let one = world.open("prices", json(r#"{"channel":true}"#)).await;
    let many = world.open("pri*", json(r#"{"channel":true,"body":"json"}"#)).await;
    for n in 0..100 {
        let sent = world.done("publish", "prices", Some(json(&format!("{{\"n\":{n}}}"))), none()).await;
        assert_eq!(part(&sent, "receivers"), Value::int(2));
    }
    assert!(world.on("close", &one, None, none()).await.unwrap().succeeded);
    let items = one.items().unwrap();
    assert_eq!((items.len(), part(&items[99], "body")), (100, json(r#"{"n":99}"#)));
    assert_eq!(part(&items[0], "channel"), Value::text("prices"));
    world.done("publish", "prices", Some(Value::text("no json")), none()).await;
    let (kind, message) = over(&many).await;
    assert!(kind == "protocol" && message.contains("no JSON"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn a_server_that_is_killed_breaks_what_is_read_and_nothing_hides_it() {
    let (mut server, world) = server(&[]).await;
    let stream = world.open("orders", none()).await;
    let channel = world.open("prices", json(r#"{"channel":true}"#)).await;
    run(&world, "XADD orders * n 1").await;
    messages(&stream, 1).await;
    server.kill();
    assert_eq!(over(&stream).await.0, "reset");
    assert_eq!(over(&channel).await.0, "reset");
    for live in [&stream, &channel] {
        assert!(matches!(live.gap(), Some(crate::value::Gap::Broken(_))), "{:?}", live.gap());
    }
    let (kind, message) = world.fails("command", "PING", None, none()).await;
    assert!(kind == "refused" && message.contains("nothing listens"), "{kind}: {message}");
    server.again().await;
    assert_eq!((stream.items().unwrap().len(), stream.is_over()), (1, true));
    let closed = world.on("close", &channel, None, none()).await.unwrap();
    assert_eq!(kind_of(&closed.record).0, "reset");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn who_may_not_log_in_is_refused_and_no_password_is_shown() {
    let (server, world) = server(&["--requirepass", "geheim-und-lang"]).await;
    assert_eq!(world.fails("command", "GET k", None, none()).await.0, "permission");
    let reply = world.ask("command", "GET k", None, json(r#"{"password":"falsch-und-lang"}"#)).await;
    assert_eq!(kind_of(&reply.record).0, "permission");
    assert!(!format!("{:?} {:?}", reply.record, reply.exchange).contains("falsch"), "{:?}", reply.exchange);
    let good = json(r#"{"password":"geheim-und-lang"}"#);
    let reply = world.ask("command", "SET k geheim-und-lang", None, good).await;
    assert!(reply.succeeded, "{:?}", reply.record);
    assert!(!format!("{:?}", reply.exchange).contains("geheim"), "{:?}", reply.exchange);
    let in_url = World::new(Redis::new(), &server.url.replace("//", "//:geheim-und-lang@"));
    let reply = in_url.ask("command", "GET k", None, none()).await;
    assert!(reply.succeeded && !format!("{:?}", reply.exchange).contains("geheim"), "{reply:?}");
    // The server is up, whoever may log in.
    world.protocol.healthy(&world.endpoint).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server; see tests/brokers"]
async fn over_tls_only_a_server_that_is_trusted_is_spoken_to() {
    let dir = tempfile::tempdir().unwrap();
    let made =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let cert = Server::write(dir.path(), "cert.pem", &made.cert.pem());
    let key = Server::write(dir.path(), "key.pem", &made.signing_key.serialize_pem());
    let arguments = [
        "--bind",
        "127.0.0.1",
        "--port",
        "0",
        "--tls-port",
        "{port}",
        "--dir",
        "{dir}",
        "--save",
        "",
        "--tls-auth-clients",
        "no",
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-ca-cert-file",
        &cert,
    ];
    let server = Server::start("SCN_TEST_REDIS_SERVER", "rediss", "", &arguments).await;
    let world = World::new(Redis::new(), &server.url);
    let ca = |rest: &str| json(&format!(r#"{{"tls":{{"ca":{cert:?}}}{rest}}}"#));
    assert_eq!(part(&world.done("command", "SET k v", None, ca("")).await, "body"), Value::text("OK"));
    let entries = world.open("orders", ca("")).await;
    let prices = world.open("prices", ca(r#","channel":true"#)).await;
    world.done("command", "XADD orders * n 1", None, ca("")).await;
    world.done("publish", "prices", Some(json("{}")), ca("")).await;
    assert_eq!((messages(&entries, 1).await.len(), messages(&prices, 1).await.len()), (1, 1));
    assert!(entries.hail().await.is_ok() && prices.hail().await.is_ok());
    // Nobody knows it, and who does not ask does not speak TLS.
    assert_eq!(world.fails("command", "GET k", None, none()).await.0, "tls");
    assert_eq!(world.fails("open", "orders", None, none()).await.0, "tls");
    let plain = World::new(Redis::new(), &server.url.replace("rediss", "redis"));
    let (kind, message) = plain.fails("command", "GET k", None, none()).await;
    assert!(["reset", "protocol"].contains(&kind.as_str()), "{kind}: {message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_redis_says_so() {
    use tokio::io::AsyncWriteExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut io, _)) = listener.accept().await {
            let _ = io.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let world = World::new(Redis::new(), &url);
    let (kind, message) = world.fails("command", "PING", None, none()).await;
    assert!(kind == "protocol", "{kind}: {message}");
    let world = World::new(Redis::new(), "redis://127.0.0.1:1");
    assert_eq!(world.fails("command", "PING", None, none()).await.0, "refused");
}
