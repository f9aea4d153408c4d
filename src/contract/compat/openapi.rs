//! OpenAPI.

use super::rule::table;
use super::{Break, Level, Nothing, Problem};
use crate::source::SourceId;
use std::path::Path;

/// A document.
#[derive(Debug)]
pub(crate) struct Document;

impl Document {
    pub(crate) fn read(_path: &Path, _source: SourceId, _text: &str) -> Result<Document, Vec<Problem>> {
        Ok(Document)
    }
}

pub(crate) fn compare(_old: &Document, _new: &Document, _level: Level) -> Result<Vec<Break>, Nothing> {
    Ok(Vec::new())
}
table! { OpenApi }
