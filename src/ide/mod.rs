//! What an editor asks about a workspace, as plain data: synchronous, without IO, never failing.
//!
//! A [`Snapshot`] is everything that is known at one moment. Offsets and spans that go in and come
//! out are bytes of whole files; inside, modules were read in pieces, so that one keystroke costs
//! one item.

mod action;
mod complete;
mod cursor;
mod fold;
mod format;
mod hint;
mod hover;
mod lens;
mod rename;
mod signature;
mod symbol;
mod token;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::check::{self, Analysis, Memo, Mention, Plan, Program, Referent};
use crate::contract::Contract;
use crate::diag::Diagnostic;
use crate::lang::Registry;
use crate::lint::{Given, Levels, lint};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Doc, ItemKind};
use crate::value::MASK;

pub use action::{Action, actions};
pub use complete::{Completion, What, complete};
pub use fold::{Fold, FoldKind, folds};
pub use format::{format, format_range};
pub use hint::{Hint, draws, hints};
pub use hover::hover;
pub use lens::{Lens, lenses};
pub use rename::{Refusal, rename, renamed_at};
pub use signature::{Signature, signature};
pub use symbol::{Symbol, symbols};
pub use token::{MODIFIERS, TYPES, Token, tokens};

/// A text that takes the place of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where something is only put in.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// Where a definition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// In a file that was read.
    Span(Span),
    /// The beginning of a file.
    File(PathBuf),
}

/// Everything that is known of a workspace at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The modules with all that was found in them.
    pub plan: Arc<Plan>,
    /// What is to be said of them.
    pub diagnostics: Vec<Diagnostic>,
    /// The names of the language.
    pub registry: Arc<Registry>,
    /// What names stand for, in the order of the pieces.
    mentions: Vec<Mention>,
    /// The file that a piece belongs to, and the byte at which it begins there.
    pieces: BTreeMap<SourceId, (SourceId, u32)>,
}

impl Snapshot {
    /// Checks a program that was loaded with `found`.
    pub fn new(
        program: Program,
        mut found: Vec<Diagnostic>,
        registry: Arc<Registry>,
        memo: &mut Memo,
    ) -> Snapshot {
        let mut pieces = BTreeMap::new();
        for unit in &program.units {
            let file = unit.module.source;
            pieces.extend(unit.pieces.iter().map(|&(piece, start)| (piece, (file, start))));
        }
        let Analysis { mut plan, diagnostics, mentions } = check::analyse(program, &registry, memo);
        found.extend(diagnostics);
        let given = Given { registry: &registry, mentions: &mentions, whole: true };
        lint(&mut plan, given, &Levels::default(), &mut found);
        Snapshot { plan: Arc::new(plan), diagnostics: found, registry, mentions, pieces }
    }

    /// The modules.
    pub fn program(&self) -> &Program {
        &self.plan.program
    }

    /// The module of a file.
    pub fn unit(&self, file: SourceId) -> Option<usize> {
        self.program().units.iter().position(|unit| unit.module.source == file)
    }

    /// A span as one of its whole file.
    pub fn whole(&self, span: Span) -> Span {
        match self.pieces.get(&span.source) {
            Some(&(file, start)) => Span { source: file, start: span.start + start, end: span.end + start },
            None => span,
        }
    }

    /// The text of a whole file.
    pub fn text(&self, file: SourceId) -> &str {
        &self.program().sources.get(file).text
    }

    /// The piece in which a byte of a module lies, and the byte there.
    fn piece(&self, unit: usize, offset: u32) -> (SourceId, u32) {
        let unit = &self.program().units[unit];
        let after = unit.pieces.partition_point(|&(_, start)| start <= offset);
        match after.checked_sub(1).and_then(|index| unit.pieces.get(index)) {
            Some(&(piece, start)) => (piece, offset - start),
            None => (unit.module.source, offset),
        }
    }

    /// The names of a piece.
    fn mentions_of(&self, piece: SourceId) -> &[Mention] {
        let first = self.mentions.partition_point(|mention| mention.span.source < piece);
        let last = self.mentions.partition_point(|mention| mention.span.source <= piece);
        &self.mentions[first..last]
    }

    /// The name at a byte of a module, or right before it; of several the shortest.
    fn mention(&self, unit: usize, offset: u32) -> Option<Mention> {
        let (piece, at) = self.piece(unit, offset);
        let here = self.mentions_of(piece).iter().filter(|it| it.span.start <= at && at <= it.span.end);
        here.min_by_key(|mention| mention.span.end - mention.span.start).copied()
    }

    /// What a doc comment says, without the secrets in it; nothing without one.
    fn doc(&self, doc: Option<&Doc>) -> String {
        let text = doc.map_or(String::new(), |doc| doc.text.clone());
        // What another one begins comes after that one.
        let secrets = self.program().sources.concealed().rev();
        secrets.fold(text, |text, secret| text.replace(secret, MASK))
    }

    fn slice(&self, span: Span) -> &str {
        self.program().sources.get(span.source).slice(span)
    }

    /// Where the thing is declared that a name at a byte stands for.
    pub fn definition(&self, unit: usize, offset: u32) -> Option<Definition> {
        let mention = self.mention(unit, offset)?;
        self.declaration(mention.of, self.slice(mention.span))
    }

    /// Where something is declared; `name` tells several names of one item apart.
    fn declaration(&self, of: Referent, name: &str) -> Option<Definition> {
        let program = self.program();
        Some(match of {
            Referent::Variable(span) | Referent::Declared(span) => Definition::Span(self.whole(span)),
            Referent::Item(at) => Definition::Span(self.whole(check::name_span(program.item(at), name))),
            Referent::Module(unit) => Definition::Span(Span::new(program.units[unit].module.source, 0, 0)),
            Referent::Script(source) => Definition::Span(Span::new(source, 0, 0)),
            Referent::Contract(index) => Definition::File(match program.contracts.get(index)? {
                Contract::Proto(proto) => proto.file().to_path_buf(),
                Contract::OpenApi(document) | Contract::Schema(document) => document.file().to_path_buf(),
            }),
            Referent::Known { .. } | Referent::Lint(_) => return None,
        })
    }

    /// Every place that names what the name at a byte stands for; the declaration too when `declared`.
    pub fn references(&self, unit: usize, offset: u32, declared: bool) -> Vec<Span> {
        let Some(mention) = self.mention(unit, offset) else { return Vec::new() };
        let own = match self.declaration(mention.of, self.slice(mention.span)) {
            Some(Definition::Span(span)) if !declared => Some(span),
            _ => None,
        };
        let same = self.mentions.iter().filter(|other| other.of == mention.of);
        same.map(|other| self.whole(other.span)).filter(|span| Some(*span) != own).collect()
    }

    /// The service that a request in a module is aimed at, with the module that declares it.
    fn service(&self, unit: usize, name: &str) -> Option<(usize, &crate::syntax::ast::Service)> {
        let (at, item) = self.program().lookup_item(unit, name)?;
        match &item.kind {
            ItemKind::Service(service) => Some((at.unit, service)),
            _ => None,
        }
    }
}
