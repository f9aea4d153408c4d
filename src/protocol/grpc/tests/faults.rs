//! What goes wrong, each in one clear sentence.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use hyper::body::Frame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::super::Grpc;
use super::server::{Server, encode};
use super::*;

/// A server that reads what comes and answers with these bytes, then closes; or stays silent.
async fn tcp(answer: Option<&'static [u8]>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buf = [0; 1024];
                let _ = stream.read(&mut buf).await;
                if let Some(answer) = answer {
                    let _ = stream.write_all(answer).await;
                    let _ = stream.shutdown().await;
                }
                // Closing with bytes unread would reset the connection.
                while stream.read(&mut buf).await.is_ok_and(|n| n > 0) {}
            });
        }
    });
    addr
}

/// An HTTP/2 answer, frame by frame.
#[derive(Clone)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    data: Vec<Bytes>,
    trailers: Option<Vec<(&'static str, &'static str)>>,
}

struct Frames(VecDeque<Frame<Bytes>>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

fn header_map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
}

async fn http2(answer: Answer) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(move || {
        let answer = answer.clone();
        async move {
            let mut frames: VecDeque<_> = answer.data.into_iter().map(Frame::data).collect();
            frames.extend(answer.trailers.map(|trailers| Frame::trailers(header_map(&trailers))));
            let mut response = Response::new(axum::body::Body::new(Frames(frames)));
            *response.status_mut() = answer.status.try_into().unwrap();
            *response.headers_mut() = header_map(&answer.headers);
            response
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    addr
}

const GRPC: (&str, &str) = ("content-type", "application/grpc");

/// A length-prefixed message.
fn framed(message: &[u8]) -> Bytes {
    let mut out = vec![0];
    out.extend((message.len() as u32).to_be_bytes());
    out.extend(message);
    out.into()
}

async fn ask(url: String) -> (String, String, String) {
    let call = request("call", &ledger(url.clone()), "Only", Some(v(r#"{"id":"x"}"#)), within(20_000));
    let reply = perform(&Grpc::new(), call).await;
    let record = &reply.record;
    assert!(!reply.succeeded, "{}", show(record));
    let text = |path: &str| at(record, path).as_text().unwrap_or("absent").replace(&url, "URL");
    (text("status"), text("error.kind"), text("error.message"))
}

async fn at_addr(addr: SocketAddr) -> (String, String, String) {
    ask(format!("http://{addr}")).await
}

fn triple(status: &str, kind: &str, message: &str) -> (String, String, String) {
    (status.to_owned(), kind.to_owned(), message.to_owned())
}

#[tokio::test]
async fn a_refused_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let want = triple("UNAVAILABLE", "refused", "`URL` refused the connection: is the service listening?");
    assert_eq!(at_addr(addr).await, want);
    let (_, kind, message) = ask("http://no-such-host.invalid:1".to_owned()).await;
    assert_eq!(kind, "refused");
    assert!(message.starts_with("the host `no-such-host.invalid` of `URL` has no address"), "{message}");
}

#[tokio::test]
async fn a_server_that_is_no_grpc() {
    let http1 = tcp(Some(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")).await;
    assert_eq!(
        at_addr(http1).await,
        triple("UNAVAILABLE", "protocol", "`URL` answered in HTTP/1: it is no gRPC server")
    );
    let ssh = tcp(Some(b"SSH-2.0-OpenSSH_9.7\r\n")).await;
    let want = triple("UNAVAILABLE", "protocol", "`URL` does not speak HTTP/2: it is no gRPC server");
    assert_eq!(at_addr(ssh).await, want);
    let closes = tcp(Some(b"")).await;
    let want = triple("UNAVAILABLE", "reset", "`URL` closed the connection before it had answered");
    assert_eq!(at_addr(closes).await, want);
    for (status, name) in
        [(404, "UNIMPLEMENTED"), (503, "UNAVAILABLE"), (401, "UNAUTHENTICATED"), (418, "UNKNOWN")]
    {
        let headers = vec![("content-type", "text/html")];
        let addr = http2(Answer { status, headers, data: vec![Bytes::from("<p>")], trailers: None }).await;
        let message = format!(
            "`URL` answered HTTP {status} with `text/html`, which is no gRPC: is this the gRPC port, and no proxy in between?"
        );
        assert_eq!(at_addr(addr).await, triple(name, "protocol", &message));
    }
}

#[tokio::test]
async fn an_answer_without_a_status_is_no_success() {
    let entry = framed(&encode("Entry", &v(r#"{"id":"x"}"#)));
    let headers = vec![GRPC];
    let none = Answer { status: 200, headers: headers.clone(), data: vec![entry.clone()], trailers: None };
    let want = triple("INTERNAL", "protocol", "`URL` ended its answer without a `grpc-status`");
    assert_eq!(at_addr(http2(none).await).await, want);
    // A status that is no number, or a number that nobody knows, is UNKNOWN.
    for status in ["x", "99"] {
        let trailers = Some(vec![("grpc-status", status)]);
        let odd = Answer { status: 200, headers: headers.clone(), data: vec![entry.clone()], trailers };
        assert_eq!(at_addr(http2(odd).await).await, triple("UNKNOWN", "absent", "absent"));
    }
}

#[tokio::test]
async fn details_that_are_not_base64_do_no_harm() {
    let bad = [("grpc-status", "5"), ("grpc-message", "gone"), ("grpc-status-details-bin", "%%%")];
    // In trailers, and in an answer that has nothing else.
    let in_trailers =
        Answer { status: 200, headers: vec![GRPC], data: Vec::new(), trailers: Some(bad.to_vec()) };
    let alone =
        Answer { status: 200, headers: [&[GRPC][..], &bad].concat(), data: Vec::new(), trailers: None };
    for answer in [in_trailers, alone] {
        let addr = http2(answer).await;
        let reply = get(&Grpc::new(), &ledger(format!("http://{addr}")), "Only", "{}").await;
        assert_eq!(part(&reply.record, "status"), "\"NOT_FOUND\"");
        assert_eq!(
            (part(&reply.record, "message"), part(&reply.record, "details")),
            ("\"gone\"".into(), "[]".into())
        );
    }
}

#[tokio::test]
async fn broken_messages() {
    let ok = Some(vec![("grpc-status", "0")]);
    let answer = |headers: Vec<(&'static str, &'static str)>, data: &[u8]| Answer {
        status: 200,
        headers,
        data: vec![Bytes::copy_from_slice(data)],
        trailers: ok.clone(),
    };
    for (headers, data, message) in [
        (
            vec![GRPC],
            &b"\x00\x00\x00\x00\x09abc"[..],
            "the answer of `URL` breaks off in the middle of a message",
        ),
        (
            vec![GRPC],
            b"\x01\x00\x00\x00\x01a",
            "`URL` compressed its answer in a way that it was not offered: protocol error: received message with compressed-flag but no grpc-encoding was specified",
        ),
        (
            vec![GRPC, ("grpc-encoding", "br")],
            b"\x01\x00\x00\x00\x01a",
            "`URL` compressed its answer in a way that it was not offered: Content is compressed with `br` which isn't supported",
        ),
        (
            vec![GRPC],
            b"\x07\x00\x00\x00\x00",
            "the answer of `URL` breaks the protocol: received message with invalid compression flag: 7 (valid flags are 0 and 1) while receiving response with status: 200 OK",
        ),
    ] {
        let addr = http2(answer(headers, data)).await;
        let (_, _, said) = at_addr(addr).await;
        assert_eq!(said, message);
    }
    let addr = http2(answer(vec![GRPC], &framed(b"\x0a\xff"))).await;
    let (status, kind, message) = at_addr(addr).await;
    assert_eq!((status.as_str(), kind.as_str()), ("INTERNAL", "protocol"));
    assert!(
        message.starts_with("the answer of `URL` cannot be decoded: what came is no `test.v1.Entry`"),
        "{message}"
    );
}

#[tokio::test]
async fn answers_that_do_not_fit_the_method() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let endpoint = ledger(server.url());
    for (id, status, message) in [
        ("none", "INTERNAL", "`URL` said OK, but sent no message"),
        ("twice", "INTERNAL", "`URL` sent several messages, but the contract says that one comes"),
        (
            "invalid",
            "INTERNAL",
            "the answer of `URL` cannot be decoded: `.id` of a `test.v1.Entry` is text that is not UTF-8",
        ),
        ("big", "RESOURCE_EXHAUSTED", "`URL` sent a message that is larger than `max_size`, 4194304 bytes"),
    ] {
        let reply = get(&grpc, &endpoint, "Only", &format!(r#"{{"id":"{id}"}}"#)).await;
        assert!(!reply.succeeded, "{id}");
        assert_eq!(part(&reply.record, "status"), format!("\"{status}\""), "{id}");
        assert_eq!(part(&reply.record, "error.kind"), "\"protocol\"", "{id}");
        let said = at(&reply.record, "error.message").as_text().unwrap().replace(&server.url(), "URL");
        assert_eq!(said, message, "{id}");
        assert_eq!(part(&reply.record, "body"), "absent", "{id}");
    }
    let more = options(r#"{"max_size":8388608}"#);
    let reply = perform(&grpc, request("call", &endpoint, "Only", Some(v(r#"{"id":"big"}"#)), more)).await;
    assert!(reply.succeeded);
    assert!(reply.exchange.response_body.len() <= crate::event::BODY_LIMIT + 64);
}

#[tokio::test]
async fn an_unknown_method_of_a_known_contract() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let reply = get(&grpc, &ledger(server.url()), "Gone", "{}").await;
    assert_eq!(part(&reply.record, "status"), "\"UNIMPLEMENTED\"");
    assert_eq!(part(&reply.record, "error"), "absent");
}

#[tokio::test]
async fn deadlines_and_the_end_of_the_scenario() {
    let (server, grpc) = (Server::start(), Grpc::new());
    let silent = format!("http://{}", tcp(None).await);
    for url in [server.url(), silent] {
        let call = request("call", &ledger(url.clone()), "Only", Some(v(r#"{"id":"slow"}"#)), within(100));
        let reply = perform(&grpc, call).await;
        assert_eq!(part(&reply.record, "status"), "\"DEADLINE_EXCEEDED\"");
        assert_eq!(part(&reply.record, "error.kind"), "\"timeout\"");
        assert_eq!(
            part(&reply.record, "error.message"),
            format!("\"`{url}` did not answer within the deadline of 100ms\"")
        );
        assert_eq!(reply.exchange.request, "call test.v1.Second/Only");

        let session = session();
        let call = request("call", &ledger(url.clone()), "Only", Some(v(r#"{"id":"slow"}"#)), Object::new());
        session.cancel.cancel();
        let reply = grpc.perform(&call, &session).await.unwrap();
        assert_eq!(
            (part(&reply.record, "status"), part(&reply.record, "error.kind")),
            ("\"CANCELLED\"".into(), "\"cancelled\"".into())
        );
    }
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_of_a_call() {
    let server = Server::start();
    let grpc = Arc::new(Grpc::new());
    // Two calls on one connection: when the quick one is done, the slow one is on its way.
    let endpoint = ledger(server.url());
    assert!(get(&grpc, &endpoint, "Only", r#"{"id":"a"}"#).await.succeeded);
    let slow = {
        let (grpc, endpoint) = (grpc.clone(), endpoint.clone());
        tokio::spawn(async move { get(&grpc, &endpoint, "Only", r#"{"id":"slow"}"#).await })
    };
    assert!(get(&grpc, &endpoint, "Only", r#"{"id":"a"}"#).await.succeeded);
    drop(server);
    let reply = slow.await.unwrap();
    assert_eq!(part(&reply.record, "status"), "\"UNAVAILABLE\"", "{}", show(&reply.record));
    assert!(["\"reset\"", "\"refused\""].contains(&part(&reply.record, "error.kind").as_str()));
}
