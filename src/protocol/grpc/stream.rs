//! A stream that the scenario holds.

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
use crate::protocol::incoming::{Full, Incoming, Receives};
use crate::protocol::{ErrorKind, Session};
use crate::value::{Gap, Stopwatch, Value};

/// A stream keeps about this many bytes of messages. Past it, the stream ends with an error.
const MAX_KEPT: usize = if cfg!(test) { 1 << 20 } else { 128 << 20 };
/// How many messages wait to be sent before `send` waits as well.
const OUTBOX: usize = 16;

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
    since: Instant,
    pub(super) seen: Arc<Seen>,
    /// The contract's types, for error details.
    types: Option<DescriptorPool>,
    /// Whether the answer has begun.
    begun: watch::Sender<bool>,
    messages: Arc<Incoming<Arc<Answer>>>,
    /// The one answer of a method that does not stream its answers.
    body: Mutex<Option<Value>>,
}

impl Shared {
    fn new(url: &str, since: Instant, stopwatch: Stopwatch, types: Option<DescriptorPool>) -> Arc<Shared> {
        Arc::new(Shared {
            url: url.to_owned(),
            since,
            seen: Arc::default(),
            types,
            begun: watch::Sender::new(false),
            messages: Incoming::new(MAX_KEPT, stopwatch),
            body: Mutex::default(),
        })
    }

    fn body(&self) -> MutexGuard<'_, Option<Value>> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, end: End) {
        let body = self.body().clone().filter(|_| end.is_ok());
        let answer = Answer::new(end, body, &self.seen, self.types.as_ref(), self.since.elapsed());
        self.messages.finish(Arc::new(answer));
        self.begun.send_replace(true);
    }

    /// Waits until the stream is over.
    pub(super) async fn over(&self) -> Option<Arc<Answer>> {
        self.messages.over().await;
        self.messages.end()
    }

    /// Takes in what comes until the end.
    async fn read(&self, rpc: Rpc, outbox: mpsc::Receiver<Bytes>, method: &MethodDescriptor) -> End {
        let mut running = match rpc.start(ReceiverStream::new(outbox)).await {
            Ok(running) => running,
            Err(end) => return end,
        };
        self.begun.send_replace(true);
        self.messages.touch();
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
        !method.is_server_streaming() && self.body().is_none()
    }

    fn take(&self, bytes: &Bytes, method: &MethodDescriptor) -> Result<(), Fault> {
        let message = decode(bytes, &method.output()).map_err(|why| Fault::undecodable(&self.url, &why))?;
        let value = from_message(&message);
        if !method.is_server_streaming() {
            if self.body().is_some() {
                return Err(Fault::several(&self.url));
            }
            *self.body() = Some(value);
            self.messages.touch();
            return Ok(());
        }
        self.messages.keep(value, bytes.len()).map_err(|Full| {
            Fault::new(
                ErrorKind::Protocol,
                Code::RESOURCE_EXHAUSTED,
                format!("`{}` sent more than the {MAX_KEPT} bytes that are kept of a stream", method.name()),
            )
        })
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
        let _ = self.shared.begun.subscribe().wait_for(|begun| *begun).await;
    }

    /// How it ended, once it has.
    pub(super) fn answer(&self) -> Option<Arc<Answer>> {
        self.shared.messages.end()
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
                    tokio::time::sleep_until((self.shared.since + deadline).into()).await;
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

impl Receives for Stream {
    type End = Arc<Answer>;

    const FIELDS: &'static [&'static str] = &[
        "count", "items", "first", "last", "closed", "status", "code", "message", "details", "headers",
        "trailers", "error", "body", "latency",
    ];

    const ENDS: &'static [&'static str] =
        &["closed", "status", "code", "message", "details", "trailers", "error"];

    fn incoming(&self) -> &Arc<Incoming<Arc<Answer>>> {
        &self.shared.messages
    }

    fn name(&self) -> Arc<str> {
        self.draft.name()
    }

    fn own(&self, name: &str) -> Option<Value> {
        let end = self.answer();
        let value = match name {
            "status" => end.map(|end| Value::text(end.code.name())),
            "code" => end.map(|end| Value::int(end.code.0)),
            "message" => end.map(|end| Value::text(end.message.as_str())),
            "details" => end.map(|end| Value::list(end.details.clone())),
            "headers" => self.shared.seen.headers().map(|headers| metadata::to_value(&headers)),
            "trailers" => end.map(|end| metadata::to_value(&end.trailers)),
            "error" => end.and_then(|end| end.error.as_ref().map(Fault::record)),
            "body" => self.shared.body().clone(),
            "latency" => end.map(|end| Value::duration(end.latency)),
            _ => return None,
        };
        Some(value.unwrap_or(Value::Absent))
    }

    fn gap(&self) -> Option<Gap> {
        let end = self.answer()?;
        if self.stop.is_cancelled() && end.code == Code::CANCELLED && end.error.is_none() {
            return Some(Gap::Closed("was cancelled by the scenario".to_owned()));
        }
        if let Some(fault) = &end.error {
            return Some(Gap::Broken(format!("broke off: {}", fault.message)));
        }
        let said = if end.message.is_empty() { String::new() } else { format!(": {}", end.message) };
        (end.code != Code::OK)
            .then(|| Gap::Broken(format!("was ended by the server with `{}`{said}", end.code.name())))
    }
}
