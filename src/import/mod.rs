//! Importers: files of other tools made into scenarios.
//!
//! ```text
//! curl, hurl, http, har, openapi ──read──▶ Story ──write──▶ text ──fmt──▶ a module
//! ```
//!
//! A file for each format reads it into the one `model`; `write` makes text of that. What has no
//! place in scn becomes a comment where it stood, and is counted. What looks like a password, a token
//! or a cookie is never written down: it becomes a secret of the scenarios.

mod body;
mod curl;
mod files;
mod har;
mod header;
mod http;
mod hurl;
mod jsonpath;
mod model;
mod names;
mod openapi;
mod place;
mod private;
mod quote;
mod secrets;
mod shell;
mod variables;
mod write;

use crate::contract::{Interface, document};
use crate::diag::{Code, Diagnostic};
use crate::lang::Registry;
use crate::source::{Source, SourceId, Span};

use model::{Scenario, Story};
pub use private::masked;
pub use write::Count;

/// What the language has a verb for.
const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "POST", "PUT", "PATCH", "DELETE"];

/// What is read by itself; an OpenAPI document is read as a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Command lines of `curl`.
    Curl,
    /// Hurl files.
    Hurl,
    /// `.http` and `.rest` files of editors.
    Http,
    /// HTTP archives.
    Har,
}

/// A module, formatted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its text.
    pub text: String,
    /// How much there was.
    pub count: Count,
}

/// Reads a text in a format and writes the scenarios that do the same. `title` is what the scenario
/// is called where the file does not say; `files` leads from the scenarios' file to the directory that
/// files are named from. The errors are all that is wrong with the text, at places of `source`, which is
/// number 0.
pub fn import(
    format: Format,
    source: &Source,
    title: &str,
    files: &str,
    registry: &Registry,
) -> Result<Imported, Vec<Diagnostic>> {
    let read = match format {
        Format::Curl => curl::read,
        Format::Hurl => hurl::read,
        Format::Http => http::read,
        Format::Har => har::read,
    };
    let mut story = read(&source.text, title, registry)?;
    files::rebase(&mut story, files);
    finish(story)
}

/// Makes scenarios of an OpenAPI document: `interface` is what it says, `source` its text, `path`
/// leads to it from the scenarios' file.
pub fn openapi(
    interface: &Interface,
    source: &Source,
    path: &str,
    title: &str,
    registry: &Registry,
) -> Result<Imported, Vec<Diagnostic>> {
    let root = document::parse(SourceId::default(), &source.text, path.ends_with(".json"));
    let root = root.map_err(|error| vec![*error])?;
    finish(openapi::read(interface, &root, path, title, registry))
}

/// Writes and formats.
fn finish(mut story: Story) -> Result<Imported, Vec<Diagnostic>> {
    let (text, count) = write::write(&mut story);
    let text = crate::fmt::format(&text).map_err(|errors| {
        let why = errors.first().map(|error| error.message.as_str()).unwrap_or_default();
        let message = format!("what scn makes of this cannot be read: {why}");
        // The text is ours, and its places mean nothing in the file.
        vec![Diagnostic::error(Code::INTERNAL, Span::default(), message)]
    })?;
    Ok(Imported { text, count })
}

/// Whether a file was read without errors, and asks for anything; `help` tells how that is written.
fn whole(
    text: &str,
    scenario: &Scenario,
    mut errors: Vec<Diagnostic>,
    help: &str,
) -> Result<(), Vec<Diagnostic>> {
    if scenario.requests.is_empty() && errors.is_empty() {
        let end = text.lines().next().map_or(0, str::len);
        errors.push(wrong(0, end, "there is no request here").help(help));
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// An error at a place of the file.
fn wrong(start: usize, end: usize, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::IMPORT, Span::new(SourceId::default(), start, end), message)
}

#[cfg(test)]
mod tests;
