//! One scenario: its services, its fixtures, its statements, its cleanup; again when it may retry.

pub(crate) mod exits;
mod fixture;
mod instance;
mod lease;
mod outcome;
mod row;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cx::{Cx, Story, lock, trace_id};
use super::double;
use super::env::Env;
use super::flow::{Flow, Stop};
use super::world::World;
use crate::check::PlannedScenario;
use crate::diag::Code;
use crate::event::{EventKind, Failure, Outcome, ScenarioInfo};
use crate::protocol::Session;
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind};
use crate::value::{BoxFuture, Value, show_short};

pub(crate) use super::cleanup::{clean_up, inconclusive, is_inconclusive};
pub(crate) use fixture::Scope;
#[cfg(test)]
pub(crate) use instance::first_env;
pub(crate) use instance::{Instance, instances};
pub(crate) use lease::admission;
pub(crate) use outcome::{Finished, broken, panicked, unfinished};

use exits::{crashed, judges_exits_of, last_exit};
use fixture::{Lifetime, lifetime};
use instance::{info, scenario_env};
use lease::{Held, out_of_reach};
use outcome::{not_run, settle, skipped};

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
        let mut cx = context(world, policy, planned, instance, attempt, cancel);
        cx.story = Some(Story { instance: instance.clone(), scopes: scopes.clone() });
        let cx = Arc::new(cx);
        let ended = AssertUnwindSafe(one_attempt(&cx, policy, scopes, instance, planned));
        // A panic is ours, and no reason to leave behind what the scenario made.
        let ended = ended.catch_unwind().await;
        let (ended, failures) = ended.unwrap_or_else(|_| (Outcome::Broken, vec![at_fault(&cx, planned)]));
        let cleanup = clean_up(&cx, &policy.kill).await;
        // What came to its doubles is its own, to the end of its cleanup.
        let late = cx.end_doubles().await;
        // Ends the streams that it left open.
        cx.cancel.cancel();
        let mut outcome = ended;
        if matches!(outcome, Outcome::Passed | Outcome::Inconclusive)
            && !(cleanup.is_empty() && late.is_empty())
        {
            let known = !late.is_empty() || !cleanup.iter().all(is_inconclusive);
            outcome = if known { Outcome::Failed } else { Outcome::Inconclusive };
        }
        let mut failures = cx.with_timeline(failures);
        failures.extend(late);
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

