//! Which answers of a connection its caller has not heard in full: a fault of bytes destroys what is
//! on its way, and the link knows what that was.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::calls::log::{Call, Entry};

/// The calls of one connection whose answers are not with the caller yet.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<UnderWay>);

#[derive(Debug, Default)]
struct UnderWay {
    /// So many bytes were written towards the caller.
    written: u64,
    /// Each with the place in them where its answer ends, once it has ended.
    calls: Vec<(Arc<Entry>, Option<u64>)>,
}

impl Heard {
    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call came.
    pub(super) fn begins(&self, call: &Call) {
        self.under_way().calls.push((call.entry(), None));
    }

    /// So many bytes more go to the caller; the place where they end.
    pub(super) fn writes(&self, bytes: usize) -> u64 {
        let mut under_way = self.under_way();
        under_way.written += bytes as u64;
        under_way.written
    }

    /// All that was said has been written: answers that are over end here. `direct`: it needs no
    /// passing on, so that they are with the caller.
    pub(super) fn flushes(&self, direct: bool) {
        let mut under_way = self.under_way();
        let here = under_way.written;
        under_way.calls.retain_mut(|(entry, end)| {
            if end.is_none() && entry.is_over() {
                *end = Some(here);
            }
            !direct || end.is_none()
        });
    }

    /// The bytes up to this place are with the caller.
    pub(super) fn passes(&self, upto: u64) {
        self.under_way().calls.retain(|(_, end)| end.is_none_or(|end| end > upto));
    }

    /// A fault changes or destroys bytes from this place on. Answers that have begun are not what the
    /// caller hears; nor are all others, when the connection is cut.
    pub(super) fn loses(&self, from: u64, fault: &'static str, cut: bool) {
        for (entry, end) in &self.under_way().calls {
            if end.is_none_or(|end| end > from) && (cut || entry.has_answer()) {
                entry.lose(fault);
            }
        }
    }

    /// Whether an answer is still coming in.
    pub(super) fn is_coming(&self) -> bool {
        self.under_way().calls.iter().any(|(entry, _)| entry.is_coming())
    }

    /// The calls that are not over.
    pub(super) fn open(&self) -> Vec<Arc<Entry>> {
        let under_way = self.under_way();
        under_way.calls.iter().map(|(entry, _)| entry).filter(|entry| !entry.is_over()).cloned().collect()
    }
}
