//! Responses that are no success and that some statement promises to judge. Whether a statement
//! reads how a response went is known before it runs, but a branch may not be taken and a loop may
//! have no turn. So each of them is kept here until something has really looked, and what nobody
//! looked at fails in the end. A stream is kept from the start, since it ends when it likes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use super::ahead::{ERRORS, VERDICTS};
use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::event::Failure;
use crate::value::{Gap, Live, Value, show};

/// What waits to be judged.
#[derive(Debug)]
pub(crate) struct Unjudged {
    what: What,
    /// What it comes to when nobody looks.
    failure: Failure,
    /// The tries in which it was received, outermost first.
    tries: Arc<Vec<u64>>,
}

/// What it is, which says what judges it.
#[derive(Debug)]
enum What {
    /// A response: a part that says how the request went.
    Response(Value),
    /// A workload: one of these figures of it or of one of its operations, or its history where that
    /// will do.
    Workload { records: Vec<Value>, figures: &'static [&'static str], history: Option<Value> },
    /// A stream, which may yet end well: how it ended, once it has. It is not held open for that.
    Open(Weak<dyn Live>),
    /// A stream that ended otherwise.
    Ended(Weak<dyn Live>),
}

impl What {
    /// Whether reading a part of a record judges it.
    fn is_judged_by(&self, record: &Value, part: &str) -> bool {
        match (self, record) {
            (What::Response(own), _) => says_how(part) && is_same(own, record),
            (What::Workload { records, figures, .. }, _) => {
                let of_all = matches!(part, "items" | "first" | "last") && self.is_of(record);
                of_all || figures.contains(&part) && records.iter().any(|own| is_same(own, record))
            }
            (_, Value::Live(live)) => {
                let tells = part != "closed" && live.ends().contains(&part);
                tells && live.is_over() && self.is_stream(live)
            }
            _ => false,
        }
    }

    fn is_stream(&self, live: &Arc<dyn Live>) -> bool {
        match self {
            What::Open(own) | What::Ended(own) => std::ptr::addr_eq(Arc::as_ptr(live), own.as_ptr()),
            _ => false,
        }
    }

    /// Whether this is the history that judges it.
    fn is_of(&self, history: &Value) -> bool {
        matches!(self, What::Workload { history: Some(own), .. } if is_same(own, history))
    }
}

/// Whether a part of a response says how its request went.
fn says_how(part: &str) -> bool {
    VERDICTS.contains(&part) || ERRORS.contains(&part)
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
        let (what, tries) = (What::Response(record.clone()), env.tries.clone());
        lock(&self.unjudged).push(Unjudged { what, failure, tries });
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
        let what = What::Workload { records, figures, history };
        lock(&self.unjudged).push(Unjudged { what, failure, tries: env.tries.clone() });
    }

    /// Keeps a stream until something has looked at how it ended, which must otherwise be well.
    pub(super) fn must_end_well(&self, env: &Env, stream: &Arc<dyn Live>, failure: Failure) {
        let what = What::Open(Arc::downgrade(stream));
        lock(&self.unjudged).push(Unjudged { what, failure, tries: env.tries.clone() });
    }

    /// A request on a stream did not succeed since that is over: its own response says how it ended, and
    /// is judged like any other.
    pub(super) fn answers_for(&self, stream: &Arc<dyn Live>) {
        if stream.is_over() {
            lock(&self.unjudged).retain(|kept| !kept.what.is_stream(stream));
        }
    }

    /// Takes note of the streams that ended by now, before a scope is left that may be all that holds
    /// them.
    pub(super) fn note_ends(&self) {
        lock(&self.unjudged).retain_mut(|kept| {
            let What::Open(stream) = &kept.what else { return true };
            let Some(live) = stream.upgrade() else { return false };
            if !live.is_over() {
                return true;
            }
            // One that cannot say how it ended did not end otherwise than well.
            let (Some(Gap::Broken(why)), Some(help)) = (live.gap(), expected_end(&*live)) else {
                return false;
            };
            kept.failure.message =
                format!("the {} of `{}` {why}, and nothing here looks at that", live.kind(), live.name());
            kept.failure.help = Some(help);
            kept.what = What::Ended(stream.clone());
            true
        });
    }

    /// Notes that a part of a record is read; only some parts say how it went.
    pub(crate) fn judges(&self, env: &Env, record: &Value, part: &str) {
        if env.showing {
            return;
        }
        if says_how(part) || matches!(record, Value::Live(_)) {
            lock(&self.unjudged).retain(|unjudged| !unjudged.what.is_judged_by(record, part));
        }
    }

    /// Notes that something is read as a history.
    pub(crate) fn judges_history(&self, env: &Env, value: &Value) {
        if !env.showing && matches!(value, Value::Live(_)) {
            lock(&self.unjudged).retain(|unjudged| !unjudged.what.is_of(value));
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
        unjudged.retain(
            |kept| !matches!(&kept.what, What::Response(own) if items.iter().any(|item| is_same(own, item))),
        );
    }

    /// Drops what a try left that did not count.
    pub(crate) fn forget(&self, number: u64) {
        lock(&self.unjudged).retain(|unjudged| !unjudged.tries.contains(&number));
    }

    /// A try that ended well must leave no response that nobody judged.
    pub(crate) fn all_judged(&self, number: u64, flow: Flow<Value>) -> Flow<Value> {
        self.note_ends();
        let mut unjudged = lock(&self.unjudged);
        let mut failures = Vec::new();
        unjudged.retain(|kept| {
            let own = kept.tries.contains(&number);
            // What is open may end as it likes from here on.
            if own && !matches!(kept.what, What::Open(_)) {
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

/// How to expect the end that a stream had.
fn expected_end(live: &dyn Live) -> Option<String> {
    let (name, value) = live.ends().iter().filter(|name| **name != "closed").find_map(|name| {
        let value = live.field(name).filter(|value| !matches!(value, Value::Absent))?;
        match value.as_object().and_then(|error| error.get("kind")) {
            Some(kind) => Some((format!("{name}.kind"), kind.clone())),
            None => Some(((*name).to_owned(), value)),
        }
    })?;
    Some(format!(
        "a stream must end well unless an expectation looks at how it ended: here its `{name}` is `{}`",
        show(&value)
    ))
}

/// Whether two values are the same record, not only equal ones.
pub(crate) fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::Live(a), Value::Live(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}
