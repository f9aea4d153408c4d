//! A stream of HTTP/2 under faults.

use std::sync::Arc;

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::stream::{Stopped, Stream, download, finish, open, send, upload};
use super::{Condemned, Outcome};
use crate::link::HELD;
use crate::link::calls::log::{Call, Headers};
use crate::link::near::any_ends;
use crate::link::work::{self, Cause, End, Message, Work};
use crate::protocol::ErrorKind;
use crate::protocol::grpc::status::CODES;
use crate::value::Value;

/// A request's body, held back.
#[derive(Debug, Clone, Default)]
struct Held {
    data: Vec<Bytes>,
    trailers: Option<HeaderMap>,
}

impl Stream {
    pub(super) async fn under(mut self) -> Outcome {
        let shared = self.shared.conn.shared.clone();
        let works = shared.works(false);
        let method = if self.call.head().is_grpc { shared.log.method(self.head.uri().path()) } else { None };
        let is_stream = method.is_some_and(|method| method.is_client_streaming());
        let mut held = None;
        if work::needs_body(&works) && !is_stream {
            held = match self.gather().await {
                Ok(held) => Some(held),
                Err(outcome) => return self.unheld(outcome),
            };
        }
        let from_client = &*shared.spec.from == "client";
        let message = Message { call: &self.call, is_h2: true, is_stream, from_client };
        let mut plan = work::plan(&works, &message);
        if plan.goaway {
            self.shared.goes_away();
        }
        if held.is_none() && plan.gathers() {
            // Whoever waits for an answer before it ends its request would wait for ever, and without
            // a contract nobody knows.
            let gathered = tokio::select! {
                gathered = self.gather() => gathered,
                () = any_ends(&works) => {
                    self.call.fail(ErrorKind::Reset, "the fault ended before the request was complete");
                    return self.condemned(None);
                }
            };
            held = match gathered {
                Ok(held) => Some(held),
                Err(outcome) => return self.unheld(outcome),
            };
        }
        plan.wait().await;
        // The runner's next request finds no connection that is about to be reset; those that others
        // share come to their ends first.
        if from_client && let Some((End::LostRequest | End::LostResponse, work)) = &plan.end {
            work.harms(&self.shared.conn);
        }
        match plan.end.take() {
            Some((End::LostRequest, work)) => {
                if held.is_none() && !is_stream {
                    tokio::select! {
                        _ = self.gather() => {}
                        () = work.ended.cancelled() => {}
                    }
                }
                self.call.fail(ErrorKind::Reset, "the link lost the request and reset the connection");
                self.condemned(plan.cause)
            }
            Some((End::LostResponse, work)) => {
                self.lose_response(held, &work).await;
                self.condemned(plan.cause)
            }
            Some((End::Status { status, headers }, work)) => {
                // Without its end a stream is answered as it is.
                if held.is_none() && !is_stream {
                    tokio::select! {
                        _ = self.gather() => {}
                        () = work.ended.cancelled() => {}
                    }
                }
                self.say(&status, &headers)
            }
            Some((End::Reset(code), _)) => {
                let reason = Reason::from(code);
                self.call.fail(ErrorKind::Reset, format!("the link reset the stream: {reason}"));
                self.respond.send_reset(reason);
                Outcome::Done
            }
            None => match (held, plan.copies.take()) {
                (Some(held), Some((times, work))) => self.copies(held, times, &work).await,
                (Some(held), None) => self.send(&held).await,
                (None, _) => self.pass().await,
            },
        }
    }

    fn condemned(self, by: Option<Cause>) -> Outcome {
        Outcome::Condemned(Box::new(Condemned { _waits: (self.body, self.respond), by }))
    }

    /// Reads the whole request.
    async fn gather(&mut self) -> Result<Held, Option<h2::Error>> {
        let mut held = Held::default();
        let mut size = 0;
        while let Some(data) = self.body.data().await {
            let data = data.map_err(Some)?;
            size += data.len();
            if size > HELD {
                return Err(None);
            }
            self.call.request(&data);
            let _ = self.body.flow_control().release_capacity(data.len());
            held.data.push(data);
        }
        held.trailers = self.body.trailers().await.map_err(Some)?;
        self.call.requested();
        Ok(held)
    }

    /// The request could not be held back.
    fn unheld(self, why: Option<h2::Error>) -> Outcome {
        match why {
            Some(error) => self.stop(Stopped::Near(error)),
            None => {
                let why = format!("a fault must hold the request back, and it is longer than {HELD} bytes");
                self.call.fail(ErrorKind::Protocol, why);
                self.shared.conn.shared.works(false).iter().for_each(|work| work.overflows());
                self.condemned(None)
            }
        }
    }

