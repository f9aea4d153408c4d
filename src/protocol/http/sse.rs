//! The event stream format (WHATWG HTML, §9.2.6): bytes in, events out. Works on any split of the
//! bytes. One deliberate difference: invalid UTF-8 is an error instead of U+FFFD, since a test that
//! hides it would pass wrongly.

use std::time::Duration;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its type; `message` when the stream names none.
    pub(super) event: String,
    /// The last event id that was given so far; `None` before there was one.
    pub(super) id: Option<String>,
    /// The data lines, joined by newlines.
    pub(super) data: String,
}

/// Why the stream cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    #[error("line {0} of the event stream is not valid UTF-8")]
    Utf8(u64),
    #[error("an event is larger than the limit of {0} bytes")]
    TooLarge(usize),
}

/// Takes the stream apart.
#[derive(Debug)]
pub(super) struct Parser {
    limit: usize,
    line: Vec<u8>,
    lines: u64,
    after_cr: bool,
    event: String,
    data: String,
    has_data: bool,
    id: Option<String>,
    /// The reconnection time that the server asked for.
    pub(super) retry: Option<Duration>,
}

impl Parser {
    /// A parser that holds at most `limit` bytes of one event.
    pub(super) fn new(limit: usize) -> Parser {
        Parser {
            limit,
            line: Vec::new(),
            lines: 0,
            after_cr: false,
            event: String::new(),
            data: String::new(),
            has_data: false,
            id: None,
            retry: None,
        }
    }

    /// Reads on; whole events go to `out`. An unfinished event at the end of a stream is dropped,
    /// as the standard says.
    pub(super) fn push(&mut self, mut bytes: &[u8], out: &mut Vec<Event>) -> Result<(), Broken> {
        while !bytes.is_empty() {
            // A line feed right after a carriage return belongs to it, even in the next chunk.
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.line.extend_from_slice(bytes);
                return self.check_size();
            };
            self.line.extend_from_slice(&bytes[..end]);
            self.check_size()?;
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            self.take_line(&line, out)?;
            self.line = line;
            self.line.clear();
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), Broken> {
        if self.line.len() + self.data.len() > self.limit {
            Err(Broken::TooLarge(self.limit))
        } else {
            Ok(())
        }
    }

    fn take_line(&mut self, line: &[u8], out: &mut Vec<Event>) -> Result<(), Broken> {
        self.lines += 1;
        let line = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if self.lines == 1 => rest,
            _ => line,
        };
        let line = std::str::from_utf8(line).map_err(|_| Broken::Utf8(self.lines))?;
        if line.is_empty() {
            self.dispatch(out);
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.has_data = true;
                self.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().map(Duration::from_millis);
            }
            // A comment, or a field that the standard tells to ignore.
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, out: &mut Vec<Event>) {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        if !std::mem::take(&mut self.has_data) {
            return;
        }
        let event = if event.is_empty() { "message".to_owned() } else { event };
        out.push(Event { event, id: self.id.clone(), data });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Vec<Event> {
        let mut out = Vec::new();
        Parser::new(1024).push(text, &mut out).unwrap();
        out
    }

    fn event(event: &str, id: Option<&str>, data: &str) -> Event {
        Event { event: event.to_owned(), id: id.map(str::to_owned), data: data.to_owned() }
    }

    #[test]
    fn the_forms_of_the_standard() {
        assert_eq!(parse(b"data: a\n\n"), [event("message", None, "a")]);
        assert_eq!(parse(b"data:a\rdata: b\r\ndata\n\n"), [event("message", None, "a\nb\n")]);
        assert_eq!(parse(b"\xef\xbb\xbfdata: a\n\n"), [event("message", None, "a")]);
        assert_eq!(parse(b": hello\nevent: x\nid: 7\ndata:  two\n\n"), [event("x", Some("7"), " two")]);
        // An empty data line makes an event, a missing one does not.
        assert_eq!(
            parse(b"data\n\nevent: x\n\ndata: a\n\n"),
            [event("message", None, ""), event("message", None, "a")]
        );
        // The id stays, an id with NUL is ignored, an empty one resets.
        assert_eq!(
            parse(b"id: 1\ndata: a\n\nid: x\0y\ndata: b\n\nid\ndata: c\n\n"),
            [
                event("message", Some("1"), "a"),
                event("message", Some("1"), "b"),
                event("message", Some(""), "c")
            ]
        );
        // What the end of the stream cuts off is dropped.
        assert_eq!(parse(b"data: a\n"), []);
        // A second byte order mark is part of the field name.
        assert_eq!(parse(b"data: a\n\xef\xbb\xbfdata: b\n\n"), [event("message", None, "a")]);
    }

    #[test]
    fn every_split_gives_the_same_events() {
        let text =
            "\u{feff}id: 1\r\nevent: größe\r\ndata: {\"a\":1}\r\ndata: é€😀\r\n\r\nretry: 2500\rdata: x\r\r"
                .as_bytes();
        let whole = parse(text);
        assert_eq!(whole.len(), 2);
        for at in 0..=text.len() {
            let mut parser = Parser::new(1024);
            let mut out = Vec::new();
            parser.push(&text[..at], &mut out).unwrap();
            parser.push(&text[at..], &mut out).unwrap();
            assert_eq!(out, whole, "split at {at}");
            assert_eq!(parser.retry, Some(Duration::from_millis(2500)));
        }
        let mut parser = Parser::new(1024);
        let mut out = Vec::new();
        for byte in text {
            parser.push(&[*byte], &mut out).unwrap();
        }
        assert_eq!(out, whole);
    }

    #[test]
    fn a_retry_that_is_no_number_is_ignored() {
        let mut parser = Parser::new(1024);
        parser.push(b"retry: soon\nretry: -1\nretry:\n\n", &mut Vec::new()).unwrap();
        assert_eq!(parser.retry, None);
    }

    #[test]
    fn invalid_text_and_endless_events_are_errors() {
        let mut out = Vec::new();
        assert_eq!(Parser::new(64).push(b"data: a\ndata: \xff\n\n", &mut out), Err(Broken::Utf8(2)));
        assert_eq!(Parser::new(8).push(b"data: aaaaaaaaaaaa", &mut out), Err(Broken::TooLarge(8)));
        let mut parser = Parser::new(64);
        let pushed = (0..100).try_for_each(|_| parser.push(b"data: 0123456789\n", &mut out));
        assert_eq!(pushed, Err(Broken::TooLarge(64)));
        assert!(out.is_empty());
    }
}
