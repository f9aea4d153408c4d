//! What a request came to: the record that scenarios read, and the exchange that reports show.

use std::sync::Arc;

use bytes::Bytes;
use reqwest::header;
use reqwest::{Method, StatusCode};

use super::super::{ErrorKind, Parts, Reply};
use super::content::{self, BodyError, Content, Undecoded, media_type};
use super::curl;
use super::fault::Fault;
use super::target::Target;
use super::text::{header_record, header_text, received_headers, response_body, sent_headers};
use super::transfer::{Head, Received, Sent, Transfer, since, too_large_fault};
use crate::event::Exchange;
use crate::protocol::shown::cut;
use crate::value::{Object, Value};

/// A request with all that came back.
pub(super) struct Answer {
    sent: Sent,
    received: Received,
    /// Bytes after content decoding.
    decoded: Bytes,
    content: Content,
    fault: Option<Fault>,
    pub(super) succeeded: bool,
    took: std::time::Duration,
}

impl Answer {
    /// Reads the body, when there is a response.
    pub(super) async fn read(transfer: &Transfer<'_>, mut sent: Sent) -> Answer {
        let mut received = Received::default();
        let fault = sent.fault.take();
        if let Some(head) = &mut sent.head {
            let body = std::mem::take(&mut head.body);
            let length =
                head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
            received = transfer.receive(&sent, body, length).await;
        }
        let took = since(&sent);
        Answer::of(transfer, sent, received, fault, took).await
    }

    /// Reads what came.
    pub(super) async fn of(
        transfer: &Transfer<'_>,
        sent: Sent,
        mut received: Received,
        mut fault: Option<Fault>,
        took: std::time::Duration,
    ) -> Answer {
        let mut decoded = Bytes::new();
        let mut content = Content { body: Value::Absent, text: None, error: None };
        if let Some(head) = &sent.head {
            decoded = received.body.clone();
            match received.fault.take() {
                Some(broken) => {
                    content = unreadable(BodyError::new(broken.message.clone()));
                    fault = fault.or(Some(broken));
                }
                None => match content::decode(&head.headers, received.body.clone(), transfer.options.limit)
                    .await
                {
                    Ok(bytes) => {
                        let expected = has_body(&sent.method, head.status);
                        let reads = |part| transfer.reads.has(part);
                        content = if reads("body") || reads("text") || transfer.payload.is_graphql {
                            content::read(&head.headers, &bytes, expected)
                        } else {
                            content::check(&head.headers, &bytes, expected)
                        };
                        decoded = bytes;
                    }
                    Err(Undecoded::Broken(error)) => content = unreadable(error),
                    Err(Undecoded::TooLarge) => {
                        let too_large = too_large_fault(&sent.target.shown, transfer.options.limit);
                        content = unreadable(BodyError::new(too_large.message.clone()));
                        fault = fault.or(Some(too_large));
                    }
                },
            }
        }
        let succeeded = fault.is_none()
            && content.error.is_none()
            && sent.head.as_ref().is_some_and(|head| head.status.is_success())
            && !(transfer.payload.is_graphql && has_errors(&content.body));
        Answer { sent, received, decoded, content, fault, succeeded, took }
    }

    /// Adds a fault of the call as a whole.
    pub(super) fn fail(&mut self, fault: Fault) {
        self.succeeded = false;
        self.fault.get_or_insert(fault);
    }

    /// The target of the response's link with this relation.
    pub(super) fn link(&self, rel: &str) -> Option<Target> {
        let head = self.sent.head.as_ref()?;
        let links: Vec<String> =
            head.headers.get_all(header::LINK).iter().map(|value| header_text(value.as_bytes())).collect();
        let target = super::link::target(links.iter().map(String::as_str), rel)?;
        self.sent.target.follow(&target)
    }

    pub(super) fn shown(&self) -> &str {
        &self.sent.target.shown
    }

