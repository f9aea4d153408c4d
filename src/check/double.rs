//! Doubles: their rules against the service that they play, and the scenarios that take them.

mod cover;
mod scenario;

use std::sync::Arc;

use super::link::speaks_tls;
use super::request::spoken;
use super::scope::{Value, Variable};
use super::types::literal;
use super::walker::{Hand, Walker, list, plain_name};
use crate::contract::{Contract, Operation};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Ty};
use crate::source::Span;
use crate::syntax::ast::{
    Double, DoubleRule, Expr, ExprKind, Fail, ItemKind, ObjectEntry, Reply, Service, Statement,
    StatementKind, TemplatePart,
};
use crate::syntax::visit;
use crate::value::words::article;

pub(super) use scenario::{has_place, missing};

/// The names that a rule has of its own, besides what its path binds.
pub(crate) const CALLS: &str = "calls";
/// The record of the call that is answered.
pub(crate) const REQUEST: &str = "request";
/// How often such a call has come.
pub(crate) const ATTEMPT: &str = "attempt";

/// What a double plays, as far as its rules need to know.
#[derive(Debug, Clone)]
pub(super) struct Played<'a> {
    /// `http`
    protocol: Arc<str>,
    /// What its contract says.
    contract: Option<&'a Contract>,
    /// What the rule at hand answers, when that is known.
    operation: Option<&'a Operation>,
}

