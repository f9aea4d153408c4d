//! Shrinking a failed case: the statements run again and again with simpler values. A candidate
//! counts only if it fails in the same way, at the same place.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::report::counted;
use super::{Attempt, Ended, Property};
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::run::cx::{Cx, lock};
use crate::run::flow::{Flow, Stop};
use crate::shape::{DrawKey, Shrink};
use crate::value::Value;

/// How often the statements run again at most.
const TRIES: u32 = 1_000;
/// Shrinking takes at most this long, and at most half of the time that the scenario has left.
const TIME: Duration = Duration::from_secs(20);

/// How far shrinking may go.
struct Budget {
    tries: u32,
    until: Instant,
}

/// In which way a case failed.
#[derive(Debug, PartialEq, Eq)]
struct Way {
    code: String,
    /// File, line and column.
    place: Option<(String, u32, u32)>,
    /// What came back: a 400 is no 500, and a refused connection is neither.
    answer: String,
}

impl Way {
    fn of(failures: &[Failure]) -> Option<Way> {
        let first = failures.first()?;
        let place = first.place.as_ref().map(|place| (place.file.clone(), place.line, place.column));
        let answer = first.exchange.as_ref().map_or("", |exchange| &exchange.response);
        // Of `NOT_FOUND: no order 17` only the status.
        let answer = answer.split(':').next().unwrap_or_default();
        let kind = match first.code == Code::REQUEST_FAILED.name {
            true => first.help.clone().unwrap_or_default(),
            false => answer.to_owned(),
        };
        Some(Way { code: first.code.clone(), place, answer: kind })
    }
}

/// How many parts the failures blame.
fn blame(failures: &[Failure]) -> usize {
    let differences = |failure: &Failure| {
        failure.details.iter().filter(|detail| matches!(detail, Detail::Difference { .. })).count()
    };
    failures.iter().map(differences).sum()
}

/// What the statements of an attempt draw beside the value.
#[derive(Debug, Clone, Copy)]
enum Beside {
    /// Something new each time, so that keys and names are not used twice.
    New,
    /// The same as in the case that failed.
    Same,
}

impl Cx {
    /// Shrinks a case that failed: what to say of it, and the failures of the simplest value.
    pub(super) async fn shrink(
        self: &Arc<Self>,
        property: &Property<'_>,
        index: u32,
        value: &Value,
        failures: &[Failure],
    ) -> Flow<(Vec<Detail>, Option<Vec<Failure>>)> {
        // While something is waited for, this failure is not the last word.
        let Some(way) = Way::of(failures).filter(|_| !property.env.repeated) else {
            return Ok((property.drawn_whole(index, value), None));
        };
        let mut budget = self.budget();
        let mut search = Search { cx: self, property, index, way, found: Vec::new(), beside: Beside::New };
        search.found = failures.to_vec();
        property.tell(self, &mut search.found, index, property.drawn_whole(index, value));
        let Some(again) = search.again(value, &mut budget).await? else {
            let text = if budget.is_over() {
                "there was no time left to shrink it"
            } else {
                "executed again, the same case did not fail in this way, so it was not shrunk: what fails depends on time, on chance or on what ran before"
            };
            let mut details = property.drawn_whole(index, value);
            details.push(Detail::Note { text: text.to_owned() });
            return Ok((details, None));
        };
        let mut best = None;
        let mut shrink = Shrink::new(&property.pattern, value, blame(&again));
        let mut cut = false;
        while let Some(candidate) = shrink.propose() {
            if budget.is_over() {
                cut = true;
                break;
            }
            if let Some(failed) = search.attempt(&candidate, &mut budget).await?
                && shrink.fails_too(blame(&failed))
            {
                best = Some(failed);
            }
        }
        let tries = TRIES - budget.tries;
        let mut details = match best {
            Some(_) => property.shrunk(index, value, &shrink.current(), (shrink.steps(), tries)),
            None => {
                let mut details = property.drawn_whole(index, value);
                if !cut {
                    let text = format!(
                        "nothing simpler fails in the same way ({})",
                        counted(tries as usize, "try", "tries")
                    );
                    details.push(Detail::Note { text });
                }
                details
            }
        };
        if cut {
            let tries = counted(tries as usize, "try", "tries");
            let text = format!("shrinking ended after {tries}; something simpler may fail too");
            details.push(Detail::Note { text });
        }
        Ok((details, best))
    }

    fn budget(&self) -> Budget {
        let now = Instant::now();
        let left = lock(&self.deadline).map_or(TIME, |deadline| deadline.saturating_duration_since(now) / 2);
        Budget { tries: TRIES, until: now + left.min(TIME) }
    }
}

impl Budget {
    fn is_over(&self) -> bool {
        self.tries == 0 || Instant::now() >= self.until
    }
}

/// The search for a simpler value that fails in the same way.
struct Search<'a> {
    cx: &'a Arc<Cx>,
    property: &'a Property<'a>,
    index: u32,
    way: Way,
    /// What the case failed with when it was found, complete: should the search be cut off, this
    /// is what is told.
    found: Vec<Failure>,
    beside: Beside,
}

impl Search<'_> {
    /// Runs the same case again, with other draws beside it if that fails too: then they are not
    /// what matters. `None` when it does not fail again.
    async fn again(&mut self, value: &Value, budget: &mut Budget) -> Flow<Option<Vec<Failure>>> {
        for beside in [Beside::New, Beside::Same] {
            self.beside = beside;
            if let Some(failed) = self.attempt(value, budget).await? {
                return Ok(Some(failed));
            }
        }
        Ok(None)
    }

    /// Runs the statements with a value: its failures when it fails in the same way.
    async fn attempt(&self, value: &Value, budget: &mut Budget) -> Flow<Option<Vec<Failure>>> {
        if budget.is_over() {
            return Ok(None);
        }
        budget.tries -= 1;
        let mut attempt: Attempt = self.property.trial(self.index, value, self.key(budget.tries));
        attempt.found = self.found.clone();
        let tried =
            tokio::time::timeout_at(budget.until, self.cx.try_value(self.property, &mut attempt)).await;
        match tried {
            Ok(Ok(Ended::Failed(failures))) if Way::of(&failures).as_ref() == Some(&self.way) => {
                Ok(Some(failures))
            }
            Ok(Ok(_)) => Ok(None),
            Ok(Err(Stop::Cancelled)) => Err(Stop::Cancelled),
            Ok(Err(_)) => Ok(None),
            Err(_) => {
                // Cut off in the middle: what it registered is cleaned up all the same.
                self.cx.forget(attempt.number);
                self.cx.clean_up_case(attempt.number).await?;
                self.cx.forget_trial(attempt.number);
                Ok(None)
            }
        }
    }

    fn key(&self, left: u32) -> DrawKey {
        let key = self.property.case_key(self.index);
        match self.beside {
            Beside::Same => key,
            Beside::New => key.with(format!("try {}", TRIES - left)),
        }
    }
}
