//! Expectations: judged once, or until they hold, or for as long as they must hold.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use tokio::time::Instant;

use super::cx::{Cx, with_exchange};
use super::env::{Env, Observer, Watched};
use super::flow::{Flow, Stop};
use super::judge::Judgement;
use super::wait::{Attempts, waited};
use crate::diag::Code;
use crate::event::{Detail, EventKind, Failure};
use crate::source::Span;
use crate::syntax::ast::{Expect, Expr, ExprKind};
use crate::value::{Gap, Live, Value, show_short};

/// Pauses between two looks at something live that did not say it changed: they grow from the
/// first to the last.
const POLL: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));

impl Cx {
    /// Judges an expectation, and waits as it says.
    pub(crate) async fn expect(self: &Arc<Self>, env: &Env, expect: &Expect, span: Span) -> Flow<()> {
        self.count_expectation();
        env.count_check();
        if self.load.is_some() && is_plain(expect) {
            // Most hold, and then nobody asks what was seen.
            if let Ok(Judgement { holds: true, .. }) = self.judge(env, &expect.subject).await {
                return Ok(());
            }
        }
        let result = Box::pin(self.expect_in_time(env, expect, span)).await;
        if let Some(id) = self.id
            && !matches!(result, Err(Stop::Cancelled))
        {
            self.emit(EventKind::Expected { id, place: self.world.bare_place(span), holds: result.is_ok() });
        }
        result
    }

    async fn expect_in_time(self: &Arc<Self>, env: &Env, expect: &Expect, span: Span) -> Flow<()> {
        let within = self.duration(env, expect.within.as_ref()).await?;
        let throughout = self.duration(env, expect.throughout.as_ref()).await?;
        let change = match &expect.during {
            Some(body) => {
                let before = self.eval(env, &expect.subject).await?;
                let before = self.records(env, before, expect.subject.span)?;
                self.block(env, body, None).await?;
                let after = self.eval(env, &expect.subject).await?;
                let after = self.records(env, after, expect.subject.span)?;
                Some((before, after))
            }
            None => None,
        };
        let started = Instant::now();
        let deadline = started + within.unwrap_or_default();
        let mut attempts = Attempts::default();
        let mut pause = POLL.0;
        // What ends while it is looked at is looked at once more.
        let mut was_over = false;
        let mut last = None;
        loop {
            // What is called for a look may take longer than there is time.
            let looked = tokio::select! {
                biased;
                looked = self.look(env, expect, span, change.as_ref()) => Some(looked?),
                () = tokio::time::sleep_until(deadline), if within.is_some() && has_call(&expect.subject) => None,
            };
            let Some((observer, failure)) = looked else {
                let text = "the look did not end in time";
                attempts.note(started.elapsed(), text.to_owned());
                let failure = last.unwrap_or_else(|| self.failure(env, Code::EXPECTATION, span, text).into());
                return Err(waited(failure, attempts, within.unwrap_or_default(), false, None));
            };
            let tells = tells_itself(expect, &observer);
            let Some(failure) = failure else {
                let Some(stays) = throughout else { return Ok(()) };
                match self.stays(env, expect, span, stays).await? {
                    None => return Ok(()),
                    Some(failure) if within.is_none() || Instant::now() >= deadline => {
                        return Err(failure.into());
                    }
                    Some(failure) => attempts.note(started.elapsed(), failure.message),
                }
                continue;
            };
            if within.is_none() {
                return Err(failure);
            }
            let text = summary(&failure);
            attempts.note(started.elapsed(), text);
            let lasting = lasting(&observer);
            let over = lasting.is_empty() && !observer.live().is_empty();
            let now = Instant::now();
            // Nothing can change any more once everything live is over; polled actions still may.
            let calls = has_call(&expect.subject);
            if now >= deadline || (over && !calls && was_over) {
                let within = within.unwrap_or_default();
                let mut story = tells.then(|| story(&observer, started.elapsed(), within)).flatten();
                if story.is_some()
                    && let Some(silent) = self.silence(&observer).await?
                {
                    story = Some(silent);
                }
                return Err(waited(failure, attempts, within, over && now < deadline, story));
            }
            was_over = over;
            last = Some(failure);
            let rest = deadline.saturating_duration_since(now);
            let wait = match () {
                () if over && !calls => Duration::ZERO,
                () if tells => rest,
                () => rest.min(pause.max(Duration::from_millis(1))),
            };
            self.until_changed(&lasting, wait).await?;
            pause = (pause * 2).min(POLL.1);
        }
    }

