//! A request to a broker as the report shows it.

use std::time::Duration;

use super::fault::Fault;
use super::payload::encode;
use crate::event::Exchange;
use crate::protocol::shown::cut;
use crate::protocol::{Misuse, Piece, Reply};
use crate::value::words::a_kind;
use crate::value::{Bytes, MASK, Object, Redactor, Value, show, to_json_pretty};

/// What a request was, to be finished with what it came to.
#[derive(Debug, Clone, Default)]
pub(in crate::protocol) struct Report {
    pub(in crate::protocol) protocol: &'static str,
    pub(in crate::protocol) service: String,
    /// `publish orders.created`
    pub(in crate::protocol) request: String,
    pub(in crate::protocol) headers: Vec<(String, String)>,
    pub(in crate::protocol) body: String,
    /// A command that does the same.
    pub(in crate::protocol) shell: String,
}

/// What a request that worked came to: the parts of its response, and the line and the body that
/// the report shows of it.
pub(in crate::protocol) type Parts = (Vec<(&'static str, Value)>, (String, String));

impl Report {
    /// The reply to a request. Every text in its exchange is masked.
    pub(in crate::protocol) fn reply(
        self,
        result: Result<Parts, Fault>,
        latency: Duration,
        redactor: &Redactor,
    ) -> Reply {
        let (mut record, shown) = match result {
            Ok((fields, shown)) => {
                let mut record: Object =
                    fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
                record.insert("error".into(), Value::Absent);
                (record, Ok(shown))
            }
            Err(fault) => (Object::from_iter([("error".into(), fault.record())]), Err(fault)),
        };
        record.insert("latency".into(), Value::duration(latency));
        let succeeded = shown.is_ok();
        let exchange = self.done(shown, latency, redactor);
        Reply { record: Value::Object(record.into()), succeeded, exchange }
    }

    fn done(
        self,
        result: Result<(String, String), Fault>,
        latency: Duration,
        redactor: &Redactor,
    ) -> Exchange {
        let mask = |text: &str| cut(&redactor.mask(text));
        let (response, response_body) = match result {
            Ok(answer) => answer,
            Err(fault) => (fault.line(), String::new()),
        };
        Exchange {
            protocol: self.protocol.to_owned(),
            service: Some(self.service),
            request: mask(&self.request),
            request_headers: self.headers.into_iter().map(|(name, value)| (name, mask(&value))).collect(),
            request_body: mask(&self.body),
            response: mask(&response),
            response_body: mask(&response_body),
            shell: redactor.mask(&self.shell).into_owned(),
            phases: vec![("total".to_owned(), u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))],
            ..Exchange::default()
        }
    }

    /// What an operand is shown as.
    pub(in crate::protocol) fn operand(operand: Option<&Value>) -> String {
        match operand {
            None => String::new(),
            Some(value) if value.is_secret() => MASK.to_owned(),
            Some(value @ (Value::Object(_) | Value::List(_))) => to_json_pretty(value),
            other => encode(other).map(|payload| Report::shown(&payload)).unwrap_or_default(),
        }
    }

    /// A payload as text.
    pub(in crate::protocol) fn shown(payload: &Bytes) -> String {
        match std::str::from_utf8(payload) {
            Ok(text) => text.to_owned(),
            Err(_) => format!("({} bytes that are no UTF-8)", payload.len()),
        }
    }
}

/// An option with which `open` does `what`, where only what is safe is allowed.
pub(in crate::protocol) fn not_safe(option: &str, what: &str) -> Misuse {
    let message = format!("`{option}` {what}, and this environment allows only what is safe");
    Misuse::option(option, message).help(format!("leave `{option}` out, which reads along and takes nothing"))
}

/// A subject, a key or a channel: what `${…}` gives becomes a part of it.
pub(in crate::protocol) fn text(pieces: &[Piece]) -> Result<String, Misuse> {
    let mut whole = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => whole.push_str(text),
            Piece::Value(value) => whole.push_str(&plain(value).map_err(Misuse::new)?),
        }
    }
    Ok(whole)
}

/// A value as a part of such a text, or of a header.
pub(in crate::protocol) fn plain(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) => Ok(text.text.to_string()),
        Value::Bool(_) | Value::Number(_) | Value::Duration(_) => Ok(show(value)),
        other => Err(format!("text, a number or a truth value is wanted here, not {}", a_kind(other))),
    }
}
