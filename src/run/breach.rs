//! Requests and responses against the service's contract, as they went over the wire. On for every
//! service that names one; `with { contract: ignore }` lets a call break it on purpose.
//!
//! What is judged: a response that came whole, by the operation that its request means; after
//! redirects the last response, by the operation at its own address, and of the redirects that
//! their statuses are declared; of several pages each. The request comes first: what a service
//! says to a request that its contract does not allow breaks no promise. gRPC messages are written
//! and read by the contract, so that only fields it does not know are left to find: those are a
//! warning, since newer services may send them.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::Url;

use super::cx::{Cx, lock};
use super::env::Env;
use crate::contract::conform::{self, Body, Breach, Came, Sent};
use crate::contract::{Address, Interface, Operation};
use crate::diag::{Code, did_you_mean};
use crate::event::{Detail, EventKind, Exchange, Failure};
use crate::lang::Kind;
use crate::protocol::http::file_type;
use crate::protocol::http::stream::events;
use crate::protocol::{Call, Endpoint};
use crate::source::Span;
use crate::value::Value;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// What is wrong with an exchange.
pub(super) struct Found {
    pub(super) side: Side,
    /// `POST /v1/orders`
    pub(super) operation: String,
    pub(super) breaches: Vec<Breach>,
    pub(super) help: Option<String>,
}

/// One exchange of a call: its address and its record.
pub(super) struct Leg<'a> {
    method: &'a str,
    /// The path below the service's address.
    pub(super) path: String,
    query: Vec<(String, String)>,
}

impl Cx {
    /// The failure of an exchange that the contract of its service does not allow.
    pub(crate) fn breach(
        &self,
        env: &Env,
        span: Span,
        call: &Call,
        record: &Value,
        exchange: &Exchange,
    ) -> Option<Failure> {
        let endpoint = call.endpoint.as_ref()?;
        let contract = endpoint.contract.as_ref()?;
        let is_own =
            self.world.registry.all(Kind::Verb, &call.verb).iter().any(|spec| *spec.of == *endpoint.protocol);
        if !is_own || ignores(call) || contract.interface().operations.is_empty() {
            return None;
        }
        let interface = contract.interface();
        match &*endpoint.protocol {
            "http" => {
                let found = http(interface, endpoint, &self.session.dir, call, record, exchange)?;
                Some(self.broken(env, span, found, exchange))
            }
            "grpc" => {
                if let Some(body) = record.as_object().and_then(|fields| fields.get("body")) {
                    let method = call.members.last().map_or("", |member| member);
                    self.unknown_fields(span, method, "body", body);
                }
                None
            }
            _ => None,
        }
    }

    /// What a failure that is told anyway also says of the contract.
    pub(crate) fn also_broken(&self, failure: &mut Failure, broken: Option<Failure>) {
        if let Some(broken) = broken {
            failure.details.push(Detail::Note { text: broken.message });
        }
    }

    pub(super) fn broken(&self, env: &Env, span: Span, found: Found, exchange: &Exchange) -> Failure {
        let first = found.breaches.first().map_or("", |breach| &breach.what);
        let (code, message) = match found.side {
            Side::Request => (Code::OFF_CONTRACT, format!("this is no `{}`: {first}", found.operation)),
            Side::Response => (
                Code::CONTRACT_BROKEN,
                format!("the response to `{}` breaks the contract: {first}", found.operation),
            ),
        };
        let mut failure = self.failure(env, code, span, message);
        failure.label = "this request".to_owned();
        self.show_breaches(&mut failure, found.breaches);
        let advice = "when this test means to break the contract, write `with { contract: ignore }`";
        failure.help = Some(match (found.help, found.side) {
            (Some(help), _) => format!("{help}; {advice}"),
            (None, Side::Request) => advice.to_owned(),
            (None, Side::Response) => format!("mend the service, or its contract; {advice}"),
        });
        failure.exchange = Some(Box::new(exchange.clone()));
        if let (Some(service), Side::Response) = (&exchange.service, found.side) {
            failure.logs = self.world.log_tails([service.as_str()]);
        }
        failure
    }

