//! Protocols: one room each behind one trait. A call comes in as values and goes out as a record,
//! so that relations never learn protocols.

mod broker;
mod cause;
mod credentials;
pub mod exec;
pub mod grpc;
pub mod http;
mod incoming;
mod names;
pub mod nats;
mod parts;
pub mod redis;
pub mod serve;
mod shown;
pub mod sql;
pub mod system;
mod tls;

use std::any::{Any, TypeId};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

pub(crate) use credentials::credentials;
pub use parts::Parts;

use crate::event::Exchange;
use crate::lang::call::ERROR_KINDS;
use crate::lang::{Kind, Safety, Spec};
use crate::value::{BoxFuture, Live, Object, Piece, Redactor, Stopwatch, Value};

/// What a verb says of itself.
fn safety_of(specs: &[Spec], verb: &str) -> Safety {
    let found = specs.iter().find(|spec| spec.kind == Kind::Verb && spec.name == verb);
    found.map_or(Safety::Unknown, |spec| spec.safety)
}

/// One protocol. An instance lives for one run and may hold that run's connection pools.
pub trait Protocol: Send + Sync {
    /// `http`: the word after `speaks`.
    fn name(&self) -> &'static str;

    /// Every name it adds to the language: itself, its verbs, options, response parts, constants.
    fn specs(&self) -> &'static [Spec];

    /// Performs one request. A request that got no response is a reply too, with `error` set and
    /// `succeeded` false; `Err` is only for a call that cannot be made at all.
    /// Dropping the future must abandon the request and leak nothing.
    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>>;

    /// Whether the endpoint is healthy, for `ready health`; `Err` says why not yet. Called again
    /// and again until it holds. Protocols without a notion of health check that it can connect.
    fn healthy<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<(), String>>;

    /// What a call does to the system: what its verb says, unless there is more to see of it.
    fn safety(&self, call: &Call) -> Safety {
        safety_of(self.specs(), &call.verb)
    }

    /// Whether it can hold a call that is not known to be safe to changing nothing, and does so for
    /// a session that is [`Session::only_safe`].
    fn keeps_safe(&self, _call: &Call) -> bool {
        false
    }

    /// Whether one of its own `open`s gave this stream, so that verbs on it are its business alone.
    fn opened(&self, _stream: &dyn Live) -> bool {
        false
    }

    /// Listens in the place of a service and hands every call to the host. Errors: this service
    /// cannot be played, since nothing tells what it speaks; the default, for every service.
    fn serve(
        &self,
        listener: tokio::net::TcpListener,
        endpoint: Arc<Endpoint>,
        host: Arc<dyn serve::Host>,
    ) -> Result<serve::Serving, Misuse> {
        drop((listener, host));
        Err(Misuse::new(format!("`{}` speaks {}, which no double plays", endpoint.service, self.name())))
    }

    /// The service is about to be ended: connections to it that nothing uses are closed, for it may
    /// wait for its clients.
    fn hang_up(&self, _endpoint: &Endpoint) {}
}

/// One request, evaluated.
#[derive(Debug, Clone)]
pub struct Call {
    /// `GET`, `call`, `open`, `exec`.
    pub verb: Arc<str>,
    /// The service it is aimed at.
    pub endpoint: Option<Arc<Endpoint>>,
    /// The stream it is aimed at, for `send`, `close`, `cancel`.
    pub stream: Option<Arc<dyn Live>>,
    /// `.GetEntry` of `ledger.GetEntry`.
    pub members: Vec<Arc<str>>,
    /// `/v1/orders`, a URL, a command, a statement.
    pub place: Option<CallPlace>,
    /// The body, message or rows.
    pub operand: Option<Value>,
    /// The service's own `with`, overridden by the request's; `headers` and `metadata` are merged
    /// name by name.
    pub options: Object,
    /// Names the request among those of its scenario, the same in every run: its span in the trace
    /// context. Counted without one.
    pub span: Option<u64>,
    /// The parts of the response that somebody reads; others may be left out of the record.
    pub reads: Parts,
}

/// Where in the target, evaluated.
#[derive(Debug, Clone)]
pub enum CallPlace {
    /// A path that begins with `/`, encoded.
    Path(crate::value::Text),
    /// A whole URL, encoded.
    Url(crate::value::Text),
    /// Quoted text in pieces: what was written, and what `${…}` gave, so that SQL can bind it.
    Text(Vec<Piece>),
}

/// A running service, as requests see it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its name in the scenarios.
    pub service: Arc<str>,
    /// `http`, `grpc`.
    pub protocol: Arc<str>,
    /// With scheme: `http://127.0.0.1:4100`, `https://orders.example.com`.
    pub url: String,
    /// Its contract.
    pub contract: Option<crate::contract::Contract>,
    /// Where relative files in its options start from.
    pub dir: PathBuf,
}

