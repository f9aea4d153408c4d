//! The order of stages.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::context::Context;
use super::plan::{ItemRef, PlannedStage, Program};
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Ident, ItemKind, Stage};

/// Resolves a name after `after`; a stage that is not there makes this one unreachable.
pub(super) fn resolve(walker: &mut Walker<'_, '_>, name: &Ident) {
    let program = walker.cx.program;
    if let Some((at, item)) = program.lookup_item(walker.item.unit, &name.name)
        && matches!(item.kind, ItemKind::Stage(_))
    {
        walker.cx.lookup(walker.item.unit, &name.name);
        walker.cx.graph.mentions(walker.item, at);
        walker.note(name.span, super::plan::Definition::Item(at));
        return;
    }
    if walker.may_be_lost(&name.name) {
        return;
    }
    let names = &program.units[walker.item.unit].names;
    let known: Vec<&str> = names
        .iter()
        .filter(|(name, _)| {
            program
                .lookup_item(walker.item.unit, name)
                .is_some_and(|(_, item)| matches!(item.kind, ItemKind::Stage(_)))
        })
        .map(|(name, _)| &**name)
        .collect();
    let message = format!("this stage can never run: there is no stage `{}`", name.name);
    walker
        .push(Diagnostic::error(Code::UNREACHABLE_STAGE, name.span, message).did_you_mean(&name.name, known));
}

/// The stages that a stage names after `after`.
fn before(program: &Program, at: ItemRef) -> Vec<(ItemRef, &Ident)> {
    let ItemKind::Stage(Stage { after, .. }) = &program.item(at).kind else { return Vec::new() };
    after
        .iter()
        .filter_map(|name| {
            let (before, item) = program.lookup_item(at.unit, &name.name)?;
            matches!(item.kind, ItemKind::Stage(_)).then_some((before, name))
        })
        .collect()
}

/// Reports circles among stages, each once.
pub(super) fn circles(cx: &mut Context<'_>) {
    let program = cx.program;
    let stages: Vec<ItemRef> = program
        .items()
        .filter(|(_, item)| matches!(item.kind, ItemKind::Stage(_)))
        .map(|(at, _)| at)
        .collect();
    let mut reported: BTreeSet<ItemRef> = BTreeSet::new();
    for &start in &stages {
        if reported.contains(&start) {
            continue;
        }
        let Some(circle) = way_back(program, start) else { continue };
        let names: Vec<String> =
            circle.iter().chain([&start]).map(|&at| format!("`{}`", name_of(program, at))).collect();
        reported.extend(&circle);
        let Some((_, span)) = before(program, start)
            .into_iter()
            .find(|(at, _)| circle.get(1).is_none_or(|second| at == second))
            .map(|(at, name)| (at, name.span))
        else {
            continue;
        };
        let message = format!("these stages can never run: each waits for the next, {}", names.join(" → "));
        cx.push(
            Diagnostic::error(Code::UNREACHABLE_STAGE, span, message).help("take one of the `after` away"),
        );
    }
}

/// The shortest way along `after` from a stage back to itself.
fn way_back(program: &Program, start: ItemRef) -> Option<Vec<ItemRef>> {
    let mut came_from: BTreeMap<ItemRef, ItemRef> = BTreeMap::new();
    let mut waiting = std::collections::VecDeque::from([start]);
    while let Some(at) = waiting.pop_front() {
        for (next, _) in before(program, at) {
            if next == start {
                let mut way = vec![at];
                while let Some(&earlier) = way.last().and_then(|last| came_from.get(last)) {
                    way.push(earlier);
                }
                way.reverse();
                return Some(way);
            }
            if let Entry::Vacant(new) = came_from.entry(next) {
                new.insert(at);
                waiting.push_back(next);
            }
        }
    }
    None
}

fn name_of(program: &Program, at: ItemRef) -> &str {
    match &program.item(at).kind {
        ItemKind::Stage(stage) => &stage.name.name,
        _ => "",
    }
}

/// The stages of a plan, each after those it names, otherwise in order of file and line. The
/// first, without a name, is there when `unstaged` is.
pub(super) fn ordered(program: &Program, wanted: &BTreeSet<ItemRef>, unstaged: bool) -> Vec<PlannedStage> {
    let mut stages = Vec::new();
    if unstaged {
        stages.push(PlannedStage {
            name: "".into(),
            item: None,
            after: Vec::new(),
            services: Vec::new(),
            fixtures: Vec::new(),
        });
    }
    // All that the wanted ones wait for.
    let mut all: BTreeSet<ItemRef> = BTreeSet::new();
    let mut waiting: Vec<ItemRef> = wanted.iter().copied().collect();
    while let Some(at) = waiting.pop() {
        if all.insert(at) {
            waiting.extend(before(program, at).into_iter().map(|(at, _)| at));
        }
    }
    let mut placed: BTreeMap<ItemRef, usize> = BTreeMap::new();
    let mut left: Vec<ItemRef> = all.into_iter().collect();
    while !left.is_empty() {
        // The first that waits for nothing more; in a circle, which is an error, just the first.
        let next = left
            .iter()
            .position(|&at| before(program, at).iter().all(|(earlier, _)| placed.contains_key(earlier)))
            .unwrap_or(0);
        let at = left.remove(next);
        let mut after: Vec<usize> =
            before(program, at).iter().filter_map(|(earlier, _)| placed.get(earlier).copied()).collect();
        after.sort_unstable();
        after.dedup();
        placed.insert(at, stages.len());
        stages.push(PlannedStage {
            name: name_of(program, at).into(),
            item: Some(at),
            after,
            services: Vec::new(),
            fixtures: Vec::new(),
        });
    }
    stages
}
