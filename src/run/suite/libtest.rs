//! The JSON lines of libtest, as `cargo nextest run --message-format libtest-json` writes them.

use super::{Findings, Reader};
use crate::event::{SuiteOutcome, SuiteTest};
use crate::value::{Number, Object, Value, from_json};

/// Reads the events.
#[derive(Debug, Default)]
pub(super) struct Libtest {
    tests: Vec<SuiteTest>,
    events: usize,
    suites: i128,
    /// What the suites say of themselves: passed, failed, ignored.
    said: [i128; 3],
    malformed: Option<String>,
}

impl Reader for Libtest {
    fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        match from_json(line.as_bytes()) {
            Ok(Value::Object(event)) if event.contains_key("type") => {
                self.events += 1;
                self.event(&event);
            }
            _ => {
                self.malformed.get_or_insert_with(|| super::cut(line, 200).to_owned());
            }
        }
    }

    fn finish(self: Box<Self>) -> Findings {
        let count = |outcome| self.tests.iter().filter(|test| test.outcome == outcome).count() as i128;
        let found = [SuiteOutcome::Passed, SuiteOutcome::Failed, SuiteOutcome::Skipped].map(count);
        let (mut broken, mut help) = (None, None);
        if let Some(line) = self.malformed {
            broken = Some(format!("`{line}` is no event of libtest-json"));
        } else if self.events == 0 {
            broken = Some("there is no event of libtest-json".to_owned());
        } else if self.suites != 0 {
            broken = Some("they break off before the end of a suite".to_owned());
        } else if found != self.said {
            let [passed, failed, ignored] = self.said;
            broken = Some(format!(
                "the summaries say {passed} passed, {failed} failed, {ignored} ignored, but the tests are {}, {}, {}",
                found[0], found[1], found[2]
            ));
        }
        if broken.is_some() {
            help = Some("the command must be `cargo nextest run --message-format libtest-json`".to_owned());
        }
        Findings { tests: self.tests, broken, help }
    }
}

impl Libtest {
    fn event(&mut self, event: &Object) {
        let text = |name: &str| event.get(name).and_then(Value::as_text).unwrap_or_default();
        let number = |name: &str| match event.get(name) {
            Some(Value::Number(Number::Int(number))) => *number,
            _ => 0,
        };
        match (text("type"), text("event")) {
            ("suite", "started") => self.suites += 1,
            ("suite", "ok" | "failed") => {
                self.suites -= 1;
                for (said, name) in self.said.iter_mut().zip(["passed", "failed", "ignored"]) {
                    *said += number(name);
                }
            }
            ("test", outcome @ ("ok" | "failed" | "timeout" | "ignored")) => {
                let outcome = match outcome {
                    "ok" => SuiteOutcome::Passed,
                    "ignored" => SuiteOutcome::Skipped,
                    _ => SuiteOutcome::Failed,
                };
                let output = if outcome == SuiteOutcome::Failed {
                    let mut tail = super::Tail::default();
                    tail.push(text("stdout"));
                    tail.push(text("message"));
                    tail.take()
                } else {
                    String::new()
                };
                self.tests.push(SuiteTest { name: text("name").to_owned(), outcome, output });
            }
            _ => {}
        }
    }
}
