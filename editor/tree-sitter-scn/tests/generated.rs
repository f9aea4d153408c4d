//! The parser in `src` is what `grammar.js` generates. Set `SCN_BLESS=1` to write it anew.

use std::path::Path;
use std::process::Command;

use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

const WRITTEN: [&str; 3] = ["grammar.json", "node-types.json", "parser.c"];
/// Read by all editors that are in use.
const ABI: usize = 15;

#[test]
fn the_parser_is_what_the_grammar_generates() {
    if Command::new("node").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "on CI nothing is skipped, and Node.js is missing");
        println!("SKIPPED  the parser against its grammar: Node.js is missing");
        return;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bless = std::env::var_os("SCN_BLESS").is_some();
    let scratch = tempfile::tempdir().unwrap();
    let out = if bless { here.join("src") } else { scratch.path().to_path_buf() };
    let grammar = here.join("grammar.js");
    generate_parser_in_directory(
        here,
        Some(&out),
        Some(&grammar),
        ABI,
        None,
        Some("node"),
        true,
        OptLevel::default(),
    )
    .unwrap();
    for file in WRITTEN {
        let committed = std::fs::read_to_string(here.join("src").join(file)).unwrap();
        let generated = std::fs::read_to_string(out.join(file)).unwrap();
        assert!(committed == generated, "`src/{file}` is not what `grammar.js` generates: set SCN_BLESS=1");
    }
}
