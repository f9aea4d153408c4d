//! Why a history is not linearizable, in few operations. The history is only ever weakened in ways
//! that allow more orders, so that what no order explains then, none did before:
//!
//! - it ends with the last return whose outcome is known: what began later is left out,
//! - it begins with the first call whose outcome is known, where the states are few enough to name:
//!   the object may hold anything then, and what was over before is left out,
//! - what is done with some values is left out, where the values of a collection do not depend on
//!   each other ([`Object::about`](crate::history::model::Object::about)),
//! - an operation whose outcome was known counts as unknown,
//! - a pure operation is left out,
//! - one of unknown outcome is left out where its model needs it in no order
//!   ([`Object::prune`](crate::history::model::Object::prune)).

use super::race;
use super::timeline::{Event, Timeline};
use super::{Counterexample, frontier::Found};
use crate::history::meter::Budget;
use crate::history::model::{Id, Op, Part, State};

/// An attempt to say it in fewer operations may take twice the steps of the verdict and these; all of
/// them together so many times that.
const ATTEMPT: u64 = 10_000;
const ATTEMPTS: u64 = 16;
/// And never more.
const MOST: u64 = 4_000_000;

/// Explains why nothing can follow the event at this place, which so many steps found out.
pub(super) fn counterexample(
    part: &Part,
    timeline: &Timeline<'_>,
    place: usize,
    steps: u64,
    budget: Budget,
) -> Counterexample {
    let attempt = Budget { steps: ATTEMPT.saturating_add(2 * steps.min(MOST)), ..budget };
    let mut core = Core::new(part, timeline, place, attempt);
    // What the whole history is stuck at, should its core be too hard to say more.
    let stuck = core.strict.first().map_or(0, |number| timeline.ops[*number as usize].at as usize);
    core.shrink();
    let weakened = core.weakened(&core.strict);
    let ops = &weakened.ops;
    let explained = race::explain(part, &Timeline::new(ops), &weakened.begins, budget);
    let at = |number: u32| ops[number as usize].at as usize;
    let found = Counterexample {
        core: ops.iter().map(|op| (op.at as usize, op.end.is_none())).collect(),
        begins_anyhow: core.begins_anyhow,
        order: Vec::new(),
        stuck,
        states: Vec::new(),
    };
    let Some(explained) = explained else { return found };
    let mut states: Vec<String> = Vec::new();
    for state in &explained.end.states {
        let state = part.object.show(&explained.states, *state);
        if !states.contains(&state) {
            states.push(state);
        }
    }
    let order = explained.end.order.iter().map(|number| at(*number)).collect();
    Counterexample { order, stuck: at(explained.stuck), states, ..found }
}

struct Core<'a> {
    part: &'a Part,
    ops: &'a [Op],
    /// For each operation the latest return of those before it and its own.
    over_by: Vec<i64>,
    /// Those of unknown outcome.
    unknown: Vec<u32>,
    /// Whose outcome counts as known: what is stuck, what was open then, and what was over, the
    /// latest first.
    strict: Vec<u32>,
    /// Whether the object may hold anything when the first of these begins.
    begins_anyhow: bool,
    /// Of one attempt.
    budget: Budget,
    /// Steps for all others.
    left: u64,
}

/// A weakened history, and what the object may hold before it.
struct Weakened {
    ops: Vec<Op>,
    begins: Vec<State>,
}

