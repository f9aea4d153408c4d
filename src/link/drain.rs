//! What faults of bytes do to the answer on its way to the caller. Each connection that meets such
//! a fault gets a task that passes its bytes on: later, slower, fewer, or other ones.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

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
/// How long a connection that is cut waits for the rest of an answer, which its caller does not hear
/// and the link then knows.
const GRACE: Duration = Duration::from_secs(1);

/// What is to go to the caller.
pub(super) enum Out {
    Data {
        data: Bytes,
        /// When they came.
        came: Instant,
        /// Where they end in all that goes to the caller.
        end: u64,
    },
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
    Stop(Cut),
}

/// The end of a connection in the middle of an answer.
struct Cut {
    /// So many bytes still pass.
    keep: usize,
    work: Arc<Work>,
    fault: usize,
    resets: bool,
}

impl Drain {
    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Out>) {
        let mut open = true;
        while let Some(out) = receiver.recv().await {
            match out {
                Out::Data { data, came, end } => {
                    let count = data.len();
                    match self.pass(data.to_vec(), came, end - count as u64).await {
                        Ok(Next::Go) => {
                            self.conn.heard.passes(end);
                            self.queued.done(count);
                        }
                        Ok(Next::Stop(cut)) => {
                            self.queued.done(count);
                            return self.cut(cut, receiver).await;
                        }
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
                self.conn.harmed(&work, position);
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

    /// Ends the connection, once the answers under way are complete.
    async fn cut(&self, cut: Cut, mut receiver: mpsc::UnboundedReceiver<Out>) {
        let late = tokio::time::sleep(GRACE);
        tokio::pin!(late);
        while self.conn.heard.is_coming() {
            tokio::select! {
                out = receiver.recv() => match out {
                    Some(Out::Data { data, .. }) => self.queued.done(data.len()),
                    Some(Out::Shutdown) | None => break,
                },
                () = &mut late => break,
                () = cut.work.ended.cancelled() => break,
            }
        }
        if cut.resets {
            self.conn.reset();
        } else {
            self.conn.close();
        }
    }

    /// Answers from this place on are not what the caller hears.
    fn loses(&self, from: u64, fault: &Fault, cut: bool) {
        self.conn.heard.loses(from, fault.name(), cut);
        self.conn.shared.log.change();
    }

    /// Passes bytes on, the first of which has this place in all that goes to the caller.
    async fn pass(&mut self, mut data: Vec<u8>, came: Instant, from: u64) -> io::Result<Next> {
        let works = self.conn.shared.works(true);
        let mut pace = Pace::default();
        let mut cut: Option<Cut> = None;
        self.chunks += 1;
        for work in &works {
            for (position, active) in work.faults.iter().enumerate() {
                let fault = &active.fault;
                let before = self.count(work, position, data.len() as u64);
                match &fault.kind {
                    Kind::Latency { by, jitter } => {
                        self.conn.told(work, position);
                        let due = came + jittered(*by, *jitter, fault, &[self.chunks.to_string()]);
                        tokio::select! {
                            () = tokio::time::sleep_until(due.into()) => {}
                            () = work.ended.cancelled() => {}
                        }
                    }
                    Kind::HalfOpen | Kind::Timeout => {
                        self.conn.harmed(work, position);
                        self.loses(from, fault, false);
                        return Ok(Next::Go);
                    }
                    Kind::Corrupt { every } if corrupt(&mut data, before, *every, fault) => {
                        self.conn.harmed(work, position);
                        self.loses(from, fault, false);
                    }
                    Kind::Reset { at } | Kind::Truncate { at } if before + data.len() as u64 > *at => {
                        let keep = usize::try_from(at.saturating_sub(before)).unwrap_or(usize::MAX);
                        let resets = matches!(fault.kind, Kind::Reset { .. });
                        if cut.as_ref().is_none_or(|other| keep < other.keep) {
                            cut = Some(Cut { keep, work: work.clone(), fault: position, resets });
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
        let Some(cut) = cut else { return self.write(&data, pace, &works).await.map(|()| Next::Go) };
        if let Some(active) = cut.work.faults.get(cut.fault) {
            self.loses(from + cut.keep as u64, &active.fault, true);
        }
        data.truncate(cut.keep);
        self.write(&data, pace, &works).await?;
        self.conn.harmed(&cut.work, cut.fault);
        Ok(Next::Stop(cut))
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
