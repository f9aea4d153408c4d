//! Relations over histories: each holds of a good one, and says of a bad one in plain words what is
//! wrong, of which records.

use crate::harness::{Ran, scn, server};

/// A server of streams: each path is one, of the events that stand for it.
fn streams(of: &'static [(&'static str, &'static [&'static str])]) -> String {
    server(move |asked| {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: ";
        let events = of.iter().find(|(path, _)| *path == asked.path).map_or(&[][..], |(_, events)| *events);
        let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let events = events.concat();
        format!("{head}{}\r\n\r\n{events}", events.len()).into_bytes()
    })
}

fn holds_or_not(text: &str, good: &str, bad: &str, says: &[&str]) {
    let run = |claim: &str| scn(&text.replace("CLAIM", claim)).run(&[]);
    run(good).ends(0, &[]);
    run(bad).ends(1, says);
}

/// Two streams, `a` and `b`, that have both ended.
fn of_streams(of: &'static [(&'static str, &'static [&'static str])], good: &str, bad: &str, says: &[&str]) {
    let url = streams(of);
    let opened = "let a = open s /a\nlet b = open s /b\n\
                  expect a.closed == true within 10h\nexpect b.closed == true within 10h";
    let text =
        format!("service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\n{opened}\nCLAIM\n}}\n");
    holds_or_not(&text, good, bad, says);
}

const A: &[&str] = &["{\"id\":1,\"p\":\"x\"}", "{\"id\":2,\"p\":\"y\"}", "{\"id\":3,\"p\":\"x\"}"];
const SWAPPED: &[&str] = &["{\"id\":2,\"p\":\"y\"}", "{\"id\":1,\"p\":\"x\"}", "{\"id\":3,\"p\":\"x\"}"];

/// `per` judges each group by itself: what is denied is denied of every one.
#[test]
fn a_denial_per_key_is_of_every_group() {
    let text = "let lines = [{ level: \"ERROR\", of: 1 }, { level: \"INFO\", of: 2 }, { level: \"INFO\", of: 1 }]\n\
                scenario \"it\" {\nCLAIM\n}\n";
    let bad = "expect lines not has { level: \"ERROR\" } per .of";
    holds_or_not(
        text,
        "expect lines not has { level: \"FATAL\" } per .of",
        bad,
        &["`lines` has such a record"],
    );
    let bad = "expect lines not has(times: 2) { level: \"INFO\" } per .level";
    holds_or_not(text, "expect lines not has(times: 2) { level: \"INFO\" } per .of", bad, &["has so many"]);
    // The claim itself is still of every group.
    let bad = "expect lines has { level: \"ERROR\" } per .of";
    holds_or_not(text, "expect lines has { level: \"INFO\" } per .of", bad, &["where `.of` is 2"]);
}

#[test]
fn streams_come_in_the_order_in_which_they_were_sent() {
    let of: &[(&str, &[&str])] = &[("/a", A), ("/b", SWAPPED)];
    of_streams(
        of,
        "expect b fifo of [1, 2, 3] by .json.id per .json.p",
        "expect b fifo of [1, 2, 3] by .json.id",
        &[
            "`b` does not come out in the order in which it was put in",
            "`.json.id` 1 was put in before 2, and came out after it",
            "[0] of b at ",
            "[1] of b at ",
            "of [0]",
            "of [1]",
        ],
    );
    of_streams(
        of,
        "expect b same_order_as a by .json.id per .json.p",
        "expect b same_order_as a by .json.id",
        &[
            "`b` does not keep the order of the other list",
            "`.json.id` 2 comes before 1 here, at [0] and [1], and after it there",
            "[0] of b at ",
            "[0] of a at ",
            "[1] of a at ",
        ],
    );
    of_streams(
        of,
        "expect b prefix_of a by .json.id per .json.p",
        "expect b prefix_of a by .json.id",
        &["`.json.id` at [0] is 2 here and 1 there", "[0] of b at ", "[0] of a at "],
    );
}

