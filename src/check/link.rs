//! Links: `orders -> ledger`, the place between a caller and a service.

use std::sync::Arc;

use super::callers::read_by;
use super::graph::Disturbed;
use super::plan::{Definition, Ends, ItemRef, LinkName, Party, Program};
use super::request::spoken;
use super::walker::{Walker, list, plain_name};
use crate::contract::Address;
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, ItemKind, ObjectEntry, Service, SettingValue, TemplatePart};

/// The caller that is the runner itself.
pub(super) const CLIENT: &str = "client";
/// The one property of links.
const CALLS: &str = "calls";

impl<'a> Walker<'a, '_> {
    /// Takes note that this item observes or breaks links: they stand in runs of the scenarios that
    /// reach it, and those that begin at a service are held alone. `span` is where it says so; a
    /// link that can never carry anything is an error there.
    pub(super) fn uses_link(&mut self, link: &LinkName, span: Span) {
        let program = self.cx.program;
        if matches!(program.item(self.item).kind, ItemKind::Stage(_)) {
            let message = "the blocks of a stage belong to no scenario, so no link stands for them";
            self.push(Diagnostic::error(Code::MISPLACED, span, message));
            return;
        }
        let targets = match (link.to, link.from) {
            (Some(to), _) => vec![to],
            (None, Party::Service(from)) => read_by(program, from),
            (None, Party::Client) => Vec::new(),
        };
        if let Party::Service(from) = link.from {
            if let Some(diagnostic) = self.cannot_stand(from, link.to, span) {
                self.push(diagnostic);
            }
            self.cx.graph.uses(self.item, from);
            self.cx.graph.disturbs(self.item, Disturbed::Service(from));
        }
        for to in targets {
            self.cx.graph.uses(self.item, to);
            if link.from != Party::Client {
                self.cx.graph.disturbs(self.item, Disturbed::Service(to));
            }
            self.cx.graph.stands_on(self.item, Ends { from: link.from, to });
        }
    }

    /// Why the runner cannot stand between a caller and those it calls.
    fn cannot_stand(&self, from: ItemRef, to: Option<ItemRef>, span: Span) -> Option<Diagnostic> {
        let program = self.cx.program;
        let name = service_name(program, from);
        let error = |message: String| Diagnostic::error(Code::NO_LINK, span, message);
        if has_setting(program, from, "at") {
            let message =
                format!("`{name}` runs `at` an address, so nobody can tell it to call through a link");
            let advice = match to {
                Some(to) => format!(
                    "start it here, or name the runner's own way: `client -> {}`",
                    service_name(program, to)
                ),
                None => "start it here".to_owned(),
            };
            return Some(error(message).help(advice));
        }
        if !has_setting(program, from, "start") {
            return Some(error(format!("nothing starts `{name}`, so it calls nobody")));
        }
        let read = read_by(program, from);
        match to {
            Some(to) if !read.contains(&to) => {
                let callee = service_name(program, to);
                let message =
                    format!("`{name}` never reads `{callee}.addr`, so nothing can pass over this link");
                let variable = callee.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
                Some(error(message).help(format!(
                    "hand it out in the settings of `{name}`, for example `env {{ {variable}_ADDR: {callee}.addr }}`"
                )))
            }
            None if read.is_empty() => {
                Some(error(format!("`{name}` reads the address of no other service, so it has no links")))
            }
            _ => None,
        }
    }

    /// `orders -> ledger.Post` where it stands: resolves both ends. Nothing when one is wrong; a
    /// diagnostic says so.
    pub(super) fn link(&mut self, from: &'a Expr, to: Option<&'a Expr>, span: Span) -> Option<LinkName> {
        self.saw_live = true;
        let span = place(from, to, span);
        let from = self.caller(from);
        let to = match to {
            Some(to) => Some(self.callee(to)?),
            None => None,
        };
        let from = from?;
        if from == Party::Client && to.is_none() {
            let message = "the runner's own links are named one by one";
            self.push(Diagnostic::error(Code::NO_LINK, span, message).help("write `client -> orders`"));
            return None;
        }
        let (to, method) = match to {
            Some((to, method)) => (Some(to), method),
            None => (None, None),
        };
        let link = LinkName { from, to, method };
        self.uses_link(&link, span);
        Some(link)
    }

    /// `(orders -> ledger).calls`
    pub(super) fn link_property(&mut self, link: (&'a Expr, Option<&'a Expr>, Span), property: &Ident) {
        let (from, to, span) = link;
        let span = place(from, to, span);
        let found = self.link(from, to, span);
        if &*property.name != CALLS {
            let message = format!("a link has no `{}`", property.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_FIELD, property.span, message)
                    .help(format!("it has `{CALLS}`"))
                    .did_you_mean(&property.name, [CALLS]),
            );
        } else if let Some(link) = found
            && let Some(why) = self.only_bytes(&link)
        {
            let message = format!("only bytes pass over `{}`, so it has no calls", self.text(span));
            self.push(Diagnostic::error(Code::NO_LINK, span, message).label(why));
        }
    }

    /// Why what passes over a link is not understood, when none of it is.
    pub(super) fn only_bytes(&self, link: &LinkName) -> Option<String> {
        let program = self.cx.program;
        let targets = match (link.to, link.from) {
            (Some(to), _) => vec![to],
            (None, Party::Service(from)) => read_by(program, from),
            (None, Party::Client) => Vec::new(),
        };
        let mut reasons = targets.iter().map(|&to| bytes_reason(program, to));
        let first = reasons.next()??;
        reasons.all(|reason| reason.is_some()).then_some(first)
    }

    fn caller(&mut self, from: &'a Expr) -> Option<Party> {
        match plain_name(from) {
            Some(name) if &*name.name == CLIENT => Some(Party::Client),
            Some(name) => self.named_item(&name, "service").map(Party::Service),
            None => match qualified(from) {
                Some((alias, field)) => self.of_module(alias, field).map(Party::Service),
                None => {
                    let message = "a link begins at a service or at `client`";
                    self.push(Diagnostic::error(Code::WRONG_TYPE, from.span, message));
                    None
                }
            },
        }
    }

    /// `ledger`, `ledger.Post`, `shop.ledger`, `shop.ledger.Post`.
    fn callee(&mut self, to: &'a Expr) -> Option<(ItemRef, Option<Arc<str>>)> {
        let (base, method) = match &to.kind {
            ExprKind::Field(base, field) => match (&base.kind, self.module(base)) {
                (ExprKind::Name(_), Some(_)) => (to, None),
                _ => (&**base, Some(field)),
            },
            _ => (to, None),
        };
        let at = match (plain_name(base), qualified(base)) {
            (Some(name), _) if &*name.name == CLIENT => {
                let message = "nobody calls `client`: a link ends at a service";
                self.push(Diagnostic::error(Code::NO_LINK, base.span, message));
                return None;
            }
            (Some(name), _) => self.named_item(&name, "service")?,
            (None, Some((alias, field))) => self.of_module(alias, field)?,
            (None, None) => {
                let message = "a link ends at a service, at one of its methods or at `*`";
                self.push(Diagnostic::error(Code::WRONG_TYPE, base.span, message));
                return None;
            }
        };
        if let Some(method) = method {
            self.link_method(at, method);
        }
        Some((at, method.map(|method| method.name.clone())))
    }

    /// The module that an expression names.
    fn module(&self, expr: &Expr) -> Option<usize> {
        let name = plain_name(expr)?;
        match self.cx.program.lookup(self.item.unit, &name.name)? {
            Definition::Module(unit) => Some(unit),
            _ => None,
        }
    }

    fn of_module(&mut self, alias: &'a Expr, field: &'a Ident) -> Option<ItemRef> {
        let Some(unit) = self.module(alias) else {
            let message = "a link stands between services; a method is named only of the one that is called";
            self.push(Diagnostic::error(Code::WRONG_TYPE, alias.span, message));
            return None;
        };
        if let Some(name) = plain_name(alias) {
            self.cx.lookup(self.item.unit, &name.name);
        }
        let Some(at) = self.exported(unit, field) else {
            self.not_exported(unit, field);
            return None;
        };
        if matches!(self.cx.program.item(at).kind, ItemKind::Service(_)) {
            return Some(at);
        }
        let message = format!("`{}` is not a service", field.name);
        self.push(Diagnostic::error(Code::WRONG_TYPE, field.span, message));
        None
    }

    /// A method of the one that is called: one of its contract, or of its protocol.
    fn link_method(&mut self, to: ItemRef, method: &Ident) {
        let program = self.cx.program;
        let ItemKind::Service(service) = &program.item(to).kind else { return };
        let name = &service.name.name;
        let protocol = spoken(service).map(|protocol| protocol.name.clone());
        let mut known: Vec<Arc<str>> = match program.units[to.unit].contracts.get(name) {
            Some(contract) => contract
                .interface()
                .operations
                .iter()
                .map(|operation| match &operation.address {
                    Address::Http { method, .. } | Address::Grpc { method, .. } => method.clone(),
                })
                .collect(),
            None if protocol.as_deref() == Some("grpc") => return,
            None => self
                .cx
                .registry
                .names(Kind::Verb, protocol.as_deref().unwrap_or_default())
                .into_iter()
                .map(Arc::from)
                .collect(),
        };
        known.sort();
        known.dedup();
        if known.is_empty() || known.contains(&method.name) {
            return;
        }
        let known: Vec<&str> = known.iter().map(|name| &**name).collect();
        let message = format!("`{name}` has no method `{}`", method.name);
        self.push(
            Diagnostic::error(Code::UNKNOWN_NAME, method.span, message)
                .help(format!("it has {}", list(&known)))
                .did_you_mean(&method.name, known),
        );
    }
}

