//! Never a false green: each of these must fail, and say why.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::harness::{json, project, reply, scn, server};

/// Runs one scenario with these statements.
#[track_caller]
fn fails(statements: &str, parts: &[&str]) {
    scn(&format!("scenario \"it\" {{\n{statements}\n}}\n")).run(&[]).ends(1, parts);
}

#[test]
fn a_response_that_nobody_checks_must_be_a_success() {
    let url = server(|asked| match asked.path.as_str() {
        "/good" => json("200 OK", "{\"ok\": true}"),
        _ => json("500 Internal Server Error", "{\"code\": \"E1\"}"),
    });
    let head = format!("service s {{ speaks http; at \"{url}\" }}\n");
    let one = |statements: &str| scn(&format!("{head}scenario \"it\" {{\n{statements}\n}}\n")).run(&[]);
    one("GET s /good").ends(0, &[]);
    one("GET s /bad\nexpect status == 500").ends(0, &[]);
    let nobody = "`GET` answered 500 Internal Server Error, and nothing here expects that";
    one("GET s /bad").ends(1, &[nobody, "t.scn:3:1", "scn run t.scn:2"]);
    one("GET s /bad\nexpect body.code == \"E1\"").ends(1, &[nobody]);
    one("GET s /bad\nGET s /good\nexpect status == 200").ends(1, &[nobody]);
    one("let bad = GET s /bad\nGET s /good\nexpect status == 200 and bad.body.code == \"E1\"")
        .ends(1, &[nobody]);
    one("for n in 1..2 { GET s /bad }").ends(1, &[nobody]);
    // To keep how it went is not to look at it.
    one("GET s /bad\nlet how = status").ends(1, &[nobody]);
    one("let bad = GET s /bad\nlet how = bad.status == 200\nlet again = how").ends(1, &[nobody]);
    one("GET s /bad\nlet how = status\nexpect how == 500").ends(0, &[]);
    one("GET s /bad\nlet how = \"${status}\"\nexpect how == \"500\"").ends(0, &[]);
    // A step opens no scope: what follows it speaks of its last response, and of that alone.
    one("step \"a\" { GET s /bad }\nexpect status == 500").ends(0, &[]);
    one("step \"a\" { step \"b\" { let bad = GET s /bad } }\nexpect bad.status == 500").ends(0, &[]);
    one("step \"a\" { GET s /bad }\nGET s /good\nexpect status == 200").ends(1, &[nobody]);
    one("step \"a\" { GET s /bad }\nexpect body.code == \"E1\"").ends(1, &[nobody]);
    one("parallel {\nGET s /good\nGET s /bad\n}").ends(1, &[nobody]);
    one("defer GET s /bad\nGET s /good").ends(1, &["cleanup failed", nobody]);
}

#[test]
fn an_expectation_that_is_not_reached_checks_nothing() {
    let url = server(|_| json("500 Internal Server Error", "{}"));
    let head = format!("service s {{ speaks http; at \"{url}\" }}\n");
    let one = |statements: &str| scn(&format!("{head}scenario \"it\" {{\n{statements}\n}}\n")).run(&[]);
    let advice = "an expectation here reads how it went, but was not reached";
    one("GET s /\nif 1 == 2 { expect status == 500 }").ends(1, &["nothing here expects that", advice]);
    one("let r = GET s /\nfor n in [] { expect r.status == 500 }").ends(1, &[advice]);
    one("let rs = for n in 1..2 { GET s / }\nif 1 == 2 {\nfor r in rs { expect r.status == 500 }\n}")
        .ends(1, &[advice]);
    one("GET s /\nshow status").ends(1, &["nothing here expects that"]);
    one("GET s /\nif status == 500 { show body }").ends(0, &[]);
    one("let rs = for n in 1..2 { GET s / }\nfor r in rs { expect r.status == 500 }").ends(0, &[]);
    // What an attempt received that did not count must not fail the one that did.
    let calls = std::sync::atomic::AtomicU32::new(0);
    let url = server(move |_| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 => json("500 Internal Server Error", "{}"),
        _ => json("200 OK", "{}"),
    });
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\neventually within 5s {{\nlet r = GET s /\nexpect r.latency > 1h or r.body == {{}}\nif r.status != 500 {{ expect r.status == 200 }} else {{ expect 1 == 2 }}\n}}\n}}\n"
    );
    scn(&text).run(&[]).ends(0, &[]);
}

