//! Logs: the last lines of a process, bounded, each with its time and stream.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::watch;

use crate::value::{Object, Redactor, Value, from_json, level};

/// Where a line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout`, `stderr`.
    pub fn word(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// One line.
#[derive(Debug)]
pub struct Line {
    /// When it was read, since the run began.
    pub at: Duration,
    /// Where it was written.
    pub stream: Stream,
    /// Its characters, without the line end; what is no UTF-8 is U+FFFD.
    pub text: Arc<str>,
    record: OnceLock<Value>,
}

/// The last lines of a process. Bounded by [`Log::LINES`] and [`Log::BYTES`]; what is dropped is
/// counted.
#[derive(Debug)]
pub struct Log {
    ring: Mutex<Ring>,
    json: bool,
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    dropped: u64,
}

impl Log {
    /// How many lines are kept.
    pub const LINES: usize = 50_000;
    /// How many bytes of text are kept.
    pub const BYTES: usize = 16 * 1024 * 1024;
    /// Longer lines are cut, and say so.
    pub const LINE_BYTES: usize = 64 * 1024;

    /// An empty log. With `json`, lines that are JSON objects give their fields to their records.
    /// `version` grows with every line.
    pub fn new(json: bool, version: watch::Sender<u64>) -> Log {
        Log { ring: Mutex::default(), json, version }
    }

    /// Adds a line.
    pub fn push(&self, at: Duration, stream: Stream, text: &str) {
        let line = Line { at, stream, text: text.into(), record: OnceLock::new() };
        {
            let mut ring = self.ring();
            ring.bytes += text.len();
            ring.lines.push_back(Arc::new(line));
            while ring.lines.len() > Log::LINES || ring.bytes > Log::BYTES {
                let Some(oldest) = ring.lines.pop_front() else { break };
                ring.bytes -= oldest.text.len();
                ring.dropped += 1;
            }
        }
        self.version.send_modify(|version| *version += 1);
    }

    /// How many of the oldest lines are gone.
    pub fn dropped(&self) -> u64 {
        self.ring().dropped
    }

    /// The records of the lines, oldest first: `{ at, stream, text, level?, message?, … }`; each with
    /// its time in nanoseconds since the run began.
    pub fn lines(&self) -> Vec<(i64, Value)> {
        let lines: Vec<Arc<Line>> = self.ring().lines.iter().cloned().collect();
        let record = |line: &Arc<Line>| {
            let at = i64::try_from(line.at.as_nanos()).unwrap_or(i64::MAX);
            (at, line.record.get_or_init(|| record(line, self.json)).clone())
        };
        lines.iter().map(record).collect()
    }

    /// Grows with every line.
    pub fn version(&self) -> u64 {
        *self.version.borrow()
    }

    /// Tells of every line from now on.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The last lines, masked and fit for a terminal, and how many there were before them.
    pub fn tail(&self, count: usize, redactor: &Redactor) -> (Vec<String>, usize) {
        let ring = self.ring();
        let skipped = ring.lines.len().saturating_sub(count);
        let lines: Vec<&str> = ring.lines.iter().skip(skipped).map(|line| &*line.text).collect();
        let left_out = skipped + usize::try_from(ring.dropped).unwrap_or(usize::MAX);
        if lines.is_empty() {
            return (Vec::new(), left_out);
        }
        // Masked as one text, since a secret such as a key in PEM has several lines.
        let masked = redactor.mask(&lines.join("\n")).lines().map(printable).collect();
        (masked, left_out)
    }

    /// Reads lines until the pipe ends.
    pub async fn follow(
        &self,
        reader: impl AsyncRead + Unpin,
        stream: Stream,
        now: impl Fn() -> Duration,
    ) -> io::Result<()> {
        let mut lines = LineReader::new(reader, Log::LINE_BYTES);
        while let Some(line) = lines.next().await? {
            self.push(now(), stream, &line.to_text());
        }
        Ok(())
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The record of a line. The line's own fields win over those of its JSON; loggers' other names
/// for the level and the message are offered under `level` and `message` too, and a level has one name
/// whatever its logger calls it, so that no error hides behind another word.
fn record(line: &Line, json: bool) -> Value {
    let mut fields = Object::new();
    fields.insert("at".into(), Value::duration(line.at));
    fields.insert("stream".into(), Value::text(line.stream.word()));
    fields.insert("text".into(), Value::text(line.text.clone()));
    if json && let Ok(Value::Object(parsed)) = from_json(line.text.trim().as_bytes()) {
        for (name, others) in [("level", ["lvl", "severity"]), ("message", ["msg", "event"])] {
            let value = std::iter::once(name).chain(others).find_map(|name| parsed.get(name));
            let Some(value) = value else { continue };
            let value = match (name, value) {
                ("level", Value::Text(text)) => Value::text(level(&text.text)),
                ("level", Value::Number(number)) => Value::text(level(&number.to_string())),
                (_, value) => value.clone(),
            };
            fields.insert(name.into(), value);
        }
        for (name, value) in parsed.iter() {
            fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Value::Object(Arc::new(fields))
}

/// The line without escape sequences and control characters, so that it cannot play with the
/// terminal that shows it.
fn printable(line: &str) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    plain.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Reads lines of any length in bounded memory.
#[derive(Debug)]
pub struct LineReader<R> {
    reader: R,
    limit: usize,
    buffer: Box<[u8]>,
    filled: std::ops::Range<usize>,
    line: Vec<u8>,
    cut: u64,
}

/// A line as it was read.
#[derive(Debug)]
pub struct RawLine {
    /// Its bytes without the line end, up to the limit.
    pub bytes: Vec<u8>,
    /// How many more bytes it had.
    pub cut: u64,
}

impl RawLine {
    /// As text: what is no UTF-8 becomes U+FFFD, and a cut line says how much is missing.
    pub fn to_text(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes);
        if self.cut == 0 { text.into_owned() } else { format!("{text}… {} more bytes", self.cut) }
    }
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Keeps at most `limit` bytes of each line.
    pub fn new(reader: R, limit: usize) -> LineReader<R> {
        let buffer = vec![0; 64 * 1024].into_boxed_slice();
        LineReader { reader, limit, buffer, filled: 0..0, line: Vec::new(), cut: 0 }
    }

    /// The next line; a last one without a line end too. May be dropped and called again.
    pub async fn next(&mut self) -> io::Result<Option<RawLine>> {
        loop {
            let chunk = &self.buffer[self.filled.clone()];
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if self.filled.is_empty() {
                let read = self.reader.read(&mut self.buffer).await?;
                if read == 0 && self.line.is_empty() && self.cut == 0 {
                    return Ok(None);
                }
                self.filled = 0..read;
                if read == 0 {
                    return Ok(Some(self.take()));
                }
                continue;
            }
            let kept = part.len().min(self.limit.saturating_sub(self.line.len()));
            self.line.extend_from_slice(&part[..kept]);
            self.cut += (part.len() - kept) as u64;
            self.filled.start += part.len() + usize::from(end.is_some());
            if end.is_some() {
                return Ok(Some(self.take()));
            }
        }
    }

    fn take(&mut self) -> RawLine {
        let cut = std::mem::take(&mut self.cut);
        let mut bytes = std::mem::take(&mut self.line);
        if cut == 0 && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        RawLine { bytes, cut }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(mut input: &[u8], limit: usize) -> Vec<String> {
        let mut reader = LineReader::new(&mut input, limit);
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            lines.push(line.to_text());
        }
        lines
    }

    fn log(json: bool) -> Log {
        Log::new(json, watch::Sender::new(0))
    }

    #[tokio::test]
    async fn lines_of_any_kind_are_read() {
        assert_eq!(lines(b"a\r\n\nb", 10).await, ["a", "", "b"]);
        assert_eq!(lines(b"", 10).await, Vec::<String>::new());
        assert_eq!(lines(b"\xff\xfe ok\n", 10).await, ["\u{fffd}\u{fffd} ok"]);
        assert_eq!(lines(b"0123456789abc\nx\n", 10).await, ["0123456789… 3 more bytes", "x"]);
        let long = vec![b'x'; 200_000];
        assert_eq!(lines(&long, 5).await, ["xxxxx… 199995 more bytes"]);
    }

    #[tokio::test]
    async fn the_log_is_bounded_and_counts_what_it_lost() {
        let log = log(false);
        for n in 0..Log::LINES + 7 {
            log.push(Duration::ZERO, Stream::Stdout, &n.to_string());
        }
        assert_eq!((log.lines().len(), log.dropped()), (Log::LINES, 7));
        let big = "y".repeat(Log::LINE_BYTES);
        for _ in 0..Log::BYTES / Log::LINE_BYTES + 1 {
            log.push(Duration::ZERO, Stream::Stdout, &big);
        }
        assert!(log.ring().bytes <= Log::BYTES);
        assert_eq!(log.dropped() as usize, Log::LINES + 7 + 1);
        assert_eq!(*log.version.borrow() as usize, Log::LINES + 7 + Log::BYTES / Log::LINE_BYTES + 1);
    }

    #[test]
    fn json_lines_give_their_fields_and_cannot_replace_the_lines_own() {
        let log = log(true);
        log.push(
            Duration::from_secs(1),
            Stream::Stderr,
            r#"{"msg":"posted","severity":"INFO","order":7,"at":"x"}"#,
        );
        log.push(Duration::from_secs(1), Stream::Stdout, "{ not json");
        for level in ["\"error\"", "50", "[]"] {
            log.push(Duration::ZERO, Stream::Stdout, &format!("{{\"level\":{level}}}"));
        }
        let records: Vec<Value> = log.lines().into_iter().map(|(_, record)| record).collect();
        let text = crate::value::show(&records[0]);
        assert!(text.starts_with(r#"{ at: 1s, stream: "stderr", text: "{"#), "{text}");
        assert!(text.contains(r#"level: "INFO", message: "posted", msg: "posted""#), "{text}");
        assert!(text.contains("order: 7"), "{text}");
        assert_eq!(records[1].as_object().unwrap().len(), 3);
        let levels: Vec<_> =
            records[2..].iter().map(|record| &record.as_object().unwrap()["level"]).collect();
        let error = Value::text("ERROR");
        assert_eq!(levels, [&error, &error, &Value::list(Vec::new())]);
        let plain = super::tests::log(false);
        plain.push(Duration::ZERO, Stream::Stdout, r#"{"order":7}"#);
        assert_eq!(plain.lines()[0].1.as_object().unwrap().get("order"), None);
    }

    #[test]
    fn reports_get_masked_and_harmless_lines() {
        let log = log(false);
        let redactor = Redactor::default();
        redactor.register("-----KEY\nabcdefgh\nEND-----");
        for line in ["zero", "\x1b[31mred\x1b[0m \x07 bell", "a -----KEY", "abcdefgh", "END----- b"] {
            log.push(Duration::ZERO, Stream::Stdout, line);
        }
        let (lines, left_out) = log.tail(4, &redactor);
        assert_eq!(left_out, 1);
        assert_eq!(lines, ["red  bell", "a ••• b"]);
    }
}
