//! What is kept from one check to the next. Nothing needs a scenario, so what was found in one holds
//! until its text changes, or anything that is no scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Context;
use super::graph::Edges;
use super::index::Mention;
use super::plan::{Import, ItemRef, Program};
use super::walker::Walker;
use crate::contract::Contract;
use crate::diag::Diagnostic;
use crate::source::{SourceId, Span};
use crate::syntax::ast::ItemKind;

/// What the last check found in scenarios that were read as pieces of their own.
#[derive(Debug, Default)]
pub struct Memo {
    around: Around,
    /// By the piece, whose text never changes, and the byte at which the scenario begins.
    scenarios: BTreeMap<(SourceId, u32), Walked>,
}

/// All that what is found in a scenario depends on, but for its own text.
#[derive(Debug, Default, PartialEq, Eq)]
struct Around {
    /// By unit: its items but for scenarios, whose places are kept free.
    items: Vec<Vec<Option<(SourceId, u32)>>>,
    imports: Vec<BTreeMap<usize, Import>>,
    named: Vec<bool>,
    contracts: Vec<usize>,
    profiles: Option<usize>,
    numbering: u32,
    broken: Vec<Span>,
    lost: Vec<BTreeSet<Arc<str>>>,
    opaque: Vec<bool>,
}

/// What was found in a scenario.
#[derive(Debug, Clone)]
struct Walked {
    diagnostics: Vec<Diagnostic>,
    not_yet: Vec<Diagnostic>,
    used: BTreeSet<(usize, Arc<str>)>,
    mentions: Vec<Mention>,
    operations: Vec<(ItemRef, Span)>,
    edges: Edges,
}

/// The pieces that hold nothing but scenarios.
pub(super) fn leaves(program: &Program) -> BTreeSet<SourceId> {
    let mut leaves: BTreeSet<SourceId> =
        program.units.iter().flat_map(|unit| unit.pieces.iter().map(|&(piece, _)| piece)).collect();
    for (_, item) in program.items() {
        if !matches!(item.kind, ItemKind::Scenario(_)) {
            leaves.remove(&item.span.source);
        }
    }
    leaves
}

/// Walks every item; a scenario only when it was not walked as it is.
pub(super) fn walk(cx: &mut Context<'_>, memo: &mut Memo) {
    let program = cx.program;
    let around = Around::of(cx);
    if memo.around != around {
        memo.scenarios.clear();
        memo.around = around;
    }
    let is_leaf = |at: ItemRef| cx.leaves.contains(&program.item(at).span.source);
    let (leaves, others): (Vec<ItemRef>, Vec<ItemRef>) =
        program.items().map(|(at, _)| at).partition(|at| is_leaf(*at));
    for at in others {
        if cx.walked.insert(at) {
            Walker::new(cx, at).item(program.item(at));
        }
    }
    let mut known = std::mem::take(&mut memo.scenarios);
    for at in leaves {
        let span = program.item(at).span;
        let key = (span.source, span.start);
        let walked = known.remove(&key).unwrap_or_else(|| cx.walk_apart(at));
        cx.add(at, &walked);
        memo.scenarios.insert(key, walked);
    }
}

impl Around {
    fn of(cx: &Context<'_>) -> Around {
        let program = cx.program;
        let place = |contract: &Contract| match contract {
            Contract::Proto(proto) => Arc::as_ptr(proto) as usize,
            Contract::OpenApi(document) | Contract::Schema(document) => Arc::as_ptr(document) as usize,
        };
        let mut around = Around {
            profiles: program.profiles,
            numbering: program.numbering,
            lost: cx.lost.clone(),
            opaque: cx.opaque.clone(),
            contracts: program.contracts.iter().map(place).collect(),
            ..Around::default()
        };
        for unit in &program.units {
            let items = unit.module.items.iter().map(|item| item.span);
            let others =
                items.map(|span| (!cx.leaves.contains(&span.source)).then_some((span.source, span.start)));
            around.items.push(others.collect());
            around.imports.push(unit.imports.clone());
            around.named.push(unit.named);
            around.contracts.extend(unit.contracts.values().map(place));
            around.broken.extend(unit.broken.iter().filter(|line| !cx.leaves.contains(&line.source)));
        }
        around
    }
}

impl Context<'_> {
    /// Walks an item, and keeps what was found apart from all else.
    fn walk_apart(&mut self, at: ItemRef) -> Walked {
        let program = self.program;
        let diagnostics = std::mem::take(&mut self.diagnostics);
        let not_yet = std::mem::take(&mut self.not_yet);
        let used = std::mem::take(&mut self.used);
        let mentions = std::mem::take(&mut self.mentions);
        let operations = std::mem::take(&mut self.operations);
        self.walked.insert(at);
        Walker::new(self, at).item(program.item(at));
        Walked {
            diagnostics: std::mem::replace(&mut self.diagnostics, diagnostics),
            not_yet: std::mem::replace(&mut self.not_yet, not_yet).into_iter().map(|(_, it)| it).collect(),
            used: std::mem::replace(&mut self.used, used),
            mentions: std::mem::replace(&mut self.mentions, mentions),
            operations: std::mem::replace(&mut self.operations, operations),
            edges: self.graph.edges_of(at),
        }
    }

    /// Adds what was found in an item to all else.
    fn add(&mut self, at: ItemRef, walked: &Walked) {
        self.diagnostics.extend(walked.diagnostics.iter().cloned());
        self.not_yet.extend(walked.not_yet.iter().map(|diagnostic| (at, diagnostic.clone())));
        self.used.extend(walked.used.iter().cloned());
        self.mentions.extend(&walked.mentions);
        self.operations.extend(&walked.operations);
        self.graph.put(at, &walked.edges);
    }
}
