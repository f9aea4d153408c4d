//! gRPC: unary calls and the three kinds of streams, with messages as values. Contracts come from
//! `.proto` files compiled at run time, or from the server's reflection.
//!
//! Answers are judged by what came over the wire: a status counts only when the server sent
//! `grpc-status`. Everything else (no connection, no gRPC, an answer that breaks off) is an
//! `error` with the status that gRPC clients report for it, so that `status == UNAVAILABLE` and
//! `error.kind == "refused"` both hold for a server that is not there.

mod act;
pub(crate) mod answer;
mod call;
mod codec;
mod connect;
mod exchange;
mod fault;
mod health;
mod invoke;
mod malformed;
pub(crate) mod metadata;
mod method;
mod open;
mod options;
mod pool;
mod reflection;
mod serve;
mod specs;
pub(crate) mod status;
mod stream;
mod target;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::serve::{Host, Serving};
use super::{Call, Endpoint, Misuse, Protocol, Reply, Session};
use crate::lang::{Safety, Spec};
use crate::value::BoxFuture;

pub use serve::SPECS as PLAYED;
pub use specs::SPECS;
pub use status::constant;
pub(crate) use wire::is_grpc;

/// How the names of methods begin that only read.
const READS: &[&str] = &["Get", "List", "Watch", "Read", "Check", "Search", "Query"];

/// The protocol. One instance lives for a run and holds its connections, and what reflection told.
#[derive(Debug, Default)]
pub struct Grpc {
    pool: pool::Pool,
    reflected: reflection::Cache,
}

impl Grpc {
    /// With no connections yet.
    pub fn new() -> Grpc {
        Grpc::default()
    }
}

impl Protocol for Grpc {
    fn name(&self) -> &'static str {
        "grpc"
    }

    fn specs(&self) -> &'static [Spec] {
        SPECS
    }

    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
        Box::pin(async move {
            match &*call.verb {
                "call" => self.call(call, session).await,
                "open" => self.open(call, session).await,
                "send" => act::send(call, session).await,
                "close" => act::close(call, session).await,
                "cancel" => act::cancel(call, session).await,
                verb => Err(Misuse::new(format!("gRPC has no verb `{verb}`"))
                    .help("its verbs are `call`, `open`, `send`, `close` and `cancel`")),
            }
        })
    }

    /// gRPC methods say nothing of their safety, so only those named like a read count as safe; what
    /// is done to a stream is as safe as its method, and one that never was takes nothing.
    fn safety(&self, call: &Call) -> Safety {
        let stream = call.stream.as_ref().and_then(|it| it.as_any().downcast_ref::<stream::Stream>());
        let reads = |name: &str| READS.iter().any(|start| name.starts_with(start));
        let is_safe = match stream {
            Some(stream) => stream.draft.method.as_ref().is_none_or(|method| reads(method.name())),
            None => call.members.last().is_some_and(|name| reads(name)),
        };
        if is_safe { Safety::Safe } else { super::safety_of(SPECS, &call.verb) }
    }

    fn opened(&self, stream: &dyn crate::value::Live) -> bool {
        stream.as_any().is::<stream::Stream>()
    }

    fn healthy<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(self.check_health(endpoint))
    }

    fn serve(
        &self,
        listener: tokio::net::TcpListener,
        endpoint: Arc<Endpoint>,
        host: Arc<dyn Host>,
    ) -> Result<Serving, Misuse> {
        serve::serve(listener, endpoint, host)
    }
}
