//! What a judgement may cost, what a search may spend of that, and what it spent. Memory is counted as it is taken, and the clock is
//! looked at every so many steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much a judgement may cost. What is over it is unknown, never a pass.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of all parts together.
    pub time: Duration,
    /// In bytes, of all parts together.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { time: Duration::from_secs(60), memory: 2 << 30 }
    }
}

impl Limits {
    /// When the time will be over that begins now.
    pub(super) fn deadline(&self) -> Instant {
        let now = Instant::now();
        // Further away than this machine will run, if the limit is that far.
        now.checked_add(self.time).unwrap_or(now + Duration::from_secs(1 << 30))
    }
}

/// Why a search stopped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Steps,
    Memory,
    Time,
    /// The other search was done in fewer steps.
    Beaten,
    /// More operations were open at once than this search can tell apart.
    Width,
}

impl Stop {
    /// Which limit came first.
    pub(super) fn told(self, limits: &Limits) -> String {
        match self {
            Stop::Memory | Stop::Width => format!("no answer within {} of memory", size(limits.memory)),
            Stop::Time | Stop::Steps | Stop::Beaten => format!("no answer within {:?}", limits.time),
        }
    }
}

/// A size as people read it: in the largest unit that it is a multiple of.
fn size(bytes: usize) -> String {
    let (unit, name) = [(1 << 20, "MiB"), (1 << 10, "KiB")]
        .into_iter()
        .find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit))
        .unwrap_or((1, "B"));
    format!("{} {name}", bytes / unit)
}

/// What one search may spend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub steps: u64,
    pub bytes: usize,
    pub deadline: Instant,
}

/// Where the searches of a race say in how many steps they were done. Steps and not seconds
/// decide, so that the winner is the same in every run.
#[derive(Debug)]
pub(super) struct Lane<'a> {
    mine: &'a AtomicU64,
    other: &'a AtomicU64,
    /// Whether a draw is a defeat.
    yields: bool,
}

impl<'a> Lane<'a> {
    pub(super) fn new(mine: &'a AtomicU64, other: &'a AtomicU64, yields: bool) -> Lane<'a> {
        Lane { mine, other, yields }
    }
}

/// What one search spent.
#[derive(Debug)]
pub(super) struct Meter<'a> {
    budget: Budget,
    lane: Option<Lane<'a>>,
    steps: u64,
    check_at: u64,
    bytes: usize,
    /// The most that was in use at once.
    pub peak: usize,
}

/// Steps between two looks at the clock.
const CHECK: u64 = 1024;

impl<'a> Meter<'a> {
    pub(super) fn new(budget: Budget, lane: Option<Lane<'a>>) -> Meter<'a> {
        Meter { budget, lane, steps: 0, check_at: 0, bytes: 0, peak: 0 }
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Counts work.
    pub(super) fn work(&mut self, steps: u64) -> Result<(), Stop> {
        self.steps += steps;
        if self.steps >= self.check_at { self.check() } else { Ok(()) }
    }

    #[cold]
    fn check(&mut self) -> Result<(), Stop> {
        self.check_at = (self.steps + CHECK).min(self.budget.steps.saturating_add(1));
        if self.steps > self.budget.steps {
            return Err(Stop::Steps);
        }
        if let Some(lane) = &self.lane {
            let done = lane.other.load(Ordering::Acquire);
            if done < self.steps || (done == self.steps && lane.yields) {
                return Err(Stop::Beaten);
            }
        }
        if Instant::now() >= self.budget.deadline {
            return Err(Stop::Time);
        }
        Ok(())
    }

    /// Counts memory that was taken.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Stop> {
        self.bytes += bytes;
        self.peak = self.peak.max(self.bytes);
        if self.bytes > self.budget.bytes { Err(Stop::Memory) } else { Ok(()) }
    }

    /// Counts memory that was given back.
    pub(super) fn give(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Tells the other search that this one has an answer.
    pub(super) fn finish(&self) {
        if let Some(lane) = &self.lane {
            lane.mine.store(self.steps, Ordering::Release);
        }
    }
}