#[test]
fn a_command_that_fails_fails() {
    fails("exec \"sh -c 'exit 3'\"", &["`exec` answered exit status 3, and nothing here expects that"]);
    fails("exec \"sh -c 'kill -9 $$'\"\nexpect stdout == \"\"", &["SIGKILL", "nothing here expects that"]);
    fails("exec \"./no-such-program\"", &["no-such-program"]);
}

#[test]
fn a_response_that_breaks_off_is_no_success() {
    let url = server(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_vec());
    let head = format!("service s {{ speaks http; at \"{url}\" }}\n");
    let one = |statements: &str| scn(&format!("{head}scenario \"it\" {{\n{statements}\n}}\n")).run(&[]);
    one("GET s /\nexpect status == 200").ends(1, &["to expect this, write `expect error.kind == "]);
    one("GET s /").ends(1, &["to expect this, write"]);
}

#[test]
fn what_is_absent_is_equal_to_nothing_and_different_from_nothing() {
    let it = "let a = { b: 1 }\n";
    for claim in
        ["a.c == 1", "a.c != 1", "not a.c == 1", "a.c > 1", "not a.c > 1", "a.c in [1]", "a.c not in [1]"]
    {
        fails(&format!("{it}expect {claim}"), &["`a.c` is absent", "there is no `c`; did you mean `b`?"]);
    }
    fails(&format!("{it}expect a.c not contains 1"), &["`a.c` is absent"]);
    fails(&format!("{it}expect a.b == absent"), &["`a.b == absent` does not hold"]);
    scn("scenario \"it\" {\nlet a = { b: 1 }\nexpect a.c == absent and a.b != absent\n}\n")
        .run(&[])
        .ends(0, &[]);
}

#[test]
fn nonsense_does_not_become_true_by_not() {
    fails("let n = 1\nexpect not n < \"a\"", &["have no order: they are of different kinds"]);
    fails("let n = 1\nexpect not n", &["`n` is number, not a truth value"]);
    fails("let n = 1\nexpect not n.length == 2", &["a number has no field `length`"]);
    fails("let n = 1\nexpect n not in 5", &["5"]);
    fails("let xs = []\nexpect not xs increasing by .seq", &["`xs` is list, not a truth value"]);
    fails(
        "let xs = []\nexpect xs not increasing by .seq",
        &["it cannot be judged whether `xs` is increasing"],
    );
    fails("let xs = []\nexpect xs increasing by .seq", &["increasing"]);
}

#[test]
fn what_becomes_absent_was_there_before() {
    let note = |before: &'static str, after: &'static str, claim: &str| {
        let written = AtomicBool::new(false);
        let url = server(move |asked| {
            if asked.method == "POST" {
                written.store(true, Relaxed);
            }
            json("200 OK", if written.load(Relaxed) { after } else { before })
        });
        let text = format!(
            "service s {{ speaks http; at \"{url}\" }}\n@safe\naction now() {{ GET s /; return body }}\n\
             scenario \"it\" {{ expect {claim} during {{ POST s / {{}} }} }}\n"
        );
        scn(&text).run(&[])
    };
    let (some, none) = ("{\"note\": \"x\"}", "{}");
    note(some, none, "now().note becomes absent").ends(0, &[]);
    note(none, some, "now().note becomes \"x\"").ends(0, &[]);
    note(some, some, "now().note becomes absent").ends(1, &["`now().note` does not become that"]);
    let already = "it fitted absent before already";
    note(none, none, "now().note becomes absent").ends(1, &[already]);
    note(some, none, "now().nope becomes absent").ends(1, &[already]);
    for claim in ["nope not becomes absent", "nope not becomes \"x\"", "nope unchanged", "note rises by 1"] {
        note(some, none, &format!("now().{claim}")).ends(1, &["is absent"]);
    }
}

