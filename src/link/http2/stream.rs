//! One stream of HTTP/2: a request and its answer, both ways at once.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response, Version};

use super::{Outcome, Shared};
use crate::link::calls::log::{Call, Head, Headers};
use crate::protocol::ErrorKind;
use crate::protocol::grpc::is_grpc;

/// A stream of the caller, with what is written down of it.
pub(super) struct Stream {
    pub(super) shared: Arc<Shared>,
    pub(super) call: Call,
    pub(super) head: Request<()>,
    pub(super) body: RecvStream,
    pub(super) respond: SendResponse<Bytes>,
}

pub(super) async fn serve(
    shared: Arc<Shared>,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Outcome {
    let (mut parts, body) = request.into_parts();
    parts.version = Version::HTTP_2;
    // The extensions hold what only this side knows.
    parts.extensions = http::Extensions::new();
    let is_grpc = parts.headers.get(http::header::CONTENT_TYPE).is_some_and(|kind| is_grpc(kind.as_bytes()));
    let log = &shared.conn.shared.log;
    let call = log.begin(Head {
        method: parts.method.as_str().into(),
        target: parts.uri.path_and_query().map_or("/", |path| path.as_str()).into(),
        headers: Headers::Map(parts.headers.clone()),
        is_grpc,
    });
    shared.conn.heard.begins(&call);
    let stream = Stream { shared, call, head: Request::from_parts(parts, ()), body, respond };
    if stream.shared.conn.shared.has(false) { stream.under().await } else { stream.pass().await }
}

/// Why a side stopped.
pub(super) enum Stopped {
    Near(h2::Error),
    Far(h2::Error),
    /// The service cannot be reached.
    Refused(std::io::Error),
}

impl Stream {
    /// Passes the request and its answer on.
    pub(super) async fn pass(mut self) -> Outcome {
        let ends = self.body.is_end_stream();
        let (answer, to_far) = match open(&self.shared, &self.head, ends).await {
            Ok(opened) => opened,
            Err(stopped) => return self.stop(stopped),
        };
        if ends {
            self.call.requested();
        }
        let stopped = {
            let Stream { call, body, respond, .. } = &mut self;
            let mut to_far = to_far;
            let up = async {
                if !ends {
                    upload(body, &mut to_far, call).await?;
                }
                // The answer decides when the stream is over.
                std::future::pending::<Result<(), Stopped>>().await
            };
            let down = download(answer, Some(respond), call);
            tokio::select! {
                biased;
                done = down => done.err(),
                stopped = up => stopped.err(),
            }
        };
        match stopped {
            None => Outcome::Done,
            Some(stopped) => self.stop(stopped),
        }
    }

    /// Passes on how a side stopped.
    pub(super) fn stop(mut self, stopped: Stopped) -> Outcome {
        match stopped {
            Stopped::Near(error) => {
                self.call.fail(ErrorKind::Cancelled, format!("the caller ended the call: {error}"));
                Outcome::Done
            }
            Stopped::Refused(error) => {
                self.call.fail(ErrorKind::Refused, format!("the service cannot be reached: {error}"));
                Outcome::Broken
            }
            Stopped::Far(error) => {
                self.call.fail(ErrorKind::Reset, format!("the service ended the call: {error}"));
                match error.reason() {
                    Some(reason) if error.is_reset() => {
                        self.respond.send_reset(reason);
                        Outcome::Done
                    }
                    // It was not taken any more, so it may be sent again (RFC 9113 §8.7).
                    Some(Reason::NO_ERROR) if error.is_go_away() => {
                        self.respond.send_reset(Reason::REFUSED_STREAM);
                        Outcome::Done
                    }
                    _ => Outcome::Broken,
                }
            }
        }
    }
}

/// Begins the request at the service.
pub(super) async fn open(
    shared: &Shared,
    head: &Request<()>,
    ends: bool,
) -> Result<(ResponseFuture, SendStream<Bytes>), Stopped> {
    let sender: SendRequest<Bytes> = shared.sender().await.map_err(Stopped::Refused)?;
    let mut ready = sender.ready().await.map_err(Stopped::Far)?;
    ready.send_request(head.clone(), ends).map_err(Stopped::Far)
}

/// Sends the caller's body to its end.
pub(super) async fn upload(
    body: &mut RecvStream,
    to: &mut SendStream<Bytes>,
    call: &Call,
) -> Result<(), Stopped> {
    while let Some(data) = body.data().await {
        let data = data.map_err(Stopped::Near)?;
        let size = data.len();
        call.request(&data);
        let ends = body.is_end_stream();
        if ends {
            call.requested();
        }
        // A service that has answered need not read the rest.
        if send(to, data, ends).await.is_err() {
            return Ok(());
        }
        let _ = body.flow_control().release_capacity(size);
        if ends {
            return Ok(());
        }
    }
    let trailers = body.trailers().await.map_err(Stopped::Near)?;
    call.requested();
    finish(to, trailers).map_err(Stopped::Far)
}

/// Ends a side: with trailers, or with nothing.
pub(super) fn finish(to: &mut SendStream<Bytes>, trailers: Option<HeaderMap>) -> Result<(), h2::Error> {
    match trailers {
        Some(trailers) => to.send_trailers(trailers),
        None => to.send_data(Bytes::new(), true),
    }
}

/// Sends data as the other side makes room for it.
pub(super) async fn send(to: &mut SendStream<Bytes>, mut data: Bytes, ends: bool) -> Result<(), h2::Error> {
    if data.is_empty() {
        return if ends { to.send_data(data, true) } else { Ok(()) };
    }
    while !data.is_empty() {
        to.reserve_capacity(data.len());
        while to.capacity() == 0 {
            match poll_fn(|cx| to.poll_capacity(cx)).await {
                Some(room) => room?,
                None => return Err(Reason::CANCEL.into()),
            };
        }
        let part = data.split_to(to.capacity().min(data.len()));
        to.send_data(part, ends && data.is_empty())?;
    }
    Ok(())
}

enum Came {
    Interim(Response<()>),
    Answer(Result<Response<RecvStream>, h2::Error>),
    /// The caller reset the stream.
    Gone(h2::Error),
}

/// Takes the answer to its end, and sends it to the caller where there is one.
pub(super) async fn download(
    mut answer: ResponseFuture,
    mut respond: Option<&mut SendResponse<Bytes>>,
    call: &Call,
) -> Result<(), Stopped> {
    let response = loop {
        let came = poll_fn(|cx| {
            if let Poll::Ready(Some(Ok(interim))) = answer.poll_informational(cx) {
                return Poll::Ready(Came::Interim(interim));
            }
            if let Some(respond) = &mut respond
                && let Poll::Ready(gone) = respond.poll_reset(cx)
            {
                return Poll::Ready(Came::Gone(gone.map_or_else(|error| error, h2::Error::from)));
            }
            Pin::new(&mut answer).poll(cx).map(Came::Answer)
        });
        match came.await {
            Came::Interim(interim) => {
                if let Some(respond) = &mut respond {
                    let _ = respond.send_informational(interim);
                }
            }
            Came::Answer(Ok(response)) => break response,
            Came::Answer(Err(error)) => return Err(Stopped::Far(error)),
            Came::Gone(error) => return Err(Stopped::Near(error)),
        }
    };
    let (mut parts, mut body) = response.into_parts();
    parts.extensions = http::Extensions::new();
    call.response(parts.status.as_u16(), Headers::Map(parts.headers.clone()));
    let ends = body.is_end_stream();
    let mut to = match &mut respond {
        Some(respond) => {
            let sent = respond.send_response(Response::from_parts(parts, ()), ends);
            Some(sent.map_err(Stopped::Near)?)
        }
        None => None,
    };
    if ends {
        call.answered();
        return Ok(());
    }
    loop {
        let data = match &mut to {
            Some(to) => next(&mut body, to).await?,
            None => body.data().await.transpose().map_err(Stopped::Far)?,
        };
        let Some(data) = data else { break };
        let size = data.len();
        call.answer(&data);
        let ends = body.is_end_stream();
        if ends {
            call.answered();
        }
        if let Some(to) = &mut to {
            send(to, data, ends).await.map_err(Stopped::Near)?;
        }
        let _ = body.flow_control().release_capacity(size);
        if ends {
            return Ok(());
        }
    }
    let trailers = body.trailers().await.map_err(Stopped::Far)?;
    if let Some(trailers) = &trailers {
        call.trailers(trailers.clone());
    }
    call.answered();
    match &mut to {
        Some(to) => finish(to, trailers).map_err(Stopped::Near),
        None => Ok(()),
    }
}

/// The next data of the answer, unless the caller resets the stream before it comes.
async fn next(body: &mut RecvStream, to: &mut SendStream<Bytes>) -> Result<Option<Bytes>, Stopped> {
    poll_fn(|cx| {
        if let Poll::Ready(data) = body.poll_data(cx) {
            return Poll::Ready(data.transpose().map_err(Stopped::Far));
        }
        match to.poll_reset(cx) {
            Poll::Ready(gone) => {
                let error = gone.map_or_else(|error| error, h2::Error::from);
                Poll::Ready(Err(Stopped::Near(error)))
            }
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
