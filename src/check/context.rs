//! What the whole check shares: the program, the names, and what was found so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::Graph;
use super::index::Mention;
use super::plan::{Definition, ItemRef, Program};
use crate::diag::{Code, Diagnostic};
use crate::lang::Registry;
use crate::source::{SourceId, Span};
use crate::syntax::ast::ItemKind;

/// Shared state of one check.
pub(super) struct Context<'a> {
    pub(super) program: &'a Program,
    pub(super) registry: &'a Registry,
    pub(super) graph: Graph,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What cannot be executed yet, by the item in which it stands: reported only for items that
    /// the named modules reach.
    pub(super) not_yet: Vec<(ItemRef, Diagnostic)>,
    /// Imported names that were read, by unit.
    pub(super) used: BTreeSet<(usize, Arc<str>)>,
    /// By unit: names whose import failed, so that their use is no second mistake.
    pub(super) lost: Vec<BTreeSet<Arc<str>>>,
    /// By unit: a module whose every name is imported could not be read, so any name may be its.
    pub(super) opaque: Vec<bool>,
    /// The functions of script files, when they compile.
    pub(super) scripts: super::script::ScriptNames,
    /// The items that were walked, or are being.
    pub(super) walked: BTreeSet<ItemRef>,
    /// How many items are being walked since others need what they give.
    pub(super) walking: usize,
    /// What was found in items that were walked before their turn.
    pub(super) aside: Vec<Diagnostic>,
    /// What contracts say of what items give.
    pub(super) given: BTreeMap<ItemRef, super::contract::Known<'a>>,
    /// The pieces that hold nothing but scenarios.
    pub(super) leaves: BTreeSet<SourceId>,
    /// What the names that were met stand for.
    pub(super) mentions: Vec<Mention>,
    /// The actions that operations of workloads call, and where.
    pub(super) operations: Vec<(ItemRef, Span)>,
}

impl<'a> Context<'a> {
    pub(super) fn new(program: &'a Program, registry: &'a Registry) -> Context<'a> {
        Context {
            program,
            registry,
            graph: Graph::default(),
            diagnostics: Vec::new(),
            not_yet: Vec::new(),
            used: BTreeSet::new(),
            lost: vec![BTreeSet::new(); program.units.len()],
            opaque: vec![false; program.units.len()],
            scripts: super::script::ScriptNames::default(),
            walked: BTreeSet::new(),
            walking: 0,
            aside: Vec::new(),
            given: BTreeMap::new(),
            leaves: super::memo::leaves(program),
            mentions: Vec::new(),
            operations: Vec::new(),
        }
    }

    /// Reports.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports, when the item is reached, that something cannot be executed yet.
    pub(super) fn not_yet(&mut self, item: ItemRef, span: Span, what: &str, why: Option<&str>) {
        let message = format!("{what} cannot be executed yet");
        let diagnostic = Diagnostic::error(Code::NOT_YET, span, message).label("read and checked, not run");
        self.not_yet.push((
            item,
            match why {
                Some(why) => diagnostic.help(why),
                None => diagnostic,
            },
        ));
    }

    /// The lines that could not be read and on which something may be declared that an item looks for.
    /// Other scenarios declare nothing.
    pub(super) fn broken_around(&self, at: ItemRef) -> impl Iterator<Item = Span> {
        let own = self.program.item(at).span.source;
        let broken = self.program.units[at.unit].broken.iter().copied();
        broken.filter(move |line| line.source == own || !self.leaves.contains(&line.source))
    }

    /// Whether there are such lines.
    pub(super) fn is_broken_around(&self, at: ItemRef) -> bool {
        self.broken_around(at).next().is_some()
    }

    /// Whether the parser could not read a part of this file: names may be declared there.
    pub(super) fn is_broken(&self, unit: usize) -> bool {
        !self.program.units[unit].broken.is_empty()
    }

    /// Whether the parser had something to say of the line.
    pub(super) fn is_broken_at(&self, span: Span) -> bool {
        self.program
            .units
            .iter()
            .flat_map(|unit| &unit.broken)
            .any(|line| line.source == span.source && line.contains(span.start))
    }

    /// What a name means at the top level of a module; it then counts as used.
    pub(super) fn lookup(&mut self, unit: usize, name: &str) -> Option<Definition> {
        let definition = self.program.lookup(unit, name)?;
        self.used.insert((unit, name.into()));
        Some(definition)
    }
}

/// The word for an item, and its name with its place, when it has one.
pub fn describe(kind: &ItemKind) -> (&'static str, Option<&crate::syntax::ast::Ident>) {
    use crate::syntax::ast::LetTarget;
    match kind {
        ItemKind::Use(_) => ("import", None),
        ItemKind::Seed(_) => ("seed", None),
        ItemKind::Let(item) => match &item.target {
            LetTarget::Name(name) => ("variable", Some(name)),
            LetTarget::List(..) => ("variable", None),
        },
        ItemKind::Input(item) => ("input", Some(&item.name)),
        ItemKind::Secret(item) => ("secret", Some(&item.name)),
        ItemKind::Service(item) => ("service", Some(&item.name)),
        ItemKind::Environment(item) => ("environment", Some(&item.name)),
        ItemKind::Double(item) => ("double", Some(&item.name)),
        ItemKind::Profile(item) => ("profile", Some(&item.name)),
        ItemKind::Stage(item) => ("stage", Some(&item.name)),
        ItemKind::Shape(item) => ("shape", Some(&item.name)),
        ItemKind::Fixture(item) => ("fixture", Some(&item.name)),
        ItemKind::Action(item) => ("action", Some(&item.name)),
        ItemKind::Check(item) => ("check", Some(&item.name)),
        ItemKind::Fn(item) => ("function", Some(&item.name)),
        ItemKind::Owner(item) => ("owner", Some(&item.name)),
        ItemKind::Scenario(_) => ("scenario", None),
        ItemKind::Error => ("item", None),
    }
}
