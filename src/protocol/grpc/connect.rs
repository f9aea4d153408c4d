//! One HTTP/2 connection to a server: TCP, perhaps TLS, and the first bytes that came back, which
//! tell what the server really speaks when it is no gRPC.

use std::io;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::body::Body;

use super::fault::{self, Fault};
use super::pool::Home;
use super::target::Target;
use crate::protocol::ErrorKind;
use crate::protocol::cause::exhausted;
use crate::protocol::tls::Asked;
use crate::value::words::plain;

/// Response headers and trailers up to this many bytes are taken; error details travel there.
const MAX_HEADERS: u32 = 1 << 20;
/// How much a server may send before the client has taken it: as much as its largest message,
/// by default.
const WINDOW: u32 = 4 << 20;

/// How to speak TLS.
pub(super) struct Secure<'a> {
    pub(super) config: Arc<ClientConfig>,
    /// Whether the server asked for a client certificate.
    pub(super) asked: Arc<OnceLock<Asked>>,
    /// The name that the certificate must be for, when it is not the host's.
    pub(super) name: Option<&'a str>,
}

/// An open connection. It closes when the last request on it is done and nobody holds it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) target: Target,
    /// How long connecting took, TLS included.
    pub(super) connected_in: Duration,
    sender: Mutex<SendRequest<Body>>,
    first: FirstBytes,
    asked: Option<Arc<OnceLock<Asked>>>,
    /// The same socket once more, to see whether the server has closed it.
    socket: std::net::TcpStream,
    /// A call on it broke off.
    broke: AtomicBool,
    /// Where another is made in its place.
    pub(super) home: Home,
}

impl Connection {
    /// Connects. The caller bounds the time and may drop the future.
    pub(super) async fn open(
        target: &Target,
        tls: Option<Secure<'_>>,
        home: Home,
    ) -> Result<Connection, Fault> {
        let started = Instant::now();
        let tcp = tcp(target).await?;
        let socket = tcp.as_fd().try_clone_to_owned().map_err(|error| {
            let url = &target.url;
            Fault::unavailable(ErrorKind::Refused, format!("`{url}` cannot be reached: {}", plain(&error)))
        })?;
        let first = FirstBytes::default();
        let asked = tls.as_ref().map(|tls| tls.asked.clone());
        let sender = match tls {
            None => handshake(target, Watched { io: tcp, first: first.clone() }).await?,
            Some(tls) => {
                let io = secure(target, tcp, tls).await?;
                handshake(target, Watched { io, first: first.clone() }).await?
            }
        };
        Ok(Connection {
            target: target.clone(),
            connected_in: started.elapsed(),
            sender: Mutex::new(sender),
            first,
            asked,
            socket: socket.into(),
            broke: AtomicBool::new(false),
            home,
        })
    }

    /// Whether it can take no more requests.
    pub(super) fn is_closed(&self) -> bool {
        // The sender learns of its end only once the task that reads is awake again.
        let is_over = match self.socket.peek(&mut [0]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        };
        is_over
            || self.broke.load(Ordering::Acquire)
            || self.sender.lock().unwrap_or_else(PoisonError::into_inner).is_closed()
    }

    /// A call on it broke off, so that no other is to be made on it.
    pub(super) fn breaks(&self) {
        self.broke.store(true, Ordering::Release);
    }

