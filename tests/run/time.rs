//! Waiting: `eventually`, `within`, `throughout`, streams.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{json, reply, scn, server};

fn counting() -> String {
    let count = AtomicU32::new(0);
    server(move |_| json("200 OK", &format!("{{\"n\": {}}}", count.fetch_add(1, Ordering::Relaxed))))
}

fn against(url: &str, statements: &str) -> crate::harness::Ran {
    scn(&format!("service s {{ speaks http; at \"{url}\" }}\n@safe\naction n() {{\nGET s /\nreturn body.n\n}}\nscenario \"it\" {{\n{statements}\n}}\n"))
        .run(&[])
}

#[test]
fn eventually_shows_its_attempts_and_ends_as_soon_as_it_holds() {
    against(&counting(), "let last = eventually within 60s every 1ms {\nGET s /\nexpect body.n >= 5\nreturn body.n\n}\nexpect last == 5")
        .ends(0, &[]);
    against(
        &counting(),
        "eventually within 300ms every 20ms {\nGET s /\nexpect body.n < 0 because \"it counts\"\n}",
    )
    .ends(1, &["`body.n < 0` does not hold", "300ms", "attempt", "because it counts"]);
}

#[test]
fn stop_when_ends_it_early() {
    against(
        &counting(),
        "eventually within 10h every 1ms {\nGET s /\nstop when body.n == 3\nexpect body.n == 100\n}",
    )
    .ends(1, &["stopped: `body.n == 3` holds, so waiting longer cannot help", "attempt"]);
}

#[test]
fn an_attempt_that_hangs_does_not_outlast_the_deadline() {
    let url = server(|_| {
        std::thread::sleep(std::time::Duration::from_secs(600));
        Vec::new()
    });
    against(&url, "eventually within 200ms {\nGET s /\nexpect status == 200\n}")
        .ends(1, &["the attempt did not end in time"]);
}

#[test]
fn within_polls_actions_and_throughout_catches_what_comes_later() {
    against(&counting(), "expect n() >= 4 within 10h").ends(0, &[]);
    against(&counting(), "expect n() < 0 within 200ms")
        .ends(1, &["`n() < 0` does not hold", "200ms", "attempt"]);
    against(&counting(), "expect n() < 3 throughout 10h")
        .ends(1, &["`n() < 3` does not hold", "it held for"]);
    against(&counting(), "expect n() >= 0 within 5s throughout 50ms").ends(0, &[]);
}

#[test]
fn within_on_a_stream_ends_as_soon_as_it_holds() {
    let events = server(|_| {
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: 32\r\n\r\n".to_vec();
        [head, b"data: {\"n\": 1}\n\ndata: {\"n\": 2}\n\n".to_vec()].concat()
    });
    against(&events, "let feed = open s /events\nexpect feed.count == 2 within 10h\nlet first = next feed\nexpect first.json.n == 1").ends(0, &[]);
    against(&events, "let feed = open s /events\nexpect feed.count == 3 within 10h")
        .ends(1, &["`feed.count == 3` does not hold"]);
    against(&events, "let feed = open s /events\nnext feed\nnext feed\nnext feed within 10h")
        .ends(1, &["`feed` ended after 2 messages, and another was expected"]);
    let refused = server(|_| reply("503 Service Unavailable", "text/plain", "no"));
    against(&refused, "let feed = open s /events\nexpect feed.count == 0").ends(1, &["503"]);
}
