//! Where declarations stand, from the locations that the compiler notes beside the descriptors
//! (`SourceCodeInfo` of `google/protobuf/descriptor.proto`).

use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, FileDescriptor};

use crate::contract::compat::Mark;
use crate::contract::proto::places::{self, NAME};
use crate::source::{SourceId, Sources, Span};

/// The numbers of fields in a file's descriptor.
const PACKAGE: i32 = 2;
const SYNTAX: i32 = 12;

/// The places of one side, by file.
#[derive(Debug, Default)]
pub(super) struct Places {
    files: BTreeMap<String, InFile>,
}

#[derive(Debug)]
struct InFile {
    /// As people see it.
    name: String,
    /// The whole of what is declared, else the first line.
    first: Span,
    /// By the path of field numbers and indexes from the file's descriptor.
    spans: BTreeMap<Vec<i32>, Span>,
}

impl Places {
    pub(super) fn new(
        pool: &DescriptorPool,
        files: &BTreeMap<String, (String, SourceId)>,
        sources: &Sources,
    ) -> Places {
        let mut found = BTreeMap::new();
        for (name, (_, id)) in files {
            let Some(file) = pool.get_file_by_name(name) else { continue };
            let source = sources.get(*id);
            let spans = places::spans(&file, *id, source);
            let line = Span::new(*id, 0, source.line(1).len());
            let first = [SYNTAX, PACKAGE].iter().find_map(|tag| spans.get([*tag].as_slice()).copied());
            let first = first.unwrap_or(line);
            found.insert(name.clone(), InFile { name: source.name.clone(), first, spans });
        }
        Places { files: found }
    }

    /// The file's name as people see it.
    pub(super) fn name_of<'a>(&'a self, file: &'a FileDescriptor) -> &'a str {
        self.files.get(file.name()).map_or(file.name(), |found| &found.name)
    }

    /// The name of what is declared at a path.
    pub(super) fn named(&self, file: &FileDescriptor, path: &[i32], text: impl Into<String>) -> Option<Mark> {
        self.part(file, path, &[NAME], text)
    }

    /// A part of what is declared at a path: the first of the given numbers that is written
    /// there, else its name, else the whole of it.
    pub(super) fn part(
        &self,
        file: &FileDescriptor,
        path: &[i32],
        parts: &[i32],
        text: impl Into<String>,
    ) -> Option<Mark> {
        let found = self.files.get(file.name())?;
        let of = |part: i32| {
            let whole: Vec<i32> = path.iter().copied().chain([part]).collect();
            found.spans.get(&whole)
        };
        let span = parts
            .iter()
            .copied()
            .find_map(of)
            .or_else(|| of(NAME))
            .or_else(|| found.spans.get(path))
            .copied()
            .unwrap_or(found.first);
        Some(Mark { span, text: text.into() })
    }

    /// What is written at exactly this path, else the head of the file.
    pub(super) fn exactly(
        &self,
        file: &FileDescriptor,
        path: &[i32],
        text: impl Into<String>,
    ) -> Option<Mark> {
        let found = self.files.get(file.name())?;
        let span = found.spans.get(path).copied().unwrap_or(found.first);
        Some(Mark { span, text: text.into() })
    }

    /// The head of the file.
    pub(super) fn head(&self, file: &FileDescriptor, text: impl Into<String>) -> Option<Mark> {
        Some(Mark { span: self.files.get(file.name())?.first, text: text.into() })
    }
}
