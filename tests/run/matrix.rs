//! `@matrix`: each combination is a result of its own, and a service that runs as something else
//! for one is as declared for the next.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;

use crate::harness::{Project, is_alive, scn, wait_for};

const COMBINED: &str = r#"
@matrix(mode: ["fast", "safe"], n: [1, 2])
@cases([{ k: "a" }, { k: "b" }])
scenario "combined" {
  exec "sh -c 'echo $1 $2 $3 >> ran' sh ${mode} ${n} ${case.k}"
  expect not (mode == "safe" and n == 2 and case.k == "b")
}
scenario "alone" { exec "sh -c 'echo alone >> ran'" }
"#;

const BAD: &str = "combined (mode: safe, n: 2, case 2 of 2 { k: \"b\" })";

/// What ran, in no order; the next run begins anew.
fn ran(project: &Project) -> BTreeSet<String> {
    let ran = project.read("ran").lines().map(str::to_owned).collect();
    project.write("ran", "");
    ran
}

fn set(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn every_combination_runs_and_the_one_that_fails_is_named() {
    let project = scn(COMBINED);
    let run = project.run(&["--report", "junit=j.xml"]);
    let run = run.ends(1, &["8 passed, 1 failed", &format!("failed {BAD}")]);
    assert_eq!(run.out.matches("failed  combined").count(), 1, "{}", run.out);
    let all = ran(&project);
    assert_eq!(all.len(), 9, "{all:?}");
    let junit = project.read("j.xml");
    assert_eq!(junit.matches("<testcase name=\"combined (mode: ").count(), 8, "{junit}");
    assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
    project.scn(&["replay"]).ends(1, &["8 passed, 1 failed", BAD]);
}

#[test]
fn a_combination_is_run_again_alone() {
    let project = scn(COMBINED);
    let repeat = "scn run t.scn:4 --only 'case:\"mode: safe, n: 2, case 2\"' --seed 0";
    project.run(&[]).ends(1, &[repeat]);
    ran(&project);
    let again =
        project.scn(&["run", "t.scn:4", "--only", "case:\"mode: safe, n: 2, case 2\"", "--seed", "0"]);
    again.ends(1, &["1 failed", BAD]).never_says(&["passed"]);
    assert_eq!(ran(&project), set(&["safe 2 b"]));
    project.run(&[]).ends(1, &[]);
    ran(&project);
    project.run(&["--rerun-failed"]).ends(1, &["1 failed", BAD]).never_says(&["passed"]);
    assert_eq!(ran(&project), set(&["safe 2 b"]));
    // What was repaired is not run again with the rest.
    project.write("t.scn", &COMBINED.replace("n == 2", "n == 3"));
    project.run(&["--rerun-failed"]).ends(0, &["1 passed"]);
    assert_eq!(ran(&project), set(&["safe 2 b"]));
    project.run(&["--rerun-failed"]).ends(4, &["nothing to run again"]);
}

#[test]
fn parts_of_a_matrix_are_selected() {
    let project = scn(COMBINED);
    project.run(&["--only", "case:\"mode: fast\" and case:\"n: 2\""]).ends(0, &["2 passed"]);
    assert_eq!(ran(&project), set(&["fast 2 a", "fast 2 b"]));
    project.run(&["--only", "case:1 and not case:\"n: 1\""]).ends(0, &["2 passed"]);
    assert_eq!(ran(&project), set(&["fast 2 a", "safe 2 a"]));
    project.run(&["--only", "case:\"mode: slow\""]).ends(4, &["there are `mode: fast, n: 1, case 1`"]);
    assert_eq!(ran(&project), set(&[]));
}

#[test]
fn shards_divide_the_combinations_among_them() {
    let project = scn(&COMBINED.replace("n == 2", "n == 3"));
    let mut all = Vec::new();
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        project.run(&["--shard", shard]).ends(0, &[]);
        let part = ran(&project);
        assert!((2..=3).contains(&part.len()), "{shard}: {part:?}");
        all.extend(part);
    }
    assert_eq!(all.len(), 9);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), 9);
    project.run(&["--shard", "0/4"]).ends(2, &["I/N"]);
    project.run(&["--shard", "5/4"]).ends(2, &["I/N"]);
}

#[test]
fn what_is_drawn_depends_on_names_and_values_and_not_on_their_order() {
    let text = |matrix: &str| {
        format!(
            "@matrix({matrix})\nscenario \"draws\" {{\n  let id = any uuid\n  \
             exec \"sh -c 'echo $3 > drawn.$1-$2' sh ${{a}} ${{b}} ${{id}}\"\n}}\n"
        )
    };
    let project = scn(&text("a: [1, 2], b: [\"x\", \"y\"]"));
    project.run(&["--seed", "3"]).ends(0, &["4 passed"]);
    let read = |name: &str| project.read(&format!("drawn.{name}"));
    let names = ["1-x", "1-y", "2-x", "2-y"];
    let first: Vec<String> = names.iter().map(|name| read(name)).collect();
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 4, "{first:?}");
    assert!(first.iter().all(|id| id.trim().len() == 36), "{first:?}");
    project.write("t.scn", &text("b: [\"w\", \"y\", \"x\"], a: [3, 2, 1]"));
    project.run(&["--seed", "3", "--jobs", "7"]).ends(0, &["9 passed"]);
    assert_eq!(names.iter().map(|name| read(name)).collect::<Vec<_>>(), first);
    project.run(&["--seed", "4"]).ends(0, &[]);
    assert_ne!(read("1-x"), first[0]);
}

