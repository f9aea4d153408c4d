//! One connection to a server. It does not reconnect: what was sent to a subscription in between
//! would be missing from its history, and nobody would know.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::connect;
use super::target::{Login, Target};
use super::wire::{Delivery, Op, Ops, Parser};
use crate::protocol::ErrorKind;
use crate::protocol::broker::{Fault, Io, Secure};
use crate::value::Bytes;

/// What a server says of itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    server_id: String,
    /// Of this connection.
    client_id: u64,
    /// In bytes, headers included.
    pub(super) max_payload: usize,
    pub(super) headers: bool,
    pub(super) nonce: Option<String>,
    pub(super) tls_required: bool,
    pub(super) jetstream: bool,
}

/// What takes the messages of a subscription; called by the task that reads.
pub(super) trait Receiver: Send + Sync {
    fn take(&self, delivery: Delivery, outbox: &Outbox);

    /// Nothing more will come.
    fn broken(&self, fault: &Fault);
}

/// Where what is sent waits; sent in that order.
#[derive(Debug, Clone)]
pub(super) struct Outbox(mpsc::UnboundedSender<Bytes>);

impl Outbox {
    pub(super) fn send(&self, ops: Ops) {
        // Without a connection its receivers learn that it broke.
        let _ = self.0.send(ops.bytes());
    }
}

/// A connection. It ends when it is dropped.
pub(super) struct Connection {
    pub(super) shown: String,
    pub(super) info: Info,
    outbox: Outbox,
    shared: Arc<Shared>,
    /// Begins every inbox of this connection.
    inbox: String,
    pub(super) stop: CancellationToken,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a connection to {}", self.shown)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those who wait for a PONG, in the order of their PINGs.
    waiting: VecDeque<Waiter>,
    receivers: BTreeMap<u64, Arc<dyn Receiver>>,
    next: u64,
    /// What the server said before it hung up.
    said: Option<Fault>,
    over: Option<Fault>,
}

struct Waiter {
    pong: oneshot::Sender<Result<(), Fault>>,
    fault: Option<Fault>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, op: Op, outbox: &Outbox, shown: &str) {
        match op {
            Op::Message(delivery) => {
                let receiver = self.state().receivers.get(&delivery.sid).cloned();
                if let Some(receiver) = receiver {
                    receiver.take(delivery, outbox);
                }
            }
            Op::Ping => {
                let mut ops = Ops::default();
                ops.pong();
                outbox.send(ops);
            }
            Op::Pong => {
                if let Some(waiter) = self.state().waiting.pop_front() {
                    let _ = waiter.pong.send(waiter.fault.map_or(Ok(()), Err));
                }
            }
            Op::Error(text) => self.error(&text, shown),
            Op::Info(_) | Op::Ok => {}
        }
    }

    /// A server answers in order, so that an error before a PONG is that of what was sent before
    /// its PING. One that nobody caused, such as a permission that was withdrawn, is everyone's.
    fn error(&self, text: &str, shown: &str) {
        let (fault, fatal) = connect::fault(text, shown);
        let mut state = self.state();
        if fatal {
            state.said = Some(fault);
        } else if let Some(waiter) = state.waiting.front_mut() {
            waiter.fault.get_or_insert(fault);
        } else {
            let receivers: Vec<_> = state.receivers.values().cloned().collect();
            drop(state);
            receivers.iter().for_each(|receiver| receiver.broken(&fault));
        }
    }

    fn end(&self, fault: Fault) {
        let (receivers, waiting, fault) = {
            let mut state = self.state();
            let fault = state.said.take().unwrap_or(fault);
            state.over = Some(fault.clone());
            (std::mem::take(&mut state.receivers), std::mem::take(&mut state.waiting), fault)
        };
        for waiter in waiting {
            let _ = waiter.pong.send(Err(waiter.fault.unwrap_or_else(|| fault.clone())));
        }
        receivers.values().for_each(|receiver| receiver.broken(&fault));
    }
}

impl Connection {
    /// Connects and logs in.
    pub(super) async fn open(
        target: &Target,
        login: &Login,
        secure: Option<Secure>,
    ) -> Result<Connection, Fault> {
        let (io, parser, info) = connect::open(target, login, secure).await?;
        // The server numbers its connections, and no two servers have the same id.
        let inbox = format!("_INBOX.{}.{}", info.server_id, info.client_id);
        let (read, write) = tokio::io::split(io);
        let (sender, receiver) = mpsc::unbounded_channel();
        let (outbox, shared, stop) = (Outbox(sender), Arc::new(Shared::default()), CancellationToken::new());
        tokio::spawn(send(write, receiver, stop.clone()));
        let reader = Reader {
            shared: shared.clone(),
            outbox: outbox.clone(),
            stop: stop.clone(),
            shown: target.shown.clone(),
        };
        tokio::spawn(reader.run(read, parser));
        Ok(Connection { shown: target.shown.clone(), info, outbox, shared, inbox, stop })
    }

    pub(super) fn is_over(&self) -> bool {
        self.shared.state().over.is_some()
    }

    /// Sends, and waits until the server has done it.
    pub(super) async fn exchange(&self, mut ops: Ops) -> Result<(), Fault> {
        ops.ping();
        let (pong, answer) = oneshot::channel();
        {
            // Under the lock, so that PINGs go out in the order of those who wait for them.
            let mut state = self.shared.state();
            if let Some(fault) = &state.over {
                return Err(fault.clone());
            }
            state.waiting.push_back(Waiter { pong, fault: None });
            self.outbox.send(ops);
        }
        answer.await.unwrap_or_else(|_| Err(Fault::reset(&self.shown)))
    }

