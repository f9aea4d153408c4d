//! What the server knows of a project: mistakes, names, contracts.

use serde_json::{Value, json};

use super::client::{Client, labels};

const SHOP: &str = r#"//! The shop.

use "std/problem" { Problem }

/// Takes orders.
service orders {
  speaks http contract "./shop.yaml"
  at     "http://127.0.0.1:1"
}

service ledger {
  speaks grpc contract "./ledger.proto"
  at     "http://127.0.0.1:2"
}

/// A customer as the shop knows one.
shape Customer { id: uuid, name: text }

/// Places an order and returns it.
action place(customer: Customer, lines = 1) {
  POST orders /v1/orders { customer: customer.id, total: lines }
  expect status == 201
  return body
}

stage e2e
"#;

const TEST: &str = r#"use "./shop.scn" { orders, ledger, Customer, place, e2e }

scenario "an order is kept" in e2e {
  let alice = any Customer
  let order = place(alice, lines: 2)
  GET orders /v1/orders/${order.id}
  expect status == 200
  expect body.total == 2
  call ledger.GetEntry { order_id: "a" }
  expect body.amount == 1
}
"#;

const OPENAPI: &str = r##"openapi: 3.1.0
info: { title: shop, version: "1" }
paths:
  /v1/orders:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [customer, total]
              additionalProperties: false
              properties:
                customer: { type: string }
                total: { type: integer }
      responses:
        "201":
          description: placed
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Order" }
  /v1/orders/{id}:
    get:
      parameters:
        - { name: id, in: path, required: true, schema: { type: string } }
      responses:
        "200":
          description: found
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Order" }
components:
  schemas:
    Order:
      type: object
      required: [id, total]
      additionalProperties: false
      properties:
        id: { type: string }
        total: { type: integer }
"##;

const PROTO: &str = r#"syntax = "proto3";
package ledger.v1;

service Ledger {
  rpc GetEntry(GetEntryRequest) returns (Entry);
}

message GetEntryRequest {
  string order_id = 1;
}

message Entry {
  string order_id = 1;
  int64 amount = 2;
}
"#;

fn project() -> Client {
    let other = TEST.replace("./shop", "../shop").replace("an order is kept", "another order is kept");
    let files = [("shop.scn", SHOP), ("sub/test.scn", &other), ("test.scn", TEST)];
    let contracts = [("shop.yaml", OPENAPI), ("ledger.proto", PROTO)];
    let files: Vec<(&str, &str)> = files.iter().copied().chain(contracts).collect();
    Client::new(&files)
}

/// The project with a line in place of the last expectation of `test.scn`.
fn with(line: &str) -> Client {
    let mut client = project();
    client.write("test.scn", &TEST.replace("expect body.amount == 1", &line.replace('|', "")));
    client
}

/// What is offered at the `|` of a line.
fn offered(line: &str) -> Value {
    let mut client = with(line);
    client.at("textDocument/completion", "test.scn", line)
}

fn has(line: &str, wanted: &[&str]) {
    let found = labels(&offered(line));
    for name in wanted {
        assert!(found.iter().any(|label| label == name), "{line}: no `{name}` in {found:?}");
    }
}

#[test]
fn every_mistake_of_the_project_is_shown_and_goes_when_it_is_mended() {
    let mut client = Client::new(&[
        ("shop.scn", "stage e2e\nlet a = [1\nlet b = ordrs\nlet orders = 1\n"),
        ("test.scn", "use \"./shop.scn\" { b, c, e2e }\nscenario \"x\" in e2e { expect b == 1 }\n"),
    ]);
    let shop = client.diagnostics("shop.scn");
    let codes: Vec<&str> = shop.iter().map(|found| found["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["unclosed", "unknown-name"], "{shop:?}");
    assert_eq!(shop[1]["message"], "`ordrs` is not declared here\ndid you mean `orders`?");
    assert_eq!((&shop[1]["source"], &shop[1]["severity"]), (&json!("scn"), &json!(1)));
    let test = client.diagnostics("test.scn");
    assert_eq!(test[0]["code"], "unknown-import", "{test:?}");
    client.open("shop.scn");
    client.edit("shop.scn", "[1", "[1]");
    client.edit("shop.scn", "ordrs", "orders");
    client.clean("shop.scn");
    // A file that is not open is seen when it changes on the disk.
    std::fs::write(
        client.path("test.scn"),
        "use \"./shop.scn\" { b, e2e }\nscenario \"x\" in e2e { expect b == 1 }\n",
    )
    .unwrap();
    let change = json!({ "uri": client.uri("test.scn"), "type": 2 });
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [change] }));
    client.clean("test.scn");
}