#[test]
fn lists_that_only_the_run_knows_are_judged_by_it() {
    let run = |values: &str| {
        let text = format!(
            "fn many() rhai \"\"\"\nlet all = []; for n in 0..600 {{ all.push(n); }} all\n\"\"\"\n\
             let one = 1\nlet none = []\n\
             @matrix(n: {values})\nscenario \"t\" {{\n  expect n >= 0\n}}\n"
        );
        scn(&text).run(&[])
    };
    run("[one, one + 1]").ends(0, &["2 passed", "n: 2"]);
    run("[one, one + 0]").ends(1, &["1 stands twice among the values of `n`", "1 failed"]);
    run("none").ends(1, &["`n` has no value"]);
    run("one").ends(1, &["the values of `n` are a list, and this is 1"]);
    run("many()").ends(1, &["501 combinations", "at most 500"]);
}

#[test]
fn a_secret_value_is_not_shown() {
    let text = "secret token\n@matrix(token_is: [token, \"public one\"])\nscenario \"t\" {\n  expect token_is == 1\n}\n";
    let project = scn(text).with("SCN_TOKEN", "correct-horse-battery");
    let run = project
        .run(&["--report", "json=r.json"])
        .ends(1, &["t (token_is: #1)", "t (token_is: \"public one\")"]);
    run.never_says(&["correct-horse"]);
    assert!(!project.read("r.json").contains("correct-horse"));
    project.run(&["--only", "case:\"token_is: #1\""]).ends(1, &["1 failed"]).never_says(&["public one"]);
}

/// A service that says as what it runs, in its log and in a file that only grows.
const SERVICE: &str = r#"
service s {
  speaks http
  start "sh -c 'echo mode $MODE cache $CACHE; echo $MODE $CACHE >> starts; echo $$ > pid; exec sleep 1000'"
  env { MODE: "plain", CACHE: "none" }
  ready "true"
  variant v1 { env { MODE: "one" } }
  variant v2 { start "sh -c 'echo mode two cache $CACHE; echo two $CACHE >> starts; echo $$ > pid; exec sleep 1000'" }
  variant slow { env { MODE: "slow" }; ready "test -f never" within 1h }
  variant broken { start "sh -c 'echo the old one is broken; exit 3'"; ready "test -f never" }
}
"#;

fn is_mode(mode: &str) -> String {
    format!("expect s.log contains {{ text: \"mode {mode} cache none\" }} within 5s")
}

#[test]
fn a_service_runs_as_each_variant_and_as_declared_afterwards() {
    let body = |judge: &str| {
        format!(
            "{SERVICE}\nscenario \"before\" {{\n{plain}\n}}\n\
             @matrix(s: [v1, current, v2])\nscenario \"varied\" {{\n{judge}\n}}\n\
             scenario \"after\" {{\n{plain}\n}}\n",
            plain = is_mode("plain")
        )
    };
    let project = scn(&body("expect s.log contains { text: re\"mode .*\" } within 5s"));
    project.run(&["--jobs", "1"]).ends(0, &["5 passed", "s as v1", "s as v2", "varied (s: current)"]);
    wait_for("every start is written", || project.read("starts").lines().count() == 5);
    assert_eq!(project.read("starts"), "plain none\none none\nplain none\ntwo none\nplain none\n");
    // A combination that is not what its variant is: that one fails, and no other.
    let project = scn(&body(&is_mode("one").replace("5s", "300ms")));
    let run = project.run(&["--jobs", "1"]).ends(1, &["3 passed, 2 failed"]);
    assert!(!run.says("failed varied (s: v1)"), "{}", run.out);
    assert!(run.says("failed varied (s: current)") && run.says("failed varied (s: v2)"), "{}", run.out);
}

#[test]
fn a_variant_that_does_not_start_breaks_its_own_combination_alone() {
    let text = format!(
        "{SERVICE}\n@matrix(s: [broken, current])\nscenario \"varied\" {{\n{plain}\n}}\n\
         scenario \"after\" {{\n{plain}\n}}\n",
        plain = is_mode("plain")
    );
    let run = scn(&text).run(&["--jobs", "1"]);
    run.ends(3, &["2 passed", "varied (s: broken)", "the old one is broken"]);
}

#[test]
fn nobody_meets_a_service_that_runs_as_something_else() {
    let mut text = SERVICE.to_owned();
    for n in 0..4 {
        text += &format!("scenario \"user{n}\" {{\n{}\n}}\n", is_mode("plain"));
        text += &format!(
            "@matrix(s: [v1, v2])\nscenario \"varied{n}\" {{\n  expect not (s.log contains {{ text: re\"mode plain.*\" }})\n}}\n"
        );
    }
    scn(&text).run(&["--jobs", "12"]).ends(0, &["12 passed"]);
}

