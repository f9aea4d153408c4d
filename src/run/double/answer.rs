//! What a rule says: `reply` and `fail`.

use std::sync::{Arc, Mutex};

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::Active;
use super::history::Noted;
use crate::check::is_any;
use crate::diag::Code;
use crate::event::Exchange;
use crate::protocol::serve::{Answered, Refusal, Responder, Unfit};
use crate::protocol::{ErrorKind, Misuse};
use crate::shape;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Fail, ObjectEntry, Reply};
use crate::value::{Object, Value};

/// One call on its way to an answer.
pub(crate) struct Turn {
    pub(super) active: Arc<Active>,
    pub(super) noted: Noted,
    /// The index of the rule.
    pub(super) rule: usize,
    exchange: Mutex<Exchange>,
    responder: tokio::sync::Mutex<Option<Box<dyn Responder>>>,
    said: Mutex<Vec<Answered>>,
    /// Whether the connection was broken off on purpose.
    broken_off: Mutex<bool>,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("call", &self.noted.number).finish_non_exhaustive()
    }
}

impl Turn {
    pub(super) fn new(
        active: Arc<Active>,
        noted: Noted,
        rule: usize,
        exchange: Exchange,
        responder: Box<dyn Responder>,
    ) -> Turn {
        Turn {
            active,
            noted,
            rule,
            exchange: Mutex::new(exchange),
            responder: tokio::sync::Mutex::new(Some(responder)),
            said: Mutex::default(),
            broken_off: Mutex::default(),
        }
    }

    /// While a rule's condition is asked: nothing can be answered yet.
    pub(super) fn asking(active: &Arc<Active>, noted: Noted, rule: usize) -> Turn {
        Turn {
            active: active.clone(),
            noted,
            rule,
            exchange: Mutex::default(),
            responder: tokio::sync::Mutex::default(),
            said: Mutex::default(),
            broken_off: Mutex::default(),
        }
    }

    /// The call with its answer, for the report.
    pub(super) fn exchange(&self) -> Exchange {
        lock(&self.exchange).clone()
    }

    /// What went out.
    pub(super) fn said(&self) -> Vec<Answered> {
        lock(&self.said).iter().filter(|answered| !answered.response.is_empty()).cloned().collect()
    }

    /// Why there was no answer.
    pub(super) fn error(&self) -> Option<Value> {
        lock(&self.broken_off).then(|| ErrorKind::Reset.record("the double broke the connection off"))
    }

    /// Whether nothing more need be said.
    pub(super) async fn is_answered(&self) -> bool {
        let is_stream = self.responder.lock().await.as_ref().is_some_and(|responder| responder.is_stream());
        is_stream || !lock(&self.said).is_empty()
    }

    fn note(&self, answered: Answered) {
        answered.beside(&mut lock(&self.exchange));
        lock(&self.said).push(answered);
    }

    pub(super) async fn refuse(&self, refusal: Refusal, why: &str) {
        if let Some(responder) = self.responder.lock().await.as_mut() {
            self.note(responder.refuse(refusal, why));
        }
    }
}

impl Cx {
    /// `reply EXPR after D with { … }`
    pub(crate) async fn reply(self: &Arc<Self>, env: &Env, reply: &Reply, span: Span) -> Flow<Value> {
        let turn = self.turn_of(env, span)?;
        let options = self.answer_options(env, reply.with.as_ref()).await?;
        let mut responder = turn.responder.lock().await;
        let Some(responder) = responder.as_mut() else { return Err(self.nothing_to_answer(env, span)) };
        let value = if is_any(&reply.value) && env.get("any").is_none() {
            let pattern = responder
                .shape(&options)
                .map_err(|misuse| self.unfit(env, reply.value.span, reply.with.as_ref(), misuse.into()))?;
            let key = env.site(reply.value.span);
            shape::draw(&pattern, &key).map_err(|message| self.bad_value(env, reply.value.span, message))?
        } else {
            let value = self.eval(env, &reply.value).await?;
            self.records(env, value, reply.value.span)?
        };
        if let Some(after) = &reply.after {
            let delay = self.eval(env, after).await?;
            let Some(delay) = delay.as_duration() else {
                let message = format!("`after` takes a duration, and this is {}", delay.kind());
                return Err(self.bad_value(env, after.span, message));
            };
            self.sleep(delay).await?;
        }
        let answered = responder
            .reply(&value, &options)
            .await
            .map_err(|unfit| self.unfit(env, reply.value.span, reply.with.as_ref(), unfit))?;
        turn.note(answered);
        if responder.is_stream() { Ok(Value::Null) } else { Err(Stop::Return(Value::Null)) }
    }

