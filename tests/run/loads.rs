//! Loads against servers that drop, hang, reset and fail, and against the limits of the machine that
//! brings them: everything is counted once, and nothing that was not tried passes.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal::{SIGCONT, SIGINT, SIGSTOP};

use crate::harness::{Project, Ran, json, reply, scn, server, wait_for};

/// What every load is held to.
const ADDS_UP: &str = "expect w.scheduled == w.started + w.dropped\n\
                       expect w.started == w.ok + w.failed + w.timed_out + w.in_flight\n";

/// A server that counts what it is asked, and how often it was. `/mixed` fails by turns: 500, no answer at
/// all, no answer in time. `/sleep/50` answers after so many milliseconds.
fn at_odds() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let url = server(move |request| {
        let turn = counted.fetch_add(1, Ordering::Relaxed);
        let mut parts = request.path.trim_start_matches('/').split('/');
        match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
            ("mixed", _) => match turn % 5 {
                0 => json("500 Internal Server Error", "{}"),
                1 => Vec::new(),
                2 => {
                    sleep(Duration::from_secs(2));
                    json("200 OK", "{}")
                }
                _ => json("200 OK", "{}"),
            },
            ("sleep", millis) => {
                sleep(Duration::from_millis(millis.parse().unwrap_or(0)));
                json("200 OK", "{}")
            }
            ("old", _) => {
                b"HTTP/1.1 302 Found\r\nlocation: /new\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    .to_vec()
            }
            ("endless", _) => {
                let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n".to_vec();
                [head, vec![b'a'; 300_000]].concat()
            }
            ("short", _) => b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec(),
            ("status", status) => reply(&format!("{status} So"), "application/json", "{}"),
            _ => json("200 OK", "{\"a\": 1}"),
        }
    });
    (url, asked)
}

const ACTIONS: &str = r#"
action mixed() { GET s /mixed with { timeout: 150ms } }
action read() { GET s /kv }
action write() { POST s /kv {} }
action slow(n) { GET s /sleep/${n} }
action answers(n) {
  GET s /status/${n}
  rejected when status == 409
}
action shows(n) {
  show n
  GET s /kv
}
"#;

fn project_at(url: &str, statements: &str) -> Project {
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n{ACTIONS}\nscenario \"load\" {{\n{statements}\n}}\n"
    ))
}

fn run(statements: &str) -> Ran {
    project_at(&at_odds().0, statements).run(&["--seed", "7"])
}

#[test]
fn whatever_the_server_does_each_operation_is_counted_once() {
    let mixed = "workload w by 4 clients for 40 operations { mixed() }\n";
    run(&format!(
        "{mixed}{ADDS_UP}expect w.started == 40\nexpect w.ok > 0\nexpect w.failed > 0\nexpect w.timed_out > 0\nexpect w.in_flight == 0"
    ))
    .ends(0, &["timed out"]);
    run(&format!("{mixed}expect w.failed == 0\nexpect w.timed_out > 0\nexpect w.ok == 40"))
        .ends(1, &["w.failed"]);
    let open = "workload w at 50/s for 1s with { in_flight: 1 } { slow(100) }\n";
    run(&format!("{open}{ADDS_UP}expect w.scheduled == 50\nexpect w.dropped > 0\nexpect w.ok > 0"))
        .ends(0, &["dropped"]);
    run(&format!("{open}expect w.started == 50\nexpect w.ok > 0"))
        .ends(1, &["of 50 operations of `w` were dropped, and nothing here says how many may"]);
}

#[test]
fn what_has_not_ended_is_in_flight() {
    let text = "workload w by 2 clients for 200ms { slow(14_000) }\n";
    run(&format!("{text}{ADDS_UP}expect w.in_flight == 2\nexpect w.ok == 0\nexpect w.max > 9s"))
        .ends(0, &["2 did not end"]);
}

