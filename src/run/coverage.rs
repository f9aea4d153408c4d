//! Which parts of contracts the requests of a run exercise.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::breach::ignores;
use super::call::Given;
use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use super::world::{ServiceRef, World};
use crate::contract::coverage::{Answered, Elements};
use crate::contract::{Address, Contract, Operation, ParameterPlace};
use crate::event::{Coverage, EventKind, Exchange, Touched};
use crate::protocol::{Call, Reply};
use crate::source::Span;
use crate::value::{Live, Number, Value};

/// What is counted while a run goes on.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    /// The elements of each service's contract, by the service's name.
    elements: BTreeMap<Arc<str>, Arc<Elements>>,
    /// What was exercised, as the events tell it.
    seen: Mutex<Coverage>,
}

impl Counting {
    /// The elements of the services' contracts.
    pub(crate) fn of<'a>(services: impl Iterator<Item = &'a Arc<ServiceRef>>) -> Counting {
        let mut elements = BTreeMap::new();
        // What is only played has nothing that could be exercised.
        for service in services.filter(|service| !service.is_only_played()) {
            if let Some(contract) = service.contract() {
                elements.insert(service.name.clone(), Arc::new(Elements::of(contract)));
            }
        }
        Counting { elements, seen: Mutex::default() }
    }

    /// Tells the elements of the services that the run is about, so that whoever reads the events
    /// alone knows what was never exercised.
    pub(crate) fn announce(&self, concerns: impl Fn(&str) -> bool, send: impl Fn(EventKind)) {
        for (service, elements) in &self.elements {
            let told = EventKind::ContractCounted {
                service: service.to_string(),
                elements: elements.list().to_vec(),
            };
            lock(&self.seen).add(&told);
            if concerns(service) {
                send(told);
            }
        }
    }

    /// Takes note of a stage that begins.
    pub(crate) fn begin(&self, stage: &str) {
        lock(&self.seen).add(&EventKind::StageStarted { stage: stage.to_owned(), scenarios: 0 });
    }

    /// The share of a service's contract that the stage exercised, from 0 to 1; none when the
    /// service has no contract.
    pub(crate) fn share(&self, service: &str) -> Option<Value> {
        self.elements.get(service)?;
        let (part, whole) = lock(&self.seen).of_stage(service);
        if whole == 0 {
            return Some(Value::int(0));
        }
        let exact = Number::Int(part as i128).div(&Number::Int(whole as i128));
        // Endless digits are cut after six, downwards: a gate is never passed by rounding.
        let cut = || {
            let ratio =
                bigdecimal::BigDecimal::from(part as u64) / bigdecimal::BigDecimal::from(whole as u64);
            Number::from_decimal(ratio.with_scale_round(6, bigdecimal::RoundingMode::Down))
        };
        Some(Value::Number(exact.unwrap_or_else(|_| cut())))
    }
}

/// A stream of a service with a contract.
pub(crate) struct Opened {
    service: Arc<ServiceRef>,
    live: Arc<dyn Live>,
    /// The name of its operation.
    operation: Arc<str>,
    /// What was sent on it.
    sent: Vec<Value>,
    /// Where it was opened, unless it may break its contract.
    judged: Option<Span>,
}

impl Cx {
    /// What a request that was answered exercised of its service's contract. What comes on a
    /// stream is counted when the scenario ends.
    pub(crate) fn touched(
        &self,
        service: &ServiceRef,
        call: &Call,
        reply: &Reply,
        span: Span,
    ) -> Option<Touched> {
        let declared = self.world.service(service.item)?;
        // A double exercises nothing of what it stands for.
        if declared.stand().is_some_and(|stand| stand.is_active()) {
            return None;
        }
        let contract = declared.contract()?;
        if let (Value::Live(live), Contract::Proto(_)) = (&reply.record, contract) {
            let operation = operation(contract, &reply.exchange)?.name.clone();
            let sent = call.operand.iter().cloned().collect();
            let judged = (!ignores(call)).then_some(span);
            let opened = Opened { service: declared, live: live.clone(), operation, sent, judged };
            lock(&self.streams).push(opened);
            return None;
        }
        self.world.exercised(&declared, &answered(contract, call, reply)?)
    }

    /// Takes note of what is sent on a stream.
    pub(crate) fn sent_on(&self, live: &Arc<dyn Live>, call: &Call) {
        let mut streams = lock(&self.streams);
        if let Some(opened) = streams.iter_mut().find(|opened| Arc::ptr_eq(&opened.live, live)) {
            opened.sent.extend(call.operand.iter().cloned());
        }
    }

    /// Counts what the streams of a scenario that ends exercised, those on which something came,
    /// and tells the fields in it that the contract does not know.
    pub(crate) fn count_streams(&self) {
        for opened in std::mem::take(&mut *lock(&self.streams)) {
            let field = |name: &str| opened.live.field(name).unwrap_or(Value::Absent);
            let mut received = opened.live.items().unwrap_or_default();
            let status = field("status");
            let whole = matches!(field("error"), Value::Absent) && status.as_text().is_some();
            if received.is_empty() && !whole {
                continue;
            }
            received.extend(Some(field("body")).filter(|body| !matches!(body, Value::Absent)));
            if let Some(span) = opened.judged {
                let method = opened.operation.rsplit('/').next().unwrap_or_default();
                received.iter().for_each(|item| self.unknown_fields(span, method, "items[*]", item));
            }
            let Some(contract) = opened.service.contract() else { continue };
            let operations = &contract.interface().operations;
            let Some(operation) = operations.iter().find(|it| it.name == opened.operation) else { continue };
            let answered = Answered {
                sent: opened.sent,
                is_ok: whole && status.as_text() == Some("OK"),
                received,
                ..Answered::of(operation)
            };
            if let Some(touched) = self.world.exercised(&opened.service, &answered) {
                let event = EventKind::StreamCounted { id: self.id, touched };
                self.world.count(&event);
                self.emit(event);
            }
        }
    }
}

