//! The open operations of known outcome, each in a slot, and what a search wants to know of them
//! at once.

use super::antichain::{Bits, Kinds};
use crate::history::model::{Act, Effect, Op};

/// An open operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open<const W: usize> {
    /// Its number in the timeline.
    pub op: u32,
    pub act: Act,
    pub effect: Effect,
    /// When it returns: the place of that event.
    over: u32,
    /// Those that do the same and return earlier. Of two operations that do the same, using the
    /// one that returns earlier leaves more possible.
    pub twins: Bits<W>,
    /// Those that set what this one saw.
    pub sources: Bits<W>,
}

/// All open operations.
#[derive(Debug)]
pub(super) struct Slots<const W: usize> {
    pub kinds: Kinds<W>,
    open: Vec<Open<W>>,
    /// The slot of each open operation, by its number in the timeline.
    slot_of: Vec<u32>,
    vacant: Vec<usize>,
}

pub(super) const fn none<const W: usize>() -> Bits<W> {
    [0; W]
}

pub(super) fn has<const W: usize>(bits: &Bits<W>, slot: usize) -> bool {
    bits[slot / 64] >> (slot % 64) & 1 == 1
}

pub(super) fn set<const W: usize>(bits: &mut Bits<W>, slot: usize) {
    bits[slot / 64] |= 1 << (slot % 64);
}

pub(super) fn clear<const W: usize>(bits: &mut Bits<W>, slot: usize) {
    bits[slot / 64] &= !(1 << (slot % 64));
}

pub(super) fn both<const W: usize>(a: &Bits<W>, b: &Bits<W>) -> Bits<W> {
    std::array::from_fn(|word| a[word] & b[word])
}

pub(super) fn without<const W: usize>(a: &Bits<W>, b: &Bits<W>) -> Bits<W> {
    std::array::from_fn(|word| a[word] & !b[word])
}

pub(super) fn either<const W: usize>(a: &Bits<W>, b: &Bits<W>) -> Bits<W> {
    std::array::from_fn(|word| a[word] | b[word])
}

pub(super) fn is_empty<const W: usize>(bits: &Bits<W>) -> bool {
    bits.iter().all(|word| *word == 0)
}

/// The slots of a set, lowest first.
pub(super) fn slots<const W: usize>(bits: Bits<W>) -> impl Iterator<Item = usize> {
    bits.into_iter().enumerate().flat_map(|(word, mut rest)| {
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let slot = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                word * 64 + slot
            })
        })
    })
}

impl<const W: usize> Slots<W> {
    pub(super) fn new(operations: usize) -> Slots<W> {
        let kinds = Kinds { sets: none(), moves: none(), seen: none(), pure: none() };
        Slots { kinds, open: Vec::new(), slot_of: vec![0; operations], vacant: Vec::new() }
    }

    pub(super) fn get(&self, slot: usize) -> &Open<W> {
        &self.open[slot]
    }

    pub(super) fn of(&self, op: u32) -> usize {
        self.slot_of[op as usize] as usize
    }

    /// Open operations that change the state.
    pub(super) fn effectful(&self) -> Bits<W> {
        either(&self.kinds.sets, &self.kinds.moves)
    }

    /// Gives an operation a slot; `over` is the place of its return.
    pub(super) fn enter(&mut self, number: u32, op: &Op, over: u32) -> usize {
        let mut entry =
            Open { op: number, act: op.act, effect: op.effect, over, twins: none(), sources: none() };
        let slot = self.vacant.pop().unwrap_or(self.open.len());
        match op.effect {
            Effect::Seen(state) => {
                for other in slots(self.kinds.sets) {
                    if self.open[other].effect == Effect::Sets(state) {
                        set(&mut entry.sources, other);
                    }
                }
            }
            Effect::Pure => {}
            Effect::Sets(_) | Effect::Moves => {
                for other in slots(self.effectful()) {
                    let known = &mut self.open[other];
                    if known.act == entry.act {
                        if known.over < over {
                            set(&mut entry.twins, other);
                        } else {
                            set(&mut known.twins, slot);
                        }
                    }
                }
            }
        }
        if let Effect::Sets(state) = op.effect {
            for other in slots(self.kinds.seen) {
                if self.open[other].effect == Effect::Seen(state) {
                    set(&mut self.open[other].sources, slot);
                }
            }
        }
        let kind = match op.effect {
            Effect::Sets(_) => &mut self.kinds.sets,
            Effect::Moves => &mut self.kinds.moves,
            Effect::Seen(_) => &mut self.kinds.seen,
            Effect::Pure => &mut self.kinds.pure,
        };
        set(kind, slot);
        self.slot_of[number as usize] = slot as u32;
        if slot == self.open.len() {
            self.open.push(entry)
        } else {
            self.open[slot] = entry
        }
        slot
    }

    /// Takes the slot back.
    pub(super) fn leave(&mut self, slot: usize) {
        let kinds = &mut self.kinds;
        for kind in [&mut kinds.sets, &mut kinds.moves, &mut kinds.seen, &mut kinds.pure] {
            clear(kind, slot);
        }
        for other in &mut self.open {
            clear(&mut other.twins, slot);
            clear(&mut other.sources, slot);
        }
        self.vacant.push(slot);
    }

    /// Of these open operations, the one that returns first.
    pub(super) fn first_over(&self, among: Bits<W>) -> Option<usize> {
        slots(among).min_by_key(|slot| self.open[*slot].over)
    }
}
