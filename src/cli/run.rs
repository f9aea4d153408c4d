//! `scn run`.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::{Color, Run, Seed, Shard};
use super::project::{Named, Project, named};
use super::select::{self, FailedBefore, Misunderstood};
use super::terminal::{self, Stream};
use super::{Exit, inputs};
use crate::check;
use crate::diag::{Diagnostic, Severity, did_you_mean, render};
use crate::event::{EventKind, Outcome, Place, Reporter};
use crate::report::{
    CoverageReport, GitHub, JUnit, Json, Live, Page, Runs, Target, Terminal, Watched, WriteFailures,
    is_known_form, read_run,
};
use crate::run::{self, Options, Wanted};
use crate::syntax::ast::ItemKind;

/// Runs once, or again and again with `--watch`.
pub(super) fn run(args: &Run, color: Color) -> Exit {
    if args.watch {
        return super::watch::watch(args, color);
    }
    once(args, color).0
}

/// Runs once; also returns the project, for whoever wants to know its files.
pub(super) fn once(args: &Run, color: Color) -> (Exit, Option<Project>) {
    let named = named(&args.selection.paths);
    let project = Project::open_at(&named, &args.levels);
    if project.is_wrong() {
        return (project.complain(color), Some(project));
    }
    let exit = prepared(args, color, &named, &project);
    (exit, Some(project))
}

fn prepared(args: &Run, color: Color, named: &[Named], project: &Project) -> Exit {
    match begin(args, color, named, project) {
        Ok(exit) => exit,
        Err(Stopped::Misunderstood(wrong)) => misunderstood(&wrong, color),
        Err(Stopped::Said(exit, message)) => {
            terminal::complain(&message);
            exit
        }
    }
}

/// Draws what is wrong with the command line.
pub(super) fn misunderstood(wrong: &Misunderstood, color: Color) -> Exit {
    let look = terminal::look(color, Stream::Err);
    terminal::tell(&render(&wrong.diagnostic, &wrong.sources, look));
    Exit::Wrong
}

/// Why a run does not begin.
enum Stopped {
    Misunderstood(Box<Misunderstood>),
    Said(Exit, String),
}

impl From<Box<Misunderstood>> for Stopped {
    fn from(wrong: Box<Misunderstood>) -> Stopped {
        Stopped::Misunderstood(wrong)
    }
}

fn begin(args: &Run, color: Color, named: &[Named], project: &Project) -> Result<Exit, Stopped> {
    let root = std::env::current_dir().map_err(|error| {
        Stopped::Said(Exit::Environment, format!("there is no current directory: {error}"))
    })?;
    let runs = Runs::new(&root);
    let mut warnings = Vec::new();
    let inputs = inputs::read(project, &args.set, args.env_file.as_deref(), &mut warnings)?;
    check_environment(project, args.env.as_deref())?;
    if let (Some(case), Some(cases)) = (args.case, args.cases)
        && case > cases
    {
        let message = format!("`--cases {cases}` leaves no case {case} for `--case`");
        return Err(Stopped::Said(Exit::Wrong, message));
    }
    let failed = if args.rerun_failed { Some(failed_before(&runs)?) } else { None };
    let chosen = select::choose(project, named, &args.selection, failed.as_ref())?;
    warnings.extend(chosen.warnings);
    for warning in &warnings {
        terminal::tell(&format!("warning: {warning}\n"));
    }
    if chosen.scenarios.is_empty() && chosen.left_out > 0 {
        let asked = select::reason(&args.selection, named, args.rerun_failed);
        let message = format!(
            "nothing ran: {asked} leaves out all of {} scenarios; that proves nothing, so it is no pass",
            chosen.left_out
        );
        return Err(Stopped::Said(Exit::Nothing, message));
    }
    if let Some(probe) = &args.probe {
        has_probe(project, &chosen.scenarios, probe)?;
    }
    let seed = args.seed.map(|seed| match seed {
        Seed::Fixed(seed) => seed,
        // The hasher's keys are the standard library's only source of randomness.
        Seed::Random => RandomState::new().build_hasher().finish(),
    });
    let failures = WriteFailures::default();
    let reporters = reporters(args, color, &runs, &failures)?;
    let options = Options {
        selected: chosen.scenarios,
        suites: chosen.wanted.is_none() && args.shard.is_none_or(|shard| shard.number == 1),
        wanted: sharded(chosen.wanted, args.shard),
        deselected: chosen.left_out,
        seed,
        jobs: args.jobs.map_or_else(processors, usize::from),
        environment: args.env.clone(),
        inputs,
        timeout: args.timeout,
        fail_fast: args.fail_fast,
        cases: run::Cases { number: args.cases, first: args.case },
        probe: args.probe.clone(),
        command: repeat(args, seed),
        root,
        warnings: project.diagnostics.iter().filter_map(|d| warning(d, project)).collect(),
    };
    let exit = run::run(Arc::clone(&project.plan), Arc::clone(&project.registry), options, reporters);
    Ok(tell_write_failures(&failures, exit))
}