impl World {
    fn exercised(&self, declared: &ServiceRef, answered: &Answered<'_>) -> Option<Touched> {
        let elements = self.counting.elements.get(&declared.name)?;
        let elements = elements.touched(declared.contract()?, answered);
        Some(Touched { service: declared.name.to_string(), elements })
    }

    /// Counts what a request exercised.
    pub(crate) fn count(&self, event: &EventKind) {
        lock(&self.counting.seen).add(event);
    }
}

impl Cx {
    /// `coverage(ledger)` in a gate.
    pub(crate) fn coverage_of(&self, env: &Env, given: Given, span: Span) -> Flow<Value> {
        let service = match given.positional.first().or_else(|| given.named.first().map(|(_, value)| value)) {
            Some(Value::Live(live)) => self.world.service_behind(&**live),
            _ => None,
        };
        let declared = service.and_then(|service| self.world.service(service.item));
        let Some(declared) = declared else {
            return Err(self.bad_value(env, span, "`coverage` takes a service"));
        };
        self.world.counting.share(&declared.name).ok_or_else(|| {
            let message = format!("`{}` names no contract, so nothing of it can be counted", declared.name);
            self.bad_value(env, span, message)
        })
    }
}

/// A request with what came back, in terms of the contract; none when nothing came back, or when
/// the contract knows no such operation.
fn answered<'a>(contract: &'a Contract, call: &Call, reply: &Reply) -> Option<Answered<'a>> {
    let record = reply.record.as_object();
    let part = |name: &str| record.and_then(|record| record.get(name)).unwrap_or(&Value::Absent);
    if !matches!(part("error"), Value::Absent) {
        return None;
    }
    match contract {
        Contract::Proto(_) => {
            let operation = operation(contract, &reply.exchange)?;
            let Address::Grpc { client_streaming, server_streaming, .. } = operation.address else {
                return None;
            };
            Some(Answered {
                sent: each(call.operand.as_ref().unwrap_or(&Value::Absent), client_streaming),
                is_ok: part("status").as_text() == Some("OK"),
                received: each(part("body"), server_streaming),
                ..Answered::of(operation)
            })
        }
        Contract::OpenApi(_) => {
            let base = call.endpoint.as_ref().and_then(|endpoint| url::Url::parse(&endpoint.url).ok());
            let url = url::Url::parse(reply.exchange.request.split_once(' ')?.1).ok()?;
            let path = url.path();
            let prefix = base.as_ref().map_or("", |base| base.path().trim_end_matches('/'));
            let path = path.strip_prefix(prefix).unwrap_or(path);
            let operation = contract.interface().http(&call.verb, path)?;
            let status = part("status").as_number().and_then(Number::to_usize)?;
            Some(Answered {
                operation,
                parameters: parameters(&url, &reply.exchange),
                sent_type: header(&reply.exchange.request_headers, "content-type"),
                sent: body(call.operand.as_ref()),
                status: u16::try_from(status).ok(),
                is_ok: false,
                headers: reply.exchange.response_headers.clone(),
                received_type: header(&reply.exchange.response_headers, "content-type"),
                received: vec![part("body").clone()],
            })
        }
        Contract::Schema(_) => None,
    }
}

/// The method that a gRPC request named.
fn operation<'a>(contract: &'a Contract, exchange: &Exchange) -> Option<&'a Operation> {
    let (_, asked) = exchange.request.split_once(' ')?;
    contract.interface().operations.iter().find(|operation| *operation.name == *asked)
}

/// The messages of a stream, or the one there is.
fn each(value: &Value, many: bool) -> Vec<Value> {
    match value {
        Value::List(items) if many => items.to_vec(),
        Value::Absent => Vec::new(),
        one => vec![one.clone()],
    }
}

/// What is sent: `form({…})` holds its fields.
fn body(operand: Option<&Value>) -> Vec<Value> {
    match operand {
        None | Some(Value::Absent) => Vec::new(),
        Some(Value::Tagged(tagged)) => vec![tagged.value.clone()],
        Some(other) => vec![other.clone()],
    }
}

fn header(headers: &[(String, String)], wanted: &str) -> String {
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}

fn parameters(url: &url::Url, exchange: &Exchange) -> Vec<(ParameterPlace, String, String)> {
    let query = url.query_pairs().map(|(name, value)| (ParameterPlace::Query, name.into(), value.into()));
    let headers = exchange.request_headers.iter();
    let headers = headers.map(|(name, value)| (ParameterPlace::Header, name.clone(), value.clone()));
    let cookies = header(&exchange.request_headers, "cookie");
    let cookies = crate::contract::conform::cookies(&cookies)
        .map(|(name, value)| (ParameterPlace::Cookie, name.to_owned(), value.to_owned()));
    query.chain(headers).chain(cookies).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_count_each_message() {
        let list = Value::list(vec![Value::int(1), Value::int(2)]);
        assert_eq!(each(&list, true).len(), 2);
        assert_eq!(each(&list, false), std::slice::from_ref(&list));
        assert!(each(&Value::Absent, true).is_empty());
    }
}
