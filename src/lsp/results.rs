//! What the last run found, shown where it was found as long as that line says what it said.

use std::path::Path;
use std::time::SystemTime;

use chrono::DateTime;
use serde_json::{Value, json};

use super::convert::Convert;
use crate::event::{EventKind, Failure};
use crate::report::{Runs, read_run};
use crate::source::Span;

/// A failure of the last run.
#[derive(Debug)]
pub(super) struct Found {
    scenario: String,
    failure: Failure,
}

/// The failures of the last run that is kept in `.scn/runs`, and of those that went on when it began.
pub(super) fn last() -> Vec<Found> {
    let runs = Runs::new(Path::new("."));
    let mut found = Vec::new();
    let mut began: Option<SystemTime> = None;
    for (age, number) in runs.numbers().into_iter().rev().enumerate() {
        let path = runs.path(number);
        let written = || path.metadata().and_then(|file| file.modified()).ok();
        if age > 0 && (began.is_none() || written() <= began) {
            continue;
        }
        // A run that is still going on ends in the middle; what it found so far counts.
        let _ = read_run(&path, |event| {
            match event.kind {
                EventKind::RunStarted { started_at, .. } if age == 0 => {
                    began = DateTime::parse_from_rfc3339(&started_at).ok().map(SystemTime::from);
                }
                EventKind::ScenarioFinished { scenario, retried: false, failures, .. } => {
                    let name = scenario.title;
                    found.extend(
                        failures.into_iter().map(|failure| Found { scenario: name.clone(), failure }),
                    );
                }
                _ => {}
            }
            true
        });
    }
    found
}

impl Found {
    /// As a diagnostic, with the file it belongs to; none where the line is another by now.
    pub(super) fn diagnostic(&self, convert: &Convert<'_>) -> Option<(String, Value)> {
        let place = self.failure.place.as_ref()?;
        let sources = &convert.snapshot.program().sources;
        let units = convert.snapshot.program().units.iter();
        let mut files = units.map(|unit| (unit.module.source, sources.get(unit.module.source)));
        let (file, source) = files.find(|(_, source)| source.name == place.file)?;
        // The run showed no secret, so it is compared with what an excerpt shows.
        if place.lines.first().is_some_and(|line| *line != sources.shown_line(file, place.line)) {
            return None;
        }
        let line = source.line_start(place.line)?;
        let text = source.line(place.line);
        let byte =
            |column: u32| text.char_indices().nth(column as usize).map_or(text.len(), |(at, _)| at) as u32;
        let column = place.column.saturating_sub(1);
        let end = column.saturating_add(place.width.max(1));
        let span = Span { source: file, start: line + byte(column), end: line + byte(end) };
        let mut message = self.failure.message.clone();
        for extra in [Some(&self.failure.label), self.failure.because.as_ref(), self.failure.help.as_ref()] {
            if let Some(extra) = extra.filter(|extra| !extra.is_empty()) {
                message = format!("{message}\n{extra}");
            }
        }
        message = format!("{message}\nin scenario \"{}\"", self.scenario);
        let diagnostic = json!({
            "range": convert.range(span),
            "severity": 1,
            "code": self.failure.code,
            "source": "scn run",
            "message": message,
        });
        Some((convert.workspace.uri(convert.snapshot, file)?, diagnostic))
    }
}
