//! A call as the record that scenarios read.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue};
use prost_reflect::{DescriptorPool, MessageDescriptor};

use super::log::{BODY, Entry, Headers, Kept, Log, State};
use crate::contract::proto::value::{decode, from_message};
use crate::protocol::grpc::answer::details_among;
use crate::protocol::grpc::{metadata, status::Code};
use crate::protocol::http::content::{self, BodyError, Undecoded};
use crate::protocol::http::options::is_private;
use crate::protocol::http::text::{header_record, header_text};
use crate::value::{Object, Value};

/// Decoded bodies may be larger than what came, but not without bounds.
const DECODED: usize = 16 << 20;
/// The length of a message's prefix: a flag, and four bytes of length.
const PREFIX: usize = 5;

/// The record, without `attempt`, which other calls decide.
pub(super) fn of(log: &Log, entry: &Entry) -> Value {
    entry.record(|state| build(log, entry, state))
}

fn build(log: &Log, entry: &Entry, state: State) -> Value {
    let head = &entry.head;
    let headers = head.headers.map();
    let since = |at: std::time::Instant| Value::duration(log.stopwatch.at(at));
    let mut fields = Object::new();
    let mut set = |name: &str, value: Value| {
        if !matches!(value, Value::Absent) {
            fields.insert(name.into(), value);
        }
    };
    set("from", Value::text(log.from.clone()));
    set("to", Value::text(log.to.clone()));
    set("method", Value::text(head.name()));
    set("path", Value::text(head.target.clone()));
    let method = if head.is_grpc { log.method(&head.target) } else { None };
    let whole = state.requested;
    let body = if head.is_grpc {
        let of = method.as_ref().map(|method| method.input());
        let many = method.as_ref().map(|method| method.is_client_streaming());
        grpc_body(&headers, &state.request, of.as_ref(), many, whole)
    } else {
        http_body(&headers, &state.request, whole)
    };
    set("headers", header_values(&headers, head.is_grpc));
    set("body", body.clone());
    set("request", body);
    if state.request.is_whole() && !state.request.bytes.is_empty() {
        set("raw", Value::bytes(state.request.bytes.clone()));
    }
    let many = method.as_ref().map(|method| method.is_server_streaming());
    let of = method.as_ref().map(|method| method.output());
    set("response", response(head.is_grpc, &state, of.as_ref(), many, log.pool()));
    if let Some((kind, message)) = &state.error {
        set("error", kind.record(message.clone()));
    }
    set("faults", Value::list(state.faults.iter().map(|name| Value::text(*name)).collect()));
    set("start", since(entry.start));
    set("end", state.end.map_or(Value::Absent, since));
    set("request_size", Value::int(state.request.size));
    set("response_size", Value::int(state.body.size));
    // `00-TRACE-SPAN-01` (W3C Trace Context §3.2)
    let parent = headers.get("traceparent").and_then(|parent| parent.to_str().ok());
    set("trace", parent.and_then(|parent| parent.split('-').nth(1)).map_or(Value::Absent, Value::text));
    Value::Object(Arc::new(fields))
}

fn response(
    is_grpc: bool,
    state: &State,
    of: Option<&MessageDescriptor>,
    many: Option<bool>,
    pool: Option<&DescriptorPool>,
) -> Value {
    let Some((status, headers)) = &state.response else { return Value::Absent };
    let headers = headers.map();
    let mut fields = Object::new();
    let mut set = |name: &str, value: Value| {
        if !matches!(value, Value::Absent) {
            fields.insert(name.into(), value);
        }
    };
    let code = state.trailers.as_ref().and_then(grpc_code).or_else(|| grpc_code(&headers));
    match code.filter(|_| is_grpc) {
        Some(code) => {
            set("status", Value::text(code.name()));
            set("code", Value::int(code.0));
            let message = state.trailers.as_ref().unwrap_or(&headers).get("grpc-message");
            set("message", message.map_or(Value::Absent, grpc_message));
            let details = details_among(state.trailers.as_ref().unwrap_or(&headers), pool);
            set("details", Value::list(details));
        }
        // A stream of gRPC has no status before its end.
        None if is_grpc && *status == 200 => {}
        None => set("status", Value::int(*status)),
    }
    set("headers", header_values(&headers, is_grpc));
    let speaks_grpc = is_grpc && *status == 200;
    let body = if speaks_grpc {
        grpc_body(&headers, &state.body, of, many, state.answered)
    } else {
        http_body(&headers, &state.body, state.answered)
    };
    set("body", body);
    if let Some(trailers) = &state.trailers {
        set("trailers", header_values(trailers, is_grpc));
    }
    set("sent", Value::Bool(!state.hidden));
    Value::Object(Arc::new(fields))
}

fn grpc_code(headers: &HeaderMap) -> Option<Code> {
    let code = headers.get("grpc-status")?;
    Some(code.to_str().ok().and_then(|code| code.parse().ok()).map_or(Code(2), Code))
}

fn grpc_message(message: &HeaderValue) -> Value {
    let text = percent_encoding::percent_decode(message.as_bytes()).decode_utf8_lossy().into_owned();
    if text.is_empty() { Value::Absent } else { Value::text(text) }
}

