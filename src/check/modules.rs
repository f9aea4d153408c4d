//! The names of modules: what each declares, what it imports, and what was imported for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Context, describe};
use super::index::{Mention, Referent};
use super::plan::{Definition, Import, ItemRef, Program};
use crate::diag::{Code, Diagnostic};
use crate::lang::is_reserved;
use crate::source::Span;
use crate::syntax::ast::{Ident, Item, ItemKind, LetTarget, Use};

/// The names of every module.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) names: Vec<BTreeMap<Arc<str>, Definition>>,
    /// By unit: names whose import failed.
    pub(super) lost: Vec<BTreeSet<Arc<str>>>,
    /// By unit: a module whose every name is imported could not be read.
    pub(super) opaque: Vec<bool>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The names that are declared and imported.
    pub(super) mentions: Vec<Mention>,
}

/// Resolves what every module declares and imports.
pub(super) fn names(program: &Program) -> Names {
    let mut found = Names::default();
    for unit in 0..program.units.len() {
        let own = own_names(program, unit, &mut found.diagnostics);
        found.names.push(own);
        found.lost.push(BTreeSet::new());
        found.opaque.push(false);
    }
    for (at, item) in program.items() {
        let names = declared(item).into_iter();
        found.mentions.extend(names.map(|name| Mention { span: name.span, of: Referent::Item(at) }));
    }
    let own = found.names.clone();
    for unit in 0..program.units.len() {
        for (&item, import) in &program.units[unit].imports {
            if let ItemKind::Use(used) = &program.units[unit].module.items[item].kind {
                Importer { program, unit, own: &own, found: &mut found }.import(used, *import);
            }
        }
        titles(program, unit, &mut found.diagnostics);
        seeds(program, unit, &mut found.diagnostics);
    }
    found
}

/// A second seed would be read and ignored.
fn seeds(program: &Program, unit: usize, diagnostics: &mut Vec<Diagnostic>) {
    let items = &program.units[unit].module.items;
    let mut seeds = items.iter().filter(|item| matches!(item.kind, ItemKind::Seed(_)));
    let Some(first) = seeds.next() else { return };
    diagnostics.extend(seeds.map(|second| {
        Diagnostic::error(Code::DUPLICATE_NAME, second.span, "`seed` is given twice")
            .also(first.span, "first here")
    }));
}

/// The names that an item declares.
pub fn declared(item: &Item) -> Vec<&Ident> {
    match &item.kind {
        ItemKind::Let(binding) => match &binding.target {
            LetTarget::Name(name) => vec![name],
            LetTarget::List(names, _) => names.iter().filter(|name| &*name.name != "_").collect(),
        },
        kind => describe(kind).1.into_iter().collect(),
    }
}

/// Where an item declares a name.
pub fn name_span(item: &Item, name: &str) -> Span {
    declared(item).into_iter().find(|ident| &*ident.name == name).map_or(item.span, |ident| ident.span)
}

/// Where a module imports a name.
pub(super) fn import_span(program: &Program, unit: usize, name: &str) -> Option<Span> {
    program.units[unit].module.items.iter().find_map(|item| {
        let ItemKind::Use(used) = &item.kind else { return None };
        let alias = used.alias.iter();
        let names = used.names.iter().flatten().map(|name| name.alias.as_ref().unwrap_or(&name.name));
        alias.chain(names).find(|ident| &*ident.name == name).map(|ident| ident.span)
    })
}

/// The names that a module offers.
pub(super) fn exports(program: &Program, unit: usize) -> Vec<Arc<str>> {
    let items = program.units[unit].module.items.iter();
    items.flat_map(|item| declared(item)).map(|ident| ident.name.clone()).collect()
}

