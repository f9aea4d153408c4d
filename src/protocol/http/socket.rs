//! A WebSocket (RFC 6455) as a live value. A task of its own reads and writes it until it is closed
//! by either side, breaks off, or its scenario ends; pings are answered, and are no messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::incoming::{Full, Incoming, Receives};
use super::super::{ErrorKind, Misuse, Session};
use super::fault::Fault;
use super::stream::Opening;
use crate::value::{BoxFuture, Gap, Number, Object, Value, from_json, show_short, to_json};

/// How many messages wait to be sent before `send` waits as well.
const OUTBOX: usize = 16;
/// How long the other side may take to answer a close frame, or to end the connection after one.
const FAREWELL: Duration = Duration::from_secs(5);
/// What a close frame has room for beside its code (RFC 6455 §5.5).
const MAX_REASON: usize = 123;
/// The code of a connection that ended without a close frame (RFC 6455 §7.1.5).
const ABNORMAL: u16 = 1006;
/// The code of a close frame without a code (RFC 6455 §7.1.5).
const NO_STATUS: u16 = 1005;

/// An open WebSocket.
#[derive(Debug)]
pub(super) struct Socket {
    opening: Opening,
    subprotocol: Option<String>,
    shared: Arc<Shared>,
    outbox: mpsc::Sender<Message>,
    stop: CancellationToken,
    /// Ends the task when nobody holds the socket any more.
    _guard: DropGuard,
}

#[derive(Debug)]
struct Shared {
    messages: Arc<Incoming<End>>,
    /// Counts the pongs, which are no messages.
    pongs: watch::Sender<u64>,
    /// Whether the scenario said that it wants no more.
    closing: AtomicBool,
}

/// How it ended.
#[derive(Debug, Clone, Default)]
pub(super) struct End {
    /// The code and the reason of the close frame.
    code: Option<u16>,
    reason: String,
    error: Option<Fault>,
}

impl Shared {
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    fn is_over(&self) -> bool {
        self.messages.is_over()
    }
}

impl Socket {
    /// Takes over a connection that has switched protocols. At most `limit` bytes of data are held,
    /// and so many are in one message.
    pub(super) fn start(
        opening: Opening,
        subprotocol: Option<String>,
        io: Upgraded,
        limit: usize,
        session: &Session,
    ) -> Socket {
        let shared = Arc::new(Shared {
            messages: Incoming::new(limit, session.stopwatch),
            pongs: watch::Sender::new(0),
            closing: AtomicBool::new(false),
        });
        let stop = session.cancel.child_token();
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let task = Task {
            shared: shared.clone(),
            shown: opening.shown.clone(),
            began: Instant::now(),
            stop: stop.clone(),
            scenario: session.cancel.clone(),
        };
        tokio::spawn(task.run(io, messages));
        Socket { opening, subprotocol, shared, outbox, _guard: stop.clone().drop_guard(), stop }
    }

    pub(super) fn url(&self) -> &str {
        &self.opening.shown
    }

    /// Sends a message. Errors: it is closed; how.
    pub(super) async fn send(&self, message: Message) -> Result<(), Fault> {
        let closing = self.shared.is_closing();
        if !closing && !self.shared.is_over() && self.outbox.send(message).await.is_ok() {
            return Ok(());
        }
        let how = match self.shared.messages.end() {
            _ if closing => "the scenario had closed it".to_owned(),
            Some(End { error: Some(fault), .. }) => fault.message,
            Some(End { code: Some(code), reason, .. }) => said(code, &reason),
            _ => "it had ended".to_owned(),
        };
        let message = format!("nothing can be sent to `{}` any more: {how}", self.url());
        Err(Fault::new(ErrorKind::Reset, message))
    }

    /// Says that nothing more is sent or wanted, and why, and waits for the answer.
    pub(super) async fn close(&self, frame: CloseFrame) {
        self.shared.closing.store(true, Ordering::SeqCst);
        let _ = self.outbox.send(Message::Close(Some(frame))).await;
        if tokio::time::timeout(FAREWELL, self.shared.messages.over()).await.is_err() {
            self.stop.cancel();
            self.shared.messages.over().await;
        }
    }

    /// Ends the connection without a word.
    pub(super) async fn cancel(&self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.stop.cancel();
        self.shared.messages.over().await;
    }

    /// Pings, and waits for the pong: what the server sent before it has come.
    async fn ping(&self) -> Result<(), String> {
        let mut pongs = self.shared.pongs.subscribe();
        let seen = *pongs.borrow_and_update();
        if self.outbox.send(Message::Ping(Bytes::new())).await.is_err() {
            return Ok(());
        }
        tokio::select! {
            _ = pongs.wait_for(|pongs| *pongs > seen) => {}
            // How it ended is its history's to say.
            () = self.shared.messages.over() => {}
        }
        Ok(())
    }
}

