//! A subscription, or a consumer of a stream: what takes its messages, and how it ends.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Outbox, Outgoing, Receiver};
use super::jetstream::{Consumer, Origin, nanos};
use super::wire::{Delivery, Ops};
use crate::protocol::ErrorKind;
use crate::protocol::broker::{Control, Fault, Form, History, decode};
use crate::value::{BoxFuture, Object, Value, show};

/// How many messages a consumer is asked for at once.
const BATCH: u32 = 256;
/// How long it may wait to have them; then it is asked again.
const PULL: Duration = Duration::from_secs(30);
/// How often it says that it still has nothing. The server takes at most half of what it may wait.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// After how long without any word what it was asked for is lost: one heartbeat may be late.
const SILENCE: Duration = Duration::from_secs(15);

/// A subscription on a connection of its own, so that nothing else on it can break it.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) connection: Connection,
    pub(super) consumer: Option<Consumer>,
    sid: u64,
    history: Arc<History>,
}

impl Subscription {
    /// Subscribes; the server knows when this ends.
    pub(super) async fn open(
        connection: Connection,
        (subject, queue): (&str, Option<&str>),
        consumer: Option<Consumer>,
        (history, form): (Arc<History>, Form),
    ) -> Result<Subscription, Fault> {
        let mut ops = Ops::default();
        let sid = match &consumer {
            None => {
                let sid =
                    connection.receive(Arc::new(Messages { history: history.clone(), form, pull: None }));
                ops.subscribe(subject, queue, sid);
                sid
            }
            Some(consumer) => {
                let pull = Pull {
                    next: consumer.next(),
                    inbox: connection.inbox(0),
                    left: AtomicU32::new(BATCH),
                    came: AtomicU64::new(0),
                    alone: consumer.ephemeral,
                    pulse: Arc::default(),
                };
                let (inbox, first) = (pull.inbox.clone(), pull.ops());
                tokio::spawn(watch(pull.pulse.clone(), SILENCE, history.clone(), connection.stop.clone()));
                let messages = Messages { history: history.clone(), form, pull: Some(pull) };
                let sid = connection.receive(Arc::new(messages));
                ops.subscribe(&inbox, None, sid);
                connection.exchange(ops).await?;
                ops = first;
                sid
            }
        };
        connection.exchange(ops).await?;
        match history.fault() {
            Some(fault) => Err(fault),
            None => Ok(Subscription { connection, consumer, sid, history }),
        }
    }

    /// Ends it when everything that was sent before has come. Errors: it had broken off.
    pub(super) async fn close(&self) -> Result<(), Fault> {
        if self.history.is_over() {
            return self.history.fault().map_or(Ok(()), Err);
        }
        let mut ops = Ops::default();
        ops.unsubscribe(self.sid, None);
        self.connection.exchange(ops).await?;
        self.history.end(None);
        if let Some(consumer) = self.consumer.as_ref().filter(|consumer| consumer.ephemeral) {
            // It ends by itself, too.
            let _ = consumer.delete(&self.connection).await;
        }
        self.connection.stop.cancel();
        self.history.fault().map_or(Ok(()), Err)
    }

    pub(super) fn cancel(&self) {
        self.history.end(None);
        self.connection.stop.cancel();
    }

    /// Confirms a message, or gives it back, and waits until the server knows.
    pub(super) async fn confirm(&self, reply: &str, how: &[u8]) -> Result<(), Fault> {
        let message = Outgoing { subject: reply, headers: &[], payload: how };
        self.connection.request(&message).await.map(drop).map_err(|fault| match fault.kind {
            "no_responders" => Fault::new("jetstream", "the consumer of this message is gone"),
            _ => fault,
        })
    }
}

