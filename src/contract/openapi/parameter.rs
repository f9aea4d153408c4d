//! Parameters of operations and headers of responses (OpenAPI 3.1 §4.8.12 and §4.8.21).

use std::sync::Arc;

use super::Book;
use crate::contract::document::{Entry, Node};
use crate::contract::drawn::judge;
use crate::contract::form::{Form, forms};
use crate::contract::schema::{Mode, any_json};
use crate::contract::style::Style;
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
            "querystring" if self.newer => {
                self.warn(at.span, "a parameter that is all of the query is not checked");
                let (style, pattern) = (Style::Apart, any_json());
                let (name, origin) = (text.clone(), Some(name.span));
                return Some(Parameter {
                    name,
                    place: ParameterPlace::Query,
                    required: false,
                    style,
                    pattern,
                    origin,
                });
            }
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
        let (pattern, style) = self.described(doc, &node, place, Mode::Request);
        Some(Parameter { name, place, required, style, pattern, origin })
    }

    /// A header of a response; `Content-Type` says itself what it is.
    pub(super) fn header(&mut self, doc: usize, entry: &Entry) -> Option<Parameter> {
        if entry.key.eq_ignore_ascii_case("content-type") {
            return None;
        }
        let (doc, node) = self.follow(doc, &entry.value)?;
        self.known(&node, "a header", KEYS);
        let (pattern, style) = self.described(doc, &node, ParameterPlace::Header, Mode::Response);
        Some(Parameter {
            name: entry.key.to_lowercase().into(),
            place: ParameterPlace::Header,
            required: node.get("required").and_then(|required| required.bool()) == Some(true),
            style,
            pattern,
            origin: Some(entry.key_span),
        })
    }

    /// What a parameter's value must fit, by its `schema` or its `content`, and how it is written.
    fn described(&mut self, doc: usize, node: &Node, place: ParameterPlace, mode: Mode) -> (Pattern, Style) {
        let Some(schema) = node.get("schema") else {
            return (self.of_content(doc, node, mode), Style::of(place));
        };
        let style = self.style(node, place);
        let pattern = self.schema(mode, doc, schema);
        // Whether fields of an object may be cookies of their own is left to guess.
        let is_map = |form: &Form| matches!(form, Form::Object(_) | Form::Map(_));
        if (place, style) == (ParameterPlace::Cookie, Some(Style::Apart))
            && forms(&pattern).iter().any(is_map)
        {
            self.warn(node.span, "an object in a cookie is not checked, unless it says `explode: false`");
            return (any_json(), Style::of(place));
        }
        match style {
            Some(style) => (pattern, style),
            None => (any_json(), Style::of(place)),
        }
    }

    /// A parameter that is one text of a media type.
    fn of_content(&mut self, doc: usize, node: &Node, mode: Mode) -> Pattern {
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

    /// How values are written; those in a style that is not read are said not to be checked.
    fn style(&mut self, node: &Node, place: ParameterPlace) -> Option<Style> {
        let usual = match place {
            ParameterPlace::Path | ParameterPlace::Header => "simple",
            ParameterPlace::Query | ParameterPlace::Cookie => "form",
        };
        let given = node.entry("style");
        let name = given.map_or(Some(usual), |style| style.value.text().map(|text| &**text));
        let explode = node.get("explode").and_then(|explode| explode.bool());
        let style = name.and_then(|name| Style::named(name, explode, place));
        if let (None, Some(given)) = (style, given) {
            let message = format!("values in this `style` are not checked; `{usual}` is the common one");
            self.warn(given.key_span, message);
        }
        style
    }
}
