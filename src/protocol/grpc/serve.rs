//! Playing a gRPC service by the descriptors of its contract: unary calls and all kinds of
//! streams. A call to a method that takes one message, or a stream of them as a whole, is one call;
//! of a bidirectional stream every message is one, answered as it comes.

mod answer;
mod specs;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use prost_reflect::MethodDescriptor;
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_util::task::AbortOnDropHandle;
use tonic::body::Body;
use tonic::codec::{CompressionEncoding, Streaming};
use tonic::server::StreamingService;
use tonic::{Request, Response, Status};

use super::codec::Raw;
use super::metadata;
use crate::contract::Contract;
use crate::contract::proto::Proto;
use crate::contract::proto::value::{decode, from_message};
use crate::event::Exchange;
use crate::protocol::serve::{Host, Received, Serving, listen, trace_of};
use crate::protocol::shown::cut;
use crate::protocol::{Endpoint, Misuse};
use crate::value::{BoxFuture, Object, Value, to_json_pretty};

pub use specs::SPECS;

use answer::{GrpcResponder, Out};

/// The largest message that is read: what gRPC servers take.
const MAX_SIZE: usize = 4 << 20;

/// Services that are in every server; nobody minds when they are not played.
const INCIDENTAL: [&str; 3] = ["grpc.health.v1.", "grpc.reflection.v1.", "grpc.reflection.v1alpha."];

/// Listens in the place of a service.
pub(super) fn serve(
    listener: TcpListener,
    endpoint: Arc<Endpoint>,
    host: Arc<dyn Host>,
) -> Result<Serving, Misuse> {
    let Some(Contract::Proto(proto)) = &endpoint.contract else {
        return Err(Misuse::new(format!("`{}` has no contract that tells its messages", endpoint.service))
            .help("write `speaks grpc contract \"./….proto\"`"));
    };
    let proto = proto.clone();
    Ok(listen(listener, move |request| {
        let player = Player { proto: proto.clone(), endpoint: endpoint.clone(), host: host.clone() };
        Box::pin(async move {
            Ok(player.answer(request.map(Body::new)).await.unwrap_or_else(|never| match never {}))
        })
    }))
}

/// Who plays the service for one call.
#[derive(Clone)]
struct Player {
    proto: Arc<Proto>,
    endpoint: Arc<Endpoint>,
    host: Arc<dyn Host>,
}

impl Player {
    async fn answer(self, request: http::Request<Body>) -> Result<http::Response<Body>, Infallible> {
        let path = request.uri().path().to_owned();
        let headers = request.headers().clone();
        let mut grpc = tonic::server::Grpc::new(Raw)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_SIZE)
            .max_encoding_message_size(usize::MAX);
        Ok(grpc.streaming(Handler { player: self, path, headers }, request).await)
    }

    fn method(&self, path: &str) -> Option<MethodDescriptor> {
        let (service, name) = path.strip_prefix('/')?.split_once('/')?;
        self.proto.pool().get_service_by_name(service)?.methods().find(|method| method.name() == name)
    }
}

/// One call on its way through tonic.
struct Handler {
    player: Player,
    path: String,
    headers: HeaderMap,
}

type Messages = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<Bytes, Status>> + Send>>;

impl StreamingService<Bytes> for Handler {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = BoxFuture<'static, Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let call = Incoming {
            method: self.player.method(&self.path),
            player: self.player.clone(),
            path: self.path.clone(),
            headers: self.headers.clone(),
        };
        Box::pin(async move {
            let (out, head, mut messages) = Out::new();
            // The caller may read answers before it has sent everything; when it goes away, so
            // does whoever answers.
            let work = AbortOnDropHandle::new(tokio::spawn(call.go(request.into_inner(), out)));
            let Ok(head) = head.await else {
                return match messages.recv().await {
                    Some(Err(status)) => Err(status),
                    _ => Err(Status::internal("no answer was given")),
                };
            };
            let stream = UnboundedReceiverStream::new(messages).map(move |message| {
                let _ = &work;
                message
            });
            let mut response = Response::new(Box::pin(stream) as Messages);
            *response.metadata_mut() = head;
            Ok(response)
        })
    }
}

