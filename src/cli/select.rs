//! Which of the scenarios run: by path and line, `--stage`, `--only` and `--rerun-failed`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::Selection;
use super::only::{self, Field, Only, OnlyError, Subject};
use super::project::{Named, Project};
use crate::check::{Plan, PlannedScenario};
use crate::diag::{Code, Diagnostic, did_you_mean, nearest};
use crate::run::Wanted;
use crate::source::{Source, SourceId, Sources, Span};

/// The scenarios that were chosen.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Indexes in the plan, in order.
    pub(super) scenarios: Vec<usize>,
    /// How many were left out.
    pub(super) left_out: usize,
    /// Which of their cases and combinations; all without it.
    pub(super) wanted: Option<Wanted>,
    /// What is odd about the selection, for standard error.
    pub(super) warnings: Vec<String>,
}

/// A selection that cannot be understood: a message, drawn when it has a place in an expression.
pub(super) struct Misunderstood {
    pub(super) diagnostic: Diagnostic,
    pub(super) sources: Sources,
}

/// What did not pass in the last run: by file and title, the names of the cases and combinations;
/// none when the run's file does not tell them apart.
pub(super) type FailedBefore = BTreeMap<(PathBuf, String), Option<BTreeSet<String>>>;

/// Chooses. `failed` did not pass in the last run.
pub(super) fn choose(
    project: &Project,
    named: &[Named],
    selection: &Selection,
    failed: Option<&FailedBefore>,
) -> Result<Chosen, Box<Misunderstood>> {
    let plan = &project.plan;
    let lines = at_lines(project, named)?;
    check_stages(project, &selection.stage)?;
    let mut warnings = Vec::new();
    let only = match &selection.only {
        None => None,
        Some(text) => Some(read_only(project, text, &mut warnings)?),
    };
    let keep = |index: usize| {
        let scenario = &plan.scenarios[index];
        let subject = subject(project, index);
        let stage = selection.stage.is_empty() || selection.stage.iter().any(|name| *name == subject.stage);
        let line = lines.as_ref().is_none_or(|lines| lines.contains(&index));
        let again = failed
            .is_none_or(|failed| failed.contains_key(&(identity(subject.file), scenario.title.to_string())));
        stage && line && again && only.as_ref().is_none_or(|only| only.holds(&subject) != Some(false))
    };
    let scenarios: Vec<usize> = (0..plan.scenarios.len()).filter(|index| keep(*index)).collect();
    let left_out = plan.scenarios.len() - scenarios.len();
    let wanted = wanted(project, only.filter(Only::asks_for_cases), failed);
    Ok(Chosen { scenarios, left_out, wanted, warnings })
}

/// The condition on cases and combinations, when there is one.
fn wanted(project: &Project, only: Option<Only>, failed: Option<&FailedBefore>) -> Option<Wanted> {
    if only.is_none() && failed.is_none() {
        return None;
    }
    let again = failed.map(|failed| {
        let of = |index: usize| {
            let title = project.plan.scenarios[index].title.to_string();
            failed.get(&(identity(project.file(index)), title)).cloned().flatten()
        };
        (0..project.plan.scenarios.len()).map(of).collect::<Vec<_>>()
    });
    let plan = Arc::clone(&project.plan);
    Some(Wanted::new(move |candidate| {
        let again = again.as_ref().and_then(|again| again.get(candidate.planned)?.as_ref());
        let parts = Some(candidate.parts);
        let subject = Subject { parts, ..subject_of(&plan, candidate.planned) };
        again.is_none_or(|names| names.contains(&candidate.parts.join(", ")))
            && only.as_ref().is_none_or(|only| only.holds(&subject) == Some(true))
    }))
}

/// One spelling for a file that may be named in several ways.
pub(super) fn identity(file: &str) -> PathBuf {
    Path::new(file).canonicalize().unwrap_or_else(|_| PathBuf::from(file))
}

/// What a selection that matches nothing asked for, for the message.
pub(super) fn reason(selection: &Selection, named: &[Named], rerun: bool) -> String {
    let mut asked = Vec::new();
    if named.iter().any(|named| named.line.is_some()) {
        asked.push("the lines".to_owned());
    }
    if !selection.stage.is_empty() {
        asked.push(format!("--stage {}", selection.stage.join(" --stage ")));
    }
    if let Some(only) = &selection.only {
        asked.push(format!("--only '{only}'"));
    }
    if rerun {
        asked.push("--rerun-failed".to_owned());
    }
    asked.join(" with ")
}

fn subject(project: &Project, index: usize) -> Subject<'_> {
    subject_of(&project.plan, index)
}

fn subject_of(plan: &Plan, index: usize) -> Subject<'_> {
    let scenario: &PlannedScenario = &plan.scenarios[index];
    let unit = &plan.program.units[scenario.item.unit];
    let alone = scenario.cases.is_none() && scenario.matrix.is_empty();
    Subject {
        title: &scenario.title,
        stage: plan.stages.get(scenario.stage).map_or("", |stage| &stage.name),
        owner: scenario.owner.as_deref(),
        file: &plan.program.sources.get(unit.module.source).name,
        tags: &scenario.tags,
        parts: alone.then_some(&[]),
    }
}

