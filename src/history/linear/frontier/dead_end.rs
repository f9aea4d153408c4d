//! What there was when nothing could follow.

use super::Frontier;
use crate::history::linear::antichain::Config;
use crate::history::linear::slots::slots;
use crate::history::linear::trail;
use crate::history::meter::Stop;
use crate::history::model::State;

/// What there was when nothing could follow.
#[derive(Debug, Default)]
pub(in crate::history::linear) struct DeadEnd {
    /// An order of as many operations as any.
    pub order: Vec<u32>,
    /// The states that the object may be in.
    pub states: Vec<State>,
}

impl<const W: usize> Frontier<'_, W> {
    /// Remembers what there was when nothing followed.
    pub(super) fn note_dead_end(&mut self, seen: &[Config<W>]) -> Result<(), Stop> {
        let mut states: Vec<State> = Vec::new();
        let mut best: Option<(usize, Config<W>)> = None;
        for config in seen {
            if !states.contains(&config.state) {
                states.push(config.state);
            }
            let mut full = *config;
            for slot in slots(config.free) {
                self.hide_source(&mut full, slot)?;
            }
            let done = slots(full.done).count();
            if best.is_none_or(|(most, _)| done > most) {
                best = Some((done, full));
            }
        }
        let mark = best.map_or(trail::START, |(_, config)| config.mark);
        self.dead_end = DeadEnd { order: self.trail.order(self.timeline, mark), states };
        Ok(())
    }
}