fn own_names(
    program: &Program,
    unit: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<Arc<str>, Definition> {
    let mut names: BTreeMap<Arc<str>, (Definition, Span)> = BTreeMap::new();
    for (index, item) in program.units[unit].module.items.iter().enumerate() {
        for ident in declared(item) {
            if is_reserved(&ident.name) {
                // The parser may have said so already.
                if program.units[unit]
                    .broken
                    .iter()
                    .any(|line| line.source == ident.span.source && line.contains(ident.span.start))
                {
                    continue;
                }
                let message =
                    format!("`{}` is a reserved word and cannot name {}", ident.name, of_kind(&item.kind));
                diagnostics
                    .push(Diagnostic::error(Code::RESERVED_NAME, ident.span, message).label("reserved"));
                continue;
            }
            match names.get(&ident.name) {
                Some((_, first)) => diagnostics.push(
                    Diagnostic::error(
                        Code::DUPLICATE_NAME,
                        ident.span,
                        format!("`{}` is declared twice", ident.name),
                    )
                    .label("declared again here")
                    .also(*first, "first declared here"),
                ),
                None => {
                    let definition = Definition::Item(ItemRef { unit, item: index });
                    names.insert(ident.name.clone(), (definition, ident.span));
                }
            }
        }
    }
    names.into_iter().map(|(name, (definition, _))| (name, definition)).collect()
}

fn of_kind(kind: &ItemKind) -> String {
    let (word, _) = describe(kind);
    format!("{} {word}", crate::value::words::article(word))
}

/// Brings the names of one `use` into its module.
struct Importer<'a> {
    program: &'a Program,
    unit: usize,
    own: &'a [BTreeMap<Arc<str>, Definition>],
    found: &'a mut Names,
}

impl Importer<'_> {
    fn import(&mut self, used: &Use, import: Import) {
        let file = match import {
            Import::Unit(unit) => Some(Definition::Module(unit)),
            Import::Script(source) => Some(Definition::Script(source)),
            Import::Contract(index) => Some(Definition::Contract(index)),
            Import::Failed => None,
        };
        if let Some(file) = file {
            self.note(used.path.span, file);
            used.alias.iter().for_each(|alias| self.note(alias.span, file));
        }
        match import {
            Import::Failed => self.lose(used, import),
            Import::Contract(index) => match (&used.alias, &used.names) {
                (Some(alias), None) => self.bring(alias, Definition::Contract(index)),
                _ => {
                    let message = "a contract is imported under a name";
                    self.found.diagnostics.push(
                        Diagnostic::error(Code::UNKNOWN_IMPORT, used.path.span, message)
                            .help("write `use \"./x.proto\" as x`, and name its types as `x.Name`"),
                    );
                    self.lose(used, import);
                }
            },
            Import::Script(source) => match &used.alias {
                Some(alias) => self.bring(alias, Definition::Script(source)),
                None => {
                    let message = "a script is imported under a name";
                    self.found.diagnostics.push(
                        Diagnostic::error(Code::UNKNOWN_IMPORT, used.path.span, message)
                            .help("write `use \"./x.rhai\" as x`, and call its functions as `x.name(…)`"),
                    );
                    self.lose(used, import);
                }
            },
            Import::Unit(target) => {
                if let Some(alias) = &used.alias {
                    self.bring(alias, Definition::Module(target));
                }
                match &used.names {
                    Some(names) => {
                        for name in names {
                            match self.own[target].get(&name.name.name) {
                                Some(&definition) => {
                                    self.note(name.name.span, definition);
                                    if let Some(alias) = &name.alias {
                                        self.note(alias.span, definition);
                                    }
                                    self.bring(name.alias.as_ref().unwrap_or(&name.name), definition);
                                }
                                None => self.unknown(target, &name.name, name.alias.as_ref()),
                            }
                        }
                    }
                    None if used.alias.is_none() => {
                        let all = self.own[target].clone();
                        for (name, definition) in all {
                            self.bring(&Ident { name, span: used.path.span }, definition);
                        }
                        if !self.program.units[target].broken.is_empty() {
                            self.found.opaque[self.unit] = true;
                        }
                    }
                    None => {}
                }
            }
        }
    }

    /// Notes names that would be there if the import had not failed.
    fn lose(&mut self, used: &Use, import: Import) {
        let lost = &mut self.found.lost[self.unit];
        lost.extend(used.alias.iter().map(|alias| alias.name.clone()));
        lost.extend(
            used.names.iter().flatten().map(|name| name.alias.as_ref().unwrap_or(&name.name).name.clone()),
        );
        if import == Import::Failed && used.alias.is_none() && used.names.is_none() {
            self.found.opaque[self.unit] = true;
        }
    }

    fn unknown(&mut self, target: usize, name: &Ident, alias: Option<&Ident>) {
        self.found.lost[self.unit].insert(alias.unwrap_or(name).name.clone());
        let module = &self.program.units[target].module;
        let source = self.program.sources.get(module.source);
        let lines = self.program.units[target]
            .broken
            .iter()
            .map(|&span| self.program.sources.get(span.source).slice(span));
        let mut words = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
        if words.any(|word| word == &*name.name) {
            return;
        }
        let message = format!("`{}` has no `{}`", source.name, name.name);
        let known = exports(self.program, target);
        self.found.diagnostics.push(
            Diagnostic::error(Code::UNKNOWN_IMPORT, name.span, message)
                .did_you_mean(&name.name, known.iter().map(|name| &**name)),
        );
    }

    fn note(&mut self, span: Span, definition: Definition) {
        self.found.mentions.push(Mention { span, of: definition.into() });
    }

    fn bring(&mut self, name: &Ident, definition: Definition) {
        let unit = self.unit;
        match self.found.names[unit].get(&name.name) {
            Some(&known) if known == definition && !matches!(definition, Definition::Module(_)) => {}
            Some(&known) => {
                let message = format!("`{}` is imported, but declared already", name.name);
                let diagnostic = Diagnostic::error(Code::DUPLICATE_NAME, name.span, message)
                    .help("import it under another name: `use \"…\" { a as b }`");
                self.found.diagnostics.push(match known {
                    Definition::Item(at) if at.unit == unit => {
                        diagnostic.also(name_span(self.program.item(at), &name.name), "declared here")
                    }
                    _ => diagnostic,
                });
            }
            None => {
                self.found.names[unit].insert(name.name.clone(), definition);
            }
        }
    }
}

