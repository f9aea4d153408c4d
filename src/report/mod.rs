//! Reporters: one room each behind one small trait. They see events only, so that a replay prints
//! what the run printed. What a reporter should do differently is a wrapper around it, not a flag.

mod differences;
mod exchange;
mod failure;
mod github;
mod json;
mod junit;
mod live;
mod page;
mod replay;
mod store;
mod style;
mod summary;
mod target;
mod terminal;
#[cfg(test)]
mod tests;
mod watched;

use std::io;

use crate::event::Event;

pub use github::GitHub;
pub use json::Json;
pub use junit::JUnit;
pub use live::Live;
pub use page::Page;
pub use replay::{ReplayError, read_run};
pub use store::{RunFile, Runs};
pub use style::took;
pub(crate) use style::{Ink, indented, pad, plural};
pub use target::Target;
pub use terminal::Terminal;
pub use watched::{Watched, WriteFailures};

/// Sees every event of a run in order.
pub trait Reporter: Send {
    /// Takes the next event.
    ///
    /// # Errors
    /// What kept it from writing: a full disk, a closed pipe. The reporter gets no more events.
    fn on(&mut self, event: &Event) -> io::Result<()>;

    /// Writes what is left. Called once, after the last event, also when the run was cut off.
    ///
    /// # Errors
    /// What kept it from writing.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
