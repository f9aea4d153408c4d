//! The exchange as the report shows it, and the shell line that repeats it.

use std::sync::Arc;
use std::time::Duration;

use prost_reflect::{MethodDescriptor, SerializeOptions};

use super::answer::Answer;
use super::metadata::to_lines;
use super::method;
use super::options::Options;
use super::target::Target;
use crate::contract::Contract;
use crate::contract::proto::value::to_message;
use crate::event::Exchange;
use crate::protocol::shown::{cut, veil};
use crate::protocol::{Call, Endpoint};
use crate::shape::Malformed;
use crate::shape::malformed::How;
use crate::source::display_path;
use crate::value::words::shell_quote;
use crate::value::{MASK, Redactor, Value, to_json, to_json_pretty};

/// A request on its way into a report.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    verb: Arc<str>,
    endpoint: Arc<Endpoint>,
    target: Target,
    options: Options,
    /// The method as written, until it is found.
    wanted: String,
    pub(super) method: Option<MethodDescriptor>,
    /// What is sent, secrets masked.
    operand: Option<Value>,
    /// How long connecting took, when a new connection was made.
    pub(super) connect: Option<Duration>,
}

impl Draft {
    pub(super) fn new(
        call: &Call,
        endpoint: Arc<Endpoint>,
        target: Target,
        options: Options,
        wanted: String,
    ) -> Draft {
        let operand = call.operand.as_ref().map(veil);
        Draft {
            verb: call.verb.clone(),
            endpoint,
            target,
            options,
            wanted,
            method: None,
            operand,
            connect: None,
        }
    }

    /// The same stream with another verb: `send`, `close`, `cancel`.
    pub(super) fn again(&self, call: &Call) -> Draft {
        let operand = call.operand.as_ref().map(veil);
        Draft { verb: call.verb.clone(), operand, connect: None, ..self.clone() }
    }

    /// `ledger.Watch`, as the scenario names it.
    pub(super) fn name(&self) -> Arc<str> {
        let method = self.method.as_ref().map_or(self.wanted.as_str(), MethodDescriptor::name);
        format!("{}.{method}", self.endpoint.service).into()
    }

    /// Puts the answer beside it. Every text is masked.
    pub(super) fn exchange(&self, answer: Option<&Answer>, total: Duration, redactor: &Redactor) -> Exchange {
        let mask = |text: &str| redactor.mask(text).into_owned();
        let lines = |lines: Vec<(String, String)>| {
            lines.into_iter().map(|(name, value)| (name, mask(&value))).collect::<Vec<_>>()
        };
        let body = |value: &Value| cut(&mask(&to_json_pretty(value)));
        let is_malformed = self.operand.as_ref().is_some_and(|value| Malformed::of(value).is_some());
        let sent = |value: &Value| match Malformed::of(value) {
            Some(malformed) => {
                let made_of = match &malformed.how {
                    How::Value(value, _) => value,
                    How::Bytes(..) => &malformed.base,
                };
                cut(&mask(&format!("({})\n{}", malformed.told, to_json_pretty(made_of))))
            }
            None => body(value),
        };
        let mut phases: Vec<(String, u64)> = Vec::new();
        phases.extend(self.connect.map(|connect| ("connect".to_owned(), micros(connect))));
        phases.push(("total".to_owned(), micros(total)));
        // What an error tells beside its status is worth more than an empty message.
        let said = answer.and_then(|answer| match &answer.body {
            Some(value) => Some(body(value)),
            None if answer.details.is_empty() => None,
            None => Some(body(&Value::object([("details", Value::list(answer.details.clone()))]))),
        });
        Exchange {
            protocol: "grpc".to_owned(),
            service: Some(self.endpoint.service.to_string()),
            request: format!("{} {}", self.verb, self.symbol()),
            request_headers: lines(self.metadata()),
            request_body: self.operand.as_ref().map(sent).unwrap_or_default(),
            response: answer.map_or_else(|| "open".to_owned(), |answer| mask(&answer.line())),
            response_headers: answer.map(|answer| lines(to_lines(&answer.headers))).unwrap_or_default(),
            response_body: said.unwrap_or_default(),
            trailers: answer.map(|answer| lines(to_lines(&answer.trailers))).unwrap_or_default(),
            // grpcurl sends messages, and nothing else.
            shell: if is_malformed { String::new() } else { mask(&self.shell()) },
            phases,
        }
    }

