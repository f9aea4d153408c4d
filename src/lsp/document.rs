//! A file that the client has open.

use std::path::PathBuf;
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
    let path = Url::parse(uri).ok()?.to_file_path().ok()?;
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    // A file that is not there yet lies in a directory that is.
    match (path.parent().and_then(|dir| dir.canonicalize().ok()), path.file_name()) {
        (Some(dir), Some(name)) => Some(dir.join(name)),
        _ => Some(path),
    }
}
