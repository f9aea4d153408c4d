//! Statements, in order.

use std::sync::Arc;
use std::time::Duration;

use super::cx::{Cx, Deferred, SHOWN};
use super::env::{Env, Response};
use super::flow::{Flow, Stop};
use super::request::{Ahead, Checked, is_checked, is_target_checked};
use crate::diag::Code;
use crate::event::EventKind;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, For, LetTarget, Statement, StatementKind};
use crate::value::BoxFuture;
use crate::value::{Value, show_short};

/// What a block's value is bound to, and the statements that may look at it: they may be where a
/// response inside the block is checked.
#[derive(Clone, Copy)]
pub(crate) struct Tail<'a> {
    target: &'a LetTarget,
    rest: &'a [Statement],
}

impl Cx {
    /// Runs statements in a scope that they add to; the value is that of the last one.
    pub(crate) fn statements<'a>(
        self: &'a Arc<Self>,
        env: &'a mut Env,
        statements: &'a [Statement],
        tail: Option<Tail<'a>>,
    ) -> BoxFuture<'a, Flow<Value>> {
        Box::pin(async move {
            let around = env.observed.len();
            let flow = self.statements_before(env, statements, tail, None).await;
            let observed = env.observed.split_off(around.min(env.observed.len()));
            super::observe::end(observed, flow).await
        })
    }

    /// The same for a step, whose responses may be checked by what follows it.
    pub(super) fn statements_before<'a>(
        self: &'a Arc<Self>,
        env: &'a mut Env,
        statements: &'a [Statement],
        tail: Option<Tail<'a>>,
        beyond: Option<&'a Ahead<'a>>,
    ) -> BoxFuture<'a, Flow<Value>> {
        Box::pin(async move {
            let mut last = Value::Null;
            let mut index = 0;
            while let Some(statement) = statements.get(index) {
                if self.cancel.is_cancelled() {
                    return Err(Stop::Cancelled);
                }
                self.at(statement.span);
                if matches!(statement.kind, StatementKind::Expect(_)) {
                    let group = statements[index..]
                        .iter()
                        .take_while(|statement| matches!(statement.kind, StatementKind::Expect(_)))
                        .count();
                    self.expectations_in_group(env, &statements[index..index + group]).await?;
                    index += group;
                    last = Value::Null;
                    continue;
                }
                last = self
                    .statement(env, statement, Ahead { rest: &statements[index + 1..], beyond }, tail)
                    .await?;
                index += 1;
            }
            Ok(last)
        })
    }

    /// Runs the statements before a place, which may lie in a step. Returns whether it was met.
    pub(crate) fn statements_until<'a>(
        self: &'a Arc<Self>,
        env: &'a mut Env,
        statements: &'a [Statement],
        until: Span,
        beyond: Option<&'a Ahead<'a>>,
    ) -> BoxFuture<'a, Flow<bool>> {
        Box::pin(async move {
            let at = statements.iter().position(|statement| {
                statement.span == until
                    || matches!(&statement.kind, StatementKind::Step(_, body) if body.span.contains(until.start))
            });
            let (before, rest) = statements.split_at(at.unwrap_or(statements.len()));
            // What comes later may be where a response is checked.
            let ahead = Ahead { rest, beyond };
            self.statements_before(env, before, None, Some(&ahead)).await?;
            let Some(next) = rest.first() else { return Ok(false) };
            if let StatementKind::Step(title, body) = &next.kind {
                let title = self.text(env, title).await?.text.to_string();
                env.enter_step(title);
                let ahead = Ahead { rest: &rest[1..], beyond };
                return self.statements_until(env, &body.statements, until, Some(&ahead)).await;
            }
            Ok(true)
        })
    }

    /// Runs a block in a scope of its own.
    pub(crate) async fn block(
        self: &Arc<Self>,
        env: &Env,
        block: &Block,
        tail: Option<Tail<'_>>,
    ) -> Flow<Value> {
        let mut inner = env.clone();
        self.statements(&mut inner, &block.statements, tail).await
    }

    /// Consecutive expectations are all judged before the first failed one stops the scenario.
    async fn expectations_in_group(self: &Arc<Self>, env: &Env, group: &[Statement]) -> Flow<()> {
        let mut failed = Vec::new();
        let mut unknown = Vec::new();
        for statement in group {
            let StatementKind::Expect(expect) = &statement.kind else { continue };
            self.at(statement.span);
            match self.expect(env, expect, statement.span).await {
                Ok(()) => {}
                Err(Stop::Failed(failures)) => failed.extend(failures),
                Err(Stop::Unknown(failures)) => unknown.extend(failures),
                Err(Stop::Broken(failures)) => {
                    failed.extend(failures);
                    return Err(Stop::Broken(failed));
                }
                Err(other) => return Err(other),
            }
        }
        if !failed.is_empty() {
            failed.extend(unknown);
            return Err(Stop::Failed(failed));
        }
        if unknown.is_empty() { Ok(()) } else { Err(Stop::Unknown(unknown)) }
    }

    async fn statement(
        self: &Arc<Self>,
        env: &mut Env,
        statement: &Statement,
        ahead: Ahead<'_>,
        tail: Option<Tail<'_>>,
    ) -> Flow<Value> {
        match &statement.kind {
            StatementKind::Let(binding) => {
                let (value, response) = match &binding.value.kind {
                    ExprKind::Request(request) => {
                        let name = match &binding.target {
                            LetTarget::Name(name) => Some(&*name.name),
                            LetTarget::List(..) => None,
                        };
                        let checked = self.once(binding.value.span, || is_checked(&ahead, name));
                        let response = self.request(env, request, binding.value.span, checked).await?;
                        env.response = Some(response.clone());
                        (response.record.clone(), Some(response))
                    }
                    _ => (self.value_of(env, &binding.value, &binding.target, ahead.rest).await?, None),
                };
                self.bind_target(env, &binding.target, value, response)?;
                Ok(Value::Null)
            }
            StatementKind::Expr(expr) => self.expression_statement(env, expr, ahead, tail).await,
            StatementKind::Step(title, body) => {
                let title = self.text(env, title).await?.text.to_string();
                if let Some(id) = self.id
                    && !self.again
                {
                    self.emit(EventKind::StepStarted { id, title: title.clone() });
                }
                let outer = env.enter_step(title);
                let value = self.statements_before(env, &body.statements, None, Some(&ahead)).await;
                env.leave_step(outer);
                value
            }
            StatementKind::Return(None) => Err(Stop::Return(Value::Null)),
            StatementKind::Return(Some(expr)) => {
                let value = match &expr.kind {
                    ExprKind::Request(request) => {
                        self.request(env, request, expr.span, Checked::default()).await?.record.clone()
                    }
                    _ => self.eval(env, expr).await?,
                };
                Err(Stop::Return(value))
            }
            StatementKind::Defer(body) => {
                let number = super::unjudged::next_number();
                let deferred = Deferred { number, env: env.clone(), body: body.clone() };
                super::cx::lock(&self.defers).push(deferred);
                Ok(Value::Null)
            }
            StatementKind::Wait(expr) => {
                let value = self.eval(env, expr).await?;
                let Some(duration) = value.as_duration() else {
                    let message = format!("`wait` takes a duration, and this is {}", value.kind());
                    return Err(self.bad_value(env, expr.span, message));
                };
                self.sleep(duration).await?;
                Ok(Value::Null)
            }
            StatementKind::Show(expr) => {
                let value = self.eval(&env.shown(), expr).await?;
                let shown = EventKind::Shown {
                    id: self.id,
                    place: self.world.bare_place(expr.span),
                    expression: self.written(expr.span),
                    value: show_short(&value, 10 * SHOWN),
                };
                if !self.again {
                    self.emit(shown);
                }
                Ok(Value::Null)
            }
            StatementKind::StopWhen(condition) => {
                if self.decide(env, condition).await? {
                    let message = format!(
                        "stopped: `{}` holds, so waiting longer cannot help",
                        self.written(condition.span)
                    );
                    let mut failure = self.failure(env, Code::EXPECTATION, condition.span, message);
                    failure.exchange = self.exchange_of(env, condition);
                    return Err(Stop::Terminal(Box::new(failure)));
                }
                Ok(Value::Null)
            }
            StatementKind::RejectedWhen(condition) => {
                // Where it does not hold, nothing has been said of how the request went.
                if self.decide(&env.shown(), condition).await? {
                    let message = format!("rejected: `{}` holds", self.written(condition.span));
                    let mut failure = self.failure(env, Code::REJECTED, condition.span, message);
                    failure.exchange = self.exchange_of(env, condition);
                    return Err(failure.into());
                }
                Ok(Value::Null)
            }
            StatementKind::Expect(expect) => {
                self.expect(env, expect, statement.span).await.map(|()| Value::Null)
            }
            StatementKind::Forall(forall) => {
                self.forall(env, forall, statement.span).await?;
                env.response = None;
                Ok(Value::Null)
            }
            StatementKind::Idempotent(idempotent) => {
                self.idempotent(env, idempotent, statement.span).await?;
                env.response = None;
                Ok(Value::Null)
            }
            StatementKind::Observe(observe) => self.observe(env, observe).await.map(|()| Value::Null),
            StatementKind::Reply(reply) => self.reply(env, reply, statement.span).await,
            StatementKind::Fail(fail) => self.fail(env, fail, statement.span).await,
            StatementKind::Under(faults, body) => {
                self.under(env, faults, body, statement.span, &ahead).await?;
                Ok(Value::Null)
            }
            StatementKind::Workload(workload) => {
                self.workload(env, workload, statement.span, &ahead).await?;
                env.response = None;
                Ok(Value::Null)
            }
            StatementKind::Error => {
                // `check` refuses these before anything runs; a run that got here anyway must not pass.
                let message = "this statement cannot be executed yet";
                Err(self.failure(env, Code::NOT_YET, statement.span, message).into())
            }
        }
    }

    async fn expression_statement(
        self: &Arc<Self>,
        env: &mut Env,
        expr: &Expr,
        ahead: Ahead<'_>,
        tail: Option<Tail<'_>>,
    ) -> Flow<Value> {
        let rest = ahead.rest;
        match &expr.kind {
            ExprKind::Request(request) => {
                let checked = self.once(expr.span, || match tail {
                    Some(tail) if rest.is_empty() => is_target_checked(tail.target, tail.rest),
                    _ => is_checked(&ahead, None),
                });
                let response = self.request(env, request, expr.span, checked).await?;
                env.response = Some(response.clone());
                Ok(response.record.clone())
            }
            ExprKind::Next(_) => self.eval(env, expr).await,
            ExprKind::If(_) | ExprKind::For(_) | ExprKind::Parallel(_) | ExprKind::Eventually(_) => {
                // `return` in a loop or branch whose value nobody uses ends the action around it.
                let tail = if rest.is_empty() { tail } else { None };
                let value = self.block_construct(env, expr, tail).await?;
                env.response = None;
                Ok(value)
            }
            _ => {
                let value = self.eval(env, expr).await?;
                env.response = None;
                Ok(value)
            }
        }
    }

    /// The value right of `let … =`; blocks hand on who looks at their value.
    async fn value_of(
        self: &Arc<Self>,
        env: &mut Env,
        expr: &Expr,
        target: &LetTarget,
        rest: &[Statement],
    ) -> Flow<Value> {
        match &expr.kind {
            ExprKind::If(_) | ExprKind::For(_) | ExprKind::Parallel(_) | ExprKind::Eventually(_) => {
                let value = self.block_value(env, expr, Some(Tail { target, rest })).await?;
                env.response = None;
                Ok(value)
            }
            ExprKind::Call(..) => {
                let value = self.eval(env, expr).await?;
                env.response = None;
                Ok(value)
            }
            _ => self.eval(env, expr).await,
        }
    }

    fn bind_target(
        &self,
        env: &mut Env,
        target: &LetTarget,
        value: Value,
        response: Option<Arc<Response>>,
    ) -> Flow<()> {
        match target {
            LetTarget::Name(name) => {
                env.bind_response(name.name.clone(), value, response);
                Ok(())
            }
            LetTarget::List(names, span) => {
                let Some(items) = value.as_list().filter(|items| items.len() == names.len()) else {
                    let got = match value.as_list() {
                        Some(items) => format!("a list of {}", items.len()),
                        None => value.kind().to_owned(),
                    };
                    let message =
                        format!("{} names want a list of {}, and this is {got}", names.len(), names.len());
                    return Err(self.bad_value(env, *span, message));
                };
                for (name, item) in names.iter().zip(items) {
                    env.bind(name.name.clone(), item.clone());
                }
                Ok(())
            }
        }
    }

    /// A construct whose value is used: `return` inside it gives that value.
    pub(crate) fn block_value<'a>(
        self: &'a Arc<Self>,
        env: &'a Env,
        expr: &'a Expr,
        tail: Option<Tail<'a>>,
    ) -> BoxFuture<'a, Flow<Value>> {
        Box::pin(async move {
            match &expr.kind {
                // Each turn and each branch has a value of its own, so `return` ends only that one.
                ExprKind::For(_) | ExprKind::Parallel(_) => {
                    self.block_construct_with(env, expr, tail, true).await
                }
                _ => match self.block_construct_with(env, expr, tail, true).await {
                    Err(Stop::Return(value)) => Ok(value),
                    other => other,
                },
            }
        })
    }

    async fn block_construct(
        self: &Arc<Self>,
        env: &Env,
        expr: &Expr,
        tail: Option<Tail<'_>>,
    ) -> Flow<Value> {
        self.block_construct_with(env, expr, tail, false).await
    }

    async fn block_construct_with(
        self: &Arc<Self>,
        env: &Env,
        expr: &Expr,
        tail: Option<Tail<'_>>,
        valued: bool,
    ) -> Flow<Value> {
        match &expr.kind {
            ExprKind::If(branch) => {
                let body = if self.decide(env, &branch.condition).await? {
                    Some(&branch.then)
                } else {
                    branch.otherwise.as_ref()
                };
                match body {
                    Some(body) => self.block(env, body, tail).await,
                    None => Ok(Value::Null),
                }
            }
            ExprKind::For(turns) => self.turns(env, turns, tail, valued).await,
            ExprKind::Parallel(body) => self.branches(env, body, tail, valued).await,
            ExprKind::Eventually(eventually) => self.eventually(env, eventually, expr.span).await,
            _ => self.eval(env, expr).await,
        }
    }

    /// A loop; its value is the list of its turns' values.
    async fn turns(
        self: &Arc<Self>,
        env: &Env,
        turns: &For,
        tail: Option<Tail<'_>>,
        valued: bool,
    ) -> Flow<Value> {
        let list = self.eval(env, &turns.list).await?;
        self.judges_history(env, &list);
        let list = super::judge::settled(list);
        self.present(env, &turns.list, &list)?;
        let items = self.items(env, &list, turns.list.span)?;
        if items.is_empty() && checks_something(&turns.body) {
            let message =
                format!("`{}` is empty, so nothing in this loop was checked", self.written(turns.list.span));
            self.emit(EventKind::Warning {
                code: Code::NOTHING_CHECKED.name.to_owned(),
                message,
                place: Some(self.world.place(turns.list.span)),
            });
        }
        let mut scopes = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let mut inner = env.turn(index, turns.parallel);
            inner.response = None;
            self.bind_target(&mut inner, &turns.target, item, None)?;
            scopes.push(inner);
        }
        if turns.parallel {
            let turns = scopes.iter().map(|inner| self.turn(inner, &turns.body.statements, tail, valued));
            return gather(futures_util::future::join_all(turns).await);
        }
        let mut values = Vec::with_capacity(scopes.len());
        for inner in &scopes {
            values.push(self.turn(inner, &turns.body.statements, tail, valued).await?);
        }
        Ok(Value::list(values))
    }

    async fn turn(
        self: &Arc<Self>,
        env: &Env,
        statements: &[Statement],
        tail: Option<Tail<'_>>,
        valued: bool,
    ) -> Flow<Value> {
        let mut inner = env.clone();
        match self.statements(&mut inner, statements, tail).await {
            Err(Stop::Return(value)) if valued => Ok(value),
            other => other,
        }
    }

    /// `parallel { … }`: each statement is a branch; the value is the list of theirs.
    async fn branches(
        self: &Arc<Self>,
        env: &Env,
        body: &Block,
        tail: Option<Tail<'_>>,
        valued: bool,
    ) -> Flow<Value> {
        let scopes: Vec<Env> = (0..body.statements.len()).map(|index| env.turn(index, true)).collect();
        let branches = scopes
            .iter()
            .zip(&body.statements)
            .map(|(inner, statement)| self.turn(inner, std::slice::from_ref(statement), tail, valued));
        gather(futures_util::future::join_all(branches).await)
    }

    /// The elements of a list or of a range of whole numbers.
    fn items(&self, env: &Env, list: &Value, span: Span) -> Flow<Vec<Value>> {
        match list {
            Value::List(items) => Ok(items.as_ref().clone()),
            Value::Range(range) => {
                let bounds = (
                    range.0.as_number().and_then(|n| n.to_i128()),
                    range.1.as_number().and_then(|n| n.to_i128()),
                );
                match bounds {
                    (Some(low), Some(high)) if high.saturating_sub(low) < 1_000_000 => {
                        Ok((low..=high).map(Value::int).collect())
                    }
                    (Some(_), Some(_)) => {
                        Err(self.bad_value(env, span, "a loop has at most a million turns"))
                    }
                    _ => Err(self.bad_value(env, span, "a loop's range goes over whole numbers")),
                }
            }
            other => {
                let message = format!("`for` goes over a list or a range, and this is {}", other.kind());
                Err(self.bad_value(env, span, message))
            }
        }
    }

    /// Waits, but not past the end of the scenario.
    pub(crate) async fn sleep(&self, duration: Duration) -> Flow<()> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
        }
    }
}

