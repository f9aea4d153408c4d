//! One scenario: its services, its fixtures, its statements, its cleanup; again when it may retry.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ring::digest::{SHA256, digest};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cx::{Cx, Deferred, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use super::world::World;
use crate::check::{ItemRef, PlannedScenario};
use crate::diag::Code;
use crate::event::{EventKind, Failure, Outcome, ScenarioInfo};
use crate::protocol::Session;
use crate::shape::DrawKey;
use crate::syntax::ast::{Attribute, ExprKind, Fixture, Item, ItemKind};
use crate::value::{BoxFuture, Value, show_short};

/// How long the cleanup of one scenario may take.
const CLEANUP: Duration = Duration::from_secs(30);

/// How long after a broken connection the exit behind it becomes known at the latest.
const EXIT_IS_KNOWN: Duration = Duration::from_millis(250);

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

/// How a scenario ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
}

/// What a run decides about its scenarios.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// How long a scenario may take that does not say so itself.
    pub(crate) timeout: Duration,
    /// The words that repeat a scenario follow these: `--seed 42 --env staging`.
    pub(crate) repeat: Vec<String>,
    /// How many scenarios run at the same time.
    pub(crate) permits: Arc<Semaphore>,
    /// Cancelled by an interrupt, or by the first failure with `--fail-fast`.
    pub(crate) cancel: CancellationToken,
    /// Cancelled by a second interrupt: cleanup ends too.
    pub(crate) kill: CancellationToken,
    /// Whether the first failure ends the run.
    pub(crate) fail_fast: bool,
}

/// What a scenario holds while it runs: its leases and its place among the running ones.
pub(crate) type Held = Vec<Box<dyn std::any::Any + Send>>;

/// Waits until a scenario may run. Whoever asks first comes first, so that with one job scenarios
/// run in the order in which they are written.
pub(crate) fn admission(
    world: &Arc<World>,
    policy: &Policy,
    planned: usize,
) -> BoxFuture<'static, Option<Held>> {
    let (world, policy) = (world.clone(), policy.clone());
    Box::pin(async move {
        // Leases before a place among the running ones, so that waiting takes no place.
        let held = async {
            let mut held = leases(&world, &world.plan.scenarios[planned]).await;
            if let Ok(permit) = policy.permits.clone().acquire_owned().await {
                held.push(Box::new(permit));
            }
            held
        };
        tokio::select! {
            biased;
            () = policy.cancel.cancelled() => None,
            held = held => Some(held),
        }
    })
}

/// A fixture's value, or why there is none, once it has been set up.
type Cell = OnceCell<Result<Value, Vec<Failure>>>;

/// Fixtures that several scenarios share, with the context that cleans them up.
pub(crate) struct Scope {
    /// What they run in.
    pub(crate) cx: Arc<Cx>,
    cells: Mutex<BTreeMap<ItemRef, Arc<Cell>>>,
}

impl Scope {
    /// A scope with no fixtures yet.
    pub(crate) fn new(cx: Arc<Cx>) -> Scope {
        Scope { cx, cells: Mutex::default() }
    }

    /// The fixture's value, set up by whoever asks first.
    async fn fixture(&self, item: ItemRef) -> Flow<Value> {
        let cell = lock(&self.cells).entry(item).or_default().clone();
        let value = cell
            .get_or_init(|| async {
                self.cx.set_up(item, &self.cx.world.key).await.map_err(Stop::into_failures)
            })
            .await
            .clone();
        let value = match value {
            Ok(value) => value,
            // Nothing failed, so it was cut off.
            Err(failures) if failures.is_empty() => return Err(Stop::Cancelled),
            Err(failures) => return Err(Stop::Failed(failures)),
        };
        lock(&self.cx.fixtures).insert(item, value.clone());
        Ok(value)
    }
}

/// Runs one scenario to its end and says how it went.
pub(crate) async fn run(
    world: &Arc<World>,
    policy: &Policy,
    scopes: &[Arc<Scope>; 2],
    instance: &Instance,
    admission: BoxFuture<'static, Option<Held>>,
) -> Finished {
    let planned = &world.plan.scenarios[instance.planned];
    let info = info(world, planned, instance);
    if let Some(why) = &planned.skip {
        return skipped(world, instance, info, why);
    }
    if let Some(why) = out_of_reach(world, planned) {
        return skipped(world, instance, info, &why);
    }
    let held = match admission.await {
        Some(held) if !policy.cancel.is_cancelled() => held,
        _ => return not_run(world, instance, info),
    };
    let result = attempts(world, policy, scopes, instance, planned, &info).await;
    if policy.fail_fast && matches!(result.outcome, Outcome::Failed | Outcome::Broken) {
        // Before the next one may begin.
        policy.cancel.cancel();
    }
    drop(held);
    result
}

