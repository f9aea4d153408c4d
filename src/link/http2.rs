//! HTTP/2 as it passes (RFC 9113), gRPC above all: each connection of the caller has one of its own
//! to the service, and each stream one of its own there. Data flows as fast as the slower side
//! takes it; resets, trailers and the ends of connections go on as what they are.

mod stream;
mod under;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, server};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::near::{Conn, Near};
use super::work::Cause;

/// How every connection of HTTP/2 begins (RFC 9113 §3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a service greets as a server of HTTP/2 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeting {
    /// It has said nothing yet.
    Awaited,
    /// Its first frame is SETTINGS.
    Http2,
    /// Something else, or its end.
    Other,
}

/// Waits until a service says something, and leaves it unread. A server of HTTP/2 may send its
/// SETTINGS before the caller has said which protocol it speaks (RFC 9113 §3.4).
pub(super) async fn greets(far: &TcpStream) -> Greeting {
    /// The type of the frame (RFC 9113 §6.5), after the three bytes of its length.
    const SETTINGS: (usize, u8) = (3, 4);
    let mut frame = [0; 9];
    match far.peek(&mut frame).await {
        // No such frame is as long as 64 KiB, so the first byte alone says much.
        Ok(seen) if seen > 0 && frame[0] == 0 && (seen <= SETTINGS.0 || frame[SETTINGS.0] == SETTINGS.1) => {
            Greeting::Http2
        }
        _ => Greeting::Other,
    }
}

/// What a stream may hold that waits for the slower side.
const STREAM_WINDOW: u32 = 1 << 20;
const WINDOW: u32 = 4 << 20;
const FRAME: u32 = 64 << 10;
/// So many streams that the caller resets at once are no attack, as they might be for a service.
const RESETS: usize = 10_000;
/// How long other streams may still take before the connection is reset under one.
const GRACE: Duration = Duration::from_secs(1);
/// How long a stream waits for a connection to where the service is now.
const CONNECT: Duration = if cfg!(test) { Duration::from_millis(500) } else { Duration::from_secs(5) };

/// What the streams of a connection share.
pub(super) struct Shared {
    pub(super) conn: Arc<Conn>,
    far: Mutex<Far>,
    /// The connection to the service is over, and how.
    far_ended: watch::Sender<Option<Ended>>,
    /// A fault wants the caller told that no more streams are taken.
    goaway: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Cleanly,
    Broken,
}

struct Far {
    upstream: watch::Receiver<SocketAddr>,
    /// Where this connection leads.
    address: SocketAddr,
    sender: SendRequest<Bytes>,
    /// Cancelled once another connection stands in its place: its end says nothing then.
    replaced: CancellationToken,
}

/// What becomes of a stream.
pub(super) enum Outcome {
    Done,
    /// The connection must be reset while this stream still waits.
    Condemned(Box<Condemned>),
    /// The connection to the service broke: so does this one.
    Broken,
}

/// A stream that is answered no more, and why, when that is a fault.
pub(super) struct Condemned {
    _waits: (RecvStream, SendResponse<Bytes>),
    by: Option<Cause>,
}

