//! What happened in a scenario, in order: the timeline of its failure, when faults were at work.

use std::sync::Mutex;
use std::time::Instant;

use super::cx::{Cx, lock};
use crate::event::{Detail, Exchange, Failure};

/// The moments of a scenario so far.
#[derive(Debug, Default)]
pub(crate) struct Moments(Mutex<Vec<Moment>>);

#[derive(Debug)]
struct Moment {
    at: Instant,
    hit: bool,
    text: String,
}

impl Moments {
    /// A fault hit something.
    pub(crate) fn hit(&self, at: Instant, text: String) {
        lock(&self.0).push(Moment { at, hit: true, text });
    }

    /// A request that was sent at a moment, with what came of it.
    pub(crate) fn request(&self, at: Instant, exchange: &Exchange) {
        let (request, response) = exchange.brief();
        let to = exchange.service.as_ref().map(|service| format!(" on {service}")).unwrap_or_default();
        let text = format!("{request}{to} → {response}");
        lock(&self.0).push(Moment { at, hit: false, text });
    }

    /// A call that came to a double at a moment, with what it said.
    pub(crate) fn call(&self, at: Instant, to: &str, exchange: &Exchange) {
        let (request, response) = exchange.brief();
        let text = format!("{to} is called: {request} → {response}");
        lock(&self.0).push(Moment { at, hit: false, text });
    }

    /// As details of a failure, by the time since `began`; none when no fault hit anything.
    fn details(&self, began: Instant) -> Vec<Detail> {
        let mut moments = lock(&self.0);
        if !moments.iter().any(|moment| moment.hit) {
            return Vec::new();
        }
        moments.sort_by_key(|moment| moment.at);
        let detail = |moment: &Moment| Detail::Moment {
            at_us: moment.at.saturating_duration_since(began).as_micros() as u64,
            hit: moment.hit,
            text: moment.text.clone(),
        };
        moments.iter().map(detail).collect()
    }
}

impl Cx {
    /// Failures whose last one shows what happened when.
    pub(crate) fn with_timeline(&self, mut failures: Vec<Failure>) -> Vec<Failure> {
        if let Some(last) = failures.last_mut() {
            last.details.extend(self.moments.details(self.began));
        }
        failures
    }
}
