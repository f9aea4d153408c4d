//! What a double replies, as messages, a status and trailers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::MethodDescriptor;
use tokio::sync::{mpsc, oneshot};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use super::super::malformed;
use super::super::metadata::{Entry, to_lines, to_value};
use super::super::status::CODES;
use crate::contract::conform::Breach;
use crate::contract::proto::value::{FieldError, TYPE, decode, from_message, to_message};
use crate::contract::proto::{Proto, find_message};
use crate::contract::{Address, Operation};
use crate::diag::did_you_mean;
use crate::protocol::Misuse;
use crate::protocol::serve::{Answered, OffContract, Refusal, Responder, Unfit, ignores};
use crate::protocol::shown::cut;
use crate::shape::{Differences, Malformed, Pattern};
use crate::value::words::a_kind;
use crate::value::{BoxFuture, Object, Value, to_json_pretty};

/// Where the answer of a call goes, message by message.
pub(super) struct Out(Mutex<Open>);

struct Open {
    /// Until the first message: what goes before it.
    head: Option<oneshot::Sender<MetadataMap>>,
    /// Until the end.
    messages: Option<mpsc::UnboundedSender<Result<Bytes, Status>>>,
    trailers: http::HeaderMap,
}

/// What goes before the messages.
pub(super) type Head = oneshot::Receiver<MetadataMap>;
/// The messages; an error ends them.
pub(super) type Messages = mpsc::UnboundedReceiver<Result<Bytes, Status>>;

impl Out {
    pub(super) fn new() -> (Arc<Out>, Head, Messages) {
        let (head, head_end) = oneshot::channel();
        let (messages, messages_end) = mpsc::unbounded_channel();
        let open = Open { head: Some(head), messages: Some(messages), trailers: http::HeaderMap::new() };
        (Arc::new(Out(Mutex::new(open))), head_end, messages_end)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a status has been sent.
    pub(super) fn is_over(&self) -> bool {
        self.open().messages.is_none()
    }

    fn begin(&self, metadata: MetadataMap) {
        if let Some(head) = self.open().head.take() {
            // A caller that has gone away gets nothing.
            let _ = head.send(metadata);
        }
    }

    fn send(&self, message: Bytes) {
        if let Some(messages) = &self.open().messages {
            let _ = messages.send(Ok(message));
        }
    }

    fn fail(&self, status: Status) {
        let mut open = self.open();
        if let Some(messages) = open.messages.take() {
            let _ = messages.send(Err(status));
        }
        // Before the first message, the status is all there is.
        open.head = None;
    }

    /// The call is over with `OK`, unless it has failed.
    pub(super) fn finish(&self) {
        self.begin(MetadataMap::new());
        let mut open = self.open();
        let trailers = std::mem::take(&mut open.trailers);
        if let Some(messages) = open.messages.take()
            && !trailers.is_empty()
        {
            // tonic sends whatever status ends a stream, this one too.
            let trailers = MetadataMap::from_headers(trailers);
            let _ = messages.send(Err(Status::with_metadata(Code::Ok, "", trailers)));
        }
    }
}

/// Answers one call, or one message of a bidirectional stream.
pub(super) struct GrpcResponder {
    pub(super) proto: Arc<Proto>,
    pub(super) path: String,
    pub(super) method: Option<MethodDescriptor>,
    pub(super) out: Arc<Out>,
    pub(super) replies: usize,
}

impl GrpcResponder {
    fn method(&self) -> Result<&MethodDescriptor, Misuse> {
        self.method.as_ref().ok_or_else(|| Misuse::new(format!("the contract has no `{}`", self.path)))
    }

    fn operation(&self) -> Option<&Operation> {
        let (wanted, name) = self.path.strip_prefix('/')?.split_once('/')?;
        self.proto.interface().operations.iter().find(|operation| {
            matches!(&operation.address, Address::Grpc { service, method, .. }
                if **service == *wanted && **method == *name)
        })
    }

