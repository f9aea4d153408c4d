//! tree-sitter reads what `scn` reads: every file of the project, and mutated ones.

use std::path::Path;

use scn::source::SourceId;

use super::mutants::{Dice, mutate, tokens};
use super::{read, root, scenario_files, tree};

const MUTANTS: usize = 500;
/// How many of a hundred mutants must be read alike; other files make other mutants. All of them
/// were, of 4,000 of other seeds.
const ALIKE: usize = 99;

/// What `scn` refuses after it has read the text, when it makes the tree. tree-sitter, which has
/// only a grammar, accepts it.
const BEYOND_GRAMMAR: [&str; 3] = [" stands twice", "more than ", "title is plain text"];

/// Whether both say the same of a text, and what they say.
fn compare(text: &str) -> Result<bool, String> {
    let errors = scn::syntax::parse(SourceId(0), text).errors;
    let read = tree(text);
    let refused = read.root_node().has_error();
    match (errors.first(), refused) {
        (None, false) => Ok(true),
        (Some(_), true) => Ok(false),
        (Some(_), false)
            if errors.iter().all(|e| BEYOND_GRAMMAR.iter().any(|part| e.message.contains(part))) =>
        {
            Ok(false)
        }
        (Some(error), false) => {
            Err(format!("scn says `{}` at byte {}, tree-sitter nothing", error.message, error.at.span.start))
        }
        (None, true) => {
            let mut node = read.root_node();
            while !node.is_error() && !node.is_missing() {
                let mut cursor = node.walk();
                let next = node.children(&mut cursor).find(|child| child.has_error() || child.is_missing());
                let Some(next) = next else { break };
                node = next;
            }
            Err(format!("scn says nothing, tree-sitter refuses line {}", node.start_position().row + 1))
        }
    }
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

#[test]
fn every_file_of_the_project_is_read_alike() {
    let differ: Vec<String> = scenario_files()
        .iter()
        .filter_map(|path| compare(&read(path)).err().map(|what| format!("{}: {what}", name(path))))
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn mutated_files_are_read_alike() {
    let texts: Vec<(String, String)> = scenario_files()
        .iter()
        .map(|path| (name(path), read(path)))
        .filter(|(_, text)| compare(text) == Ok(true))
        .collect();
    assert!(texts.len() > 50, "only {} files have no mistake", texts.len());
    let pool: Vec<&str> = texts
        .iter()
        .flat_map(|(_, text)| tokens(text))
        .filter(|token| !token.trim().is_empty() && !token.starts_with("//"))
        .collect();
    let (mut good, mut bad, mut differ) = (0, 0, Vec::new());
    for index in 0..MUTANTS {
        let (name, text) = &texts[index % texts.len()];
        let mutant = mutate(text, &pool, &mut Dice::new(name, index));
        match compare(&mutant) {
            Ok(true) => good += 1,
            Ok(false) => bad += 1,
            Err(what) => differ.push(format!("mutant {index} of {name}: {what}")),
        }
    }
    println!("{MUTANTS} mutants: {good} good, {bad} bad, {} read differently", differ.len());
    for what in &differ {
        println!("{what}");
    }
    assert!(differ.len() * 100 <= MUTANTS * (100 - ALIKE), "{}", differ.join("\n"));
    // A comparison in which everything is good, or bad, would show nothing.
    assert!(good > MUTANTS / 20 && bad > MUTANTS / 3, "{good} good, {bad} bad");
}

#[test]
fn an_edit_gives_the_tree_that_reading_anew_gives() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&super::language()).unwrap();
    for (index, path) in scenario_files().iter().enumerate() {
        let text = read(path);
        let mut old = parser.parse(&text, None).unwrap();
        let mut dice = Dice::new("edit", index);
        let mut at = dice.below(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let new = [" x ", "\n", "{", "\"", "}", "("][dice.below(6)];
        let edited = format!("{}{new}{}", &text[..at], &text[at..]);
        let point = |text: &str, at: usize| {
            let line = text[..at].matches('\n').count();
            tree_sitter::Point::new(line, at - text[..at].rfind('\n').map_or(0, |end| end + 1))
        };
        old.edit(&tree_sitter::InputEdit {
            start_byte: at,
            old_end_byte: at,
            new_end_byte: at + new.len(),
            start_position: point(&text, at),
            old_end_position: point(&text, at),
            new_end_position: point(&edited, at + new.len()),
        });
        let fast = parser.parse(&edited, Some(&old)).unwrap();
        let slow = parser.parse(&edited, None).unwrap();
        assert_eq!(fast.root_node().has_error(), slow.root_node().has_error(), "{}", path.display());
        // Where there are mistakes, recovery may go on differently.
        if !slow.root_node().has_error() {
            assert_eq!(fast.root_node().to_sexp(), slow.root_node().to_sexp(), "{}", path.display());
        }
    }
}
