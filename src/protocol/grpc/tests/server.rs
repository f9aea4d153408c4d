//! A gRPC server whose messages are as dynamic as the client's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::MessageDescriptor;
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::codec::{CompressionEncoding, Streaming};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::server::{NamedService, StreamingService};
use tonic::transport::ServerTlsConfig;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

use super::super::codec::Raw;
use super::v;
use crate::contract::proto::value::{decode, from_message, to_message};
use crate::contract::proto::{Proto, compile};
use crate::value::BoxFuture;
use crate::value::{Value, show};

pub(super) const PROTO: &str = r#"
syntax = "proto3";
package test.v1;
import "google/protobuf/timestamp.proto";

service Ledger {
  rpc Get(GetRequest) returns (Entry);
  rpc Watch(WatchRequest) returns (stream Entry);
  rpc Import(stream Entry) returns (Summary);
  rpc Sync(stream Entry) returns (stream Entry);
}
service Second {
  rpc Gone(GetRequest) returns (Entry);
  rpc Only(GetRequest) returns (Entry);
}
message GetRequest { string id = 1; bytes payload = 2; google.protobuf.Timestamp since = 3; }
message WatchRequest { int32 count = 1; string then = 2; }
message Entry { string id = 1; int64 seq = 2; map<string, string> metadata = 3; bytes payload = 4; string note = 5; }
message Summary { int64 total = 1; }
"#;

pub(super) fn contract() -> Arc<Proto> {
    static CONTRACT: OnceLock<Arc<Proto>> = OnceLock::new();
    CONTRACT
        .get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("ledger.proto");
            std::fs::write(&file, PROTO).unwrap();
            compile(&file).unwrap()
        })
        .clone()
}

fn message(name: &str) -> MessageDescriptor {
    contract().get_message_by_name(&format!("test.v1.{name}")).unwrap()
}

pub(super) fn encode(name: &str, value: &Value) -> Bytes {
    to_message(value, &message(name)).unwrap().encode_to_vec().into()
}

fn entry(id: &str, seq: i64) -> Bytes {
    encode("Entry", &Value::object([("id", Value::text(id)), ("seq", Value::int(seq))]))
}

type Answers = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Which version of reflection a server offers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reflection {
    None,
    V1,
    V1Alpha,
}

/// How to start a server.
pub(super) struct Setup {
    pub(super) reflection: Reflection,
    /// What the health service says, if there is one.
    pub(super) serving: Option<bool>,
    pub(super) tls: Option<ServerTlsConfig>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup { reflection: Reflection::None, serving: None, tls: None }
    }
}

/// A server on a runtime of its own, so that dropping it breaks its connections.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub(super) fn start() -> Server {
        Server::with(Setup::default())
    }

    pub(super) fn with(setup: Setup) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Server::on(listener, setup)
    }

    pub(super) fn on(listener: std::net::TcpListener, setup: Setup) -> Server {
        let addr = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let incoming = TcpIncoming::from(tokio::net::TcpListener::from_std(listener).unwrap());
            let mut server = tonic::transport::Server::builder();
            if let Some(tls) = setup.tls {
                server = server.tls_config(tls).unwrap();
            }
            let set = || prost_types::FileDescriptorSet {
                file: contract().file_descriptor_protos().cloned().collect(),
            };
            let reflection =
                || tonic_reflection::server::Builder::configure().register_file_descriptor_set(set());
            let v1 = (setup.reflection == Reflection::V1).then(|| reflection().build_v1().unwrap());
            let alpha =
                (setup.reflection == Reflection::V1Alpha).then(|| reflection().build_v1alpha().unwrap());
            let health = match setup.serving {
                None => None,
                Some(serving) => {
                    let (reporter, health) = tonic_health::server::health_reporter();
                    use tonic_health::ServingStatus::{NotServing, Serving};
                    reporter.set_service_status("", if serving { Serving } else { NotServing }).await;
                    Some(health)
                }
            };
            server
                .add_service(Ledger)
                .add_service(Second)
                .add_optional_service(v1)
                .add_optional_service(alpha)
                .add_optional_service(health)
                .serve_with_incoming(incoming)
                .await
                .unwrap();
        });
        Server { addr, runtime: Some(runtime) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

macro_rules! service {
    ($name:ident, $full:literal) => {
        #[derive(Clone)]
        struct $name;

        impl NamedService for $name {
            const NAME: &'static str = $full;
        }

        impl tower_service::Service<http::Request<Body>> for $name {
            type Response = http::Response<Body>;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<http::Response<Body>, Infallible>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<Body>) -> Self::Future {
                let path = request.uri().path().to_owned();
                Box::pin(async move {
                    let mut grpc = tonic::server::Grpc::new(Raw)
                        .accept_compressed(CompressionEncoding::Gzip)
                        .accept_compressed(CompressionEncoding::Zstd);
                    if request.headers().contains_key("x-compress") {
                        grpc = grpc.send_compressed(CompressionEncoding::Zstd);
                    }
                    Ok(grpc.streaming(Handler { path }, request).await)
                })
            }
        }
    };
}

