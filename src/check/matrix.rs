//! `@matrix`: the axes along which a scenario is repeated, and the variants of services.

use std::sync::Arc;

use super::attribute;
use super::plan::{Axis, AxisValues, ItemRef, Program};
use super::scope::Value;
use super::types::literal;
use super::walker::{Walker, list, plain_name};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Arg, Attribute, Expr, ExprKind, Ident, Item, ItemKind, Service, Setting, SettingValue,
};

/// More combinations of one scenario are a mistake, or a property that wants `forall`.
pub const MAX_COMBINATIONS: usize = 500;

/// The name of a service as it is declared, where variants are named.
pub const CURRENT: &str = "current";

const EXAMPLE: &str = "for example `@matrix(mode: [\"fast\", \"safe\"])`";

/// The variants of a service: the name of each, with its place and its settings.
pub fn variants(service: &Service) -> impl Iterator<Item = (&Arc<str>, Span, &[Setting])> {
    service.settings.iter().filter(|setting| &*setting.name.name == "variant").filter_map(|setting| {
        match (&setting.value, &setting.block) {
            (Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), span })), Some(block)) => {
                Some((name, *span, block.as_slice()))
            }
            _ => None,
        }
    })
}

/// The axes of a scenario, for the plan; what is wrong with them was reported by the walk.
pub(super) fn axes(program: &Program, unit: usize, item: &Item) -> Vec<Axis> {
    let matrix = attribute::find(item, "matrix").and_then(|matrix| matrix.args.as_ref());
    let axis = |arg: &Arg| {
        let name = &arg.name.as_ref()?.name;
        let values = match service(program, unit, name) {
            Some((service, _)) => {
                let ExprKind::List(words, _) = &arg.value.kind else { return None };
                let words = words.iter().filter_map(plain_name).map(|word| word.name);
                let variants = words.map(|word| (&*word != CURRENT).then_some(word)).collect();
                AxisValues::Variants { service, variants }
            }
            None => AxisValues::Values(arg.value.clone()),
        };
        Some(Axis { name: name.clone(), values })
    };
    matrix.map_or(Vec::new(), |args| args.args.iter().filter_map(axis).collect())
}

/// The service that a name means at the top level of a module.
fn service<'a>(program: &'a Program, unit: usize, name: &str) -> Option<(ItemRef, &'a Service)> {
    match program.lookup_item(unit, name) {
        Some((at, Item { kind: ItemKind::Service(service), .. })) => Some((at, service)),
        _ => None,
    }
}

