//! Who listens to a run.

use std::io;

use super::Event;

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
