//! A stream of Server-Sent Events as a live value. A task of its own reads it until it ends, is
//! closed, or its scenario ends; it does not reconnect, since a test wants to see the break.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::incoming::{Full, Incoming, Receives};
use super::super::{ErrorKind, Session};
use super::fault::Fault;
use super::sse::{Event, Parser};
use super::transfer::next_frame;
use crate::value::{Gap, Value, from_json};

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
    /// Whether only the end of its connection ends it (RFC 9112 §6.3, rule 8), so that nobody can tell
    /// a whole stream from one that broke off.
    pub(super) until_closed: bool,
}

/// What comes, and what the stream says of itself.
#[derive(Debug)]
struct Shared {
    /// Ends with a fault when it broke off.
    events: Arc<Incoming<Option<Fault>>>,
    retry: Mutex<Option<Duration>>,
}

impl EventStream {
    /// Starts to read. At most `limit` bytes of data are held.
    pub(super) fn start(
        opening: Opening,
        body: reqwest::Body,
        limit: usize,
        session: &Session,
    ) -> EventStream {
        let events = Incoming::new(limit, session.stopwatch);
        let shared = Arc::new(Shared { events, retry: Mutex::default() });
        let stop = session.cancel.child_token();
        let reader = Reader {
            shared: shared.clone(),
            shown: opening.shown.clone(),
            began: Instant::now(),
            stop: stop.clone(),
            scenario: session.cancel.clone(),
        };
        tokio::spawn(reader.run(body));
        EventStream { opening, shared, _guard: stop.clone().drop_guard(), stop }
    }

    /// Ends the stream and waits until it has ended.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.shared.events.over().await;
    }

    pub(super) fn url(&self) -> &str {
        &self.opening.shown
    }
}

struct Reader {
    shared: Arc<Shared>,
    shown: String,
    began: Instant,
    stop: CancellationToken,
    scenario: CancellationToken,
}

impl Reader {
    async fn run(self, mut body: reqwest::Body) {
        let mut parser = Parser::new(self.shared.events.limit());
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
            let kept = self.keep(events, parser.retry);
            if let Err(broken) = parsed {
                break Some(Fault::new(ErrorKind::Protocol, format!("`{}`: {broken}", self.shown)));
            }
            if let Err(Full) = kept {
                let message = format!(
                    "the events of `{}` are more than the limit of {} bytes: set `limit` to hold more",
                    self.shown,
                    self.shared.events.limit()
                );
                break Some(Fault::new(ErrorKind::Protocol, message));
            }
        };
        // The connection ends before the stream says that it is closed.
        drop(body);
        self.shared.events.finish(error);
    }

    /// Keeps the events. Errors: there are too many.
    fn keep(&self, events: Vec<Event>, retry: Option<Duration>) -> Result<(), Full> {
        if retry.is_some() {
            *self.shared.retry.lock().unwrap_or_else(PoisonError::into_inner) = retry;
            self.shared.events.touch();
        }
        let at = self.began.elapsed();
        events.into_iter().try_for_each(|event| {
            let bytes = event.data.len();
            self.shared.events.keep(record(event, at), bytes)
        })
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

impl Receives for EventStream {
    type End = Option<Fault>;

    const FIELDS: &'static [&'static str] = &[
        "count", "items", "first", "last", "closed", "error", "status", "headers", "retry", "latency", "url",
    ];

    const ENDS: &'static [&'static str] = &["closed", "error"];

    fn incoming(&self) -> &Arc<Incoming<Option<Fault>>> {
        &self.shared.events
    }

    fn name(&self) -> Arc<str> {
        self.opening.name.clone()
    }

    fn own(&self, name: &str) -> Option<Value> {
        let or_absent = |value: Option<Value>| value.unwrap_or(Value::Absent);
        Some(match name {
            "error" => or_absent(self.shared.events.end().flatten().as_ref().map(Fault::record)),
            "retry" => {
                let retry = self.shared.retry.lock().unwrap_or_else(PoisonError::into_inner);
                or_absent(retry.map(Value::duration))
            }
            "status" => Value::int(self.opening.status),
            "headers" => self.opening.headers.clone(),
            "latency" => Value::duration(self.opening.latency),
            "url" => self.opening.url.clone(),
            _ => return None,
        })
    }

    fn gap(&self) -> Option<Gap> {
        match self.shared.events.end()? {
            Some(fault) => Some(Gap::Broken(format!("broke off: {}", fault.message))),
            None if self.stop.is_cancelled() => Some(Gap::Closed("was closed by the scenario".to_owned())),
            None if self.opening.until_closed => Some(Gap::Broken(UNTIL_CLOSED.to_owned())),
            None => None,
        }
    }
}

/// Of a stream that nothing but its connection ended.
const UNTIL_CLOSED: &str = "ended with its connection alone, which does not say whether that was all: \
                            the server sends neither `content-length` nor `transfer-encoding: chunked`";
