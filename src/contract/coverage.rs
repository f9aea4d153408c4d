//! The elements of a contract that a run can exercise, and those that one request did.

use std::collections::{BTreeMap, BTreeSet};

use super::proto::value::{from_message, to_message};
use super::style::{Given, Reading, in_query, read};
use super::{Address, Contract, Interface, Operation, Parameter, ParameterPlace, Payload, Status};
use crate::event::{Element, ElementKind};
use crate::shape::{FieldPattern, Pattern, fits};
use crate::value::Value;

/// Deeper parts of a description are not walked.
const MAX_DEPTH: usize = 100;
/// A contract with more elements is counted up to here.
const MAX_ELEMENTS: usize = 50_000;

/// All elements of a contract, in order of their kinds and of the contract.
#[derive(Debug)]
pub struct Elements {
    list: Vec<Element>,
    index: BTreeMap<Element, u32>,
}

/// A request that got a response.
#[derive(Debug)]
pub struct Answered<'a> {
    /// What it asked for.
    pub operation: &'a Operation,
    /// Its query parameters and headers, by place and name, and the values as texts.
    pub parameters: Vec<(ParameterPlace, String, String)>,
    /// Its media type, when it has a body; empty for gRPC.
    pub sent_type: String,
    /// Its body, or each of its messages.
    pub sent: Vec<Value>,
    /// The HTTP status; none for gRPC.
    pub status: Option<u16>,
    /// Whether a gRPC call ended with `OK`.
    pub is_ok: bool,
    /// The headers of the response.
    pub headers: Vec<(String, String)>,
    /// The media type of the response; empty for gRPC.
    pub received_type: String,
    /// The body of the response, or each of its messages.
    pub received: Vec<Value>,
}

impl<'a> Answered<'a> {
    /// A call of an operation with nothing sent and nothing received.
    pub fn of(operation: &'a Operation) -> Answered<'a> {
        Answered {
            operation,
            parameters: Vec::new(),
            sent_type: String::new(),
            sent: Vec::new(),
            status: None,
            is_ok: false,
            headers: Vec::new(),
            received_type: String::new(),
            received: Vec::new(),
        }
    }
}

impl Elements {
    /// The elements of a contract.
    pub fn of(contract: &Contract) -> Elements {
        let interface = contract.interface();
        let mut walk = Walk::new(contract);
        for operation in &interface.operations {
            walk.add(ElementKind::Operation, operation.name.to_string());
        }
        for operation in &interface.operations {
            for response in &operation.responses {
                walk.add(ElementKind::Status, status_name(operation, response.status));
            }
        }
        for operation in &interface.operations {
            walk.operation(operation);
        }
        let mut found = walk.found;
        // A stable sort: within a kind the order is that of the contract.
        found.sort_by_key(|element| element.kind);
        let index = found.iter().enumerate().map(|(at, element)| (element.clone(), at as u32)).collect();
        Elements { list: found, index }
    }

    /// All of them.
    pub fn list(&self) -> &[Element] {
        &self.list
    }

    /// Those that a request exercised, in order.
    pub fn touched(&self, contract: &Contract, answered: &Answered<'_>) -> Vec<u32> {
        let mut walk = Walk::new(contract);
        walk.answered(answered);
        let indexes: BTreeSet<u32> =
            walk.found.iter().filter_map(|element| self.index.get(element)).copied().collect();
        indexes.into_iter().collect()
    }
}

/// `POST /v1/orders 201`, `ledger.v1.Ledger/Post OK`.
fn status_name(operation: &Operation, status: Status) -> String {
    let status = match (&operation.address, status) {
        (Address::Grpc { .. }, _) => "OK".to_owned(),
        (_, Status::Code(code)) => code.to_string(),
        (_, Status::Class(class)) => format!("{class}XX"),
        (_, Status::Default) => "default".to_owned(),
    };
    format!("{} {status}", operation.name)
}

/// Whose field or value a part is: a type, or an operation where no type is named.
#[derive(Debug, Clone)]
struct Owner {
    name: String,
    path: String,
    sent: bool,
    depth: usize,
}

impl Owner {
    fn inner(&self, step: &str) -> Owner {
        Owner { path: format!("{}{step}", self.path), depth: self.depth + 1, ..self.clone() }
    }

