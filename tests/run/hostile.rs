//! Greens that would not be earned, and programs that try to take the runner down.

use crate::harness::{json, scn, server};

#[test]
fn what_a_body_calls_status_is_not_the_status() {
    let url = server(|_| json("500 Internal Server Error", r#"{ "status": "ok", "message": "m" }"#));
    let run = |statements: &str| scn(&format!("scenario \"it\" {{ {statements} }}\n")).run(&[]);
    let wrong = "answered 500 Internal Server Error, and nothing here expects that";
    run(&format!("let r = GET \"{url}/\"; expect r.body.status == \"ok\"")).ends(1, &[wrong]);
    run(&format!("let r = GET \"{url}/\"; expect r.body.message == \"m\"")).ends(1, &[wrong]);
    run(&format!("let r = GET \"{url}/\"; expect r.status == 500 and r.body.status == \"ok\"")).ends(0, &[]);
    run(&format!("let rs = for n in 1..2 {{ GET \"{url}/\" }}; expect rs[*].status == [500, 500]"))
        .ends(0, &[]);
}

#[test]
fn a_custom_relation_over_nothing_fails_unless_it_says_so() {
    let run = |claim: &str| {
        let check =
            "check small(xs) rhai \"\"\"\n  for x in xs { if x > 9 { return fail(\"big\"); } }\n\"\"\"\n";
        scn(&format!("{check}scenario \"it\" {{ expect {claim} }}\n")).run(&[])
    };
    run("[1] small").ends(0, &[]);
    run("[10] small").ends(1, &["big"]);
    run("[] small").ends(1, &["a relation over nothing shows nothing"]);
    run("[] not small").ends(1, &["a relation over nothing shows nothing"]);
    run("[] small or_empty").ends(0, &[]);
    run("[10] small or_empty").ends(1, &["big"]);
}

/// The exit becomes known a moment after the connection it breaks.
#[test]
fn a_service_that_the_last_statement_brings_down_fails_the_scenario() {
    let service = "service s { speaks http; start \"sh -c 'touch up; while ! test -f die; do sleep 0.05; done; exit 7'\"; ready \"test -f up\" }\n";
    let ending = "exec \"touch die\"\n  GET s /\n  expect error.kind == \"refused\"";
    scn(&format!("{service}scenario \"it\" {{\n  {ending}\n}}\n"))
        .run(&[])
        .ends(1, &["`s` exited while it was needed", "exit status 7"]);
}

#[test]
fn endless_recursion_is_a_failure_with_a_place() {
    let deep = "actions call each other more than 64 deep";
    scn("action f(n) { return f(n) }\nscenario \"it\" { expect f(1) == 1 }\n")
        .run(&[])
        .ends(1, &[deep, "t.scn:1"]);
    let two = "action f(n) { let x = g(n); return x }\naction g(n) { let y = f(n); return y }\n";
    scn(&format!("{two}scenario \"it\" {{ let z = f(1); expect z == 1 }}\n")).run(&[]).ends(1, &[deep]);
    scn(&format!("{two}@cases([{{ z: f(1) }}])\nscenario \"it\" {{ expect case.z == 1 }}\n"))
        .run(&[])
        .ends(1, &[deep]);
    let endless = "`S` needs itself";
    for shape in ["shape S { a: S }", "shape S = [S; 1..3]", "shape S = S"] {
        scn(&format!("{shape}\nscenario \"it\" {{ expect {{ a: 1 }} matches S }}\n"))
            .run(&[])
            .ends(2, &[endless]);
    }
}
