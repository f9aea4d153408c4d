//! What no pattern says is judged by a validator of JSON Schema: the schema, with all it refers
//! to, as one document of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value as Json, json};

use super::{Dialect, Files, Lower, Mode, Target};
use crate::contract::document::{Data, Node};
use crate::shape::{Difference, Judge, Pattern};
use crate::value::{Number, Path, Step, Value, show_short, to_json};

/// A value with more faults than this has the first of them shown.
const MAX_FAULTS: usize = 20;

/// Keywords that hold one schema.
const ONE: &[&str] = &[
    "not",
    "if",
    "then",
    "else",
    "items",
    "additionalProperties",
    "contains",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
];
/// Keywords that hold a list of schemas; `items` may, in draft 7.
const MANY: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems", "items"];
/// Keywords that hold schemas by name.
const NAMED: &[&str] = &["properties", "patternProperties", "dependentSchemas", "dependencies"];
/// Keywords that hold data and constrain.
const PLAIN: &[&str] = &[
    "type",
    "enum",
    "const",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "dependentRequired",
];

impl Lower {
    /// The pattern with the judge of this schema beside it. A schema that the validator refuses is
    /// an error at its place.
    pub(super) fn judged(&mut self, doc: usize, node: &Arc<Node>, pattern: Pattern) -> Pattern {
        let cell: Arc<OnceLock<Option<Validator>>> = Arc::default();
        // Those within themselves are made again and again, and were checked the first time.
        if self.level == 0 {
            match compile(&self.files, self.mode, doc, node) {
                Ok(validator) => {
                    let _ = cell.set(Some(validator));
                }
                Err(why) => self.error(node.span, format!("the schema cannot be used: {why}")),
            }
        }
        let (files, mode, node) = (self.files.clone(), self.mode, node.clone());
        let judge: Judge =
            Arc::new(move |value| match cell.get_or_init(|| compile(&files, mode, doc, &node).ok()) {
                Some(validator) => faults(validator, value),
                None => vec![Difference {
                    path: String::new(),
                    expected: "a schema that can be used".to_owned(),
                    actual: "one that cannot".to_owned(),
                }],
            });
        Pattern::Judged(Box::new(pattern), judge)
    }
}

fn faults(validator: &Validator, value: &Value) -> Vec<Difference> {
    let json = to_serde(value);
    let errors = validator.iter_errors(&json).take(MAX_FAULTS);
    errors
        .map(|error| {
            let path = path_of(&error.instance_path().to_string(), value);
            let actual = path.get(value);
            let keyword = error.kind().keyword().to_owned();
            Difference {
                path: path.to_string(),
                expected: format!("what `{keyword}` of the schema demands"),
                actual: show_short(&actual, 60),
            }
        })
        .collect()
}

/// A JSON pointer as a path: digits are an index only in a list.
fn path_of(pointer: &str, value: &Value) -> Path {
    let mut path = Path::default();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let list = matches!(path.get(value), Value::List(_));
        path.0.push(match part.parse::<i64>() {
            Ok(index) if list => Step::Index(index),
            _ => Step::Field(part.into()),
        });
    }
    path
}

fn compile(files: &Arc<Files>, mode: Mode, doc: usize, node: &Arc<Node>) -> Result<Validator, String> {
    let mut bundle = Bundle { files, mode, names: BTreeMap::new(), waiting: Vec::new() };
    let mut schema = bundle.schema(doc, node);
    let mut defs = Map::new();
    while let Some((name, target)) = bundle.waiting.pop() {
        let inner = bundle.schema(target.key.0, &target.node);
        defs.insert(name, inner);
    }
    if let Json::Object(fields) = &mut schema
        && !defs.is_empty()
    {
        fields.insert("$defs".to_owned(), Json::Object(defs));
    }
    let draft = match files.dialect {
        Dialect::Draft7 => Draft::Draft7,
        _ => Draft::Draft202012,
    };
    let options = jsonschema::options().with_draft(draft).should_validate_formats(true);
    options.build(&schema).map_err(|error| error.to_string())
}

/// Gathers a schema and what it refers to.
struct Bundle<'a> {
    files: &'a Files,
    mode: Mode,
    /// The names of what was referred to.
    names: BTreeMap<(usize, String), String>,
    /// What is still to be gathered.
    waiting: Vec<(String, Target)>,
}

