//! What performs operations: one at a time each, so that it can tell what the operation at hand did.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::super::ahead::Checked;
use super::super::cx::{Cx, lock};
use super::super::request::{error_of, is_success};
use super::Ticket;
use crate::protocol::ErrorKind;
use crate::source::Span;
use crate::value::{Object, Value};

/// One who performs operations: a client of a closed workload, a place among those under way of an
/// open one.
#[derive(Debug)]
pub(crate) struct Hand {
    /// Where it counts.
    pub(super) shard: usize,
    /// The process that performs its operations, in the history's words: another one from each
    /// operation on whose outcome is not known, since that one may still be under way.
    process: AtomicU64,
    /// How many requests of the operation at hand may have reached somebody.
    reached: AtomicU32,
    /// How many requests it made.
    sent: AtomicU32,
    /// How its last request failed.
    error: Mutex<Option<Broken>>,
    /// The operation at hand.
    begun: Mutex<Option<Begun>>,
    /// Whether what the operation at hand shows is shown.
    shows: AtomicBool,
    /// What is read of the response of the request at a place.
    checked: Mutex<foldhash::HashMap<Span, Checked>>,
    sample: Arc<Sample>,
}

/// What is exercised of contracts is counted by the first requests at each place: the others are like
/// them, and to look at each would cost more than to make it.
#[derive(Debug)]
pub(super) struct Sample {
    scenario: Option<u32>,
    counted: Mutex<foldhash::HashMap<Span, u32>>,
}

/// The kind of an error that is this machine's own.
const EXHAUSTED: &str = ErrorKind::Exhausted.word();

/// So many requests at each place are looked at.
const LOOKED_AT: u32 = 8;

impl Sample {
    pub(super) fn new(scenario: Option<u32>) -> Sample {
        Sample { scenario, counted: Mutex::default() }
    }
}

/// How a request failed.
#[derive(Debug, Clone)]
pub(super) struct Broken {
    /// `refused`, `timeout` and the like.
    pub(super) kind: Box<str>,
    /// What the link knows that hid the answer.
    pub(super) hidden: Option<Hidden>,
}

/// An answer that a link hid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hidden {
    /// Whether it was a success.
    pub(super) succeeded: bool,
    /// When the link had it, in nanoseconds of the run's clock.
    pub(super) at: Option<i64>,
}

/// An operation that began.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    pub(super) ticket: Ticket,
    /// Which of the mix.
    pub(super) operation: usize,
    pub(super) start: Instant,
    /// What it was called with, when there is a history.
    pub(super) args: Vec<Value>,
}

impl Hand {
    pub(super) fn new(number: u64, shard: usize, sample: Arc<Sample>) -> Hand {
        Hand {
            shard,
            process: AtomicU64::new(number),
            reached: AtomicU32::new(0),
            sent: AtomicU32::new(0),
            error: Mutex::default(),
            begun: Mutex::default(),
            shows: AtomicBool::new(false),
            checked: Mutex::default(),
            sample,
        }
    }

