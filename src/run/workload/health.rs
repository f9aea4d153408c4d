//! Whether the runner itself kept up: figures of time that tell of it instead of the service are
//! none.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

use crate::workload::Figures;

/// Shorter loads are not judged by what the runner computed.
const WORTH_JUDGING: Duration = Duration::from_secs(1);

/// A runner that computes for more than this share of all its processors' time is at its limit.
const BUSY: f64 = 0.95;

/// Operations that begin this late at most are on time.
const PUNCTUAL: Duration = Duration::from_millis(25);

/// When a load began, and what the runner had computed until then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Health {
    began: Instant,
    computed: Duration,
    processors: f64,
}

impl Health {
    pub(super) fn start() -> Health {
        let processors = std::thread::available_parallelism().map_or(1.0, |count| count.get() as f64);
        Health { began: Instant::now(), computed: computed(), processors }
    }

    /// Why the figures of time tell nothing; `lag` is how late the operations began, in nanoseconds
    /// at the 99th percentile.
    pub(super) fn verdict(&self, figures: &Figures, lag: Option<u64>) -> Option<String> {
        let elapsed = self.began.elapsed();
        let share =
            computed().saturating_sub(self.computed).as_secs_f64() / elapsed.as_secs_f64() / self.processors;
        if elapsed >= WORTH_JUDGING && share > BUSY {
            return Some(format!(
                "the runner computed for {:.0} % of the time of all {} processors",
                share * 100.0,
                self.processors
            ));
        }
        let (lag, whole) = (Duration::from_nanos(lag?), Duration::from_nanos(figures.nanos("p99")?));
        (lag > PUNCTUAL && lag * 2 > whole).then(|| {
            format!(
                "the runner itself began operations {:.1} ms late (p99), of {:.1} ms that they took (p99)",
                lag.as_secs_f64() * 1e3,
                whole.as_secs_f64() * 1e3
            )
        })
    }
}

/// What this process has computed so far.
fn computed() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return Duration::ZERO };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
