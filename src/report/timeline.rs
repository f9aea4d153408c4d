//! The timeline of a failure: requests, and the faults that hit something, in their order.

use std::fmt::Write as _;

use textwrap::core::display_width;

use super::style::{Ink, indented, pad, took, wrap};
use crate::diag::Look;
use crate::event::Detail;

/// A longer timeline is shown with its last moments and with every hit before them.
const LAST: usize = 16;

/// At most so many earlier hits.
const HITS: usize = 8;

/// Writes the moments among the details, when there are any.
pub(super) fn write(out: &mut String, look: Look, details: &[Detail]) {
    let moments: Vec<(u64, bool, &str)> = details
        .iter()
        .filter_map(|detail| match detail {
            Detail::Moment { at_us, hit, text } => Some((*at_us, *hit, text.as_str())),
            _ => None,
        })
        .collect();
    if moments.is_empty() {
        return;
    }
    let early = moments.len().saturating_sub(LAST);
    let hits = moments[..early].iter().filter(|(_, hit, _)| *hit).take(HITS);
    let shown: Vec<&(u64, bool, &str)> = hits.chain(&moments[early..]).collect();
    out.push('\n');
    let left_out = moments.len() - shown.len();
    let title = match left_out {
        0 => "timeline".to_owned(),
        some => format!("timeline, without {some} earlier moments"),
    };
    indented(out, look, 2, &title, Some(Ink::Faint));
    let width = shown.iter().map(|(at, ..)| display_width(&took(*at))).max().unwrap_or(0);
    for (at, hit, text) in shown {
        let sign = if *hit { look.sign("✗", "x") } else { " " };
        let time = pad(&took(*at), width);
        let hang = 4 + width + 2 + 2;
        for (line, text) in wrap(text, look.columns().saturating_sub(hang)).iter().enumerate() {
            let text = if *hit { look.ink(Ink::Bad, text) } else { text.clone() };
            if line == 0 {
                let _ =
                    writeln!(out, "    {}  {} {text}", look.ink(Ink::Faint, &time), look.ink(Ink::Bad, sign));
            } else {
                let _ = writeln!(out, "{:hang$}{text}", "");
            }
        }
    }
}
