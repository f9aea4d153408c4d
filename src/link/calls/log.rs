//! What a link writes down while a call passes: heads and bytes as they came, kept within bounds.
//! Nothing is decoded here, so that what passes is not slowed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio::sync::Notify;

use crate::contract::Contract;
use crate::link::Spec;
use crate::protocol::ErrorKind;
use crate::value::{Stopwatch, Value};

/// Of one body so many bytes are kept.
pub(in crate::link) const BODY: usize = 1 << 20;
/// Past so many bytes in all, no bodies are kept.
const BODIES: usize = 192 << 20;
/// Past so many, no calls are kept: they are counted as dropped.
const ALL: usize = 256 << 20;
/// What a call costs beside its heads and bodies.
const OVERHEAD: usize = 512;

/// The calls of one link.
#[derive(Debug)]
pub(in crate::link) struct Log {
    pub(super) from: Arc<str>,
    pub(super) to: Arc<str>,
    pub(super) contract: Option<Contract>,
    pub(super) stopwatch: Stopwatch,
    entries: Mutex<Entries>,
    /// Bytes held, of calls that were forgotten and are still looked at, too.
    held: Arc<AtomicUsize>,
    dropped: AtomicU64,
    /// Of these, what was not understood.
    missed: AtomicU64,
    version: AtomicU64,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Entries {
    /// How many were forgotten before the first that is here.
    forgotten: usize,
    kept: VecDeque<Arc<Entry>>,
}

/// A place in the history of a link: where a part of it begins.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    /// So many calls came before.
    calls: usize,
    /// So many were not kept before.
    dropped: u64,
}

