//! What all who perform the operations of a workload share: which one is next, what became of each,
//! and when to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::Stop;
use super::classes::Classes;
use super::hand::{Begun, Hand, Sample};
use super::history::History;
use super::operate::Came;
use super::planned::{Operation, Pace, Planned};
use crate::shape::DrawKey;
use crate::workload::{Ended, Mix, Recorder, Times, Took};

/// The first operation of each kind is looked for among so many.
const FIRST: u64 = 10_000;

/// One operation to perform.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    /// Which one.
    pub(super) index: u64,
    /// Whether it counts, or only warms up.
    pub(super) measured: bool,
    /// When it is due; at once without a schedule.
    pub(super) due: Option<Instant>,
}

/// A part of the counts; several, so that those who count do not wait for each other.
#[derive(Debug)]
pub(super) struct Shard {
    /// By operation of the mix.
    pub(super) counted: Vec<Recorder>,
    pub(super) dropped: Vec<u64>,
    /// How many only warmed up.
    pub(super) warmed_up: u64,
    /// How many of these did not succeed.
    pub(super) warmed_up_badly: u64,
    /// How late operations began.
    pub(super) lag: Times,
}

/// A load that is being brought.
pub(super) struct Load {
    pub(super) operations: Vec<Operation>,
    pub(super) mix: Mix,
    pub(super) pace: Pace,
    /// What operations see; each has a key of its own.
    pub(super) env: Env,
    /// The keys of the operations that count, and of those that warm up.
    pub(super) keys: [DrawKey; 2],
    pub(super) began: Instant,
    /// When what counts begins.
    pub(super) from: Instant,
    /// How far numbers of processes go at once.
    pub(super) stride: u64,
    next: AtomicU64,
    next_warm_up: AtomicU64,
    pub(super) scheduled: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) shards: Vec<Mutex<Shard>>,
    /// When something reads it.
    pub(super) history: Option<History>,
    pub(super) classes: Mutex<Classes>,
    /// When an operation last succeeded, in nanoseconds since `from`.
    last_ok: AtomicU64,
    longest_gap: AtomicU64,
    over: AtomicBool,
    broken: Mutex<Option<Stop>>,
    /// Of each operation the first that counts: what it shows is shown.
    first: Vec<Option<u64>>,
    sample: Arc<Sample>,
    /// Those who perform operations.
    hands: Mutex<Vec<Arc<Cx>>>,
}

impl Load {
    pub(super) fn new(cx: &Cx, planned: Planned, env: Env, history: bool) -> Load {
        let Planned { pace, warm_up, operations, mix, key } = planned;
        let began = Instant::now();
        let shards = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(16);
        let shard = || Shard {
            counted: vec![Recorder::default(); operations.len()],
            dropped: vec![0; operations.len()],
            warmed_up: 0,
            warmed_up_badly: 0,
            lag: Times::default(),
        };
        let stride = match pace {
            Pace::Closed { clients, .. } => clients,
            Pace::Open { most, .. } => most,
        };
        let mut env = env;
        (env.key, env.response) = (key, None);
        let keys = [key.with("operation"), key.with("warm-up")];
        let session = &cx.session;
        let history = history.then(|| History::new(&operations, &session.trace_id, session.stopwatch));
        Load {
            first: (0..operations.len()).map(|of| mix.first(of, FIRST)).collect(),
            shards: (0..shards).map(|_| Mutex::new(shard())).collect(),
            operations,
            mix,
            pace,
            env,
            keys,
            began,
            from: began + warm_up,
            stride,
            next: AtomicU64::new(0),
            next_warm_up: AtomicU64::new(0),
            scheduled: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            history,
            classes: Mutex::default(),
            last_ok: AtomicU64::new(0),
            longest_gap: AtomicU64::new(0),
            over: AtomicBool::new(false),
            broken: Mutex::default(),
            sample: Arc::new(Sample::new(cx.id)),
            hands: Mutex::default(),
        }
    }

    /// Another one who performs operations.
    pub(super) fn hand(&self, cx: &Cx) -> Arc<Cx> {
        let mut hands = lock(&self.hands);
        let number = hands.len();
        let hand =
            Arc::new(cx.for_load(Hand::new(number as u64, number % self.shards.len(), self.sample.clone())));
        hands.push(hand.clone());
        hand
    }

