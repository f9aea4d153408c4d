//! Server-Sent Events as a live stream.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use super::server::{canned, finish, raw, read_head};
use super::*;
use crate::value::Live;

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nx-a: b\r\n\r\n";

/// A server that sends the head, then whatever the test hands it; ends when the test drops its side.
async fn fed() -> (String, mpsc::UnboundedSender<Vec<u8>>, mpsc::UnboundedReceiver<()>) {
    let (feed, pieces) = mpsc::unbounded_channel::<Vec<u8>>();
    let (gone, closed) = mpsc::unbounded_channel();
    let pieces = std::sync::Mutex::new(Some(pieces));
    let (url, _) = raw(move |mut stream| {
        let pieces = pieces.lock().unwrap().take();
        let gone = gone.clone();
        async move {
            read_head(&mut stream).await;
            stream.write_all(HEAD.as_bytes()).await.unwrap();
            let mut pieces = pieces.unwrap();
            let mut byte = [0];
            loop {
                tokio::select! {
                    piece = pieces.recv() => match piece {
                        Some(piece) => stream.write_all(&piece).await.unwrap(),
                        None => return finish(stream).await,
                    },
                    read = stream.read(&mut byte) => {
                        assert!(!read.is_ok_and(|read| read > 0));
                        gone.send(()).unwrap();
                        return;
                    }
                }
            }
        }
    })
    .await;
    (url, feed, closed)
}

fn live(reply: &Reply) -> Arc<dyn Live> {
    match &reply.record {
        Value::Live(live) => live.clone(),
        other => panic!("no stream but {}", show(other)),
    }
}

/// Waits, by events, until the stream has so many items or is over.
async fn until(live: &Arc<dyn Live>, count: usize) {
    while live.items().unwrap().len() < count && !live.is_over() {
        let seen = live.version();
        if live.items().unwrap().len() < count && !live.is_over() {
            soon(live.changed(seen)).await;
        }
    }
}

async fn until_over(live: &Arc<dyn Live>) {
    until(live, usize::MAX).await;
}

#[tokio::test]
async fn events_become_items_as_they_come() {
    let (url, feed, _) = fed().await;
    let reply = World::new().send(call("open", &url, "/events")).await;
    assert!(reply.succeeded);
    let stream = live(&reply);
    assert_eq!((stream.kind(), &*stream.name()), ("stream", "orders"));
    assert_eq!(
        (shown(&reply, "status"), shown(&reply, "count"), shown(&reply, "closed")),
        ("200".into(), "0".into(), "false".into())
    );
    assert_eq!(text(&reply, "headers.x-a"), "b");
    feed.send(b"retry: 3000\nid: 7\nevent: paid\ndata: {\"total\":1.10}\n\ndata: pl\xc3".to_vec()).unwrap();
    until(&stream, 1).await;
    feed.send(b"\xa4in\ndata: two\n\n".to_vec()).unwrap();
    until(&stream, 2).await;
    let items = stream.items().unwrap();
    let without_at = |item: &Value| {
        let mut fields = item.as_object().unwrap().clone();
        assert!(fields.shift_remove("at").unwrap().as_duration().is_some());
        show(&Value::Object(Arc::new(fields)))
    };
    assert_eq!(
        without_at(&items[0]),
        r#"{ event: "paid", id: "7", data: "{\"total\":1.10}", json: { total: 1.10 } }"#
    );
    assert_eq!(without_at(&items[1]), r#"{ event: "message", id: "7", data: "pläin\ntwo" }"#);
    let times = stream.times().unwrap();
    assert!(0 < times[0].0 && times[0].0 < times[1].0 && times[1] == (times[1].0, Some(times[1].0)));
    assert_eq!(times.len(), 2);
    assert_eq!(shown(&reply, "retry"), "3s");
    assert_eq!(get(&reply, "last.data"), Value::text("pläin\ntwo"));
    for name in stream.fields() {
        assert!(stream.field(name).is_some(), "{name}");
    }
    assert!(stream.field("nonsense").is_none());
    drop(feed);
    until_over(&stream).await;
    assert_eq!((shown(&reply, "closed"), get(&reply, "error")), ("true".into(), Value::Absent));
    // Nothing can change any more, so waiting ends at once.
    soon(stream.changed(stream.version())).await;
}

#[tokio::test]
async fn close_and_cancel_end_the_connection() {
    for verb in ["close", "cancel"] {
        let (url, feed, mut closed) = fed().await;
        let world = World::new();
        let opened = world.send(call("open", &url, "/events")).await;
        feed.send(b"data: 1\n\n".to_vec()).unwrap();
        until(&live(&opened), 1).await;
        let mut close = call(verb, "", "");
        close.endpoint = None;
        close.stream = Some(live(&opened));
        let reply = world.send(close).await;
        assert!(reply.succeeded);
        assert_eq!((shown(&reply, "closed"), shown(&reply, "count")), ("true".into(), "1".into()));
        assert!(live(&opened).is_over());
        assert_eq!(get(&opened, "error"), Value::Absent);
        soon(closed.recv()).await.unwrap();
    }
    let misuse = World::new().refuse(call("close", "http://127.0.0.1:1", "/")).await;
    assert_eq!(misuse.message, "`close` needs a stream that `open` gave");
}

#[tokio::test]
async fn a_stream_that_nobody_holds_is_closed() {
    let (url, _feed, mut closed) = fed().await;
    let world = World::new();
    drop(world.send(call("open", &url, "/events")).await);
    soon(closed.recv()).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_scenario_cancels_the_stream() {
    let (url, _feed, mut closed) = fed().await;
    let world = World::new();
    let reply = world.send(call("open", &url, "/events")).await;
    world.session.cancel.cancel();
    until_over(&live(&reply)).await;
    assert_eq!(text(&reply, "error.kind"), "cancelled");
    soon(closed.recv()).await.unwrap();
}

#[tokio::test]
async fn what_is_no_event_stream_is_an_error_with_the_response() {
    let world = World::new();
    for (response, status, says) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
            "200",
            "its content type is `application/json`, not `text/event-stream`",
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "200", "its content type is missing"),
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-type: text/event-stream\r\ncontent-length: 0\r\n\r\n",
            "401",
            "it answered 401 Unauthorized",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204", "it answered 204 No Content"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
            "200",
            "it is coded as `gzip`",
        ),
    ] {
        let url = canned(response).await;
        let reply = world.send(call("open", &url, "/e")).await;
        let (kind, message) = error(&reply);
        assert_eq!((kind.as_str(), shown(&reply, "status")), ("protocol", status.to_owned()));
        assert!(message.starts_with(&format!("`{url}/e` opened no event stream: {says}")), "{message}");
    }
    let url = super::server::nobody().await;
    assert_eq!(error(&world.send(call("open", &url, "/e")).await).0, "refused");
    let url = super::server::silent().await;
    assert_eq!(error(&world.send(call("open", &url, "/e").with("timeout", millis(30))).await).0, "timeout");
}

