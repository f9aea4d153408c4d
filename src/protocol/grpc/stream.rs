//! A stream that the scenario holds.

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::call::{Prepared, Request};
use super::exchange::Draft;
use super::fault::Fault;
use super::invoke::{End, Next, Rpc};
use super::metadata;
use super::status::Code;
use super::wire::{Seen, Sent};
use crate::contract::proto::value::{decode, from_message};
use crate::protocol::{ErrorKind, Session};
use crate::value::{Live, Stopwatch, Value};

/// A stream keeps about this many bytes of messages. Past it, the stream ends with an error: a
/// history with a hole would prove nothing.
const MAX_KEPT: usize = if cfg!(test) { 1 << 20 } else { 128 << 20 };
/// What a message costs beside its bytes on the wire.
const OVERHEAD: usize = 256;
/// How many messages wait to be sent before `send` waits as well.
const OUTBOX: usize = 16;

const FIELDS: [&str; 14] = [
    "count", "items", "first", "last", "closed", "status", "code", "message", "details", "headers",
    "trailers", "error", "body", "latency",
];

/// A stream of a gRPC method. It is cancelled when the last holder lets go of it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) shared: Arc<Shared>,
    outbox: Mutex<Option<mpsc::Sender<Bytes>>>,
    pub(super) draft: Draft,
    /// Ends it.
    pub(super) stop: CancellationToken,
}

/// What the task that reads the stream and its holders share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) url: String,
    begun: Instant,
    stopwatch: Stopwatch,
    pub(super) seen: Arc<Seen>,
    /// The contract's types, for error details.
    types: Option<DescriptorPool>,
    state: Mutex<State>,
    /// Counts the changes, and says whether the last one has been.
    changes: watch::Sender<(u64, bool)>,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<Value>,
    /// When each item came.
    times: Vec<i64>,
    /// The one answer of a method that does not stream its answers.
    body: Option<Value>,
    kept: usize,
    /// Whether the answer has begun.
    begun: bool,
    end: Option<Arc<Answer>>,
}

