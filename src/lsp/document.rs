//! A file that the client has open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::TextDocumentContentChangeEvent;
use url::Url;

use super::position::Encoding;
use crate::source::Source;

/// An open file.
#[derive(Debug)]
pub(super) struct Document {
    /// As the client calls it.
    pub(super) uri: String,
    pub(super) version: i32,
    pub(super) text: Arc<str>,
}

impl Document {
    /// The file after changes.
    pub(super) fn changed(
        &self,
        version: i32,
        changes: &[TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) -> Document {
        let mut text = self.text.to_string();
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let source = Source::new("", "", text.as_str());
                    let start = encoding.offset(&source, part.range.start) as usize;
                    let end = encoding.offset(&source, part.range.end) as usize;
                    text.replace_range(start..end.max(start), &part.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    text = whole.text.clone();
                }
            }
        }
        Document { uri: self.uri.clone(), version, text: text.into() }
    }
}

/// The canonical path of a URI; none when it names no file.
pub(super) fn path_of(uri: &str) -> Option<PathBuf> {
    Some(real(&Url::parse(uri).ok()?.to_file_path().ok()?))
}

/// The canonical path of a file or directory, also of one that is not there yet or no more: an open file
/// keeps its path while the directories around it come and go.
pub(super) fn real(path: &Path) -> PathBuf {
    let known = path.ancestors().find_map(|known| {
        let mut real = known.canonicalize().ok()?;
        real.extend(path.strip_prefix(known).ok()?);
        Some(real)
    });
    known.unwrap_or_else(|| path.to_path_buf())
}
