//! Faults at work: which messages they hit, and what then becomes of each. Counting is by the
//! message's index, choosing by the fault's key.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::calls::log::{Call, Entry};
use super::fault::{Fault, Hit, Kind, Select};
use super::head;
use super::near::Conn;
use crate::protocol::ErrorKind;
use crate::protocol::grpc::constant;
use crate::value::{Key, Path, Step, Value, show};

/// Faults that were put to work together, and end together.
pub(super) struct Work {
    pub(super) faults: Vec<Active>,
    tell: Arc<dyn Fn(Hit) + Send + Sync>,
    /// Cancelled when they end.
    pub(super) ended: CancellationToken,
    harmed: Mutex<Vec<Weak<Conn>>>,
    /// Whether a message was too long to be held back.
    overflowed: AtomicBool,
}

/// One of them.
pub(super) struct Active {
    pub(super) fault: Fault,
    /// Messages that fitted so far on this link, for each value of `per` and, where the message says
    /// so itself, for each span.
    counts: Mutex<BTreeMap<(String, String), u64>>,
    connections: AtomicU64,
    /// Whether a message fitted in all but its share.
    spared: AtomicBool,
    /// What lets the request go that waits for the next one.
    held: Mutex<Option<CancellationToken>>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.faults.iter().map(|active| &active.fault.written)).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    pub(super) fn new(faults: Vec<Fault>, tell: Arc<dyn Fn(Hit) + Send + Sync>) -> Arc<Work> {
        let active = |fault| Active {
            fault,
            counts: Mutex::default(),
            connections: AtomicU64::new(0),
            spared: AtomicBool::new(false),
            held: Mutex::default(),
        };
        Arc::new(Work {
            faults: faults.into_iter().map(active).collect(),
            tell,
            ended: CancellationToken::new(),
            harmed: Mutex::default(),
            overflowed: AtomicBool::new(false),
        })
    }

    pub(super) fn has(&self, of_bytes: bool) -> bool {
        self.faults.iter().any(|active| active.fault.kind.is_of_bytes() == of_bytes)
    }

    /// A fault of bytes shows on a connection for the first time.
    pub(super) fn connection(&self, fault: usize) {
        let Some(active) = self.faults.get(fault) else { return };
        let index = active.connections.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(fault, "connection".to_owned(), index);
    }

    /// Whether a fault could have hit a message and, by its share, did not.
    pub(super) fn spared(&self, fault: usize) -> bool {
        self.faults.get(fault).is_some_and(|active| active.spared.load(Ordering::Relaxed))
    }

    /// A message was longer than what can be held back: what the faults promise did not happen to it.
    pub(super) fn overflows(&self) {
        self.overflowed.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_overflowed(&self) -> bool {
        self.overflowed.load(Ordering::Relaxed)
    }

    /// A connection is of no use any more once the faults end.
    pub(super) fn harms(&self, conn: &Arc<Conn>) {
        lock(&self.harmed).push(Arc::downgrade(conn));
        // The faults may have ended meanwhile.
        if self.ended.is_cancelled() {
            conn.close();
        }
    }

    /// Ends the faults: what waits goes on, and harmed connections are closed before this returns.
    pub(super) fn end(&self) {
        self.ended.cancel();
        for conn in lock(&self.harmed).drain(..).filter_map(|conn| conn.upgrade()) {
            conn.close();
        }
    }

    fn tell(&self, fault: usize, message: String, index: u64) {
        (self.tell)(Hit { fault, message, index, at: Instant::now() });
    }
}

/// What the faults look at.
pub(super) struct Message<'a> {
    pub(super) call: &'a Call,
    pub(super) is_h2: bool,
    /// Whether the caller may wait for answers before it ends its request.
    pub(super) is_stream: bool,
    /// Whether the caller is the runner itself.
    pub(super) from_client: bool,
}

/// What becomes of a message.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) delays: Vec<(Duration, Arc<Work>)>,
    pub(super) hold: Option<(Hold, Arc<Work>)>,
    /// Lets an earlier request go once this one is answered.
    pub(super) lets_go: Vec<DropGuard>,
    pub(super) copies: Option<(u32, Arc<Work>)>,
    pub(super) goaway: bool,
    pub(super) end: Option<(End, Arc<Work>)>,
    /// What ends it.
    pub(super) cause: Option<Cause>,
}

/// A hit that takes a whole connection with it.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    work: Arc<Work>,
    fault: usize,
    index: u64,
}

impl Cause {
    /// Another call was cut off with the connection: told as a hit of the same fault, and written down.
    pub(super) fn takes(&self, call: &Entry) {
        let Some(active) = self.work.faults.get(self.fault) else { return };
        let name = active.fault.name();
        let why = format!("`{name}` hit another call of the connection, and the link reset it");
        call.fail(ErrorKind::Reset, why);
        let what = format!("{}, which shared its connection,", call.head.told());
        self.work.tell(self.fault, what, self.index);
    }
}

