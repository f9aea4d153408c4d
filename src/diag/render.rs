//! Diagnostics as people read them: drawn by miette, related places of other files below.

use std::borrow::Cow;

use super::draw::{Excerpt, Mark, Picture, draw};
use super::{Diagnostic, Label, Severity};
use crate::source::{SourceId, Sources};

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether to colour.
    pub color: bool,
    /// Whether to draw with more than ASCII.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Look {
    /// Without colour.
    pub const fn plain(width: usize) -> Look {
        Look { color: false, unicode: true, width }
    }
}

/// A diagnostic as people read it; ends with a newline.
pub fn render(diagnostic: &Diagnostic, sources: &Sources, look: Look) -> String {
    let here = diagnostic.at.span.source;
    let (near, far): (Vec<&Label>, Vec<&Label>) =
        diagnostic.also.iter().partition(|label| label.span.source == here);
    let labels: Vec<&Label> = std::iter::once(&diagnostic.at).chain(near).collect();
    let mut out = draw(
        &Picture {
            code: Some(diagnostic.code.name),
            severity: Some(diagnostic.severity),
            message: &diagnostic.message,
            excerpt: excerpt(sources, here, &labels),
            help: diagnostic.help.as_deref(),
        },
        look,
    );
    for label in far {
        let message = if label.text.is_empty() { "see also" } else { &label.text };
        let bare = Label { span: label.span, text: String::new() };
        let picture = Picture {
            code: None,
            severity: None,
            message,
            excerpt: excerpt(sources, label.span.source, &[&bare]),
            help: None,
        };
        out.push_str(&draw(&picture, look));
    }
    out
}

/// All diagnostics, errors last so that they stay in view, with a count and where to read more.
pub fn render_all(diagnostics: &[Diagnostic], sources: &Sources, look: Look) -> String {
    let mut out = String::new();
    for severity in [Severity::Warning, Severity::Error] {
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity) {
            out.push_str(&render(diagnostic, sources, look));
            out.push('\n');
        }
    }
    let mut codes: Vec<&str> = diagnostics.iter().filter(|d| d.is_error()).map(|d| d.code.name).collect();
    if codes.is_empty() {
        codes = diagnostics.iter().map(|d| d.code.name).collect();
    }
    if let Some(first) = codes.first() {
        let other = if codes.iter().any(|code| code != first) { ", and so for the other codes" } else { "" };
        out.push_str(&format!("{}; `scn explain {first}` tells more{other}\n", count(diagnostics)));
    }
    out
}

/// `2 errors and 1 warning`.
pub fn count(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let word = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (errors, warnings) {
        (errors, 0) => word(errors, "error"),
        (0, warnings) => word(warnings, "warning"),
        (errors, warnings) => format!("{} and {}", word(errors, "error"), word(warnings, "warning")),
    }
}

/// The lines from one above the first label to one below the last.
fn excerpt<'a>(sources: &'a Sources, id: SourceId, labels: &[&'a Label]) -> Option<Excerpt<'a>> {
    let source = sources.iter().find(|(other, _)| *other == id)?.1;
    let mut spots = Vec::new();
    for label in labels {
        let length = source.text.len() as u32;
        let start = label.span.start.min(length);
        let end = label.span.end.clamp(start, length);
        spots.push((label, start, source.line_column(start), end, source.line_column(end)));
    }
    let first = spots.iter().map(|spot| spot.2.0).min()?.saturating_sub(1).max(1);
    let marked = spots.iter().map(|spot| spot.4.0).max()?;
    let last = if source.line(marked + 1).trim().is_empty() { marked } else { marked + 1 };
    let lines: Vec<Cow<'_, str>> = (first..=last).map(|line| sources.shown_line(id, line)).collect();
    let byte = |line: u32, column: u32| {
        let text = &lines[(line - first) as usize];
        let index = text.char_indices().nth(column.saturating_sub(1) as usize).map_or(text.len(), |(i, _)| i);
        ((line - first) as usize, index)
    };
    let marks = spots
        .iter()
        .map(|(label, _, from, _, to)| Mark {
            from: byte(from.0, from.1),
            to: byte(to.0, to.1),
            column: from.1 as usize,
            text: &label.text,
        })
        .collect();
    Some(Excerpt { file: &source.name, lines, first: first as usize, marks })
}
