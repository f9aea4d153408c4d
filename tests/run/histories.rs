//! Histories: where records come from, when they happened, and what a wait for one came to.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;

use crate::harness::{Ran, json, scn, server, wait_for};

/// A server of these events, which ends the stream after the last.
fn events(text: &'static str) -> String {
    server(move |_| {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: ";
        format!("{head}{}\r\n\r\n{text}", text.len()).into_bytes()
    })
}

fn against(url: &str, statements: &str) -> Ran {
    let small = "check small(xs) rhai \"\"\"\n  xs.len() < 3\n\"\"\"\n";
    scn(&format!("service s {{ speaks http; at \"{url}\" }}\n{small}scenario \"it\" {{\n{statements}\n}}\n"))
        .run(&[])
}

/// The seconds after each of these words.
fn times(ran: &Ran, word: &str) -> Vec<f64> {
    let seconds = |part: &str| part.split_once('s')?.0.parse().ok();
    ran.out.split(word).skip(1).filter_map(seconds).collect()
}

#[test]
fn a_failure_says_of_each_record_where_it_came_from_and_when() {
    let url = events("data: {\"seq\": 1}\n\ndata: {\"seq\": 3}\n\ndata: {\"seq\": 2}\n\n");
    let open = "let feed = open s /events\nexpect feed.closed == true within 10s\n";
    let ran = against(&url, &format!("{open}expect feed increasing by .json.seq")).ends(
        1,
        &["`.json.seq` falls from 3 to 2 between [1] and [2]", "[1] of feed at ", "[2] of feed at "],
    );
    let [first, second] = times(&ran, "of feed at ")[..] else { panic!("{}", ran.out) };
    assert!(0.0 < first && first <= second && second < 60.0, "{}", ran.out);
    // A list is no history: nobody knows where its elements come from.
    against(&url, &format!("{open}let seen = feed.items\nexpect seen increasing by .json.seq"))
        .ends(1, &["[1] {"])
        .never_says(&["of seen", "of feed"]);
}

#[test]
fn calls_are_timed_from_their_start_to_their_end() {
    let url = server(|_| json("200 OK", "{}"));
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\nGET s /a\nGET s /b\n\
         expect (client -> s).calls has(times: 2) {{ path: \"/a\" }}\n}}\n"
    );
    let ran = scn(&text).run(&[]).ends(1, &["[0] of (client -> s).calls from "]);
    assert_eq!(times(&ran, ".calls from ").len(), 1, "{}", ran.out);
}

/// An HTTP server that counts its requests, and a safe action that asks for the count.
fn counting(statements: &str) -> Ran {
    let count = AtomicU32::new(0);
    let url =
        server(move |_| json("200 OK", &format!("{{\"n\": {}}}", count.fetch_add(1, Ordering::Relaxed))));
    asking(&url, statements)
}

fn asking(url: &str, statements: &str) -> Ran {
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n\
         @safe\naction n() {{\nGET s /\nreturn body.n\n}}\n\
         @safe\naction watched() {{\nobserve seen from n() every 1ms\nexpect seen.count > 2 within 1h\nreturn seen\n}}\n\
         action quiet(h) {{ expect h not has {{ value: -1 }} throughout 1h }}\n\n\
         scenario \"it\" {{\n{statements}\n}}\n"
    ))
    .run(&[])
}

#[test]
fn what_is_observed_is_a_history_of_values_with_their_times() {
    counting(
        "observe seen from n() every 5ms\nobserve answers from GET s / every 5ms\n\
         expect seen.count >= 3 and answers.count >= 3 within 1h\n\
         expect seen increasing by .value\nexpect answers increasing by .value.body.n\n\
         expect seen[0].start <= seen[0].end and seen[0].end <= seen[1].start\n\
         let first = next seen matches { value: >= 0, start: anything, end: anything }\nexpect first == seen[0]",
    )
    .ends(0, &[]);
    counting("observe seen from n() every 5ms\nexpect seen.count >= 3 within 1h\nexpect seen not increasing by .value")
        .ends(1, &["`seen` is increasing, and should not"]);
    counting("observe seen from n() every 1ms\nexpect seen has { value: -1 } within 100ms")
        .ends(1, &["the observation `seen` was open and whole all the while", "definitely absent for 100ms"]);
    counting("observe seen from n() every 0ms\nexpect seen.count > 0 within 1s")
        .ends(1, &["a pause of `0s`"]);
    counting("observe seen from n() every 1ms\nexpect seen has { value: > 3 } within 1h throughout 20ms")
        .ends(0, &[]);
}

