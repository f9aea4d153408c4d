//! Several folders that are open at once, each a project of its own; and what lies around open files.

use std::fs;

use serde_json::{Value, json};

use super::client::{Client, capabilities};

const ONE: &str =
    "stage e2e\n\nscenario \"one\" in e2e {\n  exec \"echo one\"\n  expect stdout contains \"two\"\n}\n";
const TWO: &str = "use \"./lib.scn\" { told }\n\nscenario \"two\" {\n  expect told == 2\n}\n";
const LIB: &str = "let told = 2\n";

fn names(symbols: &Value) -> Vec<&str> {
    symbols.as_array().unwrap().iter().map(|symbol| symbol["name"].as_str().unwrap()).collect()
}

fn exchange(client: &mut Client, added: &[&str], removed: &[&str]) {
    let folders = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({ "uri": client.uri(name), "name": name })).collect()
    };
    let event = json!({ "added": folders(added), "removed": folders(removed) });
    client.notify("workspace/didChangeWorkspaceFolders", json!({ "event": event }));
}

#[test]
fn each_folder_is_a_project_of_its_own() {
    let files = [("a/lib.scn", ONE), ("b/lib.scn", LIB), ("b/test.scn", TWO), ("c/lib.scn", "let x = y\n")];
    let mut client = Client::of_folders(&["a", "b"], &files);
    // `./lib.scn` is the one beside the module, and `c` is not open.
    for name in ["a/lib.scn", "b/lib.scn", "b/test.scn"] {
        client.open(name);
    }
    let all = client.request("workspace/symbol", json!({ "query": "" }));
    assert_eq!(names(&all), ["e2e", "one", "told", "two"], "{all}");
    let declared = client.at("textDocument/definition", "b/test.scn", "expect to|ld");
    assert_eq!(declared["uri"], client.uri("b/lib.scn"));
    client.edit("b/lib.scn", "told", "tolled");
    let found = client.diagnostics("b/test.scn");
    assert_eq!(found[0]["code"], "unknown-import", "{found:?}");
    // Names in one folder mean nothing in the other.
    let offered = client.at("textDocument/completion", "a/lib.scn", "expect |stdout");
    let labels = super::client::labels(&offered);
    assert!(!labels.iter().any(|label| label == "tolled"), "{labels:?}");
    client.edit("b/lib.scn", "tolled", "told");
    client.clean("b/test.scn");
}

#[test]
fn a_scenario_runs_in_the_folder_that_it_is_of() {
    let other = ONE.replace("\"two\"", "\"one\"");
    let mut client = Client::of_folders(&["a", "b"], &[("a/test.scn", ONE), ("b/test.scn", &other)]);
    for (name, folder, exit) in [("a/test.scn", "a", 1), ("b/test.scn", "b", 0)] {
        client.open(name);
        let of = client.of(name);
        let lenses = client.request("textDocument/codeLens", of);
        let command = lenses[0]["command"].clone();
        assert_eq!(command["arguments"], json!(["test.scn:3", client.uri(folder), "one"]));
        client.request("workspace/executeCommand", command);
        let end = client.wait("scn/event", |params| params.get("exit").is_some());
        assert_eq!(end, json!({ "target": "test.scn:3", "folder": client.uri(folder), "exit": exit }));
    }
    let found = client.diagnostics("a/test.scn");
    assert_eq!(found[0]["source"], "scn run", "{found:?}");
    // Without a folder it is the first.
    client.request("workspace/executeCommand", json!({ "command": "scn.run", "arguments": ["test.scn:3"] }));
    let end = client.wait("scn/event", |params| params.get("exit").is_some());
    assert_eq!((&end["folder"], &end["exit"]), (&json!(client.uri("a")), &json!(1)));
    let nowhere = json!({ "command": "scn.run", "arguments": ["test.scn:3", client.uri("c")] });
    assert_eq!(client.response("workspace/executeCommand", nowhere)["error"]["code"], -32602);
}

