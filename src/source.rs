//! Source files and places in them. The lowest floor: knows nothing of the language.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One file as it was read: its display name, where it lies, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name people see: the path as it was given, or `std/health` for the standard library.
    pub name: String,
    /// Where relative paths inside the file start from; empty for `std/` modules.
    pub dir: PathBuf,
    /// The whole text.
    pub text: Arc<str>,
    /// Byte offsets at which lines start; the first is 0.
    lines: Vec<u32>,
}

impl Source {
    /// Takes a file's text and indexes its lines.
    pub fn new(name: impl Into<String>, dir: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(i, _)| i as u32 + 1));
        Source { name: name.into(), dir: dir.into(), text, lines }
    }

    /// The 1-based line and the 1-based column (in characters) of a byte offset.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let offset = offset.min(self.text.len() as u32);
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let start = self.lines[line - 1] as usize;
        let column = self.text.get(start..offset as usize).map_or(0, |before| before.chars().count());
        (line as u32, column as u32 + 1)
    }

    /// The text of a 1-based line, without its line end; empty past the last.
    pub fn line(&self, line: u32) -> &str {
        let Some(index) = line.checked_sub(1).map(|l| l as usize).filter(|&l| l < self.lines.len()) else {
            return "";
        };
        let start = self.lines[index] as usize;
        let end = self.lines.get(index + 1).map_or(self.text.len(), |&e| e as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The byte offset at which a 1-based line starts; `None` past the last.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.lines.get(line.checked_sub(1)? as usize).copied()
    }

    /// How many lines the file has.
    pub fn line_count(&self) -> u32 {
        self.lines.len() as u32
    }

    /// The text under a span; empty when the span lies outside.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

/// Names a file in a [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A stretch of one file, in bytes, end exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// Which file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `source` from `start` to `end`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Self {
        Span { source, start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both; both are of one file.
    pub fn to(self, other: Span) -> Span {
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether the byte offset lies inside.
    pub fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// Every file of one run, numbered in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<Arc<Source>>,
    /// What no excerpt shows, such as a secret that stands in the text.
    hidden: Vec<Span>,
    /// What no output shows.
    concealed: BTreeSet<String>,
}

impl Sources {
    /// The number of the file with this name and text, which is added when it is not there yet.
    pub fn meet(&mut self, source: Source) -> SourceId {
        let known = self.files.iter().rposition(|known| **known == source);
        known.map_or_else(|| self.add(source), |known| SourceId(known as u32))
    }

    /// Puts another text in the place of a file's; no span of the old one may be in use.
    pub fn replace(&mut self, id: SourceId, source: Source) {
        self.files[id.0 as usize] = Arc::new(source);
    }

    /// Adds a file and returns its number.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.files.push(Arc::new(source));
        SourceId(self.files.len() as u32 - 1)
    }

    /// The file with this number.
    pub fn get(&self, id: SourceId) -> &Arc<Source> {
        &self.files[id.0 as usize]
    }

    /// All files in order.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Arc<Source>)> {
        self.files.iter().enumerate().map(|(i, s)| (SourceId(i as u32), s))
    }

    /// Lets no excerpt show what stands at a place.
    pub fn hide(&mut self, span: Span) {
        self.hidden.push(span);
    }

    /// Lets no output show a text, wherever it comes from.
    pub fn conceal(&mut self, text: impl Into<String>) {
        self.concealed.insert(text.into());
    }

    /// The texts that no output shows, sorted.
    pub fn concealed(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.concealed.iter().map(String::as_str)
    }

    /// The text under a span as excerpts show it: each character that is hidden is a `•`, so that
    /// columns stay what they are.
    pub fn shown(&self, span: Span) -> Cow<'_, str> {
        let text = self.get(span.source).slice(span);
        let here: Vec<&Span> = self
            .hidden
            .iter()
            .filter(|hidden| {
                hidden.source == span.source && hidden.start < span.end && span.start < hidden.end
            })
            .collect();
        if here.is_empty() {
            return Cow::Borrowed(text);
        }
        let is_hidden = |index: usize| here.iter().any(|hidden| hidden.contains(span.start + index as u32));
        let shown = text.char_indices().map(|(index, c)| if c != '\n' && is_hidden(index) { '•' } else { c });
        Cow::Owned(shown.collect())
    }

    /// A 1-based line of a file, without its line end, as excerpts show it; empty past the last.
    pub fn shown_line(&self, id: SourceId, line: u32) -> Cow<'_, str> {
        let source = self.get(id);
        let start = source.line_start(line).unwrap_or_default() as usize;
        self.shown(Span::new(id, start, start + source.line(line).len()))
    }

    /// `name:line:column` of a span's start, as people and editors read it.
    pub fn place(&self, span: Span) -> String {
        let source = self.get(span.source);
        let (line, column) = source.line_column(span.start);
        format!("{}:{line}:{column}", source.name)
    }
}

/// A path as people see it: relative to `base` when it lies below it.
pub fn display_path(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let source = Source::new("a.scn", "", "é = 1\nlet x\n");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(2), (1, 2));
        assert_eq!(source.line_column(7), (2, 1));
        assert_eq!(source.line_column(999), (3, 1));
        assert_eq!(source.line(2), "let x");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn what_is_hidden_is_not_shown() {
        let mut sources = Sources::default();
        let id = sources.add(Source::new("a.scn", "", "é = \"geheim\"\nlet geheim\n"));
        sources.hide(Span::new(id, 6, 12));
        assert_eq!(sources.shown_line(id, 1), "é = \"••••••\"");
        assert_eq!(sources.shown_line(id, 2), "let geheim");
        assert_eq!(sources.shown_line(id, 9), "");
    }
}