#[test]
fn an_operation_that_never_ran_is_no_success() {
    let never = "workload w by 2 clients for 20 operations { 99.9999% read(); 0.0001% write() }\n";
    run(&format!("{never}expect w.ok == 20\nexpect w.started == 20"))
        .ends(1, &["`write` was never performed among 20 operations of `w`"]);
    run(&format!("{never}expect w[*].outcome contains \"ok\"")).ends(1, &["`write` was never performed"]);
    run(&format!("{never}expect w.write.p99 < 1s")).ends(1, &["`write` was never performed"]);
    run(&format!("{never}expect w.write.started == 0")).ends(0, &[]);
}

#[test]
fn an_operation_that_is_always_rejected_is_no_success() {
    let text = "workload w by 1 clients for 30 operations { 50% read(); 50% answers(409) }\n";
    run(&format!("{text}expect w.error_rate == 0")).ends(1, &["no `answers` succeeded, of "]);
    run(&format!("{text}expect w.answers.ok == 0")).ends(0, &["rejected"]);
    // Nor is one that fails every time, though few of all may fail.
    let failing = text.replace("409", "500");
    run(&format!("{failing}expect w.error_rate < 90%"))
        .ends(1, &["no `answers` succeeded, of ", "answered 500"]);
    run(&format!("{failing}expect w.answers.error_rate == 100%")).ends(0, &[]);
    run(&format!("{failing}expect w[*].outcome contains \"info\"")).ends(0, &[]);
}

#[test]
fn times_of_nothing_hold_nothing() {
    let failing = "workload w by 1 clients for 5 operations { answers(500) }\nexpect w.error_rate == 100%\n";
    run(failing).ends(0, &["5 failed"]);
    for claim in [
        "w.p99 < 1s",
        "w.service.p99 < 1s",
        "w.max <= 1h",
        "not w.p50 > 1s",
        "w.mean != 5s",
        "w.p999 in 0s..1h",
    ] {
        run(&format!("{failing}expect {claim}")).ends(1, &["absent"]);
    }
}

#[test]
fn what_was_never_started_shows_nothing() {
    let text = "workload w by 1 clients for 100ms with { warm_up: 50ms } { slow(700) }\n";
    for claim in ["expect w.error_rate == 0", "expect w.dropped == 0", "expect w.ok == 0", ""] {
        run(&format!("{text}{claim}")).ends(1, &["no operation of `w` was started, so nothing was tried"]);
    }
}

#[test]
fn loads_of_nothing_are_refused_when_only_the_run_knows() {
    for (load, why) in [
        ("by n clients for 3 operations", "from 1 to 10000 clients, not 0"),
        ("by 2 clients for n operations", "operations, not 0"),
        ("by 10_001 + n clients for 3 operations", "from 1 to 10000 clients, not 10001"),
        ("at n..n for 1s", "at this rate nothing ever happens"),
        ("at n - 5 for 1s", "a rate is a number of operations a second"),
        ("at 5/s for n * 1s", "a workload lasts a duration above zero"),
    ] {
        run(&format!("let n = 1 - 1\nworkload w {load} {{ read() }}\nexpect w.ok > 0")).ends(1, &[why]);
    }
}

#[test]
fn a_ramp_may_end_at_nothing() {
    run("workload w at 50/s..0/s for 1s { read() }\nexpect w.scheduled == 25\nexpect w.ok == 25\nexpect w.dropped == 0")
        .ends(0, &[]);
}

#[test]
fn failures_while_warming_up_are_no_examples() {
    let (url, _) = at_odds();
    let project = project_at(
        &url,
        "workload w by 1 clients for 3 operations with { warm_up: 100ms } { answers(500) }\nexpect w.ok == 0",
    );
    project
        .run(&[])
        .ends(0, &["answers 3 times: `GET` answered 500", "in the warm-up, which is in no figure, "]);
}

#[test]
fn bodies_without_end_or_half_of_one_are_failures() {
    let text = |path: &str, claim: &str| {
        format!(
            "workload w by 2 clients for 4 operations {{ GET s {path} with {{ limit: 64KiB, timeout: 5s }} }}\nexpect w.failed == 4\nexpect {claim}"
        )
    };
    run(&text("/endless", "w.ok == 0")).ends(0, &["larger than the limit of 65536 bytes"]);
    run(&text("/short", "w.ok == 0")).ends(0, &["in the middle of its answer, after 4 bytes"]);
}