/// Where a link is written, without the parentheses around it.
pub fn place(from: &Expr, to: Option<&Expr>, whole: Span) -> Span {
    let end = match to {
        Some(to) => to.span.end,
        None => whole.end - (from.span.start - whole.start),
    };
    Span { start: from.span.start, end, ..whole }
}

/// `shop.ledger` in two parts.
fn qualified(expr: &Expr) -> Option<(&Expr, &Ident)> {
    match &expr.kind {
        ExprKind::Field(base, field) if matches!(base.kind, ExprKind::Name(_)) => Some((base, field)),
        _ => None,
    }
}

/// What `orders -> ledger.Post` names in a module, when it names anything.
pub fn link_name(program: &Program, unit: usize, from: &Expr, to: Option<&Expr>) -> Option<LinkName> {
    let item = |unit: usize, name: &str| {
        let (at, item) = program.lookup_item(unit, name)?;
        matches!(item.kind, ItemKind::Service(_)).then_some(at)
    };
    let service = |expr: &Expr| match &expr.kind {
        ExprKind::Name(name) => item(unit, name),
        _ => {
            let (alias, field) = qualified(expr)?;
            let ExprKind::Name(alias) = &alias.kind else { return None };
            match program.lookup(unit, alias)? {
                Definition::Module(module) => item(module, &field.name),
                _ => None,
            }
        }
    };
    let from = match &from.kind {
        ExprKind::Name(name) if &**name == CLIENT => Party::Client,
        _ => Party::Service(service(from)?),
    };
    let Some(to) = to else { return Some(LinkName { from, to: None, method: None }) };
    if let Some(to) = service(to) {
        return Some(LinkName { from, to: Some(to), method: None });
    }
    let ExprKind::Field(base, method) = &to.kind else { return None };
    Some(LinkName { from, to: Some(service(base)?), method: Some(method.name.clone()) })
}

