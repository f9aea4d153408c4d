//! JSON Schema (2020-12, its dialect in OpenAPI 3.1, and OpenAPI 3.0's variant of it) as patterns.
//! What a pattern can say exactly is a pattern; the rest is decided by a validator beside it.

mod choice;
mod combine;
mod files;
mod judge;
mod keywords;
mod list;
mod number;
mod object;
mod regex;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use files::AS_BASE;
pub(super) use files::{Files, Target, parse};
pub(super) use keywords::constrains;

use self::combine::{both, one_of};
use super::document::{Data, Node};
use super::drawn::drawn_as;
use crate::diag::{Code, Diagnostic};
use crate::shape::{Pattern, fits};
use crate::source::Span;
use crate::value::Value;

/// References that lead on from each other further than this are followed when they are needed:
/// contracts have long chains of them, and stacks an end.
const FOLLOWED_DEPTH: usize = 32;

/// Schemas that say no more than other schemas may do so this often.
const MAX_CHAIN: usize = 200;

/// Schemas within themselves are drawn this deep at most.
const DRAWN_DEPTH: usize = 2;

/// Which rules a document's schemas follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAPI 3.0: a subset of an early draft, with `nullable`.
    OpenApi30,
    /// JSON Schema 2020-12, which OpenAPI 3.1 uses.
    Draft2020,
    /// JSON Schema draft 7.
    Draft7,
}

/// What a value is for: what a request may leave out is not what a response may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Either, when a type is named by itself.
    Either,
    /// Sent to the service: `readOnly` fields are not.
    Request,
    /// Sent by the service: `writeOnly` fields are not.
    Response,
}

