//! What a scenario received on a subscription: a live value whose items are the messages so far.

use std::any::Any;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::fault::Fault;
use crate::protocol::ErrorKind;
use crate::value::{BoxFuture, Gap, Live, Stopwatch, Value};

/// What a message costs beside its bytes.
const OVERHEAD: usize = 256;

/// The messages of a subscription. Whatever receives them has it too, and it outlives neither.
#[derive(Debug)]
pub(in crate::protocol) struct History {
    state: Mutex<State>,
    version: watch::Sender<u64>,
    limit: usize,
    stopwatch: Stopwatch,
    /// For messages; secrets masked.
    shown: String,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<Value>,
    /// When each item came.
    times: Vec<i64>,
    held: usize,
    closed: bool,
    error: Option<Fault>,
}

impl History {
    /// Holds at most `limit` bytes: a history with a hole would prove nothing, so that one more
    /// ends it.
    pub(in crate::protocol) fn new(shown: String, limit: usize, stopwatch: Stopwatch) -> Arc<History> {
        let (state, version) = (Mutex::default(), watch::Sender::new(0));
        Arc::new(History { state, version, limit, stopwatch, shown })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message of so many bytes; nothing is kept after the end.
    pub(in crate::protocol) fn keep(&self, record: Value, bytes: usize) {
        let full = {
            let mut state = self.state();
            if state.closed {
                return;
            }
            state.held += bytes + OVERHEAD;
            let full = state.held > self.limit;
            if !full {
                state.items.push(record);
                state.times.push(self.stopwatch.now());
            }
            full
        };
        if full {
            let message = format!(
                "the messages of `{}` are more than the limit of {} bytes: set `limit` to hold more",
                self.shown, self.limit
            );
            return self.end(Some(Fault::broken(ErrorKind::Protocol, message)));
        }
        self.version.send_modify(|version| *version += 1);
    }

    /// Nothing more will come; with a fault when that is not because the scenario wanted it. The
    /// first end counts.
    pub(in crate::protocol) fn end(&self, fault: Option<Fault>) {
        {
            let mut state = self.state();
            if state.closed {
                return;
            }
            state.closed = true;
            state.error = fault;
        }
        self.version.send_modify(|version| *version += 1);
    }

    pub(in crate::protocol) fn is_over(&self) -> bool {
        self.state().closed
    }

    /// Waits for the end.
    pub(in crate::protocol) async fn over(&self) {
        let _ = self.version.subscribe().wait_for(|_| self.is_over()).await;
    }

    pub(in crate::protocol) fn fault(&self) -> Option<Fault> {
        self.state().error.clone()
    }
}

/// What a protocol holds of a subscription.
pub(in crate::protocol) trait Control: Any + Send + Sync + Debug {
    /// Asks the server whether it is still there; what it sent before has come when it answers.
    fn hail(&self) -> BoxFuture<'_, Result<(), Fault>>;
    /// For the protocol, to find its own type again.
    fn as_any(&self) -> &dyn Any;
}

/// A subscription as the scenario holds it. What receives its messages stops when it is dropped.
#[derive(Debug)]
pub(in crate::protocol) struct Feed {
    pub(in crate::protocol) history: Arc<History>,
    /// The service's name.
    pub(in crate::protocol) name: Arc<str>,
    /// What was known when it was opened, by the names of properties.
    facts: Vec<(&'static str, Value)>,
    /// What the protocol needs for the verbs that take it.
    control: Box<dyn Control>,
    _guard: DropGuard,
}

const FIELDS: &[&str] =
    &["count", "items", "first", "last", "closed", "error", "latency", "subject", "consumer", "key"];

impl Feed {
    /// Ends as cancelled when the scenario does. `stop` is what its receiver listens to.
    pub(in crate::protocol) fn new(
        history: Arc<History>,
        name: Arc<str>,
        facts: Vec<(&'static str, Value)>,
        control: impl Control,
        stop: CancellationToken,
        scenario: &CancellationToken,
    ) -> Arc<Feed> {
        let (ended, scenario, watched) = (stop.clone(), scenario.clone(), history.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = scenario.cancelled() => {
                    let message = format!("the scenario ended while `{}` was open", watched.shown);
                    watched.end(Some(Fault::broken(ErrorKind::Cancelled, message)));
                    ended.cancel();
                }
            }
        });
        Arc::new(Feed { history, name, facts, control: Box::new(control), _guard: stop.drop_guard() })
    }

    /// What the protocol gave it, when that is of this type.
    pub(in crate::protocol) fn control<T: 'static>(&self) -> Option<&T> {
        self.control.as_any().downcast_ref()
    }
}

impl Live for Feed {
    fn kind(&self) -> &'static str {
        "stream"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let state = self.history.state();
        Some(match name {
            "count" => Value::int(state.items.len() as i128),
            "items" => Value::list(state.items.clone()),
            "first" => state.items.first().cloned().unwrap_or(Value::Absent),
            "last" => state.items.last().cloned().unwrap_or(Value::Absent),
            "closed" => Value::Bool(state.closed),
            "error" => state.error.as_ref().map_or(Value::Absent, Fault::record),
            _ if FIELDS.contains(&name) => {
                let fact = self.facts.iter().find(|(known, _)| *known == name);
                fact.map_or(Value::Absent, |(_, value)| value.clone())
            }
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.history.state().items.clone())
    }

    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        Some(self.history.state().times.iter().map(|at| (*at, Some(*at))).collect())
    }

    fn version(&self) -> u64 {
        *self.history.version.borrow()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let history = self.history.clone();
        Box::pin(async move {
            let mut version = history.version.subscribe();
            let _ = version.wait_for(|version| *version != seen || history.is_over()).await;
        })
    }

    fn is_over(&self) -> bool {
        self.history.is_over()
    }

    fn gap(&self) -> Option<Gap> {
        let state = self.history.state();
        match &state.error {
            Some(fault) => Some(Gap::Broken(format!("broke off: {}", fault.message))),
            None => state.closed.then(|| Gap::Closed("was closed by the scenario".to_owned())),
        }
    }

    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            if self.is_over() {
                return Ok(());
            }
            self.control.hail().await.map_err(|fault| fault.message)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
