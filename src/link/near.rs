//! The caller's side of a connection. What faults of bytes do is done here, so that nothing above
//! need know of them; without any, reads and writes go straight to the socket.

use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes, BytesMut};
use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::drain::{self, Out, Queued};
use super::fault::Kind;
use super::heard::Heard;
use super::work::Work;
use crate::value::BoxFuture;

/// A connection, as everything that may end it sees it.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) shared: Arc<Shared>,
    /// Ends everything that serves the connection.
    pub(super) over: CancellationToken,
    /// The same socket once more: what ends it need not own it.
    pub(super) socket: std::net::TcpStream,
    told: Mutex<Vec<(usize, usize)>>,
    pub(super) heard: Heard,
}

/// A connection with its two directions.
pub(super) fn open(io: TcpStream, shared: Arc<Shared>) -> io::Result<(Arc<Conn>, NearRead, NearWrite)> {
    io.set_nodelay(true)?;
    let socket = io.as_fd().try_clone_to_owned()?.into();
    let over = shared.ended.child_token();
    let conn = Arc::new(Conn { shared, over, socket, told: Mutex::default(), heard: Heard::default() });
    let (read, write) = io.into_split();
    let write = NearWrite { io: Some(write), conn: conn.clone(), queue: None };
    Ok((conn.clone(), NearRead { io: read, conn, gate: None }, write))
}

/// Makes the kernel answer with a reset when the last handle of a socket is closed.
pub(super) fn resets(socket: &impl std::os::fd::AsFd) {
    // What fails here is a socket that is gone already.
    let _ = setsockopt(&socket.as_fd(), sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 });
}

impl Conn {
    /// Resets the connection.
    pub(super) fn reset(&self) {
        resets(&self.socket);
        self.over.cancel();
    }

    /// Closes the connection before this returns.
    pub(super) fn close(&self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        self.over.cancel();
    }

    /// Tells that a fault shows on this connection, once; says whether this was the time.
    pub(super) fn told(&self, work: &Arc<Work>, fault: usize) -> bool {
        let key = (Arc::as_ptr(work) as usize, fault);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !told.contains(&key);
        if is_new {
            told.push(key);
            drop(told);
            work.connection(fault);
        }
        is_new
    }

    /// The same of a fault after which the connection is of no use any more.
    pub(super) fn harmed(self: &Arc<Self>, work: &Arc<Work>, fault: usize) {
        if self.told(work, fault) {
            work.harms(self);
        }
    }
}

/// How slowly bytes pass.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Pace {
    /// So many bytes at once; 0 is as many as come.
    pub(super) most: usize,
    pause: Duration,
    /// Bytes a second; 0 is without bounds.
    rate: u64,
}

impl Pace {
    /// Together with what a fault demands.
    pub(super) fn with(mut self, kind: &Kind) -> Pace {
        let most = |most: usize, new: u64| {
            let new = usize::try_from(new).unwrap_or(usize::MAX).max(1);
            if most == 0 { new } else { most.min(new) }
        };
        match kind {
            Kind::Slice { size, pause } => {
                self.most = most(self.most, *size);
                self.pause += *pause;
            }
            Kind::Bandwidth { rate } => {
                // Twenty pieces a second flow without being too many.
                self.most = most(self.most, rate / 20);
                self.rate = if self.rate == 0 { *rate } else { self.rate.min(*rate) };
            }
            _ => {}
        }
        self
    }

    /// The pause after so many bytes.
    pub(super) fn after(&self, bytes: usize) -> Duration {
        let nanos = (bytes as u64).saturating_mul(1_000_000_000).checked_div(self.rate).unwrap_or(0);
        self.pause + Duration::from_nanos(nanos)
    }
}

/// Ends with the first of some faults.
pub(super) fn any_ends(works: &[Arc<Work>]) -> BoxFuture<'static, ()> {
    let ended: Vec<_> = works.iter().map(|work| Box::pin(work.ended.clone().cancelled_owned())).collect();
    if ended.is_empty() {
        return Box::pin(std::future::pending());
    }
    Box::pin(async move {
        futures_util::future::select_all(ended).await;
    })
}

/// What comes from the caller.
pub(super) struct NearRead {
    io: OwnedReadHalf,
    conn: Arc<Conn>,
    /// What must pass before anything is read again.
    gate: Option<BoxFuture<'static, ()>>,
}

