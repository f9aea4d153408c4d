//! Operations: their names, parameters, bodies, answers and credentials.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::schema::{Place, Side};
use super::view::View;
use super::{Op, Part, Walk, resolve, table};
use crate::contract::document::{Entry, Node};
use crate::contract::schema::Files;
use crate::contract::{Address, Segment};
use crate::source::Span;

/// What HTTP itself says of a request; parameters of these names are ignored.
const OF_HTTP: &[&str] = &["accept", "content-type", "authorization"];

/// A parameter, or a header of an answer.
struct Parameter {
    name: String,
    place: String,
    required: bool,
    part: Part,
    span: Span,
}

impl Walk<'_> {
    pub(super) fn operation(&mut self, old: &Op, new: &Op) {
        self.identity(old, new);
        self.security(old, new);
        self.parameters(old, new);
        self.body(old, new);
        self.responses(old, new);
    }

    fn identity(&mut self, old: &Op, new: &Op) {
        let id = |op: &Op| op.entry.value.get("operationId").cloned();
        let text = |node: &Option<Arc<Node>>| node.as_ref().and_then(|node| node.text().cloned());
        let (was, is) = (id(old), id(new));
        if let Some(before) = text(&was)
            && text(&is).as_ref() != Some(&before)
        {
            let now = text(&is).map_or("none".to_owned(), |now| format!("`{now}`"));
            let message = format!("`{}` had the `operationId` `{before}` and has {now} now", old.name);
            let spans = (span_of(&was, &old.entry), span_of(&is, &new.entry));
            let (was, is) = (format!("it was `{before}`"), format!("now {now}"));
            self.say(table::OPERATION_ID_CHANGED, message, (spans.0, &was), (spans.1, &is), &[]);
        }
        let tag = |op: &Op| op.entry.value.get("tags").and_then(|tags| tags.items().first().cloned());
        let (was, is) = (tag(old), tag(new));
        if text(&was) != text(&is) {
            let word =
                |tag: &Option<Arc<Node>>| text(tag).map_or("none".to_owned(), |tag| format!("`{tag}`"));
            let message =
                format!("`{}` had the first tag {} and has {} now", old.name, word(&was), word(&is));
            let spans = (span_of(&was, &old.entry), span_of(&is, &new.entry));
            let (was, is) = (format!("it was {}", word(&was)), format!("now {}", word(&is)));
            self.say(table::OPERATION_MOVED, message, (spans.0, &was), (spans.1, &is), &[]);
        }
        let names = |address: &Address| -> Vec<Arc<str>> {
            let Address::Http { path, .. } = address else { return Vec::new() };
            let names = path.iter().filter_map(|segment| match segment {
                Segment::Parameter { name, .. } => Some(name.clone()),
                Segment::Literal(_) => None,
            });
            names.collect()
        };
        for (was, is) in names(&old.address).iter().zip(names(&new.address)) {
            if *was != is {
                let message = format!("the parameter `{was}` of `{}` is called `{is}` now", old.name);
                let (before, after) = (format!("it was `{was}`"), format!("now `{is}`"));
                let spans = (old.entry.key_span, new.entry.key_span);
                self.say(table::PATH_PARAMETER_RENAMED, message, (spans.0, &before), (spans.1, &after), &[]);
            }
        }
    }

    /// Each set of credentials that was enough must still be enough.
    fn security(&mut self, old: &Op, new: &Op) {
        let of = |op: &Op, files: &Files| {
            let own = op.entry.value.entry("security").cloned();
            own.or_else(|| files.root().entry("security").cloned())
        };
        let (was, is) = (of(old, self.old), of(new, self.new));
        let Some(is) = is else { return };
        let (before, after) = (alternatives(self.old, was.as_ref()), alternatives(self.new, Some(&is)));
        for asked in &before {
            // Who shows more than is asked for is let in.
            if after.iter().any(|enough| enough.iter().all(|one| asked.iter().any(|it| it.is(one)))) {
                continue;
            }
            let shown = match asked.is_empty() {
                true => "without credentials".to_owned(),
                false => {
                    let names: BTreeSet<&str> = asked.iter().map(|one| &*one.name).collect();
                    let names: Vec<&str> = names.into_iter().collect();
                    format!("with `{}` as it was", names.join("` and `"))
                }
            };
            let message = format!("`{}` can no longer be called {shown}", old.name);
            let from = was.as_ref().map_or(old.entry.key_span, |entry| entry.key_span);
            let marks = ((from, "this was enough"), (is.key_span, "and is not any more"));
            self.say(table::SECURITY_NARROWED, message, marks.0, marks.1, &[]);
        }
    }

    fn parameters(&mut self, old: &Op, new: &Op) {
        let (before, after) = (parameters(self.old, old), parameters(self.new, new));
        for parameter in &before {
            let found =
                after.iter().find(|other| other.name == parameter.name && other.place == parameter.place);
            let Parameter { name, place, .. } = parameter;
            match found {
                Some(now) => {
                    if now.required && !parameter.required {
                        let message =
                            format!("the {place} parameter `{name}` of `{}` is required now", old.name);
                        let marks = ((parameter.span, "it was optional"), (now.span, "now required"));
                        self.say(table::PARAMETER_REQUIRED, message, marks.0, marks.1, &[]);
                    }
                    let owner = format!("the {place} parameter `{name}`");
                    self.written(parameter, now, &owner);
                    let (was, is) = (schema_of(&parameter.part), schema_of(&now.part));
                    if !parameter.required {
                        self.defaults(&was, &is, &owner, &[name]);
                    }
                    let place = Place::new(Side::Request, owner, &[name], (parameter.span, now.span));
                    self.schema(&was, &is, &place);
                }
                None => {
                    let message = format!("the {place} parameter `{name}` of `{}` is gone", old.name);
                    let marks = ((parameter.span, "it stood here"), (new.entry.key_span, "and is gone here"));
                    self.say(table::PARAMETER_DELETED, message, marks.0, marks.1, &[name]);
                }
            }
        }
        for parameter in after.iter().filter(|parameter| parameter.required) {
            let known = |other: &Parameter| other.name == parameter.name && other.place == parameter.place;
            if before.iter().any(known) {
                continue;
            }
            let Parameter { name, place, .. } = parameter;
            let message = format!("`{}` demands a new {place} parameter `{name}`", old.name);
            let marks = ((old.entry.key_span, "it did not here"), (parameter.span, "now required"));
            self.say(table::PARAMETER_REQUIRED, message, marks.0, marks.1, &[]);
        }
    }

    /// Compares how two parameters write their values.
    fn written(&mut self, old: &Parameter, new: &Parameter, owner: &str) {
        let (was, is) = (way(self.old, old), way(self.new, new));
        if was != is {
            let message = format!("{owner} was written {was} and is {is} now");
            let (before, after) = (format!("it was written {was}"), format!("now {is}"));
            let marks = ((old.span, &*before), (new.span, &*after));
            self.say(table::PARAMETER_STYLE_CHANGED, message, marks.0, marks.1, &[&old.name]);
        }
    }

    fn body(&mut self, old: &Op, new: &Op) {
        let of = |op: &Op| op.entry.value.entry("requestBody").cloned();
        let (was, is) = (of(old), of(new));
        let required = |part: &Part| part.1.get("required").and_then(|it| it.bool()) == Some(true);
        match (was, is) {
            (Some(was), Some(is)) => {
                let before = resolve(self.old, (old.item.0, was.value.clone()));
                let after = resolve(self.new, (new.item.0, is.value.clone()));
                if required(&after) && !required(&before) {
                    let message = format!("the body of `{}` is required now", old.name);
                    let marks = ((was.key_span, "it was optional"), (is.key_span, "now required"));
                    self.say(table::REQUEST_BODY_REQUIRED, message, marks.0, marks.1, &[]);
                }
                let owner = format!("the body of `{}`", old.name);
                self.content((&before, was.key_span), (&after, is.key_span), Side::Request, &owner);
            }
            (Some(was), None) => {
                let message = format!("`{}` no longer takes a body", old.name);
                let marks = ((was.key_span, "it did here"), (new.entry.key_span, "and does not any more"));
                self.say(table::REQUEST_BODY_DELETED, message, marks.0, marks.1, &[]);
            }
            (None, Some(is)) => {
                let after = resolve(self.new, (new.item.0, is.value.clone()));
                if required(&after) {
                    let message = format!("`{}` demands a body now", old.name);
                    let marks = ((old.entry.key_span, "it took none"), (is.key_span, "now required"));
                    self.say(table::REQUEST_BODY_REQUIRED, message, marks.0, marks.1, &[]);
                }
            }
            (None, None) => {}
        }
    }

    /// The media types of a body, and what each holds.
    pub(super) fn content(&mut self, old: (&Part, Span), new: (&Part, Span), side: Side, owner: &str) {
        let types = |part: &Part| part.1.get("content").map(|it| it.entries().to_vec()).unwrap_or_default();
        let (before, after) = (types(old.0), types(new.0));
        for entry in &before {
            let Some(now) = media(&after, &entry.key) else {
                let message = format!("{owner} no longer comes as `{}`", entry.key);
                let rule = match side {
                    Side::Request => table::REQUEST_MEDIA_TYPE_REMOVED,
                    Side::Response => table::RESPONSE_MEDIA_TYPE_REMOVED,
                };
                self.say(
                    rule,
                    message,
                    (entry.key_span, "it did here"),
                    (new.1, "and does not any more"),
                    &[],
                );
                continue;
            };
            let (before, after) = (
                resolve(self.old, (old.0.0, entry.value.clone())),
                resolve(self.new, (new.0.0, now.value.clone())),
            );
            let schema = |(doc, media): &Part, key: &str| -> Vec<Part> {
                media.get(key).map(|schema| (*doc, schema.clone())).into_iter().collect()
            };
            let (was, is) = (schema(&before, "schema"), schema(&after, "schema"));
            let parts = (schema(&before, "itemSchema"), schema(&after, "itemSchema"));
            if !(parts.0.is_empty() || parts.1.is_empty()) {
                let spans = (entry.key_span, now.key_span);
                let owner = format!("a part of {owner}");
                self.schema(&parts.0, &parts.1, &Place::new(side, owner, &[], spans));
            }
            // Of other media, what says nothing and a schema of bytes may be the same.
            let is_json = entry.key.contains("json") || now.key.contains("json");
            if is_json || !(was.is_empty() || is.is_empty()) {
                let spans = (entry.key_span, now.key_span);
                self.schema(&was, &is, &Place::new(side, owner.to_owned(), &[], spans));
            }
        }
    }

    fn responses(&mut self, old: &Op, new: &Op) {
        let of = |op: &Op| -> Vec<Entry> {
            let responses = op.entry.value.get("responses").map(|it| it.entries().to_vec());
            responses.unwrap_or_default().into_iter().filter(|it| !it.key.starts_with("x-")).collect()
        };
        let (before, after) = (of(old), of(new));
        for entry in before.iter().filter(|entry| !answers(&after, &entry.key)) {
            let message = format!("`{}` no longer answers {}", old.name, entry.key);
            let marks = ((entry.key_span, "it did here"), (new.entry.key_span, "and does not any more"));
            self.say(table::RESPONSE_STATUS_REMOVED, message, marks.0, marks.1, &[&entry.key]);
        }
        for now in &after {
            match answer(&before, &now.key) {
                Some(entry) => self.response((old, entry), (new, now)),
                None => {
                    let message = format!("`{}` may answer {} now", old.name, now.key);
                    let marks =
                        ((old.entry.key_span, "it did not declare it"), (now.key_span, "now declared"));
                    self.say(table::RESPONSE_STATUS_ADDED, message, marks.0, marks.1, &[]);
                }
            }
        }
        // What is not declared by itself any more is answered as its class or the default says.
        for entry in &before {
            let covering = answer(&after, &entry.key).filter(|now| now.key != entry.key);
            if let Some(now) = covering.filter(|now| answers(&after, &entry.key) || &*now.key != "default") {
                self.response((old, entry), (new, now));
            }
        }
    }

    /// Compares two answers; the old one may be of a class that the new one belongs to, or the
    /// other way round.
    fn response(&mut self, (old, entry): (&Op, &Entry), (new, now): (&Op, &Entry)) {
        let was = resolve(self.old, (old.item.0, entry.value.clone()));
        let is = resolve(self.new, (new.item.0, now.value.clone()));
        let status = if entry.key.eq_ignore_ascii_case(&now.key) { &entry.key } else { &now.key };
        let owner = format!("the answer {status} of `{}`", old.name);
        self.headers((&was, entry.key_span), (&is, now.key_span), &owner);
        let has = |part: &Part| part.1.get("content").is_some_and(|it| !it.entries().is_empty());
        if has(&was) && !has(&is) {
            let message = format!("{owner} no longer has a body");
            let marks = ((entry.key_span, "it had one here"), (now.key_span, "and has none any more"));
            self.say(table::RESPONSE_BODY_DELETED, message, marks.0, marks.1, &[]);
            return;
        }
        self.content((&was, entry.key_span), (&is, now.key_span), Side::Response, &owner);
    }

    fn headers(&mut self, old: (&Part, Span), new: (&Part, Span), owner: &str) {
        let of = |files: &Files, part: &Part| -> Vec<Parameter> {
            let headers = part.1.get("headers").map(|it| it.entries().to_vec()).unwrap_or_default();
            let read = headers.into_iter().map(|entry| {
                let inner = resolve(files, (part.0, entry.value.clone()));
                Parameter {
                    name: entry.key.to_lowercase(),
                    place: "header".to_owned(),
                    required: inner.1.get("required").and_then(|it| it.bool()) == Some(true),
                    part: inner,
                    span: entry.key_span,
                }
            });
            read.collect()
        };
        let (before, after) = (of(self.old, old.0), of(self.new, new.0));
        for header in &before {
            let now = after.iter().find(|other| other.name == header.name);
            if header.required && now.is_none_or(|now| !now.required) {
                let message = format!("{owner} no longer promises the header `{}`", header.name);
                let span = now.map_or(new.1, |now| now.span);
                let marks = ((header.span, "it did here"), (span, "and does not any more"));
                self.say(table::RESPONSE_HEADER_LOST, message, marks.0, marks.1, &[&header.name]);
            }
            if let Some(now) = now {
                let owner = format!("the header `{}`", header.name);
                let place = Place::new(Side::Response, owner, &[&header.name], (header.span, now.span));
                self.schema(&schema_of(&header.part), &schema_of(&now.part), &place);
            }
        }
    }
}

