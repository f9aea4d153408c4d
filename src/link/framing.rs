//! Where the body of an HTTP/1.1 message ends (RFC 9112 §6–7), without changing a byte of it.

use http::HeaderMap;

/// A longer line in a chunked body is taken for no chunked body.
const LINE: usize = 16 << 10;

/// How far a body has been read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Framing(State);

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// So many bytes are left.
    Length(u64),
    /// All that comes.
    UntilEnd,
    /// In the line with a chunk's size.
    Size(Vec<u8>),
    /// So many bytes of a chunk are left.
    Chunk(u64),
    /// After a chunk: so many bytes of its line break have come.
    Break(usize),
    /// The trailers so far.
    Trailers(Vec<u8>),
    Done(Option<Vec<u8>>),
}

/// The body is not coded as it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Framing {
    pub(super) fn length(length: u64) -> Framing {
        Framing(if length == 0 { State::Done(None) } else { State::Length(length) })
    }

    pub(super) fn chunked() -> Framing {
        Framing(State::Size(Vec::new()))
    }

    pub(super) fn until_end() -> Framing {
        Framing(State::UntilEnd)
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.0, State::Done(_))
    }

    /// Whether the body ends with the connection.
    pub(super) fn is_until_end(&self) -> bool {
        self.0 == State::UntilEnd
    }

    /// The trailers of a chunked body, once it is done.
    pub(super) fn trailers(&self) -> Option<HeaderMap> {
        match &self.0 {
            State::Done(Some(lines)) if lines.len() > 2 => Some(super::head::header_map(lines)),
            _ => None,
        }
    }

    /// Reads on; `body` gets what is content. Returns how many of the bytes belong to the message:
    /// all of them, unless it is done.
    pub(super) fn read(&mut self, bytes: &[u8], mut body: impl FnMut(&[u8])) -> Result<usize, Malformed> {
        let mut at = 0;
        while at < bytes.len() && !self.is_done() {
            let rest = &bytes[at..];
            at += match &mut self.0 {
                State::UntilEnd => {
                    body(rest);
                    rest.len()
                }
                State::Length(left) | State::Chunk(left) => {
                    let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    body(&rest[..taken]);
                    *left -= taken as u64;
                    if *left == 0 {
                        let was_chunk = matches!(self.0, State::Chunk(_));
                        self.0 = if was_chunk { State::Break(0) } else { State::Done(None) };
                    }
                    taken
                }
                State::Break(seen) => {
                    if rest[0] != b"\r\n"[*seen] {
                        return Err(Malformed);
                    }
                    *seen += 1;
                    if *seen == 2 {
                        self.0 = State::Size(Vec::new());
                    }
                    1
                }
                State::Size(line) => {
                    let (taken, ended) = take_line(line, rest)?;
                    if ended {
                        let size = size(line)?;
                        self.0 = if size == 0 { State::Trailers(Vec::new()) } else { State::Chunk(size) };
                    }
                    taken
                }
                State::Trailers(lines) => {
                    let (taken, ended) = take_line(lines, rest)?;
                    // An empty line by itself, or after another.
                    if ended && (lines == b"\r\n" || lines.ends_with(b"\r\n\r\n")) {
                        self.0 = State::Done(Some(std::mem::take(lines)));
                    }
                    taken
                }
                State::Done(_) => 0,
            };
        }
        Ok(at)
    }
}

/// Takes up to and with a line feed; says how much, and whether it was there.
fn take_line(line: &mut Vec<u8>, rest: &[u8]) -> Result<(usize, bool), Malformed> {
    let end = rest.iter().position(|byte| *byte == b'\n');
    let taken = end.map_or(rest.len(), |at| at + 1);
    line.extend_from_slice(&rest[..taken]);
    if line.len() > LINE { Err(Malformed) } else { Ok((taken, end.is_some())) }
}

/// The hexadecimal size before any extensions.
fn size(line: &[u8]) -> Result<u64, Malformed> {
    let digits =
        line.split(|byte| matches!(byte, b';' | b'\r' | b'\n')).next().unwrap_or_default().trim_ascii();
    let valid = !digits.is_empty() && digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).map_err(|_| Malformed)?;
    if valid { u64::from_str_radix(digits, 16).map_err(|_| Malformed) } else { Err(Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut framing: Framing, bytes: &[u8], step: usize) -> Result<(usize, Vec<u8>, Framing), Malformed> {
        let (mut at, mut body) = (0, Vec::new());
        while at < bytes.len() && !framing.is_done() {
            let end = (at + step).min(bytes.len());
            at += framing.read(&bytes[at..end], |data| body.extend_from_slice(data))?;
        }
        Ok((at, body, framing))
    }

    #[test]
    fn chunks_end_where_they_say_however_they_come() {
        let bytes = b"3;name=\"v\"\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\nGET /";
        for step in 1..bytes.len() {
            let (at, body, framing) = read(Framing::chunked(), bytes, step).unwrap();
            assert_eq!((&bytes[at..], &body[..]), (&b"GET /"[..], &b"abc0123456789"[..]), "{step}");
            assert_eq!(framing.trailers().unwrap()["x-sum"], "7", "{step}");
        }
        let (at, _, framing) = read(Framing::chunked(), b"0\r\n\r\nrest", 3).unwrap();
        assert_eq!((at, framing.trailers()), (5, None));
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        for bytes in [&b"x\r\n"[..], b"\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"11111111111111111\r\n"] {
            assert!(read(Framing::chunked(), bytes, 100).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_length_takes_no_more() {
        let (at, body, framing) = read(Framing::length(3), b"abcdef", 2).unwrap();
        assert_eq!((at, &body[..], framing.is_done()), (3, &b"abc"[..], true));
        assert!(!read(Framing::length(7), b"abcdef", 2).unwrap().2.is_done());
    }
}
