//! HTTP/2 and gRPC through a link.

use std::future::poll_fn;

use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request};

use super::*;

const FIRST: Select = Select {
    method: None,
    route: None,
    nth: None,
    first: Some(1),
    every: None,
    share: None,
    per: None,
    of: None,
};

/// Sends every message back as it comes, and the status once the caller has ended.
async fn echo(done: Arc<AtomicUsize>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (io, _) = listener.accept().await.unwrap();
            let done = done.clone();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(io).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let done = done.clone();
                    tokio::spawn(async move {
                        done.fetch_add(1, Ordering::SeqCst);
                        let path = request.uri().path().to_owned();
                        if path == "/refuse/Me" {
                            return respond.send_reset(Reason::REFUSED_STREAM);
                        }
                        let answer = http::Response::builder().header("content-type", "application/grpc");
                        let mut to = respond.send_response(answer.body(()).unwrap(), false).unwrap();
                        let mut body = request.into_body();
                        while let Some(Ok(data)) = body.data().await {
                            body.flow_control().release_capacity(data.len()).unwrap();
                            to.reserve_capacity(data.len());
                            to.send_data(data, false).unwrap();
                        }
                        let mut trailers = HeaderMap::new();
                        trailers.insert("grpc-status", "0".parse().unwrap());
                        let _ = to.send_trailers(trailers);
                    });
                }
            });
        }
    });
    address
}