    pub(super) fn reply(self, transfer: &Transfer<'_>, service: Option<Arc<str>>) -> Reply {
        let exchange = self.exchange(transfer, service);
        let succeeded = self.succeeded;
        Reply { record: self.record(transfer.reads), succeeded, exchange }
    }

    /// The same where reports show little of what succeeds: what was asked for, and what came.
    pub(super) fn light(self, transfer: &Transfer<'_>, service: Option<Arc<str>>) -> Reply {
        if !self.succeeded {
            return self.reply(transfer, service);
        }
        let redactor = &transfer.session.redactor;
        let body = std::str::from_utf8(&self.decoded).unwrap_or("(not text)");
        let exchange = Exchange {
            protocol: "http".to_owned(),
            service: service.map(|name| name.to_string()),
            request: redactor.mask(&format!("{} {}", self.sent.method, self.sent.target.shown)).into_owned(),
            response: self.sent.head.as_ref().map_or_else(String::new, Head::status_line),
            response_body: cut(&redactor.mask(body)),
            ..Exchange::default()
        };
        Reply { record: self.record(transfer.reads), succeeded: true, exchange }
    }

    fn exchange(&self, transfer: &Transfer<'_>, service: Option<Arc<str>>) -> Exchange {
        let mut exchange = request_side(transfer, &self.sent, service);
        let redactor = &transfer.session.redactor;
        let mask = |text: &str| redactor.mask(text).into_owned();
        if let Some(head) = &self.sent.head {
            exchange.response = head.status_line();
            exchange.response_headers = received_headers(&head.headers, redactor);
            exchange.response_body = response_body(&head.headers, &self.decoded, redactor);
        }
        let reason = self.fault.as_ref().map(|fault| fault.message.clone());
        let reason = reason.or_else(|| self.content.error.as_ref().map(ToString::to_string));
        if let Some(reason) = reason {
            let but = if exchange.response.is_empty() { "" } else { ", but " };
            exchange.response = mask(&format!("{}{but}{reason}", exchange.response));
        }
        if let Some(trailers) = &self.received.trailers {
            exchange.trailers = received_headers(trailers, redactor);
        }
        exchange
    }

    /// The parts that somebody reads; what says how the request went is always among them.
    fn record(self, reads: Parts) -> Value {
        let mut fields = Object::new();
        let mut set = |name: &str, value: Value| {
            fields.insert(name.into(), value);
        };
        if let Some(head) = self.sent.head {
            set("status", Value::int(head.status.as_u16()));
            if reads.has("reason") {
                set("reason", Value::text(head.reason));
            }
            if reads.has("version") {
                set("version", Value::text(head.version));
            }
            if reads.has("headers") {
                set("headers", header_record(&head.headers));
            }
            if reads.has("body") {
                set("body", self.content.body);
            }
            if let Some(error) = &self.content.error {
                set("body_error", error.record());
            }
            let (received, decoded) = (self.received.body.len() as i128, self.decoded.len() as i128);
            if reads.has("raw") {
                set("raw", Value::bytes(self.decoded));
            }
            if let Some(text) = self.content.text.filter(|_| reads.has("text")) {
                set("text", Value::text(text));
            }
            if reads.has("size") {
                let size = [("received", Value::int(received)), ("decoded", Value::int(decoded))];
                set("size", Value::object(size));
            }
            if !head.cookies.is_empty() && reads.has("cookies") {
                set("cookies", Value::object(head.cookies));
            }
        }
        if reads.has("latency") {
            set("latency", Value::duration(self.took));
        }
        if reads.has("timing") {
            set("timing", self.sent.phases.timing().record());
        }
        if reads.has("url") {
            set("url", Value::text_with(self.sent.target.url.as_str(), self.sent.target.secret));
        }
        if reads.has("hops") {
            set("hops", Value::list(self.sent.hops));
        }
        if let Some(trailers) = self.received.trailers.as_ref().filter(|_| reads.has("trailers")) {
            set("trailers", header_record(trailers));
        }
        if reads.has("trace_id") {
            let parent = self.sent.headers.iter().find(|header| header.name == "traceparent");
            // `00-TRACE-SPAN-01`
            if let Some(trace) = parent.and_then(|parent| parent.value.to_str().ok()?.split('-').nth(1)) {
                set("trace_id", Value::text(trace));
            }
        }
        if let Some(fault) = &self.fault {
            set("error", fault.record());
        }
        Value::Object(Arc::new(fields))
    }
}

