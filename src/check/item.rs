//! Items: each kind with what it holds.

use super::attribute;
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{ExprKind, Item, ItemKind, Scenario, Stage, Statement, StatementKind};
use crate::syntax::visit;

impl<'a> Walker<'a, '_> {
    /// One item with its attributes.
    pub(super) fn item(&mut self, item: &'a Item) {
        self.attributes(item);
        match &item.kind {
            ItemKind::Use(_) => {}
            ItemKind::Seed(seed) => self.seed(seed),
            ItemKind::Let(binding) => self.holding(&binding.target, &binding.value),
            ItemKind::Input(input) => {
                if let Some(ty) = &input.ty {
                    self.pattern(ty);
                }
                self.optional(&input.default);
            }
            ItemKind::Secret(secret) => {
                if let Some(file) = &secret.file {
                    self.template(file);
                }
            }
            ItemKind::Service(service) => self.service(service),
            ItemKind::Environment(environment) => self.environment(environment),
            ItemKind::Double(double) => self.double(double),
            ItemKind::Profile(profile) => self.profile(profile),
            ItemKind::Stage(stage) => self.stage(stage),
            ItemKind::Shape(shape) => self.pattern(&shape.pattern),
            ItemKind::Fixture(fixture) => {
                self.at(
                    |place| place.returns = true,
                    |walker| walker.giving(&fixture.body, |walker| walker.body(&[], &fixture.body)),
                );
            }
            ItemKind::Action(action) => {
                let safe = attribute::find(item, "safe").is_some();
                self.at(
                    |place| {
                        (place.returns, place.action, place.safe) =
                            (true, true, safe.then_some("a `@safe` action"))
                    },
                    |walker| walker.giving(&action.body, |walker| walker.body(&action.params, &action.body)),
                );
            }
            ItemKind::Check(script) | ItemKind::Fn(script) => {
                self.cx.script(script);
                self.script_params(&script.params);
                if matches!(item.kind, ItemKind::Check(_)) && script.params.is_empty() {
                    let message = format!("check `{}` has no parameter for its subject", script.name.name);
                    self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, script.name.span, message));
                }
            }
            ItemKind::Owner(owner) => self.owner_item(owner),
            ItemKind::Scenario(scenario) => self.scenario(item, scenario),
            ItemKind::Error => {}
        }
    }

    /// The parameters of a script: names of the script, so `by` and `per` are good ones.
    fn script_params(&mut self, params: &'a [crate::syntax::ast::ParamDecl]) {
        for (index, param) in params.iter().enumerate() {
            if let Some(ty) = &param.ty {
                self.pattern(ty);
            }
            self.optional(&param.default);
            if let Some(first) = params[..index].iter().find(|other| other.name.name == param.name.name) {
                let message = format!("`{}` is declared twice", param.name.name);
                self.push(
                    Diagnostic::error(Code::DUPLICATE_NAME, param.name.span, message)
                        .also(first.name.span, "first declared here"),
                );
            }
        }
    }

    fn seed(&mut self, seed: &'a crate::syntax::ast::Expr) {
        if super::planner::seed(seed).is_none() {
            let message = "a seed is a whole number from 0 to 2^64 - 1";
            self.push(Diagnostic::error(Code::WRONG_TYPE, seed.span, message).help("write `seed 42`"));
        }
    }

    fn stage(&mut self, stage: &'a Stage) {
        for name in &stage.after {
            super::stages::resolve(self, name);
        }
        self.at(
            |place| place.gate = true,
            |walker| {
                for condition in &stage.require {
                    walker.value(condition);
                    if let Some(kind) = super::types::literal(condition)
                        && kind != "bool"
                    {
                        let message = format!(
                            "a gate is a condition, not {} {kind}",
                            crate::value::words::article(kind)
                        );
                        walker.push(
                            Diagnostic::error(Code::WRONG_TYPE, condition.span, message)
                                .help("for example `require pass_rate == 100%`"),
                        );
                    }
                }
            },
        );
        for block in stage.on_failure.iter().chain(&stage.finally) {
            self.body(&[], block);
        }
        for (index, suite) in stage.suites.iter().enumerate() {
            if let Some(first) = stage.suites[..index].iter().find(|other| other.name.name == suite.name.name)
            {
                let message = format!("suite `{}` is declared twice", suite.name.name);
                self.push(
                    Diagnostic::error(Code::DUPLICATE_NAME, suite.name.span, message)
                        .also(first.name.span, "first declared here"),
                );
            }
            self.at(|place| place.service = true, |walker| walker.suite(suite));
        }
    }

    fn scenario(&mut self, item: &'a Item, scenario: &'a Scenario) {
        if let Some(stage) = &scenario.stage
            && let Some(at) = self.named_item(stage, "stage")
        {
            self.cx.graph.mentions(self.item, at);
        }
        self.cases = attribute::find(item, "cases").and_then(|cases| attribute::argument(cases, 0));
        self.scopes.enter();
        self.matrix_names(item);
        self.doubles(scenario);
        self.body(&[], &scenario.body);
        self.leave();
        self.cases = None;
        let mut acts = false;
        visit::statements(&scenario.body, &mut |statement| acts |= does_something(statement));
        if !acts && !self.cx.is_broken_around(self.item) {
            self.push(
                Diagnostic::warning(
                    Code::EMPTY_SCENARIO,
                    scenario.title.span,
                    "this scenario makes no request and expects nothing",
                )
                .help("write what must hold, or skip it with a reason: `@skip(\"…\")`"),
            );
        }
    }
}

/// Whether a statement asks something of the system, or states something.
fn does_something(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Step(..) | StatementKind::Wait(_) => false,
        StatementKind::Let(_) | StatementKind::Show(_) => {
            let mut found = false;
            visit::statement(statement, &mut |part| {
                found |= matches!(part.kind, ExprKind::Call(..) | ExprKind::Request(_))
            });
            found
        }
        _ => true,
    }
}
