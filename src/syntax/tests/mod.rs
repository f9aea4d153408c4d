//! Tests of the syntax, by what they show.

mod examples;
mod lexis;
pub(crate) mod outline;
mod robust;
mod tour;
mod wrong;

use crate::diag::Diagnostic;
use crate::source::{Source, SourceId};
use crate::syntax::{Parsed, parse};

/// Reads a text in which nothing may be wrong.
fn good(text: &str) -> Parsed {
    let parsed = parse(SourceId(0), text);
    assert!(parsed.errors.is_empty(), "{}\n{text}", messages(text, &parsed.errors));
    parsed
}

/// `line:column code message | label | help` a line each.
pub(crate) fn messages(text: &str, errors: &[Diagnostic]) -> String {
    let source = Source::new("t.scn", "", text);
    let mut out = String::new();
    for error in errors {
        let (line, column) = source.line_column(error.at.span.start);
        let help = error.help.as_deref().unwrap_or("-");
        let token = source.slice(error.at.span).lines().next().unwrap_or("");
        out += &format!(
            "{line}:{column} {} [{token}] {} | {} | {help}\n",
            error.code.name, error.message, error.at.text
        );
    }
    out
}

/// What is wrong with a text.
fn wrong(text: &str) -> String {
    messages(text, &parse(SourceId(0), text).errors)
}
