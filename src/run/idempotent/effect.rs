//! The effect: what is read again and again before and after, and must have happened once, never,
//! or once more.

use std::time::Duration;

use tokio::time::Instant;

use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::Operation;
use super::report::{Finding, note, value};
use super::trial::Trial;
use crate::event::Detail;
use crate::function::operators;
use crate::shape::diff;
use crate::syntax::ast::{Expect, RelationUse};
use crate::value::Value;

/// How long an effect may take to happen, and how long it must stay as it is: a duplicate often
/// comes late.
const WITHIN: Duration = Duration::from_secs(5);
const THROUGHOUT: Duration = Duration::from_millis(300);
/// Pauses between two looks: they grow from the first to the last.
const POLL: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));

/// How often an effect may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Times {
    /// As the effect says.
    Once,
    /// Not at all.
    Never,
}

/// What one look at an effect saw.
struct Look {
    /// Its subject, when it could be read.
    after: Option<Value>,
    /// What shows that it is not as it must be; none when it is.
    wrong: Option<Vec<Detail>>,
    unknown: Option<String>,
    /// Whether it happened more often than it may.
    over: bool,
}

impl Trial {
    /// The subjects of the effects as they are now.
    pub(super) async fn effects_now(&mut self, operation: &Operation<'_>) -> Flow<Vec<Value>> {
        let mut values = Vec::new();
        let mut env = self.env.clone();
        env.response = None;
        for effect in &operation.idempotent.effects {
            let value = self.cx.eval(&env, &effect.subject).await?;
            values.push(self.cx.records(&env, value, effect.subject.span)?);
        }
        Ok(values)
    }

    /// Judges every effect since the trial began.
    pub(super) async fn effect(&mut self, operation: &Operation<'_>, times: Times) -> Flow<()> {
        let before = self.before.clone();
        self.effect_since(operation, times, &before).await.map(drop)
    }

    /// Judges every effect against what its subject was before; what they are now.
    pub(super) async fn effect_since(
        &mut self,
        operation: &Operation<'_>,
        times: Times,
        before: &[Value],
    ) -> Flow<Vec<Value>> {
        let mut values = Vec::new();
        for (effect, before) in operation.idempotent.effects.iter().zip(before) {
            self.cx.count_expectation();
            self.env.count_check();
            let within = self.cx.duration(&self.env, effect.within.as_ref()).await?.unwrap_or(WITHIN);
            let stays = self.cx.duration(&self.env, effect.throughout.as_ref()).await?.unwrap_or(THROUGHOUT);
            let (look, late) = self.settle(effect, times, before, within, stays).await?;
            let after = look.after.clone().unwrap_or(Value::Absent);
            if look.wrong.is_some() || look.unknown.is_some() {
                let finding = self.effect_finding(effect, times, before, look, within, late);
                self.findings.push(finding);
            }
            values.push(after);
        }
        Ok(values)
    }

    /// Waits until the effect is as it must be and stays so. What was seen last, and for how long
    /// it held when it did not stay.
    async fn settle(
        &self,
        effect: &Expect,
        times: Times,
        before: &Value,
        within: Duration,
        stays: Duration,
    ) -> Flow<(Look, Option<Duration>)> {
        let deadline = Instant::now() + if times == Times::Never { Duration::ZERO } else { within };
        let mut pause = POLL.0;
        let mut late = None;
        loop {
            let look = self.look(effect, times, before).await?;
            if look.wrong.is_none() && look.unknown.is_none() {
                let held = Instant::now();
                loop {
                    let rest = (held + stays).saturating_duration_since(Instant::now());
                    self.cx.sleep(rest.min(POLL.1 / 4)).await?;
                    let look = self.look(effect, times, before).await?;
                    if look.wrong.is_some() {
                        late = Some(held.elapsed());
                        break;
                    }
                    if rest.is_zero() {
                        return Ok((look, None));
                    }
                }
            }
            // What happened too often does not become once by waiting.
            if Instant::now() >= deadline || look.over {
                // Once more, so that what is told is what is there.
                return Ok((self.look(effect, times, before).await?, late));
            }
            self.cx.sleep(pause).await?;
            pause = (pause * 2).min(POLL.1);
        }
    }