async fn attempts(
    world: &Arc<World>,
    policy: &Policy,
    scopes: &[Arc<Scope>; 2],
    instance: &Instance,
    planned: &PlannedScenario,
    info: &ScenarioInfo,
) -> Finished {
    let mut attempt = 1;
    loop {
        world.events.send(EventKind::ScenarioStarted { id: instance.id, scenario: info.clone(), attempt });
        let started = Instant::now();
        let cancel = policy.cancel.child_token();
        let cx = Arc::new(context(world, policy, planned, instance, attempt, cancel));
        let (ended, mut failures) = one_attempt(&cx, policy, scopes, instance, planned).await;
        let cleanup = clean_up(&cx, &policy.kill).await;
        // Ends the streams that it left open.
        cx.cancel.cancel();
        let mut outcome = ended;
        if !cleanup.is_empty() && outcome == Outcome::Passed {
            outcome = Outcome::Failed;
        }
        failures.extend(cleanup);
        let may_retry = matches!(outcome, Outcome::Failed | Outcome::Inconclusive);
        let retried = may_retry && attempt <= planned.retries && !policy.cancel.is_cancelled();
        if !retried {
            outcome = settle(world, planned, outcome, attempt);
        }
        world.events.send(EventKind::ScenarioFinished {
            id: instance.id,
            scenario: info.clone(),
            attempt,
            retried,
            outcome: outcome.clone(),
            failures,
            took_us: started.elapsed().as_micros() as u64,
            expectations: cx.expectations.load(Ordering::Relaxed),
            requests: cx.requests.load(Ordering::Relaxed),
        });
        if !retried {
            return Finished { outcome };
        }
        attempt += 1;
    }
}

/// What an outcome means after retries and quarantine.
fn settle(world: &World, planned: &PlannedScenario, outcome: Outcome, attempt: u32) -> Outcome {
    match outcome {
        Outcome::Passed if attempt > 1 => Outcome::Flaky,
        Outcome::Failed => match &planned.quarantine {
            Some(quarantine) if !is_over(world, quarantine.until.as_deref()) => {
                Outcome::Quarantined { issue: quarantine.issue.to_string() }
            }
            _ => Outcome::Failed,
        },
        other => other,
    }
}

/// Whether the last day of a quarantine has passed. ISO dates compare as text.
fn is_over(world: &World, until: Option<&str>) -> bool {
    until.is_some_and(|until| world.clock.today().as_str() > until)
}

/// Runs the statements once; cleanup is the caller's.
async fn one_attempt(
    cx: &Arc<Cx>,
    policy: &Policy,
    scopes: &[Arc<Scope>; 2],
    instance: &Instance,
    planned: &PlannedScenario,
) -> (Outcome, Vec<Failure>) {
    let world = &cx.world;
    let item = world.plan.program.item(planned.item);
    let env = scenario_env(world, planned, instance);
    for &service in &planned.services {
        let Some(service) = world.service(service) else { continue };
        let ready = tokio::select! {
            ready = cx.ensure_running(&service) => ready,
            () = policy.cancel.cancelled() => return (Outcome::Interrupted, Vec::new()),
        };
        if let Err(failure) = ready {
            let mut failure = *failure;
            failure.repeat = cx.repeat.clone();
            return (Outcome::Broken, vec![failure]);
        }
    }
    let limit = planned.timeout.unwrap_or(policy.timeout);
    let flow = tokio::select! {
        flow = story(cx, scopes, planned, item, env.clone()) => flow,
        exited = crashed(world, planned) => {
            let mut failure = exited;
            let at = lock(&cx.current).unwrap_or(item.span);
            failure.place = Some(world.place(at));
            failure.repeat = cx.repeat.clone();
            Err(Stop::Failed(vec![failure]))
        }
        () = tokio::time::sleep(limit) => {
            let at = lock(&cx.current).unwrap_or(item.span);
            let text = format!("the scenario did not end within {}", show_short(&Value::duration(limit), 20));
            let mut failure = cx.failure(&env, Code::TIMED_OUT, at, text);
            failure.label = "it was here".to_owned();
            failure.help = Some("`@timeout(2m)` gives one scenario more time, `--timeout` all of them".to_owned());
            failure.logs = world.log_tails(service_names(world, planned).iter().map(String::as_str));
            Err(Stop::Failed(vec![failure]))
        }
        () = policy.cancel.cancelled() => Err(Stop::Cancelled),
    };
    for service in judges_exits_of(world, planned).into_iter().filter_map(|item| world.service(item)) {
        service.blame();
    }
    match flow {
        Ok(_) | Err(Stop::Return(_)) => match last_exit(cx, world, planned).await {
            Some(mut failure) => {
                failure.place = Some(world.place(lock(&cx.current).unwrap_or(item.span)));
                failure.repeat = cx.repeat.clone();
                (Outcome::Failed, vec![failure])
            }
            None => (Outcome::Passed, Vec::new()),
        },
        Err(Stop::Cancelled) => (Outcome::Interrupted, Vec::new()),
        Err(Stop::Unknown(failures)) => (Outcome::Inconclusive, failures),
        Err(Stop::Failed(mut failures)) => {
            add_logs(world, planned, &mut failures);
            (Outcome::Failed, failures)
        }
        Err(Stop::Terminal(failure)) => (Outcome::Failed, vec![*failure]),
    }
}

