//! What no text may do: panic, hang, exhaust the stack, or pass when it is broken.

use std::collections::BTreeSet;

use pest_meta::ast::{Expr, Rule};
use proptest::prelude::*;

use super::{good, wrong};
use crate::lang::{KEYWORDS, is_reserved};
use crate::source::SourceId;
use crate::syntax::parse;

const GRAMMAR: &str = include_str!("../../../grammar/scn.pest");
const SHOP: &str = include_str!("../../../tests/syntax/tour/shop.scn");
const CHECKOUT: &str = include_str!("../../../tests/syntax/tour/checkout.scn");

fn rules() -> Vec<Rule> {
    let pairs = pest_meta::parser::parse(pest_meta::parser::Rule::grammar_rules, GRAMMAR).unwrap();
    pest_meta::parser::consume_rules(pairs).unwrap()
}

/// The words among a rule's literals; a single letter is no word (`e` of `1e5`), nor is `re"`.
fn literal_words(rule: &Rule) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for expr in rule.expr.clone().iter_top_down() {
        if let Expr::Str(text) | Expr::Insens(text) = expr
            && text.len() > 1
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        {
            words.insert(text);
        }
    }
    words
}

#[test]
fn the_words_of_the_grammar_are_the_keyword_table() {
    let grammar: BTreeSet<String> = rules().iter().flat_map(literal_words).collect();
    let table: BTreeSet<String> = KEYWORDS.iter().map(|k| k.word.to_owned()).collect();
    assert_eq!(grammar, table);
    assert_eq!(KEYWORDS.len(), table.len(), "a keyword stands twice");
}

#[test]
fn the_reserved_words_of_the_grammar_are_those_of_the_table() {
    let rules = rules();
    let reserved = literal_words(rules.iter().find(|rule| rule.name == "reserved").unwrap());
    let table: BTreeSet<String> =
        KEYWORDS.iter().map(|k| k.word).filter(|word| is_reserved(word)).map(str::to_owned).collect();
    assert_eq!(reserved, table);
}

#[test]
fn nesting_is_fast_and_bounded() {
    let begun = std::time::Instant::now();
    for (open, close) in
        [("(", ")"), ("[", "]"), ("{ a: ", " }"), ("f(", ")"), ("\"${", "}\""), ("X { a: ", "}")]
    {
        let nest = |n: usize| format!("let x = {}1{}\n", open.repeat(n), close.repeat(n));
        good(&nest(60));
        let said = wrong(&nest(10_000));
        assert!(said.contains("too deeply"), "{open}: {}", &said[..said.len().min(300)]);
        assert!(said.lines().count() < 5, "{said}");
        let unclosed = wrong(&format!("let x = {}1\nseed 1\n", open.repeat(10_000)));
        assert!(!unclosed.is_empty());
    }
    for (open, close) in
        [("step \"x\" {\n", "\n}"), ("if a { ", " }"), ("for x in y {\n", "\n}"), ("defer { ", "}")]
    {
        let nest = |n: usize| format!("scenario \"s\" {{\n{}show 1{}\n}}\n", open.repeat(n), close.repeat(n));
        good(&nest(60));
        assert!(wrong(&nest(10_000)).contains("too deeply"), "{open}");
        // What fails at the innermost place must not be tried in every way at every level.
        assert!(!wrong(&nest(60).replace("show 1", "show = 1")).is_empty());
    }
    assert!(begun.elapsed().as_secs() < 60, "nesting explodes");
}

#[test]
fn long_rows_are_bounded() {
    for piece in [" + 1", " and a", " | \"x\"", ".a", "(1)", "[0]", " but x"] {
        good(&format!("let x = a{}\n", piece.repeat(100)));
        assert!(wrong(&format!("let x = a{}\n", piece.repeat(10_000))).contains("more than"), "{piece}");
    }
    for piece in ["not ", "-", "any ", "> "] {
        assert!(wrong(&format!("let x = {}1\n", piece.repeat(10_000))).contains("more than"), "{piece}");
    }
    assert!(wrong(&format!("let x = {}1\n", "5 of ".repeat(10_000))).contains("unexpected `5`"));
    let chain = "if a { } else ".repeat(10_000);
    assert!(wrong(&format!("action f() {{ {chain} {{ }} }}\n")).contains("more than"));
    // Long lists of things are fine.
    good(&format!("let x = [{}]\n", "1, ".repeat(10_000)));
    good(&format!("scenario \"s\" {{\n{}}}\n", "show 1\n".repeat(5_000)));
}

#[test]
fn many_mistakes_are_many_messages_up_to_a_bound() {
    let text = format!("scenario \"s\" {{\n{}}}\n", "exepct a == 1\nshow 1\n".repeat(40));
    assert_eq!(wrong(&text).lines().count(), 40);
    let text = format!("scenario \"s\" {{\n{}}}\n", "exepct a == 1\nshow 1\n".repeat(1000));
    assert!(wrong(&text).contains("too many mistakes"));
}

/// Text made of pieces of the language, well formed or not.
fn soup() -> impl Strategy<Value = String> {
    let pieces: Vec<&'static str> = KEYWORDS
        .iter()
        .map(|k| k.word)
        .chain([
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "\n",
            "\n",
            " ",
            " ",
            ";",
            ",",
            ":",
            "\"",
            "\"\"\"",
            "${",
            "re\"",
            "//",
            "///",
            "@",
            "x",
            "orders",
            "/v1/a",
            "/",
            "-",
            "->",
            "..",
            "=",
            "==",
            "<",
            "|",
            "1",
            "5s",
            "1..9",
            "2026-11-22",
            "%",
            "https://x",
            "\\",
            "\r",
            "\t",
            "\0",
            "\u{1}",
            "\u{b}",
            "é",
            "😀",
            ".",
            "*",
            "\u{feff}",
            "\"a\"",
            "GET orders /a",
        ])
        .collect();
    prop::collection::vec(prop::sample::select(pieces), 0..60).prop_map(|parts| parts.concat())
}

/// A tour file with a piece taken out, doubled, or put in.
fn mutated() -> impl Strategy<Value = String> {
    (any::<bool>(), any::<prop::sample::Index>(), 0usize..40, soup()).prop_map(|(shop, at, length, piece)| {
        let text = if shop { SHOP } else { CHECKOUT };
        let floor = |mut at: usize| {
            at = at.min(text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(at.index(text.len()));
        let end = floor(start + length);
        let piece: String = piece.chars().take(12).collect();
        format!("{}{piece}{}", &text[..start], &text[end..])
    })
}

fn spans_lie_inside(text: &str) {
    for error in parse(SourceId(0), text).errors {
        let span = error.at.span;
        assert!(span.start <= span.end && span.end as usize <= text.len(), "{error:?}");
        assert!(
            text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize),
            "{error:?}"
        );
        assert_ne!(error.code.name, "internal", "{error:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_soup_is_read(text in soup()) {
        spans_lie_inside(&text);
    }

    #[test]
    fn any_mutation_is_read(text in mutated()) {
        spans_lie_inside(&text);
    }

    #[test]
    fn any_text_is_read(text in "\\PC*") {
        spans_lie_inside(&text);
    }
}
