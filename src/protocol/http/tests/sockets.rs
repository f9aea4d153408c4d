//! WebSockets: against axum's server, and hostile ones that write frames by hand.

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use tokio::io::AsyncWriteExt as _;

use super::server::{finish, raw, read_head, serve};
use super::*;
use crate::value::{Gap, Live};

/// Opens a WebSocket.
fn open(url: &str) -> Call {
    call("open", url, "/ws").with("websocket", Value::Bool(true))
}

fn live(reply: &Reply) -> Arc<dyn Live> {
    match &reply.record {
        Value::Live(live) => live.clone(),
        other => panic!("no WebSocket but {}", show(other)),
    }
}

/// A verb on an open one.
fn on(verb: &str, socket: &Arc<dyn Live>) -> Call {
    Call { endpoint: None, stream: Some(socket.clone()), place: None, ..call(verb, "", "") }
}

async fn until(socket: &Arc<dyn Live>, holds: impl Fn(&dyn Live) -> bool) {
    loop {
        let seen = socket.version();
        if holds(&**socket) || socket.is_over() {
            return;
        }
        soon(socket.changed(seen)).await;
    }
}

async fn over(socket: &Arc<dyn Live>) {
    until(socket, |_| false).await;
}

/// `field` of a socket, as the language shows it.
fn of(socket: &Arc<dyn Live>, field: &str) -> String {
    show(&socket.field(field).unwrap())
}

/// Says back what it hears, asks for life with a ping first, and closes when it hears `bye`.
async fn echo(mut socket: WebSocket) {
    socket.send(Message::Ping("there?".into())).await.unwrap();
    let Some(Ok(Message::Pong(pong))) = socket.recv().await else { panic!("no pong") };
    assert_eq!(&pong[..], b"there?");
    while let Some(Ok(message)) = socket.recv().await {
        let bye = matches!(&message, Message::Text(text) if text.as_str() == "bye");
        if bye {
            let frame = CloseFrame { code: 4001, reason: "as you wish".into() };
            socket.send(Message::Close(Some(frame))).await.unwrap();
        } else if !matches!(message, Message::Close(_)) {
            socket.send(message).await.unwrap();
        }
    }
}

async fn echoing() -> String {
    let upgrade =
        async |upgrade: WebSocketUpgrade| -> Response { upgrade.protocols(["v2", "v1"]).on_upgrade(echo) };
    serve(axum::Router::new().route("/ws", any(upgrade))).await
}

