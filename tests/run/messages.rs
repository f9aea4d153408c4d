//! What goes wrong says where, why and what to do.

use crate::harness::{closed_port, json, project, scn, server};

#[test]
fn mistakes_in_the_text_are_told_before_anything_runs() {
    let wrong = |text: &str, parts: &[&str]| {
        let project = scn(text);
        project.run(&[]).ends(2, parts);
        assert!(!project.path().join("ran").exists(), "something ran");
    };
    wrong(
        "scenario \"a\" {\n  exec \"touch ran\"\n  exepct 1 == 1\n}\n",
        &["t.scn:3:3", "did you mean `expect`?"],
    );
    wrong("scenario \"a\" {\n  exec \"touch ran\"\n  expect (1 == 1\n}\n", &["t.scn:3"]);
    wrong(
        "scenario \"a\" {\n  exec \"touch ran\"\n  let order = 1\n  expect ordr == 1\n}\n",
        &["t.scn:4:10", "`ordr`", "did you mean `order`?"],
    );
    wrong(
        "scenario \"a\" {\n  exec \"touch ran\" with { timeuot: 2s }\n}\n",
        &["t.scn:2:", "did you mean `timeout`?"],
    );
    wrong(
        "scenario \"a\" {\n  exec \"touch ran\"\n  expect stdout contians \"a\"\n}\n",
        &["did you mean `contains`?"],
    );
}

#[test]
fn a_service_that_dies_at_start_shows_its_last_lines_and_status() {
    let text = "service s { speaks http; start \"sh -c 'echo no database; exit 3'\" }\nscenario \"it\" { GET s / }\n";
    let ran = scn(text).run(&[]);
    ran.ends(3, &["`s`", "exit status 3", "no database", "t.scn:1:26"]);
}

#[test]
fn a_service_that_is_never_ready_is_given_up() {
    let text = "service s { speaks http; start \"sh -c 'echo warming up; exec sleep 1000'\"; ready tcp within 300ms }\n\
        scenario \"it\" { GET s / }\n";
    scn(text).run(&[]).ends(3, &["`s`", "300ms", "warming up", "t.scn:1:"]);
    scn("service s { speaks http; start \"./none-such\" }\nscenario \"it\" { GET s / }\n")
        .run(&[])
        .ends(3, &["none-such"]);
    scn("service s { speaks http; build \"sh -c 'echo no compiler; exit 2'\"; start \"true\" }\nscenario \"it\" { GET s / }\n")
        .run(&[])
        .ends(3, &["no compiler", "exit status 2"]);
}

#[test]
fn a_refused_connection_says_so() {
    let text = format!(
        "service s {{ speaks http; at \"http://127.0.0.1:{}\" }}\nscenario \"it\" {{ GET s /x }}\n\
         scenario \"expected\" {{\nGET s /x\nexpect error.kind == \"refused\"\n}}\n",
        closed_port()
    );
    scn(&text)
        .run(&[])
        .ends(1, &["refused", "write `expect error.kind == \"refused\"`", "1 passed, 1 failed"]);
}

#[test]
fn a_server_that_does_not_answer_runs_into_the_time_out_of_its_request() {
    let url = server(|_| {
        std::thread::sleep(std::time::Duration::from_secs(600));
        Vec::new()
    });
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"request\" {{ GET s / with {{ timeout: 100ms }} }}\n\
         @timeout(200ms)\nscenario \"scenario\" {{\ndefer exec \"touch cleaned\"\nGET s /\n}}\n"
    );
    let project = scn(&text);
    project.run(&[]).ends(
        1,
        &[
            "`expect error.kind == \"timeout\"`",
            "the scenario did not end within 200ms",
            "t.scn:6:1",
            "`@timeout(2m)` gives one scenario more time",
        ],
    );
    assert!(project.path().join("cleaned").exists(), "cleanup runs after a time-out");
    scn(&text).run(&["--timeout", "100ms", "--only", "\"scenario\""]).ends(1, &["within 200ms"]);
}

#[test]
fn tls_against_a_server_without_it_is_told_apart() {
    let url = server(|_| json("200 OK", "{}")).replace("http://", "https://");
    let text = format!("service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{ GET s / }}\n");
    scn(&text).run(&[]).ends(1, &["TLS", "write `expect error.kind == \"tls\"`"]);
}

#[test]
fn a_script_that_runs_away_is_stopped_at_its_line() {
    let text = "check endless(x) rhai \"\"\"\n  let n = 0;\n  loop { n += 1; }\n\"\"\"\n\
        scenario \"it\" { expect 1 endless }\n";
    scn(text).run(&[]).ends(1, &["t.scn:3:", "called from t.scn:5:"]);
    let text = "fn deep(n) rhai \"\"\"\n  fn f(n) { f(n + 1) }\n  f(n)\n\"\"\"\nscenario \"it\" { expect deep(1) == 1 }\n";
    scn(text).run(&[]).ends(1, &["the script calls functions more than 64 deep", "t.scn:3:3"]);
    let text = "action f(n) { return g(n) }\naction g(n) {\nlet x = f(n + 1)\nreturn x\n}\nscenario \"it\" { expect f(1) == 1 }\n";
    scn(text).run(&[]).ends(1, &["actions call each other more than 64 deep"]);
    // The same through every kind of block, and in a hook.
    let text = "action f(n) {
  let r = for x in [n] { if x == x { parallel { if 1 == 1 { let y = f(x + 1); return y } } } }
  return r
}
stage one { finally { f(1) } }
scenario \"it\" in one { expect f(1) == 1 }
";
    scn(text).run(&[]).ends(1, &["actions call each other more than 64 deep"]);
}

#[test]
fn inputs_and_secrets_that_do_not_fit_are_refused() {
    let text = "secret api_key\ninput count = 3\nscenario \"it\" {\nexpect count == 3\nshow api_key\n}\n";
    scn(text).run(&["--set", "api_key=correct horse"]).ends(2, &["`api_key` is a secret", "SCN_API_KEY"]);
    scn(text).with("SCN_API_KEY", "short").run(&[]).ends(2, &["`api_key` has fewer than 8 characters"]);
    scn(text)
        .with("SCN_API_KEY", "long enough")
        .run(&["--set", "count=many"])
        .ends(2, &["`many` is no value for the input `count`"]);
    scn(text).with("SCN_API_KEY", "long enough").run(&["--set", "count=4"]).ends(1, &["--set count=4"]);
    let ran = scn(text).run(&[]);
    assert_ne!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.says("api_key") && ran.says("SCN_API_KEY"), "{}{}", ran.out, ran.err);
}

#[test]
fn modules_that_cannot_be_read_are_told() {
    project(&[("t.scn", "use \"./none.scn\" { x }\nscenario \"it\" { expect x == 1 }\n")])
        .run(&[])
        .ends(2, &["t.scn:1:5", "none.scn"]);
}
