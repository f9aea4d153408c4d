//! What is wrong in a contract while the modules that name it are written.

use serde_json::json;

use super::client::Client;

const SHOP: &str = "service orders {\n  speaks http contract \"./orders.yaml\"\n  at     \"http://127.0.0.1:1\"\n}\n\nservice ledger {\n  speaks grpc contract \"./ledger.proto\"\n  at     \"http://127.0.0.1:2\"\n}\n\nlet total = 1\n";
const ORDERS: &str = "openapi: 3.1.0\ninfo: { title: shop, version: \"1\" }\npaths: {}\npahts: {}\n";
const LEDGER: &str = "syntax = \"proto3\";\nmessage Entry { strnig id = 1; }\n";

/// Mends a contract without a word to the server.
fn mend(client: &Client, name: &str, text: &str, wrong: &str, right: &str) {
    std::fs::write(client.path(name), text.replace(wrong, right)).unwrap();
}

#[test]
fn it_stands_until_the_contract_changes() {
    let mut client = Client::new(&[("shop.scn", SHOP), ("orders.yaml", ORDERS), ("ledger.proto", LEDGER)]);
    client.open("shop.scn");
    let ledger = client.diagnostics("ledger.proto");
    assert!(ledger[0]["message"].as_str().unwrap().contains("strnig"), "{ledger:?}");
    let orders = client.diagnostics("orders.yaml");
    assert_eq!((&orders[0]["severity"], orders.len()), (&json!(2), 1), "{orders:?}");
    assert!(orders[0]["message"].as_str().unwrap().contains("did you mean `paths`?"), "{orders:?}");

    // Nothing is read again for a keystroke, so neither mistake goes; nor is it forgotten.
    mend(&client, "ledger.proto", LEDGER, "strnig", "string");
    mend(&client, "orders.yaml", ORDERS, "pahts: {}", "");
    for (old, new) in [("= 1", "= x"), ("= x", "= y")] {
        client.edit("shop.scn", old, new);
        while client.diagnostics("shop.scn").is_empty() {}
    }
    let told =
        |it: &&serde_json::Value| it["params"]["uri"].as_str().is_some_and(|uri| !uri.ends_with("shop.scn"));
    assert_eq!(client.notifications.iter().find(told), None);

    // The client says that they changed.
    let changes = ["ledger.proto", "orders.yaml"].map(|name| json!({ "uri": client.uri(name), "type": 2 }));
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    client.clean("ledger.proto");
    client.clean("orders.yaml");
}
