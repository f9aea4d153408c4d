//! Requests of clients that bring load: each client has connections of its own, kept open, and
//! drives them itself, so that no task has to wake another. Plain HTTP/1.1 (RFC 9112) only; all else
//! goes by the common client.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use reqwest::header::{HOST, HeaderMap};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::super::{Call, Misuse, Reply};
use super::fault::Fault;
use super::options::Options;
use super::payload::Payload;
use super::phases::{ConnectTimeout, NoAddress};
use super::ready::Ready;
use super::record::Answer;
use super::target::Target;
use super::transfer::{Head, Received, Sent, Transfer, since, too_large_fault};

/// The connections of one client that nothing uses now, by host and port.
#[derive(Debug, Default)]
pub(super) struct Lines(Mutex<Vec<Line>>);

/// One connection, whose two ends this client moves by itself.
#[derive(Debug)]
struct Line {
    authority: Box<str>,
    sender: SendRequest<Full<Bytes>>,
    connection: Option<Pin<Box<Driven>>>,
}

/// What moves the bytes of a connection when it is polled.
type Driven = Connection<TokioIo<TcpStream>, Full<Bytes>>;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Performs a request; reports show little of one that succeeds and breaks no contract.
pub(super) async fn request(transfer: &Transfer<'_>, ready: &Ready, call: &Call) -> Result<Reply, Misuse> {
    let answer = exchange(transfer, ready).await;
    let service = call.endpoint.as_ref().map(|endpoint| endpoint.service.clone());
    let bare = call.endpoint.as_ref().is_some_and(|endpoint| endpoint.contract.is_none());
    Ok(if bare { answer.light(transfer, service) } else { answer.reply(transfer, service) })
}

/// Performs one exchange.
async fn exchange(transfer: &Transfer<'_>, ready: &Ready) -> Answer {
    let mut sent = Sent::new(transfer.options, ready.method.clone(), ready.target.clone());
    sent.headers = transfer.headers(&sent);
    let request = message(&sent, ready, transfer.payload);
    let lines = transfer.session.own::<Lines>();
    let mut received = Received::default();
    let mut bytes = Gathered::default();
    let (limit, deadline) = (transfer.options.limit, sent.deadline);
    let came = async {
        let mut line = match lines.take(&ready.authority).await {
            Some(line) => line,
            None => {
                sent.phases.connecting();
                let line = Line::connect(&sent.target, &ready.authority, transfer.options).await;
                let line = line.map_err(|error| Fault::of_request(&*error, &sent.target.shown))?;
                sent.phases.connected();
                line
            }
        };
        let response = line.send(request).await;
        let response = response.map_err(|error| Fault::of_request(&error, &sent.target.shown))?;
        sent.phases.head();
        let (parts, body) = response.into_parts();
        if transfer.options.cookies {
            transfer.state.keep_cookies(&parts.headers, &sent.target.url);
        }
        let length = parts.headers.get(reqwest::header::CONTENT_LENGTH);
        bytes.length = length.and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or(0);
        sent.head = Some(Head::of_parts(parts));
        match line.read(body, &mut bytes, limit).await {
            Ok(trailers) => {
                received.trailers = trailers;
                lines.keep(line);
            }
            Err(Ended::TooLarge) => received.fault = Some(too_large_fault(&sent.target.shown, limit)),
            Err(Ended::Broken(error)) => {
                received.fault = Some(Fault::of_body(&error, &sent.target.shown, bytes.len()));
            }
        }
        Ok::<_, Fault>(())
    };
    let fault = match timeout_at(deadline, came).await {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => Some(fault),
        Err(_) => Some(Fault::timeout(&sent.target.shown, transfer.options.timeout, sent.phases.word())),
    };
    received.body = bytes.whole();
    // A body that did not end in time is at fault, and not what came before it.
    let fault = match fault {
        Some(late) if sent.head.is_some() => {
            received.fault = Some(late);
            None
        }
        fault => fault,
    };
    sent.phases.end();
    let took = since(&sent);
    Answer::of(transfer, sent, received, fault, took).await
}

