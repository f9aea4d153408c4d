//! A module as it would be with a word at the cursor: what is being written is seldom complete, and
//! with a word there it mostly is.

use super::Snapshot;
use crate::check::{ItemRef, Program};
use crate::diag::CURSOR;
use crate::source::{Source, SourceId, Span};
use crate::syntax;
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, ObjectEntry, Statement};
use crate::syntax::lex::is_word_byte;
use crate::syntax::visit;

/// A module with [`CURSOR`] in it.
pub(super) struct Cursor {
    /// The program with that module.
    pub(super) program: Program,
    /// The module.
    pub(super) unit: usize,
    /// The item around the cursor; none between items, or where nothing can be made of it.
    pub(super) at: Option<ItemRef>,
    /// The piece that was read anew.
    pub(super) source: SourceId,
    /// The word that the cursor stands in or behind, in the whole file as it is.
    pub(super) word: Span,
}

impl Cursor {
    /// Puts the cursor at a byte of a module, in place of the word there.
    pub(super) fn new(snapshot: &Snapshot, unit: usize, offset: u32) -> Cursor {
        let mut program = snapshot.program().clone();
        let (piece, at) = snapshot.piece(unit, offset);
        let old = program.sources.get(piece).clone();
        let bytes = old.text.as_bytes();
        let at = (at as usize).min(bytes.len());
        let start = at - bytes[..at].iter().rev().take_while(|byte| is_word_byte(**byte)).count();
        let end = at + bytes[at..].iter().take_while(|byte| is_word_byte(**byte)).count();
        let line = old.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let mut text = String::with_capacity(bytes.len() + CURSOR.len());
        text.push_str(&old.text[..start]);
        text.push_str(CURSOR);
        let rest = &old.text[end..];
        if rest.split('\n').next().unwrap_or_default().trim().is_empty() {
            text.push_str(&closers(&old.text[line..start]));
        }
        text.push_str(rest);
        let source = program.sources.add(Source::new(old.name.clone(), old.dir.clone(), text.as_str()));
        let parsed = syntax::parse(source, &text);
        let items = &mut program.units[unit].module.items;
        let first = items.iter().position(|item| item.span.source == piece).unwrap_or(items.len());
        let last = items.iter().rposition(|item| item.span.source == piece).map_or(first, |last| last + 1);
        let mark = (start as u32, (start + CURSOR.len()) as u32);
        let around = |item: &Item| {
            let begins = item.attributes.first().map_or(item.span.start, |first| first.span.start);
            begins <= mark.0 && mark.1 <= item.span.end && !matches!(item.kind, ItemKind::Error)
        };
        let item = parsed.module.items.iter().position(|item| around(item));
        items.splice(first..last, parsed.module.items);
        let at = item.map(|item| ItemRef { unit, item: first + item });
        let word = snapshot.whole(Span::new(piece, start, end));
        Cursor { program, unit, at, source, word }
    }

    /// The item around the cursor.
    pub(super) fn item(&self) -> Option<&Item> {
        self.at.map(|at| self.program.item(at))
    }

    /// Every expression of the item.
    pub(super) fn expressions<'a>(&'a self, each: &mut dyn FnMut(&'a Expr)) {
        if let Some(item) = self.item() {
            visit::item(item, each);
        }
    }

    /// Every statement of the item.
    pub(super) fn statements<'a>(&'a self, each: &mut dyn FnMut(&'a Statement)) {
        if let Some(item) = self.item() {
            visit::item_statements(item, each);
        }
    }

    /// Whether the cursor stands in a span.
    pub(super) fn is_in(&self, span: Span) -> bool {
        span.source == self.source && self.program.sources.get(self.source).slice(span).contains(CURSOR)
    }

    /// Whether the name of an entry is the cursor.
    pub(super) fn names(&self, entry: &ObjectEntry) -> bool {
        matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some(CURSOR))
    }

    /// Whether an expression is the cursor and nothing else.
    pub(super) fn is(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Name(name) if **name == *CURSOR)
    }
}

/// What closes the parentheses and brackets that a line leaves open.
fn closers(line: &str) -> String {
    let mut open = Vec::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    // A brace that a line leaves open is closed on another.
    open.into_iter().rev().take_while(|closer| *closer != '}').collect()
}
