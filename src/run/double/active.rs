//! A double while its scenario runs: it takes calls one by one, finds the rule, and tells the
//! scenario what went wrong.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::task::TaskTracker;

use super::super::cx::{Cx, lock};
use super::super::env::{Env, Observer};
use super::super::flow::{Flow, Stop};
use super::super::judge::Judgement;
use super::Troubles;
use super::answer::Turn;
use super::history::{History, Noted};
use super::nearest::Miss;
use super::rule::{Fit, Matcher};
use crate::check::{CALLS, ItemRef, REQUEST};
use crate::diag::Code;
use crate::event::Failure;
use crate::protocol::ErrorKind;
use crate::protocol::serve::{OffContract, Received, Refusal};
use crate::syntax::ast::{Double, DoubleRule, ExprKind, ItemKind};
use crate::syntax::visit;
use crate::value::Value;

/// How long the end of a scenario waits for calls that are being answered.
const GRACE: Duration = Duration::from_secs(5);

/// A double that plays.
pub(crate) struct Active {
    /// What its rules run in.
    pub(super) cx: Arc<Cx>,
    item: ItemRef,
    /// Its parameters.
    env: Env,
    matchers: Vec<Matcher>,
    history: Arc<History>,
    /// Whether a rule reads `calls`.
    looks_back: bool,
    /// The keys of `attempt(by:)`, by its place.
    pub(super) keys: tokio::sync::Mutex<super::attempt::Keys>,
    troubles: Arc<Troubles>,
    /// The calls that are being answered.
    under_way: TaskTracker,
}

impl std::fmt::Debug for Active {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Active").field("item", &self.item).finish_non_exhaustive()
    }
}

/// A rule that takes a call.
struct Taken<'a> {
    index: usize,
    rule: &'a DoubleRule,
    env: Env,
}

impl Active {
    pub(super) fn new(
        cx: Arc<Cx>,
        item: ItemRef,
        env: Env,
        service: &Arc<str>,
        troubles: &Arc<Troubles>,
    ) -> Active {
        let rules = match &cx.world.plan.program.item(item).kind {
            ItemKind::Double(double) => double.rules.as_slice(),
            _ => &[],
        };
        let mut looks_back = false;
        for rule in rules {
            let mut look = |expr: &crate::syntax::ast::Expr| {
                looks_back |= matches!(&expr.kind, ExprKind::Name(name) if &**name == CALLS);
            };
            visit::block(&rule.body, &mut look);
            if let Some(when) = &rule.when {
                visit::expression(when, &mut look);
            }
        }
        Active {
            matchers: rules.iter().map(Matcher::of).collect(),
            item,
            env,
            history: Arc::new(History::new(service)),
            looks_back,
            keys: tokio::sync::Mutex::default(),
            troubles: troubles.clone(),
            under_way: TaskTracker::new(),
            cx,
        }
    }

    /// What came so far.
    pub(super) fn history(&self) -> Arc<History> {
        self.history.clone()
    }

    pub(super) fn matcher(&self, rule: usize) -> Option<&Matcher> {
        self.matchers.get(rule)
    }

    /// Takes no more calls and cuts off those that are being answered.
    pub(super) async fn end(&self) {
        self.cx.cancel.cancel();
        self.under_way.close();
        // A rule that computes for ever is not waited for.
        let _ = tokio::time::timeout(GRACE, self.under_way.wait()).await;
    }

    fn double(&self) -> Option<&Double> {
        match &self.cx.world.plan.program.item(self.item).kind {
            ItemKind::Double(double) => Some(double),
            _ => None,
        }
    }

    fn now(&self) -> Value {
        Value::duration(self.cx.world.processes.stopwatch().elapsed())
    }

    /// Whether a call comes too late: its trace is that of another scenario of this run, or of
    /// another attempt or trial of this one.
    pub(super) fn is_late(&self, call: &Received) -> bool {
        let headers = call.record.get("headers").and_then(Value::as_object);
        let parent = headers.and_then(|headers| headers.get("traceparent")?.as_text());
        let Some(trace) = parent.and_then(|parent| parent.split('-').nth(1)) else { return false };
        *trace != *self.cx.session.trace_id && lock(&self.cx.world.traces).contains(trace)
    }

