//! Lines: the tokens as the writer broke them, with braces over several lines on lines of their
//! own, without separators that say nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::structure::{Brace, Structure};
use crate::syntax::layout::{Layout, SOFT};
use crate::syntax::lex::{Kind, Token};

/// A line to print.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// What stands on it.
    pub(super) pieces: Vec<Piece>,
    /// Whether an empty line goes before it.
    pub(super) blank_before: bool,
    /// Whether the line end before it ended nothing.
    pub(super) continues: bool,
    /// Columns before the first piece.
    pub(super) indent: usize,
}

/// A token on its line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// The token.
    pub(super) token: Token,
    /// Spaces before it.
    pub(super) spaces: usize,
}

impl Line {
    /// Its first token.
    pub(super) fn first(&self) -> Option<Token> {
        self.pieces.first().map(|piece| piece.token)
    }

    /// Whether there is only a comment on it.
    pub(super) fn is_comment(&self) -> bool {
        self.first().is_some_and(|token| token.kind == Kind::Comment)
    }
}

/// Cuts the tokens into lines.
pub(super) fn lines(text: &str, tokens: &[Token], layout: &Layout, structure: &Structure) -> Vec<Line> {
    let breaks = Breaks::of(text, tokens);
    let dropped = dropped(text, tokens, structure, &breaks);
    let mut lines = Vec::new();
    let mut line = Line::default();
    let mut newlines = 0;
    let mut soft = false;
    for (index, &token) in tokens.iter().enumerate() {
        if token.kind == Kind::Newline {
            finish(&mut lines, &mut line);
            newlines += 1;
            soft = layout.soft.as_bytes()[token.start] == SOFT;
            continue;
        }
        if dropped.contains(&index) {
            continue;
        }
        if breaks.before.contains(&index) {
            finish(&mut lines, &mut line);
        }
        if line.pieces.is_empty() {
            line.blank_before = newlines > 1 && !lines.is_empty();
            line.continues = newlines > 0 && soft;
        }
        newlines = 0;
        line.pieces.push(Piece { token, spaces: 0 });
        if breaks.after.contains(&index) {
            finish(&mut lines, &mut line);
        }
    }
    finish(&mut lines, &mut line);
    lines
}

fn finish(lines: &mut Vec<Line>, line: &mut Line) {
    if !line.pieces.is_empty() {
        lines.push(std::mem::take(line));
    }
}

/// Where lines break although the writer did not break them.
#[derive(Debug, Default)]
struct Breaks {
    before: BTreeSet<usize>,
    after: BTreeSet<usize>,
    /// The bracket in which each token stands, by the index of its opening token.
    inside: BTreeMap<usize, usize>,
}

impl Breaks {
    fn of(text: &str, tokens: &[Token]) -> Breaks {
        let mut breaks = Breaks::default();
        let mut open: Vec<(usize, usize)> = Vec::new();
        let mut line = 0;
        for (index, token) in tokens.iter().enumerate() {
            match token.kind {
                Kind::Newline => line += 1,
                Kind::Open => open.push((index, line)),
                Kind::Close => {
                    if let Some((opener, opened)) = open.pop()
                        && opened != line
                        && token.text(text) == "}"
                    {
                        breaks.before.insert(index);
                        // A comment after the brace stays on its line.
                        if tokens.get(opener + 1).is_some_and(|next| next.kind != Kind::Comment) {
                            breaks.after.insert(opener);
                        }
                    }
                }
                _ => {}
            }
            if let Some((opener, _)) = open.last()
                && *opener != index
            {
                breaks.inside.insert(index, *opener);
            }
        }
        breaks
    }
}

/// The indices of separators that a line end or a brace makes superfluous.
fn dropped(text: &str, tokens: &[Token], structure: &Structure, breaks: &Breaks) -> BTreeSet<usize> {
    let mut dropped = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let symbol = token.text(text);
        if token.kind != Kind::Symbol || !matches!(symbol, "," | ";") {
            continue;
        }
        let brace = breaks.inside.get(&index).map(|opener| structure.braces.get(&tokens[*opener].start));
        let separates = match brace {
            None => symbol == ";",
            Some(Some(Brace::Body)) => symbol == ";",
            Some(Some(Brace::Data)) => symbol == ",",
            // In parentheses and lists.
            Some(None) => false,
        };
        if separates && (ends(text, tokens.get(index + 1)) || begins(text, tokens, index, &dropped)) {
            dropped.insert(index);
        }
    }
    dropped
}

/// Whether what follows separates by itself.
fn ends(text: &str, next: Option<&Token>) -> bool {
    next.is_none_or(|next| !next.is_significant() || matches!(next.text(text), "}" | ";"))
}

/// Whether what stands before separates by itself.
fn begins(text: &str, tokens: &[Token], index: usize, dropped: &BTreeSet<usize>) -> bool {
    let before = (0..index).rev().find(|before| !dropped.contains(before));
    before.is_none_or(|before| tokens[before].kind == Kind::Newline || tokens[before].text(text) == "{")
}
