//! JSON lines: the event stream itself, one event a line.

use std::io::{self, Write};

use super::Target;
use super::target::Sheet;
use crate::event::Event;
use crate::event::Reporter;

/// Writes every event as a line of JSON.
pub struct Json {
    out: Option<Sheet>,
}

impl Json {
    /// Opens the target.
    ///
    /// # Errors
    /// The target cannot be opened.
    pub fn new(target: &Target) -> io::Result<Json> {
        Ok(Json { out: Some(target.open()?) })
    }
}

/// One event as a line.
pub(crate) fn write_line(out: &mut impl Write, event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)
}

impl Reporter for Json {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        write_line(out, event)?;
        if matches!(out, Sheet::Straight(_)) { out.flush() } else { Ok(()) }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.take().map_or(Ok(()), Sheet::put)
    }
}
