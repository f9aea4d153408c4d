//! Faults that did not do what they promise: hit nothing, could not see what passed them by, or could
//! not hold a message back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::super::cx::Cx;
use super::super::super::env::Env;
use super::super::{Harm, What};
use super::Faults;
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::link::fault::Kind;
use crate::link::{Fault, HELD, Link};
use crate::system::fault::ProcessFault;
use crate::value::{Live as _, Number, Value, show};

/// What links have seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    calls: usize,
    /// Connections that were not understood.
    missed: u64,
}

impl Seen {
    pub(super) fn by(links: &[Arc<Link>]) -> Seen {
        let each = links.iter().map(|link| link.calls());
        each.fold(Seen::default(), |seen, calls| Seen {
            calls: seen.calls
                + calls
                    .field("count")
                    .as_ref()
                    .and_then(Value::as_number)
                    .and_then(Number::to_usize)
                    .unwrap_or(0),
            missed: seen.missed + calls.missed(),
        })
    }

    fn since(self, before: Seen) -> Seen {
        Seen {
            calls: self.calls.saturating_sub(before.calls),
            missed: self.missed.saturating_sub(before.missed),
        }
    }
}

impl Faults {
    /// The failures of those that could not do what they promise: hold a message back.
    pub(super) fn too_long(&self, cx: &Cx, env: &Env) -> impl Iterator<Item = Failure> {
        let overflowed = self.at_work.iter().filter(|(at_work, _)| at_work.has_overflowed());
        let harms = overflowed.filter_map(|(_, indexes)| self.harms.get(*indexes.first()?));
        harms.map(move |harm| {
            let message =
                format!("`{}` could not hold a message back, which was reset instead", harm.written);
            let mut failure = cx.failure(env, Code::FAULT_NEVER_HIT, harm.span, message);
            let text = format!("a fault holds back up to {HELD} bytes, and the message is longer");
            failure.details.push(Detail::Note { text });
            failure
        })
    }

    /// What passed on the links of one of them while it was at work.
    fn passed(&self, cx: &Cx, index: usize) -> Seen {
        match self.harms.get(index).map(|harm| &harm.what) {
            Some(What::Link { on, .. } | What::Process { counts: Some(on), .. }) => {
                Seen::by(&cx.links_of(on)).since(self.seen.get(index).copied().unwrap_or_default())
            }
            _ => Seen::default(),
        }
    }

    /// The first that would have hit messages which its link could not read: whether one of those
    /// should have been hit, nobody knows.
    pub(super) fn passed_by(&self, cx: &Cx, env: &Env) -> Option<Failure> {
        let of_messages =
            |harm: &Harm| matches!(&harm.what, What::Link { fault, .. } if !fault.kind.is_of_bytes());
        let (_, harm) = self
            .harms
            .iter()
            .enumerate()
            .find(|(index, harm)| of_messages(harm) && self.passed(cx, *index).missed > 0)?;
        let message = format!("whether `{}` hit all that it should is not known", harm.written);
        let mut failure = cx.failure(env, Code::FAULT_NEVER_HIT, harm.span, message);
        failure.details.push(Detail::Note { text: UNREADABLE.to_owned() });
        Some(failure)
    }

    /// The failures of those that hit nothing, but for what was spared by chance.
    pub(super) fn never_hit(
        &self,
        cx: &Cx,
        env: &Env,
        took: Duration,
        spared: &BTreeSet<usize>,
    ) -> Vec<Failure> {
        let hits = self.hits();
        let idle =
            self.harms.iter().enumerate().filter(|(index, _)| !hits.iter().any(|told| told.fault == *index));
        let failures = idle.filter_map(|(index, harm)| match &harm.what {
            What::Link { fault, .. } => {
                (!spared.contains(&index)).then(|| idle_link(cx, env, harm, fault, self.passed(cx, index)))
            }
            What::Process { service, fault: ProcessFault::Crash { nth, method, .. }, .. } => {
                let message = format!("`{}` never struck `{}`", harm.written, service.name);
                let mut failure = cx.failure(env, Code::FAULT_NEVER_HIT, harm.span, message);
                let of = method.as_ref().map(|method| format!(" of `{method}`")).unwrap_or_default();
                let text = match self.passed(cx, index).calls {
                    0 => format!("it waits for call {nth}{of}, and none came while the block ran"),
                    1 => format!("it waits for call {nth}{of}, and one call came while the block ran"),
                    some => format!("it waits for call {nth}{of}, and {some} calls came while the block ran"),
                };
                failure.details.push(Detail::Note { text });
                failure.help =
                    Some("let an earlier call strike, or let the block call more often".to_owned());
                Some(failure)
            }
            What::Process { service, .. } => {
                let message = format!("`{}` never struck `{}`", harm.written, service.name);
                let mut failure = cx.failure(env, Code::FAULT_NEVER_HIT, harm.span, message);
                let text = format!("the block ended after {}", show(&Value::duration(rounded(took))));
                failure.details.push(Detail::Note { text });
                failure.help = Some("let it strike sooner, or the block take longer".to_owned());
                Some(failure)
            }
        });
        failures.collect()
    }
}

/// In whole milliseconds.
fn rounded(took: Duration) -> Duration {
    Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

/// Of what passes a fault of messages by.
const UNREADABLE: &str = "what passed on a connection of this link while the block ran could not be understood, so that no fault of messages hit it";

fn idle_link(cx: &Cx, env: &Env, harm: &Harm, fault: &Fault, passed: Seen) -> Failure {
    let message = format!("`{}` was at work and hit nothing", harm.written);
    let mut failure = cx.failure(env, Code::FAULT_NEVER_HIT, harm.span, message);
    let mut note = |text: &str| failure.details.push(Detail::Note { text: text.to_owned() });
    let why = match fault.kind.is_of_bytes() {
        true => "did not come as far as what it hits",
        false if passed.calls == 1 => "does not fit, or another fault took it",
        false => "do not fit, or other faults took them",
    };
    match passed.calls {
        0 if passed.missed > 0 => note(UNREADABLE),
        0 => note("no call passed while the block ran"),
        1 => note(&format!("one call passed while the block ran, and it {why}")),
        some => note(&format!("{some} calls passed while the block ran, and they {why}")),
    }
    if matches!(fault.kind, Kind::Reorder { .. }) {
        note("a request is reordered when another one overtakes it while it is held back");
    }
    if passed.calls > 0 {
        match fault.kind {
            Kind::Duplicate { .. } | Kind::Delay { .. } | Kind::Reorder { .. } => {
                note("it holds whole requests back, so the calls of client streams never fit");
            }
            Kind::Goaway | Kind::RstStream { .. } => note("it hits calls over HTTP/2 alone"),
            Kind::SlowClose { .. } => note("a connection that is kept for later calls does not close"),
            _ => {}
        }
    }
    failure.help =
        Some("what the block shows holds without the fault too, so it proves nothing of it".to_owned());
    failure
}
