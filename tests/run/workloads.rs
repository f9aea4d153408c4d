//! Workloads: load by clients and at rates, whose figures add up, and which is never silent about
//! what failed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri};

use crate::harness::{Project, Ran, closed_port, scn, wait_for};

/// What a server was asked: method and path of each request, in the order of their arrival.
type Log = Arc<Mutex<Vec<String>>>;

/// A server of registers at `/kv/KEY`. `/status/409` answers that status, `/sleep/50` after so many
/// milliseconds, `/nth/3` fails each third request, `/close` breaks off.
fn server() -> (String, Log) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let log = Log::default();
    let kept = log.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let values: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
        runtime.block_on(async move {
            let router = Router::new().fallback(move |method: Method, uri: Uri, body: Bytes| {
                let (values, log) = (values.clone(), kept.clone());
                async move {
                    let path = uri.path().to_owned();
                    let count = {
                        let mut log = log.lock().unwrap();
                        log.push(format!("{method} {path} {}", String::from_utf8_lossy(&body)));
                        log.len()
                    };
                    let mut parts = path.trim_start_matches('/').split('/');
                    let (what, of) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                    let number = of.parse::<u64>().unwrap_or(1);
                    let json = |status: u16, body: String| {
                        (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], body)
                    };
                    match (what, method) {
                        ("status", _) => json(number as u16, "{}".to_owned()),
                        ("nth", _) if (count as u64).is_multiple_of(number) => json(500, "{}".to_owned()),
                        ("sleep", _) => {
                            tokio::time::sleep(Duration::from_millis(number)).await;
                            json(200, "{}".to_owned())
                        }
                        ("kv", Method::PUT) => {
                            let value = String::from_utf8(body.to_vec()).unwrap();
                            values.lock().unwrap().insert(of.to_owned(), value.clone());
                            json(200, value)
                        }
                        ("kv", _) => {
                            let found = values.lock().unwrap().get(of).cloned();
                            json(200, found.unwrap_or_else(|| "null".to_owned()))
                        }
                        _ => json(200, "{}".to_owned()),
                    }
                }
            });
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    (format!("http://{address}"), log)
}

const ACTIONS: &str = r#"
action read(key) {
  GET s /kv/${key}
  return body
}
action write(key, value: int(0..9)) {
  PUT s /kv/${key} json(value)
  return body
}
action nth(n) { GET s /nth/${n} }
action answers(code) {
  POST s /status/${code} {}
  rejected when status == 409
  return body
}
action hangs() { POST s /sleep/5000 {} with { timeout: 50ms } }
"#;

fn project_at(url: &str, statements: &str) -> Project {
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n{ACTIONS}\nscenario \"load\" {{\n{statements}\n}}\n"
    ))
}

fn run(statements: &str) -> Ran {
    project_at(&server().0, statements).run(&["--seed", "7"])
}

#[test]
fn a_closed_workload_performs_its_operations_and_no_more() {
    let (url, log) = server();
    let text = r#"
  workload w by 4 clients for 100 operations { read("a") }
  expect w.started == 100
  expect w.scheduled == 100
  expect w.ok == 100
  expect w.dropped == 0
  expect w.error_rate == 0
  expect w.p99 >= w.p50
  expect w.max >= w.p99
  expect w.service.p50 > 0s
  expect w.rate > 0/s
  expect w.longest_gap > 0s
  expect w.read.ok == 100
"#;
    project_at(&url, text).run(&[]).ends(0, &["100 ok"]);
    assert_eq!(log.lock().unwrap().len(), 100);
    run("workload w by 2 clients for 10 operations { read(\"a\") }\nexpect w.ok == 11").ends(1, &["w.ok 10"]);
}

#[test]
fn a_workload_for_a_time_ends_after_it() {
    run("workload w by 2 clients for 300ms { read(\"a\") }\nexpect w.ok > 0\nexpect w.started == w.ok")
        .ends(0, &[]);
}

#[test]
fn an_open_workload_starts_what_is_due_and_counts_what_it_drops() {
    let (url, log) = server();
    let text = "workload w at 200/s for 500ms { read(\"a\") }\nexpect w.scheduled == 100\nexpect w.dropped == 0\nexpect w.ok == 100";
    project_at(&url, text).run(&[]).ends(0, &[]);
    assert_eq!(log.lock().unwrap().len(), 100);
    // One at a time of 100 ms each cannot keep up with 50 a second.
    let slow = "workload w at 50/s for 1s with { in_flight: 1 } { GET s /sleep/100 }\n";
    run(&format!("{slow}expect w.dropped > 20\nexpect w.started + w.dropped == 50")).ends(0, &["dropped"]);
    run(slow).ends(1, &["operations of `w` were dropped", "nothing here says how many may"]);
}

#[test]
fn an_open_workload_is_measured_from_when_operations_were_due() {
    // A ramp from nothing: 50 operations in a second.
    run("workload w at 0/s..100/s for 1s { GET s /sleep/30 }\nexpect w.scheduled == 50\nexpect w.p50 >= w.service.p50\nexpect w.service.p50 >= 30ms")
        .ends(0, &[]);
}