    /// Answers one call.
    pub(super) async fn called(self: Arc<Self>, call: Received) {
        let _under_way = self.under_way.token();
        let came = Instant::now();
        let noted = self.history.begin(&call, self.now());
        let mut gone = Gone { active: &self, number: Some(noted.number) };
        let turn = self.answer(call, noted).await;
        gone.number = None;
        self.history.finish(noted.number, &turn.said(), turn.error(), self.now());
        self.cx.moments.call(came, self.history.service(), &turn.exchange());
    }

    async fn answer(self: &Arc<Self>, mut call: Received, noted: Noted) -> Arc<Turn> {
        let (unreadable, off_contract) = (call.unreadable.take(), call.off_contract.take());
        let incidental = call.is_incidental;
        let record = Value::Object(Arc::new(call.record.clone()));
        let found = match unreadable {
            Some(why) => Err(Some(self.unreadable(&call, &why))),
            None => self.find(&call, noted).await,
        };
        let rule = found.as_ref().map_or(usize::MAX, |taken| taken.index);
        let turn = Arc::new(Turn::new(self.clone(), noted, rule, call.exchange, call.responder));
        match found {
            Err(None) => turn.refuse(Refusal::Inactive, "the scenario is over").await,
            Err(Some(Found::NoRule(_))) if incidental => {
                turn.refuse(Refusal::Unmatched, "no rule of the double takes this").await;
            }
            Err(Some(Found::NoRule(misses))) => {
                let failure = self.unmatched(&record, misses);
                turn.refuse(Refusal::Unmatched, &failure.message).await;
                self.tell(vec![failure], &turn).await;
            }
            Err(Some(Found::Broken(failures))) => {
                turn.refuse(Refusal::Broken, "the double cannot answer: the report says why").await;
                self.tell(failures, &turn).await;
            }
            Ok(taken) => {
                let wrong = off_contract.filter(|_| !ignores_contract(taken.rule));
                let flow = match wrong {
                    Some(wrong) => Err(self.off_contract(&taken, wrong).into()),
                    None => self.run(&taken, &turn).await,
                };
                match flow {
                    Ok(()) => {}
                    Err(Stop::Cancelled) => turn.refuse(Refusal::Inactive, "the scenario is over").await,
                    Err(stop) => {
                        turn.refuse(Refusal::Broken, "the double cannot answer: the report says why").await;
                        self.tell(stop.into_failures(), &turn).await;
                    }
                }
            }
        }
        turn
    }

