//! The options of requests.

use std::sync::Arc;
use std::time::Duration;

use super::specs::option_names;
use super::subject;
use super::target::Login;
use crate::diag::did_you_mean;
use crate::protocol::Misuse;
use crate::protocol::broker::{Form, plain};
use crate::protocol::tls::TlsOptions;
use crate::value::{Number, Object, Value, show_short};

/// How long a request may take unless it says so.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much a subscription holds unless it says so.
const LIMIT: usize = 64 << 20;

/// Where a consumer begins.
pub(super) const DELIVER: &[&str] = &["all", "new", "last", "last_per_subject"];
/// What a consumer wants confirmed.
pub(super) const ACK: &[&str] = &["none", "explicit", "all"];

/// The options of a request.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) timeout: Duration,
    pub(super) headers: Vec<(Arc<str>, String)>,
    pub(super) form: Form,
    pub(super) limit: usize,
    pub(super) queue: Option<String>,
    pub(super) stream: Option<String>,
    pub(super) durable: Option<String>,
    pub(super) deliver: Option<&'static str>,
    pub(super) since: Option<u64>,
    pub(super) ack: Option<&'static str>,
    pub(super) ack_wait: Option<Duration>,
    pub(super) max_deliver: Option<u64>,
    pub(super) delay: Option<Duration>,
    pub(super) login: Login,
    pub(super) tls: Option<TlsOptions>,
}

impl Options {
    pub(super) fn read(written: &Object) -> Result<Options, Misuse> {
        let mut options = Options {
            timeout: TIMEOUT,
            headers: Vec::new(),
            form: Form::Auto,
            limit: LIMIT,
            queue: None,
            stream: None,
            durable: None,
            deliver: None,
            since: None,
            ack: None,
            ack_wait: None,
            max_deliver: None,
            delay: None,
            login: Login::default(),
            tls: None,
        };
        for (name, value) in written.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
            options.one(name, value)?;
        }
        options.fit()?;
        Ok(options)
    }

    fn one(&mut self, name: &str, value: &Value) -> Result<(), Misuse> {
        let wrong = |wanted: &str| {
            let got = show_short(value, 60);
            Misuse::option(name, format!("`{name}` takes {wanted}, not {}: {got}", value.kind()))
        };
        let text = || value.as_text().map(str::to_owned).ok_or_else(|| wrong("text"));
        let named = || {
            let text = text()?;
            subject::name(name, &text).map(|()| text)
        };
        let duration = || {
            let duration = value.as_duration().filter(|duration| !duration.is_zero());
            duration.ok_or_else(|| wrong("a duration such as `2s`"))
        };
        let number = || {
            let number = value.as_number().and_then(Number::to_usize).filter(|number| *number > 0);
            number.ok_or_else(|| wrong("a number from 1"))
        };
        let one_of = |words: &'static [&'static str]| {
            let word = words.iter().copied().find(|word| value.as_text() == Some(*word));
            word.ok_or_else(|| wrong(&format!("one of {}", words.join(", "))))
        };
        match name {
            "timeout" => self.timeout = duration()?,
            "headers" => self.headers = headers(value)?,
            "body" => self.form = Form::read(value)?,
            "limit" => self.limit = number()?,
            "queue" => self.queue = Some(named()?),
            "stream" => self.stream = Some(named()?),
            "durable" => self.durable = Some(named()?),
            "deliver" => self.deliver = Some(one_of(DELIVER)?),
            "since" => self.since = Some(number()? as u64),
            "ack" => self.ack = Some(one_of(ACK)?),
            "ack_wait" => self.ack_wait = Some(duration()?),
            "max_deliver" => self.max_deliver = Some(number()? as u64),
            "delay" => self.delay = Some(duration()?),
            "user" => self.login.user = Some(text()?),
            "password" => self.login.password = Some(text()?),
            "token" => self.login.token = Some(text()?),
            "creds" => self.login.creds = Some(text()?),
            "nkey" => self.login.nkey = Some(text()?),
            "tls" => {
                let fields = value.as_object().ok_or_else(|| wrong("an object"))?;
                self.tls = Some(TlsOptions::parse(fields)?);
            }
            _ => {
                let misuse = Misuse::option(name, format!("NATS has no option `{name}`"));
                return Err(match did_you_mean(name, option_names()) {
                    Some(advice) => misuse.help(advice),
                    None => misuse,
                });
            }
        }
        Ok(())
    }

    /// The option with which `open` changes what others get, and how.
    pub(super) fn takes(&self) -> Option<(&'static str, &'static str)> {
        if self.queue.is_some() {
            return Some(("queue", "takes messages away from the queue's other members"));
        }
        if self.durable.is_some() {
            return Some(("durable", "makes a consumer that stays, or takes messages away from its others"));
        }
        let confirms = self.ack.is_some_and(|ack| ack != "none");
        confirms.then_some(("ack", "makes a consumer whose messages are confirmed"))
    }

    /// Refuses what does not go together.
    fn fit(&self) -> Result<(), Misuse> {
        let of_consumer = [
            ("durable", self.durable.is_some()),
            ("deliver", self.deliver.is_some()),
            ("since", self.since.is_some()),
            ("ack", self.ack.is_some()),
            ("ack_wait", self.ack_wait.is_some()),
            ("max_deliver", self.max_deliver.is_some()),
        ];
        if self.stream.is_none()
            && let Some((name, _)) = of_consumer.iter().find(|(_, given)| *given)
        {
            let message = format!("`{name}` is of a consumer of a stream");
            return Err(Misuse::option(*name, message).help("name the stream: `stream: \"ORDERS\"`"));
        }
        if self.stream.is_some() && self.queue.is_some() {
            let message = "a consumer of a stream has no queue";
            return Err(
                Misuse::option("queue", message).help("consumers with the same `durable` share its messages")
            );
        }
        if self.deliver.is_some() && self.since.is_some() {
            return Err(Misuse::option("since", "`since` and `deliver` both say where to begin"));
        }
        if self.login.password.is_some() && self.login.user.is_none() {
            return Err(Misuse::option("password", "`password` needs a `user` beside it"));
        }
        Ok(())
    }
}

fn headers(value: &Value) -> Result<Vec<(Arc<str>, String)>, Misuse> {
    let wrong = |message: String| Misuse::option("headers", message);
    let fields = value.as_object().ok_or_else(|| wrong("`headers` takes names and values".to_owned()))?;
    let mut headers = Vec::new();
    for (name, value) in fields {
        // RFC 9110 §5.6.2, which the clients of NATS follow.
        let good = |c: u8| c.is_ascii_graphic() && c != b':';
        if name.is_empty() || !name.bytes().all(good) {
            return Err(wrong(format!("`{}` cannot name a header", name.escape_debug())));
        }
        let values = match value {
            Value::Absent => continue,
            Value::List(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            let text = plain(value).map_err(wrong)?;
            if text.contains(['\r', '\n', '\0']) {
                return Err(wrong(format!("the header `{name}` has a line break, which no header can have")));
            }
            headers.push((name.clone(), text));
        }
    }
    Ok(headers)
}
