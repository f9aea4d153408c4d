//! The output of `go test -json` (`go doc test2json`): an event a line.

use std::collections::BTreeMap;

use super::{Findings, Reader, Tail};
use crate::event::{SuiteOutcome, SuiteTest};
use crate::value::{Object, Value, from_json};

/// Reads the events. Subtests count as tests of their own, beside their parent, as go reports them.
#[derive(Debug, Default)]
pub(super) struct GoTest {
    tests: Vec<SuiteTest>,
    packages: BTreeMap<String, Package>,
    /// Output of builds, by import path; go names the build that a package failed by.
    builds: BTreeMap<String, Tail>,
    /// Lines that are no events: what older versions of go say about a build.
    others: Tail,
    events: usize,
    malformed: Option<String>,
}

#[derive(Debug, Default)]
struct Package {
    running: BTreeMap<String, Tail>,
    output: Tail,
    failed: usize,
    ended: bool,
}

impl Reader for GoTest {
    fn line(&mut self, line: &str) {
        match from_json(line.as_bytes()) {
            Ok(Value::Object(event)) if event.contains_key("Action") => {
                self.events += 1;
                self.event(&event);
            }
            _ if line.trim_start().starts_with("{\"") => {
                self.malformed.get_or_insert_with(|| super::cut(line, 200).to_owned());
            }
            _ => {
                self.others.push(line);
                self.others.push("\n");
            }
        }
    }

    fn finish(mut self: Box<Self>) -> Findings {
        let mut broken = self.malformed.map(|line| format!("`{line}` is no event of `go test -json`"));
        let mut help = None;
        if self.events == 0 {
            broken = Some("there is no event of `go test -json`".to_owned());
            help = Some("the command must be `go test -json …`".to_owned());
        }
        let others = self.others.take();
        for (name, package) in std::mem::take(&mut self.packages) {
            if !package.ended && broken.is_none() {
                broken = Some(format!("the results of the package `{name}` break off"));
            }
            for (test, output) in package.running {
                // A panic or a timeout can end a package in the middle of a test.
                let output = format!("{}it did not end\n{others}", output.take());
                self.tests.push(SuiteTest {
                    name: full(&name, &test),
                    outcome: SuiteOutcome::Failed,
                    output,
                });
            }
        }
        Findings { tests: self.tests, broken, help }
    }
}

impl GoTest {
    fn event(&mut self, event: &Object) {
        let text = |name: &str| event.get(name).and_then(Value::as_text).unwrap_or_default();
        let (action, name, test) = (text("Action"), text("Package"), text("Test"));
        if action == "build-output" {
            self.builds.entry(text("ImportPath").to_owned()).or_default().push(text("Output"));
            return;
        }
        if name.is_empty() {
            return;
        }
        let package = self.packages.entry(name.to_owned()).or_default();
        match (action, test.is_empty()) {
            ("run", false) => {
                package.running.entry(test.to_owned()).or_default();
            }
            // Output can come after the end of its test; that must not bring the test back.
            ("output", _) => {
                package.running.get_mut(test).unwrap_or(&mut package.output).push(text("Output"))
            }
            ("pass" | "fail" | "skip", false) => {
                let output = package.running.remove(test).unwrap_or_default();
                let outcome = match action {
                    "pass" => SuiteOutcome::Passed,
                    "skip" => SuiteOutcome::Skipped,
                    _ => SuiteOutcome::Failed,
                };
                package.failed += usize::from(outcome == SuiteOutcome::Failed);
                let output = if outcome == SuiteOutcome::Failed { output.take() } else { String::new() };
                self.tests.push(SuiteTest { name: full(name, test), outcome, output });
            }
            ("fail", true) => {
                package.ended = true;
                if package.failed == 0 && package.running.is_empty() {
                    // It did not build, or crashed outside of any test.
                    let build = self.builds.remove(text("FailedBuild")).unwrap_or_default().take();
                    let output = format!("{build}{}", std::mem::take(&mut package.output).take());
                    self.tests.push(SuiteTest {
                        name: name.to_owned(),
                        outcome: SuiteOutcome::Failed,
                        output,
                    });
                }
            }
            ("pass" | "skip", true) => package.ended = true,
            _ => {}
        }
    }
}

fn full(package: &str, test: &str) -> String {
    format!("{package}.{test}")
}