impl Log {
    pub(in crate::link) fn new(spec: &Spec) -> Arc<Log> {
        Arc::new(Log {
            from: spec.from.clone(),
            to: spec.to.clone(),
            contract: spec.contract.clone(),
            stopwatch: spec.stopwatch,
            entries: Mutex::default(),
            held: Arc::default(),
            dropped: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            version: AtomicU64::new(0),
            changed: Notify::new(),
        })
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A call begins.
    pub(in crate::link) fn begin(self: &Arc<Self>, head: Head) -> Call {
        let size = head.target.len() + head.headers.size() + OVERHEAD;
        let entry = Arc::new(Entry {
            head,
            start: Instant::now(),
            size: AtomicUsize::new(size),
            held: self.held.clone(),
            state: Mutex::default(),
            record: Mutex::default(),
        });
        if self.held.fetch_add(size, Ordering::Relaxed) < ALL {
            self.entries().kept.push_back(entry.clone());
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.change();
        Call { log: self.clone(), entry }
    }

    /// Everything from a mark on.
    pub(super) fn since(&self, mark: Mark) -> Vec<Arc<Entry>> {
        let entries = self.entries();
        entries.kept.iter().skip(mark.calls.saturating_sub(entries.forgotten)).cloned().collect()
    }

    /// The place after the last call.
    pub(super) fn end(&self) -> Mark {
        let entries = self.entries();
        let calls = entries.forgotten + entries.kept.len();
        Mark { calls, dropped: self.dropped.load(Ordering::Relaxed) }
    }

    /// Frees what came before a mark.
    pub(super) fn forget(&self, before: Mark) {
        let mut entries = self.entries();
        let count = before.calls.saturating_sub(entries.forgotten).min(entries.kept.len());
        entries.forgotten += count;
        entries.kept.drain(..count);
    }

    /// Something passed of which nothing can be told: what it was counts as a call.
    pub(in crate::link) fn miss(&self) {
        self.missed.fetch_add(1, Ordering::Relaxed);
        self.dropped.fetch_add(1, Ordering::Relaxed);
        self.change();
    }

    /// How often something passed of which nothing can be told.
    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// How much was not kept since a mark.
    pub(super) fn dropped(&self, since: Mark) -> u64 {
        self.dropped.load(Ordering::Relaxed).saturating_sub(since.dropped)
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(in crate::link) fn change(&self) {
        self.version.fetch_add(1, Ordering::Release);
        self.changed.notify_waiters();
    }

    pub(super) fn changes(&self) -> &Notify {
        &self.changed
    }

    /// The types of the contract, when there are any.
    pub(super) fn pool(&self) -> Option<&DescriptorPool> {
        match &self.contract {
            Some(Contract::Proto(proto)) => Some(proto.pool()),
            _ => None,
        }
    }

    /// The method in the contract, when there is one.
    pub(in crate::link) fn method(&self, path: &str) -> Option<MethodDescriptor> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        self.pool()?.get_service_by_name(service)?.methods().find(|found| found.name() == method)
    }
}

/// Headers as they came.
#[derive(Debug, Clone)]
pub(in crate::link) enum Headers {
    /// The lines of an HTTP/1.1 head after its first, up to and with the empty one.
    Lines(Bytes),
    /// Of HTTP/2.
    Map(HeaderMap),
}

impl Headers {
    pub(in crate::link) fn map(&self) -> HeaderMap {
        match self {
            Headers::Map(map) => map.clone(),
            Headers::Lines(lines) => crate::link::head::header_map(lines),
        }
    }

    fn size(&self) -> usize {
        match self {
            Headers::Lines(lines) => lines.len(),
            Headers::Map(map) => map.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum(),
        }
    }
}

/// How a call begins.
#[derive(Debug, Clone)]
pub(in crate::link) struct Head {
    /// Of HTTP.
    pub(in crate::link) method: Arc<str>,
    /// The path with its query.
    pub(in crate::link) target: Arc<str>,
    pub(in crate::link) headers: Headers,
    pub(in crate::link) is_grpc: bool,
}

impl Head {
    /// The HTTP method, or the short name of the gRPC method.
    pub(in crate::link) fn name(&self) -> &str {
        if self.is_grpc { self.target.rsplit('/').next().unwrap_or_default() } else { &self.method }
    }

    /// As events name it: `Post`, `POST /v1/orders`.
    pub(in crate::link) fn told(&self) -> String {
        match self.is_grpc {
            true => self.name().to_owned(),
            false => format!("{} {}", self.method, crate::link::head::path(&self.target)),
        }
    }
}

/// One call.
#[derive(Debug)]
pub(in crate::link) struct Entry {
    pub(in crate::link) head: Head,
    pub(super) start: Instant,
    size: AtomicUsize,
    /// What the log counts it in.
    held: Arc<AtomicUsize>,
    state: Mutex<State>,
    /// The record without `attempt`, while nothing of it changes.
    record: Mutex<Option<Value>>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.held.fetch_sub(*self.size.get_mut(), Ordering::Relaxed);
    }
}

impl Entry {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record as it was made for good, or as this makes it.
    pub(super) fn record(&self, make: impl FnOnce(State) -> Value) -> Value {
        let mut made = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = &*made {
            return record.clone();
        }
        let state = self.state().clone();
        let over = state.over;
        let record = make(state);
        if over {
            *made = Some(record.clone());
        }
        record
    }

    /// Whether nothing more comes of it.
    pub(in crate::link) fn is_over(&self) -> bool {
        self.state().over
    }

    /// Whether its answer has begun.
    pub(in crate::link) fn has_answer(&self) -> bool {
        self.state().response.is_some()
    }

    /// Whether its answer has begun and is not complete.
    pub(in crate::link) fn is_coming(&self) -> bool {
        let state = self.state();
        state.response.is_some() && !state.answered && !state.over
    }

    /// A fault hit it.
    pub(in crate::link) fn hit(&self, fault: &'static str) {
        self.state().faults.push(fault);
    }

    /// A fault of bytes hit its answer, which the caller does not get to hear.
    pub(in crate::link) fn lose(&self, fault: &'static str) {
        let mut made = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        *made = None;
        let mut state = self.state();
        state.hidden = true;
        if !state.faults.contains(&fault) {
            state.faults.push(fault);
        }
    }

