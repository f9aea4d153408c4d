//! One failure, complete: where, what, the values that show it, what was sent and what came back,
//! what the services said, and how to see it again.

use std::fmt::Write as _;

use textwrap::core::display_width;

use super::differences::{self, Difference};
use super::log::told;
use super::style::{Ink, clean, hanging, indented, pad, took, wrap};
use crate::diag::{Excerpt, Look, Mark, Picture, Severity, draw};
use crate::event::{Detail, Failure, Place, ServiceLog};

/// Longer lists of attempts are shown with their first and last ones.
const ATTEMPTS: usize = 9;

/// Writes the failure without the line that repeats it, which ends the whole block.
pub(crate) fn write(out: &mut String, look: Look, failure: &Failure) {
    if !failure.steps.is_empty() {
        let path = failure.steps.join(look.sign(" › ", " > "));
        hanging(out, look, 2, "step", &path, Ink::Faint);
        out.push('\n');
    }
    let message = clean(&failure.message);
    let picture = Picture {
        code: None,
        severity: Some(Severity::Error),
        message: &message,
        excerpt: failure.place.as_ref().map(|place| excerpt(place, &failure.label)),
        help: None,
    };
    out.push_str(&draw(&picture, look));
    details(out, look, &failure.details);
    if failure.because.is_some() || failure.help.is_some() {
        out.push('\n');
    }
    if let Some(because) = &failure.because {
        hanging(out, look, 2, "because", because, Ink::Faint);
    }
    if let Some(help) = &failure.help {
        hanging(out, look, 2, "help", help, Ink::Odd);
    }
    if let Some(exchange) = &failure.exchange {
        super::exchange::write(out, look, exchange);
    }
    for log in &failure.logs {
        service_log(out, look, log);
    }
}

/// Where a failure is written, as its excerpt.
fn excerpt<'a>(place: &'a Place, label: &'a str) -> Excerpt<'a> {
    let lines: Vec<&str> = place.lines.iter().map(|line| line.trim_end_matches(['\r', '\n'])).collect();
    let lines = if lines.is_empty() { vec![""] } else { lines };
    let byte = |column: u32| {
        let line = lines[0];
        line.char_indices().nth(column as usize).map_or(line.len(), |(index, _)| index)
    };
    let from = place.column.saturating_sub(1);
    let mark = Mark {
        from: (0, byte(from)),
        to: (0, byte(from.saturating_add(place.width))),
        column: place.column as usize,
        text: label,
    };
    let lines = lines.into_iter().map(Into::into).collect();
    Excerpt { file: &place.file, lines, first: place.line.max(1) as usize, marks: vec![mark] }
}

fn details(out: &mut String, look: Look, details: &[Detail]) {
    let values: Vec<(&str, &str)> = details
        .iter()
        .filter_map(|detail| match detail {
            Detail::Value { expression, value } => Some((expression.as_str(), value.as_str())),
            _ => None,
        })
        .collect();
    if !values.is_empty() {
        out.push('\n');
        write_values(out, look, &values);
    }
    let different: Vec<Difference<'_>> = details
        .iter()
        .filter_map(|detail| match detail {
            Detail::Difference { path, expected, actual } => Some(Difference { path, expected, actual }),
            _ => None,
        })
        .collect();
    if !different.is_empty() {
        out.push('\n');
        differences::write(out, look, 4, &different);
    }
    let attempts: Vec<(u32, u64, &str)> = details
        .iter()
        .filter_map(|detail| match detail {
            Detail::Attempt { number, at_us, text } => Some((*number, *at_us, text.as_str())),
            _ => None,
        })
        .collect();
    if !attempts.is_empty() {
        write_attempts(out, look, &attempts);
    }
    super::timeline::write(out, look, details);
    let mut first = true;
    for detail in details {
        match detail {
            Detail::Note { text } => {
                if std::mem::take(&mut first) {
                    out.push('\n');
                }
                hanging(out, look, 2, "note", text, Ink::Faint);
            }
            Detail::Lines { title, lines } => {
                out.push('\n');
                indented(out, look, 2, title, Some(Ink::Faint));
                for line in lines {
                    indented(out, look, 4, line, None);
                }
            }
            Detail::Value { .. }
            | Detail::Difference { .. }
            | Detail::Attempt { .. }
            | Detail::Moment { .. } => {}
        }
    }
}

/// The parts of an expression with their values, aligned.
fn write_values(out: &mut String, look: Look, values: &[(&str, &str)]) {
    let room = look.columns().saturating_sub(4);
    let column = values.iter().map(|(part, _)| display_width(part)).max().unwrap_or(0).min(room / 2);
    for (part, value) in values {
        let part = clean(part);
        let fits = display_width(&part) <= column;
        let hang = if fits { column + 3 } else { 4 };
        let lines = wrap(value, room.saturating_sub(hang));
        if fits {
            let _ = write!(out, "    {}   ", pad(&look.ink(Ink::Place, &part), column));
        } else {
            indented(out, look, 4, &part, Some(Ink::Place));
            let _ = write!(out, "        ");
        }
        let _ = writeln!(out, "{}", look.ink(Ink::Strong, &lines[0]));
        for line in &lines[1..] {
            let _ = writeln!(out, "    {:hang$}{}", "", look.ink(Ink::Strong, line));
        }
    }
}