impl Control for Subscription {
    fn hail(&self) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(self.connection.exchange(Ops::default()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Takes the messages.
struct Messages {
    history: Arc<History>,
    form: Form,
    pull: Option<Pull>,
}

/// How more is asked for.
struct Pull {
    next: String,
    inbox: String,
    /// How many of those that were asked for have not come.
    left: AtomicU32,
    /// The number of the delivery that came last.
    came: AtomicU64,
    /// Whether nobody else takes what the consumer delivers.
    alone: bool,
    /// Told of everything that comes.
    pulse: Arc<Notify>,
}

impl Pull {
    fn ops(&self) -> Ops {
        let wanted = json!({
            "batch": BATCH,
            "expires": nanos(PULL),
            "idle_heartbeat": nanos(HEARTBEAT),
        });
        let mut ops = Ops::default();
        ops.publish(&self.next, Some(&self.inbox), &[], wanted.to_string().as_bytes());
        ops
    }

    /// What is missing before a message, when the consumer numbers what it delivers to us alone.
    fn missing(&self, delivery: &Delivery) -> Option<Fault> {
        let number = delivery.reply.as_deref().and_then(Origin::of)?.delivery;
        let due = self.came.swap(number, Ordering::Relaxed) + 1;
        (self.alone && number != due).then(|| {
            let (sent, came) = (number.max(1) - 1, due - 1);
            let message =
                format!("the consumer had delivered {sent} messages before this one, and {came} came");
            Fault::new("jetstream", message)
        })
    }

    fn again(&self, outbox: &Outbox) {
        self.left.store(BATCH, Ordering::Relaxed);
        outbox.send(self.ops());
    }

    /// What the server says instead of a message.
    fn status(&self, code: u16, why: &str, outbox: &Outbox) -> Option<Fault> {
        match (code, why.to_lowercase()) {
            (100, _) => None,
            (404 | 408, _) => {
                self.again(outbox);
                None
            }
            (409, why) if why.contains("batch completed") || why.contains("leadership") => {
                self.again(outbox);
                None
            }
            (503, _) => Some(Fault::new("jetstream", "the stream or its consumer is gone")),
            _ => Some(
                Fault::new("jetstream", format!("JetStream ended the consumer: {why}"))
                    .code(code.to_string()),
            ),
        }
    }
}

/// Ends a history when nothing comes any more, not even a heartbeat: the server may have lost what it
/// was asked for while the connection still answers.
async fn watch(pulse: Arc<Notify>, silence: Duration, history: Arc<History>, stop: CancellationToken) {
    let silent = async { while tokio::time::timeout(silence, pulse.notified()).await.is_ok() {} };
    if stop.run_until_cancelled(silent).await.is_some() && !history.is_over() {
        let silence = show(&Value::duration(silence));
        let message = format!(
            "the consumer has given no sign of life for {silence}: the server has lost what it was asked for"
        );
        history.end(Some(Fault::new("jetstream", message)));
        stop.cancel();
    }
}

impl Messages {
    fn keep(&self, delivery: Delivery, outbox: &Outbox) {
        if let Some(pull) = &self.pull {
            pull.pulse.notify_one();
        }
        if let (Some(pull), Some((code, why))) = (&self.pull, &delivery.status) {
            if let Some(fault) = pull.status(*code, why, outbox) {
                self.history.end(Some(fault));
            }
            return;
        }
        if let Some(fault) = self.pull.as_ref().and_then(|pull| pull.missing(&delivery)) {
            return self.history.end(Some(fault));
        }
        let bytes = delivery.payload.len();
        match record(delivery, self.form) {
            Ok(record) => self.history.keep(record, bytes),
            Err(fault) => self.history.end(Some(fault)),
        }
        if let Some(pull) = &self.pull
            && pull.left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            pull.again(outbox);
        }
    }
}

impl Receiver for Messages {
    fn take(&self, delivery: Delivery, outbox: &Outbox) {
        if self.history.is_over() {
            return;
        }
        let sid = delivery.sid;
        self.keep(delivery, outbox);
        if self.history.is_over() {
            // What comes from now on is for others: of its queue, or of its consumer.
            let mut ops = Ops::default();
            ops.unsubscribe(sid, None);
            outbox.send(ops);
        }
    }

    fn broken(&self, fault: &Fault) {
        self.history.end(Some(fault.clone()));
    }
}

/// `{ subject, body, headers, reply }`, and of a stream's message where it is from.
pub(super) fn record(delivery: Delivery, form: Form) -> Result<Value, Fault> {
    let body = decode(&delivery.payload, form).map_err(|why| {
        let message = format!("a message of `{}` cannot be read: {why}", delivery.subject);
        Fault::broken(ErrorKind::Protocol, message)
    })?;
    let mut fields = vec![
        ("subject", Value::text(delivery.subject)),
        ("body", body),
        ("headers", headers(delivery.headers)),
    ];
    if let Some(reply) = delivery.reply {
        if let Some(origin) = Origin::of(&reply) {
            fields.push(("stream", Value::text(origin.stream)));
            fields.push(("seq", Value::int(origin.seq)));
            fields.push(("deliveries", Value::int(origin.deliveries)));
            fields.push(("redelivered", Value::Bool(origin.deliveries > 1)));
        }
        fields.push(("reply", Value::text(reply)));
    }
    Ok(Value::object(fields))
}

/// Text by name, or a list when a name came several times.
pub(super) fn headers(headers: Vec<(String, String)>) -> Value {
    let mut fields = Object::new();
    for (name, value) in headers {
        let value = Value::text(value);
        match fields.get_mut(&*name) {
            None => drop(fields.insert(name.into(), value)),
            Some(known) => {
                let mut all = known.as_list().map_or_else(|| vec![known.clone()], <[Value]>::to_vec);
                all.push(value);
                *known = Value::list(all);
            }
        }
    }
    Value::Object(fields.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_sign_of_life_nothing_is_believed() {
        let history = History::new("bus orders".to_owned(), 1 << 20, crate::value::Stopwatch::start());
        let (pulse, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let watched =
            tokio::spawn(watch(pulse.clone(), Duration::from_secs(1), history.clone(), stop.clone()));
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            pulse.notify_one();
        }
        assert!(!history.is_over());
        watched.await.unwrap();
        assert_eq!(history.fault().map(|fault| fault.kind), Some("jetstream"));
        assert!(stop.is_cancelled());
    }

    #[test]
    fn heartbeats_are_asked_for_and_waited_for() {
        let pull = Pull {
            next: "next".to_owned(),
            inbox: "inbox".to_owned(),
            left: AtomicU32::new(BATCH),
            came: AtomicU64::new(0),
            alone: true,
            pulse: Arc::default(),
        };
        let asked = String::from_utf8(pull.ops().bytes().to_vec()).unwrap();
        assert!(asked.contains("\"idle_heartbeat\":5000000000"), "{asked}");
        assert!(HEARTBEAT * 2 <= PULL && HEARTBEAT * 2 < SILENCE);
    }
}
