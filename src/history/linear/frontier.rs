//! Just-in-time linearization (Lowe, "Testing for linearizability", 2017): goes through the events
//! in the order of real time and keeps every configuration that the operations so far admit. An
//! operation takes effect no earlier than it must: when it returns, or when another that returns
//! needs it. Pure operations take effect as soon as the state admits them, since nothing is lost.
//!
//! See [`Config`] for what keeps the configurations few.

use super::antichain::{Antichain, Bits, Config};
use super::meter::{Meter, Stop};
use super::slots::{Slots, both, clear, either, has, is_empty, none, set, slots, without};
use super::timeline::{Event, Timeline};
use super::trail::{self, STEP_BYTES, Step, Trail};
use super::usage::{self, Usage};
use crate::history::model::{Act, Effect, Object, Part, State, States};

/// What a search found; operations are numbers in the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// An order.
    Order(Vec<u32>),
    /// The place of the first event that is impossible: a return.
    Impossible(usize),
}

/// What there was when nothing could follow.
#[derive(Debug, Default)]
pub(super) struct DeadEnd {
    /// An order of as many operations as any.
    pub order: Vec<u32>,
    /// The states that the object may be in.
    pub states: Vec<State>,
}

/// The search.
pub(super) struct Frontier<'a, const W: usize> {
    timeline: &'a Timeline<'a>,
    object: &'a dyn Object,
    pub states: States,
    usage: Usage,
    trail: Trail,
    slots: Slots<W>,
    /// So many of each class were called.
    called: Vec<u32>,
    /// The class that sets a state.
    class_setting: foldhash::HashMap<State, u32>,
    pub meter: Meter<'a>,
    counted: usize,
    /// Whether to say what there was at a dead end.
    explains: bool,
    pub dead_end: DeadEnd,
}

impl<'a, const W: usize> Frontier<'a, W> {
    pub(super) fn new(timeline: &'a Timeline<'a>, part: &'a Part, meter: Meter<'a>, explains: bool) -> Self {
        let classes = timeline.classes.iter().enumerate();
        let class_setting = classes.filter_map(|(class, known)| match known.effect {
            Effect::Sets(state) => Some((state, class as u32)),
            _ => None,
        });
        Frontier {
            object: &*part.object,
            states: part.states.clone(),
            usage: Usage::default(),
            trail: Trail::default(),
            slots: Slots::new(timeline.ops.len()),
            called: vec![0; timeline.classes.len()],
            class_setting: class_setting.collect(),
            timeline,
            meter,
            counted: 0,
            explains,
            dead_end: DeadEnd::default(),
        }
    }

    /// Looks for an order of all operations of known outcome.
    pub(super) fn search(&mut self, initial: State) -> Result<Found, Stop> {
        if self.timeline.width > 64 * W {
            return Err(Stop::Width);
        }
        self.meter.take(self.timeline.ops.len() * 8)?;
        let mut over = vec![0u32; self.timeline.ops.len()];
        for (place, event) in self.timeline.events.iter().enumerate() {
            if let Event::Return(op) = event {
                over[*op as usize] = place as u32;
            }
        }
        let mut configs = vec![Config {
            state: initial,
            used: usage::NONE,
            mark: trail::START,
            done: none(),
            free: none(),
            riders: none(),
        }];
        for (place, event) in self.timeline.events.iter().enumerate() {
            self.meter.work(configs.len() as u64)?;
            match *event {
                Event::Call(op) => self.call(op, over[op as usize], &mut configs)?,
                Event::Return(op) => {
                    configs = self.over(self.slots.of(op), configs)?;
                    if configs.is_empty() {
                        return Ok(Found::Impossible(place));
                    }
                }
            }
        }
        let end = configs.first().map_or(trail::START, |config| config.mark);
        Ok(Found::Order(self.trail.order(self.timeline, end)))
    }

    fn call(&mut self, op: u32, over: u32, configs: &mut [Config<W>]) -> Result<(), Stop> {
        let class = self.timeline.class_of[op as usize];
        if let Some(called) = self.called.get_mut(class as usize) {
            *called += 1;
            return Ok(());
        }
        let known = &self.timeline.ops[op as usize];
        let slot = self.slots.enter(op, known, over);
        if known.effect.is_pure() {
            for config in configs {
                self.look(config, slot)?;
            }
        }
        Ok(())
    }

