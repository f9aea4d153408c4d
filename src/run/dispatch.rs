//! The one owner of a run: signals, cancellation, the order of stages, the verdict.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Options;
use super::inputs::{missing, resolve};
use super::scenario::{Policy, Scope, clean_up, is_inconclusive};
use super::service::{Elsewhere, services};
use super::stage::{StageWork, run_stage, shared_context};
use super::world::{Clock, EventSender, Parts, World};
use crate::check::{ItemRef, Plan};
use crate::diag::{Code, Diagnostic};
use crate::event::{EventKind, Exit, FORMAT, Failure, Place, Summary};
use crate::lang::Registry;
use crate::syntax::ast::{ItemKind, Stage};
use crate::system::{GuardCommand, Ports, Processes};
use crate::value::{Redactor, Stopwatch};

/// Runs a plan to its end. Everything it says goes to `events`.
pub(crate) async fn dispatch(
    plan: Arc<Plan>,
    registry: Arc<Registry>,
    options: Options,
    stopwatch: Stopwatch,
    events: EventSender,
    redactor: Redactor,
) -> Exit {
    let seed = options.seed.or(plan.seed).unwrap_or(0);
    let environment = options.environment.clone();
    let program = plan.program.clone();
    let (inputs, mut problems) =
        resolve(&program, &options.inputs, &|name| std::env::var(name).ok(), &redactor);
    events.send(EventKind::RunStarted {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        jobs: options.jobs,
        scenarios: options.selected.len(),
        deselected: options.deselected,
        environment: environment.clone(),
        command: options.command.clone(),
        started_at: Clock.now_rfc3339(),
    });
    for warning in &options.warnings {
        events.send(warning.clone());
    }
    let end = |summary: Summary, failures: Vec<Failure>, exit: Exit| {
        let took_us = stopwatch.elapsed().as_micros() as u64;
        events.send(EventKind::RunFinished { summary, failures, exit: exit.code(), took_us });
        exit
    };
    let unread: BTreeSet<_> = problems.iter().map(|problem| problem.at.span).collect();
    let missing = missing(&program, &wanted_inputs(&plan, &options.selected), &inputs).into_iter();
    problems.extend(missing.filter(|problem| !unread.contains(&problem.at.span)));
    if !problems.is_empty() {
        let failures = problems.iter().map(|problem| plain_failure(&plan, problem)).collect();
        return end(Summary::default(), failures, Exit::Wrong);
    }
    let elsewhere = match elsewhere(&plan, environment.as_deref()) {
        Ok(elsewhere) => elsewhere,
        Err(message) => {
            return end(Summary::default(), vec![Failure::new(Code::USAGE.name, message)], Exit::Wrong);
        }
    };
    let environment_failed = |what: &str, error: std::io::Error| {
        Failure::new(Code::SERVICE_START.name, format!("{what}: {error}"))
    };
    let processes = match GuardCommand::this_program().and_then(|guard| Processes::start(&guard, stopwatch)) {
        Ok(processes) => processes,
        Err(error) => {
            let failure = environment_failed("the guard of the run's processes does not start", error);
            return end(Summary::default(), vec![failure], Exit::Environment);
        }
    };
    let reached = reached(&plan, &options.selected);
    let selected = options.selected.iter().map(|index| &plan.scenarios[*index]);
    let played = selected.flat_map(|scenario| &scenario.doubles).map(|double| double.service).collect();
    let services =
        Ports::new().and_then(|ports| services(&program, &reached, &elsewhere.urls, &played, &ports));
    let services = match services {
        Ok(services) => services,
        Err(error) => {
            let failure = environment_failed("no free port was found", error);
            return end(Summary::default(), vec![failure], Exit::Environment);
        }
    };
    let scratch = match tempfile::Builder::new().prefix("scn-").tempdir() {
        Ok(scratch) => scratch,
        Err(error) => {
            let failure = environment_failed("no scratch directory can be made", error);
            return end(Summary::default(), vec![failure], Exit::Environment);
        }
    };
    let world = Arc::new(World::new(Parts {
        plan: plan.clone(),
        registry,
        events: events.clone(),
        redactor,
        processes: processes.clone(),
        root: options.root.clone(),
        scratch: scratch.path().to_owned(),
        seed,
        inputs,
        only_safe: elsewhere.only_safe,
        elsewhere: elsewhere.urls.keys().cloned().collect(),
        cases: options.cases,
        probe: options.probe.clone(),
        protocols: crate::rooms::protocols(),
        services,
    }));
    let _stands = match world.open_stands() {
        Ok(stands) => stands,
        Err(failure) => return end(Summary::default(), vec![*failure], Exit::Environment),
    };
    let policy = Policy {
        timeout: options.timeout,
        repeat: repeat_words(&options, seed),
        permits: Arc::new(Semaphore::new(options.jobs.max(1))),
        cancel: CancellationToken::new(),
        kill: CancellationToken::new(),
        fail_fast: options.fail_fast,
    };
    let signals = tokio::spawn(listen(policy.cancel.clone(), policy.kill.clone(), events.clone()));
    let cx = Arc::new(shared_context(&world, &policy, 0));
    let scope = Arc::new(Scope::new(cx.clone()));
    let named = |service: &str| {
        world
            .services()
            .filter(|declared| *declared.name == *service)
            .any(|declared| reached.contains(&declared.item) || plan.program.units[declared.item.unit].named)
    };
    world.counting.announce(named, |event| events.send(event));
    let ready = match cx.locate_services().await {
        Ok(()) => cx.open_links(&options.selected).await,
        failed => failed,
    };
    let (mut summary, mut failures, gates_held) = match ready {
        Ok(()) => stages(&world, &policy, &scope, &options).await,
        Err(failures) => (Summary::default(), failures, true),
    };
    failures.extend(clean_up(&cx, &policy.kill).await);
    for service in world.services().flat_map(|service| std::iter::once(service).chain(&service.members)) {
        failures.extend(service.unseen_exits());
    }
    let stop_all = async {
        // Dependants first: the reverse of the order in which they may have been started.
        for &item in reached.iter().rev() {
            if let Some(service) = world.service(item) {
                service.stop(&world).await;
            }
        }
    };
    tokio::select! {
        () = stop_all => {}
        () = policy.kill.cancelled() => {}
    }
    processes.shutdown().await;
    let interrupted =
        signals.is_finished() || policy.kill.is_cancelled() || was_interrupted(&policy, &options, &summary);
    signals.abort();
    if !interrupted && summary.failed + summary.broken == 0 && failures.is_empty() {
        failures.extend(case_that_nobody_has(&world));
    }
    let exit = verdict(&mut summary, &failures, gates_held, interrupted);
    end(summary, failures, exit)
}

