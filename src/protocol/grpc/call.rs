//! `call`: one answer to one message, or to a list of them. And what every request needs first.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{MethodDescriptor, ReflectMessage as _};

use super::Grpc;
use super::answer::Answer;
use super::connect::Connection;
use super::exchange::Draft;
use super::fault::{Fault, Stop};
use super::invoke::{End, Rpc};
use super::method::Found;
use super::options::{DEADLINE, Options};
use super::target::Target;
use super::wire::Seen;
use super::{method, reflection};
use crate::contract::Contract;
use crate::contract::proto::value::{FieldError, decode, from_message, to_message};
use crate::protocol::tls::TlsMaterial;
use crate::protocol::{Call, Endpoint, Misuse, Reply, Session};
use crate::shape::Malformed;
use crate::value::{Object, Value};

/// How many mistakes of a message are told at once.
const MAX_MISTAKES: usize = 10;

/// A request, with its options read.
pub(super) struct Request<'a> {
    pub(super) call: &'a Call,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) options: Options,
    pub(super) target: Target,
    pub(super) wanted: String,
}

/// A request that can be sent.
pub(super) struct Prepared {
    pub(super) connection: Arc<Connection>,
    pub(super) method: MethodDescriptor,
    pub(super) messages: Vec<Bytes>,
}

impl Prepared {
    /// What is sent, read as the other side will read it; a list of all when the method takes a
    /// stream.
    fn asked(&self) -> Value {
        let read = |bytes: &Bytes| decode(bytes, &self.method.input()).map(|message| from_message(&message));
        let mut messages: Vec<Value> = self.messages.iter().filter_map(|bytes| read(bytes).ok()).collect();
        match messages.pop() {
            Some(only) if !self.method.is_client_streaming() => only,
            last => Value::list(messages.into_iter().chain(last).collect()),
        }
    }
}

/// A record with one more field.
fn with(record: Value, name: &str, value: Value) -> Value {
    let Value::Object(fields) = record else { return record };
    let mut fields = Arc::unwrap_or_clone(fields);
    fields.insert(name.into(), value);
    Value::Object(Arc::new(fields))
}

impl<'a> Request<'a> {
    pub(super) fn read(call: &'a Call, session: &Session) -> Result<Request<'a>, Misuse> {
        let options = Options::parse(&call.options)?.with_trace(session, call.span);
        let Some(endpoint) = call.endpoint.clone() else {
            return Err(Misuse::new(format!("`{}` needs a service", call.verb))
                .help(format!("name one that speaks gRPC: `{} ledger.GetEntry {{ … }}`", call.verb)));
        };
        let wanted = method::wanted(call)?;
        let target = Target::new(&endpoint, options.tls.is_some())?;
        Ok(Request { call, endpoint, options, target, wanted })
    }

    pub(super) fn draft(&self) -> Draft {
        Draft::new(
            self.call,
            self.endpoint.clone(),
            self.target.clone(),
            self.options.clone(),
            self.wanted.clone(),
        )
    }

    pub(super) fn rpc(
        &self,
        prepared: &Prepared,
        seen: Arc<Seen>,
        started: Instant,
        deadline: Option<std::time::Duration>,
    ) -> Rpc {
        let left = deadline.map(|deadline| deadline.saturating_sub(started.elapsed()));
        Rpc {
            connection: prepared.connection.clone(),
            path: method::path(&prepared.method),
            headers: self.options.headers(left),
            compression: self.options.compression,
            max_size: self.options.max_size,
            seen,
        }
    }
}

impl Grpc {
    /// `call ledger.GetEntry { … }`.
    pub(super) async fn call(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let request = Request::read(call, session)?;
        let deadline = request.options.deadline.unwrap_or(DEADLINE);
        let url = request.target.url.clone();
        let (mut draft, seen, begun) = (request.draft(), Arc::new(Seen::default()), Instant::now());
        // When the request was sent: connecting is no part of the latency.
        let mut sent = None;
        let mut asked = Value::Absent;
        let work = async {
            let prepared = self.prepare(&request, &mut draft, session).await?;
            if call.reads.has("asked") {
                asked = prepared.asked();
            }
            let messages = tokio_stream::iter(prepared.messages.clone());
            let rpc = request.rpc(&prepared, seen.clone(), begun, Some(deadline));
            sent = Some(Instant::now());
            let (answer, end) = rpc.one(messages).await;
            Ok::<_, Stop>(match answer.map(|bytes| decode(&bytes, &prepared.method.output())) {
                None => (None, end),
                Some(Ok(message)) => (Some(from_message(&message)), end),
                Some(Err(why)) => (None, End::Fault(Fault::undecodable(&url, &why))),
            })
        };
        let outcome = tokio::select! {
            biased;
            () = session.cancel.cancelled() => Err(Stop::Fault(Fault::cancelled(&url))),
            outcome = tokio::time::timeout(deadline, work) => match outcome {
                Ok(outcome) => outcome,
                Err(_) => Err(Stop::Fault(Fault::deadline(&url, deadline))),
            },
        };
        let (body, end) = match outcome {
            Ok(answer) => answer,
            Err(Stop::Misuse(misuse)) => return Err(misuse),
            Err(Stop::Fault(fault)) => (None, End::Fault(fault)),
        };
        let end = past_deadline(end, &url, deadline, begun);
        let pool = draft.method.as_ref().map(|method| method.parent_pool().clone());
        let latency = sent.unwrap_or(begun).elapsed();
        let answer = Answer::new(end, body, &seen, pool.as_ref(), latency);
        let exchange = if session.load && answer.succeeded() {
            draft.light(&answer, &session.redactor)
        } else {
            draft.exchange(Some(&answer), begun.elapsed(), &session.redactor)
        };
        Ok(Reply {
            record: with(answer.record(&session.trace_id, call.reads), "asked", asked),
            succeeded: answer.succeeded(),
            exchange,
        })
    }