    /// The same where reports show little of what succeeds: what was called, and what came.
    pub(super) fn light(&self, answer: &Answer, redactor: &Redactor) -> Exchange {
        let mask = |text: &str| redactor.mask(text).into_owned();
        let body = answer.body.as_ref().map(|body| cut(&mask(&to_json_pretty(body))));
        Exchange {
            protocol: "grpc".to_owned(),
            service: Some(self.endpoint.service.to_string()),
            request: format!("{} {}", self.verb, self.symbol()),
            response: mask(&answer.line()),
            response_body: body.unwrap_or_default(),
            ..Exchange::default()
        }
    }

    /// `ledger.v1.Ledger/GetEntry`.
    fn symbol(&self) -> String {
        match &self.method {
            Some(found) => method::path(found).trim_start_matches('/').to_owned(),
            None => self.wanted.clone(),
        }
    }

    fn metadata(&self) -> Vec<(String, String)> {
        let entries = self.options.metadata.iter().map(|entry| {
            let value =
                if entry.secret { MASK.into() } else { String::from_utf8_lossy(entry.value.as_bytes()) };
            (entry.name.to_string(), value.into_owned())
        });
        entries.collect()
    }

    fn shell(&self) -> String {
        let mut words = vec!["grpcurl".to_owned()];
        let mut flag =
            |name: &str, value: &str| words.extend([name.to_owned(), shell_quote(value).into_owned()]);
        if let Some(tls) = self.options.tls.as_ref().filter(|_| self.target.tls) {
            let file = |path: &str| display(&self.endpoint.dir.join(path));
            for (name, path) in [
                ("-cacert", &tls.ca),
                ("-cert", &tls.cert),
                ("-key", tls.key.as_ref().map_or(&tls.cert, |_| &tls.key)),
            ] {
                if let Some(path) = path {
                    flag(name, &file(path));
                }
            }
            if let Some(name) = &tls.server_name {
                flag("-authority", name);
            }
        }
        if let Some(Contract::Proto(proto)) = &self.endpoint.contract {
            for root in proto.import_roots() {
                flag("-import-path", &display(root));
            }
            flag("-proto", &proto.file().file_name().unwrap_or_default().to_string_lossy());
        }
        for (name, value) in self.metadata() {
            flag("-H", &format!("{name}: {value}"));
        }
        if let Some(deadline) = self.options.deadline {
            flag("-max-time", &deadline.as_secs_f64().to_string());
        }
        if let Some(operand) = &self.operand {
            flag("-d", &self.data(operand));
        }
        if !self.target.tls {
            words.insert(1, "-plaintext".to_owned());
        } else if self.options.tls.as_ref().is_some_and(|tls| tls.insecure) {
            words.insert(1, "-insecure".to_owned());
        }
        words.extend([self.target.address(), &self.symbol()].map(|word| shell_quote(word).into_owned()));
        words.join(" ")
    }

    /// The messages in the standard JSON mapping, one after the other.
    fn data(&self, operand: &Value) -> String {
        let messages = operand.as_list().unwrap_or(std::slice::from_ref(operand));
        let one = |value: &Value| self.standard(value).unwrap_or_else(|| to_json(value));
        messages.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    /// The standard mapping differs from the values' own JSON in durations and the like. Its
    /// fields are sorted, since messages keep their maps in no order.
    fn standard(&self, value: &Value) -> Option<String> {
        let message = to_message(value, &self.method.as_ref()?.input()).ok()?;
        let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        let mut json = message.serialize_with_options(serde_json::value::Serializer, &options).ok()?;
        json.sort_all_objects();
        Some(json.to_string())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn display(path: &std::path::Path) -> String {
    let current = std::env::current_dir().unwrap_or_default();
    let shown = display_path(path, &current);
    if shown.is_empty() { ".".to_owned() } else { shown }
}