#[test]
fn folders_come_and_go() {
    let wrong = "let a = b\n";
    let mut client = Client::of_folders(&["a"], &[("a/x.scn", "let a = 1\n"), ("b/x.scn", wrong)]);
    client.open("a/x.scn");
    let all = client.request("workspace/symbol", json!({ "query": "" }));
    assert_eq!(names(&all), ["a"], "{all}");
    let before = client.notifications.iter().find(|it| it["params"]["uri"] == client.uri("b/x.scn"));
    assert_eq!(before, None, "`b` is not open yet");
    exchange(&mut client, &["b"], &[]);
    assert_eq!(client.diagnostics("b/x.scn")[0]["code"], "unknown-name");
    // What is open when its folder goes or comes stays open, with the text that it has.
    client.open("b/x.scn");
    client.edit("b/x.scn", "= b", "= 7");
    client.clean("b/x.scn");
    client.edit("b/x.scn", "= 7", "= c");
    assert_eq!(client.diagnostics("b/x.scn").len(), 1);
    exchange(&mut client, &[], &["a", "b"]);
    client.clean("b/x.scn");
    assert_eq!(client.request("workspace/symbol", json!({ "query": "" })), json!([]));
    let of = client.of("b/x.scn");
    assert_eq!(client.request("textDocument/codeLens", of), Value::Null);
    exchange(&mut client, &["b"], &[]);
    let found = client.diagnostics("b/x.scn");
    assert!(found[0]["message"].as_str().unwrap().contains("`c`"), "{found:?}");
    assert_eq!(client.end(), Some(0));
}

#[test]
fn of_a_folder_inside_another_the_inner_one_speaks() {
    let files = [("x.scn", "let a = 1\n"), ("inner/y.scn", "use \"../x.scn\" { a }\n\nlet b = a\n")];
    let mut client = Client::of_folders(&["", "inner"], &files);
    // From the outer folder there is nothing wrong with it.
    let found = client.diagnostics("inner/y.scn");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0]["message"].as_str().unwrap().contains("outside of the project"), "{found:?}");
    let all = client.request("workspace/symbol", json!({ "query": "" }));
    assert_eq!(names(&all), ["b", "a"], "{all}");
    client.open("inner/y.scn");
    client.edit("inner/y.scn", "use \"../x.scn\" { a }", "let a = 2");
    client.clean("inner/y.scn");
}

/// A project that is open through a link.
fn linked(files: &[(&str, &str)]) -> Client {
    let client = Client::raw(files);
    std::os::unix::fs::symlink(client.path("real"), client.path("link")).unwrap();
    let folders = json!([{ "uri": client.uri("link"), "name": "link" }]);
    client.begin(folders, capabilities())
}

#[test]
fn a_file_that_is_closed_when_its_directory_is_gone_is_forgotten() {
    let wrong = "let a = b\n";
    let mut client = linked(&[("real/x.scn", "let x = 1\n"), ("real/dir/a.scn", wrong)]);
    client.write("link/dir/a.scn", wrong);
    assert_eq!(client.diagnostics("link/dir/a.scn").len(), 1);
    fs::remove_dir_all(client.path("real/dir")).unwrap();
    let of = client.of("link/dir/a.scn");
    client.notify("textDocument/didClose", of);
    client.clean("link/dir/a.scn");
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_file_may_be_open_before_its_directory_is_there() {
    let mut client = linked(&[("real/x.scn", "let x = 1\n")]);
    client.write("link/new/dir/a.scn", "let a = b\n");
    assert_eq!(client.diagnostics("link/new/dir/a.scn").len(), 1);
    fs::create_dir_all(client.path("real/new/dir")).unwrap();
    fs::write(client.path("real/new/dir/a.scn"), "let a = b\n").unwrap();
    let of = client.of("link/new/dir/a.scn");
    client.notify("textDocument/didSave", of);
    client.edit("link/new/dir/a.scn", "= b", "= 1");
    client.clean("link/new/dir/a.scn");
    assert_eq!(client.end(), Some(0));
}