    /// It went wrong; the first reason stays.
    pub(in crate::link) fn fail(&self, kind: ErrorKind, message: impl Into<Arc<str>>) {
        self.state().error.get_or_insert_with(|| (kind, message.into()));
    }
}

#[derive(Debug, Default, Clone)]
pub(super) struct State {
    pub(super) request: Kept,
    /// Whether the request came to its end.
    pub(super) requested: bool,
    pub(super) response: Option<(u16, Headers)>,
    pub(super) body: Kept,
    pub(super) trailers: Option<HeaderMap>,
    /// Whether the whole answer came.
    pub(super) answered: bool,
    pub(super) hidden: bool,
    pub(super) faults: Vec<&'static str>,
    pub(super) error: Option<(ErrorKind, Arc<str>)>,
    /// When the answer was complete, or nothing more could come.
    pub(super) end: Option<Instant>,
    /// Nothing of it changes any more.
    pub(super) over: bool,
}

/// The beginning of a body, and how long it is.
#[derive(Debug, Default, Clone)]
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    pub(super) size: u64,
}

impl Kept {
    pub(super) fn is_whole(&self) -> bool {
        self.bytes.len() as u64 == self.size
    }
}

/// A call that passes. Dropping it ends it.
#[derive(Debug)]
pub(in crate::link) struct Call {
    log: Arc<Log>,
    entry: Arc<Entry>,
}

impl Call {
    pub(in crate::link) fn head(&self) -> &Head {
        &self.entry.head
    }

    fn keep(&self, data: &[u8], of: impl FnOnce(&mut State) -> &mut Kept) {
        let mut state = self.entry.state();
        let kept = of(&mut state);
        // A body with a hole is no body: once something was left out, all that follows is.
        let room = if kept.is_whole() && self.log.held.load(Ordering::Relaxed) < BODIES {
            BODY.saturating_sub(kept.bytes.len()).min(data.len())
        } else {
            0
        };
        kept.size += data.len() as u64;
        if room > 0 {
            kept.bytes.extend_from_slice(&data[..room]);
            drop(state);
            self.log.held.fetch_add(room, Ordering::Relaxed);
            self.entry.size.fetch_add(room, Ordering::Relaxed);
        }
    }

    /// More of the request's body.
    pub(in crate::link) fn request(&self, data: &[u8]) {
        self.keep(data, |state| &mut state.request);
    }

    /// The request is complete.
    pub(in crate::link) fn requested(&self) {
        self.entry.state().requested = true;
    }

    /// The answer begins.
    pub(in crate::link) fn response(&self, status: u16, headers: Headers) {
        self.entry.state().response = Some((status, headers));
        self.log.change();
    }

    /// More of the answer's body.
    pub(in crate::link) fn answer(&self, data: &[u8]) {
        self.keep(data, |state| &mut state.body);
    }

    /// The trailers of the answer.
    pub(in crate::link) fn trailers(&self, trailers: HeaderMap) {
        self.entry.state().trailers = Some(trailers);
    }

    /// The answer is complete; said before its end is sent, so that whoever has it finds it here.
    pub(in crate::link) fn answered(&self) {
        let mut state = self.entry.state();
        state.answered = true;
        state.end.get_or_insert_with(Instant::now);
    }

    /// What follows on the connection is not understood, and may be calls.
    pub(in crate::link) fn leaves_a_hole(&self) {
        self.log.miss();
    }

    /// The caller does not get to hear the answer.
    pub(in crate::link) fn hide(&self) {
        self.entry.state().hidden = true;
    }

    /// A fault hit it.
    pub(in crate::link) fn hit(&self, fault: &'static str) {
        self.entry.hit(fault);
    }

    /// It went wrong; the first reason stays.
    pub(in crate::link) fn fail(&self, kind: ErrorKind, message: impl Into<Arc<str>>) {
        self.entry.fail(kind, message);
    }

    /// What is written down of it.
    pub(in crate::link) fn entry(&self) -> Arc<Entry> {
        self.entry.clone()
    }

    /// The record so far, for keys.
    pub(in crate::link) fn record(&self) -> Value {
        super::record::of(&self.log, &self.entry)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut state = self.entry.state();
        if !state.answered && state.error.is_none() {
            state.error = Some(match state.faults.last() {
                Some(fault) if state.hidden => {
                    (ErrorKind::Reset, format!("`{fault}` ended it before its answer was complete").into())
                }
                _ => (ErrorKind::Cancelled, "the caller, or the run, ended it first".into()),
            });
        }
        state.end.get_or_insert_with(Instant::now);
        state.over = true;
        drop(state);
        self.log.change();
    }
}