impl<'a> Walker<'a, '_> {
    /// `@matrix(mode: ["on", "off"], ledger: [current, v1])`
    pub(super) fn matrix(&mut self, attribute: &'a Attribute, item: &'a Item) {
        let args = attribute.args.as_ref().map_or(&[][..], |args| args.args.as_slice());
        if args.is_empty() {
            let message = "`@matrix` names nothing to combine";
            let diagnostic = Diagnostic::error(Code::WRONG_ARGUMENTS, attribute.name.span, message);
            return self.push(diagnostic.help(EXAMPLE));
        }
        for arg in args {
            let Some(name) = &arg.name else {
                let message = "the values of a matrix have a name";
                let diagnostic = Diagnostic::error(Code::WRONG_ARGUMENTS, arg.value.span, message);
                self.push(diagnostic.help(EXAMPLE));
                self.value(&arg.value);
                continue;
            };
            self.axis(name, &arg.value);
        }
        self.combinations(attribute, args, item);
    }

    /// The names that a scenario's matrix gives its statements; called inside a scope of theirs.
    pub(super) fn matrix_names(&mut self, item: &'a Item) {
        let args = attribute::find(item, "matrix").and_then(|matrix| matrix.args.as_ref());
        let mut declared: Vec<&Arc<str>> = Vec::new();
        for arg in args.iter().flat_map(|args| &args.args) {
            let Some(name) = &arg.name else { continue };
            // A service keeps its name, also a misspelt one; a name that is given twice has had its
            // diagnostic.
            let known = service(self.cx.program, self.item.unit, &name.name).is_some();
            if known || is_variants(&arg.value) || declared.contains(&&name.name) {
                continue;
            }
            declared.push(&name.name);
            if &*name.name == "case" {
                let message = "`case` is the case of `@cases`, and cannot name the values of a matrix";
                self.push(Diagnostic::error(Code::RESERVED_NAME, name.span, message));
                continue;
            }
            self.declare(name, Value::Unknown, true);
        }
    }

    fn axis(&mut self, name: &'a Ident, values: &'a Expr) {
        let found = self.cx.lookup(self.item.unit, &name.name);
        let named = found.and_then(|_| service(self.cx.program, self.item.unit, &name.name));
        if let ExprKind::List(items, _) = &values.kind {
            if items.is_empty() {
                let message = format!("`{}` has no value, so the scenario would never run", name.name);
                return self.push(Diagnostic::error(Code::WRONG_TYPE, values.span, message));
            }
            self.doubled_values(items);
            match named {
                Some((at, service)) => return self.variants(at, service, name, items),
                None if found.is_none() && is_variants(values) => {
                    return self.no_such_service(name);
                }
                None => {}
            }
        } else if let Some((_, service)) = named {
            let message = format!("the values of `{}` are its variants, as a list of words", name.name);
            let diagnostic = Diagnostic::error(Code::WRONG_TYPE, values.span, message);
            return self.push(diagnostic.help(choice(name, service)));
        } else if let Some(kind) = literal(values).filter(|kind| *kind != "list") {
            let message = format!(
                "the values of `{}` are a list, not {}{kind}",
                name.name,
                if kind == "text" || kind == "null" {
                    String::new()
                } else {
                    format!("{} ", crate::value::words::article(kind))
                }
            );
            self.push(Diagnostic::error(Code::WRONG_TYPE, values.span, message).help(EXAMPLE));
        }
        self.value(values);
    }

    fn no_such_service(&mut self, name: &Ident) {
        if self.may_be_lost(&name.name) {
            return;
        }
        let program = self.cx.program;
        let names = program.units[self.item.unit].names.keys();
        let known: Vec<&str> = names
            .filter(|known| service(program, self.item.unit, known).is_some())
            .map(|known| &**known)
            .collect();
        let message = format!("there is no service `{}` here", name.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, name.span, message);
        self.push(
            diagnostic
                .help(format!("`{CURRENT}` is a service as it is declared"))
                .did_you_mean(&name.name, known),
        );
    }

    /// A service as several of its variants: it is exchanged, so the scenario has it alone.
    fn variants(&mut self, at: ItemRef, service: &'a Service, name: &Ident, items: &'a [Expr]) {
        self.cx.graph.uses(self.item, at);
        self.cx.graph.disturbs(self.item, super::graph::Disturbed::Service(at));
        if let Some(address) = service.settings.iter().find(|setting| &*setting.name.name == "at") {
            let message = format!("`{}` is used at an address, so it has no variants", name.name);
            let diagnostic = Diagnostic::error(Code::WRONG_TYPE, name.span, message);
            let same = address.span.source == name.span.source;
            return self.push(if same { diagnostic.also(address.span, "the address") } else { diagnostic });
        }
        for item in items {
            match plain_name(item) {
                Some(word) => {
                    self.variant(service, &name.name, &word);
                }
                None => {
                    let message = format!("the values of `{}` are its variants, as bare words", name.name);
                    let diagnostic = Diagnostic::error(Code::WRONG_TYPE, item.span, message);
                    self.push(diagnostic.help(choice(name, service)));
                }
            }
        }
    }

    /// Whether a word names a variant of a service, or the service as declared; reports when not.
    pub(super) fn variant(&mut self, service: &Service, name: &str, word: &Ident) -> bool {
        let known: Vec<&str> = variants(service).map(|(known, ..)| &**known).collect();
        if &*word.name == CURRENT || known.contains(&&*word.name) || self.cx.is_broken_around(self.item) {
            return true;
        }
        let message = format!("`{name}` has no variant `{}`", word.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, word.span, message);
        let known: Vec<&str> = std::iter::once(CURRENT).chain(known).collect();
        self.push(
            diagnostic
                .help(format!("it has {}", list(&known)))
                .did_you_mean(&word.name, known.iter().copied()),
        );
        false
    }

    /// Values that are written alike; those that only the run knows are compared there.
    fn doubled_values(&mut self, items: &[Expr]) {
        let source = |span: Span| self.cx.program.sources.get(span.source).slice(span);
        let plain = |span: Span| source(span).split_whitespace().collect::<Vec<_>>().join(" ");
        let texts: Vec<String> = items.iter().map(|item| plain(item.span)).collect();
        for (index, item) in items.iter().enumerate() {
            let constant = plain_name(item).is_some() || literal(item).is_some_and(|kind| kind != "list");
            let Some(first) = texts[..index].iter().position(|text| *text == texts[index]) else { continue };
            let draws = texts[index].contains("any ") || texts[index].contains('(');
            if constant && !draws {
                let message = format!("`{}` stands twice among the values", texts[index]);
                let diagnostic = Diagnostic::error(Code::DUPLICATE_NAME, item.span, message);
                self.push(diagnostic.also(items[first].span, "first here"));
            }
        }
    }

    /// How many times the scenario would run, as far as that is written.
    fn combinations(&mut self, attribute: &Attribute, args: &[Arg], item: &Item) {
        let length = |expr: &Expr| match &expr.kind {
            ExprKind::List(items, _) => items.len().max(1),
            _ => 1,
        };
        let cases = attribute::find(item, "cases").and_then(|cases| attribute::argument(cases, 0));
        let lists = args.iter().map(|arg| &arg.value).chain(cases);
        let count = lists.map(length).fold(1_usize, usize::saturating_mul);
        if count > MAX_COMBINATIONS {
            self.push(too_many(count, attribute.span));
        }
    }
}

/// A matrix that would run a scenario too often.
fn too_many(count: usize, span: Span) -> Diagnostic {
    let message = format!("these are {count} combinations, and a scenario runs at most {MAX_COMBINATIONS}");
    Diagnostic::error(Code::WRONG_ARGUMENTS, span, message)
        .help("leave values out, or draw them: a `forall` tries many without running all")
}

/// Whether these can only be the variants of a service.
fn is_variants(values: &Expr) -> bool {
    let is_current = |item: &Expr| matches!(&item.kind, ExprKind::Name(name) if **name == *CURRENT);
    matches!(&values.kind, ExprKind::List(items, _) if items.iter().any(is_current))
}

/// What could be written for a service.
fn choice(name: &Ident, service: &Service) -> String {
    let known: Vec<&str> = variants(service).map(|(known, ..)| &**known).collect();
    match known.as_slice() {
        [] => format!("`{}` declares no `variant`", name.name),
        known => format!("for example `{}: [{CURRENT}, {}]`", name.name, known.join(", ")),
    }
}
