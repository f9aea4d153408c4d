//! Draws: `any SHAPE`, `50 of SHAPE` and `any SHAPE but { … }`, each by the key of its place.

#[cfg(test)]
pub(in crate::run) mod tests;

use std::sync::Arc;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::shape::{self, Drawer};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::Value;

/// Larger draws in one place are refused: they would not fit in memory.
const MAX_DRAWN: usize = 1_000_000;

/// After so many parts a long draw lets others go on, and ends when the run does.
const PAUSE: u64 = 20_000;

impl Cx {
    /// `any SHAPE`: a value drawn by the key of this place.
    pub(crate) async fn draw(self: &Arc<Self>, env: &Env, pattern: &Expr, span: Span) -> Flow<Value> {
        let pattern = self.pattern(env, pattern).await?;
        let key = env.site(span);
        shape::draw(&pattern, &key).map_err(|message| self.bad_value(env, span, message))
    }

    /// `50 of SHAPE`
    pub(crate) async fn draw_many(
        self: &Arc<Self>,
        env: &Env,
        count: &Expr,
        pattern: &Expr,
        span: Span,
    ) -> Flow<Value> {
        let wanted = self.eval(env, count).await?;
        let Some(wanted) = wanted.as_number().and_then(|n| n.to_usize()).filter(|n| *n <= MAX_DRAWN) else {
            let message = format!("a count of drawn values is between 0 and {MAX_DRAWN}");
            return Err(self.bad_value(env, count.span, message));
        };
        let pattern = self.pattern(env, pattern).await?;
        let drawer = Drawer::new(&pattern);
        let mut many = drawer.many(env.site(span));
        let mut drawn = Vec::with_capacity(wanted.min(10_000));
        let mut paused = 0;
        for _ in 0..wanted {
            drawn.push(many.draw().map_err(|message| self.bad_value(env, span, message))?);
            if many.parts() - paused >= PAUSE {
                paused = many.parts();
                tokio::task::yield_now().await;
                if self.cancel.is_cancelled() {
                    return Err(Stop::Cancelled);
                }
            }
        }
        Ok(Value::list(drawn))
    }

    /// `any SHAPE but { … }`: drawn, then overridden, valid or not.
    pub(crate) async fn draw_but(
        self: &Arc<Self>,
        env: &Env,
        base: &Expr,
        changes: &Expr,
        span: Span,
    ) -> Flow<Value> {
        let drawn = self.eval(env, base).await?;
        let changes = self.eval(env, changes).await?;
        match (drawn, changes) {
            (Value::Object(drawn), Value::Object(changes)) => {
                let mut fields = (*drawn).clone();
                for (name, value) in changes.iter() {
                    if matches!(value, Value::Absent) {
                        fields.shift_remove(name);
                    } else {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                Ok(Value::Object(Arc::new(fields)))
            }
            _ => Err(self.bad_value(env, span, "`but` overrides fields of a drawn object")),
        }
    }
}
