//! Which cases and combinations of the selected scenarios run.

use std::fmt;
use std::sync::Arc;

/// A case or combination of a scenario, or a scenario that has none.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The scenario: index in the plan.
    pub planned: usize,
    /// What names it among the others of its scenario: `mode: fast`, `case 2`; empty when there
    /// are no others.
    pub parts: &'a [String],
    /// Its place among all of its stage that are selected, from 0, with the stage's place added.
    pub place: usize,
}

type Test = dyn Fn(&Candidate<'_>) -> bool + Send + Sync;

/// A condition on cases and combinations, for the run to ask: their values are known only there.
#[derive(Clone)]
pub struct Wanted(Arc<Test>);

impl Wanted {
    /// Those for which the test holds.
    pub fn new(test: impl Fn(&Candidate<'_>) -> bool + Send + Sync + 'static) -> Wanted {
        Wanted(Arc::new(test))
    }

    /// Whether this one runs.
    pub fn has(&self, candidate: &Candidate<'_>) -> bool {
        (self.0)(candidate)
    }
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wanted(…)")
    }
}
