//! A stream of Server-Sent Events as a live value. A task of its own reads it until it ends, is
//! closed, or its scenario ends; it does not reconnect, since a test wants to see the break.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::{ErrorKind, Session};
use super::fault::Fault;
use super::sse::{Event, Parser};
use super::transfer::next_frame;
use crate::value::{Gap, Live, Stopwatch, Value, from_json};

/// An open event stream.
#[derive(Debug)]
pub(super) struct EventStream {
    opening: Opening,
    shared: Arc<Shared>,
    stop: CancellationToken,
    /// Ends the reading task when nobody holds the stream any more.
    _guard: DropGuard,
}

/// What is known of the response that opened the stream.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) name: Arc<str>,
    /// For messages; secrets masked.
    pub(super) shown: String,
    pub(super) url: Value,
    pub(super) status: u16,
    pub(super) headers: Value,
    pub(super) latency: Duration,
}

#[derive(Debug)]
struct Shared {
    history: Mutex<History>,
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct History {
    items: Vec<Value>,
    /// When each item came.
    times: Vec<i64>,
    /// Bytes of data held.
    held: usize,
    retry: Option<Duration>,
    closed: bool,
    error: Option<Fault>,
}

impl Shared {
    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut History)) {
        change(&mut self.history());
        self.version.send_modify(|version| *version += 1);
    }
}

impl EventStream {
    /// Starts to read. At most `limit` bytes of data are held.
    pub(super) fn start(
        opening: Opening,
        body: reqwest::Body,
        limit: usize,
        session: &Session,
    ) -> EventStream {
        let shared = Arc::new(Shared { history: Mutex::default(), version: watch::Sender::new(0) });
        let stop = session.cancel.child_token();
        let reader = Reader {
            shared: shared.clone(),
            shown: opening.shown.clone(),
            began: Instant::now(),
            limit,
            stop: stop.clone(),
            scenario: session.cancel.clone(),
            stopwatch: session.stopwatch,
        };
        tokio::spawn(reader.run(body));
        EventStream { opening, shared, _guard: stop.clone().drop_guard(), stop }
    }

    /// Ends the stream and waits until it has ended.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        let mut version = self.shared.version.subscribe();
        let _ = version.wait_for(|_| self.is_over()).await;
    }

    pub(super) fn url(&self) -> &str {
        &self.opening.shown
    }
}

struct Reader {
    shared: Arc<Shared>,
    shown: String,
    began: Instant,
    limit: usize,
    stop: CancellationToken,
    scenario: CancellationToken,
    stopwatch: Stopwatch,
}

impl Reader {
    async fn run(self, mut body: reqwest::Body) {
        let mut parser = Parser::new(self.limit);
        let mut received = 0;
        let error = loop {
            let frame = tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    break self.scenario.is_cancelled().then(|| {
                        let message = format!("the scenario ended while the event stream `{}` was open", self.shown);
                        Fault::new(ErrorKind::Cancelled, message)
                    });
                }
                frame = next_frame(&mut body) => frame,
            };
            let data = match frame {
                None => break None,
                Some(Err(error)) => break Some(Fault::of_body(&error.without_url(), &self.shown, received)),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            received += data.len();
            let mut events = Vec::new();
            let parsed = parser.push(&data, &mut events);
            let full = self.keep(events, parser.retry);
            if let Err(broken) = parsed {
                break Some(Fault::new(ErrorKind::Protocol, format!("`{}`: {broken}", self.shown)));
            }
            if full {
                let message = format!(
                    "the events of `{}` are more than the limit of {} bytes: set `limit` to hold more",
                    self.shown, self.limit
                );
                break Some(Fault::new(ErrorKind::Protocol, message));
            }
        };
        // The connection ends before the stream says that it is closed.
        drop(body);
        self.shared.change(|history| {
            history.closed = true;
            history.error = error;
        });
    }

    /// Keeps the events; says whether there are too many.
    fn keep(&self, events: Vec<Event>, retry: Option<Duration>) -> bool {
        if events.is_empty() && retry.is_none() {
            return false;
        }
        let (at, time) = (self.began.elapsed(), self.stopwatch.now());
        let mut full = false;
        self.shared.change(|history| {
            history.retry = retry;
            for event in events {
                // What an event costs besides its data is bounded, too.
                history.held += event.data.len() + 128;
                full = history.held > self.limit;
                if full {
                    break;
                }
                history.items.push(record(event, at));
                history.times.push(time);
            }
        });
        full
    }
}

/// The events of a whole event stream, as a live stream of them has them.
pub(crate) fn events(text: &str) -> Result<Vec<Value>, String> {
    let mut events = Vec::new();
    let parsed = Parser::new(text.len()).push(text.as_bytes(), &mut events);
    parsed.map_err(|broken| broken.to_string())?;
    Ok(events.into_iter().map(|event| record(event, Duration::ZERO)).collect())
}

/// `{ event, id, data, json, at }`: `data` is always text, `json` its value when it is JSON.
fn record(event: Event, at: Duration) -> Value {
    let mut fields = vec![("event", Value::text(event.event))];
    fields.extend(event.id.map(|id| ("id", Value::text(id))));
    let json = from_json(event.data.as_bytes()).ok();
    fields.push(("data", Value::text(event.data)));
    fields.extend(json.map(|json| ("json", json)));
    fields.push(("at", Value::duration(at)));
    Value::object(fields)
}

const FIELDS: &[&str] =
    &["count", "items", "first", "last", "closed", "error", "status", "headers", "retry", "latency", "url"];

impl Live for EventStream {
    fn kind(&self) -> &'static str {
        "stream"
    }

    fn name(&self) -> Arc<str> {
        self.opening.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let history = self.shared.history();
        Some(match name {
            "count" => Value::int(history.items.len() as i128),
            "items" => Value::list(history.items.clone()),
            "first" => history.items.first().cloned().unwrap_or(Value::Absent),
            "last" => history.items.last().cloned().unwrap_or(Value::Absent),
            "closed" => Value::Bool(history.closed),
            "error" => history.error.as_ref().map_or(Value::Absent, Fault::record),
            "retry" => history.retry.map_or(Value::Absent, Value::duration),
            "status" => Value::int(self.opening.status),
            "headers" => self.opening.headers.clone(),
            "latency" => Value::duration(self.opening.latency),
            "url" => self.opening.url.clone(),
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.shared.history().items.clone())
    }

    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        Some(self.shared.history().times.iter().map(|at| (*at, Some(*at))).collect())
    }

    fn version(&self) -> u64 {
        *self.shared.version.borrow()
    }

    fn changed(&self, seen: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let mut version = shared.version.subscribe();
            let _ = version.wait_for(|version| *version != seen || shared.history().closed).await;
        })
    }

    fn is_over(&self) -> bool {
        self.shared.history().closed
    }

    fn gap(&self) -> Option<Gap> {
        let history = self.shared.history();
        match &history.error {
            Some(fault) => Some(Gap::Broken(format!("broke off: {}", fault.message))),
            None if history.closed && self.stop.is_cancelled() => {
                Some(Gap::Closed("was closed by the scenario".to_owned()))
            }
            None => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
