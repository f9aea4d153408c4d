//! Diagnostics for machines: one JSON document, or GitHub workflow commands.

use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::source::{Sources, Span};

/// The version of the JSON document; grows when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    severity: Severity,
    message: &'a str,
    #[serde(flatten)]
    at: Spot<'a>,
    related: Vec<Spot<'a>>,
    help: Option<&'a str>,
}

/// Lines and columns count from 1, columns in characters; `start` and `end` are bytes.
#[derive(Serialize)]
struct Spot<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start: u32,
    end: u32,
    label: &'a str,
}

fn spot<'a>(sources: &'a Sources, span: Span, label: &'a str) -> Spot<'a> {
    let source = sources.get(span.source);
    let (line, column) = source.line_column(span.start);
    let (end_line, end_column) = source.line_column(span.end.max(span.start));
    Spot { file: &source.name, line, column, end_line, end_column, start: span.start, end: span.end, label }
}

/// All diagnostics as one JSON document; ends with a newline.
pub fn to_json(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let entries = diagnostics.iter().map(|diagnostic| Entry {
        code: diagnostic.code.name,
        severity: diagnostic.severity,
        message: &diagnostic.message,
        at: spot(sources, diagnostic.at.span, &diagnostic.at.text),
        related: diagnostic.also.iter().map(|label| spot(sources, label.span, &label.text)).collect(),
        help: diagnostic.help.as_deref(),
    });
    let document = Document {
        version: VERSION,
        errors,
        warnings: diagnostics.len() - errors,
        diagnostics: entries.collect(),
    };
    // Texts and numbers always serialize.
    let mut out = serde_json::to_string_pretty(&document).unwrap_or_default();
    out.push('\n');
    out
}

/// A diagnostic as a GitHub workflow command; ends with a newline.
pub fn to_github(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let spot = spot(sources, diagnostic.at.span, &diagnostic.at.text);
    let level = if diagnostic.is_error() { "error" } else { "warning" };
    let mut text = diagnostic.message.clone();
    for extra in [Some(diagnostic.at.text.as_str()), diagnostic.help.as_deref()].into_iter().flatten() {
        if !extra.is_empty() {
            text.push('\n');
            text.push_str(extra);
        }
    }
    let mut properties = vec![
        ("file", spot.file.to_owned()),
        ("line", spot.line.to_string()),
        ("endLine", spot.end_line.to_string()),
    ];
    if spot.end_line == spot.line {
        // GitHub ignores columns of annotations that span lines.
        properties.push(("col", spot.column.to_string()));
        properties.push(("endColumn", spot.end_column.to_string()));
    }
    properties.push(("title", diagnostic.code.name.to_owned()));
    github_command(level, &properties, &text)
}

/// `::level name=value,…::text`, escaped as the runner's toolkit does; ends with a newline.
pub(crate) fn github_command(level: &str, properties: &[(&str, String)], text: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", escape_property(value))).collect();
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{level}{space}{}::{}\n", properties.join(","), escape(text))
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}