/// The last failure of a scenario shows the last lines of the services it used.
fn add_logs(world: &World, planned: &PlannedScenario, failures: &mut [Failure]) {
    if let Some(last) = failures.last_mut()
        && last.logs.is_empty()
    {
        last.logs = world.log_tails(service_names(world, planned).iter().map(String::as_str));
    }
}

fn service_names(world: &World, planned: &PlannedScenario) -> Vec<String> {
    let services = planned.services.iter().filter_map(|item| world.service(*item));
    services.map(|service| service.name.to_string()).collect()
}

/// Fixtures, then the statements.
async fn story(
    cx: &Arc<Cx>,
    scopes: &[Arc<Scope>; 2],
    planned: &PlannedScenario,
    item: &Item,
    mut env: Env,
) -> Flow<Value> {
    for &fixture in &planned.fixtures {
        let scope = match lifetime(cx.world.plan.program.item(fixture)) {
            Lifetime::Run => Some(&scopes[0]),
            Lifetime::Stage => Some(&scopes[1]),
            Lifetime::Scenario => None,
        };
        let value = match scope {
            Some(scope) => scope.fixture(fixture).await?,
            None => cx.set_up(fixture, &env.key).await?,
        };
        lock(&cx.fixtures).insert(fixture, value);
    }
    let ItemKind::Scenario(scenario) = &item.kind else { return Ok(Value::Null) };
    let before = cx.counted();
    let number = env.begin_try();
    let flow = cx.statements(&mut env, &scenario.body.statements, None).await;
    let value = match cx.all_judged(number, flow) {
        Err(Stop::Return(value)) => value,
        other => other?,
    };
    if cx.counted() == before {
        // Every loop was empty and no branch was taken: that proves nothing, so it is no pass.
        let text = "nothing was checked: the scenario made no request and judged no expectation";
        let mut failure = cx.failure(&env, Code::NOTHING_CHECKED, scenario.title.span, text);
        failure.help =
            Some("write what must hold; a loop over an empty list has no turn to say it in".into());
        return Err(failure.into());
    }
    Ok(value)
}

impl Cx {
    /// Runs a fixture's statements; its value is what it returns.
    pub(crate) async fn set_up(self: &Arc<Self>, item: ItemRef, key: &crate::shape::DrawKey) -> Flow<Value> {
        let declared = self.world.plan.program.item(item);
        let ItemKind::Fixture(Fixture { name, body }) = &declared.kind else { return Ok(Value::Null) };
        let key = key.with(self.world.unit_name(item.unit)).with(format!("fixture {}", name.name));
        let mut env = Env::of_unit(item.unit, key, declared.span.start);
        let number = env.begin_try();
        let flow = self.statements(&mut env, &body.statements, None).await;
        match self.all_judged(number, flow) {
            Ok(_) => Ok(Value::Null),
            Err(Stop::Return(value)) => Ok(value),
            Err(Stop::Failed(mut failures)) => {
                for failure in &mut failures {
                    let text = format!("in fixture `{}`", name.name);
                    failure.details.push(crate::event::Detail::Note { text });
                }
                Err(Stop::Failed(failures))
            }
            Err(other) => Err(other),
        }
    }
}

