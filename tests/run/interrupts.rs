//! Ctrl-C and worse: cleanup runs, nothing is left.

use nix::sys::signal::Signal;

use crate::harness::{is_alive, scn, wait_for};

const LONG: &str = r#"
service s { start "sh -c 'echo $$ > service.pid; touch up; exec sleep 1000'"; ready "test -f up" }
scenario "long" {
  defer { exec "sh -c 'echo cleaned >> cleanup'" }
  expect s.running
  show "begun"
  exec "sh -c 'echo $$ > exec.pid; touch running; exec sleep 1000'" with { timeout: 1h }
}
scenario "next" { exec "touch next" }
"#;

fn pids(project: &crate::harness::Project) -> Vec<i32> {
    ["service.pid", "exec.pid"].iter().map(|name| project.read(name).trim().parse().unwrap()).collect()
}

#[test]
fn one_interrupt_cleans_up_and_says_so() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let project = scn(LONG);
        let run = project.begin(&["--jobs", "1", "--timeout", "1h"]);
        wait_for("the command runs", || project.path().join("running").exists());
        run.signal(signal);
        run.end().ends(130, &["interrupted", "cleaning up"]);
        assert_eq!(project.read("cleanup"), "cleaned\n");
        assert!(!project.path().join("next").exists(), "nothing begins after an interrupt");
        assert!(pids(&project).iter().all(|pid| !is_alive(*pid)));
    }
}

#[test]
fn an_interrupt_ends_what_is_observed_before_cleanup() {
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = asked.clone();
    let url = crate::harness::server(move |asked| {
        noted.lock().unwrap().push(asked.path.clone());
        crate::harness::json("200 OK", "{\"n\": 1}")
    });
    let project = scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n@safe\naction n() {{\nGET s /\nreturn body.n\n}}\n\
         scenario \"long\" {{\ndefer {{\nGET s /cleaning\nwait 50ms\nGET s /cleaned\n}}\n\
         observe seen from n() every 1ms\nexpect seen has {{ value: 2 }} within 1h\n}}\n"
    ));
    let run = project.begin(&["--timeout", "1h"]);
    wait_for("it observes", || asked.lock().unwrap().len() > 2);
    run.signal(Signal::SIGINT);
    run.end().ends(130, &["interrupted"]);
    let asked = asked.lock().unwrap();
    let late: Vec<&str> = asked.iter().map(String::as_str).skip_while(|path| *path != "/cleaning").collect();
    // One may have been under way when it ended.
    assert!(late.last() == Some(&"/cleaned") && late.len() <= 3, "{late:?}");
}

#[test]
fn an_interrupt_ends_a_wait_for_a_history_and_is_no_verdict_on_it() {
    let (_runtime, url) = crate::grpc::health();
    for claim in ["has { status: \"NONE\" } within 1h", "not has { status: \"NONE\" } throughout 1h"] {
        let project = scn(&format!(
            "service ledger {{ speaks grpc; at \"{url}\" }}\nscenario \"it\" {{\n\
             let feed = open ledger.Health.Watch {{ service: \"ledger\" }}\n\
             next feed within 1h\ndefer {{ exec \"touch cleaned\" }}\nexec \"touch began\"\nexpect feed {claim}\n}}\n"
        ));
        let run = project.begin(&["--timeout", "1h"]);
        wait_for("it waits", || project.path().join("began").exists());
        run.signal(Signal::SIGINT);
        run.end().ends(130, &["interrupted"]).never_says(&["definitely absent", "can neither be shown"]);
        assert!(project.path().join("cleaned").exists());
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let text = LONG.replace(
        "exec \"sh -c 'echo cleaned >> cleanup'\"",
        "exec \"sh -c 'touch cleaning; exec sleep 1000'\" with { timeout: 1h }",
    );
    let project = scn(&text);
    let run = project.begin(&["--jobs", "1", "--timeout", "1h"]);
    wait_for("the command runs", || project.path().join("running").exists());
    run.signal(Signal::SIGINT);
    wait_for("cleanup begins", || project.path().join("cleaning").exists());
    run.signal(Signal::SIGINT);
    run.end().ends(130, &["cleanup was cut off by a second interrupt"]);
    assert!(pids(&project).iter().all(|pid| !is_alive(*pid)));
}

#[test]
fn a_runner_that_is_killed_leaves_nothing_behind() {
    let project = scn(LONG);
    let mut run = project.begin(&["--jobs", "1", "--timeout", "1h"]);
    wait_for("the command runs", || project.path().join("running").exists());
    run.signal(Signal::SIGKILL);
    run.child.wait().unwrap();
    let pids = pids(&project);
    wait_for("everything is gone", || pids.iter().all(|pid| !is_alive(*pid)));
}

#[test]
fn an_interrupt_while_a_service_starts_ends_it() {
    let text = "service s { start \"sh -c 'echo $$ > service.pid; exec sleep 1000'\"; ready \"test -f never\" within 1h }\n\
        scenario \"it\" { expect s.running }\n";
    let project = scn(text);
    let run = project.begin(&[]);
    wait_for("the service begins", || project.read("service.pid").ends_with('\n'));
    run.signal(Signal::SIGINT);
    run.end().ends(130, &["interrupted"]);
    assert!(!is_alive(project.read("service.pid").trim().parse().unwrap()));
}
