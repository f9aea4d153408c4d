//! The attacks that send another request: with another body, another key or none, by somebody else,
//! or when the key is old.

use tokio::time::Instant;

use super::super::super::assemble;
use super::super::super::flow::{Flow, Stop};
use super::super::super::request::Prepared;
use super::super::answer::looks_at_verdict;
use super::super::change;
use super::super::effect::Times;
use super::super::trial::{Answer, Trial};
use super::{Aim, Ended};
use crate::diag::Code;
use crate::protocol::Call;
use crate::value::Value;

impl Trial {
    /// Turn 1 shows that the other body is taken with a fresh key; turn 2 sends it with a used one.
    pub(super) async fn changed_body(&mut self, aim: &Aim<'_>, turn: u32) -> Flow<Ended> {
        let place = aim.operation.key.as_ref().map(|(place, _)| place);
        let body = self.body(aim)?;
        let changed = match (aim.given.value("body"), aim.given.span("body")) {
            (Value::Object(fields), Some(span)) => {
                change::with_fields(&body, &fields).map_err(|why| self.cx.bad_value(&self.env, span, why))?
            }
            (Value::Absent, _) => change::altered(&body, place).ok_or_else(|| {
                self.cannot(aim, "the body has no number, truth value or text to change: say what changes")
            })?,
            (other, span) => {
                let span = span.unwrap_or(aim.attack.probe.span);
                let message = format!("the change of a body is an object, not a {}", other.kind());
                return Err(self.cx.bad_value(&self.env, span, message));
            }
        };
        let call = Call { operand: Some(changed), ..self.prepared.call.clone() };
        self.keeps_key(aim, &call)?;
        if turn == 1 {
            let answer = self.send_call(aim.operation, call, "the other body, by itself").await?;
            if answer.succeeded {
                return Ok(Ended::Again);
            }
            let message = format!(
                "probe `{}`: the other body is refused by itself with {}, so its refusal says nothing of the key",
                aim.attack.title,
                answer.told()
            );
            let span = aim.operation.place_of(aim.attack);
            let mut failure = self.cx.failure(&self.env, Code::EXPECTATION, span, message);
            failure.exchange = Some(Box::new(answer.response.exchange.clone()));
            failure.details.push(self.timeline());
            failure.help =
                Some("say a change that the service takes: `probe changed_body({ qty: 3 })`".into());
            return Err(Stop::Unknown(vec![failure]));
        }
        let Some(_) = self.first(aim).await? else { return Ok(Ended::Over) };
        let answer = self.send_call(aim.operation, call, "the other body, the same key").await?;
        self.refusal(aim, &answer, "with another body").await?;
        self.effect(aim.operation, Times::Once).await?;
        Ok(Ended::Over)
    }

    pub(super) async fn reordered_body(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let body = self.body(aim)?;
        let Some(reordered) = change::reordered(&body) else {
            return Err(self.cannot(aim, "no object of the body has two fields, so there is no other order"));
        };
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        let call = Call { operand: Some(reordered), ..self.prepared.call.clone() };
        let answer = self.send_call(aim.operation, call, "its fields in reverse order").await?;
        self.repeats(aim.operation, aim.body, &first, &answer).await?;
        self.effect(aim.operation, Times::Once).await
    }

    pub(super) async fn missing_key(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some((place, _)) = &aim.operation.key else {
            return Err(self.cannot(aim, "nobody says where the request carries its key"));
        };
        let call = change::with_key(&self.prepared.call, place, None);
        let answer = self.send_call(aim.operation, call, "without its key").await?;
        self.refusal(aim, &answer, "without its key").await?;
        self.effect(aim.operation, Times::Never).await
    }

    pub(super) async fn malformed_key(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some((place, _)) = &aim.operation.key else {
            return Err(self.cannot(aim, "nobody says where the request carries its key"));
        };
        let length = match aim.given.value("length") {
            Value::Number(number) => change::whole(&number, 1 << 20),
            _ => None,
        };
        let mut keys: Vec<Value> = match aim.given.value("keys") {
            Value::List(keys) => (*keys).clone(),
            _ if length.is_none() => vec![Value::text("")],
            _ => Vec::new(),
        };
        keys.extend(length.map(|length| change::long_key(length as usize)));
        if keys.is_empty() {
            return Err(self.cannot(aim, "there is no malformed key"));
        }
        for key in keys {
            let call = change::with_key(&self.prepared.call, place, Some(&key));
            let shown = crate::value::show_short(&key, 24);
            let answer = self.send_call(aim.operation, call, &format!("with the key {shown}")).await?;
            self.refusal(aim, &answer, &format!("with the key {shown}")).await?;
        }
        self.effect(aim.operation, Times::Never).await
    }

