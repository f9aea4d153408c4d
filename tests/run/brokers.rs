//! Scenarios over real brokers, through the real binary: `tests/brokers` finds them.

use std::path::Path;

use crate::harness::{Ran, scn};

fn program(variable: &str) -> String {
    let program = std::env::var(variable);
    assert!(program.is_ok(), "{variable} says which program it is; see tests/brokers");
    program.unwrap()
}

/// A project over a started nats-server, with this configuration of its requests.
fn over_nats(with: &str, config: &str, scenarios: &str) -> crate::harness::Project {
    let text = format!(
        "service bus {{\n  speaks nats\n  start \"{} -a ${{host}} -p ${{port}} -js -sd ${{scratch}}/bus -c bus.conf\"\n  \
         ready health within 60s\n  {with}\n}}\n{scenarios}\n",
        program("SCN_TEST_NATS_SERVER")
    );
    let project = scn(&text);
    project.write("bus.conf", config);
    project
}

fn nats(scenarios: &str) -> Ran {
    over_nats("", "", scenarios).run(&[])
}

fn redis(scenarios: &str) -> Ran {
    let text = format!(
        "service cache {{\n  speaks redis\n  start \"{} --bind ${{host}} --port ${{port}} --dir ${{scratch}} --save ''\"\n  \
         ready health within 60s\n}}\n{scenarios}\n",
        program("SCN_TEST_REDIS_SERVER")
    );
    scn(&text).run(&[])
}

#[test]
#[ignore = "needs nats-server: tests/brokers finds it"]
fn the_scenario_of_the_page_runs_against_nats() {
    let page = std::fs::read_to_string("README.md").unwrap();
    let block = page.split("```scn\n").find(|block| block.contains("speaks nats")).unwrap();
    let block = block.split("```").next().unwrap();
    let server = program("SCN_TEST_NATS_SERVER");
    let place = Path::new(&server).parent().unwrap().display().to_string();
    let path = format!("{place}:{}", std::env::var("PATH").unwrap_or_default());
    scn(&format!("stage component {{}}\n{block}")).with("PATH", &path).run(&[]).ends(0, &["1 passed"]);
}

#[test]
#[ignore = "needs nats-server: tests/brokers finds it"]
fn an_event_that_is_lost_doubled_or_late_in_nats_is_found() {
    let ran = nats(
        r#"
scenario "lost" {
  let events = open bus "lost.>"
  publish bus "lost.created" { id: 1 }
  close events
  expect events exactly_once of [1, 2] by .body.id
}
scenario "doubled" {
  let events = open bus "doubled.>"
  publish bus "doubled.created" { id: 1 }
  publish bus "doubled.created" { id: 1 }
  close events
  expect events unique by .body.id
}
scenario "out of order" {
  let events = open bus "mixed.>"
  publish bus "mixed.created" { n: 2 }
  publish bus "mixed.created" { n: 1 }
  close events
  expect events increasing by .body.n
}
scenario "never sent" {
  let events = open bus "never.>"
  let _one = next events within 300ms
}
"#,
    );
    ran.ends(1, &["4 failed", "of events at ", "no message came on `events` within 300ms"]);
}

#[test]
#[ignore = "needs nats-server: tests/brokers finds it"]
fn a_nats_server_that_dies_is_told_from_a_message_that_never_came() {
    let ran = nats(
        r#"
@serial
scenario "it dies" {
  defer restart bus
  let events = open bus "orders.>"
  publish bus "orders.created" { id: 1 }
  kill bus
  expect events.closed == true within 10s
  expect events.error.kind == "reset"
  publish bus "orders.created" { id: 2 }
  expect error.kind == "refused"
}
@serial
scenario "nobody expects it" {
  defer restart bus
  let events = open bus "orders.>"
  kill bus
  let _one = next events within 10s
}
@serial
scenario "closing says so" {
  defer restart bus
  let events = open bus "orders.>"
  kill bus
  expect events.closed == true within 10s
  close events
}
"#,
    );
    ran.ends(
        1,
        &["1 passed", "2 failed", "`events` broke off: ", "it had given 0 messages", "closed the connection"],
    );
}

