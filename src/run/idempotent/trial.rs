//! A trial: the scenario from its beginning to the operation, and then the operation as often as a
//! probe wants, with a timeline of what was sent and what came back.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::cx::{Cx, lock};
use super::super::env::{Env, Response};
use super::super::flow::{Flow, Stop};
use super::super::request::{Prepared, error_of, is_success};
use super::super::scenario::begin_again;
use super::Operation;
use super::report::Finding;
use crate::check::{LinkName, Party};
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::protocol::Call;
use crate::value::{Live as _, Object, Value};

/// What one attempt came to.
#[derive(Clone)]
pub(super) struct Answer {
    /// Which attempt, from 1.
    pub(super) number: u32,
    pub(super) response: Arc<Response>,
    pub(super) succeeded: bool,
    pub(super) start: Instant,
    pub(super) end: Instant,
}

impl Answer {
    /// Whether no whole answer came.
    pub(super) fn broke(&self) -> bool {
        error_of(&self.response.record).is_some()
    }

    /// Whether it says so itself: 2xx or `OK`. An answer that a link kept back says nothing else.
    pub(super) fn is_success(&self) -> bool {
        is_success(&self.part("status")).unwrap_or(self.succeeded)
    }

    /// A part of the record.
    pub(super) fn part(&self, name: &str) -> Value {
        let fields = self.response.record.as_object();
        fields.and_then(|fields| fields.get(name)).cloned().unwrap_or(Value::Absent)
    }

    /// The answer that a link kept back, when it did.
    pub(super) fn hidden(&self) -> Option<Answer> {
        let error = error_of(&self.response.record)?;
        let record = error.as_object()?.get("hidden").filter(|hidden| hidden.as_object().is_some())?.clone();
        let status = record.as_object()?.get("status").map_or_else(String::new, crate::value::show);
        let mut exchange = self.response.exchange.clone();
        exchange.response = format!("{status}, which the link kept back");
        Some(Answer { response: Arc::new(Response { record, exchange }), succeeded: true, ..self.clone() })
    }

    /// `201 Created`, or why there is none.
    pub(super) fn told(&self) -> &str {
        &self.response.exchange.response
    }
}

/// The operation in one scope, ready to be attempted.
pub(super) struct Trial {
    pub(super) cx: Arc<Cx>,
    /// The scope of the block: what its `let`s bind is there.
    pub(super) env: Env,
    /// The scope of the profile.
    pub(super) profile: Option<Env>,
    pub(super) prepared: Prepared,
    /// What a subject of an effect was before.
    pub(super) before: Vec<Value>,
    /// What the attack has found.
    pub(super) findings: Vec<Finding>,
    began: Instant,
    lines: Vec<(Duration, String)>,
    sent: u32,
}

impl Trial {
    /// The operation where it stands.
    pub(super) async fn here(cx: &Arc<Cx>, env: &Env, operation: &Operation<'_>) -> Flow<Trial> {
        let mut env = env.clone();
        env.response = None;
        cx.statements(&mut env, operation.lets, None).await?;
        env.response = None;
        let profile = cx.profile_env(&env, operation).await?;
        let prepared = cx.prepare(&env, operation.request).await?;
        let mut trial = Trial {
            cx: cx.clone(),
            env,
            profile,
            prepared,
            before: Vec::new(),
            findings: Vec::new(),
            began: Instant::now(),
            lines: Vec::new(),
            sent: 0,
        };
        trial.before = trial.effects_now(operation).await?;
        trial.began = Instant::now();
        Ok(trial)
    }

