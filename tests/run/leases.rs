//! Scenarios that take a service away have it alone.

use crate::harness::scn;

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
