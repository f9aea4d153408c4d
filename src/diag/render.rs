//! Rendering by miette, and the machine formats.

use crate::diag::Diagnostic;
use crate::source::Sources;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether to colour.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// A diagnostic as people read it.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, look: Look) -> String {
    let _ = look;
    format!("{}: {}\n", sources.place(diagnostic.at.span), diagnostic.message)
}

/// All diagnostics as one JSON document.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let _ = (diagnostics, sources);
    String::new()
}

/// A diagnostic as a GitHub workflow command.
pub fn to_github(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let _ = (diagnostic, sources);
    String::new()
}