#[test]
fn streams_converge_and_lose_nothing() {
    let of: &[(&str, &[&str])] =
        &[("/a", A), ("/b", SWAPPED), ("/c", &["{\"id\":1,\"p\":\"x\"}", "{\"id\":7}"])];
    let c = "let c = open s /c\nexpect c.closed == true within 10h\n";
    of_streams(
        of,
        "let x = a[*].json\nlet y = b[*].json\nexpect x converges_with y by .id",
        &format!("{c}let x = a[*].json\nlet y = c[*].json\nexpect x converges_with y by .id"),
        &["`x` does not agree with the other side", "`.id` 2 is only here", "`.id` 7 is only there"],
    );
    of_streams(
        of,
        "expect b no_loss of a[*].json.id by .json.id",
        &format!("{c}expect c no_loss of a[*].json.id by .json.id"),
        &["2 was put in and never came out", "2 of 3 that were put in are lost"],
    );
    of_streams(
        of,
        "expect b no_phantoms of a[*].json.id by .json.id",
        &format!("{c}expect c no_phantoms of a[*].json.id by .json.id"),
        &["`.json.id` 7 came out and was never put in", "[1] of c at "],
    );
}

/// What is not there yet is waited for, and what is there must stay.
#[test]
fn replicas_are_waited_for() {
    let url = server(|_| {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let seen = ASKED.fetch_add(1, Ordering::Relaxed).min(3);
        crate::harness::json("200 OK", &format!("{{\"all\": [{}]}}", ["1", "2", "3", "4"][..=seen].join(",")))
    });
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\n\
         @safe\naction all() {{\n  GET s /\n  expect status == 200\n  return body.all\n}}\n\
         scenario \"it\" {{\n  expect all() converges_with CLAIM\n}}\n"
    );
    holds_or_not(
        &text,
        "[1, 2, 3, 4] within 10h throughout 50ms",
        "[1, 2, 3, 9] within 200ms",
        &["`all()` does not agree with the other side"],
    );
}

/// `{ process f value start … }` of register "a", in milliseconds.
fn op(process: i64, call: &str, value: &str, start: i64, outcome: &str) -> String {
    let (f, args) = call.split_once(' ').unwrap_or((call, ""));
    format!(
        "{{ process: {process}, f: \"{f}\", args: [\"a\"{args}], value: {value}, start: {start}ms, \
         end: {}ms, outcome: \"{outcome}\" }}",
        start + 5
    )
}

fn of_operations(ops: &[String], good: &str, bad: &str, says: &[&str]) {
    let text = format!("scenario \"it\" {{\n  let ops = [{}]\n  CLAIM\n}}\n", ops.join(", "));
    holds_or_not(&text, good, bad, says);
}

#[test]
fn sessions_see_what_they_should() {
    let ops = [
        op(1, "write , 1", "{ seq: 4 }", 0, "ok"),
        op(1, "read", "{ seq: 3 }", 10, "ok"),
        op(2, "read", "{ seq: 5 }", 20, "ok"),
        op(2, "read", "{ seq: 4 }", 30, "ok"),
        op(2, "set , 2", "{ seq: 4 }", 40, "ok"),
    ];
    of_operations(
        &ops,
        "expect ops monotonic_reads by .start",
        "expect ops monotonic_reads by .value.seq",
        &[
            "`ops` does not have monotonic reads",
            "the read [3] saw `.value.seq` 4, after [2] had seen 5, in the session where `.process` is 2",
            "read \"a\" → { seq: 5 }, process 2, 20ms – 25ms",
        ],
    );
    of_operations(
        &ops,
        "expect ops not read_your_writes by .value.seq",
        "expect ops read_your_writes by .value.seq",
        &["the read [1] saw `.value.seq` 3, after the session's own write [0] had made 4"],
    );
    of_operations(
        &ops,
        "expect ops not writes_follow_reads(write: \"set\") by .value.seq",
        "expect ops writes_follow_reads(write: \"set\") by .value.seq per .process",
        &["the write [4] made `.value.seq` 4, after the session had read 5 at [2]"],
    );
    of_operations(
        &ops,
        "expect ops monotonic_writes(write: [\"write\", \"set\"]) by .start per .args[0]",
        "expect ops monotonic_writes(write: [\"write\", \"set\"]) by .value.seq per .args[0]",
        &["the write [4] made `.value.seq` 4, after the session's write [0] had made 4"],
    );
    // Nobody wrote twice in a session, so nothing was shown, and its contrary neither.
    of_operations(
        &ops,
        "expect ops monotonic_writes by .value.seq or_empty",
        "expect ops not monotonic_writes by .value.seq",
        &["no session has a write after a write, so nothing was shown"],
    );
}