    /// The messages of a reply, written by the contract; what breaks it on purpose, as it is.
    fn encode(&self, body: &Value, ignores: bool) -> Result<Vec<Bytes>, Unfit> {
        let method = self.method()?;
        let messages = match body {
            Value::List(items) if method.is_server_streaming() => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let output = method.output();
        let encoded = messages.iter().map(|message| {
            let whole = match (ignores, message, Malformed::of(message)) {
                (true, Value::Bytes(bytes), _) => return Ok(bytes.bytes.clone()),
                (true, _, Some(malformed)) => malformed::bytes(&malformed, &output),
                _ => to_message(message, &output).map(|message| message.encode_to_vec().into()),
            };
            whole.map_err(|errors| self.unfit(errors, ignores))
        });
        encoded.collect()
    }

    /// Why a reply is no message of the method.
    fn unfit(&self, errors: Vec<FieldError>, ignores: bool) -> Unfit {
        let operation = self.path.trim_start_matches('/').to_owned();
        let told = |error: FieldError| match error.help.as_ref() {
            Some(help) => format!("{error}; {help}"),
            None => error.to_string(),
        };
        if ignores {
            let first = errors.into_iter().next().map_or_else(String::new, told);
            return Misuse::new(format!("this cannot be encoded as an answer to `{operation}`: {first}"))
                .help("what the contract does not know has no encoding: reply the bytes of the message, or `any malformed(…)`")
                .into();
        }
        let place = self.operation().and_then(|operation| {
            operation.responses.iter().find_map(|response| response.payload.as_ref()?.origin)
        });
        let breaches = errors.into_iter().map(|error| {
            let what = told(error);
            Breach { what, differences: Differences::default(), place }
        });
        Unfit::OffContract(OffContract { operation, breaches: breaches.collect() })
    }

    /// `{ type, …fields }` as `google.protobuf.Any`; its type is one of the contract, or one of
    /// `google.rpc`.
    fn detail(&self, value: &Value) -> Result<prost_types::Any, Misuse> {
        let wrong = |message: String| Misuse::option("details", message);
        let Some(fields) = value.as_object() else {
            return Err(wrong(format!("a detail is an object with a `type`, not {}", a_kind(value))));
        };
        let key = if fields.contains_key(TYPE) { TYPE } else { "type" };
        let Some(name) = fields.get(key).and_then(Value::as_text) else {
            return Err(wrong("a detail needs its `type`".to_owned())
                .help("for example `{ type: \"google.rpc.ErrorInfo\", reason: \"OVER_LIMIT\" }`"));
        };
        let Some(descriptor) = find_message(self.proto.pool(), name) else {
            return Err(wrong(format!("there is no message `{name}`"))
                .help("it is a full name: `google.rpc.ErrorInfo`, or one of the contract"));
        };
        let rest: Object = fields
            .iter()
            .filter(|(field, _)| &***field != key)
            .map(|(field, value)| (field.clone(), value.clone()))
            .collect();
        let message = to_message(&Value::Object(Arc::new(rest)), &descriptor).map_err(|errors| {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            wrong(format!("this is no `{name}`: {first}"))
        })?;
        Ok(prost_types::Any {
            type_url: format!("type.googleapis.com/{name}"),
            value: message.encode_to_vec(),
        })
    }
}

impl Responder for GrpcResponder {
    fn is_stream(&self) -> bool {
        self.method.as_ref().is_some_and(MethodDescriptor::is_server_streaming)
    }

    fn shape(&self, _: &Object) -> Result<Pattern, Misuse> {
        self.method()?;
        let payload = self.operation().and_then(|operation| operation.responses.first()?.payload.as_ref());
        payload
            .and_then(|payload| payload.of("")?.cloned())
            .ok_or_else(|| Misuse::new(format!("the contract does not say what `{}` answers", self.path)))
    }

