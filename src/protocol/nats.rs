//! NATS: messages to subjects, requests and their answers, subscriptions, and the streams and
//! consumers of JetStream.
//!
//! The client is this room's own, a few lines of text on a socket, for what a test must know: that
//! the server has a subscription before the next statement runs (a PING after it is answered),
//! which message a permission refused, and that a connection broke. Clients for services reconnect
//! by themselves and report what they dropped, if at all, on the side: what they hold is then a
//! history with a hole that nobody sees.

mod connect;
mod connection;
mod jetstream;
mod nkey;
mod options;
mod specs;
mod subject;
mod subscription;
mod target;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::broker::{Fault, Feed, History, Parts, Report, Secure, decode, encode, guard, not_safe, text};
use super::tls::TlsMaterial;
use super::{Call, CallPlace, Endpoint, Misuse, Protocol, Reply, Session};
use crate::lang::Spec;
use crate::value::words::shell_quote;
use crate::value::{BoxFuture, Live, Value, to_json_pretty};
use connection::{Connection, Outgoing};
use jetstream::{Consumer, Stored};
use options::Options;
use subscription::Subscription;
use target::{Login, Target};

pub use specs::SPECS;

/// What tells one connection from another.
type Key = (Target, Login, Option<TlsMaterial>);

/// The protocol. One instance lives for a run and holds its connections.
#[derive(Debug, Default)]
pub struct Nats {
    connections: Mutex<BTreeMap<Key, Arc<Connection>>>,
}

/// What a request needs, read.
struct Job<'a> {
    call: &'a Call,
    endpoint: &'a Arc<Endpoint>,
    options: Options,
    key: Key,
    secure: Option<Secure>,
    subject: String,
    session: &'a Session,
    begun: Instant,
}

impl Nats {
    /// With no connections yet.
    pub fn new() -> Nats {
        Nats::default()
    }

