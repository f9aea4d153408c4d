//! OpenAPI documents: a service with its contract, and a scenario for each operation with the least
//! that it must be asked. The contract itself judges what comes back.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::body;
use super::model::{Input, Line, Request, Scenario, Service, Story, Term, Text};
use crate::contract::document::{Entry, Node};
use crate::contract::{Address, Interface, Operation, Parameter, ParameterPlace, Payload, Segment, Status};
use crate::lang::Registry;
use crate::shape::{Pattern, plain};
use crate::value::{Value, is_label};

/// What RFC 3986 §2.3 calls unreserved stays as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A drawn body of a named type reads better than one that is written out.
const MOST_WRITTEN: usize = 3;

/// Makes scenarios of a contract: `root` is the document, `path` leads to it from the scenarios.
pub(super) fn read(
    interface: &Interface,
    root: &Arc<Node>,
    path: &str,
    title: &str,
    registry: &Registry,
) -> Story {
    let mut story = Story { invents: true, ..Story::new(registry) };
    let name = story.names.fresh(title);
    let mut notes = Vec::new();
    let at = server(root, &name, &mut story, &mut notes);
    story.services.push(Service { name: name.clone(), at: Some(at), contract: Some(path.to_owned()), notes });
    security(root, &mut story);
    for operation in &interface.operations {
        let scenario = Maker { story: &mut story, interface, root, service: &name }.scenario(operation);
        story.scenarios.extend(scenario);
    }
    if root.get("webhooks").is_some_and(|hooks| !hooks.entries().is_empty()) {
        story.head.push(Line::Lost("the webhooks, which the service sends and does not take".to_owned()));
    }
    story
}

/// The address of the first server; the path in it is a part of each operation's already.
fn server(root: &Arc<Node>, name: &str, story: &mut Story, notes: &mut Vec<Line>) -> Text {
    let servers = root.get("servers").map(|servers| servers.items()).unwrap_or_default();
    if servers.len() > 1 {
        let message = "all servers but the first: `environment` says where else the service runs";
        notes.push(Line::Lost(message.to_owned()));
    }
    let default = origin(root).map(Text::plain);
    let input = story.names.fresh(&format!("{name}_url"));
    let note = if default.is_some() { "" } else { "the document has no server: set where the service runs" };
    story.inputs.push(Input { name: input.clone(), default, note: note.to_owned(), ..Input::default() });
    Text::value(input)
}

/// The scheme and the host of the first of the servers that a part of the document names, if it names
/// a host.
fn origin(of: &Node) -> Option<String> {
    let server = of.get("servers")?.items().first()?;
    let mut whole = server.get("url")?.text()?.to_string();
    for entry in server.get("variables").map(|variables| variables.entries()).unwrap_or_default() {
        let default = entry.value.get("default").and_then(|default| default.text());
        whole = whole.replace(&format!("{{{}}}", entry.key), default.map_or("", |default| default));
    }
    let url = url::Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.origin().ascii_serialization())
}

/// The path items of the document.
fn items(root: &Node) -> impl Iterator<Item = &Arc<Node>> {
    let shared = root.get("components").and_then(|components| components.get("pathItems"));
    let all = [root.get("paths"), shared];
    all.into_iter().flatten().flat_map(|items| items.entries()).map(|entry| &entry.value)
}

/// The first scheme that the document asks for everywhere, as options of the service.
fn security(root: &Arc<Node>, story: &mut Story) {
    let schemes = root.get("components").and_then(|components| components.get("securitySchemes"));
    let entries = schemes.map(|schemes| schemes.entries()).unwrap_or_default();
    let mut headers: Vec<(String, Term)> = Vec::new();
    let text = |entry: &Entry, name: &str| {
        entry.value.get(name).and_then(|text| text.text()).map(|text| text.to_string()).unwrap_or_default()
    };
    // Of a token and a password, the token.
    let (basic, others): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| text(entry, "scheme").eq_ignore_ascii_case("basic"));
    for entry in others.into_iter().chain(basic) {
        let text = |name: &str| text(entry, name);
        let what = format!("the security scheme `{}`", entry.key);
        let is_set = |story: &Story| story.defaults.iter().any(|(name, _)| *name == "auth");
        match (&*text("type"), &*text("scheme").to_ascii_lowercase(), &*text("in")) {
            ("http", "bearer", _) | ("oauth2" | "openIdConnect", ..) if !is_set(story) => {
                let token = story.names.fresh("token");
                story.secrets.declare(&token, &format!("the token of {what}"), None);
                story.defaults.push(("auth", Term::call("bearer", Term::Raw(token))));
            }
            ("http", "basic", _) if !is_set(story) => {
                let user = story.outside("user", None);
                let password = story.names.fresh("password");
                story.secrets.declare(&password, &format!("the password of {what}"), None);
                let arguments = vec![(None, Term::Raw(user)), (None, Term::Raw(password))];
                story.defaults.push(("auth", Term::Call("basic", arguments)));
            }
            ("apiKey", _, "header") if headers.iter().all(|(name, _)| *name != text("name")) => {
                let key = story.names.fresh(&text("name"));
                story.secrets.declare(&key, &what, None);
                headers.push((text("name"), Term::Raw(key)));
            }
            _ => story.head.push(Line::Lost(what)),
        }
    }
    if !headers.is_empty() {
        story.defaults.push(("headers", Term::Object(headers)));
    }
}

