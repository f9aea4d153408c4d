//! The client protocol of NATS (<https://docs.nats.io/reference/reference-protocols/nats-protocol>):
//! lines of text, and payloads whose length a line says.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::{Buf as _, BytesMut};

use crate::value::Bytes;

/// A line longer than this is no line of the protocol; what a server says of itself may be longer.
const MAX_LINE: usize = 1 << 20;
/// No server allows a message larger than this.
const MAX_MESSAGE: usize = 64 << 20;

/// What a server sends.
#[derive(Debug, PartialEq)]
pub(super) enum Op {
    /// JSON about the server.
    Info(Bytes),
    Message(Delivery),
    Ping,
    Pong,
    Ok,
    Error(String),
}

/// A message as it comes.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Delivery {
    pub(super) sid: u64,
    pub(super) subject: String,
    pub(super) reply: Option<String>,
    /// Of a message that the server itself makes: 503 when nobody is there to answer.
    pub(super) status: Option<(u16, String)>,
    /// In their order; a name may come several times.
    pub(super) headers: Vec<(String, String)>,
    pub(super) payload: Bytes,
}

/// Reads what comes, in whatever pieces it comes.
#[derive(Debug, Default)]
pub(super) struct Parser {
    buffer: BytesMut,
}

impl Parser {
    /// Room to read into.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        self.buffer.reserve(16 << 10);
        &mut self.buffer
    }

    /// The next operation that came whole. Errors: this is not the protocol.
    pub(super) fn next(&mut self) -> Result<Option<Op>, String> {
        let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") else {
            if self.buffer.len() > MAX_LINE {
                return Err(format!("a line of more than {MAX_LINE} bytes came"));
            }
            return Ok(None);
        };
        let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((&line, ""));
        let rest = rest.trim();
        let op = match verb.to_ascii_uppercase().as_str() {
            "MSG" | "HMSG" => return self.message(&line, end),
            "INFO" => Op::Info(Bytes::copy_from_slice(rest.as_bytes())),
            "PING" => Op::Ping,
            "PONG" => Op::Pong,
            "+OK" => Op::Ok,
            "-ERR" => Op::Error(rest.trim_matches('\'').to_owned()),
            _ => {
                let line: String = line.chars().take(60).collect();
                return Err(format!("`{line}` is no line of the NATS protocol"));
            }
        };
        self.buffer.advance(end + 2);
        Ok(Some(op))
    }

    /// `MSG subject sid [reply] size`, `HMSG subject sid [reply] headers size`.
    fn message(&mut self, line: &str, end: usize) -> Result<Option<Op>, String> {
        let wrong = || format!("`{line}` is no line of the NATS protocol");
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let with_headers = words[0].eq_ignore_ascii_case("HMSG");
        let sizes = if with_headers { 2 } else { 1 };
        let reply = match words.len().checked_sub(3 + sizes) {
            Some(0) => None,
            Some(1) => Some(words[3].to_owned()),
            _ => return Err(wrong()),
        };
        let size = |word: &str| word.parse::<usize>().ok().filter(|size| *size <= MAX_MESSAGE);
        let total = size(words[words.len() - 1]).ok_or_else(wrong)?;
        let head = if with_headers { size(words[words.len() - 2]).ok_or_else(wrong)? } else { 0 };
        if head > total {
            return Err(wrong());
        }
        let mut delivery = Delivery {
            sid: words[2].parse().map_err(|_| wrong())?,
            subject: words[1].to_owned(),
            reply,
            ..Delivery::default()
        };
        if self.buffer.len() < end + 2 + total + 2 {
            return Ok(None);
        }
        self.buffer.advance(end + 2);
        let headers = self.buffer.split_to(head);
        delivery.payload = self.buffer.split_to(total - head).freeze();
        if !self.buffer.starts_with(b"\r\n") {
            return Err("a message is longer than it says".to_owned());
        }
        self.buffer.advance(2);
        if with_headers {
            read_headers(&headers, &mut delivery)?;
        }
        Ok(Some(Op::Message(delivery)))
    }
}

