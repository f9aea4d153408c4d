//! The page, written as it grows.

use std::io::{self, Write};

use super::Page;
use crate::event::Event;
use crate::event::Reporter;

/// Writes the page to a stream.
#[derive(Debug)]
pub struct Terminal<W> {
    page: Page,
    out: W,
}

impl<W: Write + Send> Terminal<W> {
    /// Writes `page` to `out`.
    pub fn new(page: Page, out: W) -> Terminal<W> {
        Terminal { page, out }
    }

    /// The stream, with what was written.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write + Send> Reporter for Terminal<W> {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        let text = self.page.add(event);
        if text.is_empty() {
            return Ok(());
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}
