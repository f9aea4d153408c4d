//! Operations with their requests and responses (OpenAPI 3.1 §4.8.9 and §4.8.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Book;
use super::path::{names, segments};
use crate::contract::conform::{is_json, judges};
use crate::contract::document::{Data, Entry, Node};
use crate::contract::schema::{Mode, constrains};
use crate::contract::{
    Address, Media, Operation, Parameter, ParameterPlace, Payload, Response, Segment, Status,
};
use crate::shape::Pattern;
use crate::source::Span;

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const OF_PATH: &[&str] = &[
    "$ref",
    "summary",
    "description",
    "servers",
    "parameters",
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
];
const OF_OPERATION: &[&str] = &[
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "requestBody",
    "responses",
    "callbacks",
    "deprecated",
    "security",
    "servers",
];

/// The keys of a media type; all after the first four since OpenAPI 3.2.
const OF_MEDIA: &[&str] =
    &["schema", "example", "examples", "encoding", "itemSchema", "prefixEncoding", "itemEncoding", "$ref"];

/// What is said of each media type.
type Content = Vec<(Arc<str>, Option<Pattern>)>;

/// Media types of one part after the other, for whose parts OpenAPI has words since 3.2
/// (`itemSchema`).
const SEQUENCES: &[&str] =
    &["text/event-stream", "application/jsonl", "application/x-ndjson", "application/json-seq"];

/// A path with what all its operations share.
struct PathItem<'a> {
    doc: usize,
    node: &'a Node,
    /// As written.
    template: &'a str,
    template_span: Span,
    segments: Vec<Segment>,
    parameters: Vec<Parameter>,
}

impl Book {
    pub(super) fn paths(&mut self, root: &Node) {
        let Some(paths) = root.get("paths") else { return };
        let mut seen: BTreeMap<String, Span> = BTreeMap::new();
        for entry in paths.entries().iter().filter(|entry| !entry.key.starts_with("x-")) {
            let segments = match segments(&entry.key) {
                Ok(segments) => segments,
                Err(why) => {
                    self.error(entry.key_span, why);
                    continue;
                }
            };
            // `/a/{x}` and `/a/{y}` are one path.
            if let Some(first) = seen.insert(shape(&segments), entry.key_span) {
                let message = format!("the path `{}` is there already, with other names", entry.key);
                let diagnostic =
                    crate::diag::Diagnostic::error(crate::diag::Code::CONTRACT, entry.key_span, message);
                self.diagnostics.push(diagnostic.also(first, "the first one"));
                continue;
            }
            let Some((doc, node)) = self.follow(0, &entry.value) else { continue };
            let of_path = if self.newer {
                [OF_PATH, &["query", "additionalOperations"]].concat()
            } else {
                OF_PATH.to_vec()
            };
            self.known(&node, "a path", &of_path);
            let parameters = self.parameters(doc, &node);
            let (template, template_span) = (&*entry.key, entry.key_span);
            let item = PathItem { doc, node: &node, template, template_span, segments, parameters };
            let is_method = |key: &str| METHODS.contains(&key) || self.newer && key == "query";
            let more = node.get("additionalOperations").filter(|_| self.newer);
            let more = more.map(|more| more.entries()).unwrap_or_default();
            let methods: Vec<&Entry> =
                node.entries().iter().filter(|entry| is_method(&entry.key)).chain(more).collect();
            for method in methods {
                self.operation(root, &item, method);
            }
        }
    }

    fn operation(&mut self, root: &Node, item: &PathItem<'_>, entry: &Entry) {
        let node = &entry.value;
        if !matches!(node.data, Data::Map(_)) {
            return self.error(node.span, format!("an operation is an object, not {}", node.kind()));
        }
        self.known(node, "an operation", OF_OPERATION);
        let mut parameters = self.parameters(item.doc, node);
        for shared in &item.parameters {
            let same = |known: &Parameter| known.name == shared.name && known.place == shared.place;
            if !parameters.iter().any(same) {
                parameters.push(shared.clone());
            }
        }
        self.path_parameters(item, &parameters);
        let mut path = self.server_path(&[node, item.node, root]);
        path.extend(item.segments.iter().cloned());
        let method: Arc<str> = entry.key.to_uppercase().into();
        let request = node.entry("requestBody").and_then(|body| self.request(item.doc, body));
        let responses = self.responses(item.doc, entry);
        self.interface.operations.push(Operation {
            name: format!("{method} {}", item.template).into(),
            address: Address::Http { method, path },
            parameters,
            request,
            responses,
            origin: Some(entry.key_span),
        });
    }

