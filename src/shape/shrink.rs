//! Shrinking: from a value with which something fails to the simplest one with which it fails in
//! the same way. What changes is the value itself, so every candidate still fits its shape:
//! structure first (fields, elements, branches), then size (shorter texts and lists), then value
//! (towards zero and the simplest character). Deterministic: the same answers give the same end.
//!
//! Where a failure names the parts that are to blame, such as the paths at which an answer
//! differs, a candidate must not blame more of them, and parts are made plain while that blames
//! fewer: in the end one part is to blame wherever one suffices.

use super::change::{Move, recompute};
use super::malformed::Malformed;
use super::matching::fits;
use super::moves::{isolating, simplifying};
use super::{Index, Pattern};
use crate::value::Value;

/// Parts nested deeper are left as they are.
pub(super) const DEPTH: usize = 40;

/// No more candidates than this are proposed; a caller's own limits are far below.
const MOST: usize = 100_000;

/// One search for a simpler value.
#[derive(Debug)]
pub struct Shrink {
    pattern: Pattern,
    /// What is wrong with a malformed value: only the value below it is made simpler.
    malformed: Option<Malformed>,
    current: Value,
    blame: usize,
    /// Whether parts are made plain, to blame fewer.
    isolates: bool,
    moves: Vec<Move>,
    /// The next move, and how many are left before all have been tried in vain.
    at: usize,
    left: usize,
    proposed: Option<Value>,
    tried: Vec<Value>,
    known: Index,
    steps: usize,
}

impl Shrink {
    /// Begins with a value of the pattern, and how many parts its failure blames (0 when it does
    /// not say).
    pub fn new(pattern: &Pattern, value: &Value, blame: usize) -> Shrink {
        let malformed = Malformed::of(value);
        let (pattern, current) = match (&malformed, inner(pattern)) {
            (Some(malformed), Some(inner)) => (inner, malformed.base.clone()),
            _ => (pattern.clone(), value.clone()),
        };
        let mut shrink = Shrink {
            pattern,
            malformed,
            current,
            blame,
            isolates: false,
            moves: Vec::new(),
            at: 0,
            left: 0,
            proposed: None,
            tried: Vec::new(),
            known: Index::default(),
            steps: 0,
        };
        shrink.know(shrink.current.clone());
        shrink.look();
        shrink
    }

    /// The simplest value so far that fails in the same way.
    pub fn current(&self) -> Value {
        self.whole(&self.current).unwrap_or_else(|| self.current.clone())
    }

    /// How many simpler values were taken.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The next candidate; `None` when nothing simpler is left to try.
    pub fn propose(&mut self) -> Option<Value> {
        loop {
            while self.left > 0 && self.tried.len() < MOST {
                let change = &self.moves[self.at % self.moves.len()];
                self.at += 1;
                self.left -= 1;
                if let Some(candidate) = change.apply(&self.current).and_then(|new| self.fitting(new)) {
                    let Some(whole) = self.whole(&candidate) else { continue };
                    self.know(candidate.clone());
                    self.proposed = Some(candidate);
                    return Some(whole);
                }
            }
            if self.isolates || self.blame <= 1 {
                return None;
            }
            self.isolates = true;
            self.look();
        }
    }

    /// The candidate that was proposed last fails in the same way, and blames so many parts.
    /// Whether the search goes on from it.
    pub fn fails_too(&mut self, blame: usize) -> bool {
        let Some(candidate) = self.proposed.take() else { return false };
        let better = if self.isolates { blame < self.blame && blame > 0 } else { blame <= self.blame };
        if !better {
            return false;
        }
        self.current = candidate;
        self.blame = blame;
        self.steps += 1;
        let at = self.at;
        let isolated = std::mem::take(&mut self.isolates);
        self.look();
        if !isolated && !self.moves.is_empty() {
            // What failed to help before will hardly help now: go on from here, and come round.
            self.at = at.saturating_sub(1) % self.moves.len();
        }
        true
    }

    /// The moves from where the search is.
    fn look(&mut self) {
        self.moves = if self.isolates {
            isolating(&self.pattern, &self.current)
        } else {
            simplifying(&self.pattern, &self.current)
        };
        self.at = 0;
        self.left = self.moves.len();
    }

    /// A candidate with its siblings computed, if it fits and is new.
    fn fitting(&self, candidate: Value) -> Option<Value> {
        let candidate = recompute(&self.pattern, &candidate, 0)?;
        let is_known = self.known.find(&candidate, |at| &self.tried[at]).is_some();
        (!is_known && fits(&self.pattern, &candidate)).then_some(candidate)
    }

    fn know(&mut self, value: Value) {
        self.known.add(&value, self.tried.len());
        self.tried.push(value);
    }

    /// The value with what is wrong with it.
    fn whole(&self, value: &Value) -> Option<Value> {
        match &self.malformed {
            None => Some(value.clone()),
            Some(malformed) => malformed.with_base(value, &self.pattern).map(|malformed| malformed.value()),
        }
    }
}

/// What a malformed value is made of.
fn inner(pattern: &Pattern) -> Option<Pattern> {
    match pattern {
        Pattern::Malformed(inner) => Some((**inner).clone()),
        Pattern::Named(_, named) => inner(named),
        Pattern::Edges(within, _) | Pattern::Unique(within) => inner(within),
        Pattern::Late(_, make) => inner(&make()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
