//! Links over real sockets, before real servers.

mod break_bytes;
mod break_messages;
mod http2;
mod pass;
mod steady;
mod tell;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post as posts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::fault::{Counted, Fault, Hit, Kind, Select};
use super::{AtWork, Link, Spec, Wire};
use crate::shape::DrawKey;
use crate::value::{Live as _, Stopwatch, Value, show};

/// So long may take what must happen.
const LONG: Duration = Duration::from_secs(20);

/// Fails instead of hanging.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, what).await.expect("it takes too long")
}

/// A service that counts what it did.
struct Shop {
    address: SocketAddr,
    done: Arc<AtomicUsize>,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    async fn open() -> Shop {
        let (done, bodies) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (count, kept) = (done.clone(), bodies.clone());
        let order = move |body: Bytes| {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            kept.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
            async move { ([("content-type", "application/json")], format!("{{\"number\":{number}}}")) }
        };
        let app = Router::new()
            .route("/orders", posts(order.clone()))
            .route("/orders/{id}", posts(order))
            .route("/huge", get(|| async { vec![b'x'; super::HELD + 1] }))
            .route("/large", get(|| async { "x".repeat(200_000) }))
            .route("/echo", posts(|body: Bytes| async { body }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Shop { address, done, bodies }
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }
}

async fn link(upstream: SocketAddr, wire: Wire) -> Arc<Link> {
    let spec = Spec {
        from: "orders".into(),
        to: "ledger".into(),
        wire,
        upstream,
        contract: None,
        stopwatch: Stopwatch::start(),
    };
    Link::open(spec).await.unwrap()
}

fn fault(kind: Kind, select: Select) -> Fault {
    let key = DrawKey::new(7).with("link");
    Fault { written: kind.name().into(), kind, select, key, trace: None, counted: Counted::default() }
}

/// What was told.
type Told = Arc<Mutex<Vec<(String, u64)>>>;

fn apply(link: &Arc<Link>, faults: Vec<Fault>) -> (AtWork, Told) {
    let told = Told::default();
    let hits = told.clone();
    let tell = move |hit: Hit| hits.lock().unwrap().push((hit.message, hit.index));
    (link.apply(faults, Arc::new(tell)), told)
}

fn hits(told: &Told) -> Vec<(String, u64)> {
    told.lock().unwrap().clone()
}

/// A connection that can be used again.
struct Caller {
    io: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    async fn to(address: SocketAddr) -> Caller {
        Caller { io: TcpStream::connect(address).await.unwrap(), buffer: Vec::new() }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.io.write_all(bytes.as_ref()).await.unwrap();
    }

    async fn more(&mut self) -> std::io::Result<usize> {
        soon(self.io.read_buf(&mut self.buffer)).await
    }

    /// Reads until the text is there; returns everything up to its end.
    async fn until(&mut self, text: &str) -> std::io::Result<String> {
        loop {
            let found = self.buffer.windows(text.len()).position(|part| part == text.as_bytes());
            if let Some(at) = found {
                let taken: Vec<u8> = self.buffer.drain(..at + text.len()).collect();
                return Ok(String::from_utf8_lossy(&taken).into_owned());
            }
            if self.more().await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Reads so many bytes.
    async fn exactly(&mut self, count: usize) -> std::io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            if self.more().await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    /// An answer with a `content-length`: its status and its body.
    async fn answer(&mut self) -> std::io::Result<(u16, String)> {
        let head = self.until("\r\n\r\n").await?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        let body = self.exactly(length.map_or(0, |length| length.parse().unwrap())).await?;
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    async fn post(&mut self, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let length = body.len();
        let request =
            format!("POST {path} HTTP/1.1\r\nHost: ledger\r\nContent-Length: {length}\r\n\r\n{body}");
        self.io.write_all(request.as_bytes()).await?;
        self.answer().await
    }
}

/// A request on a connection of its own.
async fn post(link: &Link, path: &str, body: &str) -> std::io::Result<(u16, String)> {
    Caller::to(link.address()).await.post(path, body).await
}

/// The records, once so many calls have ended.
async fn records(link: &Link, count: usize) -> Vec<Value> {
    let calls = link.calls();
    soon(async {
        loop {
            let seen = calls.version();
            let records = calls.items().unwrap();
            let ended = |record: &Value| record.as_object().is_some_and(|fields| fields.contains_key("end"));
            if records.iter().filter(|record| ended(record)).count() >= count {
                return records;
            }
            calls.changed(seen).await;
        }
    })
    .await
}

fn at(record: &Value, path: &[&str]) -> String {
    let mut value = record.clone();
    for name in path {
        value = value.as_object().and_then(|fields| fields.get(*name).cloned()).unwrap_or(Value::Absent);
    }
    show(&value)
}

/// A server that takes one connection after another, each by this function.
async fn raw<F: Future<Output = ()> + Send + 'static>(serve: fn(Caller) -> F) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (io, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(Caller { io, buffer: Vec::new() }));
        }
    });
    address
}