service!(Ledger, "test.v1.Ledger");
service!(Second, "test.v1.Second");

struct Handler {
    path: String,
}

impl StreamingService<Bytes> for Handler {
    type Response = Bytes;
    type ResponseStream = Answers;
    type Future = BoxFuture<'static, Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        let path = self.path.clone();
        Box::pin(async move {
            match path.as_str() {
                "/test.v1.Ledger/Get" | "/test.v1.Second/Only" => one(request).await,
                "/test.v1.Ledger/Watch" => watch(request).await,
                "/test.v1.Ledger/Import" => import(request).await,
                "/test.v1.Ledger/Sync" => Ok(sync(request)),
                _ => Err(Status::unimplemented("no such method")),
            }
        })
    }
}

fn answers(items: Vec<Result<Bytes, Status>>) -> Answers {
    Box::pin(tokio_stream::iter(items))
}

async fn first(request: Request<Streaming<Bytes>>, name: &str) -> Result<(MetadataMap, Value), Status> {
    let (metadata, _, mut messages) = request.into_parts();
    let bytes = messages.message().await?.ok_or_else(|| Status::internal("no message"))?;
    Ok((metadata, from_message(&decode(&bytes, &message(name)).map_err(Status::internal)?)))
}

async fn one(request: Request<Streaming<Bytes>>) -> Result<Response<Answers>, Status> {
    let (metadata, value) = first(request, "GetRequest").await?;
    let id = value.as_object().unwrap()["id"].as_text().unwrap().to_owned();
    let bytes = match id.as_str() {
        "slow" => std::future::pending().await,
        "missing" => return Err(missing()),
        "plain" => return Err(Status::permission_denied("not »you«, 100%")),
        "big" => encode("Entry", &Value::object([("note", Value::text("x".repeat(5 << 20)))])),
        "invalid" => Bytes::from_static(b"\x0a\x01\xff"),
        "none" => return Ok(Response::new(answers(Vec::new()))),
        "twice" => return Ok(Response::new(answers(vec![Ok(entry("a", 1)), Ok(entry("b", 2))]))),
        _ => encode("Entry", &echo(&metadata, &value)),
    };
    let mut response = Response::new(answers(vec![Ok(bytes)]));
    response.metadata_mut().insert("x-request-id", "r1".parse().unwrap());
    response.metadata_mut().append("x-many", "a".parse().unwrap());
    response.metadata_mut().append("x-many", "b".parse().unwrap());
    response.metadata_mut().insert_bin("x-blob-bin", MetadataValue::from_bytes(&[0, 255]));
    Ok(response)
}

