//! Scenarios that take a service away have it alone.

use crate::harness::scn;
use crate::services::shop;

/// Each user says when it begins and ends; nothing may begin in between when it must be alone.
fn overlaps(log: &str) -> Vec<String> {
    let mut inside: Vec<&str> = Vec::new();
    let mut wrong = Vec::new();
    for line in log.lines() {
        let Some((what, who)) = line.split_once(' ') else { continue };
        if what == "begin" {
            let alone = |name: &str| name.starts_with("alone");
            if !inside.is_empty() && (alone(who) || inside.iter().any(|name| alone(name))) {
                wrong.push(format!("{who} during {inside:?}"));
            }
            inside.push(who);
        } else {
            inside.retain(|name| *name != who);
        }
    }
    wrong
}

fn scenario(attributes: &str, name: &str, body: &str) -> String {
    format!(
        "{attributes}scenario \"{name}\" {{\n  exec \"sh -c 'echo begin {name} >> log; sleep 0.02'\"\n{body}\n  exec \"sh -c 'echo end {name} >> log'\"\n}}\n"
    )
}

#[test]
fn a_scenario_that_kills_a_service_never_overlaps_one_that_uses_it() {
    let mut text =
        "service s { start \"sh -c 'touch up; exec sleep 1000'\"; ready \"test -f up\" }\n".to_owned();
    for n in 0..6 {
        text += &scenario("", &format!("user{n}"), "  expect s.running");
        text += &scenario("", &format!("alone{n}"), "  kill s\n  expect not s.running\n  start s");
    }
    let project = scn(&text);
    project.run(&["--jobs", "12"]).ends(0, &["12 passed"]);
    let log = project.read("log");
    assert_eq!(log.lines().count(), 24);
    assert_eq!(overlaps(&log), Vec::<String>::new(), "{log}");
}

#[test]
fn a_scenario_that_observes_or_breaks_a_link_has_both_its_ends_alone() {
    let mut text = shop();
    for n in 0..4 {
        text += &scenario("", &format!("user{n}"), "  GET books /count");
        let sees = "  POST shop /buy {}\n  expect (shop -> books).calls.count == 1 within 5s";
        text += &scenario("", &format!("alone-sees{n}"), sees);
        let breaks = "  under latency(1ms) on shop -> books { POST shop /buy {} }";
        text += &scenario("", &format!("alone-breaks{n}"), breaks);
    }
    let project = scn(&text);
    project.run(&["--jobs", "12"]).ends(0, &["12 passed"]);
    let log = project.read("log");
    assert_eq!(log.lines().count(), 24);
    assert_eq!(overlaps(&log), Vec::<String>::new(), "{log}");
}

#[test]
fn the_runners_own_links_need_nothing_alone() {
    let mut text = shop();
    // Each waits for the other: one at a time they would never end.
    for (name, other) in [("a", "b"), ("b", "a")] {
        text += &format!(
            "scenario \"{name}\" {{\n  under status(503) on client -> books {{\n    exec \"sh -c 'touch {name}; while ! test -e {other}; do sleep 0.01; done'\"\n    let r = GET books /count\n    expect r.status == 503\n  }}\n}}\n"
        );
    }
    scn(&text).run(&["--jobs", "2"]).ends(0, &["2 passed"]);
}

#[test]
fn serial_scenarios_run_alone() {
    let mut text = String::new();
    for n in 0..5 {
        text += &scenario("", &format!("user{n}"), "");
        text += &scenario("@serial\n", &format!("alone{n}"), "");
    }
    let project = scn(&text);
    project.run(&["--jobs", "10"]).ends(0, &["10 passed"]);
    let log = project.read("log");
    assert_eq!(overlaps(&log), Vec::<String>::new(), "{log}");
}

#[test]
fn a_service_that_a_scenario_left_dead_or_paused_is_brought_back() {
    let text = "service s { start \"sh -c 'echo started >> starts; touch up; exec sleep 1000'\"; ready \"test -f up\" }\n\
        scenario \"kills\" {\nkill s\nexpect not s.running\n}\n\
        scenario \"pauses\" {\npause s\nexpect 1 == 1\n}\n\
        scenario \"uses\" { expect s.running }\n";
    let project = scn(text);
    project.run(&["--jobs", "1"]).ends(0, &["3 passed"]);
    assert_eq!(project.read("starts").lines().count(), 2);
}
