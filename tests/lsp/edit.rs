//! What the server does to a text: formatting, renaming, remedies; and how it shows one.

use serde_json::{Value, json};

use super::client::Client;

const LIB: &str = "stage e2e\n\nshape Key = \"a\" | \"b\"\n\naction read(key, times = 1) {\n  exec \"echo ${key} ${times}\"\n  return stdout\n}\n";
const TEST: &str = "use \"./lib.scn\" { e2e, read, Key as K }\n\n// Two\n// lines.\nscenario \"a key is read\" in e2e {\n  let key = any K\n  let text = read(key, 2)\n  show { key }\n  step \"it is there\" {\n    expect text contains \"${key} 2\"\n  }\n}\n";

fn project() -> Client {
    let mut client = Client::new(&[("lib.scn", LIB), ("test.scn", TEST)]);
    client.open("lib.scn");
    client.open("test.scn");
    client
}

fn rename(client: &mut Client, name: &str, mark: &str, new: &str) -> Value {
    let mut params = client.place(name, mark);
    params["newName"] = json!(new);
    client.response("textDocument/rename", params)
}

#[test]
fn a_name_is_renamed_wherever_it_is_used() {
    let mut client = project();
    let place = client.place("lib.scn", "action re|ad");
    let prepared = client.request("textDocument/prepareRename", place);
    assert_eq!(prepared["placeholder"], "read");
    let edit = rename(&mut client, "lib.scn", "action re|ad", "fetch");
    let changes = &edit["result"]["changes"];
    let (lib, test) = (client.uri("lib.scn"), client.uri("test.scn"));
    assert_eq!(client.apply("lib.scn", &changes[&lib]), LIB.replace("action read", "action fetch"));
    assert_eq!(
        client.apply("test.scn", &changes[&test]),
        TEST.replace("read,", "fetch,").replace("read(key", "fetch(key")
    );
    // A field that is short for a variable keeps its name.
    let edit = rename(&mut client, "test.scn", "let ke|y", "word");
    let renamed = TEST
        .replace("let key", "let word")
        .replace("read(key", "read(word")
        .replace("{ key }", "{ key: word }")
        .replace("${key}", "${word}");
    assert_eq!(client.apply("test.scn", &edit["result"]["changes"][&test]), renamed);
    // An alias is its module's own.
    let edit = rename(&mut client, "test.scn", "any |K", "Word");
    assert_eq!(edit["result"]["changes"].as_object().unwrap().len(), 1, "{edit}");
    assert_eq!(
        client.apply("test.scn", &edit["result"]["changes"][&test]),
        TEST.replace("as K", "as Word").replace("any K", "any Word")
    );
}

#[test]
fn what_cannot_be_renamed_is_refused() {
    let mut client = project();
    for (mark, new, why) in [
        ("ex|pect", "x", "there is no name here"),
        ("\"./li|b.scn\"", "x", "a file is renamed where it lies"),
        ("let ke|y", "let", "is a reserved word"),
        ("let ke|y", "2", "is no name"),
        ("re|ad(key", "e2e", "is declared already"),
    ] {
        let refusal = rename(&mut client, "test.scn", mark, new);
        let message = refusal["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(why), "{mark}: {refusal}");
    }
    let place = client.place("lib.scn", "st|dout");
    let refusal = client.response("textDocument/prepareRename", place);
    assert_eq!(refusal["error"]["message"], "`stdout` is a name of the language");
}

#[test]
fn a_file_or_a_part_of_it_is_formatted() {
    let wild = TEST.replace("  let key", "let   key").replace("    expect", "expect");
    let mut client = Client::new(&[("lib.scn", LIB), ("test.scn", &wild)]);
    client.open("test.scn");
    let mut params = client.of("test.scn");
    params["options"] = json!({ "tabSize": 8, "insertSpaces": false });
    let edits = client.request("textDocument/formatting", params.clone());
    assert_eq!(client.apply("test.scn", &edits), TEST);
    assert_eq!(edits.as_array().unwrap().len(), 2, "only what changes: {edits}");
    let start = wild.find("step").unwrap();
    params["range"] = json!({ "start": client.position("test.scn", start), "end": client.position("test.scn", wild.len()) });
    let edits = client.request("textDocument/rangeFormatting", params);
    assert_eq!(client.apply("test.scn", &edits), wild.replace("expect text", "    expect text"));
}

#[test]
fn blocks_comments_and_imports_fold() {
    let mut client = project();
    let of = client.of("test.scn");
    let folds = client.request("textDocument/foldingRange", of);
    let found: Vec<(u64, u64, &str)> = folds
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| {
            let line = |name: &str| fold[name].as_u64().unwrap();
            (line("startLine"), line("endLine"), fold["kind"].as_str().unwrap_or("region"))
        })
        .collect();
    assert_eq!(found, [(2, 3, "comment"), (4, 10, "region"), (8, 9, "region")]);
}

