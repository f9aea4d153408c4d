use proptest::prelude::*;

use super::format;
use crate::source::SourceId;
use crate::syntax::lex::{Kind, lex};
use crate::syntax::parse;
use crate::syntax::tests::outline::outline;

const SHOP: &str = include_str!("../../../tests/syntax/tour/shop.scn");
const CHECKOUT: &str = include_str!("../../../tests/syntax/tour/checkout.scn");

#[test]
fn the_tour_is_canonical() {
    for text in [SHOP, CHECKOUT] {
        let formatted = format(text).unwrap();
        for (index, (want, got)) in text.lines().zip(formatted.lines()).enumerate() {
            assert_eq!(got, want, "line {}", index + 1);
        }
        assert_eq!(formatted, text);
    }
}

fn tree(text: &str) -> String {
    let parsed = parse(SourceId(0), text);
    assert!(parsed.errors.is_empty(), "{:?}\n{text}", parsed.errors);
    outline(&parsed.module)
}

fn comments(text: &str) -> Vec<String> {
    let tokens = lex(SourceId(0), text).tokens;
    tokens.iter().filter(|t| t.kind == Kind::Comment).map(|t| t.text(text).trim_end().to_owned()).collect()
}

/// The canonical form, which must keep the tree and the comments and be its own canonical form.
fn canonical(text: &str) -> String {
    let formatted = match format(text) {
        Ok(formatted) => formatted,
        Err(errors) => panic!("{}\n{text}", crate::syntax::tests::messages(text, &errors)),
    };
    assert_eq!(tree(&formatted), tree(text), "{formatted}");
    assert_eq!(comments(&formatted), comments(text), "{formatted}");
    assert_eq!(format(&formatted).unwrap(), formatted);
    formatted
}

#[test]
fn a_messy_file_becomes_canonical() {
    let text = include_str!("../../../tests/syntax/fmt/messy.scn");
    insta::with_settings!({ snapshot_path => "../../../tests/syntax/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("messy", canonical(text));
    });
}

#[test]
fn small_things() {
    for (text, want) in [
        ("", ""),
        ("\n\n", ""),
        ("// c", "// c\n"),
        ("seed 1\r\n\r\n\r\nseed 2\r\n", "seed 1\n\nseed 2\n"),
        ("\u{feff}seed 1", "seed 1\n"),
        ("seed 1; seed 2;", "seed 1; seed 2\n"),
        ("let a = 1..-5", "let a = 1..-5\n"),
        ("let a = .x .. .y", "let a = .x .. .y\n"),
        ("let a = any  X  but{ }", "let a = any X but {}\n"),
        ("let a = [ {b} ]", "let a = [{ b }]\n"),
        ("let a = f( [\n1,\n2\n] )", "let a = f([\n  1,\n  2\n])\n"),
        ("action f() { // c\nshow 1 }", "action f() { // c\n  show 1\n}\n"),
        ("action f() {\n\n\n  // c\n\n\n  // d\n\n}", "action f() {\n  // c\n\n  // d\n}\n"),
        ("let a = {b:1, // c\nd:2}", "let a = {\n  b: 1 // c\n  d: 2\n}\n"),
        ("let a = x // c\n\n  and y", "let a = x // c\n  and y\n"),
    ] {
        assert_eq!(canonical(text), want, "{text:?}");
    }
}

#[test]
fn what_cannot_be_read_is_not_touched() {
    assert!(!format("scenario \"s\" { exepct a == 1 }").unwrap_err().is_empty());
}

/// A file with other white space between its tokens, where white space means nothing.
fn respaced(shop: bool, numbers: &[u8]) -> String {
    let text = if shop { SHOP } else { CHECKOUT };
    let mut numbers = numbers.iter().cycle();
    let mut out = String::new();
    let mut end = 0;
    for token in lex(SourceId(0), text).tokens {
        let gap = &text[end..token.start];
        let number = usize::from(*numbers.next().unwrap());
        let at_start = out.is_empty() || out.ends_with('\n');
        if token.kind == Kind::Newline {
            out.push_str(&" ".repeat(number % 3));
        } else if at_start {
            out.push_str(&[" ", "\t"][number % 2].repeat(number % 7));
        } else if !gap.is_empty() {
            out.push_str(&" ".repeat(1 + number % 4));
        }
        if token.kind == Kind::Newline && number.is_multiple_of(5) {
            out.push('\r');
        }
        out.push_str(token.text(text));
        end = token.end;
    }
    out
}

/// A file with comments and line ends where they may stand.
fn commented(shop: bool, numbers: &[u8]) -> String {
    let text = if shop { SHOP } else { CHECKOUT };
    let mut numbers = numbers.iter().cycle();
    let mut out = String::new();
    let mut end = 0;
    for (count, token) in lex(SourceId(0), text).tokens.into_iter().enumerate() {
        out.push_str(&text[end..token.start]);
        let number = *numbers.next().unwrap();
        if token.kind == Kind::Newline && number.is_multiple_of(4) && !text[..token.start].ends_with("\"\"\"")
        {
            out.push_str(&format!(
                " // c{count}\n{}",
                if number.is_multiple_of(8) { "   // own line\n" } else { "\n\n" }
            ));
            end = token.end;
            continue;
        }
        out.push_str(token.text(text));
        if matches!(token.text(text), "(" | "[" | ",") && number.is_multiple_of(3) {
            out.push_str(if number.is_multiple_of(2) { "\n" } else { " // in\n\n" });
        }
        end = token.end;
    }
    out + &text[end..]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn white_space_does_not_matter(shop: bool, numbers in prop::collection::vec(any::<u8>(), 1..200)) {
        let text = respaced(shop, &numbers);
        prop_assert_eq!(format(&text).unwrap(), if shop { SHOP } else { CHECKOUT });
    }

    #[test]
    fn comments_and_breaks_are_kept(shop: bool, numbers in prop::collection::vec(any::<u8>(), 1..200)) {
        canonical(&commented(shop, &numbers));
    }
}

#[test]
fn every_construct_has_a_canonical_form() {
    let text = include_str!("../../../tests/syntax/fmt/all.scn");
    let formatted = canonical(text);
    for (index, (want, got)) in text.lines().zip(formatted.lines()).enumerate() {
        assert_eq!(got, want, "line {}", index + 1);
    }
}

/// Every `.scn` file of the repository that is meant to be right.
fn files() -> Vec<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut dirs = vec![root.join("scenarios"), root.join("stdlib"), root.join("src/cli/init")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "scn") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_files_of_the_repository_keep_their_meaning() {
    let files = files();
    assert!(files.len() > 4, "{files:?}");
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let formatted = canonical(&text);
        if std::env::var_os("SCN_BLESS").is_some() {
            std::fs::write(&path, formatted).unwrap();
        }
    }
}
