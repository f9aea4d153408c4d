//! Why no whole response came, in one clear sentence.

use std::error::Error;
use std::io;

use super::super::cause::{chain, exhausted};
use super::super::{ErrorKind, tls};
use super::phases::{ConnectTimeout, NoAddress};
use crate::value::Value;
use crate::value::words::plain;

/// Why no whole response came.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Fault {
        Fault { kind, message: message.into() }
    }

    pub(super) fn record(&self) -> Value {
        self.kind.record(self.message.as_str())
    }

    pub(super) fn cancelled(url: &str) -> Fault {
        Fault::new(ErrorKind::Cancelled, format!("the scenario ended before `{url}` had answered"))
    }

    pub(super) fn timeout(url: &str, limit: std::time::Duration, phase: &str) -> Fault {
        let limit = crate::value::show(&Value::duration(limit));
        Fault::new(
            ErrorKind::Timeout,
            format!("`{url}` did not answer in full within {limit}: the client was still {phase}"),
        )
    }

    /// What went wrong before the response's headers had come.
    pub(super) fn of_request(error: &(dyn Error + 'static), url: &str) -> Fault {
        classify(error, url, "before it answered")
    }

    /// What went wrong while the body came.
    pub(super) fn of_body(error: &(dyn Error + 'static), url: &str, received: usize) -> Fault {
        classify(error, url, &format!("in the middle of its answer, after {received} bytes of the body"))
    }
}

fn classify(error: &(dyn Error + 'static), url: &str, when: &str) -> Fault {
    let chain = chain(error);
    // The innermost cause knows best.
    let known = chain.iter().rev().find_map(|error| {
        let error = *error;
        error
            .downcast_ref::<rustls::Error>()
            .map(|error| of_tls(error, url))
            .or_else(|| error.downcast_ref::<ConnectTimeout>().map(|_| connect_timeout(url)))
            .or_else(|| error.downcast_ref::<NoAddress>().map(|error| no_address(error, url)))
            .or_else(|| error.downcast_ref::<io::Error>().and_then(|error| of_io(error, url, when)))
            .or_else(|| error.downcast_ref::<h2::Error>().map(|error| of_h2(error, url, when)))
            .or_else(|| error.downcast_ref::<hyper::Error>().and_then(|error| of_hyper(error, url, when)))
    });
    known.unwrap_or_else(|| {
        let cause = chain.last().map(ToString::to_string).unwrap_or_default();
        Fault::new(ErrorKind::Protocol, format!("the exchange with `{url}` failed {when}: {cause}"))
    })
}

fn connect_timeout(url: &str) -> Fault {
    Fault::new(ErrorKind::Timeout, format!("no connection to `{url}` within `connect_timeout`"))
}

fn no_address(error: &NoAddress, url: &str) -> Fault {
    let NoAddress { host, why } = error;
    Fault::new(
        ErrorKind::Refused,
        format!(
            "the host `{host}` of `{url}` has no address ({why}): is the name right, and is the service listening?"
        ),
    )
}

fn of_io(error: &io::Error, url: &str, when: &str) -> Option<Fault> {
    use io::ErrorKind as Io;
    if let Some(what) = exhausted(error) {
        let message = format!("there was no connection to `{url}`, since {what}");
        return Some(Fault::new(ErrorKind::Exhausted, message));
    }
    match error.kind() {
        Io::ConnectionRefused => Some(Fault::new(
            ErrorKind::Refused,
            format!("`{url}` refused the connection: is the service listening?"),
        )),
        Io::HostUnreachable | Io::NetworkUnreachable | Io::AddrNotAvailable | Io::NetworkDown => {
            Some(Fault::new(
                ErrorKind::Refused,
                format!("`{url}` cannot be reached ({}): is the service listening?", plain(error)),
            ))
        }
        Io::ConnectionReset
        | Io::ConnectionAborted
        | Io::BrokenPipe
        | Io::UnexpectedEof
        | Io::NotConnected => Some(reset(url, when)),
        Io::TimedOut => Some(Fault::new(
            ErrorKind::Timeout,
            format!("the connection to `{url}` timed out {when}: the system gave up on it"),
        )),
        _ => None,
    }
}

fn reset(url: &str, when: &str) -> Fault {
    Fault::new(ErrorKind::Reset, format!("`{url}` closed the connection {when}"))
}

fn of_h2(error: &h2::Error, url: &str, when: &str) -> Fault {
    match error.reason() {
        // RFC 9113 §8.7: the request was not processed.
        Some(h2::Reason::REFUSED_STREAM) => {
            Fault::new(ErrorKind::Refused, format!("`{url}` refused the request without looking at it"))
        }
        Some(reason) if error.is_remote() && error.is_reset() => Fault::new(
            ErrorKind::Reset,
            format!("`{url}` reset the HTTP/2 stream {when}: {}", reason.description()),
        ),
        Some(reason) if error.is_remote() => Fault::new(
            ErrorKind::Reset,
            format!("`{url}` ended the HTTP/2 connection {when}: {}", reason.description()),
        ),
        _ => Fault::new(
            ErrorKind::Protocol,
            format!(
                "`{url}` does not speak HTTP/2 as it should, {when}: {error}; does it speak HTTP/2 there at all?"
            ),
        ),
    }
}

fn of_hyper(error: &hyper::Error, url: &str, when: &str) -> Option<Fault> {
    if error.is_incomplete_message()
        || error.is_canceled()
        || error.is_closed()
        || error.is_body_write_aborted()
    {
        return Some(reset(url, when));
    }
    if error.is_parse_too_large() {
        return Some(Fault::new(
            ErrorKind::Protocol,
            format!(
                "`{url}` answered with a head that is too large: the client takes 100 headers and 400 KiB"
            ),
        ));
    }
    if error.is_parse_version_h2() {
        return Some(Fault::new(
            ErrorKind::Protocol,
            format!("`{url}` answered in HTTP/2, not in HTTP/1.1: set `version: \"2\"`"),
        ));
    }
    if error.is_parse() {
        return Some(Fault::new(
            ErrorKind::Protocol,
            format!(
                "`{url}` answered with something that is not HTTP ({error}): does it speak HTTP there, and not TLS?"
            ),
        ));
    }
    None
}

fn of_tls(error: &rustls::Error, url: &str) -> Fault {
    use rustls::{AlertDescription::NoApplicationProtocol, Error as E};
    let message = match error {
        E::AlertReceived(NoApplicationProtocol) | E::NoApplicationProtocol => {
            format!("`{url}` does not offer the HTTP version that the option `version` demands")
        }
        error => tls::message(error, url),
    };
    Fault::new(ErrorKind::Tls, message)
}