fn unreadable(error: BodyError) -> Content {
    Content { body: error.unreadable(), text: None, error: Some(error) }
}

/// RFC 9110 §6.4.1: which responses have content.
fn has_body(method: &Method, status: StatusCode) -> bool {
    *method != Method::HEAD
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED | StatusCode::RESET_CONTENT)
}

/// GraphQL §7.1.2: a response with `errors` did not do what was asked.
fn has_errors(body: &Value) -> bool {
    let errors = body.as_object().and_then(|fields| fields.get("errors"));
    !matches!(errors, None | Some(Value::Null | Value::Absent))
}

/// Why a response is no event stream (WHATWG HTML §9.2.3); `None` when it is one.
pub(super) fn no_event_stream(head: &Head, url: &str) -> Option<Fault> {
    let header = |name| head.headers.get(name).map(|value| header_text(value.as_bytes()));
    let kind = header(header::CONTENT_TYPE).unwrap_or_default();
    let why = if head.status != StatusCode::OK {
        format!("it answered {}", head.status_line())
    } else if media_type(&kind) != "text/event-stream" {
        let kind = if kind.is_empty() { "missing".to_owned() } else { format!("`{}`", kind.escape_debug()) };
        format!("its content type is {kind}, not `text/event-stream`")
    } else if let Some(coding) = header(header::CONTENT_ENCODING).filter(|coding| coding != "identity") {
        format!("it is coded as `{}`, which was not asked for", coding.escape_debug())
    } else {
        return None;
    };
    Some(Fault::new(ErrorKind::Protocol, format!("`{url}` opened no event stream: {why}")))
}

/// The exchange that opened a stream.
pub(super) fn opened(
    transfer: &Transfer<'_>,
    sent: &Sent,
    head: &Head,
    service: Option<Arc<str>>,
) -> Exchange {
    let mut exchange = request_side(transfer, sent, service);
    exchange.response = head.status_line();
    exchange.response_headers = received_headers(&head.headers, &transfer.session.redactor);
    let what = if head.status == StatusCode::OK { "(an event stream)" } else { "(a WebSocket)" };
    exchange.response_body = what.to_owned();
    exchange
}

fn request_side(transfer: &Transfer<'_>, sent: &Sent, service: Option<Arc<str>>) -> Exchange {
    let redactor = &transfer.session.redactor;
    let mask = |text: &str| redactor.mask(text).into_owned();
    let headers = sent_headers(&sent.headers, redactor);
    let nothing = super::payload::Shell::Nothing;
    let line = curl::Line {
        method: &sent.method,
        url: &sent.target.shown,
        headers: &headers,
        body: if sent.bodiless { &nothing } else { &transfer.payload.shell },
        options: transfer.options,
        is_secure: sent.target.is_secure(),
        alias: sent.alias.as_ref().map(|(name, host)| (name.as_str(), host.as_str())),
        port: sent.target.url.port_or_known_default().unwrap_or_default(),
    };
    let shell = mask(&line.text());
    Exchange {
        protocol: "http".to_owned(),
        service: service.map(|name| name.to_string()),
        request: mask(&format!("{} {}", sent.method, sent.target.shown)),
        request_headers: headers,
        request_body: if sent.bodiless { String::new() } else { mask(&transfer.payload.shown) },
        shell,
        phases: sent.phases.timing().micros(),
        ..Exchange::default()
    }
}
