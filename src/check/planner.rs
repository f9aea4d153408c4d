//! From what the walk found to the plan.

use std::collections::{BTreeMap, BTreeSet};

use super::attribute;
use super::callers::callers;
use super::graph::{Disturbed, Graph};
use super::matrix;
use super::plan::{Ends, ItemRef, Party, PlannedDouble, PlannedScenario, PlannedStage, Program};
use super::stages;
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, Scenario};

/// Everything of a [`super::Plan`] but its program.
pub(super) struct Parts {
    pub(super) stages: Vec<PlannedStage>,
    pub(super) scenarios: Vec<PlannedScenario>,
    pub(super) seed: Option<u64>,
    pub(super) inputs: BTreeMap<ItemRef, Vec<ItemRef>>,
}

/// Makes the plan of a program whose names are resolved.
pub(super) fn plan(program: &Program, graph: &Graph) -> Parts {
    let named = |at: &ItemRef| program.units[at.unit].named;
    let scenarios: Vec<(ItemRef, &Item, &Scenario)> = program
        .items()
        .filter(|(at, _)| named(at))
        .filter_map(|(at, item)| match &item.kind {
            ItemKind::Scenario(scenario) => Some((at, item, scenario)),
            _ => None,
        })
        .collect();
    let stage_of = |at: ItemRef, scenario: &Scenario| {
        let (stage, item) = program.lookup_item(at.unit, &scenario.stage.as_ref()?.name)?;
        matches!(item.kind, ItemKind::Stage(_)).then_some(stage)
    };
    let mut wanted: BTreeSet<ItemRef> = program
        .items()
        .filter(|(at, item)| named(at) && matches!(item.kind, ItemKind::Stage(_)))
        .map(|(at, _)| at)
        .collect();
    wanted.extend(scenarios.iter().filter_map(|&(at, _, scenario)| stage_of(at, scenario)));
    let unstaged = scenarios.iter().any(|&(at, _, scenario)| stage_of(at, scenario).is_none());
    let mut stages = stages::ordered(program, &wanted, unstaged);
    for stage in &mut stages {
        if let Some(item) = stage.item {
            let reached = graph.closure([item]);
            stage.services = of_kind(program, &reached, is_service);
            stage.fixtures = of_kind(program, &reached, is_fixture);
        }
    }
    let scenarios = scenarios
        .into_iter()
        .map(|(at, item, scenario)| {
            let place = stage_of(at, scenario);
            let stage = stages.iter().position(|stage| stage.item == place).unwrap_or(0);
            planned(program, graph, at, item, scenario, stage)
        })
        .collect();
    let seed = program.items().filter(|(at, _)| named(at)).find_map(|(_, item)| match &item.kind {
        ItemKind::Seed(value) => seed(value),
        _ => None,
    });
    Parts { stages, scenarios, seed, inputs: inputs(program, graph) }
}

/// The inputs and secrets that each scenario, stage and service reads itself.
fn inputs(program: &Program, graph: &Graph) -> BTreeMap<ItemRef, Vec<ItemRef>> {
    let service = |at: &ItemRef| is_service(&program.item(*at).kind);
    let readers = program.items().filter(|(_, item)| {
        matches!(item.kind, ItemKind::Scenario(_) | ItemKind::Stage(_) | ItemKind::Service(_))
    });
    readers
        .map(|(at, _)| {
            let own = graph.direct(at).filter(|next| !service(next));
            let reached = graph.closure_without(own, service);
            (at, of_kind(program, &reached, |kind| matches!(kind, ItemKind::Input(_) | ItemKind::Secret(_))))
        })
        .filter(|(_, inputs)| !inputs.is_empty())
        .collect()
}

fn planned(
    program: &Program,
    graph: &Graph,
    at: ItemRef,
    item: &Item,
    scenario: &Scenario,
    stage: usize,
) -> PlannedScenario {
    let doubles: Vec<PlannedDouble> = graph.played_by(at).cloned().collect();
    let is_played = |item: ItemRef| doubles.iter().any(|double| double.service == item);
    let reached = graph.closure_up_to([at], is_played);
    let mut services = of_kind(program, &reached, is_service);
    // One that nobody calls is played all the same.
    let uncalled = doubles.iter().map(|double| double.service).filter(|service| !reached.contains(service));
    services.extend(uncalled.collect::<Vec<_>>());
    let source = program.sources.get(scenario.title.span.source);
    let first = source.line_column(scenario.title.span.start).0;
    let last = source.line_column(item.span.end.saturating_sub(1)).0;
    let said = attribute::said(item);
    PlannedScenario {
        item: at,
        title: scenario.title.plain().unwrap_or_default(),
        lines: (first, last.max(first)),
        stage,
        tags: said.tags,
        owner: said.owner,
        timeout: said.timeout,
        serial: said.serial,
        retries: said.retries,
        skip: said.skip,
        quarantine: said.quarantine,
        cases: said.cases,
        matrix: matrix::axes(program, at.unit, item),
        seed: said.seed,
        leases: leases(program, graph, &reached, &services, &doubles),
        services,
        links: links(program, graph, &reached, &doubles),
        fixtures: of_kind(program, &reached, is_fixture),
        doubles,
    }
}

/// The links that a scenario observes or breaks, and those that lead its services to a double of
/// one that is usually there, each once.
fn links(program: &Program, graph: &Graph, reached: &[ItemRef], doubles: &[PlannedDouble]) -> Vec<Ends> {
    let mut links: BTreeSet<Ends> = reached.iter().flat_map(|&item| graph.links_of(item)).collect();
    let services = of_kind(program, reached, is_service);
    for to in doubles.iter().map(|double| double.service).filter(|&to| super::double::has_place(program, to))
    {
        links.extend(
            callers(program, &services, to).into_iter().map(|from| Ends { from: Party::Service(from), to }),
        );
    }
    links.into_iter().collect()
}

/// The services that a scenario disturbs, with all they connect to.
fn leases(
    program: &Program,
    graph: &Graph,
    reached: &[ItemRef],
    services: &[ItemRef],
    doubles: &[PlannedDouble],
) -> Vec<ItemRef> {
    let mut disturbed: BTreeSet<ItemRef> = BTreeSet::new();
    // Who calls a double gets other answers than usual.
    for played in doubles.iter().map(|double| double.service) {
        disturbed.insert(played);
        disturbed.extend(callers(program, services, played));
    }
    for &item in reached {
        for whom in graph.disturbed_by(item) {
            match whom {
                Disturbed::Service(service) => {
                    disturbed.insert(service);
                }
                // Only the run knows which one: it may be any that the scenario reaches.
                Disturbed::Unknown => disturbed.extend(services),
            }
        }
    }
    of_kind(program, &graph.closure(disturbed), is_service)
}

fn of_kind(program: &Program, items: &[ItemRef], wanted: fn(&ItemKind) -> bool) -> Vec<ItemRef> {
    items.iter().copied().filter(|&at| wanted(&program.item(at).kind)).collect()
}

fn is_service(kind: &ItemKind) -> bool {
    matches!(kind, ItemKind::Service(_))
}

fn is_fixture(kind: &ItemKind) -> bool {
    matches!(kind, ItemKind::Fixture(_))
}

/// The number of `seed 42`.
pub(super) fn seed(value: &Expr) -> Option<u64> {
    match &value.kind {
        ExprKind::Number(number) => u64::try_from(number.to_i128()?).ok(),
        _ => None,
    }
}
