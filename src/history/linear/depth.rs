//! Depth-first search (Wing and Gong, "Testing and verifying concurrent objects", 1993) that never
//! looks at the same configuration twice (Lowe 2017): the other side of the race. It is quick where
//! almost every order will do, and where many configurations are possible but few are needed.
//!
//! Pure operations take effect as soon as the state admits them, without an alternative.

use super::frontier::Found;
use super::timeline::{Event, Timeline};
use super::usage::{self, Usage, Used};
use crate::history::meter::{Meter, Stop};
use crate::history::model::{Object, Part, State, States};

/// No event.
const NOWHERE: u32 = u32::MAX;

/// An operation that took effect, and what there was before.
struct Frame {
    op: u32,
    state: State,
    used: Used,
    /// The highest word of the set of done operations.
    top: u32,
    /// Whether there is no alternative to it.
    forced: bool,
}

/// The search.
pub(super) struct Depth<'a> {
    timeline: &'a Timeline<'a>,
    object: &'a dyn Object,
    states: States,
    usage: Usage,
    pub meter: Meter<'a>,
    /// The place of the furthest event that an order came to.
    pub reached: usize,
    /// Events whose operation has not taken effect, linked; place 0 stands before the first, and
    /// event `n` has place `n + 1`.
    next: Vec<u32>,
    previous: Vec<u32>,
    /// The places of an operation's call and return.
    places: Vec<(u32, u32)>,
    /// Operations that took effect, and all of unknown outcome, which `used` counts.
    done: Vec<u64>,
    /// The first word of `done` that is not full.
    low: usize,
    known: foldhash::HashSet<Box<[u64]>>,
    counted: usize,
}