#[test]
fn an_observation_that_failed_is_a_record_too() {
    let nobody = format!("http://127.0.0.1:{}", crate::harness::closed_port());
    let seen = "observe seen from n() every 1ms\nexpect seen.count > 1 within 1h\n";
    asking(&nobody, &format!("{seen}expect seen has {{ error: {{ kind: \"request-failed\" }} }}"))
        .ends(0, &[]);
    asking(&nobody, &format!("{seen}expect seen ordered by .value"))
        .ends(5, &["none of the looks of `seen` succeeded", "request-failed"]);
}

#[test]
fn an_observation_lives_until_its_block_ends() {
    counting(
        "let seen = watched()\nexpect seen.closed == true\nlet before = seen.count\nwait 30ms\n\
         expect seen.count == before",
    )
    .ends(0, &[]);
    // A step is no block of its own.
    counting("step \"a\" { observe seen from n() every 1ms }\nlet now = n()\nexpect seen has { value: > now } within 1h")
        .ends(0, &[]);
    // What comes later is not seen any more, so nothing can be said of it.
    counting("quiet(watched())").ends(5, &["ended with the block that began it", "was not seen"]);
}

#[test]
fn a_contract_that_is_broken_while_something_is_observed_is_never_only_a_record() {
    let url = server(|_| json("200 OK", "{\"n\": \"seven\"}"));
    let contract = r#"{"openapi": "3.1.0", "info": {"title": "s", "version": "1"}, "paths": {"/": {"get": {"responses":
        {"200": {"description": "ok", "content": {"application/json": {"schema": {"type": "object",
        "properties": {"n": {"type": "integer"}}}}}}}}}}}"#;
    let project = scn(&format!(
        "service s {{ speaks http contract \"./s.json\"; at \"{url}\" }}\nscenario \"it\" {{\n\
         observe seen from GET s / every 1ms\nexpect seen.count >= 1 within 1h\n}}\n"
    ));
    project.write("s.json", contract);
    project.run(&[]).ends(1, &["breaks the contract", "body.n"]);
}

#[test]
fn a_log_is_a_history_of_all_processes_of_its_service() {
    let run = |statements: &str| {
        let service = "service s {\nspeaks http\nstart \"sh run.sh\"\nready \"test -f up\"\nlog json\n}\n";
        let project = scn(&format!("{service}scenario \"it\" {{\n{statements}\n}}\n"));
        project.write("run.sh", "echo \"{\\\"n\\\": $$}\"; echo up > up; exec sleep 1000\n");
        project.run(&[])
    };
    let logged = "expect s.log.count == 1 within 1h\n";
    run(&format!(
        "{logged}let before = s.log.first.n\nobserve lines from s.log\nexpect lines.count == 0\nrestart s\n\
         expect lines.count == 1 within 1h\nexpect s.log.count == 2\nexpect lines.last.n != before\n\
         expect s.log ordered by .at\nexpect lines has {{ stream: \"stdout\" }}"
    ))
    .ends(0, &[]);
    run(&format!("{logged}expect s.log has {{ level: \"ERROR\" }} within 50ms"))
        .ends(1, &["the log `s.log` was open and whole all the while", "definitely absent for 50ms"]);
    run("restart s\nexpect s.log.count == 2 within 1h\nexpect s.log unique by .stream")
        .ends(1, &["[0] of s.log at ", "[1] of s.log at "]);
}

/// A server of events whose connection breaks in the middle of a chunk.
fn breaking() -> String {
    server(|_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        format!("{head}9\r\ndata: 1\n\n\r\nff\r\ndata: 2").into_bytes()
    })
}