#[test]
fn registers_are_causal_and_fresh() {
    let ops = [
        op(1, "write , 1", "null", 0, "ok"),
        op(1, "write , 2", "null", 10, "ok"),
        op(2, "read", "2", 20, "ok"),
        op(2, "read", "1", 600, "ok"),
        op(3, "write , 9", "null", 700, "info"),
    ];
    of_operations(
        &ops,
        "expect ops not causal by .args[0]",
        "expect ops causal by .args[0]",
        &[
            "`ops` is not causal",
            "[3] read 1, which [0] wrote, though it depends on [1], which overwrote that",
            "process 1 did [0] before [1]",
            "[2] read what [1] wrote",
            "process 2 did [2] before [3]",
            "write \"a\" 2 → null, process 1, 10ms – 15ms",
        ],
    );
    of_operations(
        &ops,
        "expect ops stale_below 600ms per .args[0]",
        "expect ops stale_below 500ms per .args[0]",
        &["`ops` does not stay below that age", "[3] read 1, which [1] had overwritten 585ms before"],
    );
}

#[test]
fn operations_are_before_each_other_when_they_do_not_overlap() {
    let ops = [op(1, "place", "1", 0, "ok"), op(2, "pay", "1", 10, "ok"), op(3, "ship", "1", 12, "ok")];
    let text = format!("scenario \"it\" {{\n  let ops = [{}]\n  expect ops CLAIM\n}}\n", ops.join(", "));
    let run = |claim: &str| scn(&text.replace("CLAIM", claim)).run(&[]);
    run("has { f: \"place\" } before { f: \"pay\" }").ends(0, &[]);
    run("has { f: \"pay\" } before { f: \"place\" }")
        .ends(1, &["[0] fits { f: \"place\" }, and nothing before it fits { f: \"pay\" }"]);
    // Neither holds of what overlaps, and neither does its contrary.
    let overlap = "[1] and [2] overlap in time, so neither can be shown to be first";
    run("has { f: \"pay\" } before { f: \"ship\" }").ends(5, &[overlap]);
    run("not has { f: \"pay\" } before { f: \"ship\" }").ends(5, &[overlap]);
}

#[test]
fn acknowledged_operations_are_there_and_failed_ones_are_not() {
    let ops = [
        op(1, "put , 1", "null", 0, "ok"),
        op(1, "put , 2", "null", 10, "info"),
        op(1, "put , 3", "null", 20, "fail"),
    ];
    let came = |ids: &str| format!("let came = [{ids}]\n  expect came RELATION of ops");
    for (relation, good, bad, says) in [
        ("exactly_once", "1, 2", "1, 2, 2", "the value is 2 in 2 records"),
        ("at_least_once", "1, 1", "2", "the value is 1 in none of 1 records"),
        ("at_most_once", "1", "3", "the value is 3 in a record, although the operation failed"),
        ("no_loss", "1, 9", "2", "1 was put in and never came out"),
        ("no_phantoms", "1, 1, 2", "1, 2, 2", "2 may have been put in once at most"),
        ("fifo", "1, 2", "2, 1", "was put in before 2, and came out after it"),
    ] {
        let claim = |ids: &str| came(ids).replace("RELATION", relation);
        of_operations(&ops, &claim(good), &claim(bad), &[says, "put \"a\" "]);
    }
}

