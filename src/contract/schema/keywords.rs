//! The keywords of schemas: which are known, which say something of values, and which need the
//! judge.

use super::{Dialect, Lower};
use crate::contract::document::Node;
use crate::diag::{Code, Diagnostic};

/// The names of types.
pub(super) const TYPES: &[&str] = &["string", "number", "integer", "boolean", "array", "object", "null"];

/// Keywords that describe and do not constrain (JSON Schema Validation 2020-12 §8 and §9, OpenAPI
/// 3.1 §4.8.24, and those that only hold other schemas).
const ANNOTATIONS: &[&str] = &[
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "examples",
    "example",
    "$comment",
    "$schema",
    "$id",
    "$anchor",
    "$defs",
    "definitions",
    "discriminator",
    "xml",
    "externalDocs",
    "contentMediaType",
    "contentEncoding",
    "contentSchema",
    "$vocabulary",
    "$ref",
];

const OF_TEXT: &[&str] = &["minLength", "maxLength", "pattern", "format"];
const OF_NUMBERS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const OF_LISTS: &[&str] = &[
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
    "additionalItems",
];
const OF_OBJECTS: &[&str] = &[
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedProperties",
];
const OF_ALL: &[&str] =
    &["type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "nullable"];

/// Keywords that no pattern says: a validator judges the value beside the pattern.
const JUDGED: &[&str] = &[
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "prefixItems",
    "additionalItems",
    "if",
];

/// Whether a keyword says something of values.
pub(in crate::contract) fn constrains(key: &str) -> bool {
    !key.starts_with("x-") && !ANNOTATIONS.contains(&key)
}

/// Whether a type has this name.
pub(super) fn is_type(name: &str, dialect: Dialect) -> bool {
    TYPES.contains(&name) && !(name == "null" && dialect == Dialect::OpenApi30)
}

/// The types that the keywords of a schema without `type` speak of.
pub(super) fn implied_types(node: &Node) -> Vec<std::sync::Arc<str>> {
    [("object", OF_OBJECTS), ("array", OF_LISTS), ("string", OF_TEXT), ("number", OF_NUMBERS)]
        .into_iter()
        .filter(|(_, keys)| node.entries().iter().any(|entry| keys.contains(&&*entry.key)))
        .map(|(name, _)| name.into())
        .collect()
}

/// Whether a schema says what its pattern does not: also when it has no type, for then its
/// keywords let every value of another type pass.
pub(super) fn needs_judge(node: &Node) -> bool {
    let has = |keys: &[&str]| node.entries().iter().any(|entry| keys.contains(&&*entry.key));
    let untyped = node.get("type").is_none() && !implied_types(node).is_empty();
    let counted = has(&["minProperties", "maxProperties"]) && has(&["properties", "required"]);
    let lists = node.get("items").is_some_and(|items| !items.items().is_empty());
    has(JUDGED) || untyped || counted || lists
}

impl Lower {
    /// Every keyword is known, or said to be unknown: a misspelt one must not become a schema that
    /// anything fits.
    pub(super) fn check_keywords(&mut self, node: &Node) {
        for entry in node.entries() {
            let key = &*entry.key;
            match key {
                "$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$recursiveAnchor" => {
                    self.error(entry.key_span, format!("`{key}` is not supported: use `$ref`"));
                }
                "$id" if !self.stack.is_empty() => {
                    let message =
                        "`$id` inside a document, which moves the base of references, is not supported";
                    self.error(entry.key_span, message);
                }
                _ if key.starts_with("x-") || ANNOTATIONS.contains(&key) => {}
                "nullable" if self.files.dialect != Dialect::OpenApi30 => self.warn(
                    entry.key_span,
                    "`nullable` means nothing since OpenAPI 3.1: write `type: [string, \"null\"]`",
                ),
                _ if self.is_known(key) => {}
                _ => {
                    let message = format!("schemas have no keyword `{key}`, so it is ignored");
                    let known = [OF_ALL, OF_TEXT, OF_NUMBERS, OF_LISTS, OF_OBJECTS, ANNOTATIONS].concat();
                    self.diagnostics.push(
                        Diagnostic::warning(Code::CONTRACT, entry.key_span, message)
                            .help("keywords of your own begin with `x-`")
                            .did_you_mean(key, known.iter().copied()),
                    );
                }
            }
        }
    }

    fn is_known(&self, key: &str) -> bool {
        const NEWER: &[&str] = &[
            "const",
            "if",
            "then",
            "else",
            "prefixItems",
            "contains",
            "minContains",
            "maxContains",
            "unevaluatedItems",
            "patternProperties",
            "propertyNames",
            "dependentRequired",
            "dependentSchemas",
            "dependencies",
            "unevaluatedProperties",
            "additionalItems",
        ];
        let known =
            [OF_ALL, OF_TEXT, OF_NUMBERS, OF_LISTS, OF_OBJECTS].iter().any(|keys| keys.contains(&key));
        known && !(self.files.dialect == Dialect::OpenApi30 && NEWER.contains(&key))
    }
}
