//! What `open` reads: the entries of a stream, or the messages of a channel.

use std::any::Any;
use std::sync::Arc;

use redis::aio::{PubSub, PubSubSink};
use redis::{Cmd, Value as Reply};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_stream::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Target};
use super::reply::{fault, fields};
use crate::protocol::ErrorKind;
use crate::protocol::broker::{Control, Fault, Form, History, Secure, decode};
use crate::value::{BoxFuture, Bytes, Value};

/// Those who wait for a sign of life.
type Askers = mpsc::UnboundedReceiver<oneshot::Sender<()>>;

/// How many entries are asked for at once.
const BATCH: usize = 512;
/// How long one read waits for an entry, in milliseconds. Its connection answers nothing else until
/// then, so that it is also how long a sign of life and a clean end may take.
const TURN: usize = 100;

/// What is read, for the verbs that take it.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) target: Target,
    pub(super) key: String,
    pub(super) group: Option<String>,
    pub(super) secure: Option<Secure>,
    pub(super) history: Arc<History>,
    /// Ends it at once.
    pub(super) stop: CancellationToken,
    source: Source,
}

/// What gives the signs of life of a reading.
#[derive(Debug)]
enum Source {
    /// Answers after every message before.
    Channel(Mutex<PubSubSink>),
    /// The follower of a stream.
    Stream {
        asked: mpsc::UnboundedSender<oneshot::Sender<()>>,
        /// Ends it when what was added before has come.
        closing: CancellationToken,
    },
}

/// Where the reading of a stream begins.
#[derive(Debug, Clone)]
pub(super) struct Start {
    pub(super) key: String,
    /// Unless given, after what is there now.
    pub(super) after: Option<String>,
    /// Group and consumer.
    pub(super) group: Option<(String, String)>,
}

impl Reading {
    /// Begins to read a stream. Where it begins is fixed when this ends.
    pub(super) async fn stream(
        (target, secure): (Target, Option<Secure>),
        start: Start,
        history: Arc<History>,
    ) -> Result<Reading, Fault> {
        let mut connection = Connection::open(&target, secure.clone()).await?;
        let (after, before) = match &start.after {
            Some(after) => (after.clone(), None),
            None => {
                let now = Whole::of(&mut connection, &start.key).await?;
                // What a group takes is not all that is added.
                (now.last, now.added.filter(|_| start.group.is_none()))
            }
        };
        if let Some((group, _)) = &start.group {
            let mut create = redis::cmd("XGROUP");
            create.arg("CREATE").arg(&start.key).arg(group).arg(&after).arg("MKSTREAM");
            match connection.run(&create).await {
                Err(fault) if fault.code.as_deref() != Some("BUSYGROUP") => return Err(fault),
                _ => {}
            }
        } else {
            // What the reading could not do is known before the next statement.
            connection.run(&read(&start, &after, None)).await?;
        }
        let (stop, closing) = (CancellationToken::new(), CancellationToken::new());
        let (asked, askers) = mpsc::unbounded_channel();
        let (key, group) = (start.key.clone(), start.group.as_ref().map(|(group, _)| group.clone()));
        let follower = Follower {
            start,
            after,
            before,
            kept: 0,
            history: history.clone(),
            askers,
            closing: closing.clone(),
        };
        let stopped = stop.clone();
        tokio::spawn(async move {
            // Given up, it takes nothing any more: its connection ends with it.
            stopped.run_until_cancelled(follower.run(connection)).await;
        });
        let source = Source::Stream { asked, closing };
        Ok(Reading { target, key, group, secure, history, stop, source })
    }

