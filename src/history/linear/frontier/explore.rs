//! What else must take effect before an operation that returns: every order of open operations that
//! ends with it.

use super::Frontier;
use crate::history::linear::antichain::{Antichain, Config};
use crate::history::linear::slots::{both, clear, either, has, is_empty, none, set, slots, without};
use crate::history::linear::trail::Step;
use crate::history::meter::Stop;
use crate::history::model::{Act, Effect, State};

impl<const W: usize> Frontier<'_, W> {
    /// Every order of open operations that ends with this one, from each of the configurations.
    pub(super) fn explore(
        &mut self,
        goal: usize,
        late: Vec<Config<W>>,
        next: &mut Antichain<W>,
        seen: &mut Antichain<W>,
    ) -> Result<(), Stop> {
        // With each, the state before its last operation and that operation, if nothing saw the
        // state between.
        let mut queue: Vec<(Config<W>, Option<(State, Act)>)> = Vec::new();
        for config in late {
            if !self.explains && self.is_simple(&config) {
                self.explore_simply(goal, &config, next)?;
            } else if self.keep(seen, config)? {
                queue.push((config, None));
            }
        }
        let mut at = 0;
        while let Some((config, last)) = queue.get(at).copied() {
            at += 1;
            let open = without(&self.slots.effectful(), &config.done);
            for slot in slots(open) {
                if self.has_twin(&config, slot) {
                    continue;
                }
                let known = *self.slots.get(slot);
                self.meter.work(1)?;
                let Some(mut after) =
                    self.apply(&config, known.act, known.effect, Some(slot), Step::Now(known.op))?
                else {
                    continue;
                };
                let looked = self.look_around(&mut after)?;
                if slot == goal {
                    if last.is_none_or(|last| !self.swaps(last, known.act, after.state)) {
                        self.pass(next, after, goal)?;
                    }
                } else if has(&after.done, goal) {
                    self.pass(next, after, goal)?;
                } else if self.keep(seen, after)? {
                    let swaps = !looked && known.effect == Effect::Moves;
                    queue.push((after, swaps.then_some((config.state, known.act))));
                }
            }
            for class in 0..self.called.len() as u32 {
                let known = &self.timeline.classes[class as usize];
                let (act, effect) = (known.act, known.effect);
                let left = self.called[class as usize] > self.usage.count(config.used, class);
                if !left || slots(open).any(|slot| self.slots.get(slot).act == act) {
                    continue;
                }
                self.meter.work(1)?;
                let Some(mut after) = self.apply(&config, act, effect, None, Step::OneNow(class))? else {
                    continue;
                };
                after.used = self.usage.plus(after.used, class);
                let looked = self.look_around(&mut after)?;
                if has(&after.done, goal) {
                    self.pass(next, after, goal)?;
                } else if self.keep(seen, after)? {
                    let swaps = !looked && effect == Effect::Moves;
                    queue.push((after, swaps.then_some((config.state, act))));
                }
            }
            self.count()?;
        }
        Ok(())
    }

    /// Whether nothing open does more than set or see a state, so that orders longer than one are
    /// those which the configuration stands for anyway.
    fn is_simple(&self, config: &Config<W>) -> bool {
        let kinds = &self.slots.kinds;
        is_empty(&without(&either(&kinds.moves, &kinds.pure), &config.done))
            && (0..self.called.len()).all(|class| {
                self.timeline.classes[class].effect != Effect::Moves
                    || self.called[class] == self.usage.count(config.used, class as u32)
            })
    }

    fn explore_simply(
        &mut self,
        goal: usize,
        config: &Config<W>,
        next: &mut Antichain<W>,
    ) -> Result<(), Stop> {
        let open = *self.slots.get(goal);
        self.meter.work(1)?;
        let Effect::Seen(state) = open.effect else {
            if let Some(mut after) =
                self.apply(config, open.act, open.effect, Some(goal), Step::Now(open.op))?
            {
                self.look_around(&mut after)?;
                self.pass(next, after, goal)?;
            }
            return Ok(());
        };
        let sources = without(&open.sources, &config.done);
        for slot in slots(sources) {
            if self.has_twin(config, slot) {
                continue;
            }
            let known = *self.slots.get(slot);
            if let Some(mut after) =
                self.apply(config, known.act, known.effect, Some(slot), Step::Now(known.op))?
            {
                self.look_around(&mut after)?;
                self.pass(next, after, goal)?;
            }
        }
        if !is_empty(&sources) {
            return Ok(());
        }
        if let Some(class) = self.class_setting.get(&state).copied()
            && self.called[class as usize] > self.usage.count(config.used, class)
        {
            let known = &self.timeline.classes[class as usize];
            let (act, effect) = (known.act, known.effect);
            if let Some(mut after) = self.apply(config, act, effect, None, Step::OneNow(class))? {
                after.used = self.usage.plus(after.used, class);
                self.look_around(&mut after)?;
                self.pass(next, after, goal)?;
            }
            self.count()?;
        }
        Ok(())
    }

    /// Whether one that does the same, is as free, and returns earlier can be used instead.
    fn has_twin(&self, config: &Config<W>, slot: usize) -> bool {
        let twins = without(&self.slots.get(slot).twins, &config.done);
        let alike =
            if has(&config.free, slot) { both(&twins, &config.free) } else { without(&twins, &config.free) };
        !is_empty(&alike)
    }

    /// Whether the last operation could as well come after this one: then it need not come now.
    fn swaps(&mut self, (before, last): (State, Act), act: Act, after: State) -> bool {
        let first = self.object.step(&mut self.states, before, act);
        first.and_then(|state| self.object.step(&mut self.states, state, last)) == Some(after)
    }

    /// The configuration after an operation, if it is possible.
    pub(super) fn apply(
        &mut self,
        config: &Config<W>,
        act: Act,
        effect: Effect,
        slot: Option<usize>,
        step: Step,
    ) -> Result<Option<Config<W>>, Stop> {
        let state = match effect {
            Effect::Sets(state) => Some(state),
            _ => self.object.step(&mut self.states, config.state, act),
        };
        let Some(state) = state else { return Ok(None) };
        let mut after = Config { state, ..*config };
        if let Some(slot) = slot {
            set(&mut after.done, slot);
            clear(&mut after.free, slot);
        }
        self.step(step, &mut after)?;
        if matches!(effect, Effect::Sets(_)) {
            after.free = without(&self.slots.kinds.sets, &after.done);
            after.riders = none();
            for slot in slots(without(&self.slots.kinds.seen, &after.done)) {
                if self.has_source(&after, slot) {
                    set(&mut after.riders, slot);
                }
            }
        }
        Ok(Some(after))
    }
}