    /// An operation is over: what remains are the configurations in which it took effect.
    fn over(&mut self, slot: usize, mut configs: Vec<Config<W>>) -> Result<Vec<Config<W>>, Stop> {
        if let [config] = &mut configs[..]
            && has(&config.done, slot)
        {
            clear(&mut config.done, slot);
            self.slots.leave(slot);
            return Ok(configs);
        }
        let mut next = Antichain::new();
        let mut late = Vec::new();
        for config in configs {
            if has(&config.done, slot) {
                self.pass(&mut next, config, slot)?;
                continue;
            }
            if let Some(hidden) = self.hide(&config, slot)? {
                self.pass(&mut next, hidden, slot)?;
            }
            late.push(config);
        }
        let mut seen = Antichain::new();
        self.explore(slot, late, &mut next, &mut seen)?;
        let configs = next.into_configs(&mut self.meter);
        let seen = seen.into_configs(&mut self.meter);
        if configs.is_empty() && self.explains {
            self.note_dead_end(&seen)?;
        }
        self.slots.leave(slot);
        Ok(configs)
    }

    /// Keeps a configuration in which an operation that is now over took effect.
    fn pass(&mut self, next: &mut Antichain<W>, mut config: Config<W>, slot: usize) -> Result<(), Stop> {
        clear(&mut config.done, slot);
        self.keep(next, config).map(drop)
    }

    fn keep(&mut self, chain: &mut Antichain<W>, config: Config<W>) -> Result<bool, Stop> {
        chain.insert(config, &self.slots.kinds, &self.usage, &mut self.meter)
    }

    fn step(&mut self, step: Step, config: &mut Config<W>) -> Result<(), Stop> {
        config.mark = self.trail.push(step, config.mark);
        self.meter.take(STEP_BYTES)
    }

    /// Counts what the tables grew by.
    fn count(&mut self) -> Result<(), Stop> {
        let bytes = self.states.bytes() + self.usage.bytes();
        let more = bytes - self.counted.min(bytes);
        self.counted = bytes;
        self.meter.take(more)
    }

    /// A pure operation takes effect if the state admits it; whether it did.
    fn look(&mut self, config: &mut Config<W>, slot: usize) -> Result<bool, Stop> {
        let open = self.slots.get(slot);
        let admitted = match open.effect {
            Effect::Seen(state) => state == config.state,
            _ => self.object.step(&mut self.states, config.state, open.act).is_some(),
        };
        if admitted {
            let op = open.op;
            set(&mut config.done, slot);
            clear(&mut config.riders, slot);
            self.step(Step::Now(op), config)?;
        }
        Ok(admitted)
    }

    /// The configuration in which an operation took effect just before the latest that set the
    /// state, if it could have.
    fn hide(&mut self, config: &Config<W>, slot: usize) -> Result<Option<Config<W>>, Stop> {
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

    fn hide_source(&mut self, config: &mut Config<W>, slot: usize) -> Result<(), Stop> {
        let open = self.slots.get(slot);
        let (op, effect) = (open.op, open.effect);
        clear(&mut config.free, slot);
        set(&mut config.done, slot);
        self.step(Step::Before(op), config)?;
        if let Effect::Sets(state) = effect { self.ride(config, state) } else { Ok(()) }
    }

    /// What saw this state when it was set before the latest took effect too.
    fn ride(&mut self, config: &mut Config<W>, state: State) -> Result<(), Stop> {
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

    /// Every order of open operations that ends with this one, from each of the configurations.
    fn explore(
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
    fn apply(
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

    /// Whether something that may have taken effect just now set what this operation saw.
    fn has_source(&self, config: &Config<W>, slot: usize) -> bool {
        let open = self.slots.get(slot);
        if !is_empty(&both(&open.sources, &config.free)) {
            return true;
        }
        let Effect::Seen(state) = open.effect else { return false };
        self.class_setting
            .get(&state)
            .is_some_and(|class| self.called[*class as usize] > self.usage.count(config.used, *class))
    }

    /// All open pure operations that the state admits take effect; whether any did.
    fn look_around(&mut self, config: &mut Config<W>) -> Result<bool, Stop> {
        let kinds = &self.slots.kinds;
        let open: Bits<W> = without(&either(&kinds.seen, &kinds.pure), &config.done);
        let mut looked = false;
        for slot in slots(open) {
            looked |= self.look(config, slot)?;
        }
        Ok(looked)
    }

    /// Remembers what there was when nothing followed.
    fn note_dead_end(&mut self, seen: &[Config<W>]) -> Result<(), Stop> {
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