    /// The parameters of the template are those that are declared.
    fn path_parameters(&mut self, item: &PathItem<'_>, parameters: &[Parameter]) {
        let declared = || parameters.iter().filter(|parameter| parameter.place == ParameterPlace::Path);
        for name in names(&item.segments) {
            if declared().all(|parameter| parameter.name != *name) {
                let message = format!("the parameter `{name}` of the path is declared nowhere");
                self.error(item.template_span, message);
            }
        }
        for parameter in
            declared().filter(|parameter| names(&item.segments).all(|name| *name != parameter.name))
        {
            let message = format!("the path `{}` has no parameter `{}`", item.template, parameter.name);
            self.error(parameter.origin.unwrap_or(item.template_span), message);
        }
    }

    fn request(&mut self, doc: usize, entry: &Entry) -> Option<Payload> {
        let (doc, node) = self.follow(doc, &entry.value)?;
        self.known(&node, "a request body", &["description", "content", "required"]);
        if node.get("content").is_none() {
            self.error(entry.key_span, "a request body says its `content`");
        }
        let required = node.get("required").and_then(|required| required.bool()) == Some(true);
        Some(Payload { required, origin: Some(entry.key_span), ..self.content(doc, &node, Mode::Request) })
    }

    /// What the media types of a body are described by, and each part of those that are sequences.
    fn content(&mut self, doc: usize, node: &Node, mode: Mode) -> Payload {
        let (mut content, mut items): (Content, Vec<(Arc<str>, Pattern)>) = Default::default();
        let mut variants: Vec<(Media, Option<Pattern>)> = Vec::new();
        for entry in node.get("content").map(|content| content.entries()).unwrap_or_default() {
            if !entry.key.contains('/') {
                self.error(entry.key_span, format!("`{}` is no media type", entry.key));
                continue;
            }
            let (doc, media) = match self.newer {
                true => match self.follow(doc, &entry.value) {
                    Some(found) => found,
                    None => continue,
                },
                false => (doc, entry.value.clone()),
            };
            let more = if self.newer { OF_MEDIA } else { &OF_MEDIA[..4] };
            self.known(&media, "a media type", more);
            let pattern = media.get("schema").map(|schema| self.schema(mode, doc, schema));
            let bare: Arc<str> = entry.key.split(';').next().unwrap_or_default().trim().to_lowercase().into();
            let is_sequence = SEQUENCES.contains(&&*bare);
            let schema = media.entry("schema").filter(|schema| is_sequence && !is_any_text(&schema.value));
            if let Some(schema) = schema {
                let why = match self.newer {
                    true => "say what each part is with `itemSchema`",
                    false => {
                        "OpenAPI 3.0 and 3.1 do not say whether a schema speaks of all of it or of each part; \
                         3.2 has `itemSchema`"
                    }
                };
                self.warn(schema.key_span, format!("what comes as `{bare}` is not checked: {why}"));
            }
            let is_judged = |pattern: &Pattern| {
                is_json(&bare)
                    || judges(&bare, pattern)
                    || mode == Mode::Request && &*bare == "multipart/form-data"
                    // JSON may come as these.
                    || matches!(&*bare, "*/*" | "application/*")
            };
            if let Some(schema) = media.entry("schema").filter(|schema| !is_sequence && says(&schema.value))
                && pattern.as_ref().is_some_and(|pattern| !is_judged(pattern))
            {
                let why =
                    format!("what comes as `{bare}` is not checked: only JSON, forms and texts are read");
                self.warn(schema.key_span, why);
            }
            if let Some(item) = media.entry("itemSchema").filter(|_| self.newer) {
                let pattern = self.schema(mode, doc, &item.value);
                match is_sequence && mode == Mode::Response {
                    true => items.push((bare.clone(), pattern)),
                    false => self.warn(item.key_span, format!("the parts of `{bare}` are not checked here")),
                }
            }
            either(&mut variants, Media::read(&entry.key), pattern.clone());
            either(&mut content, bare, pattern);
        }
        // One by itself is what `content` says.
        let bare: Vec<Arc<str>> = variants.iter().map(|(media, _)| media.bare.clone()).collect();
        variants.retain(|(media, _)| bare.iter().filter(|bare| **bare == media.bare).count() > 1);
        Payload { required: true, content, variants, items, origin: None }
    }