/// A call as it comes.
struct Incoming {
    player: Player,
    path: String,
    /// None: the contract does not have it.
    method: Option<MethodDescriptor>,
    headers: HeaderMap,
}

impl Incoming {
    async fn go(self, mut messages: Streaming<Bytes>, out: Arc<Out>) {
        let many = self.method.as_ref().is_some_and(MethodDescriptor::is_client_streaming);
        let both = many && self.method.as_ref().is_some_and(MethodDescriptor::is_server_streaming);
        let mut read: Vec<Bytes> = Vec::new();
        let mut broken = None;
        loop {
            match messages.message().await {
                Ok(Some(message)) if both => {
                    self.hand_over(&[message], None, &out).await;
                    if out.is_over() {
                        return;
                    }
                }
                Ok(Some(message)) => {
                    read.push(message);
                    if !many {
                        break;
                    }
                }
                Ok(None) => break,
                Err(status) => {
                    broken = Some(format!("the call broke off: {}", status.message()));
                    break;
                }
            }
        }
        if !both || broken.is_some() {
            if !many && read.is_empty() && broken.is_none() {
                broken = Some("the call came without a message".to_owned());
            }
            self.hand_over(&read, broken, &out).await;
        }
        out.finish();
    }

    async fn hand_over(&self, messages: &[Bytes], broken: Option<String>, out: &Arc<Out>) {
        let call = self.received(messages, broken, out);
        self.player.host.clone().called(call).await;
    }

    fn received(&self, messages: &[Bytes], broken: Option<String>, out: &Arc<Out>) -> Received {
        let mut unreadable = broken;
        let mut read = |bytes: &Bytes| match &self.method {
            Some(method) => match decode(bytes, &method.input()) {
                Ok(message) => from_message(&message),
                Err(error) => {
                    let name = method.input().full_name().to_owned();
                    unreadable.get_or_insert(format!("the message is no `{name}`: {error}"));
                    Value::bytes(bytes.clone())
                }
            },
            None => Value::bytes(bytes.clone()),
        };
        let mut values: Vec<Value> = messages.iter().map(&mut read).collect();
        let is_list = self
            .method
            .as_ref()
            .is_some_and(|method| method.is_client_streaming() && !method.is_server_streaming());
        let message = match is_list {
            true => Value::list(values),
            false => values.pop().unwrap_or(Value::Absent),
        };
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let size: usize = messages.iter().map(Bytes::len).sum();
        let raw: Vec<u8> = messages.concat();
        let record = Object::from_iter([
            ("method".into(), Value::text(name)),
            ("path".into(), Value::text(self.path.as_str())),
            ("headers".into(), metadata::to_value(&self.headers)),
            ("body".into(), message.clone()),
            ("request".into(), message.clone()),
            ("raw".into(), Value::bytes(raw.clone())),
            ("request_size".into(), Value::int(size as i128)),
            ("trace".into(), trace_of(&self.headers)),
        ]);
        let mut content = format!("{}\n", self.path).into_bytes();
        content.extend_from_slice(&raw);
        let endpoint = &self.player.endpoint;
        Received {
            record,
            exchange: Exchange {
                protocol: "grpc".to_owned(),
                service: Some(endpoint.service.to_string()),
                request: format!("call {}", self.path.trim_start_matches('/')),
                request_headers: metadata::to_lines(&self.headers),
                request_body: cut(&to_json_pretty(&message)),
                ..Exchange::default()
            },
            at_hand: message,
            content,
            unreadable,
            off_contract: None,
            is_incidental: INCIDENTAL.iter().any(|of| self.path.trim_start_matches('/').starts_with(of)),
            responder: Box::new(GrpcResponder {
                proto: self.player.proto.clone(),
                path: self.path.clone(),
                method: self.method.clone(),
                out: out.clone(),
                replies: 0,
            }),
        }
    }
}
