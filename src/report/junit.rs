//! JUnit XML in the dialect that Jenkins and GitLab read: a suite a file, a test case a scenario
//! (and case), retries as reruns, the failure as people read it.

use std::io::{self, Write as _};
use std::time::Duration;

use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::Target;
use super::failure::full_text;
use super::target::Sheet;
use crate::event::Reporter;
use crate::event::{Event, EventKind, Failure, Outcome, ScenarioInfo, SuiteOutcome, SuiteTest};

/// The width to which the text of failures is wrapped.
const WIDTH: usize = 100;

/// Collects the run and writes it at its end.
pub struct JUnit {
    sheet: Option<Sheet>,
    started_at: String,
    seed: u64,
    took_us: u64,
    suites: IndexMap<String, Vec<TestCase>>,
    earlier: IndexMap<String, Vec<TestRerun>>,
    /// What the workloads of a scenario came to, by its number.
    loads: IndexMap<u32, Vec<(String, String)>>,
}

impl JUnit {
    /// Opens the target.
    ///
    /// # Errors
    /// The target cannot be opened.
    pub fn new(target: &Target) -> io::Result<JUnit> {
        Ok(JUnit {
            sheet: Some(target.open()?),
            started_at: String::new(),
            seed: 0,
            took_us: 0,
            suites: IndexMap::new(),
            earlier: IndexMap::new(),
            loads: IndexMap::new(),
        })
    }

    fn around(&mut self, suite: &str, name: &str, failures: &[Failure]) {
        for failure in failures {
            let case = TestCase::new(name, non_success(NonSuccessKind::Error, std::slice::from_ref(failure)));
            self.suites.entry(suite.to_owned()).or_default().push(case);
        }
    }

    fn report(&mut self) -> Report {
        let mut report = Report::new("scn");
        report.timestamp = self.started_at.parse().ok();
        report.set_time(Duration::from_micros(self.took_us));
        for (name, cases) in std::mem::take(&mut self.suites) {
            let mut suite = TestSuite::new(name);
            suite.timestamp = report.timestamp;
            suite.set_time(cases.iter().filter_map(|case| case.time).sum());
            suite.add_property(Property::new("seed", self.seed.to_string()));
            suite.add_test_cases(cases);
            report.add_test_suite(suite);
        }
        report
    }
}