/// The scenarios around the named lines, with those of the files and directories that were named
/// without a line; `None` when no line was named at all.
fn at_lines(project: &Project, named: &[Named]) -> Result<Option<BTreeSet<usize>>, Box<Misunderstood>> {
    if named.iter().all(|named| named.line.is_none()) {
        return Ok(None);
    }
    let mut chosen = BTreeSet::new();
    for named in named {
        let inside: Vec<usize> = (0..project.plan.scenarios.len())
            .filter(|index| is_within(Path::new(project.file(*index)), &named.path))
            .collect();
        let Some(line) = named.line else {
            chosen.extend(inside);
            continue;
        };
        let spans = |index: &usize| project.plan.scenarios[*index].lines;
        let around = inside.iter().find(|index| {
            let (first, last) = spans(index);
            (first..=last).contains(&line)
        });
        match around {
            Some(index) => {
                chosen.insert(*index);
            }
            None => return Err(off_line(project, named, line, &inside)),
        }
    }
    Ok(Some(chosen))
}

fn off_line(project: &Project, named: &Named, line: u32, inside: &[usize]) -> Box<Misunderstood> {
    let file = named.path.display();
    let distance = |index: &&usize| {
        let (first, last) = project.plan.scenarios[**index].lines;
        if line < first { first - line } else { line.saturating_sub(last) }
    };
    let message = format!("line {line} of `{file}` is outside every scenario");
    let help = match inside.iter().min_by_key(distance) {
        None => "the file has no scenario".to_owned(),
        Some(nearest) => {
            let scenario = &project.plan.scenarios[*nearest];
            let (first, last) = scenario.lines;
            format!("the nearest is \"{}\", at lines {first} to {last}: `{file}:{first}`", scenario.title)
        }
    };
    let text = format!("{file}:{line}");
    let start = text.len() - line.to_string().len();
    misunderstood("the command line", &text, (start, text.len()), message, Some(help))
}

/// Whether a file is the path or lies below it.
fn is_within(file: &Path, path: &Path) -> bool {
    match (file.canonicalize(), path.canonicalize()) {
        (Ok(file), Ok(path)) => file.starts_with(path),
        _ => file.starts_with(path),
    }
}

fn check_stages(project: &Project, asked: &[String]) -> Result<(), Box<Misunderstood>> {
    let known = stages(project);
    for stage in asked {
        if !known.contains(&stage.as_str()) {
            let text = format!("--stage {stage}");
            let span = ("--stage ".len(), text.len());
            let message = format!("there is no stage `{stage}`");
            let help = did_you_mean(stage, known.iter().copied()).or_else(|| list(&known, "stages"));
            return Err(misunderstood("the command line", &text, span, message, help));
        }
    }
    Ok(())
}

fn stages(project: &Project) -> Vec<&str> {
    let names = project.plan.stages.iter().map(|stage| &*stage.name);
    names.filter(|name| !name.is_empty()).collect()
}

fn list(known: &[&str], what: &str) -> Option<String> {
    if known.is_empty() {
        return Some(format!("there are no {what} here"));
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("the {what} are {}", names.join(", ")))
}

/// Reads `--only`. A word that nothing here has is an error when it is nearly one that something
/// has; otherwise it is only a warning, since a condition may be written for several projects.
fn read_only(project: &Project, text: &str, warnings: &mut Vec<String>) -> Result<Only, Box<Misunderstood>> {
    let only = only::parse(text).map_err(|OnlyError { message, start, end }| {
        misunderstood("--only", text, (start, end), message, None)
    })?;
    let scenarios = &project.plan.scenarios;
    let tags: BTreeSet<&str> = scenarios.iter().flat_map(|s| s.tags.iter().map(|tag| &**tag)).collect();
    let owners: BTreeSet<&str> = scenarios.iter().filter_map(|s| s.owner.as_deref()).collect();
    let stages: BTreeSet<&str> = stages(project).into_iter().collect();
    for (field, word) in only.words() {
        let (known, what): (BTreeSet<&str>, &str) = match field {
            Field::TagOrStage => (tags.union(&stages).copied().collect(), "tag or stage"),
            Field::Tag => (tags.clone(), "tag"),
            Field::Stage => (stages.clone(), "stage"),
            Field::Owner => (owners.clone(), "owner"),
            Field::Title | Field::File | Field::Case => continue,
        };
        if known.contains(word.text.as_str()) {
            continue;
        }
        let message = format!("no scenario has the {what} `{}`", word.text);
        if nearest(&word.text, known.iter().copied()).is_empty() {
            let known: Vec<&str> = known.into_iter().collect();
            let help = list(&known, &format!("{}s", what.replace(" or ", "s and "))).unwrap_or_default();
            warnings.push(format!("--only: {message}; {help}"));
        } else {
            let help = did_you_mean(&word.text, known.iter().copied());
            return Err(misunderstood("--only", text, (word.start, word.end), message, help));
        }
    }
    Ok(only)
}

/// A diagnostic whose source is a piece of the command line.
pub(super) fn misunderstood(
    name: &str,
    text: &str,
    (start, end): (usize, usize),
    message: String,
    help: Option<String>,
) -> Box<Misunderstood> {
    let mut sources = Sources::default();
    let id: SourceId = sources.add(Source::new(name, "", text));
    let mut diagnostic = Diagnostic::error(Code::USAGE, Span::new(id, start, end), message).label("here");
    diagnostic.help = help;
    Box::new(Misunderstood { diagnostic, sources })
}
