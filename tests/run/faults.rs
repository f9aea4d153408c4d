//! Faults: what they do while their block runs, that they leave nothing behind, and that one that
//! hits nothing is a failure.

use nix::sys::signal::Signal;

use crate::harness::{Project, is_alive, scn, wait_for};
use crate::services::shop;

fn with_shop(scenarios: &str) -> Project {
    scn(&format!("{}{scenarios}", shop()))
}

/// The events of the last run of one kind.
fn events(project: &Project, kind: &str) -> Vec<serde_json::Value> {
    let text = project.read("events.jsonl");
    let events = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    events.filter(|event| event["event"] == kind).collect()
}

#[test]
fn a_killed_service_is_up_again_when_the_block_ends() {
    let text = r#"
scenario "killed" {
  under kill on books {
    expect books.exits.count == 1 within 10s
  }
  expect books.running
  GET books /count
  expect body == 0
  POST shop /buy {}
  expect body.attempts == 1
}
scenario "next" { GET books /count }
"#;
    let project = with_shop(text);
    project.run(&["--jobs", "1", "--report", "json=events.jsonl"]).ends(0, &["2 passed"]);
    let hits = events(&project, "faulted");
    assert_eq!(hits.len(), 1, "{hits:?}");
    assert_eq!(hits[0]["link"], "books");
    assert_eq!(hits[0]["fault"], "kill");
}

#[test]
fn a_kill_is_no_crash_to_blame_and_a_crash_still_is() {
    let text = r#"
scenario "expected" {
  under kill(for: 200ms) on books {
    expect books.running == false within 10s
    let refused = GET books /count
    expect refused.error.kind in ["refused", "reset"]
  }
  GET books /count
}
scenario "blamed" {
  under kill(for: 100ms) on books { expect books.running == false within 10s }
  exec "sh -c 'kill -9 $(cat shop.pid)'"
  expect shop.running == false within 10s
}
"#;
    with_shop(text).run(&["--jobs", "1"]).ends(1, &["1 passed", "1 failed", "`shop` exited"]);
}

#[test]
fn restarts_and_pauses_end_with_their_block() {
    let text = r#"
scenario "restarted" {
  POST books /post {}
  under restart on books { expect books.exits.count == 1 within 10s }
  GET books /count
  expect body == 0
}
scenario "paused" {
  under pause on books {
    let stuck = GET books /count with { timeout: 300ms }
    expect stuck.error.kind == "timeout"
  }
  GET books /count
}
scenario "fails while paused" {
  under pause on books { expect 1 == 2 }
}
scenario "after it" { GET books /count }
"#;
    let project = with_shop(text);
    project
        .run(&["--jobs", "1"])
        .ends(1, &["3 passed", "1 failed", "1 == 2"])
        .never_says(&["fault-never-hit"]);
}