fn message(sent: &Sent, ready: &Ready, payload: &Payload) -> ::http::Request<Full<Bytes>> {
    let mut request = ::http::Request::new(Full::new(payload.at_hand().unwrap_or_default()));
    *request.method_mut() = ready.method.clone();
    *request.uri_mut() = ready.path.clone();
    let headers = request.headers_mut();
    headers.insert(HOST, ready.host.clone());
    for header in &sent.headers {
        if header.name == HOST {
            headers.insert(HOST, header.value.clone());
        } else {
            headers.append(header.name.clone(), header.value.clone());
        }
    }
    request
}

impl Lines {
    /// An open connection to a host and port.
    async fn take(&self, authority: &str) -> Option<Line> {
        loop {
            let mut line = {
                let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let at = lines.iter().position(|line| *line.authority == *authority)?;
                lines.swap_remove(at)
            };
            // One that the other side has closed in the meantime is none.
            if line.is_open().await {
                return Some(line);
            }
        }
    }

    fn keep(&self, line: Line) {
        if line.connection.is_some() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}

/// Why a body did not come whole.
enum Ended {
    TooLarge,
    Broken(hyper::Error),
}

impl Line {
    async fn connect(target: &Target, authority: &str, options: &Options) -> Result<Line, BoxError> {
        let host = target.url.host_str().unwrap_or_default();
        let port = target.url.port_or_known_default().unwrap_or(80);
        let connecting = async {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let found = tokio::net::lookup_host((bare, port)).await.map_err(|error| {
                BoxError::from(NoAddress { host: host.to_owned(), why: error.to_string() })
            })?;
            let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
            for address in found {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                }
            }
            Err(BoxError::from(last))
        };
        let stream = match options.connect_timeout {
            Some(limit) => timeout_at(Instant::now() + limit, connecting)
                .await
                .unwrap_or_else(|_| Err(BoxError::from(ConnectTimeout)))?,
            None => connecting.await?,
        };
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Line { authority: authority.into(), sender, connection: Some(Box::pin(connection)) })
    }

    /// Moves the connection; it may have ended, which whoever waits for an answer hears.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(connection) = &mut self.connection
            && connection.as_mut().poll(cx).is_ready()
        {
            self.connection = None;
        }
    }

    async fn is_open(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            match self.sender.poll_ready(cx) {
                Poll::Ready(ready) => Poll::Ready(ready.is_ok() && self.connection.is_some()),
                Poll::Pending if self.connection.is_none() => Poll::Ready(false),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    async fn send(
        &mut self,
        request: ::http::Request<Full<Bytes>>,
    ) -> Result<::http::Response<Incoming>, hyper::Error> {
        let mut answer = std::pin::pin!(self.sender.send_request(request));
        let connection = &mut self.connection;
        poll_fn(|cx| {
            if let Some(driven) = connection
                && driven.as_mut().poll(cx).is_ready()
            {
                *connection = None;
            }
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// Reads a body to its end, at most so many bytes of it.
    async fn read(
        &mut self,
        mut body: Incoming,
        into: &mut Gathered,
        limit: usize,
    ) -> Result<Option<HeaderMap>, Ended> {
        let mut trailers = None;
        loop {
            let frame = poll_fn(|cx| {
                // What has come already is read before the connection is asked for more.
                match Pin::new(&mut body).poll_frame(cx) {
                    Poll::Ready(frame) => Poll::Ready(frame),
                    Poll::Pending => {
                        self.drive(cx);
                        Pin::new(&mut body).poll_frame(cx)
                    }
                }
            })
            .await;
            match frame {
                None => return Ok(trailers),
                Some(Err(error)) => return Err(Ended::Broken(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if into.len() + data.len() > limit => {
                        into.add(data.slice(..limit - into.len()));
                        return Err(Ended::TooLarge);
                    }
                    Ok(data) => into.add(data),
                    Err(frame) => trailers = frame.into_trailers().ok(),
                },
            }
        }
    }
}

/// A body as far as it came; only one in several pieces is copied together.
#[derive(Default)]
struct Gathered {
    first: Bytes,
    rest: BytesMut,
    length: usize,
}

impl Gathered {
    fn len(&self) -> usize {
        self.first.len().max(self.rest.len())
    }

    fn add(&mut self, data: Bytes) {
        if self.first.is_empty() {
            self.first = data;
            return;
        }
        if self.rest.is_empty() {
            self.rest.reserve(self.length.min(16 << 20).max(2 * self.first.len()));
            self.rest.extend_from_slice(&self.first);
        }
        self.rest.extend_from_slice(&data);
    }

    fn whole(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}
