//! How bare names resolve: variables, the module's names, parts of the last response, constants,
//! built-in shapes; and what to say when nothing of that name is in scope.

use std::sync::Arc;

use super::context::describe;
use super::index::Referent;
use super::plan::{Definition, ItemRef};
use super::scope::{Response, Value};
use super::walker::{Meaning, Walker, list, opens};
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::source::Span;
use crate::syntax::ast::{Ident, ItemKind};
use crate::value::words::article;

impl Walker<'_, '_> {
    /// What a bare name means where a value stands, or a pattern when `pattern` is set. Reading a
    /// name counts: variables are used, items are needed, live things may change.
    pub(super) fn name(&mut self, name: &Arc<str>, span: Span, pattern: bool) -> Meaning {
        if self.scopes.get(name).is_some() {
            return self.variable(name, span);
        }
        if let Some(definition) = self.cx.lookup(self.item.unit, name) {
            return self.definition(definition, name, span, pattern);
        }
        if &**name == "case" && self.cases.is_some() {
            return Meaning::Case;
        }
        if self.is_own(name) {
            let registry = self.cx.registry;
            let own = registry.find(Kind::Constant, "service", name);
            if let Some(spec) = own.or_else(|| registry.find(Kind::Response, "stage", name)) {
                self.note(span, spec);
            }
            return Meaning::Constant;
        }
        // In a pattern `text` and `url` are shapes, whatever parts a response has.
        if pattern && let Some(spec) = self.cx.registry.get(Kind::Shape, name) {
            self.note(span, spec);
            return Meaning::Shape;
        }
        if let Some(meaning) = self.response_part(name, span) {
            return meaning;
        }
        if let Some(spec) = self.cx.registry.all(Kind::Constant, name).iter().find(|spec| !is_placed(spec)) {
            self.note(span, spec);
            if let Some(why) = spec.planned {
                self.not_yet(span, &format!("`{name}`"), Some(why));
                self.saw_live = true;
            }
            return Meaning::Constant;
        }
        if self.cx.registry.get(Kind::Shape, name).is_some() {
            let message = format!("`{name}` is a shape, not a value");
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, span, message)
                    .help(format!("draw one with `any {name}`, or compare with `matches {name}`")),
            );
            return Meaning::Shape;
        }
        self.unknown(name, span, pattern);
        Meaning::Nothing
    }

    fn variable(&mut self, name: &Arc<str>, span: Span) -> Meaning {
        let Some(variable) = self.scopes.find(name) else { return Meaning::Nothing };
        variable.read = true;
        let (declared, value) = (variable.span, variable.value.clone());
        self.note(span, Referent::Variable(declared));
        if matches!(value, Value::Stream(_) | Value::Unknown) {
            self.saw_live = true;
        }
        if let Response::Of(protocol, request) = self.scopes.response().clone()
            && self.is_response(name, protocol.as_deref())
        {
            let message = format!("`{name}` could be the variable or a part of the response");
            self.push(
                Diagnostic::error(Code::DUPLICATE_NAME, span, message)
                    .also(declared, "the variable")
                    .also(request, "the response")
                    .help("give the variable another name, or name the response with `let r = …`"),
            );
        }
        Meaning::Variable
    }

    /// Whether a protocol's responses have a part with this name.
    pub(super) fn is_response(&self, name: &str, protocol: Option<&str>) -> bool {
        let parts = self.cx.registry.all(Kind::Response, name);
        parts.iter().any(|spec| {
            spec.of != "stage" && (spec.of.is_empty() || protocol.is_none_or(|protocol| spec.of == protocol))
        })
    }

    /// The meaning of a top-level name as a value or pattern.
    pub(super) fn definition(
        &mut self,
        definition: Definition,
        name: &str,
        span: Span,
        pattern: bool,
    ) -> Meaning {
        self.note(span, definition);
        let at = match definition {
            Definition::Item(at) => at,
            Definition::Module(unit) => return Meaning::Module(unit),
            Definition::Script(source) => return Meaning::Script(source),
            Definition::Contract(_) => {
                self.contract_is_no_value(name, span);
                return Meaning::Contract;
            }
        };
        self.cx.graph.uses(self.item, at);
        let kind = &self.cx.program.item(at).kind;
        match kind {
            ItemKind::Let(_) => self.need(at),
            ItemKind::Input(_) | ItemKind::Secret(_) => {}
            ItemKind::Service(_) => self.saw_live = true,
            ItemKind::Fixture(fixture) => {
                self.saw_live |= opens(&fixture.body);
                self.need(at);
            }
            ItemKind::Shape(_) if pattern => {}
            other => {
                let (word, _) = describe(other);
                let message = format!("`{name}` is {} {word}, not a value", article(word));
                let diagnostic = Diagnostic::error(Code::WRONG_TYPE, span, message);
                self.push(match other {
                    ItemKind::Action(_) | ItemKind::Fn(_) => diagnostic.help(format!("call it: `{name}(…)`")),
                    ItemKind::Check(_) => diagnostic.help(format!("state it: `expect … {name}`")),
                    ItemKind::Shape(_) => diagnostic
                        .help(format!("draw one with `any {name}`, or compare with `matches {name}`")),
                    _ => diagnostic,
                });
            }
        }
        Meaning::Item(at)
    }

    /// Whether a name is one that this place has of its own: `port` in a service, `pass_rate` in
    /// a gate.
    fn is_own(&self, name: &str) -> bool {
        let registry = self.cx.registry;
        (self.place.service && registry.all(Kind::Constant, name).iter().any(|spec| spec.of == "service"))
            || (self.place.gate && registry.all(Kind::Response, name).iter().any(|spec| spec.of == "stage"))
    }

    /// A part of the last response; an error when there is none to speak of.
    fn response_part(&mut self, name: &Arc<str>, span: Span) -> Option<Meaning> {
        let specs: Vec<_> = self
            .cx
            .registry
            .all(Kind::Response, name)
            .iter()
            .filter(|spec| spec.of != "stage")
            .copied()
            .collect();
        if specs.is_empty() {
            return None;
        }
        match self.scopes.response().clone() {
            Response::Of(protocol, request) => {
                let Some(protocol) = protocol else { return Some(Meaning::Response) };
                if let Some(spec) = specs.iter().find(|spec| spec.of.is_empty() || *spec.of == *protocol) {
                    self.note(span, spec);
                    if let Some(why) = spec.planned {
                        self.not_yet(span, &format!("`{name}`"), Some(why));
                    }
                    return Some(Meaning::Response);
                }
                let message = format!("the last response is of {protocol} and has no `{name}`");
                let known = self.cx.registry.names(Kind::Response, &protocol);
                self.push(
                    Diagnostic::error(Code::UNKNOWN_NAME, span, message)
                        .also(request, "the last request")
                        .help(format!("it has {}", list(&known)))
                        .did_you_mean(name, known),
                );
            }
            Response::None => {
                let message = format!("there is no response to read `{name}` of here");
                self.push(
                    Diagnostic::error(Code::NO_RESPONSE, span, message)
                        .help(format!("name the response with `let r = …` and read `r.{name}`")),
                );
            }
            Response::Cleared(what, place) => {
                let message = format!("there is no response to read `{name}` of here: {what}");
                self.push(
                    Diagnostic::error(Code::NO_RESPONSE, span, message)
                        .also(place, "here")
                        .help(format!("name the response with `let r = …` and read `r.{name}`")),
                );
            }
        }
        Some(Meaning::Nothing)
    }

    /// Says that a name is not declared, with what is spelt alike.
    pub(super) fn unknown(&mut self, name: &str, span: Span, pattern: bool) {
        if self.may_be_lost(name) {
            return;
        }
        let message = format!("`{name}` is not declared here");
        let mut diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, span, message);
        if name == "case" {
            diagnostic = diagnostic.help("`case` is there in a scenario with `@cases([…])`");
        } else {
            let known = self.known(pattern);
            diagnostic = diagnostic.did_you_mean(name, known.iter().map(|name| &**name));
        }
        self.push(diagnostic);
    }

    /// Whether a name may be declared by something that could not be read; then its use is no
    /// second mistake.
    pub(super) fn may_be_lost(&self, name: &str) -> bool {
        let unit = self.item.unit;
        if self.cx.opaque[unit] || self.cx.lost[unit].contains(name) {
            return true;
        }
        self.cx.broken_around(self.item).any(|span| {
            let text = self.cx.program.sources.get(span.source).slice(span);
            text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
        })
    }

    /// Every name in scope.
    pub(super) fn known(&self, pattern: bool) -> Vec<Arc<str>> {
        let registry = self.cx.registry;
        let mut known = self.scopes.names();
        known.extend(self.cx.program.units[self.item.unit].names.keys().cloned());
        if self.cases.is_some() {
            known.push("case".into());
        }
        if let Response::Of(protocol, _) = self.scopes.response() {
            let parts = registry.of_kind(Kind::Response).filter(|spec| spec.of != "stage").filter(|spec| {
                spec.of.is_empty() || protocol.as_deref().is_none_or(|protocol| spec.of == protocol)
            });
            known.extend(parts.map(|spec| Arc::from(spec.name)));
        }
        let constants = registry
            .of_kind(Kind::Constant)
            .filter(|spec| !is_placed(spec) || self.place.service && spec.of == "service");
        known.extend(constants.map(|spec| Arc::from(spec.name)));
        if self.place.gate {
            let own = registry.of_kind(Kind::Response).filter(|spec| spec.of == "stage");
            known.extend(own.map(|spec| Arc::from(spec.name)));
        }
        if pattern {
            known.extend(registry.of_kind(Kind::Shape).map(|spec| Arc::from(spec.name)));
        }
        known.sort();
        known.dedup();
        known
    }

    /// An item of one kind by name, for places that name one: a stage, an owner.
    pub(super) fn named_item(&mut self, name: &Ident, wanted: &'static str) -> Option<ItemRef> {
        let found = self.cx.lookup(self.item.unit, &name.name);
        if let Some(Definition::Item(at)) = found {
            let (word, _) = describe(&self.cx.program.item(at).kind);
            if word == wanted {
                self.note(name.span, Referent::Item(at));
                return Some(at);
            }
            let message =
                format!("`{}` is {} {word}, not {} {wanted}", name.name, article(word), article(wanted));
            self.push(Diagnostic::error(Code::WRONG_TYPE, name.span, message));
            return None;
        }
        if self.may_be_lost(&name.name) {
            return None;
        }
        let unit = &self.cx.program.units[self.item.unit];
        let known: Vec<Arc<str>> = unit
            .names
            .iter()
            .filter(|(_, definition)| match definition {
                Definition::Item(at) => describe(&self.cx.program.item(*at).kind).0 == wanted,
                _ => false,
            })
            .map(|(name, _)| name.clone())
            .collect();
        let message = format!("there is no {wanted} `{}` here", name.name);
        self.push(
            Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                .did_you_mean(&name.name, known.iter().map(|name| &**name)),
        );
        None
    }
}

/// Whether a constant is a name that only one place has of its own.
fn is_placed(spec: &crate::lang::Spec) -> bool {
    matches!(spec.of, "service" | "double")
}
