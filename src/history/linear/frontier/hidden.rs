//! What took effect just before an operation that set the state whatever it was: see [`Config`].

use super::Frontier;
use crate::history::linear::antichain::Config;
use crate::history::linear::slots::{both, clear, has, is_empty, set, slots};
use crate::history::linear::trail::Step;
use crate::history::meter::Stop;
use crate::history::model::{Effect, State};

impl<const W: usize> Frontier<'_, W> {
    /// The configuration in which an operation took effect just before the latest that set the
    /// state, if it could have.
    pub(super) fn hide(&mut self, config: &Config<W>, slot: usize) -> Result<Option<Config<W>>, Stop> {
        let mut hidden = *config;
        if has(&config.free, slot) {
            self.hide_source(&mut hidden, slot)?;
            return Ok(Some(hidden));
        }
        if !has(&config.riders, slot) {
            return Ok(None);
        }
        let open = self.slots.get(slot);
        // One of known outcome rather than one of unknown outcome, which can be used whenever.
        if let Some(source) = self.slots.first_over(both(&open.sources, &config.free)) {
            self.hide_source(&mut hidden, source)?;
            return Ok(Some(hidden));
        }
        let Effect::Seen(state) = open.effect else { return Ok(None) };
        let Some(class) = self.class_setting.get(&state).copied() else { return Ok(None) };
        hidden.used = self.usage.plus(hidden.used, class);
        self.step(Step::OneBefore(class), &mut hidden)?;
        self.ride(&mut hidden, state)?;
        Ok(Some(hidden))
    }

    pub(super) fn hide_source(&mut self, config: &mut Config<W>, slot: usize) -> Result<(), Stop> {
        let open = self.slots.get(slot);
        let (op, effect) = (open.op, open.effect);
        clear(&mut config.free, slot);
        set(&mut config.done, slot);
        self.step(Step::Before(op), config)?;
        if let Effect::Sets(state) = effect { self.ride(config, state) } else { Ok(()) }
    }

    /// What saw this state when it was set before the latest took effect too.
    pub(super) fn ride(&mut self, config: &mut Config<W>, state: State) -> Result<(), Stop> {
        for slot in slots(config.riders) {
            let open = self.slots.get(slot);
            if open.effect == Effect::Seen(state) {
                let op = open.op;
                clear(&mut config.riders, slot);
                set(&mut config.done, slot);
                self.step(Step::Before(op), config)?;
            }
        }
        Ok(())
    }

    /// Whether something that may have taken effect just now set what this operation saw.
    pub(super) fn has_source(&self, config: &Config<W>, slot: usize) -> bool {
        let open = self.slots.get(slot);
        if !is_empty(&both(&open.sources, &config.free)) {
            return true;
        }
        let Effect::Seen(state) = open.effect else { return false };
        self.class_setting
            .get(&state)
            .is_some_and(|class| self.called[*class as usize] > self.usage.count(config.used, *class))
    }
}
