//! Indentation, and the text in the end.

use super::lines::Line;
use super::structure::{Brace, Structure};
use crate::syntax::lex::Kind;

/// Columns of one level.
const STEP: usize = 2;

/// An open bracket.
struct Frame {
    /// The indentation of what it closes.
    indent: usize,
    /// The indentation of the entry at hand inside.
    entry: usize,
    /// Whether it is a brace, in which lines are entries unless they continue one.
    is_brace: bool,
}

/// Gives every line its indentation.
pub(super) fn indent(text: &str, lines: &mut [Line], structure: &Structure) {
    let mut frames: Vec<Frame> = Vec::new();
    let mut top_entry = 0;
    let mut hanging: Option<(usize, usize)> = None;
    let mut after_comments = 0;
    for index in 0..lines.len() {
        // A run of comments has one line behind it, which is looked for once.
        if index == 0 || after_comments < index {
            after_comments = (index..lines.len()).find(|at| !lines[*at].is_comment()).unwrap_or(lines.len());
        }
        let next = Some(after_comments).filter(|at| *at < lines.len());
        let lead = next.and_then(|at| lines[at].first());
        let closes = lead.is_some_and(|token| token.kind == Kind::Close);
        let is_comment = lines[index].is_comment();
        let begins = lead.is_some_and(|token| structure.begins.contains(&token.start));
        let continues = next.is_some_and(|at| lines[at].continues) && !begins && !closes;
        let inner = frames.last().map_or(0, |frame| frame.indent + STEP);
        let in_brackets = frames.last().is_some_and(|frame| !frame.is_brace);
        let entry = frames.last().map_or(top_entry, |frame| frame.entry);
        let after_open = index == 0 || lines[index - 1].opens();
        let line = &mut lines[index];
        // No empty line stands inside of a statement, or at the edge of a block.
        let at_edge = after_open || closes && !is_comment;
        line.blank_before &= !(continues || at_edge);
        line.indent = if closes && !is_comment {
            leading_closers(line, &frames)
        } else if continues && !in_brackets {
            match hanging {
                Some((depth, column)) if depth == frames.len() => entry + column,
                _ => entry + STEP,
            }
        } else {
            inner
        };
        if is_comment {
            continue;
        }
        if !continues && !closes {
            match frames.last_mut() {
                Some(frame) => frame.entry = line.indent,
                None => top_entry = line.indent,
            }
            // The faults of an `under` hang under the first.
            hanging = None;
        }
        let physical = line.indent;
        for piece in &line.pieces {
            match piece.token.kind {
                Kind::Word if structure.faults.contains_key(&piece.token.start) => {
                    hanging = Some((frames.len(), "under ".len()));
                }
                Kind::Open => {
                    let brace = structure.braces.get(&piece.token.start);
                    let entry = frames.last().map_or(top_entry, |frame| frame.entry);
                    // A body belongs to its statement, wherever the header's last line ends.
                    let indent = if brace == Some(&Brace::Body) { entry } else { physical };
                    let is_brace = piece.token.text(text) == "{";
                    frames.push(Frame { indent, entry: indent + STEP, is_brace });
                }
                Kind::Close => {
                    frames.pop();
                }
                _ => {}
            }
        }
    }
}

/// The indentation of the outermost bracket that a line closes at its start.
fn leading_closers(line: &Line, frames: &[Frame]) -> usize {
    let count = line.pieces.iter().take_while(|piece| piece.token.kind == Kind::Close).count();
    let at = frames.len().saturating_sub(count);
    frames.get(at).map_or(0, |frame| frame.indent)
}

/// The text of the lines.
pub(super) fn print(text: &str, lines: &[Line]) -> String {
    let mut out = String::with_capacity(text.len());
    for line in lines {
        if line.blank_before {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n(' ', line.indent));
        for piece in &line.pieces {
            out.extend(std::iter::repeat_n(' ', piece.spaces));
            let token = piece.token.text(text);
            if token.contains('\r') {
                out.push_str(&token.replace("\r\n", "\n"));
            } else {
                out.push_str(token);
            }
            if piece.token.kind == Kind::Comment {
                out.truncate(out.trim_end().len());
            }
        }
        out.push('\n');
    }
    out
}

impl Line {
    /// Whether it ends with an open bracket.
    fn opens(&self) -> bool {
        let last = self.pieces.iter().rev().find(|piece| piece.token.kind != Kind::Comment);
        last.is_some_and(|piece| piece.token.kind == Kind::Open)
    }
}
