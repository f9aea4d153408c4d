//! `eventually`: a block again and again, until its expectations hold.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use super::wait::{Attempts, PATIENCE, waited};
use crate::diag::Code;
use crate::source::Span;
use crate::syntax::ast::{Eventually, Expr, ExprKind};
use crate::value::Value;

/// The default pause between two attempts of an `eventually`.
const PAUSE: Duration = Duration::from_millis(50);

impl Cx {
    /// Repeats a block until its expectations hold.
    pub(crate) async fn eventually(
        self: &Arc<Self>,
        env: &Env,
        eventually: &Eventually,
        span: Span,
    ) -> Flow<Value> {
        let within = self.duration(env, eventually.within.as_ref()).await?.unwrap_or(PATIENCE);
        let follow = matches!(&eventually.every, Some(Expr { kind: ExprKind::Name(name), .. }) if &**name == "retry_after");
        let every = if follow {
            PAUSE
        } else {
            self.duration(env, eventually.every.as_ref()).await?.unwrap_or(PAUSE)
        };
        let started = Instant::now();
        let deadline = started + within;
        let mut attempts = Attempts::default();
        let mut complete: Option<Stop> = None;
        loop {
            let mut inner = env.clone();
            inner.response = None;
            inner.repeated = true;
            let number = inner.begin_try();
            let tried = tokio::select! {
                tried = self.statements(&mut inner, &eventually.body.statements, None) => tried,
                () = tokio::time::sleep_until(deadline) => {
                    let text = "the attempt did not end in time";
                    attempts.note(started.elapsed(), text.to_owned());
                    // What the last whole attempt came to says more than that this one was cut off.
                    let stop =
                        complete.unwrap_or_else(|| self.failure(env, Code::EXPECTATION, span, text).into());
                    self.forget(number);
                    return Err(waited(stop, attempts, within, false, None));
                }
            };
            let stop = match tried {
                Ok(value) => return Ok(value),
                Err(stop @ (Stop::Failed(_) | Stop::Unknown(_))) => stop,
                Err(Stop::Terminal(mut failure)) => {
                    attempts.note(started.elapsed(), failure.message.clone());
                    failure.details.extend(attempts.details());
                    return Err((*failure).into());
                }
                Err(other) => return Err(other),
            };
            self.forget(number);
            let why = stop.failures().first().map(|failure| failure.message.clone());
            attempts.note(started.elapsed(), why.unwrap_or_default());
            let pause = if follow { retry_after(&inner).unwrap_or(every) } else { every };
            if Instant::now() + pause >= deadline {
                return Err(waited(stop, attempts, within, false, None));
            }
            complete = Some(stop);
            self.sleep(pause).await?;
        }
    }
}

/// `Retry-After` in seconds of the block's last response (RFC 9110 §10.2.3).
fn retry_after(env: &Env) -> Option<Duration> {
    let response = env.response.as_ref()?;
    let headers = response.record.as_object()?.get("headers")?.as_object()?;
    let seconds: u64 = headers.get("retry-after")?.as_text()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
