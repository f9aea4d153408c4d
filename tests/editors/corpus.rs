//! The trees of small texts, in the form of `tree-sitter test`: a title between lines of `=`, the
//! text, a line of `-`, the tree. Set `SCN_BLESS=1` to write the trees anew, and read the difference.

use super::{files, hold, read, root, tree};

struct Case<'a> {
    title: &'a str,
    text: &'a str,
}

fn cases(file: &str) -> Vec<Case<'_>> {
    let rule = "================================================================================\n";
    let mut parts = file.split(rule);
    assert_eq!(parts.next(), Some(""), "a corpus file begins with a line of `=`");
    let mut found = Vec::new();
    while let (Some(title), Some(rest)) = (parts.next(), parts.next()) {
        let text = rest.split_once("\n--------").map_or(rest, |(text, _)| text);
        found.push(Case {
            title: title.lines().next().unwrap(),
            text: text.strip_prefix('\n').unwrap_or(text),
        });
    }
    found
}

/// The tree, a node a line.
fn pretty(sexp: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    let mut line_open = false;
    for word in sexp.split_inclusive([' ', ')']) {
        let word = word.trim_end();
        if word.is_empty() {
            continue;
        }
        if word == ")" {
            depth -= 1;
            out.push(')');
            continue;
        }
        if !line_open && !out.is_empty() {
            out.push('\n');
            out += &"  ".repeat(depth);
        }
        line_open = word.ends_with(':');
        out += word;
        if line_open {
            out.push(' ');
        }
        if word.starts_with('(') && !word.ends_with(')') {
            depth += 1;
        }
    }
    out
}

#[test]
fn every_tree_is_as_written() {
    let folder = root().join("editor/tree-sitter-scn/test/corpus");
    let mut count = 0;
    for path in files(&folder, "txt") {
        let file = read(&path);
        let mut out = String::new();
        for case in cases(&file) {
            count += 1;
            let parsed = tree(case.text);
            let wanted = case.title.ends_with("(wrong)");
            let refused = parsed.root_node().has_error();
            assert_eq!(
                refused,
                wanted,
                "{}: {}\n{}",
                path.display(),
                case.title,
                parsed.root_node().to_sexp()
            );
            let (line, dash) = ("=".repeat(80), "-".repeat(80));
            out += &format!(
                "{line}\n{}\n{}{line}\n\n{}\n{dash}\n\n{}\n\n",
                case.title,
                if wanted { ":error\n" } else { "" },
                case.text,
                if wanted { String::new() } else { pretty(&parsed.root_node().to_sexp()) }
            );
        }
        hold(&path, &out.replace("\n\n\n\n", "\n\n"));
    }
    assert!(count > 20, "only {count} cases were found");
}