    /// What sends requests on it.
    pub(super) fn sender(&self) -> SendRequest<Body> {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the server asked for a client certificate, and never sent a byte after the handshake:
    /// if it is gone, that is why.
    pub(super) fn rejected(&self) -> Option<Asked> {
        let silent = self.first.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        self.asked.as_ref().and_then(|asked| asked.get().copied()).filter(|_| silent)
    }

    /// What the server speaks instead of HTTP/2, when its first bytes show it.
    pub(super) fn speaks(&self) -> Option<Tongue> {
        Tongue::of(&self.first.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A protocol that is not HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tongue {
    /// The answer begins with `HTTP/1`.
    Http1,
    /// The answer is a TLS record (RFC 8446 §5.1): an alert, mostly.
    Tls,
    /// Anything else that is no HTTP/2 frame header of a SETTINGS frame (RFC 9113 §3.4).
    Other,
}

impl Tongue {
    fn of(first: &[u8]) -> Option<Tongue> {
        match first {
            _ if first.starts_with(b"HTTP/1") => Some(Tongue::Http1),
            [0x14..=0x17, 0x03, 0x00..=0x04, ..] => Some(Tongue::Tls),
            // Nine bytes are a frame header; the fourth is its type, and the first frame must be
            // SETTINGS, type 4.
            [_, _, _, kind, _, _, _, _, _, ..] if *kind != 4 => Some(Tongue::Other),
            _ => None,
        }
    }
}

async fn tcp(target: &Target) -> Result<TcpStream, Fault> {
    let (host, port, url) = (target.host.as_str(), target.port, &target.url);
    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|error| {
        let why = plain(&error);
        Fault::unavailable(
            ErrorKind::Refused,
            format!("the host `{host}` of `{url}` has no address ({why}): is the name right?"),
        )
    })?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Small messages should not wait for more to come.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| io::Error::other("the host has no address"));
    if let Some(what) = exhausted(&error) {
        let message = format!("there was no connection to `{url}`, since {what}");
        return Err(Fault::unavailable(ErrorKind::Exhausted, message));
    }
    Err(match error.kind() {
        io::ErrorKind::ConnectionRefused => Fault::unavailable(
            ErrorKind::Refused,
            format!("`{url}` refused the connection: is the service listening?"),
        ),
        io::ErrorKind::TimedOut => Fault::unavailable(
            ErrorKind::Timeout,
            format!("connecting to `{url}` timed out: the system gave up on it"),
        ),
        _ => Fault::unavailable(ErrorKind::Refused, format!("`{url}` cannot be reached: {}", plain(&error))),
    })
}

async fn secure(
    target: &Target,
    tcp: TcpStream,
    tls: Secure<'_>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Fault> {
    let url = &target.url;
    let name = tls.name.unwrap_or(&target.host);
    let name = ServerName::try_from(name.to_owned()).map_err(|_| {
        Fault::unavailable(ErrorKind::Tls, format!("`{name}` is no name that a certificate can have"))
    })?;
    let stream = TlsConnector::from(tls.config).connect(name, tcp).await.map_err(|error| {
        fault::tls_in(&error, url).unwrap_or_else(|| {
            Fault::unavailable(
                ErrorKind::Tls,
                format!("`{url}` broke off the TLS handshake ({}): does it speak TLS there?", plain(&error)),
            )
        })
    })?;
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err(Fault::unavailable(
            ErrorKind::Tls,
            format!("`{url}` speaks TLS, but does not offer HTTP/2 there (ALPN), which gRPC needs"),
        ));
    }
    Ok(stream)
}

async fn handshake<I>(target: &Target, io: I) -> Result<SendRequest<Body>, Fault>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .max_header_list_size(MAX_HEADERS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .handshake(TokioIo::new(io))
        .await
        .map_err(|error| {
            let url = &target.url;
            Fault::unavailable(ErrorKind::Reset, format!("`{url}` closed the connection at once: {error}"))
        })?;
    // Ends with the connection; the requests on it learn of its errors themselves.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(sender)
}

/// The first bytes that the server sent.
#[derive(Debug, Clone, Default)]
struct FirstBytes(Arc<Mutex<Vec<u8>>>);

impl FirstBytes {
    const ENOUGH: usize = 9;

    fn add(&self, bytes: &[u8]) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = Self::ENOUGH.saturating_sub(first.len()).min(bytes.len());
        first.extend_from_slice(&bytes[..missing]);
    }
}

/// A stream whose first bytes are remembered.
struct Watched<I> {
    io: I,
    first: FirstBytes,
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        self.first.add(&buf.filled()[before..]);
        polled
    }
}

/// A write that fails counts as done. A server that closes at once may have said why, and that
/// must be read before the failure ends the connection; the reading side meets the failure too,
/// right after those last words.
impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf).map(|written| Ok(written.unwrap_or(buf.len())))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx).map(|_| Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_tongue() {
        assert_eq!(Tongue::of(b"HTTP/1.1 400 Bad Request"), Some(Tongue::Http1));
        assert_eq!(Tongue::of(b"\x15\x03\x03\x00\x02\x02\x46"), Some(Tongue::Tls));
        assert_eq!(Tongue::of(b"SSH-2.0-OpenSSH"), Some(Tongue::Other));
        assert_eq!(Tongue::of(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"), None);
        assert_eq!(Tongue::of(b""), None);
    }
}
