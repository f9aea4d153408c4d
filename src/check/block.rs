//! Statements.

use super::scope::{Response, Value};
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::source::Span;
use crate::syntax::ast::{
    Block, Expr, ExprKind, Let, LetTarget, ParamDecl, Statement, StatementKind, Template,
};

impl<'a> Walker<'a, '_> {
    /// A block in braces: a scope of its own.
    pub(super) fn block(&mut self, block: &'a Block) {
        self.scopes.enter();
        self.statements(&block.statements);
        self.leave();
    }

    /// The body of an item: its own scope, with its parameters, from nothing.
    pub(super) fn body(&mut self, params: &'a [ParamDecl], block: &'a Block) {
        self.scopes.enter();
        self.params(params);
        self.at(|place| place.block = true, |walker| walker.statements(&block.statements));
        self.leave();
    }

    /// Declared parameters, each visible to the defaults after it.
    pub(super) fn params(&mut self, params: &'a [ParamDecl]) {
        for param in params {
            if let Some(ty) = &param.ty {
                self.pattern(ty);
            }
            if let Some(default) = &param.default {
                self.value(default);
            }
            self.declare(&param.name, Value::Unknown, false);
        }
    }

    /// Statements in order; what follows a `return` never runs.
    pub(super) fn statements(&mut self, statements: &'a [Statement]) {
        let mut returned: Option<Span> = None;
        let valued = self.place.valued;
        for (index, statement) in statements.iter().enumerate() {
            self.place.valued = valued && index + 1 == statements.len();
            if let Some(span) = returned.take() {
                self.push(
                    Diagnostic::error(Code::DEAD_CODE, statement.span, "this statement never runs")
                        .also(span, "the block ends here"),
                );
            }
            self.statement(statement);
            if self.place.valued {
                self.ends_with(Some(statement));
            }
            if matches!(statement.kind, StatementKind::Return(_)) {
                returned = Some(statement.span);
            }
        }
        self.place.valued = valued;
        if valued && statements.is_empty() {
            self.ends_with(None);
        }
    }

    pub(super) fn statement(&mut self, statement: &'a Statement) {
        self.called_action = None;
        if self.place.double && !self.stands_in_a_rule(statement) {
            return;
        }
        match &statement.kind {
            StatementKind::Let(binding) => self.let_statement(binding),
            StatementKind::Expect(expect) => self.expect(expect),
            StatementKind::Step(title, body) => {
                self.template(title);
                self.statements(&body.statements);
            }
            StatementKind::Expr(expr) => self.expression_statement(expr),
            StatementKind::StopWhen(condition) => {
                if !self.place.eventually {
                    self.misplaced(
                        keyword(statement, "stop when"),
                        "`stop when` stands only in `eventually`",
                    );
                }
                self.value(condition);
            }
            StatementKind::RejectedWhen(condition) => {
                if !self.place.action {
                    self.misplaced(
                        keyword(statement, "rejected when"),
                        "`rejected when` stands only in an action",
                    );
                }
                self.value(condition);
            }
            StatementKind::Under(faults, body) => {
                self.under(faults, keyword(statement, "under"));
                self.statements(&body.statements);
                self.clear("faults were at work", keyword(statement, "under"));
            }
            StatementKind::Workload(workload) => self.workload(workload, keyword(statement, "workload")),
            StatementKind::Idempotent(idempotent) => {
                self.idempotent(idempotent, keyword(statement, "idempotent"));
            }
            StatementKind::Forall(forall) => self.forall(forall, keyword(statement, "forall")),
            StatementKind::Observe(observe) => self.observe(observe),
            StatementKind::Defer(body) => {
                let kept = self.scopes.response().clone();
                self.at(
                    |place| (place.returns, place.eventually, place.valued) = (false, false, false),
                    |walker| walker.block(body),
                );
                self.scopes.set_response(kept);
                self.called_action = None;
            }
            StatementKind::Return(value) => {
                if !self.place.returns {
                    self.misplaced(
                        keyword(statement, "return"),
                        "`return` stands only in a block that has a value",
                    );
                }
                if let Some(value) = value {
                    self.at(
                        |place| (place.valued, place.returns) = (true, true),
                        |walker| walker.valued(value),
                    );
                }
                self.returned(value.as_ref());
            }
            StatementKind::Wait(duration) => self.typed(duration, Ty::Duration, "`wait`"),
            StatementKind::Show(value) => self.value(value),
            StatementKind::Reply(reply) => {
                if !self.place.double {
                    self.misplaced(keyword(statement, "reply"), "`reply` stands only in a double");
                    return;
                }
                self.reply(reply);
            }
            StatementKind::Fail(fail) => {
                if !self.place.double {
                    self.misplaced(keyword(statement, "fail"), "`fail` stands only in a double");
                    return;
                }
                self.fail(fail);
            }
            StatementKind::Error => {}
        }
        if let Some(span) = self.called_action.take() {
            self.clear("the call of an action clears the response", span);
        }
    }

    /// `status` and the like speak of nothing from here on.
    pub(super) fn clear(&mut self, why: &'static str, span: Span) {
        self.scopes.set_response(Response::Cleared(why, span));
    }

    pub(super) fn misplaced(&mut self, span: Span, message: &str) {
        self.push(Diagnostic::error(Code::MISPLACED, span, message));
    }

    fn let_statement(&mut self, binding: &'a Let) {
        let opened = std::mem::replace(&mut self.opened, false);
        self.at(|place| (place.valued, place.returns) = (true, true), |walker| walker.valued(&binding.value));
        let value = self.value_of(&binding.value);
        self.opened |= opened;
        match &binding.target {
            LetTarget::Name(name) => {
                self.learn(name, &binding.value);
                self.declare(name, value, true);
            }
            LetTarget::List(names, _) => {
                self.learn_each(names, &binding.value);
                let value = if value == Value::Plain { Value::Plain } else { Value::Unknown };
                for name in names {
                    self.declare(name, value.clone(), true);
                }
            }
        }
    }

    /// What is known of a value that was just walked.
    fn value_of(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Request(request) => {
                let protocol = match self.scopes.response() {
                    Response::Of(protocol, _) => protocol.clone(),
                    _ => self.protocol_of(request),
                };
                if super::walker::OPENERS.contains(&&*request.verb.name) {
                    Value::Stream(protocol)
                } else {
                    Value::Record(protocol)
                }
            }
            ExprKind::Name(name) => match self.scopes.get(name) {
                Some(variable) => variable.value.clone(),
                None if self.saw_live => Value::Unknown,
                None => Value::Plain,
            },
            ExprKind::Index(base, _) => match &base.kind {
                ExprKind::Name(name) => match self.scopes.get(name) {
                    Some(variable) if variable.value == Value::Unknown => Value::Unknown,
                    _ => Value::Plain,
                },
                _ => Value::Plain,
            },
            _ if self.opened => Value::Unknown,
            _ => Value::Plain,
        }
    }

    /// An expression that stands alone: it must do something.
    fn expression_statement(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Request(_)
            | ExprKind::Next(_)
            | ExprKind::If(_)
            | ExprKind::For(_)
            | ExprKind::Parallel(_)
            | ExprKind::Eventually(_) => self.producer(expr),
            ExprKind::Call(callee, _) => {
                let before = self.cx.diagnostics.len();
                self.value(expr);
                let is_known = self.cx.diagnostics.len() == before && !self.calls_what_is_lost(callee);
                if is_known && self.called_action.is_none() && !self.place.valued {
                    self.does_nothing(expr);
                }
            }
            _ => {
                self.value(expr);
                if !self.place.valued {
                    self.does_nothing(expr);
                }
            }
        }
    }

    /// Whether a name that is called may be an action of a module that could not be read.
    fn calls_what_is_lost(&self, callee: &Expr) -> bool {
        match &callee.kind {
            ExprKind::Name(name) => self.may_be_lost(name),
            ExprKind::Field(module, _) => self.calls_what_is_lost(module),
            _ => false,
        }
    }

    fn does_nothing(&mut self, expr: &Expr) {
        let text = self.cx.program.sources.get(expr.span.source).slice(expr.span);
        let diagnostic = Diagnostic::error(Code::MISPLACED, expr.span, "this expression does nothing");
        let short = !text.contains('\n') && text.len() <= 60;
        self.push(match &expr.kind {
            ExprKind::Binary(..) | ExprKind::Unary(..) if short => {
                diagnostic.help(format!("did you mean `expect {text}`?"))
            }
            _ if short => diagnostic.help(format!("name it with `let x = {text}`, or state something of it")),
            _ => diagnostic.help("name it with `let x = …`, or state something of it"),
        });
    }

    /// What may stand as a statement and right of `let … =`: a request, a block with a value, or
    /// any other value.
    pub(super) fn producer(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Request(request) => {
                if self.place.double {
                    return self.asks_in_a_rule(request.verb.span);
                }
                if !self.place.block {
                    self.misplaced(request.verb.span, "a request stands only in a block");
                    return;
                }
                let protocol = self.request(request);
                if super::walker::OPENERS.contains(&&*request.verb.name) {
                    self.opened = true;
                    let what = match &*request.verb.name {
                        "begin" => "the last request began a transaction",
                        _ => "the last request opened a stream",
                    };
                    self.clear(what, request.verb.span);
                } else {
                    self.scopes.set_response(Response::Of(protocol, request.verb.span));
                }
            }
            ExprKind::Next(next) => self.next(next),
            ExprKind::If(branch) => {
                self.value(&branch.condition);
                self.block(&branch.then);
                if let Some(otherwise) = &branch.otherwise {
                    self.block(otherwise);
                }
                self.clear("`if` clears the response", keyword_at(expr.span, "if"));
            }
            ExprKind::For(turn) => {
                self.value(&turn.list);
                let elements = if self.saw_live { Value::Unknown } else { Value::Plain };
                self.scopes.enter();
                self.clear(
                    "each turn of a loop starts without one",
                    keyword_at(expr.span, if turn.parallel { "parallel" } else { "for" }),
                );
                match &turn.target {
                    LetTarget::Name(name) => {
                        self.learn_element(name, &turn.list);
                        self.declare(name, elements, false);
                    }
                    LetTarget::List(names, _) => {
                        names.iter().for_each(|name| self.declare(name, elements.clone(), false));
                    }
                }
                let parallel = turn.parallel;
                self.at(|place| place.parallel |= parallel, |walker| walker.block(&turn.body));
                self.leave();
                self.clear(
                    "a loop clears the response",
                    keyword_at(expr.span, if turn.parallel { "parallel" } else { "for" }),
                );
            }
            ExprKind::Parallel(block) => {
                self.branches(expr, block);
                self.clear("`parallel` clears the response", keyword_at(expr.span, "parallel"));
            }
            ExprKind::Eventually(eventually) => {
                if let Some(within) = &eventually.within {
                    self.typed(within, Ty::Duration, "`within`");
                }
                match &eventually.every {
                    Some(Expr { kind: ExprKind::Name(name), .. }) if &**name == "retry_after" => {}
                    Some(every) => self.typed(every, Ty::Duration, "`every`"),
                    None => {}
                }
                self.at(|place| place.eventually = true, |walker| walker.block(&eventually.body));
                self.clear("`eventually` clears the response", keyword_at(expr.span, "eventually"));
            }
            _ => self.value(expr),
        }
        // What a block calls inside itself was cleared inside it.
        if matches!(
            expr.kind,
            ExprKind::If(_) | ExprKind::For(_) | ExprKind::Parallel(_) | ExprKind::Eventually(_)
        ) {
            self.called_action = None;
        }
    }

    pub(super) fn optional(&mut self, expr: &'a Option<Expr>) {
        if let Some(expr) = expr {
            self.value(expr);
        }
    }

    /// Text with `${…}` in it.
    pub(super) fn template(&mut self, template: &'a Template) {
        for part in &template.parts {
            if let crate::syntax::ast::TemplatePart::Expr(expr) = part {
                self.value(expr);
            }
        }
    }
}

/// The first word of a statement.
fn keyword(statement: &Statement, word: &str) -> Span {
    keyword_at(statement.span, word)
}

fn keyword_at(span: Span, word: &str) -> Span {
    Span { end: span.end.min(span.start + word.len() as u32), ..span }
}