#[test]
fn other_places_of_a_mistake_are_shown() {
    let mut client = with("expect body.amuont == 1");
    let found = client.diagnostics("test.scn");
    // There is another module with a scenario of this title.
    let mistake = found.iter().find(|one| one["code"] != "duplicate-title");
    let related = &mistake.unwrap()["relatedInformation"][0];
    assert_eq!(related["message"], "`amount` is declared here", "{found:?}");
    assert_eq!(related["location"]["uri"], client.uri("ledger.proto"));
    assert_eq!(client.slice("ledger.proto", &related["location"]["range"]), "amount");
}

#[test]
fn names_in_scope_are_offered() {
    has("expect al|", &["alice", "order", "place", "Customer", "status", "body", "NOT_FOUND"]);
    has("expect body matches Cu|", &["Customer", "uuid"]);
    has("expect body.amount |", &["increasing", "matches"]);
    has("call ledger.G|", &["GetEntry"]);
    has("GET o|", &["orders", "ledger"]);
    has("expect (orders -> ledger.G|).calls.count == 1", &["GetEntry"]);
}

#[test]
fn a_statement_begins_with_a_word_a_verb_or_an_action() {
    let found = offered("ev|");
    let items = found["items"].as_array().unwrap();
    let of = |label: &str| {
        items.iter().find(|item| item["label"] == label).unwrap_or_else(|| panic!("no {label}"))
    };
    assert_eq!(of("eventually")["insertTextFormat"], 2);
    assert_eq!(of("eventually")["textEdit"]["newText"], "eventually within ${1:5s} {\n  $0\n}");
    assert!(of("GET")["documentation"]["value"].as_str().unwrap().contains("```scn"));
    let place = of("place");
    assert_eq!(place["textEdit"]["newText"], "place($0)");
    assert!(place["documentation"]["value"].as_str().unwrap().contains("Places an order"), "{place}");
    has("let x = P|", &["POST", "alice", "any"]);
    let mut client = project();
    client.write("test.scn", "sc\n");
    let found = client.at("textDocument/completion", "test.scn", "sc|");
    assert!(labels(&found).contains(&"scenario".to_owned()));
}

#[test]
fn contracts_offer_paths_methods_and_fields() {
    has("GET orders /v1|", &["/v1/orders/${id}"]);
    has("POST orders /|", &["/v1/orders"]);
    has("POST orders /v1/orders { cu|: 1 }", &["customer", "total"]);
    has("call ledger.GetEntry { o| }", &["order_id"]);
    has("expect body.am|", &["amount", "order_id"]);
    has("expect order.to|", &["total", "id"]);
}

#[test]
fn shapes_offer_their_fields() {
    has("expect alice matches Customer { na|: text, .. }", &["name", "id"]);
    has("let bob = any Customer { n| }", &["name", "id"]);
    has("expect alice.n|", &["name", "id", "count"]);
}

#[test]
fn options_attributes_settings_and_imports_are_offered() {
    has("GET orders /v1/orders/a with { ti| }", &["timeout", "headers"]);
    let mut client = project();
    client.write(
        "test.scn",
        "@t\nscenario \"x\" { show 1 }\n\n@allow(over)\nservice s {\n  sp\n}\n\nuse \"std/h\"\nuse \"./shop.scn\" { or }\n",
    );
    for (mark, name) in [
        ("@t|", "timeout"),
        ("over|", "over-long"),
        ("  sp|", "speaks"),
        ("std/h|", "std/health"),
        ("{ or| }", "orders"),
        ("std/h|", "./shop.scn"),
    ] {
        let found = labels(&client.at("textDocument/completion", "test.scn", mark));
        assert!(found.iter().any(|label| label.trim_start_matches('@') == name), "{mark}: {found:?}");
    }
}

#[test]
fn hover_tells_of_names_words_and_contracts() {
    let mut client = project();
    client.open("test.scn");
    for (mark, wanted) in [
        ("pla|ce(alice", "Places an order and returns it."),
        ("any Cust|omer", "A customer as the shop knows one."),
        ("GE|T orders", "a verb of http, safe"),
        ("stat|us", "```scn"),
        ("sce|nario", "a test"),
        ("/v1/or|ders/", "responses:"),
        ("GetE|ntry", "rpc GetEntry(GetEntryRequest) returns (Entry);"),
        ("body.amou|nt", "int64 amount = 2;"),
        ("place(ali|ce", "let alice = any Customer"),
        ("\"./sh|op.scn\"", "The shop."),
    ] {
        let found = client.at("textDocument/hover", "test.scn", mark);
        let text = found["contents"]["value"].as_str().unwrap_or_default();
        assert!(text.contains(wanted), "{mark}: {found}");
    }
}

