//! Syntax: text to tree, never failing. The grammar is `grammar/scn.pest`.

pub mod ast;
pub mod visit;