    /// The connection that requests share; a new one when the last has ended.
    async fn connection(&self, job: &Job<'_>) -> Result<Arc<Connection>, Fault> {
        let known = {
            let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
            connections.get(&job.key).filter(|known| !known.is_over()).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let made = Arc::new(job.connect().await?);
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.insert(job.key.clone(), made.clone());
        Ok(made)
    }

    async fn publish(&self, job: Job<'_>) -> Result<Reply, Misuse> {
        subject::to(&job.subject)?;
        let payload = encode(job.call.operand.as_ref())?;
        let mut headers = job.options.headers.clone();
        let result = match &job.options.stream {
            None => {
                let message = Outgoing { subject: &job.subject, headers: &headers, payload: &payload };
                let sent = async { self.connection(&job).await?.publish(&message).await };
                job.guard(sent).await.map(|()| None)
            }
            Some(stream) => {
                headers.push(("Nats-Expected-Stream".into(), stream.clone()));
                let message = Outgoing { subject: &job.subject, headers: &headers, payload: &payload };
                let sent = async {
                    let answer = self.connection(&job).await?.request(&message).await;
                    Stored::of(answer, &job.subject, stream)
                };
                job.guard(sent).await.map(Some)
            }
        };
        Ok(job.reply(result.map(|stored| match stored {
            None => (Vec::new(), ("published".to_owned(), String::new())),
            Some(stored) => {
                let fields = vec![
                    ("stream", Value::text(stored.stream.as_str())),
                    ("seq", Value::int(stored.seq)),
                    ("duplicate", Value::Bool(stored.duplicate)),
                ];
                let answer = match stored.duplicate {
                    true => format!("{} had it already, as {}", stored.stream, stored.seq),
                    false => format!("stored in {} as {}", stored.stream, stored.seq),
                };
                (fields, (answer, String::new()))
            }
        })))
    }

    async fn request(&self, job: Job<'_>) -> Result<Reply, Misuse> {
        subject::to(&job.subject)?;
        let payload = encode(job.call.operand.as_ref())?;
        let message = Outgoing { subject: &job.subject, headers: &job.options.headers, payload: &payload };
        let asked = async {
            let connection = self.connection(&job).await?;
            let api = jetstream::is_api(&job.subject);
            let answer = connection.request(&message).await.map_err(|fault| match fault.kind {
                "no_responders" if api => jetstream::disabled(&connection),
                _ => fault,
            })?;
            match jetstream::error_in(&answer.payload).filter(|_| api) {
                Some(fault) => Err(fault),
                None => Ok(answer),
            }
        };
        let result = job.guard(asked).await.and_then(|answer| {
            let body = decode(&answer.payload, job.options.form).map_err(|why| {
                let message = format!("the answer to `{}` cannot be read: {why}", job.subject);
                Fault::broken(super::ErrorKind::Protocol, message)
            })?;
            Ok((answer, body))
        });
        Ok(job.reply(result.map(|(answer, body)| {
            let shown = match &body {
                Value::Object(_) | Value::List(_) => to_json_pretty(&body),
                _ => Report::shown(&answer.payload),
            };
            let fields = vec![
                ("body", body),
                ("headers", subscription::headers(answer.headers)),
                ("subject", Value::text(answer.subject)),
            ];
            (fields, ("answered".to_owned(), shown))
        })))
    }

    async fn open(&self, job: Job<'_>) -> Result<Reply, Misuse> {
        subject::of(&job.subject)?;
        if job.call.operand.is_some() {
            return Err(Misuse::new("`open` takes a subject alone").help("write `open bus \"orders.>\"`"));
        }
        if let Some((name, _)) = job.options.headers.first() {
            let message = format!("`open` sends no headers, `{name}` neither");
            return Err(Misuse::option("headers", message));
        }
        if let Some((option, what)) = job.options.takes().filter(|_| job.session.only_safe) {
            return Err(not_safe(option, what));
        }
        let history = History::new(
            format!("{} {}", job.endpoint.service, job.subject),
            job.options.limit,
            job.session.stopwatch,
        );
        let opened = async {
            let connection = job.connect().await?;
            let consumer = match &job.options.stream {
                Some(stream) => Some(Consumer::open(&connection, stream, &job.subject, &job.options).await?),
                None => None,
            };
            let what = (job.subject.as_str(), job.options.queue.as_deref());
            Subscription::open(connection, what, consumer, (history.clone(), job.options.form)).await
        };
        let opened = match job.guard(opened).await {
            Ok(opened) => opened,
            Err(fault) => return Ok(job.reply(Err(fault))),
        };
        let consumer = opened.consumer.as_ref().map(|consumer| Value::text(consumer.name.as_str()));
        let facts = vec![
            ("subject", Value::text(job.subject.as_str())),
            ("consumer", consumer.unwrap_or(Value::Absent)),
            ("latency", Value::duration(job.begun.elapsed())),
        ];
        let stop = opened.connection.stop.clone();
        let name = job.endpoint.service.clone();
        let feed = Feed::new(history, name, facts, opened, stop, &job.session.cancel);
        let reply = job.reply(Ok((Vec::new(), ("subscribed".to_owned(), String::new()))));
        Ok(Reply { record: Value::Live(feed as Arc<dyn Live>), ..reply })
    }

    /// `ack`, `nak`, `term`, `close`, `cancel`.
    async fn on_feed(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let options = Options::read(&call.options)?;
        let wanted = || {
            Misuse::new(format!("`{}` needs a subscription of NATS", call.verb))
                .help("a subscription is what `let events = open bus \"orders.>\"` gives")
        };
        let (feed, held): (_, &Subscription) =
            call.stream.as_deref().and_then(Feed::of).ok_or_else(wanted)?;
        let begun = Instant::now();
        let shown = held.connection.shown.clone();
        let mut report = Report {
            protocol: "nats",
            service: feed.name.to_string(),
            request: format!("{} {}", call.verb, feed.name),
            ..Report::default()
        };
        let result = match &*call.verb {
            "cancel" => {
                held.cancel();
                Ok(())
            }
            "close" => guard(session, &shown, options.timeout, held.close()).await,
            verb => {
                let reply = confirmed(call, held)?;
                report.body = call.operand.as_ref().map(to_json_pretty).unwrap_or_default();
                let how = match (verb, options.delay) {
                    ("ack", None) => "+ACK".to_owned(),
                    ("term", None) => "+TERM".to_owned(),
                    ("nak", None) => "-NAK".to_owned(),
                    ("nak", Some(delay)) => format!("-NAK {{\"delay\":{}}}", jetstream::nanos(delay)),
                    _ => {
                        return Err(Misuse::option(
                            "delay",
                            format!("`{verb}` has no `delay`, only `nak` has"),
                        ));
                    }
                };
                guard(session, &shown, options.timeout, held.confirm(&reply, how.as_bytes())).await
            }
        };
        let result = result.map(|()| (Vec::new(), ("done".to_owned(), String::new())));
        Ok(report.reply(result, begun.elapsed(), &session.redactor))
    }
}

/// The subject to confirm the operand's message on.
fn confirmed(call: &Call, held: &Subscription) -> Result<String, Misuse> {
    let verb = &call.verb;
    let example = format!("write `{verb} work message`, with a message that came on `work`");
    match &held.consumer {
        None => {
            return Err(Misuse::new(format!(
                "`{verb}` needs a consumer of a stream, and this is a plain subscription"
            ))
            .help("open it with `{ stream: \"ORDERS\", ack: explicit }`"));
        }
        Some(consumer) if !consumer.confirms => {
            return Err(Misuse::new(format!("the consumer `{}` wants nothing confirmed", consumer.name))
                .help("open it with `ack: explicit`"));
        }
        Some(_) => {}
    }
    let Some(message) = call.operand.as_ref().and_then(Value::as_object) else {
        return Err(Misuse::new(format!("`{verb}` takes a message")).help(example));
    };
    let reply = message.get("reply").and_then(Value::as_text);
    match reply.filter(|reply| jetstream::Origin::of(reply).is_some()) {
        Some(reply) => Ok(reply.to_owned()),
        None => {
            Err(Misuse::new("this is no message of a consumer: it has no `reply` to confirm it on")
                .help(example))
        }
    }
}

impl<'a> Job<'a> {
    async fn read(call: &'a Call, session: &'a Session) -> Result<Job<'a>, Misuse> {
        let options = Options::read(&call.options)?;
        let Some(endpoint) = &call.endpoint else {
            return Err(Misuse::new(format!("`{}` needs a service that speaks nats", call.verb)));
        };
        let (target, of_url) = Target::new(endpoint)?;
        let login = options.login.clone().or(of_url).load(&endpoint.dir).await?;
        login.mask(&session.redactor);
        let material = match &options.tls {
            Some(tls) => Some(tls.load(&endpoint.dir).await?),
            None => None,
        };
        let secure = material.as_ref().map(Secure::new).transpose()?;
        let subject = match &call.place {
            Some(CallPlace::Text(pieces)) if call.members.is_empty() => text(pieces)?,
            _ => {
                let example = format!("write `{} {} \"orders.created\"`", call.verb, endpoint.service);
                return Err(Misuse::new(format!("`{}` takes a subject in quotes", call.verb)).help(example));
            }
        };
        let key = (target, login, material);
        Ok(Job { call, endpoint, options, key, secure, subject, session, begun: Instant::now() })
    }

