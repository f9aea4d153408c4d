//! What a contract says, whatever it is written in: operations, and the types they speak of as
//! shapes. `check` holds requests against it before a run, the run holds responses against it,
//! coverage counts it, and drawing takes messages from it: one description for all four.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::style::Style;
use crate::shape::Pattern;
use crate::source::Span;
use crate::value::Value;

/// A contract, read.
#[derive(Debug, Default)]
pub struct Interface {
    /// Everything the service can be asked to do, in the order of the contract.
    pub operations: Vec<Operation>,
    /// The types by their full names: `ledger.v1.Entry`, `Order` of an OpenAPI document.
    pub types: BTreeMap<Arc<str>, Declared>,
    /// What the file itself describes, when it is a JSON Schema with a root.
    pub root: Option<Declared>,
}

/// A type of a contract.
#[derive(Debug, Clone)]
pub struct Declared {
    /// What its values are.
    pub pattern: Pattern,
    /// Where it is declared.
    pub origin: Option<Span>,
    /// What of a value arrives, where that is not the value itself.
    pub arrives: Option<Arrives>,
}

/// What the other side reads when a value is sent as one of a type; none when it cannot be sent.
#[derive(Clone)]
pub struct Arrives(pub Arc<Travel>);

type Travel = dyn Fn(&Value) -> Option<Value> + Send + Sync;

impl std::fmt::Debug for Arrives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arrives")
    }
}

/// One thing a service can be asked to do.
#[derive(Debug, Clone)]
pub struct Operation {
    /// As reports name it: `POST /v1/orders`, `ledger.v1.Ledger/Post`.
    pub name: Arc<str>,
    /// How it is addressed.
    pub address: Address,
    /// Its parameters in path, query, headers and cookies; none for gRPC.
    pub parameters: Vec<Parameter>,
    /// What it takes, when it takes anything: the body, the message.
    pub request: Option<Payload>,
    /// What it may answer.
    pub responses: Vec<Response>,
    /// Where it is declared.
    pub origin: Option<Span>,
}

/// How an operation is addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// HTTP.
    Http {
        /// In capitals: `POST`.
        method: Arc<str>,
        /// The path in segments, below the service's own address; what the contract's `servers`
        /// put before it comes first.
        path: Vec<Segment>,
    },
    /// gRPC.
    Grpc {
        /// With its package: `ledger.v1.Ledger`.
        service: Arc<str>,
        /// `Post`.
        method: Arc<str>,
        /// Whether the client sends a stream.
        client_streaming: bool,
        /// Whether the server answers with a stream.
        server_streaming: bool,
    },
}

/// A part of a path between slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// `orders`
    Literal(Arc<str>),
    /// `{id}`, also with text around it: `{id}.json` has the suffix `.json`.
    Parameter {
        /// The text before it.
        prefix: Arc<str>,
        /// Its name.
        name: Arc<str>,
        /// The text after it.
        suffix: Arc<str>,
    },
}

/// A parameter of an HTTP operation, or a header of a response.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name; headers in lower case.
    pub name: Arc<str>,
    /// Where it stands.
    pub place: ParameterPlace,
    /// Whether it must be there.
    pub required: bool,
    /// How its value is written.
    pub style: Style,
    /// What it must fit, read as the type it says (`3` of a query is the number 3).
    pub pattern: Pattern,
    /// Where it is declared.
    pub origin: Option<Span>,
}

/// Where a parameter stands (OpenAPI 3.1 §4.8.12.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterPlace {
    /// In the path.
    Path,
    /// After the `?`.
    Query,
    /// In a header.
    Header,
    /// In the `Cookie` header.
    Cookie,
}

/// A body or a message.
#[derive(Debug, Clone)]
pub struct Payload {
    /// Whether it must be there.
    pub required: bool,
    /// What it may be, by media type, ranges such as `text/*` included; one empty media type for
    /// gRPC. None: nothing is said about it.
    pub content: Vec<(Arc<str>, Option<Pattern>)>,
    /// Media types that `content` has as one, since only their parameters tell them apart.
    pub variants: Vec<(Media, Option<Pattern>)>,
    /// What each part is of a body that is a sequence of them, by media type.
    pub items: Vec<(Arc<str>, Pattern)>,
    /// Where it is declared.
    pub origin: Option<Span>,
}

/// A media type with its parameters, all but the `charset`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `application/json`, in lower case.
    pub bare: Arc<str>,
    /// By name, in lower case.
    pub parameters: BTreeMap<String, String>,
}

impl Media {
    /// Reads `application/json; v=2` (RFC 9110 §8.3.1).
    pub fn read(text: &str) -> Media {
        let mut parts = text.split(';');
        let bare = parts.next().unwrap_or_default().trim().to_lowercase().into();
        let pairs = parts.filter_map(|part| part.split_once('='));
        let pairs = pairs
            .map(|(name, value)| (name.trim().to_lowercase(), value.trim().trim_matches('"').to_owned()));
        Media { bare, parameters: pairs.filter(|(name, _)| name != "charset").collect() }
    }