#[tokio::test]
async fn messages_of_all_kinds_go_and_come() {
    let (url, world) = (echoing().await, World::new());
    let subprotocols = Value::list(vec![Value::text("v1"), Value::text("v3")]);
    let reply = world.send(open(&url).with("subprotocols", subprotocols)).await;
    assert!(reply.succeeded, "{}", reply.exchange.response);
    let socket = live(&reply);
    assert_eq!((socket.kind(), &*socket.name()), ("stream", "orders"));
    assert_eq!((of(&socket, "status"), of(&socket, "subprotocol")), ("101".into(), "\"v1\"".into()));
    for message in [json(r#"{"total": 1.10}"#), Value::text("pläin"), Value::bytes(vec![0, 255]), json("[1]")]
    {
        let sent = world.send(on("send", &socket).body(message)).await;
        assert!(sent.succeeded, "{}", sent.exchange.response);
    }
    until(&socket, |socket| socket.items().unwrap().len() == 4).await;
    let items = socket.items().unwrap();
    let field = |at: usize, name: &str| items[at].as_object().unwrap().get(name).cloned();
    assert_eq!(
        (field(0, "json"), field(0, "data")),
        (Some(json(r#"{"total":1.10}"#)), Some(Value::text(r#"{"total":1.10}"#)))
    );
    assert_eq!((field(1, "data"), field(1, "json")), (Some(Value::text("pläin")), None));
    assert_eq!((field(2, "data"), field(2, "json")), (Some(Value::bytes(vec![0, 255])), None));
    assert_eq!(field(3, "json"), Some(json("[1]")));
    let times = socket.times().unwrap();
    assert!(times.len() == 4 && times.is_sorted());
    assert_eq!(
        (of(&socket, "closed"), of(&socket, "code"), socket.gap()),
        ("false".into(), "absent".into(), None)
    );
    for name in socket.fields() {
        assert!(socket.field(name).is_some(), "{name}");
    }
    world.send(on("send", &socket).body(Value::text("bye"))).await;
    over(&socket).await;
    assert_eq!((of(&socket, "code"), of(&socket, "message")), ("4001".into(), "\"as you wish\"".into()));
    let Some(Gap::Broken(why)) = socket.gap() else { panic!("{:?}", socket.gap()) };
    assert_eq!(why, "broke off: it was closed with code 4001: as you wish");
    let late = world.send(on("send", &socket).body(Value::text("late"))).await;
    assert!(!late.succeeded);
    assert!(text(&late, "error.message").ends_with("it was closed with code 4001: as you wish"));
}

#[tokio::test]
async fn close_says_so_and_cancel_does_not() {
    for (verb, code) in [("close", "1000"), ("cancel", "1006")] {
        let (url, world) = (echoing().await, World::new());
        let socket = live(&world.send(open(&url)).await);
        assert!(soon(world.send(on(verb, &socket))).await.succeeded);
        assert_eq!(
            (of(&socket, "closed"), of(&socket, "code"), of(&socket, "error")),
            ("true".into(), code.into(), "absent".into())
        );
        assert_eq!(socket.gap(), Some(Gap::Closed("was closed by the scenario".into())));
        let late = world.send(on("send", &socket).body(Value::text("late"))).await;
        assert!(text(&late, "error.message").ends_with("the scenario had closed it"));
    }
}

#[tokio::test]
async fn a_refusal_shows_its_status_and_body() {
    let refuse = async || {
        let json = [("content-type", "application/json")];
        (axum::http::StatusCode::FORBIDDEN, json, "{\"why\": \"no token\"}")
    };
    let url = serve(axum::Router::new().route("/ws", any(refuse))).await;
    let reply = World::new().send(open(&url)).await;
    assert!(!reply.succeeded);
    assert_eq!((shown(&reply, "status"), text(&reply, "body.why")), ("403".into(), "no token".into()));
    let (kind, message) = error(&reply);
    assert_eq!(kind, "protocol");
    assert!(message.ends_with("opened no WebSocket: it answered 403 Forbidden"), "{message}");
    assert!(reply.exchange.response_body.contains("no token"));
}

#[tokio::test]
async fn an_answer_that_is_none_to_the_key_opens_nothing() {
    let answers = [
        (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n",
            "is no answer to the key",
        ),
        ("Upgrade: other\r\nConnection: Upgrade\r\n", "do not say `upgrade: websocket`"),
    ];
    for (headers, why) in answers {
        let (url, _) = raw(move |mut stream| async move {
            read_head(&mut stream).await;
            let head = format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            finish(stream).await;
        })
        .await;
        let reply = soon(World::new().send(open(&url))).await;
        let (_, message) = error(&reply);
        assert!(message.contains(why), "{message}");
    }
}

/// A server that opens a WebSocket, writes these bytes and ends the connection.
async fn writing(bytes: Vec<u8>) -> Arc<dyn Live> {
    let (url, _) = raw(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            let head = read_head(&mut stream).await;
            let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: ")).unwrap().to_owned();
            let hash = ring::digest::digest(
                &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
                format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11").as_bytes(),
            );
            use base64::Engine as _;
            let accept = base64::engine::general_purpose::STANDARD.encode(hash);
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&bytes).await.unwrap();
            finish(stream).await;
        }
    })
    .await;
    let world = World::new();
    let reply = soon(world.send(open(&url).with("limit", Value::int(1000)))).await;
    let socket = live(&reply);
    over(&socket).await;
    socket
}

#[tokio::test]
async fn what_breaks_the_protocol_breaks_the_history() {
    let first = b"\x81\x01a".to_vec();
    let long = [&b"\x82\x7e\x07\xd0"[..], &[0; 2000]].concat();
    let many = b"\x81\x01b".repeat(20);
    for (bytes, kind, why) in [
        (b"".to_vec(), "reset", "ended without a close frame"),
        (b"\x81\x05he".to_vec(), "reset", "ended without a close frame"),
        (b"\x81\x02\xc3\x28".to_vec(), "protocol", "not UTF-8"),
        (b"\x83\x00".to_vec(), "protocol", "broke the WebSocket protocol: "),
        (b"\xf1\x00".to_vec(), "protocol", "broke the WebSocket protocol: "),
        (b"\x81\x81\0\0\0\0a".to_vec(), "protocol", "broke the WebSocket protocol: "),
        (long, "protocol", "a message of `"),
        (many, "protocol", "more than the limit of 1000 bytes"),
    ] {
        let socket = writing([first.clone(), bytes.clone()].concat()).await;
        let error = socket.field("error").unwrap();
        let field = |name: &str| {
            error
                .as_object()
                .unwrap_or_else(|| panic!("{bytes:?}: no error"))
                .get(name)
                .unwrap()
                .as_text()
                .unwrap()
                .to_owned()
        };
        assert_eq!(field("kind"), kind, "{}", field("message"));
        assert!(field("message").contains(why), "{}", field("message"));
        assert_eq!(of(&socket, "code"), "1006");
        // What had come is kept, and what was to come is not known.
        assert_eq!(show(&socket.items().unwrap()[0].as_object().unwrap()["data"]), "\"a\"");
        assert!(matches!(socket.gap(), Some(Gap::Broken(_))));
    }
    let whole = writing(b"\x88\x02\x03\xe8".to_vec()).await;
    assert_eq!(
        (of(&whole, "code"), of(&whole, "error"), whole.gap()),
        ("1000".into(), "absent".into(), None)
    );
}

#[tokio::test]
async fn misuse_is_told_by_the_option() {
    let world = World::new();
    let url = "http://127.0.0.1:1";
    let version = world.refuse(open(url).with("version", Value::text("2"))).await;
    assert_eq!(
        (version.option.as_deref(), &*version.message),
        (Some("version"), "a WebSocket is opened over HTTP/1.1")
    );
    let body = world.refuse(open(url).body(json("{}"))).await;
    assert_eq!(body.help.as_deref(), Some("send a message once it is open: `send ws { … }`"));
    let own = world.refuse(open(url).with("headers", json(r#"{"Sec-WebSocket-Key": "x"}"#))).await;
    assert!(own.message.starts_with("`sec-websocket-key` follows from `websocket`"));
    let none = world.refuse(call("open", url, "/").with("subprotocols", json(r#"["a"]"#))).await;
    assert_eq!(none.message, "only a WebSocket has subprotocols");
    let send = world.refuse(call("send", url, "/").body(json("{}"))).await;
    assert_eq!(send.message, "`send` needs a WebSocket");
}