    /// The operation at the end of the scenario's beginning, run once more on fresh data. The
    /// context is the trial's own, and the caller cleans it up.
    pub(super) async fn again(
        cx: &Arc<Cx>,
        operation: &Operation<'_>,
        title: &str,
        name: &str,
    ) -> Flow<Trial> {
        let Some(story) = cx.story.clone() else {
            let message = "`idempotent` stands in no scenario";
            return Err(Failure::new(Code::NOT_YET.name, message).into());
        };
        let mut env = begin_again(cx, &story, name, operation.span).await?;
        env.enter_step(format!("probe {title}"));
        let trial = Trial::here(cx, &env, operation).await?;
        if let Some(key) = trial.key(operation)?
            && operation.first_key.as_ref() == Some(&key)
            && let Some((place, span)) = &operation.key
        {
            let message = format!("the {} is the same in every trial", place.told());
            let mut failure = cx.failure(&env, Code::BAD_VALUE, *span, message);
            failure.help = Some(
                "each probe needs a key that was never used: draw it in the scenario, `let key = any uuid`"
                    .into(),
            );
            return Err(failure.into());
        }
        Ok(trial)
    }

    /// The key that the request carries. Errors: it carries none.
    pub(super) fn key(&self, operation: &Operation<'_>) -> Flow<Option<Value>> {
        let Some((place, span)) = &operation.key else { return Ok(None) };
        match super::change::key(&self.prepared.call, place) {
            Some(key) => Ok(Some(key)),
            None => {
                let message = format!("the request carries no {}", place.told());
                Err(self.cx.failure(&self.env, Code::BAD_VALUE, *span, message).into())
            }
        }
    }

    /// Sends the request as it is.
    pub(super) async fn send(&mut self, operation: &Operation<'_>) -> Flow<Answer> {
        self.send_call(operation, self.prepared.call.clone(), "").await
    }

    /// Sends a variation; `what` says in the timeline what is special about it.
    pub(super) async fn send_call(
        &mut self,
        operation: &Operation<'_>,
        call: Call,
        what: &str,
    ) -> Flow<Answer> {
        let number = self.next();
        let answer = self.perform(operation, call, number).await?;
        self.note_answer(&answer, what);
        Ok(answer)
    }

    /// A number for the next attempt.
    pub(super) fn next(&mut self) -> u32 {
        self.sent += 1;
        self.sent
    }

    /// How many requests were sent.
    pub(super) fn sent(&self) -> u32 {
        self.sent
    }

    /// Sends without a line in the timeline, so that several may go at once.
    pub(super) async fn perform(
        &self,
        operation: &Operation<'_>,
        mut call: Call,
        number: u32,
    ) -> Flow<Answer> {
        // What is wrong on purpose may break the contract; the request itself says so otherwise.
        let changed = !same_call(&call, &self.prepared.call);
        if changed && !call.options.contains_key("contract") {
            let ignores = self.prepared.service().is_some_and(|service| service.contract().is_some());
            if ignores {
                call.options.insert("contract".into(), Value::text("ignore"));
            }
        }
        let span = self.env.site(operation.request_span).with(format!("attempt {number}"));
        call.span = Some(span.below(usize::MAX) as u64);
        let start = Instant::now();
        let performed = self
            .cx
            .perform(&self.env, operation.request, operation.request_span, &self.prepared, &call)
            .await?;
        let end = Instant::now();
        match performed.broken {
            Some(broken) => Err(Stop::Broken(vec![broken])),
            None => Ok(Answer {
                number,
                response: performed.response,
                succeeded: performed.succeeded,
                start,
                end,
            }),
        }
    }

    /// A line of the timeline for an attempt that is over.
    pub(super) fn note_answer(&mut self, answer: &Answer, what: &str) {
        let took = answer.end.duration_since(answer.start).as_secs_f64() * 1e3;
        let what = if what.is_empty() { String::new() } else { format!(", {what}") };
        let exchange = &answer.response.exchange;
        let (request, response) = exchange.brief();
        let line = format!("attempt {}  {request}{what} → {response} after {took:.1} ms", answer.number);
        self.lines.push((answer.start.duration_since(self.began), line));
    }

