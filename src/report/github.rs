//! GitHub Actions: an annotation for each failure, and a summary of the run in Markdown.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use super::Page;
use super::style::{plural, took};
use crate::diag::{Look, github_command};
use crate::event::Reporter;
use crate::event::{Event, EventKind, Failure, Outcome, ScenarioInfo, Summary};

/// The width to which the text of failures is wrapped.
const WIDTH: usize = 100;
/// GitHub refuses summaries of more than 1 MiB; this leaves room for those of other steps.
const SUMMARY_LIMIT: usize = 900 * 1024;

/// Writes annotations to `out` and appends the summary to a file.
pub struct GitHub<W> {
    out: W,
    summary: Option<PathBuf>,
    page: Page,
    scenarios: Vec<(ScenarioInfo, Outcome, Vec<Failure>, u64)>,
    around: Vec<(String, Failure)>,
    end: Option<(Summary, u8, u64)>,
    verdict: String,
}

impl<W: Write + Send> GitHub<W> {
    /// Annotations go to `out`, which must be the step's standard output; the summary goes to
    /// `summary`, or nowhere.
    pub fn new(out: W, summary: Option<PathBuf>) -> GitHub<W> {
        GitHub {
            out,
            summary,
            page: Page::new(Look::plain(WIDTH), true),
            scenarios: Vec::new(),
            around: Vec::new(),
            end: None,
            verdict: String::new(),
        }
    }

    fn annotate(&mut self) -> io::Result<()> {
        let mut text = String::new();
        for (scenario, outcome, failures, _) in &self.scenarios {
            let level = match outcome {
                Outcome::Failed | Outcome::Broken | Outcome::Inconclusive => "error",
                _ if failures.is_empty() => continue,
                _ => "warning",
            };
            let title = super::page::full_title(scenario);
            if failures.is_empty() {
                let at = [("file", scenario.file.clone()), ("line", scenario.line.to_string())];
                text.push_str(&github_command(level, &at, &title));
            }
            for failure in failures {
                text.push_str(&annotation(level, &title, Some(scenario), failure));
            }
        }
        for (whose, failure) in &self.around {
            text.push_str(&annotation("error", whose, None, failure));
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn markdown(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "### scn: {}\n", cell(&self.verdict));
        if let Some((summary, _, took_us)) = &self.end {
            let _ = writeln!(
                out,
                "| passed | flaky | failed | quarantined | inconclusive | broken | skipped | time |"
            );
            let _ = writeln!(out, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
                summary.passed,
                summary.flaky,
                summary.failed,
                summary.quarantined,
                summary.inconclusive,
                summary.broken,
                summary.skipped,
                took(*took_us)
            );
        }
        let blocks = self.scenarios.iter().filter(|(_, _, failures, _)| !failures.is_empty());
        let blocks = blocks.map(|(scenario, outcome, failures, took_us)| {
            let title = super::page::full_title(scenario);
            let place = format!("{}:{}, {}", scenario.file, scenario.line, took(*took_us));
            (word(outcome), title, place, failures.as_slice())
        });
        let around = self
            .around
            .iter()
            .map(|(whose, failure)| ("failed", whose.clone(), String::new(), std::slice::from_ref(failure)));
        let mut left_out = 0;
        for (word, title, place, failures) in blocks.chain(around) {
            let body = super::failure::full_text(failures, WIDTH);
            let fence = fence(&body);
            let block = format!(
                "<details><summary>{word}: <b>{}</b> {}</summary>\n\n{fence}text\n{body}{fence}\n\n</details>\n\n",
                html(&title),
                html(&place)
            );
            if out.len() + block.len() > SUMMARY_LIMIT {
                left_out += 1;
            } else {
                out.push_str(&block);
            }
        }
        if left_out > 0 {
            let _ =
                writeln!(out, "{} not shown: the summary would be too large.\n", plural(left_out, "failure"));
        }
        out
    }
}

impl<W: Write + Send> Reporter for GitHub<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        let text = self.page.add(event);
        match &event.kind {
            EventKind::ScenarioFinished { scenario, retried: false, outcome, failures, took_us, .. } => {
                self.scenarios.push((scenario.clone(), outcome.clone(), failures.clone(), *took_us));
            }
            EventKind::ServiceFailed { service, failure } => {
                self.around.push((format!("service {service}"), failure.clone()));
            }
            EventKind::SuiteFinished { suite, failure: Some(failure), .. } => {
                self.around.push((format!("suite {suite}"), failure.clone()));
            }
            EventKind::StageFinished { stage, failures, .. } => {
                self.around
                    .extend(failures.iter().map(|failure| (format!("stage {stage}"), failure.clone())));
            }
            EventKind::RunFinished { summary, exit, took_us, failures } => {
                self.around.extend(failures.iter().map(|failure| ("the run".to_owned(), failure.clone())));
                self.end = Some((*summary, *exit, *took_us));
                self.verdict = text.lines().last().unwrap_or_default().to_owned();
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.annotate()?;
        let Some(path) = &self.summary else { return Ok(()) };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(self.markdown().as_bytes())
    }
}

fn annotation(level: &str, title: &str, scenario: Option<&ScenarioInfo>, failure: &Failure) -> String {
    let mut properties = Vec::new();
    if let Some(place) = &failure.place {
        properties.push(("file", place.file.clone()));
        properties.push(("line", place.line.to_string()));
        properties.push(("col", place.column.to_string()));
        properties.push(("endColumn", (place.column + place.width).to_string()));
    } else if let Some(scenario) = scenario {
        properties.push(("file", scenario.file.clone()));
        properties.push(("line", scenario.line.to_string()));
    }
    properties.push(("title", title.to_owned()));
    let body = super::failure::full_text(std::slice::from_ref(failure), WIDTH);
    github_command(level, &properties, &format!("{}\n\n{}", failure.message, body.trim_end()))
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed, but",
        Outcome::Flaky => "flaky",
        Outcome::Failed => "failed",
        Outcome::Quarantined { .. } => "quarantined",
        Outcome::Skipped { .. } => "skipped",
        Outcome::Inconclusive => "inconclusive",
        Outcome::Broken => "broken",
        Outcome::Interrupted => "interrupted",
    }
}

/// A fence longer than any run of backticks in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', " ")
}

fn cell(text: &str) -> String {
    html(text).replace('|', "\\|")
}
