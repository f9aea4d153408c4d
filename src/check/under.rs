//! `under fault on place { … }`: faults with their arguments and places.

use super::call::Wanted;
use super::graph::Disturbed;
use super::link::{CLIENT, has_setting};
use super::literal::constant;
use super::plan::{ItemRef, LinkName, Party, Program};
use super::types::{admits, literal};
use super::walker::{Walker, list, plain_name};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Spec};
use crate::source::Span;
use crate::syntax::ast::{Arg, Args, Expr, ExprKind, Fault, Ident, ItemKind};
use crate::value::Object;

/// What the faults of processes belong to.
const PROCESS: &str = "process";

impl<'a> Walker<'a, '_> {
    /// The faults of an `under`, and whether one may stand here.
    pub(super) fn under(&mut self, faults: &'a [Fault], keyword: Span) {
        if self.place.eventually {
            self.misplaced_under(keyword, "`eventually`", "each attempt would be broken anew");
        } else if self.place.parallel {
            self.misplaced_under(keyword, "`parallel`", "its faults would hit the other branches too");
        }
        if let Some(who) = self.place.safe {
            let message = format!("{who} breaks nothing");
            self.push(Diagnostic::error(Code::UNSAFE_ACTION, keyword, message));
        }
        for fault in faults {
            self.fault(fault);
        }
    }

    fn misplaced_under(&mut self, keyword: Span, inside: &str, why: &str) {
        let message = format!("`under` cannot stand in {inside}: {why}");
        self.push(
            Diagnostic::error(Code::MISPLACED, keyword, message).help(format!("put it around {inside}")),
        );
    }

    fn fault(&mut self, fault: &'a Fault) {
        let Some((name, args)) = parts(&fault.fault) else {
            let message = "a fault is named here, such as `latency(200ms)`";
            self.push(Diagnostic::error(Code::WRONG_TYPE, fault.fault.span, message));
            return self.loose_place(fault);
        };
        let Some(spec) = self.fault_spec(&name) else { return self.loose_place(fault) };
        self.fault_arguments(&name, &spec, args);
        let Some(on) = &fault.on else {
            let place = if spec.of == PROCESS { "on orders" } else { "on client -> orders" };
            let message = format!("`{}` has no place", name.name);
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, fault.fault.span, message)
                    .help(format!("each fault names its own: `{} {place}`", self.text(fault.fault.span))),
            );
            return;
        };
        if spec.of == PROCESS {
            self.on_process(&name, &spec, args, on);
        } else {
            self.on_link(&name, &spec, on);
        }
    }

    pub(super) fn fault_spec(&mut self, name: &Ident) -> Option<Spec> {
        let registry = self.cx.registry;
        if let Some(spec) = registry.get(Kind::Fault, &name.name) {
            self.note(name.span, spec);
            if let Some(why) = spec.planned {
                self.not_yet(name.span, &format!("the fault `{}`", name.name), Some(why));
            }
            return Some(*spec);
        }
        let known: Vec<&str> = registry.of_kind(Kind::Fault).map(|spec| spec.name).collect();
        let message = format!("there is no fault `{}`", name.name);
        self.push(
            Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                .help(format!("there are {}", list(&known)))
                .did_you_mean(&name.name, known),
        );
        None
    }

    pub(super) fn fault_arguments(&mut self, name: &Ident, spec: &Spec, args: Option<&'a Args>) {
        let wanted: Vec<Wanted> = spec.params.iter().map(Wanted::of_spec).collect();
        match args {
            Some(args) => {
                self.arguments(name, &wanted, args, true);
                self.refused(spec, args);
            }
            None => {
                let missing: Vec<&str> =
                    spec.params.iter().filter(|param| param.required).map(|param| param.name).collect();
                if !missing.is_empty() {
                    let message = format!("`{}` lacks {}", name.name, list(&missing));
                    self.push(
                        Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message)
                            .help(format!("for example `{}`", spec.example)),
                    );
                }
            }
        }
    }

    /// Arguments that are written out, and that the run would refuse.
    fn refused(&mut self, spec: &Spec, args: &Args) {
        let Some(refuses) = spec.refuses else { return };
        let mut known = Object::new();
        let mut places: Vec<(&str, Span)> = Vec::new();
        for (index, arg) in args.args.iter().enumerate() {
            let param = match &arg.name {
                Some(name) => spec.params.iter().find(|param| *param.name == *name.name),
                None => spec.params.get(index),
            };
            let Some(param) = param else { continue };
            // What is of another type has been told.
            let fits = literal(&arg.value).is_none_or(|kind| admits(param.ty, kind));
            if let Some(value) = constant(&arg.value).filter(|_| fits) {
                known.insert(param.name.into(), value);
                places.push((param.name, arg.value.span));
            }
        }
        // One that is missing among these may be there all the same.
        if let Some(refusal) = refuses(spec.name, &known)
            && let Some((_, span)) = places.iter().find(|(name, _)| *name == refusal.argument)
        {
            let diagnostic = Diagnostic::error(Code::BAD_VALUE, *span, refusal.message);
            self.push(match refusal.help {
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
        }
    }

    /// A link fault stands on a link that can be broken so.
    pub(super) fn on_link(&mut self, name: &Ident, spec: &Spec, on: &'a Expr) -> Option<LinkName> {
        let ExprKind::Link(from, to) = &on.kind else {
            let place = self.text(on.span);
            let message = format!("`{}` breaks a link, and `{place}` is none", name.name);
            let known = plain_name(on).is_some_and(|name| self.is_service(&name.name));
            let diagnostic = Diagnostic::error(Code::WRONG_TYPE, on.span, message);
            self.push(match known {
                true => diagnostic.help(format!("write `on client -> {place}`, or name another caller")),
                false => diagnostic.help("a link is written `orders -> ledger`"),
            });
            return None;
        };
        let link = self.link(from, to.as_deref(), on.span)?;
        if breaks_messages(spec)
            && let Some(why) = self.only_bytes(&link)
        {
            let message =
                format!("`{}` breaks messages, and only bytes pass over `{}`", name.name, self.text(on.span));
            self.push(
                Diagnostic::error(Code::NO_LINK, name.span, message)
                    .also(on.span, why)
                    .help("faults of bytes fit, such as `latency`, `reset` and `timeout`"),
            );
            return None;
        }
        Some(link)
    }

    /// A process fault stands on a service that the run starts.
    pub(super) fn on_process(&mut self, name: &Ident, spec: &Spec, args: Option<&'a Args>, on: &'a Expr) {
        let (service, index) = match &on.kind {
            ExprKind::Link(_, to) => {
                let message =
                    format!("`{}` is done to a service, and `{}` is a link", name.name, self.text(on.span));
                let diagnostic = Diagnostic::error(Code::WRONG_TYPE, on.span, message);
                self.push(match to {
                    Some(to) => diagnostic.help(format!("write `on {}`", self.text(to.span))),
                    None => diagnostic,
                });
                return self.mark(on);
            }
            ExprKind::Index(base, index) => (&**base, Some(&**index)),
            _ => (on, None),
        };
        if let Some(index) = index {
            self.value(index);
        }
        let Some(ident) = plain_name(service) else {
            let message = format!("`{}` is done to a service", name.name);
            self.push(Diagnostic::error(Code::WRONG_TYPE, on.span, message).help("write `on orders`"));
            return;
        };
        let Some(at) = self.named_item(&ident, "service") else { return };
        self.cx.graph.uses(self.item, at);
        self.cx.graph.disturbs(self.item, Disturbed::Service(at));
        let program = self.cx.program;
        if has_setting(program, at, "at") || !has_setting(program, at, "start") {
            let message =
                format!("`{}` is not started by the run, so it cannot be hit by `{}`", ident.name, name.name);
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, ident.span, message)
                    .help("only what `start` begins can be ended"),
            );
            return;
        }
        if spec.name == "crash" {
            let named = |arg: &&'a Arg| arg.name.as_ref().is_some_and(|name| &*name.name == "of");
            let of = args.and_then(|args| {
                let second = args.args.get(1).filter(|arg| arg.name.is_none());
                args.args.iter().find(named).or(second)
            });
            let (from, span) = match of.map(|arg| &arg.value) {
                None => (Some(Party::Client), name.span),
                Some(of) => match plain_name(of) {
                    Some(caller) if &*caller.name == CLIENT => (Some(Party::Client), of.span),
                    Some(caller) => (self.named_item(&caller, "service").map(Party::Service), of.span),
                    None => {
                        let message = "`of` names a service, or `client`";
                        self.push(Diagnostic::error(Code::WRONG_TYPE, of.span, message));
                        (None, of.span)
                    }
                },
            };
            let Some(from) = from else { return };
            let link = LinkName { from, to: Some(at), method: None };
            self.uses_link(&link, span);
            if let Some(why) = self.only_bytes(&link) {
                let message = format!("`crash` counts calls, and `{}` is reached by bytes only", ident.name);
                self.push(Diagnostic::error(Code::NO_LINK, name.span, message).also(ident.span, why));
            }
        }
    }

    pub(super) fn is_service(&self, name: &str) -> bool {
        let found = self.cx.program.lookup_item(self.item.unit, name);
        found.is_some_and(|(_, item)| matches!(item.kind, ItemKind::Service(_)))
    }

    /// The place of a fault that is wrong itself.
    fn loose_place(&mut self, fault: &'a Fault) {
        self.mark(&fault.fault);
        if let Some(on) = &fault.on {
            self.mark(on);
        }
    }
}

/// The link whose calls a `crash` of a service counts: `of` is the caller's name, `client` without
/// one.
pub fn crash_link(program: &Program, unit: usize, of: Option<&str>, service: ItemRef) -> Option<LinkName> {
    let from = match of {
        None | Some(CLIENT) => Party::Client,
        Some(name) => {
            let (at, item) = program.lookup_item(unit, name)?;
            matches!(item.kind, ItemKind::Service(_)).then_some(Party::Service(at))?
        }
    };
    Some(LinkName { from, to: Some(service), method: None })
}

/// Whether a fault of links speaks of messages, and not of bytes.
pub(super) fn breaks_messages(spec: &Spec) -> bool {
    spec.params.iter().any(|param| param.name == "nth")
}

/// The name of a fault, and its arguments.
fn parts(fault: &Expr) -> Option<(Ident, Option<&Args>)> {
    match &fault.kind {
        ExprKind::Call(callee, args) => Some((plain_name(callee)?, Some(args))),
        _ => Some((plain_name(fault)?, None)),
    }
}