    async fn connect(&self) -> Result<Connection, Fault> {
        Connection::open(&self.key.0, &self.key.1, self.secure.clone()).await
    }

    async fn guard<T>(&self, what: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        guard(self.session, &self.key.0.shown, self.options.timeout, what).await
    }

    fn reply(&self, result: Result<Parts, Fault>) -> Reply {
        let verb = &self.call.verb;
        let body = Report::operand(self.call.operand.as_ref());
        let report = Report {
            protocol: "nats",
            service: self.endpoint.service.to_string(),
            request: format!("{verb} {}", self.subject),
            headers: self
                .options
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
            shell: self.shell(&body),
            body,
        };
        report.reply(result, self.begun.elapsed(), &self.session.redactor)
    }

    /// A line of the `nats` command.
    fn shell(&self, body: &str) -> String {
        let word = match (&*self.call.verb, &self.options.stream) {
            ("publish", _) => "pub",
            ("request", _) => "request",
            (_, Some(_)) => return String::new(),
            _ => "sub",
        };
        let mut line = format!("nats {word} -s {}", shell_quote(&self.key.0.shown));
        for (name, value) in &self.options.headers {
            line.push_str(&format!(" -H {}", shell_quote(&format!("{name}:{value}"))));
        }
        line.push_str(&format!(" {}", shell_quote(&self.subject)));
        if word != "sub" {
            line.push_str(&format!(" {}", shell_quote(body)));
        }
        line
    }
}

impl Protocol for Nats {
    fn name(&self) -> &'static str {
        "nats"
    }

    fn specs(&self) -> &'static [Spec] {
        SPECS
    }

    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
        Box::pin(async move {
            match &*call.verb {
                "publish" => self.publish(Job::read(call, session).await?).await,
                "request" => self.request(Job::read(call, session).await?).await,
                "open" => self.open(Job::read(call, session).await?).await,
                _ => self.on_feed(call, session).await,
            }
        })
    }

    fn opened(&self, stream: &dyn Live) -> bool {
        Feed::of::<Subscription>(stream).is_some()
    }

    /// The server greets: who may log in is the business of those who do.
    fn healthy<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let (target, _) = Target::new(endpoint).map_err(|misuse| misuse.message)?;
            connect::greet(&target).await.map(drop).map_err(|fault| fault.message)
        })
    }

    fn hang_up(&self, endpoint: &Endpoint) {
        let Ok((target, _)) = Target::new(endpoint) else { return };
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.retain(|(known, ..), _| *known != target);
    }
}