#[test]
fn members_are_killed_one_after_the_other() {
    let text = shop()
        .replace("env { LISTEN: addr, BOOKS: \"\"", "members 3\n  env { LISTEN: addr, BOOKS: \"\"")
        .replace("\"books.pid\"", "\"${member}.pid\"")
        + r#"
scenario "rolling" {
  under kill(every: 50ms) on books {
    expect books[0].exits.count >= 1 within 60s
    expect books[1].exits.count >= 1 within 60s
    expect books[2].exits.count >= 1 within 60s
  }
  for n in 0..2 { GET books[n] /count }
}
"#;
    let project = scn(&text);
    let mut firsts = Vec::new();
    for _ in 0..2 {
        project.run(&["--report", "json=events.jsonl", "--seed", "7"]).ends(0, &["1 passed"]);
        let struck: Vec<String> = events(&project, "faulted")[..3]
            .iter()
            .map(|event| event["link"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(std::collections::BTreeSet::from_iter(&struck).len(), 3, "{struck:?}");
        firsts.push(struck);
    }
    assert_eq!(firsts[0], firsts[1], "the same seed strikes in the same order");
}

#[test]
fn a_fault_that_hits_nothing_fails() {
    let text = r#"
scenario "too late" {
  under kill(after: 1h) on books { GET shop /count }
}
scenario "no message" {
  under lost_response(first: 1) on shop -> books { GET shop /count }
}
scenario "fails itself" {
  under lost_response(first: 1) on shop -> books { expect 1 == 2 }
}
scenario "too few" {
  under crash(nth: 3) on books {
    GET books /count
    GET books /count
  }
}
"#;
    let ran = with_shop(text).run(&["--jobs", "1"]);
    ran.ends(
        1,
        &[
            "4 failed",
            "`crash(nth: 3)` never struck `books`",
            "it waits for call 3, and 2 calls came while the block ran",
            "let an earlier call strike",
            "`kill(after: 1h)` never struck `books`",
            "the block ended after",
            "`lost_response(first: 1)` was at work and hit nothing",
            "no call passed while the block ran",
            "1 == 2",
        ],
    );
}

#[test]
fn an_interrupt_under_faults_leaves_nothing_behind() {
    let text = r#"
scenario "long" {
  under kill(for: 1h) on books, pause on shop {
    expect books.running == false within 10s
    exec "sh -c 'touch running; exec sleep 1000'" with { timeout: 1h }
  }
}
"#;
    let project = with_shop(text);
    let run = project.begin(&["--timeout", "1h"]);
    wait_for("the block runs", || project.path().join("running").exists());
    let pids: Vec<i32> =
        ["shop.pid", "books.pid"].iter().map(|file| project.read(file).parse().unwrap()).collect();
    run.signal(Signal::SIGINT);
    run.end().ends(130, &["interrupted"]);
    assert!(pids.iter().all(|pid| !is_alive(*pid)));
    // The pid file of a service that had been started again would name another.
    assert_eq!(project.read("books.pid").parse::<i32>().unwrap(), pids[1]);
}

#[test]
fn an_interrupt_in_the_middle_of_a_broken_call_leaves_the_next_request_clean() {
    let text = r#"
scenario "long" {
  defer GET books /count
  under timeout on client -> books, latency(1h) on client -> shop, half_open on shop -> books {
    exec "sh -c 'touch running'"
    parallel {
      GET books /count with { timeout: 1h }
      POST shop /buy {} with { timeout: 1h }
    }
  }
}
"#;
    for signals in [1, 2] {
        let project = with_shop(text);
        let run = project.begin(&["--timeout", "1h"]);
        wait_for("the block runs", || project.path().join("running").exists());
        let pids: Vec<i32> =
            ["shop.pid", "books.pid"].iter().map(|file| project.read(file).parse().unwrap()).collect();
        (0..signals).for_each(|_| run.signal(Signal::SIGINT));
        // What is deferred asks the books over the link that had been broken.
        run.end().ends(130, &["interrupted"]).never_says(&["did not answer", "closed the connection"]);
        assert!(pids.iter().all(|pid| !is_alive(*pid)));
        project.write("t.scn", &format!("{}scenario \"next\" {{ POST shop /buy {{}} }}\n", shop()));
        project.run(&[]).ends(0, &["1 passed"]);
    }
}

#[test]
fn the_timeline_of_a_failure_shows_what_was_hit() {
    let text = r#"
scenario "fails" {
  GET books /count
  under kill on books { expect books.exits.count == 1 within 10s }
  GET books /count
  expect body == 7
}
"#;
    let project = with_shop(text);
    let ran = project.run(&["--report", "json=events.jsonl"]);
    let ran = ran.ends(1, &["timeline", "books killed by kill", "GET /count on books → 200 OK"]);
    let hit = ran.out.find("books killed by kill").or(ran.err.find("books killed by kill"));
    assert!(hit.is_some());
    let again = project.scn(&["replay", "events.jsonl"]);
    assert_eq!(again.out, ran.out, "a replay prints the same bytes");
}

/// Each fault that HTTP/1.1 can have, and what the runner sees of it.
const SEEN: &[(&str, &str)] = &[
    ("latency(10ms)", "r.status == 200"),
    ("bandwidth(64KiB)", "r.status == 200"),
    ("slice(64)", "r.status == 200"),
    ("reset", "r.error.kind == \"reset\""),
    ("timeout", "r.error.kind == \"timeout\""),
    ("half_open", "r.error.kind == \"timeout\""),
    ("truncate(at: 20)", "r.error.kind in [\"reset\", \"protocol\"]"),
    ("lost_request(first: 1)", "r.error.kind == \"reset\""),
    ("lost_response(first: 1)", "r.error.kind == \"reset\""),
    ("duplicate(times: 2)", "r.status == 200"),
    ("delay(10ms)", "r.status == 200"),
    ("status(503, route: \"/count\")", "r.status == 503"),
];

#[test]
fn after_each_block_the_next_request_is_clean() {
    let mut text = String::new();
    for (fault, seen) in SEEN {
        let title = fault.replace('"', "");
        let timeout = if seen.contains("timeout") { "300ms" } else { "30s" };
        text += &format!(
            r#"
scenario "{title}" {{
  GET books /count
  under {fault} on client -> books {{
    let r = GET books /count with {{ timeout: {timeout} }}
    expect {seen}
  }}
  GET books /count
  GET books /count
}}
"#
        );
    }
    // Of this one it takes two.
    text += r#"
scenario "reorder" {
  GET books /count
  under reorder(within: 30s) on client -> books {
    parallel {
      GET books /count
      GET books /count
    }
  }
  GET books /count
  GET books /count
}
"#;
    let passed = format!("{} passed", SEEN.len() + 1);
    with_shop(&text).run(&[]).ends(0, &[&passed]).never_says(&["skipped"]);
}

#[test]
fn a_lost_response_shows_who_repeats_what_was_done() {
    let text = r#"
scenario "the shop repeats, the books count twice" {
  under lost_response(first: 1) on shop -> books.POST {
    POST shop /buy {}
    expect body.attempts == 2
  }
  GET books /count
  expect body == 2
  expect (shop -> books).calls.count == 2
  expect (shop -> books).calls[0].response.sent == false
  expect (shop -> books).calls[0].response.status == 201
  expect (shop -> books).calls[1].attempt == 2
}
scenario "the runner knows the answer it hid" {
  under lost_response(first: 1) on client -> books {
    let lost = POST books /post {}
    expect lost.error.kind == "reset"
    expect lost.error.hidden.status == 201
    expect lost.error.hidden.body.count == 3
  }
}
scenario "a lost request was never there" {
  under lost_request(first: 1) on client -> books {
    let lost = POST books /post {}
    expect lost.error.kind == "reset"
    expect lost.error.hidden == absent
  }
  GET books /count
  expect body == 3
}
"#;
    with_shop(text).run(&["--jobs", "1"]).ends(0, &["3 passed"]);
}

/// Faults of bytes that destroy an answer.
const DESTROY: &[&str] = &["reset", "truncate(at: 20)", "corrupt(every: 8)", "half_open"];

#[test]
fn the_runner_knows_the_answer_that_a_fault_of_bytes_destroyed() {
    let mut text = String::new();
    for fault in DESTROY {
        let name = fault.split('(').next().unwrap_or(fault);
        text += &format!(
            r#"
scenario "{fault}" {{
  GET books /count
  under {fault} on client -> books {{
    let lost = GET books /count with {{ timeout: 2s }}
    expect lost.error.hidden.status == 200
    expect lost.error.hidden.body == 0
  }}
  GET books /count
  expect (client -> books).calls[*].response.sent == [true, false, true]
  expect (client -> books).calls[1].response.status == 200
  expect (client -> books).calls[1].faults == ["{name}"]
}}
"#
        );
    }
    text += r#"
scenario "of another" {
  under reset on shop -> books {
    POST shop /buy {}
    expect status == 502
  }
  expect (shop -> books).calls[*].response.sent == [false, false, false]
  expect (shop -> books).calls[2].response.body.count == 3
}
"#;
    let passed = format!("{} passed", DESTROY.len() + 1);
    with_shop(&text).run(&["--jobs", "1"]).ends(0, &[&passed]);
}

#[test]
fn a_service_crashes_as_the_call_comes_that_is_counted() {
    let text = r#"
scenario "the second post" {
  under crash(nth: 2, of: shop, method: "POST") on books {
    POST shop /buy {}
    POST shop /buy {}
    expect status in [201, 502]
    expect books.exits.count == 1 within 10s
  }
  GET books /count
  POST shop /buy {}
}
scenario "by the runner" {
  under crash(1) on books {
    let lost = GET books /count
    expect lost.error.kind == "reset"
    expect books.exits.count >= 1 within 10s
  }
  GET books /count
  expect body == 0
}
"#;
    let project = with_shop(text);
    project.run(&["--jobs", "1", "--report", "json=events.jsonl"]).ends(0, &["2 passed"]);
    let hits = events(&project, "faulted");
    assert_eq!(hits.len(), 2, "{hits:?}");
    assert!(hits.iter().all(|hit| hit["link"] == "books"), "{hits:?}");
    assert_eq!(hits[0]["index"], 2);
}

/// What was hit, without its times; at once they come in any order.
fn hit(project: &Project) -> Vec<String> {
    let mut hits: Vec<String> = events(project, "faulted")
        .iter()
        .map(|hit| format!("{} {} {} {}", hit["link"], hit["fault"], hit["message"], hit["index"]))
        .collect();
    hits.sort();
    hits
}

#[test]
fn the_same_seed_hits_the_same_messages() {
    the_same_hits_in(15);
}

#[test]
#[ignore = "runs a hundred times; `cargo test --test run -- --ignored a_hundred`"]
fn the_same_seed_hits_the_same_messages_a_hundred_times() {
    the_same_hits_in(100);
}

fn the_same_hits_in(times: u32) {
    let text = r#"
scenario "one after the other" {
  under lost_request(share: 50%) on client -> books {
    for n in 1..12 {
      let r = POST books /post {}
      expect r.error == absent or r.error.kind == "reset"
    }
  }
}
scenario "at once" {
  under status(503, share: 50%) on client -> books {
    let all = parallel for n in 1..12 {
      let r = GET books /count with { headers: { x-turn: "${n}" } }
      expect r.status in [200, 503]
      return r.status
    }
    show all
  }
}
"#;
    let project = with_shop(text);
    let mut seen = std::collections::BTreeSet::new();
    let mut statuses = std::collections::BTreeSet::new();
    let lost = || hit(&project).into_iter().filter(|hit| hit.contains("lost_request")).collect::<Vec<_>>();
    for _ in 0..times {
        let ran = project.run(&["--seed", "4", "--report", "json=events.jsonl"]).ends(0, &["2 passed"]);
        assert!((1..12).contains(&lost().len()), "{:?}", lost());
        seen.insert(lost());
        statuses.insert(ran.out.lines().filter(|line| line.contains("all = ")).collect::<String>());
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    project.run(&["--seed", "5", "--report", "json=events.jsonl"]).ends(0, &[]);
    assert!(!seen.contains(&lost()), "another seed hits others");
}

#[test]
fn a_share_that_passes_by_is_no_failure_and_one_of_nothing_is() {
    let text = r#"
scenario "passes by" {
  under lost_request(share: 0.000001) on client -> books { GET books /count }
}
scenario "nothing passed" {
  under lost_request(share: 50%) on client -> books { GET shop /count }
}
scenario "nothing fits" {
  under lost_request(share: 50%, route: "/nowhere") on client -> books { GET books /count }
}
scenario "nothing is the ninth" {
  under lost_request(share: 50%, nth: 9) on client -> books { GET books /count }
}
"#;
    let ran = with_shop(text).run(&[]);
    ran.ends(1, &["1 passed", "3 failed", "no call passed while the block ran", "and it does not fit"]);
}

#[test]
fn what_a_link_cannot_read_was_not_spared_on_purpose() {
    let nonsense = r#"exec "bash -c 'exec 3<>/dev/tcp/${at}; printf nonsense >&3; exec 3>&-'""#;
    let run = |fault: &str, statements: &str| {
        let address = "GET shop /books\nlet at = replace(body, \":\", \"/\")\n";
        let text = format!(
            "scenario \"it\" {{\n{address}under {fault} on shop -> books {{\n{nonsense}\n{statements}\n}}\n}}\n"
        );
        with_shop(&text).run(&[])
    };
    let buys = "POST shop /buy {}\nexpect body.attempts == 2";
    run("lost_request(first: 1)", buys).ends(
        5,
        &["whether `lost_request(first: 1)` hit all that it should is not known", "could not be understood"],
    );
    run("lost_request", "wait 10ms").ends(1, &["hit nothing", "could not be understood"]);
    // One of bytes hits whatever passes.
    run("latency(1ms)", "POST shop /buy {}").ends(0, &[]);
}

#[test]
fn a_fault_is_of_no_branch_alone() {
    let text = r#"
action slowly() {
  under latency(1ms) on client -> shop { GET shop /count }
}
scenario "beside each other" {
  parallel for n in 1..2 { slowly() }
}
scenario "around them" {
  under latency(1ms) on client -> shop {
    parallel for n in 1..2 { GET shop /count }
  }
}
"#;
    with_shop(text)
        .run(&[])
        .ends(1, &["1 passed, 1 failed", "its faults would hit those too", "put it around `parallel`"]);
}

#[test]
fn members_share_what_a_fault_counts() {
    let text = shop()
        .replace("env { LISTEN: addr, BOOKS: \"\"", "members 3\n  env { LISTEN: addr, BOOKS: \"\"")
        .replace("\"books.pid\"", "\"${member}.pid\"")
        + r#"
scenario "one of all" {
  under lost_request(nth: 2) on client -> books {
    let results = for n in 0..2 { GET books[n] /count }
    expect results[0].status == 200
    expect results[1].error.kind == "reset"
    expect results[2].status == 200
  }
}
"#;
    let project = scn(&text);
    project.run(&["--report", "json=events.jsonl"]).ends(0, &["1 passed"]);
    let hits = events(&project, "faulted");
    assert_eq!((hits.len(), &hits[0]["index"]), (1, &2.into()), "{hits:?}");
}

#[test]
fn calls_to_a_service_that_is_down_are_in_the_history() {
    let text = r#"
scenario "down" {
  under kill(for: 1h) on books {
    expect books.running == false within 10s
    POST shop /buy {}
    expect status == 502
  }
  expect (shop -> books).calls.count == 3
  expect (shop -> books).calls[*].error.kind == ["refused", "refused", "refused"]
}
scenario "a fault answers for it" {
  under kill(for: 1h) on books, status(201) on shop -> books {
    expect books.running == false within 10s
    POST shop /buy {}
    expect body.attempts == 1
  }
}
"#;
    with_shop(text).run(&["--jobs", "1"]).ends(0, &["2 passed"]);
}

/// Each fault that a connection of gRPC may not survive, and how long a call takes at most: the next
/// one must not notice.
const BROKEN: &[(&str, &str, u32)] = &[
    ("lost_response(first: 1)", "20s", 20),
    ("lost_request(first: 1)", "20s", 20),
    ("reset", "20s", 20),
    ("truncate(at: 20)", "20s", 20),
    ("rst_stream(first: 1)", "20s", 20),
    ("goaway(first: 1)", "20s", 100),
    ("status(UNAVAILABLE)", "20s", 20),
    ("timeout", "1s", 2),
    ("half_open", "1s", 2),
    ("corrupt(every: 16)", "1s", 10),
];

#[test]
fn what_a_link_hid_of_grpc_is_the_outcome_of_an_operation() {
    let (_runtime, url) = crate::grpc::health();
    let text = format!(
        r#"
service ledger {{ speaks grpc; at "{url}" }}
action check(name) {{ call ledger.Health.Check {{ service: name }} }}
scenario "it" {{
  under lost_response(first: 1) on client -> ledger.Check {{
    workload known by 1 clients for 3 operations {{ check("ledger") }}
  }}
  under lost_response(first: 1) on client -> ledger.Check {{
    workload unknown by 1 clients for 3 operations {{ check("nobody") }}
  }}
  expect known[*].outcome == ["ok", "ok", "ok"]
  expect unknown.ok == 0
  expect unknown[*].outcome == ["info", "info", "info"]
}}
"#
    );
    scn(&text).run(&[]).ends(0, &["1 passed"]);
}

#[test]
fn a_failure_tells_the_answer_that_a_link_kept_back() {
    let text = "scenario \"it\" {\n  under reset on client -> books { POST books /post {} }\n}\n";
    with_shop(text).run(&[]).ends(1, &["it had answered 201, which the link kept back"]);
}

#[test]
fn a_stream_that_breaks_over_a_link_names_its_service() {
    let (_runtime, url) = crate::grpc::health();
    let text = format!(
        r#"
service ledger {{ speaks grpc; at "{url}" }}
scenario "it" {{
  under reset on client -> ledger {{ let feed = open ledger.Health.Check {{ service: "ledger" }} }}
}}
"#
    );
    scn(&text).run(&[]).ends(1, &[&format!("`{url}`")]);
}

#[test]
fn after_each_block_the_next_call_of_grpc_is_clean() {
    let (_runtime, url) = crate::grpc::health();
    let mut text = format!("service ledger {{ speaks grpc; at \"{url}\" }}\n");
    for (fault, deadline, times) in BROKEN {
        text += &format!(
            r#"
@timeout(2m)
scenario "{fault}" {{
  for n in 1..{times} {{
    under {fault} on client -> ledger {{
      let r = call ledger.Health.Check {{ service: "ledger" }} with {{ deadline: {deadline} }}
      expect r.status == OK or r.status != OK
    }}
    call ledger.Health.Check {{ service: "ledger" }}
    expect status == OK
  }}
}}
"#
        );
    }
    let passed = format!("{} passed", BROKEN.len());
    scn(&text).run(&[]).ends(0, &[&passed]);
}

#[test]
fn a_fault_that_could_never_hit_is_a_mistake() {
    let with = |fault: &str| format!("scenario \"it\" {{\n  under {fault} {{ POST shop /buy {{}} }}\n}}\n");
    for (fault, says) in [
        ("lost_request(share: 0%) on client -> shop", "`share` must be a number above 0 and up to 1, not 0"),
        ("lost_request(share: 0.0000001) on client -> shop", "`share` must be a number above 0"),
        (
            "lost_request(method: \"POST\") on client -> shop.GET",
            "the place names the method `GET`, and the fault `POST`",
        ),
        ("pause on books, pause on books", "`pause` cannot strike `books`, which is paused"),
        (
            "pause on books, kill(for: 100ms) on books",
            "`kill(for: 100ms)` cannot strike `books`, which is paused",
        ),
    ] {
        let ran = with_shop(&with(fault)).run(&[]);
        assert!(matches!(ran.code, Some(1 | 2)), "{fault}: {}", ran.out);
        assert!(ran.says(says), "{fault}: {}{}", ran.out, ran.err);
    }
    let nested = "scenario \"it\" {\n  under pause(for: 2s) on books {\n    under kill(after: 100ms) on books { wait 400ms }\n  }\n}\n";
    with_shop(nested).run(&[]).ends(1, &["`kill(after: 100ms)` cannot strike `books`, which is paused"]);
}

#[test]
fn a_reordering_without_another_message_hits_nothing() {
    let alone =
        "scenario \"it\" {\n  under reorder(within: 50ms) on client -> books { GET books /count }\n}\n";
    with_shop(alone).run(&[]).ends(1, &["was at work and hit nothing", "when another one overtakes it"]);
}