/// Runs the stages in order; those after a stage whose gates did not hold are skipped.
async fn stages(
    world: &Arc<World>,
    policy: &Policy,
    scope: &Arc<Scope>,
    options: &Options,
) -> (Summary, Vec<Failure>, bool) {
    let plan = &world.plan;
    let mut summary = Summary::default();
    let mut failures = Vec::new();
    let mut shut: BTreeSet<usize> = BTreeSet::new();
    let mut held = true;
    let mut next_id = 0;
    for (index, stage) in plan.stages.iter().enumerate() {
        let selected: Vec<usize> = options
            .selected
            .iter()
            .copied()
            .filter(|scenario| plan.scenarios[*scenario].stage == index)
            .collect();
        let all = plan.scenarios.iter().filter(|scenario| scenario.stage == index).count();
        let suites = options.suites && selected.len() == all && (all > 0 || options.deselected == 0);
        let has_suites = stage.item.is_some_and(|item| match &plan.program.item(item).kind {
            ItemKind::Stage(Stage { suites, .. }) => !suites.is_empty(),
            _ => false,
        });
        if selected.is_empty() && !(suites && has_suites) {
            continue;
        }
        let blocked = stage.after.iter().find(|before| shut.contains(before));
        if let Some(before) = blocked {
            shut.insert(index);
            let why = format!("the stage `{}` before it did not pass its gates", plan.stages[*before].name);
            summary.skipped += selected.len() as u32;
            world.events.send(EventKind::StageSkipped {
                stage: stage.name.to_string(),
                why,
                scenarios: selected.len(),
            });
            continue;
        }
        if policy.cancel.is_cancelled() {
            let why = "the run ended before it began".to_owned();
            summary.skipped += selected.len() as u32;
            world.events.send(EventKind::StageSkipped {
                stage: stage.name.to_string(),
                why,
                scenarios: selected.len(),
            });
            continue;
        }
        let work = StageWork {
            stage: index,
            selected: &selected,
            wanted: options.wanted.as_ref(),
            suites,
            next_id: &mut next_id,
        };
        let staged = run_stage(world, policy, scope, work).await;
        summary.add(&staged.summary);
        failures.extend(staged.failures);
        if !staged.held {
            held = false;
            shut.insert(index);
        }
    }
    (summary, failures, held)
}

/// First Ctrl-C (or SIGTERM): no more scenarios, cleanup runs. Second: cleanup ends, everything is
/// killed.
async fn listen(cancel: CancellationToken, kill: CancellationToken, events: EventSender) {
    if !signalled().await {
        std::future::pending::<()>().await;
    }
    events.send(EventKind::Interrupted);
    cancel.cancel();
    let second = tokio::spawn(async move {
        signalled().await;
        kill.cancel();
    });
    // Ends at once, so that the run sees that it was interrupted; the second listener lives on.
    drop(second);
}

/// Waits for a signal that asks the program to end; whether signals can be heard at all.
async fn signalled() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return false };
    tokio::select! {
        heard = tokio::signal::ctrl_c() => heard.is_ok(),
        _ = terminate.recv() => true,
    }
}

fn was_interrupted(policy: &Policy, options: &Options, summary: &Summary) -> bool {
    // `--fail-fast` cancels too, after a failure; everything else that cancels is an interrupt.
    policy.cancel.is_cancelled() && !(options.fail_fast && summary.failed + summary.broken > 0)
}

