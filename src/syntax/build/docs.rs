//! Docs: `///` comments by their places, and the module's `//!`.

use crate::source::{SourceId, Span};
use crate::syntax::ast::Doc;
use crate::syntax::lex::{Kind, Token};

/// The doc comments of a text.
pub(crate) struct Docs<'a> {
    text: &'a str,
    items: Vec<Token>,
    module: Vec<Token>,
}

impl<'a> Docs<'a> {
    /// Picks them from the tokens.
    pub(crate) fn new(text: &'a str, tokens: &[Token]) -> Self {
        let of = |prefix: &str| {
            tokens
                .iter()
                .filter(|t| t.kind == Kind::Comment && t.text(text).starts_with(prefix))
                .filter(|t| !t.text(text).starts_with("////"))
                .copied()
                .collect()
        };
        Docs { text, items: of("///"), module: of("//!") }
    }

    /// The `//!` lines.
    pub(crate) fn module(&self, source: SourceId) -> Option<Doc> {
        self.join(source, &self.module)
    }

    /// The `///` lines between two places.
    pub(crate) fn between(&self, source: SourceId, from: usize, to: usize) -> Option<Doc> {
        let first = self.items.partition_point(|token| token.start < from);
        let length = self.items[first..].partition_point(|token| token.start < to);
        self.join(source, &self.items[first..first + length])
    }

    fn join(&self, source: SourceId, tokens: &[Token]) -> Option<Doc> {
        let (first, last) = (tokens.first()?, tokens.last()?);
        let lines: Vec<&str> = tokens
            .iter()
            .map(|token| {
                let line = &token.text(self.text)[3..];
                line.strip_prefix(' ').unwrap_or(line).trim_end()
            })
            .collect();
        Some(Doc { text: lines.join("\n"), span: Span::new(source, first.start, last.end) })
    }
}