struct Maker<'a> {
    story: &'a mut Story,
    interface: &'a Interface,
    root: &'a Node,
    service: &'a str,
}

impl Maker<'_> {
    fn scenario(&mut self, operation: &Operation) -> Option<Scenario> {
        let Address::Http { method, path } = &operation.address else { return None };
        let mut request = Request {
            method: method.to_string(),
            service: Some(self.service.to_owned()),
            ..Request::default()
        };
        let mut breaks = false;
        request.url = self.path(operation, path, &mut request.before);
        for parameter in
            operation.parameters.iter().filter(|parameter| parameter.place != ParameterPlace::Path)
        {
            if parameter.required {
                breaks |= !self.parameter(parameter, &mut request);
            }
        }
        let optional: Vec<&str> = operation
            .parameters
            .iter()
            .filter(|parameter| !parameter.required)
            .map(|parameter| &*parameter.name)
            .collect();
        if !optional.is_empty() {
            request.before.push(Line::Comment(format!("it may also be given: {}", optional.join(", "))));
        }
        if let Some(payload) = operation.request.as_ref().filter(|payload| payload.required) {
            breaks |= !self.payload(payload, &mut request);
        } else if operation.request.is_some() {
            request.before.push(Line::Comment("it may also be given a body".to_owned()));
        }
        if breaks {
            request.set("contract", Term::Raw("ignore".to_owned()));
        }
        self.declared(operation, &mut request);
        request.after.push(success(operation));
        Some(Scenario { title: operation.name.to_string(), requests: vec![request], ..Scenario::default() })
    }

    /// What the document says of this operation alone: its servers, and whom it serves.
    fn declared(&self, operation: &Operation, request: &mut Request) {
        let Some(place) = operation.origin else { return };
        let is_place = |entry: &Entry| (entry.key_span.start, entry.key_span.end) == (place.start, place.end);
        let found = items(self.root)
            .find_map(|item| Some((item, &item.entries().iter().find(|entry| is_place(entry))?.value)));
        let Some((item, declared)) = found else { return };
        let own = [&**declared, &**item].into_iter().find(|node| node.get("servers").is_some());
        if let Some(origin) = own.and_then(origin).filter(|own| origin(self.root).as_ref() != Some(own)) {
            request.lose(format!("the server `{origin}` of this operation: the service is asked"));
        }
        let asked = [&**declared, self.root].into_iter().find_map(|node| node.get("security"));
        let is_said = || {
            items(self.root)
                .flat_map(|item| item.entries())
                .any(|entry| entry.value.get("security").is_some())
        };
        // A document that says nothing at all of it means the schemes that it has.
        if asked.map_or_else(is_said, |asked| asked.items().is_empty()) {
            for (option, term) in &self.story.defaults {
                match term {
                    Term::Object(headers) if *option == "headers" => {
                        let absent =
                            |(name, _): &(String, Term)| (name.clone(), Term::Raw("absent".to_owned()));
                        request.headers.extend(headers.iter().map(absent));
                    }
                    _ => request.set(option, Term::Raw("absent".to_owned())),
                }
            }
        }
    }

    fn path(&mut self, operation: &Operation, segments: &[Segment], before: &mut Vec<Line>) -> Text {
        let mut text = Text::default();
        for segment in segments {
            text.push_plain("/");
            match segment {
                Segment::Literal(literal) => text.push_plain(literal),
                Segment::Parameter { prefix, name, suffix } => {
                    text.push_plain(prefix);
                    let known = operation.parameter(ParameterPlace::Path, name);
                    match known.and_then(|parameter| plain(&parameter.pattern)).as_ref().and_then(scalar) {
                        Some(value) => {
                            before.push(Line::Comment(format!("`{name}`: put one that is there")));
                            text.push_plain(&utf8_percent_encode(&value, SEGMENT).to_string());
                        }
                        None => {
                            let own = self.story.outside(name, None);
                            text.push_value(own);
                        }
                    }
                    text.push_plain(suffix);
                }
            }
        }
        if text.is_empty() {
            text.push_plain("/");
        }
        text
    }

    /// Whether a value for a parameter was found.
    fn parameter(&mut self, parameter: &Parameter, request: &mut Request) -> bool {
        let name = parameter.name.to_string();
        let value = plain(&parameter.pattern);
        let what = match parameter.place {
            ParameterPlace::Query => "query",
            ParameterPlace::Header => "headers",
            _ => "cookies",
        };
        let is_private = super::private::is_private(&name);
        match value.as_ref().and_then(scalar) {
            Some(value) if what != "cookies" && !is_private => {
                let field = (name, Term::plain(value));
                if what == "query" {
                    request.query.push(field)
                } else {
                    request.headers.push(field)
                }
                true
            }
            None if what == "cookies" => {
                request.lose(format!("the cookie `{name}`, which the operation must be given"));
                false
            }
            _ if what == "cookies" => {
                request.lose(format!("the cookie `{name}`, which the operation must be given"));
                false
            }
            Some(_) => {
                let own = self.story.outside(&name, None);
                let field = (name, Term::Raw(own));
                if what == "query" {
                    request.query.push(field)
                } else {
                    request.headers.push(field)
                }
                true
            }
            None => {
                request
                    .lose(format!("the parameter `{name}` in `{what}`, for which there is no simple value"));
                false
            }
        }
    }

    /// Whether a body was found.
    fn payload(&mut self, payload: &Payload, request: &mut Request) -> bool {
        let json = payload.content.iter().find(|(media, _)| {
            let media = body::media_type(media);
            media == "application/json" || media.ends_with("+json")
        });
        let form = payload.content.iter().find(|(media, _)| {
            matches!(&*body::media_type(media), "application/x-www-form-urlencoded" | "multipart/form-data")
        });
        let found = match (json, form) {
            (Some((media, Some(pattern))), _) => self.json(media, pattern, request),
            (_, Some((media, Some(pattern)))) => {
                let is_multipart = body::media_type(media) == "multipart/form-data";
                plain(pattern).and_then(|value| body::constant(&value, self.story)).and_then(
                    |term| match term {
                        Term::Object(fields)
                            if fields.iter().all(|(_, value)| !matches!(value, Term::Object(_))) =>
                        {
                            Some(Term::call(
                                if is_multipart { "multipart" } else { "form" },
                                Term::Object(fields),
                            ))
                        }
                        _ => None,
                    },
                )
            }
            _ => None,
        };
        let kinds: Vec<&str> = payload.content.iter().map(|(media, _)| &**media).collect();
        match found {
            Some(term) => request.body = Some(term),
            None => request.lose(format!("the body, which is {}", kinds.join(" or "))),
        }
        request.body.is_some()
    }

    /// A drawn one of the type that the contract names, or the plainest one written out.
    fn json(&mut self, media: &str, pattern: &Pattern, request: &mut Request) -> Option<Term> {
        let is_bare = media == "application/json";
        let named = match pattern {
            Pattern::Named(name, _) | Pattern::Late(name, _) => Some(name),
            _ => None,
        };
        let named = named.filter(|name| is_label(name) && self.interface.types.contains_key(&***name));
        let value = plain(pattern);
        let is_short = matches!(&value, Some(Value::Object(fields)) if fields.len() <= MOST_WRITTEN);
        if !is_bare {
            request.headers.push(("Content-Type".to_owned(), Term::plain(media)));
        }
        if let Some(name) = named.filter(|_| !is_short) {
            return Some(Term::Raw(format!("any {}.{name}", self.service)));
        }
        body::constant(&value?, self.story)
    }
}

/// What a path, a query or a header can hold.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.text.is_empty() => Some(text.text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// The least of the statuses that say that it went well; where none does, one that sends elsewhere.
fn success(operation: &Operation) -> Line {
    let code = |from: u16, to: u16| {
        let codes = operation.responses.iter().filter_map(|response| match response.status {
            Status::Code(code) if (from..to).contains(&code) => Some(code),
            _ => None,
        });
        codes.min().map(|code| Line::Expect(format!("status == {code}")))
    };
    let has = |status: Status| operation.responses.iter().any(|response| response.status == status);
    let class = |first: u16| {
        has(Status::Class(first)).then(|| Line::Expect(format!("status in {first}00..{first}99")))
    };
    let good = || "status in 200..299".to_owned();
    let unnamed =
        || has(Status::Default).then(|| Line::Added(good(), "the document names no status of success"));
    code(200, 300)
        .or_else(|| class(2))
        .or_else(|| code(300, 400))
        .or_else(|| class(3))
        .or_else(unnamed)
        .or_else(|| code(100, 600))
        .or_else(|| class(4))
        .or_else(|| class(5))
        .unwrap_or_else(|| Line::Added(good(), "the document names no status"))
}
