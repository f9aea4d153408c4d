//! Expressions to values.

use std::sync::Arc;

use super::ahead::Checked;
use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::check::{ItemRef, plain};
use crate::diag::Code;
use crate::function::operators;
use crate::lang::Kind;
use crate::source::Span;
use crate::syntax::ast::{
    BinaryOp, Expr, ExprKind, Input, ItemKind, ObjectEntry, ObjectExpr, Template, UnaryOp,
};
use crate::value::BoxFuture;
use crate::value::{Number, Object, Text, Value};
use bigdecimal::{BigDecimal, RoundingMode};

impl Cx {
    /// The value of an expression. What is large and seldom has a box of its own, since this one is made
    /// for every expression.
    pub(crate) fn eval<'a>(self: &'a Arc<Self>, env: &'a Env, expr: &'a Expr) -> BoxFuture<'a, Flow<Value>> {
        if let Some(value) = plain(expr) {
            return Box::pin(std::future::ready(Ok(value)));
        }
        Box::pin(async move {
            match &expr.kind {
                ExprKind::Absent
                | ExprKind::Null
                | ExprKind::Bool(_)
                | ExprKind::Number(_)
                | ExprKind::Percent(_)
                | ExprKind::Duration(_)
                | ExprKind::Size(_) => Ok(plain(expr).unwrap_or(Value::Absent)),
                ExprKind::Text(template) => self.text(env, template).await.map(Value::Text),
                ExprKind::Regex(text) => self.regex(env, text, expr.span),
                ExprKind::List(items, _) => {
                    let mut values = Vec::with_capacity(items.len());
                    for item in items {
                        values.push(self.eval(env, item).await?);
                    }
                    Ok(Value::list(values))
                }
                ExprKind::Object(object) => {
                    self.object(env, object).await.map(|fields| Value::Object(Arc::new(fields)))
                }
                ExprKind::Name(_)
                | ExprKind::It(_)
                | ExprKind::Field(..)
                | ExprKind::Index(..)
                | ExprKind::Each(_) => {
                    let value = self.path(env, expr).await?;
                    if let Some(observer) = &env.observer {
                        observer.note(expr.span, &value);
                    }
                    Ok(value)
                }
                ExprKind::Call(callee, args) => {
                    let value = Box::pin(self.call(env, callee, args, expr.span)).await?;
                    if let Some(observer) = &env.observer {
                        observer.note(expr.span, &value);
                    }
                    Ok(value)
                }
                ExprKind::Unary(UnaryOp::Negate, inner) => {
                    let value = self.eval(env, inner).await?;
                    operators::negate(&value).map_err(|message| self.bad_value(env, expr.span, message))
                }
                ExprKind::Binary(BinaryOp::Range, low, high) => {
                    let (low, high) = (self.eval(env, low).await?, self.eval(env, high).await?);
                    Ok(Value::Range(Arc::new((low, high))))
                }
                ExprKind::Binary(op, left, right) if is_arithmetic(*op) => {
                    let (a, b) = (self.eval(env, left).await?, self.eval(env, right).await?);
                    self.present(env, left, &a)?;
                    self.present(env, right, &b)?;
                    let result = match op {
                        BinaryOp::Add => operators::add(&a, &b),
                        BinaryOp::Subtract => operators::sub(&a, &b),
                        BinaryOp::Multiply => operators::mul(&a, &b),
                        BinaryOp::Divide => operators::div(&a, &b),
                        _ => operators::rem(&a, &b),
                    };
                    result.map_err(|message| self.bad_value(env, expr.span, message))
                }
                ExprKind::Binary(BinaryOp::Union, ..) => {
                    Err(self.bad_value(env, expr.span, "`|` stands in patterns and shapes, not in values"))
                }
                ExprKind::Unary(UnaryOp::Not, _) | ExprKind::Binary(..) => {
                    Ok(Value::Bool(self.decide(env, expr).await?))
                }
                ExprKind::Any(pattern) => Box::pin(self.draw(env, pattern, expr.span)).await,
                ExprKind::Many(count, pattern) => {
                    Box::pin(self.draw_many(env, count, pattern, expr.span)).await
                }
                ExprKind::But(base, changes) => Box::pin(self.draw_but(env, base, changes, expr.span)).await,
                ExprKind::Request(request) => {
                    let request = self.request(env, request, expr.span, Checked::default());
                    Ok(Box::pin(request).await?.record.clone())
                }
                ExprKind::Next(next) => Box::pin(self.next_message(env, next, expr.span)).await,
                ExprKind::If(_) | ExprKind::For(_) | ExprKind::Parallel(_) | ExprKind::Eventually(_) => {
                    self.block_value(env, expr, None).await
                }
                ExprKind::Link(from, to) => self.link(env, from, to.as_deref(), expr.span),
                ExprKind::Rate(count, period) => Ok(Value::Number(a_second(count, *period))),
                ExprKind::Sized(..) | ExprKind::Compare(..) | ExprKind::Refine(..) => {
                    let message =
                        format!("`{}` is a pattern or a place, not a value", self.written(expr.span));
                    Err(self.bad_value(env, expr.span, message))
                }
            }
        })
    }

    /// A compiled regex; `check` has compiled it before, so failing here is rare.
    fn regex(&self, env: &Env, text: &str, span: Span) -> Flow<Value> {
        regex::Regex::new(text)
            .map(|regex| Value::Regex(Arc::new(regex)))
            .map_err(|error| self.failure(env, Code::BAD_REGEX, span, error.to_string()).into())
    }

    /// The text of a template; what `${…}` gives must be there.
    pub(crate) async fn text(self: &Arc<Self>, env: &Env, template: &Template) -> Flow<Text> {
        self.joined(env, template, String::push_str).await
    }

    /// The fields of an object.
    pub(crate) async fn object(self: &Arc<Self>, env: &Env, object: &ObjectExpr) -> Flow<Object> {
        let mut fields = Object::new();
        for entry in &object.entries {
            match entry {
                ObjectEntry::Field { name, value, .. } => {
                    let key = self.text(env, name).await?.text;
                    let value = self.eval(env, value).await?;
                    fields.insert(key, value);
                }
                ObjectEntry::Spread(base) => match self.eval(env, base).await? {
                    Value::Object(base) => fields.extend(base.iter().map(|(k, v)| (k.clone(), v.clone()))),
                    other => {
                        let message = format!("`..` spreads an object, and this is {}", other.kind());
                        return Err(self.bad_value(env, base.span, message));
                    }
                },
                ObjectEntry::Open(span) => {
                    return Err(self.bad_value(env, *span, "`..` leaves a pattern open; this is a value"));
                }
            }
        }
        Ok(fields)
    }

    /// Refuses an absent value where one is needed.
    pub(crate) fn present(&self, env: &Env, expr: &Expr, value: &Value) -> Flow<()> {
        if !matches!(value, Value::Absent) {
            return Ok(());
        }
        let mut failure = self.failure(
            env,
            Code::EXPECTATION,
            expr.span,
            format!("`{}` is absent", self.written(expr.span)),
        );
        failure.label = "there is no such field".to_owned();
        failure.help = env.observer.as_ref().and_then(|observer| observer.absence(expr.span));
        failure.exchange = self.exchange_of(env, expr);
        Err(failure.into())
    }

    /// What a bare name stands for: a variable, a top-level name, a part of the last response, a
    /// constant.
    pub(crate) async fn name(self: &Arc<Self>, env: &Env, name: &str, span: Span) -> Flow<Value> {
        if let Some(value) = env.get(name) {
            return Ok(value.clone());
        }
        if self.world.plan.program.lookup(env.unit, name).is_some() {
            return self.top_level(env, env.unit, name, span).await;
        }
        if self.world.registry.get(Kind::Response, name).is_some() {
            return match &env.response {
                Some(response) => {
                    self.judges(env, &response.record, name);
                    Ok(response_part(&response.record, name))
                }
                None => {
                    let message = format!("there is no response to read `{name}` of here");
                    Err(self.failure(env, Code::NO_RESPONSE, span, message).into())
                }
            };
        }
        if let Some(value) = crate::rooms::constant(name) {
            return Ok(value);
        }
        Err(self.failure(env, Code::UNKNOWN_NAME, span, format!("`{name}` is not declared here")).into())
    }

    /// The value of a module's top-level name.
    pub(super) async fn top_level(
        self: &Arc<Self>,
        env: &Env,
        unit: usize,
        name: &str,
        span: Span,
    ) -> Flow<Value> {
        let Some((item, declared)) = self.world.plan.program.lookup_item(unit, name) else {
            let message = format!("`{name}` is not a value");
            return Err(self.bad_value(env, span, message));
        };
        match &declared.kind {
            ItemKind::Let(binding) => self.module_let(env, item, &binding.value, name).await,
            ItemKind::Input(_) | ItemKind::Secret(_) => {
                match (self.world.inputs.get(&item), &declared.kind) {
                    (Some(value), _) => Ok(value.clone()),
                    (None, ItemKind::Input(Input { default: Some(default), .. })) => {
                        self.module_let(env, item, default, name).await
                    }
                    _ => {
                        let message = format!("`{name}` has no value");
                        let mut failure = self.failure(env, Code::SECRET_MISSING, span, message);
                        let kind =
                            if matches!(declared.kind, ItemKind::Secret(_)) { "secret" } else { "input" };
                        failure.help = Some(super::inputs::advice(kind, name));
                        Err(failure.into())
                    }
                }
            }
            ItemKind::Service(_) => match self.world.service(item) {
                Some(service) => Ok(Value::Live(self.world.links.seen_from(env.caller.as_deref(), service))),
                None => Err(self.bad_value(env, span, format!("`{name}` does not run in this run"))),
            },
            ItemKind::Fixture(_) => match super::cx::lock(&self.fixtures).get(&item) {
                Some(value) => Ok(value.clone()),
                None => Err(self.bad_value(env, span, format!("fixture `{name}` is not set up here"))),
            },
            _ => Err(self.bad_value(env, span, format!("`{name}` is not a value"))),
        }
    }

    /// A top-level `let`: evaluated once for each context, from names that cannot change.
    async fn module_let(
        self: &Arc<Self>,
        outer: &Env,
        item: ItemRef,
        value: &Expr,
        name: &str,
    ) -> Flow<Value> {
        let origin = self.world.plan.program.item(item).span.start;
        let key = self.world.key.with(self.world.unit_name(item.unit)).with(format!("let {name}"));
        let mut env = Env::of_unit(item.unit, key, origin);
        env.caller.clone_from(&outer.caller);
        let value = self.eval(&env, value).await?;
        // `let [a, b] = …` at top level: the name says which part is meant.
        if let ItemKind::Let(binding) = &self.world.plan.program.item(item).kind
            && let crate::syntax::ast::LetTarget::List(names, _) = &binding.target
        {
            let index = names.iter().position(|ident| &*ident.name == name).unwrap_or(0);
            return Ok(value.as_list().and_then(|items| items.get(index)).cloned().unwrap_or(Value::Absent));
        }
        Ok(value)
    }

    /// The exchange of the response that an expression speaks of, for the report.
    pub(crate) fn exchange_of(&self, env: &Env, expr: &Expr) -> Option<Box<crate::event::Exchange>> {
        let mut found = None;
        crate::syntax::visit::expression(expr, &mut |part| {
            if let ExprKind::Name(name) = &part.kind
                && found.is_none()
            {
                found = env.response_of(name).cloned();
                if found.is_none()
                    && env.get(name).is_none()
                    && self.world.registry.get(Kind::Response, name).is_some()
                {
                    found = env.response.clone();
                }
            }
        });
        found.map(|response| Box::new(response.exchange.clone()))
    }

    /// A truth value, or a failure that says what it is instead.
    pub(crate) fn truth(&self, env: &Env, expr: &Expr, value: &Value) -> Flow<bool> {
        self.present(env, expr, value)?;
        value.as_bool().ok_or_else(|| -> Stop {
            let message = format!("`{}` is {}, not a truth value", self.written(expr.span), value.kind());
            self.bad_value(env, expr.span, message)
        })
    }
}

/// A part of a response record; parts that a protocol does not have are absent.
fn response_part(record: &Value, name: &str) -> Value {
    match record {
        Value::Object(fields) => fields.get(name).cloned().unwrap_or(Value::Absent),
        Value::Live(live) => live.field(name).unwrap_or(Value::Absent),
        _ => Value::Absent,
    }
}

/// A rate as a number a second; endless digits are cut after nine.
fn a_second(count: &Number, period: i64) -> Number {
    let Ok(count) = count.to_decimal() else { return Number::Int(0) };
    let rate = count * BigDecimal::from(1_000_000_000) / BigDecimal::from(period.max(1));
    Number::from_decimal(rate.with_scale_round(9, RoundingMode::HalfEven).normalized())
}

fn is_arithmetic(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder
    )
}