#[test]
fn a_stream_that_only_its_connection_ends_may_not_be_all() {
    let url = server(|_| {
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\ndata: 2\n".to_vec()
    });
    let run = |claim: &str| {
        against(&url, &format!("let feed = open s /feed\nexpect feed.closed within 1h\nexpect feed {claim}"))
    };
    run("not has { data: \"2\" }").ends(
        5,
        &["ended with its connection alone", "neither `content-length` nor `transfer-encoding: chunked`"],
    );
    run("has { data: \"1\" }").ends(0, &[]);
}

#[test]
fn a_stream_that_broke_off_must_be_looked_at() {
    let url = breaking();
    let opened = "let feed = open s /feed\nexpect feed.closed within 1h\n";
    let run = |more: &str| against(&url, &format!("{opened}{more}"));
    let unseen =
        ["the stream of `s` broke off: ", "nothing here looks at that", "it was opened here", "`error.kind`"];
    run("").ends(1, &unseen);
    run("next feed\nexpect feed has { data: \"1\" }").ends(1, &unseen);
    run("show feed.error").ends(1, &unseen);
    run("expect feed.error.kind == \"reset\"").ends(0, &[]);
    // Those of an action are looked at as those of a scenario, though nobody else can reach them.
    let action =
        "action first() {\n  let feed = open s /feed\n  expect feed.closed within 1h\n  return 1\n}\n";
    let text =
        format!("service s {{ speaks http; at \"{url}\" }}\n{action}scenario \"it\" {{\n  first()\n}}\n");
    scn(&text).run(&[]).ends(1, &unseen);
}

