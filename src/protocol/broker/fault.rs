//! Why a broker did not do what it was asked to.

use std::io;
use std::time::Duration;

use crate::protocol::cause::chain;
use crate::protocol::tls::message;
use crate::protocol::{ErrorKind, Session};
use crate::value::words::plain;
use crate::value::{Value, show};

/// Why a request failed, or a subscription ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::protocol) struct Fault {
    /// The word in `error.kind`.
    pub(in crate::protocol) kind: &'static str,
    pub(in crate::protocol) message: String,
    /// What the server itself calls it.
    pub(in crate::protocol) code: Option<String>,
}

impl Fault {
    pub(in crate::protocol) fn new(kind: &'static str, message: impl Into<String>) -> Fault {
        Fault { kind, message: message.into(), code: None }
    }

    /// One of the kinds that every protocol has.
    pub(in crate::protocol) fn broken(kind: ErrorKind, message: impl Into<String>) -> Fault {
        Fault::new(kind.word(), message)
    }

    /// With the server's own name for it.
    pub(in crate::protocol) fn code(self, code: impl Into<String>) -> Fault {
        Fault { code: Some(code.into()), ..self }
    }

    pub(in crate::protocol) fn reset(shown: &str) -> Fault {
        Fault::broken(ErrorKind::Reset, format!("`{shown}` closed the connection"))
    }

    pub(in crate::protocol) fn cancelled(shown: &str) -> Fault {
        Fault::broken(ErrorKind::Cancelled, format!("the scenario ended before `{shown}` had answered"))
    }

    /// A connection that could not be made, or that broke.
    pub(in crate::protocol) fn of_io(error: &io::Error, shown: &str) -> Fault {
        use io::ErrorKind as K;
        let tls = chain(error).into_iter().find_map(|error| error.downcast_ref::<rustls::Error>());
        if let Some(error) = tls {
            return Fault::broken(ErrorKind::Tls, message(error, shown));
        }
        match error.kind() {
            K::ConnectionRefused => Fault::broken(
                ErrorKind::Refused,
                format!("`{shown}` refused the connection: nothing listens there"),
            ),
            K::ConnectionReset | K::BrokenPipe | K::UnexpectedEof | K::ConnectionAborted => {
                Fault::reset(shown)
            }
            K::TimedOut => Fault::broken(ErrorKind::Timeout, format!("`{shown}` did not answer in time")),
            _ if error.to_string().contains("failed to lookup address") => {
                Fault::broken(ErrorKind::Refused, format!("the host of `{shown}` has no address"))
            }
            _ => Fault::broken(ErrorKind::Refused, format!("`{shown}` cannot be reached: {}", plain(error))),
        }
    }

    /// The value of `error`.
    pub(in crate::protocol) fn record(&self) -> Value {
        let mut fields =
            vec![("kind", Value::text(self.kind)), ("message", Value::text(self.message.as_str()))];
        fields.extend(self.code.as_deref().map(|code| ("code", Value::text(code))));
        Value::object(fields)
    }

    /// `permission: …`
    pub(in crate::protocol) fn line(&self) -> String {
        match &self.code {
            Some(code) => format!("{} {code}: {}", self.kind, self.message),
            None => format!("{}: {}", self.kind, self.message),
        }
    }
}

/// Waits for something, at most so long or until the scenario's end.
pub(in crate::protocol) async fn guard<T>(
    session: &Session,
    shown: &str,
    timeout: Duration,
    what: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        () = session.cancel.cancelled() => Err(Fault::cancelled(shown)),
        done = tokio::time::timeout(timeout, what) => done.unwrap_or_else(|_| {
            let timeout = show(&Value::duration(timeout));
            Err(Fault::broken(ErrorKind::Timeout, format!("`{shown}` did not answer within {timeout}")))
        }),
    }
}
