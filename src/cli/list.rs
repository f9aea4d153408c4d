//! `scn list`.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{Color, List, ListFormat};
use super::project::{Project, named};
use super::run::misunderstood;
use super::terminal::{self, Stream};
use super::{Exit, select};
use crate::diag::{Look, render_all};
use crate::report::{Ink, plural};

/// The version of the JSON document; grows when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    left_out: usize,
    scenarios: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    title: &'a str,
    file: &'a str,
    line: u32,
    end_line: u32,
    stage: &'a str,
    tags: Vec<&'a str>,
    owner: Option<&'a str>,
    skip: Option<&'a str>,
    quarantine: Option<&'a str>,
    serial: bool,
    retries: u32,
    has_cases: bool,
    matrix: Vec<&'a str>,
}

/// Lists what a run with the same selection would run.
pub(super) fn list(args: &List, color: Color) -> Exit {
    let named = named(&args.selection.paths);
    let project = Project::open(&named);
    if project.is_wrong() {
        return project.complain(color);
    }
    let chosen = match select::choose(&project, &named, &args.selection, None) {
        Ok(chosen) => chosen,
        Err(wrong) => return misunderstood(&wrong, color),
    };
    for warning in &chosen.warnings {
        terminal::tell(&format!("warning: {warning}\n"));
    }
    if !project.diagnostics.is_empty() && args.format == ListFormat::Human {
        let look = terminal::look(color, Stream::Err);
        terminal::tell(&render_all(&project.diagnostics, &project.plan.program.sources, look));
    }
    let exit = if chosen.scenarios.is_empty() { Exit::Nothing } else { Exit::Passed };
    let entries: Vec<Entry<'_>> = chosen.scenarios.iter().map(|index| entry(&project, *index)).collect();
    let text = match args.format {
        ListFormat::Human => human(&project, &entries, chosen.left_out, terminal::look(color, Stream::Out)),
        ListFormat::Json => {
            let document = Document { version: VERSION, left_out: chosen.left_out, scenarios: entries };
            // Texts and numbers always serialize.
            serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
        }
    };
    terminal::print(&text, exit)
}

fn entry(project: &Project, index: usize) -> Entry<'_> {
    let scenario = &project.plan.scenarios[index];
    Entry {
        title: &scenario.title,
        file: project.file(index),
        line: scenario.lines.0,
        end_line: scenario.lines.1,
        stage: project.plan.stages.get(scenario.stage).map_or("", |stage| &stage.name),
        tags: scenario.tags.iter().map(|tag| &**tag).collect(),
        owner: scenario.owner.as_deref(),
        skip: scenario.skip.as_deref(),
        quarantine: scenario.quarantine.as_ref().map(|quarantine| &*quarantine.issue),
        serial: scenario.serial,
        retries: scenario.retries,
        has_cases: scenario.cases.is_some(),
        matrix: scenario.matrix.iter().map(|axis| &*axis.name).collect(),
    }
}

fn human(project: &Project, entries: &[Entry<'_>], left_out: usize, look: Look) -> String {
    let mut out = String::new();
    for stage in &project.plan.stages {
        let here: Vec<&Entry<'_>> = entries.iter().filter(|entry| *entry.stage == *stage.name).collect();
        if here.is_empty() {
            continue;
        }
        let heading =
            if stage.name.is_empty() { "no stage".to_owned() } else { format!("stage {}", stage.name) };
        let _ = writeln!(out, "{}", look.ink(Ink::Strong, &heading));
        let mut file = "";
        for entry in here {
            if entry.file != file {
                file = entry.file;
                let _ = writeln!(out, "  {}", look.ink(Ink::Place, file));
            }
            let _ =
                writeln!(out, "  {:>5}  {}{}", entry.line, entry.title, look.ink(Ink::Faint, &facts(entry)));
        }
        out.push('\n');
    }
    let left = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    let _ = writeln!(out, "{}{left}", plural(entries.len(), "scenario"));
    out
}

fn facts(entry: &Entry<'_>) -> String {
    let mut out = String::new();
    for tag in &entry.tags {
        let _ = write!(out, "  {tag}");
    }
    if !entry.matrix.is_empty() {
        let _ = write!(out, "  for each {}", entry.matrix.join(" and "));
    }
    if let Some(owner) = entry.owner {
        let _ = write!(out, "  owner {owner}");
    }
    if let Some(why) = entry.skip {
        let _ = write!(out, "  skipped: {why}");
    }
    if let Some(issue) = entry.quarantine {
        let _ = write!(out, "  quarantined: {issue}");
    }
    out
}
