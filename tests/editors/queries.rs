//! The queries over the trees: what is coloured, folds, is indented, is of another language, is
//! declared, can be selected.

use std::collections::BTreeSet;

use tree_sitter::{Node, Query, QueryCursor, StreamingIterator};

use super::{files, hold, language, read, root, scenario_files, tree};

/// A capture with the place of its pattern in the query.
struct Capture<'t> {
    name: String,
    node: Node<'t>,
    pattern: usize,
    language: Option<String>,
}

fn query(name: &str, text: &str) -> Query {
    Query::new(&language(), text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn captures<'t>(query: &Query, root: Node<'t>, text: &str) -> Vec<Capture<'t>> {
    let names = query.capture_names();
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(query, root, text.as_bytes());
    let mut found = Vec::new();
    while let Some(one) = matches.next() {
        let settings = query.property_settings(one.pattern_index);
        let language = settings
            .iter()
            .find(|s| &*s.key == "injection.language")
            .and_then(|s| s.value.as_deref().map(str::to_owned));
        for capture in one.captures {
            found.push(Capture {
                name: names[capture.index as usize].to_owned(),
                node: capture.node,
                pattern: one.pattern_index,
                language: language.clone(),
            });
        }
    }
    found
}

#[test]
fn every_query_fits_the_grammar() {
    let shared = [
        ("highlights", tree_sitter_scn::HIGHLIGHTS),
        ("injections", tree_sitter_scn::INJECTIONS),
        ("locals", tree_sitter_scn::LOCALS),
        ("folds", tree_sitter_scn::FOLDS),
        ("indents", tree_sitter_scn::INDENTS),
        ("textobjects", tree_sitter_scn::TEXT_OBJECTS),
    ];
    let own = ["editor/helix", "editor/zed/languages"];
    let own = own.iter().flat_map(|folder| files(&root().join(folder), "scm"));
    let own: Vec<(String, String)> =
        own.map(|path| (path.strip_prefix(root()).unwrap().display().to_string(), read(&path))).collect();
    assert!(own.len() > 4, "only {} queries of editors were found", own.len());
    for (name, text) in shared.into_iter().chain(own.iter().map(|(name, text)| (&**name, &**text))) {
        let query = query(name, text);
        // Each language has its text in a test of its own.
        if name.contains("injections") {
            continue;
        }
        // A pattern that finds nothing in all files of the project colours nothing.
        let mut seen = BTreeSet::new();
        for path in scenario_files() {
            let text = read(&path);
            let tree = tree(&text);
            seen.extend(captures(&query, tree.root_node(), &text).into_iter().map(|c| c.pattern));
        }
        let unseen: Vec<usize> = (0..query.pattern_count()).filter(|at| !seen.contains(at)).collect();
        let lines = unseen.iter().map(|&at| {
            let start = query.start_byte_for_pattern(at);
            text[start..].lines().next().unwrap_or("").to_owned()
        });
        assert!(unseen.is_empty(), "{name}: found nowhere: {:?}", lines.collect::<Vec<_>>());
    }
}