    /// Shows what a contract does not allow, and where it says so.
    pub(crate) fn show_breaches(&self, failure: &mut Failure, breaches: Vec<Breach>) {
        let mut places: Vec<String> = Vec::new();
        for (index, breach) in breaches.into_iter().enumerate() {
            if index > 0 {
                failure.details.push(Detail::Note { text: breach.what });
            }
            failure.details.extend(breach.differences.into_details());
            if let Some(place) = breach.place {
                let source = self.world.plan.program.sources.get(place.source);
                let (line, _) = source.line_column(place.start);
                places.push(format!("{}:{line}", source.name));
            }
        }
        places.dedup();
        if !places.is_empty() {
            let text = format!("the contract says so at {}", places.join(" and "));
            failure.details.push(Detail::Note { text });
        }
    }

    /// Fields that came and that the contract does not know, told once for each place.
    pub(super) fn unknown_fields(&self, span: Span, method: &str, part: &str, message: &Value) {
        for path in conform::unknown_fields(message) {
            let message = format!(
                "`{method}` answered with fields in `{part}{path}` that the contract does not know: it may be older than the service"
            );
            if lock(&self.world.warned).insert(message.clone()) {
                self.emit(EventKind::Warning {
                    code: Code::CONTRACT_BROKEN.name.to_owned(),
                    message,
                    place: Some(self.world.place(span)),
                });
            }
        }
    }
}

/// Whether a call may break its contract.
pub(super) fn ignores(call: &Call) -> bool {
    call.options.get("contract").and_then(Value::as_text) == Some("ignore")
}

fn http(
    interface: &Interface,
    endpoint: &Endpoint,
    dir: &Path,
    call: &Call,
    record: &Value,
    exchange: &Exchange,
) -> Option<Found> {
    let method = match &*call.verb {
        "request" | "open" => call.options.get("method").and_then(Value::as_text).unwrap_or("GET"),
        verb => verb,
    };
    let sent = request(call, dir);
    if let Value::List(pages) = record {
        return pages.iter().find_map(|page| exchanged(interface, endpoint, &sent, method, page, None));
    }
    exchanged(interface, endpoint, &sent, method, record, Some(exchange))
}

fn exchanged(
    interface: &Interface,
    endpoint: &Endpoint,
    sent: &Sent<'_>,
    mut method: &str,
    record: &Value,
    exchange: Option<&Exchange>,
) -> Option<Found> {
    let part = |name: &str| match record {
        Value::Object(fields) => fields.get(name).cloned(),
        Value::Live(live) => live.field(name),
        _ => None,
    };
    let url = part("url")?;
    let hops = part("hops").and_then(|hops| hops.as_list().map(<[Value]>::to_vec)).unwrap_or_default();
    let field = |hop: &Value, name: &str| hop.as_object().and_then(|fields| fields.get(name)).cloned();
    let first = hops.first().and_then(|hop| field(hop, "url")).unwrap_or_else(|| url.clone());
    let leg = leg(endpoint, method, first.as_text()?)?;
    let operation = match operation(interface, &leg)? {
        Ok(operation) => operation,
        Err(found) => return Some(found),
    };
    // What went over the wire is that of the last exchange.
    let wire = exchange.filter(|_| hops.is_empty());
    let wire = wire.map(|it| it.request_headers.iter().map(|(name, _)| name.as_str()).collect());
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let segments = leg.path.trim_start_matches('/').split('/').map(decoded).collect();
    let sent = Sent { segments, query: leg.query.clone(), wire, ..sent.clone() };
    let breaches = conform::sent(operation, &sent);
    if !breaches.is_empty() {
        return Some(Found {
            side: Side::Request,
            operation: operation.name.to_string(),
            breaches,
            help: None,
        });
    }
    let status = |value: Option<Value>| {
        value.as_ref().and_then(Value::as_number).and_then(|number| u16::try_from(number.to_i128()?).ok())
    };
    let broken = |operation: &Operation, breaches: Vec<Breach>| {
        (!breaches.is_empty()).then(|| Found {
            side: Side::Response,
            operation: operation.name.to_string(),
            breaches,
            help: None,
        })
    };
    // What each exchange was sent with, and where: those of the redirects, then the last.
    let mut at = Some((operation, method));
    for (index, hop) in hops.iter().enumerate() {
        let redirect = status(field(hop, "status"))?;
        // Of a redirect only the status is kept.
        if let Some((operation, _)) = at
            && operation.response(redirect).is_none()
        {
            let came = Came { status: redirect, headers: &Value::Null, body: None, events };
            if let Some(found) = broken(operation, conform::came(operation, &came)) {
                return Some(found);
            }
        }
        method = match (redirect, method) {
            (303, "HEAD") => "HEAD",
            (303, _) | (301 | 302, "POST") => "GET",
            _ => method,
        };
        let next = hops.get(index + 1).map_or(Some(url.clone()), |hop| field(hop, "url"))?;
        // A redirect may lead to where the contract does not reach.
        let leg = self::leg(endpoint, method, next.as_text()?);
        at = leg.and_then(|leg| self::operation(interface, &leg)?.ok()).map(|operation| (operation, method));
    }
    let (operation, method) = at?;
    let (status, headers) = (status(part("status"))?, part("headers").unwrap_or(Value::Null));
    let body = part("body").unwrap_or(Value::Absent);
    let has_body = method != "HEAD" && !matches!(status, 205 | 304) && !matches!(record, Value::Live(_));
    let came = Came { status, headers: &headers, body: has_body.then_some(&body), events };
    broken(operation, conform::came(operation, &came))
}

