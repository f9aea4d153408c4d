//! Why a history is not linearizable, in few operations. The history is only ever weakened in ways
//! that allow more orders, so that what no order explains then, none did before:
//!
//! - it ends with the last return whose outcome is known: what began later is left out,
//! - an operation whose outcome was known counts as unknown,
//! - a pure operation is left out,
//! - one of unknown outcome is left out where its model needs it in no order
//!   ([`Object::prune`](crate::history::model::Object::prune)).

use super::meter::Budget;
use super::race;
use super::timeline::{Event, Timeline};
use super::{Counterexample, frontier::Found};
use crate::history::model::{Op, Part};

/// Steps for one attempt, and for all of them.
const ATTEMPT: u64 = 300_000;
const ATTEMPTS: u64 = 30_000_000;

/// Explains why nothing can follow the event at this place.
pub(super) fn counterexample(
    part: &Part,
    timeline: &Timeline<'_>,
    place: usize,
    budget: Budget,
) -> Counterexample {
    let mut core = Core::new(part, timeline, place, budget);
    // What the whole history is stuck at, should its core be too hard to say more.
    let stuck = core.strict.first().map_or(0, |number| timeline.ops[*number as usize].at as usize);
    core.shrink();
    let ops = core.weakened(&core.strict);
    let timeline = Timeline::new(&ops);
    let explained = race::explain(part, &timeline, budget);
    let at = |number: u32| ops[number as usize].at as usize;
    let core = ops.iter().map(|op| (op.at as usize, op.end.is_none())).collect();
    let Some(explained) = explained else {
        return Counterexample { core, order: Vec::new(), stuck, states: Vec::new() };
    };
    let mut states: Vec<String> = Vec::new();
    for state in &explained.end.states {
        let state = part.object.show(&explained.states, *state);
        if !states.contains(&state) {
            states.push(state);
        }
    }
    let order = explained.end.order.iter().map(|number| at(*number)).collect();
    Counterexample { core, order, stuck: at(explained.stuck), states }
}

struct Core<'a> {
    part: &'a Part,
    ops: &'a [Op],
    /// Whose outcome counts as known: what is stuck, what was open then, and what was over, the
    /// latest first.
    strict: Vec<u32>,
    budget: Budget,
    left: u64,
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
        let mut open = vec![true; begun];
        over.iter().for_each(|number| open[*number as usize] = false);
        let known = timeline.ops[..begun]
            .iter()
            .zip(0u32..)
            .filter(|(op, number)| op.end.is_some() && open[*number as usize]);
        let mut strict: Vec<u32> = over.pop().into_iter().chain(known.map(|(_, number)| number)).collect();
        strict.extend(over.into_iter().rev());
        Core { part, ops: timeline.ops, strict, budget, left: ATTEMPTS }
    }

    /// The history in which only the outcomes of these operations are known.
    fn weakened(&self, strict: &[u32]) -> Vec<Op> {
        let end = strict.iter().filter_map(|number| self.ops[*number as usize].end).max();
        let begun = self.ops.partition_point(|op| end.is_some_and(|end| op.start <= end));
        let mut known = vec![false; self.ops.len()];
        strict.iter().for_each(|number| known[*number as usize] = true);
        let mut ops: Vec<Op> = self.ops[..begun]
            .iter()
            .zip(known)
            .filter_map(|(op, known)| {
                if known || op.end.is_none() {
                    return Some(*op);
                }
                let (act, effect) = self.part.object.loose(op.act)?;
                Some(Op { act, effect, end: None, ..*op })
            })
            .collect();
        self.part.object.prune(&mut ops);
        ops
    }

    /// Whether it is certain that no order explains the history weakened so.
    fn fails(&mut self, strict: &[u32]) -> bool {
        let ops = self.weakened(strict);
        let budget = Budget { steps: ATTEMPT.min(self.left), ..self.budget };
        let searched = race::alone(self.part, &Timeline::new(&ops), budget);
        self.left -= searched.steps.min(self.left);
        matches!(searched.found, Ok(Found::Impossible(_)))
    }

    fn shrink(&mut self) {
        let all = std::mem::take(&mut self.strict);
        // What happened last is most often what matters.
        let mut latest = 1;
        while latest < all.len() && !self.fails(&all[..latest]) {
            latest *= 2;
        }
        let mut strict = all[..latest.min(all.len())].to_vec();
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
