//! HTTP/1.1 as it passes: each connection of the caller has one of its own to the service, and
//! every byte goes on as it came, hop-by-hop fields, interim responses and all. The link reads
//! along, one request after another, and steps in only where a fault hits.

mod pump;
mod under;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::calls::log::Call;
use super::framing::Framing;
use super::head::{self, Read};
use super::http2::{self, Greeting};
use super::near::{Conn, Near, NearRead, NearWrite, resets};
use super::relay;
use crate::protocol::ErrorKind;
use pump::{Broken, Sink, Tail, answer, asks, fill, pump};

/// So many bytes of further requests are read while one is being answered.
const AHEAD: usize = 64 << 10;

/// A connection.
pub(super) struct Http1 {
    pub(super) conn: Arc<Conn>,
    near: NearRead,
    /// What was read from the caller and not yet passed on.
    buffer: BytesMut,
    out: NearWrite,
    /// Not there while the service cannot be reached: each request tries again.
    far: Option<TcpStream>,
    /// What was read from the service and not yet passed on.
    back: BytesMut,
    upstream: watch::Receiver<SocketAddr>,
}

/// A request whose head was read.
struct Ask {
    framing: Framing,
    /// Of the head.
    length: usize,
    expects: bool,
    closes: bool,
}

/// What follows.
enum After {
    Next,
    /// Only bytes from now on.
    Bytes,
    /// The connection is over, as connections end.
    Close,
    /// It broke.
    Reset,
}

enum First {
    Request(head::Request, usize),
    Http2,
    Bytes,
    Close,
    Reset,
}

/// Reads what the service says. What a server of HTTP/2 greets with, before it is spoken to, stays
/// for HTTP/2 to read.
async fn hear(
    far: &mut Option<TcpStream>,
    back: &mut BytesMut,
    greeting: &mut Greeting,
) -> std::io::Result<usize> {
    let Some(far) = far else { return std::future::pending().await };
    if *greeting == Greeting::Awaited {
        *greeting = http2::greets(far).await;
    }
    if *greeting == Greeting::Http2 {
        std::future::pending::<()>().await;
    }
    fill(far, back).await
}

impl Http1 {
    pub(super) fn new(
        conn: Arc<Conn>,
        near: NearRead,
        out: NearWrite,
        far: Option<TcpStream>,
        upstream: watch::Receiver<SocketAddr>,
    ) -> Http1 {
        Http1 { conn, near, buffer: BytesMut::new(), out, far, back: BytesMut::new(), upstream }
    }

    /// Serves the connection until it ends. HTTP/2 and what is no HTTP show in their first bytes.
    /// Where the service cannot be reached, only a request of HTTP/1.1 is heard out before the
    /// connection is reset: it is a call, and a fault may answer it.
    pub(super) async fn serve(mut self) {
        let mut is_first = true;
        loop {
            let after = match self.head(is_first).await {
                First::Request(request, length) => {
                    let after = self.exchange(request, length).await;
                    // The answer ends here.
                    match self.out.flush().await {
                        Ok(()) => after,
                        Err(_) => After::Reset,
                    }
                }
                First::Http2 => {
                    let Some(far) = self.far else { return self.conn.reset() };
                    let near = Near { first: self.buffer, read: self.near, write: self.out };
                    return http2::serve(self.conn, near, far, self.upstream).await;
                }
                First::Bytes => {
                    // A caller that only looked whether someone listens made no call.
                    if !self.buffer.is_empty() || !self.back.is_empty() {
                        self.conn.shared.log.miss();
                    }
                    After::Bytes
                }
                First::Close => After::Close,
                First::Reset => After::Reset,
            };
            is_first = false;
            match after {
                After::Next => {}
                After::Bytes => {
                    let Some(far) = self.far else { return self.conn.reset() };
                    let near = Near { first: self.buffer, read: self.near, write: self.out };
                    return relay::serve(&self.conn, near, far, self.back, self.upstream).await;
                }
                After::Close => {
                    let _ = self.out.shutdown().await;
                    return;
                }
                After::Reset => {
                    if let Some(far) = &self.far {
                        resets(far);
                    }
                    return self.conn.reset();
                }
            }
        }
    }

    /// Waits for the next request.
    async fn head(&mut self, is_first: bool) -> First {
        let mut greeting = if is_first { Greeting::Awaited } else { Greeting::Other };
        loop {
            if is_first && self.buffer.starts_with(http2::PREFACE) {
                return First::Http2;
            }
            let may_be_http2 = is_first && http2::PREFACE.starts_with(&self.buffer);
            if !self.buffer.is_empty() && !may_be_http2 {
                match head::request(&self.buffer) {
                    Read::Head(request, length) => return First::Request(request, length),
                    Read::Partial => {}
                    Read::Foreign => return First::Bytes,
                }
            }
            tokio::select! {
                biased;
                read = fill(&mut self.near, &mut self.buffer) => match read {
                    // What came is passed on, and that nothing follows.
                    Ok(0) => return First::Bytes,
                    Ok(_) => {}
                    Err(_) => return First::Reset,
                },
                read = hear(&mut self.far, &mut self.back, &mut greeting) => match read {
                    Ok(0) if !self.is_moved() => return First::Close,
                    // The one that closed is the one that is not asked any more.
                    Ok(0) => if self.connect().await.is_err() { return First::Reset },
                    // A service that speaks without being asked.
                    Ok(_) => return First::Bytes,
                    Err(_) => return First::Reset,
                },
            }
        }
    }

    fn is_moved(&self) -> bool {
        self.upstream.has_changed().unwrap_or(false)
    }

