//! Parameters of operations and headers of responses (OpenAPI 3.1 §4.8.12 and §4.8.21).

use std::sync::Arc;

use super::Book;
use crate::contract::document::{Entry, Node};
use crate::contract::drawn::judge;
use crate::contract::schema::{Mode, any_json};
use crate::contract::{Parameter, ParameterPlace};
use crate::shape::{Pattern, fits};
use crate::value::{Value, from_json};

const KEYS: &[&str] = &[
    "name",
    "in",
    "description",
    "required",
    "deprecated",
    "allowEmptyValue",
    "style",
    "explode",
    "allowReserved",
    "schema",
    "content",
    "example",
    "examples",
    "$ref",
    "summary",
];
/// What HTTP itself says of a request; parameters of these names are ignored (§4.8.12.1).
const OF_HTTP: &[&str] = &["accept", "content-type", "authorization"];

impl Book {
    /// The parameters under a node's key `parameters`.
    pub(super) fn parameters(&mut self, doc: usize, node: &Node) -> Vec<Parameter> {
        let mut found: Vec<Parameter> = Vec::new();
        for item in node.get("parameters").map(|list| list.items()).unwrap_or_default() {
            let Some(parameter) = self.parameter(doc, item) else { continue };
            let same = |known: &Parameter| known.name == parameter.name && known.place == parameter.place;
            if found.iter().any(same) {
                let message = format!("the parameter `{}` is declared twice", parameter.name);
                self.error(item.span, message);
                continue;
            }
            found.push(parameter);
        }
        found
    }

    fn parameter(&mut self, doc: usize, item: &Arc<Node>) -> Option<Parameter> {
        let (doc, node) = self.follow(doc, item)?;
        self.known(&node, "a parameter", KEYS);
        let (Some(name), Some(at)) = (node.get("name"), node.get("in")) else {
            self.error(node.span, "a parameter has a `name` and says where it is `in`");
            return None;
        };
        let (Some(text), Some(place)) = (name.text(), at.text()) else {
            self.error(name.span, "the `name` and `in` of a parameter are texts");
            return None;
        };
        let place = match &**place {
            "path" => ParameterPlace::Path,
            "query" => ParameterPlace::Query,
            "header" => ParameterPlace::Header,
            "cookie" => ParameterPlace::Cookie,
            other => {
                self.error(
                    at.span,
                    format!("a parameter is in path, query, header or cookie, not in `{other}`"),
                );
                return None;
            }
        };
        if place == ParameterPlace::Header && OF_HTTP.iter().any(|known| text.eq_ignore_ascii_case(known)) {
            return None;
        }
        let required = node.get("required").and_then(|required| required.bool()) == Some(true);
        if place == ParameterPlace::Path && !required {
            self.error(name.span, format!("the parameter `{text}` of the path lacks `required: true`"));
        }
        let name: Arc<str> = match place {
            ParameterPlace::Header => text.to_lowercase().into(),
            _ => text.clone(),
        };
        let origin = Some(node.get("name").map_or(node.span, |name| name.span));
        let pattern = self.described(doc, &node, place, Mode::Request);
        Some(Parameter { name, place, required, pattern, origin })
    }

    /// A header of a response; `Content-Type` says itself what it is.
    pub(super) fn header(&mut self, doc: usize, entry: &Entry) -> Option<Parameter> {
        if entry.key.eq_ignore_ascii_case("content-type") {
            return None;
        }
        let (doc, node) = self.follow(doc, &entry.value)?;
        self.known(&node, "a header", KEYS);
        Some(Parameter {
            name: entry.key.to_lowercase().into(),
            place: ParameterPlace::Header,
            required: node.get("required").and_then(|required| required.bool()) == Some(true),
            pattern: self.described(doc, &node, ParameterPlace::Header, Mode::Response),
            origin: Some(entry.key_span),
        })
    }

    /// What a parameter's value must fit, by its `schema` or its `content`.
    fn described(&mut self, doc: usize, node: &Node, place: ParameterPlace, mode: Mode) -> Pattern {
        if !self.has_common_style(node, place) {
            return any_json();
        }
        if let Some(schema) = node.get("schema") {
            return self.schema(mode, doc, schema);
        }
        let Some(content) = node.get("content") else {
            self.warn(node.span, "this parameter has no `schema`, so any value fits");
            return any_json();
        };
        let Some(entry) = content.entries().first() else {
            self.error(content.span, "`content` of a parameter names one media type");
            return any_json();
        };
        let Some(schema) = entry.value.get("schema") else { return any_json() };
        let inner = self.schema(mode, doc, schema);
        let text = Pattern::Type("text", Arc::default());
        let judge = judge(&entry.key, move |value: &Value| {
            let json = value.as_text().and_then(|text| from_json(text.as_bytes()).ok());
            json.is_some_and(|json| fits(&inner, &json))
        });
        Pattern::Judged(Box::new(text), judge)
    }

    /// Whether values are written in the default way of their place; others are said not to be
    /// checked.
    fn has_common_style(&mut self, node: &Node, place: ParameterPlace) -> bool {
        let default = match place {
            ParameterPlace::Path | ParameterPlace::Header => "simple",
            ParameterPlace::Query | ParameterPlace::Cookie => "form",
        };
        let style = node.entry("style");
        let odd = style.filter(|style| style.value.text().is_none_or(|text| **text != *default));
        if let Some(style) = odd {
            self.warn(
                style.key_span,
                format!("values in this `style` are not checked; `{default}` is the common one"),
            );
            return false;
        }
        let is_list = |schema: &Arc<Node>| {
            let ty = schema.get("type").and_then(|ty| ty.text()).map(|ty| &**ty);
            matches!(ty, Some("array" | "object"))
        };
        let explode = node.entry("explode").filter(|explode| {
            explode.value.bool() != Some(default == "form") && node.get("schema").is_some_and(is_list)
        });
        if let Some(explode) = explode {
            self.warn(explode.key_span, "lists written in this way are not checked");
            return false;
        }
        true
    }
}