    /// A number for a subscription whose messages go to `receiver`.
    pub(super) fn receive(&self, receiver: Arc<dyn Receiver>) -> u64 {
        let mut state = self.shared.state();
        state.next += 1;
        let sid = state.next;
        if let Some(fault) = &state.over {
            receiver.broken(fault);
        } else {
            state.receivers.insert(sid, receiver);
        }
        sid
    }

    /// Nothing of a subscription is taken any more.
    pub(super) fn forget(&self, sid: u64) {
        self.shared.state().receivers.remove(&sid);
    }

    /// A subject of its own for an answer.
    pub(super) fn inbox(&self, sid: u64) -> String {
        format!("{}.{sid}", self.inbox)
    }

    /// Publishes, and waits until the server has taken it.
    pub(super) async fn publish(&self, message: &Outgoing<'_>) -> Result<(), Fault> {
        self.fits(message)?;
        let mut ops = Ops::default();
        ops.publish(message.subject, None, message.headers, message.payload);
        self.exchange(ops).await
    }

    /// Publishes and waits for the one answer.
    pub(super) async fn request(&self, message: &Outgoing<'_>) -> Result<Delivery, Fault> {
        self.fits(message)?;
        let (sender, answer) = oneshot::channel();
        let asked = Asked { connection: self, sid: self.receive(Arc::new(Answer(Mutex::new(Some(sender))))) };
        let inbox = self.inbox(asked.sid);
        let mut ops = Ops::default();
        ops.subscribe(&inbox, None, asked.sid);
        ops.unsubscribe(asked.sid, Some(1));
        ops.publish(message.subject, Some(&inbox), message.headers, message.payload);
        self.exchange(ops).await?;
        let answer = answer.await.unwrap_or_else(|_| Err(Fault::reset(&self.shown)))?;
        match &answer.status {
            Some((503, _)) => {
                let message = format!("nobody is subscribed to `{}` to answer", message.subject);
                Err(Fault::new("no_responders", message))
            }
            _ => Ok(answer),
        }
    }

    /// Refuses what the server would hang up over.
    fn fits(&self, message: &Outgoing<'_>) -> Result<(), Fault> {
        let headers: usize = message.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let length = message.payload.len() + if headers == 0 { 0 } else { headers + 12 };
        if self.info.max_payload > 0 && length > self.info.max_payload {
            let message = format!(
                "the message has {length} bytes, and `{}` takes at most {}: it was not sent",
                self.shown, self.info.max_payload
            );
            return Err(Fault::new("too_large", message));
        }
        if headers > 0 && !self.info.headers {
            let message = format!("`{}` takes no headers: it was not sent", self.shown);
            return Err(Fault::broken(ErrorKind::Protocol, message));
        }
        Ok(())
    }
}

/// What is published.
pub(super) struct Outgoing<'a> {
    pub(super) subject: &'a str,
    pub(super) headers: &'a [(Arc<str>, String)],
    pub(super) payload: &'a [u8],
}

/// A request that waits for its answer, or is given up.
struct Asked<'a> {
    connection: &'a Connection,
    sid: u64,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.connection.forget(self.sid);
        if !self.connection.is_over() {
            let mut ops = Ops::default();
            ops.unsubscribe(self.sid, None);
            self.connection.outbox.send(ops);
        }
    }
}

/// Takes the one answer to a request.
struct Answer(Mutex<Option<oneshot::Sender<Result<Delivery, Fault>>>>);

impl Answer {
    fn give(&self, answer: Result<Delivery, Fault>) {
        if let Some(sender) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = sender.send(answer);
        }
    }
}

impl Receiver for Answer {
    fn take(&self, delivery: Delivery, _: &Outbox) {
        self.give(Ok(delivery));
    }

    fn broken(&self, fault: &Fault) {
        self.give(Err(fault.clone()));
    }
}

struct Reader {
    shared: Arc<Shared>,
    outbox: Outbox,
    stop: CancellationToken,
    shown: String,
}

impl Reader {
    async fn run(self, mut io: ReadHalf<Box<dyn Io>>, mut parser: Parser) {
        let fault = loop {
            match parser.next() {
                Ok(Some(op)) => {
                    self.shared.take(op, &self.outbox, &self.shown);
                    continue;
                }
                Ok(None) => {}
                Err(why) => break Fault::broken(ErrorKind::Protocol, format!("`{}`: {why}", self.shown)),
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => break Fault::reset(&self.shown),
                read = io.read_buf(parser.buffer()) => match read {
                    Ok(0) => break Fault::reset(&self.shown),
                    Ok(_) => {}
                    Err(error) => break Fault::of_io(&error, &self.shown),
                },
            }
        };
        self.shared.end(fault);
        self.stop.cancel();
    }
}

async fn send(
    mut io: WriteHalf<Box<dyn Io>>,
    mut outbox: mpsc::UnboundedReceiver<Bytes>,
    stop: CancellationToken,
) {
    let sending = async {
        while let Some(bytes) = outbox.recv().await {
            io.write_all(&bytes).await?;
            // What is there already goes out with it.
            if outbox.is_empty() {
                io.flush().await?;
            }
        }
        std::io::Result::Ok(())
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        // The reader hears why.
        _ = sending => {}
    }
    let _ = io.shutdown().await;
}