#[test]
fn a_scenario_that_checks_nothing_fails() {
    let nothing = "nothing was checked: the scenario made no request and judged no expectation";
    fails("", &[nothing]);
    fails("show 1", &[nothing]);
    fails("for x in [] { expect x == 1 }", &[nothing, "`[]` is empty, so nothing in this loop was checked"]);
    fails("let xs = []\nfor x in xs {\nexec \"true\"\n}", &[nothing, "`xs` is empty"]);
    // What a fixture does is not what the scenario checks.
    scn("fixture f {\nexec \"true\"\nreturn 1\n}\nscenario \"it\" { show f }\n").run(&[]).ends(1, &[nothing]);
    // Beside other expectations an empty loop is allowed, and said.
    scn("scenario \"it\" {\nlet xs = []\nexpect xs == []\nfor x in xs { expect x == 1 }\n}\n")
        .run(&[])
        .ends(0, &["warning", "`xs` is empty, so nothing in this loop was checked", "t.scn:4:10"]);
}

#[test]
fn nothing_that_ran_is_no_pass() {
    let skipped = "@skip(\"the sandbox is down\")\nscenario \"a\" { exec \"true\" }\n";
    scn(skipped).run(&[]).ends(4, &["the sandbox is down"]);
    scn("let x = 1\n").run(&[]).ends(4, &[]);
    scn("@cases([])\nscenario \"a\" { exec \"true\" }\n")
        .run(&[])
        .ends(2, &["without a case the scenario would never run"]);
    let drawn = "let none = []\n@cases(none)\nscenario \"a\" { exec \"true\" }\n";
    scn(drawn).run(&[]).ends(1, &["`@cases` takes a list with at least one case, and this is []"]);
}

#[test]
fn every_failure_of_cleanup_is_reported_beside_the_scenarios_own() {
    let text = r#"
scenario "passes but for its cleanup" {
  defer exec "sh -c 'exit 4'"
  expect 1 == 1
}
scenario "fails twice" {
  defer { exec "sh -c 'echo first >> order'" }
  defer exec "sh -c 'echo second >> order; exit 5'"
  defer { defer { exec "sh -c 'echo inner >> order; exit 6'" }
    exec "sh -c 'echo third >> order'" }
  expect 1 == 2
}
"#;
    let project = scn(text);
    project.run(&["--jobs", "1"]).ends(
        1,
        &[
            "cleanup failed: `exec` answered exit status 4",
            "`1 == 2` does not hold",
            "cleanup failed: `exec` answered exit status 5",
            "cleanup failed: `exec` answered exit status 6",
            "2 failed",
        ],
    );
    assert_eq!(project.read("order"), "third\ninner\nsecond\nfirst\n");
}

#[test]
fn a_fixture_that_fails_fails_its_scenarios_and_one_for_the_run_is_set_up_once() {
    let text = r#"
@per(run)
fixture once {
  exec "sh -c 'echo up >> fixture'"
  defer exec "sh -c 'echo down >> fixture'"
  return "here"
}
fixture bad {
  defer exec "sh -c 'echo undone >> fixture.bad'"
  exec "sh -c 'exit 9'"
  return 1
}
scenario "a" { expect once == "here" }
scenario "b" { expect once == "here" }
scenario "c" { expect once == "here" }
scenario "d" { expect bad == 1 }
scenario "e" { expect bad == 1 }
"#;
    let project = scn(text);
    project.run(&["--jobs", "8"]).ends(1, &["exit status 9", "in fixture `bad`", "3 passed, 2 failed"]);
    assert_eq!(project.read("fixture"), "up\ndown\n");
    assert_eq!(project.read("fixture.bad"), "undone\nundone\n");
}

#[test]
fn parallel_parts_report_all_their_failures() {
    fails(
        "parallel {\nexec \"sh -c 'exit 6'\"\nexec \"true\"\nexec \"sh -c 'exit 7'\"\n}",
        &["exit status 6", "exit status 7"],
    );
    fails(
        "parallel for n in 11..13 {\nexpect n < 11\n}",
        &["11 is not < 11", "12 is not < 11", "13 is not < 11"],
    );
    fails(
        "expect 1 == 2\nexpect 2 == 2\nexpect 3 == 4 because \"sums are sums\"",
        &["`1 == 2`", "`3 == 4`", "because sums are sums"],
    );
}