fn span_of(node: &Option<Arc<Node>>, entry: &Entry) -> Span {
    node.as_ref().map_or(entry.key_span, |node| node.span)
}

/// One of the credentials that a request shows.
struct Credential {
    name: Arc<str>,
    /// How it is shown: what its scheme says of that, or its name when that says nothing.
    how: String,
    /// What it must be good for; none: for anything.
    scope: Option<Arc<str>>,
}

impl Credential {
    fn is(&self, other: &Credential) -> bool {
        self.how == other.how && self.scope == other.scope
    }
}

/// Sets of credentials; who may call without any has an empty one.
fn alternatives(files: &Files, security: Option<&Entry>) -> Vec<Vec<Credential>> {
    let lists = security.map(|entry| entry.value.items()).unwrap_or_default();
    if lists.is_empty() {
        return vec![Vec::new()];
    }
    let read = lists.iter().map(|list| {
        let schemes = list.entries().iter().flat_map(|scheme| {
            let how = shown(files, &scheme.key);
            let scopes = scheme.value.items().iter().map(|scope| scope.text().cloned());
            let one = move |scope| Credential { name: scheme.key.clone(), how: how.clone(), scope };
            scopes.chain([None]).map(one)
        });
        schemes.collect()
    });
    read.collect()
}

/// How requests show the credentials of a scheme.
fn shown(files: &Files, name: &Arc<str>) -> String {
    let schemes = files.root().get("components").and_then(|components| components.get("securitySchemes"));
    let Some(scheme) = schemes.and_then(|schemes| schemes.get(name)) else { return name.to_string() };
    let (_, scheme) = resolve(files, (0, scheme.clone()));
    let keys = ["type", "in", "name", "scheme", "openIdConnectUrl"];
    let texts = keys.map(|key| scheme.get(key).and_then(|it| it.text()).map(|it| it.to_string()));
    texts.map(Option::unwrap_or_default).join(" ")
}

