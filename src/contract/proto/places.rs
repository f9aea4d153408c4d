//! Where the elements of a contract are declared, by what the compiler keeps of the sources.

use std::collections::BTreeMap;

use prost_reflect::FileDescriptor;

use crate::source::{Source, SourceId, Span};

/// The number of the field `name` in every descriptor message of `descriptor.proto`: under it the
/// compiler keeps the place of the name alone.
pub(in crate::contract) const NAME: i32 = 1;

/// The places of everything that the files on disk declare.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    files: BTreeMap<String, BTreeMap<Vec<i32>, Span>>,
}

impl Places {
    /// Takes in a file that is among the sources.
    pub(crate) fn add(&mut self, file: &FileDescriptor, id: SourceId, source: &Source) {
        self.files.insert(file.name().to_owned(), spans(file, id, source));
    }

    /// The place of an element's name, else of the whole element.
    pub(super) fn span(&self, file: &FileDescriptor, path: &[i32]) -> Option<Span> {
        let spans = self.files.get(file.name())?;
        let name: Vec<i32> = path.iter().copied().chain([NAME]).collect();
        spans.get(&name).or_else(|| spans.get(path)).copied()
    }
}

/// The places of a file's elements by their paths in its descriptor: field numbers and indexes.
pub(in crate::contract) fn spans(
    file: &FileDescriptor,
    id: SourceId,
    source: &Source,
) -> BTreeMap<Vec<i32>, Span> {
    let mut spans = BTreeMap::new();
    for location in file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location) {
        if let Some(span) = span(source, id, &location.span) {
            spans.entry(location.path.clone()).or_insert(span);
        }
    }
    spans
}

/// A location of the compiler as a span: lines count from 0, columns in bytes; the last line is
/// left out when it is the first (`SourceCodeInfo.Location.span` of `descriptor.proto`).
fn span(source: &Source, id: SourceId, location: &[i32]) -> Option<Span> {
    let (from, to) = match *location {
        [line, start, end] => ((line, start), (line, end)),
        [first, start, last, end] => ((first, start), (last, end)),
        _ => return None,
    };
    let offset = |(line, column): (i32, i32)| {
        let line = u32::try_from(line).ok()?.checked_add(1)?;
        Some(source.line_start(line)? as usize + usize::try_from(column).ok()?)
    };
    let (start, end) = (offset(from)?, offset(to)?.min(source.text.len()));
    (start <= end).then(|| Span::new(id, start, end))
}
