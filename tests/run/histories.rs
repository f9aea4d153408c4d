//! Histories: where records come from, when they happened, and what a wait for one came to.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;

use crate::harness::{Ran, json, scn, server};

/// A server of these events, which ends the stream after the last.
fn events(text: &'static str) -> String {
    server(move |_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        format!("{head}{text}").into_bytes()
    })
}

fn against(url: &str, statements: &str) -> Ran {
    scn(&format!("service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\n{statements}\n}}\n"))
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
        .ends(1, &["it holds, and should not"]);
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
        .ends(1, &["record [0] has no `.value`", "request-failed"]);
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
fn a_stream_that_broke_off_shows_no_absence() {
    let (open, broken) = ("let feed = open s /events\nexpect feed.closed == true within 1h\n", breaking());
    for claim in [
        "feed not has { data: \"2\" }",
        "feed not contains { data: \"2\" }",
        "feed has(times: 1) { data: \"1\" }",
        "feed unique by .data",
        "feed not has { data: \"2\" } throughout 1h",
        "feed.count == 1 throughout 1h",
    ] {
        against(&broken, &format!("{open}expect {claim}"))
            .ends(5, &["can neither be shown nor refuted", "broke off: ", "was not seen"]);
    }
    // What was seen, was seen; and it may be asked how it ended.
    against(&broken, &format!("{open}expect feed has {{ data: \"1\" }}\nexpect feed.error.kind == \"reset\"\nexpect feed.closed throughout 1ms"))
        .ends(0, &[]);
    let whole = events("data: 1\n\n");
    for claim in [
        "feed not has { data: \"2\" } throughout 1h",
        "feed has(times: 1) { data: \"1\" }",
        "feed not contains { data: \"2\" }",
    ] {
        against(&whole, &format!("{open}expect {claim}")).ends(0, &[]);
    }
}

#[test]
fn a_wait_says_why_nothing_came() {
    let open = "let feed = open s /events\n";
    against(&breaking(), &format!("{open}expect feed has {{ data: \"2\" }} within 1h"))
        .ends(1, &["broke off: ", "of 1h were over, and what would have come in the rest was not seen"]);
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

/// A WebSocket server: `/ws` sends two messages and then says back what it hears, `/drop` sends one
/// and drops the connection.
fn sockets() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/ws", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)))
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
        .ends(1, &["the stream `s` broke off: ", "of 1h were over"]);
    against(&url, "let ws = open s /none with { websocket: true }\nexpect ws.count == 0").ends(1, &["404"]);
}
