//! The snippets of the VS Code extension are scn, and stand as `scn fmt` would write them.

use std::collections::HashMap;

use scn::source::SourceId;
use scn::syntax::parse;

use super::{read, root};

/// A snippet as it stands before anything is typed: `${1:text}` is the text, a later `${1}` or `$1` the
/// same, `$0` nothing.
fn expanded(body: &str) -> String {
    let mut known: HashMap<u32, String> = HashMap::new();
    let mut out = String::new();
    let mut rest = body.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\\' => out.extend(rest.next()),
            '$' => {
                let braces = rest.next_if_eq(&'{').is_some();
                let mut number = String::new();
                while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                let number: u32 = number.parse().unwrap();
                if braces && rest.next_if_eq(&':').is_some() {
                    let mut text = String::new();
                    loop {
                        match rest.next().unwrap() {
                            '}' => break,
                            '\\' => text.extend(rest.next()),
                            other => text.push(other),
                        }
                    }
                    known.insert(number, text);
                } else if braces {
                    assert_eq!(rest.next(), Some('}'));
                }
                assert!(number == 0 || known.contains_key(&number), "${number} has no text");
                out += known.get(&number).map_or("", String::as_str);
            }
            other => out.push(other),
        }
    }
    out
}

#[test]
fn every_snippet_is_scn() {
    let file = read(&root().join("editor/vscode/snippets/scn.json"));
    let snippets: HashMap<String, serde_json::Value> = serde_json::from_str(&file).unwrap();
    assert!(snippets.len() > 10);
    for (name, snippet) in snippets {
        let lines: Vec<&str> =
            snippet["body"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let text = expanded(&lines.join("\n"));
        let item = format!("{text}\n");
        let indented: Vec<String> =
            text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
        let block = format!("scenario \"s\" {{\n{}\n}}\n", indented.join("\n"));
        // An item, or statements.
        let whole = if parse(SourceId(0), &item).errors.is_empty() { item } else { block };
        match scn::fmt::format(&whole) {
            Ok(formatted) => assert_eq!(formatted, whole, "{name}"),
            Err(errors) => panic!("{name}: {errors:?}\n{whole}"),
        }
    }
}