/// Titles name scenarios in reports, so they are plain and unique in their module.
fn titles(program: &Program, unit: usize, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
    for item in &program.units[unit].module.items {
        let ItemKind::Scenario(scenario) = &item.kind else { continue };
        let span = scenario.title.span;
        let Some(title) = scenario.title.plain() else {
            let message = "a scenario's title is plain text, without `${…}`";
            diagnostics.push(Diagnostic::error(Code::WRONG_TYPE, span, message));
            continue;
        };
        if title.trim().is_empty() {
            diagnostics.push(Diagnostic::error(Code::WRONG_TYPE, span, "a scenario needs a title"));
        }
        match seen.get(&title) {
            Some(&first) => diagnostics.push(
                Diagnostic::error(
                    Code::DUPLICATE_SCENARIO,
                    span,
                    "two scenarios of this module have the same title",
                )
                .also(first, "the first one"),
            ),
            None => {
                seen.insert(title, span);
            }
        }
    }
}

/// Warns of imports that nothing uses, once every name was looked up.
pub(super) fn unused(cx: &mut Context<'_>) {
    for unit in 0..cx.program.units.len() {
        if cx.is_broken(unit) {
            continue;
        }
        let module = &cx.program.units[unit];
        let mut warnings = Vec::new();
        for (&index, import) in &module.imports {
            let ItemKind::Use(used) = &module.module.items[index].kind else { continue };
            let is_used = |name: &Arc<str>| cx.used.contains(&(unit, name.clone()));
            let named = used.names.iter().flatten().map(|name| name.alias.as_ref().unwrap_or(&name.name));
            for name in used.alias.iter().chain(named) {
                if module.names.contains_key(&name.name) && !is_used(&name.name) {
                    warnings.push((name.span, format!("`{}` is imported, but never used", name.name)));
                }
            }
            if let (Import::Unit(target), None, None) = (import, &used.alias, &used.names)
                && !exports(cx.program, *target).iter().any(is_used)
            {
                let name = &cx.program.sources.get(cx.program.units[*target].module.source).name;
                warnings.push((used.path.span, format!("nothing of `{name}` is used")));
            }
        }
        for (span, message) in warnings {
            cx.push(
                Diagnostic::warning(Code::UNUSED_IMPORT, span, message).help("remove it from the `use` line"),
            );
        }
    }
}
