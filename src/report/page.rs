//! The page that a run prints: a line for what happens while it happens, the failures in full at
//! the end, then the summary. Pure: events in, text out, so that a replay prints the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::style::{Ink, clean, hanging, indented, plural, took};
use super::summary::Tally;
use crate::diag::Look;
use crate::event::{Event, EventKind, Failure, Outcome, Place, ScenarioInfo, SuiteOutcome};

/// Turns events into the text that a run prints.
#[derive(Debug)]
pub struct Page {
    look: Look,
    quiet: bool,
    titles: BTreeMap<u32, String>,
    addresses: BTreeMap<String, (String, u64)>,
    /// Failures of attempts that were followed by another, by scenario.
    earlier: BTreeMap<String, Vec<Failure>>,
    blocks: Vec<Block>,
    /// How many scenarios the run chose.
    scenarios: usize,
    /// Failures of no scenario.
    around: Vec<(String, Failure)>,
    tally: Tally,
}

/// A scenario whose failures are printed at the end.
#[derive(Debug)]
struct Block {
    scenario: ScenarioInfo,
    outcome: Outcome,
    attempt: u32,
    failures: Vec<Failure>,
}

impl Page {
    /// An empty page. A quiet one prints only failures and the summary.
    pub fn new(look: Look, quiet: bool) -> Page {
        Page {
            look,
            quiet,
            titles: BTreeMap::new(),
            addresses: BTreeMap::new(),
            earlier: BTreeMap::new(),
            blocks: Vec::new(),
            scenarios: 0,
            around: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// What this event adds to the page; often nothing.
    pub fn add(&mut self, event: &Event) -> String {
        let mut out = String::new();
        self.tally.add(&event.kind);
        self.progress(&event.kind, &mut out);
        if self.quiet {
            out.clear();
        }
        if let EventKind::RunFinished { failures, .. } = &event.kind {
            self.around.extend(failures.iter().map(|failure| ("the run".to_owned(), failure.clone())));
            self.failures(&mut out);
            self.tally.write(&mut out, self.look);
        }
        out
    }

    fn progress(&mut self, kind: &EventKind, out: &mut String) {
        let look = self.look;
        match kind {
            EventKind::RunStarted { version, seed, jobs, scenarios, environment, .. } => {
                self.scenarios = *scenarios;
                let mut text = format!("scn {version}  {}", plural(*scenarios, "scenario"));
                let _ = write!(text, ", {jobs} at a time, seed {seed}");
                if let Some(environment) = environment {
                    let _ = write!(text, ", environment {environment}");
                }
                indented(out, look, 0, &text, Some(Ink::Faint));
            }
            EventKind::Warning { message, place, code } => {
                let at = place.as_ref().map(|place| format!("  {}", spot(place))).unwrap_or_default();
                line(out, look, (Ink::Odd, "warning"), &format!("{message} [{code}]"), &at);
            }
            EventKind::ServiceBuilding { service } => line(out, look, (Ink::Faint, "building"), service, ""),
            EventKind::ServiceStarted { service, address, build_us, .. } => {
                self.addresses.insert(service.clone(), (address.clone(), *build_us));
            }
            EventKind::ServiceReady { service, took_us } => {
                let (address, build) = self.addresses.get(service).cloned().unwrap_or_default();
                let built = if build > 0 { format!("built in {}, ", took(build)) } else { String::new() };
                let note = format!("  {address}  {built}ready in {}", took(*took_us));
                line(out, look, (Ink::Good, "ready"), service, &note);
            }
            EventKind::ServiceFailed { service, failure } => {
                line(out, look, (Ink::Bad, "failed"), &format!("service {service}: {}", failure.message), "");
                self.around.push((format!("service {service}"), failure.clone()));
            }
            EventKind::ServiceExited { service, status, expected: false } => {
                line(out, look, (Ink::Bad, "exited"), &format!("{service}: {status}"), "");
            }
            EventKind::StageStarted { stage, scenarios } if !stage.is_empty() => {
                let count = format!("  {}", plural(*scenarios, "scenario"));
                let _ = writeln!(
                    out,
                    "\n{}{}",
                    look.loud(Ink::Strong, &format!("stage {stage}")),
                    look.ink(Ink::Faint, &count)
                );
            }
            EventKind::StageFinished { stage, gates, failures } => {
                for gate in gates.iter().filter(|gate| !gate.held) {
                    let text = format!("{} does not hold", gate.condition);
                    line(out, look, (Ink::Bad, "gate"), &text, "");
                }
                self.around
                    .extend(failures.iter().map(|failure| (format!("stage {stage}"), failure.clone())));
            }
            EventKind::StageSkipped { stage, why, scenarios } => {
                let text = format!("stage {stage}: {why}");
                line(
                    out,
                    look,
                    (Ink::Odd, "not run"),
                    &text,
                    &format!("  {}", plural(*scenarios, "scenario")),
                );
            }
            EventKind::SuiteFinished { suite, tests, failure, took_us, .. } => {
                let failed = tests.iter().filter(|test| test.outcome == SuiteOutcome::Failed).count();
                let sign = if failed > 0 || failure.is_some() { FAILED } else { PASSED };
                let note = format!("  {}  {}", plural(tests.len(), "test"), took(*took_us));
                line(out, look, (sign.0, self.sign(sign)), &format!("suite {suite}"), &note);
                self.suite(suite, tests, failure.as_ref());
            }
            EventKind::ScenarioStarted { id, scenario, .. } => {
                self.titles.insert(*id, scenario.title.clone());
            }
            EventKind::Shown { id, place, expression, value } => {
                let title = id.and_then(|id| self.titles.get(&id)).map_or("", String::as_str);
                let note = format!("  {} {title}", spot(place));
                line(out, look, (Ink::Place, "show"), &format!("{expression} = {value}"), note.trim_end());
            }
            EventKind::Loaded { figures, .. } => {
                for (index, figures) in figures.iter().enumerate() {
                    let name = if index == 0 { figures.name.clone() } else { format!("· {}", figures.name) };
                    let note = format!("  {}", super::load::line(figures));
                    line(out, look, (Ink::Place, if index == 0 { "load" } else { "" }), &name, &note);
                }
                for note in super::load::notes(kind) {
                    line(out, look, (Ink::Odd, ""), &note, "");
                }
            }
            EventKind::ScenarioFinished {
                scenario, attempt, retried, outcome, failures, took_us, ..
            } => {
                self.finished(out, scenario, *attempt, *retried, outcome, failures, *took_us);
            }
            EventKind::Interrupted => {
                let text = "cleaning up; a second Ctrl-C kills what is left";
                line(out, look, (Ink::Odd, "interrupted"), text, "");
            }
            EventKind::ServiceExited { .. }
            | EventKind::StageStarted { .. }
            | EventKind::SuiteStarted { .. }
            | EventKind::StepStarted { .. }
            | EventKind::Requested { .. }
            | EventKind::Faulted { .. }
            | EventKind::ContractCounted { .. }
            | EventKind::StreamCounted { .. }
            | EventKind::Expected { .. }
            | EventKind::Probed { .. }
            | EventKind::Loading { .. }
            | EventKind::RunFinished { .. } => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn finished(
        &mut self,
        out: &mut String,
        scenario: &ScenarioInfo,
        attempt: u32,
        retried: bool,
        outcome: &Outcome,
        failures: &[Failure],
        took_us: u64,
    ) {
        let sign = if retried { RETRIED } else { sign_of(outcome) };
        let mut note = format!("  {}", took(took_us));
        match outcome {
            Outcome::Skipped { why } => note = format!("  {why}"),
            Outcome::Quarantined { issue } => {
                let _ = write!(note, "  quarantined by {issue}");
            }
            Outcome::Flaky => {
                let _ = write!(note, "  passed on attempt {attempt}");
            }
            _ if retried => {
                let _ = write!(note, "  attempt {attempt}");
            }
            _ => {}
        }
        line(out, self.look, (sign.0, self.sign(sign)), &full_title(scenario), &note);
        let key = format!("{}\n{}\n{}", scenario.file, scenario.title, scenario.case);
        if retried {
            self.earlier.entry(key).or_insert_with(|| failures.to_vec());
            return;
        }
        let earlier = self.earlier.remove(&key).unwrap_or_default();
        let failures =
            if *outcome == Outcome::Flaky && failures.is_empty() { earlier } else { failures.to_vec() };
        if !failures.is_empty() {
            let block = Block { scenario: scenario.clone(), outcome: outcome.clone(), attempt, failures };
            self.blocks.push(block);
        }
    }

    fn suite(&mut self, suite: &str, tests: &[crate::event::SuiteTest], failure: Option<&Failure>) {
        let name = format!("suite {suite}");
        if let Some(failure) = failure {
            self.around.push((name.clone(), failure.clone()));
        }
        for test in tests.iter().filter(|test| test.outcome == SuiteOutcome::Failed) {
            let mut failure = Failure::new("suite", format!("{} failed", test.name));
            if !test.output.trim().is_empty() {
                failure.details.push(crate::event::Detail::Lines {
                    title: "its output".to_owned(),
                    lines: test.output.lines().map(str::to_owned).collect(),
                });
            }
            self.around.push((name.clone(), failure));
        }
    }

    fn sign(&self, sign: Sign) -> &'static str {
        self.look.sign(sign.1, sign.2)
    }

    /// Every failure in full, the worst last, so that it stays in view.
    fn failures(&self, out: &mut String) {
        let mut blocks: Vec<&Block> = self.blocks.iter().collect();
        blocks.sort_by_key(|block| rank(&block.outcome));
        let (mild, grave): (Vec<&Block>, Vec<&Block>) =
            blocks.into_iter().partition(|block| rank(&block.outcome) < RANK_BROKEN);
        let mut shown: Vec<&Failure> = Vec::new();
        for block in mild {
            self.block(out, block, &mut shown);
        }
        for (whose, failure) in &self.around {
            if shown.iter().any(|other| same(other, failure)) {
                continue;
            }
            let _ = writeln!(out, "\n{}  {}\n", self.look.loud(Ink::Bad, "failed"), clean(whose));
            super::failure::write(out, self.look, failure);
            repeat(out, self.look, failure.repeat.as_deref());
            shown.push(failure);
        }
        for block in grave {
            self.block(out, block, &mut shown);
        }
    }

    fn block<'a>(&self, out: &mut String, block: &'a Block, shown: &mut Vec<&'a Failure>) {
        let look = self.look;
        heading(out, look, block);
        // One cause often breaks many scenarios; it is told in full once.
        let known = |failure: &Failure, shown: &[&Failure]| {
            matches!(block.outcome, Outcome::Broken) && shown.iter().any(|other| same(other, failure))
        };
        // A failure that everyone knows of must not bury the others; alone it is told in full.
        let brief = self.scenarios > 1 && matches!(block.outcome, Outcome::Quarantined { .. });
        for (index, failure) in block.failures.iter().enumerate() {
            if known(failure, shown) {
                hanging(out, look, 2, "because", &format!("{}, as shown above", failure.message), Ink::Faint);
                continue;
            }
            if index > 0 {
                out.push('\n');
            }
            let before = index.checked_sub(1).and_then(|index| block.failures.get(index));
            let mut failure = super::failure::without_repeats(before, failure, block.failures.get(index + 1));
            if brief {
                failure.exchange = None;
                failure.logs.clear();
            }
            let failure = &failure;
            super::failure::write(out, look, failure);
            repeat(out, look, super::failure::repeats(&block.failures, index));
            shown.push(&block.failures[index]);
        }
    }
}

/// Whether two failures are one and the same, seen from different scenarios.
fn same(one: &Failure, other: &Failure) -> bool {
    one.code == other.code && one.message == other.message && one.place == other.place
}

fn heading(out: &mut String, look: Look, block: &Block) {
    let (ink, word) = match &block.outcome {
        Outcome::Passed => (Ink::Odd, "passed, but"),
        Outcome::Flaky => (Ink::Odd, "flaky"),
        Outcome::Failed => (Ink::Bad, "failed"),
        Outcome::Quarantined { .. } => (Ink::Odd, "quarantined"),
        Outcome::Skipped { .. } => (Ink::Odd, "skipped"),
        Outcome::Inconclusive => (Ink::Odd, "inconclusive"),
        Outcome::Broken => (Ink::Bad, "broken"),
        Outcome::Interrupted => (Ink::Odd, "interrupted"),
    };
    let scenario = &block.scenario;
    let title = clean(&full_title(scenario)).into_owned();
    let place = format!("{}:{}", scenario.file, scenario.line);
    let width = |text: &str| textwrap::core::display_width(text);
    out.push('\n');
    let head = format!("{}  {}", look.loud(ink, word), look.ink(Ink::Strong, &title));
    if width(word) + width(&title) + width(&place) + 4 <= look.columns() {
        let _ = writeln!(out, "{head}  {}", look.ink(Ink::Place, &place));
    } else {
        let hang = word.len() + 2;
        for (index, line) in
            super::style::wrap(&title, look.columns().saturating_sub(hang)).iter().enumerate()
        {
            let head = if index == 0 { look.loud(ink, word) } else { String::new() };
            let head = super::style::pad(&head, hang);
            let _ = writeln!(out, "{head}{}", look.ink(Ink::Strong, line));
        }
        let _ = writeln!(out, "  {}", look.ink(Ink::Place, &place));
    }
    let mut facts = Vec::new();
    if !scenario.stage.is_empty() {
        facts.push(format!("stage {}", scenario.stage));
    }
    if let Some(owner) = &scenario.owner {
        facts.push(format!("owner {owner}"));
    }
    if !scenario.tags.is_empty() {
        facts.push(format!("tags {}", scenario.tags.join(", ")));
    }
    match &block.outcome {
        Outcome::Quarantined { issue } => facts.push(format!("issue {issue}")),
        Outcome::Flaky => facts.push(format!("passed on attempt {}, this is the first", block.attempt)),
        _ if block.attempt > 1 => facts.push(format!("failed on all of {} attempts", block.attempt)),
        _ => {}
    }
    if !facts.is_empty() {
        indented(out, look, 2, &facts.join(look.sign(" · ", ", ")), Some(Ink::Faint));
    }
    out.push('\n');
}

/// The line that repeats the run; never wrapped, so that it can be copied.
fn repeat(out: &mut String, look: Look, command: Option<&str>) {
    if let Some(command) = command {
        let heading = super::style::pad(&look.ink(Ink::Faint, "repeat"), 10);
        let _ = writeln!(out, "\n  {heading}{}", look.loud(Ink::Strong, &clean(command)));
    }
}

/// The title with its case.
pub(crate) fn full_title(scenario: &ScenarioInfo) -> String {
    if scenario.case.is_empty() {
        scenario.title.clone()
    } else {
        format!("{} ({})", scenario.title, scenario.case)
    }
}

fn spot(place: &Place) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

type Sign = (Ink, &'static str, &'static str);
const PASSED: Sign = (Ink::Good, "✓", "ok");
const FAILED: Sign = (Ink::Bad, "✗", "FAILED");
const RETRIED: Sign = (Ink::Odd, "↻", "retried");

fn sign_of(outcome: &Outcome) -> Sign {
    match outcome {
        Outcome::Passed => PASSED,
        Outcome::Flaky => (Ink::Odd, "✓", "flaky"),
        Outcome::Failed => FAILED,
        Outcome::Quarantined { .. } => (Ink::Odd, "✗", "quarantined"),
        Outcome::Skipped { .. } => (Ink::Faint, "–", "skipped"),
        Outcome::Inconclusive => (Ink::Odd, "?", "inconclusive"),
        Outcome::Broken => (Ink::Bad, "!", "broken"),
        Outcome::Interrupted => (Ink::Odd, "!", "interrupted"),
    }
}

const RANK_BROKEN: u8 = 5;

/// The graver, the later.
fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Skipped { .. } => 0,
        Outcome::Flaky => 1,
        Outcome::Quarantined { .. } => 2,
        Outcome::Passed => 3,
        Outcome::Inconclusive | Outcome::Interrupted => 4,
        Outcome::Broken => RANK_BROKEN,
        Outcome::Failed => 6,
    }
}

/// A progress line: a sign or word, what it is about, and a faint note.
fn line(out: &mut String, look: Look, (ink, word): (Ink, &str), text: &str, note: &str) {
    // Words stand in a column of their own, signs before their text.
    let column = if word.chars().count() > 1 { 8 } else { 1 };
    let hang = 2 + textwrap::core::display_width(word).max(column) + 2;
    let note = clean(note).replace('\n', " ");
    let lines = super::style::wrap(text, look.columns().saturating_sub(hang));
    let used = hang + lines.last().map_or(0, |line| textwrap::core::display_width(line));
    let fits = used + textwrap::core::display_width(note.as_str()) <= look.columns();
    for (index, line) in lines.iter().enumerate() {
        let head = if index == 0 { look.ink(ink, word) } else { String::new() };
        let _ = write!(out, "  {}{line}", super::style::pad(&head, hang - 2));
        let last = index + 1 == lines.len();
        if last && fits {
            out.push_str(&look.ink(Ink::Faint, &note));
        }
        out.push('\n');
        if last && !fits {
            indented(out, look, hang, note.trim_start(), Some(Ink::Faint));
        }
    }
}