    /// Looks again and again for as long as it must hold; the failure when it did not.
    async fn stays(
        self: &Arc<Self>,
        env: &Env,
        expect: &Expect,
        span: Span,
        stays: Duration,
    ) -> Flow<Option<Failure>> {
        let end = Instant::now() + stays;
        let (mut looks, mut asked) = (1u32, false);
        loop {
            let (observer, failure) = self.look(env, expect, span, None).await?;
            looks += 1;
            let rest = end.saturating_duration_since(Instant::now());
            let tells = tells_itself(expect, &observer);
            if failure.is_none() {
                self.not_cut_short(env, expect, &observer, (stays.saturating_sub(rest), stays))?;
            }
            let lasting = lasting(&observer);
            let over = tells && lasting.is_empty();
            match failure {
                // What had come by the time of the answer is looked at once more.
                None if tells && !asked && rest.is_zero() && !over => {
                    asked = true;
                    if let Some(why) = self.silence(&observer).await? {
                        return Err(self.inconclusive(env, expect, why));
                    }
                }
                None if rest.is_zero() || over => return Ok(None),
                None if tells => self.until_changed(&lasting, rest).await?,
                None => self.until_changed(&lasting, rest.min(Duration::from_millis(20))).await?,
                Some(Stop::Failed(mut failures)) if !failures.is_empty() => {
                    let mut failure = failures.remove(0);
                    let held = show_short(&Value::duration(stays.saturating_sub(rest)), 20);
                    let text = format!("it held for {held}, until look {looks}");
                    failure.details.push(Detail::Note { text });
                    return Ok(Some(failure));
                }
                Some(other) => return Err(other),
            }
        }
    }

    /// That nothing came for so long can only be said of a history that was whole all the while.
    fn not_cut_short(
        &self,
        env: &Env,
        expect: &Expect,
        observer: &Observer,
        (held, stays): (Duration, Duration),
    ) -> Flow<()> {
        let mut unknown = observer.live().into_iter().filter(|(live, _)| !observer.knows_end(live));
        let cut = unknown.find_map(|(live, _)| Some((live.gap()?, live)));
        let Some((gap, live)) = cut else { return Ok(()) };
        Err(self.inconclusive(env, expect, cut_short(&*live, &gap, held, stays)))
    }

    /// What held so far, and nobody knows of the rest.
    fn inconclusive(&self, env: &Env, expect: &Expect, why: String) -> Stop {
        let subject = self.written(expect.subject.span);
        let message = format!("`{subject}` can neither be shown nor refuted for so long");
        let mut failure = self.failure(env, Code::EXPECTATION, expect.subject.span, message);
        failure.details.push(Detail::Note { text: why });
        Stop::Unknown(vec![failure])
    }

    /// Judges once: what was seen, and the failure if it does not hold. An error of evaluation is
    /// a failure here too, since waiting may cure it.
    async fn look(
        self: &Arc<Self>,
        env: &Env,
        expect: &Expect,
        span: Span,
        change: Option<&(Value, Value)>,
    ) -> Flow<(Observer, Option<Stop>)> {
        let observer = Observer::knowing(ends(env, &expect.subject));
        let mut observed = env.observed(&observer);
        observed.repeated |= expect.within.is_some() || expect.throughout.is_some();
        let number = observed.begin_try();
        let judged = match &expect.relation {
            Some(relation) => self.relate(&observed, &expect.subject, relation, change).await,
            None => self.judge(&observed, &expect.subject).await,
        };
        let judgement = match judged {
            Ok(judgement) if judgement.holds => return Ok((observer, None)),
            Ok(judgement) => {
                self.forget(number);
                judgement
            }
            Err(Stop::Failed(failures)) => {
                self.forget(number);
                let because = self.because(env, expect).await?;
                let failures = failures
                    .into_iter()
                    .map(|mut failure| {
                        failure.because = failure.because.or_else(|| because.clone());
                        if failure.exchange.is_none() {
                            failure.exchange = self.exchange_of(env, &expect.subject);
                        }
                        failure
                    })
                    .collect();
                return Ok((observer, Some(Stop::Failed(failures))));
            }
            Err(other) => return Err(other),
        };
        let stop = self.unmet(env, expect, span, &observer, judgement).await?;
        Ok((observer, Some(stop)))
    }

