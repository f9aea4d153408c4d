//! The end of the page: what was counted, stage by stage, and the verdict in one line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::style::{Ink, hanging, indented, plural, took};
use crate::diag::Look;
use crate::event::{Coverage, Detail, EventKind, Exit, Gate, Outcome, ProbeOutcome, SuiteOutcome, Summary};

/// Longer lists of skipped scenarios are cut here; each has its own line above anyway.
const SKIPPED: usize = 10;

/// What the summary tells, gathered as it happens.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    stages: Vec<StageTally>,
    suites: Vec<(String, String, bool)>,
    skipped: Vec<(String, String)>,
    deselected: usize,
    selected: usize,
    end: Option<(Summary, u8, u64)>,
    hook_failures: usize,
    coverage: Coverage,
    /// How each probe ended last, by its scenario, its line and its name.
    probes: BTreeMap<(u32, u32, String), ProbeOutcome>,
}

#[derive(Debug, Default)]
struct StageTally {
    name: String,
    counts: Summary,
    gates: Vec<Gate>,
    skipped: Option<(String, usize)>,
}

impl Tally {
    pub(crate) fn add(&mut self, kind: &EventKind) {
        self.coverage.add(kind);
        match kind {
            EventKind::RunStarted { deselected, scenarios, .. } => {
                (self.deselected, self.selected) = (*deselected, *scenarios);
            }
            EventKind::StageStarted { stage, .. } => {
                self.stage(stage);
            }
            EventKind::StageFinished { stage, gates, failures } => {
                self.hook_failures += failures.len();
                self.stage(stage).gates.clone_from(gates);
            }
            EventKind::StageSkipped { stage, why, scenarios } => {
                self.stage(stage).skipped = Some((why.clone(), *scenarios));
            }
            EventKind::SuiteFinished { suite, tests, failure, .. } => {
                let count = |outcome| tests.iter().filter(|test| test.outcome == outcome).count();
                let failed = count(SuiteOutcome::Failed);
                let text = counts(&[
                    (count(SuiteOutcome::Passed), "passed"),
                    (failed, "failed"),
                    (count(SuiteOutcome::Skipped), "skipped"),
                ]);
                let text = match failure {
                    Some(failure) if text.is_empty() => failure.message.clone(),
                    Some(failure) => format!("{text}: {}", failure.message),
                    None => text,
                };
                self.suites.push((suite.clone(), text, failed == 0 && failure.is_none()));
            }
            EventKind::ScenarioFinished { scenario, retried: false, outcome, .. } => {
                if let Outcome::Skipped { why } = outcome {
                    self.skipped.push((super::page::full_title(scenario), why.clone()));
                }
                self.stage(&scenario.stage).counts.count(outcome);
            }
            EventKind::Probed { id, place, probe, outcome, .. } => {
                self.probes.insert((*id, place.line, probe.clone()), *outcome);
            }
            EventKind::RunFinished { summary, exit, took_us, failures } => {
                self.hook_failures += failures.len();
                self.end = Some((*summary, *exit, *took_us));
            }
            _ => {}
        }
    }

    fn stage(&mut self, name: &str) -> &mut StageTally {
        let index = self.stages.iter().position(|stage| stage.name == name).unwrap_or_else(|| {
            self.stages.push(StageTally { name: name.to_owned(), ..StageTally::default() });
            self.stages.len() - 1
        });
        &mut self.stages[index]
    }

