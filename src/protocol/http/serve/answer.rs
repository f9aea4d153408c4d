//! What a double replies, as an HTTP response.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use tokio::sync::oneshot;

use super::super::content;
use super::super::options::read_headers;
use super::super::payload::Payload;
use super::super::text::{header_record, received_headers, response_body};
use super::{Outcome, operation};
use crate::contract::conform::{self, Came};
use crate::contract::{Operation, Status};
use crate::protocol::serve::{Answered, OffContract, Refusal, Responder, Unfit, ignores};
use crate::protocol::{Endpoint, Misuse};
use crate::shape::Pattern;
use crate::value::words::a_kind;
use crate::value::{BoxFuture, Object, Redactor, Value};

/// Answers one request.
pub(super) struct HttpResponder {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) method: String,
    pub(super) path: String,
    /// Where files of replies start from.
    pub(super) dir: PathBuf,
    /// Until it is answered.
    pub(super) answer: Option<oneshot::Sender<Outcome>>,
}

impl HttpResponder {
    fn operation(&self) -> Option<&Operation> {
        operation(&self.endpoint, &self.method, &self.path)
    }

    /// The status that the options say; otherwise the first success that the contract declares.
    fn status(&self, options: &Object) -> Result<StatusCode, Misuse> {
        let Some(given) = options.get("status").filter(|value| !matches!(value, Value::Absent)) else {
            return Ok(self.operation().map_or(StatusCode::OK, usual_status));
        };
        let code = given.as_number().and_then(|number| u16::try_from(number.to_i128()?).ok());
        // 1xx are no answers of their own (RFC 9110 §15.2).
        code.filter(|code| (200..=599).contains(code))
            .and_then(|code| StatusCode::from_u16(code).ok())
            .ok_or_else(|| {
                let shown = crate::value::show_short(given, 40);
                Misuse::option("status", format!("a status is a number from 200 to 599, not {shown}"))
            })
    }

    async fn response(
        &self,
        body: &Value,
        options: &Object,
    ) -> Result<(Response<Full<Bytes>>, Answered), Unfit> {
        let status = self.status(options)?;
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        let operand = (!matches!(body, Value::Absent)).then_some(body);
        let payload = Payload::read(operand, &self.dir).await?;
        let bytes = payload.bytes().await?;
        if has_no_body(status) && operand.is_some() {
            let code = status.as_u16();
            return Err(Misuse::new(format!("a response with the status {code} has no body"))
                .help("write `reply absent`")
                .into());
        }
        if let Some(kind) = payload.content_type.as_deref().and_then(|kind| HeaderValue::from_str(kind).ok())
        {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        let mut seen = Vec::new();
        for written in headers(options)? {
            // The first of a name replaces a default, the next of it stand beside.
            if seen.contains(&written.name) {
                response.headers_mut().append(written.name, written.value);
            } else {
                seen.push(written.name.clone());
                response.headers_mut().insert(written.name, written.value);
            }
        }
        let content = content::read(response.headers(), &bytes, false);
        if let (Some(operation), false) = (self.operation(), ignores(options)) {
            let headers = header_record(response.headers());
            let (body, events) = (Some(&content.body), super::super::stream::events as fn(&str) -> _);
            let came = Came { status: status.as_u16(), headers: &headers, body, events };
            let breaches = conform::came(operation, &came);
            if !breaches.is_empty() {
                let operation = operation.name.to_string();
                return Err(Unfit::OffContract(OffContract { operation, breaches }));
            }
        }
        let answered = answered(&response, &bytes, content.body);
        *response.body_mut() = Full::new(bytes);
        Ok((response, answered))
    }

    fn send(&mut self, response: Outcome) {
        if let Some(answer) = self.answer.take() {
            // A caller that has gone away gets nothing.
            let _ = answer.send(response);
        }
    }
}

impl Responder for HttpResponder {
    fn is_stream(&self) -> bool {
        false
    }

    fn shape(&self, options: &Object) -> Result<Pattern, Misuse> {
        let status = self.status(options)?;
        let operation = self.operation().ok_or_else(|| {
            Misuse::new(
                "`any` alone draws what the contract says, and no contract says anything of this call",
            )
            .help("name what is drawn: `reply any Order`")
        })?;
        let name = &operation.name;
        let code = status.as_u16();
        let response = operation.response(code).ok_or_else(|| {
            Misuse::new(format!("the contract says nothing of the status {code} of `{name}`"))
        })?;
        let payload = response.payload.as_ref();
        let json = payload.into_iter().flat_map(|payload| &payload.content);
        json.filter(|(media, _)| content::is_json(&content::media_type(media)) || media.contains('*'))
            .find_map(|(_, pattern)| pattern.clone())
            .ok_or_else(|| {
                Misuse::new(format!("the contract describes no JSON body of `{name}` with the status {code}"))
            })
    }

    fn reply<'a>(
        &'a mut self,
        body: &'a Value,
        options: &'a Object,
    ) -> BoxFuture<'a, Result<Answered, Unfit>> {
        Box::pin(async move {
            if self.answer.is_none() {
                return Err(Misuse::new("a request is answered once").into());
            }
            let (response, answered) = self.response(body, options).await?;
            self.send(Some(response));
            Ok(answered)
        })
    }

    fn fail(&mut self, status: Option<&str>, why: Option<&str>, _: &Object) -> Result<Answered, Unfit> {
        if let Some(status) = status {
            return Err(Misuse::new(format!("HTTP has no status `{status}`"))
                .help("write `reply … with { status: 503 }`; `fail` alone breaks the connection off")
                .into());
        }
        self.send(None);
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        Ok(Answered { line: format!("broken off on purpose{why}"), ..Answered::default() })
    }

    fn refuse(&mut self, refusal: Refusal, why: &str) -> Answered {
        let status = match refusal {
            Refusal::Unmatched => StatusCode::NOT_IMPLEMENTED,
            Refusal::Inactive => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let bytes = Bytes::from(format!("{why}\n"));
        let mut response = Response::new(Full::new(bytes.clone()));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        let answered = answered(&response, &bytes, Value::text(why));
        self.send(Some(response));
        answered
    }
}

/// The first success that an operation declares.
fn usual_status(operation: &Operation) -> StatusCode {
    let codes = operation.responses.iter().filter_map(|response| match response.status {
        Status::Code(code) if (200..300).contains(&code) => Some(code),
        _ => None,
    });
    codes.min().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK)
}

fn has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

fn headers(options: &Object) -> Result<Vec<super::super::options::Header>, Misuse> {
    match options.get("headers") {
        None | Some(Value::Absent) => Ok(Vec::new()),
        Some(Value::Object(fields)) => read_headers(fields),
        Some(other) => {
            Err(Misuse::option("headers", format!("`headers` must be an object, not {}", a_kind(other))))
        }
    }
}

fn answered(response: &Response<Full<Bytes>>, bytes: &Bytes, body: Value) -> Answered {
    let redactor = Redactor::default();
    let status = response.status();
    let reason = status.canonical_reason().map_or_else(String::new, |reason| format!(" {reason}"));
    Answered {
        response: Object::from_iter([
            ("status".into(), Value::int(status.as_u16())),
            ("headers".into(), header_record(response.headers())),
            ("body".into(), body),
        ]),
        line: format!("{}{reason}", status.as_u16()),
        headers: received_headers(response.headers(), &redactor),
        body: response_body(response.headers(), bytes, &redactor),
    }
}