    fn text(&self) -> String {
        format!("{}{}", self.name, self.path)
    }
}

/// Finds elements: all, or those of a value.
struct Walk<'a> {
    contract: &'a Contract,
    interface: &'a Interface,
    found: Vec<Element>,
    known: BTreeSet<Element>,
    /// The types that were walked, for requests or responses.
    seen: BTreeSet<(bool, String)>,
}

impl<'a> Walk<'a> {
    fn new(contract: &'a Contract) -> Walk<'a> {
        let interface = contract.interface();
        Walk { contract, interface, found: Vec::new(), known: BTreeSet::new(), seen: BTreeSet::new() }
    }

    fn add(&mut self, kind: ElementKind, name: String) {
        let element = Element { kind, name };
        if self.found.len() < MAX_ELEMENTS && self.known.insert(element.clone()) {
            self.found.push(element);
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let sent = owner(operation, "", true);
        for parameter in operation.parameters.iter().filter(|it| it.place != ParameterPlace::Path) {
            let own = sent.inner(&format!(" {}", parameter.name));
            if !parameter.required {
                self.add(ElementKind::FieldSent, own.text());
                self.add(ElementKind::FieldLeftOut, own.text());
            }
            self.part(&parameter.pattern, None, &own);
        }
        self.payload(operation.request.as_ref(), &owner(operation, " request", true));
        for response in &operation.responses {
            let name = status_name(operation, response.status);
            let received = Owner { name, path: String::new(), sent: false, depth: 0 };
            for header in &response.headers {
                let own = received.inner(&format!(" {}", header.name));
                if !header.required {
                    self.add(ElementKind::FieldReceived, own.text());
                }
                self.part(&header.pattern, None, &own);
            }
            self.payload(response.payload.as_ref(), &received);
        }
    }

    fn payload(&mut self, payload: Option<&Payload>, owner: &Owner) {
        for (_, pattern) in payload.map(|payload| &payload.content).into_iter().flatten() {
            if let Some(pattern) = pattern {
                self.part(pattern, None, owner);
            }
        }
    }

    fn answered(&mut self, answered: &Answered<'_>) {
        let operation = answered.operation;
        self.add(ElementKind::Operation, operation.name.to_string());
        let sent = owner(operation, "", true);
        for parameter in operation.parameters.iter().filter(|it| it.place != ParameterPlace::Path) {
            let own = sent.inner(&format!(" {}", parameter.name));
            let given = given(operation, parameter, &answered.parameters);
            match read(&parameter.pattern, parameter.style, &given) {
                _ if given == Given::Nothing => self.add(ElementKind::FieldLeftOut, own.text()),
                Reading::Fits(value) => {
                    self.add(ElementKind::FieldSent, own.text());
                    self.part(&parameter.pattern, Some(&value), &own);
                }
                _ => {}
            }
        }
        let body = owner(operation, " request", true);
        self.bodies(operation.request.as_ref(), &answered.sent_type, &answered.sent, &body);
        let Some(response) = operation.response(answered.status.unwrap_or(0)) else { return };
        let name = status_name(operation, response.status);
        // The messages of a stream come before its status.
        if answered.status.is_some() || answered.is_ok {
            self.add(ElementKind::Status, name.clone());
        }
        let received = Owner { name, path: String::new(), sent: false, depth: 0 };
        for header in &response.headers {
            let lines = answered.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&header.name));
            let given = Given::of(lines.map(|(_, text)| text.as_str()).collect());
            if let Reading::Fits(value) = read(&header.pattern, header.style, &given) {
                let own = received.inner(&format!(" {}", header.name));
                self.add(ElementKind::FieldReceived, own.text());
                self.part(&header.pattern, Some(&value), &own);
            }
        }
        self.bodies(response.payload.as_ref(), &answered.received_type, &answered.received, &received);
    }