#[test]
fn a_service_that_exits_fails_whoever_runs_then_or_the_run() {
    let service = "service s { start \"sh -c 'touch up; while ! test -f die; do sleep 0.01; done; echo last words; exit 7'\"; ready \"test -f up\" }\n";
    // While a scenario runs, it fails at its statement.
    let text = format!("{service}scenario \"it\" {{\nexpect s.running\nexec \"touch die\"\nwait 50s\n}}\n");
    scn(&text)
        .run(&[])
        .ends(1, &["`s` exited while it was needed: exit status 7", "last words", "exited s: exit status 7"]);
    // A scenario that reads `.exits` has expected it.
    let text = format!(
        "{service}scenario \"it\" {{\nexec \"touch die\"\nexpect s.exits.count == 1 within 10s\nexpect s.exits[0].code == 7\n}}\n"
    );
    scn(&text).run(&[]).ends(0, &[]);
    // Between two scenarios nobody sees it, but the run does.
    let text = format!(
        "{service}stage one\nstage two after one {{ suite waits {{ run \"sh wait.sh\"; reads junit(\"r.xml\") }} }}\n\
         scenario \"first\" in one {{ expect s.running }}\nscenario \"second\" in two {{ expect 1 == 1 }}\n"
    );
    let wait = "touch die\nwhile test -d /proc/$(cat pid); do sleep 0.01; done\n\
         echo '<testsuite tests=\"1\"><testcase name=\"t\" classname=\"c\"/></testsuite>' > r.xml\n";
    let text = text.replace("touch up;", "echo $$ > pid; touch up;");
    project(&[("t.scn", &text), ("wait.sh", wait)])
        .run(&[])
        .ends(1, &["`s` exited while no scenario was looking: exit status 7", "last words"]);
}

#[test]
fn a_body_that_is_no_text_is_never_read_as_one() {
    let url = server(|asked| match asked.path.as_str() {
        "/text" => reply("200 OK", "text/plain; charset=utf-8", b"caf\xe9 \xff"),
        _ => reply("200 OK", "application/json", b"{\"name\": \"caf\xe9\"}"),
    });
    let head = format!("service s {{ speaks http; at \"{url}\" }}\n");
    let one = |statements: &str| scn(&format!("{head}scenario \"it\" {{\n{statements}\n}}\n")).run(&[]);
    one("GET s /text\nexpect body contains \"caf\"").ends(1, &["UTF-8"]);
    one("GET s /json\nexpect body.name == \"café\"").ends(1, &["UTF-8"]);
    one("GET s /json\nexpect body.name != \"x\"").ends(1, &["UTF-8"]);
}

#[test]
fn a_look_that_ends_too_late_does_not_hold() {
    let url = server(|_| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        json("200 OK", "{}")
    });
    let text = |within: &str| {
        format!(
            "service s {{ speaks http; at \"{url}\" }}\n@safe action slow() {{\n  GET s /\n  expect status == 200\n  return 1\n}}\nscenario \"it\" {{ expect slow() == 1 within {within} }}\n"
        )
    };
    scn(&text("100ms")).run(&[]).ends(1, &["the look did not end in time"]);
    scn(&text("30s")).run(&[]).ends(0, &[]);
}

#[test]
fn the_log_of_what_does_not_run_here_proves_nothing() {
    let url = server(|_| json("200 OK", "{}"));
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\n  GET s /\n  expect s.log.count == 0\n}}\n"
    ))
    .run(&[])
    .ends(5, &["`s` does not run here, so nobody reads its log"]);
}

#[test]
fn nothing_is_fine_both_ways_where_that_is_said() {
    let passes = |text: &str| scn(&format!("scenario \"it\" {{\n{text}\n}}\n")).run(&[]).ends(0, &[]);
    passes("expect [] not has { a: 1 } or_empty\nexpect [] unique or_empty");
    fails("expect [] not has { a: 1 }", &["there are no records"]);
    passes("let x = {}\nexpect absent == x.a\nexpect x.a == absent");
}