/// The message that a value is sent as: text as a text frame, bytes as a binary one, all else as
/// JSON. Errors: what cannot be sent.
pub(super) fn message(value: &Value) -> Result<Message, String> {
    match value {
        Value::Text(text) => Ok(Message::text(&*text.text)),
        Value::Bytes(bytes) => Ok(Message::Binary(bytes.bytes.clone())),
        Value::Tagged(tagged) if matches!(tagged.tag, "text" | "bytes") => {
            let fields = tagged.value.as_object();
            let inner = fields.and_then(|fields| fields.get("text").or_else(|| fields.get("content")));
            message(inner.unwrap_or(&tagged.value))
        }
        Value::Tagged(tagged) if tagged.tag == "json" => Ok(Message::text(to_json(&tagged.value))),
        Value::Tagged(tagged) => Err(format!("`{}(…)` is no message of a WebSocket", tagged.tag)),
        other => Ok(Message::text(to_json(other))),
    }
}

/// The close frame that the options `code` and `reason` of `close` ask for.
///
/// # Errors
/// What no endpoint may send (RFC 6455 §5.5.1 and §7.4).
pub(super) fn farewell(options: &Object) -> Result<CloseFrame, Misuse> {
    let given = |name: &str| options.get(name).filter(|value| !matches!(value, Value::Absent));
    let code = match given("code") {
        None => CloseCode::Normal,
        Some(value) => {
            let number =
                value.as_number().and_then(Number::to_usize).and_then(|code| u16::try_from(code).ok());
            let code = number.map(CloseCode::from).filter(|code| code.is_allowed());
            code.ok_or_else(|| {
                let message = format!("`code` is {}, which no close frame may have", show_short(value, 40));
                Misuse::option("code", message)
                    .help("1000 is a normal end, 1001 going away, 3000..4999 are free (RFC 6455 §7.4)")
            })?
        }
    };
    let reason = match given("reason") {
        None => "",
        Some(Value::Text(text)) if text.text.len() <= MAX_REASON => &*text.text,
        Some(Value::Text(text)) => {
            let message =
                format!("`reason` has {} bytes, and a close frame at most {MAX_REASON}", text.text.len());
            return Err(Misuse::option("reason", message));
        }
        Some(other) => {
            return Err(Misuse::option("reason", format!("`reason` is text, not {}", show_short(other, 40))));
        }
    };
    Ok(CloseFrame { code, reason: reason.into() })
}

fn said(code: u16, reason: &str) -> String {
    let reason = if reason.is_empty() { String::new() } else { format!(": {}", reason.escape_debug()) };
    format!("it was closed with code {code}{reason}")
}

struct Task {
    shared: Arc<Shared>,
    shown: String,
    began: Instant,
    stop: CancellationToken,
    scenario: CancellationToken,
}

