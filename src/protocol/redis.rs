//! Redis: commands and their replies, entries of streams, messages of channels.

mod connection;
mod options;
mod reading;
mod reply;
mod specs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ::redis::{Cmd, Value as Answer};

use super::broker::{Fault, Feed, History, Parts, Report, Secure, encode, guard, not_safe, text};
use super::tls::TlsMaterial;
use super::{Call, CallPlace, Endpoint, Misuse, Protocol, Reply, Session};
use crate::lang::Spec;
use crate::system::{Word, shell_line, split_words};
use crate::value::words::shell_quote;
use crate::value::{BoxFuture, Bytes, Live, Value, to_json_pretty};
use connection::{SharedPool, Target};
use options::Options;
use reading::{Reading, Start};

pub use specs::SPECS;

/// What tells one pool from another.
type Key = (Target, Option<TlsMaterial>);

/// Commands that belong to a connection, which is one request's alone.
const OF_A_CONNECTION: &[&str] = &[
    "multi",
    "exec",
    "discard",
    "watch",
    "unwatch",
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
    "monitor",
    "select",
    "auth",
    "hello",
    "reset",
    "quit",
    "sync",
    "psync",
];

/// Commands that change nothing, though no flag of the server's says so.
const HARMLESS: &[&str] = &["ping", "echo", "time", "info", "command", "lastsave"];

/// The protocol. One instance lives for a run and holds its connections.
#[derive(Debug, Default)]
pub struct Redis {
    pools: Mutex<BTreeMap<Key, SharedPool>>,
}

/// What a request needs, read.
struct Job<'a> {
    call: &'a Call,
    endpoint: &'a Arc<Endpoint>,
    options: Options,
    key: Key,
    secure: Option<Secure>,
    session: &'a Session,
    begun: Instant,
}

impl Redis {
    /// With no connections yet.
    pub fn new() -> Redis {
        Redis::default()
    }

    fn pool(&self, key: &Key) -> SharedPool {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.entry(key.clone()).or_default().clone()
    }

    /// Runs a command on a connection of its own.
    async fn run(&self, job: &Job<'_>, command: &Cmd, only_safe: Option<&str>) -> Result<Answer, Fault> {
        let pool = self.pool(&job.key);
        let mut connection = pool.lend(&job.key.0, job.secure.clone()).await?;
        if let Some(name) = only_safe
            && !HARMLESS.contains(&name)
        {
            let mut ask = ::redis::cmd("COMMAND");
            ask.arg("INFO").arg(name);
            if !is_read_only(&connection.run(&ask).await?) {
                pool.give_back(connection);
                let name = name.to_uppercase();
                let message =
                    format!("`{name}` may change something, and this environment allows only what is safe");
                return Err(Fault::new("read_only", message));
            }
        }
        let answer = connection.run(command).await;
        // After an error of the server's own, everything is as it was.
        if answer.as_ref().map_or_else(|fault| fault.code.is_some(), |_| true) {
            pool.give_back(connection);
        }
        answer
    }

    async fn command(&self, job: Job<'_>) -> Result<Reply, Misuse> {
        let (words, more) = arguments(job.call)?;
        let Some(name) = words.first().map(|word| word.text.to_lowercase()) else {
            return Err(Misuse::new("`command` takes a command in quotes").help(COMMAND));
        };
        if OF_A_CONNECTION.contains(&name.as_str()) {
            let message = format!(
                "`{}` is about its connection, and each `command` may have another",
                name.to_uppercase()
            );
            return Err(Misuse::new(message).help(
                "several commands at once are an `EVAL`; to subscribe, write `open cache \"prices\" with { channel: true }`",
            ));
        }
        let mut command = Cmd::new();
        for word in &words {
            command.arg(&word.text);
        }
        for argument in &more {
            command.arg(&argument[..]);
        }
        let only_safe = job.session.only_safe.then_some(name.as_str());
        let result = job.guard(self.run(&job, &command, only_safe)).await.map(reply::value);
        let line = shell_line(&words);
        let shell = match more.is_empty() {
            true => format!("redis-cli -3 -u {} {line}", shell_quote(&job.key.0.shown)),
            false => String::new(),
        };
        Ok(job.reply(
            &line,
            shell,
            result.map(|body| {
                let shown = match &body {
                    Value::Text(text) => text.text.to_string(),
                    Value::Bytes(bytes) => Report::shown(&bytes.bytes),
                    other => to_json_pretty(other),
                };
                (vec![("body", body)], ("replied".to_owned(), shown))
            }),
        ))
    }

