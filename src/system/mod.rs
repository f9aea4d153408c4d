//! The system under test: processes, services, their logs and their end.

/// Starts processes so that none is left behind. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Processes {}