    pub(super) async fn expired(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Some(after) = self.time(&aim.given, "after")? else {
            return Err(self.cannot(aim, "`after` says how long a key lives"));
        };
        let Some(_) = self.first(aim).await? else { return Ok(()) };
        let before = self.before.clone();
        let between = self.effect_since(aim.operation, Times::Once, &before).await?;
        self.note(Instant::now(), format!("wait {}", crate::value::show_short(&Value::duration(after), 20)));
        self.cx.sleep(after).await?;
        let answer = self.send(aim.operation).await?;
        self.anew(aim, &answer, &between).await
    }

    pub(super) async fn other_tenant(&mut self, aim: &Aim<'_>) -> Flow<()> {
        let Value::Object(options) = aim.given.value("with") else {
            return Err(
                self.cannot(aim, "`with` says what makes the request another tenant's: `{ headers: { … } }`")
            );
        };
        let Some(first) = self.first(aim).await? else { return Ok(()) };
        let before = self.before.clone();
        let between = self.effect_since(aim.operation, Times::Once, &before).await?;
        let mut call = self.prepared.call.clone();
        assemble::merge(&mut call.options, (*options).clone());
        self.keeps_key(aim, &call)?;
        let answer = self.send_call(aim.operation, call, "the other tenant, the same key").await?;
        if let Some((block, profile)) = aim.body {
            self.block_holds(block, profile, &answer).await?;
        } else if !answer.succeeded {
            let told = format!("is another tenant's, an operation of its own, and came to {}", answer.told());
            self.find(told, Vec::new(), &answer);
        }
        if !answer.succeeded {
            return self.effect_since(aim.operation, Times::Never, &between).await.map(drop);
        }
        // Taken as an operation of its own: it shows in the answer, or in the effect.
        let differs = !self.differences(aim.operation, &first, &answer).await?.is_empty();
        let found = self.findings.len();
        self.effect_since(aim.operation, Times::Never, &between).await?;
        let unchanged = self.findings.len() == found;
        self.findings.truncate(found);
        if !unchanged {
            return self.effect_since(aim.operation, Times::Once, &between).await.map(drop);
        }
        if !differs {
            let told = "is another tenant's, and was answered with what belongs to the first".to_owned();
            self.find(told, Vec::new(), &answer);
        }
        Ok(())
    }

    /// A refusal: what the probe's block says, else one that says the caller is wrong.
    async fn refusal(&mut self, aim: &Aim<'_>, answer: &Answer, why: &str) -> Flow<()> {
        match aim.body {
            Some((block, profile)) => {
                if answer.succeeded && !looks_at_verdict(block) {
                    let told =
                        format!("{why} came to {}, and the probe's block does not look at it", answer.told());
                    self.find(told, Vec::new(), answer);
                }
                self.block_holds(block, profile, answer).await
            }
            None => {
                self.refuses(answer, why);
                Ok(())
            }
        }
    }

    /// An attempt that is taken as a new one: it succeeds, and the effect happens once more; when
    /// the probe's block expects a refusal, nothing happens.
    async fn anew(&mut self, aim: &Aim<'_>, answer: &Answer, between: &[Value]) -> Flow<()> {
        match aim.body {
            Some((block, profile)) => self.block_holds(block, profile, answer).await?,
            None => {
                self.accepts(aim.operation, answer).await?;
            }
        }
        let times = if answer.succeeded { Times::Once } else { Times::Never };
        self.effect_since(aim.operation, times, between).await.map(drop)
    }

    /// With another key it would be another operation, whoever sends it.
    fn keeps_key(&self, aim: &Aim<'_>, call: &Call) -> Flow<()> {
        let Some((place, _)) = &aim.operation.key else { return Ok(()) };
        if change::key(call, place) == change::key(&self.prepared.call, place) {
            return Ok(());
        }
        Err(self.cannot(aim, format!("what it changes is the {} itself", place.told())))
    }

    /// The body that is sent.
    fn body(&self, aim: &Aim<'_>) -> Flow<Value> {
        let Prepared { call, .. } = &self.prepared;
        match &call.operand {
            Some(body @ (Value::Object(_) | Value::List(_))) => Ok(body.clone()),
            Some(Value::Tagged(_)) => Err(self.cannot(aim, "the body is no JSON, and only JSON is changed")),
            Some(other) => Err(self.cannot(
                aim,
                format!("the body is a {}, and only objects and lists are changed", other.kind()),
            )),
            None => Err(self.cannot(aim, "the request has no body")),
        }
    }
}
