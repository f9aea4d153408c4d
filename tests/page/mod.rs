//! The README as data: its sections, its code blocks, and a place in which its files can be tried.
#![expect(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// The root of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The text between this heading and the next.
pub(crate) fn section(heading: &str) -> String {
    let page = read();
    let start = page.find(&format!("\n## {heading}\n"));
    assert!(start.is_some(), "no section `{heading}`");
    let text = &page[start.unwrap() + 1..];
    text[..text.find("\n## ").unwrap_or(text.len())].to_owned()
}

fn fenced(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(Block { language: language.to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the page is not closed");
    blocks
}

pub(crate) fn all_blocks() -> Vec<Block> {
    fenced(&read())
}

/// The blocks of a section in a language; there is always one.
pub(crate) fn blocks(heading: &str, language: &str) -> Vec<Block> {
    let mut found = fenced(&section(heading));
    found.retain(|block| block.language == language);
    assert!(!found.is_empty(), "no {language} in `{heading}`");
    found
}

/// A directory of the project in which a file of the page stands as if it stood in `scenarios`.
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    /// The file, as the command line names it.
    pub(crate) file: String,
    dir: tempfile::TempDir,
    prefix: String,
}

impl Place {
    /// Scenarios are read only from below the directory in which scn is called, so the file must
    /// stand in the project; `.scn` is no part of what is kept.
    pub(crate) fn new(name: &str, text: &str) -> Place {
        let hidden = root().join(".scn");
        fs::create_dir_all(&hidden).unwrap();
        let dir = tempfile::Builder::new().prefix("page-").tempdir_in(hidden).unwrap();
        let prefix = format!(".scn/{}/", dir.path().file_name().unwrap().to_str().unwrap());
        let scenarios = dir.path().join("scenarios");
        fs::create_dir(&scenarios).unwrap();
        fs::write(scenarios.join(name), text.replace("\"./shop/", "\"../../../scenarios/shop/")).unwrap();
        let file = format!("{prefix}scenarios/{name}");
        Place { root: root().to_owned(), file, dir, prefix }
    }

    /// What scn said, as if the file stood where the page says it does.
    pub(crate) fn as_on_the_page(&self, said: &str) -> String {
        said.replace(&self.prefix, "")
    }
}