#[test]
fn a_stream_that_broke_off_shows_no_absence() {
    let (open, broken) = ("let feed = open s /events\nexpect feed.closed == true within 1h\n", breaking());
    for claim in [
        "feed not has { data: \"2\" }",
        "feed not contains { data: \"2\" }",
        "feed has(times: 1) { data: \"1\" }",
        "feed unique by .data",
        "feed not has { data: \"2\" } throughout 1h",
        "feed.count == 1 throughout 1h",
        // Every claim about all records, with or without a wait.
        "feed ordered by .data",
        "feed increasing by .data",
        "feed not unique by .data",
        "feed exactly_once of [\"1\"] by .data",
        "feed no_phantoms of [\"1\"] by .data",
        "feed no_loss of [\"1\", \"2\"] by .data",
        "feed not no_loss of [\"1\", \"2\"] by .data",
        "feed fifo of [\"1\", \"2\"] by .data",
        "feed converges_with [] within 10ms",
        "[\"1\"] no_loss of feed[*].data",
        "feed small",
        "feed not small",
        "feed.count == 1",
        "feed.count == 2",
        "not (feed.count == 1)",
        "feed.count < 2 or feed.count > 9",
        "feed.count != 2",
        "feed.count > 1",
        "feed.last.data == \"1\"",
        "feed[-1].data == \"1\"",
        "feed[*].data == [\"1\"]",
        "feed contains { data: \"2\" }",
        "\"2\" not in feed[*].data",
    ] {
        against(&broken, &format!("{open}expect {claim}"))
            .ends(5, &["can neither be shown nor refuted", "broke off: ", "was not seen"]);
    }
    // What is made of all the records is no more certain than they are.
    for statements in [
        "expect feed[1] == absent",
        "expect starts_with(feed.last.data, \"1\")",
        "expect len(feed) == 1",
        "expect how_many(feed) == 1",
        "expect feed.count unchanged during { wait 1ms }",
        "expect [1] has(times: feed.count) 1",
        "let n = feed.count\nexpect n == 1",
        "let all = { records: feed[*] }\nexpect all.records.count == 1",
        "for one in feed { expect one.data == \"1\" }",
        "if feed.count == 1 { expect 1 == 1 }",
        "expect feed.error.kind == other.error.kind and other.count == 1 and third.count == 1",
    ] {
        let more = "let other = open s /events\nexpect other.closed within 1h\n\
                    let third = open s /events\nexpect third.closed within 1h\n";
        let text = format!(
            "fn len(xs) rhai \"\"\" xs.len() \"\"\"\naction how_many(xs) {{ return xs.count }}\n\
             service s {{ speaks http; at \"{broken}\" }}\nscenario \"it\" {{\n{open}{more}{statements}\n}}\n"
        );
        scn(&text).run(&[]).ends(5, &["broke off: ", "was not seen"]);
    }
    let seen =
        "show feed.count\nlet n = feed.items.count\nexpect n == 1\nexpect feed.error.kind == \"reset\"";
    against(&broken, &format!("{open}{seen}")).ends(0, &[]);
    // A field of a record that is called like the end of a stream says nothing of that.
    let named = server(|_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        format!("{head}18\r\ndata: {{\"status\": \"OK\"}}\n\n\r\nff\r\ndata: 2").into_bytes()
    });
    for claim in [
        "feed[*].json.status == [\"OK\"]",
        "\"FAILED\" not in feed[*].json.status",
        "feed.last.json.status == \"OK\" throughout 300ms",
    ] {
        against(&named, &format!("{open}expect {claim}"))
            .ends(5, &["can neither be shown nor refuted", "was not seen"]);
    }
    // To try again and again shows nothing either.
    against(&broken, &format!("{open}eventually within 200ms {{ expect feed not has {{ data: \"2\" }} }}"))
        .ends(5, &["can neither be shown nor refuted", "broke off: ", "still so after 200ms"]);
    // What was seen, was seen; and it may be asked how it ended.
    against(
        &broken,
        &format!(
            "{open}expect feed at_least_once of [\"1\"] by .data\nexpect feed no_loss of [\"1\"] by .data\n\
             expect [\"1\"] no_phantoms of feed[*].data\nexpect feed.count >= 1 and feed.count != 0\n\
             expect feed.first.data == \"1\" and feed[0].data == \"1\"\nexpect feed contains {{ data: \"1\" }}\n\
             expect feed.error.kind == \"reset\" and feed.count == 1\n\
             // Those that were seen are a list like any other.\n\
             expect feed.items unique by .data\nexpect feed.items.count == 1"
        ),
    )
    .ends(0, &[]);
    // What is wrong already is not made right by what would have come.
    for (claim, why) in [
        ("feed.count == 0", "does not hold"),
        ("feed not has { data: \"1\" }", "`feed` has such a record, and should not"),
        ("feed no_phantoms of [\"7\"] by .data", "\"1\" came out and was never put in"),
        ("feed not contains { data: \"1\" }", "does not hold"),
        ("feed increasing by .none", "record [0] has no `.none`"),
    ] {
        against(&broken, &format!("{open}expect {claim}")).ends(1, &[why]);
    }
    against(&broken, &format!("{open}expect feed has {{ data: \"1\" }}\nexpect feed.error.kind == \"reset\"\nexpect feed.closed throughout 1ms"))
        .ends(0, &[]);
    let whole = events("data: 1\n\n");
    for claim in [
        "feed not has { data: \"2\" } throughout 1h",
        "feed has(times: 1) { data: \"1\" }",
        "feed not contains { data: \"2\" }",
        "feed unique by .data",
        "feed small",
        "feed.count == 1 and feed.last.data == \"1\"",
    ] {
        against(&whole, &format!("{open}expect {claim}")).ends(0, &[]);
    }
}

#[test]
fn a_wait_says_why_nothing_came() {
    let open = "let feed = open s /events\n";
    against(&breaking(), &format!("{open}expect feed has {{ data: \"2\" }} within 1h")).ends(
        5,
        &[
            "none of 1 records fits",
            "broke off: ",
            "of 1h were over, and what would have come in the rest was not seen",
        ],
    );
    against(&breaking(), &format!("{open}next feed\nnext feed within 1h"))
        .ends(1, &["`feed` broke off: ", "another was expected"]);
    against(&events("data: 1\n\n"), &format!("{open}expect feed has {{ data: \"2\" }} within 1h"))
        .ends(1, &["has ended, and not because anything broke: nothing more comes"]);
    against(
        &events("data: 1\n\n"),
        &format!("{open}next feed\nclose feed\nexpect feed not has {{ data: \"2\" }}"),
    )
    .ends(0, &[]);
    let silent = server(|_| {
        std::thread::sleep(std::time::Duration::from_secs(600));
        Vec::new()
    });
    let text = format!(
        "service s {{ speaks http; at \"{silent}\" }}\n@safe\naction n() {{ GET s / }}\n\
         @timeout(300ms)\nscenario \"it\" {{\nobserve seen from n()\nexpect seen has {{ value: 1 }} within 1h\n}}\n"
    );
    scn(&text).run(&[]).ends(1, &["the scenario did not end within 300ms"]);
}