    async fn publish(&self, job: Job<'_>) -> Result<Reply, Misuse> {
        let channel = job.place()?;
        let payload = encode(job.call.operand.as_ref())?;
        let mut command = ::redis::cmd("PUBLISH");
        command.arg(&channel).arg(&payload[..]);
        let result = job.guard(self.run(&job, &command, None)).await.map(reply::value);
        Ok(job.reply(
            &channel,
            String::new(),
            result.map(|receivers| {
                let shown = format!("received by {}", crate::value::show(&receivers));
                (vec![("receivers", receivers)], (shown, String::new()))
            }),
        ))
    }

    async fn open(&self, job: Job<'_>) -> Result<Reply, Misuse> {
        let key = job.place()?;
        if job.call.operand.is_some() {
            return Err(Misuse::new("`open` takes a key alone").help("write `open cache \"orders\"`"));
        }
        if job.session.only_safe && job.options.group.is_some() {
            return Err(not_safe(
                "group",
                "makes a group and takes its entries away from its other consumers",
            ));
        }
        let history =
            History::new(format!("{} {key}", job.endpoint.service), job.options.limit, job.session.stopwatch);
        let place = (job.key.0.clone(), job.secure.clone());
        let opened = match job.options.channel {
            true => {
                job.guard(Reading::channel(place, key.clone(), (history.clone(), job.options.form))).await
            }
            false => {
                let consumer = job.options.consumer.clone().unwrap_or_else(|| "scn".to_owned());
                let group = job.options.group.clone().map(|group| (group, consumer));
                let start = Start { key: key.clone(), after: job.options.since.clone(), group };
                job.guard(Reading::stream(place, start, history.clone())).await
            }
        };
        let opened = match opened {
            Ok(opened) => opened,
            Err(fault) => return Ok(job.reply(&key, String::new(), Err(fault))),
        };
        let facts =
            vec![("key", Value::text(key.as_str())), ("latency", Value::duration(job.begun.elapsed()))];
        let stop = opened.stop.clone();
        let feed = Feed::new(history, job.endpoint.service.clone(), facts, opened, stop, &job.session.cancel);
        let reply = job.reply(&key, String::new(), Ok((Vec::new(), ("reading".to_owned(), String::new()))));
        Ok(Reply { record: Value::Live(feed as Arc<dyn Live>), ..reply })
    }

    /// `ack`, `close`, `cancel`.
    async fn on_feed(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let options = Options::read(&call.options)?;
        let wanted = || {
            Misuse::new(format!("`{}` needs what `open` reads from Redis", call.verb))
                .help("that is what `let entries = open cache \"orders\"` gives")
        };
        let (feed, held): (_, &Reading) = call.stream.as_deref().and_then(Feed::of).ok_or_else(wanted)?;
        let begun = Instant::now();
        let shown = &held.target.shown;
        let result = match &*call.verb {
            "cancel" => {
                held.cancel();
                Ok(())
            }
            "close" => guard(session, shown, options.timeout, held.close()).await,
            _ => {
                let (group, id) = confirmed(call, held)?;
                let mut command = ::redis::cmd("XACK");
                command.arg(&held.key).arg(group).arg(&id);
                let done = async {
                    let mut connection =
                        connection::Connection::open(&held.target, held.secure.clone()).await?;
                    match connection.run(&command).await? {
                        Answer::Int(0) => Err(Fault::new(
                            "redis",
                            format!("`{group}` has no entry `{id}` that waits to be confirmed"),
                        )),
                        _ => Ok(()),
                    }
                };
                guard(session, shown, options.timeout, done).await
            }
        };
        let report = Report {
            protocol: "redis",
            service: feed.name.to_string(),
            request: format!("{} {}", call.verb, held.key),
            ..Report::default()
        };
        let result = result.map(|()| (Vec::new(), ("done".to_owned(), String::new())));
        Ok(report.reply(result, begun.elapsed(), &session.redactor))
    }
}

const COMMAND: &str = "write `command cache \"HSET order:${id} state ${state}\"`";

/// The words of a command, and the arguments after them.
fn arguments(call: &Call) -> Result<(Vec<Word>, Vec<Bytes>), Misuse> {
    let words = match &call.place {
        Some(CallPlace::Text(pieces)) if call.members.is_empty() => {
            split_words(pieces).map_err(Misuse::new)?
        }
        _ => return Err(Misuse::new("`command` takes a command in quotes").help(COMMAND)),
    };
    let more = match &call.operand {
        None => Vec::new(),
        Some(Value::List(items)) => {
            items.iter().map(|item| encode(Some(item))).collect::<Result<Vec<_>, _>>()?
        }
        Some(one) => vec![encode(Some(one))?],
    };
    Ok((words, more))
}