    /// `fail STATUS "…" with { … }`
    pub(crate) async fn fail(self: &Arc<Self>, env: &Env, fail: &Fail, span: Span) -> Flow<Value> {
        let turn = self.turn_of(env, span)?;
        let options = self.answer_options(env, fail.with.as_ref()).await?;
        let message = match &fail.message {
            Some(expr) => {
                let value = self.eval(env, expr).await?;
                self.present(env, expr, &value)?;
                match value.as_text() {
                    Some(text) => Some(text.to_owned()),
                    None => {
                        let message = format!("the message of `fail` is text, and this is {}", value.kind());
                        return Err(self.bad_value(env, expr.span, message));
                    }
                }
            }
            None => None,
        };
        let mut responder = turn.responder.lock().await;
        let Some(responder) = responder.as_mut() else { return Err(self.nothing_to_answer(env, span)) };
        let status = fail.status.as_ref().map(|status| &*status.name);
        let answered = responder
            .fail(status, message.as_deref(), &options)
            .map_err(|unfit| self.unfit(env, span, fail.with.as_ref(), unfit))?;
        *lock(&turn.broken_off) |= answered.response.is_empty();
        turn.note(answered);
        Err(Stop::Return(Value::Null))
    }

    fn turn_of<'e>(&self, env: &'e Env, span: Span) -> Flow<&'e Arc<Turn>> {
        env.answering.as_ref().ok_or_else(|| self.nothing_to_answer(env, span))
    }

    fn nothing_to_answer(&self, env: &Env, span: Span) -> Stop {
        self.failure(env, Code::MISPLACED, span, "there is no call to answer here").into()
    }

    async fn answer_options(self: &Arc<Self>, env: &Env, with: Option<&Expr>) -> Flow<Object> {
        let Some(with) = with else { return Ok(Object::new()) };
        if let ExprKind::Object(object) = &with.kind {
            return self.options(env, object).await;
        }
        match self.eval(env, with).await? {
            Value::Object(fields) => Ok(Arc::unwrap_or_clone(fields)),
            other => {
                let message = format!("`with` takes an object, and this is {}", other.kind());
                Err(self.bad_value(env, with.span, message))
            }
        }
    }

    /// The failure of an answer that cannot be sent: at the option at fault, when it is one.
    fn unfit(&self, env: &Env, span: Span, with: Option<&Expr>, unfit: Unfit) -> Stop {
        match unfit {
            Unfit::Misuse(Misuse { message, option, help }) => {
                let at = option.and_then(|option| {
                    let Some(ExprKind::Object(object)) = with.map(|with| &with.kind) else { return None };
                    object.entries.iter().find_map(|entry| match entry {
                        ObjectEntry::Field { name, value, .. }
                            if name.plain().as_deref() == Some(&*option) =>
                        {
                            Some(value.span)
                        }
                        _ => None,
                    })
                });
                let mut failure = self.failure(env, Code::BAD_VALUE, at.unwrap_or(span), message);
                failure.help = help;
                failure.into()
            }
            Unfit::OffContract(wrong) => {
                let first = wrong.breaches.first().map_or("", |breach| &breach.what);
                let message = format!("this is no reply to `{}`: {first}", wrong.operation);
                let mut failure = self.failure(env, Code::OFF_CONTRACT, span, message);
                self.show_breaches(&mut failure, wrong.breaches);
                failure.help = Some(
                    "a double keeps to the contract of the service that it plays; to break it on purpose, write `with { contract: ignore }`"
                        .to_owned(),
                );
                failure.into()
            }
        }
    }
}