/// Serves the connection until it ends.
pub(super) async fn serve(
    conn: Arc<Conn>,
    near: Near,
    far: TcpStream,
    upstream: watch::Receiver<SocketAddr>,
) {
    let mut settings = server::Builder::new();
    settings.initial_window_size(STREAM_WINDOW).initial_connection_window_size(WINDOW).max_frame_size(FRAME);
    settings.max_pending_accept_reset_streams(RESETS).max_concurrent_reset_streams(RESETS);
    let far_ended = watch::Sender::new(None);
    let mut ended = far_ended.subscribe();
    let Ok(address) = far.peer_addr() else { return conn.reset() };
    let (Ok(mut near), Some((sender, replaced))) =
        tokio::join!(settings.handshake::<_, Bytes>(near), begin(far, &conn, &far_ended))
    else {
        return conn.reset();
    };
    let far = Mutex::new(Far { upstream, address, sender, replaced });
    let shared = Arc::new(Shared { conn: conn.clone(), far, far_ended, goaway: Notify::new() });
    let mut streams = FuturesUnordered::new();
    let mut condemned: Vec<Box<Condemned>> = Vec::new();
    let mut grace = None;
    loop {
        enum Event {
            Accepted,
            Over(bool),
            Stream(Outcome),
            Far(Option<Ended>),
            Goaway,
            Late,
        }
        let has_streams = !streams.is_empty();
        let event = tokio::select! {
            biased;
            outcome = streams.next(), if has_streams => match outcome {
                Some(outcome) => Event::Stream(outcome),
                None => continue,
            },
            accepted = near.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    streams.push(stream::serve(shared.clone(), request, respond));
                    Event::Accepted
                }
                Some(Err(error)) => {
                    if error.is_library() {
                        // The caller breaks the protocol, and nobody knows what it wanted.
                        conn.shared.log.miss();
                    }
                    Event::Over(error.is_io())
                }
                None => Event::Over(false),
            },
            changed = ended.changed() => Event::Far(changed.ok().and_then(|()| *ended.borrow_and_update())),
            () = shared.goaway.notified() => Event::Goaway,
            () = late(&mut grace) => Event::Late,
        };
        match event {
            Event::Accepted | Event::Stream(Outcome::Done) => {}
            Event::Stream(Outcome::Condemned(stream)) => condemned.push(stream),
            Event::Stream(Outcome::Broken) => return conn.reset(),
            Event::Late => {
                if let Some(cause) = condemned.iter().find_map(|stream| stream.by.as_ref()) {
                    conn.heard.open().iter().for_each(|call| cause.takes(call));
                }
                return conn.reset();
            }
            Event::Far(Some(Ended::Broken)) => {
                // The streams say first what became of them.
                while let Some(Some(_)) = futures_util::FutureExt::now_or_never(streams.next()) {}
                return conn.reset();
            }
            Event::Goaway | Event::Far(Some(Ended::Cleanly)) => near.graceful_shutdown(),
            Event::Far(None) => {}
            Event::Over(broken) => {
                if broken {
                    conn.reset();
                }
                break;
            }
        }
        if !condemned.is_empty() {
            if streams.is_empty() {
                arrived(&mut near, &mut grace).await;
                return conn.reset();
            }
            if grace.is_none() {
                // Those that were not hit shall come to their ends.
                near.graceful_shutdown();
                grace = Some(Box::pin(tokio::time::sleep(GRACE)));
            }
        }
    }
    // What the service still does for a caller that left goes on where a fault holds it back.
    while streams.next().await.is_some() {}
}

/// Waits until the caller has got all that was sent: it has once it answers a ping.
async fn arrived(near: &mut server::Connection<Near, Bytes>, grace: &mut Option<Pin<Box<Sleep>>>) {
    grace.get_or_insert_with(|| Box::pin(tokio::time::sleep(GRACE)));
    let Some(mut pings) = near.ping_pong() else { return };
    let accept = async {
        // What comes now was never taken, so it may be sent again (RFC 9113 §8.7).
        while let Some(Ok((_, mut respond))) = near.accept().await {
            respond.send_reset(h2::Reason::REFUSED_STREAM);
        }
    };
    tokio::select! {
        _ = pings.ping(h2::Ping::opaque()) => {}
        () = accept => {}
        () = late(grace) => {}
    }
}

async fn late(grace: &mut Option<Pin<Box<Sleep>>>) {
    match grace {
        Some(grace) => grace.as_mut().await,
        None => std::future::pending().await,
    }
}

/// Begins HTTP/2 with the service.
async fn begin(
    far: TcpStream,
    conn: &Arc<Conn>,
    ended: &watch::Sender<Option<Ended>>,
) -> Option<(SendRequest<Bytes>, CancellationToken)> {
    let mut settings = h2::client::Builder::new();
    settings
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_frame_size(FRAME)
        .enable_push(false);
    let (sender, connection) = settings.handshake::<_, Bytes>(far).await.ok()?;
    let replaced = CancellationToken::new();
    let (stop, ended, old) = (conn.over.clone(), ended.clone(), replaced.clone());
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            end = connection => {
                if !old.is_cancelled() {
                    ended.send_replace(Some(if end.is_ok() { Ended::Cleanly } else { Ended::Broken }));
                }
            }
        }
    });
    Some((sender, replaced))
}

impl Shared {
    /// What sends requests to where the service is now. Errors: there is no connection to it; a
    /// stream waits for no longer when another one already tries to connect.
    pub(super) async fn sender(&self) -> Result<SendRequest<Bytes>, std::io::Error> {
        let found = tokio::time::timeout(CONNECT, self.newest()).await;
        found.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    }

    async fn newest(&self) -> Result<SendRequest<Bytes>, std::io::Error> {
        let mut far = self.far.lock().await;
        loop {
            let address = *far.upstream.borrow_and_update();
            if address == far.address {
                return Ok(far.sender.clone());
            }
            let begun = async {
                let socket = TcpStream::connect(address).await?;
                socket.set_nodelay(true)?;
                let begun = begin(socket, &self.conn, &self.far_ended).await;
                begun.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::ConnectionReset))
            };
            let (sender, replaced) = tokio::select! {
                begun = begun => begun?,
                Ok(()) = far.upstream.changed() => continue,
            };
            // The old connection ends by itself once its streams have.
            std::mem::replace(&mut far.replaced, replaced).cancel();
            (far.sender, far.address) = (sender, address);
        }
    }

    pub(super) fn goes_away(&self) {
        self.goaway.notify_one();
    }
}
