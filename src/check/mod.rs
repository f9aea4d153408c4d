//! Meaning: from trees to a plan, with every diagnostic at once. Synchronous, no IO, never fails.

mod attribute;
mod block;
mod call;
mod callers;
mod context;
mod contract;
mod contract_type;
mod double;
mod expect;
mod expr;
mod forall;
mod graph;
mod idempotent;
mod index;
mod item;
mod link;
mod literal;
mod matrix;
mod memo;
mod model;
mod modules;
mod names;
mod observe;
mod options;
mod pattern;
mod plan;
mod planner;
mod profile;
mod record;
mod request;
mod resolve;
mod scope;
mod script;
mod setting;
mod shapes;
mod sql;
mod stages;
#[cfg(test)]
mod tests;
mod touch;
mod types;
mod under;
mod walker;
mod workload;

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::lang::Registry;
use crate::source::Span;
use crate::syntax::ast::ItemKind;
use context::Context;
use walker::Walker;

pub use callers::{callers, read_by};
pub use context::describe;
pub use contract_type::TypeName;
pub(crate) use double::{ATTEMPT, CALLS, REQUEST, ignores, is_any};
pub use index::{Mention, Referent};
pub use link::{link_name, place as link_place};
pub(crate) use literal::{constant, plain};
pub use matrix::{CURRENT, MAX_COMBINATIONS, variants};
pub use memo::Memo;
pub use modules::{declared, name_span};
pub use names::SPECS;
pub use observe::PROPERTIES;
pub use plan::{
    Axis, AxisValues, Binding, Definition, Ends, Import, ItemRef, LinkName, Party, Plan, PlannedDouble,
    PlannedScenario, PlannedStage, Program, Quarantine, Unit,
};
pub use profile::{Attack, Profiled, attacks, key_of, probes, profile_of, same_of};
pub use touch::{Contact, contacts};
pub use under::crash_link;
pub use workload::{MOST_CLIENTS, name_of as operation_name};

/// Resolves every name, checks every item and makes the plan. The diagnostics are sorted by file
/// and place; a plan whose diagnostics hold an error must not run.
pub fn check(program: Program, registry: &Registry) -> (Plan, Vec<Diagnostic>) {
    let Analysis { plan, diagnostics, .. } = analyse(program, registry, &mut Memo::default());
    (plan, diagnostics)
}

/// What a check found.
#[derive(Debug)]
pub struct Analysis {
    /// The modules, with their names resolved, and what a run of them does.
    pub plan: Plan,
    /// Sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// What every name in the text stands for, in the order of the text.
    pub mentions: Vec<Mention>,
}

/// Resolves every name and checks every item, with what the last check left.
pub fn analyse(mut program: Program, registry: &Registry, memo: &mut Memo) -> Analysis {
    let names = resolve(&mut program);
    let mut cx = Context::new(&program, registry);
    cx.diagnostics = names.diagnostics;
    cx.lost = names.lost;
    cx.opaque = names.opaque;
    cx.mentions = names.mentions;
    cx.script_files();
    memo::walk(&mut cx, memo);
    circles(&mut cx);
    shapes::circles(&mut cx);
    stages::circles(&mut cx);
    workload::defers(&mut cx);
    double::missing(&mut cx);
    modules::unused(&mut cx);
    let mut diagnostics = std::mem::take(&mut cx.diagnostics);
    diagnostics.append(&mut cx.aside);
    diagnostics.extend(not_yet(&mut cx));
    sort(&mut diagnostics);
    let mut mentions = std::mem::take(&mut cx.mentions);
    mentions.sort();
    mentions.dedup();
    let planner::Parts { stages, scenarios, seed, inputs } = planner::plan(&program, &cx.graph);
    let plan = Plan { program: Arc::new(program), stages, scenarios, seed, inputs };
    Analysis { plan, diagnostics, mentions }
}

/// Gives each module its names; what else was found of them is the caller's.
fn resolve(program: &mut Program) -> modules::Names {
    let mut found = modules::names(program);
    for (unit, names) in program.units.iter_mut().zip(std::mem::take(&mut found.names)) {
        unit.names = names;
    }
    found
}

/// What is to be said of one item alone, the names of its module included: what an editor asks of an
/// item in which [`crate::diag::CURSOR`] stands.
pub fn ask(mut program: Program, registry: &Registry, at: ItemRef) -> Vec<Diagnostic> {
    let names = resolve(&mut program);
    let mut cx = Context::new(&program, registry);
    cx.diagnostics = names.diagnostics;
    cx.lost = names.lost;
    cx.walked.insert(at);
    Walker::new(&mut cx, at).item(program.item(at));
    cx.diagnostics
}

/// Sorts by file and place, and drops what was said twice.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let place = |d: &Diagnostic| (d.at.span.source, d.at.span.start, d.at.span.end);
        place(a)
            .cmp(&place(b))
            .then_with(|| a.code.name.cmp(b.code.name))
            .then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup();
}

/// What cannot be executed yet, of the named modules and of all they reach: a library may hold
/// more than this run needs.
fn not_yet(cx: &mut Context<'_>) -> Vec<Diagnostic> {
    let program = cx.program;
    let named = program.items().map(|(at, _)| at).filter(|at| program.units[at.unit].named);
    let reached = cx.graph.reached(named);
    let found = std::mem::take(&mut cx.not_yet);
    found.into_iter().filter(|(item, _)| reached.contains(item)).map(|(_, diagnostic)| diagnostic).collect()
}

/// Fixtures and top-level variables that need each other in a circle.
fn circles(cx: &mut Context<'_>) {
    let program = cx.program;
    let items: Vec<ItemRef> = program.items().map(|(at, _)| at).collect();
    let starts = |at: ItemRef| matches!(program.item(at).kind, ItemKind::Fixture(_) | ItemKind::Let(_));
    let through = |at: ItemRef| starts(at) || matches!(program.item(at).kind, ItemKind::Action(_));
    for circle in cx.graph.circles(&items, through, starts) {
        let name = |at: ItemRef| {
            let item = program.item(at);
            let (word, name) = describe(&item.kind);
            (
                name.map_or(word.to_owned(), |name| name.name.to_string()),
                name.map_or(item.span, |name| name.span),
            )
        };
        let places: Vec<(String, Span)> = circle.iter().map(|&at| name(at)).collect();
        let Some((first, span)) = places.first().cloned() else { continue };
        let mut way: Vec<String> = places.iter().map(|(name, _)| format!("`{name}`")).collect();
        way.push(format!("`{first}`"));
        let message = if places.len() == 1 {
            format!("`{first}` needs itself")
        } else {
            format!("these need each other in a circle: {}", way.join(" → "))
        };
        let mut diagnostic = Diagnostic::error(Code::DEPENDENCY_CYCLE, span, message);
        for (name, at) in places.iter().skip(1).filter(|(_, at)| at.source == span.source) {
            diagnostic = diagnostic.also(*at, format!("`{name}` goes on"));
        }
        cx.push(diagnostic);
    }
}