    /// Subscribes to a channel, or a pattern of channels; the server knows when this ends.
    pub(super) async fn channel(
        (target, secure): (Target, Option<Secure>),
        key: String,
        (history, form): (Arc<History>, Form),
    ) -> Result<Reading, Fault> {
        let mut channel: PubSub = target.listen(secure.clone()).await?;
        let subscribed = match key.contains(['*', '?', '[']) {
            true => channel.psubscribe(&key).await,
            false => channel.subscribe(&key).await,
        };
        subscribed.map_err(|error| fault(&error, &target.shown))?;
        let (sink, mut messages) = channel.split();
        let stop = CancellationToken::new();
        let (held, stopped, shown) = (history.clone(), stop.clone(), target.shown.clone());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    message = messages.next() => match message {
                        Some(message) => {
                            let payload = Bytes::copy_from_slice(message.get_payload_bytes());
                            keep(&held, message.get_channel_name(), &payload, form);
                        }
                        None => break held.end(Some(Fault::reset(&shown))),
                    },
                    // Only when everything that had come is taken.
                    () = stopped.cancelled() => break held.end(None),
                }
            }
        });
        let source = Source::Channel(Mutex::new(sink));
        Ok(Reading { target, key, group: None, secure, history, stop, source })
    }

    /// Ends it when what was sent or added before has come. Errors: it had broken off.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        match &self.source {
            _ if self.history.is_over() => {}
            Source::Channel(sink) => {
                self.ping(sink).await?;
                self.stop.cancel();
            }
            Source::Stream { closing, .. } => closing.cancel(),
        }
        self.history.over().await;
        self.history.fault().map_or(Ok(()), Err)
    }

    /// Its answer comes after every message before it.
    async fn ping(&self, sink: &Mutex<PubSubSink>) -> Result<(), Fault> {
        let done: redis::RedisResult<Reply> = sink.lock().await.ping().await;
        done.map(drop).map_err(|error| fault(&error, &self.target.shown))
    }

    pub(super) fn cancel(&self) {
        self.history.end(None);
        self.stop.cancel();
    }
}

