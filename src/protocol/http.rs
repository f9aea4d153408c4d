//! HTTP/1.1 and HTTP/2 (RFC 9110, 9112, 9113) with Server-Sent Events and WebSockets (RFC 6455).
//!
//! # Operands
//! An object or a list is sent as JSON, text as `text/plain`, bytes as `application/octet-stream`.
//! The constructors come as [`Value::Tagged`]; this is what each must hold:
//!
//! | tag         | value                                                                              |
//! |-------------|------------------------------------------------------------------------------------|
//! | `form`      | object: name to text, number, bool, or a list of them                              |
//! | `text`      | `{ text, type? }`, or the text itself                                              |
//! | `json`      | any value, text and `null` too; may also stand inside a JSON body                  |
//! | `bytes`     | `{ content, type? }` with bytes or text, or the bytes themselves                   |
//! | `file`      | `{ path, type?, name? }`, or the path itself; relative to the session's directory  |
//! | `multipart` | object: name to text, number, bool, bytes, `json text bytes file`, or a list       |
//! | `graphql`   | `{ query, variables?, operation? }`                                                |
//! | `link`      | `{ rel }`, or the relation itself, for the option `pages`                          |
//!
//! # The record
//! `status reason version headers body body_error raw text size latency timing url hops cookies
//! trailers trace_id error`; what there is not is left out. A reply has succeeded when its status is
//! 2xx (neither 304 nor any other 3xx is), its body came whole and is what its content type says,
//! and, for GraphQL, it has no `errors`.
//!
//! A body that did not come whole or is not what its headers say is `unreadable({ message, … })`
//! in `body`: a tagged value that equals nothing, not even `absent`, and shows its reason. The same
//! reason is in `body_error`, the bytes that came in `raw`. When the transport is at fault (broken
//! off, too slow, too large) there is an `error` beside the status, too.
//!
//! No proxy of the environment is asked, no request is repeated, and nothing is cached: what the
//! scenario says is what goes out, once.
//!
//! `CONNECT` is left out: it asks a proxy for a tunnel, and there is no tunnel to test through.

mod client;
pub(crate) mod content;
mod curl;
mod fault;
mod light;
mod link;
pub(crate) mod options;
mod payload;
mod phases;
mod probe;
mod ready;
mod record;
mod serve;
mod socket;
mod specs;
mod sse;
pub(crate) mod stream;
mod target;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod tls;
mod transfer;
mod websocket;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use reqwest::Method;

use super::serve::{Host, Serving};
use super::{Call, Endpoint, ErrorKind, Misuse, Protocol, Reply, Session};
use crate::event::Exchange;
use crate::lang::{Safety, Spec};
use crate::value::BoxFuture;
use crate::value::{Live, Value};
use client::Clients;
use fault::Fault;
use options::Options;
use payload::Payload;
pub(crate) use payload::file_type;
use ready::Ready;
use record::Answer;
use socket::Socket;
use stream::{EventStream, Opening};
use target::Target;
use transfer::Transfer;
use websocket::Offer;

pub use probe::probe;
pub use serve::SPECS as PLAYED;
pub use specs::SPECS;

/// How many pages `pages: link(…)` follows at most.
const MAX_PAGES: usize = 100;

/// The protocol `http`, with the connection pools of one run.
#[derive(Debug, Default)]
pub struct Http {
    clients: Clients,
}

impl Http {
    /// No connection is open yet.
    pub fn new() -> Http {
        Http::default()
    }

    async fn request(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        if session.load
            && let Some(ready) = Ready::of(call, session)?
        {
            let payload = self.payload(call, &ready.options, session).await?;
            if payload.at_hand().is_some() {
                let transfer = self.transfer(&ready.options, &payload, None, session, "*/*", call).await?;
                return light::request(&transfer, &ready, call).await;
            }
        }
        // A box of its own keeps small what a load makes a million times.
        Box::pin(self.common(call, session)).await
    }

