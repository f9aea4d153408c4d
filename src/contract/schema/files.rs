//! The documents of one contract, and references between them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Dialect;
use crate::contract::document::{self, Node};
use crate::contract::{File, Reader};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// Keywords whose content is data, in which `$ref` is no reference.
const DATA: &[&str] = &["example", "examples", "default", "enum", "const", "value", "payload"];
/// Keywords whose keys are names of the author's choice.
const NAMES: &[&str] = &[
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
    "schemas",
    "responses",
    "headers",
    "parameters",
    "requestBodies",
    "pathItems",
    "paths",
    "content",
    "variables",
    "callbacks",
    "mediaTypes",
    "additionalOperations",
];
/// A contract of more files is refused.
const MAX_FILES: usize = 500;

/// All documents of a contract, the one that was named first.
#[derive(Debug)]
pub(in crate::contract) struct Files {
    pub(in crate::contract) dialect: Dialect,
    docs: Vec<Document>,
}

#[derive(Debug)]
struct Document {
    path: PathBuf,
    root: Arc<Node>,
    /// The documents that its references name, by their paths as written.
    links: BTreeMap<String, usize>,
}

/// Ends the pointer of a schema that is taken as what others are made of with `allOf`, without the
/// choice that its `discriminator` makes among those others.
pub(super) const AS_BASE: char = '\0';

/// What a reference leads to.
#[derive(Debug, Clone)]
pub(in crate::contract) struct Target {
    /// The index of the document and the pointer in it.
    pub(in crate::contract) key: (usize, String),
    pub(in crate::contract) node: Arc<Node>,
}