    /// The failure of a judgement.
    async fn unmet(
        self: &Arc<Self>,
        env: &Env,
        expect: &Expect,
        span: Span,
        observer: &Observer,
        judgement: Judgement,
    ) -> Flow<Stop> {
        let at = judgement.at.unwrap_or(span);
        let mut failure = self.failure(env, Code::EXPECTATION, at, judgement.message.clone());
        failure.label = judgement.label.clone();
        failure.details = self.shown(observer, &judgement);
        failure.because = self.because(env, expect).await?;
        failure.exchange = self.exchange_of(env, &expect.subject);
        let failure = with_body_error(with_exchange(failure, None), env);
        Ok(match judgement.unknown {
            Some(why) => {
                let mut failure = failure;
                failure.message = format!("it can neither be shown nor refuted that {}", failure.message);
                failure.details.push(Detail::Note { text: why });
                Stop::Unknown(vec![failure])
            }
            None => failure.into(),
        })
    }

    async fn because(self: &Arc<Self>, env: &Env, expect: &Expect) -> Flow<Option<String>> {
        match &expect.because {
            Some(because) => {
                let text = self.text(env, because).await?;
                Ok(Some(if text.secret { crate::value::MASK.to_owned() } else { text.text.to_string() }))
            }
            None => Ok(None),
        }
    }

    /// A duration that is written after a phrase word.
    pub(crate) async fn duration(self: &Arc<Self>, env: &Env, expr: Option<&Expr>) -> Flow<Option<Duration>> {
        let Some(expr) = expr else { return Ok(None) };
        let value = self.eval(env, expr).await?;
        match value.as_duration() {
            Some(duration) => Ok(Some(duration)),
            None => {
                let message =
                    format!("`{}` is {}, not a duration such as `5s`", self.written(expr.span), value.kind());
                Err(self.bad_value(env, expr.span, message))
            }
        }
    }

    /// Waits until something that was seen and was not over changes or is over, but not longer than
    /// `most`.
    async fn until_changed(&self, live: &[Watched], most: Duration) -> Flow<()> {
        if live.is_empty() {
            return self.sleep(most).await;
        }
        let changes = select_all(live.iter().map(|(live, seen)| live.changed(*seen)));
        tokio::select! {
            _ = changes => Ok(()),
            slept = self.sleep(most) => slept,
        }
    }
}

/// A body that could not be read explains an absent one.
fn with_body_error(mut failure: Failure, env: &Env) -> Failure {
    let record = env.response.as_ref().map(|response| &response.record);
    if let Some(Value::Object(fields)) = record
        && let Some(Value::Object(error)) = fields.get("body_error")
        && let Some(message) = error.get("message").and_then(Value::as_text)
    {
        failure.details.push(Detail::Note { text: format!("the body could not be read: {message}") });
    }
    failure
}

/// One line of what failed, with what it got.
fn summary(stop: &Stop) -> String {
    let Some(failure) = stop.failures().first() else { return String::new() };
    let short = failure.details.iter().filter_map(|detail| match detail {
        Detail::Value { expression, value } if value.len() <= 60 => Some(format!("{expression} is {value}")),
        _ => None,
    });
    let values: Vec<String> = short.take(3).collect();
    if values.is_empty() { failure.message.clone() } else { values.join(", ") }
}

