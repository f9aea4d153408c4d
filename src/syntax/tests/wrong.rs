//! Files that are wrong, each with what is said of a line in a `//~` comment above it. Set
//! `SCN_BLESS=1` to write the comments anew, and read the difference.

use crate::source::{Source, SourceId};
use crate::syntax::parse;

fn without_comments(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.trim_start().starts_with("//~")).collect()
}

/// The text with the comments that its diagnostics ask for.
fn with_comments(text: &str) -> String {
    let source = Source::new("t.scn", "", text);
    let errors = parse(SourceId(0), text).errors;
    let mut out = String::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()].trim_end_matches('\n');
        for error in &errors {
            if source.line_column(error.at.span.start).0 as usize != index + 1 {
                continue;
            }
            let token = source.slice(error.at.span).lines().next().unwrap_or("");
            out += &format!("{indent}//~ [{token}] {}: {}", error.code.name, error.message);
            if !error.at.text.is_empty() {
                out += &format!(" ({})", error.at.text);
            }
            if let Some(help) = &error.help {
                out += &format!("; {help}");
            }
            out.push('\n');
        }
        out += line;
    }
    out
}

#[test]
fn every_mistake_is_reported_where_it_is() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/syntax/wrong");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 3);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let said = with_comments(&without_comments(&text));
        if std::env::var_os("SCN_BLESS").is_some() {
            std::fs::write(&path, &said).unwrap();
            continue;
        }
        assert!(said.contains("//~"), "{}: nothing is wrong with it", path.display());
        assert_eq!(text, said, "{}", path.display());
    }
}
