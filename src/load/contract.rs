//! The contracts that services name. What is wrong inside a contract is shown inside it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file;
use super::import::{Astray, inside, join, place};
use crate::check::Unit;
use crate::contract::proto::{self, Proto, ProtoError};
use crate::contract::{self, Contract, openapi};
use crate::diag::{Code, Diagnostic};
use crate::source::{Source, Sources, Span, display_path};
use crate::syntax::ast::{ItemKind, Template};

/// What came of reading the file of a contract.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// None where it cannot be used, and then something was found.
    contract: Option<Contract>,
    found: Vec<Finding>,
}

/// What was found in a contract, whoever names it.
#[derive(Debug, Clone)]
struct Finding {
    diagnostic: Diagnostic,
    /// Whether it has a place in the contract; else it has that of the name.
    is_inside: bool,
}

impl Finding {
    /// For those who named the contract.
    fn named(&self, span: Span, what: &str) -> Diagnostic {
        let mut diagnostic = self.diagnostic.clone();
        if self.is_inside {
            return diagnostic.also(span, what);
        }
        diagnostic.at.span = span;
        diagnostic
    }
}

/// The canonical path of a contract, and whether a JSON Schema would do.
pub(super) type Key = (PathBuf, bool);

/// What reading contracts needs, and what came of those that were read: the services of many modules
/// may name the same file, and an editor asks again after every keystroke.
pub(super) struct Contracts<'a> {
    /// The directory that nothing may lie outside of.
    pub(super) root: &'a Path,
    /// Where files are registered.
    pub(super) sources: &'a mut Sources,
    pub(super) known: &'a mut BTreeMap<Key, Outcome>,
    /// Those of which this loading has said what was found.
    pub(super) told: &'a mut BTreeSet<Key>,
    /// Whether a JSON Schema will do, as in `use "./order.schema.json" as s`.
    pub(super) schemas: bool,
}

/// Reads the files that a contract refers to, and none that lies outside of the project.
struct Below<'a> {
    root: &'a Path,
    sources: &'a mut Sources,
}

impl Below<'_> {
    fn file(&mut self, path: &Path, real: &Path) -> Result<contract::File, file::Trouble> {
        let text = file::read_text(path)?;
        let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let source = self.sources.meet(Source::new(path.display().to_string(), dir, text.clone()));
        Ok(contract::File { path: real.to_owned(), source, text })
    }
}

impl contract::Reader for Below<'_> {
    fn read(&mut self, from: &Path, path: &str) -> Result<contract::File, String> {
        let dir = from.parent().unwrap_or(from);
        let path = join(dir, Path::new(path));
        let real = inside(self.root, &path).map_err(|astray| match astray {
            Astray::Outside => format!("`{}` lies outside of the project", shown(&path)),
            Astray::Trouble(trouble) => trouble.message(&shown_path(&path)),
        })?;
        let here = shown_path(&path);
        self.file(&here, &real).map_err(|trouble| trouble.message(&here))
    }
}

/// A path as people see it: relative to where they are.
fn shown_path(path: &Path) -> PathBuf {
    PathBuf::from(shown(path))
}

fn shown(path: &Path) -> String {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    display_path(path, &here)
}

