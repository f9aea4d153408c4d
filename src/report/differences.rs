//! The table of differences: path, expected and actual side by side, or stacked where the
//! terminal is narrow.

use std::fmt::Write as _;

use textwrap::core::display_width;

use super::style::{Ink, clean, pad, wrap};
use crate::diag::Look;

/// Below this many columns the sides are stacked.
const SIDE_BY_SIDE: usize = 70;

/// A path at which something differs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difference<'a> {
    pub(crate) path: &'a str,
    pub(crate) expected: &'a str,
    pub(crate) actual: &'a str,
}

/// Writes the differences at an indentation.
pub(crate) fn write(out: &mut String, look: Look, indent: usize, differences: &[Difference<'_>]) {
    if look.columns() < SIDE_BY_SIDE {
        stacked(out, look, indent, differences);
    } else {
        beside(out, look, indent, differences);
    }
}

/// The subject itself has no path of its own.
fn path_of<'a>(difference: &Difference<'a>) -> &'a str {
    if difference.path.is_empty() { "(itself)" } else { difference.path }
}

fn beside(out: &mut String, look: Look, indent: usize, differences: &[Difference<'_>]) {
    const GAP: usize = 3;
    let room = look.columns().saturating_sub(indent + 2 * GAP);
    let widest = |text: fn(&Difference<'_>) -> String, heading: &str| {
        let longest = |text: String| clean(&text).lines().map(display_width).max().unwrap_or(0);
        differences.iter().map(|d| longest(text(d))).max().unwrap_or(0).max(heading.len())
    };
    let path = widest(|d| path_of(d).to_owned(), "path").min(room / 3);
    let (expected, actual) = share(
        room - path,
        widest(|d| d.expected.to_owned(), "expected"),
        widest(|d| d.actual.to_owned(), "actual"),
    );
    let mut row = |cells: [(&str, Ink); 3]| {
        let widths = [path, expected, actual];
        let columns: Vec<Vec<String>> =
            cells.iter().zip(widths).map(|((text, _), width)| wrap(text, width)).collect();
        for line in 0..columns.iter().map(Vec::len).max().unwrap_or(0) {
            let mut text = " ".repeat(indent);
            for (index, column) in columns.iter().enumerate() {
                let cell = column.get(line).map_or("", String::as_str);
                text.push_str(&pad(&look.ink(cells[index].1, cell), widths[index] + GAP));
            }
            let _ = writeln!(out, "{}", text.trim_end());
        }
    };
    row([("path", Ink::Faint), ("expected", Ink::Faint), ("actual", Ink::Faint)]);
    for difference in differences {
        row([
            (path_of(difference), Ink::Place),
            (difference.expected, Ink::Good),
            (difference.actual, Ink::Bad),
        ]);
    }
}

/// Splits the room between two columns: a narrow one leaves the rest to the other.
fn share(room: usize, left: usize, right: usize) -> (usize, usize) {
    let half = room / 2;
    if left + right <= room {
        (left, right)
    } else if left <= half {
        (left, room - left)
    } else if right <= half {
        (room - right, right)
    } else {
        (half, room - half)
    }
}

fn stacked(out: &mut String, look: Look, indent: usize, differences: &[Difference<'_>]) {
    const HEADING: usize = 12;
    for difference in differences {
        super::style::indented(out, look, indent, path_of(difference), Some(Ink::Place));
        for (heading, text, ink) in
            [("expected", difference.expected, Ink::Good), ("actual", difference.actual, Ink::Bad)]
        {
            let room = look.columns().saturating_sub(indent + HEADING);
            for (index, line) in wrap(text, room).iter().enumerate() {
                let heading = if index == 0 { heading } else { "" };
                let heading = pad(&look.ink(Ink::Faint, heading), HEADING - 2);
                let _ = writeln!(out, "{:indent$}  {heading}{}", "", look.ink(ink, line));
            }
        }
    }
}