/// Makes patterns of schemas.
pub(super) struct Lower {
    files: Arc<Files>,
    mode: Mode,
    /// Whether the reference at hand is to what a schema is made of.
    as_base: bool,
    /// How often a schema was met within itself.
    level: usize,
    /// The schemas that are being made, outermost first.
    stack: Vec<(usize, String)>,
    /// How many of them lie outside of the value at hand: of a property, an element or a name.
    outside: usize,
    /// Those that were made, and whether they hold one that contains itself.
    made: BTreeMap<(usize, String), (Pattern, bool)>,
    /// How many references were left for later since they lead back.
    late: usize,
    /// Those that were too far from the first one to be made with it.
    far: Vec<Target>,
    /// What is wrong with the schemas.
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Lower {
    pub(super) fn new(files: Arc<Files>, mode: Mode) -> Lower {
        Lower {
            files,
            mode,
            as_base: false,
            level: 0,
            stack: Vec::new(),
            outside: 0,
            made: BTreeMap::new(),
            late: 0,
            far: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// The pattern of a schema that stands in the document with this index.
    pub(super) fn schema(&mut self, doc: usize, node: &Arc<Node>) -> Pattern {
        match &node.data {
            Data::Map(_) => {}
            Data::Bool(true) if self.files.dialect != Dialect::OpenApi30 => return any_json(),
            Data::Bool(false) if self.files.dialect != Dialect::OpenApi30 => {
                return Pattern::Not(Box::new(Pattern::Anything));
            }
            _ => {
                self.error(node.span, format!("a schema is an object, not {}", node.kind()));
                return any_json();
            }
        }
        self.check_keywords(node);
        let Some(reference) = node.entry("$ref") else { return self.body(doc, node) };
        let pattern = self.follow(doc, &reference.value);
        let mut others = node.entries().iter().filter(|entry| keywords::constrains(&entry.key));
        match (others.next(), self.files.dialect) {
            (None, _) => pattern,
            (Some(_), Dialect::Draft2020) => both(pattern, self.body(doc, node)),
            (Some(other), _) => {
                let message = format!("`{}` beside `$ref` has no meaning here, and is ignored", other.key);
                let help = "put both into `allOf`";
                self.diagnostics
                    .push(Diagnostic::warning(Code::CONTRACT, other.key_span, message).help(help));
                pattern
            }
        }
    }

    /// The pattern of the schema that a `$ref` names.
    fn follow(&mut self, doc: usize, reference: &Arc<Node>) -> Pattern {
        let Some(text) = reference.text() else {
            self.error(reference.span, format!("a `$ref` is a text, not {}", reference.kind()));
            return any_json();
        };
        let as_base = std::mem::take(&mut self.as_base);
        match self.files.follow(doc, text) {
            Ok(mut target) => {
                if as_base && choice::is_parent(&target.node) {
                    target.key.1.push(AS_BASE);
                }
                // Of a value within the value, a schema within itself is a tree; of the value
                // itself, it says nothing and never ends.
                let met = self.stack.iter().rposition(|known| *known == target.key);
                let message = if met.is_some_and(|at| at >= self.outside) {
                    format!("`{text}` leads back to itself, and to no property or element on the way")
                } else if self.stack.len() - self.outside >= MAX_CHAIN {
                    format!("schemas refer to each other more than {MAX_CHAIN} times on the way to `{text}`")
                } else {
                    return self.target(&target);
                };
                self.error(reference.span, message);
                any_json()
            }
            Err(why) => {
                self.error(reference.span, why);
                any_json()
            }
        }
    }

    /// The pattern of a schema with a name.
    pub(super) fn target(&mut self, target: &Target) -> Pattern {
        let name = target.name(&self.files);
        if let Some((pattern, late)) = self.made.get(&target.key) {
            self.late += usize::from(*late);
            return pattern.clone();
        }
        let far = self.stack.len() >= FOLLOWED_DEPTH && self.outside == self.stack.len();
        if far {
            self.far.push(target.clone());
        }
        if far || self.stack.contains(&target.key) {
            self.late += 1;
            let (files, mode, level, target) =
                (self.files.clone(), self.mode, self.level + 1, target.clone());
            let make = move || Lower { level, ..Lower::new(files.clone(), mode) }.target(&target);
            return Pattern::Late(name, Arc::new(make));
        }
        self.stack.push(target.key.clone());
        let before = self.late;
        let inner = self.schema(target.key.0, &target.node);
        let inner = self.as_one_of_its_kinds(target, inner);
        self.stack.pop();
        let pattern = Pattern::Named(name, Arc::new(inner));
        self.made.insert(target.key.clone(), (pattern.clone(), self.late > before));
        pattern
    }

    /// Makes what was left for later, for what is wrong with it.
    pub(super) fn rest(&mut self) {
        while let Some(target) = self.far.pop() {
            self.target(&target);
        }
    }

    /// Everything that a schema says but its `$ref`.
    fn body(&mut self, doc: usize, node: &Arc<Node>) -> Pattern {
        let mut pattern = self.typed(doc, node);
        if let Some(values) = self.values(node) {
            let known = values.len();
            let fitting: Vec<Pattern> =
                values.into_iter().filter(|value| fits(&pattern, value)).map(Pattern::Equals).collect();
            if fitting.len() < known && !self.is_nullable(node) {
                self.error(node.span, "a value of `enum` or `const` does not fit the rest of its schema");
            }
            pattern = match <[Pattern; 1]>::try_from(fitting) {
                Ok([only]) => only,
                Err(several) => Pattern::Union(several),
            };
        }
        let parts = |lower: &mut Lower, key: &str| -> Option<Vec<Pattern>> {
            let list = node.entry(key)?;
            if list.value.items().is_empty() {
                lower.error(list.value.span, format!("`{key}` is a list of at least one schema"));
                return None;
            }
            let each = list.value.items().iter().map(|part| {
                lower.as_base = key == "allOf" && part.get("$ref").is_some();
                lower.schema(doc, part)
            });
            Some(each.collect())
        };
        for part in parts(self, "allOf").unwrap_or_default() {
            pattern = both(pattern, part);
        }
        for key in ["anyOf", "oneOf"] {
            let Some(forms) = parts(self, key) else { continue };
            let forms = match self.chosen(doc, node, key) {
                Some(chosen) => Pattern::Union(chosen),
                None if key == "oneOf" => one_of(forms),
                None => Pattern::Union(forms),
            };
            pattern = both(pattern, forms);
        }
        if let Some(not) = node.get("not") {
            let not = self.schema(doc, not);
            pattern = Pattern::All(vec![pattern, Pattern::Not(Box::new(not))]);
        }
        if self.is_nullable(node) {
            pattern = Pattern::Union(vec![pattern, Pattern::Equals(Value::Null)]);
        }
        self.conditions(doc, node);
        if keywords::needs_judge(node) { self.judged(doc, node, pattern) } else { pattern }
    }

    /// Reads schemas that only the judge applies, for what is wrong in them.
    fn conditions(&mut self, doc: usize, node: &Arc<Node>) {
        let under = |key: &str| node.get(key).map(|map| map.entries().to_vec()).unwrap_or_default();
        for key in ["if", "then", "else"] {
            if let Some(same) = node.get(key) {
                self.schema(doc, same);
            }
        }
        for same in under("dependentSchemas") {
            self.schema(doc, &same.value);
        }
        for key in ["propertyNames", "unevaluatedProperties", "unevaluatedItems"] {
            if let Some(inner) = node.get(key) {
                self.inner(doc, inner);
            }
        }
        for inner in under("patternProperties") {
            self.inner(doc, &inner.value);
        }
    }

    /// `enum` or `const`.
    fn values(&mut self, node: &Node) -> Option<Vec<Value>> {
        if let Some(only) = node.get("const") {
            return Some(vec![only.value()]);
        }
        let list = node.entry("enum")?;
        if list.value.items().is_empty() {
            self.error(list.value.span, "`enum` is a list of at least one value");
            return None;
        }
        Some(list.value.items().iter().map(|item| item.value()).collect())
    }

    fn is_nullable(&self, node: &Node) -> bool {
        self.files.dialect == Dialect::OpenApi30
            && node.get("nullable").and_then(|nullable| nullable.bool()) == Some(true)
    }

    /// What the keywords say that belong to types.
    fn typed(&mut self, doc: usize, node: &Arc<Node>) -> Pattern {
        let types = self.types(node).unwrap_or_else(|| keywords::implied_types(node));
        let mut parts: Vec<Pattern> = types.iter().map(|ty| self.one_type(ty, doc, node)).collect();
        match parts.len() {
            0 => any_json(),
            1 => parts.remove(0),
            _ => Pattern::Union(parts),
        }
    }

    /// The names under `type`.
    fn types(&mut self, node: &Node) -> Option<Vec<Arc<str>>> {
        let given = node.get("type")?;
        let list = match &given.data {
            Data::List(items) if self.files.dialect != Dialect::OpenApi30 => items.clone(),
            _ => vec![given.clone()],
        };
        let mut types = Vec::new();
        for item in &list {
            match item.text() {
                Some(name) if keywords::is_type(name, self.files.dialect) => types.push(name.clone()),
                Some(name) => {
                    let message = format!("there is no type `{name}`");
                    let diagnostic = Diagnostic::error(Code::CONTRACT, item.span, message);
                    let diagnostic =
                        diagnostic.help("the types are string, number, integer, boolean, array and object");
                    self.diagnostics.push(diagnostic.did_you_mean(name, keywords::TYPES.iter().copied()));
                }
                None => self.error(item.span, format!("a type is a text, not {}", item.kind())),
            }
        }
        (!types.is_empty()).then_some(types)
    }

    fn one_type(&mut self, ty: &str, doc: usize, node: &Arc<Node>) -> Pattern {
        match ty {
            "string" => self.text(node),
            "integer" => self.number(node, true),
            "number" => self.number(node, false),
            "boolean" => Pattern::Type("bool", Arc::default()),
            "array" => self.list(doc, node),
            "object" => self.object(doc, node),
            _ => Pattern::Equals(Value::Null),
        }
    }

    /// The schema of a value inside another, and whether it leads back to one that is being made.
    fn inner(&mut self, doc: usize, node: &Arc<Node>) -> (Pattern, bool) {
        let (late, outside) = (self.late, self.outside);
        self.outside = self.stack.len();
        let pattern = self.schema(doc, node);
        self.outside = outside;
        (pattern, self.late > late)
    }

    /// A whole number from 0 under a keyword.
    fn count(&mut self, node: &Node, key: &str) -> Option<u64> {
        let entry = node.get(key)?;
        let count = entry.number().and_then(|number| u64::try_from(number.to_i128()?).ok());
        if count.is_none() {
            self.error(entry.span, format!("`{key}` is a whole number from 0"));
        }
        count
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(Code::CONTRACT, span, message));
    }

    fn warn(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(Code::CONTRACT, span, message));
    }
}

/// Whatever JSON can be; drawn as something small.
pub(super) fn any_json() -> Pattern {
    let basic = |name| Pattern::Type(name, Arc::default());
    let drawn =
        Pattern::Union(vec![Pattern::Equals(Value::Null), basic("number"), basic("text"), basic("bool")]);
    drawn_as(drawn, Pattern::Anything)
}
