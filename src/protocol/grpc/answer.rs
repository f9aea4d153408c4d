//! What a call came to, as the record that scenarios read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use prost::Message as _;
use prost_reflect::DescriptorPool;

use super::fault::Fault;
use super::invoke::End;
use super::metadata;
use super::status::Code;
use super::wire::Seen;
use crate::contract::proto::value::{RAW, TYPE, any};
use crate::protocol::Parts;
use crate::value::{Object, Value};

/// What a call came to.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) details: Vec<Value>,
    pub(super) body: Option<Value>,
    pub(super) headers: HeaderMap,
    pub(super) trailers: HeaderMap,
    pub(super) error: Option<Fault>,
    pub(super) latency: Duration,
}

impl Answer {
    /// From the end of a call. Details are decoded by the contract's types, if there are any.
    pub(super) fn new(
        end: End,
        body: Option<Value>,
        seen: &Seen,
        pool: Option<&DescriptorPool>,
        latency: Duration,
    ) -> Answer {
        let (code, message, details, error) = match end {
            End::Sent(sent) => {
                let pool = pool.cloned().unwrap_or_default();
                let details = sent.details.map(|bytes| details(&bytes, &pool)).unwrap_or_default();
                (sent.code, sent.message, details, None)
            }
            End::Fault(fault) => (fault.code, fault.message.clone(), Vec::new(), Some(fault)),
        };
        Answer {
            code,
            message,
            details,
            body,
            headers: seen.headers().unwrap_or_default(),
            trailers: seen.trailers().unwrap_or_default(),
            error,
            latency,
        }
    }

    /// Of something that was done, and has no answer of its own.
    pub(super) fn done(latency: Duration) -> Answer {
        Answer {
            code: Code::OK,
            message: String::new(),
            details: Vec::new(),
            body: None,
            headers: HeaderMap::new(),
            trailers: HeaderMap::new(),
            error: None,
            latency,
        }
    }

    pub(super) fn succeeded(&self) -> bool {
        self.code == Code::OK && self.error.is_none()
    }

    /// The parts that somebody reads; what says how the call went is always among them.
    pub(super) fn record(&self, trace_id: &str, reads: Parts) -> Value {
        let mut fields = Object::new();
        let mut set = |name: &str, value: &dyn Fn() -> Value| {
            if reads.has(name) || matches!(name, "status" | "code" | "error") {
                fields.insert(name.into(), value());
            }
        };
        set("status", &|| Value::text(self.code.name()));
        set("code", &|| Value::int(self.code.0));
        set("message", &|| Value::text(self.message.as_str()));
        set("details", &|| Value::list(self.details.clone()));
        set("body", &|| self.body.clone().unwrap_or(Value::Absent));
        set("headers", &|| metadata::to_value(&self.headers));
        set("trailers", &|| metadata::to_value(&self.trailers));
        set("latency", &|| Value::duration(self.latency));
        set("trace_id", &|| Value::text(trace_id));
        set("error", &|| self.error.as_ref().map_or(Value::Absent, Fault::record));
        Value::Object(Arc::new(fields))
    }

    /// `NOT_FOUND: no such order`; the error when there was no answer.
    pub(super) fn line(&self) -> String {
        match (&self.error, self.message.is_empty()) {
            (Some(fault), _) => format!("{}: {}", fault.kind.word(), fault.message),
            (None, true) => self.code.name().to_owned(),
            (None, false) => format!("{}: {}", self.code.name(), self.message),
        }
    }
}

/// The error details among trailers, decoded by a contract's types, if there are any.
pub(crate) fn details_among(trailers: &HeaderMap, pool: Option<&DescriptorPool>) -> Vec<Value> {
    let pool = pool.cloned().unwrap_or_default();
    super::wire::details(trailers).map(|bytes| details(&bytes, &pool)).unwrap_or_default()
}

/// The details in an encoded `google.rpc.Status`
/// (<https://google.aip.dev/193>); what is none has no details.
fn details(bytes: &Bytes, pool: &DescriptorPool) -> Vec<Value> {
    let Ok(status) = tonic_types::pb::Status::decode(bytes.clone()) else { return Vec::new() };
    status.details.into_iter().map(|detail| one(&detail.type_url, &detail.value.into(), pool)).collect()
}

/// `{ type, …fields }`, or `{ type, bytes }`. A message with a `type` of its own keeps that, and
/// its name stands under `@type`.
fn one(url: &str, bytes: &Bytes, pool: &DescriptorPool) -> Value {
    let unpacked = any(url, bytes, pool);
    let name = url.rsplit('/').next().unwrap_or(url);
    let mut object = Object::new();
    let fields = unpacked.as_object().into_iter().flatten();
    let own = unpacked.as_object().is_some_and(|fields| fields.contains_key("type"));
    object.insert(Arc::from(if own { TYPE } else { "type" }), Value::text(name));
    for (name, value) in fields.filter(|(name, _)| &***name != TYPE) {
        let name = if &**name == RAW { Arc::from("bytes") } else { name.clone() };
        object.insert(name, value.clone());
    }
    Value::Object(Arc::new(object))
}
