//! Formatting, as the edits that it takes: an editor keeps its cursor where nothing changes.

use super::{Edit, Snapshot};
use crate::source::{SourceId, Span};

/// The edits that give a file its canonical form; none where it cannot be read.
pub fn format(snapshot: &Snapshot, file: SourceId) -> Vec<Edit> {
    let text = snapshot.text(file);
    let Ok(formatted) = crate::fmt::format(text) else { return Vec::new() };
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .chain([text.len()])
        .collect();
    let lines: Vec<&str> = formatted.split_inclusive('\n').collect();
    let start = |line: usize| starts.get(line).copied().unwrap_or(text.len());
    let diff = similar::TextDiff::from_lines(text, formatted.as_str());
    let changed = diff.ops().iter().filter(|op| op.tag() != similar::DiffTag::Equal);
    changed
        .map(|op| {
            let (old, new) = (op.old_range(), op.new_range());
            Edit { span: Span::new(file, start(old.start), start(old.end)), text: lines[new].concat() }
        })
        .collect()
}

/// Those of the edits that touch a part of the file.
pub fn format_range(snapshot: &Snapshot, file: SourceId, start: u32, end: u32) -> Vec<Edit> {
    let mut edits = format(snapshot, file);
    edits.retain(|edit| edit.span.start < end.max(start + 1) && start <= edit.span.end);
    edits
}