async fn echo(mut socket: WebSocket) {
    for seq in 1..=2 {
        socket.send(Message::Text(format!("{{\"seq\": {seq}}}").into())).await.unwrap();
    }
    while let Some(Ok(message)) = socket.recv().await {
        let _ = socket.send(message).await;
    }
}

async fn hang_up(mut socket: WebSocket) {
    socket.send(Message::Text("{\"seq\": 1}".into())).await.unwrap();
}

/// Takes a connection and does nothing with it.
async fn deaf(mut socket: WebSocket) {
    socket.send(Message::Text("{\"seq\": 1}".into())).await.unwrap();
    std::future::pending::<()>().await;
}

/// A WebSocket server: `/ws` sends two messages and then says back what it hears, `/drop` sends one
/// and drops the connection, `/deaf` sends one and hears nothing.
pub(crate) fn sockets() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/ws", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
        .route("/deaf", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(deaf)))
        .route("/drop", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(hang_up)));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    format!("http://{address}")
}

#[test]
fn a_web_socket_is_a_history_too() {
    let url = sockets();
    let open = "let ws = open s /ws with { websocket: true }\n";
    let talk = "next ws matches { json: { seq: 1 }, data: anything, at: anything }\nsend ws { hello: \"you\" }\n\
                expect ws has { json: { hello: \"you\" } } within 1h\n";
    against(&url, &format!("{open}{talk}close ws\nexpect ws.code == 1000 and ws.count == 3")).ends(0, &[]);
    // The same over a link, which passes what follows the upgrade as bytes.
    let link =
        "cancel ws\nexpect (client -> s).calls has { path: \"/ws\", response: { status: 101 } } within 1h";
    against(&url, &format!("{open}{talk}{link}")).ends(0, &[]);
    against(&url, &format!("{open}next ws\nnext ws\nexpect ws has {{ json: {{ seq: 9 }} }} within 100ms"))
        .ends(1, &["the stream `s` was open and whole all the while", "definitely absent for 100ms"]);
    against(
        &url,
        &format!(
            "{open}expect ws has {{ json: {{ seq: 2 }} }} within 1h\nexpect ws increasing by .json.none"
        ),
    )
    .ends(1, &["has no `.json.none`"]);
    let dropped = "let ws = open s /drop with { websocket: true }\n";
    against(&url, &format!("{dropped}next ws\nexpect ws not has {{ json: {{ seq: 2 }} }} throughout 1h"))
        .ends(5, &["broke off: ", "ended without a close frame", "was not seen"]);
    let other = "(ws contains { json: { seq: 2 } })";
    for claim in [
        format!("expect not {other}"),
        format!("expect not ({other} or ws.count == 7)"),
        format!("expect ws.count == 7 or not {other}"),
        format!("expect {other} == false"),
        format!("let seen = not {other}\nexpect seen"),
        format!("if not {other} {{ expect true }}"),
        format!("expect not (not (not {other}))"),
    ] {
        against(&url, &format!("{dropped}next ws\nexpect ws.closed within 1h\n{claim}"))
            .ends(5, &["can neither be shown nor refuted", "was not seen"]);
    }
    against(&url, &format!("{dropped}expect ws has {{ json: {{ seq: 2 }} }} within 1h"))
        .ends(5, &["the stream `s` broke off: ", "of 1h were over"]);
    against(&url, "let ws = open s /none with { websocket: true }\nexpect ws.count == 0").ends(1, &["404"]);
}

