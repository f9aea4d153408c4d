//! Links: which stand, who gets their addresses, what they tell.

use crate::harness::{Project, Ran, json, scn, server};
use crate::services::shop;

fn with_shop(scenarios: &str) -> Project {
    scn(&format!("{}{scenarios}", shop()))
}

/// What each `show` printed.
fn shown(ran: &Ran, what: &str) -> Vec<String> {
    let start = format!("{what} = ");
    let lines = ran.out.lines().chain(ran.err.lines());
    let values = lines.filter_map(|line| line.split_once(&start).map(|(_, rest)| rest));
    values.map(|rest| rest.split("  ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_link_that_nobody_uses_is_not_there() {
    let plain = "scenario \"plain\" {\n  let at = GET shop /books\n  expect at.body == books.addr\n}\n";
    with_shop(plain).run(&[]).ends(0, &["1 passed"]);
}

#[test]
fn the_service_gets_the_address_of_the_link_and_the_calls_are_told() {
    let text = r#"
scenario "one call" {
  let at = GET shop /books
  expect at.body != books.addr
  POST shop /buy {}
  expect body.attempts == 1
  expect (shop -> books).calls.count == 1 within 5s
  expect (shop -> books).calls[0].path == "/post"
  expect (shop -> books).calls[0].response.status == 201
  expect (shop -> books.POST).calls.count == 1
  expect (shop -> books.GET).calls.count == 0
  expect (shop -> *).calls.count == 1
}
scenario "only its own calls" {
  POST shop /buy {}
  expect (shop -> books).calls.count == 1 within 5s
  POST shop /buy {}
  expect (shop -> books).calls.count == 2 within 5s
}
scenario "beside them" {
  POST shop /buy {}
}
"#;
    let project = with_shop(text);
    project.run(&["--jobs", "4"]).ends(0, &["3 passed"]);
    // The scenario that uses no link is selected alone: there is none.
    project.run(&["--only", "\"beside them\""]).ends(0, &["1 passed"]);
}

#[test]
fn too_many_and_too_few_calls_fail() {
    let text = r#"
scenario "two" {
  POST shop /buy {}
  expect (shop -> books).calls.count == 2 within 300ms
}
scenario "none" {
  POST shop /buy {}
  expect (shop -> books).calls.count == 0 within 300ms throughout 300ms
}
"#;
    with_shop(text).run(&[]).ends(1, &["2 failed", "(shop -> books).calls.count"]);
}

#[test]
fn links_stay_over_restarts_and_variants() {
    let text = shop().replace(
        "  ready GET /count\n}\nservice books",
        "  ready GET /count\n  variant other { env { OTHER: \"1\" } }\n}\nservice books",
    ) + r#"
@matrix(shop: [current, other])
scenario "restarts" {
  POST shop /buy {}
  restart shop
  POST shop /buy {}
  restart books
  POST shop /buy {}
  expect (shop -> books).calls.count == 3 within 5s
}
"#;
    scn(&text).run(&[]).ends(0, &["2 passed"]);
}

#[test]
fn members_have_a_link_each_and_one_history() {
    let text = shop()
        .replace(
            "env { LISTEN: addr, BOOKS: books.addr",
            "members 2\n  env { LISTEN: addr, BOOKS: books.addr",
        )
        .replace("\"shop.pid\"", "\"${member}.pid\"")
        + r#"
scenario "both" {
  POST shop[0] /buy {}
  POST shop[1] /buy {}
  expect (shop -> books).calls.count == 2 within 5s
  let first = GET shop[0] /books
  let second = GET shop[1] /books
  expect first.body != second.body
  expect (client -> shop).calls.count == 4
}
"#;
    scn(&text).run(&[]).ends(0, &["1 passed"]);
}

#[test]
fn the_runners_own_link_is_not_seen_in_reports() {
    let url = server(|asked| json("200 OK", &format!("\"{}\"", asked.headers["host"])));
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\n  GET s /a\n  let count = (client -> s).calls.count\n  show count\n  expect count == 1 and s.url == \"{url}\" and body == s.addr\n  expect body == \"wrong\"\n}}\n"
    );
    let ran = scn(&text).run(&[]).ends(1, &[&format!("{url}/a"), "curl", "1 failed"]);
    assert_eq!(shown(&ran, "count"), ["1"]);
}

#[test]
fn an_environment_that_only_uses_a_service_skips_what_needs_a_link_to_it() {
    let url = server(|_| json("200 OK", "{}"));
    let text = format!(
        r#"
environment staging {{ shop at "{url}" }}
scenario "between" {{
  POST shop /buy {{}}
  expect (shop -> books).calls.count == 1 within 5s
}}
scenario "own" {{
  under latency(1ms) on client -> shop {{ POST shop /buy {{}} }}
}}
scenario "plain" {{ POST shop /buy {{}} }}
"#
    );
    let said = with_shop(&text).run(&["--env", "staging"]);
    said.ends(
        0,
        &[
            "1 passed",
            "2 skipped",
            "it observes or breaks `shop -> books`, and this environment only uses `shop`",
            "it observes or breaks `client -> shop`, and this environment only uses `shop`",
        ],
    );
}
