//! Operations: their names, parameters, bodies, answers and credentials.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::schema::{Place, Side};
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
        let (before, after) = (alternatives(was.as_ref()), alternatives(Some(&is)));
        for asked in &before {
            // Who shows more than is asked for is let in.
            if after.iter().any(|enough| enough.is_subset(asked)) {
                continue;
            }
            let shown = match asked.is_empty() {
                true => "without credentials".to_owned(),
                false => {
                    let names: Vec<&str> = asked.iter().map(|(name, _)| &**name).collect();
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
                    self.described(&parameter.part, &now.part, Side::Request, owner, &[name]);
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

    /// Compares what two parameters or headers say of their values.
    fn described(&mut self, old: &Part, new: &Part, side: Side, owner: String, names: &[&str]) {
        let schema = |part: &Part| -> Option<Part> {
            let content = || part.1.get("content")?.entries().first()?.value.get("schema").cloned();
            Some((part.0, part.1.get("schema").cloned().or_else(content)?))
        };
        if let (Some(old), Some(new)) = (schema(old), schema(new)) {
            self.schema(&old, &new, &Place::new(side, owner, names));
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
    fn content(&mut self, old: (&Part, Span), new: (&Part, Span), side: Side, owner: &str) {
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
            if let (Some(was), Some(is)) = (entry.value.get("schema"), now.value.get("schema")) {
                let (was, is) = ((old.0.0, was.clone()), (new.0.0, is.clone()));
                self.schema(&was, &is, &Place::new(side, owner.to_owned(), &[]));
            }
        }
    }

    fn responses(&mut self, old: &Op, new: &Op) {
        let of = |op: &Op| -> Vec<Entry> {
            let responses = op.entry.value.get("responses").map(|it| it.entries().to_vec());
            responses.unwrap_or_default().into_iter().filter(|it| !it.key.starts_with("x-")).collect()
        };
        let (before, after) = (of(old), of(new));
        for entry in &before {
            let Some(now) = answer(&after, &entry.key) else {
                if entry.key.starts_with('2') {
                    let message = format!("`{}` no longer answers {}", old.name, entry.key);
                    let marks =
                        ((entry.key_span, "it did here"), (new.entry.key_span, "and does not any more"));
                    self.say(table::RESPONSE_STATUS_REMOVED, message, marks.0, marks.1, &[&entry.key]);
                }
                continue;
            };
            let was = resolve(self.old, (old.item.0, entry.value.clone()));
            let is = resolve(self.new, (new.item.0, now.value.clone()));
            let owner = format!("the answer {} of `{}`", entry.key, old.name);
            self.headers((&was, entry.key_span), (&is, now.key_span), &owner);
            let has = |part: &Part| part.1.get("content").is_some_and(|it| !it.entries().is_empty());
            if has(&was) && !has(&is) {
                let message = format!("{owner} no longer has a body");
                let marks = ((entry.key_span, "it had one here"), (now.key_span, "and has none any more"));
                self.say(table::RESPONSE_BODY_DELETED, message, marks.0, marks.1, &[]);
                continue;
            }
            self.content((&was, entry.key_span), (&is, now.key_span), Side::Response, &owner);
        }
        for entry in &after {
            if answer(&before, &entry.key).is_none() {
                let message = format!("`{}` may answer {} now", old.name, entry.key);
                let marks = ((old.entry.key_span, "it did not declare it"), (entry.key_span, "now declared"));
                self.say(table::RESPONSE_STATUS_ADDED, message, marks.0, marks.1, &[]);
            }
        }
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
                self.described(&header.part, &now.part, Side::Response, owner, &[&header.name]);
            }
        }
    }
}

fn span_of(node: &Option<Arc<Node>>, entry: &Entry) -> Span {
    node.as_ref().map_or(entry.key_span, |node| node.span)
}

/// Sets of credentials with their scopes; who may call without any has an empty one.
fn alternatives(security: Option<&Entry>) -> Vec<BTreeSet<(Arc<str>, Arc<str>)>> {
    let lists = security.map(|entry| entry.value.items()).unwrap_or_default();
    if lists.is_empty() {
        return vec![BTreeSet::new()];
    }
    let read = lists.iter().map(|list| {
        let schemes = list.entries().iter().flat_map(|scheme| {
            let scopes = scheme.value.items().iter().filter_map(|scope| scope.text().cloned());
            let scopes = scopes.chain([Arc::from("")]);
            scopes.map(|scope| (scheme.key.clone(), scope)).collect::<Vec<_>>()
        });
        schemes.collect()
    });
    read.collect()
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
