//! Who calls whom: a service can call those whose address its settings read.

use std::collections::BTreeSet;

use super::plan::{Definition, ItemRef, Program};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Setting, SettingValue, Template, TemplatePart};
use crate::syntax::visit;

/// The properties of a service that say where it is: whoever reads one may call it.
const ADDRESS: &[&str] = &["addr", "host", "port", "url"];

/// The services whose address the settings of a service read, by way of top-level variables too,
/// in the order in which they are declared.
pub fn read_by(program: &Program, service: ItemRef) -> Vec<ItemRef> {
    let ItemKind::Service(declared) = &program.item(service).kind else { return Vec::new() };
    let mut search = Search { program, seen: BTreeSet::new(), found: BTreeSet::new() };
    search.settings(service.unit, &declared.settings);
    search.found.remove(&service);
    search.found.into_iter().collect()
}

/// Which of these services read the address of one.
pub fn callers(program: &Program, among: &[ItemRef], of: ItemRef) -> Vec<ItemRef> {
    among.iter().copied().filter(|&service| read_by(program, service).contains(&of)).collect()
}

/// The search for addresses that are read.
struct Search<'a> {
    program: &'a Program,
    seen: BTreeSet<ItemRef>,
    found: BTreeSet<ItemRef>,
}

impl<'a> Search<'a> {
    fn settings(&mut self, unit: usize, settings: &'a [Setting]) {
        for setting in settings {
            match &setting.value {
                Some(SettingValue::Expr(value)) => self.expression(unit, value),
                Some(SettingValue::Request { path, .. }) => self.template(unit, path),
                None => {}
            }
            setting.phrases.iter().flat_map(|phrase| &phrase.value).for_each(|value| {
                self.expression(unit, value);
            });
            self.settings(unit, setting.block.as_deref().unwrap_or_default());
        }
    }

    fn template(&mut self, unit: usize, template: &'a Template) {
        for part in &template.parts {
            if let TemplatePart::Expr(expr) = part {
                self.expression(unit, expr);
            }
        }
    }

    fn expression(&mut self, unit: usize, expr: &'a Expr) {
        visit::expression(expr, &mut |part| match &part.kind {
            ExprKind::Field(base, field) if ADDRESS.contains(&&*field.name) => {
                if let Some(service) = self.service(unit, base) {
                    self.found.insert(service);
                }
            }
            ExprKind::Name(name) => {
                if let Some((at, item)) = self.program.lookup_item(unit, name)
                    && let ItemKind::Let(binding) = &item.kind
                    && self.seen.insert(at)
                {
                    self.expression(at.unit, &binding.value);
                }
            }
            _ => {}
        });
    }

    /// The service at the root of a path: `ledger`, `shop.ledger`, `ledger.members[0]`.
    fn service(&self, unit: usize, expr: &Expr) -> Option<ItemRef> {
        match &expr.kind {
            ExprKind::Name(name) => {
                let (at, item) = self.program.lookup_item(unit, name)?;
                matches!(item.kind, ItemKind::Service(_)).then_some(at)
            }
            ExprKind::Field(base, field) => match &base.kind {
                ExprKind::Name(alias) => match self.program.lookup(unit, alias)? {
                    Definition::Module(module) => {
                        let (at, item) = self.program.lookup_item(module, &field.name)?;
                        matches!(item.kind, ItemKind::Service(_)).then_some(at)
                    }
                    _ => self.service(unit, base),
                },
                _ => self.service(unit, base),
            },
            ExprKind::Index(base, _) | ExprKind::Each(base) => self.service(unit, base),
            _ => None,
        }
    }
}
