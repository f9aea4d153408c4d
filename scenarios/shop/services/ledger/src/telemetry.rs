//! One line of JSON on stdout for everything worth telling, and for every RPC its span.

use std::{
    fmt,
    future::Future,
    hash::{BuildHasher, RandomState},
    pin::Pin,
    task::{Context, Poll},
    time::{Instant, SystemTime},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use prost_types::Timestamp;
use serde_json::{Value, json};
use tonic::{Code, Status, body::Body};
use tower_layer::Layer;
use tower_service::Service;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Logs one line; `fields` is a JSON object, whose nulls are left out.
pub fn log(level: &str, message: &str, fields: Value) {
    let mut line = json!({
        "time": Timestamp::from(SystemTime::now()).to_string(),
        "level": level,
        "msg": message,
    });
    if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
        line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
    }
    println!("{line}");
}

/// The part of a distributed trace that one RPC is (<https://www.w3.org/TR/trace-context/>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    trace_id: Id<u128>,
    span_id: Id<u64>,
    parent: Option<Id<u64>>,
}

/// An identifier, written in lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Id<T>(T);

impl Span {
    /// A child of the caller's span, or the root of a new trace.
    fn of(headers: &HeaderMap) -> Self {
        let caller = headers.get("traceparent").and_then(|value| parse(value.to_str().ok()?));
        let random = RandomState::new();
        let span_id = Id(random.hash_one("span"));
        match caller {
            Some((trace_id, parent)) => Self { trace_id, span_id, parent: Some(parent) },
            None => {
                let trace_id = u128::from(random.hash_one("high")) << 64 | u128::from(random.hash_one("low"));
                Self { trace_id: Id(trace_id), span_id, parent: None }
            }
        }
    }
}

/// Reads `00-{trace id}-{span id}-{flags}`; neither id may be zero.
fn parse(traceparent: &str) -> Option<(Id<u128>, Id<u64>)> {
    let mut parts = traceparent.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace_id = hex(parts.next()?, 32)?;
    let span_id = hex(parts.next()?, 16)?;
    let _flags = hex(parts.next()?, 2)?;
    let sound = version < 0xff && trace_id != 0 && span_id != 0;
    sound.then_some((Id(trace_id), Id(u64::try_from(span_id).ok()?)))
}

fn hex(digits: &str, length: usize) -> Option<u128> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let sound = digits.len() == length && digits.bytes().all(lower);
    sound.then(|| u128::from_str_radix(digits, 16).ok())?
}

impl fmt::Display for Id<u128> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for Id<u64> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Wraps the server: logs the span of each RPC and repeats `x-request-id` to the caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telemetry;

impl<S> Layer<S> for Telemetry {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed(inner)
    }
}

/// A service whose calls are logged.
#[derive(Debug, Clone)]
pub(crate) struct Observed<S>(S);

impl<S> Service<Request<Body>> for Observed<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let started = Instant::now();
        let span = Span::of(request.headers());
        let name = request.uri().path().trim_start_matches('/').to_owned();
        let request_id = request.headers().get(REQUEST_ID).cloned();
        let answer = self.0.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(id) = &request_id {
                response.headers_mut().insert(REQUEST_ID, id.clone());
            }
            // Probes of health and of the contract would drown the rest.
            if name.starts_with("ledger.") {
                report(&name, span, started, response.headers(), request_id.as_ref());
            }
            Ok(response)
        })
    }
}

/// A stream is reported when it opens; every other RPC when it is answered.
fn report(name: &str, span: Span, started: Instant, headers: &HeaderMap, request_id: Option<&HeaderValue>) {
    let status = Status::from_header_map(headers).unwrap_or_else(|| Status::ok(""));
    let level = match status.code() {
        Code::Ok => "INFO",
        Code::Internal | Code::Unknown | Code::DataLoss => "ERROR",
        _ => "WARN",
    };
    log(
        level,
        "rpc",
        json!({
            "span": name,
            "trace_id": span.trace_id.to_string(),
            "span_id": span.span_id.to_string(),
            "parent_span_id": span.parent.map(|id| id.to_string()),
            "request_id": request_id.and_then(|id| id.to_str().ok()),
            "status": canonical(status.code()),
            "error": Some(status.message()).filter(|message| !message.is_empty()),
            "duration_ms": started.elapsed().as_secs_f64() * 1e3,
        }),
    );
}

/// The name of a code as gRPC spells it: `NOT_FOUND`.
fn canonical(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_named_as_grpc_spells_them() {
        let names = [Code::Ok, Code::NotFound, Code::ResourceExhausted].map(canonical);
        assert_eq!(names, ["OK", "NOT_FOUND", "RESOURCE_EXHAUSTED"]);
    }

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_span_continues_the_callers_trace() {
        let mut headers = HeaderMap::new();
        let traceparent = HeaderValue::try_from(format!("00-{TRACE}-{SPAN}-01"));
        headers.extend(traceparent.ok().map(|value| (HeaderName::from_static("traceparent"), value)));
        let span = Span::of(&headers);
        assert_eq!(span.trace_id.to_string(), TRACE);
        assert_eq!(span.parent.map(|id| id.to_string()).as_deref(), Some(SPAN));
        assert_ne!(Some(span.span_id), span.parent);
    }

    #[test]
    fn a_malformed_traceparent_starts_a_new_trace() {
        for malformed in [
            String::new(),
            "00".into(),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{}-{SPAN}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
        ] {
            assert_eq!(parse(&malformed), None, "{malformed}");
        }
        assert_eq!(Span::of(&HeaderMap::new()).parent, None);
    }
}
