//! Configurations of which none makes another superfluous.

use super::trail::Mark;
use super::usage::{Usage, Used};
use crate::history::meter::{Meter, Stop};
use crate::history::model::State;

/// A set of slots; an operation of known outcome holds one from its call to its return.
pub(super) type Bits<const W: usize> = [u64; W];

/// What may have happened so far: a state, and which of the open operations took effect.
///
/// A whole family of such cases is one configuration. An operation that sets the state whatever it
/// was hides what came just before it: every open one that also sets it is `free`, it may have
/// taken effect there or not. An open operation that saw what a free one set, or one of unknown
/// outcome could have set, is a `rider`: it took effect if that one did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Config<const W: usize> {
    pub state: State,
    pub used: Used,
    pub mark: Mark,
    pub done: Bits<W>,
    pub free: Bits<W>,
    pub riders: Bits<W>,
}

/// Which slots hold open operations of which kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds<const W: usize> {
    pub sets: Bits<W>,
    pub moves: Bits<W>,
    /// Pure ones that one state alone admits.
    pub seen: Bits<W>,
    /// Other pure ones.
    pub pure: Bits<W>,
}

impl<const W: usize> Config<W> {
    /// Whether every continuation of `other` is one of this, so that `other` is superfluous: it
    /// used no more, did the same, or is free to have done it, and saw at least as much.
    fn covers(&self, other: &Config<W>, kinds: &Kinds<W>, usage: &Usage) -> bool {
        self.state == other.state
            && (0..W).all(|word| {
                let effects = (self.done[word] ^ other.done[word]) & (kinds.sets[word] | kinds.moves[word]);
                let views = other.done[word] & (kinds.seen[word] | kinds.pure[word]) & !self.done[word];
                let rides = other.riders[word] & !(self.done[word] | self.riders[word]);
                ((effects | other.free[word]) & !self.free[word]) | views | rides == 0
            })
            && usage.within(self.used, other.used)
    }

    /// What configurations that may cover each other have in common.
    fn key(&self, kinds: &Kinds<W>) -> u64 {
        let mut key = u64::from(self.state).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for word in 0..W {
            key = (key ^ (self.done[word] & kinds.moves[word])).wrapping_mul(0xd6e8_feb8_6659_fd93);
            key ^= key >> 32;
        }
        key
    }
}

/// The configurations.
#[derive(Debug)]
pub(super) struct Antichain<const W: usize> {
    all: Vec<Config<W>>,
    /// The latest with each key, and for each the one before it; only when there are many.
    latest: foldhash::HashMap<u64, u32>,
    before: Vec<u32>,
    superfluous: usize,
}

const SUPERFLUOUS: Used = u32::MAX;
const NOBODY: u32 = u32::MAX;
/// Fewer than this are compared one by one.
const FEW: usize = 16;

impl<const W: usize> Antichain<W> {
    /// What a configuration takes, growth of the vectors and its place in a queue included.
    pub(super) const BYTES: usize = 4 * size_of::<Config<W>>() + 40;

    pub(super) fn new() -> Antichain<W> {
        Antichain {
            all: Vec::new(),
            latest: foldhash::HashMap::default(),
            before: Vec::new(),
            superfluous: 0,
        }
    }

    /// Takes a configuration unless another covers it, and drops those that it covers; whether it
    /// was taken.
    pub(super) fn insert(
        &mut self,
        config: Config<W>,
        kinds: &Kinds<W>,
        usage: &Usage,
        meter: &mut Meter<'_>,
    ) -> Result<bool, Stop> {
        let mut looked = 0;
        if self.all.len() < FEW {
            for other in &mut self.all {
                looked += 1;
                if other.used == SUPERFLUOUS {
                    continue;
                }
                if other.covers(&config, kinds, usage) {
                    meter.work(looked)?;
                    return Ok(false);
                }
                if config.covers(other, kinds, usage) {
                    other.used = SUPERFLUOUS;
                    self.superfluous += 1;
                }
            }
        } else {
            if self.before.is_empty() {
                for index in 0..self.all.len() {
                    self.link(self.all[index].key(kinds), index as u32);
                }
            }
            let key = config.key(kinds);
            let mut next = self.latest.get(&key).copied().unwrap_or(NOBODY);
            while next != NOBODY {
                looked += 1;
                let other = &mut self.all[next as usize];
                next = self.before[next as usize];
                if other.used == SUPERFLUOUS {
                    continue;
                }
                if other.covers(&config, kinds, usage) {
                    meter.work(looked)?;
                    return Ok(false);
                }
                if config.covers(other, kinds, usage) {
                    other.used = SUPERFLUOUS;
                    self.superfluous += 1;
                }
            }
            self.link(key, self.all.len() as u32);
        }
        meter.work(looked)?;
        meter.take(Antichain::<W>::BYTES)?;
        self.all.push(config);
        Ok(true)
    }

    fn link(&mut self, key: u64, index: u32) {
        self.before.push(self.latest.insert(key, index).unwrap_or(NOBODY));
    }

    /// The configurations, in the order in which they came.
    pub(super) fn into_configs(self, meter: &mut Meter<'_>) -> Vec<Config<W>> {
        meter.give(self.all.len() * Antichain::<W>::BYTES);
        let mut all = self.all;
        if self.superfluous > 0 {
            all.retain(|config| config.used != SUPERFLUOUS);
        }
        all
    }
}