#[test]
fn the_mix_is_the_same_for_the_same_seed_whoever_performs_it() {
    let asked = |seed: &str, jobs: &str, clients: u32| {
        let (url, log) = server();
        let text = format!(
            "workload w by {clients} clients for 200 operations {{\n    70% read(any re\"[a-c]\")\n    30% write(any re\"[a-c]\", any int(0..9))\n  }}\nexpect w.ok == 200"
        );
        project_at(&url, &text).run(&["--seed", seed, "--jobs", jobs]).ends(0, &["read", "write"]);
        let mut log = std::mem::take(&mut *log.lock().unwrap());
        log.sort();
        log
    };
    let first = asked("7", "1", 1);
    assert_eq!(first, asked("7", "8", 8));
    assert_ne!(first, asked("8", "8", 8));
    let writes = first.iter().filter(|line| line.starts_with("PUT")).count();
    assert!((40..=80).contains(&writes), "{writes}");
}

#[test]
fn a_failed_operation_fails_what_says_nothing_of_failures() {
    let failed = "workload w by 1 clients for 30 operations { nth(10) }\n";
    run(failed).ends(
        1,
        &["3 of 30 `nth` failed, and nothing here says how many may", "3 times: `GET` answered 500"],
    );
    run(&format!("{failed}expect w.p99 < 10s")).ends(1, &["nothing here says how many may"]);
    run(&format!("{failed}show w.error_rate")).ends(1, &["nothing here says how many may"]);
    run(&format!("{failed}if false {{ expect w.error_rate < 50% }}"))
        .ends(1, &["nothing here says how many may"]);
    run(&format!("{failed}expect w.timed_out == 0")).ends(1, &["nothing here says how many may"]);
    run(&format!("{failed}expect w.error_rate < 5%")).ends(1, &["w.error_rate 0.1"]);
    run(&format!("{failed}expect w.error_rate == 10%")).ends(0, &["3 failed", "nth 3 times"]);
    run(&format!("{failed}expect w.nth.error_rate == 10%")).ends(0, &[]);
    run(&format!("{failed}expect w.failed == 3")).ends(0, &[]);
}

#[test]
fn what_nobody_succeeds_at_never_passes_unseen() {
    let none = "workload w by 2 clients for 10 operations { answers(500) }\n";
    run(none).ends(1, &["none of the operations of `w` succeeded, of 10"]);
    let rejected = "workload w by 2 clients for 10 operations { answers(409) }\n";
    run(rejected).ends(1, &["none of the operations of `w` succeeded, of 10"]);
    run(&format!("{rejected}expect w.error_rate == 0")).ends(1, &["none of the operations of `w` succeeded"]);
    run(&format!("{rejected}expect w[*].outcome contains \"fail\""))
        .ends(1, &["none of the operations of `w` succeeded"]);
    run(&format!("{rejected}expect w.rejected_rate == 100%\nexpect w.error_rate == 0")).ends(0, &[]);
}

#[test]
fn an_expectation_in_an_operation_is_a_failure_of_it() {
    let (url, _) = server();
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\naction read() {{\n  GET s /kv/x\n  expect body == 1\n}}\nscenario \"load\" {{\n  workload w by 1 clients for 5 operations {{ read() }}\n  expect w.error_rate == 100%\n  expect w.p99 == absent\n}}\n"
    );
    scn(&text).run(&[]).ends(0, &["5 failed", "`body == 1` does not hold"]);
    scn(&text.replace("100%", "0%")).run(&[]).ends(1, &["w.error_rate 1"]);
}

#[test]
fn a_rejection_does_not_excuse_another_status() {
    run("workload w by 1 clients for 4 operations { answers(503) }\nexpect w.failed == 4\nexpect w.rejected_rate == 0\nexpect w.ok == 0")
        .ends(0, &["answered 503"]);
}

#[test]
fn a_history_tells_what_is_known_of_each_operation() {
    let text = r#"
  workload w by 2 clients for 12 operations {
    50% write("a", any int(0..9))
    50% answers(409)
  }
  let done = w[*]
  expect done.count == 12
  expect done increasing by .start
  for op in w {
    expect op.f in ["write", "answers"]
    if op.f == "write" {
      expect op.outcome == "ok"
      expect op.args[0] == "a"
      expect op.value == op.args[1]
      expect op.end > op.start
      expect op.process in 0..1
    } else {
      expect op.outcome == "fail"
      expect op.error.kind == "rejected"
      expect op.args == [409]
    }
  }
"#;
    run(text).ends(0, &[]);
    run("workload w by 1 clients for 3 operations { hangs() }\nexpect w.timed_out == 3\nexpect w[*].outcome == [\"info\", \"info\", \"info\"]\nexpect w[0].end == absent\nexpect w[*].process == [0, 1, 2]\nexpect w[*].error.kind == [\"timeout\", \"timeout\", \"timeout\"]")
        .ends(0, &["3 timed out"]);
    let refused = format!("http://127.0.0.1:{}", closed_port());
    project_at(&refused, "workload w by 1 clients for 3 operations { write(\"a\", 1) }\nexpect w.ok == 0\nexpect w[*].outcome == [\"fail\", \"fail\", \"fail\"]\nexpect w[*].process == [0, 0, 0]\nexpect w[*].error.kind == [\"refused\", \"refused\", \"refused\"]")
        .run(&[])
        .ends(0, &[]);
    run("workload w by 1 clients for 2 operations { answers(500) }\nexpect w.ok == 0\nexpect w[*].outcome == [\"info\", \"info\"]")
        .ends(0, &[]);
}

