//! Why no whole answer came, in one clear sentence.

use std::error::Error;
use std::io;

use super::connect::{Connection, Tongue};
use super::status::Code;
use super::wire::NotGrpc;
use crate::protocol::cause::chain;
use crate::protocol::{ErrorKind, Misuse, tls};
use crate::value::{Value, show};

/// Why no whole answer came, with the status that gRPC clients report for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) code: Code,
    pub(super) message: String,
}

/// Why a request went no further.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be made as asked.
    Misuse(Misuse),
    /// It failed.
    Fault(Fault),
}

impl From<Misuse> for Stop {
    fn from(misuse: Misuse) -> Stop {
        Stop::Misuse(misuse)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Fault(fault)
    }
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, code: Code, message: impl Into<String>) -> Fault {
        Fault { kind, code, message: message.into() }
    }

    /// A connection that is not there or broke.
    pub(super) fn unavailable(kind: ErrorKind, message: impl Into<String>) -> Fault {
        Fault::new(kind, Code::UNAVAILABLE, message)
    }

    /// An answer that breaks the protocol.
    pub(super) fn protocol(message: impl Into<String>) -> Fault {
        Fault::new(ErrorKind::Protocol, Code::INTERNAL, message)
    }

    pub(super) fn deadline(url: &str, deadline: std::time::Duration) -> Fault {
        let deadline = show(&Value::duration(deadline));
        Fault::new(
            ErrorKind::Timeout,
            Code::DEADLINE_EXCEEDED,
            format!("`{url}` did not answer within the deadline of {deadline}"),
        )
    }

    pub(super) fn cancelled(url: &str) -> Fault {
        Fault::new(
            ErrorKind::Cancelled,
            Code::CANCELLED,
            format!("the scenario ended before `{url}` had answered"),
        )
    }

    pub(super) fn record(&self) -> Value {
        self.kind.record(self.message.as_str())
    }

    /// What a status means that the client made up itself, because the server sent none.
    pub(super) fn of_status(status: &tonic::Status, connection: &Connection, max_size: usize) -> Fault {
        let url = &connection.target.url;
        match status.source() {
            Some(source) => of_source(source, connection),
            None => of_local(status, url, max_size),
        }
    }
}

