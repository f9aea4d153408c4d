//! The heads of HTTP/1.1 messages (RFC 9112 §2–6): where they end, and how long the body is. What
//! passes is never changed, only read.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::calls::log::{Head, Headers};
use super::framing::Framing;
use crate::protocol::grpc::is_grpc;

/// A longer head passes as bytes.
const MOST: usize = 256 << 10;
const FIELDS: usize = 128;

/// What the bytes so far are.
#[derive(Debug)]
pub(super) enum Read<T> {
    /// A head, and its length.
    Head(T, usize),
    /// The beginning of one.
    Partial,
    /// None at all, or not one that can be understood for sure.
    Foreign,
}

/// The head of a request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) head: Head,
    pub(super) framing: Framing,
    /// `Expect: 100-continue`: the body comes once the service says so.
    pub(super) expects: bool,
    /// The caller wants the connection closed after the answer.
    pub(super) closes: bool,
}

/// The head of a response.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
    /// What follows is no HTTP/1.1 any more: 101, or the answer to `CONNECT`.
    pub(super) is_tunnel: bool,
    /// What follows may be calls that are not understood: anything but a web socket.
    pub(super) may_hide_calls: bool,
}

/// What the fields of a head say of its body.
#[derive(Debug, Default)]
struct Fields {
    length: Option<u64>,
    /// `transfer-encoding` is there, and whether its last coding is `chunked`.
    coded: Option<bool>,
    expects: bool,
    is_grpc: bool,
    /// `connection` names these.
    closes: bool,
    keeps: bool,
    is_web_socket: bool,
}

impl Fields {
    /// None when the length is no number, or there are several.
    fn of(headers: &[httparse::Header<'_>]) -> Option<Fields> {
        let mut fields = Fields::default();
        for header in headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            if is("content-length") {
                let length = std::str::from_utf8(header.value).ok()?.trim();
                let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
                let length: u64 = length.parse().ok().filter(|_| digits)?;
                if fields.length.is_some_and(|other| other != length) {
                    return None;
                }
                fields.length = Some(length);
            } else if is("transfer-encoding") {
                let last = header.value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                fields.coded = Some(last.trim_ascii().eq_ignore_ascii_case(b"chunked"));
            } else if is("expect") {
                fields.expects = header.value.eq_ignore_ascii_case(b"100-continue");
            } else if is("content-type") {
                fields.is_grpc = is_grpc(header.value);
            } else if is("connection") {
                let mut options = header.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
                fields.closes |= options.clone().any(|option| option.eq_ignore_ascii_case(b"close"));
                fields.keeps |= options.any(|option| option.eq_ignore_ascii_case(b"keep-alive"));
            } else if is("upgrade") {
                fields.is_web_socket = header.value.eq_ignore_ascii_case(b"websocket");
            }
        }
        Some(fields)
    }
}

fn lines(buffer: &[u8], length: usize) -> Headers {
    let first = buffer[..length].iter().position(|byte| *byte == b'\n').map_or(length, |at| at + 1);
    Headers::Lines(Bytes::copy_from_slice(&buffer[first..length]))
}

/// Empty lines before a request are passed over (RFC 9112 §2.2) and stay part of its head.
pub(super) fn request(buffer: &[u8]) -> Read<Request> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if buffer.len() < MOST => return Read::Partial,
        _ => return Read::Foreign,
    };
    let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
        return Read::Foreign;
    };
    let Some(fields) = Fields::of(parsed.headers) else { return Read::Foreign };
    // Both lengths at once are how requests are smuggled; nobody knows which one the service believes.
    let framing = match (fields.coded, fields.length) {
        (Some(true), None) => Framing::chunked(),
        (None, length) => Framing::length(length.unwrap_or(0)),
        _ => return Read::Foreign,
    };
    // An absolute target, as proxies get it, is still about a path.
    let path = match target.split_once("://") {
        Some((_, rest)) if !target.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    let start = buffer.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let head = Head {
        method: method.into(),
        target: path.into(),
        headers: lines(&buffer[start..], length - start),
        is_grpc: fields.is_grpc,
    };
    let closes = fields.closes || version == 0 && !fields.keeps;
    Read::Head(Request { head, framing, expects: fields.expects && version == 1, closes }, length)
}