/// An exchange at a URL; none when that is not the service.
pub(super) fn leg<'a>(endpoint: &Endpoint, method: &'a str, url: &str) -> Option<Leg<'a>> {
    let (base, url) = (Url::parse(&endpoint.url).ok()?, Url::parse(url).ok()?);
    let path = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
    if base.origin() != url.origin() || !(path.is_empty() || path.starts_with('/')) {
        return None;
    }
    let path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    let query = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    Some(Leg { method, path, query })
}

/// The operation of an exchange: none when the contract need not have it.
fn operation<'i>(interface: &'i Interface, leg: &Leg<'_>) -> Option<Result<&'i Operation, Found>> {
    if let Some(operation) = interface.http(leg.method, &leg.path) {
        return Some(Ok(operation));
    }
    let there: Vec<&Operation> = interface.at_path(&leg.path).collect();
    match (leg.method, there.first()) {
        // Every resource that can be read has a head, and options (RFC 9110 §9.3).
        ("HEAD", Some(_)) => {
            Some(interface.http("GET", &leg.path).ok_or_else(|| stranger(interface, leg, &there)))
        }
        ("OPTIONS" | "TRACE", _) => None,
        _ => Some(Err(stranger(interface, leg, &there))),
    }
}

fn stranger(interface: &Interface, leg: &Leg<'_>, there: &[&Operation]) -> Found {
    let named = format!("{} {}", leg.method, leg.path);
    let (what, help) = match there {
        [] => {
            let known = interface.operations.iter().filter(|it| matches!(it.address, Address::Http { .. }));
            let names: Vec<&str> = known.map(|operation| &*operation.name).collect();
            ("the contract has no such path", did_you_mean(&named, names))
        }
        there => {
            let names: Vec<String> = there.iter().map(|operation| format!("`{}`", operation.name)).collect();
            ("the contract has no such method at this path", Some(format!("it has {}", names.join(", "))))
        }
    };
    let breach = Breach {
        what: what.to_owned(),
        differences: crate::shape::Differences::default(),
        place: there.first().and_then(|operation| operation.origin),
    };
    Found { side: Side::Request, operation: named, breaches: vec![breach], help }
}

/// What was sent, wherever that was, as the contract sees it. Files start from `dir`.
fn request<'c>(call: &'c Call, dir: &Path) -> Sent<'c> {
    let headers = call.options.get("headers").and_then(Value::as_object);
    let headers: Vec<(String, String)> = headers.into_iter().flatten().flat_map(lines).collect();
    let (mut media, mut body) = call.operand.as_ref().map_or((None, Body::Nothing), |it| body(it, dir));
    let written = |wanted: &str| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    if let Some((_, written)) = written("content-type") {
        media = Some(written.clone());
    }
    // What is compressed is not looked into.
    if written("content-encoding").is_some() && !matches!(body, Body::Nothing) {
        body = Body::Unread;
    }
    Sent { headers, media, body, ..Sent::default() }
}

/// The lines of a header: a list has one for each element.
fn lines((name, value): (&Arc<str>, &Value)) -> Vec<(String, String)> {
    let one = |value: &Value| {
        let text = match value {
            Value::Text(text) => text.text.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            _ => return None,
        };
        Some((name.to_string(), text))
    };
    match value {
        Value::List(items) => items.iter().filter_map(one).collect(),
        value => one(value).into_iter().collect(),
    }
}

/// Past this, a file that is sent is not looked into.
const FILE_LIMIT: u64 = 16 * 1024 * 1024;