/// The name of a service.
pub(super) fn service_name(program: &Program, at: ItemRef) -> &str {
    match &program.item(at).kind {
        ItemKind::Service(service) => &service.name.name,
        _ => "",
    }
}

/// Whether a service has a setting of its own.
pub(super) fn has_setting(program: &Program, at: ItemRef, name: &str) -> bool {
    match &program.item(at).kind {
        ItemKind::Service(service) => service.settings.iter().any(|setting| &*setting.name.name == name),
        _ => false,
    }
}

/// Why what a service says is not understood on its way.
fn bytes_reason(program: &Program, at: ItemRef) -> Option<String> {
    let ItemKind::Service(service) = &program.item(at).kind else { return None };
    let name = &service.name.name;
    match spoken(service) {
        Some(protocol) if !matches!(&*protocol.name, "http" | "grpc") => {
            return Some(format!("`{name}` speaks {}", protocol.name));
        }
        _ => {}
    }
    speaks_tls(service).then(|| format!("`{name}` speaks TLS"))
}

/// Whether callers of a service speak TLS with it, as far as its settings say.
pub(super) fn speaks_tls(service: &Service) -> bool {
    let setting = |wanted: &str| service.settings.iter().find(|setting| &*setting.name.name == wanted);
    let tls = match setting("with").and_then(|with| with.value.as_ref()) {
        Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) => {
            object.entries.iter().any(|entry| {
                matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some("tls"))
            })
        }
        _ => false,
    };
    let secure = match setting("at").and_then(|at| at.value.as_ref()) {
        Some(SettingValue::Expr(Expr { kind: ExprKind::Text(template), .. })) => {
            matches!(template.parts.first(), Some(TemplatePart::Text(text)) if text.starts_with("https:") || text.starts_with("grpcs:"))
        }
        _ => false,
    };
    tls || secure
}