impl<'a> Core<'a> {
    fn new(part: &'a Part, timeline: &Timeline<'a>, place: usize, budget: Budget) -> Core<'a> {
        let mut over: Vec<u32> = Vec::new();
        let mut begun = 0;
        for event in &timeline.events[..=place] {
            match *event {
                Event::Call(_) => begun += 1,
                Event::Return(op) => over.push(op),
            }
        }
        let ops = timeline.ops;
        let mut open = vec![true; begun];
        over.iter().for_each(|number| open[*number as usize] = false);
        let numbered = || ops.iter().zip(0u32..);
        let known = numbered().take(begun).filter(|(op, number)| op.end.is_some() && open[*number as usize]);
        let mut strict: Vec<u32> = over.pop().into_iter().chain(known.map(|(_, number)| number)).collect();
        strict.extend(over.into_iter().rev());
        let unknown = numbered().filter(|(op, _)| op.end.is_none()).map(|(_, number)| number).collect();
        let over_by = ops.iter().scan(i64::MIN, |latest, op| {
            *latest = op.end.map_or(*latest, |end| end.max(*latest));
            Some(*latest)
        });
        let over_by = over_by.collect();
        let left = budget.steps.saturating_mul(ATTEMPTS).min(MOST);
        Core { part, ops, over_by, unknown, strict, begins_anyhow: false, budget, left }
    }

    /// The history in which only the outcomes of these operations are known.
    fn weakened(&self, strict: &[u32]) -> Weakened {
        let object = &*self.part.object;
        let of = |number: &u32| &self.ops[*number as usize];
        let end = strict.iter().filter_map(|number| of(number).end).max();
        let begun = self.ops.partition_point(|op| end.is_some_and(|end| op.start <= end));
        let start = strict.iter().map(|number| of(number).start).min();
        let first = match start.filter(|_| self.begins_anyhow) {
            // What was still open when the first one began may have come before it or later.
            Some(start) => self.over_by[..begun].partition_point(|over| *over < start),
            None => 0,
        };
        let over = |op: &Op| self.begins_anyhow && op.end.zip(start).is_some_and(|(end, start)| end < start);
        let mut known: Vec<u32> = strict.to_vec();
        known.sort_unstable();
        let mut known = known.into_iter().peekable();
        let earlier = self.unknown.iter().copied().take_while(|number| (*number as usize) < first);
        let about: foldhash::HashSet<Id> =
            strict.iter().filter_map(|number| object.about(of(number).act)).collect();
        // A collection that begins with something begins with values that somebody may take.
        let parts = self.part.states.sequence(self.part.initial).is_empty();
        let mut left_out = false;
        let mut ops = Vec::new();
        for number in earlier.chain(first as u32..begun as u32) {
            let op = of(&number);
            if known.next_if_eq(&number).is_some() {
                ops.push(*op);
                continue;
            }
            if over(op) {
                continue;
            }
            if parts && object.about(op.act).is_some_and(|value| !about.contains(&value)) {
                left_out = true;
            } else if op.end.is_none() {
                ops.push(*op);
            } else if let Some((act, effect)) = object.loose(op.act) {
                ops.push(Op { act, effect, end: None, ..*op });
            }
        }
        if left_out {
            // What took nobody knows what may have taken what is left out.
            for op in &mut ops {
                if object.about(op.act).is_none()
                    && !op.effect.is_pure()
                    && let Some((act, effect)) = object.loose(op.act)
                {
                    *op = Op { act, effect, end: None, ..*op };
                }
            }
        }
        object.prune(&mut ops);
        let anything = self.begins_anyhow.then(|| object.anything(&ops)).flatten();
        Weakened { begins: anything.unwrap_or_else(|| vec![self.part.initial]), ops }
    }

    /// Whether it is certain that no order explains the history weakened so.
    fn fails(&mut self, strict: &[u32]) -> bool {
        let Weakened { ops, begins } = self.weakened(strict);
        let budget = Budget { steps: self.budget.steps.min(self.left), ..self.budget };
        let searched = race::from(self.part, &Timeline::new(&ops), &begins, budget);
        self.left = self.left.saturating_sub(searched.steps + ops.len() as u64 / 4);
        matches!(searched.found, Ok(Found::Impossible(_)))
    }

    /// What happened last is most often what matters: the first of these that fail by themselves.
    fn latest(&mut self, all: &[u32]) -> Option<usize> {
        let mut latest = 1;
        while latest < all.len() {
            if self.fails(&all[..latest]) {
                return Some(latest);
            }
            latest *= 2;
        }
        None
    }

    fn shrink(&mut self) {
        let all = std::mem::take(&mut self.strict);
        self.begins_anyhow = self.part.object.anything(&[]).is_some();
        let mut latest = if self.begins_anyhow { self.latest(&all) } else { None };
        if latest.is_none() {
            self.begins_anyhow = false;
            latest = self.latest(&all);
        }
        let mut strict = all[..latest.unwrap_or(all.len())].to_vec();
        let mut chunk = strict.len().div_ceil(2);
        while chunk > 0 && self.left > 0 {
            let before = strict.len();
            // Older ones first.
            let mut end = strict.len();
            while end > 0 {
                let start = end.saturating_sub(chunk);
                let fewer: Vec<u32> = strict[..start].iter().chain(&strict[end..]).copied().collect();
                if self.fails(&fewer) {
                    strict = fewer;
                }
                end = start;
            }
            if chunk > 1 {
                chunk = chunk.div_ceil(2);
            } else if strict.len() == before {
                break;
            }
        }
        self.strict = strict;
    }
}
