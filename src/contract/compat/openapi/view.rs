//! A schema as one looks at it: with what its references and `allOf` add.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Part;
use crate::contract::document::{Data, Entry, Node};
use crate::contract::schema::Files;
use crate::source::Span;
use crate::value::Value;

/// References and `allOf` deeper than this are not followed: they lead in a circle.
const DEEPEST: usize = 64;

/// Keywords that are looked at by themselves, or say nothing of values.
const KNOWN: &[&str] = &[
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "type",
    "nullable",
    "enum",
    "const",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "title",
    "description",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "externalDocs",
    "xml",
    "$comment",
    "$id",
    "$anchor",
    "$schema",
    "$defs",
    "definitions",
    "discriminator",
];

/// What a schema says.
#[derive(Default)]
pub(super) struct View {
    /// The types its values may have; none: any.
    pub(super) types: Option<BTreeSet<Arc<str>>>,
    /// The values it may have; none: any.
    pub(super) values: Option<Vec<(Value, Span)>>,
    pub(super) properties: BTreeMap<Arc<str>, (usize, Entry)>,
    pub(super) required: BTreeMap<Arc<str>, Span>,
    /// Where it says that it has no other properties.
    pub(super) closed: Option<Span>,
    /// What its other properties are, when it says that.
    pub(super) extra: Option<Part>,
    pub(super) items: Option<Part>,
    /// The forms of `oneOf` and `anyOf`.
    pub(super) variants: Vec<Part>,
    /// Every other keyword.
    pub(super) limits: BTreeMap<Arc<str>, (Value, Span)>,
    /// The place of the schema.
    pub(super) span: Span,
    /// The name of the first schema that it refers to.
    pub(super) name: Option<Arc<str>>,
}

impl View {
    pub(super) fn of(files: &Files, part: &Part) -> View {
        let mut view = View { span: part.1.span, ..View::default() };
        view.absorb(files, part, 0);
        if view.types.is_none() {
            view.types = view.implied(files);
        }
        view
    }

    fn absorb(&mut self, files: &Files, (doc, node): &Part, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        if matches!(node.data, Data::Bool(false)) {
            self.types = Some(BTreeSet::new());
        }
        if let Some(reference) = node.get("$ref").and_then(|reference| reference.text())
            && let Ok(target) = files.follow(*doc, reference)
        {
            if depth == 0 {
                self.name = Some(target.name(files));
                self.span = target.node.entries().first().map_or(target.node.span, |first| first.key_span);
            }
            self.absorb(files, &(target.key.0, target.node), depth + 1);
        }
        for part in node.get("allOf").map(|all| all.items()).unwrap_or_default() {
            self.absorb(files, &(*doc, part.clone()), depth + 1);
        }
        self.own(*doc, node);
    }

    /// What a node says itself.
    fn own(&mut self, doc: usize, node: &Node) {
        if let Some(types) = types(node) {
            self.types = Some(match self.types.take() {
                Some(known) => known.intersection(&types).cloned().collect(),
                None => types,
            });
        }
        let list = node.get("enum").map(|list| list.items().to_vec());
        let constant = node.get("const").map(|value| vec![value.clone()]);
        if let Some(values) = constant.or(list) {
            self.values = Some(values.iter().map(|value| (value.value(), value.span)).collect());
        }
        for entry in node.get("properties").map(|it| it.entries()).unwrap_or_default() {
            self.properties.insert(entry.key.clone(), (doc, entry.clone()));
        }
        for name in node.get("required").map(|it| it.items()).unwrap_or_default() {
            if let Some(text) = name.text() {
                self.required.insert(text.clone(), name.span);
            }
        }
        if let Some(extra) = node.entry("additionalProperties") {
            match &extra.value.data {
                Data::Bool(false) => self.closed = Some(extra.key_span),
                Data::Bool(true) => {}
                _ => self.extra = Some((doc, extra.value.clone())),
            }
        }
        if let Some(items) = node.get("items") {
            self.items = Some((doc, items.clone()));
        }
        for key in ["oneOf", "anyOf"] {
            let forms = node.get(key).map(|it| it.items()).unwrap_or_default();
            self.variants.extend(forms.iter().map(|form| (doc, form.clone())));
        }
        for entry in node.entries() {
            if !KNOWN.contains(&&*entry.key) && !entry.key.starts_with("x-") {
                self.limits.insert(entry.key.clone(), (entry.value.value(), entry.key_span));
            }
        }
    }

    /// The types that follow from values or from all forms.
    fn implied(&self, files: &Files) -> Option<BTreeSet<Arc<str>>> {
        if let Some(values) = &self.values {
            return values.iter().map(|(value, _)| type_of(value).map(Arc::from)).collect();
        }
        if self.variants.is_empty() {
            return None;
        }
        let mut all = BTreeSet::new();
        for form in &self.variants {
            let mut view = View::default();
            view.absorb(files, form, 1);
            all.extend(view.types?);
        }
        Some(all)
    }

    /// Whether a property is only sent by the service, or only to it.
    pub(super) fn is_only(files: &Files, (doc, entry): &(usize, Entry), key: &str) -> bool {
        let inner = super::resolve(files, (*doc, entry.value.clone()));
        [&entry.value, &inner.1].iter().any(|node| node.get(key).and_then(|it| it.bool()) == Some(true))
    }
}

/// What `type` says, with `nullable` of OpenAPI 3.0.
fn types(node: &Node) -> Option<BTreeSet<Arc<str>>> {
    let ty = node.get("type")?;
    let mut types: BTreeSet<Arc<str>> = match ty.text() {
        Some(one) => BTreeSet::from([one.clone()]),
        None => ty.items().iter().filter_map(|it| it.text().cloned()).collect(),
    };
    if node.get("nullable").and_then(|it| it.bool()) == Some(true) {
        types.insert("null".into());
    }
    Some(types)
}

fn type_of(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.to_i128().is_some() => "integer",
        Value::Number(_) => "number",
        Value::Text(_) => "string",
        Value::List(_) => "array",
        Value::Object(_) => "object",
        _ => return None,
    })
}