fn of_source(source: &(dyn Error + 'static), connection: &Connection) -> Fault {
    let url = &connection.target.url;
    if let Some(fault) = connection.speaks().and_then(|tongue| of_tongue(tongue, connection)) {
        return fault;
    }
    let chain = chain(source);
    // The innermost cause knows best.
    let known = chain.iter().rev().find_map(|error| {
        let error = *error;
        error
            .downcast_ref::<NotGrpc>()
            .map(|error| of_http(error, url))
            .or_else(|| error.downcast_ref::<rustls::Error>().map(|error| of_tls(error, url)))
            .or_else(|| error.downcast_ref::<h2::Error>().and_then(|error| of_h2(error, url)))
            .or_else(|| error.downcast_ref::<io::Error>().map(|_| broke_off(url)))
    });
    // A server that rejects the client's certificate says so after the handshake, and its words
    // may be lost when it closes the connection in the same breath.
    if known.as_ref().is_none_or(|fault| fault.kind == ErrorKind::Reset)
        && let Some(asked) = connection.rejected()
    {
        return Fault::unavailable(ErrorKind::Tls, tls::client_certificate(asked, url));
    }
    known.unwrap_or_else(|| {
        let closed = chain.iter().filter_map(|error| error.downcast_ref::<hyper::Error>());
        if closed
            .into_iter()
            .any(|error| error.is_closed() || error.is_canceled() || error.is_incomplete_message())
        {
            return broke_off(url);
        }
        let cause = chain.last().map(ToString::to_string).unwrap_or_default();
        Fault::unavailable(ErrorKind::Reset, format!("the call to `{url}` broke off: {cause}"))
    })
}

fn broke_off(url: &str) -> Fault {
    Fault::unavailable(ErrorKind::Reset, format!("`{url}` closed the connection before it had answered"))
}

fn of_tongue(tongue: Tongue, connection: &Connection) -> Option<Fault> {
    let url = &connection.target.url;
    match tongue {
        Tongue::Tls if connection.target.tls => None,
        Tongue::Tls => Some(Fault::unavailable(
            ErrorKind::Tls,
            format!(
                "`{url}` speaks TLS there, and was spoken to in plain text: use `https://`, or the option `tls`"
            ),
        )),
        Tongue::Http1 => Some(Fault::new(
            ErrorKind::Protocol,
            Code::UNAVAILABLE,
            format!("`{url}` answered in HTTP/1: it is no gRPC server"),
        )),
        Tongue::Other => Some(Fault::new(
            ErrorKind::Protocol,
            Code::UNAVAILABLE,
            format!("`{url}` does not speak HTTP/2: it is no gRPC server"),
        )),
    }
}

/// An HTTP answer that carries no gRPC; its status maps as
/// <https://grpc.github.io/grpc/core/md_doc_http-grpc-status-mapping.html> says.
fn of_http(error: &NotGrpc, url: &str) -> Fault {
    let code = match error.status {
        400 => Code::INTERNAL,
        401 => Code::UNAUTHENTICATED,
        403 => Code::PERMISSION_DENIED,
        404 => Code::UNIMPLEMENTED,
        429 | 502 | 503 | 504 => Code::UNAVAILABLE,
        _ => Code::UNKNOWN,
    };
    let content = match &error.content_type {
        Some(content) => format!("`{content}`"),
        None => "no content type".to_owned(),
    };
    Fault::new(
        ErrorKind::Protocol,
        code,
        format!(
            "`{url}` answered HTTP {} with {content}, which is no gRPC: is this the gRPC port, and no proxy in between?",
            error.status
        ),
    )
}

fn of_h2(error: &h2::Error, url: &str) -> Option<Fault> {
    if error.is_io() {
        return Some(broke_off(url));
    }
    let reason = error.reason()?;
    let why = reason.description();
    Some(match reason {
        // RFC 9113 §8.7: the request was not processed.
        h2::Reason::REFUSED_STREAM => Fault::unavailable(
            ErrorKind::Refused,
            format!("`{url}` refused the request without looking at it"),
        ),
        _ if error.is_remote() && error.is_go_away() => {
            Fault::unavailable(ErrorKind::Reset, format!("`{url}` ended the connection: {why}"))
        }
        h2::Reason::CANCEL if error.is_remote() => {
            Fault::new(ErrorKind::Reset, Code::CANCELLED, format!("`{url}` reset the stream: {why}"))
        }
        h2::Reason::ENHANCE_YOUR_CALM if error.is_remote() => Fault::new(
            ErrorKind::Reset,
            Code::RESOURCE_EXHAUSTED,
            format!("`{url}` reset the stream: it got too much"),
        ),
        _ if error.is_remote() => {
            Fault::new(ErrorKind::Reset, Code::INTERNAL, format!("`{url}` reset the stream: {why}"))
        }
        _ => Fault::protocol(format!("`{url}` does not speak HTTP/2 as it should: {why}")),
    })
}

/// What tonic itself found wrong with the answer.
fn of_local(status: &tonic::Status, url: &str, max_size: usize) -> Fault {
    let said = status.message();
    if said.contains("message length too large") || said.contains("exceeded while decompressing") {
        return Fault::new(
            ErrorKind::Protocol,
            Code::RESOURCE_EXHAUSTED,
            format!("`{url}` sent a message that is larger than `max_size`, {max_size} bytes"),
        );
    }
    if said.contains("isn't supported") || said.contains("no grpc-encoding") {
        return Fault::protocol(format!(
            "`{url}` compressed its answer in a way that it was not offered: {said}"
        ));
    }
    if said.contains("Unexpected EOF") {
        return Fault::truncated(url);
    }
    if said.contains("missing grpc-status") {
        return Fault::statusless(url);
    }
    let said = said.strip_prefix("protocol error: ").unwrap_or(said);
    Fault::protocol(format!("the answer of `{url}` breaks the protocol: {said}"))
}

/// The TLS error that an I/O error wraps.
pub(super) fn tls_in(error: &(dyn Error + 'static), url: &str) -> Option<Fault> {
    chain(error)
        .into_iter()
        .find_map(|error| error.downcast_ref::<rustls::Error>())
        .map(|error| of_tls(error, url))
}

fn of_tls(error: &rustls::Error, url: &str) -> Fault {
    use rustls::{AlertDescription::NoApplicationProtocol, Error as E};
    let message = match error {
        E::AlertReceived(NoApplicationProtocol) | E::NoApplicationProtocol => {
            format!("`{url}` speaks TLS, but does not offer HTTP/2 there (ALPN), which gRPC needs")
        }
        error => tls::message(error, url),
    };
    Fault::unavailable(ErrorKind::Tls, message)
}