#[test]
fn a_grpc_stream_whose_server_dies_shows_no_absence() {
    let (runtime, url) = crate::grpc::health();
    let claims = [
        "feed not has { status: \"NOT_SERVING\" }",
        "feed unique by .status",
        "feed.count == 1",
        "feed has { status: \"NOT_SERVING\" } within 1h",
        "feed not has { status: \"NOT_SERVING\" } throughout 1h",
    ];
    let expected: Vec<String> = claims.iter().map(|claim| format!("expect {claim}\n")).collect();
    let project = scn(&format!(
        "service ledger {{ speaks grpc; at \"{url}\" }}\nscenario \"it\" {{\n\
         let feed = open ledger.Health.Watch {{ service: \"ledger\" }}\n\
         next feed matches {{ status: \"SERVING\" }} within 1h\nexec \"touch began\"\n\
         expect feed.closed == true within 1h\nexpect feed has {{ status: \"SERVING\" }}\n{}}}\n",
        expected.concat()
    ));
    let run = project.begin(&["--timeout", "1h"]);
    wait_for("it has its first message", || project.path().join("began").exists());
    runtime.shutdown_background();
    let ran = run.end().ends(5, &["broke off: "]);
    assert_eq!(ran.out.matches("can neither be shown nor refuted").count(), claims.len(), "{}", ran.out);
}

/// Cleanup that can show nothing has not failed, and a quarantine covers what is not known.
#[test]
fn what_cleanup_and_hooks_cannot_show_is_inconclusive() {
    let open = "let feed = open s /events\nexpect feed.error.kind == \"reset\" within 1h\n";
    let broken = breaking();
    let unknown = "expect feed.count == 2";
    against(&broken, &format!("{open}defer {{ {unknown} }}"))
        .ends(5, &["can neither be shown nor refuted", "broke off: ", "1 inconclusive"])
        .never_says(&["cleanup failed"]);
    against(&broken, &format!("{open}defer {{ exec \"false\" }}\ndefer {{ {unknown} }}"))
        .ends(1, &["cleanup failed", "1 failed"]);
    against(&broken, &format!("{open}defer {{ exec \"false\" }}\n{unknown}")).ends(1, &["cleanup failed"]);
    against(&broken, &format!("{open}forall n in int(0..1) {{\ndefer {{ {unknown} }}\nexpect n < 2\n}}"))
        .ends(5, &["can neither be shown nor refuted"]);
    let service = format!("service s {{ speaks http; at \"{broken}\" }}\n");
    let hook = |body: &str| {
        let stage = format!("stage one {{\nfinally {{\n{body}\n}}\n}}\n");
        scn(&format!("{service}{stage}scenario \"it\" in one {{ exec \"true\" }}\n")).run(&[])
    };
    hook(&format!("{open}{unknown}")).ends(5, &["can neither be shown nor refuted"]);
    hook(&format!("{open}expect feed.count == 0")).ends(1, &[]);
    let covered = |attribute: &str| {
        scn(&format!("{service}{attribute}scenario \"it\" {{\n{open}{unknown}\n}}\n")).run(&[])
    };
    covered("").ends(5, &[]);
    covered("@quarantine(\"SHOP-1\", until: date(\"2999-01-01\"))\n").ends(0, &["SHOP-1"]);
    covered("@quarantine(\"SHOP-1\", until: date(\"2001-01-01\"))\n").ends(5, &[]);
}