#[test]
fn redirects_are_followed_under_load_too() {
    let follow = "workload w by 2 clients for 6 operations { GET s /old with { redirects: 2 } }\n";
    run(&format!("{follow}expect w.ok == 6")).ends(0, &["6 ok"]);
    run("workload w by 2 clients for 6 operations { GET s /old }\nexpect w.ok == 6").ends(1, &["302"]);
}

#[test]
fn two_loads_at_once_are_counted_apart() {
    let both = "parallel {\n  one()\n  two()\n}\n";
    let actions = "action one() { workload a by 2 clients for 20 operations { read() }\n expect a.ok == 20 }\n\
                   action two() { workload b at 40/s for 500ms { slow(5) }\n expect b.ok == 20 }\n";
    let (url, asked) = at_odds();
    let project = scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n{ACTIONS}{actions}scenario \"load\" {{\n{both}}}\n"
    ));
    project.run(&["--jobs", "4"]).ends(0, &["load a", "load b"]);
    assert_eq!(asked.load(Ordering::Relaxed), 40);
    let in_a_row = "workload a by 1 clients for 5 operations { read() }\nworkload b by 1 clients for 6 operations { answers(500) }\nexpect a.ok == 5";
    run(in_a_row).ends(1, &["6 of 6 `answers` failed", "none of the operations of `b` succeeded"]);
}

#[test]
fn one_operation_of_each_kind_shows() {
    let ran =
        run("workload w by 4 clients for 60 operations { 50% shows(1); 50% shows(2) }\nexpect w.ok == 60")
            .ends(0, &["n = 1", "n = 2"]);
    assert_eq!(ran.out.matches("n = ").count(), 2, "{}", ran.out);
}

#[test]
fn an_interrupted_load_still_says_what_it_came_to() {
    let (url, asked) = at_odds();
    for load in ["by 2 clients for 10m", "at 100/s for 10m"] {
        let text = format!("workload w {load} {{ slow(1) }}\nexpect w.ok > 0\ndefer {{ POST s /done {{}} }}");
        let project = project_at(&url, &text);
        asked.store(0, Ordering::Relaxed);
        let running = project.begin(&["--timeout", "20m"]);
        wait_for("the load begins", || asked.load(Ordering::Relaxed) > 20);
        running.signal(SIGINT);
        running.end().ends(130, &["interrupted", "load w", " ok"]);
        assert!(asked.load(Ordering::Relaxed) > 20, "what was deferred is done");
        project.run(&["--timeout", "500ms"]).ends(1, &["did not end within 500ms", "load w", " ok"]);
    }
}

#[test]
fn times_are_unknown_when_the_runner_itself_was_held_up() {
    let measured = |claim: &str| {
        let (url, asked) = at_odds();
        let project = project_at(&url, &format!("workload w at 50/s for 2s {{ read() }}\n{claim}"));
        let running = project.begin(&[]);
        wait_for("the load begins", || asked.load(Ordering::Relaxed) > 10);
        running.signal(SIGSTOP);
        sleep(Duration::from_millis(800));
        running.signal(SIGCONT);
        running.end()
    };
    let why = "the runner itself began operations";
    measured("expect w.p99 < 1h").ends(5, &["nothing is known of `p99`", why]);
    measured("expect w.rate > 1/s").ends(5, &["nothing is known of `rate`", why]);
    // What it counted, it counted.
    measured("expect w.ok == 100").ends(0, &["nothing is known of the times", why]);
    measured("expect w.ok == 99").ends(1, &["w.ok 100"]);
}

#[test]
fn without_room_for_a_connection_the_service_is_not_blamed() {
    let (url, _) = at_odds();
    let text = "workload w by 200 clients for 400 operations { slow(300) }\nexpect w.error_rate < 100%";
    let project = project_at(&url, text);
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 100 && exec \"$0\" run t.scn", env!("CARGO_BIN_EXE_scn")])
        .current_dir(project.path())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
    ran.ends(5, &["the load cannot be brought from here", "scn may open no more files", "ulimit -n"])
        .never_says(&["is the service listening"]);
}
