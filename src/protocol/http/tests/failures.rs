//! Servers that are not there, break off, dawdle, flood or talk nonsense.

use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{canned, echo, finish, nobody, raw, read_head, serve, silent};
use super::*;

#[tokio::test]
async fn nobody_listens() {
    let url = nobody().await;
    let reply = World::new().send(call("GET", &url, "/x")).await;
    let (kind, message) = error(&reply);
    assert_eq!(kind, "refused");
    assert_eq!(message, format!("`{url}/x` refused the connection: is the service listening?"));
    assert_eq!(get(&reply, "status"), Value::Absent);
    assert_eq!(reply.exchange.response, message);
}

#[tokio::test]
async fn a_host_without_address_is_named() {
    let reply = World::new().send(call("GET", "http://no-such-host.invalid:1", "/x")).await;
    let (kind, message) = error(&reply);
    assert_eq!(kind, "refused");
    assert!(
        message.starts_with(
            "the host `no-such-host.invalid` of `http://no-such-host.invalid:1/x` has no address ("
        ),
        "{message}"
    );
    assert!(message.ends_with("is the name right, and is the service listening?"));
}

#[tokio::test]
async fn a_connection_that_closes_before_the_answer_is_not_tried_again() {
    let (url, count) = raw(|mut stream| async move {
        read_head(&mut stream).await;
        finish(stream).await;
    })
    .await;
    let reply = World::new().send(call("GET", &url, "/")).await;
    assert_eq!(
        error(&reply),
        ("reset".to_owned(), format!("`{url}/` closed the connection before it answered"))
    );
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_the_head_readable() {
    let world = World::new();
    for (response, kind) in [
        ("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\nabc", "reset"),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "reset",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
            "protocol",
        ),
    ] {
        let reply = world.send(call("GET", &canned(response).await, "/")).await;
        let (found, message) = error(&reply);
        assert_eq!(found, kind, "{message}");
        assert!(message.contains("in the middle of its answer, after 3 bytes of the body"), "{message}");
        assert_eq!(shown(&reply, "status"), "200");
        assert_eq!(text(&reply, "headers.content-type"), "text/plain");
        assert_eq!(get(&reply, "raw"), Value::bytes(&b"abc"[..]));
        assert!(shown(&reply, "body").starts_with("unreadable("));
        assert_eq!(get(&reply, "text"), Value::Absent);
    }
}

#[tokio::test]
async fn a_body_longer_than_it_says_ends_where_it_says() {
    let url = canned("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nabcdef").await;
    let reply = World::new().send(call("GET", &url, "/")).await;
    assert_eq!(text(&reply, "body"), "abc");
}

#[tokio::test]
async fn what_is_no_http_breaks_the_protocol() {
    let world = World::new();
    let bomb = format!(
        "HTTP/1.1 200 OK\r\n{}\r\n",
        "x-bomb: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(60_000)
    );
    let many = format!("HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n", "x: a\r\n".repeat(200));
    for (response, says) in [
        ("SSH-2.0-OpenSSH_9.9\r\n".to_owned(), "something that is not HTTP"),
        ("HTTP/1.1 abc\r\n\r\n".to_owned(), "something that is not HTTP"),
        ("HTTP/1.1 200 OK\r\nbad header\r\n\r\n".to_owned(), "something that is not HTTP"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd".to_owned(),
            "something that is not HTTP",
        ),
        (bomb, "a head that is too large"),
        (many, "a head that is too large"),
    ] {
        let reply = world.send(call("GET", &canned(response).await, "/")).await;
        let (kind, message) = error(&reply);
        assert!(kind == "protocol" && message.contains(says), "{kind}: {message}");
    }
}