/// An error is one whatever the logger calls it, and a word that no line ever has is a mistake.
#[test]
fn levels_of_logs_have_one_name_each() {
    let run = |claim: &str| {
        let service = "service s {\nspeaks http\nstart \"sh run.sh\"\nready \"test -f up\"\nlog json\n}\n";
        let project = scn(&format!("{service}@serial\nscenario \"it\" {{\n{claim}\n}}\n"));
        let lines = "echo '{\"level\":\"error\",\"n\":1}'; echo '{\"lvl\":\"warning\"}'; \
                     echo '{\"level\":50,\"n\":2,\"user\":{\"level\":\"gold\"},\"items\":{\"level\":\"gold\"}}'";
        project.write("run.sh", &format!("{lines}; echo up > up; exec sleep 1000\n"));
        project.run(&[])
    };
    let logged = "expect s.log.count == 3 within 1h\n";
    run(&format!("{logged}expect s.log not has {{ level: \"ERROR\" }}")).ends(1, &["has such a record"]);
    run(&format!(
        "{logged}expect s.log has(times: 2) {{ level: \"ERROR\" }}\nexpect s.log has {{ level: \"WARN\" }}"
    ))
    .ends(0, &[]);
    for (claim, name) in [
        ("expect s.log not has { level: \"error\" }", "\"ERROR\""),
        ("expect s.log not contains { level: 50 }", "\"ERROR\""),
        ("observe lines from s.log\nexpect lines not has { level: \"warning\" }", "\"WARN\""),
        ("expect \"error\" not in s.log[*].level", "\"ERROR\""),
        ("expect s.log[*].level not contains \"err\"", "\"ERROR\""),
        ("expect s.log.last.level != \"error\"", "\"ERROR\""),
        ("expect s.log not has { level: \"FATAL\" | \"error\" }", "\"ERROR\""),
        ("expect s.log not contains ({ level: \"FATAL\" } | { level: \"error\" })", "\"ERROR\""),
        ("expect s.log.items not contains { level: \"error\" }", "\"ERROR\""),
        ("expect s.log[*] not contains { level: \"error\" }", "\"ERROR\""),
        ("expect s.log.last not matches { level: \"error\", .. }", "\"ERROR\""),
        ("expect s.log[0] not matches { level: \"error\", .. }", "\"ERROR\""),
        ("for line in s.log.items { expect line.level != \"error\" }", "\"ERROR\""),
        ("let lines = s.log.items\nexpect lines not contains { level: \"error\" }", "\"ERROR\""),
        ("let levels = s.log[*].level\nexpect levels not contains \"error\"", "\"ERROR\""),
        ("for one in s.log[*].level { expect one != \"error\" }", "\"ERROR\""),
        ("expect s.log.last.level not contains \"err\"", "\"ERROR\""),
    ] {
        let says = ["no line of a log has the level", &format!("it is `{name}` here")];
        run(claim).ends(2, &says);
    }
    for holds in [
        "expect s.log.last.level contains \"ERR\"",
        "expect \"ERR\" in s.log.last.level",
        "expect s.log.last.user.level == \"gold\"",
        "expect s.log.last.items == { level: \"gold\" }",
    ] {
        run(&format!("{logged}{holds}")).ends(0, &[]);
    }
    for like in ["err.*", "^ERR", "warn(ing)?"] {
        let says = [&format!("no line of a log has the level re\"{like}\"") as &str, "they are TRACE, DEBUG"];
        run(&format!("expect s.log not has {{ level: re\"{like}\" }}")).ends(2, &says);
    }
    run(&format!("{logged}expect s.log not has {{ level: re\"ERR.*\" }}")).ends(1, &["has such a record"]);
    run(&format!("{logged}expect s.log has {{ level: re\"(?i)err.*\" }}")).ends(0, &[]);
}

/// How much a history lost is known, however little else is.
#[test]
fn what_a_log_lost_can_be_asked() {
    let run = |claim: &str| {
        let service = "service s {\nspeaks http\nstart \"sh run.sh\"\nready \"test -f up\"\nlog json\n}\n";
        let wait = "eventually within 1h { expect s.log.dropped > 0 }\n";
        let project = scn(&format!("{service}@serial\nscenario \"it\" {{\n{wait}expect {claim}\n}}\n"));
        project.write("run.sh", "echo up > up; seq 1 60000; exec sleep 1000\n");
        project.run(&[])
    };
    run("s.log.dropped == 0").ends(1, &["`s.log.dropped == 0` does not hold"]);
    run("s.log.dropped > 0").ends(0, &[]);
    run("s.log.count > 0").ends(5, &["the log of `s` lost its first"]);
    let elsewhere = format!("service s {{ speaks http; at \"{}\" }}\n", breaking());
    scn(&format!("{elsewhere}scenario \"it\" {{\nexpect s.log.dropped == 0\n}}\n"))
        .run(&[])
        .ends(5, &["nobody reads its log"]);
}