async fn caller(address: SocketAddr) -> SendRequest<Bytes> {
    let (sender, connection) =
        h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A message of gRPC.
fn message(text: &str) -> Bytes {
    let mut bytes = vec![0];
    bytes.extend_from_slice(&(text.len() as u32).to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.into()
}

fn request(path: &str) -> Request<()> {
    Request::post(format!("http://ledger{path}")).header("content-type", "application/grpc").body(()).unwrap()
}

async fn all(body: &mut RecvStream) -> Result<(Vec<u8>, Option<HeaderMap>), h2::Error> {
    let mut bytes = Vec::new();
    while let Some(data) = soon(body.data()).await {
        let data = data?;
        let _ = body.flow_control().release_capacity(data.len());
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, soon(body.trailers()).await?))
}

/// One message, one answer: its status.
async fn unary(sender: &SendRequest<Bytes>, path: &str) -> Result<String, h2::Error> {
    let mut sender = soon(sender.clone().ready()).await?;
    let (answer, mut to) = sender.send_request(request(path), false)?;
    to.send_data(message("a"), true)?;
    let response = soon(answer).await?;
    let head = response.headers().clone();
    let (_, trailers) = all(&mut response.into_body()).await?;
    let status = trailers.as_ref().unwrap_or(&head).get("grpc-status").unwrap();
    Ok(status.to_str().unwrap().to_owned())
}

async fn grpc() -> (Arc<AtomicUsize>, Arc<Link>) {
    let done = Arc::new(AtomicUsize::new(0));
    let link = link(echo(done.clone()).await, Wire::Grpc).await;
    (done, link)
}

#[tokio::test]
async fn streams_pass_both_ways_at_once() {
    let (_, link) = grpc().await;
    let mut sender = caller(link.address()).await.ready().await.unwrap();
    let (answer, mut to) = sender.send_request(request("/chat.v1.Chat/Talk"), false).unwrap();
    let mut body = soon(answer).await.unwrap().into_body();
    for text in ["one", "two"] {
        to.send_data(message(text), false).unwrap();
        assert_eq!(soon(body.data()).await.unwrap().unwrap(), message(text));
    }
    to.send_data(Bytes::new(), true).unwrap();
    let (rest, trailers) = all(&mut body).await.unwrap();
    assert_eq!((rest.len(), &trailers.unwrap()["grpc-status"] == "0"), (0, true));
    let record = &records(&link, 1).await[0];
    assert_eq!(
        (at(record, &["method"]), at(record, &["path"])),
        ("\"Talk\"".into(), "\"/chat.v1.Chat/Talk\"".into())
    );
    assert_eq!(at(record, &["response", "status"]), "\"OK\"");
    assert_eq!(at(record, &["request_size"]), "16");
}

#[tokio::test]
async fn a_caller_that_is_slow_to_begin_is_understood_though_the_service_greets_first() {
    let (_, link) = grpc().await;
    let io = TcpStream::connect(link.address()).await.unwrap();
    // Time for the service's SETTINGS to be there before the caller says a word.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (sender, connection) = h2::client::handshake(io).await.unwrap();
    tokio::spawn(connection);
    assert_eq!(unary(&sender, "/a.B/C").await.unwrap(), "0");
    assert_eq!(at(&records(&link, 1).await[0], &["method"]), "\"C\"");
}

#[tokio::test]
async fn frames_that_break_the_protocol_leave_a_hole() {
    let (_, link) = grpc().await;
    assert_eq!(unary(&caller(link.address()).await, "/l.L/Get").await.unwrap(), "0");
    assert_eq!(link.calls().dropped(), 0);
    let mut stranger = Caller::to(link.address()).await;
    stranger.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    // DATA on the stream 0 (RFC 9113 §6.1).
    stranger.send([0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7]).await;
    while let Ok(1..) = stranger.more().await {}
    assert_eq!(link.calls().dropped(), 1);
    assert_eq!(unary(&caller(link.address()).await, "/l.L/Get").await.unwrap(), "0");
}

#[tokio::test]
async fn large_messages_flow() {
    let (_, link) = grpc().await;
    let mut sender = caller(link.address()).await.ready().await.unwrap();
    let (answer, mut to) = sender.send_request(request("/a.B/C"), false).unwrap();
    let sent = message(&"x".repeat(3_000_000));
    to.reserve_capacity(sent.len());
    to.send_data(sent.clone(), true).unwrap();
    let (came, _) = all(&mut soon(answer).await.unwrap().into_body()).await.unwrap();
    assert!(came == sent);
    assert!(at(&records(&link, 1).await[0], &["body"]).contains("the link kept"));
}

#[tokio::test]
async fn a_reset_of_the_service_keeps_its_code_and_of_the_caller_reaches_the_service() {
    let (_, link) = grpc().await;
    let sender = caller(link.address()).await;
    let error = unary(&sender, "/refuse/Me").await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
    let mut ready = sender.ready().await.unwrap();
    let (answer, mut to) = ready.send_request(request("/a.B/C"), false).unwrap();
    soon(answer).await.unwrap();
    to.send_reset(Reason::CANCEL);
    let record = &records(&link, 2).await[1];
    assert_eq!(at(record, &["error", "kind"]), "\"cancelled\"");
}

#[tokio::test]
async fn lost_calls_reset_the_connection_and_only_one_of_them_was_done() {
    for (kind, done) in [(Kind::LostRequest, 0), (Kind::LostResponse, 1)] {
        let (count, link) = grpc().await;
        let (work, told) = apply(&link, vec![fault(kind, Select { method: Some("Post".into()), ..FIRST })]);
        let sender = caller(link.address()).await;
        assert_eq!(unary(&sender, "/l.L/Get").await.unwrap(), "0");
        let error = unary(&sender, "/l.L/Post").await.unwrap_err();
        assert!(error.is_io(), "{error:?}");
        assert_eq!(count.load(Ordering::SeqCst), 1 + done);
        drop(work);
        assert_eq!(unary(&caller(link.address()).await, "/l.L/Post").await.unwrap(), "0");
        assert_eq!(hits(&told), [("Post".to_owned(), 1)]);
        let record = &records(&link, 3).await[1];
        let status = if done == 1 { "\"OK\"" } else { "absent" };
        assert_eq!(at(record, &["response", "status"]), status);
    }
}

#[tokio::test]
async fn other_streams_come_to_their_end_before_the_connection_is_reset() {
    let (_, link) = grpc().await;
    let (_work, told) =
        apply(&link, vec![fault(Kind::LostRequest, Select { method: Some("Post".into()), ..FIRST })]);
    let sender = caller(link.address()).await;
    let mut ready = sender.clone().ready().await.unwrap();
    let (answer, mut to) = ready.send_request(request("/l.L/Get"), false).unwrap();
    let lost = tokio::spawn({
        let sender = sender.clone();
        async move { unary(&sender, "/l.L/Post").await }
    });
    soon(async {
        while hits(&told).is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    to.send_data(message("a"), true).unwrap();
    let (bytes, _) = all(&mut soon(answer).await.unwrap().into_body()).await.unwrap();
    assert_eq!(bytes, message("a"));
    assert!(lost.await.unwrap().is_err());
}

#[tokio::test]
async fn a_stream_that_is_cut_off_with_a_lost_one_is_blamed_on_its_fault() {
    let (_, link) = grpc().await;
    let (_work, told) =
        apply(&link, vec![fault(Kind::LostRequest, Select { method: Some("Post".into()), ..FIRST })]);
    let sender = caller(link.address()).await;
    let mut ready = sender.clone().ready().await.unwrap();
    let (answer, _to) = ready.send_request(request("/l.L/Get"), false).unwrap();
    assert!(unary(&sender, "/l.L/Post").await.is_err());
    assert!(soon(all(&mut soon(answer).await.unwrap().into_body())).await.is_err());
    assert_eq!(hits(&told), [("Post".to_owned(), 1), ("Get, which shared its connection,".to_owned(), 1)]);
    let record = &records(&link, 2).await[0];
    assert_eq!(at(record, &["error", "kind"]), "\"reset\"");
    assert!(
        at(record, &["error", "message"]).contains("`lost_request` hit another call"),
        "{}",
        show(record)
    );
}

#[tokio::test]
async fn an_answer_of_grpc_that_is_cut_is_known() {
    let (_, link) = grpc().await;
    let sender = caller(link.address()).await;
    assert_eq!(unary(&sender, "/l.L/Get").await.unwrap(), "0");
    let (_work, _) = apply(&link, vec![fault(Kind::Reset { at: 5 }, Select::default())]);
    assert!(unary(&sender, "/l.L/Post").await.is_err());
    let records = records(&link, 2).await;
    assert_eq!(at(&records[0], &["response", "sent"]), "true");
    assert_eq!(at(&records[1], &["response", "sent"]), "false");
    assert_eq!(at(&records[1], &["response", "status"]), "\"OK\"");
    assert_eq!(at(&records[1], &["faults"]), "[\"reset\"]");
}

#[tokio::test]
async fn who_is_told_to_go_away_hears_it_before_the_answer() {
    let (_, link) = grpc().await;
    let (_work, _) = apply(&link, vec![fault(Kind::Goaway, FIRST)]);
    let sender = caller(link.address()).await;
    let mut ready = sender.clone().ready().await.unwrap();
    let (answer, mut to) = ready.send_request(request("/l.L/Get"), false).unwrap();
    let mut body = soon(answer).await.unwrap().into_body();
    // It answers what it took, to its end, and takes nothing more.
    let refused = soon(async {
        loop {
            match sender.clone().ready().await {
                Ok(_) => tokio::task::yield_now().await,
                Err(error) => return error,
            }
        }
    })
    .await;
    assert!(refused.is_go_away(), "{refused:?}");
    to.send_data(message("a"), true).unwrap();
    assert_eq!(all(&mut body).await.unwrap().0, message("a"));
}

#[tokio::test]
async fn the_link_answers_with_a_status_of_grpc() {
    let (count, link) = grpc().await;
    let status = Kind::Status { status: Value::text("UNAVAILABLE"), headers: Vec::new() };
    let (work, _) = apply(&link, vec![fault(status, FIRST)]);
    let sender = caller(link.address()).await;
    assert_eq!(unary(&sender, "/l.L/Post").await.unwrap(), "14");
    drop(work);
    assert_eq!(
        (unary(&sender, "/l.L/Post").await.unwrap(), count.load(Ordering::SeqCst)),
        ("0".to_owned(), 1)
    );
    let record = &records(&link, 2).await[0];
    assert_eq!(at(record, &["response", "status"]), "\"UNAVAILABLE\"");
    assert_eq!(at(record, &["request_size"]), "6");
}

#[tokio::test]
async fn a_caller_that_leaves_before_any_answer_is_not_the_service() {
    async fn silent(caller: Caller) {
        let mut connection = h2::server::handshake(caller.io).await.unwrap();
        let mut streams = Vec::new();
        while let Some(Ok(stream)) = connection.accept().await {
            streams.push(stream);
        }
    }
    let link = link(raw(silent).await, Wire::Grpc).await;
    let mut ready = caller(link.address()).await.ready().await.unwrap();
    let (answer, mut to) = ready.send_request(request("/a.B/C"), false).unwrap();
    to.send_data(message("a"), true).unwrap();
    soon(async {
        while link.calls().items().unwrap().is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    drop(answer);
    to.send_reset(Reason::CANCEL);
    let record = &records(&link, 1).await[0];
    assert_eq!(at(record, &["error", "kind"]), "\"cancelled\"");
}

#[tokio::test]
async fn who_waits_for_answers_before_it_ends_is_let_go_with_the_fault() {
    let (_, link) = grpc().await;
    let (work, told) = apply(&link, vec![fault(Kind::Duplicate { times: 1 }, FIRST)]);
    let mut ready = caller(link.address()).await.ready().await.unwrap();
    let (answer, mut to) = ready.send_request(request("/chat.v1.Chat/Talk"), false).unwrap();
    to.send_data(message("one"), false).unwrap();
    soon(async {
        while hits(&told).is_empty() {
            tokio::task::yield_now().await
        }
    })
    .await;
    drop(work);
    assert!(soon(answer).await.is_err());
    assert_eq!(unary(&caller(link.address()).await, "/l.L/Post").await.unwrap(), "0");
}

#[tokio::test]
async fn a_stream_is_reset_with_its_code() {
    let (count, link) = grpc().await;
    let (work, _) = apply(&link, vec![fault(Kind::RstStream { code: 7 }, FIRST)]);
    let sender = caller(link.address()).await;
    let error = unary(&sender, "/l.L/Post").await.unwrap_err();
    assert_eq!((error.reason(), count.load(Ordering::SeqCst)), (Some(Reason::REFUSED_STREAM), 0));
    drop(work);
    assert_eq!(unary(&sender, "/l.L/Post").await.unwrap(), "0");
}

#[tokio::test]
async fn a_connection_that_goes_away_answers_what_it_took() {
    let (_, link) = grpc().await;
    let (work, _) = apply(&link, vec![fault(Kind::Goaway, FIRST)]);
    let io = TcpStream::connect(link.address()).await.unwrap();
    let (sender, connection) = h2::client::handshake(io).await.unwrap();
    let mut connection = tokio::spawn(connection);
    assert_eq!(unary(&sender, "/l.L/Post").await.unwrap(), "0");
    // The caller's side ends by itself: it was told to.
    soon(poll_fn(|cx| std::pin::Pin::new(&mut connection).poll(cx))).await.unwrap().unwrap();
    drop(work);
    assert_eq!(unary(&caller(link.address()).await, "/l.L/Post").await.unwrap(), "0");
}

#[tokio::test]
async fn a_duplicate_and_a_delay_of_grpc() {
    let (count, link) = grpc().await;
    let twice = fault(Kind::Duplicate { times: 1 }, FIRST);
    let later =
        fault(Kind::Delay { by: Duration::from_millis(20), jitter: Duration::from_millis(10) }, FIRST);
    let (work, told) = apply(&link, vec![twice, later]);
    let sender = caller(link.address()).await;
    assert_eq!(unary(&sender, "/l.L/Post").await.unwrap(), "0");
    assert_eq!(count.load(Ordering::SeqCst), 2);
    drop(work);
    assert_eq!(unary(&sender, "/l.L/Post").await.unwrap(), "0");
    assert_eq!((count.load(Ordering::SeqCst), hits(&told).len()), (3, 2));
}

#[tokio::test]
async fn a_redirected_connection_of_http2_asks_another() {
    let (first, link) = grpc().await;
    let second = Arc::new(AtomicUsize::new(0));
    let sender = caller(link.address()).await;
    unary(&sender, "/l.L/Post").await.unwrap();
    link.redirect(Some(echo(second.clone()).await));
    unary(&sender, "/l.L/Post").await.unwrap();
    link.redirect(None);
    unary(&sender, "/l.L/Post").await.unwrap();
    assert_eq!((first.load(Ordering::SeqCst), second.load(Ordering::SeqCst)), (2, 1));
}

/// A place where connecting never ends, while its parts are kept: its queue is full.
async fn black_hole() -> (SocketAddr, TcpListener, Vec<TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept = Vec::new();
    while let Ok(io) = tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        kept.push(io.unwrap());
    }
    (address, listener, kept)
}

#[tokio::test]
async fn a_service_that_cannot_be_connected_to_does_not_hold_up_the_streams_for_ever() {
    let (_, link) = grpc().await;
    let sender = caller(link.address()).await;
    assert_eq!(unary(&sender, "/a.B/C").await.unwrap(), "0");
    let (hole, _listener, _kept) = black_hole().await;
    link.redirect(Some(hole));
    // One that waits goes on as soon as there is another place to go to.
    let waits = tokio::spawn({
        let sender = sender.clone();
        async move { unary(&sender, "/a.B/Waits").await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    link.redirect(None);
    assert_eq!(soon(waits).await.unwrap().unwrap(), "0");
    assert_eq!(unary(&sender, "/a.B/C").await.unwrap(), "0");
    link.redirect(Some(hole));
    let (one, other) = tokio::join!(unary(&sender, "/a.B/C"), unary(&sender, "/a.B/C"));
    assert!(one.is_err() && other.is_err(), "{one:?} {other:?}");
}
