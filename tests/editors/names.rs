//! One source of names: the keyword table and the registry write what highlighters know of words.
//! Set `SCN_BLESS=1` to write the files anew.

use std::collections::BTreeSet;

use scn::lang::{KEYWORDS, Kind, Registry, Role};

use super::{hold, language, read, root};

/// Where a word stands first in the table's list of its places, so that each is in one set.
fn keywords(role: Role) -> Vec<String> {
    KEYWORDS.iter().filter(|k| k.roles.first() == Some(&role)).map(|k| k.word.to_owned()).collect()
}

fn reserved() -> Vec<String> {
    KEYWORDS.iter().filter(|k| k.reserved).map(|k| k.word.to_owned()).collect()
}

/// The contextual words that lead a statement.
fn leading() -> Vec<String> {
    let leads = KEYWORDS.iter().filter(|k| !k.reserved && k.roles.contains(&Role::Statement));
    leads.map(|k| k.word.to_owned()).collect()
}

fn registered(registry: &Registry, kind: Kind, of: &str) -> Vec<String> {
    let names: BTreeSet<&str> =
        registry.of_kind(kind).filter(|spec| of.is_empty() || spec.of == of).map(|spec| spec.name).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The names that a placeholder asks for: a place of keywords, or a kind of the registry, as `verb`
/// or, of one protocol, `verb:sql`. `@attribute` are attributes with their sign.
fn set(registry: &Registry, name: &str) -> Vec<String> {
    let (name, of) = name.split_once(':').unwrap_or((name, ""));
    let kind = match name {
        "item" => return keywords(Role::Item),
        "statement" => return keywords(Role::Statement),
        "expression" => return keywords(Role::Expression),
        "phrase" => return keywords(Role::Phrase),
        "part" => return keywords(Role::Part),
        "reserved" => return reserved(),
        "leading" => return leading(),
        "@attribute" => {
            return registered(registry, Kind::Attribute, of).iter().map(|name| format!("@{name}")).collect();
        }
        "protocol" => Kind::Protocol,
        "verb" => Kind::Verb,
        "option" => Kind::Option,
        "setting" => Kind::Setting,
        "attribute" => Kind::Attribute,
        "relation" => Kind::Relation,
        "function" => Kind::Function,
        "property" => Kind::Property,
        "response" => Kind::Response,
        "constant" => Kind::Constant,
        "shape" => Kind::Shape,
        "fault" => Kind::Fault,
        "probe" => Kind::Probe,
        "model" => Kind::Model,
        _ => panic!("no set of names is called `{name}`"),
    };
    registered(registry, kind, of)
}

/// Words in quotes, in lines of at most 100 columns.
fn quoted(words: &[String]) -> String {
    let mut lines = vec![String::from(" ")];
    for word in words {
        let line = lines.last().unwrap();
        if line.len() + word.len() + 3 > 100 {
            lines.push(String::from(" "));
        }
        *lines.last_mut().unwrap() += &format!(" \"{word}\"");
    }
    lines.join("\n")
}

/// `a|b`, the longest first, so that none hides another.
fn alternatives(words: &[String]) -> String {
    let mut words = words.to_vec();
    words.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    words.join("|")
}

/// Fills `{{FORMAT SET…}}`; the sets of one placeholder are joined.
fn fill(registry: &Registry, template: &str, is_known: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (placeholder, after) = after.split_once("}}").unwrap();
        let (format, sets) = placeholder.split_once(' ').unwrap();
        let words: Vec<String> =
            sets.split(' ').flat_map(|name| set(registry, name)).filter(|word| is_known(word)).collect();
        assert!(!words.is_empty(), "`{placeholder}` names nothing");
        out += before;
        out += &match format {
            "quoted" => quoted(&words),
            "regex" => alternatives(&words),
            "vim" => alternatives(&words).replace('|', "\\|"),
            "words" => words.join(" "),
            _ => panic!("no format is called `{format}`"),
        };
        rest = after;
    }
    out + rest
}

const GENERATED: &str = "Generated from the keyword table and the registry by `tests/editors`: change the template in `editor/templates`.";

#[test]
fn the_words_of_the_tree_sitter_grammar_are_the_table() {
    let words = |list: &[String]| list.iter().map(|w| format!("\"{w}\"")).collect::<Vec<_>>().join(", ");
    let here = root().join("editor/tree-sitter-scn");
    hold(&here.join("keywords.json"), &format!("{{\n  \"reserved\": [{}]\n}}\n", words(&reserved())));
    let header = format!(
        "// Generated from the keyword table by `tests/editors`.\n\nstatic const char *const LEADING[] = {{\n{}}};\n\nstatic const char *const RESERVED[] = {{\n{}}};\n",
        quoted(&leading()).replace("\" \"", "\", \"").replace("\"\n", "\",\n"),
        quoted(&reserved()).replace("\" \"", "\", \"").replace("\"\n", "\",\n"),
    );
    hold(&here.join("src/keywords.h"), &header.replace("\"};", "\",\n};"));
}

#[test]
fn every_keyword_is_in_the_tree_sitter_grammar_and_no_other_word() {
    let language = language();
    let count = u16::try_from(language.node_kind_count()).unwrap();
    let words: BTreeSet<&str> = (0..count)
        .filter(|&id| !language.node_kind_is_named(id) && language.node_kind_is_visible(id))
        .filter_map(|id| language.node_kind_for_id(id))
        .filter(|kind| kind.chars().all(|c| c.is_ascii_alphabetic() || c == '_'))
        .collect();
    // These are nodes of their own.
    let literals = ["true", "false", "null", "absent"];
    assert!(literals.iter().all(|word| language.id_for_node_kind(word, true) != 0));
    let table: BTreeSet<&str> = KEYWORDS.iter().map(|k| k.word).filter(|w| !literals.contains(w)).collect();
    assert_eq!(words, table);
}

#[test]
fn the_queries_name_the_words_of_the_table() {
    let registry = scn::rooms::registry();
    let language = language();
    for name in ["highlights.scm", "injections.scm"] {
        let template = read(&root().join("editor/templates").join(name));
        // A keyword that is a node of its own stands in the template.
        let is_known = |word: &str| {
            !KEYWORDS.iter().any(|k| k.word == word) || language.id_for_node_kind(word, false) != 0
        };
        let text = format!("; {GENERATED}\n\n{}", fill(&registry, &template, &is_known));
        hold(&root().join("editor/tree-sitter-scn/queries").join(name), &text);
    }
}

#[test]
fn the_textmate_grammar_and_the_vim_syntax_name_the_words_of_the_table() {
    let registry = scn::rooms::registry();
    let template = |name: &str| read(&root().join("editor/templates").join(name));
    let grammar = fill(&registry, &template("scn.tmLanguage.json"), &|_| true);
    let grammar = grammar.replace("GENERATED", GENERATED);
    hold(&root().join("editor/textmate/scn.tmLanguage.json"), &grammar);
    serde_json::from_str::<serde_json::Value>(&grammar).unwrap();
    let vim = fill(&registry, &template("scn.vim"), &|_| true);
    hold(&root().join("editor/vim/syntax/scn.vim"), &format!("\" {GENERATED}\n{vim}"));
}