impl Reporter for JUnit {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        match &event.kind {
            EventKind::RunStarted { started_at, seed, .. } => {
                (self.started_at, self.seed) = (started_at.clone(), *seed);
            }
            EventKind::Loaded { id: Some(id), figures, .. } => {
                let name = figures.first().map_or("", |figures| &*figures.name).to_owned();
                let lines =
                    figures.iter().map(|figures| format!("{}  {}", figures.name, super::load::line(figures)));
                let lines: Vec<String> = lines.chain(super::load::notes(&event.kind)).collect();
                self.loads.entry(*id).or_default().push((name, lines.join("\n")));
            }
            EventKind::ScenarioFinished {
                id,
                scenario,
                attempt,
                retried,
                outcome,
                failures,
                took_us,
                expectations,
                ..
            } => {
                let key = format!("{}\n{}\n{}", scenario.file, scenario.title, scenario.case);
                if *retried {
                    self.earlier.entry(key).or_default().push(rerun(failures, *took_us));
                    return Ok(());
                }
                let loads = self.loads.shift_remove(id).unwrap_or_default();
                let reruns = self.earlier.shift_remove(&key).unwrap_or_default();
                let mut case = test_case(scenario, outcome, failures, reruns);
                case.set_time(Duration::from_micros(*took_us));
                case.set_assertions(*expectations as usize);
                if *attempt > 1 {
                    case.add_property(Property::new("attempts", attempt.to_string()));
                }
                for (name, text) in loads {
                    case.add_property(Property::new(format!("workload {name}"), text));
                }
                self.suites.entry(scenario.file.clone()).or_default().push(case);
            }
            EventKind::SuiteFinished { stage, suite, tests, failure, .. } => {
                let name = if stage.is_empty() { suite.clone() } else { format!("{stage}/{suite}") };
                let cases = tests.iter().map(|test| suite_case(&name, test));
                self.suites.entry(name.clone()).or_default().extend(cases);
                self.around(&name, suite, failure.as_slice());
            }
            EventKind::ServiceFailed { service, failure } => {
                self.around("services", service, std::slice::from_ref(failure));
            }
            EventKind::StageFinished { stage, failures, gates } => {
                self.around("stages", stage, failures);
                for gate in gates.iter().filter(|gate| !gate.held) {
                    let message = format!("{} does not hold", gate.condition);
                    let mut failure = Failure::new("gate", message);
                    failure.details.clone_from(&gate.values);
                    let name = format!("{stage}: {}", gate.condition);
                    let case = TestCase::new(name, non_success(NonSuccessKind::Failure, &[failure]));
                    self.suites.entry("stages".to_owned()).or_default().push(case);
                }
            }
            EventKind::RunFinished { took_us, failures, .. } => {
                self.took_us = *took_us;
                self.around("the run", "around the scenarios", failures);
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(mut sheet) = self.sheet.take() else { return Ok(()) };
        let text = self.report().to_string().map_err(io::Error::other)?;
        // Written by hand, so that a full disk is told as one.
        sheet.write_all(text.as_bytes())?;
        sheet.put()
    }
}

fn test_case(
    scenario: &ScenarioInfo,
    outcome: &Outcome,
    failures: &[Failure],
    reruns: Vec<TestRerun>,
) -> TestCase {
    let mut status = match outcome {
        Outcome::Passed | Outcome::Flaky => TestCaseStatus::success(),
        Outcome::Failed => non_success(NonSuccessKind::Failure, failures),
        Outcome::Broken | Outcome::Interrupted | Outcome::Inconclusive => {
            non_success(NonSuccessKind::Error, failures)
        }
        Outcome::Skipped { why } => skipped(why),
        Outcome::Quarantined { issue } => skipped(&format!("failed in quarantine: {issue}")),
    };
    if let (TestCaseStatus::NonSuccess { message, .. }, true) = (&mut status, failures.is_empty()) {
        *message = Some(
            match outcome {
                Outcome::Inconclusive => "inconclusive: neither shown nor refuted",
                Outcome::Interrupted => "the run was interrupted",
                _ => "failed",
            }
            .into(),
        );
    }
    if !matches!(outcome, Outcome::Skipped { .. } | Outcome::Quarantined { .. }) {
        status.add_reruns(reruns);
    }
    let mut case = TestCase::new(super::page::full_title(scenario), status);
    case.set_classname(class_name(&scenario.file));
    case.extra.insert("file".into(), scenario.file.as_str().into());
    case.extra.insert("line".into(), scenario.line.to_string().into());
    for (name, value) in [
        ("stage", Some(scenario.stage.clone()).filter(|stage| !stage.is_empty())),
        ("tags", Some(scenario.tags.join(",")).filter(|tags| !tags.is_empty())),
        ("owner", scenario.owner.clone()),
    ] {
        if let Some(value) = value {
            case.add_property(Property::new(name, value));
        }
    }
    if !failures.is_empty() {
        case.set_system_out(full_text(failures, WIDTH));
    }
    case
}

/// Jenkins reads dots as packages: `scenarios/shop/e2e.scn` is `scenarios.shop.e2e`.
fn class_name(file: &str) -> String {
    let file = file.strip_suffix(".scn").unwrap_or(file);
    file.trim_start_matches(['.', '/']).replace(['/', '\\'], ".")
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}

fn non_success(kind: NonSuccessKind, failures: &[Failure]) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(first) = failures.first() {
        status.set_message(first.message.as_str());
        status.set_type(first.code.as_str());
        status.set_description(short_text(failures));
    }
    status
}

fn rerun(failures: &[Failure], took_us: u64) -> TestRerun {
    let mut rerun = TestRerun::new(NonSuccessKind::Failure);
    rerun.set_time(Duration::from_micros(took_us));
    if let Some(first) = failures.first() {
        rerun.set_message(first.message.as_str());
        rerun.set_type(first.code.as_str());
        rerun.set_description(short_text(failures));
    }
    rerun
}

/// What failed and what shows it; the exchange and the logs stand in `system-out`.
fn short_text(failures: &[Failure]) -> String {
    let bare = |failure: &Failure| Failure { exchange: None, logs: Vec::new(), ..failure.clone() };
    full_text(&failures.iter().map(bare).collect::<Vec<Failure>>(), WIDTH)
}

fn suite_case(suite: &str, test: &SuiteTest) -> TestCase {
    let status = match test.outcome {
        SuiteOutcome::Passed => TestCaseStatus::success(),
        SuiteOutcome::Skipped => TestCaseStatus::skipped(),
        SuiteOutcome::Failed => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(format!("{} failed", test.name));
            status.set_description(test.output.as_str());
            status
        }
    };
    let mut case = TestCase::new(test.name.as_str(), status);
    case.set_classname(suite.replace('/', "."));
    case
}
