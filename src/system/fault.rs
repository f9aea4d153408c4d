//! Faults of processes, as data: what `under` does to a service while a block runs.

use std::sync::Arc;
use std::time::Duration;

use crate::lang::{Kind, Param, Refusal, Spec, Ty};
use crate::shape::DrawKey;
use crate::value::{Number, Object, Value, show};

/// What the faults of processes belong to in the registry.
pub const PROCESS: &str = "process";

const AFTER: Param =
    Param::new("after", Ty::Duration, "how long after the block began; at once unless given");
const EVERY: Param = Param::new("every", Ty::Duration, "again and again, so long after the time before");
const FOR: Param =
    Param::new("for", Ty::Duration, "how long it stays down; it starts again at once unless given");
const JITTER: Param =
    Param::new("jitter", Ty::Duration, "each time up to so much sooner or later, chosen by the seed");

const fn fault(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Fault, PROCESS, name, summary).params(params).example(example).refuses(refuses)
}

fn refuses(name: &str, known: &Object) -> Option<Refusal> {
    let Wrong { argument, message } = ProcessFault::read(name, known).err()?;
    Some(Refusal { argument: argument.to_owned(), message, help: None })
}

/// Every fault of processes.
pub const SPECS: &[Spec] = &[
    fault(
        "kill",
        "ends a service at once with SIGKILL and starts it again; of several members one after the other",
        &[AFTER, FOR, EVERY, JITTER],
        "under kill(after: 1s, for: 500ms, every: 3s) on orders { GET orders /v1/orders }",
    ),
    fault(
        "restart",
        "ends a service with SIGTERM and starts it again; of several members one after the other",
        &[AFTER, EVERY, JITTER],
        "under restart(after: 200ms) on orders { GET orders /v1/orders }",
    ),
    fault(
        "pause",
        "stops a service from running (SIGSTOP); its connections stay open",
        &[
            AFTER,
            Param::new("for", Ty::Duration, "how long; until the block ends unless given"),
            EVERY,
            JITTER,
        ],
        "under pause(after: 100ms, for: 2s) on ledger { GET orders /v1/orders }",
    ),
    fault(
        "crash",
        "kills a service as a certain call reaches it, which is not answered, and starts it again",
        &[
            Param::required("nth", Ty::Number, "which call, from 1"),
            Param::new("of", Ty::Word, "whose calls count: a service, or `client` unless given"),
            Param::new("method", Ty::Text, "only calls of this HTTP method, or this gRPC method"),
            FOR,
        ],
        "under crash(nth: 3, of: orders) on ledger { GET orders /v1/orders }",
    ),
];

/// A fault of processes with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessFault {
    /// Again and again at certain times.
    Timed {
        /// What happens.
        strike: Strike,
        /// How long after the beginning.
        after: Duration,
        /// How long after the time before, when it is done more than once.
        every: Option<Duration>,
        /// Up to how much sooner or later.
        jitter: Duration,
    },
    /// Killed as a certain call arrives.
    Crash {
        /// Which, from 1.
        nth: u64,
        /// Only calls of this method.
        method: Option<Arc<str>>,
        /// How long it stays down.
        down: Duration,
    },
}

/// What happens to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// SIGKILL, and started again after so long.
    Kill(Duration),
    /// SIGTERM, and started again.
    Restart,
    /// SIGSTOP, and SIGCONT after so long; at the end of the block without one.
    Pause(Option<Duration>),
}

impl Strike {
    /// As timelines say it.
    pub fn word(self) -> &'static str {
        match self {
            Strike::Kill(_) => "killed",
            Strike::Restart => "restarted",
            Strike::Pause(_) => "paused",
        }
    }
}