impl Contracts<'_> {
    /// The contracts of a module's services by the service's name.
    pub(super) fn of_services(&mut self, unit: &Unit) -> (BTreeMap<Arc<str>, Contract>, Vec<Diagnostic>) {
        let mut contracts = BTreeMap::new();
        let mut diagnostics = Vec::new();
        for item in &unit.module.items {
            let ItemKind::Service(service) = &item.kind else { continue };
            for template in service.contracts() {
                if let Some(contract) = self.read(template, &unit.dir, &mut diagnostics) {
                    contracts.insert(service.name.name.clone(), contract);
                }
            }
        }
        (contracts, diagnostics)
    }

    /// The contract whose path a text gives, relative to `dir`; none when it cannot be used, and
    /// then a diagnostic says why.
    pub(super) fn read(
        &mut self,
        template: &Template,
        dir: &Path,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Contract> {
        let span = template.span;
        let Some(written) = template.plain() else {
            let message = "the path of a contract is plain text, without `${…}`";
            diagnostics.push(Diagnostic::error(Code::WRONG_TYPE, span, message));
            return None;
        };
        let path = join(dir, Path::new(&*written));
        let real = match inside(self.root, &path) {
            Ok(real) => real,
            Err(astray) => {
                diagnostics.push(place(astray, &path, self.root, span));
                return None;
            }
        };
        let key = self.key(real);
        if !self.known.contains_key(&key) {
            let outcome =
                match path.extension().and_then(|extension| extension.to_str()) {
                    Some("proto") => compile(&path, self.root, span, self.sources),
                    Some("yaml" | "yml" | "json") => self.document(&path, &key.0, span),
                    _ => {
                        let message = format!("`{written}` is no contract that is known");
                        diagnostics.push(Diagnostic::error(Code::CONTRACT, span, message).help(
                            "a contract is a `.proto` file, or an OpenAPI document in `.yaml` or `.json`",
                        ));
                        return None;
                    }
                };
            self.known.insert(key.clone(), outcome);
        }
        let Outcome { contract, found } = self.known.get(&key)?;
        let what = if self.schemas { "the file is used here" } else { "the contract is named here" };
        let is_first = self.told.insert(key);
        let found = found.iter().filter(|finding| is_first || !finding.is_inside);
        diagnostics.extend(found.map(|finding| finding.named(span, what)));
        if matches!(contract, Some(Contract::Schema(_))) && !self.schemas {
            let message = format!("`{written}` is a JSON Schema, which describes no service");
            diagnostics.push(Diagnostic::error(Code::CONTRACT, span, message));
            return None;
        }
        contract.clone()
    }

    /// Where a file stands among those that are known: whoever names a contract in another way shares
    /// it, as long as it is one that can be used.
    fn key(&self, real: PathBuf) -> Key {
        let (own, other) = ((real.clone(), self.schemas), (real, !self.schemas));
        let is_usable = |outcome: &Outcome| outcome.contract.is_some();
        match !self.known.contains_key(&own) && self.known.get(&other).is_some_and(is_usable) {
            true => other,
            false => own,
        }
    }

    /// Reads an OpenAPI document, or a JSON Schema where one is `use`d.
    fn document(&mut self, path: &Path, real: &Path, span: Span) -> Outcome {
        let mut reader = Below { root: self.root, sources: self.sources };
        let file = match reader.file(path, real) {
            Ok(file) => file,
            Err(trouble) => {
                let diagnostic = Diagnostic::error(Code::UNREADABLE, span, trouble.message(path));
                let diagnostic = match trouble.help() {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                };
                return Outcome { contract: None, found: vec![Finding { diagnostic, is_inside: false }] };
            }
        };
        let (document, found) = openapi::read(&file, self.schemas, &mut reader);
        let contract = document.map(Arc::new).map(|document| match document.is_schema() {
            true => Contract::Schema(document),
            false => Contract::OpenApi(document),
        });
        let inside = |diagnostic| Finding { diagnostic, is_inside: true };
        Outcome { contract, found: found.into_iter().map(inside).collect() }
    }
}

/// Compiles a `.proto` file with what it imports.
fn compile(path: &Path, root: &Path, span: Span, sources: &mut Sources) -> Outcome {
    match proto::compile_under(path, root) {
        Ok(contract) => {
            Outcome { contract: Some(Contract::Proto(registered(contract, sources))), found: Vec::new() }
        }
        Err(error) => Outcome { contract: None, found: vec![complaint(&error, span, sources)] },
    }
}

/// The contract with its files among the sources, so that what they declare has a place.
fn registered(contract: Arc<Proto>, sources: &mut Sources) -> Arc<Proto> {
    let mut contract = Arc::unwrap_or_clone(contract);
    let here = std::env::current_dir().unwrap_or_default();
    for (name, path) in contract.files().to_vec() {
        // A file that is gone or too large by now has no places; it was read once.
        let Ok(text) = file::read_text(&path) else { continue };
        let dir = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let id = sources.meet(Source::new(display_path(&path, &here), dir, text));
        contract.register(&name, id, &sources.get(id).clone());
    }
    Arc::new(contract)
}

/// The compiler's error at its place in the `.proto` file, where it has one.
fn complaint(error: &ProtoError, named: Span, sources: &mut Sources) -> Finding {
    let message = format!("the contract does not compile: {}", error.message);
    let inner = inner_place(error, sources);
    let diagnostic = Diagnostic::error(Code::CONTRACT, inner.unwrap_or(named), message);
    let diagnostic = match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    };
    Finding { diagnostic, is_inside: inner.is_some() }
}

/// Where in a `.proto` file an error lies, once the file is among the sources.
fn inner_place(error: &ProtoError, sources: &mut Sources) -> Option<Span> {
    if error.line == 0 {
        return None;
    }
    let text = file::read_text(&error.file).ok()?;
    let here = std::env::current_dir().unwrap_or_default();
    let dir = error.file.parent().map(Path::to_path_buf).unwrap_or_default();
    let source = Source::new(display_path(&error.file, &here), dir, text.clone());
    let before: usize = text.split_inclusive('\n').take(error.line as usize - 1).map(str::len).sum();
    let line = source.line(error.line);
    let column = error.column.max(1) as usize - 1;
    let start = before + line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let word = text[start..].find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(0);
    let id = sources.meet(source);
    Some(Span::new(id, start, (start + word.max(1)).min(text.len())))
}
