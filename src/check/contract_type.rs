//! The types of contracts by name: `ledger.Entry` and `ledger.v1.Entry`, where `ledger` is a
//! service with a contract or a contract that is `use`d under a name.

use std::sync::Arc;

use super::plan::{Definition, Program};
use super::walker::{Walker, list};
use crate::contract::{Contract, Declared};
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::shape::{self, FieldPattern, ObjectPattern, Pattern};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, ItemKind, ObjectEntry, ObjectExpr};
use crate::value::{Value, show};

/// How far a type is looked into for its fields.
const MAX_LAYERS: usize = 16;

/// A name within a contract, as written.
#[derive(Debug)]
pub struct TypeName<'p> {
    /// The contract.
    pub contract: &'p Contract,
    /// The name of the service or of the `use` that stands for it.
    pub of: Arc<str>,
    /// What follows: `Entry`, `v1.Entry`; empty for the contract itself.
    pub name: String,
    /// Where that stands.
    pub span: Span,
}

impl<'p> TypeName<'p> {
    /// The types that it means: one, unless it is unknown or ambiguous.
    pub fn found(&self) -> Vec<(Arc<str>, &'p Declared)> {
        let interface = self.contract.interface();
        match &interface.root {
            Some(root) if self.name.is_empty() => vec![(self.of.clone(), root)],
            _ if self.name.is_empty() => Vec::new(),
            _ => {
                let found = interface.types_named(&self.name);
                found.into_iter().map(|(name, declared)| (name.clone(), declared)).collect()
            }
        }
    }
}

impl Program {
    /// The contract that a top-level name stands for.
    fn contract(&self, unit: usize, name: &str) -> Option<&Contract> {
        match self.lookup(unit, name)? {
            Definition::Contract(index) => self.contracts.get(index),
            Definition::Item(at) => match &self.item(at).kind {
                ItemKind::Service(service) => self.units[at.unit].contracts.get(&service.name.name),
                _ => None,
            },
            Definition::Module(_) | Definition::Script(_) => None,
        }
    }

    /// The name within a contract that an expression such as `ledger.v1.Entry` is, also behind the
    /// name of a module; none when it speaks of no contract. Whether a variable of the first name
    /// is in scope is for the caller to know.
    pub fn type_name(&self, unit: usize, expr: &Expr) -> Option<TypeName<'_>> {
        let path = path(expr)?;
        let (first, rest) = path.split_first()?;
        let (contract, of, rest) = match (self.lookup(unit, &first.name)?, rest) {
            (Definition::Module(module), [second, rest @ ..]) => {
                (self.contract(module, &second.name)?, second, rest)
            }
            _ => (self.contract(unit, &first.name)?, first, rest),
        };
        let names: Vec<&str> = rest.iter().map(|part| &*part.name).collect();
        let span = match (rest.first(), rest.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => of.span,
        };
        Some(TypeName { contract, of: of.name.clone(), name: names.join("."), span })
    }
}

/// `a.b.c` as names.
fn path(expr: &Expr) -> Option<Vec<Ident>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(vec![Ident { name: name.clone(), span: expr.span }]),
        ExprKind::Field(base, field) => {
            let mut names = path(base)?;
            names.push(field.clone());
            Some(names)
        }
        _ => None,
    }
}

/// The fields of a type, when it is an object.
fn object_of(pattern: &Pattern) -> Option<ObjectPattern> {
    let mut pattern = pattern.clone();
    for _ in 0..MAX_LAYERS {
        pattern = match pattern {
            Pattern::Object(object) => return Some(object),
            Pattern::Named(_, inner) => (*inner).clone(),
            Pattern::Judged(inner, _) | Pattern::Edges(inner, _) => *inner,
            Pattern::Late(_, make) => make(),
            _ => return None,
        };
    }
    None
}