/// Refuses a `--probe` that nothing selected has: the attack that is asked for would never happen.
fn has_probe(project: &Project, selected: &[usize], wanted: &str) -> Result<(), Stopped> {
    let plan = &project.plan;
    let scenarios = selected.iter().map(|index| plan.scenarios[*index].item);
    let actions = plan.program.items().filter(|(_, item)| matches!(item.kind, ItemKind::Action(_)));
    let known = check::probes(&plan.program, scenarios.chain(actions.map(|(at, _)| at)));
    if known.iter().any(|known| known == wanted) {
        return Ok(());
    }
    let advice = match did_you_mean(wanted, known.iter().map(String::as_str)) {
        _ if known.is_empty() => "none of the selected scenarios has an `idempotent`".to_owned(),
        Some(advice) => advice,
        None => format!("there are {}", known.join(", ")),
    };
    Err(Stopped::Said(Exit::Wrong, format!("nothing here has a probe `{wanted}`: {advice}")))
}

/// What is wanted of one of the parts that `--shard` divides it into.
fn sharded(wanted: Option<Wanted>, shard: Option<Shard>) -> Option<Wanted> {
    let Some(shard) = shard else { return wanted };
    Some(Wanted::new(move |candidate| {
        candidate.place % shard.of == shard.number - 1
            && wanted.as_ref().is_none_or(|wanted| wanted.has(candidate))
    }))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// What could not be written; a run whose report is lost has not done what it was told.
fn tell_write_failures(failures: &WriteFailures, exit: Exit) -> Exit {
    let mut exit = exit;
    for (message, warning) in failures.take() {
        if warning {
            terminal::tell(&format!("warning: {message}\n"));
        } else {
            terminal::complain(&message);
            if exit != Exit::Interrupted {
                exit = Exit::Environment;
            }
        }
    }
    exit
}

fn check_environment(project: &Project, asked: Option<&str>) -> Result<(), Box<Misunderstood>> {
    let Some(asked) = asked else { return Ok(()) };
    let known: BTreeSet<&str> = project
        .plan
        .program
        .items()
        .filter_map(|(_, item)| match &item.kind {
            crate::syntax::ast::ItemKind::Environment(environment) => Some(&*environment.name.name),
            _ => None,
        })
        .collect();
    if known.contains(asked) {
        return Ok(());
    }
    let text = format!("--env {asked}");
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    let help = did_you_mean(asked, known.iter().copied()).unwrap_or_else(|| match names.is_empty() {
        true => "the scenarios declare no `environment`".to_owned(),
        false => format!("the environments are {}", names.join(", ")),
    });
    let message = format!("there is no environment `{asked}`");
    Err(select::misunderstood("the command line", &text, ("--env ".len(), text.len()), message, Some(help)))
}

/// Every scenario, case and combination that did not pass in the last run.
fn failed_before(runs: &Runs) -> Result<FailedBefore, Stopped> {
    let Some(path) = runs.last() else {
        let message = "there is no last run to take failures from; run without --rerun-failed first";
        return Err(Stopped::Said(Exit::Wrong, message.to_owned()));
    };
    let mut failed = BTreeSet::new();
    let result = read_run(&path, |event| {
        match event.kind {
            // Whatever began and did not end was cut off.
            EventKind::ScenarioStarted { scenario, .. } => {
                failed.insert((scenario.file, scenario.title, scenario.case, scenario.instance));
            }
            EventKind::ScenarioFinished { scenario, outcome, retried: false, .. } => {
                let key = (scenario.file, scenario.title, scenario.case, scenario.instance);
                match outcome {
                    Outcome::Failed | Outcome::Inconclusive | Outcome::Broken | Outcome::Interrupted => {
                        failed.insert(key);
                    }
                    _ => {
                        failed.remove(&key);
                    }
                }
            }
            _ => {}
        }
        true
    });
    // A run that was cut off still says which scenarios had failed by then.
    if let Err(error) = result
        && failed.is_empty()
    {
        return Err(Stopped::Said(Exit::Wrong, error.to_string()));
    }
    if failed.is_empty() {
        let message = "nothing to run again: no scenario of the last run failed";
        return Err(Stopped::Said(Exit::Nothing, message.to_owned()));
    }
    let mut before = FailedBefore::new();
    for (file, title, _, instance) in failed {
        let names = before.entry((select::identity(&file), title)).or_insert_with(|| Some(BTreeSet::new()));
        // An older file does not name the cases, and one whose cases failed to evaluate has none.
        if instance.is_empty() {
            *names = None;
        } else if let Some(names) = names {
            names.insert(instance);
        }
    }
    Ok(before)
}

/// The words that repeat the run, without what only concerns its reports.
fn repeat(args: &Run, seed: Option<u64>) -> Vec<String> {
    let mut words = vec!["scn".to_owned(), "run".to_owned()];
    words.extend(args.selection.paths.iter().cloned());
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    for stage in &args.selection.stage {
        option("--stage", stage.clone());
    }
    if let Some(only) = &args.selection.only {
        option("--only", only.clone());
    }
    if let Some(seed) = seed {
        option("--seed", seed.to_string());
    }
    if let Some(env) = &args.env {
        option("--env", env.clone());
    }
    if let Some(file) = &args.env_file {
        option("--env-file", file.display().to_string());
    }
    if let Some(cases) = args.cases {
        option("--cases", cases.to_string());
    }
    if let Some(case) = args.case {
        option("--case", case.to_string());
    }
    if let Some(probe) = &args.probe {
        option("--probe", probe.clone());
    }
    for (name, value) in &args.set {
        option("--set", format!("{name}={value}"));
    }
    if let Some(Shard { number, of }) = args.shard {
        option("--shard", format!("{number}/{of}"));
    }
    if args.timeout.as_secs() != 60 {
        option("--timeout", super::duration::show(args.timeout));
    }
    words
}

fn warning(diagnostic: &Diagnostic, project: &Project) -> Option<EventKind> {
    if diagnostic.severity != Severity::Warning {
        return None;
    }
    let source = project.plan.program.sources.get(diagnostic.at.span.source);
    let (line, column) = source.line_column(diagnostic.at.span.start);
    let width = source.slice(diagnostic.at.span).lines().next().map_or(0, |text| text.chars().count()) as u32;
    Some(EventKind::Warning {
        code: diagnostic.code.name.to_owned(),
        message: diagnostic.message.clone(),
        place: Some(Place { file: source.name.clone(), line, column, width, lines: Vec::new() }),
    })
}

/// `--report`, taken apart.
#[derive(Debug, PartialEq, Eq)]
enum Report {
    JUnit(Target),
    Json(Target),
    Coverage(Target),
    GitHub(Option<PathBuf>),
}

fn parse_report(text: &str) -> Result<Report, String> {
    let (kind, target) = match text.split_once('=') {
        Some((kind, target)) if !target.is_empty() => (kind, Some(target)),
        Some((kind, _)) => (kind, None),
        None => (text, None),
    };
    match (kind, target) {
        ("junit", Some(target)) => Ok(Report::JUnit(Target::new(target))),
        ("json", Some(target)) => Ok(Report::Json(Target::new(target))),
        ("coverage", Some(target)) => match Target::new(target) {
            Target::File(path) if !is_known_form(&path) => Err(format!(
                "--report coverage={target}: the name ends in `.json`, `.md` or `.txt`, which says the form"
            )),
            target => Ok(Report::Coverage(target)),
        },
        ("github", target) => Ok(Report::GitHub(target.map(PathBuf::from))),
        ("junit" | "json" | "coverage", None) => {
            Err(format!("--report {kind} needs a file: `{kind}=FILE`, `-` is standard output"))
        }
        _ => {
            let near = did_you_mean(kind, ["junit", "json", "coverage", "github"]).unwrap_or_else(|| {
                "there are `junit=FILE`, `json=FILE`, `coverage=FILE` and `github`".to_owned()
            });
            Err(format!("there is no report `{kind}`; {near}"))
        }
    }
}

fn reporters(
    args: &Run,
    color: Color,
    runs: &Runs,
    failures: &WriteFailures,
) -> Result<Vec<Box<dyn Reporter>>, Stopped> {
    let wrong = |message: String| Stopped::Said(Exit::Wrong, message);
    let mut reports = Vec::new();
    for text in &args.report {
        reports.push(parse_report(text).map_err(wrong)?);
    }
    if super::on_github() && !reports.iter().any(|report| matches!(report, Report::GitHub(_))) {
        reports.push(Report::GitHub(None));
    }
    let takes_stdout = |report: &Report| {
        matches!(
            report,
            Report::JUnit(Target::Stdout) | Report::Json(Target::Stdout) | Report::Coverage(Target::Stdout)
        )
    };
    let taken = reports.iter().filter(|report| takes_stdout(report)).count();
    if taken > 1 {
        return Err(wrong("only one report can go to standard output".to_owned()));
    }
    let mut reporters: Vec<Box<dyn Reporter>> = vec![page(args, color, taken > 0, failures)];
    for report in reports {
        reporters.push(open(report, failures)?);
    }
    match runs.create() {
        Ok(file) => {
            let watched = Watched::new("the run's event file in `.scn`", Box::new(file), failures);
            reporters.push(Box::new(watched.only_warns()));
        }
        Err(error) => {
            let message = format!(
                "this run is not kept for `scn replay`: `.scn` cannot be written: {}",
                crate::value::words::plain(&error)
            );
            terminal::tell(&format!("warning: {message}\n"));
        }
    }
    Ok(reporters)
}

/// The page for people; it leaves standard output to a report that asked for it.
fn page(args: &Run, color: Color, taken: bool, failures: &WriteFailures) -> Box<dyn Reporter> {
    let stream = if taken { Stream::Err } else { Stream::Out };
    let page = Page::new(terminal::look(color, stream), args.quiet);
    let page: Box<dyn Reporter> = match (taken, terminal::is_terminal()) {
        (true, _) => Box::new(Terminal::new(page, io::stderr())),
        (false, true) => Box::new(Live::new(Terminal::new(page, io::stdout()))),
        (false, false) => Box::new(Terminal::new(page, io::stdout())),
    };
    Box::new(Watched::new("the page", page, failures))
}

fn open(report: Report, failures: &WriteFailures) -> Result<Box<dyn Reporter>, Stopped> {
    let lost = |name: &str, target: &Target, error: &io::Error| {
        let target = match target {
            Target::Stdout => "-".to_owned(),
            Target::File(path) => path.display().to_string(),
        };
        let message = format!("{name} `{target}` cannot be written: {}", crate::value::words::plain(error));
        Stopped::Said(Exit::Environment, message)
    };
    let (name, reporter): (&str, Box<dyn Reporter>) = match report {
        Report::JUnit(target) => {
            let junit = JUnit::new(&target).map_err(|error| lost("the junit report", &target, &error))?;
            ("the junit report", Box::new(junit))
        }
        Report::Json(target) => {
            let json = Json::new(&target).map_err(|error| lost("the json report", &target, &error))?;
            ("the json report", Box::new(json))
        }
        Report::Coverage(target) => {
            let report =
                CoverageReport::new(&target).map_err(|error| lost("the coverage report", &target, &error))?;
            ("the coverage report", Box::new(report))
        }
        Report::GitHub(path) => {
            let path = path.or_else(|| std::env::var_os("GITHUB_STEP_SUMMARY").map(PathBuf::from));
            let path = path.filter(|path| path != Path::new(""));
            ("the github report", Box::new(GitHub::new(io::stdout(), path)))
        }
    };
    Ok(Box::new(Watched::new(name, reporter, failures)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        let file = |name: &str| Target::File(name.into());
        assert_eq!(parse_report("junit=a/b.xml"), Ok(Report::JUnit(file("a/b.xml"))));
        assert_eq!(parse_report("json=-"), Ok(Report::Json(Target::Stdout)));
        assert_eq!(parse_report("github"), Ok(Report::GitHub(None)));
        assert_eq!(parse_report("github=s.md"), Ok(Report::GitHub(Some("s.md".into()))));
        assert!(parse_report("junit").unwrap_err().contains("needs a file"));
        assert_eq!(parse_report("coverage=c.json"), Ok(Report::Coverage(file("c.json"))));
        assert!(parse_report("coverage").unwrap_err().contains("needs a file"));
        assert!(parse_report("coverage=c.xml").unwrap_err().contains("ends in `.json`, `.md` or `.txt`"));
        assert!(parse_report("json=").unwrap_err().contains("needs a file"));
        assert_eq!(parse_report("junti=x").unwrap_err(), "there is no report `junti`; did you mean `junit`?");
    }
}
