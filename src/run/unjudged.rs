//! Responses that are no success and that some statement promises to judge. Whether a statement
//! reads how a response went is known before it runs, but a branch may not be taken and a loop may
//! have no turn. So each of them is kept here until something has really looked, and what nobody
//! looked at fails in the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ahead::{ERRORS, VERDICTS};
use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::event::Failure;
use crate::value::Value;

/// A response that waits to be judged.
#[derive(Debug)]
pub(crate) struct Unjudged {
    /// What it is recognised by; reading a part of any of these judges it.
    records: Vec<Value>,
    /// The workload whose history judges it too.
    history: Option<Value>,
    /// Which parts.
    parts: Parts,
    /// What it comes to when nobody looks.
    failure: Failure,
    /// The tries in which it was received, outermost first.
    tries: Arc<Vec<u64>>,
}

/// What must be read of it.
#[derive(Debug, Clone, Copy)]
enum Parts {
    /// What says how a request went.
    Verdict,
    /// One of these figures of a workload.
    Figures(&'static [&'static str]),
}

impl Unjudged {
    fn is(&self, record: &Value) -> bool {
        self.records.iter().any(|own| is_same(own, record))
    }

    /// Whether this is the history that judges it.
    fn is_of(&self, history: &Value) -> bool {
        self.history.as_ref().is_some_and(|own| is_same(own, history))
    }
}

/// Numbers tries; only their difference matters.
static NEXT_TRY: AtomicU64 = AtomicU64::new(0);

/// A number that nothing else has.
pub(crate) fn next_number() -> u64 {
    NEXT_TRY.fetch_add(1, Ordering::Relaxed)
}

impl Env {
    /// The same scope as one try, whose responses are forgotten when it is given up. Returns what
    /// [`Cx::forget`] and [`Cx::all_judged`] take.
    pub(crate) fn begin_try(&mut self) -> u64 {
        let number = next_number();
        let mut tries = (*self.tries).clone();
        tries.push(number);
        self.tries = Arc::new(tries);
        number
    }
}

impl Cx {
    /// Keeps a response until it is judged.
    pub(crate) fn must_judge(&self, env: &Env, record: &Value, mut failure: Failure) {
        failure.help = Some(
            "an expectation here reads how it went, but was not reached; write it where it always runs"
                .into(),
        );
        let (records, tries) = (vec![record.clone()], env.tries.clone());
        let unjudged = Unjudged { records, history: None, parts: Parts::Verdict, failure, tries };
        lock(&self.unjudged).push(unjudged);
    }

    /// Keeps a workload until one of these figures is read, of it or of one of its operations, or
    /// its history where that will do.
    pub(super) fn must_read(
        &self,
        env: &Env,
        records: Vec<Value>,
        figures: &'static [&'static str],
        history: Option<Value>,
        failure: Failure,
    ) {
        let parts = Parts::Figures(figures);
        let unjudged = Unjudged { records, history, parts, failure, tries: env.tries.clone() };
        lock(&self.unjudged).push(unjudged);
    }

    /// Notes that a part of a record is read; only some parts say how it went.
    pub(crate) fn judges(&self, env: &Env, record: &Value, part: &str) {
        if env.showing {
            return;
        }
        let verdict = VERDICTS.contains(&part) || ERRORS.contains(&part);
        if !verdict && !matches!(record, Value::Live(_)) {
            return;
        }
        lock(&self.unjudged).retain(|unjudged| {
            let judges = match unjudged.parts {
                Parts::Verdict => verdict,
                Parts::Figures(figures) => figures.contains(&part),
            };
            let as_history = matches!(part, "items" | "first" | "last") && unjudged.is_of(record);
            !(as_history || judges && unjudged.is(record))
        });
    }

    /// Notes that something is read as a history.
    pub(crate) fn judges_history(&self, env: &Env, value: &Value) {
        if !env.showing && matches!(value, Value::Live(_)) {
            lock(&self.unjudged).retain(|unjudged| !unjudged.is_of(value));
        }
    }

    /// Notes that a record as a whole is compared, or every record of a list.
    pub(crate) fn judges_whole(&self, value: &Value) {
        let mut unjudged = lock(&self.unjudged);
        if unjudged.is_empty() {
            return;
        }
        let items: &[Value] = match value {
            Value::List(items) => items,
            other => std::slice::from_ref(other),
        };
        unjudged
            .retain(|kept| !(matches!(kept.parts, Parts::Verdict) && items.iter().any(|item| kept.is(item))));
    }

    /// Drops what a try left that did not count.
    pub(crate) fn forget(&self, number: u64) {
        lock(&self.unjudged).retain(|unjudged| !unjudged.tries.contains(&number));
    }

    /// A try that ended well must leave no response that nobody judged.
    pub(crate) fn all_judged(&self, number: u64, flow: Flow<Value>) -> Flow<Value> {
        let mut unjudged = lock(&self.unjudged);
        let mut failures = Vec::new();
        unjudged.retain(|kept| {
            let own = kept.tries.contains(&number);
            if own {
                failures.push(kept.failure.clone());
            }
            !own
        });
        match flow {
            Ok(_) | Err(Stop::Return(_)) if !failures.is_empty() => Err(Stop::Failed(failures)),
            other => other,
        }
    }
}

/// Whether two values are the same record, not only equal ones.
pub(crate) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::Live(a), Value::Live(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}