/// Waits until the next request has been answered.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) go: CancellationToken,
    pub(super) within: Duration,
    overtaken: Option<Overtaken>,
}

/// What is told of a message when another one has overtaken it.
#[derive(Debug)]
struct Overtaken {
    call: Arc<Entry>,
    fault: usize,
    index: u64,
}

/// How a message ends other than by its answer.
#[derive(Debug, Clone)]
pub(super) enum End {
    LostRequest,
    LostResponse,
    Status { status: Value, headers: Vec<(Arc<str>, Arc<str>)> },
    Reset(u32),
}

impl Plan {
    /// Whether the request must be whole before anything becomes of it.
    pub(super) fn gathers(&self) -> bool {
        !self.delays.is_empty() || self.hold.is_some() || self.copies.is_some()
    }

    /// Waits as long as the faults have it.
    pub(super) async fn wait(&mut self) {
        for (by, work) in self.delays.drain(..) {
            tokio::select! {
                () = tokio::time::sleep(by) => {}
                () = work.ended.cancelled() => {}
            }
        }
        if let Some((hold, work)) = self.hold.take() {
            let was_overtaken = tokio::select! {
                () = hold.go.cancelled() => true,
                () = tokio::time::sleep(hold.within) => false,
                () = work.ended.cancelled() => false,
            };
            if let Some(Overtaken { call, fault, index }) = hold.overtaken.filter(|_| was_overtaken)
                && let Some(active) = work.faults.get(fault)
            {
                call.hit(active.fault.name());
                work.tell(fault, call.head.told(), index);
            }
            // Nobody waits here any more.
            hold.go.cancel();
        }
    }
}

/// Whether a key cannot be told before the request is whole.
pub(super) fn needs_body(works: &[Arc<Work>]) -> bool {
    let of_head = |path: &Path| match path.0.first() {
        Some(Step::Field(name)) => {
            matches!(&**name, "from" | "to" | "method" | "path" | "headers" | "trace" | "start")
        }
        _ => false,
    };
    let needs = |key: &Key| match key {
        Key::One(path) => !of_head(path),
        Key::Many(paths) => !paths.iter().all(of_head),
    };
    works
        .iter()
        .flat_map(|work| &work.faults)
        .any(|active| active.fault.select.per.as_ref().is_some_and(needs))
}

/// What becomes of a message under all faults at work. Every hit is told and written down.
pub(super) fn plan(works: &[Arc<Work>], message: &Message<'_>) -> Plan {
    let mut plan = Plan::default();
    for work in works {
        for (position, active) in work.faults.iter().enumerate() {
            let fault = &active.fault;
            if fault.kind.is_of_bytes() || !active.fits(message) {
                continue;
            }
            let turn = active.turn(message);
            if let Kind::Reorder { .. } = fault.kind
                && let Some(waiting) = lock(&active.held).take().filter(|waiting| !waiting.is_cancelled())
            {
                plan.lets_go.push(waiting.drop_guard());
                continue;
            }
            if !turn.is_hit || !plan.add(active, work, &turn) {
                continue;
            }
            // What is held back is reordered once another one has overtaken it.
            if let Kind::Reorder { .. } = fault.kind {
                if let Some((hold, _)) = &mut plan.hold {
                    hold.overtaken =
                        Some(Overtaken { call: message.call.entry(), fault: position, index: turn.index });
                }
                continue;
            }
            message.call.hit(fault.name());
            if plan.end.is_some() && plan.cause.is_none() {
                plan.cause = Some(Cause { work: work.clone(), fault: position, index: turn.index });
            }
            work.tell(position, message.call.head().told(), turn.index);
        }
    }
    plan
}

impl Plan {
    /// Whether it can still happen: a message ends only once.
    fn add(&mut self, active: &Active, work: &Arc<Work>, turn: &Turn) -> bool {
        let mut end = |end: End| {
            let first = self.end.is_none();
            if first {
                self.end = Some((end, work.clone()));
            }
            first
        };
        match &active.fault.kind {
            Kind::LostRequest => return end(End::LostRequest),
            Kind::LostResponse => return end(End::LostResponse),
            Kind::Status { status, headers } => {
                return end(End::Status { status: status.clone(), headers: headers.clone() });
            }
            Kind::RstStream { code } => return end(End::Reset(*code)),
            Kind::Duplicate { times } if self.copies.is_none() => {
                self.copies = Some((*times, work.clone()));
            }
            Kind::Delay { by, jitter } => {
                let by = jittered(*by, *jitter, &active.fault, &turn.place);
                self.delays.push((by, work.clone()));
            }
            Kind::Reorder { within } if self.hold.is_none() => {
                let go = CancellationToken::new();
                *lock(&active.held) = Some(go.clone());
                self.hold = Some((Hold { go, within: *within, overtaken: None }, work.clone()));
            }
            Kind::Goaway if !self.goaway => self.goaway = true,
            _ => return false,
        }
        true
    }
}

