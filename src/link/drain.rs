//! What faults of bytes do to the answer on its way to the caller. Each connection that meets such
//! a fault gets a task that passes its bytes on: later, slower, fewer, or other ones.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::fault::{Fault, Kind};
use super::near::{Conn, Pace, any_ends};
use super::work::{Work, jittered};

/// So many bytes wait at most before the service has to.
const ROOM: usize = 1 << 20;

/// What is to go to the caller.
pub(super) enum Out {
    /// Bytes, and when they came.
    Data(Bytes, Instant),
    /// Nothing more follows.
    Shutdown,
}

/// How many bytes wait.
#[derive(Debug, Default)]
pub(super) struct Queued {
    bytes: AtomicUsize,
    room: AtomicWaker,
}

impl Queued {
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.load(Ordering::Acquire) == 0
    }

    pub(super) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
    }

    fn done(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.room.wake();
    }

    pub(super) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        self.room.register(cx.waker());
        if self.bytes.load(Ordering::Acquire) < ROOM { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Starts the task of a connection.
pub(super) fn start(conn: Arc<Conn>) -> io::Result<(mpsc::UnboundedSender<Out>, Arc<Queued>)> {
    let io = TcpStream::from_std(conn.socket.try_clone()?)?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let queued = Arc::new(Queued::default());
    let drain = Drain { conn: conn.clone(), io, passed: Vec::new(), queued: queued.clone(), chunks: 0 };
    tokio::spawn(async move {
        tokio::select! {
            biased;
            () = conn.over.cancelled() => {}
            () = drain.run(receiver) => {}
        }
    });
    Ok((sender, queued))
}

struct Drain {
    conn: Arc<Conn>,
    io: TcpStream,
    /// How many bytes came since a fault began, by its work and its position there.
    passed: Vec<(usize, usize, u64)>,
    queued: Arc<Queued>,
    chunks: u64,
}

/// Whether anything more passes.
enum Next {
    Go,
    Stop,
}

impl Drain {
    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Out>) {
        let mut open = true;
        while let Some(out) = receiver.recv().await {
            match out {
                Out::Data(data, at) => {
                    let count = data.len();
                    match self.pass(data.to_vec(), at).await {
                        Ok(Next::Go) => self.queued.done(count),
                        Ok(Next::Stop) => return,
                        Err(_) => return self.conn.over.cancel(),
                    }
                }
                Out::Shutdown => {
                    self.closing().await;
                    let _ = self.io.shutdown().await;
                    open = false;
                }
            }
        }
        if open {
            self.closing().await;
        }
    }

    /// Waits as long as faults keep the connection from closing.
    async fn closing(&self) {
        for work in self.conn.shared.works(true) {
            for (position, active) in work.faults.iter().enumerate() {
                let by = match active.fault.kind {
                    Kind::SlowClose { by } => Some(by),
                    Kind::HalfOpen | Kind::Timeout => None,
                    _ => continue,
                };
                self.conn.told(&work, position);
                work.harms(&self.conn);
                let late = async {
                    match by {
                        Some(by) => tokio::time::sleep(by).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = late => {}
                    () = work.ended.cancelled() => {}
                }
            }
        }
    }

    async fn pass(&mut self, mut data: Vec<u8>, at: Instant) -> io::Result<Next> {
        let works = self.conn.shared.works(true);
        let mut pace = Pace::default();
        let mut cut: Option<(usize, Arc<Work>, usize, bool)> = None;
        self.chunks += 1;
        for work in &works {
            for (position, active) in work.faults.iter().enumerate() {
                let fault = &active.fault;
                let before = self.count(work, position, data.len() as u64);
                match &fault.kind {
                    Kind::Latency { by, jitter } => {
                        self.conn.told(work, position);
                        let due = at + jittered(*by, *jitter, fault, &[self.chunks.to_string()]);
                        tokio::select! {
                            () = tokio::time::sleep_until(due.into()) => {}
                            () = work.ended.cancelled() => {}
                        }
                    }
                    Kind::HalfOpen | Kind::Timeout => {
                        self.conn.told(work, position);
                        work.harms(&self.conn);
                        return Ok(Next::Go);
                    }
                    Kind::Corrupt { every } if corrupt(&mut data, before, *every, fault) => {
                        self.conn.told(work, position);
                        work.harms(&self.conn);
                    }
                    Kind::Reset { at } | Kind::Truncate { at } if before + data.len() as u64 > *at => {
                        let keep = usize::try_from(at.saturating_sub(before)).unwrap_or(usize::MAX);
                        let resets = matches!(fault.kind, Kind::Reset { .. });
                        if cut.as_ref().is_none_or(|(other, ..)| keep < *other) {
                            cut = Some((keep, work.clone(), position, resets));
                        }
                    }
                    kind @ (Kind::Slice { .. } | Kind::Bandwidth { .. }) => {
                        self.conn.told(work, position);
                        pace = pace.with(kind);
                    }
                    _ => {}
                }
            }
        }
        if let Some((keep, ..)) = cut {
            data.truncate(keep);
        }
        self.write(&data, pace, &works).await?;
        let Some((_, work, position, resets)) = cut else { return Ok(Next::Go) };
        self.conn.told(&work, position);
        if resets {
            self.conn.reset()
        } else {
            self.conn.close()
        }
        Ok(Next::Stop)
    }

    /// Counts more bytes; returns how many there were before.
    fn count(&mut self, work: &Arc<Work>, position: usize, more: u64) -> u64 {
        let work = Arc::as_ptr(work) as usize;
        let known = self.passed.iter_mut().find(|(of, at, _)| (*of, *at) == (work, position));
        if let Some((.., count)) = known {
            *count += more;
            return *count - more;
        }
        self.passed.push((work, position, more));
        0
    }

    async fn write(&mut self, data: &[u8], pace: Pace, works: &[Arc<Work>]) -> io::Result<()> {
        if pace.most == 0 {
            return self.io.write_all(data).await;
        }
        let mut ends = any_ends(works);
        let mut rest = data;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(pace.most.min(rest.len()));
            self.io.write_all(piece).await?;
            rest = after;
            tokio::select! {
                () = tokio::time::sleep(pace.after(piece.len())) => {}
                () = &mut ends => return self.io.write_all(rest).await,
            }
        }
        Ok(())
    }
}

/// Changes one byte in each run of `every`, at a place that the fault's key chooses. `before` is
/// how many bytes have passed. Says whether any was changed.
fn corrupt(data: &mut [u8], before: u64, every: u64, fault: &Fault) -> bool {
    let length = data.len() as u64;
    let mut changed = false;
    for run in before / every..=(before + length) / every {
        let key = fault.key.with("corrupt").with(run.to_be_bytes());
        let at = run * every + key.below(usize::try_from(every).unwrap_or(usize::MAX)) as u64;
        let byte = at.checked_sub(before).filter(|at| *at < length);
        if let Some(byte) = byte.and_then(|at| data.get_mut(at as usize)) {
            // Never by zero, so the byte is another.
            *byte ^= 1 + key.with("by").below(255) as u8;
            changed = true;
        }
    }
    changed
}
