//! A schema as one looks at it: with what its references and `allOf` add. What stands in several
//! places holds in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Part;
use super::whole::whole;
use crate::contract::document::{Data, Entry, Node};
use crate::contract::schema::{Dialect, Files};
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

/// What several schemas say that all hold; none of them: anything goes.
#[derive(Default)]
pub(super) struct View {
    /// The types its values may have; none: any.
    pub(super) types: Option<BTreeSet<Arc<str>>>,
    /// The values it may have; none: any.
    pub(super) values: Option<Vec<(Value, Span)>>,
    /// Each property by all that is said of it, with the document and the place of its name.
    pub(super) properties: BTreeMap<Arc<str>, Vec<(usize, Entry)>>,
    pub(super) required: BTreeMap<Arc<str>, Span>,
    /// Where it says that it has no other properties.
    pub(super) closed: Option<Span>,
    /// What its other properties are, when it says that.
    pub(super) extra: Vec<Part>,
    pub(super) items: Vec<Part>,
    /// The forms of each `oneOf` and `anyOf`.
    pub(super) variants: Vec<Vec<Part>>,
    /// Every other keyword, with all its values.
    pub(super) limits: BTreeMap<Arc<str>, Vec<(Value, Span)>>,
    /// What its absence means.
    pub(super) default: Option<(Value, Span)>,
    /// The property that tells the forms apart.
    pub(super) discriminator: Option<Discriminator>,
    /// The place of the schema.
    pub(super) span: Span,
    /// The name of the first schema that it refers to.
    pub(super) name: Option<Arc<str>>,
}

/// What tells forms apart.
#[derive(Clone, PartialEq)]
pub(super) struct Discriminator {
    pub(super) property: Arc<str>,
    /// The schemas by the values that mean them, as far as that is written.
    pub(super) mapping: BTreeMap<Arc<str>, Arc<str>>,
    pub(super) span: Span,
}

impl View {
    /// What the schemas say together; `span` is the place of none.
    pub(super) fn of(files: &Files, parts: &[Part], span: Span) -> View {
        let span = parts.first().map_or(span, |part| part.1.span);
        let mut view = View { span, ..View::default() };
        for part in parts {
            view.absorb(files, part, 0);
        }
        if view.types.is_none() {
            view.types = view.implied(files);
        }
        view
    }

    fn absorb(&mut self, files: &Files, (doc, node): &Part, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let outer = self.types.take();
        if matches!(node.data, Data::Bool(false)) {
            self.types = Some(BTreeSet::new());
        }
        if let Some(reference) = node.get("$ref").and_then(|reference| reference.text())
            && let Ok(target) = files.follow(*doc, reference)
        {
            if depth == 0 && self.name.is_none() {
                self.name = Some(target.name(files));
                self.span = target.node.entries().first().map_or(target.node.span, |first| first.key_span);
            }
            self.absorb(files, &(target.key.0, target.node), depth + 1);
        }
        for part in node.get("allOf").map(|all| all.items()).unwrap_or_default() {
            self.absorb(files, &(*doc, part.clone()), depth + 1);
        }
        self.own(files, *doc, node);
        let is_nullable = node.get("nullable").and_then(|it| it.bool()) == Some(true);
        if is_nullable
            && files.dialect == Dialect::OpenApi30
            && let Some(types) = &mut self.types
        {
            types.insert("null".into());
        }
        if let Some(outer) = outer {
            self.meet(outer);
        }
    }

    /// Only these types, too.
    fn meet(&mut self, types: BTreeSet<Arc<str>>) {
        let whole = |types: &BTreeSet<Arc<str>>, ty: &Arc<str>| {
            types.contains(ty) || (&**ty == "integer" && types.contains("number"))
        };
        self.types = Some(match self.types.take() {
            Some(known) => {
                let both = known.iter().filter(|ty| whole(&types, ty));
                both.chain(types.iter().filter(|ty| whole(&known, ty))).cloned().collect()
            }
            None => types,
        });
    }