    /// A request over the connections that all clients share.
    async fn common(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let options = Options::read(call, session)?;
        let method = method(call, &options)?;
        let target = Target::of(call, &options)?;
        let payload = self.payload(call, &options, session).await?;
        let home = Some(target.url.origin());
        let transfer = self.transfer(&options, &payload, home, session, "*/*", call).await?;
        if let Some(rel) = &options.pages {
            if method != Method::GET {
                return Err(Misuse::option(
                    "pages",
                    format!("pages are followed by `GET`, not by `{method}`"),
                ));
            }
            return self.pages(call, &transfer, target, rel).await;
        }
        let answer = self.exchange(&transfer, method, target).await?;
        Ok(answer.reply(&transfer, service(call)))
    }

    async fn payload(&self, call: &Call, options: &Options, session: &Session) -> Result<Payload, Misuse> {
        let payload = Payload::read(call.operand.as_ref(), &session.dir).await?;
        if payload.is_multipart() && options.has(&reqwest::header::CONTENT_TYPE) {
            return Err(Misuse::option(
                "headers",
                "the `content-type` of `multipart(…)` carries its boundary and cannot be set",
            ));
        }
        Ok(payload)
    }

    async fn transfer<'a>(
        &'a self,
        options: &'a Options,
        payload: &'a Payload,
        origin: Option<url::Origin>,
        session: &'a Session,
        accept: &'static str,
        call: &Call,
    ) -> Result<Transfer<'a>, Misuse> {
        Ok(Transfer {
            clients: &self.clients,
            session,
            state: session.slot(),
            options,
            material: options.tls.load(&options.tls_dir).await?,
            payload,
            span: call.span,
            reads: call.reads,
            sent: AtomicU64::new(0),
            origin,
            accept,
        })
    }

    async fn exchange(
        &self,
        transfer: &Transfer<'_>,
        method: Method,
        target: Target,
    ) -> Result<Answer, Misuse> {
        let sent = transfer.send(method, target).await?;
        Ok(Answer::read(transfer, sent).await)
    }

    /// Follows the links of a relation; the record is the list of all responses.
    async fn pages(
        &self,
        call: &Call,
        transfer: &Transfer<'_>,
        first: Target,
        rel: &str,
    ) -> Result<Reply, Misuse> {
        let mut seen = BTreeSet::new();
        let mut records = Vec::new();
        let mut target = first;
        loop {
            seen.insert(target.url.clone());
            let mut answer = self.exchange(transfer, Method::GET, target).await?;
            let next = answer.link(rel).filter(|_| answer.succeeded);
            match &next {
                Some(next) if seen.contains(&next.url) => {
                    let message = format!(
                        "the pages lead in a circle: `{}` links back to `{}`",
                        answer.shown(),
                        next.shown
                    );
                    answer.fail(Fault::new(ErrorKind::Protocol, message));
                }
                Some(_) if seen.len() == MAX_PAGES => {
                    let message = format!("there are more than {MAX_PAGES} pages, and no more are followed");
                    answer.fail(Fault::new(ErrorKind::Protocol, message));
                }
                _ => {}
            }
            let reply = answer.reply(transfer, service(call));
            records.push(reply.record);
            match next {
                Some(next) if reply.succeeded => target = next,
                _ => {
                    let record = Value::list(records);
                    return Ok(Reply { record, ..reply_of(reply.succeeded, reply.exchange) });
                }
            }
        }
    }

    async fn open(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let mut options = Options::read(call, session)?;
        for (name, given) in
            [("pages", options.pages.is_some()), ("compression", options.compression.is_some())]
        {
            if given {
                return Err(Misuse::option(name, format!("`{name}` means nothing to `open`")));
            }
        }
        let offer = match options.websocket {
            true => Some(Offer::make(call, &mut options, &session.trace_id)?),
            false if !options.subprotocols.is_empty() => {
                return Err(Misuse::option("subprotocols", "only a WebSocket has subprotocols")
                    .help("open one with `websocket: true`"));
            }
            false => None,
        };
        let method = method(call, &options)?;
        let target = Target::of(call, &options)?;
        let payload = self.payload(call, &options, session).await?;
        let accept = if offer.is_some() { "*/*" } else { "text/event-stream" };
        let home = Some(target.url.origin());
        let transfer = self.transfer(&options, &payload, home, session, accept, call).await?;
        let mut sent = transfer.send(method, target).await?;
        let mut subprotocol = None;
        let refusal = match (&sent.head, &offer) {
            (Some(head), Some(offer)) if sent.fault.is_none() => {
                offer.accepted(head, &sent.target.shown).map(|chosen| subprotocol = chosen).err()
            }
            (Some(head), None) if sent.fault.is_none() => record::no_event_stream(head, &sent.target.shown),
            _ => None,
        };
        let Some(head) = sent.head.take_if(|_| refusal.is_none() && sent.fault.is_none()) else {
            let mut answer = Answer::read(&transfer, sent).await;
            if let Some(fault) = refusal {
                answer.fail(fault);
            }
            return Ok(answer.reply(&transfer, service(call)));
        };
        sent.phases.end();
        let exchange = record::opened(&transfer, &sent, &head, service(call));
        let opening = Opening {
            name: service(call).unwrap_or_else(|| sent.target.shown.as_str().into()),
            shown: sent.target.shown.clone(),
            url: Value::text_with(sent.target.url.as_str(), sent.target.secret),
            status: head.status.as_u16(),
            headers: text::header_record(&head.headers),
            latency: transfer::since(&sent),
            until_closed: head.is_until_closed(),
        };
        if let (Some(_), Some(upgrade)) = (offer, head.upgrade) {
            return match upgrade.await {
                Ok(io) => {
                    let socket = Socket::start(opening, subprotocol, io, options.limit, session);
                    Ok(Reply { record: Value::Live(Arc::new(socket)), ..reply_of(true, exchange) })
                }
                Err(error) => {
                    let fault = Fault::of_request(&error, &opening.shown);
                    Ok(Reply {
                        record: Value::object([("error", fault.record())]),
                        ..reply_of(false, exchange)
                    })
                }
            };
        }
        let stream = EventStream::start(opening, head.body, options.limit, session);
        Ok(Reply { record: Value::Live(Arc::new(stream)), ..reply_of(true, exchange) })
    }

    /// `send ws { … }`
    async fn send(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let socket = call.stream.as_ref().and_then(|live| live.as_any().downcast_ref::<Socket>());
        let socket = socket.ok_or_else(|| {
            Misuse::new("`send` needs a WebSocket")
                .help("let ws = open orders /v1/feed with { websocket: true }")
        })?;
        let operand = call.operand.as_ref().ok_or_else(|| Misuse::new("`send` needs a message"))?;
        let message = socket::message(operand).map_err(Misuse::new)?;
        let body = crate::value::show_short(operand, crate::event::BODY_LIMIT);
        let sent = tokio::select! {
            biased;
            () = session.cancel.cancelled() => Err(Fault::cancelled(socket.url())),
            sent = socket.send(message) => sent,
        };
        let exchange = Exchange {
            protocol: "http".to_owned(),
            service: service(call).map(|name| name.to_string()),
            request: format!("send {}", socket.url()),
            request_body: session.redactor.mask(&body).into_owned(),
            response: sent.as_ref().map_or_else(|fault| fault.message.clone(), |()| "sent".to_owned()),
            ..Exchange::default()
        };
        let fields = match &sent {
            Ok(()) => vec![("sent", Value::Bool(true))],
            Err(fault) => vec![("sent", Value::Bool(false)), ("error", fault.record())],
        };
        Ok(Reply { record: Value::object(fields), ..reply_of(sent.is_ok(), exchange) })
    }

    async fn close(&self, call: &Call) -> Result<Reply, Misuse> {
        if let Some(live) = &call.stream
            && let Some(socket) = live.as_any().downcast_ref::<Socket>()
        {
            match &*call.verb {
                "close" => socket.close(socket::farewell(&call.options)?).await,
                _ => socket.cancel().await,
            }
            return Ok(closed(call, socket.url(), &**live));
        }
        let stream = call.stream.as_ref().and_then(|live| live.as_any().downcast_ref::<EventStream>());
        if let Some(name) = ["code", "reason"].into_iter().find(|name| call.options.contains_key(*name)) {
            return Err(Misuse::option(name, format!("`{name}` is said by `close` of a WebSocket")));
        }
        let stream = stream.ok_or_else(|| {
            Misuse::new(format!("`{}` needs a stream that `open` gave", call.verb))
                .help("let feed = open orders /events")
        })?;
        stream.close().await;
        Ok(closed(call, stream.url(), stream))
    }
}

