//! How a configuration came to be: the operations that took effect, each linked to the one before
//! it, so that configurations share what they have in common.

use super::timeline::Timeline;
use crate::history::model::Effect;

/// The place of a step; [`START`] before the first.
pub(super) type Mark = u32;

/// Before the first step.
pub(super) const START: Mark = u32::MAX;

/// One step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// An operation took effect now.
    Now(u32),
    /// It did so just before the latest operation that sets the state whatever it was.
    Before(u32),
    /// One of this class did so now.
    OneNow(u32),
    /// One of this class did so just before that operation.
    OneBefore(u32),
}

/// All steps of a search.
#[derive(Debug, Default)]
pub(super) struct Trail {
    steps: Vec<(Step, Mark)>,
}

/// What a step takes, growth of the vector included.
pub(super) const STEP_BYTES: usize = 2 * size_of::<(Step, Mark)>();

impl Trail {
    pub(super) fn push(&mut self, step: Step, after: Mark) -> Mark {
        self.steps.push((step, after));
        self.steps.len() as Mark - 1
    }

    /// The operations in the order in which they took effect, as numbers of [`Timeline::ops`].
    pub(super) fn order(&self, timeline: &Timeline<'_>, end: Mark) -> Vec<u32> {
        let mut steps = Vec::new();
        let mut mark = end;
        while let Some((step, before)) = self.steps.get(mark as usize) {
            steps.push(*step);
            mark = *before;
        }
        let mut uses = vec![0usize; timeline.classes.len()];
        let mut one = |class: u32| {
            let nth = &mut uses[class as usize];
            *nth += 1;
            timeline.classes[class as usize].ops[*nth - 1]
        };
        // What took effect at each place, and what did so just before it.
        let mut places: Vec<(u32, Vec<u32>)> = Vec::new();
        let mut latest = None;
        for step in steps.into_iter().rev() {
            match step {
                Step::Now(_) | Step::OneNow(_) => {
                    let op = match step {
                        Step::OneNow(class) => one(class),
                        Step::Now(op) | Step::Before(op) | Step::OneBefore(op) => op,
                    };
                    if matches!(timeline.ops[op as usize].effect, Effect::Sets(_)) {
                        latest = Some(places.len());
                    }
                    places.push((op, Vec::new()));
                }
                Step::Before(_) | Step::OneBefore(_) => {
                    let op = match step {
                        Step::OneBefore(class) => one(class),
                        Step::Now(op) | Step::Before(op) | Step::OneNow(op) => op,
                    };
                    if let Some(place) = latest {
                        places[place].1.push(op);
                    }
                }
            }
        }
        places.into_iter().flat_map(|(op, before)| before.into_iter().chain([op])).collect()
    }
}