/// The attempts, those that went alike in one line.
fn write_attempts(out: &mut String, look: Look, attempts: &[(u32, u64, &str)]) {
    let mut groups: Vec<(u32, u32, u64, u64, &str)> = Vec::new();
    for (number, at, text) in attempts {
        match groups.last_mut() {
            Some(group) if group.4 == *text => (group.1, group.3) = (*number, *at),
            _ => groups.push((*number, *number, *at, *at, text)),
        }
    }
    let count = attempts.last().map_or(0, |attempt| attempt.0) as usize;
    out.push('\n');
    indented(out, look, 2, &super::style::plural(count, "attempt"), Some(Ink::Faint));
    let left_out = if groups.len() > ATTEMPTS { 3..groups.len() - 5 } else { 0..0 };
    let range = |from: String, to: String| if from == to { from } else { format!("{from}–{to}") };
    let heads: Vec<(String, String)> = groups
        .iter()
        .map(|(from, to, at, until, _)| {
            (range(from.to_string(), to.to_string()), range(took(*at), took(*until)))
        })
        .collect();
    let widest = |side: fn(&(String, String)) -> &String| {
        heads.iter().map(|head| display_width(side(head))).max().unwrap_or(0)
    };
    let (numbers, times) = (widest(|head| &head.0), widest(|head| &head.1));
    for (index, ((number, time), group)) in heads.iter().zip(&groups).enumerate() {
        if left_out.contains(&index) {
            if index == left_out.start {
                let text = format!("{} {} more", look.sign("⋮", ":"), left_out.len());
                indented(out, look, 4, &text, Some(Ink::Faint));
            }
            continue;
        }
        let head = format!("{}  {}", pad(number, numbers), pad(time, times));
        let hang = 4 + numbers + 2 + times + 2;
        for (line, text) in wrap(group.4, look.columns().saturating_sub(hang)).iter().enumerate() {
            if line == 0 {
                let _ = writeln!(out, "    {}  {text}", look.ink(Ink::Faint, &head));
            } else {
                let _ = writeln!(out, "{:hang$}{text}", "");
            }
        }
    }
}

fn service_log(out: &mut String, look: Look, log: &ServiceLog) {
    let earlier = match log.left_out {
        0 => String::new(),
        count => format!(", {count} earlier not shown"),
    };
    let heading = if log.lines.is_empty() {
        format!("{} has logged nothing", log.service)
    } else {
        format!("log of {}, {}{earlier}", log.service, super::style::plural(log.lines.len(), "line"))
    };
    out.push('\n');
    indented(out, look, 2, &heading, Some(Ink::Faint));
    for line in &log.lines {
        // What belongs to one line stands further in.
        for (index, part) in wrap(&told(line), look.columns().saturating_sub(8)).iter().enumerate() {
            let indent = if part.is_empty() {
                0
            } else if index == 0 {
                4
            } else {
                8
            };
            let _ = writeln!(out, "{:indent$}{part}", "");
        }
    }
}

/// The command that repeats a failure, unless a later one of the same scenario has the same: probes
/// are repeated one by one, everything else with its scenario.
pub(crate) fn repeats(failures: &[Failure], index: usize) -> Option<&str> {
    let command = failures.get(index)?.repeat.as_deref()?;
    let later = failures.iter().skip(index + 1).any(|later| later.repeat.as_deref() == Some(command));
    (!later).then_some(command)
}

/// What the failure before has shown already, and what the next one shows again: the steps, the
/// exchange and the logs stand once in a scenario's failures.
pub(crate) fn without_repeats(
    before: Option<&Failure>,
    failure: &Failure,
    next: Option<&Failure>,
) -> Failure {
    let mut failure = failure.clone();
    if before.is_some_and(|before| before.steps == failure.steps) {
        failure.steps.clear();
    }
    if let Some(next) = next {
        if next.exchange == failure.exchange {
            failure.exchange = None;
        }
        if next.logs == failure.logs {
            failure.logs.clear();
        }
    }
    failure
}

/// The failures of one scenario as the terminal shows them, without colour.
pub(crate) fn full_text(failures: &[Failure], width: usize) -> String {
    let mut out = String::new();
    for (index, failure) in failures.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let before = index.checked_sub(1).and_then(|index| failures.get(index));
        write(&mut out, Look::plain(width), &without_repeats(before, failure, failures.get(index + 1)));
        if let Some(command) = repeats(failures, index) {
            let _ = writeln!(out, "\n  repeat    {}", clean(command));
        }
    }
    out
}