    /// Everything before the first byte is sent: method, messages, connection. What a contract
    /// can tell is told without connecting.
    pub(super) async fn prepare(
        &self,
        request: &Request<'_>,
        draft: &mut Draft,
        session: &Session,
    ) -> Result<Prepared, Stop> {
        let service = &request.endpoint.service;
        let tls = self.tls(request).await?;
        match &request.endpoint.contract {
            Some(Contract::Proto(proto)) => {
                let method = session.own::<Found>().method(proto, &request.wanted, service)?;
                draft.method = Some(method.clone());
                let messages = messages(request.call, &method)?;
                let connection = self.connect(request, tls.as_ref(), draft).await?;
                Ok(Prepared { connection, method, messages })
            }
            Some(Contract::OpenApi(_) | Contract::Schema(_)) => Err(Misuse::new(format!(
                "the contract of `{service}` is an OpenAPI document, but it speaks gRPC"
            ))
            .help("name a `.proto` file: `speaks grpc contract \"./ledger.proto\"`")
            .into()),
            None => {
                let connection = self.connect(request, tls.as_ref(), draft).await?;
                let ask = reflection::Ask {
                    connection: &connection,
                    headers: request.options.headers(None),
                    service,
                };
                let mut pool = self.reflected.get(&ask, false).await?;
                if method::find(&pool, &request.wanted, service).is_err() {
                    // The server may be another one by now: a new version behind the same address.
                    pool = self.reflected.get(&ask, true).await?;
                }
                let method = method::find(&pool, &request.wanted, service)?;
                draft.method = Some(method.clone());
                let messages = messages(request.call, &method)?;
                Ok(Prepared { connection, method, messages })
            }
        }
    }

    async fn tls(&self, request: &Request<'_>) -> Result<Option<TlsMaterial>, Misuse> {
        if !request.target.tls {
            return Ok(None);
        }
        let options = request.options.tls.clone().unwrap_or_default();
        options.load(&request.endpoint.dir).await.map(Some)
    }

