//! OpenAPI 3.0, 3.1 and 3.2 documents as operations and patterns. What a document says and this does
//! not understand is an error or a warning at its place, never silently "anything goes".

mod operation;
mod parameter;
mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::document::Node;
use super::schema::{self, Dialect, Files, Lower, Mode, Target};
use super::{Declared, File, Interface, Reader};
use crate::diag::{Code, Diagnostic};
use crate::shape::Pattern;
use crate::source::Span;

/// An OpenAPI document or a JSON Schema, with the files it refers to.
#[derive(Debug)]
pub struct Document {
    file: std::path::PathBuf,
    files: Arc<Files>,
    interface: Interface,
    is_schema: bool,
}

impl Document {
    /// The file that was named.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether it is a JSON Schema by itself.
    pub fn is_schema(&self) -> bool {
        self.is_schema
    }

    /// The documents it was read from.
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Its operations and types.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }
}

/// Reads a document in YAML or JSON: OpenAPI when it has the key `openapi`, else a JSON Schema when
/// `schemas` are taken too. None when it cannot be used, and then a diagnostic says why.
pub fn read(file: &File, schemas: bool, reader: &mut dyn Reader) -> (Option<Document>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let root = match schema::parse(file) {
        Ok(root) => root,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let dialect = match dialect(&root, schemas) {
        Ok(dialect) => dialect,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let is_openapi = root.get("openapi").is_some();
    let files = Arc::new(Files::read(file, root, dialect, reader, &mut diagnostics));
    let mut book = Book::new(files.clone());
    if is_openapi {
        book.openapi()
    } else {
        book.json_schema()
    }
    let (interface, found) = book.finish();
    diagnostics.extend(found);
    let usable = diagnostics.iter().all(|diagnostic| !diagnostic.is_error());
    (
        usable.then(|| Document { file: file.path.clone(), files, interface, is_schema: !is_openapi }),
        diagnostics,
    )
}

/// Which rules the document follows.
fn dialect(root: &Node, schemas: bool) -> Result<Dialect, Box<Diagnostic>> {
    let wrong = |span: Span, message: String, help: &str| {
        Err(Box::new(Diagnostic::error(Code::CONTRACT, span, message).help(help)))
    };
    if let Some(version) = root.get("openapi") {
        let text = version.text().map(|text| &**text).unwrap_or_default();
        return match text {
            _ if text == "3.0" || text.starts_with("3.0.") => Ok(Dialect::OpenApi30),
            _ if text == "3.1" || text.starts_with("3.1.") => Ok(Dialect::Draft2020),
            _ if text == "3.2" || text.starts_with("3.2.") => Ok(Dialect::Draft2020),
            _ if version.text().is_none() => wrong(
                version.span,
                "the version of OpenAPI is a text".to_owned(),
                "write `openapi: \"3.1.0\"`",
            ),
            _ => wrong(version.span, format!("OpenAPI {text} is not known"), "3.0, 3.1 and 3.2 are"),
        };
    }
    if let Some(swagger) = root.entry("swagger") {
        let message = "Swagger 2.0 documents are not read".to_owned();
        return wrong(
            swagger.key_span,
            message,
            "convert it to OpenAPI 3, for example with `swagger2openapi`",
        );
    }
    let first = root.entries().first().map_or(root.span, |entry| entry.key_span);
    if !schemas {
        let message = "this is no OpenAPI document: it has no key `openapi`".to_owned();
        return wrong(first, message, "it begins with `openapi: 3.1.0`");
    }
    match root.get("$schema") {
        None => Ok(Dialect::Draft2020),
        Some(given) => match given.text().map(|text| text.trim_end_matches('#')) {
            Some(
                "https://json-schema.org/draft/2020-12/schema"
                | "https://json-schema.org/draft/2019-09/schema",
            ) => Ok(Dialect::Draft2020),
            Some("http://json-schema.org/draft-07/schema" | "https://json-schema.org/draft-07/schema") => {
                Ok(Dialect::Draft7)
            }
            _ => wrong(
                given.span,
                "this dialect of JSON Schema is not known".to_owned(),
                "2020-12, 2019-09 and draft-07 are",
            ),
        },
    }
}

/// What is read of a document, and what is wrong with it.
struct Book {
    files: Arc<Files>,
    interface: Interface,
    lowers: [Lower; 3],
    /// Whether it is one of OpenAPI 3.2, which has more keys.
    newer: bool,
    diagnostics: Vec<Diagnostic>,
}

impl Book {
    fn new(files: Arc<Files>) -> Book {
        let lower = |mode| Lower::new(files.clone(), mode);
        Book {
            lowers: [lower(Mode::Either), lower(Mode::Request), lower(Mode::Response)],
            newer: files
                .root()
                .get("openapi")
                .and_then(|version| version.text())
                .is_some_and(|version| version.starts_with("3.2")),
            files: files.clone(),
            interface: Interface::default(),
            diagnostics: Vec::new(),
        }
    }

    fn lower(&mut self, mode: Mode) -> &mut Lower {
        &mut self.lowers[mode as usize]
    }

    /// The pattern of a schema.
    fn schema(&mut self, mode: Mode, doc: usize, node: &Arc<Node>) -> Pattern {
        self.lower(mode).schema(doc, node)
    }

    fn openapi(&mut self) {
        let root = self.files.root().clone();
        if let Some(own) = root.entry("$self").filter(|_| self.newer) {
            self.warn(own.key_span, "`$self` is not read: references lead on from where the file is");
        }
        self.known(
            &root,
            "an OpenAPI document",
            &[
                "openapi",
                "info",
                "jsonSchemaDialect",
                "servers",
                "paths",
                "webhooks",
                "components",
                "security",
                "tags",
                "externalDocs",
                if self.newer { "$self" } else { "openapi" },
            ],
        );
        if let Some(components) = root.get("components") {
            self.known(
                components,
                "`components`",
                &[
                    "schemas",
                    "responses",
                    "parameters",
                    "examples",
                    "requestBodies",
                    "headers",
                    "securitySchemes",
                    "links",
                    "callbacks",
                    "pathItems",
                    if self.newer { "mediaTypes" } else { "pathItems" },
                ],
            );
            self.types(components, "schemas", "/components/schemas");
        }
        self.paths(&root);
    }

    fn json_schema(&mut self) {
        let root = self.files.root().clone();
        for key in ["$defs", "definitions"] {
            self.types(&root, key, &format!("/{key}"));
        }
        let says = root.entries().iter().any(|entry| schema::constrains(&entry.key) || &*entry.key == "$ref");
        if says {
            let target = Target { key: (0, String::new()), node: root.clone() };
            let pattern = self.lower(Mode::Either).target(&target);
            let origin = root.entries().first().map(|entry| entry.key_span);
            self.interface.root = Some(Declared { pattern, origin, arrives: None });
        }
    }

    /// The schemas under a key, by their names.
    fn types(&mut self, node: &Node, key: &str, pointer: &str) {
        for entry in node.get(key).map(|schemas| schemas.entries()).unwrap_or_default() {
            let name = entry.key.replace('~', "~0").replace('/', "~1");
            let target = Target { key: (0, format!("{pointer}/{name}")), node: entry.value.clone() };
            let pattern = self.lower(Mode::Either).target(&target);
            let declared = Declared { pattern, origin: Some(entry.key_span), arrives: None };
            self.interface.types.insert(entry.key.clone(), declared);
        }
    }

    /// The part that a node is or refers to, with its document; none when the reference is wrong,
    /// which is then said.
    fn follow(&mut self, doc: usize, node: &Arc<Node>) -> Option<(usize, Arc<Node>)> {
        let Some(reference) = node.get("$ref") else { return Some((doc, node.clone())) };
        let Some(text) = reference.text() else {
            self.error(reference.span, "a `$ref` is a text");
            return None;
        };
        match self.files.follow(doc, text) {
            Ok(target) => Some((target.key.0, target.node)),
            Err(why) => {
                self.error(reference.span, why);
                None
            }
        }
    }

    /// Warns of keys that mean nothing: a misspelt one would else be a rule that nobody keeps.
    fn known(&mut self, node: &Node, what: &str, keys: &[&str]) {
        for entry in node.entries() {
            let key = &*entry.key;
            if !key.starts_with("x-") && !keys.contains(&key) {
                let message = format!("{what} has no key `{key}`, so it is ignored");
                self.diagnostics.push(
                    Diagnostic::warning(Code::CONTRACT, entry.key_span, message)
                        .did_you_mean(key, keys.iter().copied()),
                );
            }
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(Code::CONTRACT, span, message));
    }

    fn warn(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(Code::CONTRACT, span, message));
    }

    /// What was read, and each thing that is wrong once.
    fn finish(mut self) -> (Interface, Vec<Diagnostic>) {
        self.lowers.iter_mut().for_each(Lower::rest);
        let mut seen = BTreeSet::new();
        let lowered = self.lowers.into_iter().flat_map(|lower| lower.diagnostics);
        let mut all: Vec<Diagnostic> = self.diagnostics.into_iter().chain(lowered).collect();
        all.retain(|diagnostic| seen.insert((diagnostic.at.span, diagnostic.message.clone())));
        (self.interface, all)
    }
}