    /// The service does its work and answers; nobody hears.
    async fn lose_response(&mut self, held: Option<Held>, work: &Arc<Work>) {
        self.call.hide();
        let Stream { shared, call, head, body, .. } = self;
        let done = async {
            let (answer, mut to) = open(shared, head, false).await?;
            let up = async {
                let sent = match &held {
                    Some(held) => upload_held(held, &mut to).await,
                    None => upload(body, &mut to, call).await,
                };
                match sent {
                    // A caller that gave up has sent less than its request.
                    Err(stopped) => Err(stopped),
                    Ok(()) => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = download(answer, None, call) => done,
                stopped = up => stopped,
            }
        };
        tokio::select! {
            done = done => match done {
                Ok(()) => {}
                Err(Stopped::Far(error)) => {
                    call.fail(ErrorKind::Reset, format!("the service ended the call: {error}"));
                }
                Err(Stopped::Near(error)) => {
                    call.fail(ErrorKind::Cancelled, format!("the caller ended the call: {error}"));
                }
                Err(Stopped::Refused(error)) => {
                    call.fail(ErrorKind::Refused, format!("the service cannot be reached: {error}"));
                }
            },
            () = work.ended.cancelled() => {
                call.fail(ErrorKind::Reset, "the fault ended before the service had answered");
            }
        }
    }

    /// Sends a request that was held back. Its caller may have left meanwhile.
    async fn send(mut self, held: &Held) -> Outcome {
        let sent = async {
            let (answer, mut to) = open(&self.shared, &self.head, false).await?;
            upload_held(held, &mut to).await?;
            download(answer, Some(&mut self.respond), &self.call).await
        };
        match sent.await {
            Ok(()) => Outcome::Done,
            Err(stopped) => self.stop(stopped),
        }
    }

    /// Sends the request and its copies; the caller gets the first answer once all are answered.
    async fn copies(mut self, held: Held, times: u32, work: &Arc<Work>) -> Outcome {
        let first = self.first(&held);
        let first = tokio::select! {
            first = first => first,
            () = work.ended.cancelled() => {
                self.call.fail(ErrorKind::Reset, "the fault ended before the service had answered");
                return self.condemned(None);
            }
        };
        let (head, data, trailers) = match first {
            Ok(first) => first,
            Err(stopped) => return self.stop(stopped),
        };
        let copies = async {
            for _ in 0..times {
                self.again(&held).await;
            }
        };
        tokio::select! {
            () = copies => {}
            () = work.ended.cancelled() => {}
        }
        let ends = data.is_empty() && trailers.is_none();
        let sent = async {
            let mut to = self.respond.send_response(head, ends)?;
            if !ends {
                for data in data {
                    send(&mut to, data, false).await?;
                }
                finish(&mut to, trailers)?;
            }
            Ok(())
        };
        match sent.await {
            Ok(()) => Outcome::Done,
            Err(error) => self.stop(Stopped::Near(error)),
        }
    }

    /// The whole answer to the request.
    async fn first(&self, held: &Held) -> Result<(Response<()>, Vec<Bytes>, Option<HeaderMap>), Stopped> {
        let (answer, mut to) = open(&self.shared, &self.head, false).await?;
        upload_held(held, &mut to).await?;
        let (mut parts, mut body): (_, RecvStream) = answer.await.map_err(Stopped::Far)?.into_parts();
        parts.extensions = http::Extensions::new();
        self.call.response(parts.status.as_u16(), Headers::Map(parts.headers.clone()));
        let mut all = Vec::new();
        while let Some(data) = body.data().await {
            let data = data.map_err(Stopped::Far)?;
            self.call.answer(&data);
            let _ = body.flow_control().release_capacity(data.len());
            all.push(data);
        }
        let trailers = body.trailers().await.map_err(Stopped::Far)?;
        if let Some(trailers) = &trailers {
            self.call.trailers(trailers.clone());
        }
        self.call.answered();
        Ok((Response::from_parts(parts, ()), all, trailers))
    }

    /// Sends a copy; its answer is written down and goes nowhere.
    async fn again(&self, held: &Held) {
        let copy: Call = self.shared.conn.shared.log.begin(self.call.head().clone());
        copy.hit("duplicate");
        copy.hide();
        for data in &held.data {
            copy.request(data);
        }
        copy.requested();
        let sent = async {
            let (answer, mut to) = open(&self.shared, &self.head, false).await?;
            upload_held(held, &mut to).await?;
            download(answer, None, &copy).await
        };
        match sent.await {
            Ok(()) => {}
            Err(Stopped::Far(error) | Stopped::Near(error)) => {
                copy.fail(ErrorKind::Reset, format!("the service ended the call: {error}"));
            }
            Err(Stopped::Refused(error)) => {
                copy.fail(ErrorKind::Refused, format!("the service cannot be reached: {error}"));
            }
        }
    }

    /// Answers in place of the service: of gRPC with trailers alone.
    fn say(mut self, status: &Value, headers: &[(Arc<str>, Arc<str>)]) -> Outcome {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(name.to_ascii_lowercase());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(&**value)) {
                map.append(name, value);
            }
        }
        let mut code = StatusCode::OK;
        if let Some(name) = status.as_text() {
            let number = CODES.iter().position(|(known, _)| *known == name).unwrap_or(2);
            map.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            map.insert("grpc-status", HeaderValue::from(number));
            map.insert("grpc-message", HeaderValue::from_static("answered by the link"));
        } else if let Some(number) = status.as_number().and_then(|number| number.to_usize()) {
            code =
                u16::try_from(number).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(code);
        }
        let mut response = Response::new(());
        *response.status_mut() = code;
        *response.headers_mut() = map.clone();
        self.call.response(code.as_u16(), Headers::Map(map));
        self.call.answered();
        match self.respond.send_response(response, true) {
            Ok(_) => Outcome::Done,
            Err(error) => self.stop(Stopped::Near(error)),
        }
    }
}

async fn upload_held(held: &Held, to: &mut SendStream<Bytes>) -> Result<(), Stopped> {
    for data in &held.data {
        // A service that has answered need not read the rest.
        if send(to, data.clone(), false).await.is_err() {
            return Ok(());
        }
    }
    match finish(to, held.trailers.clone()) {
        Ok(()) => Ok(()),
        Err(error) if error.is_reset() => Ok(()),
        Err(error) => Err(Stopped::Far(error)),
    }
}
