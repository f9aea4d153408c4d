//! Playing a service over HTTP/1.1 and HTTP/2 without TLS.

mod answer;
mod specs;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::content::{self, Undecoded};
use super::text::{header_record, received_headers, response_body};
use crate::contract::conform::{self, Body, Sent};
use crate::contract::{Contract, Operation};
use crate::event::Exchange;
use crate::protocol::serve::{Host, OffContract, Received, Serving, listen, trace_of};
use crate::protocol::{Endpoint, Misuse};
use crate::value::{Object, Redactor, Value};

pub use specs::SPECS;

use answer::HttpResponder;

/// The largest body that is read, before and after decoding.
const LIMIT: usize = 16 << 20;

/// Listens in the place of a service.
pub(super) fn serve(
    listener: TcpListener,
    endpoint: Arc<Endpoint>,
    host: Arc<dyn Host>,
) -> Result<Serving, Misuse> {
    Ok(listen(listener, move |request| {
        let (endpoint, host) = (endpoint.clone(), host.clone());
        Box::pin(async move { one(request, endpoint, host).await })
    }))
}

async fn one(
    request: Request<Incoming>,
    endpoint: Arc<Endpoint>,
    host: Arc<dyn Host>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (head, body) = request.into_parts();
    let (raw, cut) = match Limited::new(body, LIMIT).collect().await {
        Ok(body) => (body.to_bytes(), None),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            (Bytes::new(), Some(format!("the body is larger than {LIMIT} bytes")))
        }
        // The caller went away in the middle; there is nobody to answer.
        Err(error) => return Err(std::io::Error::other(error)),
    };
    let (answer, answered) = oneshot::channel();
    let call = Call { method: head.method.as_str(), uri: &head.uri, headers: &head.headers, raw, cut };
    host.called(call.read(&endpoint, answer).await).await;
    match answered.await {
        Ok(Some(response)) => Ok(response),
        Ok(None) | Err(_) => Err(std::io::Error::other("broken off on purpose")),
    }
}

/// What goes out: a response, or nothing but the end of the connection.
type Outcome = Option<Response<Full<Bytes>>>;

/// A request, with its body.
struct Call<'a> {
    method: &'a str,
    uri: &'a http::Uri,
    headers: &'a HeaderMap,
    raw: Bytes,
    cut: Option<String>,
}

impl Call<'_> {
    async fn read(self, endpoint: &Arc<Endpoint>, answer: oneshot::Sender<Outcome>) -> Received {
        let (decoded, mut unreadable) = match content::decode(self.headers, self.raw.clone(), LIMIT).await {
            Ok(decoded) => (decoded, self.cut.clone()),
            Err(Undecoded::Broken(error)) => (self.raw.clone(), Some(error.to_string())),
            Err(Undecoded::TooLarge) => {
                (Bytes::new(), Some(format!("the body decodes to more than {LIMIT} bytes")))
            }
        };
        let content = content::read(self.headers, &decoded, false);
        unreadable = unreadable.or(content.error.as_ref().map(ToString::to_string));
        let whole = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let query = query(self.uri.query().unwrap_or_default());
        let record = Object::from_iter([
            ("method".into(), Value::text(self.method)),
            ("path".into(), Value::text(whole)),
            ("query".into(), as_object(&query)),
            ("headers".into(), header_record(self.headers)),
            ("body".into(), content.body.clone()),
            ("request".into(), content.body.clone()),
            ("raw".into(), Value::bytes(self.raw.clone())),
            ("request_size".into(), Value::int(self.raw.len() as i128)),
            ("trace".into(), trace_of(self.headers)),
        ]);
        let redactor = Redactor::default();
        let exchange = Exchange {
            protocol: "http".to_owned(),
            service: Some(endpoint.service.to_string()),
            request: format!("{} {whole}", self.method),
            request_headers: received_headers(self.headers, &redactor),
            request_body: response_body(self.headers, &decoded, &redactor),
            ..Exchange::default()
        };
        let operation = operation(endpoint, self.method, self.uri.path());
        let off_contract = operation.and_then(|operation| self.against(operation, &query, &content.body));
        let mut key = format!("{} {whole}\n", self.method).into_bytes();
        key.extend_from_slice(&decoded);
        let responder = HttpResponder {
            endpoint: endpoint.clone(),
            method: self.method.to_owned(),
            path: self.uri.path().to_owned(),
            dir: PathBuf::clone(&endpoint.dir),
            answer: Some(answer),
        };
        Received {
            at_hand: Value::Object(Arc::new(record.clone())),
            record,
            content: key,
            exchange,
            unreadable,
            off_contract,
            is_incidental: false,
            responder: Box::new(responder),
        }
    }

    /// Why the contract does not allow the request.
    fn against(
        &self,
        operation: &Operation,
        query: &[(String, String)],
        body: &Value,
    ) -> Option<OffContract> {
        let text = |name: &str| {
            self.headers.get_all(name).iter().next().and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let sent = Sent {
            segments: self.uri.path().trim_start_matches('/').split('/').map(decoded).collect(),
            query: query.to_vec(),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), super::text::header_text(value.as_bytes())))
                .collect(),
            wire: Some(self.headers.keys().map(http::HeaderName::as_str).collect()),
            media: text("content-type"),
            body: match body {
                Value::Absent => Body::Nothing,
                Value::Text(text) => Body::Text((&*text.text).into()),
                Value::Bytes(_) | Value::Tagged(_) => Body::Unread,
                value => Body::Json(std::borrow::Cow::Borrowed(value)),
            },
        };
        let breaches = conform::sent(operation, &sent);
        let name = || operation.name.to_string();
        (!breaches.is_empty()).then(|| OffContract { operation: name(), breaches })
    }
}

/// The operation of the service's contract, when it has one.
fn operation<'e>(endpoint: &'e Endpoint, method: &str, path: &str) -> Option<&'e Operation> {
    let Some(contract @ Contract::OpenApi(_)) = &endpoint.contract else { return None };
    contract.interface().http(method, path)
}

fn query(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// Names and values; a list where a name came several times.
fn as_object(pairs: &[(String, String)]) -> Value {
    let mut object = Object::new();
    for (name, value) in pairs {
        let value = Value::text(value.as_str());
        let joined = match object.get(name.as_str()) {
            None => value,
            Some(Value::List(items)) => {
                Value::list(items.iter().cloned().chain(std::iter::once(value)).collect())
            }
            Some(first) => Value::list(vec![first.clone(), value]),
        };
        object.insert(name.as_str().into(), joined);
    }
    Value::Object(Arc::new(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::call::FIELDS;

    #[tokio::test]
    async fn a_call_has_the_fields_that_are_told_of_it() {
        let uri = "/a?b=c".parse().unwrap();
        let call =
            Call { method: "GET", uri: &uri, headers: &HeaderMap::new(), raw: Bytes::new(), cut: None };
        let endpoint = Arc::new(Endpoint {
            service: "s".into(),
            protocol: "http".into(),
            url: "http://127.0.0.1:1".into(),
            contract: None,
            dir: PathBuf::new(),
        });
        let received = call.read(&endpoint, oneshot::channel().0).await;
        assert_eq!(received.record.keys().map(|name| &**name).collect::<Vec<_>>(), FIELDS);
    }
}
