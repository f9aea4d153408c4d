//! Server reflection (<https://grpc.io/docs/guides/reflection/>): descriptors from the server
//! itself, for services without a contract. Version 1, else v1alpha, whose messages are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::connect::Connection;
use super::fault::{Fault, Stop};
use super::invoke::{End, Next, Rpc, Running};
use super::status::Code;
use super::wire::Seen;
use crate::protocol::Misuse;

const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// A server that describes more files than this is broken or hostile.
const MAX_FILES: usize = 4096;
/// The largest answer, in bytes.
const MAX_ANSWER: usize = 16 << 20;

/// What the servers of a run told, by address.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pools: Mutex<BTreeMap<String, Slot>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<DescriptorPool>>>;

/// Whom to ask.
pub(super) struct Ask<'a> {
    pub(super) connection: &'a Arc<Connection>,
    /// Metadata: reflection may want credentials too.
    pub(super) headers: HeaderMap,
    /// The service's name, for messages.
    pub(super) service: &'a str,
}

impl Cache {
    /// The descriptors of a server; `anew` asks it again.
    pub(super) async fn get(&self, ask: &Ask<'_>, anew: bool) -> Result<DescriptorPool, Stop> {
        let slot = {
            let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
            pools.entry(ask.connection.target.url.clone()).or_default().clone()
        };
        let mut slot = slot.lock().await;
        match slot.as_ref() {
            Some(pool) if !anew => Ok(pool.clone()),
            _ => Ok(slot.insert(fetch(ask).await?).clone()),
        }
    }
}

async fn fetch(ask: &Ask<'_>) -> Result<DescriptorPool, Stop> {
    let url = &ask.connection.target.url;
    for path in PATHS {
        match Conversation::hold(ask, path).await {
            Err(Refusal::End(End::Sent(sent))) if sent.code == Code::UNIMPLEMENTED => {}
            Err(Refusal::End(End::Sent(sent))) => {
                let (name, message) = (sent.code.name(), sent.message);
                return Err(Misuse::new(format!("`{url}` refuses reflection: {name}: {message}"))
                    .help("give the service its contract: `speaks grpc contract \"./ledger.proto\"`")
                    .into());
            }
            Err(Refusal::End(End::Fault(fault))) => return Err(fault.into()),
            Err(Refusal::Answer(why)) => {
                return Err(Fault::protocol(format!("the reflection of `{url}` is broken: {why}")).into());
            }
            Ok(pool) => return Ok(pool),
        }
    }
    Err(Misuse::new(format!("`{}` has no contract, and its server offers no reflection", ask.service))
        .help("name the contract: `speaks grpc contract \"./ledger.proto\"`; or register reflection in the server")
        .into())
}

/// Why reflection gave nothing.
enum Refusal {
    /// The call ended.
    End(End),
    /// An answer makes no sense.
    Answer(String),
}

/// Questions and answers on one stream.
struct Conversation {
    questions: mpsc::Sender<Bytes>,
    answers: Running,
}

impl Conversation {
    async fn hold(ask: &Ask<'_>, path: &str) -> Result<DescriptorPool, Refusal> {
        let (questions, outbox) = mpsc::channel(1);
        let rpc = Rpc {
            connection: ask.connection.clone(),
            path: path.to_owned(),
            headers: ask.headers.clone(),
            compression: None,
            max_size: MAX_ANSWER,
            seen: Arc::new(Seen::default()),
        };
        // The first question goes before the answer begins: servers wait for it.
        let first = encode(MessageRequest::ListServices(String::new()));
        let _ = questions.send(first).await;
        let answers = rpc.start(ReceiverStream::new(outbox)).await.map_err(Refusal::End)?;
        let mut conversation = Conversation { questions, answers };
        let services = match conversation.answer().await? {
            MessageResponse::ListServicesResponse(list) => list.service,
            other => return Err(unexpected(&other)),
        };
        let mut files = Files::default();
        for service in services {
            // A service that the server cannot describe does not hide the others.
            files.add(conversation.ask(MessageRequest::FileContainingSymbol(service.name)).await?)?;
        }
        while let Some(name) = files.missing() {
            files.asked.insert(name.clone());
            files.add(conversation.ask(MessageRequest::FileByFilename(name)).await?)?;
        }
        files.into_pool()
    }

