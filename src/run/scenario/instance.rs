//! One thing to run of a scenario: itself, or one of its cases.

use super::super::env::Env;
use super::super::world::World;
use crate::check::PlannedScenario;
use crate::event::ScenarioInfo;
use crate::shape::DrawKey;
use crate::value::{Value, show_short};

/// How much of a scenario's titles and cases events carry.
const CASE_WIDTH: usize = 120;

/// One scenario or one of its cases.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// Names it in events.
    pub(crate) id: u32,
    /// Index in the plan.
    pub(crate) planned: usize,
    /// Its case: which of how many, with its values.
    pub(crate) case: Option<(usize, usize, Value)>,
}

/// The key of everything that a scenario draws: the run's, unless it has a seed of its own.
pub(crate) fn seed_of(world: &World, planned: &PlannedScenario) -> DrawKey {
    planned.seed.map_or(world.key, DrawKey::new)
}

/// The scope in which a scenario's statements begin.
pub(super) fn scenario_env(world: &World, planned: &PlannedScenario, instance: &Instance) -> Env {
    let mut key = seed_of(world, planned)
        .with(world.unit_name(planned.item.unit))
        .with(format!("scenario {}", planned.title));
    if let Some((index, _, _)) = &instance.case {
        key = key.with(format!("case {index}"));
    }
    let mut env = Env::of_unit(planned.item.unit, key, world.plan.program.item(planned.item).span.start);
    if let Some((_, _, case)) = &instance.case {
        env.bind("case".into(), case.clone());
    }
    env
}

pub(super) fn info(world: &World, planned: &PlannedScenario, instance: &Instance) -> ScenarioInfo {
    let item = world.plan.program.item(planned.item);
    let source = world.plan.program.sources.get(world.plan.program.units[planned.item.unit].module.source);
    let doc = item.doc.as_ref().and_then(|doc| doc.text.lines().next().map(str::to_owned));
    let case = instance.case.as_ref().map_or_else(String::new, |(index, count, value)| {
        format!("case {} of {count} {}", index + 1, show_short(value, CASE_WIDTH))
    });
    ScenarioInfo {
        title: planned.title.to_string(),
        case,
        file: source.name.clone(),
        line: planned.lines.0,
        stage: world.plan.stages.get(planned.stage).map_or_else(String::new, |stage| stage.name.to_string()),
        tags: planned.tags.iter().map(ToString::to_string).collect(),
        owner: planned.owner.as_ref().map(ToString::to_string),
        doc,
    }
}
