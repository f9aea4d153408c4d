//! What it takes to bring a load, measured.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::workload::Effort;

/// When a load began, and what the runner had computed until then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Health {
    began: Instant,
    computed: Duration,
}

impl Health {
    pub(super) fn start() -> Health {
        Health { began: Instant::now(), computed: computed() }
    }

    /// Until now; `lag` is how late the operations began, in nanoseconds at the 99th percentile.
    pub(super) fn effort(&self, lag: Option<u64>) -> Effort {
        Effort {
            elapsed: self.began.elapsed(),
            computed: computed().saturating_sub(self.computed),
            processors: std::thread::available_parallelism().map_or(1.0, |count| count.get() as f64),
            lag: lag.map(Duration::from_nanos),
        }
    }
}

/// What this process has computed so far.
fn computed() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