    async fn ask(&mut self, question: MessageRequest) -> Result<MessageResponse, Refusal> {
        // A stream that is over shows in the answer.
        let _ = self.questions.send(encode(question)).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<MessageResponse, Refusal> {
        match self.answers.next().await {
            Next::Message(bytes) => ServerReflectionResponse::decode(bytes)
                .map_err(|error| Refusal::Answer(error.to_string()))?
                .message_response
                .ok_or_else(|| Refusal::Answer("an answer is empty".to_owned())),
            Next::End(end) if end.is_ok() => {
                Err(Refusal::Answer("it ended before it had answered".to_owned()))
            }
            Next::End(end) => Err(Refusal::End(end)),
        }
    }
}

fn encode(question: MessageRequest) -> Bytes {
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    request.encode_to_vec().into()
}

fn unexpected(answer: &MessageResponse) -> Refusal {
    match answer {
        MessageResponse::ErrorResponse(error) => Refusal::Answer(error.error_message.clone()),
        _ => Refusal::Answer("an answer is for another question".to_owned()),
    }
}

/// The files that came, by name.
#[derive(Default)]
struct Files {
    files: BTreeMap<String, (FileDescriptorProto, Bytes)>,
    asked: BTreeSet<String>,
}

impl Files {
    fn add(&mut self, answer: MessageResponse) -> Result<(), Refusal> {
        let files = match answer {
            MessageResponse::FileDescriptorResponse(files) => files.file_descriptor_proto,
            // Unknown files and symbols: their users will not build, and say so.
            MessageResponse::ErrorResponse(_) => return Ok(()),
            other => return Err(unexpected(&other)),
        };
        for bytes in files {
            let bytes = Bytes::from(bytes);
            let file = FileDescriptorProto::decode(bytes.clone())
                .map_err(|error| Refusal::Answer(format!("a descriptor cannot be decoded: {error}")))?;
            self.files.insert(file.name().to_owned(), (file, bytes));
        }
        if self.files.len() > MAX_FILES {
            return Err(Refusal::Answer(format!("it describes more than {MAX_FILES} files")));
        }
        Ok(())
    }

    /// A file that another one imports, and that has not been asked for.
    fn missing(&self) -> Option<String> {
        let imports = self.files.values().flat_map(|(file, _)| &file.dependency);
        imports.filter(|name| !self.files.contains_key(*name) && !self.asked.contains(*name)).min().cloned()
    }

    /// Everything that fits together. Well-known types that the server left out are filled in.
    fn into_pool(mut self) -> Result<DescriptorPool, Refusal> {
        let mut pool = DescriptorPool::new();
        let known = DescriptorPool::global();
        for name in std::mem::take(&mut self.asked) {
            if let Some(file) = known.get_file_by_name(&name).filter(|_| !self.files.contains_key(&name)) {
                let _ = pool.add_file_descriptor_proto(file.file_descriptor_proto().clone());
            }
        }
        let mut broken = None;
        loop {
            let ready: Vec<String> = self
                .files
                .iter()
                .filter(|(_, (file, _))| {
                    file.dependency.iter().all(|name| pool.get_file_by_name(name).is_some())
                })
                .map(|(name, _)| name.clone())
                .collect();
            if ready.is_empty() {
                break;
            }
            for name in ready {
                if let Some((_, bytes)) = self.files.remove(&name)
                    && let Err(error) = pool.decode_file_descriptor_proto(bytes)
                {
                    broken = Some(format!("`{name}` does not fit: {error}"));
                }
            }
        }
        if pool.services().len() == 0 {
            let left = self.files.keys().next().map(|name| format!("`{name}` imports what it does not have"));
            let why = broken.or(left).unwrap_or_else(|| "it describes no service".to_owned());
            return Err(Refusal::Answer(why));
        }
        Ok(pool)
    }
}