impl<'a> Walker<'a, '_> {
    /// An expression that may be the name of a contract's type: `true` when it is, or was meant to
    /// be, and what is wrong with it is said.
    pub(super) fn contract_type(&mut self, expr: &'a Expr) -> bool {
        let program = self.cx.program;
        let Some(first) = path(expr).and_then(|path| path.into_iter().next()) else { return false };
        if self.scopes.get(&first.name).is_some() {
            return false;
        }
        let Some(named) = program.type_name(self.item.unit, expr) else { return false };
        if named.name.is_empty() && named.contract.interface().root.is_none() {
            return false;
        }
        let found = named.found();
        if found.is_empty() && self.is_of_service(&named) {
            return false;
        }
        self.cx.lookup(self.item.unit, &first.name);
        match found.as_slice() {
            [_] => {}
            [] => self.unknown_type(&named),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| &**name).collect();
                let message = format!("`{}` could be {}", named.name, list(&names));
                let diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, named.span, message)
                    .help(format!("write more of its name: `{}.{}`", named.of, names[0]));
                let places = several.iter().filter_map(|(_, declared)| declared.origin);
                let diagnostic =
                    places.fold(diagnostic, |diagnostic, place| diagnostic.also(place, "one of them"));
                self.push(diagnostic);
            }
        }
        true
    }

    /// Whether the name is one that services have: `ledger.url`.
    fn is_of_service(&self, named: &TypeName<'_>) -> bool {
        let registry = self.cx.registry;
        let known = |kind| registry.all(kind, &named.name).iter().any(|spec| spec.of == "service");
        known(Kind::Property) || known(Kind::Constant)
    }

    fn unknown_type(&mut self, named: &TypeName<'_>) {
        let types = &named.contract.interface().types;
        let last = |full: &str| full.rsplit('.').next().unwrap_or(full).to_owned();
        let mut short: Vec<String> = types.keys().map(|full| last(full)).collect();
        short.sort_unstable();
        short.dedup();
        let short: Vec<&str> = short.iter().map(String::as_str).collect();
        let message = format!("the contract of `{}` has no type `{}`", named.of, named.name);
        let wanted = last(&named.name);
        let same: Vec<&str> = types.keys().map(|full| &**full).filter(|full| last(full) == wanted).collect();
        let diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, named.span, message);
        self.push(match same.is_empty() {
            true => diagnostic
                .help(format!("it has {}", list(&short)))
                .did_you_mean(&wanted, short.iter().copied()),
            false => diagnostic.help(format!("it has {}", list(&same))),
        });
    }

    /// The fields of a refined type of a contract: `ledger.Entry { type: "PAID" }`.
    pub(super) fn refined_type(&mut self, base: &'a Expr, object: &'a ObjectExpr) {
        let program = self.cx.program;
        let is_variable = |first: &Ident| self.scopes.get(&first.name).is_some();
        if path(base).and_then(|path| path.into_iter().next()).is_none_or(|first| is_variable(&first)) {
            return;
        }
        let Some(named) = program.type_name(self.item.unit, base) else { return };
        let found = named.found();
        let [(name, declared)] = found.as_slice() else { return };
        let Some(fields) = object_of(&declared.pattern) else {
            let message = format!("`{name}` has no fields to refine");
            let diagnostic = Diagnostic::error(Code::WRONG_TYPE, base.span, message);
            return self.push(declared_at(diagnostic, declared.origin));
        };
        for entry in &object.entries {
            let ObjectEntry::Field { name: written, value, .. } = entry else { continue };
            let Some(plain) = written.plain() else { continue };
            match fields.fields.iter().find(|field| field.name == plain) {
                Some(field) => self.refined_field(field, value),
                None if fields.open => {}
                None => {
                    let known: Vec<&str> = fields
                        .fields
                        .iter()
                        .map(|field| &*field.name)
                        .filter(|name| !name.starts_with(['@', '[']))
                        .collect();
                    let message = format!("`{name}` has no field `{plain}`");
                    let diagnostic = Diagnostic::error(Code::UNKNOWN_FIELD, written.span, message)
                        .help(format!("the contract gives it {}", list(&known)))
                        .did_you_mean(&plain, known.iter().copied());
                    self.push(declared_at(diagnostic, declared.origin));
                }
            }
        }
    }

    /// A literal must be a value that the field can have.
    fn refined_field(&mut self, field: &FieldPattern, value: &Expr) {
        let literal = match &value.kind {
            ExprKind::Text(template) => template.plain().map(Value::text),
            ExprKind::Number(number) => Some(Value::Number(number.clone())),
            ExprKind::Bool(truth) => Some(Value::Bool(*truth)),
            ExprKind::Null => Some(Value::Null),
            _ => None,
        };
        let Some(literal) = literal.filter(|literal| !shape::fits(&field.pattern, literal)) else { return };
        let message = format!("the field `{}` cannot be {}", field.name, show(&literal));
        let diagnostic = Diagnostic::error(Code::WRONG_TYPE, value.span, message)
            .help(format!("it must fit {}", shape::describe(&field.pattern)));
        self.push(declared_at(diagnostic, field.origin));
    }

    /// A contract's name where a value or a shape stands.
    pub(super) fn contract_is_no_value(&mut self, name: &str, span: Span) {
        let message = format!("`{name}` is a contract, not a value");
        self.push(
            Diagnostic::error(Code::WRONG_TYPE, span, message)
                .help(format!("draw one of its types, as in `any {name}.Type`, or compare with `matches`")),
        );
    }
}

fn declared_at(diagnostic: Diagnostic, origin: Option<Span>) -> Diagnostic {
    match origin {
        Some(place) => diagnostic.also(place, "declared here"),
        None => diagnostic,
    }
}