impl NearRead {
    /// Whether nothing may be read; else how fast.
    fn pace(&mut self) -> Option<Pace> {
        let works = self.conn.shared.works(true);
        let mut pace = Pace::default();
        for work in &works {
            for (position, active) in work.faults.iter().enumerate() {
                match &active.fault.kind {
                    Kind::Timeout => {
                        self.conn.harmed(work, position);
                        self.gate = Some(Box::pin(work.ended.clone().cancelled_owned()));
                        return None;
                    }
                    kind @ (Kind::Slice { .. } | Kind::Bandwidth { .. }) => {
                        pace = pace.with(kind);
                        self.conn.told(work, position);
                    }
                    _ => {}
                }
            }
        }
        Some(pace)
    }
}

impl AsyncRead for NearRead {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let near = &mut *self;
        loop {
            if let Some(gate) = &mut near.gate {
                ready!(gate.as_mut().poll(cx));
                near.gate = None;
            }
            if !near.conn.shared.has(true) {
                return Pin::new(&mut near.io).poll_read(cx, buf);
            }
            // Before something comes there is nothing to hold up.
            ready!(near.io.as_ref().poll_read_ready(cx))?;
            let Some(pace) = near.pace() else { continue };
            if pace.most == 0 {
                return Pin::new(&mut near.io).poll_read(cx, buf);
            }
            let mut piece = vec![0; pace.most.min(buf.remaining())];
            let mut part = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut near.io).poll_read(cx, &mut part))?;
            let count = part.filled().len();
            buf.put_slice(part.filled());
            let (pause, ends) = (pace.after(count), any_ends(&near.conn.shared.works(true)));
            near.gate = Some(Box::pin(async move {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = ends => {}
                }
            }));
            return Poll::Ready(Ok(()));
        }
    }
}

/// What goes to the caller.
pub(super) struct NearWrite {
    io: Option<OwnedWriteHalf>,
    conn: Arc<Conn>,
    /// Once faults of bytes have been at work: what passes through them.
    queue: Option<(mpsc::UnboundedSender<Out>, Arc<Queued>)>,
}

impl NearWrite {
    fn is_direct(&self) -> bool {
        !self.conn.shared.has(true) && self.queue.as_ref().is_none_or(|(_, queued)| queued.is_empty())
    }

    /// What went straight to the socket.
    fn wrote(&self, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = wrote {
            self.conn.heard.writes(bytes);
        }
        wrote
    }

    fn queue(&mut self) -> io::Result<&(mpsc::UnboundedSender<Out>, Arc<Queued>)> {
        let queue = match self.queue.take() {
            Some(queue) => queue,
            None => drain::start(self.conn.clone())?,
        };
        Ok(self.queue.insert(queue))
    }
}

impl AsyncWrite for NearWrite {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_direct()
            && let Some(io) = &mut self.io
        {
            let wrote = Pin::new(io).poll_write(cx, data);
            return self.wrote(wrote);
        }
        let conn = self.conn.clone();
        let (queue, queued) = self.queue()?;
        ready!(queued.poll_room(cx));
        queued.add(data.len());
        let end = conn.heard.writes(data.len());
        let sent = queue.send(Out::Data { data: Bytes::copy_from_slice(data), came: Instant::now(), end });
        Poll::Ready(sent.map(|()| data.len()).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_direct()
            && let Some(io) = &mut self.io
        {
            let wrote = Pin::new(io).poll_write_vectored(cx, data);
            return self.wrote(wrote);
        }
        let first = data.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.conn.heard.flushes(self.is_direct());
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_direct()
            && let Some(io) = &mut self.io
        {
            return Pin::new(io).poll_shutdown(cx);
        }
        let _ = self.queue()?.0.send(Out::Shutdown);
        Poll::Ready(Ok(()))
    }
}

impl Drop for NearWrite {
    fn drop(&mut self) {
        // The half would close its direction by itself, also where a fault keeps it open.
        if let Some(io) = self.io.take() {
            io.forget();
        }
        let runs = tokio::runtime::Handle::try_current().is_ok();
        if runs && self.conn.shared.has(true) && !self.conn.over.is_cancelled() {
            // A fault may still have the closing.
            let _ = self.queue();
        }
    }
}

/// Both directions, after the bytes that have been read already.
pub(super) struct Near {
    pub(super) first: BytesMut,
    pub(super) read: NearRead,
    pub(super) write: NearWrite,
}

impl AsyncRead for Near {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.read).poll_read(cx, buf);
        }
        let count = self.first.len().min(buf.remaining());
        buf.put_slice(&self.first[..count]);
        self.first.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Near {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(cx, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write_vectored(cx, data)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(cx)
    }
}
