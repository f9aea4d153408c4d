//! What stands between tonic and the connection: it records the headers and trailers as they
//! came, and stops answers that are no gRPC.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::{HeaderMap, header};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tonic::body::Body;

use super::connect::Connection;
use super::status::Code;
use crate::value::BoxFuture;

const STATUS: &str = "grpc-status";
const MESSAGE: &str = "grpc-message";
const DETAILS: &str = "grpc-status-details-bin";

/// Whether a content type is that of gRPC, and not that of gRPC-Web, which frames its trailers.
pub(crate) fn is_grpc(content_type: &[u8]) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    match content_type.split_at_checked(GRPC.len()) {
        Some((kind, rest)) => {
            kind.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
        }
        None => false,
    }
}

/// The encoded `google.rpc.Status` among trailers; none when there is none or it is not base64.
pub(super) fn details(trailers: &HeaderMap) -> Option<Bytes> {
    base64(trailers.get(DETAILS)?.as_bytes())
}

/// What came, as it came.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Parts>);

#[derive(Debug, Default, Clone)]
struct Parts {
    headers: Option<HeaderMap>,
    trailers: Option<HeaderMap>,
    /// Whether the answer ended in the middle of a message.
    truncated: bool,
}

/// The status that the server sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) code: Code,
    pub(super) message: String,
    /// An encoded `google.rpc.Status`; none when there is none or it is not base64.
    pub(super) details: Option<Bytes>,
}

impl Seen {
    fn parts(&self) -> Parts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The initial metadata. An answer without messages has only trailers, which HTTP/2 sends as
    /// headers.
    pub(super) fn headers(&self) -> Option<HeaderMap> {
        let parts = self.parts();
        parts.headers.filter(|headers| !headers.contains_key(STATUS))
    }

    /// The trailing metadata.
    pub(super) fn trailers(&self) -> Option<HeaderMap> {
        let parts = self.parts();
        parts.trailers.or_else(|| parts.headers.filter(|headers| headers.contains_key(STATUS)))
    }

    /// Whether the answer ended in the middle of a message, which a status after it would hide.
    pub(super) fn truncated(&self) -> bool {
        self.parts().truncated
    }

    /// The status, when the server sent one.
    pub(super) fn status(&self) -> Option<Sent> {
        let trailers = self.trailers()?;
        let code = trailers.get(STATUS)?;
        let code = code.to_str().ok().and_then(|code| code.parse().ok()).map_or(Code::UNKNOWN, Code);
        let message = trailers.get(MESSAGE).map(|message| {
            percent_encoding::percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned()
        });
        Some(Sent { code, message: message.unwrap_or_default(), details: details(&trailers) })
    }
}

/// Base64 as metadata has it: padded or not.
pub(super) fn base64(text: &[u8]) -> Option<Bytes> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(text).ok().map(Bytes::from)
}

/// An HTTP answer that carries no gRPC.
#[derive(Debug)]
pub(super) struct NotGrpc {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
}

impl fmt::Display for NotGrpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {} without gRPC", self.status)
    }
}

impl Error for NotGrpc {}

/// Sends one request on a connection.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) connection: Arc<Connection>,
    pub(super) seen: Arc<Seen>,
}

type BoxError = Box<dyn Error + Send + Sync>;

impl tower_service::Service<http::Request<Body>> for Wire {
    type Response = http::Response<Recorded>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let (connection, seen) = (self.connection.clone(), self.seen.clone());
        Box::pin(async move {
            if let Some(path) = request.uri().path_and_query() {
                *request.uri_mut() = connection.target.uri(path)?;
            }
            let (mut head, body) = send(connection, request).await?.into_parts();
            let content_type = head.headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
            let is_grpc = content_type.as_deref().is_some_and(is_grpc);
            if !(head.headers.contains_key(STATUS) || head.status == http::StatusCode::OK && is_grpc) {
                let content_type = content_type.map(|value| String::from_utf8_lossy(&value).into_owned());
                return Err(NotGrpc { status: head.status.as_u16(), content_type }.into());
            }
            seen.change(|parts| parts.headers = Some(head.headers.clone()));
            harmless(&mut head.headers);
            Ok(http::Response::from_parts(head, Recorded { body, seen, framing: Framing::default() }))
        })
    }
}

/// Sends a request. One that was never sent, since the connection went away in the meantime (RFC
/// 9113 §6.8), goes over another.
async fn send(
    mut connection: Arc<Connection>,
    mut request: http::Request<Body>,
) -> Result<http::Response<Incoming>, hyper::Error> {
    /// Each may meet a server that is just about to end its connections.
    const TRIES: u32 = 5;
    for _ in 1..TRIES {
        let mut failed = match connection.sender().try_send_request(request).await {
            Ok(response) => return Ok(response),
            Err(failed) => failed,
        };
        let Some(unsent) = failed.take_message() else { return Err(failed.into_error()) };
        match connection.home.again(&connection).await {
            Some(another) => (connection, request) = (another, unsent),
            None => return Err(failed.into_error()),
        }
    }
    connection.sender().send_request(request).await
}

/// tonic panics on details that are not base64; it need not see them, they are recorded.
fn harmless(headers: &mut HeaderMap) {
    headers.remove(DETAILS);
}

/// A response body whose trailers are recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    body: Incoming,
    seen: Arc<Seen>,
    framing: Framing,
}

/// Where in the length-prefixed messages an answer is: a flag, four bytes of length, the message.
#[derive(Debug, Default)]
struct Framing {
    prefix: Vec<u8>,
    left: usize,
}

impl Framing {
    fn add(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            if self.left > 0 {
                let taken = self.left.min(data.len());
                self.left -= taken;
                data = &data[taken..];
                continue;
            }
            let (byte, rest) = (data[0], &data[1..]);
            self.prefix.push(byte);
            data = rest;
            if let [_, a, b, c, d] = self.prefix[..] {
                self.left = u32::from_be_bytes([a, b, c, d]) as usize;
                self.prefix.clear();
            }
        }
    }

    fn is_between_messages(&self) -> bool {
        self.left == 0 && self.prefix.is_empty()
    }
}

impl HttpBody for Recorded {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            self.framing.add(data);
        } else if !self.framing.is_between_messages() {
            self.seen.change(|parts| parts.truncated = true);
        }
        let Some(Ok(mut frame)) = frame else { return Poll::Ready(frame) };
        if let Some(trailers) = frame.trailers_mut() {
            self.seen.change(|parts| parts.trailers = Some(trailers.clone()));
            harmless(trailers);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_knows_where_messages_end() {
        let mut framing = Framing::default();
        assert!(framing.is_between_messages());
        for (data, between) in [
            (&b"\0\0\0\0"[..], false),
            (b"\x02a", false),
            (b"b", true),
            (b"\0\0\0\0\0", true),
            (b"\0\0\0\0\x01", false),
        ] {
            framing.add(data);
            assert_eq!(framing.is_between_messages(), between, "{data:?}");
        }
    }
}