/// Who stands still says nothing, and that is no silence.
#[test]
fn nothing_is_concluded_from_the_silence_of_a_service_that_is_paused() {
    let run = |statements: &str| {
        let service = "service s {\nspeaks http\nstart \"sh run.sh\"\nready \"test -f up\"\nlog json\n}\n";
        let project = scn(&format!("{service}@serial\nscenario \"it\" {{\n{statements}\n}}\n"));
        project.write("run.sh", "echo '{\"n\": 1}'; echo up > up; exec sleep 1000\n");
        project.run(&[])
    };
    let logged = "expect s.log.count == 1 within 1h\n";
    let quiet = "expect s.log not has { level: \"ERROR\" } throughout 50ms\n";
    run(&format!("{logged}{quiet}")).ends(0, &[]);
    let why = "`s` is paused, so that its silence shows nothing";
    run(&format!("{logged}under pause() on s {{\n{quiet}}}")).ends(5, &[why, "for so long"]);
    run(&format!("{logged}pause s\nobserve lines from s.log\nexpect lines.count == 0 throughout 50ms"))
        .ends(5, &[why]);
    // Somebody else may have stopped it.
    run(&format!("{logged}exec \"kill -STOP ${{s.pid}}\"\n{quiet}")).ends(5, &[why]);
    run(&format!("{logged}pause s\nexpect s.log has {{ level: \"ERROR\" }} within 50ms"))
        .ends(1, &[why])
        .never_says(&["definitely absent"]);
    // Once it goes on, what it had to say has been said.
    run(&format!("{logged}pause s\nresume s\n{quiet}")).ends(0, &[]);
}

#[test]
fn a_web_socket_that_does_not_answer_a_ping_shows_no_silence() {
    let url = sockets();
    let quiet = "next ws\nexpect ws not has { json: { seq: 9 } } throughout 50ms";
    let opened = |path: &str| format!("let ws = open s {path} with {{ websocket: true }}\n{quiet}");
    against(&url, &opened("/ws")).ends(0, &[]);
    against(&url, &opened("/deaf"))
        .ends(5, &["asked whether it is still there, `s` did not answer within 5s", "shows nothing"]);
}

#[test]
fn a_web_socket_is_closed_with_the_code_that_is_asked_for() {
    let url = sockets();
    let closed = |with: &str, claim: &str| {
        against(
            &url,
            &format!("let ws = open s /ws with {{ websocket: true }}\nclose ws{with}\nexpect {claim}"),
        )
    };
    closed("", "ws.code == 1000").ends(0, &[]);
    // The other side says the code back, as it has to (RFC 6455 §5.5.1).
    closed(" with { code: 4001, reason: \"enough\" }", "ws.code == 4001 and ws.message == \"enough\"")
        .ends(0, &[]);
    closed(" with { code: 4001 }", "ws.code == 1000").ends(1, &["4001"]);
    for code in ["1005", "1006", "1015", "999", "5000", "-1", "1e9", "\"x\""] {
        closed(&format!(" with {{ code: {code} }}"), "ws.closed == true")
            .ends(if code == "\"x\"" { 2 } else { 1 }, &["code"]);
    }
    closed(&format!(" with {{ reason: \"{}\" }}", "é".repeat(62)), "ws.closed == true")
        .ends(1, &["`reason` has 124 bytes, and a close frame at most 123"]);
}

#[test]
fn looks_that_all_failed_show_no_absence() {
    let url = server(|_| json("500 Internal Server Error", "{}"));
    let run = |claim: &str| {
        scn(&format!(
            "service s {{ speaks http; at \"{url}\" }}\n@safe action bad() {{\n  GET s /\n  expect status == 200\n  return body\n}}\n\
             scenario \"it\" {{\n  observe looks from bad() every 10ms\n  wait 100ms\n  expect looks {claim}\n}}\n"
        ))
        .run(&[])
    };
    run("not has { value: 99 }").ends(5, &["none of the looks of `looks` succeeded: ", "does not hold"]);
    run("has { error: { kind: text } }").ends(0, &[]);
}

#[test]
fn a_wait_for_several_histories_lasts_while_one_of_them_does() {
    let url = events("data: 1\n\n");
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\n@safe action look() {{\n  GET s /\n  expect status == 200\n  return 1\n}}\n\
         scenario \"it\" {{\n  let feed = open s /events\n  expect feed.closed within 1h\n  observe looks from look() every 10ms\n  \
         expect feed.count + looks.count > 5 within 1m\n}}\n"
    );
    scn(&text).run(&[]).ends(0, &[]);
}
