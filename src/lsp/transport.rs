//! Messages over standard input and output. What is no message is answered with an error, and the
//! next one is read.

use std::io::{self, BufRead, Read as _, Write as _};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use lsp_server::{Connection, ErrorCode, Message, Notification, Response};
use serde_json::{Value, json};

/// No client sends more at once.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// The last message.
pub(super) const EXIT: &str = "exit";

/// Sends a message to the client, from any thread. A client that is gone hears nothing.
pub(super) type Outbox = Arc<dyn Fn(Message) + Send + Sync>;

/// The two ends that the server holds, and what it waits for before it ends.
pub(super) struct Transport {
    /// To the client.
    pub(super) connection: Connection,
    /// Puts a message into the server's own queue, from any thread.
    pub(super) wake: Arc<dyn Fn(Notification) + Send + Sync>,
    /// Is closed when everything is written.
    pub(super) written: Receiver<()>,
}

/// Over standard input and output.
pub(super) fn stdio() -> Transport {
    let (connection, client) = Connection::memory();
    let incoming = client.sender.clone();
    let wake = client.sender.clone();
    thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(bytes)) = frame(&mut input) {
            match message(&bytes) {
                Ok(message) => {
                    if incoming.send(message).is_err() {
                        return;
                    }
                }
                Err(refusal) => refuse(&refusal),
            }
        }
        // A client that is gone has nothing more to say.
        let _ = incoming.send(Message::Notification(exit()));
    });
    let (writes, written) = channel();
    thread::spawn(move || {
        let _writes: Sender<()> = writes;
        for message in client.receiver {
            // Threads that could still say something do not keep the program alive.
            if matches!(&message, Message::Notification(last) if last.method == EXIT) {
                return;
            }
            if message.write(&mut io::stdout().lock()).is_err() {
                return;
            }
        }
    });
    let wake = Arc::new(move |notification| {
        let _ = wake.send(Message::Notification(notification));
    });
    Transport { connection, wake, written }
}

impl Transport {
    /// For those that have something to say at a time of their own.
    pub(super) fn outbox(&self) -> Outbox {
        let sender = self.connection.sender.clone();
        Arc::new(move |message| {
            let _ = sender.send(message);
        })
    }
}

/// A notification.
pub(super) fn notification(method: &str, params: Value) -> Message {
    Message::Notification(Notification { method: method.to_owned(), params })
}

/// What ends the server when it comes, and the writer when it goes.
pub(super) fn exit() -> Notification {
    Notification { method: EXIT.to_owned(), params: Value::Null }
}

/// The bytes of the next message; none at the end. Lines that are no header are passed over.
fn frame(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut size: Option<usize> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line).to_ascii_lowercase();
        match (text.trim(), size) {
            ("", Some(size)) => {
                let mut body = Vec::new();
                let read = input.take(size as u64).read_to_end(&mut body)?;
                return Ok((read == size).then_some(body));
            }
            (header, _) => {
                if let Some((_, value)) = header.rsplit_once("content-length:") {
                    size = value.trim().parse().ok().filter(|size| *size <= MOST_BYTES);
                }
            }
        }
    }
}

/// The message of a frame, or the answer that says why it is none.
fn message(bytes: &[u8]) -> Result<Message, Value> {
    let error = |id: Value, code: ErrorCode, why: String| json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code as i32, "message": why } });
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|why| error(Value::Null, ErrorCode::ParseError, format!("this is no JSON: {why}")))?;
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    // Serde would take a list for the fields of a request, one by one.
    let value = if value.is_object() { value } else { Value::Null };
    serde_json::from_value(value).map_err(|_| {
        error(id, ErrorCode::InvalidRequest, "this is no request, response or notification".to_owned())
    })
}

/// Answers what is no message; such answers may have no id, which no [`Response`] can say.
fn refuse(refusal: &Value) {
    let text = refusal.to_string();
    let mut out = io::stdout().lock();
    let _ = write!(out, "Content-Length: {}\r\n\r\n{text}", text.len()).and_then(|()| out.flush());
}

/// The answer to a request.
pub(super) fn answer(id: lsp_server::RequestId, result: Result<Value, (ErrorCode, String)>) -> Message {
    Message::Response(match result {
        Ok(value) => Response::new_ok(id, value),
        Err((code, why)) => Response::new_err(id, code as i32, why),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_header_is_passed_over() {
        let mut input: &[u8] =
            b"nonsense\r\nContent-Length: x\r\n\r\nfooContent-Length: 2\r\nContent-Type: y\r\n\r\n{}rest";
        assert_eq!(frame(&mut input).unwrap().unwrap(), b"{}");
        let mut input: &[u8] = b"Content-Length: 9\r\n\r\n{}";
        assert_eq!(frame(&mut input).unwrap(), None);
    }

    #[test]
    fn what_is_no_message_is_answered() {
        assert_eq!(message(b"{").unwrap_err()["error"]["code"], -32700);
        let refusal = message(br#"{"jsonrpc":"2.0","id":7,"method":1}"#).unwrap_err();
        assert_eq!((&refusal["id"], &refusal["error"]["code"]), (&json!(7), &json!(-32600)));
        assert!(message(br#"{"jsonrpc":"2.0","id":7,"method":"shutdown"}"#).is_ok());
    }
}
