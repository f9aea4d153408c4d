//! Where the elements of a contract are declared, by what the compiler keeps of the sources.

use std::collections::BTreeMap;

use prost_reflect::FileDescriptor;

use crate::source::{Source, SourceId, Span};

/// The number of the field `name` in every descriptor message of `descriptor.proto`: under it the
/// compiler keeps the place of the name alone.
const NAME: i32 = 1;

/// The places of everything that the files on disk declare.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    files: BTreeMap<String, File>,
}

#[derive(Debug, Clone)]
struct File {
    source: SourceId,
    /// The byte at which each line starts.
    lines: Vec<usize>,
    length: usize,
    /// By the path of an element in the file's descriptor: line, column, perhaps last line, and
    /// last column, from 0 (`SourceCodeInfo.Location.span` of `descriptor.proto`).
    locations: BTreeMap<Vec<i32>, Vec<i32>>,
}

impl Places {
    /// Takes in a file that is among the sources.
    pub(crate) fn add(&mut self, file: &FileDescriptor, id: SourceId, source: &Source) {
        let mut lines = vec![0];
        lines.extend(source.text.match_indices('\n').map(|(at, _)| at + 1));
        let locations = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
        let locations = locations.map(|place| (place.path.clone(), place.span.clone())).collect();
        let file_places = File { source: id, lines, length: source.text.len(), locations };
        self.files.insert(file.name().to_owned(), file_places);
    }

    /// The place of an element's name, else of the whole element.
    pub(super) fn span(&self, file: &FileDescriptor, path: &[i32]) -> Option<Span> {
        let file = self.files.get(file.name())?;
        let name: Vec<i32> = path.iter().copied().chain([NAME]).collect();
        let place = file.locations.get(&name).or_else(|| file.locations.get(path))?;
        let (line, column, last_line, last_column) = match place[..] {
            [line, column, last] => (line, column, line, last),
            [line, column, last_line, last] => (line, column, last_line, last),
            _ => return None,
        };
        let at = |line: i32, column: i32| {
            let start = file.lines.get(usize::try_from(line).ok()?)?;
            Some((start + usize::try_from(column).ok()?).min(file.length))
        };
        Some(Span::new(file.source, at(line, column)?, at(last_line, last_column)?))
    }
}