    /// The first rule that takes a call.
    async fn find<'a>(
        self: &'a Arc<Self>,
        call: &Received,
        noted: Noted,
    ) -> Result<Taken<'a>, Option<Found>> {
        let mut misses = Vec::new();
        let rules = self.double().map_or(&[][..], |double| &double.rules);
        for (index, (rule, matcher)) in rules.iter().zip(&self.matchers).enumerate() {
            let bound = match matcher.fit(&call.record) {
                Fit::Both(bound) => bound,
                fit => {
                    misses.push(Miss::of(fit));
                    continue;
                }
            };
            let mut env = self.env.clone();
            env.key = env
                .key
                .with(format!("rule {index}"))
                .with(call.content.as_slice())
                .with(format!("call {}", noted.attempt));
            env.it = Some(call.at_hand.clone());
            env.bind(REQUEST.into(), Value::Object(Arc::new(call.record.clone())));
            if self.looks_back {
                let calls = self.history.up_to(noted.number).into_iter();
                env.bind(CALLS.into(), Value::list(calls.map(|kept| Value::Object(kept.record)).collect()));
            }
            for (name, value) in bound {
                env.bind(name, Value::text(value));
            }
            let Some(when) = &rule.when else { return Ok(Taken { index, rule, env }) };
            let asking = Arc::new(Turn::asking(self, noted, index));
            let observer = Observer::default();
            let observed = env.observed(&observer).answering(asking);
            match self.cx.judge(&observed, when).await {
                Ok(judged) if judged.holds => return Ok(Taken { index, rule, env }),
                Ok(Judgement { unknown: Some(why), .. }) => {
                    let text =
                        format!("`{}` can neither be shown nor refuted: {why}", self.cx.written(when.span));
                    let failure = self.cx.failure(&env, Code::EXPECTATION, when.span, text);
                    return Err(Some(Found::Broken(vec![failure])));
                }
                Ok(judged) => misses.push(Miss::condition(self.cx.shown(&observer, &judged), judged.message)),
                Err(Stop::Cancelled) => return Err(None),
                Err(stop) => return Err(Some(Found::Broken(stop.into_failures()))),
            }
        }
        Err(Some(Found::NoRule(misses)))
    }

    /// Runs the body of a rule.
    async fn run(&self, taken: &Taken<'_>, turn: &Arc<Turn>) -> Flow<()> {
        let mut env = taken.env.answering(turn.clone());
        match self.cx.statements(&mut env, &taken.rule.body.statements, None).await {
            Ok(_) | Err(Stop::Return(_)) => {}
            Err(stop) => return Err(stop),
        }
        if turn.is_answered().await {
            return Ok(());
        }
        let span = taken.rule.method.span;
        let text = "this rule took a call and gave no answer";
        let mut failure = self.cx.failure(&env, Code::UNMATCHED_CALL, span, text);
        failure.help = Some("every way through a rule ends in `reply …` or `fail …`".to_owned());
        Err(failure.into())
    }

    fn unreadable(&self, call: &Received, why: &str) -> Found {
        let span = self.double().map_or_else(Default::default, |double| double.name.span);
        let text = format!("`{}` came and cannot be read: {why}", call.exchange.request);
        Found::Broken(vec![self.cx.failure(&self.env, Code::UNMATCHED_CALL, span, text)])
    }

    fn unmatched(&self, record: &Value, misses: Vec<Miss>) -> Failure {
        let (name, span, rules) = match self.double() {
            Some(double) => (double.name.name.clone(), double.name.span, double.rules.as_slice()),
            None => ("".into(), Default::default(), &[][..]),
        };
        super::nearest::failure(&self.cx, &self.env, record, (&name, span), rules, misses)
    }

    fn off_contract(&self, taken: &Taken<'_>, wrong: OffContract) -> Failure {
        let first = wrong.breaches.first().map_or("", |breach| &breach.what);
        let text = format!("the call is no `{}`: {first}", wrong.operation);
        let span = taken.rule.method.span;
        let mut failure = self.cx.failure(&self.env, Code::CONTRACT_BROKEN, span, text);
        failure.label = "this rule takes it".to_owned();
        self.cx.show_breaches(&mut failure, wrong.breaches);
        failure.help = Some(
            "mend the caller, or the contract; when this test means to break it, reply `with { contract: ignore }`"
                .to_owned(),
        );
        failure
    }

    /// Tells the scenario, with the call beside.
    async fn tell(&self, mut failures: Vec<Failure>, turn: &Turn) {
        for failure in &mut failures {
            if failure.exchange.is_none() {
                failure.exchange = Some(Box::new(turn.exchange()));
            }
        }
        self.troubles.tell(failures);
    }
}

/// Why no rule answers.
enum Found {
    NoRule(Vec<Miss>),
    Broken(Vec<Failure>),
}

/// Whether a rule breaks the contract on purpose.
fn ignores_contract(rule: &DoubleRule) -> bool {
    use crate::syntax::ast::{ObjectEntry, StatementKind};
    let mut found = false;
    visit::statements(&rule.body, &mut |statement| {
        if let StatementKind::Reply(reply) = &statement.kind
            && let Some(ExprKind::Object(options)) = reply.with.as_ref().map(|with| &with.kind)
        {
            found |= options.entries.iter().any(|entry| {
                matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some("contract"))
            });
        }
    });
    found
}

/// Writes down that the caller went away before it was answered.
struct Gone<'a> {
    active: &'a Active,
    number: Option<usize>,
}

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let error = ErrorKind::Cancelled.record("the caller went away before it was answered");
            self.active.history.finish(number, &[], Some(error), self.active.now());
        }
    }
}
