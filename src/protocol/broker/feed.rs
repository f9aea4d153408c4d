//! What a scenario received on a subscription: a live value whose items are the messages so far.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use tokio_util::sync::{CancellationToken, DropGuard};

use super::fault::Fault;
use crate::protocol::ErrorKind;
use crate::protocol::incoming::{Incoming, Receives};
use crate::value::{BoxFuture, Gap, Live, Stopwatch, Value};

/// The messages of a subscription. Whatever receives them has it too, and it outlives neither.
#[derive(Debug)]
pub(in crate::protocol) struct History {
    /// Ends with a fault when that is not because the scenario wanted it.
    incoming: Arc<Incoming<Option<Fault>>>,
    /// For messages; secrets masked.
    shown: String,
}

impl History {
    /// Holds at most `limit` bytes.
    pub(in crate::protocol) fn new(shown: String, limit: usize, stopwatch: Stopwatch) -> Arc<History> {
        Arc::new(History { incoming: Incoming::new(limit, stopwatch), shown })
    }

    /// Keeps a message of so many bytes; one more than there is room for ends it.
    pub(in crate::protocol) fn keep(&self, record: Value, bytes: usize) {
        if self.incoming.keep(record, bytes).is_err() {
            let message = format!(
                "the messages of `{}` are more than the limit of {} bytes: set `limit` to hold more",
                self.shown,
                self.incoming.limit()
            );
            self.end(Some(Fault::broken(ErrorKind::Protocol, message)));
        }
    }

    /// Nothing more will come. The first end counts.
    pub(in crate::protocol) fn end(&self, fault: Option<Fault>) {
        self.incoming.finish(fault);
    }

    pub(in crate::protocol) fn is_over(&self) -> bool {
        self.incoming.is_over()
    }

    /// Waits for the end.
    pub(in crate::protocol) async fn over(&self) {
        self.incoming.over().await;
    }

    pub(in crate::protocol) fn fault(&self) -> Option<Fault> {
        self.incoming.end().flatten()
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

    /// The subscription behind a live value, with what its protocol gave it when that is of this
    /// type.
    pub(in crate::protocol) fn of<T: 'static>(stream: &dyn Live) -> Option<(&Feed, &T)> {
        let feed: &Feed = stream.as_any().downcast_ref()?;
        Some((feed, feed.control.as_any().downcast_ref()?))
    }
}

impl Receives for Feed {
    type End = Option<Fault>;

    const FIELDS: &'static [&'static str] =
        &["count", "items", "first", "last", "closed", "error", "latency", "subject", "consumer", "key"];

    const ENDS: &'static [&'static str] = &["closed", "error"];

    fn incoming(&self) -> &Arc<Incoming<Option<Fault>>> {
        &self.history.incoming
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn own(&self, name: &str) -> Option<Value> {
        let fact = || self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let known = match name {
            "error" => self.history.fault().as_ref().map(Fault::record),
            _ if Self::FIELDS.contains(&name) => fact(),
            _ => return None,
        };
        Some(known.unwrap_or(Value::Absent))
    }

    fn gap(&self) -> Option<Gap> {
        Some(match self.history.incoming.end()? {
            Some(fault) => Gap::Broken(format!("broke off: {}", fault.message)),
            None => Gap::Closed("was closed by the scenario".to_owned()),
        })
    }

    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            if self.history.is_over() {
                return Ok(());
            }
            self.control.hail().await.map_err(|fault| fault.message)
        })
    }
}