#[test]
fn histories_are_explained_by_their_model_or_not() {
    let ops = [
        op(1, "write , 1", "null", 0, "ok"),
        op(1, "write , 2", "null", 20, "ok"),
        op(2, "read", "1", 40, "ok"),
        op(3, "read", "2", 60, "info"),
    ];
    of_operations(
        &ops,
        "expect ops not linearizable as register per .args[0]",
        "expect ops linearizable as register per .args[0]",
        &[
            "`ops` is not linearizable",
            "no order that is true to real time explains [2] where `.args[0]` is \"a\"",
            "[1] write \"a\" 2",
            "✗ read",
        ],
    );
    // Who plays the roles of a history from elsewhere is said in texts.
    of_operations(
        &[op(1, "set , 1", "null", 0, "ok"), op(2, "get", "1", 20, "ok")],
        "expect ops linearizable as register(read: \"get\", write: \"set\") per .args[0]",
        "expect ops linearizable as register(read: \"get\") per .args[0]",
        &["[0]: "],
    );
    let lacking = [op(1, "write , 1", "null", 0, "ok").replace("start: 0ms, ", "")];
    let text = |ops: &[String]| {
        format!(
            "scenario \"it\" {{\n  let ops = [{}]\n  expect ops linearizable as register\n}}\n",
            ops.join(", ")
        )
    };
    scn(&text(&lacking)).run(&[]).ends(1, &["record [0]: it has no `start`"]);
    scn(&text(&[op(1, "write , 1", "null", 0, "ok")])).run(&[]).ends(1, &["so any order explains them"]);
}

fn quiet(ran: Ran) -> String {
    ran.out
}