    async fn look(&self, effect: &Expect, times: Times, before: &Value) -> Flow<Look> {
        let mut env = self.env.clone();
        env.response = None;
        env.repeated = true;
        let number = env.begin_try();
        let read = self.cx.eval(&env, &effect.subject).await;
        let read = read.and_then(|value| self.cx.records(&env, value, effect.subject.span));
        self.cx.forget(number);
        let after = match read {
            Ok(after) => after,
            Err(Stop::Failed(failures) | Stop::Broken(failures) | Stop::Unknown(failures)) => {
                let why = failures.first().map_or_else(String::new, |failure| failure.message.clone());
                let wrong = Some(vec![note(format!("it cannot be read: {why}"))]);
                return Ok(Look { after: None, wrong, unknown: None, over: false });
            }
            Err(other) => return Err(other),
        };
        if times == Times::Never {
            let found = diff(before, &after);
            let wrong = (!found.is_empty()).then(|| {
                let plain = !matches!(after, Value::Object(_) | Value::List(_));
                if plain { Vec::new() } else { found.into_details() }
            });
            return Ok(Look { after: Some(after), wrong, unknown: None, over: false });
        }
        let Some(relation) = &effect.relation else {
            return Ok(Look { after: Some(after), wrong: Some(Vec::new()), unknown: None, over: false });
        };
        let change = (before.clone(), after.clone());
        match self.cx.relate(&env, &effect.subject, relation, Some(&change)).await {
            Ok(judged) if judged.holds => {
                Ok(Look { after: Some(after), wrong: None, unknown: None, over: false })
            }
            Ok(judged) => {
                let over = self.overshoots(&env, relation, before, &after).await?;
                Ok(Look { after: Some(after), wrong: Some(judged.details), unknown: judged.unknown, over })
            }
            Err(Stop::Failed(failures)) => {
                let why = failures.first().map_or_else(String::new, |failure| failure.message.clone());
                Ok(Look { after: Some(after), wrong: Some(vec![note(why)]), unknown: None, over: false })
            }
            Err(other) => Err(other),
        }
    }

    /// Whether `rises by N` has risen by more than that.
    async fn overshoots(
        &self,
        env: &Env,
        relation: &RelationUse,
        before: &Value,
        after: &Value,
    ) -> Flow<bool> {
        if &*relation.name.name != "rises" {
            return Ok(false);
        }
        let phrase = relation.phrases.iter().find(|phrase| &*phrase.word.name == "by");
        let arg = relation.args.iter().flat_map(|args| &args.args).next().map(|arg| &arg.value);
        let Some(by) = phrase.and_then(|phrase| phrase.value.as_ref()).or(arg) else { return Ok(false) };
        let by = self.cx.eval(env, by).await?;
        let Ok(rise) = operators::sub(after, before) else { return Ok(false) };
        Ok(operators::compare(&rise, &by) == Ok(Some(std::cmp::Ordering::Greater)))
    }

    fn effect_finding(
        &self,
        effect: &Expect,
        times: Times,
        before: &Value,
        look: Look,
        within: Duration,
        late: Option<Duration>,
    ) -> Finding {
        let subject = self.cx.written(effect.subject.span);
        let claim = match &effect.relation {
            Some(relation) => format!("{subject} {}", self.cx.written(relation.span)),
            None => subject.clone(),
        };
        let told = match (times, &look.after) {
            (Times::Never, Some(_)) => format!("`{subject}` changed, and nothing may happen here"),
            (Times::Never, None) => format!("`{subject}` must stay as it is, and cannot be read"),
            (Times::Once, _) => format!("the effect `{claim}` does not hold"),
        };
        let mut details = look.wrong.unwrap_or_default();
        let shown = |details: &[Detail], name: &str| {
            details
                .iter()
                .any(|detail| matches!(detail, Detail::Value { expression, .. } if expression == name))
        };
        if !shown(&details, "before") {
            details.push(value("before", before));
            details.push(value("after", &look.after.unwrap_or(Value::Absent)));
        }
        match late {
            Some(held) => {
                details.push(note(format!("it was so for {} ms, and then it was not", held.as_millis())));
            }
            None if times == Times::Once && !look.over => {
                let limit = crate::value::show_short(&Value::duration(within), 20);
                details.push(note(format!("still so after {limit}")));
            }
            None => {}
        }
        Finding { attempt: None, told, details, exchange: None, unknown: look.unknown }
    }
}