    async fn connect(&mut self) -> std::io::Result<()> {
        let address = *self.upstream.borrow_and_update();
        self.far = None;
        self.back.clear();
        let far = TcpStream::connect(address).await?;
        far.set_nodelay(true)?;
        self.far = Some(far);
        Ok(())
    }

    /// The connection to the service, a new one where there is none or the service has moved.
    async fn reach(&mut self) -> Result<(), Broken> {
        if self.far.is_none() || self.is_moved() {
            self.connect().await.map_err(Broken::Refused)?;
        }
        Ok(())
    }

    async fn exchange(&mut self, request: head::Request, length: usize) -> After {
        let shared = self.conn.shared.clone();
        let call = shared.log.begin(request.head);
        self.conn.heard.begins(&call);
        let ask = Ask { framing: request.framing, length, expects: request.expects, closes: request.closes };
        if shared.has(false) { self.under(call, ask).await } else { self.pass(call, ask).await }
    }

    /// Passes a request and its answer on, both at once: an answer may come before the request is
    /// complete.
    async fn pass(&mut self, call: Call, ask: Ask) -> After {
        const SENDING: u8 = 0;
        const SENT: u8 = 1;
        const BROKEN: u8 = 2;
        const GIVEN_UP: u8 = 3;
        if let Err(broken) = self.reach().await {
            return ended(Err(broken), &call);
        }
        let Some(far) = &mut self.far else { return After::Reset };
        let Ask { mut framing, length, .. } = ask;
        let method = call.head().method.clone();
        let state = AtomicU8::new(SENDING);
        let (mut far_read, mut far_write) = far.split();
        let (near, buffer) = (&mut self.near, &mut self.buffer);
        // Ends only when the caller is gone or not understood.
        let up = async {
            let mut sink = Sink::To(&mut far_write);
            match pump(near, buffer, length, &mut framing, &mut sink, asks(&call)).await {
                Ok(()) => state.store(SENT, Ordering::Relaxed),
                // The service reads no more; its answer says why.
                Err(Broken::Write(_)) => {
                    state.store(BROKEN, Ordering::Relaxed);
                    return std::future::pending().await;
                }
                Err(Broken::End) => {
                    state.store(GIVEN_UP, Ordering::Relaxed);
                    let _ = far_write.shutdown().await;
                    return std::future::pending().await;
                }
                Err(Broken::Read(_) | Broken::Refused(_)) => return After::Reset,
                Err(Broken::Malformed) => {
                    call.fail(ErrorKind::Protocol, "the request's body is not chunked as it says");
                    call.leaves_a_hole();
                    return After::Bytes;
                }
            }
            loop {
                if buffer.len() > AHEAD {
                    std::future::pending::<()>().await;
                }
                match fill(near, buffer).await {
                    Ok(0) => {
                        let _ = far_write.shutdown().await;
                        std::future::pending::<()>().await;
                    }
                    Ok(_) => {}
                    Err(_) => return After::Reset,
                }
            }
        };
        let mut sink = Sink::To(&mut self.out);
        let down = answer(&mut far_read, &mut self.back, &mut sink, &call, &method);
        tokio::pin!(up);
        let tail = tokio::select! {
            biased;
            tail = down => tail,
            after = &mut up => {
                if matches!(after, After::Reset) {
                    call.fail(ErrorKind::Cancelled, "the caller reset the connection");
                }
                return after;
            }
        };
        match tail {
            Ok(Tail::Next) if state.load(Ordering::Relaxed) == SENDING => {
                // The answer came early: the rest of the request still belongs to it.
                let sent = std::future::poll_fn(|cx| {
                    let polled = up.as_mut().poll(cx);
                    match state.load(Ordering::Relaxed) {
                        SENDING => polled.map(Some),
                        _ => std::task::Poll::Ready(None),
                    }
                });
                match sent.await {
                    Some(after) => after,
                    None if state.load(Ordering::Relaxed) == SENT => After::Next,
                    None => After::Close,
                }
            }
            Ok(Tail::Next) if state.load(Ordering::Relaxed) >= BROKEN => After::Close,
            // The service closes since nothing more can come.
            Err(Broken::End) if state.load(Ordering::Relaxed) == GIVEN_UP => {
                call.fail(
                    ErrorKind::Cancelled,
                    "the caller closed the connection before its request was complete",
                );
                After::Close
            }
            tail => ended(tail, &call),
        }
    }
}

/// What follows an answer, or what came instead of one.
fn ended(tail: Result<Tail, Broken>, call: &Call) -> After {
    match tail {
        Ok(Tail::Next) => After::Next,
        Ok(Tail::Tunnel) => After::Bytes,
        Ok(Tail::End) => After::Close,
        Err(Broken::End) => {
            call.fail(ErrorKind::Reset, "the service closed the connection before its answer was complete");
            After::Close
        }
        Err(Broken::Read(error)) => {
            call.fail(ErrorKind::Reset, format!("the service broke the connection: {error}"));
            After::Reset
        }
        Err(Broken::Write(error)) => {
            call.fail(ErrorKind::Cancelled, format!("the caller broke the connection: {error}"));
            After::Reset
        }
        Err(Broken::Malformed) => {
            call.fail(ErrorKind::Protocol, "the answer is not HTTP as it says");
            call.leaves_a_hole();
            After::Bytes
        }
        Err(Broken::Refused(error)) => {
            call.fail(ErrorKind::Refused, format!("the service cannot be reached: {error}"));
            After::Reset
        }
    }
}