impl ProcessFault {
    /// The fault with this name and these arguments, each under the name of its parameter; `of` is
    /// left to whoever knows the services. The error names the argument at fault.
    pub fn read(name: &str, args: &Object) -> Result<ProcessFault, Wrong> {
        let after = duration(args, "after")?.unwrap_or_default();
        let every = duration(args, "every")?;
        if every == Some(Duration::ZERO) {
            return Err(wrong("every", "`every` must be longer than nothing"));
        }
        let jitter = duration(args, "jitter")?.unwrap_or_default();
        let down = duration(args, "for")?;
        let strike = match name {
            "kill" => Strike::Kill(down.unwrap_or_default()),
            "restart" => Strike::Restart,
            "pause" => Strike::Pause(down),
            "crash" => {
                let nth = args.get("nth").and_then(Value::as_number).and_then(Number::to_usize);
                let Some(nth) = nth.filter(|nth| *nth > 0) else {
                    return Err(wrong("nth", "`nth` must be a whole number, 1 or more"));
                };
                let method = args.get("method").and_then(Value::as_text).map(Arc::from);
                return Ok(ProcessFault::Crash { nth: nth as u64, method, down: down.unwrap_or_default() });
            }
            _ => return Err(wrong("", format!("there is no fault `{name}` of processes"))),
        };
        if let (Some(every), Some(down)) = (every, down)
            && every <= down
        {
            let message = "`every` must be longer than `for`: it would not be up in between";
            return Err(wrong("every", message));
        }
        Ok(ProcessFault::Timed { strike, after, every, jitter })
    }

    /// How long after the beginning the strike with this number comes, from 0; none when there is
    /// no such strike. The jitter is a function of the key alone.
    pub fn when(&self, number: u32, key: &DrawKey) -> Option<Duration> {
        let ProcessFault::Timed { after, every, jitter, .. } = self else { return None };
        let due = match (number, every) {
            (0, _) => *after,
            (_, None) => return None,
            (_, Some(every)) => *after + every.saturating_mul(number),
        };
        let spread = usize::try_from(jitter.as_micros()).unwrap_or(usize::MAX / 4).min(usize::MAX / 4);
        let drawn = key.with(format!("strike {number}")).below(2 * spread + 1);
        let shifted = due + Duration::from_micros(drawn as u64);
        Some(shifted.saturating_sub(*jitter))
    }
}

/// An argument that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Its name.
    pub argument: &'static str,
    /// One line.
    pub message: String,
}

fn wrong(argument: &'static str, message: impl Into<String>) -> Wrong {
    Wrong { argument, message: message.into() }
}

fn duration(args: &Object, name: &'static str) -> Result<Option<Duration>, Wrong> {
    match args.get(name) {
        None | Some(Value::Absent) => Ok(None),
        Some(value) => value.as_duration().map(Some).ok_or_else(|| {
            wrong(name, format!("`{name}` must be a duration such as `500ms`, not {}", show(value)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, args: &[(&str, Value)]) -> Result<ProcessFault, Wrong> {
        let args = args.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
        ProcessFault::read(name, &args)
    }

    fn ms(ms: u64) -> Value {
        Value::duration(Duration::from_millis(ms))
    }

    #[test]
    fn strikes_come_when_the_key_says() {
        let fault = read("kill", &[("after", ms(100)), ("every", ms(50)), ("jitter", ms(20))]).unwrap();
        let times = |seed| -> Vec<Duration> {
            (0..40).filter_map(|number| fault.when(number, &DrawKey::new(seed))).collect()
        };
        assert_eq!(times(1), times(1));
        assert_ne!(times(1), times(2));
        for (number, at) in times(3).iter().enumerate() {
            let due = 100 + 50 * number as i64;
            let off = at.as_millis() as i64 - due;
            assert!((-20..=20).contains(&off), "strike {number} is {off}ms off");
        }
        let once = read("restart", &[]).unwrap();
        assert_eq!(once.when(0, &DrawKey::new(1)), Some(Duration::ZERO));
        assert_eq!(once.when(1, &DrawKey::new(1)), None);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_argument() {
        let option = |result: Result<ProcessFault, Wrong>| result.unwrap_err().argument;
        assert_eq!(option(read("kill", &[("for", ms(50)), ("every", ms(50))])), "every");
        assert_eq!(option(read("kill", &[("after", Value::int(3))])), "after");
        assert_eq!(option(read("pause", &[("every", ms(0))])), "every");
        assert_eq!(option(read("crash", &[("nth", Value::int(0))])), "nth");
        assert_eq!(option(read("crash", &[])), "nth");
    }
}