/// What the server got, as an entry.
fn echo(metadata: &MetadataMap, value: &Value) -> Value {
    let headers = metadata.clone().into_headers();
    let got = headers.iter().map(|(name, value)| (name.to_string(), Value::text(value.to_str().unwrap())));
    let fields = value.as_object().unwrap();
    Value::object([
        ("id", fields["id"].clone()),
        ("seq", Value::int(9_007_199_254_740_993_i64)),
        ("metadata", Value::object(got)),
        ("payload", fields["payload"].clone()),
        ("note", Value::text(show(value))),
    ])
}

fn missing() -> Status {
    let any = |url: &str, value: Vec<u8>| prost_types::Any { type_url: url.to_owned(), value };
    let info = tonic_types::pb::ErrorInfo {
        reason: "ORDER_UNKNOWN".to_owned(),
        domain: "ledger".to_owned(),
        metadata: [("order".to_owned(), "nope".to_owned())].into(),
    };
    let status = tonic_types::pb::Status {
        code: 5,
        message: "no such order".to_owned(),
        details: vec![
            any("type.googleapis.com/google.rpc.ErrorInfo", info.encode_to_vec()),
            any("type.googleapis.com/test.v1.Entry", entry("e9", 9).to_vec()),
            any("type.googleapis.com/no.Such", vec![1, 2]),
        ],
    };
    let mut metadata = MetadataMap::new();
    metadata.insert("x-ledger-node", "n1".parse().unwrap());
    Status::with_details_and_metadata(
        Code::NotFound,
        "no such order",
        status.encode_to_vec().into(),
        metadata,
    )
}

async fn watch(request: Request<Streaming<Bytes>>) -> Result<Response<Answers>, Status> {
    let (_, value) = first(request, "WatchRequest").await?;
    let fields = value.as_object().unwrap();
    let count = fields["count"].as_number().unwrap().to_usize().unwrap();
    let then = fields["then"].as_text().unwrap().to_owned();
    if then == "refuse" {
        return Err(missing());
    }
    let entries = (1..=count).map(|seq| Ok(entry(&format!("e{seq}"), seq as i64)));
    let entries = tokio_stream::iter(entries.collect::<Vec<_>>());
    let stream: Answers = match then.as_str() {
        "hang" => Box::pin(entries.chain(Never)),
        "fail" => Box::pin(entries.chain(tokio_stream::once(Err(missing())))),
        "flood" => Box::pin(Flood),
        "invalid" => Box::pin(entries.chain(tokio_stream::once(Ok(Bytes::from_static(b"\x0a\x01\xff"))))),
        "never" => std::future::pending().await,
        _ => Box::pin(entries),
    };
    let mut response = Response::new(stream);
    response.metadata_mut().insert("x-request-id", "w1".parse().unwrap());
    Ok(response)
}

/// A stream on which nothing comes and which does not end.
struct Never;

impl Stream for Never {
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Pending
    }
}

/// A stream that never stops.
struct Flood;

impl Stream for Flood {
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(encode("Entry", &Value::object([("note", Value::text("x".repeat(10_000)))])))))
    }
}

async fn import(request: Request<Streaming<Bytes>>) -> Result<Response<Answers>, Status> {
    let mut messages = request.into_inner();
    let mut total = 0;
    while let Some(bytes) = messages.message().await? {
        let value = from_message(&decode(&bytes, &message("Entry")).map_err(Status::internal)?);
        if value.as_object().unwrap()["id"].as_text() == Some("bad") {
            return Err(Status::invalid_argument("a bad entry"));
        }
        total += 1;
    }
    Ok(Response::new(answers(vec![Ok(encode("Summary", &v(&format!(r#"{{"total":{total}}}"#))))])))
}

fn sync(request: Request<Streaming<Bytes>>) -> Response<Answers> {
    let bad = |bytes: &Bytes| {
        from_message(&decode(bytes, &message("Entry")).unwrap()).as_object().unwrap()["id"].as_text()
            == Some("bad")
    };
    let echoed = request.into_inner().map(move |item| match item {
        Ok(bytes) if bad(&bytes) => Err(Status::invalid_argument("a bad entry")),
        other => other,
    });
    // tonic ends a stream at its first error.
    Response::new(Box::pin(echoed))
}