/// The headers, those that are always private marked as secret.
fn header_values(headers: &HeaderMap, is_grpc: bool) -> Value {
    let record = if is_grpc { metadata::to_value(headers) } else { header_record(headers) };
    if !headers.keys().any(is_private) {
        return record;
    }
    let mut fields = record.as_object().cloned().unwrap_or_default();
    for name in headers.keys().filter(|name| is_private(name)) {
        let secret = |value: &HeaderValue| Value::text_with(header_text(value.as_bytes()), true);
        let mut values: Vec<Value> = headers.get_all(name).iter().map(secret).collect();
        let is_list = values.len() > 1 || matches!(fields.get(name.as_str()), Some(Value::List(_)));
        let value = if is_list { Value::list(values) } else { values.remove(0) };
        fields.insert(name.as_str().into(), value);
    }
    Value::Object(Arc::new(fields))
}

fn unreadable(why: impl Into<String>) -> Value {
    BodyError::new(why).unreadable()
}

fn cut(kept: &Kept) -> Value {
    unreadable(format!(
        "the link kept {} of its {} bytes: a body is kept up to {BODY} bytes, as long as there is room",
        kept.bytes.len(),
        kept.size
    ))
}

/// A body by its content type, as in the replies of HTTP.
fn http_body(headers: &HeaderMap, kept: &Kept, whole: bool) -> Value {
    if !kept.is_whole() {
        return cut(kept);
    }
    if !whole {
        return if kept.bytes.is_empty() { Value::Absent } else { unreadable("the body is not complete") };
    }
    match undo(headers, Bytes::copy_from_slice(&kept.bytes)) {
        Ok(bytes) => content::read(headers, &bytes, false).body,
        Err(why) => why,
    }
}

/// Undoes the content codings.
fn undo(headers: &HeaderMap, bytes: Bytes) -> Result<Bytes, Value> {
    // What is in memory is never waited for.
    match content::decode(headers, bytes, DECODED).now_or_never() {
        Some(Ok(bytes)) => Ok(bytes),
        Some(Err(Undecoded::Broken(error))) => Err(error.unreadable()),
        Some(Err(Undecoded::TooLarge)) | None => {
            Err(unreadable(format!("it decodes to more than {DECODED} bytes")))
        }
    }
}

/// The message, or the list of messages; without a contract their bytes.
fn grpc_body(
    headers: &HeaderMap,
    kept: &Kept,
    of: Option<&MessageDescriptor>,
    many: Option<bool>,
    whole: bool,
) -> Value {
    if !kept.is_whole() {
        return cut(kept);
    }
    let mut messages = Vec::new();
    let mut rest = Bytes::copy_from_slice(&kept.bytes);
    while let Some((prefix, length)) = rest.first_chunk::<PREFIX>().map(|prefix| (*prefix, length(prefix))) {
        if rest.len() - PREFIX < length {
            break;
        }
        let mut message = rest.split_to(PREFIX + length).split_off(PREFIX);
        if prefix[0] & 1 == 1 {
            match decompressed(headers, message) {
                Ok(bytes) => message = bytes,
                Err(why) => {
                    messages.push(why);
                    continue;
                }
            }
        }
        messages.push(match of {
            Some(of) => match decode(&message, of) {
                Ok(message) => from_message(&message),
                Err(why) => unreadable(why),
            },
            None => Value::bytes(message),
        });
    }
    if whole && !rest.is_empty() {
        messages.push(unreadable("it ends in the middle of a message"));
    }
    match (many, messages.len()) {
        (Some(true), _) | (_, 2..) => Value::list(messages),
        (_, 1) => messages.remove(0),
        _ => Value::Absent,
    }
}

fn length(prefix: &[u8; PREFIX]) -> usize {
    u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize
}

/// A compressed message: `grpc-encoding` names what HTTP names in `content-encoding`.
fn decompressed(headers: &HeaderMap, message: Bytes) -> Result<Bytes, Value> {
    let Some(coding) = headers.get("grpc-encoding") else {
        return Err(unreadable("a message says that it is compressed, but `grpc-encoding` is missing"));
    };
    let mut codings = HeaderMap::new();
    codings.insert(CONTENT_ENCODING, coding.clone());
    undo(&codings, message)
}

/// The `traceparent` of a call.
pub(super) fn parent(entry: &Entry) -> Option<String> {
    let name = HeaderName::from_static("traceparent");
    let headers = match &entry.head.headers {
        Headers::Map(map) => return map.get(name)?.to_str().ok().map(str::to_owned),
        lines @ Headers::Lines(_) => lines.map(),
    };
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// What makes two calls attempts at the same: method, path, body and its length.
pub(super) fn same(entry: &Entry) -> (Arc<str>, Arc<str>, Vec<u8>, u64) {
    let state = entry.state();
    let head = &entry.head;
    (head.method.clone(), head.target.clone(), state.request.bytes.clone(), state.request.size)
}

/// The record with its attempt.
pub(super) fn numbered(record: Value, attempt: usize) -> Value {
    let Value::Object(fields) = record else { return record };
    let mut fields = Arc::unwrap_or_clone(fields);
    let at = fields.get_index_of("start").unwrap_or(fields.len());
    fields.shift_insert(at, "attempt".into(), Value::int(attempt as i128));
    Value::Object(Arc::new(fields))
}
