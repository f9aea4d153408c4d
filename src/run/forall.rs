//! `forall x in Shape for 200 cases { … }`: a property. Each case draws its value by the key of the
//! place and its own number, and everything that its statements draw is keyed by the case too. The
//! limits of the shape come first; a small shape is tried whole. The first case that fails is
//! shrunk, and ends the property.

mod report;
mod shrink;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use super::scenario::exits::EXIT_IS_KNOWN;
use super::scenario::is_inconclusive;
use super::world::World;
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::shape::{DrawKey, Drawer, Pattern};
use crate::source::Span;
use crate::syntax::ast::{Expr, Forall};
use crate::value::{Value, show_short};

/// How many cases a property has that does not say so.
const CASES: u32 = 100;

/// No property has more.
const MOST: u32 = 1_000_000;

/// One property while it is tried.
struct Property<'a> {
    /// The scope around it.
    env: &'a Env,
    forall: &'a Forall,
    /// The place of the whole statement.
    span: Span,
    pattern: Pattern,
    drawer: Drawer,
    /// How many cases it has.
    count: u32,
    /// Whether they are all values that there are.
    whole: bool,
    /// The key of the place.
    key: DrawKey,
    /// The values that come first.
    first: Vec<Value>,
    /// Counts what its statements check.
    checks: Arc<AtomicU32>,
}

/// A case that is being tried.
pub(crate) struct Trial {
    /// Its try.
    number: u64,
    /// The word that repeats it.
    repeat: Option<String>,
    /// What a report says of it.
    details: Vec<Detail>,
    /// What it has failed with already, while it is shrunk.
    found: Vec<Failure>,
}

/// How a case ended.
enum Ended {
    Passed,
    Failed(Vec<Failure>),
    Unknown(Vec<Failure>),
}

impl Cx {
    /// Tries a property.
    pub(crate) async fn forall(self: &Arc<Self>, env: &Env, forall: &Forall, span: Span) -> Flow<()> {
        let pattern = self.pattern(env, &forall.shape).await?;
        let cases = self.number_of_cases(env, forall.cases.as_ref()).await?;
        let key = env.key.with(format!("forall {}", span.start.saturating_sub(env.origin)));
        let drawer = Drawer::new(&pattern);
        let all = drawer.all(cases as usize);
        let whole = all.is_some();
        let first = match all {
            Some(all) if all.is_empty() => {
                let message = format!("`{}` has no values", self.written(forall.shape.span));
                return Err(self.bad_value(env, forall.shape.span, message));
            }
            Some(all) => all,
            None => drawer.edges(&key.with("boundaries"), cases.div_ceil(2) as usize),
        };
        let count = if whole { first.len() as u32 } else { cases };
        let checks = Arc::new(AtomicU32::new(0));
        let property = Property { env, forall, span, pattern, drawer, count, whole, key, first, checks };
        let mut unknown: Option<Vec<Failure>> = None;
        for index in property.order(&self.world) {
            let value = property.value(index).map_err(|why| self.bad_value(env, forall.shape.span, why))?;
            match self.case(&property, index, &value).await? {
                Ended::Passed => {}
                Ended::Failed(failures) => return Err(Stop::Failed(failures)),
                // A later case may still refute it.
                Ended::Unknown(failures) => unknown = unknown.or(Some(failures)),
            }
        }
        if let Some(failures) = unknown {
            return Err(Stop::Unknown(failures));
        }
        let checked = property.checks.load(Ordering::Relaxed);
        if checked == 0 {
            let message = format!("nothing was checked in any of {count} cases: no request, no expectation");
            let mut failure = self.failure(env, Code::NOTHING_CHECKED, span, message);
            failure.help = Some("write what must hold for every value".into());
            return Err(failure.into());
        }
        if let Some(outer) = &env.checks {
            outer.fetch_add(checked, Ordering::Relaxed);
        }
        Ok(())
    }