/// The parameters of an operation and of its path; those of the path itself are only compared in
/// what they hold.
fn parameters(files: &Files, op: &Op) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    let lists = [op.entry.value.get("parameters"), op.item.1.get("parameters")];
    for item in lists.into_iter().flatten().flat_map(|list| list.items()) {
        let (doc, node) = resolve(files, (op.item.0, item.clone()));
        let text = |key: &str| node.get(key).and_then(|it| it.text().cloned()).unwrap_or_default();
        let (name, place) = (text("name"), text("in").to_string());
        let name = if place == "header" { name.to_lowercase() } else { name.to_string() };
        if place == "header" && OF_HTTP.contains(&name.as_str()) {
            continue;
        }
        if found.iter().any(|known| known.name == name && known.place == place) {
            continue;
        }
        let span = node.get("name").map_or(node.span, |name| name.span);
        let required = node.get("required").and_then(|it| it.bool()) == Some(true);
        found.push(Parameter { name, place, required, part: (doc, node.clone()), span });
    }
    // Names in the path are no part of what is sent: parameters are told apart by their order.
    if let Address::Http { path, .. } = &op.address {
        let names = path.iter().filter_map(|segment| match segment {
            Segment::Parameter { name, .. } => Some(name),
            Segment::Literal(_) => None,
        });
        for (index, name) in names.enumerate() {
            let own = found.iter_mut().find(|it| it.place == "path" && *it.name == **name);
            if let Some(parameter) = own {
                parameter.name = format!("{}", index + 1);
            }
        }
    }
    found
}

