//! `next`: the messages of a stream, one by one.

use std::sync::Arc;

use tokio::time::Instant;

use super::cx::{Cx, SHOWN};
use super::env::Env;
use super::flow::Flow;
use super::wait::PATIENCE;
use crate::diag::Code;
use crate::event::Detail;
use crate::source::Span;
use crate::syntax::ast::Next;
use crate::value::{Gap, Value, show_short};

impl Cx {
    /// The next message of a stream.
    pub(crate) async fn next_message(self: &Arc<Self>, env: &Env, next: &Next, span: Span) -> Flow<Value> {
        let stream = self.eval(env, &next.stream).await?;
        let Value::Live(live) = &stream else {
            let message = format!("`next` takes a stream, and this is {}", stream.kind());
            return Err(self.bad_value(env, next.stream.span, message));
        };
        let within = self.duration(env, next.within.as_ref()).await?.unwrap_or(PATIENCE);
        let pattern = match &next.pattern {
            Some(pattern) => Some(self.pattern(env, pattern).await?),
            None => None,
        };
        let position = self.session.slot::<super::world::Cursors>();
        let deadline = Instant::now() + within;
        loop {
            let seen = live.version();
            // Read before the items: a stream that ends in between is looked at once more.
            let over = live.is_over();
            let taken = position.taken(live);
            if let Some(message) = live.item(taken) {
                position.take(live);
                let Some(pattern) = &pattern else { return Ok(message) };
                let differences = crate::shape::mismatches(pattern, &message);
                if differences.is_empty() {
                    return Ok(message);
                }
                let text = format!("the next message of `{}` does not match", self.written(next.stream.span));
                let mut failure = self.failure(env, Code::EXPECTATION, span, text);
                failure.details.push(Detail::Value {
                    expression: format!("message {}", taken + 1),
                    value: show_short(&message, SHOWN),
                });
                failure.details.extend(differences.into_details());
                return Err(failure.into());
            }
            let rest = deadline.saturating_duration_since(Instant::now());
            if over || rest.is_zero() {
                let name = self.written(next.stream.span);
                let text = if let Some(Gap::Broken(why)) = live.gap() {
                    format!("`{name}` {why}; it had given {taken} messages, and another was expected")
                } else if over {
                    format!("`{name}` ended after {taken} messages, and another was expected")
                } else {
                    format!("no message came on `{name}` within {}", show_short(&Value::duration(within), 20))
                };
                let mut failure = self.failure(env, Code::EXPECTATION, span, text);
                for field in ["status", "message", "error"] {
                    if let Some(value) =
                        live.field(field).filter(|value| !matches!(value, Value::Absent | Value::Null))
                    {
                        let expression = format!("{name}.{field}");
                        failure.details.push(Detail::Value { expression, value: show_short(&value, SHOWN) });
                    }
                }
                return Err(failure.into());
            }
            tokio::select! {
                () = live.changed(seen) => {}
                slept = self.sleep(rest) => slept?,
            }
        }
    }
}