/// The exit of a service that the last statement brought about: it becomes known a moment after
/// the connection broke, so that a scenario in which one broke waits for it a little.
async fn last_exit(cx: &Cx, world: &Arc<World>, planned: &PlannedScenario) -> Option<Failure> {
    let most = if cx.broke.load(Ordering::Relaxed) { EXIT_IS_KNOWN } else { Duration::ZERO };
    tokio::time::timeout(most, crashed(world, planned)).await.ok()
}

/// Ends when a service that the scenario uses is down and nobody asked for it. A scenario that
/// reads a service's `.exits` judges them itself.
async fn crashed(world: &Arc<World>, planned: &PlannedScenario) -> Failure {
    let judged = judges_exits_of(world, planned);
    let services = planned.services.iter().filter(|item| !judged.contains(item));
    let processes = services.filter_map(|item| world.service(*item)).flat_map(|service| {
        let all = std::iter::once(service.clone()).chain(service.members.iter().cloned());
        all.filter_map(|service| service.process().map(|process| (service, process))).collect::<Vec<_>>()
    });
    let exits: Vec<_> = processes
        .map(|(service, process)| {
            Box::pin(async move {
                let exit = process.unexpected_exit().await;
                if service.blame() {
                    world.events.send(EventKind::ServiceExited {
                        service: service.name.to_string(),
                        status: exit.to_string(),
                        expected: false,
                    });
                }
                process.exit_failure(exit)
            })
        })
        .collect();
    if exits.is_empty() {
        return std::future::pending().await;
    }
    futures_util::future::select_all(exits).await.0
}

/// The services whose `.exits` the scenario's own statements read.
fn judges_exits_of(world: &World, planned: &PlannedScenario) -> Vec<ItemRef> {
    let mut judged = Vec::new();
    let Some(scenario) = world.plan.body(planned) else { return judged };
    crate::syntax::visit::block(&scenario.body, &mut |expr| {
        if let ExprKind::Field(base, field) = &expr.kind
            && &*field.name == "exits"
            && let ExprKind::Name(name) = &base.kind
            && let Some((item, _)) = world.plan.program.lookup_item(planned.item.unit, name)
        {
            judged.push(item);
        }
    });
    judged
}

/// Runs what was deferred, last in first out; every failure is reported.
pub(crate) async fn clean_up(cx: &Arc<Cx>, kill: &CancellationToken) -> Vec<Failure> {
    let mut deferred: Vec<Deferred> = std::mem::take(&mut *lock(&cx.defers));
    if deferred.is_empty() {
        return Vec::new();
    }
    let cancel = kill.child_token();
    let cleanup = Arc::new(cx.for_cleanup(cancel.clone()));
    let deadline = Instant::now() + CLEANUP;
    let mut failures = Vec::new();
    while let Some(Deferred { env, body }) = deferred.pop() {
        let mut inner = env.clone();
        let number = inner.begin_try();
        let flow = tokio::select! {
            flow = cleanup.statements(&mut inner, &body.statements, None) => flow,
            () = tokio::time::sleep_until(deadline) => {
                let text = format!("cleanup did not end within {}", show_short(&Value::duration(CLEANUP), 20));
                Err(cx.failure(&env, Code::CLEANUP, body.span, text).into())
            }
            () = cancel.cancelled() => Err(Stop::Cancelled),
        };
        // What cleanup itself defers is cleaned up next.
        deferred.append(&mut lock(&cleanup.defers));
        let flow = cleanup.all_judged(number, flow);
        if matches!(flow, Err(Stop::Return(_))) {
            continue;
        }
        if let Err(stop) = flow {
            if matches!(stop, Stop::Cancelled) {
                let text = "cleanup was cut off by a second interrupt";
                failures.push(cx.failure(&env, Code::CLEANUP, body.span, text));
            }
            for mut failure in stop.into_failures() {
                Code::CLEANUP.name.clone_into(&mut failure.code);
                failure.message = format!("cleanup failed: {}", failure.message);
                failures.push(failure);
            }
        }
    }
    failures
}

/// How long a fixture lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Scenario,
    Stage,
    Run,
}

/// `@per(scenario|stage|run)`
pub(crate) fn lifetime(item: &Item) -> Lifetime {
    let word = |attribute: &Attribute| match &attribute.args.as_ref()?.args.first()?.value.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    let per = item.attributes.iter().find(|attribute| &*attribute.name.name == "per");
    match per.and_then(word).as_deref() {
        Some("run") => Lifetime::Run,
        Some("stage") => Lifetime::Stage,
        _ => Lifetime::Scenario,
    }
}