/// The entry for a media type: the same, or a range that holds it.
fn media<'a>(entries: &'a [Entry], wanted: &str) -> Option<&'a Entry> {
    let bare = |text: &str| text.split(';').next().unwrap_or_default().trim().to_lowercase();
    let wanted = bare(wanted);
    let family = format!("{}/*", wanted.split('/').next().unwrap_or_default());
    let find = |wanted: &str| entries.iter().find(|entry| bare(&entry.key) == wanted);
    find(&wanted).or_else(|| find(&family)).or_else(|| find("*/*"))
}

/// The entry for a status: the same, its class, or the default.
fn answer<'a>(entries: &'a [Entry], wanted: &str) -> Option<&'a Entry> {
    let class = wanted.get(..1).map(|first| format!("{first}XX"));
    let find = |wanted: &str| entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(wanted));
    let of_class = || class.as_deref().filter(|_| wanted != "default").and_then(find);
    find(wanted).or_else(of_class).or_else(|| find("default"))
}

/// Whether a status that was declared may still be answered, as far as callers wait for it: of a
/// success, any of its class when it was one, or the default when no other success is declared.
fn answers(entries: &[Entry], wanted: &str) -> bool {
    let succeeds = |entry: &&Entry| entry.key.starts_with('2');
    let is_class = wanted.eq_ignore_ascii_case("2XX");
    match answer(entries, wanted) {
        _ if !wanted.starts_with('2') => true,
        Some(entry) if &*entry.key != "default" => true,
        found => match entries.iter().find(succeeds) {
            Some(_) => is_class,
            None => found.is_some(),
        },
    }
}