/// What the whole run came to: an interrupt wins over failures, failures over a broken environment.
fn verdict(summary: &mut Summary, failures: &[Failure], gates_held: bool, interrupted: bool) -> Exit {
    let environment = |failure: &Failure| {
        [Code::SERVICE_BUILD, Code::SERVICE_START].iter().any(|code| code.name == failure.code)
    };
    if interrupted {
        Exit::Interrupted
    } else if summary.failed + summary.suite_failed > 0
        || !gates_held
        || failures.iter().any(|failure| !environment(failure) && !is_inconclusive(failure))
    {
        Exit::Failed
    } else if summary.broken > 0 || failures.iter().any(environment) {
        Exit::Environment
    } else if summary.inconclusive > 0 || !failures.is_empty() {
        Exit::Inconclusive
    } else if summary.passed + summary.quarantined + summary.suite_passed == 0 {
        Exit::Nothing
    } else {
        Exit::Passed
    }
}

/// `--case 70` where no property has so many: what was asked for did not run.
fn case_that_nobody_has(world: &World) -> Option<Failure> {
    let case = world.cases.first.filter(|_| !world.case_tried.load(Ordering::Relaxed))?;
    let mut failure =
        Failure::new(Code::NOTHING_CHECKED.name, format!("no property has a case {case}: it was not tried"));
    failure.help =
        Some("`--case` takes a case of a `forall` that runs, and `--cases` says how many it has".into());
    Some(failure)
}

/// Every service that a selected scenario or a stage hook reaches, dependencies first.
fn reached(plan: &Plan, selected: &[usize]) -> Vec<ItemRef> {
    let mut reached = Vec::new();
    let scenarios = selected.iter().flat_map(|index| &plan.scenarios[*index].services);
    for &service in scenarios.chain(plan.stages.iter().flat_map(|stage| &stage.services)) {
        if !reached.contains(&service) {
            reached.push(service);
        }
    }
    reached
}

/// The inputs and secrets that are read: by scenarios that are not skipped, their stages, and the
/// services that these reach.
fn wanted_inputs(plan: &Plan, selected: &[usize]) -> BTreeSet<ItemRef> {
    let mut readers: BTreeSet<ItemRef> = BTreeSet::new();
    for scenario in selected.iter().map(|index| &plan.scenarios[*index]).filter(|found| found.skip.is_none())
    {
        let stage = &plan.stages[scenario.stage];
        readers.extend(scenario.services.iter().chain(&stage.services));
        readers.extend(stage.item);
        readers.insert(scenario.item);
    }
    readers.iter().filter_map(|reader| plan.inputs.get(reader)).flatten().copied().collect()
}

/// What `--env NAME` says.
fn elsewhere(plan: &Plan, name: Option<&str>) -> Result<Elsewhere, String> {
    let Some(name) = name else { return Ok(Elsewhere::default()) };
    let environments = plan.program.items().filter_map(|(_, item)| match &item.kind {
        ItemKind::Environment(environment) => Some((&environment.name.name, item)),
        _ => None,
    });
    let known: Vec<_> = environments.collect();
    match known.iter().find(|(known, _)| &***known == name) {
        Some((_, item)) => Ok(Elsewhere::of(item)),
        None => {
            let names = known.iter().map(|(name, _)| &***name);
            let advice = crate::diag::did_you_mean(name, names)
                .unwrap_or_else(|| "none with that name is declared".into());
            Err(format!("there is no environment `{name}`; {advice}"))
        }
    }
}

/// The words after `scn run FILE:LINE` that make a repetition the same.
fn repeat_words(options: &Options, seed: u64) -> Vec<String> {
    let mut words = vec!["--seed".to_owned(), seed.to_string()];
    if let Some(environment) = &options.environment {
        words.extend(["--env".to_owned(), environment.clone()]);
    }
    // What else decides how a scenario goes, as it was written.
    let mut given = options.command.iter();
    while let Some(word) = given.next() {
        if matches!(word.as_str(), "--set" | "--env-file" | "--timeout" | "--cases")
            && let Some(value) = given.next()
        {
            words.extend([word.clone(), crate::value::words::shell_quote(value).into_owned()]);
        }
    }
    words
}

fn plain_failure(plan: &Plan, diagnostic: &Diagnostic) -> Failure {
    let source = plan.program.sources.get(diagnostic.at.span.source);
    let (line, column) = source.line_column(diagnostic.at.span.start);
    let place = Place {
        file: source.name.clone(),
        line,
        column,
        width: diagnostic.at.span.end.saturating_sub(diagnostic.at.span.start).max(1),
        lines: vec![plan.program.sources.shown_line(diagnostic.at.span.source, line).into_owned()],
    };
    let mut failure = Failure::new(diagnostic.code.name, diagnostic.message.clone());
    failure.place = Some(place);
    failure.label.clone_from(&diagnostic.at.text);
    failure.help.clone_from(&diagnostic.help);
    failure
}

/// How long a scenario may take that says nothing of it.
pub const TIMEOUT: Duration = Duration::from_secs(60);
