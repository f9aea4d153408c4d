//! The contracts that services name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::import::{inside, join, place};
use crate::check::Unit;
use crate::contract::Contract;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Service, SettingValue, Template};

/// The contracts of a module's services by the service's name.
pub(super) fn of_services(unit: &Unit, root: &Path) -> (BTreeMap<Arc<str>, Contract>, Vec<Diagnostic>) {
    let mut contracts = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for item in &unit.module.items {
        let ItemKind::Service(service) = &item.kind else { continue };
        for template in named(service) {
            match read(template, &unit.dir, root) {
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

fn read(template: &Template, dir: &Path, root: &Path) -> Result<Contract, Box<Diagnostic>> {
    let span = template.span;
    let Some(written) = template.plain() else {
        let message = "the path of a contract is plain text, without `${…}`";
        return Err(Box::new(Diagnostic::error(Code::WRONG_TYPE, span, message)));
    };
    let path = join(dir, Path::new(&*written));
    inside(root, &path).map_err(|astray| Box::new(place(astray, &path, root, span)))?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("proto") => proto(&path, span).map_err(Box::new),
        Some("yaml" | "yml" | "json") if path.is_file() => Ok(Contract::OpenApi(Arc::new(path))),
        _ => Err(Box::new(
            Diagnostic::error(Code::CONTRACT, span, format!("`{written}` is no contract that is known"))
                .help("a contract is a `.proto` file, or an OpenAPI document in `.yaml` or `.json`"),
        )),
    }
}

/// Compiles a `.proto` file. The seam to the contracts' own room.
fn proto(path: &Path, span: Span) -> Result<Contract, Diagnostic> {
    let _: PathBuf = path.to_path_buf();
    Err(Diagnostic::error(Code::CONTRACT, span, "`.proto` contracts cannot be compiled yet"))
}
