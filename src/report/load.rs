//! What a workload came to, on a line each for it and for its operations.

use std::fmt::Write as _;

use super::style::took;
use crate::event::{EventKind, LoadClass, LoadFigures};

/// `5 994 ok, 6 failed of 6 000 in 30.0s, 199.8/s, p50 3.1ms, p99 20ms, max 41ms`
pub(crate) fn line(figures: &LoadFigures) -> String {
    let mut text = format!("{} ok", figures.ok);
    let errors = figures.failed - figures.rejected.min(figures.failed);
    for (count, what) in [
        (errors, "failed"),
        (figures.rejected, "rejected"),
        (figures.timed_out, "timed out"),
        (figures.in_flight, "did not end"),
        (figures.dropped, "dropped"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    let seconds = (figures.elapsed_us.max(1) as f64) / 1e6;
    let _ = write!(text, " in {}", took(figures.elapsed_us));
    let _ = write!(text, "  {:.1}/s", figures.ok as f64 / seconds);
    for (name, micros) in figures.times_us.iter().filter(|(name, _)| matches!(&**name, "p50" | "p99" | "max"))
    {
        let _ = write!(text, "  {name} {}", took(*micros));
    }
    text
}

/// `read: 3 times: the connection was refused`
fn class(class: &LoadClass) -> String {
    let times = if class.count == 1 { "once".to_owned() } else { format!("{} times", class.count) };
    format!("{} {times}: {}", class.operation, class.message)
}

/// What is to be said besides, a line each: what operations failed with, and what the figures leave out.
pub(crate) fn notes(loaded: &EventKind) -> Vec<String> {
    let EventKind::Loaded { failures, warm_up, warm_up_failed, unsound, .. } = loaded else {
        return Vec::new();
    };
    let mut notes: Vec<String> = failures.iter().map(class).collect();
    if *warm_up_failed > 0 {
        notes.push(format!("in the warm-up, which is in no figure, {warm_up_failed} of {warm_up} failed"));
    }
    notes.extend(unsound.iter().map(|why| format!("nothing is known of the times: {why}")));
    notes
}