/// The text of a file that was sent.
fn content(path: &Path) -> Option<String> {
    let length = std::fs::metadata(path).ok()?.len();
    let bytes = if length <= FILE_LIMIT { std::fs::read(path).ok()? } else { return None };
    String::from_utf8(bytes).ok()
}

/// What an operand is sent as.
fn body<'v>(operand: &'v Value, dir: &Path) -> (Option<String>, Body<'v>) {
    let json = || Some("application/json".to_owned());
    match operand {
        Value::Absent => (None, Body::Nothing),
        Value::Object(_) | Value::List(_) => (json(), Body::Json(Cow::Borrowed(operand))),
        Value::Text(text) => (Some("text/plain".to_owned()), Body::Text((&*text.text).into())),
        Value::Bytes(bytes) => {
            (Some("application/octet-stream".to_owned()), Body::Text(String::from_utf8_lossy(&bytes.bytes)))
        }
        Value::Tagged(tagged) => {
            let fields = tagged.value.as_object();
            let given = |name: &str| fields.and_then(|fields| fields.get(name)).and_then(Value::as_text);
            let media = |default: &str| Some(given("type").unwrap_or(default).to_owned());
            match (tagged.tag, fields) {
                ("json", _) => (json(), Body::Json(Cow::Borrowed(&tagged.value))),
                ("form", Some(fields)) => {
                    (Some("application/x-www-form-urlencoded".to_owned()), Body::Form(fields))
                }
                ("graphql", _) => {
                    let query = fields.and_then(|fields| fields.get("query")).unwrap_or(&tagged.value);
                    let part = |name: &str| fields.and_then(|fields| fields.get(name)).cloned();
                    let parts = [("variables", part("variables")), ("operationName", part("operation"))];
                    let parts = parts.into_iter().filter_map(|(name, value)| Some((name, value?)));
                    let sent = Value::object([("query", query.clone())].into_iter().chain(parts));
                    (json(), Body::Json(Cow::Owned(sent)))
                }
                ("multipart", Some(fields)) => (Some("multipart/form-data".to_owned()), Body::Form(fields)),
                ("bytes", _) => {
                    let bytes = fields.and_then(|fields| fields.get("content")).unwrap_or(&tagged.value);
                    let body = match bytes {
                        Value::Bytes(bytes) => Body::Text(String::from_utf8_lossy(&bytes.bytes)),
                        Value::Text(text) => Body::Text((&*text.text).into()),
                        _ => Body::Unread,
                    };
                    (media("application/octet-stream"), body)
                }
                ("file", _) => {
                    let Some(path) = given("path").or_else(|| tagged.value.as_text()) else {
                        return (None, Body::Unread);
                    };
                    let path = dir.join(path);
                    let kind = given("type").map_or_else(|| file_type(&path), str::to_owned);
                    (Some(kind), content(&path).map_or(Body::Unread, |text| Body::Text(text.into())))
                }
                ("text", _) => match given("text").or_else(|| tagged.value.as_text()) {
                    Some(text) => (media("text/plain"), Body::Text(text.into())),
                    None => (None, Body::Unread),
                },
                _ => (given("type").map(str::to_owned), Body::Unread),
            }
        }
        _ => (None, Body::Unread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_element_of_a_header_is_a_line() {
        let name: Arc<str> = "x-n".into();
        let list = Value::list(vec![Value::text("x"), Value::text("2")]);
        let both = [("x-n".to_owned(), "x".to_owned()), ("x-n".to_owned(), "2".to_owned())];
        assert_eq!(lines((&name, &list)), both);
    }

    #[test]
    fn an_address_is_read_below_that_of_the_service() {
        let endpoint = |url: &str| Endpoint {
            service: "s".into(),
            protocol: "http".into(),
            url: url.into(),
            contract: None,
            dir: std::path::PathBuf::new(),
        };
        let at = |base: &str, url: &str| leg(&endpoint(base), "GET", url).map(|leg| leg.path);
        assert_eq!(at("http://h:1", "http://h:1/a/b?c=d").as_deref(), Some("/a/b"));
        assert_eq!(at("http://h:1/api/", "http://h:1/api/a").as_deref(), Some("/a"));
        assert_eq!(at("http://h:1/api", "http://h:1/apis"), None);
        assert_eq!(at("http://h:1", "http://h:2/a"), None);
        let query = leg(&endpoint("http://h:1"), "GET", "http://h:1/?a=1%202&b").unwrap().query;
        assert_eq!(query, [("a".to_owned(), "1 2".to_owned()), ("b".to_owned(), String::new())]);
    }
}
