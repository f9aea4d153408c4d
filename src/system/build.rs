//! Builds of services: each command once a run.

use std::time::Duration;

use super::{CommandSpec, Processes};
use crate::event::Failure;
use crate::value::Redactor;

/// The builds of a run. Two services with the same command, directory and environment share one.
#[derive(Debug, Default)]
pub struct Builds {}

impl Builds {
    /// The default of how long a build may take.
    pub const WITHIN: Duration = Duration::from_secs(600);

    /// Runs the build, or waits for the one that is under way; how long it took.
    pub async fn build(
        &self,
        _service: &str,
        _command: &CommandSpec,
        _within: Duration,
        _processes: &Processes,
        _redactor: &Redactor,
    ) -> Result<Duration, Failure> {
        unimplemented!()
    }
}