/// What a place is coloured as: the smallest node counts, and of its patterns the last.
fn colour<'a>(found: &'a [Capture<'_>], line: usize, column: usize) -> &'a str {
    let at = tree_sitter::Point::new(line, column);
    found
        .iter()
        .filter(|c| !c.name.starts_with('_') && c.node.start_position() <= at && at < c.node.end_position())
        .min_by_key(|c| (c.node.end_byte() - c.node.start_byte(), usize::MAX - c.pattern))
        .map_or("nothing", |c| c.name.as_str())
}

/// `// <- colour` speaks of the place under its first `/` in the line above that says no such thing,
/// `//    ^ colour` of the place above the `^`.
#[test]
fn every_colour_is_as_written() {
    let query = query("highlights", tree_sitter_scn::HIGHLIGHTS);
    let (mut count, mut wrong) = (0, Vec::new());
    for path in files(&root().join("editor/tree-sitter-scn/test/highlight"), "scn") {
        let text = read(&path);
        let tree = tree(&text);
        assert!(!tree.root_node().has_error(), "{} has a mistake", path.display());
        let found = captures(&query, tree.root_node(), &text);
        let mut line = 0;
        for (index, content) in text.lines().enumerate() {
            let comment = content.trim_start();
            let indent = content.len() - comment.len();
            let (column, wanted) = match comment.strip_prefix("//").map(str::trim_start) {
                Some(rest) if rest.starts_with("<- ") => (indent, &rest[3..]),
                Some(rest) if rest.starts_with("^ ") => (content.len() - rest.len(), &rest[2..]),
                _ => {
                    line = index;
                    continue;
                }
            };
            count += 1;
            let got = colour(&found, line, column);
            if got != wanted {
                wrong.push(format!("{}:{}:{} is {got}, not {wanted}", path.display(), line + 1, column + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "only {count} colours are asserted");
}

#[test]
fn texts_of_other_languages_are_found() {
    let text = r##"
check balanced(entries, by) rhai """
  entries.len() > 0
"""
fn twice(x) rhai "x * 2"
scenario "s" {
  query db "select * from t where id = ${id}"
  POST orders /graphql graphql("{ me { id } }")
  POST orders /raw """
    { "a": 1 }
  """
  show "select nothing"
  expect status matches re"2\d\d"
}
"##;
    let query = query("injections", tree_sitter_scn::INJECTIONS);
    let tree = tree(text);
    assert!(!tree.root_node().has_error(), "{}", tree.root_node().to_sexp());
    let found: Vec<(String, &str)> = captures(&query, tree.root_node(), text)
        .into_iter()
        .filter(|c| c.name == "injection.content")
        .map(|c| (c.language.unwrap(), text[c.node.byte_range()].trim()))
        .collect();
    let wanted = [
        ("rhai", "entries.len() > 0"),
        ("rhai", "x * 2"),
        ("sql", "select * from t where id ="),
        ("graphql", "{ me { id } }"),
        ("json", "{ \"a\": 1 }"),
        ("regex", "2\\d\\d"),
    ];
    assert_eq!(found, wanted.map(|(language, text)| (language.to_owned(), text)));
}

/// The indentation by the rules of editors: one step for each row on which something begins that is
/// not over; a closing bracket stands under what it closes.
fn indentation(found: &[Capture<'_>], line: usize, first: usize) -> Option<usize> {
    let at = tree_sitter::Point::new(line, first);
    let ignored = |c: &&Capture<'_>| {
        c.name == "indent.ignore" && c.node.start_position() < at && c.node.end_position() > at
    };
    if found.iter().any(|c| ignored(&c)) {
        return None;
    }
    let closes = |node: Node<'_>| {
        node.child(u32::try_from(node.child_count() - 1).unwrap())
            .is_some_and(|last| last.start_position() == at)
    };
    let rows: BTreeSet<usize> = found
        .iter()
        .filter(|c| c.name == "indent.begin")
        .filter(|c| {
            c.node.start_position().row < line && c.node.end_position().row >= line && !closes(c.node)
        })
        .map(|c| c.node.start_position().row)
        .collect();
    Some(rows.len() * 2)
}

#[test]
fn lines_are_indented_as_the_formatter_does() {
    let query = query("indents", tree_sitter_scn::INDENTS);
    let (mut same, mut differ) = (0, Vec::new());
    for path in ["tests/syntax/fmt/all.scn", "tests/syntax/tour/shop.scn", "tests/syntax/tour/checkout.scn"] {
        let text = read(&root().join(path));
        let tree = tree(&text);
        let found = captures(&query, tree.root_node(), &text);
        for (index, line) in text.lines().enumerate() {
            let first = line.len() - line.trim_start().len();
            if line.trim().is_empty() {
                continue;
            }
            match indentation(&found, index, first) {
                Some(indent) if indent == first => same += 1,
                Some(indent) => differ.push(format!("{path}:{} {indent}, not {first}: {line}", index + 1)),
                None => {}
            }
        }
    }
    // Lines that go on are indented by the formatter, which knows where they broke.
    assert!(same > 250 && differ.len() < 12, "{same} lines are right; wrong are\n{}", differ.join("\n"));
    let goes_on = |line: &String| {
        let text = line.split_once(": ").map_or("", |(_, text)| text).trim_start();
        line.contains(" not ") && !text.starts_with(['}', ')', ']'])
    };
    assert!(differ.iter().all(goes_on), "{}", differ.join("\n"));
}

#[test]
fn what_folds_is_declared_and_can_be_selected_is_as_written() {
    let text = read(&root().join("tests/syntax/tour/checkout.scn"));
    let tree = tree(&text);
    for (name, source) in [
        ("folds", tree_sitter_scn::FOLDS),
        ("locals", tree_sitter_scn::LOCALS),
        ("textobjects", tree_sitter_scn::TEXT_OBJECTS),
    ] {
        let mut out = String::new();
        for capture in captures(&query(name, source), tree.root_node(), &text) {
            let (start, end) = (capture.node.start_position().row + 1, capture.node.end_position().row + 1);
            // A fold of one line is none; every name is a reference.
            if capture.name == "fold" && start == end || capture.name == "local.reference" {
                continue;
            }
            let first = text[capture.node.byte_range()].lines().next().unwrap_or("");
            out += &format!("{start}-{end} {} {first}\n", capture.name);
        }
        assert!(out.lines().count() > 15, "{name}: {out}");
        hold(&root().join("editor/tree-sitter-scn/test").join(format!("{name}.txt")), &out);
    }
}
