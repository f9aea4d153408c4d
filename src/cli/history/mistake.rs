//! What is wrong with a recorded history, at the line where it stands.

use std::ops::Range;

use serde::Serialize;

use crate::diag::{Code, Excerpt, Look, Mark, Picture, Severity, draw};
use crate::report::plural;

/// More mistakes than this are counted only.
const SHOWN: usize = 20;
/// So much of a line is kept around what is wrong.
const KEPT: usize = 400;

/// A mistake.
#[derive(Debug, Serialize)]
pub(super) struct Mistake {
    /// From 1.
    pub(super) line: u32,
    /// From 1, in characters.
    pub(super) column: u32,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
    /// What the line says around it, and where in that it is.
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    span: Range<usize>,
}

impl Mistake {
    /// A mistake at these bytes of a line.
    pub(super) fn new(line: u32, text: &str, span: Range<usize>, message: impl Into<String>) -> Mistake {
        let span = whole(text, span);
        let column = text[..span.start].chars().count() as u32 + 1;
        // A line may be as long as it likes; what is shown of it is not.
        let from = floor(text, span.start.saturating_sub(KEPT));
        let to = floor(text, (span.end + KEPT).min(text.len()));
        let kept = &text[from..to];
        let end = span.end.min(to);
        Mistake {
            line,
            column,
            message: message.into(),
            label: String::new(),
            help: None,
            text: kept.to_owned(),
            span: span.start - from..end - from,
        }
    }

    #[must_use]
    pub(super) fn label(mut self, text: impl Into<String>) -> Mistake {
        self.label = text.into();
        self
    }

    #[must_use]
    pub(super) fn help(mut self, text: impl Into<String>) -> Mistake {
        self.help = Some(text.into());
        self
    }

    /// As people read it.
    pub(super) fn render(&self, file: &str, look: Look) -> String {
        let mark = Mark {
            from: (0, self.span.start),
            to: (0, self.span.end),
            column: self.column as usize,
            text: &self.label,
        };
        let excerpt = Excerpt {
            file,
            lines: vec![self.text.as_str().into()],
            first: self.line as usize,
            marks: vec![mark],
        };
        let picture = Picture {
            code: Some(Code::HISTORY.name),
            severity: Some(Severity::Error),
            message: &self.message,
            excerpt: Some(excerpt),
            help: self.help.as_deref(),
        };
        draw(&picture, look)
    }
}

/// Characters, not parts of them; never nothing where there is something.
fn whole(text: &str, span: Range<usize>) -> Range<usize> {
    let start = floor(text, span.start.min(text.len()));
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    if end == start {
        end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    }
    start..end
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Mistakes in the order of their lines: the first ones, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    pub(super) shown: Vec<Mistake>,
    pub(super) count: usize,
}

impl Mistakes {
    pub(super) fn add(&mut self, mistake: Mistake) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(mistake);
        }
    }

    /// All of them as people read them, with a count and where to read more.
    pub(super) fn render(&self, file: &str, look: Look) -> String {
        let mut out: String = self.shown.iter().map(|one| one.render(file, look) + "\n").collect();
        let hidden = self.count - self.shown.len();
        if hidden > 0 {
            out.push_str(&format!("and {hidden} more like these\n"));
        }
        let count = plural(self.count, "error");
        out.push_str(&format!("{count}; `scn explain {}` tells more\n", Code::HISTORY.name));
        out
    }
}
