//! One thing to run of a scenario: itself, or one of its cases and combinations.

use std::sync::Arc;

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::Flow;
use super::super::service::Variation;
use super::super::world::World;
use super::row::{Cell, rows};
use crate::check::{ItemRef, MAX_COMBINATIONS, PlannedScenario};
use crate::diag::Code;
use crate::event::{Failure, ScenarioInfo};
use crate::shape::DrawKey;
use crate::value::{Value, show_short};

/// How much of a case events carry.
const CASE_WIDTH: usize = 120;

/// One scenario, or one of its cases and combinations.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// Names it in events.
    pub(crate) id: u32,
    /// Index in the plan.
    pub(crate) planned: usize,
    /// Its combination: the value of each name of `@matrix`.
    pub(crate) row: Vec<Cell>,
    /// Its case: which of how many, with its values.
    pub(crate) case: Option<(usize, usize, Value)>,
}

impl Instance {
    fn whole(id: u32, planned: usize) -> Instance {
        Instance { id, planned, row: Vec::new(), case: None }
    }

    /// What names it among the others of its scenario, part by part: `mode: fast`, `case 2`.
    pub(crate) fn parts(&self) -> Vec<String> {
        let row = self.row.iter().map(|cell| format!("{}: {}", cell.name, cell.text));
        row.chain(self.case.iter().map(|(index, ..)| format!("case {}", index + 1))).collect()
    }

    /// The same for people, with the values of the case.
    fn title(&self) -> String {
        let row = self.row.iter().map(|cell| format!("{}: {}", cell.name, cell.text));
        let case = self.case.iter().map(|(index, count, value)| {
            format!("case {} of {count} {}", index + 1, show_short(value, CASE_WIDTH))
        });
        row.chain(case).collect::<Vec<_>>().join(", ")
    }

    /// As what a service runs for it.
    pub(crate) fn variation(&self, service: ItemRef) -> Variation {
        let variant = self.row.iter().find_map(|cell| cell.variant_of(service));
        Variation::of(variant.flatten())
    }
}

/// What is to run of a scenario: each case in each combination. Where the list of values or cases
/// fails, a single instance carries the failures.
pub(crate) async fn instances(
    world: &Arc<World>,
    cx: &Arc<Cx>,
    planned: usize,
    next_id: &mut u32,
) -> Vec<(Instance, Vec<Failure>)> {
    let mut id = || {
        *next_id += 1;
        *next_id - 1
    };
    let all = async {
        let rows = rows(world, cx, planned).await?;
        let cases = cases(world, cx, planned).await?;
        let count = rows.len() * cases.len();
        let scenario = &world.plan.scenarios[planned];
        if !scenario.matrix.is_empty() && count > MAX_COMBINATIONS {
            let env = list_env(world, scenario, "matrix");
            let span = world.plan.program.item(scenario.item).span;
            let text =
                format!("these are {count} combinations, and a scenario runs at most {MAX_COMBINATIONS}");
            return Err(cx.failure(&env, Code::BAD_VALUE, span, text).into());
        }
        Flow::Ok((rows, cases))
    };
    match all.await {
        Ok((rows, cases)) => {
            let mut found = Vec::with_capacity(rows.len() * cases.len());
            for row in &rows {
                for case in &cases {
                    let instance =
                        Instance { row: row.clone(), case: case.clone(), ..Instance::whole(id(), planned) };
                    found.push((instance, Vec::new()));
                }
            }
            found
        }
        Err(stop) => vec![(Instance::whole(id(), planned), stop.into_failures())],
    }
}

/// The cases of a scenario; one without `@cases` runs once, without a case.
async fn cases(world: &Arc<World>, cx: &Arc<Cx>, planned: usize) -> Flow<Vec<Option<(usize, usize, Value)>>> {
    let scenario = &world.plan.scenarios[planned];
    let Some(list) = &scenario.cases else { return Ok(vec![None]) };
    let env = list_env(world, scenario, "cases");
    match cx.eval(&env, list).await? {
        Value::List(cases) if !cases.is_empty() => {
            let count = cases.len();
            let each = cases.iter().enumerate();
            Ok(each.map(|(index, case)| Some((index, count, case.clone()))).collect())
        }
        other => {
            let message = format!(
                "`@cases` takes a list with at least one case, and this is {}",
                show_short(&other, 60)
            );
            Err(cx.bad_value(&env, list.span, message))
        }
    }
}

/// Where the lists of a scenario's attributes are evaluated: at module level.
pub(super) fn list_env(world: &World, planned: &PlannedScenario, what: &str) -> Env {
    let key = seed_of(world, planned)
        .with(world.unit_name(planned.item.unit))
        .with(format!("{what} {}", planned.title));
    Env::of_unit(planned.item.unit, key, world.plan.program.item(planned.item).span.start)
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
    // By names and values, in an order that does not depend on how they are written: another
    // value, or another order, changes no byte of the combinations that were there.
    let mut row: Vec<&Cell> = instance.row.iter().collect();
    row.sort_by(|a, b| a.name.cmp(&b.name));
    for cell in row {
        key = key.with(format!("matrix {} = {}", cell.name, cell.key()));
    }
    if let Some((index, _, _)) = &instance.case {
        key = key.with(format!("case {index}"));
    }
    let mut env = Env::of_unit(planned.item.unit, key, world.plan.program.item(planned.item).span.start);
    for (name, value) in instance.row.iter().filter_map(Cell::binding) {
        env.bind(name, value);
    }
    if let Some((_, _, case)) = &instance.case {
        env.bind("case".into(), case.clone());
    }
    env
}

/// Who it is, for events.
pub(super) fn info(world: &World, planned: &PlannedScenario, instance: &Instance) -> ScenarioInfo {
    let item = world.plan.program.item(planned.item);
    let source = world.plan.program.sources.get(world.plan.program.units[planned.item.unit].module.source);
    let doc = item.doc.as_ref().and_then(|doc| doc.text.lines().next().map(str::to_owned));
    ScenarioInfo {
        title: planned.title.to_string(),
        case: instance.title(),
        instance: instance.parts().join(", "),
        file: source.name.clone(),
        line: planned.lines.0,
        stage: world.plan.stages.get(planned.stage).map_or_else(String::new, |stage| stage.name.to_string()),
        tags: planned.tags.iter().map(ToString::to_string).collect(),
        owner: planned.owner.as_ref().map(ToString::to_string),
        doc,
    }
}
