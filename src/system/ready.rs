//! Readiness: when a service may be used.

use std::fmt;
use std::sync::Arc;

use super::CommandSpec;
use crate::protocol::BoxFuture;

/// Asks once whether a service is healthy; `Err` says why not yet. The run makes it from the
/// protocol's `healthy`.
pub type Health = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// How a service shows that it is ready.
#[derive(Clone)]
pub enum Ready {
    /// `ready GET /healthz`: a GET that is answered with 2xx.
    Http {
        /// Begins with `/`.
        path: String,
    },
    /// `ready health`: the protocol's own health check.
    Health(Health),
    /// `ready tcp`: a connection to its port is accepted.
    Tcp,
    /// `ready exec "…"`: a command that exits with 0.
    Command(CommandSpec),
    /// Ready as soon as it is started.
    None,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ready::Http { path } => write!(f, "GET {path}"),
            Ready::Health(_) => f.write_str("health"),
            Ready::Tcp => f.write_str("tcp"),
            Ready::Command(command) => write!(f, "{command:?}"),
            Ready::None => f.write_str("none"),
        }
    }
}
