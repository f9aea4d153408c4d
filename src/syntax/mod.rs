//! Syntax: text to tree, never failing. The grammar is `grammar/scn.pest`.
//!
//! `lex` cuts the text into tokens, `layout` decides which line ends end something and where
//! the items lie, the grammar reads each item, and `build` makes the tree. An item that cannot
//! be read as a whole goes to `recover`, which reports what is wrong, takes that statement out,
//! and has the rest read again; `explain` puts the grammar's answer into words.

pub mod ast;
mod build;
mod explain;
pub(crate) mod grammar;
pub(crate) mod layout;
pub(crate) mod lex;
mod literal;
mod recover;
#[cfg(test)]
pub(crate) mod tests;
pub mod visit;
mod words;

use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Expr, Module};
use crate::syntax::build::Builder;
use crate::syntax::grammar::Rule;
use crate::syntax::lex::{Kind, Lexed};

/// What reading gives: always a tree, and everything that is wrong with the text.
#[derive(Debug)]
pub struct Parsed {
    /// The tree; what could not be read stands in it as an error.
    pub module: Module,
    /// Every comment, docs included, in order.
    pub comments: Vec<Span>,
    /// What is wrong, in the order of the text.
    pub errors: Vec<Diagnostic>,
}

/// Longer texts are refused, so that places fit into 32 bits and no file can exhaust the memory.
const MAX_LENGTH: usize = 256 * 1024 * 1024;

/// Reads a module.
pub fn parse(source: SourceId, text: &str) -> Parsed {
    if text.len() > MAX_LENGTH {
        let error = Diagnostic::error(Code::SYNTAX, Span::new(source, 0, 0), "this file is too large")
            .help("keep data in files of its own and read them with `file(…)`");
        let module = Module { source, doc: None, items: Vec::new() };
        return Parsed { module, comments: Vec::new(), errors: vec![error] };
    }
    let lexed = lex::lex(source, text);
    let layout = layout::lay_out(source, text, &lexed);
    let docs = build::Docs::new(text, &lexed.tokens);
    let mut errors: Vec<Diagnostic> = lexed.errors.iter().chain(&layout.errors).cloned().collect();
    let mut items = Vec::with_capacity(layout.items.len());
    let mut end = 0;
    let mut skipping = false;
    let reader = recover::Reader { source, text, lexed: &lexed, layout: &layout, docs: &docs };
    for slice in &layout.items {
        // Lines that are indented under something unreadable belong to it.
        if skipping && recover::belongs_to_error(text, slice.start) {
            continue;
        }
        let (item, mut found) = reader.item(*slice, end);
        skipping =
            matches!(item.kind, ast::ItemKind::Error) && !recover::begins_with_item_word(text, slice.start);
        errors.append(&mut found);
        items.push(Arc::new(item));
        end = slice.end;
    }
    let comments = comments(source, &lexed);
    let doc = docs.module(source);
    errors.sort_by_key(|error| (error.at.span.start, error.at.span.end));
    errors.dedup();
    Parsed { module: Module { source, doc, items }, comments, errors }
}

/// Where the pieces of a text lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// In bytes, in order, without gaps.
    pub ranges: Vec<Range<usize>>,
    /// Whether all that is opened is closed. If not, where one piece ends may hang on others far away.
    pub is_sound: bool,
}

/// Cuts a text where its items end: each piece can be read by itself, and all together say what the
/// text does. Who reads a text again and again need read only the pieces that changed.
pub fn pieces(text: &str) -> Pieces {
    let source = SourceId::default();
    let mut pieces: Vec<Range<usize>> = Vec::new();
    if text.len() > MAX_LENGTH {
        pieces.push(0..text.len());
        return Pieces { ranges: pieces, is_sound: false };
    }
    let lexed = lex::lex(source, text);
    let layout = layout::lay_out(source, text, &lexed);
    let mut end = 0;
    for slice in &layout.items {
        match pieces.last_mut() {
            // What is indented under something unreadable belongs to it.
            Some(last) if recover::belongs_to_error(text, slice.start) => last.end = slice.end,
            _ => pieces.push(end..slice.end),
        }
        end = slice.end;
    }
    match pieces.last_mut() {
        Some(last) => last.end = text.len(),
        None => pieces.push(0..text.len()),
    }
    Pieces { ranges: pieces, is_sound: lexed.errors.is_empty() && layout.errors.is_empty() }
}

/// Reads one expression, such as a command line gives.
pub fn parse_expression(source: SourceId, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let lexed = lex::lex(source, text);
    let layout = layout::lay_out(source, text, &lexed);
    let mut errors: Vec<Diagnostic> = lexed.errors.iter().chain(&layout.errors).cloned().collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let pairs =
        grammar::read(Rule::expression_file, layout.soft.trim_end_matches([' ', '\n', '\t', '\u{0b}']));
    match pairs {
        Ok(pairs) => {
            let docs = build::Docs::new(text, &lexed.tokens);
            let mut builder = Builder::new(source, text, 0, &docs);
            let expr = builder.expression_file(pairs);
            if builder.errors.is_empty() { Ok(expr) } else { Err(builder.errors) }
        }
        Err(error) => {
            errors.push(explain::explain(
                &explain::Place { source, text, tokens: &lexed.tokens, at: error.at, entry: None },
                &error,
            ));
            Err(errors)
        }
    }
}

fn comments(source: SourceId, lexed: &Lexed) -> Vec<Span> {
    let comments = lexed.tokens.iter().filter(|token| token.kind == Kind::Comment);
    comments.map(|token| Span::new(source, token.start, token.end)).collect()
}
