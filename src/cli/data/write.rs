//! Where data goes: standard output, or a file that is there only when it is whole.

use std::io::{self, BufWriter, Write as _};

use crate::report::{Sheet, Target};

/// An open destination with room for what was not written yet.
pub(super) struct Out {
    sheet: BufWriter<Sheet>,
}

impl Out {
    /// Opens a path; `-` is standard output.
    pub(super) fn open(path: &str) -> io::Result<Out> {
        Target::new(path).open().map(|sheet| Out { sheet: BufWriter::with_capacity(1 << 16, sheet) })
    }

    pub(super) fn write(&mut self, text: &str) -> io::Result<()> {
        self.sheet.write_all(text.as_bytes())
    }

    /// Flushes, and moves a file to its place.
    pub(super) fn put(self) -> io::Result<()> {
        self.sheet.into_inner().map_err(io::IntoInnerError::into_error)?.put()
    }
}