/// Whether a block makes a request or expects something, in its own words.
fn checks_something(block: &Block) -> bool {
    let mut requests = false;
    crate::syntax::visit::block(block, &mut |expr| requests |= matches!(expr.kind, ExprKind::Request(_)));
    requests || block.statements.iter().any(expects)
}

fn expects(statement: &Statement) -> bool {
    let inside = |block: &Block| block.statements.iter().any(expects);
    match &statement.kind {
        StatementKind::Expect(_) => true,
        StatementKind::Step(_, body) => inside(body),
        StatementKind::Forall(forall) => inside(&forall.body),
        StatementKind::Expr(expr) => match &expr.kind {
            ExprKind::For(turns) => inside(&turns.body),
            ExprKind::If(branch) => inside(&branch.then) || branch.otherwise.as_ref().is_some_and(inside),
            ExprKind::Parallel(body) => inside(body),
            ExprKind::Eventually(eventually) => inside(&eventually.body),
            _ => false,
        },
        _ => false,
    }
}

/// The values of parallel parts; when several fail, all their failures.
fn gather(results: Vec<Flow<Value>>) -> Flow<Value> {
    let mut values = Vec::with_capacity(results.len());
    let mut failed = Vec::new();
    let mut unknown = Vec::new();
    let mut broken = false;
    let mut other = None;
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(Stop::Failed(failures)) => failed.extend(failures),
            Err(Stop::Broken(failures)) => {
                broken = true;
                failed.extend(failures);
            }
            Err(Stop::Unknown(failures)) => unknown.extend(failures),
            Err(stop) => other = other.or(Some(stop)),
        }
    }
    if !failed.is_empty() {
        failed.extend(unknown);
        return Err(if broken { Stop::Broken(failed) } else { Stop::Failed(failed) });
    }
    match other {
        Some(stop) => Err(stop),
        None if !unknown.is_empty() => Err(Stop::Unknown(unknown)),
        None => Ok(Value::list(values)),
    }
}