    /// Writes the summary and the verdict.
    pub(crate) fn write(&self, out: &mut String, look: Look) {
        let Some((summary, exit, took_us)) = self.end else { return };
        out.push('\n');
        let mut any = false;
        for stage in self.stages.iter().filter(|stage| !stage.name.is_empty()) {
            hanging(out, look, 2, if any { "" } else { "stages" }, &stage.words(), Ink::Faint);
            any = true;
        }
        for (index, (suite, text, _)) in self.suites.iter().enumerate() {
            let heading = if index == 0 { "suites" } else { "" };
            hanging(out, look, 2, heading, &format!("{suite}: {text}"), Ink::Faint);
            any = true;
        }
        for (index, (title, why)) in self.skipped.iter().take(SKIPPED).enumerate() {
            let heading = if index == 0 { "skipped" } else { "" };
            hanging(out, look, 2, heading, &format!("{title}: {why}"), Ink::Faint);
            any = true;
        }
        if self.skipped.len() > SKIPPED {
            let more = format!("and {} more", self.skipped.len() - SKIPPED);
            hanging(out, look, 2, "", &more, Ink::Faint);
        }
        if self.deselected > 0 {
            let text = format!("{}, by the selection", plural(self.deselected, "scenario"));
            hanging(out, look, 2, "left out", &text, Ink::Faint);
            any = true;
        }
        if let Some(text) = self.survived() {
            hanging(out, look, 2, "probes", &text, Ink::Faint);
            any = true;
        }
        for (index, line) in super::coverage::lines(&self.coverage).iter().enumerate() {
            hanging(out, look, 2, if index == 0 { "coverage" } else { "" }, line, Ink::Faint);
            any = true;
        }
        if any {
            out.push('\n');
        }
        indented(out, look, 0, &format!("{} in {}", total(&summary), took(took_us)), None);
        let exit = Exit::from_code(exit);
        let ink = match exit {
            Exit::Passed => Ink::Good,
            Exit::Inconclusive | Exit::Interrupted => Ink::Odd,
            _ => Ink::Bad,
        };
        let (word, why) = self.verdict(&summary, exit);
        let text = if why.is_empty() { word.to_owned() } else { format!("{word}: {why}") };
        for line in super::style::wrap(&text, look.columns()) {
            let _ = writeln!(out, "{}", look.loud(ink, &line));
        }
    }

    /// How many attacks idempotent operations survived, and which they did not.
    fn survived(&self) -> Option<String> {
        if self.probes.is_empty() {
            return None;
        }
        let of = |wanted: ProbeOutcome| self.probes.iter().filter(move |(_, outcome)| **outcome == wanted);
        let named = |wanted: ProbeOutcome| {
            let names: BTreeSet<&str> = of(wanted).map(|((_, _, name), _)| name.as_str()).collect();
            names.into_iter().collect::<Vec<_>>().join(", ")
        };
        let mut text = format!("{} of {} survived", of(ProbeOutcome::Survived).count(), self.probes.len());
        for (outcome, word) in [(ProbeOutcome::Failed, "not"), (ProbeOutcome::Inconclusive, "unknown:")] {
            let names = named(outcome);
            if !names.is_empty() {
                let _ = write!(text, "; {word} {names}");
            }
        }
        Some(text)
    }

    fn verdict(&self, summary: &Summary, exit: Exit) -> (&'static str, String) {
        let ran = judged(summary);
        match exit {
            Exit::Passed => {
                let flaky = match summary.flaky {
                    0 => String::new(),
                    count => format!(", {count} of them only on a later attempt"),
                };
                let suites = match summary.suite_passed as usize {
                    0 => String::new(),
                    count => format!("; {} of other suites passed", plural(count, "test")),
                };
                // A scenario in quarantine was judged and does not hold; it only does not count.
                let quarantined = match summary.quarantined as usize {
                    0 => String::new(),
                    1 => ", 1 fails in quarantine".to_owned(),
                    count => format!(", {count} fail in quarantine"),
                };
                let held = ran.saturating_sub(summary.quarantined) as usize;
                ("passed", format!("{}{flaky}{quarantined}{suites}", holds(held)))
            }
            Exit::Failed => ("failed", self.reasons(summary).join(", ")),
            Exit::Wrong => ("wrong", "the scenarios cannot run as they are written".to_owned()),
            Exit::Environment => {
                let count = summary.broken as usize;
                let what = "the environment failed, not the expectations";
                (
                    "broken",
                    if count == 0 {
                        what.to_owned()
                    } else {
                        format!("{what}; {} could not be judged", plural(count, "scenario"))
                    },
                )
            }
            Exit::Nothing => ("nothing ran", self.why_nothing(summary)),
            Exit::Inconclusive => {
                let count = plural(summary.inconclusive as usize, "scenario");
                ("inconclusive", format!("{count} neither shown nor refuted; this is no pass"))
            }
            Exit::Interrupted => (
                "interrupted",
                format!("{} done before that; this is no pass", plural(ran as usize, "scenario")),
            ),
        }
    }