impl Bundle<'_> {
    fn schema(&mut self, doc: usize, node: &Node) -> Json {
        if let Data::Bool(all) = node.data {
            return Json::Bool(all);
        }
        let mut out = Map::new();
        for entry in node.entries() {
            let key = &*entry.key;
            let value = &entry.value;
            let made = if key == "$ref" {
                value
                    .text()
                    .and_then(|text| self.files.follow(doc, text).ok())
                    .map(|target| self.name(target))
            } else if key == "required" {
                Some(self.required(doc, node, value))
            } else if MANY.contains(&key) && matches!(value.data, Data::List(_)) {
                Some(Json::Array(value.items().iter().map(|item| self.schema(doc, item)).collect()))
            } else if NAMED.contains(&key) {
                let fields = value.entries().iter();
                Some(Json::Object(
                    fields.map(|field| (field.key.to_string(), self.member(doc, &field.value))).collect(),
                ))
            } else if ONE.contains(&key) {
                Some(self.schema(doc, value))
            } else if PLAIN.contains(&key) {
                Some(to_serde(&value.value()))
            } else {
                None
            };
            if let Some(made) = made {
                out.insert(key.to_owned(), made);
            }
        }
        if self.files.dialect == Dialect::OpenApi30 {
            return older(out, node);
        }
        Json::Object(out)
    }

    /// A schema, or in draft 7's `dependencies` a list of names.
    fn member(&mut self, doc: usize, node: &Node) -> Json {
        match node.data {
            Data::List(_) => to_serde(&node.value()),
            _ => self.schema(doc, node),
        }
    }

    fn name(&mut self, target: Target) -> Json {
        let next = format!("d{}", self.names.len());
        let name = match self.names.get(&target.key) {
            Some(known) => known.clone(),
            None => {
                self.names.insert(target.key.clone(), next.clone());
                self.waiting.push((next.clone(), target));
                next
            }
        };
        Json::String(format!("#/$defs/{name}"))
    }

    /// The names that must be there in this mode.
    fn required(&mut self, doc: usize, node: &Node, required: &Node) -> Json {
        let key = match self.mode {
            Mode::Request => "readOnly",
            Mode::Response | Mode::Either => "writeOnly",
        };
        let properties = node.get("properties");
        let left_out = |name: &str| {
            let Some(mut at) = properties.and_then(|all| all.get(name)).cloned() else { return false };
            if let Some(reference) = at.get("$ref").and_then(|text| text.text())
                && let Ok(target) = self.files.follow(doc, reference)
            {
                at = target.node;
            }
            at.get(key).and_then(|value| value.bool()) == Some(true)
        };
        let names = required.items().iter().filter_map(|item| item.text()).filter(|name| !left_out(name));
        Json::Array(names.map(|name| Json::String(name.to_string())).collect())
    }
}

/// OpenAPI 3.0's keywords as those of 2020-12.
fn older(mut schema: Map<String, Json>, node: &Node) -> Json {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(Json::Bool(is)) = schema.remove(exclusive)
            && is
            && let Some(limit) = schema.remove(bound)
        {
            schema.insert(exclusive.to_owned(), limit);
        }
    }
    if schema.contains_key("$ref") {
        schema.retain(|key, _| key == "$ref");
    }
    match node.get("nullable").and_then(|nullable| nullable.bool()) {
        Some(true) => json!({ "anyOf": [Json::Object(schema), { "type": "null" }] }),
        _ => Json::Object(schema),
    }
}

/// The value as the validator reads it. Integers of 64 bits keep every digit; larger ones and
/// decimals become the nearest double.
fn to_serde(value: &Value) -> Json {
    match value {
        Value::Null | Value::Absent => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => to_number(number),
        Value::Text(text) => Json::String(text.text.to_string()),
        Value::List(items) => Json::Array(items.iter().map(to_serde).collect()),
        Value::Object(fields) => {
            let there = fields.iter().filter(|(_, value)| !matches!(value, Value::Absent));
            Json::Object(there.map(|(name, value)| (name.to_string(), to_serde(value))).collect())
        }
        other => serde_json::from_str(&to_json(other)).unwrap_or(Json::Null),
    }
}

fn to_number(number: &Number) -> Json {
    let integer = number.to_i128();
    if let Some(small) = integer.and_then(|integer| i64::try_from(integer).ok()) {
        return json!(small);
    }
    if let Some(large) = integer.and_then(|integer| u64::try_from(integer).ok()) {
        return json!(large);
    }
    serde_json::Number::from_f64(number.to_f64()).map_or(Json::Null, Json::Number)
}