#[tokio::test]
async fn a_stream_outlives_the_timeout_of_its_opening() {
    let (url, feed, _) = fed().await;
    let reply = World::new().send(call("open", &url, "/e").with("timeout", millis(1_000))).await;
    // The wait is what is tested: the stream must survive it.
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    assert_eq!(shown(&reply, "closed"), "false");
    feed.send(b"data: 1\n\n".to_vec()).unwrap();
    until(&live(&reply), 1).await;
    assert_eq!(shown(&reply, "count"), "1");
}

#[tokio::test]
async fn broken_and_endless_streams_end_with_an_error() {
    let world = World::new();
    for (body, kind, says) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100\r\n\r\ndata: 1\n\n"
                .as_bytes()
                .to_vec(),
            "reset",
            "closed the connection",
        ),
        (
            [HEAD.as_bytes(), b"data: 1\n\ndata: \xff\n\n"].concat(),
            "protocol",
            "line 3 of the event stream is not valid UTF-8",
        ),
        (
            [HEAD.as_bytes(), b"data: 1\n\n", "data: x\n\n".repeat(1000).as_bytes()].concat(),
            "protocol",
            "more than the limit of 2000 bytes",
        ),
        (
            [HEAD.as_bytes(), b"data: 1\n\ndata: ", &[b'x'; 5000]].concat(),
            "protocol",
            "an event is larger than the limit of 2000 bytes",
        ),
    ] {
        let url = canned(body).await;
        let reply = world.send(call("open", &url, "/e").with("limit", Value::int(2000))).await;
        until_over(&live(&reply)).await;
        assert_eq!(
            (text(&reply, "error.kind").as_str(), shown(&reply, "first.json")),
            (kind, "1".to_owned())
        );
        assert!(text(&reply, "error.message").contains(says), "{}", text(&reply, "error.message"));
    }
}

#[tokio::test]
async fn a_stream_can_be_opened_by_another_method() {
    let (url, _) = raw(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let first = head.lines().next().unwrap_or_default().to_owned();
        let accept = head.lines().find(|line| line.starts_with("accept:")).unwrap_or_default().to_owned();
        stream.write_all(format!("{HEAD}data: {first}\ndata: {accept}\n\n").as_bytes()).await.unwrap();
        finish(stream).await;
    })
    .await;
    let world = World::new();
    let reply =
        world.send(call("open", &url, "/e").body(json("{}")).with("method", Value::text("POST"))).await;
    until_over(&live(&reply)).await;
    assert_eq!(text(&reply, "first.data"), "POST /e HTTP/1.1\naccept: text/event-stream");
    for option in ["pages", "compression"] {
        let value = if option == "pages" { tagged("link", Value::text("next")) } else { Value::Bool(true) };
        let misuse = world.refuse(call("open", &url, "/e").with(option, value)).await;
        assert_eq!(misuse.option.as_deref(), Some(option));
    }
}