/// A message's place among those that fit.
struct Turn {
    index: u64,
    is_hit: bool,
    /// What its chances are keyed by.
    place: [String; 3],
}

impl Active {
    fn fits(&self, message: &Message<'_>) -> bool {
        let (head, Select { method, route, of, .. }) = (message.call.head(), &self.fault.select);
        let named = |method: &Arc<str>| {
            let name = head.name();
            if head.is_grpc { **method == *name } else { method.eq_ignore_ascii_case(name) }
        };
        let fits_kind = match &self.fault.kind {
            Kind::Goaway | Kind::RstStream { .. } => message.is_h2,
            Kind::Status { status: Value::Text(status), .. } => {
                head.is_grpc && message.is_h2 && constant(&status.text).is_some()
            }
            // Its end may never come before its answer does.
            Kind::Duplicate { .. } | Kind::Delay { .. } | Kind::Reorder { .. } => !message.is_stream,
            _ => true,
        };
        fits_kind
            && method.as_ref().is_none_or(named)
            && route.as_ref().is_none_or(|route| on_route(route, head::path(&head.target)))
            && of.as_deref().is_none_or(|of| traced(message).is_some_and(|(trace, _)| trace == of))
    }

    fn turn(&self, message: &Message<'_>) -> Turn {
        let select = &self.fault.select;
        let per = select.per.as_ref().map(|key| show(&key.get(&message.call.record()))).unwrap_or_default();
        let span = self.span(message).unwrap_or_default();
        let index = next(&self.fault.counted, per.clone());
        let own = next(&self.counts, (per.clone(), span.clone()));
        let place = [per, span, own.to_string()];
        let share = |share: u32| {
            let key = place.iter().fold(self.fault.key.with("share"), |key, part| key.with(part));
            key.below(1_000_000) < share as usize
        };
        let is_meant = select.nth.is_none_or(|nth| index == nth)
            && select.first.is_none_or(|first| index <= first)
            && select.every.is_none_or(|every| index.is_multiple_of(every));
        let is_hit = is_meant && select.share.is_none_or(share);
        if is_meant && !is_hit {
            self.spared.store(true, Ordering::Relaxed);
        }
        Turn { index, is_hit, place }
    }

    /// The span of a message whose span id the runner keyed.
    fn span(&self, message: &Message<'_>) -> Option<String> {
        let trace = self.fault.trace.as_ref().filter(|_| message.from_client)?;
        let (of, span) = traced(message)?;
        (of == **trace).then_some(span)
    }
}

/// The trace and the span that a message says it belongs to (W3C Trace Context §3.2).
fn traced(message: &Message<'_>) -> Option<(String, String)> {
    let parent = head::header(&message.call.head().headers, "traceparent")?;
    let mut parts = parent.split('-').skip(1).map(str::to_owned);
    Some((parts.next()?, parts.next()?))
}

/// Counts one more.
fn next<K: Ord>(counts: &Mutex<BTreeMap<K, u64>>, key: K) -> u64 {
    let mut counts = lock(counts);
    let count = counts.entry(key).or_insert(0);
    *count += 1;
    *count
}

/// `by`, and up to `jitter` more or less, by the fault's key and a place.
pub(super) fn jittered(by: Duration, jitter: Duration, fault: &Fault, place: &[String]) -> Duration {
    let micros = usize::try_from(jitter.as_micros()).unwrap_or(usize::MAX / 4);
    if micros == 0 {
        return by;
    }
    let key = place.iter().fold(fault.key.with("jitter"), |key, part| key.with(part));
    let drawn = Duration::from_micros(key.below(2 * micros + 1) as u64);
    (by + drawn).saturating_sub(jitter)
}

/// Whether a path has the form of a template: segments in braces fit anything but nothing.
fn on_route(route: &str, path: &str) -> bool {
    let mut path = path.split('/');
    let fits = |part: &str| {
        let is_open = part.starts_with('{') && part.ends_with('}');
        path.next().is_some_and(|segment| segment == part || is_open && !segment.is_empty())
    };
    route.split('/').all(fits) && path.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_fits_whole_paths() {
        for (path, fits) in [
            ("/v1/orders/7", true),
            ("/v1/orders/", false),
            ("/v1/orders", false),
            ("/v1/orders/7/lines", false),
            ("/v2/orders/7", false),
        ] {
            assert_eq!(on_route("/v1/orders/{id}", path), fits, "{path}");
        }
    }
}
