//! Links: what the runner stands on between a caller and a service. A link listens where the
//! caller looks for the service and passes everything on; it tells what passed ([`Calls`]) and
//! breaks it on demand ([`Fault`]). HTTP/1.1, HTTP/2 and gRPC are understood message by message;
//! everything else, TLS included, passes as bytes.

mod calls;
pub mod fault;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

pub use calls::Calls;
pub use fault::{Fault, Hit};

use crate::contract::Contract;

/// How much a link understands of what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// HTTP/1.1 and HTTP/2 without TLS.
    Http,
    /// gRPC over HTTP/2 without TLS.
    Grpc,
    /// Only bytes.
    Bytes,
}

/// What a link is made of.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Who calls: a service's name, or `client`.
    pub from: Arc<str>,
    /// The service that is called.
    pub to: Arc<str>,
    /// How much of it is understood.
    pub wire: Wire,
    /// Where the service is: `127.0.0.1:4100`.
    pub upstream: SocketAddr,
    /// Decodes gRPC messages, when the service has one.
    pub contract: Option<Contract>,
    /// When the run began: the times in records count from there.
    pub began: Instant,
}

/// One link. Dropping the last handle ends it and every connection through it.
#[derive(Debug)]
pub struct Link {
    spec: Spec,
    address: SocketAddr,
    calls: Arc<Calls>,
    /// Where connections made from now on go.
    upstream: Mutex<SocketAddr>,
    ended: CancellationToken,
}

impl Link {
    /// Begins to listen on a free port of 127.0.0.1. Errors: no port is free.
    pub async fn open(spec: Spec) -> std::io::Result<Arc<Link>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let link = Arc::new(Link {
            address: listener.local_addr()?,
            calls: Arc::new(Calls::new(&spec)),
            upstream: Mutex::new(spec.upstream),
            ended: CancellationToken::new(),
            spec,
        });
        let (ended, weak) = (link.ended.clone(), Arc::downgrade(&link));
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = ended.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let (Ok((mut near, _)), Some(link)) = (accepted, weak.upgrade()) else { return };
                let (upstream, ended) = (link.upstream(), ended.clone());
                tokio::spawn(async move {
                    let Ok(mut far) = TcpStream::connect(upstream).await else { return };
                    tokio::select! {
                        () = ended.cancelled() => {}
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    }
                });
            }
        });
        Ok(link)
    }

    /// `orders -> ledger`, as messages name it.
    pub fn title(&self) -> String {
        format!("{} -> {}", self.spec.from, self.spec.to)
    }

    /// Where the caller must look for the service.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What passed since the link was opened; a history that grows.
    pub fn calls(&self) -> Arc<Calls> {
        self.calls.clone()
    }

    /// Sends everything that comes from now on to another address, such as a test double's;
    /// connections to the old one are closed once they are idle. `None`: to the service again.
    pub fn redirect(&self, to: Option<SocketAddr>) {
        *self.upstream.lock().unwrap_or_else(PoisonError::into_inner) = to.unwrap_or(self.spec.upstream);
    }

    /// Puts faults to work until the guard is dropped. Every hit is told as it happens.
    pub fn apply(self: &Arc<Self>, faults: Vec<Fault>, tell: Arc<dyn Fn(Hit) + Send + Sync>) -> AtWork {
        let _ = (faults, tell);
        AtWork { link: self.clone() }
    }

    fn upstream(&self) -> SocketAddr {
        *self.upstream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.ended.cancel();
    }
}

/// Faults at work on a link. Once it is dropped, the next request passes clean: connections that
/// a fault has harmed are closed.
#[derive(Debug)]
#[must_use = "the faults end when it is dropped"]
pub struct AtWork {
    link: Arc<Link>,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let _ = &self.link;
    }
}
