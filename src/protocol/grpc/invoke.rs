//! One RPC on a connection, from the first byte to its end.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::uri::PathAndQuery;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::codec::{CompressionEncoding, Streaming};
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Status};

use super::codec::Raw;
use super::connect::Connection;
use super::fault::Fault;
use super::status::Code;
use super::wire::{Seen, Sent, Wire};
use crate::protocol::ErrorKind;

/// What to call, and how.
#[derive(Debug, Clone)]
pub(super) struct Rpc {
    pub(super) connection: Arc<Connection>,
    /// `/ledger.v1.Ledger/GetEntry`.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) compression: Option<CompressionEncoding>,
    pub(super) max_size: usize,
    /// Records what comes.
    pub(super) seen: Arc<Seen>,
}

/// How an RPC ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// With a status that the server sent.
    Sent(Sent),
    /// Without one.
    Fault(Fault),
}

/// What comes next.
pub(super) enum Next {
    Message(Bytes),
    End(End),
}

/// An RPC whose answer has begun.
pub(super) struct Running {
    rpc: Rpc,
    messages: Streaming<Bytes>,
}

impl Rpc {
    /// Sends the requests, and waits until the answer begins.
    pub(super) async fn start(
        self,
        requests: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Running, End> {
        let Ok(path) = PathAndQuery::try_from(self.path.as_str()) else {
            return Err(End::Fault(Fault::protocol(format!("`{}` is no path of a method", self.path))));
        };
        let wire = Wire { connection: self.connection.clone(), seen: self.seen.clone() };
        let mut grpc = Grpc::new(wire)
            .max_decoding_message_size(self.max_size)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd);
        if let Some(compression) = self.compression {
            grpc = grpc.send_compressed(compression);
        }
        let metadata = MetadataMap::from_headers(self.headers.clone());
        let request = Request::from_parts(metadata, Extensions::default(), requests);
        match grpc.streaming(request, path, Raw).await {
            Ok(response) => Ok(Running { rpc: self, messages: response.into_inner() }),
            Err(status) => Err(self.end(Some(&status))),
        }
    }

    /// Calls a method with one answer: the answer, and how the call ended. `OK` without an
    /// answer, or with several, breaks the protocol.
    pub(super) async fn one(
        self,
        requests: impl Stream<Item = Bytes> + Send + 'static,
    ) -> (Option<Bytes>, End) {
        let url = self.connection.target.url.clone();
        let mut running = match self.start(requests).await {
            Ok(running) => running,
            Err(end) => return (None, end),
        };
        let mut answer = None;
        loop {
            match running.next().await {
                Next::Message(message) if answer.is_none() => answer = Some(message),
                Next::Message(_) => return (None, End::Fault(Fault::several(&url))),
                Next::End(end) if end.is_ok() && answer.is_none() => {
                    return (None, End::Fault(Fault::nothing(&url)));
                }
                Next::End(end) if end.is_ok() => return (answer, end),
                Next::End(end) => return (None, end),
            }
        }
    }

    /// What an end means. tonic alone would take an answer without a status for a success.
    fn end(&self, failure: Option<&Status>) -> End {
        let url = &self.connection.target.url;
        match (self.seen.status(), failure) {
            // A status that is an error is worth more than the message that broke off before it.
            (Some(sent), _) if sent.code == Code::OK && self.seen.truncated() => {
                End::Fault(Fault::truncated(url))
            }
            (Some(sent), None) => End::Sent(sent),
            (Some(sent), Some(_)) if sent.code != Code::OK => End::Sent(sent),
            (_, Some(status)) => {
                let fault = Fault::of_status(status, &self.connection, self.max_size);
                if matches!(fault.kind, ErrorKind::Reset | ErrorKind::Protocol) {
                    self.connection.breaks();
                }
                End::Fault(fault)
            }
            (None, None) => End::Fault(Fault::statusless(url)),
        }
    }
}

impl Running {
    /// The next message, or the end.
    pub(super) async fn next(&mut self) -> Next {
        match self.messages.message().await {
            Ok(Some(message)) => Next::Message(message),
            Ok(None) => Next::End(self.rpc.end(None)),
            Err(status) => Next::End(self.rpc.end(Some(&status))),
        }
    }
}

impl End {
    /// Whether the server said `OK`.
    pub(super) fn is_ok(&self) -> bool {
        matches!(self, End::Sent(sent) if sent.code == Code::OK)
    }
}

impl Fault {
    /// A message is not whole.
    pub(super) fn truncated(url: &str) -> Fault {
        Fault::protocol(format!("the answer of `{url}` breaks off in the middle of a message"))
    }

    /// There is no status.
    pub(super) fn statusless(url: &str) -> Fault {
        Fault::protocol(format!("`{url}` ended its answer without a `grpc-status`"))
    }

    /// A method with one answer gave several.
    pub(super) fn several(url: &str) -> Fault {
        Fault::protocol(format!("`{url}` sent several messages, but the contract says that one comes"))
    }

    /// A method with one answer gave none.
    pub(super) fn nothing(url: &str) -> Fault {
        Fault::protocol(format!("`{url}` said OK, but sent no message"))
    }
}
