//! What comes in on a stream or a subscription: a history that only grows, until it ends.

use std::any::Any;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::value::{BoxFuture, Gap, Live, Stopwatch, Value};

/// What a message costs beside its bytes.
const OVERHEAD: usize = 256;

/// The messages so far, and how they ended. Whatever receives them has it, and whoever reads them.
#[derive(Debug)]
pub(super) struct Incoming<E> {
    history: Mutex<History<E>>,
    /// Counts the changes.
    version: watch::Sender<u64>,
    /// In bytes.
    limit: usize,
    stopwatch: Stopwatch,
}

#[derive(Debug)]
struct History<E> {
    items: Vec<Value>,
    /// When each item came.
    times: Vec<i64>,
    /// In bytes.
    held: usize,
    end: Option<E>,
}

/// A message that there is no room for.
#[derive(Debug)]
pub(super) struct Full;

impl<E: Clone> Incoming<E> {
    /// Holds at most `limit` bytes.
    pub(super) fn new(limit: usize, stopwatch: Stopwatch) -> Arc<Incoming<E>> {
        let history = History { items: Vec::new(), times: Vec::new(), held: 0, end: None };
        let (history, version) = (Mutex::new(history), watch::Sender::new(0));
        Arc::new(Incoming { history, version, limit, stopwatch })
    }

    fn history(&self) -> MutexGuard<'_, History<E>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message of so many bytes; nothing is kept after the end. Errors: there is no room.
    /// That has to end it, since a history with a hole would prove nothing.
    pub(super) fn keep(&self, item: Value, bytes: usize) -> Result<(), Full> {
        {
            let mut history = self.history();
            if history.end.is_some() {
                return Ok(());
            }
            let held = history.held.saturating_add(bytes).saturating_add(OVERHEAD);
            if held > self.limit {
                return Err(Full);
            }
            history.held = held;
            history.items.push(item);
            history.times.push(self.stopwatch.now());
        }
        self.touch();
        Ok(())
    }

    /// Nothing more will come. The first end counts.
    pub(super) fn finish(&self, end: E) {
        self.history().end.get_or_insert(end);
        self.touch();
    }

    /// Tells whoever waits that there is something new.
    pub(super) fn touch(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// How it ended, once it has.
    pub(super) fn end(&self) -> Option<E> {
        self.history().end.clone()
    }

    pub(super) fn is_over(&self) -> bool {
        self.history().end.is_some()
    }

    /// Waits for the end.
    pub(super) async fn over(&self) {
        let _ = self.version.subscribe().wait_for(|_| self.is_over()).await;
    }

    /// In bytes.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The properties that every such history has.
    fn field(&self, name: &str) -> Option<Value> {
        let history = self.history();
        Some(match name {
            "count" => Value::int(history.items.len() as i128),
            "items" => Value::list(history.items.clone()),
            "first" => history.items.first().cloned().unwrap_or(Value::Absent),
            "last" => history.items.last().cloned().unwrap_or(Value::Absent),
            "closed" => Value::Bool(history.end.is_some()),
            _ => return None,
        })
    }
}

/// A live value whose records come in.
pub(super) trait Receives: Debug + Send + Sync + 'static {
    type End: Clone + Send + 'static;

    /// Every property, those that all have included.
    const FIELDS: &'static [&'static str];

    /// Those that say how it ended.
    const ENDS: &'static [&'static str];

    fn incoming(&self) -> &Arc<Incoming<Self::End>>;
    /// The name in the scenario.
    fn name(&self) -> Arc<str>;
    /// A property of its own.
    fn own(&self, name: &str) -> Option<Value>;
    /// See [`Live::gap`].
    fn gap(&self) -> Option<Gap>;
    /// See [`Live::hail`].
    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl<R: Receives> Live for R {
    fn kind(&self) -> &'static str {
        "stream"
    }

    fn name(&self) -> Arc<str> {
        Receives::name(self)
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.incoming().field(name).or_else(|| self.own(name))
    }

    fn fields(&self) -> &'static [&'static str] {
        R::FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.incoming().history().items.clone())
    }

    fn item(&self, at: usize) -> Option<Value> {
        self.incoming().history().items.get(at).cloned()
    }

    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        Some(self.incoming().history().times.iter().map(|at| (*at, Some(*at))).collect())
    }

    fn version(&self) -> u64 {
        *self.incoming().version.borrow()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let incoming = self.incoming().clone();
        Box::pin(async move {
            let mut version = incoming.version.subscribe();
            let _ = version.wait_for(|version| *version != seen || incoming.is_over()).await;
        })
    }

    fn is_over(&self) -> bool {
        self.incoming().is_over()
    }

    fn ends(&self) -> &'static [&'static str] {
        R::ENDS
    }

    fn gap(&self) -> Option<Gap> {
        Receives::gap(self)
    }

    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        Receives::hail(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