/// Neither one that died nor one that stands still, whoever stopped it, is silent.
#[test]
#[ignore = "needs nats-server: tests/brokers finds it"]
fn nothing_is_concluded_from_a_nats_server_that_is_gone_or_stands_still() {
    let lost = |claim: &str| {
        format!(
            "@serial\nscenario \"it\" {{\n  defer restart bus\n  let events = open bus \"a\"\n  publish bus \"a\" {{ n: 1 }}\n  \
             next events\n  kill bus\n  expect events.closed == true within 1h\n  expect events {claim}\n}}\n"
        )
    };
    for claim in ["not has { body: { n: 2 } }", "unique by .body.n", "exactly_once of [1] by .body.n"] {
        nats(&lost(claim)).ends(5, &["`events` broke off: ", "was not seen"]);
    }
    nats(&lost("has { body: { n: 1 } }\n  expect events.error.kind == \"reset\"")).ends(0, &[]);
    nats(&lost("at_most_once of [2] by .body.n")).ends(5, &["was not seen"]);
    nats(&lost("no_phantoms of [2] by .body.n")).ends(1, &["1 came out and was never put in"]);
    let quiet = "let events = open bus \"a\"\nPAUSE\nexpect events.count == 0 throughout 50ms\n";
    let quiet = |pause: &str| format!("@serial\nscenario \"it\" {{\n{}}}\n", quiet.replace("PAUSE", pause));
    nats(&quiet("")).ends(0, &[]);
    nats(&quiet("pause bus\ndefer resume bus")).ends(5, &["`bus` is paused"]);
    // One that this run did not start is asked.
    let mut server = std::process::Command::new(program("SCN_TEST_NATS_SERVER"));
    let port = crate::harness::closed_port();
    let mut server = server.args(["-a", "127.0.0.1", "-p", &port.to_string()]).spawn().unwrap();
    crate::harness::wait_for("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let stop = format!("exec \"kill -STOP {}\"", server.id());
    let elsewhere = |pause: &str| {
        scn(&format!("service bus {{ speaks nats; at \"nats://127.0.0.1:{port}\" }}\n{}", quiet(pause)))
            .run(&[])
    };
    let (well, still) = (elsewhere(""), elsewhere(&stop));
    let _ = server.kill();
    let _ = server.wait();
    well.ends(0, &[]);
    still.ends(5, &["asked whether it is still there, `bus` did not answer within 5s"]);
}

#[test]
#[ignore = "needs nats-server: tests/brokers finds it"]
fn a_nats_login_is_the_services_and_shown_nowhere() {
    let config = "authorization { user: shop, password: \"geheim-und-lang\" }";
    let scenarios = r#"
secret word from file "./word.txt"
scenario "a login" {
  publish bus "orders.created" { word }
  let events = open bus "orders.>"
  publish bus "orders.created" { word }
  let one = next events within 5s
  expect one.body.word == "something else"
}
"#;
    let project = over_nats("with { user: \"shop\", password: word }", config, scenarios);
    project.write("word.txt", "geheim-und-lang");
    let ran = project.run(&["--report", "json=all.jsonl"]).ends(1, &["1 failed"]);
    ran.never_says(&["geheim-und-lang"]);
    assert!(!project.read("all.jsonl").contains("geheim-und-lang"));
    let project = over_nats("", config, scenarios);
    project.write("word.txt", "geheim-und-lang");
    let ran = project.run(&[]);
    ran.ends(1, &["refuses this login", "expect error.kind == \"permission\""]);
}

#[test]
#[ignore = "needs redis-server: tests/brokers finds it"]
fn commands_streams_and_channels_of_redis() {
    let ran = redis(
        r#"
scenario "commands" {
  let name = "Ann Lee"
  command cache "SET name ${name}"
  command cache "GET name"
  expect body == "Ann Lee"
  command cache "HSET order:1 state PAID"
  command cache "HGETALL order:1"
  expect body == { state: "PAID" }
  command cache "LPUSH name x"
  expect error.code == "WRONGTYPE"
}
scenario "a stream" {
  let entries = open cache "orders"
  for n in 1..3 { command cache "XADD orders * n ${n}" }
  expect entries.count == 3 within 10s
  expect entries unique by .id
  close entries
}
scenario "a channel" {
  let prices = open cache "prices" with { channel: true }
  publish cache "prices" { sku: "tea" }
  expect receivers == 1
  let one = next prices matches { body: { sku: "tea" }, .. } within 5s
}
scenario "what is not there" {
  command cache "GET nobody"
  expect body == "somebody"
}
scenario "what nobody expects" {
  command cache "LPUSH name x"
  command cache "INCR list"
}
"#,
    );
    ran.ends(1, &["3 passed", "2 failed"]);
}

#[test]
fn what_an_open_would_take_from_others_is_refused_where_only_what_is_safe_is_allowed() {
    let text = r#"
service cache { speaks redis; at "redis://127.0.0.1:1" }
service bus { speaks nats; at "nats://127.0.0.1:1" }
environment staging { allow safe }
scenario "of a group" { let work = open cache "orders" with { group: "billing" } }
scenario "of a queue" { let work = open bus "orders" with { queue: "workers" } }
"#;
    let told = [
        "2 failed",
        "`group` makes a group and takes its entries away",
        "`queue` takes messages away",
        "leave `group` out",
    ];
    scn(text).run(&["--env", "staging"]).ends(1, &told);
}

#[test]
#[ignore = "needs redis-server: tests/brokers finds it"]
fn an_environment_that_allows_what_is_safe_asks_redis_what_that_is() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = std::process::Command::new(program("SCN_TEST_REDIS_SERVER"))
        .args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..2000 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let text = format!(
        r#"
service cache {{ speaks redis; at "redis://127.0.0.1:1" }}
environment staging {{ allow safe; cache at "redis://127.0.0.1:{port}" }}
scenario "reads" {{ command cache "GET k"; expect body == null }}
scenario "writes" {{ command cache "SET k v" }}
scenario "tells" {{ publish cache "prices" {{}} }}
"#
    );
    let ran = scn(&text).run(&["--env", "staging"]);
    let _ = server.kill();
    let _ = server.wait();
    ran.ends(1, &["1 passed", "2 failed", "`SET` may change something", "`publish` may change something"]);
}