/// `NATS/1.0 503 No Responders`, then `Name: value` lines, then an empty one.
fn read_headers(block: &[u8], delivery: &mut Delivery) -> Result<(), String> {
    let text = String::from_utf8_lossy(block);
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status =
        first.strip_prefix("NATS/1.0").ok_or("the headers of a message do not begin with `NATS/1.0`")?;
    let status = status.trim();
    if !status.is_empty() {
        let (code, why) = status.split_once(' ').unwrap_or((status, ""));
        let code = code.parse().map_err(|_| format!("`{code}` is no status of a message"))?;
        delivery.status = Some((code, why.to_owned()));
    }
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` is no header"))?;
        delivery.headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(())
}

/// What a client sends, piece after piece; sent whole, so that nothing comes between.
#[derive(Debug, Default)]
pub(super) struct Ops(BytesMut);

impl Ops {
    pub(super) fn connect(&mut self, json: &str) {
        self.line(&format!("CONNECT {json}"));
    }

    pub(super) fn subscribe(&mut self, subject: &str, queue: Option<&str>, sid: u64) {
        let queue = queue.map(|queue| format!("{queue} ")).unwrap_or_default();
        self.line(&format!("SUB {subject} {queue}{sid}"));
    }

    /// Ends a subscription, at once or after so many messages.
    pub(super) fn unsubscribe(&mut self, sid: u64, after: Option<u32>) {
        let after = after.map(|after| format!(" {after}")).unwrap_or_default();
        self.line(&format!("UNSUB {sid}{after}"));
    }

    pub(super) fn publish(
        &mut self,
        subject: &str,
        reply: Option<&str>,
        headers: &[(Arc<str>, String)],
        payload: &[u8],
    ) {
        let reply = reply.map(|reply| format!("{reply} ")).unwrap_or_default();
        let length = payload.len();
        let mut head = String::new();
        if !headers.is_empty() {
            head.push_str("NATS/1.0\r\n");
            for (name, value) in headers {
                let _ = write!(head, "{name}: {value}\r\n");
            }
            head.push_str("\r\n");
            self.line(&format!("HPUB {subject} {reply}{} {}", head.len(), head.len() + length));
        } else {
            self.line(&format!("PUB {subject} {reply}{length}"));
        }
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(payload);
        self.0.extend_from_slice(b"\r\n");
    }

    pub(super) fn ping(&mut self) {
        self.line("PING");
    }

    pub(super) fn pong(&mut self) {
        self.line("PONG");
    }

    pub(super) fn bytes(self) -> Bytes {
        self.0.freeze()
    }

    fn line(&mut self, line: &str) {
        self.0.extend_from_slice(line.as_bytes());
        self.0.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(parser: &mut Parser, bytes: &[u8]) -> Result<Vec<Op>, String> {
        parser.buffer().extend_from_slice(bytes);
        let mut ops = Vec::new();
        while let Some(op) = parser.next()? {
            ops.push(op);
        }
        Ok(ops)
    }

    const SAID: &[u8] = b"INFO {\"a\":1}\r\nMSG a.b 7 5\r\nhello\r\nHMSG a 1 r 22 24\r\nNATS/1.0 503\r\nA: b\r\n\r\nhi\r\nPING\r\n-ERR 'Stale Connection'\r\n+OK\r\nPONG\r\n";

    #[test]
    fn everything_a_server_says_is_read_in_whatever_pieces_it_comes() {
        let whole = all(&mut Parser::default(), SAID).unwrap();
        assert_eq!(whole.len(), 7);
        assert!(
            matches!(&whole[1], Op::Message(d) if d.subject == "a.b" && d.sid == 7 && &d.payload[..] == b"hello")
        );
        let Op::Message(status) = &whole[2] else { panic!() };
        assert_eq!((status.status.clone(), status.reply.as_deref()), (Some((503, String::new())), Some("r")));
        assert_eq!(status.headers, [("A".to_owned(), "b".to_owned())]);
        assert_eq!(whole[4], Op::Error("Stale Connection".to_owned()));
        for size in 1..SAID.len() {
            let mut parser = Parser::default();
            let pieces: Vec<Op> =
                SAID.chunks(size).flat_map(|piece| all(&mut parser, piece).unwrap()).collect();
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_nats_is_an_error() {
        for wrong in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"MSG a\r\n",
            b"MSG a 1 99999999999\r\n",
            b"MSG a 1 -1\r\n",
            b"HMSG a 1 9 3\r\nabc\r\n",
            b"MSG a 1 1\r\nabc\r\n",
            b"HMSG a 1 4 4\r\nabcd\r\n",
        ] {
            assert!(all(&mut Parser::default(), wrong).is_err(), "{:?}", String::from_utf8_lossy(wrong));
        }
        assert!(all(&mut Parser::default(), &vec![b'x'; MAX_LINE + 2]).is_err());
    }

    #[test]
    fn a_message_is_sent_with_its_headers() {
        let mut ops = Ops::default();
        ops.publish("a", Some("r"), &[("X".into(), "1".to_owned())], b"hi");
        assert_eq!(&ops.bytes()[..], b"HPUB a r 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhi\r\n");
    }
}
