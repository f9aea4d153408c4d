//! When the operations of an open workload are due, whoever performs them and however long they
//! take.

use std::time::Duration;

/// Operations at a rate, or at one that changes evenly from one to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    from: f64,
    to: f64,
    length: Duration,
}

impl Schedule {
    /// At `from` operations a second when it begins and `to` when it ends; neither is negative, and
    /// not both are zero.
    pub fn new(from: f64, to: f64, length: Duration) -> Schedule {
        Schedule { from, to, length }
    }

    /// The same rate as at its beginning, for another time.
    #[must_use]
    pub fn beginning(&self, length: Duration) -> Schedule {
        // A ramp from nothing has no rate to begin with: its mean stands in.
        let rate = if self.from > 0.0 { self.from } else { f64::midpoint(self.from, self.to) };
        Schedule { from: rate, to: rate, length }
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// How many operations are due before its end.
    pub fn count(&self) -> u64 {
        let exact = f64::midpoint(self.from, self.to) * self.length.as_secs_f64();
        // What binary fractions add to a whole number is no further operation.
        let whole = exact.round();
        if (exact - whole).abs() < 1e-6 { whole as u64 } else { exact.ceil() as u64 }
    }

    /// When the operation with this index is due, since the schedule began. That is where the
    /// integral of the rate reaches the index: `index = from·t + (to − from)·t²/(2·length)`.
    pub fn due(&self, index: u64) -> Duration {
        if index == 0 {
            return Duration::ZERO;
        }
        let index = index as f64;
        let growth = (self.to - self.from) / self.length.as_secs_f64();
        let root = (self.from * self.from + 2.0 * growth * index).max(0.0).sqrt();
        // The solution that loses no digits when the rate hardly changes.
        let seconds = 2.0 * index / (self.from + root);
        Duration::try_from_secs_f64(seconds).unwrap_or(self.length).min(self.length)
    }
}
