//! Stages in order: their suites, their scenarios, their gates and hooks.

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt as _;
use tokio::task::JoinSet;

use super::cx::Cx;
use super::env::Env;
use super::flow::Stop;
use super::scenario::{Policy, Scope, admission, broken, clean_up, inconclusive, instances, run, unfinished};
use super::suite::{Reads, SuiteResult, run_suite};
use super::wanted::{Candidate, Wanted};
use super::world::World;
use crate::check::PlannedStage;
use crate::diag::Code;
use crate::event::{Detail, EventKind, Failure, Gate, Outcome, SuiteOutcome, Summary};
use crate::protocol::Session;
use crate::syntax::ast::{Block, Expr, ExprKind, ItemKind, SettingValue, Suite};
use crate::value::{Number, Value};

/// How long another runner's suite may take.
const SUITE: std::time::Duration = std::time::Duration::from_secs(1800);

/// How many cases and combinations a message names.
const LISTED: usize = 6;

/// How a stage ended.
pub(crate) struct Staged {
    /// How many scenarios and tests ended how.
    pub(crate) summary: Summary,
    /// Whether its gates held.
    pub(crate) held: bool,
    /// What its hooks, fixtures and gates failed with.
    pub(crate) failures: Vec<Failure>,
}

/// What a stage is asked to do.
pub(crate) struct StageWork<'a> {
    /// Index in the plan.
    pub(crate) stage: usize,
    /// The scenarios that were selected, as indexes in the plan.
    pub(crate) selected: &'a [usize],
    /// Which of their cases and combinations; all without it.
    pub(crate) wanted: Option<&'a Wanted>,
    /// Whether its suites run: they do unless some of its scenarios were left out.
    pub(crate) suites: bool,
    /// Numbers the scenarios.
    pub(crate) next_id: &'a mut u32,
}

/// Runs a stage.
pub(crate) async fn run_stage(
    world: &Arc<World>,
    policy: &Policy,
    whole_run: &Arc<Scope>,
    work: StageWork<'_>,
) -> Staged {
    let planned = &world.plan.stages[work.stage];
    let name = planned.name.to_string();
    let declared = planned.item.and_then(|item| match &world.plan.program.item(item).kind {
        ItemKind::Stage(stage) => Some((item, stage)),
        _ => None,
    });
    let cx = Arc::new(shared_context(world, policy, planned.item.map_or(0, |item| item.unit)));
    let scope = Arc::new(Scope::new(cx.clone()));
    world.counting.begin(&name);
    world.events.send(EventKind::StageStarted { stage: name.clone(), scenarios: work.selected.len() });
    let mut summary = Summary::default();
    let mut failures = Vec::new();
    if let Some((item, stage)) = declared
        && work.suites
    {
        for suite in &stage.suites {
            if policy.cancel.is_cancelled() {
                break;
            }
            let env = hook_env(world, item.unit, &name);
            count_suite(&mut summary, &suite_of(&cx, &env, policy, &name, suite).await);
        }
    }
    scenarios(world, policy, &[whole_run.clone(), scope.clone()], work, &cx, &mut summary).await;
    let mut gates = Vec::new();
    if let Some((item, stage)) = declared {
        let env = hook_env(world, item.unit, &name);
        let failed = summary.failed + summary.broken + summary.suite_failed + summary.inconclusive > 0;
        let hooks = [stage.on_failure.as_ref().filter(|_| failed), stage.finally.as_ref()];
        if hooks.iter().any(Option::is_some) {
            failures.extend(prepare_hooks(&cx, planned).await);
        }
        if failed && let Some(hook) = &stage.on_failure {
            failures.extend(run_hook(&cx, &env, policy, hook).await);
        }
        if let Some(hook) = &stage.finally {
            failures.extend(run_hook(&cx, &env, policy, hook).await);
        }
        if !policy.cancel.is_cancelled() {
            for condition in &stage.require {
                gates.push(gate(&cx, &env, &summary, condition, &mut failures).await);
            }
        }
    }
    failures.extend(clean_up(&cx, &policy.kill).await);
    let held = gates.iter().all(|gate| gate.held);
    world.events.send(EventKind::StageFinished { stage: name, gates, failures: failures.clone() });
    Staged { summary, held, failures }
}