#[test]
fn tokens_say_what_words_are() {
    let mut client = project();
    let of = client.of("test.scn");
    let full = client.request("textDocument/semanticTokens/full", of.clone());
    let types =
        ["keyword", "string", "number", "comment", "operator", "variable", "parameter", "function", "type"];
    let data: Vec<u64> = full["data"].as_array().unwrap().iter().map(|it| it.as_u64().unwrap()).collect();
    let (mut line, mut column) = (0, 0);
    let mut found = Vec::new();
    for token in data.chunks(5) {
        column = if token[0] == 0 { column + token[1] } else { token[1] };
        line += token[0];
        let range = json!({
            "start": { "line": line, "character": column },
            "end": { "line": line, "character": column + token[2] },
        });
        let ty = types.get(token[3] as usize).copied().unwrap_or("other");
        found.push((client.slice("test.scn", &range), ty, token[4]));
    }
    for wanted in [
        ("use", "keyword", 0),
        ("read", "function", 0),
        ("K", "type", 0),
        ("key", "variable", 1),
        ("// Two", "comment", 0),
        ("2", "number", 0),
        ("\"./lib.scn\"", "string", 0),
        (" 2\"", "string", 0),
    ] {
        let wanted = (wanted.0.to_owned(), wanted.1, wanted.2);
        // The string after `${key}` is what is left of it.
        assert!(
            found.iter().any(|it| *it == wanted || it.0.ends_with(&wanted.0) && it.1 == "string"),
            "{wanted:?} in {found:?}"
        );
    }
    let mut params = of;
    params["range"] = json!({ "start": { "line": 5, "character": 0 }, "end": { "line": 6, "character": 0 } });
    let part = client.request("textDocument/semanticTokens/range", params);
    assert!(
        part["data"].as_array().unwrap().len() < data.len() && !part["data"].as_array().unwrap().is_empty()
    );
}

#[test]
fn parameters_are_named_where_arguments_do_not_say_it() {
    let mut client = project();
    let mut params = client.of("test.scn");
    params["range"] =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints = client.request("textDocument/inlayHint", params);
    let labels: Vec<&str> =
        hints.as_array().unwrap().iter().map(|hint| hint["label"].as_str().unwrap()).collect();
    assert!(labels.contains(&"times:"), "{hints}");
    assert!(labels.contains(&"= \"a\"") || labels.contains(&"= \"b\""), "what seed 0 draws: {hints}");
    assert!(!labels.contains(&"key:"), "an argument of that name says it: {hints}");
}

fn actions(client: &mut Client, name: &str, mark: &str) -> Value {
    let place = client.place(name, mark);
    let range = json!({ "start": place["position"], "end": place["position"] });
    client.request(
        "textDocument/codeAction",
        json!({
            "textDocument": place["textDocument"],
            "range": range,
            "context": { "diagnostics": [] },
        }),
    )
}

fn remedy(client: &mut Client, name: &str, mark: &str, title: &str) -> String {
    let found = actions(client, name, mark);
    let all = found.as_array().unwrap();
    let action =
        all.iter().find(|action| action["title"] == title).unwrap_or_else(|| panic!("{title}: {found}"));
    let uri = client.uri(name);
    client.apply(name, &action["edit"]["changes"][&uri])
}

#[test]
fn a_misspelt_name_is_mended() {
    let mut client = project();
    client.edit("test.scn", "read(key", "raed(key");
    let mended = remedy(&mut client, "test.scn", "ra|ed(key", "write `read`");
    assert_eq!(mended, TEST);
}

#[test]
fn a_lint_is_shown_and_silenced() {
    let mut client = project();
    let text = "scenario \"x\" {\n  wait 1s\n  expect s.log.count == 1\n}\n\nservice s { speaks http; start \"./s\" }\n";
    client.write("test.scn", text);
    let silenced = remedy(&mut client, "test.scn", "wa|it", "allow `sleeps` here");
    assert_eq!(silenced, format!("@allow(sleeps)\n{text}"));
    let tagged = format!("@allow(over-long) @tags(a)\n{text}");
    client.write("test.scn", &tagged);
    let silenced = remedy(&mut client, "test.scn", "wa|it", "allow `sleeps` here");
    assert_eq!(silenced, tagged.replace("over-long", "over-long, sleeps"));
    // Another `@allow` would be one too many.
    let empty = format!("@allow()\n{text}");
    client.write("test.scn", &empty);
    let filled = remedy(&mut client, "test.scn", "wa|it", "allow `sleeps` here");
    assert_eq!(filled, empty.replace("()", "(sleeps)"));
    client.write("test.scn", &silenced);
    let left: Vec<String> = actions(&mut client, "test.scn", "wa|it")
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["title"].to_string())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_missing_name_is_imported() {
    let mut client = project();
    client.edit("test.scn", "{ e2e, read, Key as K }", "{ e2e, Key as K }");
    let mended = remedy(&mut client, "test.scn", "re|ad(key", "import `read` of `./lib.scn`");
    assert!(mended.starts_with("use \"./lib.scn\" { e2e, Key as K, read }\n"), "{mended}");
    client.edit("test.scn", "use \"./lib.scn\" { e2e, Key as K }\n", "");
    let mended = remedy(&mut client, "test.scn", "re|ad(key", "import `read` of `./lib.scn`");
    assert!(mended.starts_with("use \"./lib.scn\" { read }\n"), "{mended}");
}

#[test]
fn missing_fields_are_added() {
    let api = r##"openapi: 3.1.0
info: { title: shop, version: "1" }
paths:
  /orders:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [customer, total]
              properties: { customer: { type: string }, total: { type: string } }
      responses: { "201": { description: placed } }
"##;
    let text = "service orders {\n  speaks http contract \"./api.yaml\"\n  at \"http://127.0.0.1:1\"\n}\n\nscenario \"x\" {\n  POST orders /orders { customer: \"a\" }\n}\n";
    let mut client = Client::new(&[("api.yaml", api), ("a.scn", text)]);
    client.open("a.scn");
    let mended = remedy(&mut client, "a.scn", "{ custo|mer", "add `total`");
    assert!(mended.contains("{ customer: \"a\", total: \"\" }"), "{mended}");
}
