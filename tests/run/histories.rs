//! Histories: where records come from, when they happened, and what a wait for one came to.

use crate::harness::{Ran, scn, server};

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
    let url = server(|_| crate::harness::json("200 OK", "{}"));
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\nGET s /a\nGET s /b\n\
         expect (client -> s).calls has(times: 2) {{ path: \"/a\" }}\n}}\n"
    );
    let ran = scn(&text).run(&[]).ends(1, &["[0] of (client -> s).calls from "]);
    assert_eq!(times(&ran, ".calls from ").len(), 1, "{}", ran.out);
}
