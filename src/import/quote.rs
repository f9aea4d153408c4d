//! Texts, names and comments as the language writes them: what is read back is what was meant,
//! whatever characters it has.

use super::model::{Piece, Text};
use crate::value::is_label;

/// A text on one line, with its quotes.
pub(super) fn line(text: &Text) -> String {
    let mut out = String::from("\"");
    for piece in &text.0 {
        match piece {
            Piece::Plain(plain) => escape(plain, false, &mut out),
            Piece::Value(value) => interpolate(value, &mut out),
        }
    }
    out.push('"');
    out
}

/// Characters as a text on one line.
pub(super) fn plain(text: &str) -> String {
    line(&Text::plain(text))
}

/// A text over several lines in `"""`, each `indent` columns in; the quotes that close it stand there
/// too, and what stands before them is taken off each line again.
pub(super) fn lines(text: &Text, indent: usize) -> String {
    let space = " ".repeat(indent);
    let mut out = format!("\"\"\"\n{space}");
    for piece in &text.0 {
        match piece {
            Piece::Plain(plain) => {
                let mut inner = String::new();
                escape(plain, true, &mut inner);
                out.push_str(&inner.replace('\n', &format!("\n{space}")));
            }
            Piece::Value(value) => interpolate(value, &mut out),
        }
    }
    // A line with nothing on it needs no space either.
    let empty = format!("\n{space}\n");
    while indent > 0 && out.contains(&empty) {
        out = out.replace(&empty, "\n\n");
    }
    format!("{out}\n{space}\"\"\"")
}

fn interpolate(value: &str, out: &mut String) {
    out.push_str("${");
    out.push_str(value);
    out.push('}');
}

fn escape(plain: &str, is_block: bool, out: &mut String) {
    let mut chars = plain.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' if is_block => out.push('\n'),
            '\t' if is_block => out.push('\t'),
            '"' if is_block && !out.ends_with('"') => out.push('"'),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' if chars.peek() == Some(&'{') => out.push_str("\\$"),
            c if is_unseen(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
}

/// Characters that nobody sees, or that change how others are seen.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// The name of a field: bare where the language takes it so.
pub(super) fn label(name: &str) -> String {
    if is_label(name) { name.to_owned() } else { plain(name) }
}

/// A regular expression; none where it cannot be written or is not understood.
pub(super) fn regex(pattern: &str) -> Option<String> {
    let is_written = !pattern.contains(is_unseen);
    regex::Regex::new(pattern).ok().filter(|_| is_written)?;
    let mut out = String::from("re\"");
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push('\\');
                out.extend(chars.next());
            }
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    Some(out)
}

/// What stands on one line of a comment.
pub(super) fn comment(text: &str) -> String {
    text.chars().map(|c| if is_unseen(c) { ' ' } else { c }).collect::<String>().trim_end().to_owned()
}

/// `2.5` seconds as `2500ms`; none when it is no time, or none at all.
pub(super) fn seconds(text: &str) -> Option<String> {
    let seconds: f64 = text.trim().parse().ok()?;
    let milliseconds = (seconds * 1000.0).round();
    if !(1.0..=1e9).contains(&milliseconds) {
        return None;
    }
    let whole = format!("{milliseconds:.0}");
    Some(
        whole
            .strip_suffix("000")
            .filter(|s| !s.is_empty())
            .map_or_else(|| format!("{whole}ms"), |s| format!("{s}s")),
    )
}
