//! A request and what came back, as a failure shows them.

use std::fmt::Write as _;

use super::style::{Ink, indented, took, wrap};
use crate::diag::Look;
use crate::event::Exchange;
use crate::value::{from_json, to_json_pretty};

/// Longer bodies are shown up to here; all of them stand in the event file.
const BODY_LINES: usize = 40;

/// Writes the exchange at an indentation of two.
pub(crate) fn write(out: &mut String, look: Look, exchange: &Exchange) {
    side(
        out,
        look,
        &Side {
            heading: "request",
            line: &exchange.request,
            note: "",
            headers: &exchange.request_headers,
            body: &exchange.request_body,
            trailers: &[],
        },
    );
    side(
        out,
        look,
        &Side {
            heading: "response",
            line: &exchange.response,
            note: &phases(&exchange.phases),
            headers: &exchange.response_headers,
            body: &exchange.response_body,
            trailers: &exchange.trailers,
        },
    );
    if !exchange.shell.is_empty() {
        // Never wrapped, so that it can be copied and run.
        let shell = super::style::clean(&exchange.shell).into_owned();
        let heading = super::style::pad(&look.ink(Ink::Faint, "shell"), 10);
        let _ = writeln!(out, "\n  {heading}{shell}");
    }
}

struct Side<'a> {
    heading: &'a str,
    line: &'a str,
    note: &'a str,
    headers: &'a [(String, String)],
    body: &'a str,
    trailers: &'a [(String, String)],
}

fn side(out: &mut String, look: Look, side: &Side<'_>) {
    out.push('\n');
    let lines = wrap(side.line, look.columns().saturating_sub(12));
    for (index, line) in lines.iter().enumerate() {
        if index == 0 {
            let heading = super::style::pad(&look.ink(Ink::Faint, side.heading), 10);
            let _ = write!(out, "  {heading}{}", look.ink(Ink::Strong, line));
        } else {
            let _ = write!(out, "\n            {}", look.ink(Ink::Strong, line));
        }
    }
    let used = 14 + lines.last().map_or(0, |line| textwrap::core::display_width(line));
    if !side.note.is_empty() && used + side.note.len() <= look.columns() {
        let _ = write!(out, "  {}", look.ink(Ink::Faint, side.note));
    } else if !side.note.is_empty() {
        for line in wrap(side.note, look.columns().saturating_sub(12)) {
            let _ = write!(out, "\n            {}", look.ink(Ink::Faint, &line));
        }
    }
    out.push('\n');
    headers(out, look, side.headers);
    let body = pretty(side.body);
    let lines: Vec<&str> = body.lines().collect();
    if !side.headers.is_empty() && !lines.is_empty() {
        out.push('\n');
    }
    for line in lines.iter().take(BODY_LINES) {
        indented(out, look, 12, line, None);
    }
    if lines.len() > BODY_LINES {
        let more = format!("… {} more lines", lines.len() - BODY_LINES);
        indented(out, look, 12, &more, Some(Ink::Faint));
    }
    if !side.trailers.is_empty() {
        indented(out, look, 12, "trailers", Some(Ink::Faint));
        headers(out, look, side.trailers);
    }
}

fn headers(out: &mut String, look: Look, headers: &[(String, String)]) {
    for (name, value) in headers {
        let lines = wrap(&format!("{name}: {value}"), look.columns().saturating_sub(14));
        for (index, line) in lines.iter().enumerate() {
            let hang = if index == 0 { 12 } else { 14 };
            let line = match line.strip_prefix(&format!("{name}:")).filter(|_| index == 0) {
                Some(rest) => format!("{}{rest}", look.ink(Ink::Faint, &format!("{name}:"))),
                None => line.clone(),
            };
            let _ = writeln!(out, "{:hang$}{line}", "");
        }
    }
}

/// JSON bodies are laid out, with every digit kept; all others are shown as they are.
fn pretty(body: &str) -> String {
    if !body.trim_start().starts_with(['{', '[']) {
        return body.to_owned();
    }
    from_json(body.as_bytes()).map_or_else(|_| body.to_owned(), |value| to_json_pretty(&value))
}

/// `41ms (connect 1ms, first byte 40ms)`.
fn phases(phases: &[(String, u64)]) -> String {
    let total = phases.iter().find(|(name, _)| name == "total");
    let rest: Vec<String> = phases
        .iter()
        .filter(|(name, _)| name != "total")
        .map(|(name, micros)| format!("{} {}", name.replace('_', " "), took(*micros)))
        .collect();
    match (total, rest.is_empty()) {
        (Some((_, total)), true) => took(*total),
        (Some((_, total)), false) => format!("{} ({})", took(*total), rest.join(", ")),
        (None, true) => String::new(),
        (None, false) => rest.join(", "),
    }
}