#[tokio::test]
async fn http2_against_a_server_that_has_only_http1() {
    let url = canned("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let reply = World::new().send(call("GET", &url, "/").with("version", Value::text("2"))).await;
    let (kind, message) = error(&reply);
    assert_eq!(kind, "protocol");
    assert!(message.contains("does it speak HTTP/2 there at all?"), "{message}");
}

#[tokio::test]
async fn a_timeout_says_what_it_was_waiting_for() {
    let world = World::new();
    let url = silent().await;
    let reply = world.send(call("GET", &url, "/").with("timeout", millis(40))).await;
    assert_eq!(
        error(&reply),
        (
            "timeout".to_owned(),
            format!(
                "`{url}/` did not answer in full within 40ms: the client was still waiting for the response"
            )
        )
    );
    let secure = url.replace("http:", "https:");
    let insecure = json(r#"{"insecure":true}"#);
    let reply = world
        .send(call("GET", &secure, "/").with("timeout", millis(200)).with("tls", insecure.clone()))
        .await;
    assert!(error(&reply).1.ends_with("the client was still in the TLS handshake"), "{}", error(&reply).1);
    let reply =
        world.send(call("GET", &secure, "/").with("connect_timeout", millis(40)).with("tls", insecure)).await;
    assert_eq!(
        error(&reply),
        ("timeout".to_owned(), format!("no connection to `{secure}/` within `connect_timeout`"))
    );
}

/// Sends a head, then a byte at a time for ever.
async fn drip(mut stream: TcpStream) {
    read_head(&mut stream).await;
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n").await;
    while stream.write_all(b"x").await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_body_that_drips_meets_the_total_timeout() {
    let (url, _) = raw(drip).await;
    let reply = World::new().send(call("GET", &url, "/").with("timeout", millis(500))).await;
    let (kind, message) = error(&reply);
    assert!(
        kind == "timeout" && message.ends_with("the client was still reading the body"),
        "{kind}: {message}"
    );
    assert_eq!(shown(&reply, "status"), "200");
}

#[tokio::test]
async fn an_endless_body_meets_the_limit() {
    let (url, _) = raw(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let reply = World::new().send(call("GET", &url, "/").with("limit", Value::int(10_000))).await;
    assert_eq!(
        error(&reply),
        (
            "protocol".to_owned(),
            format!("the body of `{url}/` is larger than the limit of 10000 bytes: set `limit` to read more")
        )
    );
    assert_eq!(get(&reply, "raw"), Value::bytes(vec![b'x'; 10_000]));
    assert_eq!(shown(&reply, "status"), "200");
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_fine() {
    let world = World::new();
    let url = canned("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nabc").await;
    assert!(world.send(call("GET", &url, "/").with("limit", Value::int(3))).await.succeeded);
    assert_eq!(error(&world.send(call("GET", &url, "/").with("limit", Value::int(2))).await).0, "protocol");
}

#[tokio::test]
async fn the_end_of_the_scenario_cancels() {
    let (reached, arrived) = tokio::sync::oneshot::channel();
    let reached = std::sync::Mutex::new(Some(reached));
    let (url, _) = raw(move |mut stream| {
        let reached = reached.lock().unwrap().take();
        async move {
            read_head(&mut stream).await;
            let _ = reached.unwrap().send(());
            let mut sink = Vec::new();
            let _ = stream.read_to_end(&mut sink).await;
        }
    })
    .await;
    let world = World::new();
    let cancel = world.session.cancel.clone();
    tokio::spawn(async move {
        arrived.await.unwrap();
        cancel.cancel();
    });
    let reply = world.send(call("GET", &url, "/")).await;
    assert_eq!(
        error(&reply),
        ("cancelled".to_owned(), format!("the scenario ended before `{url}/` had answered"))
    );
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection() {
    let (reached, arrived) = tokio::sync::oneshot::channel();
    let (gone, closed) = tokio::sync::oneshot::channel();
    let ends = std::sync::Mutex::new(Some((reached, gone)));
    let (url, _) = raw(move |mut stream| {
        let (reached, gone) = ends.lock().unwrap().take().unwrap();
        async move {
            read_head(&mut stream).await;
            let _ = reached.send(());
            let mut sink = Vec::new();
            let _ = stream.read_to_end(&mut sink).await;
            let _ = gone.send(());
        }
    })
    .await;
    let world = World::new();
    tokio::select! {
        _ = world.send(call("GET", &url, "/")) => panic!("nothing answers"),
        arrived = arrived => arrived.unwrap(),
    }
    soon(closed).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_comes_before_the_body_is_sent_is_read() {
    let (url, _) = raw(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await;
        finish(stream).await;
    })
    .await;
    let reply = World::new().send(call("POST", &url, "/").body(Value::bytes(vec![0; 8_000_000]))).await;
    assert_eq!((shown(&reply, "status"), get(&reply, "error")), ("413".to_owned(), Value::Absent));
}

/// An HTTP/2 server that hands every request to `answer`.
async fn http2(answer: fn(h2::server::SendResponse<bytes::Bytes>)) -> String {
    let serve = move |stream: TcpStream| async move {
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, respond))) = connection.accept().await {
            answer(respond);
        }
    };
    raw(serve).await.0
}

#[tokio::test]
async fn http2_streams_that_are_refused_or_reset() {
    let world = World::new();
    let get_2 = |url: &str| call("GET", url, "/").with("version", Value::text("2"));
    let url = http2(|mut respond| respond.send_reset(h2::Reason::REFUSED_STREAM)).await;
    let (kind, message) = error(&world.send(get_2(&url)).await);
    assert!(
        kind == "refused" && message.ends_with("refused the request without looking at it"),
        "{kind}: {message}"
    );
    let url = http2(|mut respond| respond.send_reset(h2::Reason::INTERNAL_ERROR)).await;
    let (kind, message) = error(&world.send(get_2(&url)).await);
    assert!(
        kind == "reset" && message.contains("reset the HTTP/2 stream before it answered"),
        "{kind}: {message}"
    );
}

#[tokio::test]
async fn http2_trailers_are_read() {
    let url = http2(|mut respond| {
        let head = axum::http::Response::builder().header("content-type", "text/plain").body(()).unwrap();
        let mut body = respond.send_response(head, false).unwrap();
        body.send_data("abc".into(), false).unwrap();
        let mut trailers = axum::http::HeaderMap::new();
        trailers.insert("checksum", "42".parse().unwrap());
        body.send_trailers(trailers).unwrap();
    })
    .await;
    let reply = World::new().send(call("GET", &url, "/").with("version", Value::text("2"))).await;
    assert_eq!(
        (text(&reply, "body"), text(&reply, "trailers.checksum")),
        ("abc".to_owned(), "42".to_owned())
    );
}

#[tokio::test]
async fn http2_bodies_that_are_reset_leave_the_head_readable() {
    let url = http2(|mut respond| {
        let head = axum::http::Response::builder().header("content-type", "text/plain").body(()).unwrap();
        let mut body = respond.send_response(head, false).unwrap();
        tokio::spawn(async move {
            // More than one window: it cannot be sent before the client has read the head.
            for _ in 0..64 {
                body.reserve_capacity(64 * 1024);
                let capacity = std::future::poll_fn(|cx| body.poll_capacity(cx)).await.unwrap().unwrap();
                body.send_data(vec![b'x'; capacity].into(), false).unwrap();
            }
            body.send_reset(h2::Reason::CANCEL);
        });
    })
    .await;
    let reply = World::new().send(call("GET", &url, "/").with("version", Value::text("2"))).await;
    assert_eq!((error(&reply).0.as_str(), shown(&reply, "status")), ("reset", "200".to_owned()));
    assert!(shown(&reply, "body").starts_with("unreadable("));
}

#[tokio::test]
async fn trailers_are_read() {
    let url = canned(
        "HTTP/1.1 200 OK\r\ntrailer: checksum\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nChecksum: 42\r\n\r\n",
    )
    .await;
    let reply = World::new().send(call("GET", &url, "/")).await;
    assert_eq!(
        (text(&reply, "body"), text(&reply, "trailers.checksum")),
        ("abc".to_owned(), "42".to_owned())
    );
    assert_eq!(reply.exchange.trailers, [("checksum".to_owned(), "42".to_owned())]);
}

#[tokio::test]
async fn many_at_once_do_not_disturb_each_other() {
    let url = serve(echo()).await;
    let world = World::new();
    let sent = (0..64)
        .map(|n| world.send(call("POST", &url, &format!("/{n}")).body(Value::list(vec![Value::int(n)]))));
    let replies = futures_util::future::join_all(sent).await;
    for (n, reply) in replies.iter().enumerate() {
        assert_eq!((text(reply, "body.uri"), text(reply, "body.body")), (format!("/{n}"), format!("[{n}]")));
    }
}