/// The answer to a request with this method (RFC 9112 §6.3).
pub(super) fn response(buffer: &[u8], method: &str) -> Read<Response> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut parsed = httparse::Response::new(&mut fields);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if buffer.len() < MOST => return Read::Partial,
        _ => return Read::Foreign,
    };
    let Some(status) = parsed.code else { return Read::Foreign };
    let Some(fields) = Fields::of(parsed.headers) else { return Read::Foreign };
    let is_tunnel = status == 101 || method == "CONNECT" && (200..300).contains(&status);
    let framing = match (fields.coded, fields.length) {
        _ if is_tunnel || method == "HEAD" || status < 200 || matches!(status, 204 | 304) => {
            Framing::length(0)
        }
        (Some(true), _) => Framing::chunked(),
        (Some(false), _) | (None, None) => Framing::until_end(),
        (None, Some(length)) => Framing::length(length),
    };
    let may_hide_calls = is_tunnel && !fields.is_web_socket;
    let headers = lines(buffer, length);
    Read::Head(Response { status, headers, framing, is_tunnel, may_hide_calls }, length)
}

/// Lines of fields as a map; lines that are no fields are left out.
pub(super) fn header_map(lines: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    if let Ok(httparse::Status::Complete((_, fields))) = httparse::parse_headers(lines, &mut fields) {
        for field in fields {
            let name = HeaderName::from_bytes(field.name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(field.value)) {
                map.append(name, value);
            }
        }
    }
    map
}

/// A target without its query.
pub(super) fn path(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

/// The value of a header, without making a map of all.
pub(super) fn header(headers: &Headers, name: &str) -> Option<Arc<str>> {
    headers.map().get(name)?.to_str().ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of(request_head: &[u8]) -> Option<Framing> {
        match request(request_head) {
            Read::Head(request, _) => Some(request.framing),
            _ => None,
        }
    }

    #[test]
    fn the_length_of_a_body_is_what_its_head_says() {
        let post = |fields: &str| framing_of(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes());
        assert_eq!(post("Content-Length: 3\r\n"), Some(Framing::length(3)));
        assert_eq!(post("transfer-encoding: gzip, Chunked\r\n"), Some(Framing::chunked()));
        assert_eq!(post(""), Some(Framing::length(0)));
        // What two readers may read in two ways is not understood.
        for odd in [
            "Content-Length: 3\r\nContent-Length: 4\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked, gzip\r\n",
        ] {
            assert_eq!(post(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_answer_has_no_body_where_it_cannot_have_one() {
        let answer = |method: &str, head: &str| match response(head.as_bytes(), method) {
            Read::Head(response, _) => response.framing,
            _ => panic!("no head"),
        };
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(answer("GET", ok), Framing::length(3));
        assert_eq!(answer("HEAD", ok), Framing::length(0));
        assert_eq!(answer("GET", "HTTP/1.1 304 x\r\nContent-Length: 3\r\n\r\n"), Framing::length(0));
        assert_eq!(answer("GET", "HTTP/1.0 200 OK\r\n\r\n"), Framing::until_end());
    }

    #[test]
    fn a_head_is_read_as_it_came() {
        let bytes = b"\r\nGET http://a/b?c HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\n\r\nrest";
        let Read::Head(request, length) = request(bytes) else { panic!("no head") };
        assert_eq!(&bytes[length..], b"rest");
        assert_eq!(&*request.head.target, "/b?c");
        let map = request.head.headers.map();
        assert_eq!(map.get_all("x").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert!(matches!(super::request(b"GET / HT"), Read::Partial));
        assert!(matches!(super::request(b"\x16\x03\x01"), Read::Foreign));
    }
}