/// The key of everything that a scenario draws: the run's, unless it has a seed of its own.
pub(crate) fn seed_of(world: &World, planned: &PlannedScenario) -> DrawKey {
    planned.seed.map_or(world.key, DrawKey::new)
}

/// The key of what one case of a scenario draws.
pub(crate) fn key_of(world: &World, planned: &PlannedScenario, case: Option<usize>) -> DrawKey {
    let key = seed_of(world, planned)
        .with(world.unit_name(planned.item.unit))
        .with(format!("scenario {}", planned.title));
    match case {
        Some(index) => key.with(format!("case {index}")),
        None => key,
    }
}

/// The scope in which a scenario's statements begin.
fn scenario_env(world: &World, planned: &PlannedScenario, instance: &Instance) -> Env {
    let key = key_of(world, planned, instance.case.as_ref().map(|(index, ..)| *index));
    let mut env = Env::of_unit(planned.item.unit, key, world.plan.program.item(planned.item).span.start);
    if let Some((_, _, case)) = &instance.case {
        env.bind("case".into(), case.clone());
    }
    env
}

/// A context with the scenario's own session.
fn context(
    world: &Arc<World>,
    policy: &Policy,
    planned: &PlannedScenario,
    instance: &Instance,
    attempt: u32,
    cancel: CancellationToken,
) -> Cx {
    let unit = &world.plan.program.units[planned.item.unit];
    let case = instance.case.as_ref().map_or(0, |(index, _, _)| *index);
    let name = format!("{:?} {} {case} {attempt}", world.key, planned.title);
    let trace: String =
        digest(&SHA256, name.as_bytes()).as_ref()[..16].iter().map(|b| format!("{b:02x}")).collect();
    let session = Session::new(
        world.redactor.clone(),
        cancel.clone(),
        unit.dir.clone(),
        trace,
        world.processes.clone(),
    );
    let file = &world.plan.program.sources.get(unit.module.source).name;
    let mut repeat = vec!["scn".to_owned(), "run".to_owned(), format!("{file}:{}", planned.lines.0)];
    repeat.extend(policy.repeat.iter().cloned());
    let repeat = repeat.join(" ");
    Cx::new(world.clone(), Some(instance.id), Arc::new(session), cancel, Some(repeat))
}

/// Read leases on the services it uses, write leases on those it must have alone, in the order of
/// their items so that no two scenarios wait for each other in a circle.
async fn leases(world: &Arc<World>, planned: &PlannedScenario) -> Vec<Box<dyn std::any::Any + Send>> {
    let mut guards: Vec<Box<dyn std::any::Any + Send>> = Vec::new();
    if planned.serial {
        guards.push(Box::new(world.serial.clone().write_owned().await));
    } else {
        guards.push(Box::new(world.serial.clone().read_owned().await));
    }
    let mut items = planned.services.clone();
    items.sort();
    items.dedup();
    for item in items {
        let Some(service) = world.service(item) else { continue };
        let lease = service.lease();
        if planned.leases.contains(&item) {
            guards.push(Box::new(lease.write_owned().await));
        } else {
            guards.push(Box::new(lease.read_owned().await));
        }
    }
    guards
}

/// Why a scenario cannot run in this environment: it needs to kill what is not ours.
fn out_of_reach(world: &World, planned: &PlannedScenario) -> Option<String> {
    let services = planned.leases.iter().filter_map(|item| world.service(*item));
    let mut foreign = services.filter(|service| world.elsewhere.contains(&service.name));
    foreign
        .next()
        .map(|service| format!("it kills or restarts `{}`, which this environment only uses", service.name))
}

fn info(world: &World, planned: &PlannedScenario, instance: &Instance) -> ScenarioInfo {
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

/// Reports a scenario that does not run.
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

fn skipped(world: &World, instance: &Instance, scenario: ScenarioInfo, why: &str) -> Finished {
    ended(world, instance, scenario, Outcome::Skipped { why: why.to_owned() }, Vec::new())
}

fn not_run(world: &World, instance: &Instance, scenario: ScenarioInfo) -> Finished {
    let why = "the run ended before it began".to_owned();
    ended(world, instance, scenario, Outcome::Skipped { why }, Vec::new())
}

/// Reports a scenario whose cases cannot be evaluated.
pub(crate) fn broken(world: &World, instance: &Instance, failures: Vec<Failure>) -> Finished {
    let planned = &world.plan.scenarios[instance.planned];
    ended(world, instance, info(world, planned, instance), Outcome::Failed, failures)
}