    /// What a node says itself.
    fn own(&mut self, files: &Files, doc: usize, node: &Node) {
        if let Some(types) = types(node) {
            self.meet(types);
        }
        let list = node.get("enum").map(|list| list.items().to_vec());
        let constant = node.get("const").map(|value| vec![value.clone()]);
        if let Some(values) = constant.or(list) {
            let values = values.iter().map(|value| (value.value(), value.span));
            self.values = Some(match self.values.take() {
                Some(known) => values.filter(|one| known.iter().any(|other| one.0 == other.0)).collect(),
                None => values.collect(),
            });
        }
        for entry in node.get("properties").map(|it| it.entries()).unwrap_or_default() {
            self.properties.entry(entry.key.clone()).or_default().push((doc, entry.clone()));
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
                _ => self.extra.push((doc, extra.value.clone())),
            }
        }
        self.items.extend(node.get("items").map(|items| (doc, items.clone())));
        for key in ["oneOf", "anyOf"] {
            let forms = node.get(key).map(|it| it.items()).unwrap_or_default();
            if !forms.is_empty() {
                self.variants.push(forms.iter().map(|form| (doc, form.clone())).collect());
            }
        }
        let default = node.get("default").map(|default| (default.value(), default.span));
        self.default = default.or(self.default.take());
        self.discriminator = discriminator(node).or(self.discriminator.take());
        for entry in node.entries() {
            let key = &*entry.key;
            if KNOWN.contains(&key) || key.starts_with("x-") {
                continue;
            }
            let is_true = |key: &str| node.get(key).and_then(|it| it.bool()) == Some(true);
            // In OpenAPI 3.0 the bound itself stands under another name.
            let (name, value) = match key {
                "minimum" if is_true("exclusiveMinimum") => ("exclusiveMinimum", entry.value.value()),
                "maximum" if is_true("exclusiveMaximum") => ("exclusiveMaximum", entry.value.value()),
                "exclusiveMinimum" | "exclusiveMaximum" if entry.value.bool().is_some() => continue,
                _ => (key, whole(files, doc, &entry.value)),
            };
            self.limits.entry(name.into()).or_default().push((value, entry.key_span));
        }
    }

    /// The types that follow from values or from all forms.
    fn implied(&self, files: &Files) -> Option<BTreeSet<Arc<str>>> {
        if let Some(values) = &self.values {
            return values.iter().map(|(value, _)| type_of(value).map(Arc::from)).collect();
        }
        let mut found = View::default();
        for forms in &self.variants {
            let types = forms.iter().map(|form| {
                let mut view = View::default();
                view.absorb(files, form, 1);
                view.types
            });
            if let Some(types) = types.collect::<Option<Vec<_>>>() {
                found.meet(types.into_iter().flatten().collect());
            }
        }
        found.types
    }

    /// Whether a property is only sent by the service, or only to it.
    pub(super) fn is_only(files: &Files, property: &[(usize, Entry)], key: &str) -> bool {
        property.iter().any(|(doc, entry)| {
            let inner = super::resolve(files, (*doc, entry.value.clone()));
            [&entry.value, &inner.1].iter().any(|node| node.get(key).and_then(|it| it.bool()) == Some(true))
        })
    }
}

fn discriminator(node: &Node) -> Option<Discriminator> {
    let entry = node.entry("discriminator")?;
    let property = entry.value.get("propertyName")?.text()?.clone();
    let mapping = entry.value.get("mapping").map(|it| it.entries()).unwrap_or_default();
    // A name alone means the schema of that name.
    let name = |text: &Arc<str>| text.rsplit('/').next().unwrap_or_default().into();
    let mapping = mapping.iter().filter_map(|it| Some((it.key.clone(), name(it.value.text()?))));
    Some(Discriminator { property, mapping: mapping.collect(), span: entry.key_span })
}

/// What `type` says.
fn types(node: &Node) -> Option<BTreeSet<Arc<str>>> {
    let ty = node.get("type")?;
    Some(match ty.text() {
        Some(one) => BTreeSet::from([one.clone()]),
        None => ty.items().iter().filter_map(|it| it.text().cloned()).collect(),
    })
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
