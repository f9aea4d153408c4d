//! The doubles that a scenario takes, and those that it lacks.

use super::CALLS;
use crate::check::callers::callers;
use crate::check::context::Context;
use crate::check::plan::{ItemRef, PlannedDouble, Program};
use crate::check::walker::{Walker, list, plain_name};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Expr, ExprKind, Ident, ItemKind, Scenario};
use crate::syntax::visit;

impl<'a> Walker<'a, '_> {
    /// `with grudging(times: 2), strict_ledger`
    pub(in crate::check) fn doubles(&mut self, scenario: &'a Scenario) {
        let mut taken: Vec<(&Expr, ItemRef)> = Vec::new();
        for written in &scenario.with {
            let Some((double, service)) = self.doubled(written) else { continue };
            self.before_fixtures(written);
            if let Some((first, _)) = taken.iter().find(|(_, known)| *known == service) {
                let name = match &self.cx.program.item(service).kind {
                    ItemKind::Service(service) => service.name.name.clone(),
                    _ => "".into(),
                };
                let message = format!("`{name}` is played twice in this scenario");
                self.push(
                    Diagnostic::error(Code::DUPLICATE_NAME, written.span, message)
                        .also(first.span, "first here")
                        .help("a service has one double at a time: put the rules of both into one"),
                );
                continue;
            }
            taken.push((written, service));
            let planned = PlannedDouble { double, service, written: written.clone() };
            self.cx.graph.plays(self.item, planned);
        }
    }

    /// `merchant.calls`: of a service that the scenario has played.
    pub(in crate::check) fn calls_of(&mut self, service: ItemRef, field: &Ident) {
        let is_scenario = matches!(self.cx.program.item(self.item).kind, ItemKind::Scenario(_));
        let is_played = self.cx.graph.played_by(self.item).any(|double| double.service == service);
        if &*field.name != CALLS || !is_scenario || is_played {
            return;
        }
        let ItemKind::Service(service) = &self.cx.program.item(service).kind else { return };
        let name = &service.name.name;
        let message = format!("no double plays `{name}` in this scenario, so nobody writes its calls down");
        self.push(Diagnostic::error(Code::NO_DOUBLE, field.span, message).help(format!(
            "take one: `scenario … with` and a double of `{name}`; what passes between two services is `(a -> {name}).calls`"
        )));
    }

    /// One of them: the double and the service that it plays.
    fn doubled(&mut self, double: &'a Expr) -> Option<(ItemRef, ItemRef)> {
        let (name, args) = match &double.kind {
            ExprKind::Call(callee, args) => (plain_name(callee), Some(args)),
            _ => (plain_name(double), None),
        };
        let Some(name) = name else {
            let message = "a double is named here";
            self.push(Diagnostic::error(Code::WRONG_TYPE, double.span, message));
            return None;
        };
        let at = self.named_item(&name, "double")?;
        self.cx.graph.uses(self.item, at);
        let ItemKind::Double(declared) = &self.cx.program.item(at).kind else { return None };
        let wanted: Vec<_> = declared.params.iter().map(crate::check::call::Wanted::of_declaration).collect();
        match args {
            Some(args) => self.arguments(&name, &wanted, args, true),
            None => {
                if let Some(missing) = wanted.iter().find(|param| param.required) {
                    let message = format!("`{}` lacks `{}`", name.name, missing.name);
                    self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message));
                }
            }
        }
        let (service, item) = self.cx.program.lookup_item(at.unit, &declared.service.name)?;
        matches!(item.kind, ItemKind::Service(_)).then_some((at, service))
    }

    /// Doubles play before the first fixture is set up, which may already call them.
    fn before_fixtures(&mut self, written: &'a Expr) {
        let unit = self.item.unit;
        let mut found = Vec::new();
        visit::expression(written, &mut |part| {
            if let ExprKind::Name(name) = &part.kind
                && let Some((_, item)) = self.cx.program.lookup_item(unit, name)
                && matches!(item.kind, ItemKind::Fixture(_))
            {
                found.push((name.clone(), part.span));
            }
        });
        for (name, span) in found {
            let message = format!("fixture `{name}` is not set up yet when a double begins to play");
            self.push(
                Diagnostic::error(Code::MISPLACED, span, message)
                    .help("setting it up may call the double; read it in a rule, once a call comes"),
            );
        }
    }
}

/// Scenarios that reach a service which nothing starts, which is nowhere, and which they do not
/// have played.
pub(in crate::check) fn missing(cx: &mut Context<'_>) {
    let program = cx.program;
    let mut found = Vec::new();
    for (at, item) in program.items() {
        let ItemKind::Scenario(scenario) = &item.kind else { continue };
        if cx.is_broken(at.unit) {
            continue;
        }
        let played: Vec<ItemRef> = cx.graph.played_by(at).map(|planned| planned.service).collect();
        let reached = cx.graph.closure_up_to([at], |item| played.contains(&item));
        for &service in reached.iter().filter(|service| !played.contains(service)) {
            let ItemKind::Service(declared) = &program.item(service).kind else { continue };
            if cx.is_broken(service.unit) || has_place(program, service) {
                continue;
            }
            let name = &declared.name.name;
            let doubles: Vec<&str> = program
                .items()
                .filter_map(|(double, item)| match &item.kind {
                    ItemKind::Double(item) => {
                        let of = program.lookup_item(double.unit, &item.service.name)?.0;
                        (of == service).then_some(&*item.name.name)
                    }
                    _ => None,
                })
                .collect();
            let services: Vec<ItemRef> = reached
                .iter()
                .copied()
                .filter(|&item| matches!(program.item(item).kind, ItemKind::Service(_)))
                .collect();
            let callers: Vec<&str> = callers(program, &services, service)
                .into_iter()
                .filter_map(|caller| match &program.item(caller).kind {
                    ItemKind::Service(caller) => Some(&*caller.name.name),
                    _ => None,
                })
                .collect();
            let who = if callers.is_empty() { "this scenario".to_owned() } else { list(&callers) };
            let verb = if callers.len() > 1 { "call" } else { "calls" };
            let message =
                format!("{who} {verb} `{name}`, which is not started and which no double plays here");
            let title = scenario.title.span;
            let diagnostic = Diagnostic::error(Code::NO_DOUBLE, title, message);
            let diagnostic = match declared.name.span.source == title.source {
                true => diagnostic.also(declared.name.span, "it has neither `start` nor `at`"),
                false => diagnostic,
            };
            found.push(diagnostic.help(match doubles.as_slice() {
                [] => format!(
                    "declare `double {name}_double of {name} {{ … }}` and take it: `with {name}_double`"
                ),
                [only] => format!("write `with {only}`"),
                several => format!("write `with` and one of {}", list(several)),
            }));
        }
    }
    found.into_iter().for_each(|diagnostic| cx.push(diagnostic));
}

/// Whether a service is started, or is somewhere.
pub(in crate::check) fn has_place(program: &Program, at: ItemRef) -> bool {
    let ItemKind::Service(service) = &program.item(at).kind else { return true };
    service.settings.iter().any(|setting| matches!(&*setting.name.name, "start" | "at"))
        || program.items().any(|(_, item)| match &item.kind {
            ItemKind::Environment(environment) => {
                environment.settings.iter().any(|setting| setting.name.name == service.name.name)
            }
            _ => false,
        })
}
