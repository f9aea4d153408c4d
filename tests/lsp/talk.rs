//! The conversation: beginning, end, mistakes of the client, cancelling.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, capabilities};

const HELLO: &str = "scenario \"hello\" {\n  exec \"echo hello\"\n  expect stdout contains \"hello\"\n}\n";

#[test]
fn a_session_begins_and_ends() {
    let mut client = Client::new(&[("a.scn", HELLO)]);
    let watch = client.wait("client/registerCapability", |_| true);
    assert_eq!(watch["registrations"][0]["method"], "workspace/didChangeWatchedFiles");
    client.send(&json!({ "jsonrpc": "2.0", "id": "watch", "result": null }));
    assert_eq!(client.end(), Some(0));
    assert_eq!(Client::new(&[]).leave(), Some(1), "a client that goes away said nothing");
}

#[test]
fn nothing_is_answered_before_the_beginning_and_after_the_end() {
    let mut client = Client::raw(&[("a.scn", HELLO)]);
    let of = client.of("a.scn");
    assert_eq!(client.response("textDocument/foldingRange", of.clone())["error"]["code"], -32002);
    assert_eq!(client.response("initialize", json!({}))["error"]["code"], -32602);
    client.request("initialize", json!({ "processId": null, "rootUri": null, "capabilities": {} }));
    client.request("textDocument/foldingRange", of.clone());
    client.request("shutdown", Value::Null);
    assert_eq!(client.response("textDocument/foldingRange", of)["error"]["code"], -32600);
}

#[test]
fn malformed_messages_are_answered_and_survived() {
    let mut client = Client::new(&[("a.scn", HELLO)]);
    client.send_raw(b"what is this\r\n\r\nContent-Length: 1\r\n\r\n{");
    let refusal = client.answer(&Value::Null);
    assert_eq!(refusal["error"]["code"], -32700);
    client.send(&json!({ "jsonrpc": "2.0", "id": "odd", "method": 7 }));
    assert_eq!(client.answer(&json!("odd"))["error"]["code"], -32600);
    client.send(&json!(["no", "batches"]));
    assert_eq!(client.answer(&Value::Null)["error"]["code"], -32600);
    assert_eq!(client.response("textDocument/hover", json!({ "nonsense": 1 }))["error"]["code"], -32602);
    assert_eq!(client.response("textDocument/unheard", json!({}))["error"]["code"], -32601);
    client.notify("textDocument/didChange", json!({ "textDocument": 1 }));
    client.notify(
        "textDocument/didChange",
        json!({
            "textDocument": { "uri": "untitled:1", "version": 3 },
            "contentChanges": [{ "text": "" }],
        }),
    );
    // Positions outside of the text are those at its edges.
    let far = json!({
        "textDocument": { "uri": client.uri("a.scn") },
        "position": { "line": 4_000_000_000u32, "character": 4_000_000_000u32 },
    });
    client.request("textDocument/hover", far.clone());
    client.request("textDocument/completion", far);
    let elsewhere =
        json!({ "textDocument": { "uri": "untitled:1" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(client.request("textDocument/hover", elsewhere), Value::Null);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn what_is_cancelled_before_its_turn_is_not_done() {
    let mut client = Client::new(&[("a.scn", HELLO)]);
    // All in one write, so that all is there before the first is answered.
    let mut bytes = Vec::new();
    let mut push = |message: Value| {
        let text = message.to_string();
        bytes.extend(format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes());
    };
    for id in 100..140 {
        let params = json!({ "query": "" });
        push(json!({ "jsonrpc": "2.0", "id": id, "method": "workspace/symbol", "params": params }));
    }
    push(json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 139 } }));
    client.send_raw(&bytes);
    let answers: Vec<Value> = (100..140).rev().map(|id| client.answer_in_any_order(id)).collect();
    // The last one may have had its turn already; every other one has a result.
    assert!(answers[1..].iter().all(|answer| answer["result"].is_array()), "{answers:?}");
    assert!(answers[0]["result"].is_array() || answers[0]["error"]["code"] == -32800, "{}", answers[0]);
}

#[test]
fn columns_are_counted_as_the_client_counts() {
    let text = "let key = \"𝄞é\"\nscenario \"𝄞\" { show \"𝄞${key}\"; expect kye == 1 }\n";
    for encodings in [json!(["utf-8"]), json!(["utf-16"]), Value::Null] {
        let mut capabilities = capabilities();
        capabilities["general"]["positionEncodings"] = encodings;
        let mut client = Client::with(&[("a.scn", text)], capabilities);
        let found = client.diagnostics("a.scn");
        assert_eq!(client.slice("a.scn", &found[0]["range"]), "kye");
        let definition = client.at("textDocument/definition", "a.scn", "𝄞${k|ey}");
        assert_eq!(client.slice("a.scn", &definition["range"]), "key");
        client.open("a.scn");
        client.edit("a.scn", "kye", "key");
        client.clean("a.scn");
    }
}

#[test]
fn a_client_that_does_not_read_keeps_nobody_alive() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_scn"))
        .arg("lsp")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut bytes = Vec::new();
    let mut push = |message: Value| {
        let text = message.to_string();
        bytes.extend(format!("Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes());
    };
    push(json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": { "capabilities": {} } }));
    // The answers are more than fits between the two.
    for id in 1..4000 {
        push(json!({ "jsonrpc": "2.0", "id": id, "method": "textDocument/unheard", "params": {} }));
    }
    push(json!({ "jsonrpc": "2.0", "id": 4000, "method": "shutdown" }));
    push(json!({ "jsonrpc": "2.0", "method": "exit" }));
    child.stdin.as_mut().unwrap().write_all(&bytes).unwrap();
    let last = Instant::now() + Duration::from_secs(60);
    let code = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if Instant::now() > last => {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("it waits for the client");
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert_eq!(code, Some(0));
}