/// The failure of a scenario that the runner itself could not run.
fn at_fault(cx: &Cx, planned: &PlannedScenario) -> Failure {
    let at = *lock(&cx.current);
    let at = at.unwrap_or_else(|| cx.world.plan.program.item(planned.item).span);
    let mut failure = panicked();
    failure.place = Some(cx.world.place(at));
    failure.label = "it was here".to_owned();
    failure.repeat.clone_from(&cx.repeat);
    failure
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
    cx.begin_histories(&planned.links);
    let item = world.plan.program.item(planned.item);
    let env = scenario_env(world, planned, instance);
    // Before anything starts that may call them.
    match cx.play(planned, &env, &policy.kill).await {
        Ok(()) => {}
        Err(Stop::Cancelled) => return (Outcome::Interrupted, Vec::new()),
        Err(stop) => return (Outcome::Failed, stop.into_failures()),
    }
    let is_played = |service| planned.doubles.iter().any(|double| double.service == service);
    for &service in planned.services.iter().filter(|&&service| !is_played(service)) {
        let Some(service) = world.service(service) else { continue };
        let wanted = instance.variation(service.item);
        let ready = tokio::select! {
            ready = cx.ensure_as(&service, &wanted) => ready,
            () = policy.cancel.cancelled() => return (Outcome::Interrupted, Vec::new()),
        };
        if let Err(failure) = ready {
            let mut failure = *failure;
            failure.repeat = cx.repeat.clone();
            return (Outcome::Broken, vec![failure]);
        }
    }
    if let Err(failure) = cx.open_own_links(&planned.links).await {
        return (Outcome::Broken, vec![failure]);
    }
    cx.lead_own_links(&planned.links);
    let limit = planned.timeout.unwrap_or(policy.timeout);
    *lock(&cx.deadline) = Some(Instant::now() + limit);
    let flow = tokio::select! {
        flow = story(cx, scopes, planned, item, env.clone()) => flow,
        exited = crashed(world, planned) => {
            let mut failure = exited;
            let at = lock(&cx.current).unwrap_or(item.span);
            failure.place = Some(world.place(at));
            failure.repeat = cx.repeat.clone();
            Err(Stop::Failed(cx.with_trials(failure)))
        }
        () = cx.doubles.trouble() => Err(Stop::Broken(Vec::new())),
        () = tokio::time::sleep(limit) => {
            let at = lock(&cx.current).unwrap_or(item.span);
            let text = format!("the scenario did not end within {}", show_short(&Value::duration(limit), 20));
            let mut failure = cx.failure(&env, Code::TIMED_OUT, at, text);
            failure.label = "it was here".to_owned();
            failure.help = Some("`@timeout(2m)` gives one scenario more time, `--timeout` all of them".to_owned());
            failure.logs = world.log_tails(service_names(world, planned).iter().map(String::as_str));
            Err(Stop::Failed(cx.with_trials(failure)))
        }
        () = policy.cancel.cancelled() => Err(Stop::Cancelled),
    };
    cx.count_streams();
    let broken = cx.broken_streams();
    for service in judges_exits_of(world, planned).into_iter().filter_map(|item| world.service(item)) {
        service.blame();
    }
    match flow {
        Ok(_) | Err(Stop::Return(_)) if !broken.is_empty() => (Outcome::Failed, broken),
        Ok(_) | Err(Stop::Return(_)) => match last_exit(cx, world, planned).await {
            Some(mut failure) => {
                failure.place = Some(world.place(lock(&cx.current).unwrap_or(item.span)));
                failure.repeat = cx.repeat.clone();
                (Outcome::Failed, vec![failure])
            }
            None => (Outcome::Passed, Vec::new()),
        },
        Err(Stop::Cancelled) => (Outcome::Interrupted, [cx.found_in_trials(), broken].concat()),
        Err(Stop::Unknown(failures)) if broken.is_empty() => (Outcome::Inconclusive, failures),
        // A broken contract is known, whatever else is not.
        Err(Stop::Unknown(failures)) => (Outcome::Failed, [broken, failures].concat()),
        Err(Stop::Failed(mut failures) | Stop::Broken(mut failures)) => {
            failures = double::causes_first(cx.troubles(), failures);
            failures.extend(broken);
            add_logs(world, planned, &mut failures);
            (Outcome::Failed, failures)
        }
        Err(Stop::Terminal(failure)) => (Outcome::Failed, [vec![*failure], broken].concat()),
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
    set_up_all(cx, scopes, planned, &env).await?;
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

/// The fixtures that a scenario reaches, in the order in which they need each other.
async fn set_up_all(
    cx: &Arc<Cx>,
    scopes: &[Arc<Scope>; 2],
    planned: &PlannedScenario,
    env: &Env,
) -> Flow<()> {
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
    Ok(())
}

/// Runs a scenario once more up to a statement, on fresh data: what it draws is keyed by `name`.
/// Returns the scope at that statement.
pub(crate) async fn begin_again(cx: &Arc<Cx>, story: &Story, name: &str, until: Span) -> Flow<Env> {
    let world = &cx.world;
    let planned = &world.plan.scenarios[story.instance.planned];
    let mut env = scenario_env(world, planned, &story.instance);
    env.key = env.key.with(name);
    cx.begin_histories(&planned.links);
    cx.play(planned, &env, &cx.cancel).await?;
    if let Err(failure) = cx.open_own_links(&planned.links).await {
        return Err(failure.into());
    }
    cx.lead_own_links(&planned.links);
    set_up_all(cx, &story.scopes, planned, &env).await?;
    if let ItemKind::Scenario(scenario) = &world.plan.program.item(planned.item).kind {
        cx.statements_until(&mut env, &scenario.body.statements, until, None).await?;
    }
    Ok(env)
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
    let parts = instance.parts().join(", ");
    let name = format!("{:?} {} {parts} {attempt}", world.key, planned.title);
    let trace = trace_id(&name);
    lock(&world.traces).insert(trace.clone());
    let mut session = Session::new(
        world.redactor.clone(),
        cancel.clone(),
        unit.dir.clone(),
        trace,
        world.processes.clone(),
    );
    session.only_safe = world.only_safe;
    let file = &world.plan.program.sources.get(unit.module.source).name;
    let mut repeat = vec!["scn".to_owned(), "run".to_owned(), format!("{file}:{}", planned.lines.0)];
    if !parts.is_empty() {
        let one = format!("case:\"{}\"", parts.replace('\\', r"\\").replace('"', "\\\""));
        repeat.extend(["--only".to_owned(), crate::value::words::shell_quote(&one).into_owned()]);
    }
    repeat.extend(policy.repeat.iter().cloned());
    let repeat = repeat.join(" ");
    Cx::new(world.clone(), Some(instance.id), Arc::new(session), cancel, Some(repeat))
}
