//! Stages, gates, suites, retries and quarantine.

use crate::harness::{project, scn};

#[test]
fn a_gate_that_does_not_hold_fails_and_the_next_stage_does_not_run() {
    let text = r#"
stage one { require pass_rate >= 90%, total > 5
  on failure { exec "touch on-failure" }
  finally { exec "touch finally" } }
stage two after one
stage three after two
scenario "a" in one { exec "true" }
scenario "b" in two { exec "touch two" }
scenario "c" in three { exec "touch three" }
"#;
    let project = scn(text);
    project.run(&[]).ends(1, &["total > 5", "the stage `one` before it did not pass its gates"]);
    assert!(!project.path().join("two").exists() && !project.path().join("three").exists());
    assert!(project.path().join("finally").exists() && !project.path().join("on-failure").exists());
}

#[test]
fn a_stage_with_failures_runs_its_hooks_and_a_hook_that_fails_fails_the_run() {
    let text =
        "stage one { on failure { exec \"touch on-failure\" } }\nscenario \"a\" in one { exec \"false\" }\n";
    let project = scn(text);
    project.run(&[]).ends(1, &["exit status 1"]);
    assert!(project.path().join("on-failure").exists());
    let text = "stage one { finally { exec \"sh -c 'exit 8'\" } }\nscenario \"a\" in one { exec \"true\" }\n";
    scn(text).run(&[]).ends(1, &["exit status 8", "stage one"]);
    let text = "stage one { finally { wait 1h } }\nscenario \"a\" in one { exec \"true\" }\n";
    scn(text).run(&["--timeout", "300ms"]).ends(1, &["the block did not end within 300ms"]);
}

#[test]
fn suites_count_and_none_that_ran_nothing_passes() {
    let suite = |script: &str| {
        project(&[
            ("t.scn", "stage one { suite s { run \"sh s.sh\"; reads junit(\"r.xml\") } }\nscenario \"a\" in one { exec \"true\" }\n"),
            ("s.sh", script),
        ])
        .run(&[])
    };
    let one = "echo '<testsuite tests=\"1\"><testcase name=\"t\" classname=\"c\"/></testsuite>' > r.xml\n";
    suite(one).ends(0, &["suite s"]);
    suite("echo '<testsuite tests=\"0\"></testsuite>' > r.xml\n").ends(1, &["no test"]);
    suite("true\n").ends(1, &["r.xml"]);
    suite(&format!("{one}exit 4\n")).ends(1, &["exit status 4"]);
    suite("echo '<testsuite><testcase name=\"t\" classname=\"c\"><failure message=\"broken sum\"/></testcase></testsuite>' > r.xml\n")
        .ends(1, &["broken sum"]);
    suite("echo '<testsuite><testcase' > r.xml\n").ends(1, &["r.xml"]);
}

#[test]
fn a_scenario_that_passes_on_its_second_try_is_flaky_and_the_gate_sees_it() {
    let text = "stage one { require flaky_rate == 0% }\n\
        @retries(2)\nscenario \"a\" in one {\ndefer exec \"touch tried\"\nexec \"test -f tried\"\n}\n";
    scn(text).run(&[]).ends(1, &["flaky", "flaky_rate == 0%"]);
    let text = text.replace(" { require flaky_rate == 0% }", "");
    scn(&text).run(&[]).ends(0, &["1 flaky"]);
    scn("@retries(2)\nscenario \"a\" { exec \"sh -c 'echo x >> tries; exit 1'\" }\n")
        .run(&[])
        .ends(1, &["1 failed"]);
}

#[test]
fn quarantine_protects_until_its_day_and_no_longer() {
    let text = |until: &str| {
        format!("@quarantine(\"SHOP-1\", until: date(\"{until}\"))\nscenario \"a\" {{ exec \"false\" }}\n")
    };
    scn(&text("2999-01-01")).run(&[]).ends(0, &["SHOP-1", "quarantine"]);
    scn(&text("2001-01-01")).run(&[]).ends(1, &["exit status 1"]);
}

#[test]
fn fail_fast_ends_the_run_and_says_what_did_not_run() {
    let text = "scenario \"a\" { exec \"false\" }\nscenario \"b\" { exec \"touch b\" }\nscenario \"c\" { exec \"touch c\" }\n";
    let project = scn(text);
    project.run(&["--jobs", "1", "--fail-fast"]).ends(1, &["1 failed", "skipped"]);
    assert!(!project.path().join("c").exists());
}

#[test]
fn a_stage_in_which_nothing_ran_passes_no_gate() {
    let text = "stage one { require failed == 0, flaky_rate < 1%, total == 1 }\n\
        stage two after one\n\
        @skip(\"later\")\nscenario \"a\" in one { exec \"true\" }\n\
        scenario \"b\" { exec \"true\" }\nscenario \"c\" in two { exec \"touch two\" }\n";
    let project = scn(text);
    project.run(&["--report", "junit=r.xml"]).ends(
        1,
        &[
            "failed == 0 does not hold (failed is 0, nothing ran in this stage, which proves nothing)",
            "flaky_rate < 1% does not hold",
            "the stage `one` before it did not pass its gates",
        ],
    );
    assert!(!project.path().join("two").exists());
    assert!(project.read("r.xml").contains("nothing ran in this stage"), "{}", project.read("r.xml"));
}