/// What a request came to.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The record: `status headers body latency error …`, whatever the protocol's response names
    /// say. For `open`, the stream.
    pub record: Value,
    /// Whether it is what a request that nobody checks must be: 2xx, `OK`, exit code 0.
    pub succeeded: bool,
    /// For the report.
    pub exchange: Exchange,
}

/// Why a call cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misuse {
    /// One line.
    pub message: String,
    /// The option at fault, when it is one.
    pub option: Option<String>,
    /// Advice.
    pub help: Option<String>,
}

impl Misuse {
    /// A misuse of no special option.
    pub fn new(message: impl Into<String>) -> Misuse {
        Misuse { message: message.into(), option: None, help: None }
    }

    /// A misuse of an option.
    pub fn option(option: impl Into<String>, message: impl Into<String>) -> Misuse {
        Misuse { message: message.into(), option: Some(option.into()), help: None }
    }

    /// `malformed(…)` inside what is sent.
    pub fn malformed_part() -> Misuse {
        Misuse::new("`malformed(…)` is a whole message, and cannot stand inside another")
            .help("put it around the whole shape: what it makes wrong may be in any part")
    }

    /// With advice.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Misuse {
        Misuse { help: Some(help.into()), ..self }
    }
}

/// What one scenario's requests share: its cookies, its trace, its end.
#[derive(Debug)]
pub struct Session {
    /// Masks secrets.
    pub redactor: Redactor,
    /// Cancelled when the scenario must end; a request under way then ends as `cancelled`.
    pub cancel: CancellationToken,
    /// The directory that `exec` runs in and relative files in options start from.
    pub dir: PathBuf,
    /// The W3C trace id of the scenario, 32 hex digits (Trace Context §3.2.2.3).
    pub trace_id: String,
    /// What starts processes so that none is left behind.
    pub processes: crate::system::Processes,
    /// The run's clock: the times of histories are its.
    pub stopwatch: Stopwatch,
    /// Whether the environment allows only what changes nothing; see [`Protocol::keeps_safe`].
    pub only_safe: bool,
    /// Whether it is one of many clients that bring load: its requests have connections of their own,
    /// and reports show little of those that succeed.
    pub load: bool,
    slots: Arc<Slots>,
    /// What this client shares with no other.
    own: Slots,
}

/// Protocols' own states, by their types.
type Slots = Mutex<foldhash::HashMap<TypeId, Arc<dyn Any + Send + Sync>>>;

impl Session {
    /// A session with empty slots.
    pub fn new(
        redactor: Redactor,
        cancel: CancellationToken,
        dir: PathBuf,
        trace_id: String,
        processes: crate::system::Processes,
    ) -> Session {
        let stopwatch = processes.stopwatch();
        Session {
            redactor,
            cancel,
            dir,
            trace_id,
            processes,
            stopwatch,
            only_safe: false,
            load: false,
            slots: Arc::default(),
            own: Mutex::default(),
        }
    }

    /// The same session for one of many clients that bring load.
    #[must_use]
    pub fn of_client(&self) -> Session {
        Session {
            redactor: self.redactor.clone(),
            cancel: self.cancel.clone(),
            dir: self.dir.clone(),
            trace_id: self.trace_id.clone(),
            processes: self.processes.clone(),
            stopwatch: self.stopwatch,
            only_safe: self.only_safe,
            load: true,
            slots: self.slots.clone(),
            own: Mutex::default(),
        }
    }

    /// A protocol's own state for this scenario, made when it is first asked for: cookies.
    pub fn slot<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        slot_in(&self.slots)
    }

    /// A protocol's own state for this client alone: its connections.
    pub fn own<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        slot_in(&self.own)
    }
}

fn slot_in<T: Default + Send + Sync + 'static>(slots: &Slots) -> Arc<T> {
    let mut slots = slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let slot = slots.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())).clone();
    slot.downcast().unwrap_or_default()
}

/// The kinds of an `error` record: `refused`, `reset`, `timeout`, `tls`, `protocol`, `cancelled`,
/// `exhausted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The connection was refused, or the name has no address: provably not applied.
    Refused,
    /// The connection broke off.
    Reset,
    /// Nothing came in time.
    Timeout,
    /// The TLS handshake failed.
    Tls,
    /// What came breaks the protocol.
    Protocol,
    /// The scenario ended first.
    Cancelled,
    /// This machine had no file or port left for a connection: nothing was sent, and the service is
    /// not at fault.
    Exhausted,
}

impl ErrorKind {
    /// The word in `error.kind`.
    pub const fn word(self) -> &'static str {
        ERROR_KINDS[self as usize]
    }

    /// The `error` record with this kind and a message for people.
    pub fn record(self, message: impl Into<Arc<str>>) -> Value {
        Value::object([("kind", Value::text(self.word())), ("message", Value::text(message.into()))])
    }
}