    /// A line of the timeline for what was done to the system.
    pub(super) fn note(&mut self, at: Instant, line: impl Into<String>) {
        self.lines.push((at.duration_since(self.began), line.into()));
    }

    /// What was sent and what came back, in the order in which it began.
    pub(super) fn timeline(&self) -> Detail {
        let mut lines = self.lines.clone();
        lines.sort_by_key(|(at, _)| *at);
        let lines = lines
            .into_iter()
            .map(|(at, line)| format!("{:>8.1} ms  {line}", at.as_secs_f64() * 1e3))
            .collect();
        Detail::Lines { title: "timeline".into(), lines }
    }

    /// What passed, since the trial began, over the links that the scenario stands on behind the
    /// service.
    pub(super) fn downstream(&self) -> Vec<Detail> {
        let Some(story) = &self.cx.story else { return Vec::new() };
        let since = self.cx.world.processes.stopwatch().at(self.began.into_std());
        let mut details = Vec::new();
        for ends in &self.cx.world.plan.scenarios[story.instance.planned].links {
            if matches!(ends.from, Party::Client) {
                continue;
            }
            let name = LinkName { from: ends.from, to: Some(ends.to), method: None };
            for link in self.cx.links_of(&name) {
                let calls = link.calls().items().unwrap_or_default();
                let lines: Vec<String> = calls.iter().filter_map(|call| line_of(call, since)).collect();
                let title = format!("calls on {}", link.title());
                let lines = if lines.is_empty() { vec!["none".to_owned()] } else { lines };
                details.push(Detail::Lines { title, lines });
            }
        }
        details
    }

    /// The scope in which a probe's own words are evaluated.
    pub(super) fn env_of(&self, profile: bool) -> &Env {
        match &self.profile {
            Some(env) if profile => env,
            _ => &self.env,
        }
    }

    /// Adds what was counted in the trial to the scenario that it belongs to.
    pub(super) fn count_into(cx: &Cx, outer: &Cx) {
        use std::sync::atomic::Ordering::Relaxed;
        outer.requests.fetch_add(cx.requests.load(Relaxed), Relaxed);
        outer.expectations.fetch_add(cx.expectations.load(Relaxed), Relaxed);
        outer.broke.fetch_or(cx.broke.load(Relaxed), Relaxed);
        // A response of the beginning that later statements judge is judged where they run.
        lock(&cx.unjudged).clear();
    }
}

/// Whether two calls send the same.
fn same_call(a: &Call, b: &Call) -> bool {
    let options = |object: &Object| Value::Object(Arc::new(object.clone()));
    a.operand == b.operand && options(&a.options) == options(&b.options)
}

/// A call of a link on one line, when it began after the trial did.
fn line_of(call: &Value, since: Duration) -> Option<String> {
    let fields = call.as_object()?;
    let start = fields.get("start")?.as_duration()?.checked_sub(since)?;
    let part = |name: &str| fields.get(name).map_or_else(String::new, plain);
    let came = match fields.get("response").and_then(Value::as_object) {
        Some(response) => {
            let unheard = response.get("sent") == Some(&Value::Bool(false));
            let status = response.get("status").map_or_else(String::new, plain);
            if unheard { format!("{status} that {} never heard", part("from")) } else { status }
        }
        None => match fields.get("error").and_then(Value::as_object) {
            Some(error) => error.get("kind").map_or_else(String::new, plain),
            None => "no answer yet".to_owned(),
        },
    };
    let faults = match fields.get("faults").and_then(Value::as_list) {
        Some(faults) if !faults.is_empty() => {
            format!(", hit by {}", faults.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        _ => String::new(),
    };
    Some(format!(
        "{:>8.1} ms  {} {} → {came}{faults}",
        start.as_secs_f64() * 1e3,
        part("method"),
        part("path")
    ))
}

/// A text without its quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) if !text.secret => text.text.to_string(),
        other => crate::value::show_short(other, 60),
    }
}
