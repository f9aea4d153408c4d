//! `scn reference`, which is committed beside the grammar, and the examples in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use scn::lang::{Kind, Spec};
use serde_json::Value;

use super::{hold, root};

fn scn(folder: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_scn")).current_dir(folder).args(args).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
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

#[test]
fn every_example_is_clean_where_it_may_stand() {
    let registry = scn::rooms::registry();
    let mut specs: Vec<(&Spec, Vec<String>)> =
        registry.iter().filter(|spec| spec.kind != Kind::Rule).map(|spec| (spec, Vec::new())).collect();
    assert!(specs.len() > 300, "only {} examples were found", specs.len());
    for (before, after) in AROUND {
        let (system, before) = before.strip_prefix('+').map_or(("", *before), |before| (SYSTEM, before));
        let texts: Vec<String> =
            specs.iter().map(|(spec, _)| format!("{system}{before}{}{after}\n", spec.example)).collect();
        let said = complaints(&texts);
        for ((_, all), said) in specs.iter_mut().zip(&said) {
            all.extend_from_slice(said);
        }
        let mut dirty = said.iter().map(|said| !said.is_empty());
        specs.retain(|_| dirty.next().unwrap());
    }
    let wrong: Vec<String> = specs
        .iter()
        .map(|(spec, said)| {
            format!("{} of `{}`: {}\n  {}", spec.name, spec.of, spec.example, said.join("\n  "))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
