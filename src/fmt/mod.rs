//! The formatter: canonical spacing, every comment kept.
//!
//! It prints tokens, so nothing can get lost. The writer's line breaks stay, save that braces
//! over several lines have lines of their own; at most one empty line stays; indentation is two
//! spaces a level; spaces between tokens follow from the two tokens and the grammar; separators
//! that say nothing go. Runs of entries of one kind are aligned in a column.

mod align;
mod lines;
mod print;
mod spaces;
mod structure;

use crate::diag::Diagnostic;
use crate::source::SourceId;
use crate::syntax::{layout, lex, parse};

/// The canonical form of a module, or what is wrong with it: a text that cannot be read is not
/// touched.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let source = SourceId::default();
    let errors: Vec<Diagnostic> =
        parse(source, text).errors.into_iter().filter(Diagnostic::is_error).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let lexed = lex::lex(source, text);
    let layout = layout::lay_out(source, text, &lexed);
    let structure = structure::Structure::of(&layout);
    let mut lines = lines::lines(text, &lexed.tokens, &layout, &structure);
    print::indent(text, &mut lines, &structure);
    spaces::space(text, &mut lines, &structure);
    align::align(text, &mut lines, &structure);
    Ok(print::print(text, &lines))
}

#[cfg(test)]
mod tests;