/// What `COMMAND INFO` says of a command: `[[name, arity, [flag, …], …]]`.
fn is_read_only(info: &Answer) -> bool {
    let Answer::Array(commands) = info else { return false };
    let Some(Answer::Array(command)) = commands.first() else { return false };
    let flags = match command.get(2) {
        Some(Answer::Array(flags) | Answer::Set(flags)) => flags,
        _ => return false,
    };
    flags.iter().any(|flag| reply::value(flag.clone()).as_text() == Some("readonly"))
}

/// The group and the id of the operand's entry.
fn confirmed<'a>(call: &Call, held: &'a Reading) -> Result<(&'a str, String), Misuse> {
    let Some(group) = &held.group else {
        return Err(Misuse::new("`ack` needs a group of consumers, and this was read without one")
            .help("open it with `{ group: \"billing\" }`"));
    };
    let id = call.operand.as_ref().and_then(Value::as_object).and_then(|entry| entry.get("id"));
    match id.and_then(Value::as_text) {
        Some(id) => Ok((group, id.to_owned())),
        None => Err(Misuse::new("`ack` takes an entry of the stream's").help("write `ack entries entry`")),
    }
}

impl<'a> Job<'a> {
    async fn read(call: &'a Call, session: &'a Session) -> Result<Job<'a>, Misuse> {
        let options = Options::read(&call.options)?;
        let Some(endpoint) = &call.endpoint else {
            return Err(Misuse::new(format!("`{}` needs a service that speaks redis", call.verb)));
        };
        let mut target = Target::new(endpoint)?;
        if options.password.is_some() {
            (target.user, target.password) = (options.user.clone(), options.password.clone());
        }
        if let Some(password) = &target.password {
            session.redactor.register(password);
        }
        let material = match &options.tls {
            Some(tls) => Some(tls.load(&endpoint.dir).await?),
            None => None,
        };
        let secure = material.as_ref().map(Secure::new).transpose()?;
        Ok(Job { call, endpoint, options, key: (target, material), secure, session, begun: Instant::now() })
    }

    /// The key or the channel.
    fn place(&self) -> Result<String, Misuse> {
        let Some(CallPlace::Text(pieces)) = self.call.place.as_ref().filter(|_| self.call.members.is_empty())
        else {
            let example = format!("write `{} {} \"orders\"`", self.call.verb, self.endpoint.service);
            return Err(Misuse::new(format!("`{}` takes a name in quotes", self.call.verb)).help(example));
        };
        text(pieces)
    }

    async fn guard<T>(&self, what: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        guard(self.session, &self.key.0.shown, self.options.timeout, what).await
    }

    fn reply(&self, what: &str, shell: String, result: Result<Parts, Fault>) -> Reply {
        let report = Report {
            protocol: "redis",
            service: self.endpoint.service.to_string(),
            request: format!("{} {what}", self.call.verb),
            body: Report::operand(self.call.operand.as_ref()),
            shell,
            ..Report::default()
        };
        report.reply(result, self.begun.elapsed(), &self.session.redactor)
    }
}

impl Protocol for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn specs(&self) -> &'static [Spec] {
        SPECS
    }

    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
        Box::pin(async move {
            match &*call.verb {
                "command" => self.command(Job::read(call, session).await?).await,
                "publish" => self.publish(Job::read(call, session).await?).await,
                "open" => self.open(Job::read(call, session).await?).await,
                _ => self.on_feed(call, session).await,
            }
        })
    }

    fn opened(&self, stream: &dyn Live) -> bool {
        Feed::of::<Reading>(stream).is_some()
    }

    /// The server answers, if only that it wants a login, and has loaded its data.
    fn healthy<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let target = Target::new(endpoint).map_err(|misuse| misuse.message)?;
            let asked = async {
                let mut connection = connection::Connection::open(&target, None).await?;
                connection.run(&::redis::cmd("PING")).await
            };
            match asked.await {
                Ok(_) => Ok(()),
                Err(fault) if fault.kind == "permission" => Ok(()),
                Err(fault) => Err(fault.message),
            }
        })
    }

    fn keeps_safe(&self, call: &Call) -> bool {
        &*call.verb == "command"
    }

    fn hang_up(&self, endpoint: &Endpoint) {
        let Ok(target) = Target::new(endpoint) else { return };
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = |key: &Key| (&key.0.host, key.0.port) == (&target.host, target.port);
        pools.iter().filter(|(key, _)| of_it(key)).for_each(|(_, pool)| pool.hang_up());
    }
}
