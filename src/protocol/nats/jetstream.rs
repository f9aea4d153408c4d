//! JetStream: the API of its server (<https://docs.nats.io/reference/reference-protocols/nats_api_reference>),
//! which is JSON in requests.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::connection::{Connection, Outgoing};
use super::options::Options;
use super::wire::Delivery;
use crate::protocol::ErrorKind;
use crate::protocol::broker::{Fault, Report};

/// No stream has this name, or none takes the subject.
const NO_STREAM: u32 = 10059;
const NO_CONSUMER: u32 = 10014;

/// What the server answers when something did not work.
#[derive(Debug, Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u32,
    #[serde(default)]
    description: String,
}

impl ApiError {
    fn fault(self) -> Fault {
        let kind = if self.err_code == NO_STREAM { "no_stream" } else { "jetstream" };
        Fault::new(kind, format!("JetStream says: {}", self.description)).code(self.err_code.to_string())
    }
}

/// The error in an answer of JetStream's, when it is one.
pub(super) fn error_in(payload: &[u8]) -> Option<Fault> {
    #[derive(Deserialize)]
    struct Failed {
        error: ApiError,
    }
    serde_json::from_slice::<Failed>(payload).ok().map(|failed| failed.error.fault())
}

/// Whether a subject is of JetStream's own API.
pub(super) fn is_api(subject: &str) -> bool {
    subject.starts_with("$JS.API.") || (subject.starts_with("$JS.") && subject.contains(".API."))
}

/// Where a stream has stored a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Stored {
    pub(super) stream: String,
    pub(super) seq: u64,
    #[serde(default)]
    pub(super) duplicate: bool,
}

impl Stored {
    /// Of the answer to what was published.
    pub(super) fn of(answer: Result<Delivery, Fault>, subject: &str, stream: &str) -> Result<Stored, Fault> {
        let answer = answer.map_err(|fault| match fault.kind {
            "no_responders" => {
                Fault::new("no_stream", format!("no stream stores `{subject}`, and `{stream}` should"))
            }
            _ => fault,
        })?;
        if let Some(fault) = error_in(&answer.payload) {
            return Err(fault);
        }
        let stored: Stored = serde_json::from_slice(&answer.payload).map_err(|_| {
            let said: String = Report::shown(&answer.payload).chars().take(80).collect();
            Fault::broken(
                ErrorKind::Protocol,
                format!("what answers `{subject}` is no stream: it says `{said}`"),
            )
        })?;
        // The server has checked it already, unless it is somebody else who answers.
        if stored.stream != stream {
            let message = format!("`{subject}` was stored in `{}`, not in `{stream}`", stored.stream);
            return Err(Fault::new("no_stream", message));
        }
        Ok(stored)
    }
}

/// A pull consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Consumer {
    pub(super) stream: String,
    pub(super) name: String,
    /// Whether it is to end with the subscription.
    pub(super) ephemeral: bool,
    /// Whether it wants messages confirmed.
    pub(super) confirms: bool,
}

#[derive(Debug, Deserialize)]
struct ConsumerInfo {
    name: String,
    config: ConsumerConfig,
}

#[derive(Debug, Deserialize)]
struct ConsumerConfig {
    #[serde(default)]
    ack_policy: String,
    #[serde(default)]
    deliver_subject: Option<String>,
}

impl Consumer {
    /// The durable one that is there, or a new one.
    pub(super) async fn open(
        connection: &Connection,
        stream: &str,
        subject: &str,
        options: &Options,
    ) -> Result<Consumer, Fault> {
        if let Some(durable) = &options.durable {
            let known = ask(connection, &format!("CONSUMER.INFO.{stream}.{durable}"), &json!({})).await;
            match known {
                Ok(known) => return Consumer::of(known, stream, false),
                Err(fault) if fault.code.as_deref() == Some(&*NO_CONSUMER.to_string()) => {}
                Err(fault) => return Err(fault),
            }
        }
        if let Some(since) = options.since {
            still_has(connection, stream, since).await?;
        }
        let api = match &options.durable {
            Some(durable) => format!("CONSUMER.DURABLE.CREATE.{stream}.{durable}"),
            None => format!("CONSUMER.CREATE.{stream}"),
        };
        let wanted = json!({ "stream_name": stream, "config": config(subject, options) });
        Consumer::of(ask(connection, &api, &wanted).await?, stream, options.durable.is_none())
    }

    fn of(info: Json, stream: &str, ephemeral: bool) -> Result<Consumer, Fault> {
        let info: ConsumerInfo = serde_json::from_value(info).map_err(|error| {
            Fault::broken(ErrorKind::Protocol, format!("JetStream describes no consumer: {error}"))
        })?;
        if info.config.deliver_subject.is_some() {
            let message = format!("`{}` is a push consumer: subscribe to its subject instead", info.name);
            return Err(Fault::new("jetstream", message));
        }
        Ok(Consumer {
            stream: stream.to_owned(),
            name: info.name,
            ephemeral,
            confirms: info.config.ack_policy != "none",
        })
    }

    /// The subject on which the next messages are asked for.
    pub(super) fn next(&self) -> String {
        format!("$JS.API.CONSUMER.MSG.NEXT.{}.{}", self.stream, self.name)
    }

    pub(super) async fn delete(&self, connection: &Connection) -> Result<(), Fault> {
        let api = format!("CONSUMER.DELETE.{}.{}", self.stream, self.name);
        ask(connection, &api, &json!({})).await.map(drop)
    }
}

