//! Why no whole answer came, in one clear sentence.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::connect::{Connection, Tongue};
use super::status::Code;
use super::tls::Asked;
use super::wire::NotGrpc;
use crate::protocol::{ErrorKind, Misuse};
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

/// The reason without the number of the system's error.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The error and everything that caused it. An [`io::Error`] hides the error that it wraps from
/// `source`, so that one is looked into as well.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut found = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        found.push(error);
        let inner = error.downcast_ref::<io::Error>().and_then(|error| error.get_ref());
        let inner = inner.map(|inner| -> &'a (dyn Error + 'static) { inner });
        let inner = inner.or_else(|| {
            let io = error.downcast_ref::<h2::Error>().and_then(h2::Error::get_io);
            io.map(|io| -> &'a (dyn Error + 'static) { io })
        });
        next = inner.or_else(|| error.source());
    }
    found
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
            .or_else(|| error.downcast_ref::<rustls::Error>().map(|error| tls(error, url)))
            .or_else(|| error.downcast_ref::<h2::Error>().and_then(|error| of_h2(error, url)))
            .or_else(|| error.downcast_ref::<io::Error>().map(|_| broke_off(url)))
    });
    // A server that rejects the client's certificate says so after the handshake, and its words
    // may be lost when it closes the connection in the same breath.
    if known.as_ref().is_none_or(|fault| fault.kind == ErrorKind::Reset)
        && let Some(asked) = connection.rejected()
    {
        return Fault::unavailable(ErrorKind::Tls, client_certificate(asked, url));
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
        .map(|error| tls(error, url))
}

fn tls(error: &rustls::Error, url: &str) -> Fault {
    Fault::unavailable(ErrorKind::Tls, tls_message(error, url))
}

fn tls_message(error: &rustls::Error, url: &str) -> String {
    use rustls::Error as E;
    match error {
        E::InvalidCertificate(error) => certificate_message(error, url),
        E::InvalidMessage(_) => {
            format!("`{url}` does not speak TLS there: use `http://`, and leave out the option `tls`")
        }
        E::AlertReceived(AlertDescription::CertificateRequired) => client_certificate(Asked::InVain, url),
        E::AlertReceived(
            AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError,
        ) => client_certificate(Asked::Answered, url),
        E::AlertReceived(AlertDescription::NoApplicationProtocol) | E::NoApplicationProtocol => {
            format!("`{url}` speaks TLS, but does not offer HTTP/2 there (ALPN), which gRPC needs")
        }
        E::AlertReceived(AlertDescription::UnrecognisedName) => {
            format!("`{url}` does not know this host name: set `tls: {{ server_name: \"…\" }}`")
        }
        other => format!("the TLS handshake with `{url}` failed: {other}"),
    }
}

fn client_certificate(asked: Asked, url: &str) -> String {
    match asked {
        Asked::InVain => {
            format!("`{url}` wants a client certificate: set `tls: {{ cert: \"…\", key: \"…\" }}`")
        }
        Asked::Answered => format!("`{url}` does not accept the client certificate"),
    }
}

fn certificate_message(error: &CertificateError, url: &str) -> String {
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => format!(
            "the certificate of `{url}` is from an authority that is not trusted: name it with `tls: {{ ca: \"…\" }}`"
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => format!(
            "the certificate of `{url}` is for another name: set `tls: {{ server_name: \"…\" }}` if that is right"
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of `{url}` has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of `{url}` is not valid yet")
        }
        other => format!("the certificate of `{url}` is not acceptable: {other}"),
    }
}
