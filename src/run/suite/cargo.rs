//! The plain output of `cargo test`: `test name ... ok`, with a summary for each binary, against
//! which the tests are counted.

use super::{Findings, Reader, Tail};
use crate::event::{SuiteOutcome, SuiteTest};

/// Reads the lines.
#[derive(Debug, Default)]
pub(super) struct Cargo {
    tests: Vec<SuiteTest>,
    /// The tests of the binary under way begin here.
    first: usize,
    running: bool,
    /// The failed test whose output is being read, and that output.
    output: Option<(String, Tail)>,
    summaries: usize,
    broken: Option<String>,
}

impl Reader for Cargo {
    fn line(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("running ")
            && rest.ends_with(" tests") | rest.ends_with(" test")
        {
            self.begin();
        } else if let Some(summary) = line.strip_prefix("test result: ") {
            self.end_output();
            self.summary(summary);
        } else if let Some(test) = parse(line) {
            self.tests.push(test);
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            self.end_output();
            self.output = Some((name.to_owned(), Tail::default()));
        } else if line == "failures:" {
            self.end_output();
        } else if let Some((_, tail)) = &mut self.output {
            tail.push(line);
            tail.push("\n");
        }
    }

    fn finish(mut self: Box<Self>) -> Findings {
        if self.running {
            self.break_off();
        }
        if self.summaries == 0 && self.broken.is_none() {
            self.broken = Some("there is no `test result:` line of `cargo test`".to_owned());
        }
        let advice = "the command must be `cargo test` with its plain output: without `--quiet`, `--nocapture` and `--format`";
        let help = self.broken.as_ref().map(|_| advice.to_owned());
        Findings { tests: self.tests, broken: self.broken, help }
    }
}

impl Cargo {
    fn begin(&mut self) {
        if self.running {
            self.break_off();
        }
        self.running = true;
        self.first = self.tests.len();
    }

    fn break_off(&mut self) {
        self.broken.get_or_insert_with(|| "a test binary ended without its `test result:` line".to_owned());
    }

    /// `ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`
    fn summary(&mut self, summary: &str) {
        self.running = false;
        self.summaries += 1;
        let said = |word: &str| {
            let part = summary.split([';', '.']).map(str::trim).find_map(|part| part.strip_suffix(word));
            part.and_then(|count| count.trim().parse::<usize>().ok())
        };
        let tests = self.tests.get(self.first..).unwrap_or_default();
        let count = |outcome| tests.iter().filter(|test| test.outcome == outcome).count();
        let found = [SuiteOutcome::Passed, SuiteOutcome::Failed, SuiteOutcome::Skipped].map(count);
        let said = [said("passed"), said("failed"), said("ignored")];
        if said != found.map(Some) {
            self.broken.get_or_insert_with(|| {
                format!(
                    "`test result: {summary}`, but the lines before it are {} passed, {} failed, {} ignored",
                    found[0], found[1], found[2]
                )
            });
        }
        self.first = self.tests.len();
    }

    fn end_output(&mut self) {
        let Some((name, tail)) = self.output.take() else { return };
        let first = self.first;
        let test = self.tests.iter_mut().skip(first).find(|test| test.name == name);
        if let Some(test) = test {
            test.output = tail.take();
        }
    }
}

/// `test name ... ok`, `FAILED`, `ignored`, `ignored, why`.
fn parse(line: &str) -> Option<SuiteTest> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match outcome.trim_end() {
        "ok" => SuiteOutcome::Passed,
        "FAILED" => SuiteOutcome::Failed,
        other if other == "ignored" || other.starts_with("ignored,") => SuiteOutcome::Skipped,
        _ => return None,
    };
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    Some(SuiteTest { name: name.to_owned(), outcome, output: String::new() })
}
