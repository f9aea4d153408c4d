//! Diagnostics: one message with a code, the exact token, why it is wrong and what to do. Every
//! floor makes these; only the faces render them.

mod codes;
mod draw;
mod machine;
mod render;
mod suggest;

use serde::{Deserialize, Serialize};

use crate::source::Span;

pub use codes::{CODES, Code, find as find_code, lints};
pub(crate) use draw::{Excerpt, Mark, Picture, draw};
pub(crate) use machine::github_command;
pub use machine::{to_github, to_json};
pub use render::{Look, count, render, render_all};
use suggest::advise;
pub use suggest::{CURSOR, did_you_mean, nearest};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a look; does not stop a run.
    Warning,
    /// The scenarios are wrong; nothing runs.
    Error,
}

/// A place with what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; lower case, names in backticks, no full stop. May be empty.
    pub text: String,
}

/// One message. Build it with [`Diagnostic::error`] or [`Diagnostic::warning`], at the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its entry in the table of codes, which `scn explain` tells more of.
    pub code: &'static Code,
    /// How bad it is.
    pub severity: Severity,
    /// One line; lower case, names in backticks, no full stop.
    pub message: String,
    /// The exact token, with what is wrong there.
    pub at: Label,
    /// Other places that matter, such as the first of two declarations.
    pub also: Vec<Label>,
    /// Advice: a did-you-mean, or the form that is right.
    pub help: Option<String>,
    /// The names that may have been meant at the token, best first; where the word there is
    /// [`CURSOR`], all that can stand there.
    pub names: Vec<String>,
    /// The fields that the token lacks, each with a value of its kind.
    pub lacks: Vec<(String, String)>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        let at = Label { span, text: String::new() };
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            at,
            also: Vec::new(),
            help: None,
            names: Vec::new(),
            lacks: Vec::new(),
        }
    }

    /// A warning at `span`.
    pub fn warning(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// Says something under the token itself.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.at.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.also.push(Label { span, text: text.into() });
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds "did you mean `x`?" when a known name is near; otherwise leaves the message as it is.
    #[must_use]
    pub fn did_you_mean<'a>(mut self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        if word.contains(CURSOR) {
            self.names = known.into_iter().map(str::to_owned).collect();
            return self;
        }
        let near = nearest(word, known);
        self.names = near.iter().map(|name| (*name).to_owned()).collect();
        match advise(&near) {
            Some(advice) => self.help(advice),
            None => self,
        }
    }

    /// Notes the fields that the token lacks, each with a value of its kind.
    #[must_use]
    pub fn lacking(mut self, fields: impl IntoIterator<Item = (String, String)>) -> Self {
        self.lacks = fields.into_iter().collect();
        self
    }

    /// Whether it stops a run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

#[cfg(test)]
mod tests;
