//! What a link costs: requests a second and megabytes a second to a service directly, over a plain
//! relay of TCP, and over an observed link: `cargo bench --bench link`. The aim is that the link
//! carries at least half of what the relay does.
//!
//! The three take turns, so that what else the machine does touches them alike; the best turn of
//! each counts. `cargo bench --bench link -- --quick` is over in seconds.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end so")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::{BufMut as _, Bytes, BytesMut};
use h2::client::SendRequest;
use scn::link::{Link, Spec, Wire};
use scn::value::Stopwatch;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// So many callers at once, each with a connection of its own.
const CALLERS: usize = 8;
const SIZES: [usize; 2] = [200, 64 << 10];
const WAYS: [&str; 3] = ["direct", "relay", "link"];

#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    Http,
    Grpc,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (turns, turn) = if quick { (2, Duration::from_millis(500)) } else { (5, Duration::from_secs(2)) };
    println!("{CALLERS} callers; requests a second, MB a second both ways, share of the relay's");
    for (protocol, name) in [(Protocol::Http, "HTTP/1.1"), (Protocol::Grpc, "gRPC")] {
        let service = match protocol {
            Protocol::Http => http().await,
            Protocol::Grpc => grpc().await,
        };
        let relay = relay(service).await;
        for size in SIZES {
            let mut best = [0.0f64; 3];
            for _ in 0..turns {
                for (way, best) in best.iter_mut().enumerate() {
                    // A link of its own, so that no turn pays for what an earlier one wrote down.
                    let link = open(service, protocol).await;
                    let address = [service, relay, link.address()][way];
                    *best = best.max(load(protocol, address, size, turn).await);
                }
            }
            for (way, rate) in WAYS.iter().zip(best) {
                let megabytes = rate * 2.0 * size as f64 / 1e6;
                let share = rate / best[1];
                println!("{name:<9}{size:>6} B  {way:<7}{rate:>9.0}/s {megabytes:>8.1} MB/s {share:>6.2}");
            }
        }
    }
}

async fn open(upstream: SocketAddr, protocol: Protocol) -> Arc<Link> {
    let wire = if protocol == Protocol::Http { Wire::Http } else { Wire::Grpc };
    let spec = Spec {
        from: "bench".into(),
        to: "service".into(),
        wire,
        upstream,
        contract: None,
        stopwatch: Stopwatch::start(),
    };
    Link::open(spec).await.expect("a port is free")
}

/// Requests a second of all callers together.
async fn load(protocol: Protocol, address: SocketAddr, size: usize, turn: Duration) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let done = done.clone();
        callers.spawn(async move {
            match protocol {
                Protocol::Http => call_http(address, size, &done).await,
                Protocol::Grpc => call_grpc(address, size, &done).await,
            }
        });
    }
    tokio::time::sleep(turn / 5).await;
    let (began, before) = (Instant::now(), done.load(Ordering::Relaxed));
    tokio::time::sleep(turn).await;
    let count = done.load(Ordering::Relaxed) - before;
    assert!(count > 0, "nothing passed");
    let rate = count as f64 / began.elapsed().as_secs_f64();
    callers.shutdown().await;
    rate
}

/// Answers with the body that it gets.
async fn http() -> SocketAddr {
    let app = Router::new().route("/echo", post(|body: Bytes| async { body }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// The least that a caller can do, so that the ways differ and not the callers.
async fn call_http(address: SocketAddr, size: usize, done: &AtomicU64) {
    let mut io = TcpStream::connect(address).await.unwrap();
    io.set_nodelay(true).unwrap();
    let mut request = format!(
        "POST /echo HTTP/1.1\r\nHost: service\r\nAccept: */*\r\nContent-Type: application/octet-stream\r\n\
         Content-Length: {size}\r\n\r\n"
    )
    .into_bytes();
    request.resize(request.len() + size, b'x');
    let mut answer = BytesMut::with_capacity(size + 4096);
    loop {
        io.write_all(&request).await.unwrap();
        answer.clear();
        loop {
            let head = answer.windows(4).take(1024).position(|part| part == b"\r\n\r\n");
            if head.is_some_and(|head| answer.len() >= head + 4 + size) {
                break;
            }
            assert!(io.read_buf(&mut answer).await.unwrap() > 0, "the connection ended");
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server of gRPC that answers each call with its message: tonic's own, under its router.
async fn grpc() -> SocketAddr {
    use tonic::codegen::http as codes;

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let echo = axum::routing::any(|request: codes::Request<axum::body::Body>| async {
        let mut server = tonic::server::Grpc::new(raw::Raw);
        server.unary(raw::Echo, request).await
    });
    let app = Router::new().fallback_service(echo);
    let listener = listener.tap_io(|io| io.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn call_grpc(address: SocketAddr, size: usize, done: &AtomicU64) {
    let io = TcpStream::connect(address).await.unwrap();
    io.set_nodelay(true).unwrap();
    let mut settings = h2::client::Builder::new();
    settings.initial_window_size(1 << 20).initial_connection_window_size(4 << 20);
    let (sender, connection) = settings.handshake::<_, Bytes>(io).await.unwrap();
    tokio::spawn(connection);
    let mut message = BytesMut::with_capacity(size + 5);
    message.put_u8(0);
    message.put_u32(size as u32);
    message.resize(size + 5, b'x');
    let message = message.freeze();
    loop {
        let came = unary(&sender, message.clone()).await;
        assert_eq!(came, message.len());
        done.fetch_add(1, Ordering::Relaxed);
    }
}

async fn unary(sender: &SendRequest<Bytes>, message: Bytes) -> usize {
    let request = http::Request::post("http://service/bench.Echo/Say")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let mut sender = sender.clone().ready().await.unwrap();
    let (answer, mut to) = sender.send_request(request, false).unwrap();
    to.send_data(message, true).unwrap();
    let mut body = answer.await.unwrap().into_body();
    let mut came = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        came += data.len();
        body.flow_control().release_capacity(data.len()).unwrap();
    }
    assert_eq!(body.trailers().await.unwrap().unwrap()["grpc-status"], "0");
    came
}

mod raw {
    //! Messages of gRPC as the bytes they are.

    use bytes::{Buf as _, BufMut as _, Bytes};
    use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
    use tonic::{Request, Response, Status};

    #[derive(Clone, Copy, Default)]
    pub(super) struct Raw;

    impl Codec for Raw {
        type Encode = Bytes;
        type Decode = Bytes;
        type Encoder = Raw;
        type Decoder = Raw;

        fn encoder(&mut self) -> Raw {
            Raw
        }

        fn decoder(&mut self) -> Raw {
            Raw
        }
    }

    impl Encoder for Raw {
        type Item = Bytes;
        type Error = Status;

        fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
            to.put(item);
            Ok(())
        }
    }

    impl Decoder for Raw {
        type Item = Bytes;
        type Error = Status;

        fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
            Ok(Some(from.copy_to_bytes(from.remaining())))
        }
    }

    pub(super) struct Echo;

    impl tonic::server::UnaryService<Bytes> for Echo {
        type Response = Bytes;
        type Future = std::future::Ready<Result<Response<Bytes>, Status>>;

        fn call(&mut self, request: Request<Bytes>) -> Self::Future {
            std::future::ready(Ok(Response::new(request.into_inner())))
        }
    }
}

/// Bytes both ways, and nothing else.
async fn relay(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut far = TcpStream::connect(to).await.unwrap();
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                // Its callers simply leave.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}
