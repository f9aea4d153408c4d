//! Playing a service: a protocol listens in its place, hands every call to a [`Host`] as a record,
//! and sends what the host answers. The host never learns the protocol, nor the protocol why.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Misuse;
use crate::contract::conform::Breach;
use crate::event::Exchange;
use crate::shape::Pattern;
use crate::value::{BoxFuture, Object, Value};

/// Who answers.
pub trait Host: Send + Sync {
    /// One call came. A future that is dropped: the caller has gone away.
    fn called(self: Arc<Self>, call: Received) -> BoxFuture<'static, ()>;
}

/// A call that came.
pub struct Received {
    /// The record, with these [`FIELDS`](crate::lang::call::FIELDS).
    pub record: Object,
    /// What `.x` speaks of: the record for HTTP, the message or the list of them for gRPC.
    pub at_hand: Value,
    /// All that tells calls apart: method, path and body.
    pub content: Vec<u8>,
    /// For the report.
    pub exchange: Exchange,
    /// Why the call could not be read whole.
    pub unreadable: Option<String>,
    /// Why the contract does not allow the call.
    pub off_contract: Option<OffContract>,
    /// Whether nobody minds when no rule takes it: a probe of health or of reflection.
    pub is_incidental: bool,
    /// Sends the answer.
    pub responder: Box<dyn Responder>,
}

/// Sends what a host answers. What is refused is not sent.
pub trait Responder: Send + Sync {
    /// Whether a call has any number of replies.
    fn is_stream(&self) -> bool;

    /// What the contract says of a reply with these options: `reply any` draws one.
    fn shape(&self, options: &Object) -> Result<Pattern, Misuse>;

    /// Sends a reply; one or more messages of a stream: of a list, each.
    fn reply<'a>(
        &'a mut self,
        body: &'a Value,
        options: &'a Object,
    ) -> BoxFuture<'a, Result<Answered, Unfit>>;

    /// Fails the call: with a status by name, or by breaking the connection off.
    fn fail(
        &mut self,
        status: Option<&str>,
        message: Option<&str>,
        options: &Object,
    ) -> Result<Answered, Unfit>;

    /// Says that there is no answer.
    fn refuse(&mut self, refusal: Refusal, why: &str) -> Answered;
}

/// Why a call gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No rule takes it: 501 or `UNIMPLEMENTED`.
    Unmatched,
    /// Nobody plays the service now: 503 or `UNAVAILABLE`.
    Inactive,
    /// A rule takes it and gives no answer that can be sent: 500 or `INTERNAL`.
    Broken,
}

/// Why an answer cannot be sent.
#[derive(Debug, Clone)]
pub enum Unfit {
    /// It is no answer of the protocol.
    Misuse(Misuse),
    /// The contract does not allow it.
    OffContract(OffContract),
}

impl From<Misuse> for Unfit {
    fn from(misuse: Misuse) -> Unfit {
        Unfit::Misuse(misuse)
    }
}

/// What the contract does not allow.
#[derive(Debug, Clone)]
pub struct OffContract {
    /// `POST /v1/orders`
    pub operation: String,
    /// Everything that is wrong; at least one.
    pub breaches: Vec<Breach>,
}

/// What went out.
#[derive(Debug, Clone, Default)]
pub struct Answered {
    /// `status headers body trailers`, as in the records of [`crate::link::Calls`].
    pub response: Object,
    /// For the report: `201 Created`.
    pub line: String,
    /// The headers as they went out.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
}

impl Answered {
    /// Puts it beside the call.
    pub fn beside(&self, exchange: &mut Exchange) {
        exchange.response.clone_from(&self.line);
        exchange.response_headers.clone_from(&self.headers);
        exchange.response_body.clone_from(&self.body);
    }
}

/// A service that is played, until it is dropped.
pub type Serving = BoxFuture<'static, Infallible>;

/// Takes connections, of HTTP/1.1 and of HTTP/2 without TLS, and hands each request to `answer`,
/// whose error breaks the connection off.
pub(super) fn listen<B, A>(listener: TcpListener, answer: A) -> Serving
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    A: Fn(Request<Incoming>) -> BoxFuture<'static, Result<Response<B>, std::io::Error>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    Box::pin(async move {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next() => continue,
            };
            // Such as too many open files: others may end meanwhile.
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                continue;
            };
            let _ = stream.set_nodelay(true);
            let answer = answer.clone();
            connections.spawn(async move {
                let service = service_fn(answer);
                // A caller that breaks off is no failure of ours.
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    })
}

/// Whether a reply breaks the contract on purpose: `with { contract: ignore }`.
pub(super) fn ignores(options: &Object) -> bool {
    options.get("contract").and_then(Value::as_text) == Some("ignore")
}

/// The trace id of a `traceparent`: `00-TRACE-SPAN-01` (W3C Trace Context §3.2.2).
pub(super) fn trace_of(headers: &HeaderMap) -> Value {
    let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
    match parent.and_then(|parent| parent.split('-').nth(1)) {
        Some(trace) if trace.len() == 32 => Value::text(trace),
        _ => Value::Absent,
    }
}