#[test]
fn an_answer_that_a_link_hid_tells_the_outcome() {
    run("under lost_response(first: 1) on client -> s {\n    workload w by 1 clients for 4 operations { write(\"a\", 3) }\n    expect w.failed + w.timed_out == 1\n    expect w[*].outcome == [\"ok\", \"ok\", \"ok\", \"ok\"]\n  }")
        .ends(0, &[]);
    run("under lost_request(first: 1) on client -> s {\n    workload w by 1 clients for 4 operations { write(\"a\", 3) }\n    expect w.failed + w.timed_out == 1\n    expect w[*].outcome == [\"info\", \"ok\", \"ok\", \"ok\"]\n  }")
        .ends(0, &[]);
}

#[test]
fn relations_read_the_history() {
    run("workload w by 3 clients for 30 operations { write(\"a\", any int(0..9)) }\nexpect w increasing by .start")
        .ends(0, &[]);
    run("workload w by 3 clients for 30 operations { write(\"a\", any int(0..9)) }\nexpect w unique by .f")
        .ends(1, &["is not unique"]);
}

#[test]
fn warm_up_is_in_no_figure() {
    let (url, log) = server();
    let text = "workload w by 1 clients for 10 operations with { warm_up: 200ms } { read(\"a\") }\nexpect w.started == 10\nexpect w[*].f contains \"read\"";
    project_at(&url, text).run(&[]).ends(0, &["10 ok"]);
    assert!(log.lock().unwrap().len() > 10);
}

#[test]
fn a_service_that_dies_under_load_shows_in_the_gap_and_the_errors() {
    let text = |rest: &str| {
        scn(&format!(
            "service s {{ speaks http; start \"python3 -m http.server ${{port}} --bind ${{host}}\"; ready GET / within 60s }}\nscenario \"load\" {{\n  under kill(after: 300ms, for: 300ms) on s {{\n    workload w by 2 clients for 2s {{ GET s / }}\n    {rest}\n  }}\n}}\n"
        ))
    };
    text("expect w.ok > 0\n    expect w.error_rate > 0\n    expect w.longest_gap > 250ms")
        .run(&[])
        .ends(0, &["failed"]);
    text("expect w.p99 < 60s").run(&[]).ends(1, &["nothing here says how many may"]);
}

#[test]
fn figures_are_replayed_and_told_to_reports() {
    let project = project_at(
        &server().0,
        "workload w by 2 clients for 20 operations { 50% read(\"a\"); 50% nth(7) }\nexpect w.error_rate < 100%",
    );
    let ran =
        project.run(&["--report", "junit=out.xml,json=run.json"]).ends(0, &["load w", "· read", "· nth"]);
    let load = |text: &str| {
        text.lines().find(|line| line.contains("load") && line.contains("ok")).map(str::to_owned)
    };
    let again = project.scn(&["replay", "run.json"]).ends(0, &[]);
    assert_eq!(load(&ran.out), load(&again.out));
    assert!(load(&ran.out).is_some());
    assert!(project.read("out.xml").contains("name=\"workload w\""), "{}", project.read("out.xml"));
}

#[test]
fn an_interrupt_ends_the_load() {
    let (url, log) = server();
    for load in ["by 2 clients for 10m", "at 100/s for 10m"] {
        let project = project_at(&url, &format!("workload w {load} {{ read(\"a\") }}\nexpect w.ok > 0"));
        log.lock().unwrap().clear();
        let running = project.begin(&["--timeout", "20m"]);
        wait_for("the load begins", || log.lock().unwrap().len() > 20);
        running.signal(nix::sys::signal::Signal::SIGINT);
        running.end().ends(130, &["interrupted"]);
    }
    let project = project_at(&url, "workload w at 100/s for 10m { read(\"a\") }\nexpect w.ok > 0");
    project.run(&["--timeout", "1s"]).ends(1, &["did not end within 1s"]);
}

#[test]
fn what_says_nothing_of_failures_excuses_none() {
    let some = "workload w by 1 clients for 20 operations { sometimes() }\n";
    for line in [
        "expect w.ok >= 1",
        "let all = w[*]",
        "let rate = w.error_rate",
        "expect w[0].outcome == \"ok\"",
        "show w.error_rate",
    ] {
        let (url, _) = server();
        let text = format!(
            "service s {{ speaks http; at \"{url}\" }}\naction sometimes() {{ GET s /nth/5 }}\nscenario \"load\" {{\n{some}{line}\n}}\n"
        );
        scn(&text).run(&[]).ends(1, &["4 of 20 `sometimes` failed, and nothing here says how many may"]);
    }
}
