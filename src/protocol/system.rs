//! What scenarios do to services as processes: `kill ledger`, `restart orders`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{Call, Endpoint, ErrorKind, Misuse, Protocol, Reply, Session};
use crate::diag::did_you_mean;
use crate::event::{Detail, Exchange, Failure};
use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::system::{Exit, Service};
use crate::value::BoxFuture;
use crate::value::{Live, Value, show_short};

const VERBS: [&str; 7] = ["kill", "stop", "start", "restart", "pause", "resume", "ping"];
const SIGNALS: &[&str] =
    &["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGABRT", "SIGUSR1", "SIGUSR2"];

const SERVICE: &[Param] = &[Param::required("service", Ty::Name, "a service that the run started")];

const fn verb(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Verb, "system", name, summary).params(SERVICE).example(example).safety(Safety::Unsafe)
}

/// The names of what is done to services as processes.
pub const SPECS: &[Spec] = &[
    verb(
        "kill",
        "ends a service at once with SIGKILL, or with the option `signal`, and waits for its end",
        "kill ledger",
    ),
    verb(
        "stop",
        "ends a service with SIGTERM, and with SIGKILL after the grace; waits for its end",
        "stop ledger with { grace: 2s }",
    ),
    verb("start", "starts a service that was killed or stopped, and waits until it is ready", "start ledger"),
    verb(
        "restart",
        "ends a service as `stop` does, starts it again and waits until it is ready",
        "restart ledger with { grace: 10s }",
    ),
    verb("pause", "stops a service from running (SIGSTOP), without its connections noticing", "pause ledger"),
    verb("resume", "lets a paused service run on (SIGCONT)", "resume ledger"),
    Spec::new(
        Kind::Verb,
        "system",
        "ping",
        "asks a service once whether it is well, as its `ready` does; without one, whether its port accepts",
    )
    .params(&[Param::required("service", Ty::Name, "a service")])
    .example("ping ledger")
    .safety(Safety::Safe),
    Spec::new(
        Kind::Option,
        "system",
        "grace",
        "how long a service may take to end after SIGTERM, for `stop` and `restart`",
    )
    .params(&[Param::new("value", Ty::Duration, "5s unless given")])
    .example("restart ledger with { grace: 10s }"),
    Spec::new(
        Kind::Option,
        "system",
        "variant",
        "the variant as which `restart` starts the service; until the scenario ends",
    )
    .params(&[Param::new("value", Ty::Word, "a `variant` that the service declares")])
    .example("restart ledger with { variant: v1 }"),
    Spec::new(
        Kind::Option,
        "system",
        "env",
        "variables with which `restart` starts the service, beside those of its `env`; until the scenario ends",
    )
    .params(&[Param::new("value", Ty::Object, "names with their values")])
    .example("restart orders with { env: { CACHE: \"off\" } }"),
    Spec::new(Kind::Option, "system", "signal", "the signal of `kill`")
        .params(&[Param::new("value", Ty::OneOf(SIGNALS), "SIGKILL unless given")])
        .example("kill ledger with { signal: \"SIGTERM\" }"),
    Spec::new(
        Kind::Response,
        "system",
        "exit",
        "how the process ended: `status code signal`; absent for verbs that end none",
    )
    .example("expect exit.signal == \"SIGKILL\""),
    Spec::new(
        Kind::Response,
        "system",
        "pid",
        "the number of the process that runs now; absent when none does",
    )
    .example("show pid"),
    Spec::new(Kind::Response, "system", "latency", "how long it took, readiness included")
        .example("expect latency < 5s"),
    Spec::new(
        Kind::Response,
        "system",
        "error",
        "why it did not succeed: `kind` is timeout, refused or cancelled, and `message` says more",
    )
    .example("expect error.kind == \"timeout\""),
];

/// Does things to services as processes.
#[derive(Debug, Default)]
pub struct System;

impl Protocol for System {
    fn name(&self) -> &'static str {
        "system"
    }

    fn specs(&self) -> &'static [Spec] {
        SPECS
    }

    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
        Box::pin(perform(call, session))
    }

    fn healthy<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

async fn perform(call: &Call, session: &Session) -> Result<Reply, Misuse> {
    let verb = call.verb.clone();
    let live = call.stream.clone();
    let service = service(&verb, live.as_ref())?;
    let options = Options::read(call)?;
    if !service.is_ours() && &*verb != "ping" {
        let message =
            format!("`{}` was not started by this run, so `{verb}` cannot reach its process", service.name());
        return Err(
            Misuse::new(message).help("a service `at` an address, or of an `--env`, is not ours to end")
        );
    }
    let began = Instant::now();
    let done = tokio::select! {
        biased;
        () = session.cancel.cancelled() => Done::failed(ErrorKind::Cancelled, "the scenario ended first"),
        done = act(&verb, service, &options) => done,
    };
    Ok(done.reply(&verb, service, began.elapsed(), session))
}

fn service<'a>(verb: &str, live: Option<&'a Arc<dyn Live>>) -> Result<&'a Service, Misuse> {
    let advice = format!("write `{verb} ledger`");
    match live {
        None => Err(Misuse::new(format!("`{verb}` takes a service")).help(advice)),
        Some(live) => live.as_any().downcast_ref::<Service>().ok_or_else(|| {
            Misuse::new(format!("`{verb}` takes a service, not the {} `{}`", live.kind(), live.name()))
                .help(advice)
        }),
    }
}