#[test]
fn lints_are_told_of_and_secrets_are_not() {
    let mut client = project();
    let secret = "m4Q9zX2vB7nL5tR8wK1pD6sH";
    client.write(
        "lint.scn",
        &format!("@allow(sleeps)\nscenario \"x\" {{\n  let token = \"{secret}\"\n  exec token\n}}\n"),
    );
    let told = json!(client.diagnostics("lint.scn")).to_string();
    assert!(told.contains("secret-literal") && !told.contains(secret), "{told}");
    let found = client.at("textDocument/hover", "lint.scn", "sle|eps");
    assert!(
        found["contents"]["value"].as_str().unwrap_or_default().contains("a lint, which warns"),
        "{found}"
    );
    let found = client.at("textDocument/hover", "lint.scn", "exec to|ken");
    let text = found["contents"]["value"].as_str().unwrap_or_default();
    assert!(text.contains("let token = ") && !text.contains(secret), "{found}");
    // Docs are shown far from where they stand.
    let secret = "ghp_a8Kq2Zt3Wn5Ym7Rb1Xc9Vd4Ue6Tf0Sg2RhJk";
    client.write(
        "lint.scn",
        &format!("/// It was {secret}.\nlet one = 1\nscenario \"x\" {{ expect one == 1 }}\n"),
    );
    let found = client.at("textDocument/hover", "lint.scn", "expect o|ne");
    let text = found["contents"]["value"].as_str().unwrap_or_default();
    assert!(text.contains("It was •••.") && !text.contains(secret), "{found}");
}

#[test]
fn signatures_are_shown_while_arguments_are_written() {
    for (line, label, active) in [
        ("place(|)", "place(customer: Customer, lines = 1)", Some(0)),
        ("place(alice, |)", "place(customer: Customer, lines = 1)", Some(1)),
        ("place(alice, lines: |", "place(customer: Customer, lines = 1)", Some(1)),
    ] {
        let mut client = with(line);
        let found = client.at("textDocument/signatureHelp", "test.scn", line);
        assert_eq!(found["signatures"][0]["label"], label, "{line}: {found}");
        assert_eq!(found["activeParameter"], json!(active), "{line}");
    }
    let mut client = with("expect body.amount increasing(|)");
    let place = client.place("test.scn", "(al|ice");
    assert!(client.request("textDocument/signatureHelp", place)["signatures"].is_array());
}

#[test]
fn definitions_are_found_in_modules_contracts_and_the_standard_library() {
    let mut client = project();
    client.open("test.scn");
    for (mark, file, text) in [
        ("pla|ce(alice", "shop.scn", "place"),
        ("any Cust|omer", "shop.scn", "Customer"),
        ("GET ord|ers", "shop.scn", "orders"),
        ("in e|2e", "shop.scn", "e2e"),
        ("place(ali|ce", "test.scn", "alice"),
        ("lin|es: 2", "shop.scn", "lines"),
        ("{ orders, led|ger", "shop.scn", "ledger"),
        ("\"./sh|op.scn\"", "shop.scn", ""),
        ("GetE|ntry", "ledger.proto", "GetEntry"),
        ("body.amou|nt", "ledger.proto", "amount"),
    ] {
        let found = client.at("textDocument/definition", "test.scn", mark);
        assert_eq!(found["uri"], client.uri(file), "{mark}: {found}");
        assert_eq!(client.slice(file, &found["range"]), text, "{mark}");
    }
    let path = client.at("textDocument/definition", "test.scn", "/v1/or|ders/");
    assert_eq!(path["uri"], client.uri("shop.yaml"));
    client.open("shop.scn");
    let library = client.at("textDocument/definition", "shop.scn", "{ Prob|lem }");
    let uri = library["uri"].as_str().unwrap();
    let file = uri.strip_prefix("file://").unwrap();
    assert!(std::fs::read_to_string(file).unwrap().contains("shape Problem"), "{library}");
    // What is shown there can be asked about, too.
    let position = &library["range"]["start"];
    let hover =
        client.request("textDocument/hover", json!({ "textDocument": { "uri": uri }, "position": position }));
    assert!(hover["contents"]["value"].as_str().unwrap().contains("RFC 9457"), "{hover}");
}

#[test]
fn references_are_found_in_every_module() {
    let mut client = project();
    client.open("shop.scn");
    let mut ask = |mark: &str, declared: bool| {
        let mut params = client.place("shop.scn", mark);
        params["context"] = json!({ "includeDeclaration": declared });
        client.request("textDocument/references", params).as_array().unwrap().len()
    };
    // Declared once, imported twice and called twice.
    assert_eq!(ask("action pla|ce", true), 5);
    assert_eq!(ask("action pla|ce", false), 4);
    assert_eq!(ask("lin|es = 1", true), 4, "a parameter, its use and two named arguments");
}

#[test]
fn symbols_are_listed() {
    let mut client = project();
    client.open("shop.scn");
    let of = client.of("shop.scn");
    let found = client.request("textDocument/documentSymbol", of);
    let names: Vec<&str> = found.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["orders", "ledger", "Customer", "place", "e2e"]);
    assert_eq!(client.slice("shop.scn", &found[2]["selectionRange"]), "Customer");
    let found = client.request("workspace/symbol", json!({ "query": "order" }));
    let names: Vec<&str> = found.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["orders", "another order is kept", "an order is kept"]);
}