    fn responses(&mut self, doc: usize, operation: &Entry) -> Vec<Response> {
        let Some(responses) = operation.value.get("responses") else {
            self.warn(operation.key_span, "this operation declares no `responses`, so no answer is allowed");
            return Vec::new();
        };
        let mut found = Vec::new();
        for entry in responses.entries().iter().filter(|entry| !entry.key.starts_with("x-")) {
            let Some(status) = status(&entry.key) else {
                self.error(
                    entry.key_span,
                    format!(
                        "`{}` is no status: write one such as `200`, a class such as `4XX`, or `default`",
                        entry.key
                    ),
                );
                continue;
            };
            let Some((doc, node)) = self.follow(doc, &entry.value) else { continue };
            self.known(&node, "a response", &["description", "headers", "content", "links", "summary"]);
            let headers = node.get("headers").map(|headers| headers.entries()).unwrap_or_default();
            let headers = headers.iter().filter_map(|header| self.header(doc, header)).collect();
            let payload = node.get("content").map(|_| Payload {
                origin: Some(entry.key_span),
                ..self.content(doc, &node, Mode::Response)
            });
            found.push(Response { status, payload, headers, origin: Some(entry.key_span) });
        }
        found
    }
}

/// Adds what is said of a media type: what is said of it twice may be either.
fn either<K: PartialEq>(all: &mut Vec<(K, Option<Pattern>)>, media: K, pattern: Option<Pattern>) {
    match all.iter_mut().find(|(known, _)| *known == media) {
        Some((_, known)) => *known = known.take().zip(pattern).map(|(a, b)| Pattern::Union(vec![a, b])),
        None => all.push((media, pattern)),
    }
}

/// Whether a schema says more of a body than that it is a text or bytes.
fn says(schema: &Node) -> bool {
    schema.get("$ref").is_some()
        || schema.entries().iter().any(|entry| {
            let text = entry.value.text();
            let is = |known: &[&str]| text.is_some_and(|text| known.contains(&&**text));
            constrains(&entry.key)
                && match &*entry.key {
                    "type" => !is(&["string"]),
                    "format" => !is(&["binary", "byte"]),
                    _ => true,
                }
        })
}

/// `{ type: string }`, which says nothing of a text.
fn is_any_text(schema: &Node) -> bool {
    let mut says = schema.entries().iter().filter(|entry| constrains(&entry.key));
    says.next().is_none_or(|entry| entry.value.text().is_some_and(|ty| **ty == *"string"))
        && says.next().is_none()
        && schema.get("$ref").is_none()
}

fn status(text: &str) -> Option<Status> {
    match text {
        "default" => Some(Status::Default),
        _ => match text.strip_suffix("XX") {
            Some(class) => class.parse().ok().filter(|class| (1..=5).contains(class)).map(Status::Class),
            None => text.parse().ok().filter(|code| (100..=599).contains(code)).map(Status::Code),
        },
    }
}

/// A path without the names of its parameters.
fn shape(segments: &[Segment]) -> String {
    let parts = segments.iter().map(|segment| match segment {
        Segment::Literal(text) => text.to_string(),
        Segment::Parameter { prefix, suffix, .. } => format!("{prefix}{{}}{suffix}"),
    });
    parts.collect::<Vec<_>>().join("/")
}