    /// `--cases`, else what is written, else the default.
    async fn number_of_cases(self: &Arc<Self>, env: &Env, written: Option<&Expr>) -> Flow<u32> {
        let Some(expr) = written else { return Ok(self.world.cases.number.unwrap_or(CASES)) };
        let value = self.eval(env, expr).await?;
        let number = value.as_number().and_then(|number| number.to_i128());
        match number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (1..=MOST).contains(number))
        {
            Some(number) => Ok(self.world.cases.number.unwrap_or(number)),
            None => {
                let got = show_short(&value, 40);
                let message = format!("a property has from 1 to {MOST} cases, not {got}");
                let mut failure = self.failure(env, Code::BAD_VALUE, expr.span, message);
                if number == Some(0) {
                    failure.help = Some("no case checks nothing, and that is no pass".into());
                }
                Err(failure.into())
            }
        }
    }

    /// Tries one case, and shrinks it when it fails.
    async fn case(self: &Arc<Self>, property: &Property<'_>, index: u32, value: &Value) -> Flow<Ended> {
        let mut trial = property.trial(index, value, property.case_key(index));
        let ended = self.try_value(property, &mut trial).await?;
        Ok(match ended {
            Ended::Passed => Ended::Passed,
            Ended::Unknown(mut failures) => {
                property.tell(self, &mut failures, index, trial.details);
                Ended::Unknown(failures)
            }
            Ended::Failed(mut failures) => {
                if self.broke.load(Ordering::Relaxed) {
                    // A service may just have exited: that becomes known in a moment, and then
                    // there is nothing to shrink.
                    let noted = self.note(property, index, value, &failures);
                    self.sleep(EXIT_IS_KNOWN).await?;
                    self.forget_trial(noted);
                }
                let (details, shrunk) = self.shrink(property, index, value, &failures).await?;
                failures = shrunk.unwrap_or(failures);
                property.tell(self, &mut failures, index, details);
                Ended::Failed(failures)
            }
        })
    }

    /// Runs the statements with a value, then what they deferred.
    async fn try_value(self: &Arc<Self>, property: &Property<'_>, trial: &mut Attempt) -> Flow<Ended> {
        let number = trial.number;
        lock(&self.trials).push(Trial {
            number,
            repeat: property.repeat(self, trial.index),
            details: trial.details.clone(),
            found: trial.found.clone(),
        });
        self.at(property.span);
        let flow = self.statements(&mut trial.env, &property.forall.body.statements, None).await;
        let flow = self.all_judged(number, flow);
        if matches!(flow, Err(Stop::Cancelled)) {
            return Err(Stop::Cancelled);
        }
        let cleanup = self.clean_up_case(number).await?;
        self.forget_trial(number);
        let (mut failures, known) = match flow {
            Ok(_) | Err(Stop::Return(_)) => (Vec::new(), false),
            Err(Stop::Unknown(failures)) => (failures, false),
            Err(stop) => (stop.into_failures(), true),
        };
        let known = known || !cleanup.iter().all(is_inconclusive);
        failures.extend(cleanup);
        Ok(match failures.is_empty() {
            true => Ended::Passed,
            false if known => Ended::Failed(failures),
            false => Ended::Unknown(failures),
        })
    }

    /// Notes what a case has failed with, for whoever must tell it should the scenario be cut off.
    fn note(&self, property: &Property<'_>, index: u32, value: &Value, failures: &[Failure]) -> u64 {
        let number = super::unjudged::next_number();
        let mut found = failures.to_vec();
        property.tell(self, &mut found, index, property.drawn_whole(index, value));
        let repeat = property.repeat(self, index);
        lock(&self.trials).push(Trial { number, repeat, details: Vec::new(), found });
        number
    }

    fn forget_trial(&self, number: u64) {
        lock(&self.trials).retain(|trial| trial.number != number);
    }

    /// The failure that cut a scenario off, with the cases of properties that it cut off; first what
    /// those had failed with already.
    pub(crate) fn with_trials(&self, mut failure: Failure) -> Vec<Failure> {
        let mut failures = self.found_in_trials();
        for trial in lock(&self.trials).iter() {
            failure.repeat = trial.repeat.clone().or(failure.repeat);
            if trial.found.is_empty() {
                failure.details.extend(trial.details.iter().cloned());
            }
        }
        failures.push(failure);
        failures
    }

    /// What cases had failed with when they were cut off while they were shrunk.
    pub(crate) fn found_in_trials(&self) -> Vec<Failure> {
        lock(&self.trials).iter().flat_map(|trial| trial.found.clone()).collect()
    }
}

/// One run of the statements with one value.
struct Attempt {
    index: u32,
    number: u64,
    env: Env,
    details: Vec<Detail>,
    /// What the case has failed with already.
    found: Vec<Failure>,
}

impl Property<'_> {
    /// The cases in order, beginning with the one that was asked for.
    fn order(&self, world: &World) -> impl Iterator<Item = u32> + use<> {
        let first = world.cases.first.map(|first| first - 1).filter(|first| *first < self.count);
        world.case_tried.fetch_or(first.is_some(), Ordering::Relaxed);
        let rest = (0..self.count).filter(move |index| Some(*index) != first);
        first.into_iter().chain(rest)
    }

    /// The value of a case, whatever the number of cases. While there are boundary values, every
    /// other case is left for what nobody thought of. Errors: nothing can be drawn.
    fn value(&self, index: u32) -> Result<Value, String> {
        let at = match (self.whole, index % 2) {
            (true, _) => Some(index),
            (false, 0) => Some(index / 2),
            (false, _) => None,
        };
        match at.and_then(|at| self.first.get(at as usize)) {
            Some(value) => Ok(value.clone()),
            None => self.drawer.draw(&self.key.with(index.to_string())),
        }
    }

    /// The key of what the statements of a case draw.
    fn case_key(&self, index: u32) -> DrawKey {
        self.key.with(format!("case {index}"))
    }

    /// `case 18 of 200`.
    fn title(&self, index: u32) -> String {
        let all = if self.whole { ", which are all there are" } else { "" };
        format!("case {} of {}{all}", index + 1, self.count)
    }

    /// Makes the scope of one run of the statements.
    fn trial(&self, index: u32, value: &Value, key: DrawKey) -> Attempt {
        let mut env = self.env.clone();
        env.key = key;
        env.response = None;
        env.checks = Some(self.checks.clone());
        env.bind(self.forall.name.name.clone(), value.clone());
        env.enter_step(self.title(index));
        let number = env.begin_try();
        Attempt { index, number, env, details: self.drawn(index, value), found: Vec::new() }
    }

    /// The command that repeats the scenario, beginning with this case.
    fn repeat(&self, cx: &Cx, index: u32) -> Option<String> {
        cx.repeat.as_ref().map(|repeat| format!("{repeat} --case {}", index + 1))
    }

    /// Completes the failures of a case.
    fn tell(&self, cx: &Cx, failures: &mut [Failure], index: u32, details: Vec<Detail>) {
        for failure in failures.iter_mut() {
            failure.repeat = self.repeat(cx, index);
        }
        if let Some(first) = failures.first_mut() {
            first.details.extend(details);
        }
    }
}
