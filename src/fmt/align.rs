//! Columns: consecutive entries of one kind, each on a line of its own, begin their second part
//! in one column.

use super::lines::Line;
use super::structure::{Column, Entry, Structure};
use crate::syntax::lex::Kind;

/// Entries whose first parts differ by more than this are left alone.
const MAX_DIFFERENCE: usize = 24;

/// An entry that stands alone on its line.
#[derive(Clone, Copy)]
struct Row {
    line: usize,
    column: Column,
    /// The piece that is aligned.
    piece: usize,
    /// Columns of what stands before it, without the space.
    width: usize,
}

/// Aligns all runs.
pub(super) fn align(text: &str, lines: &mut [Line], structure: &Structure) {
    let mut run: Vec<Row> = Vec::new();
    for index in 0..lines.len() {
        let line = &lines[index];
        if line.blank_before {
            apply(lines, &mut run);
        }
        if lines[index].is_comment() {
            continue;
        }
        let row = row(text, lines, index, structure);
        let joins = match (run.last(), &row) {
            (Some(last), Some(row)) => {
                last.column == row.column && lines[last.line].indent == lines[row.line].indent
            }
            _ => false,
        };
        if !joins {
            apply(lines, &mut run);
        }
        run.extend(row);
    }
    apply(lines, &mut run);
}

fn row(text: &str, lines: &[Line], index: usize, structure: &Structure) -> Option<Row> {
    let line = &lines[index];
    let first = line.first()?;
    let Entry { column, end, at } = *structure.entries.get(&first.start)?;
    let last = line.pieces.iter().rev().find(|piece| piece.token.kind != Kind::Comment)?;
    let piece = line.pieces.iter().position(|piece| piece.token.start == at)?;
    if last.token.end != end || last.token.text(text).contains('\n') {
        return None;
    }
    let before = &line.pieces[..piece];
    let width = before.iter().map(|p| p.spaces + p.token.text(text).chars().count()).sum();
    Some(Row { line: index, column, piece, width })
}

fn apply(lines: &mut [Line], run: &mut Vec<Row>) {
    let widest = run.iter().map(|row| row.width).max().unwrap_or(0);
    let least = run.iter().map(|row| row.width).min().unwrap_or(0);
    if widest - least <= MAX_DIFFERENCE {
        for row in run.iter() {
            lines[row.line].pieces[row.piece].spaces = widest - row.width + 1;
        }
    }
    run.clear();
}
