//! What editors and readers are told of scn, held to what `scn` itself knows: names that are generated,
//! a tree-sitter grammar that reads what pest reads, queries over it, snippets, the reference.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end so, also in what its parts share")]

mod corpus;
mod mutants;
mod names;
mod parity;
mod queries;
mod reference;
mod snippets;

use std::path::{Path, PathBuf};

use tree_sitter::{Parser, Tree};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether expected files are written anew instead of compared.
fn blesses() -> bool {
    std::env::var_os("SCN_BLESS").is_some()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares a file that is committed with what it must be, or writes it.
fn hold(path: &Path, text: &str) {
    if blesses() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    } else {
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == text,
            "{} is not what it must be: set SCN_BLESS=1, and read the difference",
            path.display()
        );
    }
}

/// The files below a folder with an extension, in order.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !name.starts_with('.') && name != "node_modules" && name != "out" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every `.scn` file of the project.
fn scenario_files() -> Vec<PathBuf> {
    let found: Vec<PathBuf> = ["scenarios", "stdlib", "tests"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), "scn"))
        .collect();
    assert!(found.len() > 50, "only {} files were found", found.len());
    found
}

fn language() -> tree_sitter::Language {
    tree_sitter_scn::LANGUAGE.into()
}

fn tree(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    parser.parse(text, None).unwrap()
}