impl Task {
    async fn run(self, io: Upgraded, mut messages: mpsc::Receiver<Message>) {
        let limit = Some(self.shared.messages.limit());
        let config = WebSocketConfig::default().max_message_size(limit).max_frame_size(limit);
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Client, Some(config)).await;
        let (mut sink, mut source) = socket.split();
        let writing = async {
            while let Some(message) = messages.recv().await {
                // What the other side does not take, the reader hears of.
                if sink.send(message).await.is_err() {
                    break;
                }
            }
            std::future::pending::<()>().await;
        };
        let reading = async {
            loop {
                match source.next().await {
                    None | Some(Err(Error::ConnectionClosed | Error::AlreadyClosed)) => {
                        return End { code: Some(NO_STATUS), ..End::default() };
                    }
                    Some(Err(error)) => return self.broken(&error),
                    Some(Ok(Message::Close(frame))) => {
                        // The answer to it goes out, and the server ends the connection.
                        let _ = tokio::time::timeout(FAREWELL, source.next()).await;
                        let (code, reason) = frame.map_or((NO_STATUS, String::new()), |frame| {
                            (frame.code.into(), frame.reason.to_string())
                        });
                        return End { code: Some(code), reason, error: None };
                    }
                    Some(Ok(Message::Text(text))) => {
                        if let Some(end) = self.keep(Bytes::from(text), true) {
                            return end;
                        }
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        if let Some(end) = self.keep(bytes, false) {
                            return end;
                        }
                    }
                    Some(Ok(Message::Pong(_))) => self.shared.pongs.send_modify(|pongs| *pongs += 1),
                    Some(Ok(Message::Ping(_) | Message::Frame(_))) => {}
                }
            }
        };
        let end = tokio::select! {
            biased;
            () = self.stop.cancelled() => {
                let error = self.scenario.is_cancelled().then(|| {
                    let message = format!("the scenario ended while the WebSocket `{}` was open", self.shown);
                    Fault::new(ErrorKind::Cancelled, message)
                });
                End { code: Some(ABNORMAL), reason: String::new(), error }
            }
            end = reading => end,
            () = writing => End::default(),
        };
        drop((sink, source));
        self.shared.messages.finish(end);
    }

    /// Keeps a message, `{ data, json, at }`; how it ends when there is no room for it.
    fn keep(&self, data: Bytes, is_text: bool) -> Option<End> {
        let mut fields = Vec::with_capacity(3);
        if is_text {
            let json = from_json(&data).ok();
            fields.push(("data", Value::text(String::from_utf8_lossy(&data))));
            fields.extend(json.map(|json| ("json", json)));
        } else {
            fields.push(("data", Value::bytes(data.clone())));
        }
        fields.push(("at", Value::duration(self.began.elapsed())));
        let kept = self.shared.messages.keep(Value::object(fields), data.len());
        kept.err().map(|Full| self.too_much("the messages", "are"))
    }

    fn too_much(&self, what: &str, are: &str) -> End {
        let message = format!(
            "{what} of `{}` {are} more than the limit of {} bytes: set `limit` to hold more",
            self.shown,
            self.shared.messages.limit()
        );
        End {
            code: Some(ABNORMAL),
            reason: String::new(),
            error: Some(Fault::new(ErrorKind::Protocol, message)),
        }
    }

    fn broken(&self, error: &Error) -> End {
        let url = &self.shown;
        let fault = match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => return self.too_much("a message", "is"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
                Fault::new(ErrorKind::Reset, format!("the connection of `{url}` ended without a close frame"))
            }
            Error::Io(error) => {
                Fault::new(ErrorKind::Reset, format!("the connection of `{url}` broke: {error}"))
            }
            Error::Utf8(_) => Fault::new(
                ErrorKind::Protocol,
                format!("`{url}` broke the WebSocket protocol: a text message is not UTF-8"),
            ),
            other => {
                let why = other.to_string();
                let why = why.strip_prefix("WebSocket protocol error: ").unwrap_or(&why);
                Fault::new(ErrorKind::Protocol, format!("`{url}` broke the WebSocket protocol: {why}"))
            }
        };
        End { code: Some(ABNORMAL), reason: String::new(), error: Some(fault) }
    }
}

impl Receives for Socket {
    type End = End;

    const FIELDS: &'static [&'static str] = &[
        "count",
        "items",
        "first",
        "last",
        "closed",
        "code",
        "message",
        "error",
        "status",
        "headers",
        "subprotocol",
        "latency",
        "url",
    ];

    const ENDS: &'static [&'static str] = &["closed", "code", "message", "error"];

    fn incoming(&self) -> &Arc<Incoming<End>> {
        &self.shared.messages
    }

    fn name(&self) -> Arc<str> {
        self.opening.name.clone()
    }

    fn own(&self, name: &str) -> Option<Value> {
        let end = || self.shared.messages.end();
        let or_absent = |value: Option<Value>| value.unwrap_or(Value::Absent);
        Some(match name {
            "code" => or_absent(end().and_then(|end| end.code).map(Value::int)),
            "message" => or_absent(end().map(|end| Value::text(end.reason))),
            "error" => or_absent(end().and_then(|end| end.error).as_ref().map(Fault::record)),
            "status" => Value::int(self.opening.status),
            "headers" => self.opening.headers.clone(),
            "subprotocol" => or_absent(self.subprotocol.as_deref().map(Value::text)),
            "latency" => Value::duration(self.opening.latency),
            "url" => self.opening.url.clone(),
            _ => return None,
        })
    }

    fn gap(&self) -> Option<Gap> {
        let end = self.shared.messages.end()?;
        match (&end.error, end.code) {
            (Some(fault), _) => Some(Gap::Broken(format!("broke off: {}", fault.message))),
            (None, _) if self.shared.is_closing() => {
                Some(Gap::Closed("was closed by the scenario".to_owned()))
            }
            // Normal closure, going away, no code (RFC 6455 §7.4.1).
            (None, Some(1000 | 1001 | NO_STATUS) | None) => None,
            (None, Some(code)) => Some(Gap::Broken(format!("broke off: {}", said(code, &end.reason)))),
        }
    }

    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(self.ping())
    }
}
