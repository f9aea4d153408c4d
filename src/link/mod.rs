//! Links: what the runner stands on between a caller and a service. A link listens where the
//! caller looks for the service and passes everything on; it tells what passed ([`Calls`]) and
//! breaks it on demand ([`Fault`]). HTTP/1.1, HTTP/2 and gRPC are understood message by message;
//! everything else, TLS included, passes as bytes.

mod calls;
mod drain;
pub mod fault;
mod framing;
mod head;
mod heard;
mod http1;
mod http2;
mod near;
mod relay;
#[cfg(test)]
mod tests;
mod work;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use calls::Calls;
use calls::log::Log;
pub use fault::{Fault, Hit};
use work::Work;

/// A request that a fault holds back may be this many bytes long.
pub const HELD: usize = 64 << 20;

use crate::contract::Contract;
use crate::value::Stopwatch;

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
    /// The clock of the times in records.
    pub stopwatch: Stopwatch,
}

/// One link. Dropping the last handle ends it and every connection through it.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    shared: Arc<Shared>,
    calls: Arc<Calls>,
}

/// What the connections of a link share.
#[derive(Debug)]
struct Shared {
    spec: Spec,
    log: Arc<Log>,
    /// Where requests made from now on go.
    upstream: watch::Sender<SocketAddr>,
    works: Mutex<Vec<Arc<Work>>>,
    /// How many of them have faults of messages, and how many have faults of bytes: looked at for
    /// everything that passes.
    of_messages: AtomicUsize,
    of_bytes: AtomicUsize,
    ended: CancellationToken,
}

impl Shared {
    fn upstream(&self) -> SocketAddr {
        *self.upstream.borrow()
    }

    /// Whether there are faults of messages at work, or of bytes.
    fn has(&self, of_bytes: bool) -> bool {
        let count = if of_bytes { &self.of_bytes } else { &self.of_messages };
        count.load(Ordering::Acquire) > 0
    }

    /// The faults at work, if there are any of messages, or of bytes.
    fn works(&self, of_bytes: bool) -> Vec<Arc<Work>> {
        if self.has(of_bytes) { self.locked().clone() } else { Vec::new() }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Arc<Work>>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one connection of the caller until it ends.
    fn serve(self: &Arc<Self>, io: TcpStream) {
        let Ok((conn, read, write)) = near::open(io, self.clone()) else { return };
        let over = conn.over.clone();
        let serve = async move {
            let mut upstream = conn.shared.upstream.subscribe();
            let address = *upstream.borrow_and_update();
            let far = TcpStream::connect(address).await.ok().filter(|far| far.set_nodelay(true).is_ok());
            match far {
                far if conn.shared.spec.wire != Wire::Bytes => {
                    http1::Http1::new(conn, read, write, far, upstream).serve().await;
                }
                Some(far) => {
                    let near = near::Near { first: BytesMut::new(), read, write };
                    relay::serve(&conn, near, far, BytesMut::new(), upstream).await;
                }
                // As close as it gets to being refused.
                None => conn.reset(),
            }
        };
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = over.cancelled() => {}
                () = serve => {}
            }
        });
    }
}

impl Link {
    /// Begins to listen on a free port of 127.0.0.1. Errors: no port is free.
    pub async fn open(spec: Spec) -> std::io::Result<Arc<Link>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let log = Log::new(&spec);
        let shared = Arc::new(Shared {
            log: log.clone(),
            upstream: watch::Sender::new(spec.upstream),
            works: Mutex::default(),
            of_messages: AtomicUsize::new(0),
            of_bytes: AtomicUsize::new(0),
            ended: CancellationToken::new(),
            spec,
        });
        let address = listener.local_addr()?;
        let link = Arc::new(Link { address, shared: shared.clone(), calls: Arc::new(Calls::new(log)) });
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = shared.ended.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                match accepted {
                    Ok((near, _)) => shared.serve(near),
                    // Too many files are open, or the caller left already: neither ends the link.
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
                }
            }
        });
        Ok(link)
    }

    /// `orders -> ledger`, as messages name it.
    pub fn title(&self) -> String {
        format!("{} -> {}", self.shared.spec.from, self.shared.spec.to)
    }

    /// Where the caller must look for the service.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How much of what passes is understood.
    pub fn wire(&self) -> Wire {
        self.shared.spec.wire
    }

    /// What passed since the link was opened; a history that grows.
    pub fn calls(&self) -> Arc<Calls> {
        self.calls.clone()
    }

    /// Sends every request that comes from now on to another address, such as a test double's, also
    /// those on connections that stand already. Connections of which only bytes are understood are
    /// closed. `None`: to the service again.
    pub fn redirect(&self, to: Option<SocketAddr>) {
        let to = to.unwrap_or(self.shared.spec.upstream);
        self.shared.upstream.send_if_modified(|upstream| std::mem::replace(upstream, to) != to);
    }

    /// Puts faults to work until the guard is dropped. Every hit is told as it happens.
    pub fn apply(self: &Arc<Self>, faults: Vec<Fault>, tell: Arc<dyn Fn(Hit) + Send + Sync>) -> AtWork {
        let work = Work::new(faults, tell);
        self.shared.locked().push(work.clone());
        self.count(&work, |count| count.fetch_add(1, Ordering::AcqRel));
        AtWork { link: self.clone(), work }
    }

    fn count(&self, work: &Work, change: impl Fn(&AtomicUsize) -> usize) {
        for (of_bytes, count) in [(false, &self.shared.of_messages), (true, &self.shared.of_bytes)] {
            if work.has(of_bytes) {
                change(count);
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.ended.cancel();
    }
}

/// Faults at work on a link. Once it is dropped, the next request passes clean: connections that
/// a fault has harmed are closed, and what it held back goes on its way.
#[derive(Debug)]
#[must_use = "the faults end when it is dropped"]
pub struct AtWork {
    link: Arc<Link>,
    work: Arc<Work>,
}

impl AtWork {
    /// Whether a fault could have hit a message and, by its share, did not.
    pub fn spared(&self, fault: usize) -> bool {
        self.work.spared(fault)
    }

    /// Whether a message was longer than [`HELD`], so that nothing became of it as a fault promises.
    pub fn has_overflowed(&self) -> bool {
        self.work.has_overflowed()
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.link.shared.locked().retain(|work| !Arc::ptr_eq(work, &self.work));
        self.link.count(&self.work, |count| count.fetch_sub(1, Ordering::AcqRel));
        self.work.end();
    }
}
