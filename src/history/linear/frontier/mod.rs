//! Just-in-time linearization (Lowe, "Testing for linearizability", 2017): goes through the events
//! in the order of real time and keeps every configuration that the operations so far admit. An
//! operation takes effect no earlier than it must: when it returns, or when another that returns
//! needs it. Pure operations take effect as soon as the state admits them, since nothing is lost.
//!
//! See [`Config`] for what keeps the configurations few.

mod dead_end;
mod explore;
mod hidden;

use super::antichain::{Antichain, Bits, Config};
use super::slots::{Slots, clear, either, has, none, set, slots, without};
use super::timeline::{Event, Timeline};
use super::trail::{self, STEP_BYTES, Step, Trail};
use super::usage::{self, Usage};
use crate::history::meter::{Meter, Stop};
use crate::history::model::{Effect, Object, Part, State, States};
pub(super) use dead_end::DeadEnd;

/// What a search found; operations are numbers in the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// An order.
    Order(Vec<u32>),
    /// The place of the first event that is impossible: a return.
    Impossible(usize),
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
    /// The place of the event that is being looked at: an order explains all that was over before.
    pub reached: usize,
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
            reached: 0,
            counted: 0,
            explains,
            dead_end: DeadEnd::default(),
        }
    }

    /// Looks for an order of all operations of known outcome, from any of these states.
    pub(super) fn search(&mut self, begins: &[State]) -> Result<Found, Stop> {
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
        let config = |state: &State| Config {
            state: *state,
            used: usage::NONE,
            mark: trail::START,
            done: none(),
            free: none(),
            riders: none(),
        };
        let mut configs: Vec<Config<W>> = begins.iter().map(config).collect();
        for (place, event) in self.timeline.events.iter().enumerate() {
            self.reached = place;
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
}