/// Runs the selected scenarios of a stage, each case one, as many at a time as there are permits.
async fn scenarios(
    world: &Arc<World>,
    policy: &Policy,
    scopes: &[Arc<Scope>; 2],
    work: StageWork<'_>,
    cx: &Arc<Cx>,
    summary: &mut Summary,
) {
    let mut running = JoinSet::new();
    let mut place = work.stage;
    let mut left_out = Vec::new();
    for &index in work.selected {
        for (instance, failures) in instances(world, cx, index, work.next_id).await {
            let parts = instance.parts();
            let candidate = Candidate { planned: index, parts: &parts, place };
            place += 1;
            // What could not be evaluated may be any of them.
            if failures.is_empty() && work.wanted.is_some_and(|wanted| !wanted.has(&candidate)) {
                left_out.push(parts.join(", "));
                continue;
            }
            let (world, policy, scopes) = (world.clone(), policy.clone(), scopes.clone());
            let mut admitted = admission(&world, &policy, index);
            // Asked for here and not in its own task, so that they stand in line in their order.
            let asked = poll_fn(|cx| Poll::Ready(admitted.as_mut().poll(cx))).await;
            if let Poll::Ready(held) = asked {
                admitted = Box::pin(std::future::ready(held));
            }
            running.spawn(async move {
                if !failures.is_empty() {
                    return broken(&world, &instance, failures);
                }
                let ended = AssertUnwindSafe(run(&world, &policy, &scopes, &instance, admitted));
                ended.catch_unwind().await.unwrap_or_else(|_| unfinished(&world, &instance))
            });
        }
    }
    if running.is_empty() && !left_out.is_empty() {
        world.events.send(nothing_selected(&left_out));
    }
    while let Some(finished) = running.join_next().await {
        summary.count(&finished.map_or(Outcome::Broken, |finished| finished.outcome));
    }
}

/// Says what there would have been, when the selection leaves out every case and combination.
fn nothing_selected(left_out: &[String]) -> EventKind {
    let named = left_out.iter().filter(|name| !name.is_empty()).take(LISTED);
    let named: Vec<String> = named.map(|name| format!("`{name}`")).collect();
    let more = if left_out.len() > LISTED { ", …" } else { "" };
    let message = match named.as_slice() {
        [] => "no scenario of the stage is selected".to_owned(),
        named => format!("no case or combination is selected; there are {}{more}", named.join(", ")),
    };
    EventKind::Warning { code: Code::USAGE.name.to_owned(), message, place: None }
}

/// A context that belongs to no scenario: for hooks, gates and shared fixtures.
pub(crate) fn shared_context(world: &Arc<World>, policy: &Policy, unit: usize) -> Cx {
    let dir = world.plan.program.units.get(unit).map_or_else(|| world.root.clone(), |unit| unit.dir.clone());
    let trace = "0".repeat(31) + "1";
    let cancel = policy.cancel.child_token();
    let mut session =
        Session::new(world.redactor.clone(), cancel.clone(), dir, trace, world.processes.clone());
    session.only_safe = world.only_safe;
    Cx::new(world.clone(), None, Arc::new(session), cancel, None)
}

fn hook_env(world: &World, unit: usize, stage: &str) -> Env {
    Env::of_unit(unit, world.key.with(world.unit_name(unit)).with(format!("stage {stage}")), 0)
}

/// Starts the services and sets up the fixtures that a stage's hooks reach.
async fn prepare_hooks(cx: &Arc<Cx>, planned: &PlannedStage) -> Vec<Failure> {
    let mut failures = Vec::new();
    for &service in &planned.services {
        if let Some(service) = cx.world.service(service)
            && let Err(failure) = cx.ensure_running(&service).await
        {
            failures.push(*failure);
        }
    }
    for &fixture in &planned.fixtures {
        match cx.set_up(fixture, &cx.world.key).await {
            Ok(value) => {
                super::cx::lock(&cx.fixtures).insert(fixture, value);
            }
            Err(stop) => failures.extend(stop.into_failures()),
        }
    }
    failures
}

/// Runs a hook even after an interrupt: it is cleanup.
async fn run_hook(cx: &Arc<Cx>, env: &Env, policy: &Policy, hook: &Block) -> Vec<Failure> {
    let cleanup = Arc::new(cx.for_cleanup(policy.kill.child_token()));
    let mut inner = env.clone();
    let number = inner.begin_try();
    let flow = tokio::select! {
        flow = cleanup.statements(&mut inner, &hook.statements, None) => flow,
        () = tokio::time::sleep(policy.timeout) => {
            let within = crate::value::show(&Value::duration(policy.timeout));
            let text = format!("the block did not end within {within}");
            let mut failure = cleanup.failure(env, Code::TIMED_OUT, hook.span, text);
            failure.help = Some("`--timeout` gives every scenario and every such block more time".to_owned());
            Err(failure.into())
        }
        () = policy.kill.cancelled() => Err(Stop::Cancelled),
    };
    let mut failures = match cleanup.all_judged(number, flow) {
        Ok(_) | Err(Stop::Return(_)) => Vec::new(),
        Err(Stop::Unknown(failures)) => inconclusive(failures),
        Err(stop) => stop.into_failures(),
    };
    failures.extend(clean_up(&cleanup, &policy.kill).await);
    failures
}

