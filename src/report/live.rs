//! The live region below the page while a run is on a terminal: counts, time, and what runs now.
//! It wraps a reporter and leaves no trace of itself.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style::plural;
use crate::event::Reporter;
use crate::event::{Event, EventKind, Outcome};

/// More running scenarios than this are only counted.
const ROWS: usize = 8;
/// Redraws a second, at most.
const RATE: u8 = 10;

/// Draws a live region on standard error and lets `inner` write above it.
pub struct Live<R> {
    inner: R,
    region: MultiProgress,
    head: ProgressBar,
    rows: BTreeMap<String, Row>,
    total: usize,
    done: usize,
    failed: usize,
}

struct Row {
    bar: Option<ProgressBar>,
    title: String,
}

impl<R: Reporter> Live<R> {
    /// A live region around `inner`, which writes to the same terminal.
    pub fn new(inner: R) -> Live<R> {
        let region = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(RATE));
        let head = region.add(ProgressBar::new_spinner());
        head.set_style(style("{spinner} {msg}  {elapsed}"));
        Live { inner, region, head, rows: BTreeMap::new(), total: 0, done: 0, failed: 0 }
    }

    fn start(&mut self, key: String, title: String) {
        let shown = self.rows.values().filter(|row| row.bar.is_some()).count();
        let bar = (shown < ROWS).then(|| {
            let bar = self.region.add(ProgressBar::new_spinner());
            bar.set_style(style("  {wide_msg} {elapsed}"));
            bar.set_message(title.clone());
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        self.rows.insert(key, Row { bar, title });
    }

    fn step(&mut self, key: &str, step: &str) {
        if let Some(Row { bar: Some(bar), title }) = self.rows.get(key) {
            bar.set_message(format!("{title} › {}", super::style::clean(step).replace('\n', " ")));
        }
    }

    /// Figures stand before the title: of a line that is too long the end is cut off.
    fn figures(&mut self, key: &str, figures: &str) {
        if let Some(Row { bar: Some(bar), title }) = self.rows.get(key) {
            bar.set_message(format!("{figures}  {title}"));
        }
    }

    fn stop(&mut self, key: &str) {
        if let Some(Row { bar: Some(bar), .. }) = self.rows.remove(key) {
            bar.finish_and_clear();
            self.region.remove(&bar);
        }
    }

    fn track(&mut self, kind: &EventKind) {
        match kind {
            EventKind::RunStarted { scenarios, .. } => {
                self.total = *scenarios;
                self.head.enable_steady_tick(Duration::from_millis(1000 / u64::from(RATE)));
            }
            EventKind::ServiceBuilding { service } => {
                self.start(format!("service {service}"), format!("building {service}"));
            }
            EventKind::ServiceStarted { service, .. } => {
                self.stop(&format!("service {service}"));
                self.start(format!("service {service}"), format!("starting {service}"));
            }
            EventKind::ServiceReady { service, .. } | EventKind::ServiceFailed { service, .. } => {
                self.stop(&format!("service {service}"));
            }
            EventKind::SuiteStarted { suite, .. } => {
                self.start(format!("suite {suite}"), format!("suite {suite}"));
            }
            EventKind::SuiteFinished { suite, .. } => self.stop(&format!("suite {suite}")),
            EventKind::ScenarioStarted { id, scenario, .. } => {
                let title = super::style::clean(&super::page::full_title(scenario)).replace('\n', " ");
                self.start(format!("scenario {id}"), title);
            }
            EventKind::Loading { id: Some(id), workload, ok, failed, dropped, elapsed_us, .. } => {
                let rate = *ok as f64 / (*elapsed_us.max(&1) as f64 / 1e6);
                let mut text = format!("{workload}  {ok} ok  {rate:.0}/s");
                for (count, what) in [(failed, "failed"), (dropped, "dropped")] {
                    if *count > 0 {
                        text += &format!("  {count} {what}");
                    }
                }
                self.figures(&format!("scenario {id}"), &text);
            }
            EventKind::StepStarted { id, title } => self.step(&format!("scenario {id}"), title),
            EventKind::ScenarioFinished { id, retried, outcome, .. } => {
                self.stop(&format!("scenario {id}"));
                if !retried {
                    self.done += 1;
                    self.failed += usize::from(matches!(outcome, Outcome::Failed | Outcome::Broken));
                }
            }
            _ => return,
        }
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let hidden = self.rows.values().filter(|row| row.bar.is_none()).count();
        let more = if hidden > 0 { format!(", {} more at work", hidden) } else { String::new() };
        let of = plural(self.total, "scenario");
        self.head.set_message(format!("{} of {of} done{failed}{more}", self.done));
    }

    fn clear(&mut self) {
        for row in std::mem::take(&mut self.rows).into_values() {
            if let Some(bar) = row.bar {
                bar.finish_and_clear();
            }
        }
        self.head.finish_and_clear();
        // A terminal that is gone needs no clearing.
        let _ = self.region.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl<R: Reporter> Reporter for Live<R> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        if matches!(event.kind, EventKind::RunFinished { .. }) {
            self.clear();
            return self.inner.on(event);
        }
        self.track(&event.kind);
        // Only what the page prints needs the region out of the way.
        match event.kind {
            EventKind::StepStarted { .. }
            | EventKind::Requested { .. }
            | EventKind::ContractCounted { .. }
            | EventKind::StreamCounted { .. }
            | EventKind::Probed { .. }
            | EventKind::Loading { .. }
            | EventKind::Expected { .. } => self.inner.on(event),
            _ => {
                let inner = &mut self.inner;
                self.region.suspend(|| inner.on(event))
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.clear();
        self.inner.finish()
    }
}