/// What was looked at and is not over yet. Who decides by it waits for the same: what is over by then
/// ends the wait.
fn lasting(observer: &Observer) -> Vec<Watched> {
    observer.live().into_iter().filter(|(live, _)| !live.is_over()).collect()
}

/// Whether an expectation can be judged twice and is judged at once.
fn is_plain(expect: &Expect) -> bool {
    expect.relation.is_none()
        && expect.during.is_none()
        && expect.within.is_none()
        && expect.throughout.is_none()
        && !has_call(&expect.subject)
        && !takes_all(&expect.subject)
}

/// Whether all that an expectation looks at says when it changes, so that nothing need be polled.
fn tells_itself(expect: &Expect, observer: &Observer) -> bool {
    let relation = expect.relation.iter();
    let beside = relation
        .flat_map(|used| used.operand.iter().chain(used.phrases.iter().filter_map(|p| p.value.as_ref())));
    let live = observer.live();
    !std::iter::once(&expect.subject).chain(beside).any(has_call)
        && !live.is_empty()
        && live.iter().all(|(live, _)| live.items().is_some())
}

/// The histories that an expectation itself asks how they ended.
fn ends(env: &Env, subject: &Expr) -> Vec<Arc<dyn Live>> {
    let mut ends = Vec::new();
    crate::syntax::visit::expression(subject, &mut |part| {
        if let ExprKind::Field(base, field) = &part.kind
            && let Some(Value::Live(live)) = at_hand(env, base)
            && live.ends().contains(&&*field.name)
        {
            ends.push(live);
        }
    });
    ends
}

/// What a path of variables and fields leads to.
fn at_hand(env: &Env, expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Name(name) => env.get(name).cloned(),
        ExprKind::Field(base, field) => at_hand(env, base)?.as_object()?.get(&field.name).cloned(),
        ExprKind::Index(base, index) => {
            let ExprKind::Number(number) = &index.kind else { return None };
            at_hand(env, base)?.as_list()?.get(number.to_usize()?).cloned()
        }
        _ => None,
    }
}

/// What a wait for histories came to: whether what did not come was really not there.
fn story(observer: &Observer, waited: Duration, within: Duration) -> Option<String> {
    let live = observer.live();
    if let Some((live, gap)) = live.iter().find_map(|(live, _)| Some((live, live.gap()?))) {
        return Some(cut_short(&**live, &gap, waited.min(within), within));
    }
    let (first, _) = live.first()?;
    let (kind, name) = (first.kind(), first.name());
    let limit = show_short(&Value::duration(within), 20);
    Some(if first.is_over() {
        format!("the {kind} `{name}` has ended, and not because anything broke: nothing more comes")
    } else {
        format!(
            "the {kind} `{name}` was open and whole all the while: what was waited for was definitely absent for {limit}"
        )
    })
}

/// A wait that something else ended.
fn cut_short(live: &dyn Live, gap: &Gap, waited: Duration, of: Duration) -> String {
    let time = |duration: Duration| {
        show_short(&Value::duration(Duration::from_millis(duration.as_millis() as u64)), 20)
    };
    let (waited, of) = (time(waited), time(of));
    match gap {
        Gap::Hole(why) => why.clone(),
        Gap::Closed(why) | Gap::Broken(why) => format!(
            "the {} `{}` {why}; {waited} of {of} were over, and what would have come in the rest was not seen",
            live.kind(),
            live.name()
        ),
    }
}

/// Whether an expression may speak of all the records of a history, which may have broken off.
fn takes_all(expr: &Expr) -> bool {
    let mut found = false;
    crate::syntax::visit::expression(expr, &mut |part| {
        found |= match &part.kind {
            ExprKind::Field(_, field) => matches!(&*field.name, "count" | "last"),
            ExprKind::Each(_) => true,
            _ => false,
        };
    });
    found
}

fn has_call(expr: &Expr) -> bool {
    let mut found = false;
    crate::syntax::visit::expression(expr, &mut |part| found |= matches!(part.kind, ExprKind::Call(..)));
    found
}
