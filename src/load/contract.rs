//! The contracts that services name. What is wrong inside a contract is shown inside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::file;
use super::import::{inside, join, place};
use crate::check::Unit;
use crate::contract::Contract;
use crate::contract::proto::{self, ProtoError};
use crate::diag::{Code, Diagnostic};
use crate::source::{Source, Sources, Span, display_path};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Service, SettingValue, Template};

/// The contracts of a module's services by the service's name.
pub(super) fn of_services(
    unit: &Unit,
    root: &Path,
    sources: &mut Sources,
) -> (BTreeMap<Arc<str>, Contract>, Vec<Diagnostic>) {
    let mut contracts = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for item in &unit.module.items {
        let ItemKind::Service(service) = &item.kind else { continue };
        for template in named(service) {
            match read(template, &unit.dir, root, sources) {
                Ok(contract) => {
                    contracts.insert(service.name.name.clone(), contract);
                }
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
    }
    (contracts, diagnostics)
}

/// The texts after `contract`, in `speaks grpc contract "…"` or on a line of their own.
fn named(service: &Service) -> Vec<&Template> {
    let mut found = Vec::new();
    for setting in &service.settings {
        let phrases = setting.phrases.iter().filter(|phrase| &*phrase.word.name == "contract");
        found.extend(phrases.filter_map(|phrase| text(phrase.value.as_ref()?)));
        if &*setting.name.name == "contract"
            && let Some(SettingValue::Expr(value)) = &setting.value
        {
            found.extend(text(value));
        }
    }
    found
}

fn text(expr: &Expr) -> Option<&Template> {
    match &expr.kind {
        ExprKind::Text(template) => Some(template),
        _ => None,
    }
}

fn read(
    template: &Template,
    dir: &Path,
    root: &Path,
    sources: &mut Sources,
) -> Result<Contract, Box<Diagnostic>> {
    let span = template.span;
    let Some(written) = template.plain() else {
        let message = "the path of a contract is plain text, without `${…}`";
        return Err(Box::new(Diagnostic::error(Code::WRONG_TYPE, span, message)));
    };
    let path = join(dir, Path::new(&*written));
    inside(root, &path).map_err(|astray| Box::new(place(astray, &path, root, span)))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("proto") => compile(&path, root, span, sources),
        Some("yaml" | "yml" | "json") if path.is_file() => Ok(Contract::OpenApi(Arc::new(path))),
        _ => Err(Box::new(
            Diagnostic::error(Code::CONTRACT, span, format!("`{written}` is no contract that is known"))
                .help("a contract is a `.proto` file, or an OpenAPI document in `.yaml` or `.json`"),
        )),
    }
}

/// Compiles a `.proto` file with what it imports.
fn compile(path: &Path, root: &Path, span: Span, sources: &mut Sources) -> Result<Contract, Box<Diagnostic>> {
    match proto::compile_under(path, root) {
        Ok(contract) => Ok(Contract::Proto(contract)),
        Err(error) => Err(Box::new(complaint(&error, span, sources))),
    }
}

/// The compiler's error at its place in the `.proto` file, with the place that names the contract.
fn complaint(error: &ProtoError, named: Span, sources: &mut Sources) -> Diagnostic {
    let message = format!("the contract does not compile: {}", error.message);
    let diagnostic = match inner_place(error, sources) {
        Some(span) => {
            Diagnostic::error(Code::CONTRACT, span, message).also(named, "the contract is named here")
        }
        None => Diagnostic::error(Code::CONTRACT, named, message),
    };
    match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    }
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
    let id = sources.add(source);
    Some(Span::new(id, start, (start + word.max(1)).min(text.len())))
}
