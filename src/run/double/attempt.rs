//! `attempt(by: KEY)`: how often a call with the same key has come.

use std::sync::Arc;

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::Flow;
use super::Turn;
use super::rule::Fit;
use crate::source::Span;
use crate::syntax::ast::{Args, Expr};
use crate::value::Value;

impl Cx {
    /// The number of the call at hand among those that fit the rule's method and path and have the
    /// same key. Each key is evaluated once for each call, however often it is asked for.
    pub(crate) async fn attempt(
        self: &Arc<Self>,
        env: &Env,
        turn: &Turn,
        args: &Args,
        span: Span,
    ) -> Flow<Value> {
        let Some(by) = args.args.first().map(|arg| &arg.value) else {
            return Ok(Value::int(turn.noted.attempt));
        };
        let active = &turn.active;
        let mut turns = active.keys.lock().await;
        let known = turns.entry((turn.rule, span.start)).or_default();
        let calls = active.history().between(known.len(), turn.noted);
        for kept in calls.map_err(|why| self.bad_value(env, span, why))? {
            let key = match active.matcher(turn.rule).map(|matcher| matcher.fit(&kept.record)) {
                Some(Fit::Both(bound)) => {
                    let record = Value::Object(kept.record.clone());
                    Some(self.key_of(env, by, &record, kept.at_hand, bound).await?)
                }
                _ => None,
            };
            known.push(key);
        }
        let until = turn.noted.number.map_or(0, |number| number + 1);
        let own = known.get(..until).and_then(|known| known.last()).cloned().flatten();
        let own = own.unwrap_or(Value::Absent);
        self.present(env, by, &own)?;
        let same = known.iter().take(until).filter(|key| key.as_ref() == Some(&own));
        Ok(Value::int(same.count() as i128))
    }

    async fn key_of(
        self: &Arc<Self>,
        env: &Env,
        by: &Expr,
        record: &Value,
        at_hand: Value,
        bound: Vec<(Arc<str>, String)>,
    ) -> Flow<Value> {
        let mut inner = env.with_at_hand(at_hand);
        inner.bind(crate::check::REQUEST.into(), record.clone());
        for (name, value) in bound {
            inner.bind(name, Value::text(value));
        }
        self.eval(&inner, by).await
    }
}

/// The keys of a place in a rule, by call; none for calls that the rule does not take.
pub(super) type Keys = std::collections::BTreeMap<(usize, u32), Vec<Option<Value>>>;
