//! The history of a load as it is written: bounded, and it counts what it has no room for.

use std::sync::Mutex;
use std::time::Instant;

use super::super::cx::lock;
use super::hand::{Begun, Hand};
use super::operate::Came;
use super::planned::Operation;
use super::record::Recording;
use crate::value::{Stopwatch, Value};

/// A history keeps no more operations than this, some 700 bytes each.
const MOST: usize = 1_000_000;

/// The history of a load that is being brought.
pub(super) struct History {
    recording: Recording,
    written: Mutex<Written>,
}

/// What was written, with the start of each.
#[derive(Debug, Default)]
struct Written {
    records: Vec<(Instant, Value)>,
    /// How many were given room.
    taken: usize,
    lost: u64,
}

impl Written {
    /// Takes room for another one; without room, it is counted as lost.
    fn takes_room(&mut self, most: usize) -> bool {
        if self.taken == most {
            self.lost += 1;
            return false;
        }
        self.taken += 1;
        true
    }
}

impl History {
    pub(super) fn new(operations: &[Operation], trace: &str, stopwatch: Stopwatch) -> History {
        History { recording: Recording::new(operations, trace, stopwatch), written: Mutex::default() }
    }

    /// Keeps the record of an operation, while there is room.
    pub(super) fn keep(&self, hand: &Hand, begun: Begun, came: &Came, end: Option<Instant>) {
        if !lock(&self.written).takes_room(MOST) {
            return;
        }
        let start = begun.start;
        let record = self.recording.record(hand, begun, came, end);
        lock(&self.written).records.push((start, record));
    }

    /// The records in the order of their starts, and how many there was no room for.
    pub(super) fn take(&self) -> (Vec<Value>, u64) {
        let Written { mut records, lost, .. } = std::mem::take(&mut *lock(&self.written));
        records.sort_by_key(|(start, _)| *start);
        (records.into_iter().map(|(_, record)| record).collect(), lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_counted() {
        let mut written = Written::default();
        let kept = (0..5).filter(|_| written.takes_room(3)).count();
        assert_eq!((kept, written.lost), (3, 2));
    }
}