/// Judges a gate over what the stage came to.
async fn gate(
    cx: &Arc<Cx>,
    env: &Env,
    summary: &Summary,
    condition: &Expr,
    failures: &mut Vec<Failure>,
) -> Gate {
    let mut env = env.clone();
    for (name, value) in gate_values(summary) {
        env.bind(name.into(), value);
    }
    let observer = super::env::Observer::default();
    let written = cx.written(condition.span);
    let judged = cx.judge(&env.observed(&observer), condition).await;
    let mut held = match judged {
        Ok(judgement) => judgement.holds,
        Err(stop) => {
            failures.extend(stop.into_failures());
            false
        }
    };
    let mut values = cx.observed(&observer);
    if nothing_ran(summary) {
        held = false;
        values.push(Detail::Note { text: "nothing ran in this stage, which proves nothing".to_owned() });
    }
    Gate { condition: written, values, held }
}

/// Whether a stage is empty: it passes no gate, not even one that holds over nothing.
fn nothing_ran(summary: &Summary) -> bool {
    let ran = Summary { skipped: 0, suite_skipped: 0, ..*summary };
    ran == Summary::default()
}

/// The names that gates read. Rates over nothing are zero.
pub(crate) const GATE_NAMES: &[&str] =
    &["pass_rate", "flaky_rate", "passed", "failed", "flaky", "skipped", "quarantined", "total"];

fn gate_values(summary: &Summary) -> Vec<(&'static str, Value)> {
    let passed = summary.passed + summary.suite_passed;
    let failed =
        summary.failed + summary.broken + summary.inconclusive + summary.interrupted + summary.suite_failed;
    let skipped = summary.skipped + summary.suite_skipped;
    // A quarantined failure is known and kept from failing anything; it counts for neither side.
    let ran = passed + failed;
    let rate = |part: u32, whole: u32| -> Value {
        if whole == 0 {
            return Value::int(0);
        }
        let exact = Number::Int(i128::from(part)).div(&Number::Int(i128::from(whole)));
        // Endless digits are cut after six: gates compare percentages.
        Value::Number(exact.unwrap_or_else(|_| Number::Decimal(Box::new(ratio(part, whole)))))
    };
    let values = [
        rate(passed, ran),
        rate(summary.flaky, ran),
        Value::int(passed),
        Value::int(failed),
        Value::int(summary.flaky),
        Value::int(skipped),
        Value::int(summary.quarantined),
        Value::int(ran + skipped + summary.quarantined),
    ];
    GATE_NAMES.iter().copied().zip(values).collect()
}

fn ratio(part: u32, whole: u32) -> bigdecimal::BigDecimal {
    (bigdecimal::BigDecimal::from(part) / bigdecimal::BigDecimal::from(whole))
        .with_scale_round(6, bigdecimal::RoundingMode::Down)
}

async fn suite_of(cx: &Arc<Cx>, env: &Env, policy: &Policy, stage: &str, suite: &Suite) -> SuiteResult {
    let world = &cx.world;
    let name = suite.name.name.to_string();
    world.events.send(EventKind::SuiteStarted { stage: stage.to_owned(), suite: name.clone() });
    let failed = |failures: Vec<Failure>| SuiteResult {
        tests: Vec::new(),
        failure: failures.into_iter().next(),
        took: std::time::Duration::ZERO,
    };
    let run = suite.settings.iter().find(|setting| &*setting.name.name == "run");
    let reads = suite.settings.iter().find(|setting| &*setting.name.name == "reads");
    let result = match (run, reads.and_then(|reads| reads.value.as_ref())) {
        (Some(run), Some(SettingValue::Expr(reads))) => {
            match (cx.command(env, run, &[]).await, reading(cx, env, reads, suite).await) {
                (Ok(command), Ok(reads)) => {
                    tokio::select! {
                        result = run_suite(&name, &command, &reads, SUITE, &world.processes, &world.redactor) => result,
                        () = policy.cancel.cancelled() => failed(vec![
                            cx.failure(env, Code::INTERRUPTED, suite.span, "the suite was interrupted"),
                        ]),
                    }
                }
                (Err(stop), _) | (_, Err(stop)) => failed(stop.into_failures()),
            }
        }
        _ => failed(vec![cx.failure(env, Code::SUITE, suite.span, "a suite needs `run` and `reads`")]),
    };
    let mut failure = result.failure.clone();
    if let Some(failure) = &mut failure {
        failure.place.get_or_insert_with(|| world.place(suite.span));
    }
    world.events.send(EventKind::SuiteFinished {
        stage: stage.to_owned(),
        suite: name,
        tests: result.tests.clone(),
        failure,
        took_us: result.took.as_micros() as u64,
    });
    result
}