    /// Whether this is the other with no more than further parameters.
    fn is_a(&self, other: &Media) -> bool {
        let has = |(name, value)| self.parameters.get(name) == Some(value);
        self.bare == other.bare && other.parameters.iter().all(has)
    }
}

/// A response that an operation may give.
#[derive(Debug, Clone)]
pub struct Response {
    /// Its status.
    pub status: Status,
    /// Its body or message; none: no body.
    pub payload: Option<Payload>,
    /// Its headers.
    pub headers: Vec<Parameter>,
    /// Where it is declared.
    pub origin: Option<Span>,
}

/// The status of a response (OpenAPI 3.1 §4.8.16.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// `201`
    Code(u16),
    /// `4XX`: the hundreds.
    Class(u16),
    /// `default`: every status that no other response has; gRPC's `OK` is the only one of its
    /// operations, and its errors are declared nowhere.
    Default,
}

impl Operation {
    /// The response for a status: the exact one, else its class, else the default.
    pub fn response(&self, status: u16) -> Option<&Response> {
        let find = |wanted: Status| self.responses.iter().find(|response| response.status == wanted);
        find(Status::Code(status))
            .or_else(|| find(Status::Class(status / 100)))
            .or_else(|| find(Status::Default))
    }

    /// The parameter with this name in this place; header names ignore case.
    pub fn parameter(&self, place: ParameterPlace, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| {
            parameter.place == place
                && match place {
                    ParameterPlace::Header => parameter.name.eq_ignore_ascii_case(name),
                    _ => *parameter.name == *name,
                }
        })
    }
}

impl Payload {
    /// What is said of a media type: the one with the most of its parameters, else the one without,
    /// else `type/*`, else `*/*`. The outer option: whether the media type is allowed at all.
    pub fn of(&self, media_type: &str) -> Option<Option<&Pattern>> {
        let media = Media::read(media_type);
        let bare = &*media.bare;
        let variants = self.variants.iter().filter(|(known, _)| media.is_a(known));
        if let Some((_, it)) = variants.max_by_key(|(known, _)| known.parameters.len()) {
            return Some(it.as_ref());
        }
        let family = bare.split('/').next().unwrap_or_default();
        let find = |wanted: &str| {
            self.content
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(wanted))
                .map(|(_, it)| it.as_ref())
        };
        find(bare).or_else(|| find(&format!("{family}/*"))).or_else(|| find("*/*"))
    }

    /// What each part of a sequence is, when something is said of it.
    pub fn item(&self, media_type: &str) -> Option<&Pattern> {
        let bare = media_type.split(';').next().unwrap_or_default().trim();
        self.items.iter().find(|(known, _)| known.eq_ignore_ascii_case(bare)).map(|(_, item)| item)
    }
}

impl Interface {
    /// The HTTP operation for a method and a path without its query. Literal segments win over
    /// parameters, from left to right (OpenAPI 3.1 §4.8.8.1).
    pub fn http(&self, method: &str, path: &str) -> Option<&Operation> {
        self.at_path(path).find(|operation| {
            matches!(&operation.address, Address::Http { method: known, .. } if **known == *method)
        })
    }

    /// All operations at a path, the most literal ones first.
    pub fn at_path(&self, path: &str) -> impl Iterator<Item = &Operation> {
        let given: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let mut found: Vec<(Vec<bool>, &Operation)> = self
            .operations
            .iter()
            .filter_map(|operation| match &operation.address {
                Address::Http { path, .. } => Some((fit(path, &given)?, operation)),
                Address::Grpc { .. } => None,
            })
            .collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.into_iter().map(|(_, operation)| operation)
    }

    /// The types whose full name is this one or ends with it after a dot: `Entry` and `v1.Entry`
    /// for `ledger.v1.Entry`.
    pub fn types_named(&self, name: &str) -> Vec<(&Arc<str>, &Declared)> {
        if let Some(exact) = self.types.get_key_value(name) {
            return vec![exact];
        }
        let fits = |full: &str| full.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
        self.types.iter().filter(|(full, _)| fits(full)).collect()
    }
}

/// Which segments are parameters, when the path fits.
fn fit(path: &[Segment], given: &[&str]) -> Option<Vec<bool>> {
    if path.len() != given.len() {
        return None;
    }
    path.iter()
        .zip(given)
        .map(|(segment, given)| match segment {
            Segment::Literal(text) => (**text == **given).then_some(false),
            Segment::Parameter { prefix, suffix, .. } => {
                let inner = given.strip_prefix(&**prefix)?.strip_suffix(&**suffix)?;
                (!inner.is_empty()).then_some(true)
            }
        })
        .collect()
}