struct Options {
    grace: Option<Duration>,
    signal: Signal,
}

impl Options {
    fn read(call: &Call) -> Result<Options, Misuse> {
        let mut options = Options { grace: None, signal: Signal::SIGKILL };
        let known: &[&str] = match &*call.verb {
            "kill" => &["signal"],
            "stop" | "restart" => &["grace"],
            _ => &[],
        };
        for (name, value) in &call.options {
            if !known.contains(&&**name) {
                let misuse = Misuse::option(&**name, format!("`{}` has no option `{name}`", call.verb));
                return Err(match did_you_mean(name, known.iter().copied()) {
                    Some(advice) => misuse.help(advice),
                    None => misuse,
                });
            }
            let wrong = |wanted: &str| {
                let got = format!("`{name}` takes {wanted}, not {}", show_short(value, 60));
                Misuse::option(&**name, got)
            };
            if &**name == "grace" {
                options.grace = Some(value.as_duration().ok_or_else(|| wrong("a duration such as `10s`"))?);
            } else {
                let signal =
                    value.as_text().filter(|text| SIGNALS.contains(text)).and_then(|text| text.parse().ok());
                options.signal = signal.ok_or_else(|| wrong("the name of a signal such as `\"SIGTERM\"`"))?;
            }
        }
        Ok(options)
    }
}

/// What came of it.
struct Done {
    exit: Option<Exit>,
    error: Option<(ErrorKind, String)>,
    /// The log of a failed start.
    details: Vec<Detail>,
}

impl Done {
    fn ended(exit: Option<Exit>) -> Done {
        Done { exit, error: None, details: Vec::new() }
    }

    fn failed(kind: ErrorKind, message: impl Into<String>) -> Done {
        Done { exit: None, error: Some((kind, message.into())), details: Vec::new() }
    }

    fn of(result: Result<(), String>) -> Done {
        result.map_or_else(|why| Done::failed(ErrorKind::Refused, why), |()| Done::ended(None))
    }

    fn started(result: Result<(), Failure>, service: &Service) -> Done {
        match result {
            Ok(()) => Done::ended(None),
            Err(failure) => {
                // One that was not ready in time was ended by us; any other refused by itself.
                let asked = service.exits().last().is_some_and(|end| end.expected);
                let kind = if asked { ErrorKind::Timeout } else { ErrorKind::Refused };
                Done { details: failure.details, ..Done::failed(kind, failure.message) }
            }
        }
    }

    fn reply(self, verb: &str, service: &Service, latency: Duration, session: &Session) -> Reply {
        let succeeded = self.error.is_none();
        let mut record = vec![("service", Value::text(service.name()))];
        record.extend(self.exit.map(|exit| ("exit", exit_record(exit))));
        record.extend(service.pid().map(|pid| ("pid", Value::int(pid))));
        record.push(("latency", Value::duration(latency)));
        let response = match (&self.error, self.exit) {
            (Some((kind, message)), _) => {
                record.push(("error", kind.record(message.as_str())));
                message.clone()
            }
            (None, Some(exit)) => exit.to_string(),
            (None, None) => "done".to_owned(),
        };
        let exchange = Exchange {
            protocol: "system".to_owned(),
            service: Some(service.name().to_string()),
            request: format!("{verb} {}", service.name()),
            response: session.redactor.mask(&response).into_owned(),
            response_body: text(&self.details),
            phases: vec![("total".to_owned(), u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))],
            ..Exchange::default()
        };
        Reply { record: Value::object(record), succeeded, exchange }
    }
}

async fn act(verb: &str, service: &Service, options: &Options) -> Done {
    match verb {
        "kill" => match service.kill(options.signal).await {
            Ok(exit) => Done::ended(Some(exit)),
            Err(why) if service.is_running() => Done::failed(ErrorKind::Timeout, why),
            Err(why) => Done::failed(ErrorKind::Refused, why),
        },
        "stop" => Done::ended(service.stop(options.grace).await),
        "start" => {
            if service.is_running() {
                return Done::failed(ErrorKind::Refused, format!("`{}` is already running", service.name()));
            }
            Done::started(service.start_again().await, service)
        }
        "restart" => Done::started(service.restart(options.grace).await, service),
        "pause" => Done::of(service.pause()),
        "resume" => Done::of(service.resume()),
        "ping" => match service.is_well().await {
            Ok(()) => Done::ended(None),
            Err(why) => Done::failed(ErrorKind::Refused, format!("`{}` is not well: {why}", service.name())),
        },
        other => {
            let advice = did_you_mean(other, VERBS).unwrap_or_default();
            Done::failed(ErrorKind::Refused, format!("a service cannot be told to `{other}` {advice}"))
        }
    }
}

fn exit_record(exit: Exit) -> Value {
    Value::object([
        ("status", Value::text(exit.to_string())),
        ("code", exit.code.map_or(Value::Null, Value::int)),
        ("signal", exit.signal_name().map_or(Value::Null, Value::text)),
    ])
}

/// The details of a failure as lines; they are masked already.
fn text(details: &[Detail]) -> String {
    let mut lines = Vec::new();
    for detail in details {
        match detail {
            Detail::Note { text } => lines.push(text.clone()),
            Detail::Lines { title, lines: more } => {
                lines.push(format!("{title}:"));
                lines.extend(more.iter().cloned());
            }
            _ => {}
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests;
