//! How much of the contracts a run exercised: a table for people, the same as JSON, and the few
//! lines that end the page.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::Target;
use super::target::Sheet;
use crate::event::{Coverage, Covered, ElementKind, Event, Reporter};

/// So many names of what was never exercised end the page; the report lists them all.
const SHOWN: usize = 3;

/// Names stand beside each other as far as this many characters.
const LINE: usize = 60;

/// Writes the coverage of a run when it ends.
pub struct CoverageReport {
    coverage: Coverage,
    out: Option<Sheet>,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Markdown,
    Text,
}

impl CoverageReport {
    /// Opens the target: JSON for `.json`, Markdown for `.md`, else plain text.
    ///
    /// # Errors
    /// The target cannot be opened.
    pub fn new(target: &Target) -> io::Result<CoverageReport> {
        let extension = match target {
            Target::File(path) => path.extension().and_then(|extension| extension.to_str()),
            Target::Stdout => None,
        };
        let form = match extension {
            Some("json") => Form::Json,
            Some("md") => Form::Markdown,
            _ => Form::Text,
        };
        Ok(CoverageReport { coverage: Coverage::default(), out: Some(target.open()?), form })
    }
}

impl Reporter for CoverageReport {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        self.coverage.add(&event.kind);
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(mut out) = self.out.take() else { return Ok(()) };
        let text = match self.form {
            Form::Json => format!("{:#}\n", as_json(&self.coverage)),
            Form::Markdown => markdown(&self.coverage),
            Form::Text => plain(&self.coverage),
        };
        out.write_all(text.as_bytes())?;
        out.put()
    }
}

/// Whether a path is one that a coverage report can be written to.
pub fn is_known_form(path: &Path) -> bool {
    matches!(path.extension().and_then(|extension| extension.to_str()), Some("json" | "md" | "txt"))
}

/// `3 of 8`
fn of(hit: usize, all: usize) -> String {
    format!("{hit} of {all}")
}

/// Cut downwards, so that only all is 100%.
fn percent(hit: usize, all: usize) -> String {
    match (hit * 1000).checked_div(all) {
        Some(tenths) => format!("{}.{}%", tenths / 10, tenths % 10),
        None => "0.0%".to_owned(),
    }
}

/// All that there is, exercised or not.
fn as_json(coverage: &Coverage) -> Value {
    let services = coverage.services.iter().map(|covered| {
        let touched = covered.touched();
        let elements = covered.elements.iter().enumerate().map(|(index, element)| {
            let stages = covered.stages.iter().filter(|(_, touched)| touched.contains(&(index as u32)));
            json!({
                "kind": element.kind,
                "name": element.name,
                "exercised": touched.contains(&(index as u32)),
                "stages": stages.map(|(stage, _)| stage.as_str()).collect::<Vec<_>>(),
            })
        });
        let stages = covered.stages.iter();
        json!({
            "service": covered.service,
            "exercised": touched.len(),
            "elements": covered.elements.len(),
            "kinds": kinds(covered, &touched),
            "stages": stages.map(|(stage, touched)| json!({
                "stage": stage,
                "exercised": touched.len(),
                "kinds": kinds(covered, touched),
            })).collect::<Vec<_>>(),
            "list": elements.collect::<Vec<_>>(),
        })
    });
    json!({ "services": services.collect::<Vec<_>>() })
}

fn kinds(covered: &Covered, touched: &BTreeSet<u32>) -> Value {
    let counts = covered.counts(touched).into_iter();
    counts.map(|(kind, hit, all)| json!({ "kind": kind, "exercised": hit, "elements": all })).collect()
}

fn plain(coverage: &Coverage) -> String {
    let mut out = String::new();
    if coverage.services.is_empty() {
        out.push_str("no service with a contract was there to count\n");
    }
    for covered in &coverage.services {
        let touched = covered.touched();
        let (hit, all) = (touched.len(), covered.elements.len());
        let _ = writeln!(out, "{}: {} exercised, {}", covered.service, of(hit, all), percent(hit, all));
        for (kind, hit, all) in covered.counts(&touched) {
            let _ = writeln!(out, "  {:<16} {}", kind.plural(), of(hit, all));
        }
        for (stage, touched) in covered.stages.iter().filter(|(stage, _)| !stage.is_empty()) {
            let _ = writeln!(out, "  stage {stage}: {}", percent(touched.len(), all));
        }
        let missing = covered.missing();
        if !missing.is_empty() {
            out.push_str("  never exercised:\n");
        }
        for element in missing {
            let _ = writeln!(out, "    {:<16} {}", element.kind.plural(), element.name);
        }
        out.push('\n');
    }
    out
}

fn markdown(coverage: &Coverage) -> String {
    let mut out = "# Contract coverage\n".to_owned();
    if coverage.services.is_empty() {
        out.push_str("\nNo service with a contract was there to count.\n");
    }
    for covered in &coverage.services {
        let touched = covered.touched();
        let (hit, all) = (touched.len(), covered.elements.len());
        let _ =
            write!(out, "\n## {}\n\n{} exercised, {}\n\n", covered.service, of(hit, all), percent(hit, all));
        out.push_str("| what | exercised | of |\n| --- | ---: | ---: |\n");
        for (kind, hit, all) in covered.counts(&touched) {
            let _ = writeln!(out, "| {} | {hit} | {all} |", kind.plural());
        }
        let missing = covered.missing();
        if !missing.is_empty() {
            out.push_str("\nNever exercised:\n\n");
        }
        for element in missing {
            let _ = writeln!(out, "- {}: `{}`", element.kind.plural(), element.name);
        }
    }
    out
}