/// What `close` and `cancel` come to.
fn closed(call: &Call, url: &str, stream: &dyn Live) -> Reply {
    let exchange = Exchange {
        protocol: "http".to_owned(),
        service: service(call).map(|name| name.to_string()),
        request: format!("{} {url}", call.verb),
        response: "closed".to_owned(),
        ..Exchange::default()
    };
    let count = stream.field("count").unwrap_or(Value::Absent);
    let record = Value::object([("closed", Value::Bool(true)), ("count", count)]);
    Reply { record, ..reply_of(true, exchange) }
}

fn reply_of(succeeded: bool, exchange: Exchange) -> Reply {
    Reply { record: Value::Absent, succeeded, exchange }
}

fn service(call: &Call) -> Option<Arc<str>> {
    call.endpoint.as_ref().map(|endpoint| endpoint.service.clone())
}

/// The method of a call: its verb, or what the option says where the verb leaves it open.
fn method(call: &Call, options: &Options) -> Result<Method, Misuse> {
    let name = match (&*call.verb, &options.method) {
        ("request", None) => {
            return Err(Misuse::option("method", "`request` needs the option `method`")
                .help("request cache / with { method: \"PURGE\" }"));
        }
        ("open", None) => "GET",
        ("request" | "open", Some(method)) => method,
        (verb, Some(_)) => {
            return Err(Misuse::option("method", format!("`method` cannot change what `{verb}` does"))
                .help("write `request … with { method: \"…\" }`"));
        }
        (verb, None) => verb,
    };
    if name == "CONNECT" {
        return Err(Misuse::option(
            "method",
            "`CONNECT` opens a tunnel through a proxy, which cannot be tested here",
        ));
    }
    let known = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
    match Method::from_bytes(name.as_bytes()) {
        Ok(method) if known => Ok(method),
        _ => Err(Misuse::option("method", format!("`{}` is no method", name.escape_debug()))
            .help("methods are upper-case words (RFC 9110 §9.1)")),
    }
}

impl Protocol for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn specs(&self) -> &'static [Spec] {
        SPECS
    }

    fn serve(
        &self,
        listener: tokio::net::TcpListener,
        endpoint: Arc<Endpoint>,
        host: Arc<dyn Host>,
    ) -> Result<Serving, Misuse> {
        serve::serve(listener, endpoint, host)
    }

    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
        Box::pin(async move {
            match &*call.verb {
                "open" => Box::pin(self.open(call, session)).await,
                "send" => Box::pin(self.send(call, session)).await,
                "close" | "cancel" => Box::pin(self.close(call)).await,
                _ => self.request(call, session).await,
            }
        })
    }

    /// Its option `method` considered: that one can turn an `open` into a `POST`, and it alone says
    /// what `request` does.
    fn safety(&self, call: &Call) -> Safety {
        let method = call.options.get("method").and_then(Value::as_text).unwrap_or(&call.verb);
        super::safety_of(SPECS, method)
    }

    fn opened(&self, stream: &dyn Live) -> bool {
        stream.as_any().is::<EventStream>() || stream.as_any().is::<Socket>()
    }

    fn healthy<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(probe::connects(&endpoint.url))
    }
}