    /// An operation begins; what it shows is shown, or not.
    pub(super) fn begin(&self, begun: Begun, shows: bool) {
        self.shows.store(shows, Ordering::Relaxed);
        self.reached.store(0, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        *lock(&self.error) = None;
        *lock(&self.begun) = Some(begun);
    }

    /// What the operation at hand is called with.
    pub(super) fn given(&self, args: Vec<Value>) {
        if let Some(begun) = &mut *lock(&self.begun) {
            begun.args = args;
        }
    }

    /// The operation at hand, which is over, or was cut off.
    pub(super) fn take(&self) -> Option<Begun> {
        lock(&self.begun).take()
    }

    /// The number of the next request of the operation at hand.
    pub(crate) fn next_request(&self) -> u32 {
        self.sent.fetch_add(1, Ordering::Relaxed)
    }

    /// A request of the operation at hand came to this.
    pub(crate) fn answered(&self, record: &Value) {
        let broken = error_of(record).and_then(|error| Broken::of(error.as_object()?));
        if broken.as_ref().is_none_or(|broken| !matches!(&*broken.kind, "refused" | EXHAUSTED)) {
            self.reached.fetch_add(1, Ordering::Relaxed);
        }
        *lock(&self.error) = broken;
    }

    /// The scenario whose load it is.
    pub(crate) fn scenario(&self) -> Option<u32> {
        self.sample.scenario
    }

    /// Whether a request at this place is one of those that are looked at.
    pub(crate) fn counts(&self, place: Span) -> bool {
        let mut counted = lock(&self.sample.counted);
        let count = counted.entry(place).or_default();
        *count = count.saturating_add(1);
        *count <= LOOKED_AT
    }

    /// How the last request of the operation at hand failed, when it did.
    pub(super) fn broken(&self) -> Option<Broken> {
        lock(&self.error).clone()
    }

    /// Whether its last request found no room for a connection on this machine.
    pub(super) fn is_exhausted(&self) -> bool {
        lock(&self.error).as_ref().is_some_and(|broken| &*broken.kind == EXHAUSTED)
    }

    /// Whether what the operation at hand shows is shown.
    pub(crate) fn shows(&self) -> bool {
        self.shows.load(Ordering::Relaxed)
    }

    /// Whether a request of the operation at hand may have reached somebody.
    pub(super) fn has_reached(&self) -> bool {
        self.reached.load(Ordering::Relaxed) > 0
    }

    /// Whether it made no request but one.
    pub(super) fn sent_one(&self) -> bool {
        self.sent.load(Ordering::Relaxed) == 1
    }

    /// The process that performs the operation at hand.
    pub(super) fn process(&self) -> u64 {
        self.process.load(Ordering::Relaxed)
    }

    /// Goes on as another process.
    pub(super) fn renew(&self, stride: u64) {
        self.process.fetch_add(stride, Ordering::Relaxed);
    }
}

impl Broken {
    fn of(error: &Object) -> Option<Broken> {
        let kind = error.get("kind")?.as_text()?.into();
        Some(Broken { kind, hidden: error.get("hidden").and_then(Value::as_object).map(Hidden::of) })
    }
}

impl Hidden {
    fn of(answer: &Object) -> Hidden {
        let succeeded = answer.get("status").and_then(is_success) == Some(true);
        let at = match answer.get("end") {
            Some(Value::Duration(nanos)) => Some(*nanos),
            _ => None,
        };
        Hidden { succeeded, at }
    }
}

impl Cx {
    /// What is read of the response of the request at a place: the same whenever it is made, so that
    /// one who makes it again and again finds out once.
    pub(in crate::run) fn once(&self, place: Span, find: impl FnOnce() -> Checked) -> Checked {
        match &self.load {
            Some(hand) => *lock(&hand.checked).entry(place).or_insert_with(find),
            None => find(),
        }
    }

    /// The same scenario for one who performs operations: it counts by itself and tells nothing, so
    /// that a long load costs no more memory than a short one.
    pub(super) fn for_load(&self, hand: Hand) -> Cx {
        let session = Arc::new(self.session.of_client());
        let mut cx = Cx::new(self.world.clone(), None, session, self.cancel.clone(), self.repeat.clone());
        cx.fixtures = self.fixtures.clone();
        cx.links = self.links.clone();
        cx.began = self.began;
        cx.again = true;
        *lock(&cx.deadline) = *lock(&self.deadline);
        cx.load = Some(hand);
        cx
    }

    /// What one who performed operations counted is this scenario's.
    pub(super) fn take_over(&self, worker: &Cx) {
        self.expectations.fetch_add(worker.expectations.load(Ordering::Relaxed), Ordering::Relaxed);
        self.requests.fetch_add(worker.requests.load(Ordering::Relaxed), Ordering::Relaxed);
        self.broke.fetch_or(worker.broke.load(Ordering::Relaxed), Ordering::Relaxed);
        lock(&self.defers).append(&mut lock(&worker.defers));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_hid_is_told_for_http_and_for_grpc() {
        let hidden = |json: &[u8]| {
            let value = crate::value::from_json(json).unwrap();
            Hidden::of(value.as_object().unwrap()).succeeded
        };
        assert!(hidden(br#"{"status": 201}"#));
        assert!(!hidden(br#"{"status": 409}"#));
        assert!(hidden(br#"{"status": "OK", "code": 0}"#));
        assert!(!hidden(br#"{"status": "NOT_FOUND", "code": 5}"#));
        assert!(!hidden(b"{}"), "a stream that has not ended says nothing");
    }
}
