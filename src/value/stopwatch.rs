//! The one monotonic clock of a run. Whatever says when something happened says it as the time
//! since this clock was started, so that records from different places can be put in order.

use std::time::{Duration, Instant};

/// A clock that was started when the run began.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// The time until now.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The time until now in nanoseconds, as histories keep it; saturates at about 292 years.
    pub fn now(self) -> i64 {
        i64::try_from(self.elapsed().as_nanos()).unwrap_or(i64::MAX)
    }

    /// The time until a moment; nothing, if it was before the start.
    pub fn at(self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.0)
    }
}
