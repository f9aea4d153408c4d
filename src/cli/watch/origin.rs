//! The files that a run depends on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::check::Program;
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, Setting, SettingValue, Template};
use crate::syntax::visit;

/// The files that a program was read from or will read, each as [`real`] names it: those that are
/// not there are among them where their directory is, for they may come.
#[derive(Debug, Default)]
pub(super) struct Origin {
    /// Modules, scripts, secrets, contracts with what they import.
    pub(super) files: BTreeSet<PathBuf>,
    /// What expressions read, as `file("…")` with plain text: catalogs, bodies.
    pub(super) data: BTreeSet<PathBuf>,
}

impl Origin {
    pub(super) fn of(program: &Program) -> Origin {
        let sources = program.sources.iter();
        let mut origin = Origin {
            files: sources.filter_map(|(_, source)| Path::new(&source.name).canonicalize().ok()).collect(),
            data: BTreeSet::new(),
        };
        for unit in &program.units {
            let path = |template: &Template| real(&unit.dir.join(&*template.plain()?));
            for item in &unit.module.items {
                origin.files.extend(files(item).into_iter().filter_map(path));
                origin.data.extend(data(item).into_iter().filter_map(path));
            }
        }
        // A catalog that could not be read is among the sources, for its mistake is shown there.
        origin.files.retain(|path| !origin.data.contains(path));
        origin
    }
}

/// A path as the system tells of its changes; none when not even its directory is there.
pub(super) fn real(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(dir.canonicalize().ok()?.join(path.file_name()?))
}

/// The paths that an item itself names.
fn files(item: &Item) -> Vec<&Template> {
    match &item.kind {
        ItemKind::Use(import) => vec![&import.path],
        ItemKind::Secret(secret) => secret.file.iter().collect(),
        ItemKind::Service(service) => service.settings.iter().flat_map(contracts).collect(),
        _ => Vec::new(),
    }
}

/// The paths that the expressions of an item read.
fn data(item: &Item) -> Vec<&Template> {
    let mut found = Vec::new();
    let mut each = |expr| found.extend(file(expr));
    for args in item.attributes.iter().filter_map(|attribute| attribute.args.as_ref()) {
        args.args.iter().for_each(|arg| visit::expression(&arg.value, &mut each));
    }
    match &item.kind {
        ItemKind::Let(binding) => visit::expression(&binding.value, &mut each),
        ItemKind::Shape(shape) => visit::expression(&shape.pattern, &mut each),
        ItemKind::Fixture(fixture) => visit::block(&fixture.body, &mut each),
        ItemKind::Action(action) => visit::block(&action.body, &mut each),
        ItemKind::Scenario(scenario) => visit::block(&scenario.body, &mut each),
        ItemKind::Stage(stage) => {
            stage.on_failure.iter().chain(&stage.finally).for_each(|block| visit::block(block, &mut each));
        }
        _ => {}
    }
    found
}

/// The path in `file("…")`.
fn file(expr: &Expr) -> Option<&Template> {
    let ExprKind::Call(callee, args) = &expr.kind else { return None };
    match (&callee.kind, &args.args.first()?.value.kind) {
        (ExprKind::Name(name), ExprKind::Text(path)) if &**name == "file" => Some(path),
        _ => None,
    }
}

/// The paths after `contract`, in `speaks grpc contract "…"` or on a line of their own.
fn contracts(setting: &Setting) -> Vec<&Template> {
    let phrases = setting.phrases.iter().filter(|phrase| &*phrase.word.name == "contract");
    let own = match &setting.value {
        Some(SettingValue::Expr(value)) if &*setting.name.name == "contract" => Some(value),
        _ => None,
    };
    let values = phrases.filter_map(|phrase| phrase.value.as_ref()).chain(own);
    values
        .filter_map(|value| match &value.kind {
            ExprKind::Text(path) => Some(path),
            _ => None,
        })
        .collect()
}