#[test]
fn a_value_reaches_a_service_as_another_environment() {
    let text = format!(
        "{SERVICE}\n@matrix(cache: [\"on\", \"off\"])\nscenario \"cached\" {{\n  \
         restart s with {{ env: {{ CACHE: cache }}, grace: 3s }}\n  \
         expect s.log contains {{ text: \"mode plain cache ${{cache}}\" }} within 5s\n  \
         restart s with {{ variant: v1, env: {{ CACHE: cache, MODE: \"given\" }} }}\n  \
         expect s.log contains {{ text: \"mode given cache ${{cache}}\" }} within 5s\n}}\n\
         scenario \"after\" {{\n{}\n}}\n",
        is_mode("plain")
    );
    let project = scn(&text);
    project.run(&["--jobs", "1"]).ends(0, &["3 passed", "s with CACHE", "s as v1 with CACHE, MODE"]);
    let wrong = |options: &str| {
        scn(&format!("{SERVICE}\nscenario \"t\" {{\n  let given = 3\n  expect given == 3\n  restart s with {{ {options} }}\n}}\n"))
            .run(&[])
    };
    wrong("env: given").ends(1, &["`env` takes an object"]);
    wrong("variant: given").ends(1, &["`variant` takes the name of a variant, not 3"]);
    wrong("env: { A: 1 }, signal: \"SIGTERM\"").ends(1, &["`restart` has no option `signal`"]);
}

#[test]
fn members_change_one_by_one_or_all_together() {
    let text =
        SERVICE.replace("  ready \"true\"\n  variant v1", "  members 2\n  ready \"true\"\n  variant v1");
    let text = format!(
        "{text}\n@matrix(s: [v1])\nscenario \"all\" {{\n  for member in s.members {{\n    \
         expect member.log contains {{ text: \"mode one cache none\" }} within 5s\n  }}\n}}\n\
         scenario \"one\" {{\n  restart s[1] with {{ variant: v1 }}\n  \
         expect s.members[1].log contains {{ text: \"mode one cache none\" }} within 5s\n  \
         expect s.members[0].log contains {{ text: \"mode plain cache none\" }} within 5s\n}}\n"
    );
    scn(&text).run(&["--jobs", "1"]).ends(0, &["2 passed"]);
}

#[test]
fn two_runs_at_the_same_time_do_not_meet() {
    let text = format!(
        "{SERVICE}\n@matrix(s: [v1, current, v2], n: [1, 2])\nscenario \"varied\" {{\n  \
         expect s.log contains {{ text: re\"mode .*\" }} within 5s\n  expect n > 0\n}}\n"
    );
    let project = scn(&text);
    let both = [project.begin(&[]), project.begin(&[])];
    for run in both {
        run.end().ends(0, &["6 passed"]);
    }
}

#[test]
fn an_interrupt_in_the_middle_of_an_exchange_leaves_nothing() {
    for body in [
        "@matrix(s: [slow])\nscenario \"t\" { expect s.running }\n",
        "scenario \"t\" {\n  expect s.running\n  restart s with { variant: slow }\n}\n",
    ] {
        let project = scn(&format!("{SERVICE}{body}"));
        let run = project.begin(&["--timeout", "1h"]);
        wait_for("the other one begins", || project.read("starts").contains("slow none\n"));
        run.signal(Signal::SIGINT);
        run.end().ends(130, &["interrupted"]);
        let pid = project.read("pid").trim().parse().unwrap();
        assert!(!is_alive(pid));
    }
}

#[test]
fn a_scenario_cut_off_in_the_middle_of_an_exchange_leaves_the_service_as_declared() {
    let text = format!(
        "{SERVICE}\n@timeout(8s)\nscenario \"cut off\" {{\n  restart s with {{ variant: slow }}\n}}\n\
         scenario \"after\" {{\n  expect s.running\n{}\n}}\n",
        is_mode("plain")
    );
    let project = scn(&text);
    project.run(&["--jobs", "1"]).ends(1, &["1 passed, 1 failed", "did not end within 8s", "failed cut off"]);
    wait_for("every start is written", || project.read("starts").lines().count() == 3);
    assert_eq!(project.read("starts"), "plain none\nslow none\nplain none\n");
}

#[test]
fn an_environment_that_only_uses_the_service_skips_its_variants() {
    let text = format!(
        "{SERVICE}\nenvironment staging {{ s at \"http://127.0.0.1:1\" }}\n\
         @matrix(s: [v1, current])\nscenario \"varied\" {{ GET s / }}\nscenario \"it\" {{ expect 1 == 1 }}\n"
    );
    scn(&text)
        .run(&["--env", "staging"])
        .ends(0, &["1 passed", "2 skipped", "it kills, restarts or exchanges `s`"]);
}