impl<'a> Walker<'a, '_> {
    /// `double name(params) of service { … }`
    pub(super) fn double(&mut self, double: &'a Double) {
        let played = self.named_item(&double.service, "service").and_then(|at| {
            self.cx.graph.mentions(self.item, at);
            let ItemKind::Service(service) = &self.cx.program.item(at).kind else { return None };
            let contract = self.cx.program.units[at.unit].contracts.get(&service.name.name);
            self.playable(double, service, contract)
        });
        if double.rules.is_empty() && !self.cx.is_broken_around(self.item) {
            let message = format!("`{}` answers nothing", double.name.name);
            self.push(
                Diagnostic::warning(Code::DEAD_CODE, double.name.span, message)
                    .help("a call without a rule fails the scenario: write `on GET /path { reply … }`"),
            );
        }
        self.scopes.enter();
        self.params(&double.params);
        self.played = played;
        for rule in &double.rules {
            self.rule(rule);
        }
        self.played = None;
        self.leave();
        self.covered(double);
    }

    /// What the double plays; a diagnostic says why it cannot.
    fn playable(
        &mut self,
        double: &'a Double,
        service: &'a Service,
        contract: Option<&'a Contract>,
    ) -> Option<Played<'a>> {
        let protocol = spoken(service).map_or_else(|| Arc::from("http"), |name| name.name);
        let registry = self.cx.registry;
        registry.get(Kind::Protocol, &protocol)?;
        if registry.names(Kind::Option, &format!("{protocol} reply")).is_empty() {
            let message = format!("`{}` speaks {protocol}, which no double plays", service.name.name);
            let played = registry.of_kind(Kind::Protocol).map(|spec| spec.name);
            let played: Vec<&str> = played
                .filter(|name| !registry.names(Kind::Option, &format!("{name} reply")).is_empty())
                .collect();
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, double.service.span, message)
                    .help(format!("doubles play {}", list(&played))),
            );
            return None;
        }
        if speaks_tls(service) {
            let message = format!("`{}` speaks TLS, and a double has no certificate", service.name.name);
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, double.service.span, message)
                    .also(service.name.span, "declared here")
                    .help(
                        "let callers reach it without TLS where it is played: leave `tls` and `https:` out",
                    ),
            );
            return None;
        }
        if contract.is_none() && service.contracts().next().is_some() {
            // It could not be read, which is said where it is named.
            return None;
        }
        if &*protocol == "grpc" && contract.is_none() && !self.cx.is_broken_around(self.item) {
            let message = format!("`{}` names no contract, and gRPC is played by one", service.name.name);
            self.push(
                Diagnostic::error(Code::CONTRACT, double.service.span, message)
                    .also(service.name.span, "declared here")
                    .help("write `speaks grpc contract \"./….proto\"`"),
            );
            return None;
        }
        Some(Played { protocol, contract, operation: None })
    }

    /// `on POST /hooks/${kind} when … { … }`
    fn rule(&mut self, rule: &'a DoubleRule) {
        let operation = self.rule_operation(rule);
        if let Some(played) = &mut self.played {
            played.operation = operation;
        }
        self.scopes.enter();
        for name in [CALLS, REQUEST] {
            self.scopes.declare(Variable {
                name: name.into(),
                span: rule.method.span,
                value: Value::Unknown,
                read: true,
                must_be_read: false,
            });
        }
        let parts = rule.path.iter().flat_map(|path| &path.parts);
        for part in parts {
            let TemplatePart::Expr(expr) = part else { continue };
            match plain_name(expr) {
                Some(name) => self.declare(&name, Value::Plain, false),
                None => {
                    let message = "`${…}` in the path of a rule binds a name";
                    self.push(
                        Diagnostic::error(Code::WRONG_TYPE, expr.span, message)
                            .help("write a name, as in `/hooks/${kind}`, and say more with `when`"),
                    );
                }
            }
        }
        let is_http = self.played.as_ref().is_some_and(|played| &*played.protocol == "http");
        if self.played.is_some() {
            // What breaks the contract on purpose may be called by what breaks it.
            self.takes(is_http, operation.filter(|_| !is_http || !ignores(rule)));
        }
        self.at(
            |place| (place.double, place.at_hand) = (true, Hand::Call),
            |walker| {
                if let Some(when) = &rule.when {
                    walker.value(when);
                    if let Some(kind) = literal(when).filter(|kind| *kind != "bool") {
                        let message = format!("`when` takes a condition, not {} {kind}", article(kind));
                        walker.push(Diagnostic::error(Code::WRONG_TYPE, when.span, message));
                    }
                }
                walker.block(&rule.body);
            },
        );
        self.takes_nothing();
        self.leave();
        let mut answers = false;
        visit::statements(&rule.body, &mut |statement| {
            answers |= matches!(
                statement.kind,
                StatementKind::Reply(_) | StatementKind::Fail(_) | StatementKind::Error
            );
        });
        if !answers && !self.cx.is_broken_around(self.item) {
            let message = "this rule takes calls and answers none";
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, rule.method.span, message)
                    .help("write `reply …`, or `fail …`"),
            );
        }
    }

    /// The operation that a rule answers, when it is one and known; mistakes are reported.
    fn rule_operation(&mut self, rule: &'a DoubleRule) -> Option<&'a Operation> {
        let played = self.played.clone()?;
        if &*played.protocol == "grpc" {
            return self.method_rule(played.contract?.interface(), rule);
        }
        let verbs = self.cx.registry.names(Kind::Verb, &played.protocol);
        let methods: Vec<&str> =
            verbs.into_iter().filter(|verb| verb.bytes().all(|byte| byte.is_ascii_uppercase())).collect();
        if !methods.contains(&&*rule.method.name) {
            let message = format!("there is no method `{}`", rule.method.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_VERB, rule.method.span, message)
                    .help(format!("there are {}", list(&methods)))
                    .did_you_mean(&rule.method.name, methods.iter().copied()),
            );
            return None;
        }
        let Some(path) = &rule.path else {
            let message = format!("`on {}` lacks its path", rule.method.name);
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, rule.method.span, message)
                    .help(format!("write `on {} /path {{ … }}`", rule.method.name)),
            );
            return None;
        };
        let query =
            path.parts.iter().any(|part| matches!(part, TemplatePart::Text(text) if text.contains('?')));
        if query {
            let message = "a rule's path has no query";
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, path.span, message)
                    .help("ask for it with `when`, as in `when .query.page == \"2\"`"),
            );
            return None;
        }
        self.path_rule(played.contract?.interface(), rule, path)
    }

    /// What may stand in a rule; a diagnostic says what may not.
    pub(super) fn stands_in_a_rule(&mut self, statement: &'a Statement) -> bool {
        let word = match &statement.kind {
            StatementKind::Let(_)
            | StatementKind::Expect(_)
            | StatementKind::Wait(_)
            | StatementKind::Show(_)
            | StatementKind::Reply(_)
            | StatementKind::Fail(_)
            | StatementKind::Error => return true,
            StatementKind::Expr(expr) => match &expr.kind {
                ExprKind::If(_) | ExprKind::For(_) => return true,
                ExprKind::Parallel(_) | ExprKind::Eventually(_) | ExprKind::Next(_) => "this",
                // A request, or what does nothing, has its own diagnostic.
                _ => return true,
            },
            StatementKind::Return(_) => "`return`",
            _ => "this",
        };
        let first = self.text(statement.span);
        let first = first.split_whitespace().next().unwrap_or_default().to_owned();
        let span = Span { end: statement.span.start + first.len() as u32, ..statement.span };
        let word = if word == "this" { format!("`{first}`") } else { word.to_owned() };
        self.misplaced(span, &format!("{word} does not stand in a double"));
        false
    }

    /// A request in a rule: a double answers, and asks nothing.
    pub(super) fn asks_in_a_rule(&mut self, span: Span) {
        let message = "a double answers, and makes no requests";
        self.push(
            Diagnostic::error(Code::MISPLACED, span, message)
                .help("make it in the scenario, once `calls` of the service shows what came"),
        );
    }

    /// `reply EXPR after D with { … }`
    pub(super) fn reply(&mut self, reply: &'a Reply) {
        if !is_any(&reply.value) {
            self.value(&reply.value);
        }
        if let Some(after) = &reply.after {
            self.typed(after, Ty::Duration, "`after`");
        }
        let Some(played) = self.played.clone() else {
            // What it plays is not known, and neither are its options.
            if let Some(with) = &reply.with {
                self.mark(with);
            }
            return;
        };
        if let Some(with) = &reply.with {
            self.answer_options(with, &format!("{} reply", played.protocol));
        }
        if let Some(operation) = played.operation {
            self.reply_against(operation, reply);
        } else if is_any(&reply.value) && played.contract.is_none() {
            let message = "`any` alone draws what the contract says, and the service names none";
            self.push(
                Diagnostic::error(Code::CONTRACT, reply.value.span, message)
                    .help("name what is drawn: `reply any Order`"),
            );
        }
    }

    /// `fail STATUS "…" with { … }`
    pub(super) fn fail(&mut self, fail: &'a Fail) {
        if let Some(message) = &fail.message {
            self.typed(message, Ty::Text, "the message of `fail`");
        }
        let Some(played) = self.played.clone() else {
            if let Some(with) = &fail.with {
                self.mark(with);
            }
            return;
        };
        let protocol = &*played.protocol;
        let registry = self.cx.registry;
        let known: Vec<&str> = registry
            .of_kind(Kind::Constant)
            .filter(|spec| spec.of == protocol && spec.name != "OK")
            .map(|spec| spec.name)
            .collect();
        if let Some(status) = &fail.status
            && !known.contains(&&*status.name)
        {
            let message = match known.is_empty() {
                true => format!("{protocol} has no status `{}`", status.name),
                false => format!("`{}` is no status of a failure", status.name),
            };
            let diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, status.span, message);
            self.push(match known.is_empty() {
                true => diagnostic
                    .help("write `reply … with { status: 503 }`; `fail \"…\"` breaks the connection off"),
                false => diagnostic
                    .help(format!("there are {}", list(&known)))
                    .did_you_mean(&status.name, known.iter().copied()),
            });
        }
        if let Some(with) = &fail.with {
            self.answer_options(with, &format!("{protocol} fail"));
        }
    }

    fn answer_options(&mut self, with: &'a Expr, of: &str) {
        match &with.kind {
            ExprKind::Object(object) => self.options(object, Some(of)),
            _ => self.typed(with, Ty::Object, "`with`"),
        }
    }
}

/// Whether a rule breaks the contract on purpose, and is then called by what breaks it too.
pub(crate) fn ignores(rule: &DoubleRule) -> bool {
    let mut found = false;
    visit::statements(&rule.body, &mut |statement| {
        if let StatementKind::Reply(reply) = &statement.kind
            && let Some(ExprKind::Object(options)) = reply.with.as_ref().map(|with| &with.kind)
        {
            found |= options.entries.iter().any(|entry| {
                matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some("contract"))
            });
        }
    });
    found
}

/// Whether it is `any` alone: what the contract says.
pub(crate) fn is_any(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Name(name) if &**name == "any")
}