/// `reads gotest`, `reads junit "target/junit.xml"`.
async fn reading(cx: &Arc<Cx>, env: &Env, reads: &Expr, suite: &Suite) -> Result<Reads, Stop> {
    let setting = suite.settings.iter().find(|setting| &*setting.name.name == "reads");
    let word = match &reads.kind {
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Call(callee, _) => cx.written(callee.span),
        _ => cx.written(reads.span),
    };
    let path = match &reads.kind {
        ExprKind::Call(_, args) => args.args.first().map(|arg| &arg.value),
        _ => setting.and_then(|setting| setting.phrases.first()).and_then(|phrase| phrase.value.as_ref()),
    };
    let path = match path {
        Some(expr) => cx.eval(env, expr).await?.as_text().map(|text| Path::new(text).to_owned()),
        None => None,
    };
    match (word.as_str(), path) {
        ("gotest", _) => Ok(Reads::GoTest),
        ("nextest", _) => Ok(Reads::Nextest),
        ("cargo", _) => Ok(Reads::Cargo),
        ("junit", Some(path)) => Ok(Reads::Junit { path }),
        ("junit", None) => {
            Err(cx.bad_value(env, reads.span, "`reads junit` names its file: `reads junit(\"junit.xml\")`"))
        }
        (other, _) => Err(cx.bad_value(env, reads.span, format!("`{other}` is no report that can be read"))),
    }
}

fn count_suite(summary: &mut Summary, result: &SuiteResult) {
    for test in &result.tests {
        match test.outcome {
            SuiteOutcome::Passed => summary.suite_passed += 1,
            SuiteOutcome::Failed => summary.suite_failed += 1,
            SuiteOutcome::Skipped => summary.suite_skipped += 1,
        }
    }
    if result.failure.is_some() {
        summary.suite_failed += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::event::Exchange;
    use crate::lang::Spec;
    use crate::protocol::{Call, Endpoint, Misuse, Protocol, Reply};
    use crate::run::draw::tests::parts;
    use crate::run::world::EventSender;
    use crate::value::BoxFuture;

    /// Panics when it is asked for the first time, or always.
    struct Panics {
        asked: Arc<AtomicU32>,
        always: bool,
    }

    impl Protocol for Panics {
        fn name(&self) -> &'static str {
            "exec"
        }

        fn specs(&self) -> &'static [Spec] {
            &[]
        }

        fn perform<'a>(&'a self, _: &'a Call, _: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
            Box::pin(async {
                let first = self.asked.fetch_add(1, Ordering::Relaxed) == 0;
                assert!(!first && !self.always, "it panics");
                Ok(Reply {
                    record: Value::object([("error", Value::Absent)]),
                    succeeded: true,
                    exchange: Exchange::default(),
                })
            })
        }

        fn healthy<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
            Box::pin(async { Ok(()) })
        }
    }

    #[tokio::test]
    async fn a_scenario_that_panics_is_told_like_every_other_and_cleaned_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.scn");
        std::fs::write(&path, "scenario \"it\" {\ndefer exec \"true\"\nexec \"true\"\n}\n").unwrap();
        for always in [false, true] {
            let asked = Arc::new(AtomicU32::new(0));
            let (events, mut told) = EventSender::new();
            let mut parts = parts(&[path.to_str().unwrap()], 0);
            parts.events = events;
            parts.protocols = vec![Box::new(Panics { asked: asked.clone(), always })];
            let world = Arc::new(World::new(parts));
            let policy = Policy {
                timeout: std::time::Duration::from_secs(60),
                repeat: Vec::new(),
                permits: Arc::new(Semaphore::new(1)),
                cancel: CancellationToken::new(),
                kill: CancellationToken::new(),
                fail_fast: false,
            };
            let scope = Arc::new(Scope::new(Arc::new(shared_context(&world, &policy, 0))));
            let mut next_id = 0;
            let work =
                StageWork { stage: 0, selected: &[0], wanted: None, suites: false, next_id: &mut next_id };
            let staged = run_stage(&world, &policy, &scope, work).await;
            assert_eq!(staged.summary, Summary { broken: 1, ..Summary::default() });
            assert_eq!(asked.load(Ordering::Relaxed), 2, "the statement, then the cleanup");
            let mut finished = Vec::new();
            while let Ok((_, event)) = told.try_recv() {
                if let EventKind::ScenarioFinished { outcome, failures, .. } = event {
                    finished.push((outcome, failures[0].code.clone()));
                }
            }
            assert_eq!(finished, [(Outcome::Broken, "internal".to_owned())]);
        }
    }
}