impl Files {
    /// Reads the documents that `root` refers to.
    pub(in crate::contract) fn read(
        file: &File,
        root: Arc<Node>,
        dialect: Dialect,
        reader: &mut dyn Reader,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Files {
        let mut files =
            Files { dialect, docs: vec![Document { path: file.path.clone(), root, links: BTreeMap::new() }] };
        let mut next = 0;
        while next < files.docs.len() {
            let mut references = Vec::new();
            collect(&files.docs[next].root, false, &mut references);
            for (path, span) in references {
                match files.open(next, &path, reader) {
                    Ok(index) => {
                        files.docs[next].links.insert(path, index);
                    }
                    Err(Refusal::Said(why)) => {
                        let diagnostic = Diagnostic::error(Code::CONTRACT, span, why);
                        diagnostics.push(diagnostic.label("this reference cannot be followed"));
                    }
                    Err(Refusal::Inside(diagnostic)) => {
                        diagnostics.push((*diagnostic).also(span, "the file is referred to here"));
                    }
                }
            }
            next += 1;
        }
        files
    }

    fn open(&mut self, from: usize, path: &str, reader: &mut dyn Reader) -> Result<usize, Refusal> {
        if let Some(&known) = self.docs[from].links.get(path) {
            return Ok(known);
        }
        if path.contains("://") || path.starts_with("//") {
            let why = if self.docs.iter().any(|doc| embeds(&doc.root, path)) {
                format!(
                    "`{path}` is an `$id` inside a document, which is not supported: refer to it by `#/…`"
                )
            } else {
                format!("`{path}` lies on another host: references are followed to files only")
            };
            return Err(Refusal::Said(why));
        }
        if self.docs.len() >= MAX_FILES {
            return Err(Refusal::Said(format!("a contract of more than {MAX_FILES} files is refused")));
        }
        let file = reader.read(&self.docs[from].path, path).map_err(Refusal::Said)?;
        if let Some(known) = self.docs.iter().position(|doc| doc.path == file.path) {
            return Ok(known);
        }
        let root = parse(&file).map_err(Refusal::Inside)?;
        self.docs.push(Document { path: file.path, root, links: BTreeMap::new() });
        Ok(self.docs.len() - 1)
    }

    /// The document that was named.
    pub(in crate::contract) fn root(&self) -> &Arc<Node> {
        &self.docs[0].root
    }

    /// What a `$ref` leads to, through other references that stand alone; the error says why it
    /// leads nowhere.
    pub(in crate::contract) fn follow(&self, doc: usize, reference: &str) -> Result<Target, String> {
        let mut seen = Vec::new();
        let mut target = self.step(doc, reference)?;
        loop {
            if seen.contains(&target.key) {
                return Err(format!("`{reference}` leads back to itself, and to nothing else"));
            }
            seen.push(target.key.clone());
            let [only] = target.node.entries() else { return Ok(target) };
            match only.value.text() {
                Some(next) if &*only.key == "$ref" => {
                    // The first name is the one people know.
                    self.step(target.key.0, next)?;
                    let checked = self.step(target.key.0, next)?;
                    if seen.contains(&checked.key) {
                        return Err(format!("`{reference}` leads back to itself, and to nothing else"));
                    }
                    target = checked;
                }
                _ => return Ok(target),
            }
        }
    }

    fn step(&self, doc: usize, reference: &str) -> Result<Target, String> {
        let (path, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let doc = match path {
            "" => doc,
            path => *self.docs[doc].links.get(path).ok_or_else(|| format!("`{path}` could not be read"))?,
        };
        let fragment = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy().into_owned();
        let root = &self.docs[doc].root;
        let (pointer, node) = match fragment.as_str() {
            "" => (fragment, Some(root.clone())),
            pointer if pointer.starts_with('/') => {
                let node = root.pointer(pointer).cloned();
                (fragment, node)
            }
            anchor => {
                let node = anchored(root, anchor);
                (fragment, node)
            }
        };
        match node {
            Some(node) => Ok(Target { key: (doc, pointer), node }),
            None => Err(self.nowhere(doc, reference, &pointer)),
        }
    }

    /// The parts that stand beside one, by their names, and the named schemas of the first document.
    pub(in crate::contract) fn beside(&self, target: &Target) -> Vec<Target> {
        let here = target.key.1.rsplit_once('/').map(|(parent, _)| (target.key.0, parent));
        let named = (0, "/components/schemas");
        let mut found: Vec<Target> = Vec::new();
        for (doc, parent) in here.into_iter().chain([named]) {
            let Some(node) = self.docs[doc].root.pointer(parent) else { continue };
            for entry in node.entries() {
                let name = entry.key.replace('~', "~0").replace('/', "~1");
                let key = (doc, format!("{parent}/{name}"));
                if found.iter().all(|known| known.key != key) {
                    found.push(Target { key, node: entry.value.clone() });
                }
            }
        }
        found
    }

    /// Says that there is no such part, and which one is near.
    fn nowhere(&self, doc: usize, reference: &str, pointer: &str) -> String {
        let message = format!("`{reference}` leads to nothing");
        let Some((parent, last)) = pointer.rsplit_once('/') else { return message };
        let Some(parent) = self.docs[doc].root.pointer(parent) else { return message };
        let known = parent.entries().iter().map(|entry| &*entry.key);
        match crate::diag::did_you_mean(last, known) {
            Some(advice) => format!("{message}: {advice}"),
            None => message,
        }
    }
}

impl Target {
    /// The name by which people know it: the last part of its pointer, else its file's.
    pub(in crate::contract) fn name(&self, files: &Files) -> Arc<str> {
        let pointer = self.key.1.trim_end_matches(AS_BASE);
        match pointer.rsplit('/').next().filter(|name| !name.is_empty()) {
            Some(name) => name.replace("~1", "/").replace("~0", "~").into(),
            None => stem(&files.docs[self.key.0].path),
        }
    }
}

/// A file's name without what follows the first dot.
pub(in crate::contract) fn stem(path: &Path) -> Arc<str> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().into()
}

enum Refusal {
    /// The reference is at fault.
    Said(String),
    /// What it leads to is.
    Inside(Box<Diagnostic>),
}

/// Reads a file as what its name says it is.
pub(in crate::contract) fn parse(file: &File) -> Result<Arc<Node>, Box<Diagnostic>> {
    let is_json = file.path.extension().is_some_and(|extension| extension == "json");
    document::parse(file.source, &file.text, is_json)
}

/// The paths of other files that references name.
fn collect(node: &Node, names: bool, found: &mut Vec<(String, Span)>) {
    for entry in node.entries() {
        let key = &*entry.key;
        if !names && (DATA.contains(&key) || key.starts_with("x-")) {
            continue;
        }
        if let ("$ref", Some(reference)) = (key, entry.value.text())
            && !names
        {
            let path = reference.split('#').next().unwrap_or_default();
            if !path.is_empty() {
                found.push((path.to_owned(), entry.value.span));
            }
        }
        collect(&entry.value, !names && NAMES.contains(&key), found);
    }
    node.items().iter().for_each(|item| collect(item, false, found));
}

/// Whether a part of a document calls itself by this `$id`.
fn embeds(node: &Node, id: &str) -> bool {
    let own = node.get("$id").and_then(|own| own.text());
    own.is_some_and(|own| own.trim_end_matches('#') == id)
        || node.entries().iter().any(|entry| embeds(&entry.value, id))
        || node.items().iter().any(|item| embeds(item, id))
}

/// The schema with this `$anchor`.
fn anchored(node: &Arc<Node>, name: &str) -> Option<Arc<Node>> {
    if node.get("$anchor").and_then(|anchor| anchor.text()).is_some_and(|anchor| **anchor == *name) {
        return Some(node.clone());
    }
    let inner = node.entries().iter().map(|entry| &entry.value).chain(node.items());
    inner.into_iter().find_map(|part| anchored(part, name))
}
