//! Paths: fields, indexes and `[*]` of values, of responses and of histories.

use std::sync::Arc;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::check::Definition;
use crate::diag::{Code, did_you_mean};
use crate::function;
use crate::lang::Kind;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident};
use crate::value::words::a_kind;
use crate::value::{Gap, Live, Number, Value, at};

/// A step of a path, its index evaluated.
enum PathStep<'a> {
    Field(&'a Ident),
    Index(Value, Span),
    Each(Span),
}

impl PathStep<'_> {
    /// Whether the step tells of all the records of a history, and not of one that is there or of
    /// the history itself. `.items` are those that were seen, whatever became of the history.
    fn takes_all(&self, live: &dyn Live) -> bool {
        // Of one that did not come nobody knows whether it would have.
        let came = || live.items().map_or(0, |items| items.len());
        match self {
            PathStep::Each(_) => true,
            PathStep::Field(field) => match &*field.name {
                "count" | "last" => true,
                "first" => came() == 0,
                name => live.field(name).is_none(),
            },
            PathStep::Index(Value::Number(at), _) => {
                *at < Number::Int(0) || at.to_usize().is_none_or(|at| at >= came())
            }
            PathStep::Index(..) => false,
        }
    }
}

impl Cx {
    /// The value at the end of a path.
    pub(super) async fn path(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<Value> {
        let mut steps = Vec::new();
        let mut root = expr;
        loop {
            match &root.kind {
                ExprKind::Field(inner, field) => {
                    if let Some(value) = self.qualified(env, inner, field).await? {
                        return self.walk(
                            env,
                            value,
                            &steps.into_iter().rev().collect::<Vec<_>>(),
                            expr.span,
                        );
                    }
                    steps.push(PathStep::Field(field));
                    root = inner;
                }
                ExprKind::Index(inner, index) => {
                    steps.push(PathStep::Index(self.eval(env, index).await?, index.span));
                    root = inner;
                }
                ExprKind::Each(inner) => {
                    steps.push(PathStep::Each(root.span));
                    root = inner;
                }
                _ => break,
            }
        }
        let value = match &root.kind {
            ExprKind::Name(name) => self.name(env, name, root.span).await?,
            ExprKind::It(field) => {
                let it = env.it.clone().ok_or_else(|| {
                    self.bad_value(env, root.span, "there is nothing at hand for a leading `.` here")
                })?;
                self.walk(env, it, &[PathStep::Field(field)], root.span)?
            }
            _ => self.eval(env, root).await?,
        };
        if let (Some(observer), Value::Live(live)) = (&env.observer, &value) {
            observer.note_live(live);
        }
        steps.reverse();
        if let Value::Live(live) = &value
            && !counts(&**live, &steps)
        {
            self.without_holes(env, &**live, root.span)?;
            if live.gap().is_some() && steps.first().is_some_and(|step| step.takes_all(&**live)) {
                self.reads_whole(env, live, root.span)?;
            }
        }
        self.walk(env, value, &steps, expr.span)
    }

    /// `x.name` where `x` names a module.
    async fn qualified(self: &Arc<Self>, env: &Env, base: &Expr, field: &Ident) -> Flow<Option<Value>> {
        let ExprKind::Name(alias) = &base.kind else { return Ok(None) };
        if env.get(alias).is_some() {
            return Ok(None);
        }
        match self.world.plan.program.lookup(env.unit, alias) {
            Some(Definition::Module(unit)) => {
                self.top_level(env, unit, &field.name, field.span).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    fn walk(&self, env: &Env, value: Value, steps: &[PathStep<'_>], whole: Span) -> Flow<Value> {
        let Some((step, rest)) = steps.split_first() else { return Ok(value) };
        let next = match step {
            PathStep::Field(field) => {
                let next = self.field(env, &value, field, whole)?;
                if let (Value::Live(_), Value::Live(inner)) = (&value, &next)
                    && !counts(&**inner, rest)
                {
                    self.without_holes(env, &**inner, field.span)?;
                }
                next
            }
            PathStep::Index(index, span) => self.index(env, &value, index, *span)?,
            PathStep::Each(span) => {
                self.judges_history(env, &value);
                let items = match &value {
                    Value::List(items) => items.as_ref().clone(),
                    Value::Live(live) => live.items().unwrap_or_default(),
                    Value::Absent => return Ok(Value::Absent),
                    other => {
                        let message =
                            format!("`[*]` takes each element of a list, and this is {}", other.kind());
                        return Err(self.bad_value(env, *span, message));
                    }
                };
                let parts = items.into_iter().map(|item| self.walk(env, item, rest, whole));
                return Ok(Value::list(parts.collect::<Flow<Vec<Value>>>()?));
            }
        };
        self.walk(env, next, rest, whole)
    }

    /// A field of an object, or a property of a value. A field that an object lacks is absent; a
    /// property that a value of this kind cannot have is an error.
    fn field(&self, env: &Env, value: &Value, field: &Ident, whole: Span) -> Flow<Value> {
        self.judges(env, value, &field.name);
        if let Value::Object(fields) = value {
            if let Some(found) = fields.get(&field.name) {
                return Ok(found.clone());
            }
            // Header names are case-insensitive (RFC 9110 §5.1); records keep them in lower case.
            let lower = field.name.to_lowercase();
            if *lower != *field.name
                && field.name.contains('-')
                && let Some(found) = fields.get(lower.as_str())
            {
                return Ok(found.clone());
            }
        }
        if let Value::Live(live) = value
            && let Some(found) = live.field(&field.name)
        {
            if let Some(measured) = live.as_any().downcast_ref::<super::workload::Measured>() {
                self.sound_figure(env, measured, field)?;
            }
            if let Value::Live(inner) = &found {
                // `merchant.calls` changes, whatever the service does.
                if let Some(observer) = &env.observer {
                    match inner.items() {
                        Some(_) => observer.note_part(live, inner),
                        None => observer.note_live(inner),
                    }
                }
            }
            return Ok(found);
        }
        let shown = match value {
            Value::Live(live) => match live.items() {
                Some(items) => Value::list(items),
                None => value.clone(),
            },
            other => other.clone(),
        };
        if let Some(property) = function::property(&shown, &field.name) {
            return property.map_err(|message| self.bad_value(env, field.span, message));
        }
        match value {
            Value::Absent => Ok(Value::Absent),
            Value::Tagged(tagged) if tagged.tag == "unreadable" => {
                let why = tagged
                    .value
                    .as_object()
                    .and_then(|fields| fields.get("message"))
                    .and_then(Value::as_text);
                let message = format!("the body cannot be read: {}", why.unwrap_or("it is malformed"));
                let mut failure = self.failure(env, Code::BAD_VALUE, field.span, message);
                failure.exchange = env.response.as_ref().map(|response| Box::new(response.exchange.clone()));
                Err(failure.into())
            }
            Value::Tagged(tagged) if tagged.tag == "not_one_row" => {
                let why = tagged.value.as_object().and_then(|fields| fields.get("message"));
                let message = why.and_then(Value::as_text).unwrap_or_default();
                let mut failure = self.failure(env, Code::BAD_VALUE, whole, message);
                failure.exchange = env.response.as_ref().map(|response| Box::new(response.exchange.clone()));
                Err(failure.into())
            }
            Value::Object(fields) => {
                if let Some(observer) = &env.observer {
                    let near = did_you_mean(&field.name, fields.keys().map(|key| &**key));
                    let has = near.unwrap_or_else(|| {
                        let names: Vec<String> =
                            fields.keys().take(12).map(|key| format!("`{key}`")).collect();
                        if names.is_empty() {
                            "the object is empty".to_owned()
                        } else {
                            format!("it has {}", names.join(", "))
                        }
                    });
                    observer.note_absence(whole, format!("there is no `{}`; {has}", field.name));
                }
                Ok(Value::Absent)
            }
            other => {
                let mut failure = self.failure(
                    env,
                    Code::BAD_VALUE,
                    field.span,
                    format!("{} has no field `{}`", a_kind(other), field.name),
                );
                let known: Vec<&str> = match other {
                    Value::Live(live) => live.fields().to_vec(),
                    other => self.world.registry.names(Kind::Property, other.kind()),
                };
                failure.help = did_you_mean(&field.name, known);
                failure.exchange = env.response.as_ref().map(|response| Box::new(response.exchange.clone()));
                Err(failure.into())
            }
        }
    }

    /// A time that tells of the runner proves nothing of the service.
    fn sound_figure(&self, env: &Env, measured: &super::workload::Measured, field: &Ident) -> Flow<()> {
        match measured.unknown(&field.name).filter(|_| !env.showing) {
            Some(why) => {
                let message = format!("nothing is known of `{}`: {why}", field.name);
                let mut failure = self.failure(env, Code::WORKLOAD, field.span, message);
                failure.help =
                    Some("bring less load from this machine, or leave it more of its processors".into());
                Err(Stop::Unknown(vec![failure]))
            }
            None => Ok(()),
        }
    }

    /// A history with a hole proves nothing, whatever is asked of it.
    fn without_holes(&self, env: &Env, live: &dyn Live, span: Span) -> Flow<()> {
        match live.gap() {
            Some(Gap::Hole(why)) if !env.showing => {
                Err(Stop::Unknown(vec![self.failure(env, Code::EXPECTATION, span, why)]))
            }
            _ => Ok(()),
        }
    }

    fn index(&self, env: &Env, value: &Value, index: &Value, span: Span) -> Flow<Value> {
        match (value, index) {
            (Value::Absent, _) => Ok(Value::Absent),
            (Value::List(items), Value::Number(number)) => {
                match number.to_i128().and_then(|n| i64::try_from(n).ok()) {
                    Some(index) => Ok(at(items, index).cloned().unwrap_or(Value::Absent)),
                    None => Err(self.bad_value(
                        env,
                        span,
                        format!("`{number}` is not an index; indexes are whole numbers"),
                    )),
                }
            }
            (Value::Live(live), Value::Number(_)) => {
                self.judges_history(env, value);
                // Of a service, its members.
                let items = live.items().map(Value::list).or_else(|| live.field("members"));
                self.index(env, &items.unwrap_or_else(|| Value::list(Vec::new())), index, span)
            }
            (Value::Object(fields), Value::Text(name)) => {
                Ok(fields.get(&name.text).cloned().unwrap_or(Value::Absent))
            }
            (value, index) => {
                let message = format!("{} cannot be indexed by {}", a_kind(value), index.kind());
                Err(self.bad_value(env, span, message))
            }
        }
    }
}

/// Whether a path reads what was counted, which is whole even when the history is not: the figures of
/// a workload, and how much any other history lost.
fn counts(live: &dyn Live, steps: &[PathStep<'_>]) -> bool {
    let Some(PathStep::Field(field)) = steps.first() else { return false };
    match live.as_any().downcast_ref::<super::workload::Measured>() {
        Some(measured) => measured.counts(&field.name),
        // That nothing was lost says nothing: there may be another reason for the hole.
        None => &*field.name == "dropped" && live.field("dropped").is_some_and(|lost| lost != Value::int(0)),
    }
}
