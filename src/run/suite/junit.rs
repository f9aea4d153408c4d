//! JUnit XML as Jenkins, GitLab, Maven, pytest, GoogleTest and nextest write it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::{Findings, Tail};
use crate::event::{SuiteOutcome, SuiteTest};

/// Larger files are refused.
const LIMIT: u64 = 256 * 1024 * 1024;

/// The files as they were before the command ran, so that old ones are told from new ones without
/// trusting a clock.
pub(super) struct Files {
    path: PathBuf,
    before: BTreeMap<PathBuf, Identity>,
}

type Identity = (u64, u64, i64, i64);

fn identity(meta: &Metadata) -> Identity {
    (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec())
}

impl Files {
    pub(super) fn before(path: PathBuf) -> Files {
        let before = list(&path);
        Files { path, before }
    }

    /// Reads what the command has written.
    pub(super) fn read(&self) -> Findings {
        let shown = self.path.display();
        let now = list(&self.path);
        let fresh: Vec<&PathBuf> = now
            .iter()
            .filter(|(file, id)| self.before.get(*file) != Some(id))
            .map(|(file, _)| file)
            .collect();
        if fresh.is_empty() {
            let broken = match now.is_empty() {
                true => format!("the command wrote no JUnit file to `{shown}`"),
                false => format!("`{shown}` is from before this run: the command did not write it"),
            };
            let help = "the path in `reads junit \"…\"` starts from the directory in which the command runs";
            return Findings { tests: Vec::new(), broken: Some(broken), help: Some(help.to_owned()) };
        }
        let mut findings = Findings::default();
        for file in fresh {
            match read_file(file).and_then(|text| parse(&text)) {
                Ok(tests) => findings.tests.extend(tests),
                Err(why) => {
                    findings.broken.get_or_insert_with(|| format!("`{}`: {why}", file.display()));
                }
            }
        }
        findings
    }
}

/// The file, or the `.xml` files of the directory, in order.
fn list(path: &Path) -> BTreeMap<PathBuf, Identity> {
    let Ok(meta) = path.metadata() else { return BTreeMap::new() };
    if !meta.is_dir() {
        return BTreeMap::from([(path.to_owned(), identity(&meta))]);
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|file| file.extension().is_some_and(|extension| extension == "xml"))
        .filter_map(|file| Some((file.clone(), identity(&file.metadata().ok()?))))
        .collect()
}

fn read_file(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LIMIT {
        return Err(format!("it has more than {LIMIT} bytes"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads one file's text.
pub(super) fn parse(text: &str) -> Result<Vec<SuiteTest>, String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let mut document = Document::default();
    loop {
        let event = reader.read_event().map_err(|error| {
            let before = text.get(..usize::try_from(reader.error_position()).unwrap_or(0)).unwrap_or(text);
            format!("it is no XML: {error} in line {}", before.matches('\n').count() + 1)
        })?;
        match event {
            Event::Start(element) => document.open(&element)?,
            Event::Empty(element) => {
                document.open(&element)?;
                document.close()?;
            }
            Event::End(_) => document.close()?,
            Event::Text(text) => {
                document.text(&text.xml_content(XmlVersion::Implicit1_0).unwrap_or_default())
            }
            Event::CData(text) => {
                document.text(&text.xml_content(XmlVersion::Implicit1_0).unwrap_or_default())
            }
            Event::GeneralRef(entity) => {
                let name = entity.decode().unwrap_or_default();
                match entity.resolve_char_ref() {
                    Ok(Some(c)) => document.text(c.encode_utf8(&mut [0; 4])),
                    _ => document.text(resolve_predefined_entity(&name).unwrap_or("\u{fffd}")),
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    document.finish()
}

#[derive(Default)]
struct Document {
    /// The elements around.
    open: Vec<Element>,
    tests: Vec<SuiteTest>,
    /// The output of the test under way.
    output: Tail,
    outcome: Option<SuiteOutcome>,
    seen_root: bool,
}

struct Element {
    name: String,
    /// For a suite: its name, how many failures it says it has, and where its tests begin.
    suite: Option<(String, u64, usize)>,
}

impl Document {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let name = String::from_utf8_lossy(element.local_name().as_ref()).into_owned();
        let suite = matches!(name.as_str(), "testsuites" | "testsuite");
        if self.open.is_empty() {
            if !suite || self.seen_root {
                return Err(format!("it is no JUnit report: it has the element `{name}` at the top"));
            }
            self.seen_root = true;
        }
        let mut entry = Element { name, suite: None };
        match entry.name.as_str() {
            "testsuites" | "testsuite" => {
                let count = |name| {
                    attribute(element, name).and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0)
                };
                let failures = count("failures").saturating_add(count("errors"));
                let title = attribute(element, "name").unwrap_or_default();
                entry.suite = Some((title, failures, self.tests.len()));
            }
            "testcase" => {
                let name = attribute(element, "name").unwrap_or_default();
                let name = match attribute(element, "classname").filter(|class| !class.is_empty()) {
                    Some(class) => format!("{class}.{name}"),
                    None => name,
                };
                let status = attribute(element, "status").unwrap_or_default().to_lowercase();
                let skipped = matches!(status.as_str(), "notrun" | "disabled" | "skipped");
                self.outcome = skipped.then_some(SuiteOutcome::Skipped);
                self.tests.push(SuiteTest { name, outcome: SuiteOutcome::Passed, output: String::new() });
            }
            "failure" | "error" if self.in_test() => {
                self.outcome = Some(SuiteOutcome::Failed);
                if let Some(message) = attribute(element, "message").filter(|message| !message.is_empty()) {
                    self.output.push(&message);
                    self.output.push("\n");
                }
            }
            "skipped" if self.in_test() => {
                self.outcome.get_or_insert(SuiteOutcome::Skipped);
            }
            _ => {}
        }
        self.open.push(entry);
        Ok(())
    }

    fn in_test(&self) -> bool {
        self.open.last().is_some_and(|element| element.name == "testcase")
    }

    fn text(&mut self, text: &str) {
        let wanted = ["failure", "error", "system-out", "system-err"];
        let inside = self.open.iter().any(|element| element.name == "testcase");
        if inside && self.open.last().is_some_and(|element| wanted.contains(&element.name.as_str())) {
            self.output.push(text);
        }
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(element) = self.open.pop() else { return Ok(()) };
        if element.name == "testcase" {
            let output = std::mem::take(&mut self.output).take();
            let outcome = self.outcome.take().unwrap_or(SuiteOutcome::Passed);
            if let Some(test) = self.tests.last_mut() {
                test.outcome = outcome;
                if outcome == SuiteOutcome::Failed {
                    test.output = output;
                }
            }
        }
        if let Some((name, failures, first)) = element.suite {
            let tests = self.tests.get(first..).unwrap_or_default();
            if failures > 0 && tests.iter().all(|test| test.outcome != SuiteOutcome::Failed) {
                return Err(format!("its suite `{name}` counts {failures} failures, but has no failed test"));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<SuiteTest>, String> {
        match self.open.last() {
            Some(element) => Err(format!("it breaks off inside the element `{}`", element.name)),
            None if !self.seen_root => Err("it is empty".to_owned()),
            None => Ok(self.tests),
        }
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok().flatten()?;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}