/// What a parameter or header says of its values.
fn schema_of((doc, node): &Part) -> Vec<Part> {
    let content = || node.get("content")?.entries().first()?.value.get("schema").cloned();
    let schema = node.get("schema").cloned().or_else(content);
    schema.map(|schema| (*doc, schema)).into_iter().collect()
}

/// How a parameter is written (OpenAPI 3.1 §4.8.12.2), as far as its values can tell.
fn way(files: &Files, parameter: &Parameter) -> String {
    let node = &parameter.part.1;
    if let Some(media) = node.get("content").and_then(|content| content.entries().first()) {
        return format!("as `{}`", media.key);
    }
    let usual = if matches!(&*parameter.place, "query" | "cookie") { "form" } else { "simple" };
    let style = node.get("style").and_then(|it| it.text()).map_or(usual, |it| &**it);
    let explode = node.get("explode").and_then(|it| it.bool()).unwrap_or(style == "form");
    let types = View::of(files, &schema_of(&parameter.part), parameter.span).types.unwrap_or_default();
    let matters = types.contains("object") || (types.contains("array") && style != "simple");
    match (matters, explode) {
        (true, true) => format!("in style `{style}`, exploded"),
        (true, false) => format!("in style `{style}`, not exploded"),
        _ => format!("in style `{style}`"),
    }
}