    fn reasons(&self, summary: &Summary) -> Vec<String> {
        let mut reasons = Vec::new();
        if summary.failed > 0 {
            let count = plural(judged(summary) as usize, "scenario");
            reasons.push(format!("{} of {count}", summary.failed));
        }
        let suites: Vec<&str> =
            self.suites.iter().filter(|suite| !suite.2).map(|suite| suite.0.as_str()).collect();
        if !suites.is_empty() {
            reasons.push(format!("suite {}", suites.join(" and ")));
        }
        for stage in &self.stages {
            for gate in stage.gates.iter().filter(|gate| !gate.held) {
                reasons.push(format!("the gate {} of stage {}", gate.condition, stage.name));
            }
        }
        if reasons.is_empty() && self.hook_failures > 0 {
            reasons.push("what surrounds the scenarios failed".to_owned());
        }
        reasons
    }

    fn why_nothing(&self, summary: &Summary) -> String {
        let why = match (self.selected, self.deselected, summary.skipped) {
            (0, 0, _) => "there are no scenarios here".to_owned(),
            (0, left_out, _) => format!("the selection left out all {}", plural(left_out, "scenario")),
            (_, _, skipped) if skipped > 0 => format!("all {} skipped", plural(skipped as usize, "scenario")),
            _ => "no scenario came to its end".to_owned(),
        };
        format!("{why}; that proves nothing, so it is no pass")
    }
}

impl StageTally {
    fn words(&self) -> String {
        if let Some((why, scenarios)) = &self.skipped {
            return format!("{} not run ({}): {why}", self.name, plural(*scenarios, "scenario"));
        }
        let mut text = self.name.clone();
        if self.counts != Summary::default() {
            let _ = write!(text, ": {}", total(&self.counts));
        }
        for gate in &self.gates {
            let word = if gate.held { "holds" } else { "does not hold" };
            let _ = write!(text, "; {} {word}", gate.condition);
            let values: Vec<String> = gate
                .values
                .iter()
                .filter_map(|value| match value {
                    Detail::Value { expression, value } => Some(format!("{expression} is {value}")),
                    Detail::Note { text } => Some(text.clone()),
                    _ => None,
                })
                .collect();
            if !values.is_empty() && !gate.held {
                let _ = write!(text, " ({})", values.join(", "));
            }
        }
        text
    }
}

/// The scenarios that said something, suites apart.
fn judged(summary: &Summary) -> u32 {
    summary.passed + summary.failed + summary.quarantined + summary.inconclusive + summary.broken
}

fn holds(count: usize) -> String {
    format!("{} {}", plural(count, "scenario"), if count == 1 { "holds" } else { "hold" })
}

fn counts(counts: &[(usize, &str)]) -> String {
    let words: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    words.join(", ")
}

/// `12 passed (1 flaky), 1 failed, 2 skipped`.
fn total(summary: &Summary) -> String {
    let mut words = Vec::new();
    if summary.passed > 0 || judged(summary) == 0 {
        let flaky = if summary.flaky > 0 { format!(" ({} flaky)", summary.flaky) } else { String::new() };
        words.push(format!("{} passed{flaky}", summary.passed));
    }
    let rest = counts(&[
        (summary.failed as usize, "failed"),
        (summary.quarantined as usize, "quarantined"),
        (summary.inconclusive as usize, "inconclusive"),
        (summary.broken as usize, "broken"),
        (summary.interrupted as usize, "interrupted"),
        (summary.skipped as usize, "skipped"),
    ]);
    if !rest.is_empty() {
        words.push(rest);
    }
    words.join(", ")
}
