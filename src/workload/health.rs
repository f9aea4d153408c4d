//! Whether the one who brings a load kept up: figures of time that tell of it instead of the service
//! are none.

use std::time::Duration;

/// Shorter loads are not judged by what was computed.
const WORTH_JUDGING: Duration = Duration::from_secs(1);

/// Who computes for more than this share of all its processors' time is at its limit.
const BUSY: f64 = 0.95;

/// Operations that begin this late at most are on time.
const PUNCTUAL: Duration = Duration::from_millis(25);

/// What it took to bring a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// How long it lasted.
    pub elapsed: Duration,
    /// What the runner computed meanwhile, on all processors together.
    pub computed: Duration,
    /// How many processors it may use.
    pub processors: f64,
    /// How late operations began at the 99th percentile; none when nothing says when they are due.
    pub lag: Option<Duration>,
}

impl Effort {
    /// Why the figures of time tell nothing; `p99` is that of the operations, from when they were due.
    pub fn unsound(&self, p99: Option<Duration>) -> Option<String> {
        let share = self.computed.as_secs_f64() / self.elapsed.as_secs_f64().max(1e-9) / self.processors;
        if self.elapsed >= WORTH_JUDGING && share > BUSY {
            let processors = match self.processors as u64 {
                1 => "its one processor".to_owned(),
                several => format!("all {several} processors"),
            };
            return Some(format!(
                "the runner computed for {:.0} % of the time of {processors}",
                share * 100.0
            ));
        }
        let (lag, whole) = (self.lag?, p99?);
        (lag > PUNCTUAL && lag * 2 > whole).then(|| {
            format!(
                "the runner itself began operations {:.1} ms late (p99), of {:.1} ms that they took (p99)",
                lag.as_secs_f64() * 1e3,
                whole.as_secs_f64() * 1e3
            )
        })
    }
}
