//! Running from the editor, and what the last run found.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, capabilities};

const TEXT: &str = "scenario \"sums\" {\n  exec \"expr 1 + 2\"\n  expect stdout contains \"4\"\n}\n\nscenario \"hello\" {\n  exec \"echo hello\"\n  expect stdout contains \"hello\"\n}\n";

#[test]
fn scenarios_run_from_the_editor_and_failures_are_shown_where_they_are() {
    let mut client = Client::new(&[("a.scn", TEXT)]);
    client.open("a.scn");
    let of = client.of("a.scn");
    let lenses = client.request("textDocument/codeLens", of);
    let targets: Vec<&str> = lenses
        .as_array()
        .unwrap()
        .iter()
        .map(|lens| lens["command"]["arguments"][0].as_str().unwrap())
        .collect();
    assert_eq!(targets, ["a.scn:1", "a.scn:6"]);
    assert_eq!(lenses[0]["command"]["command"], "scn.run");
    client.request("workspace/executeCommand", json!({ "command": "scn.run", "arguments": ["a.scn:1"] }));
    client.wait("scn/event", |params| params["event"]["event"] == "scenario_finished");
    let end = client.wait("scn/event", |params| params.get("exit").is_some());
    assert_eq!(end, json!({ "target": "a.scn:1", "folder": client.uri(""), "exit": 1 }));
    let found = client.diagnostics("a.scn");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["source"], &found[0]["severity"]), (&json!("scn run"), &json!(1)));
    assert_eq!(found[0]["range"]["start"]["line"], 2);
    assert!(found[0]["message"].as_str().unwrap().ends_with("in scenario \"sums\""), "{found:?}");
    // A line that was changed since says nothing of the run any more.
    client.edit("a.scn", "\"4\"", "\"3\"");
    client.clean("a.scn");
    let wrong = client.response("workspace/executeCommand", json!({ "command": "scn.walk" }));
    assert_eq!(wrong["error"]["code"], -32602);
}

const GOOD: &str = "scenario \"good\" {\n  expect 1 == 1\n}\n";
const BAD: &str = "scenario \"bad\" {\n  expect 1 == 2\n}\n";

/// The command of the lens over the first scenario of a file.
fn lens(client: &mut Client, name: &str) -> Value {
    let of = client.of(name);
    client.request("textDocument/codeLens", of)[0]["command"].clone()
}

/// Why a command is refused.
fn refusal(client: &mut Client, command: Value) -> String {
    let answer = client.response("workspace/executeCommand", command);
    assert_eq!(answer["error"]["code"], -32803, "{answer}");
    answer["error"]["message"].as_str().unwrap().to_owned()
}

/// Runs, and waits for the end.
fn exit(client: &mut Client, command: Value) -> Value {
    client.request("workspace/executeCommand", command);
    client.wait("scn/event", |params| params.get("exit").is_some())["exit"].take()
}

