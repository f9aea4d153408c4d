//! Running from the editor, and what the last run found.

use serde_json::json;

use super::client::Client;

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
    assert_eq!(end, json!({ "target": "a.scn:1", "exit": 1 }));
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