impl Control for Reading {
    fn hail(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async {
            match &self.source {
                Source::Channel(sink) => self.ping(sink).await,
                // Only the connection that reads can say that it still does.
                Source::Stream { asked, .. } => {
                    let (sign, answer) = oneshot::channel();
                    let _ = asked.send(sign);
                    // Without an answer it has ended.
                    answer.await.or_else(|_| self.history.fault().map_or(Ok(()), Err))
                }
            }
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What a stream says of all that it ever held.
struct Whole {
    /// The id of its last entry.
    last: String,
    /// How many entries were ever added to it, which servers before 7.0 do not say.
    added: Option<u64>,
}

impl Whole {
    async fn of(connection: &mut Connection, key: &str) -> Result<Whole, Fault> {
        let mut info = redis::cmd("XINFO");
        info.arg("STREAM").arg(key);
        let reply = match connection.run(&info).await {
            Ok(reply) => reply,
            // There is none yet; the server has no code of its own for that.
            Err(fault) if fault.message == "ERR no such key" => {
                return Ok(Whole { last: "0-0".to_owned(), added: Some(0) });
            }
            Err(fault) => return Err(fault),
        };
        let info = super::reply::value(reply);
        let field = |name: &str| info.as_object().and_then(|info| info.get(name)).cloned();
        let added = field("entries-added").and_then(|added| added.as_number()?.to_i128());
        let added = added.and_then(|added| u64::try_from(added).ok());
        let last = field("last-generated-id").and_then(|id| id.as_text().map(str::to_owned));
        let unsaid = || Fault::broken(ErrorKind::Protocol, format!("`{key}` does not say its last entry"));
        Ok(Whole { last: last.ok_or_else(unsaid)?, added })
    }
}

/// The two numbers of an id, of which the second may be left out.
fn numbers(id: &str) -> Option<(u64, u64)> {
    let (time, number) = id.split_once('-').unwrap_or((id, "0"));
    Some((time.parse().ok()?, number.parse().ok()?))
}

/// The command that reads on; with `block`, waiting so many milliseconds until something is there.
fn read(start: &Start, after: &str, block: Option<usize>) -> Cmd {
    let mut command = match &start.group {
        Some((group, consumer)) => {
            let mut command = redis::cmd("XREADGROUP");
            command.arg("GROUP").arg(group).arg(consumer);
            command
        }
        None => redis::cmd("XREAD"),
    };
    command.arg("COUNT").arg(BATCH);
    if let Some(block) = block {
        command.arg("BLOCK").arg(block);
    }
    let after = if start.group.is_some() { ">" } else { after };
    command.arg("STREAMS").arg(&start.key).arg(after);
    command
}

/// Reads on.
struct Follower {
    start: Start,
    after: String,
    /// How many entries were added before it began, when every one since must come.
    before: Option<u64>,
    /// How many came.
    kept: u64,
    history: Arc<History>,
    askers: Askers,
    closing: CancellationToken,
}

impl Follower {
    async fn run(mut self, mut connection: Connection) {
        while !self.history.is_over() {
            // Those who asked, or closed, before a read that waits for nothing have everything that
            // was there before when it is answered.
            let closing = self.closing.is_cancelled();
            let asked: Vec<_> = std::iter::from_fn(|| self.askers.try_recv().ok()).collect();
            let outcome = match closing || !asked.is_empty() {
                true => self.all(&mut connection).await,
                false => self.turn(&mut connection, Some(TURN)).await,
            };
            match outcome {
                Ok(()) if closing => self.history.end(None),
                Ok(()) => {
                    for sign in asked {
                        // Whoever has stopped waiting needs none.
                        let _ = sign.send(());
                    }
                }
                Err(fault) => self.history.end(Some(fault)),
            }
        }
    }

    /// Reads all that is there. Errors: entries went before they were read, which shows nothing of them.
    async fn all(&mut self, connection: &mut Connection) -> Result<(), Fault> {
        let whole = Whole::of(connection, &self.start.key).await?;
        let key = &self.start.key;
        let gone = |why: String| Err(Fault::broken(ErrorKind::Reset, why));
        // How many should have come by now, when that is known.
        let due = whole.added.zip(self.before).map(|(added, before)| added.checked_sub(before));
        let is_anew = due.is_some_and(|due| due.is_none_or(|due| due < self.kept));
        // One may ask for what comes after an id that no entry has yet.
        let is_known = self.kept > 0 || self.start.after.is_none();
        if is_anew || is_known && numbers(&whole.last) < numbers(&self.after) {
            return gone(format!("the stream `{key}` was deleted, or made anew, while it was read"));
        }
        self.turn(connection, None).await?;
        let key = &self.start.key;
        match due.flatten().and_then(|due| due.checked_sub(self.kept)) {
            Some(lost @ 1..) => {
                gone(format!("{lost} entries of the stream `{key}` were removed before they were read"))
            }
            _ => Ok(()),
        }
    }

    /// Reads what is there, waiting at most so many milliseconds until something is.
    async fn turn(&mut self, connection: &mut Connection, block: Option<usize>) -> Result<(), Fault> {
        let mut reply = connection.run(&read(&self.start, &self.after, block)).await?;
        // One that is full may not be all. What is over takes nothing more, which is for others.
        while self.keep(reply) == BATCH && !self.history.is_over() {
            reply = connection.run(&read(&self.start, &self.after, None)).await?;
        }
        Ok(())
    }

    /// Keeps the entries of a reply; how many there were.
    fn keep(&mut self, reply: Reply) -> usize {
        let entries = entries(reply);
        let count = entries.len();
        self.kept += count as u64;
        for Entry { id, body, bytes } in entries {
            let record = [
                ("stream", Value::text(self.start.key.as_str())),
                ("id", Value::text(id.as_str())),
                ("body", body),
            ];
            self.history.keep(Value::object(record), bytes);
            self.after = id;
        }
        count
    }
}

struct Entry {
    id: String,
    body: Value,
    /// Of its id, names and values.
    bytes: usize,
}

/// `{ key: [[id, [name, value, …]], …] }`, or the same as nested lists.
fn entries(reply: Reply) -> Vec<Entry> {
    let of_key = match reply {
        Reply::Map(pairs) => pairs.into_iter().map(|(_, entries)| entries).collect(),
        Reply::Array(keys) => keys
            .into_iter()
            .filter_map(|key| match key {
                Reply::Array(mut pair) => pair.pop(),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for entries in of_key {
        let Reply::Array(entries) = entries else { continue };
        for entry in entries {
            let Reply::Array(entry) = entry else { continue };
            let mut entry = entry.into_iter();
            if let (Some(Reply::BulkString(id)), Some(Reply::Array(items))) = (entry.next(), entry.next()) {
                let length = |item: &Reply| if let Reply::BulkString(bytes) = item { bytes.len() } else { 0 };
                let bytes = id.len() + items.iter().map(length).sum::<usize>();
                let id = String::from_utf8_lossy(&id).into_owned();
                found.push(Entry { id, body: fields(items), bytes });
            }
        }
    }
    found
}

fn keep(history: &History, channel: &str, payload: &Bytes, form: Form) {
    match decode(payload, form) {
        Ok(body) => {
            let record = Value::object([("channel", Value::text(channel)), ("body", body)]);
            history.keep(record, payload.len());
        }
        Err(why) => {
            let message = format!("a message of `{channel}` cannot be read: {why}");
            history.end(Some(Fault::broken(ErrorKind::Protocol, message)));
        }
    }
}