    fn bodies(&mut self, payload: Option<&Payload>, media_type: &str, bodies: &[Value], owner: &Owner) {
        let Some(Some(pattern)) = payload.and_then(|payload| payload.of(media_type)) else { return };
        for body in bodies {
            let body = self.canonical(pattern, body);
            self.part(pattern, Some(&body), owner);
        }
    }

    /// A message as it comes back from the wire: with the names of the `.proto`, and without what
    /// only looks like a field that is there.
    fn canonical(&self, pattern: &Pattern, body: &Value) -> Value {
        let (Contract::Proto(proto), Pattern::Named(name, _) | Pattern::Late(name, _)) =
            (self.contract, pattern)
        else {
            return body.clone();
        };
        let message = proto.get_message_by_name(name).and_then(|found| to_message(body, &found).ok());
        message.map_or_else(|| body.clone(), |message| from_message(&message))
    }

    /// The elements of a part: all of them, or those that a value exercises.
    fn part(&mut self, pattern: &Pattern, value: Option<&Value>, owner: &Owner) {
        if owner.depth > MAX_DEPTH {
            return;
        }
        match pattern {
            Pattern::Named(name, inner) => self.named(name, |_| (**inner).clone(), value, owner),
            Pattern::Late(name, make) => self.named(name, |_| make(), value, owner),
            Pattern::Judged(inner, _) | Pattern::Edges(inner, _) | Pattern::Unique(inner) => {
                self.part(inner, value, &owner.inner(""));
            }
            Pattern::Union(parts) if is_enum(parts) => self.values(parts, value, owner),
            Pattern::Union(parts) => self.choice(parts.iter(), value, owner),
            Pattern::Weighted(parts) => self.choice(parts.iter().map(|(_, part)| part), value, owner),
            Pattern::All(parts) => parts.iter().for_each(|part| self.part(part, value, &owner.inner(""))),
            Pattern::Object(object) => {
                for field in object.fields.iter().filter(|field| is_own(field)) {
                    self.field(field, value, owner);
                }
                if let Some(rest) = &object.rest {
                    self.others(rest, &object.fields, value, owner);
                }
            }
            Pattern::Map(map) => self.others(&map.value, &[], value, owner),
            Pattern::Sized(item, ..) => match value {
                None => self.part(item, None, &owner.inner("[]")),
                Some(list) => {
                    for inner in list.as_list().unwrap_or_default() {
                        self.part(item, Some(inner), &owner.inner("[]"));
                    }
                }
            },
            _ => {}
        }
    }

    /// A part with a name: that of a type makes it the owner of what is inside.
    fn named(&mut self, name: &str, make: impl Fn(&Self) -> Pattern, value: Option<&Value>, owner: &Owner) {
        let declared = self.interface.types.get(name);
        let Some(declared) = declared else { return self.part(&make(self), value, &owner.inner("")) };
        if value.is_none() && !self.seen.insert((owner.sent, name.to_owned())) {
            return;
        }
        let own =
            Owner { name: name.to_owned(), path: String::new(), sent: owner.sent, depth: owner.depth + 1 };
        // Messages are counted as they come off the wire, where only fields with presence can be
        // left out.
        match (self.contract, &declared.pattern) {
            (Contract::Proto(_), Pattern::Named(_, inner)) => self.part(&inner.clone(), value, &own),
            _ => self.part(&make(self), value, &own),
        }
    }

