//! Compiles the generated parser and its scanner.

fn main() {
    let files = ["src/parser.c", "src/scanner.c"];
    // The tables are data; what moves is small. Warnings about generated code tell nobody anything.
    cc::Build::new().std("c11").include("src").warnings(false).files(files).compile("tree-sitter-scn");
    for file in files.iter().chain(&["src/keywords.h"]) {
        println!("cargo:rerun-if-changed={file}");
    }
}
