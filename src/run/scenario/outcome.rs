//! How a scenario ended, and how that is reported when it never began.

use super::super::world::World;
use super::instance::{Instance, info};
use crate::check::PlannedScenario;
use crate::diag::Code;
use crate::event::{EventKind, Failure, Outcome, ScenarioInfo};

/// How a scenario ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
}

/// What an outcome means after retries and quarantine.
pub(super) fn settle(world: &World, planned: &PlannedScenario, outcome: Outcome, attempt: u32) -> Outcome {
    match outcome {
        Outcome::Passed if attempt > 1 => Outcome::Flaky,
        Outcome::Failed | Outcome::Inconclusive => match &planned.quarantine {
            Some(quarantine) if !is_over(world, quarantine.until.as_deref()) => {
                Outcome::Quarantined { issue: quarantine.issue.to_string() }
            }
            _ => outcome,
        },
        other => other,
    }
}

/// Whether the last day of a quarantine has passed. ISO dates compare as text.
fn is_over(world: &World, until: Option<&str>) -> bool {
    until.is_some_and(|until| world.clock.today().as_str() > until)
}

/// Reports a scenario that does not run, or not to its end.
fn ended(
    world: &World,
    instance: &Instance,
    scenario: ScenarioInfo,
    outcome: Outcome,
    failures: Vec<Failure>,
) -> Finished {
    world.events.send(EventKind::ScenarioFinished {
        id: instance.id,
        scenario,
        attempt: 1,
        retried: false,
        outcome: outcome.clone(),
        failures,
        took_us: 0,
        expectations: 0,
        requests: 0,
    });
    Finished { outcome }
}

pub(super) fn skipped(world: &World, instance: &Instance, scenario: ScenarioInfo, why: &str) -> Finished {
    ended(world, instance, scenario, Outcome::Skipped { why: why.to_owned() }, Vec::new())
}

pub(super) fn not_run(world: &World, instance: &Instance, scenario: ScenarioInfo) -> Finished {
    let why = "the run ended before it began".to_owned();
    ended(world, instance, scenario, Outcome::Skipped { why }, Vec::new())
}

/// Reports a scenario whose cases cannot be evaluated.
pub(crate) fn broken(world: &World, instance: &Instance, failures: Vec<Failure>) -> Finished {
    let planned = &world.plan.scenarios[instance.planned];
    ended(world, instance, info(world, planned, instance), Outcome::Failed, failures)
}

/// What is told of a panic: it is ours, and must not pass as anything.
pub(crate) fn panicked() -> Failure {
    let text = "scn itself is at fault: a part of it panicked, and what it was to find out is not known";
    let mut failure = Failure::new(Code::INTERNAL.name, text);
    failure.help = Some("please report it, with the message of the panic".to_owned());
    failure
}

/// Reports a scenario whose end was lost in a panic.
pub(crate) fn unfinished(world: &World, instance: &Instance) -> Finished {
    let planned = &world.plan.scenarios[instance.planned];
    ended(world, instance, info(world, planned, instance), Outcome::Broken, vec![panicked()])
}