impl Shared {
    fn new(url: &str, begun: Instant, stopwatch: Stopwatch, types: Option<DescriptorPool>) -> Arc<Shared> {
        Arc::new(Shared {
            url: url.to_owned(),
            begun,
            stopwatch,
            seen: Arc::default(),
            types,
            state: Mutex::default(),
            changes: watch::Sender::new((0, false)),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state unless the stream is over, and tells everyone who waits.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        change(&mut state);
        let over = state.end.is_some();
        drop(state);
        self.changes.send_modify(|(version, done)| {
            *version += 1;
            *done = over;
        });
    }

    fn finish(&self, end: End) {
        let body = self.state().body.clone().filter(|_| end.is_ok());
        let answer = Answer::new(end, body, &self.seen, self.types.as_ref(), self.begun.elapsed());
        self.change(|state| {
            state.begun = true;
            state.end = Some(Arc::new(answer));
        });
    }

    /// Waits until the stream is over.
    pub(super) async fn over(&self) -> Option<Arc<Answer>> {
        let _ = self.changes.subscribe().wait_for(|(_, over)| *over).await;
        self.state().end.clone()
    }

    /// Takes in what comes until the end.
    async fn read(&self, rpc: Rpc, outbox: mpsc::Receiver<Bytes>, method: &MethodDescriptor) -> End {
        let mut running = match rpc.start(ReceiverStream::new(outbox)).await {
            Ok(running) => running,
            Err(end) => return end,
        };
        self.change(|state| state.begun = true);
        loop {
            let bytes = match running.next().await {
                Next::Message(bytes) => bytes,
                Next::End(end) if end.is_ok() && self.lacks_answer(method) => {
                    return End::Fault(Fault::nothing(&self.url));
                }
                Next::End(end) => return end,
            };
            if let Err(fault) = self.take(&bytes, method) {
                return End::Fault(fault);
            }
        }
    }

    fn lacks_answer(&self, method: &MethodDescriptor) -> bool {
        !method.is_server_streaming() && self.state().body.is_none()
    }

    fn take(&self, bytes: &Bytes, method: &MethodDescriptor) -> Result<(), Fault> {
        let message = decode(bytes, &method.output()).map_err(|why| Fault::undecodable(&self.url, &why))?;
        let value = from_message(&message);
        if !method.is_server_streaming() {
            if self.state().body.is_some() {
                return Err(Fault::several(&self.url));
            }
            self.change(|state| state.body = Some(value));
            return Ok(());
        }
        if self.state().kept + bytes.len() + OVERHEAD > MAX_KEPT {
            return Err(Fault::new(
                ErrorKind::Protocol,
                Code::RESOURCE_EXHAUSTED,
                format!("`{}` sent more than the {MAX_KEPT} bytes that are kept of a stream", method.name()),
            ));
        }
        self.change(|state| {
            state.kept += bytes.len() + OVERHEAD;
            state.items.push(value);
            state.times.push(self.stopwatch.now());
        });
        Ok(())
    }
}

impl Stream {
    /// Sends the request, and reads what comes until the end, in a task of its own.
    pub(super) fn start(
        request: &Request<'_>,
        prepared: Prepared,
        draft: Draft,
        begun: Instant,
        session: &Session,
    ) -> Stream {
        let method = prepared.method.clone();
        let shared =
            Shared::new(&request.target.url, begun, session.stopwatch, Some(method.parent_pool().clone()));
        let deadline = request.options.deadline;
        let rpc = request.rpc(&prepared, shared.seen.clone(), begun, deadline);
        let (sender, outbox) = mpsc::channel(OUTBOX.max(prepared.messages.len()));
        for message in prepared.messages {
            // The channel has room for all of them.
            let _ = sender.try_send(message);
        }
        let stop = CancellationToken::new();
        let task = Task {
            shared: shared.clone(),
            method: method.clone(),
            stop: stop.clone(),
            cancel: session.cancel.clone(),
            deadline,
        };
        tokio::spawn(task.run(rpc, outbox));
        // A method that takes one message has got it: its side is closed.
        let sender = method.is_client_streaming().then_some(sender);
        Stream { shared, outbox: Mutex::new(sender), draft, stop }
    }

    /// A stream that never was.
    pub(super) fn failed(draft: Draft, fault: Fault, begun: Instant, session: &Session) -> Stream {
        let shared = Shared::new("", begun, session.stopwatch, None);
        shared.finish(End::Fault(fault));
        Stream { shared, outbox: Mutex::default(), draft, stop: CancellationToken::new() }
    }

    /// Whether the server may show that it has begun before it is sent anything more.
    pub(super) fn waits_for_answer(&self) -> bool {
        self.draft
            .method
            .as_ref()
            .is_some_and(|method| method.is_server_streaming() && !method.is_client_streaming())
    }

    /// Waits until the answer has begun, or is over.
    pub(super) async fn begun(&self) {
        let mut changes = self.shared.changes.subscribe();
        while !self.shared.state().begun {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// How it ended, once it has.
    pub(super) fn answer(&self) -> Option<Arc<Answer>> {
        self.shared.state().end.clone()
    }

    /// What puts messages on their way; none once its side is closed.
    pub(super) fn sender(&self) -> MutexGuard<'_, Option<mpsc::Sender<Bytes>>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Reads a stream until it ends, however it ends.
struct Task {
    shared: Arc<Shared>,
    method: MethodDescriptor,
    stop: CancellationToken,
    cancel: CancellationToken,
    deadline: Option<Duration>,
}

impl Task {
    async fn run(self, rpc: Rpc, outbox: mpsc::Receiver<Bytes>) {
        let url = &self.shared.url;
        let late = async {
            match self.deadline {
                Some(deadline) => {
                    tokio::time::sleep_until((self.shared.begun + deadline).into()).await;
                    deadline
                }
                None => std::future::pending().await,
            }
        };
        let end = tokio::select! {
            biased;
            () = self.stop.cancelled() => End::Sent(Sent {
                code: Code::CANCELLED,
                message: "cancelled by the scenario".to_owned(),
                details: None,
            }),
            () = self.cancel.cancelled() => End::Fault(Fault::cancelled(url)),
            end = self.shared.read(rpc, outbox, &self.method) => end,
            deadline = late => End::Fault(Fault::deadline(url, deadline)),
        };
        self.shared.finish(end);
    }
}

impl Live for Stream {
    fn kind(&self) -> &'static str {
        "stream"
    }

    fn name(&self) -> Arc<str> {
        self.draft.name()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let state = self.shared.state();
        let or_absent = |value: Option<Value>| Some(value.unwrap_or(Value::Absent));
        let end = state.end.as_ref();
        match name {
            "count" => Some(Value::int(state.items.len() as i128)),
            "items" => Some(Value::list(state.items.clone())),
            "first" => or_absent(state.items.first().cloned()),
            "last" => or_absent(state.items.last().cloned()),
            "closed" => Some(Value::Bool(end.is_some())),
            "status" => or_absent(end.map(|end| Value::text(end.code.name()))),
            "code" => or_absent(end.map(|end| Value::int(end.code.0))),
            "message" => or_absent(end.map(|end| Value::text(end.message.as_str()))),
            "details" => or_absent(end.map(|end| Value::list(end.details.clone()))),
            "headers" => or_absent(self.shared.seen.headers().map(|headers| metadata::to_value(&headers))),
            "trailers" => or_absent(end.map(|end| metadata::to_value(&end.trailers))),
            "error" => or_absent(end.and_then(|end| end.error.as_ref()).map(Fault::record)),
            "body" => or_absent(state.body.clone()),
            "latency" => or_absent(end.map(|end| Value::duration(end.latency))),
            _ => None,
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        &FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.shared.state().items.clone())
    }

    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        Some(self.shared.state().times.iter().map(|at| (*at, Some(*at))).collect())
    }

    fn version(&self) -> u64 {
        self.shared.changes.borrow().0
    }

    fn changed(&self, seen: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut changes = self.shared.changes.subscribe();
        Box::pin(async move {
            let _ = changes.wait_for(|(version, over)| *over || *version != seen).await;
        })
    }

    fn is_over(&self) -> bool {
        self.shared.changes.borrow().1
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