    fn reply<'a>(
        &'a mut self,
        body: &'a Value,
        options: &'a Object,
    ) -> BoxFuture<'a, Result<Answered, Unfit>> {
        Box::pin(async move {
            if self.replies > 0 && !self.is_stream() || self.out.is_over() {
                return Err(Misuse::new("this call is answered once").into());
            }
            let messages = self.encode(body, ignores(options))?;
            let head = metadata(options, "headers")?;
            let trailers = metadata(options, "trailers")?;
            if !head.is_empty() && self.out.open().head.is_none() {
                return Err(Misuse::option("headers", "the headers of this stream have been sent already")
                    .help("they go with its first reply")
                    .into());
            }
            let shown: Vec<Value> = messages
                .iter()
                .filter_map(|bytes| match decode(bytes, &self.method.as_ref()?.output()) {
                    Ok(message) => Some(from_message(&message)),
                    Err(_) => Some(Value::bytes(bytes.clone())),
                })
                .collect();
            let body = if self.is_stream() {
                Value::list(shown)
            } else {
                shown.into_iter().next().unwrap_or(Value::Absent)
            };
            self.replies += 1;
            let answered = answered("OK", "", Some(body), &head, &trailers);
            self.out.open().trailers.extend(trailers.into_headers());
            self.out.begin(head);
            messages.into_iter().for_each(|message| self.out.send(message));
            Ok(answered)
        })
    }

    fn fail(
        &mut self,
        status: Option<&str>,
        message: Option<&str>,
        options: &Object,
    ) -> Result<Answered, Unfit> {
        let name = status.unwrap_or("UNKNOWN");
        let number = CODES.iter().position(|(known, _)| *known == name).filter(|number| *number > 0);
        let Some(number) = number else {
            let misuse = Misuse::new(format!("`{name}` is no status of a failure"));
            let advice = did_you_mean(name, CODES.iter().skip(1).map(|(name, _)| *name));
            return Err(match advice {
                Some(advice) => misuse.help(advice),
                None => misuse,
            }
            .into());
        };
        let message = message.unwrap_or_default();
        let trailers = metadata(options, "trailers")?;
        let details = match options.get("details") {
            None | Some(Value::Absent) => Bytes::new(),
            Some(Value::List(details)) => {
                let details = details.iter().map(|detail| self.detail(detail)).collect::<Result<_, _>>()?;
                let status =
                    tonic_types::pb::Status { code: number as i32, message: message.to_owned(), details };
                Bytes::from(status.encode_to_vec())
            }
            Some(other) => {
                let text = format!("`details` must be a list, not {}", a_kind(other));
                return Err(Misuse::option("details", text).into());
            }
        };
        let answered = answered(name, message, None, &MetadataMap::new(), &trailers);
        let code = Code::from_i32(number as i32);
        self.out.fail(Status::with_details_and_metadata(code, message, details, trailers));
        Ok(answered)
    }

    fn refuse(&mut self, refusal: Refusal, why: &str) -> Answered {
        let (name, status) = match refusal {
            Refusal::Unmatched => ("UNIMPLEMENTED", Status::unimplemented(why)),
            Refusal::Inactive => ("UNAVAILABLE", Status::unavailable(why)),
            Refusal::Broken => ("INTERNAL", Status::internal(why)),
        };
        self.out.fail(status);
        answered(name, why, None, &MetadataMap::new(), &MetadataMap::new())
    }
}

fn metadata(options: &Object, name: &'static str) -> Result<MetadataMap, Misuse> {
    let fields = match options.get(name) {
        None | Some(Value::Absent) => return Ok(MetadataMap::new()),
        Some(Value::Object(fields)) => fields,
        Some(other) => {
            return Err(Misuse::option(name, format!("`{name}` must be an object, not {}", a_kind(other))));
        }
    };
    let entries =
        Entry::parse(fields).map_err(|misuse| Misuse { option: Some(name.to_owned()), ..misuse })?;
    let mut map = http::HeaderMap::new();
    for entry in entries {
        map.append(entry.name, entry.value);
    }
    Ok(MetadataMap::from_headers(map))
}

fn answered(
    status: &str,
    message: &str,
    body: Option<Value>,
    head: &MetadataMap,
    trailers: &MetadataMap,
) -> Answered {
    let (head, trailers) = (head.clone().into_headers(), trailers.clone().into_headers());
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    let shown = body.as_ref().map(|body| cut(&to_json_pretty(body)));
    Answered {
        response: Object::from_iter([
            ("status".into(), Value::text(status)),
            ("message".into(), Value::text(message)),
            ("headers".into(), to_value(&head)),
            ("body".into(), body.unwrap_or(Value::Absent)),
            ("trailers".into(), to_value(&trailers)),
        ]),
        line: format!("{status}{said}"),
        headers: to_lines(&head),
        body: shown.unwrap_or_default(),
    }
}