    /// How many perform operations.
    pub(super) fn hands_count(&self) -> usize {
        lock(&self.hands).len()
    }

    /// All who perform operations.
    pub(super) fn hands(&self) -> Vec<Arc<Cx>> {
        lock(&self.hands).clone()
    }

    /// The next operation of a closed workload; none when it is over.
    pub(super) fn next(&self) -> Option<Ticket> {
        let Pace::Closed { operations, length, .. } = self.pace else { return None };
        if self.is_over() {
            return None;
        }
        let now = Instant::now();
        if now < self.from {
            let index = self.next_warm_up.fetch_add(1, Ordering::Relaxed);
            return Some(Ticket { index, measured: false, due: None });
        }
        let most = match operations {
            Some(most) => most,
            None if now - self.from >= length => return None,
            None => u64::MAX,
        };
        let next = |index| (index < most).then_some(index + 1);
        let index = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        self.scheduled.fetch_add(1, Ordering::Relaxed);
        Some(Ticket { index, measured: true, due: None })
    }

    /// An operation that is due cannot begin.
    pub(super) fn drop_one(&self, ticket: Ticket) {
        if ticket.measured {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            lock(&self.shards[0]).dropped[self.mix.choose(ticket.index)] += 1;
        }
    }

    /// No further operation begins.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// What no more load can mend: a broken contract, or no room for a connection.
    pub(super) fn break_off(&self, why: Stop) {
        lock(&self.broken).get_or_insert(why);
        self.end();
    }

    pub(super) fn broken(&self) -> Option<Stop> {
        lock(&self.broken).take()
    }

    /// Whether what this operation shows is shown.
    pub(super) fn shows(&self, ticket: Ticket, operation: usize) -> bool {
        ticket.measured && self.first.get(operation).copied().flatten() == Some(ticket.index)
    }

    /// An operation begins.
    pub(super) fn start(&self, shard: usize, ticket: Ticket, operation: usize, start: Instant) {
        let mut shard = lock(&self.shards[shard]);
        if !ticket.measured {
            shard.warmed_up += 1;
            return;
        }
        shard.counted[operation].start();
        if let Some(due) = ticket.due {
            shard.lag.add(start.saturating_duration_since(due));
        }
    }

    /// An operation has ended.
    pub(super) fn ended(&self, shard: usize, ticket: Ticket, operation: usize, how: Ended, took: Took) {
        let mut shard = lock(&self.shards[shard]);
        if !ticket.measured {
            shard.warmed_up_badly += u64::from(how != Ended::Ok);
            return;
        }
        shard.counted[operation].end(how, took);
        drop(shard);
        if how == Ended::Ok {
            self.succeeded(Instant::now());
        }
    }

    /// Takes note of a success, or of the end of the load.
    fn succeeded(&self, now: Instant) {
        let now = self.since(now);
        let last = self.last_ok.fetch_max(now, Ordering::Relaxed);
        self.longest_gap.fetch_max(now.saturating_sub(last), Ordering::Relaxed);
    }

    fn since(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.from).as_nanos()).unwrap_or(u64::MAX)
    }

    /// The longest time without a success until now.
    pub(super) fn longest_gap(&self, now: Instant) -> Duration {
        let last = self.last_ok.load(Ordering::Relaxed);
        let open = self.since(now).saturating_sub(last);
        Duration::from_nanos(self.longest_gap.load(Ordering::Relaxed).max(open))
    }

    /// Keeps the record of an operation.
    pub(super) fn keep(&self, hand: &Hand, begun: Begun, came: &Came, end: Option<Instant>) {
        if let Some(history) = &self.history {
            history.keep(hand, begun, came, end);
        }
    }

    /// How many operations began and how many succeeded, failed and timed out so far.
    pub(super) fn counts(&self) -> [u64; 4] {
        let mut counts = [0; 4];
        for shard in &self.shards {
            for recorder in &lock(shard).counted {
                counts.iter_mut().zip(recorder.counts()).for_each(|(sum, part)| *sum += part);
            }
        }
        counts
    }
}
