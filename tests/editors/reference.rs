//! `scn reference`, which is committed beside the grammar, and the examples in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use scn::diag::{CODES, Code};
use scn::lang::Kind;
use serde_json::Value;

use super::{hold, root};

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scn"));
    command.current_dir(folder).args(args);
    command
}

fn scn(folder: &Path, args: &[&str]) -> String {
    String::from_utf8(command(folder, args).output().unwrap().stdout).unwrap()
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let text = scn(folder, args);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_reference_is_committed_beside_the_grammar() {
    hold(&root().join("grammar/README.md"), &scn(root(), &["reference"]));
}

#[test]
fn machines_read_the_same_pages() {
    let document = json(root(), &["reference", "--format", "json"]);
    assert_eq!(document["version"], 1);
    let chapters = document["chapters"].as_array().unwrap();
    let pages = |title: &str| {
        let chapter = chapters.iter().find(|chapter| chapter["title"] == title).unwrap();
        chapter["pages"].as_array().unwrap().clone()
    };
    let get = pages("verbs").into_iter().find(|page| page["name"] == "GET").unwrap();
    assert_eq!(get["what"], "a verb of http, safe: it changes nothing");
    assert_eq!(get["params"][0]["what"], "a name, required");
    let names: BTreeSet<String> = chapters
        .iter()
        .flat_map(|chapter| chapter["pages"].as_array().unwrap())
        .map(|page| page["name"].as_str().unwrap().to_owned())
        .collect();
    let missing: Vec<&str> =
        scn::rooms::registry().iter().map(|spec| spec.name).filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(pages("structural words").len(), scn::lang::KEYWORDS.len());
}

/// What examples take for granted.
const SYSTEM: &str = r#"use "std/idempotency" { ietf }
service orders { speaks http; start "./orders"; env { LEDGER: ledger.addr, MERCHANT: merchant.url }; members 2 }
service ledger { speaks grpc; start "./ledger"; variant v1 { start "./ledger-1" } }
service merchant { speaks http; start "./merchant" }
service db { speaks sql; at "sqlite://${scratch}/db" }
service bus { speaks nats; start "nats-server" }
service cache { speaks redis; start "redis-server" }
"#;

/// What examples are pieces of, to begin with the most common: a file, statements, the body of an item,
/// what stands before an item. `SYSTEM` stands before those that begin with `+`.
const AROUND: &[(&str, &str)] = &[
    ("", ""),
    ("scenario \"s\" {\n", "\n}"),
    ("+scenario \"s\" {\n", "\n}"),
    ("+scenario \"s\" {\nlet ws = open orders /feed with { websocket: true }\n", "\n}"),
    (
        "+scenario \"s\" {\nidempotent as ietf(by: header(\"Key\")) {\nPOST orders /v1/orders { sku: \"tea\" } with { headers: { Key: \"k\" } }\n",
        "\neffect entries().count rises by 1\n}\n}",
    ),
    (
        "+scenario \"s\" {\nidempotent {\nPOST orders /v1/orders { sku: \"tea\" }\nprobe replay\nsame status\n",
        "\n}\n}",
    ),
    ("service s {\nspeaks http\n", "\n}"),
    ("service s {\n", "\n}"),
    ("environment s {\n", "\n}"),
    ("owner s {\n", "\n}"),
    ("stage s {\n", "\n}"),
    ("stage s { suite t {\n", "\nreads gotest\n} }"),
    ("stage s { suite t {\nrun \"go test\"\n", "\n} }"),
    ("double d of s {\n", "\n}"),
    ("shape S {\n", "\n}"),
    ("", "\nscenario \"s\" { expect 1 == 1 }"),
    ("", "\naction f() { return 1 }"),
    ("", "\nfixture f { return 1 }"),
];

/// What a piece cannot know, since what it speaks of stands elsewhere, and what is not there yet.
const ELSEWHERE: &[&str] = &["unknown-name", "no-response", "never-changes", "unreadable-file", "not-yet"];

/// What `scn check` has against each of some texts.
fn complaints(texts: &[String]) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    for (index, text) in texts.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{index}.scn")), text).unwrap();
    }
    let document = json(dir.path(), &["check", "--format", "json", "."]);
    let mut said = vec![Vec::new(); texts.len()];
    for diagnostic in document["diagnostics"].as_array().unwrap() {
        let text = |key: &str| diagnostic[key].as_str().unwrap();
        if diagnostic["severity"] == "error" && !ELSEWHERE.contains(&text("code")) {
            let index: usize = text("file").strip_suffix(".scn").unwrap().parse().unwrap();
            said[index].push(text("message").to_owned());
        }
    }
    said
}

/// A name with its example, and what was said against it wherever it was tried.
struct Piece {
    name: String,
    example: &'static str,
    said: Vec<String>,
}

fn piece(name: String, example: &'static str) -> Piece {
    Piece { name, example, said: Vec::new() }
}