fn config(subject: &str, options: &Options) -> Json {
    let mut config = json!({
        "filter_subject": subject,
        "ack_policy": options.ack.unwrap_or("none"),
        "replay_policy": "instant",
        "deliver_policy": match options.since {
            Some(_) => "by_start_sequence",
            None => options.deliver.unwrap_or("all"),
        },
    });
    let mut set = |name: &str, value: Json| config[name] = value;
    if let Some(seq) = options.since {
        set("opt_start_seq", seq.into());
    }
    if let Some(wait) = options.ack_wait {
        set("ack_wait", nanos(wait).into());
    }
    if let Some(times) = options.max_deliver {
        set("max_deliver", times.into());
    }
    match &options.durable {
        Some(durable) => set("durable_name", durable.as_str().into()),
        // Ends by itself should its subscriber vanish.
        None => set("inactive_threshold", nanos(std::time::Duration::from_secs(60)).into()),
    }
    config
}

pub(super) fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Asks JetStream.
async fn ask(connection: &Connection, api: &str, what: &Json) -> Result<Json, Fault> {
    let subject = format!("$JS.API.{api}");
    let payload = what.to_string();
    let message = Outgoing { subject: &subject, headers: &[], payload: payload.as_bytes() };
    let answer = connection.request(&message).await.map_err(|fault| match fault.kind {
        "no_responders" => disabled(connection),
        _ => fault,
    })?;
    if let Some(fault) = error_in(&answer.payload) {
        return Err(fault);
    }
    serde_json::from_slice(&answer.payload)
        .map_err(|error| Fault::broken(ErrorKind::Protocol, format!("JetStream answers no JSON: {error}")))
}

/// Whether a stream still has what it stored from there on; its limits, or somebody, may have removed
/// it, and a consumer would begin later without a word.
async fn still_has(connection: &Connection, stream: &str, since: u64) -> Result<(), Fault> {
    let info = ask(connection, &format!("STREAM.INFO.{stream}"), &json!({})).await?;
    let first = info.pointer("/state/first_seq").and_then(Json::as_u64).unwrap_or(0);
    if since < first {
        let message = format!("`{stream}` begins with {first}: what it stored since {since} is gone");
        return Err(Fault::new("jetstream", message));
    }
    Ok(())
}

/// Nothing answers for JetStream.
pub(super) fn disabled(connection: &Connection) -> Fault {
    let message = match connection.info.jetstream {
        true => {
            format!("JetStream does not answer at `{}`: is it enabled for this account?", connection.shown)
        }
        false => format!("`{}` has no JetStream: `nats-server -js` has", connection.shown),
    };
    Fault::new("jetstream", message)
}

/// What the subject to confirm a message on says of it (ADR-15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    pub(super) stream: &'a str,
    pub(super) deliveries: u64,
    pub(super) seq: u64,
    /// Counts the deliveries of the consumer.
    pub(super) delivery: u64,
}

impl<'a> Origin<'a> {
    /// `$JS.ACK.stream.consumer.deliveries.seq.…`, or with domain and account before the stream.
    pub(super) fn of(reply: &'a str) -> Option<Origin<'a>> {
        let words: Vec<&str> = reply.strip_prefix("$JS.ACK.")?.split('.').collect();
        let rest = match words.len() {
            7 => &words[..],
            9.. => &words[2..],
            _ => return None,
        };
        Some(Origin {
            stream: rest[0],
            deliveries: rest[2].parse().ok()?,
            seq: rest[3].parse().ok()?,
            delivery: rest[4].parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_tells_stream_and_sequence() {
        let old = Origin::of("$JS.ACK.ORDERS.billing.2.17.40.1700000000000000000.3");
        assert_eq!(old, Some(Origin { stream: "ORDERS", deliveries: 2, seq: 17, delivery: 40 }));
        let new = Origin::of("$JS.ACK._.ACC.ORDERS.billing.1.18.41.1700000000000000000.3.x");
        assert_eq!(new, Some(Origin { stream: "ORDERS", deliveries: 1, seq: 18, delivery: 41 }));
        assert_eq!(Origin::of("_INBOX.1"), None);
        assert_eq!(Origin::of("$JS.ACK.short"), None);
    }

    fn answer(payload: &'static [u8]) -> Result<Delivery, Fault> {
        Ok(Delivery { payload: payload.into(), ..Delivery::default() })
    }

    #[test]
    fn only_a_stream_stores() {
        let stored =
            Stored::of(answer(b"{\"stream\":\"S\",\"seq\":4,\"duplicate\":true}"), "a", "S").unwrap();
        assert_eq!((stored.seq, stored.duplicate), (4, true));
        let kind = |payload, stream| Stored::of(answer(payload), "a", stream).unwrap_err().kind;
        assert_eq!(kind(b"{\"ok\":true}", "S"), "protocol");
        assert_eq!(kind(b"{\"stream\":\"T\",\"seq\":4}", "S"), "no_stream");
        assert_eq!(
            kind(b"{\"error\":{\"code\":400,\"err_code\":10060,\"description\":\"x\"}}", "S"),
            "jetstream"
        );
        assert_eq!(kind(b"{\"error\":{\"err_code\":10059,\"description\":\"x\"}}", "S"), "no_stream");
    }
}