/// The same history is judged and told the same, however often.
#[test]
fn a_failure_is_the_same_at_every_run() {
    let ops: Vec<String> =
        (0..40).map(|at| op(at % 4, "read", &format!("{{ seq: {} }}", 7 - at % 5), at * 10, "ok")).collect();
    let text = format!(
        "scenario \"it\" {{\n  let ops = [{}]\n  expect ops monotonic_reads by .value.seq\n}}\n",
        ops.join(", ")
    );
    let project = scn(&text);
    let strip = |out: String| {
        let lines = out.lines().filter(|line| !line.contains("ms") || line.contains("process"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = strip(quiet(project.run(&[]).ends(1, &["the read"])));
    assert_eq!(first, strip(quiet(project.run(&[]).ends(1, &[]))));
}

/// A register with versions, which forgets itself in one way at most.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// Of two reads in a row, the second one is older.
    OlderRead,
    /// A read after a write does not see it.
    LostOwn,
    /// Of two writes in a row, the second one makes no new version.
    SameVersion,
    /// A write after a read makes the version that was read.
    BehindRead,
}

fn register(mistake: Mistake) -> String {
    // What was written, oldest first, and what the last request was.
    let state = std::sync::Mutex::new((vec!["null".to_owned()], ' '));
    server(move |asked| {
        let mut state = state.lock().unwrap();
        let (written, last) = &mut *state;
        let reads = asked.method == "GET";
        let enough = written.len() > 2;
        let mut version = written.len() - 1;
        if reads {
            let older = match mistake {
                Mistake::OlderRead => *last == 'r' && enough,
                Mistake::LostOwn => *last == 'w' && enough,
                _ => false,
            };
            version -= usize::from(older);
            *last = if older { 'o' } else { 'r' };
        } else {
            let same = match mistake {
                Mistake::SameVersion => *last == 'w',
                Mistake::BehindRead => *last == 'r' && enough,
                _ => false,
            };
            if same {
                written.pop();
            }
            written.push(asked.body.chars().filter(char::is_ascii_digit).collect());
            version = written.len() - 1;
            *last = 'w';
        }
        let value = &written[version];
        crate::harness::json("200 OK", &format!("{{\"version\": {version}, \"value\": {value}}}"))
    })
}

/// Every guarantee of a session, over what a client really saw, finds the mistake that is its own;
/// without a mistake all of them hold.
#[test]
fn sessions_are_judged_over_what_clients_saw() {
    let run = |mistake: Mistake, claim: &str| {
        let url = register(mistake);
        scn(&format!(
            "service s {{ speaks http; at \"{url}\" }}\n\
             @safe\naction read() {{\n  GET s /\n  expect status == 200\n  return body\n}}\n\
             action write(n) {{\n  PUT s / {{ n }}\n  expect status == 200\n  return body\n}}\n\
             scenario \"it\" {{\n  workload ops by 1 clients for 60 operations {{\n    50% read()\n    \
             50% write(any int(1..1_000_000_000))\n  }}\n  expect ops {claim}\n}}\n"
        ))
        .run(&[])
    };
    let reads = "monotonic_reads by .value.version";
    let own = "read_your_writes by .value.version";
    let writes = "monotonic_writes by .value.version";
    let follow = "writes_follow_reads by .value.version";
    for claim in [reads, own, writes, follow] {
        run(Mistake::None, claim).ends(0, &[]);
    }
    for (mistake, claim, why) in [
        (Mistake::OlderRead, reads, "had seen"),
        (Mistake::LostOwn, own, "after the session's own write"),
        (Mistake::SameVersion, writes, "after the session's write"),
        (Mistake::BehindRead, follow, "after the session had read"),
    ] {
        run(mistake, claim).ends(1, &[why, "of ops from ", "in the session where `.process` is "]);
    }
    // What is no mistake of theirs they do not find.
    run(Mistake::SameVersion, reads).ends(0, &[]);
    run(Mistake::OlderRead, writes).ends(0, &[]);
}

/// The same of the values, where nobody tells versions.
#[test]
fn registers_are_judged_over_what_clients_saw() {
    let run = |mistake: Mistake, claim: &str| {
        let url = register(mistake);
        scn(&format!(
            "service s {{ speaks http; at \"{url}\" }}\n\
             @safe\naction read() {{\n  GET s /\n  expect status == 200\n  return body.value\n}}\n\
             action write(n) {{\n  PUT s / {{ n }}\n  expect status == 200\n}}\n\
             scenario \"it\" {{\n  workload ops by 1 clients for 60 operations {{\n    50% read()\n    \
             50% write(any int(1..1_000_000_000))\n  }}\n  expect ops {claim}\n}}\n"
        ))
        .run(&[])
    };
    for claim in ["causal", "stale_below 0s", "linearizable as register"] {
        run(Mistake::None, claim).ends(0, &[]);
        run(Mistake::LostOwn, claim).ends(1, &["of ops from "]);
        run(Mistake::OlderRead, claim).ends(1, &["of ops from "]);
    }
    // It was overwritten, and not so long ago.
    run(Mistake::LostOwn, "stale_below 1h").ends(0, &[]);
}

/// Sessions in a stream of events, each of which says whose it is and what version it tells of.
#[test]
fn sessions_of_a_stream_are_judged_apart() {
    let of: &[(&str, &[&str])] = &[
        ("/a", &["{\"s\":1,\"v\":1}", "{\"s\":2,\"v\":7}", "{\"s\":1,\"v\":2}", "{\"s\":2,\"v\":6}"]),
        ("/b", &["{\"s\":1,\"v\":1}", "{\"s\":2,\"v\":7}", "{\"s\":1,\"v\":2}", "{\"s\":2,\"v\":8}"]),
    ];
    for relation in ["monotonic_reads", "monotonic_writes"] {
        of_streams(
            of,
            &format!("expect b {relation} by .json.v per .json.s"),
            &format!("expect a {relation} by .json.v per .json.s"),
            &["[3]", "in the session where `.json.s` is 2", "[1] of a at ", "[3] of a at "],
        );
    }
}