    fn choice<'p>(&mut self, parts: impl Iterator<Item = &'p Pattern>, value: Option<&Value>, owner: &Owner) {
        for part in parts {
            if value.is_none_or(|value| fits(part, value)) {
                self.part(part, value, &owner.inner(""));
            }
        }
    }

    fn values(&mut self, parts: &[Pattern], value: Option<&Value>, owner: &Owner) {
        let kind = if owner.sent { ElementKind::ValueSent } else { ElementKind::ValueReceived };
        for part in parts {
            let Pattern::Equals(known) = part else { continue };
            if value.is_none_or(|value| value == known) {
                let shown = known.as_text().map_or_else(|| crate::value::show(known), str::to_owned);
                self.add(kind, format!("{} {shown}", owner.text()));
            }
        }
    }

    fn field(&mut self, field: &FieldPattern, value: Option<&Value>, owner: &Owner) {
        let own = owner.inner(&format!(".{}", field.name));
        let there = match value {
            None => None,
            Some(value) => match value.as_object().map(|fields| fields.get(&field.name)) {
                // Not even an object: nothing of it was exercised.
                None => return,
                Some(None | Some(Value::Absent)) => {
                    if field.optional && owner.sent {
                        self.add(ElementKind::FieldLeftOut, own.text());
                    }
                    return;
                }
                Some(Some(there)) => Some(there),
            },
        };
        if field.optional && there.is_none_or(|there| fits(&field.pattern, there)) {
            if owner.sent {
                self.add(ElementKind::FieldSent, own.text());
                if there.is_none() {
                    self.add(ElementKind::FieldLeftOut, own.text());
                }
            } else {
                self.add(ElementKind::FieldReceived, own.text());
            }
        }
        self.part(&field.pattern, there, &own);
    }

    /// The values of keys that are data.
    fn others(&mut self, pattern: &Pattern, known: &[FieldPattern], value: Option<&Value>, owner: &Owner) {
        let own = owner.inner(".*");
        let Some(value) = value else { return self.part(pattern, None, &own) };
        for (name, inner) in value.as_object().into_iter().flatten() {
            if known.iter().all(|field| field.name != *name) {
                self.part(pattern, Some(inner), &own);
            }
        }
    }
}

/// What was written of a parameter.
fn given<'t>(
    operation: &Operation,
    parameter: &Parameter,
    parameters: &'t [(ParameterPlace, String, String)],
) -> Given<'t> {
    let there = parameters.iter().filter(|(place, ..)| *place == parameter.place);
    let pairs: Vec<(&str, &str)> = there.map(|(_, name, text)| (name.as_str(), text.as_str())).collect();
    match parameter.place {
        ParameterPlace::Query => in_query(parameter, &operation.parameters, &pairs),
        _ => {
            let is_header = parameter.place == ParameterPlace::Header;
            let is_own = |name: &str| {
                if is_header { name.eq_ignore_ascii_case(&parameter.name) } else { *name == *parameter.name }
            };
            let own = pairs.iter().filter(|(name, _)| is_own(name));
            Given::of(own.map(|(_, text)| *text).collect())
        }
    }
}

fn owner(operation: &Operation, what: &str, sent: bool) -> Owner {
    Owner { name: format!("{}{what}", operation.name), path: String::new(), sent, depth: 0 }
}

/// Several values and nothing else; one alone is no choice.
fn is_enum(parts: &[Pattern]) -> bool {
    parts.len() > 1 && parts.iter().all(|part| matches!(part, Pattern::Equals(_)))
}

/// Whether a contract declares the field for people: neither a place for what it does not know
/// nor one that is there only for what it may not be.
fn is_own(field: &FieldPattern) -> bool {
    let undrawn = match &field.pattern {
        Pattern::Named(_, inner) => {
            matches!(&**inner, Pattern::Weighted(parts) if matches!(parts.first(), Some((_, Pattern::Absent))))
        }
        Pattern::Absent => true,
        _ => false,
    };
    !undrawn && !field.name.starts_with(['@', '['])
}