/// The lines that end the page: for each service how much was exercised, and below it the first
/// operations that nothing called, else the first responses that none gave.
pub(super) fn lines(coverage: &Coverage) -> Vec<String> {
    let of_service = |covered: &Covered| {
        let touched = covered.touched();
        let counts = covered.counts(&touched);
        let groups = GROUPS.iter().filter_map(|(name, kinds)| {
            let of_group = || counts.iter().filter(|(kind, ..)| kinds.contains(kind));
            let (hit, all): (usize, usize) =
                (of_group().map(|(_, hit, _)| hit).sum(), of_group().map(|(.., all)| all).sum());
            (all > 0).then(|| format!("{hit}/{all} {name}"))
        });
        let groups: Vec<String> = groups.collect();
        let share = percent(touched.len(), covered.elements.len());
        let mut lines = vec![format!("{} {share}: {}", covered.service, groups.join(", "))];
        lines.extend(never(covered));
        lines
    };
    coverage.services.iter().flat_map(of_service).collect()
}

/// What the lines count as one.
const GROUPS: [(&str, &[ElementKind]); 4] = [
    ("operations", &[ElementKind::Operation]),
    ("statuses", &[ElementKind::Status]),
    ("values", &[ElementKind::ValueSent, ElementKind::ValueReceived]),
    ("fields", &[ElementKind::FieldSent, ElementKind::FieldLeftOut, ElementKind::FieldReceived]),
];

/// The most important of what is missing; values and fields are for the report. Names that are too
/// long to stand beside each other have a line each.
fn never(covered: &Covered) -> Vec<String> {
    let missing = covered.missing();
    let of = |kind: ElementKind| -> Vec<&str> {
        let of_kind = missing.iter().filter(|element| element.kind == kind);
        of_kind.map(|element| without_package(&element.name)).collect()
    };
    let (word, names) = match (of(ElementKind::Operation), of(ElementKind::Status)) {
        (operations, _) if !operations.is_empty() => ("called", operations),
        (_, statuses) if !statuses.is_empty() => ("answered", statuses),
        _ => return Vec::new(),
    };
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("and {more} more"),
    };
    let shown: Vec<&str> = names.into_iter().take(SHOWN).collect();
    let line = format!("never {word}: {} {more}", shown.join(", "));
    if shown.len() == 1 || line.len() <= LINE {
        return vec![line.trim_end().to_owned()];
    }
    let names = shown.into_iter().map(str::to_owned).chain(Some(more).filter(|more| !more.is_empty()));
    std::iter::once(format!("never {word}:")).chain(names.map(|name| format!("  {name}"))).collect()
}

/// `Ledger/Post` for `ledger.v1.Ledger/Post`; names with spaces are of HTTP.
fn without_package(name: &str) -> &str {
    match name.split_once('/') {
        Some((service, _)) if !service.contains(' ') => {
            name.get(service.rfind('.').map_or(0, |at| at + 1)..).unwrap_or(name)
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Element, EventKind, Exchange, Place, Touched};

    fn coverage(touched: &[u32]) -> Coverage {
        let mut coverage = Coverage::default();
        let element = |kind, name: &str| Element { kind, name: name.to_owned() };
        coverage.add(&EventKind::ContractCounted {
            service: "ledger".into(),
            elements: vec![
                element(ElementKind::Operation, "l.L/Get"),
                element(ElementKind::Operation, "l.L/Put"),
                element(ElementKind::ValueSent, "l.Type PAID"),
            ],
        });
        coverage.add(&EventKind::StageStarted { stage: "contract".into(), scenarios: 1 });
        coverage.add(&EventKind::Requested {
            id: None,
            place: Place { file: "a".into(), line: 1, column: 1, width: 1, lines: Vec::new() },
            exchange: Exchange::default(),
            touched: Some(Touched { service: "ledger".into(), elements: touched.to_vec() }),
        });
        coverage
    }

    #[test]
    fn all_forms_say_what_was_and_what_was_never() {
        let some = coverage(&[0]);
        assert_eq!(lines(&some), ["ledger 33.3%: 1/2 operations, 0/1 values", "never called: L/Put"]);
        let text = plain(&some);
        assert!(text.contains("ledger: 1 of 3 exercised, 33.3%\n  operations       1 of 2\n"), "{text}");
        assert!(text.contains("  stage contract: 33.3%\n  never exercised:\n    operations       l.L/Put\n"));
        assert!(markdown(&some).contains("| operations | 1 | 2 |"));
        let json = as_json(&some);
        assert_eq!(json["services"][0]["list"][0]["stages"][0], "contract");
        assert_eq!(json["services"][0]["list"][1]["exercised"], false);
        assert_eq!(json["services"][0]["kinds"][0]["kind"], "operation");
        assert_eq!(
            lines(&coverage(&[])),
            ["ledger 0.0%: 0/2 operations, 0/1 values", "never called: L/Get, L/Put"]
        );
        assert_eq!(lines(&coverage(&[0, 1, 2])), ["ledger 100.0%: 2/2 operations, 1/1 values"]);
        assert!(lines(&Coverage::default()).is_empty());
        let mut long = Coverage::default();
        let name = |n: usize| format!("GET /v1/organisations/{{id}}/members/{n}");
        let elements = (0..5).map(|n| Element { kind: ElementKind::Operation, name: name(n) }).collect();
        long.add(&EventKind::ContractCounted { service: "s".into(), elements });
        let names = [0, 1, 2].map(|n| format!("  {}", name(n)));
        let told = lines(&long);
        assert_eq!(told[1], "never called:");
        assert_eq!(told[2..5], names);
        assert_eq!(told[5..], ["  and 2 more"]);
        assert!(plain(&Coverage::default()).contains("no service with a contract"));
    }
}