    async fn connect(
        &self,
        request: &Request<'_>,
        tls: Option<&TlsMaterial>,
        draft: &mut Draft,
    ) -> Result<Arc<Connection>, Stop> {
        let (connection, new) = self.pool.get(&request.target, tls).await?;
        draft.connect = new.then_some(connection.connected_in);
        Ok(connection)
    }
}

/// A server may notice the deadline a moment before the client does. Whoever did, it is the same
/// event, and reads the same.
fn past_deadline(end: End, url: &str, deadline: std::time::Duration, begun: Instant) -> End {
    use super::status::Code;
    match &end {
        End::Sent(sent)
            if matches!(sent.code, Code::DEADLINE_EXCEEDED | Code::CANCELLED)
                && begun.elapsed() >= deadline =>
        {
            End::Fault(Fault::deadline(url, deadline))
        }
        _ => end,
    }
}

impl Fault {
    pub(super) fn undecodable(url: &str, why: &str) -> Fault {
        Fault::protocol(format!("the answer of `{url}` cannot be decoded: {why}"))
    }
}

/// The operand as encoded messages, as many as the method and the verb take.
fn messages(call: &Call, method: &MethodDescriptor) -> Result<Vec<Bytes>, Misuse> {
    let (name, many) = (method.name(), method.is_client_streaming());
    match (&*call.verb, method.is_server_streaming(), many) {
        ("call", true, _) => {
            let service = call.endpoint.as_ref().map_or("", |endpoint| &endpoint.service);
            return Err(Misuse::new(format!(
                "`{name}` answers with a stream, and `call` waits for one answer"
            ))
            .help(format!("use `open`: `let feed = open {service}.{name} {{ … }}`")));
        }
        ("open", false, false) => {
            return Err(Misuse::new(format!(
                "`{name}` is no stream: it takes one message and gives one answer"
            ))
            .help("use `call`"));
        }
        _ => {}
    }
    let empty = Value::Object(Arc::<Object>::default());
    let values: Vec<&Value> = match (&call.operand, many) {
        (None | Some(Value::Absent), false) => vec![&empty],
        (None | Some(Value::Absent), true) if &*call.verb == "open" => Vec::new(),
        (Some(Value::List(items)), true) => items.iter().collect(),
        (Some(value), true) if &*call.verb == "open" => vec![value],
        (_, true) => {
            return Err(Misuse::new(format!(
                "`{name}` takes a stream of messages, and `call` needs all of them"
            ))
            .help("give a list, `[{ … }, { … }]`; or use `open`, then `send` and `close`"));
        }
        (Some(value), false) => vec![value],
    };
    let indexed = values.len() > 1 || matches!(call.operand, Some(Value::List(_))) && many;
    let encoded = values.iter().enumerate().map(|(index, value)| {
        let at = if indexed { format!("[{index}]") } else { String::new() };
        encode(value, method, &at)
    });
    encoded.collect()
}

/// One message of a method; `at` says which in the list.
pub(super) fn encode(value: &Value, method: &MethodDescriptor, at: &str) -> Result<Bytes, Misuse> {
    let input = method.input();
    if let Some(malformed) = Malformed::of(value) {
        return super::malformed::bytes(&malformed, &input).map_err(|mistakes| refused(mistakes, method, at));
    }
    if Malformed::stands_inside(value) {
        return Err(Misuse::malformed_part());
    }
    let message = to_message(value, &input).map_err(|mistakes| refused(mistakes, method, at))?;
    debug_assert_eq!(message.descriptor(), input);
    Ok(message.encode_to_vec().into())
}

/// Why a value is no message of a method.
fn refused(mistakes: Vec<FieldError>, method: &MethodDescriptor, at: &str) -> Misuse {
    let input = method.input();
    let told: Vec<String> =
        mistakes.iter().take(MAX_MISTAKES).map(|mistake| format!("{at}{mistake}")).collect();
    let more = match mistakes.len().saturating_sub(MAX_MISTAKES) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let misuse = Misuse::new(format!(
        "this is no `{}`, which `{}` takes: {}{more}",
        input.full_name(),
        method.name(),
        told.join("; ")
    ));
    let help = mistakes.into_iter().find_map(|mistake| mistake.help);
    misuse.help(help.unwrap_or_else(|| "one that is wrong on purpose is `malformed(…)`".into()))
}