impl<'a> Depth<'a> {
    pub(super) fn new(timeline: &'a Timeline<'a>, part: &'a Part, meter: Meter<'a>) -> Depth<'a> {
        let count = timeline.events.len() as u32;
        let mut places = vec![(NOWHERE, NOWHERE); timeline.ops.len()];
        let mut done = vec![0u64; timeline.ops.len() / 64 + 1];
        for (event, place) in timeline.events.iter().zip(1u32..) {
            match *event {
                Event::Call(op) => {
                    places[op as usize].0 = place;
                    if timeline.ops[op as usize].end.is_none() {
                        done[op as usize / 64] |= 1 << (op % 64);
                    }
                }
                Event::Return(op) => places[op as usize].1 = place,
            }
        }
        Depth {
            timeline,
            object: &*part.object,
            states: part.states.clone(),
            usage: Usage::default(),
            meter,
            reached: 0,
            next: (1..=count).chain([NOWHERE]).collect(),
            previous: std::iter::once(NOWHERE).chain(0..count).collect(),
            places,
            done,
            low: 0,
            known: foldhash::HashSet::default(),
            counted: 0,
        }
    }

    /// Looks for an order of all operations of known outcome.
    pub(super) fn search(&mut self, initial: State) -> Result<Found, Stop> {
        self.meter.take(self.timeline.ops.len() * 40)?;
        let mut left = self.timeline.ops.iter().filter(|op| op.end.is_some()).count();
        let (mut state, mut used, mut top) = (initial, usage::NONE, 0u32);
        let mut frames: Vec<Frame> = Vec::new();
        'node: loop {
            let mut place = self.next[0];
            while let Some(Event::Call(op)) = self.event(place) {
                let before = self.previous[place as usize];
                let known = &self.timeline.ops[op as usize];
                if known.effect.is_pure() && self.object.step(&mut self.states, state, known.act).is_some() {
                    frames.push(Frame { op, state, used, top, forced: true });
                    self.lift(op);
                    left -= 1;
                    top = top.max(op / 64);
                    // Its return may have been what followed its call.
                    place = self.next[before as usize];
                } else {
                    place = self.next[place as usize];
                }
                self.meter.work(1)?;
            }
            if left == 0 {
                return Ok(Found::Order(frames.iter().map(|frame| frame.op).collect()));
            }
            // Something has not taken effect yet, so that this is its return.
            self.reached = self.reached.max(place as usize - 1);
            let mut place = if self.is_new(state, used, top)? { self.next[0] } else { NOWHERE };
            loop {
                if let Some(Event::Call(op)) = self.event(place) {
                    self.meter.work(1)?;
                    let known = &self.timeline.ops[op as usize];
                    let class = self.timeline.class_of[op as usize];
                    let is_next = self.timeline.classes.get(class as usize).is_none_or(|class_of| {
                        class_of.ops[self.usage.count(used, class) as usize..].first() == Some(&op)
                    });
                    let after = if is_next && !known.effect.is_pure() {
                        self.object.step(&mut self.states, state, known.act)
                    } else {
                        None
                    };
                    let Some(after) = after else {
                        place = self.next[place as usize];
                        continue;
                    };
                    frames.push(Frame { op, state, used, top, forced: false });
                    self.meter.take(size_of::<Frame>())?;
                    state = after;
                    self.lift(op);
                    if class == NOWHERE {
                        left -= 1;
                        top = top.max(op / 64);
                    } else {
                        used = self.usage.plus(used, class);
                    }
                    continue 'node;
                }
                // An operation returns that did not take effect.
                loop {
                    let Some(frame) = frames.pop() else {
                        return Ok(Found::Impossible(self.reached));
                    };
                    self.lower(frame.op);
                    left += usize::from(self.timeline.class_of[frame.op as usize] == NOWHERE);
                    (state, used, top) = (frame.state, frame.used, frame.top);
                    if !frame.forced {
                        self.meter.give(size_of::<Frame>());
                        place = self.next[self.places[frame.op as usize].0 as usize];
                        break;
                    }
                }
            }
        }
    }

    fn event(&self, place: u32) -> Option<Event> {
        self.timeline.events.get((place as usize).wrapping_sub(1)).copied()
    }

    fn lift(&mut self, op: u32) {
        let (call, over) = self.places[op as usize];
        for place in [call, over] {
            if place != NOWHERE {
                let (before, after) = (self.previous[place as usize], self.next[place as usize]);
                self.next[before as usize] = after;
                if after != NOWHERE {
                    self.previous[after as usize] = before;
                }
            }
        }
        if over != NOWHERE {
            self.done[op as usize / 64] |= 1 << (op % 64);
            while self.done.get(self.low) == Some(&u64::MAX) {
                self.low += 1;
            }
        }
    }

    /// Undoes the latest lift.
    fn lower(&mut self, op: u32) {
        let (call, over) = self.places[op as usize];
        for place in [over, call] {
            if place != NOWHERE {
                let (before, after) = (self.previous[place as usize], self.next[place as usize]);
                self.next[before as usize] = place;
                if after != NOWHERE {
                    self.previous[after as usize] = place;
                }
            }
        }
        if over != NOWHERE {
            self.done[op as usize / 64] &= !(1 << (op % 64));
            self.low = self.low.min(op as usize / 64);
        }
    }

    /// Whether this configuration was not looked at before.
    fn is_new(&mut self, state: State, used: Used, top: u32) -> Result<bool, Stop> {
        let top = (top as usize + 1).max(self.low);
        let words = &self.done[self.low..top];
        self.meter.work(1 + words.len() as u64 / 4)?;
        let mut key = Vec::with_capacity(2 + words.len());
        key.push(u64::from(state) << 32 | u64::from(used));
        key.push(self.low as u64);
        key.extend_from_slice(words);
        let bytes = key.len() * 8 + 48;
        let new = self.known.insert(key.into_boxed_slice());
        if new {
            let tables = self.states.bytes() + self.usage.bytes();
            let more = tables - self.counted.min(tables);
            self.counted = tables;
            self.meter.take(bytes + more)?;
        }
        Ok(new)
    }
}