#[test]
fn what_is_not_saved_does_not_run() {
    let disk = format!("{GOOD}\n{BAD}");
    let mut client = Client::new(&[("a.scn", &disk), ("b.scn", GOOD)]);
    let moved = format!("{BAD}\n{GOOD}");
    client.write("a.scn", &moved);
    client.open("b.scn");
    let command = lens(&mut client, "a.scn");
    assert_eq!(command["arguments"], json!(["a.scn:1", client.uri(""), "bad"]));
    let why = refusal(&mut client, command.clone());
    assert_eq!(why, "`a.scn` is not saved, and a run reads the disk: save first");
    // One that is nowhere but in the editor is none either.
    client.write("new/c.scn", GOOD);
    client.edit("b.scn", "good", "gooood");
    let why = refusal(&mut client, command.clone());
    assert!(why.starts_with("`a.scn` and `b.scn` and `new/c.scn` are not saved"), "{why}");
    std::fs::create_dir(client.path("new")).unwrap();
    for (name, text) in [("a.scn", &*moved), ("b.scn", &GOOD.replace("good", "gooood")), ("new/c.scn", GOOD)]
    {
        std::fs::write(client.path(name), text).unwrap();
    }
    assert_eq!(exit(&mut client, command), 1);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn editors_may_write_the_ends_of_lines_as_they_like() {
    let mut client = Client::new(&[]);
    std::fs::write(client.path("a.scn"), format!("\u{feff}{}", GOOD.trim_end().replace('\n', "\r\n")))
        .unwrap();
    client.write("a.scn", GOOD);
    let command = lens(&mut client, "a.scn");
    assert_eq!(exit(&mut client, command), 0);
}

#[test]
fn a_lens_runs_the_scenario_that_it_stands_over() {
    let mut client = Client::new(&[("a.scn", GOOD)]);
    client.write("a.scn", &format!("{BAD}\n{GOOD}"));
    let command = lens(&mut client, "a.scn");
    // Saving put the scenarios in order.
    let ordered = format!("{GOOD}\n{BAD}");
    client.edit("a.scn", BAD, GOOD);
    client.edit("a.scn", &format!("\n{GOOD}"), &format!("\n{BAD}"));
    std::fs::write(client.path("a.scn"), ordered).unwrap();
    let why = refusal(&mut client, command);
    assert_eq!(why, "\"bad\" is not at `a.scn:1` any more: run it from where it is now");
    let command = lens(&mut client, "a.scn");
    assert_eq!((&command["arguments"][2], exit(&mut client, command.clone())), (&json!("good"), json!(0)));
}

#[test]
fn of_runs_at_the_same_time_the_failures_of_each_are_shown() {
    let wait = "scenario \"slow\" {\n  eventually within 60s { exec \"test -e go\"; expect status == 0 }\n  expect 1 == 3\n}\n";
    let mut client = Client::new(&[("a.scn", wait), ("b.scn", BAD), ("c.scn", GOOD)]);
    let run = |name: &str| json!({ "command": "scn.run", "arguments": [format!("{name}:1")] });
    client.request("workspace/executeCommand", run("a.scn"));
    client.wait("scn/event", |params| params["event"]["event"] == "scenario_started");
    assert_eq!(exit(&mut client, run("b.scn")), 1);
    assert_eq!(client.diagnostics("b.scn").len(), 1);
    std::fs::write(client.path("go"), "").unwrap();
    let end = client.wait("scn/event", |params| params.get("exit").is_some());
    assert_eq!((&end["target"], &end["exit"]), (&json!("a.scn:1"), &json!(1)));
    let found = client.diagnostics("a.scn");
    assert!(found[0]["message"].as_str().unwrap().ends_with("in scenario \"slow\""), "{found:?}");
    let gone = client.notifications.iter().find(|it| it["params"]["uri"] == client.uri("b.scn"));
    assert_eq!(gone, None, "it failed as well");
    // What began after them is the last one alone.
    assert_eq!(exit(&mut client, run("c.scn")), 0);
    client.clean("a.scn");
    client.clean("b.scn");
}

#[test]
fn a_kept_run_with_impossible_places_is_survived() {
    let mut client = Client::new(&[("a.scn", BAD), ("wrong.scn", "let a = b\n")]);
    assert_eq!(exit(&mut client, json!({ "command": "scn.run", "arguments": ["a.scn:1"] })), 1);
    let start = client.diagnostics("a.scn")[0]["range"]["start"]["character"].as_u64().unwrap();
    let path = client.path(".scn/runs/1.jsonl");
    let run = std::fs::read_to_string(&path).unwrap();
    let column = format!("\"column\":{},", start + 1);
    assert!(run.contains(&column), "{run}");
    std::fs::write(&path, run.replace(&column, &format!("\"column\":{},", u32::MAX))).unwrap();
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    let found = client.diagnostics("a.scn");
    assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": 15 }), "{found:?}");
}

#[test]
fn a_run_ends_with_its_folder() {
    let mut client = Client::new(&SLOW);
    let (_, number) = slow(&mut client);
    let folder = json!({ "uri": client.uri(""), "name": "project" });
    let event = json!({ "added": [], "removed": [folder] });
    client.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
    let end = client.wait("scn/event", |params| params.get("exit").is_some());
    assert_eq!(end["exit"], 130, "{end}");
    assert!(!lives(&number) && client.path("cleaned").exists());
}

/// The run shows `•` for it, and so does what the run is compared with.
#[test]
fn failures_are_shown_on_lines_with_secrets() {
    let token = "ghp_a8Kq2Zt3Wn5Ym7Rb1Xc9Vd4Ue6Tf0Sg2RhJk";
    let text =
        format!("scenario \"a\" {{\n  exec \"echo a\"\n  expect stdout == \"x\" because \"{token}\"\n}}\n");
    let mut client = Client::new(&[("a.scn", &text)]);
    client.open("a.scn");
    assert_eq!(client.diagnostics("a.scn").len(), 1);
    client.request("workspace/executeCommand", json!({ "command": "scn.run", "arguments": ["a.scn:1"] }));
    client.wait("scn/event", |params| params.get("exit").is_some());
    let found = client.diagnostics("a.scn");
    let failure = found.iter().find(|found| found["source"] == "scn run");
    assert_eq!(failure.map(|found| &found["range"]["start"]["line"]), Some(&json!(2)), "{found:?}");
    assert!(!json!(found).to_string().contains(token), "{found:?}");
}

/// A scenario that takes a minute, and cleans up; what it starts writes its number into a file.
const SLOW: [(&str, &str); 2] = [
    (
        "a.scn",
        "scenario \"slow\" {\n  defer exec \"touch cleaned\"\n  exec \"sh ./slow\" with { timeout: 90s }\n}\n",
    ),
    ("slow", "echo $$ > number.new\nmv number.new number\nexec sleep 60\n"),
];

/// Starts it, and waits until it is in the middle of things; the request's and the process's numbers.
fn slow(client: &mut Client) -> (i64, String) {
    let id =
        client.ask("workspace/executeCommand", json!({ "command": "scn.run", "arguments": ["a.scn:1"] }));
    assert_eq!(client.answer(&json!(id))["result"], Value::Null);
    let number = client.path("number");
    assert!(soon(|| number.is_file()), "it does not begin");
    (id, std::fs::read_to_string(number).unwrap().trim().to_owned())
}

fn soon(holds: impl Fn() -> bool) -> bool {
    let last = Instant::now() + Duration::from_secs(60);
    while Instant::now() < last {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    holds()
}

fn lives(number: &str) -> bool {
    Path::new("/proc").join(number).is_dir()
}

#[test]
fn a_run_is_cancelled_by_the_request_that_asked_for_it() {
    let mut client = Client::new(&SLOW);
    let (id, number) = slow(&mut client);
    // Another request's number says nothing of it.
    client.notify("$/cancelRequest", json!({ "id": id + 1000 }));
    client.notify("window/workDoneProgress/cancel", json!({ "token": null }));
    client.request("workspace/symbol", json!({ "query": "" }));
    std::thread::sleep(Duration::from_millis(300));
    assert!(lives(&number) && !client.path("cleaned").exists());
    client.notify("$/cancelRequest", json!({ "id": id }));
    let end = client.wait("scn/event", |params| params.get("exit").is_some());
    assert_eq!(end["exit"], 130, "{end}");
    assert!(!lives(&number) && client.path("cleaned").exists());
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_run_is_cancelled_where_its_progress_is_shown() {
    let mut capabilities = capabilities();
    capabilities["window"] = json!({ "workDoneProgress": true });
    let mut client = Client::with(&SLOW, capabilities);
    let (_, number) = slow(&mut client);
    let token = client.wait("window/workDoneProgress/create", |_| true)["token"].take();
    let begin = client.wait("$/progress", |params| params["value"]["kind"] == "begin");
    assert_eq!(begin["token"], token);
    assert_eq!(begin["value"]["cancellable"], true, "{begin}");
    let report = client.wait("$/progress", |params| params["value"]["kind"] == "report");
    assert_eq!(report["value"]["message"], "slow");
    client.notify("window/workDoneProgress/cancel", json!({ "token": "another" }));
    client.notify("window/workDoneProgress/cancel", json!({ "token": token }));
    client.wait("$/progress", |params| params["token"] == token && params["value"]["kind"] == "end");
    let end = client.wait("scn/event", |params| params.get("exit").is_some());
    assert_eq!(end["exit"], 130, "{end}");
    assert!(!lives(&number) && client.path("cleaned").exists());
}

#[test]
fn no_run_outlives_the_server() {
    // It says goodbye, it goes without a word, and it is killed, when nobody waits for cleanup.
    for way in ["end", "leave", "kill"] {
        let mut client = Client::new(&SLOW);
        let (_, number) = slow(&mut client);
        assert!(lives(&number));
        let project = client.keep();
        let cleaned = project.path().join("cleaned");
        match way {
            "end" => {
                assert_eq!(client.end(), Some(0));
                assert!(!lives(&number) && cleaned.exists(), "the server did not wait for it");
            }
            "leave" => {
                assert_eq!(client.leave(), Some(1));
                assert!(!lives(&number) && cleaned.exists(), "the server did not wait for it");
            }
            _ => drop(client),
        }
        assert!(soon(|| !lives(&number)), "{way}: it goes on");
    }
}
