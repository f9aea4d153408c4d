//! The counts of a run.

use serde::{Deserialize, Serialize};

use super::Outcome;

/// How many scenarios ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Passed, the flaky ones included.
    pub passed: u32,
    /// Passed only on a later attempt.
    pub flaky: u32,
    /// Failed.
    pub failed: u32,
    /// Failed in quarantine.
    pub quarantined: u32,
    /// Did not run.
    pub skipped: u32,
    /// Neither shown nor refuted.
    pub inconclusive: u32,
    /// Not judged, since the environment failed.
    pub broken: u32,
    /// Cut off by an interrupt.
    pub interrupted: u32,
    /// Tests of other runners' suites that passed.
    pub suite_passed: u32,
    /// Tests of other runners' suites that failed.
    pub suite_failed: u32,
    /// Tests of other runners' suites that were skipped.
    pub suite_skipped: u32,
}

impl Summary {
    /// Counts one more scenario.
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Flaky => {
                self.passed += 1;
                self.flaky += 1;
            }
            Outcome::Failed => self.failed += 1,
            Outcome::Quarantined { .. } => self.quarantined += 1,
            Outcome::Skipped { .. } => self.skipped += 1,
            Outcome::Inconclusive => self.inconclusive += 1,
            Outcome::Broken => self.broken += 1,
            Outcome::Interrupted => self.interrupted += 1,
        }
    }

    /// Adds the counts of a part.
    pub fn add(&mut self, part: &Summary) {
        self.passed += part.passed;
        self.flaky += part.flaky;
        self.failed += part.failed;
        self.quarantined += part.quarantined;
        self.skipped += part.skipped;
        self.inconclusive += part.inconclusive;
        self.broken += part.broken;
        self.interrupted += part.interrupted;
        self.suite_passed += part.suite_passed;
        self.suite_failed += part.suite_failed;
        self.suite_skipped += part.suite_skipped;
    }
}
