//! The scn scenario language for tree-sitter. Give [`LANGUAGE`] to a parser; the queries are what
//! editors colour, fold and indent by.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_scn() -> *const ();
}

/// The language: `parser.set_language(&tree_sitter_scn::LANGUAGE.into())`.
// SAFETY: the function is the one that the generated parser defines for this purpose.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_scn) };

/// What colours a file.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
/// Which texts are of another language.
pub const INJECTIONS: &str = include_str!("../../queries/injections.scm");
/// What names are declared and used where.
pub const LOCALS: &str = include_str!("../../queries/locals.scm");
/// What folds.
pub const FOLDS: &str = include_str!("../../queries/folds.scm");
/// What indents.
pub const INDENTS: &str = include_str!("../../queries/indents.scm");
/// What can be selected, moved over and changed as a whole.
pub const TEXT_OBJECTS: &str = include_str!("../../queries/textobjects.scm");