#[test]
fn every_example_is_clean_where_it_may_stand() {
    let registry = scn::rooms::registry();
    let names = registry.iter().filter(|spec| spec.kind != Kind::Rule);
    let mut pieces: Vec<Piece> =
        names.map(|spec| piece(format!("{} of `{}`", spec.name, spec.of), spec.example)).collect();
    assert!(pieces.len() > 300, "only {} examples were found", pieces.len());
    for keyword in scn::lang::KEYWORDS {
        let mut words = keyword.example.split(|c: char| !c.is_alphanumeric() && c != '_');
        assert!(words.any(|word| word == keyword.word), "{} is not in its example", keyword.word);
        pieces.push(piece(format!("the word {}", keyword.word), keyword.example));
    }
    for (before, after) in AROUND {
        let (system, before) = before.strip_prefix('+').map_or(("", *before), |before| (SYSTEM, before));
        let texts: Vec<String> =
            pieces.iter().map(|piece| format!("{system}{before}{}{after}\n", piece.example)).collect();
        let said = complaints(&texts);
        for (piece, said) in pieces.iter_mut().zip(&said) {
            piece.said.extend_from_slice(said);
        }
        let mut dirty = said.iter().map(|said| !said.is_empty());
        pieces.retain(|_| dirty.next().unwrap());
    }
    let wrong: Vec<String> = pieces
        .iter()
        .map(|Piece { name, example, said }| format!("{name}: {example}\n  {}", said.join("\n  ")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the examples of mistakes speak of, and lies beside them.
const BESIDE: &[(&str, &str)] = &[
    ("notes.txt", "no contract\n"),
    ("history.jsonl", "{\"process\": 0, \"type\": \"invoke\", \"f\": \"read\"}\n"),
    ("api_key.txt", "tea\n"),
    ("products.csv", "sku,price\ntea,much\n"),
    (
        "orders.openapi.yaml",
        "openapi: 3.1.0\ninfo: { title: orders, version: '1' }\npaths:\n  /v1/orders:\n    get:\n      responses:\n        '200':\n          description: all\n          content:\n            application/json:\n              schema:\n                type: object\n                required: [count]\n                properties: { count: { type: integer } }\n",
    ),
    ("customers.csv", "email\nada@example.com\n"),
];

/// The codes of the messages that an example brings about: of its check, or if that has nothing
/// against it, of its run.
fn codes(code: &Code) -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in BESIDE {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let file = |name: &str| std::fs::write(dir.path().join(name), code.example).unwrap();
    if code.language != "scn" {
        file("example");
        let args: Vec<&str> = match code.name {
            "import" => vec!["import", "curl", "example"],
            "history" => vec!["history", "check", "example", "--as", "register"],
            "rules" => vec!["data", "anonymize", "customers.csv", "--with", "example"],
            "usage" => code.example.split(' ').skip(1).collect(),
            name => panic!("how is the example of {name} tried?"),
        };
        let key = ("SCN_DATA_KEY", "correct horse battery staple");
        let output = command(dir.path(), &args).env(key.0, key.1).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", code.name);
        let said = String::from_utf8(output.stderr).unwrap();
        return CODES
            .iter()
            .map(|code| code.name)
            .filter(|name| said.lines().any(|line| line == *name))
            .map(str::to_owned)
            .collect();
    }
    let name = format!("{}.scn", code.name);
    file(&name);
    if code.name == "duplicate-title" {
        file("refunds.scn");
    }
    let document = json(dir.path(), &["check", "--format", "json", "."]);
    let found = document["diagnostics"].as_array().unwrap();
    if !found.is_empty() {
        return found.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect();
    }
    let output = command(dir.path(), &["run", &name, "--report", "json=events"]).output().unwrap();
    assert_ne!(output.status.code(), Some(0), "{name} passes");
    let events = std::fs::read_to_string(dir.path().join("events")).unwrap();
    let mut codes = BTreeSet::new();
    for line in events.lines() {
        collect(&serde_json::from_str(line).unwrap(), &mut codes);
    }
    codes
}

/// The codes in an event. A gate and a run without scenarios fail without a message of their own.
fn collect(event: &Value, codes: &mut BTreeSet<String>) {
    match event {
        Value::Object(fields) => {
            codes.extend(fields.get("code").and_then(Value::as_str).map(str::to_owned));
            let told = |key: &str, value: Value| fields.get(key) == Some(&value);
            codes.extend(told("held", Value::Bool(false)).then(|| "gate".to_owned()));
            codes.extend(told("exit", Value::from(4)).then(|| "nothing-ran".to_owned()));
            fields.values().for_each(|value| collect(value, codes));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, codes)),
        _ => {}
    }
}

#[test]
fn every_example_of_a_mistake_makes_that_one() {
    let wrong: Vec<String> = CODES
        .iter()
        .filter(|code| !code.example.is_empty())
        .filter_map(|code| {
            let mut made = codes(code);
            if code.name == "gate" {
                // What it fails for.
                made.remove("expectation");
            }
            (made != BTreeSet::from([code.name.to_owned()])).then(|| format!("{}: {made:?}", code.name))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
