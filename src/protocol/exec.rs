//! Commands as a protocol: exit code, standard output, standard error.

mod options;
mod output;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::names::Names;
use super::{Call, CallPlace, Endpoint, ErrorKind, Misuse, Protocol, Reply, Session};
use crate::event::{BODY_LIMIT, Exchange};
use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::system::{Exit, ProcessSpec, Word, shell_line, split_words};
use crate::value::BoxFuture;
use crate::value::{Object, Redactor, Value, show};
use options::Options;
use output::{End, Output};

/// How long a command that took too long may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);

const OWN: Names = Names("exec");

/// The names of commands.
pub const SPECS: &[Spec] = &[
    Spec::new(Kind::Verb, "exec", "exec", "runs a command, without a shell, and waits for its end")
        .params(&[Param::required(
            "command",
            Ty::Text,
            "the program and its arguments, split at white space; quotes as in a shell, nothing is expanded",
        )])
        .example("exec \"./ledgerctl compact\" with { timeout: 10s }")
        .safety(Safety::Unsafe),
    OWN.option(
        "dir",
        &[Param::new("value", Ty::Text, "a directory, from that of the module")],
        "where the command runs; otherwise the directory of the module",
        "exec \"make seed\" with { dir: \"./tools\" }",
    ),
    OWN.option(
        "env",
        &[Param::new("value", Ty::Object, "names and values")],
        "variables of the command's environment, besides the runner's own",
        "exec \"./ledgerctl list\" with { env: { LEDGER_ADDR: ledger.addr } }",
    ),
    OWN.option(
        "stdin",
        &[Param::new("value", Ty::Any, "text, bytes, or an object or list, which is sent as JSON")],
        "what the command reads; nothing unless given",
        "exec \"./ledgerctl import\" with { stdin: { entries: [] } }",
    ),
    OWN.option(
        "timeout",
        &[Param::new("value", Ty::Duration, "60s unless given")],
        "how long the command may run; its whole process group is ended then",
        "exec \"./ledgerctl compact\" with { timeout: 5m }",
    ),
    OWN.option(
        "limit",
        &[Param::new("value", Ty::Size, "16MiB unless given")],
        "how much each of its outputs may write",
        "exec \"./ledgerctl dump\" with { limit: 64MiB }",
    ),
    OWN.part("exit_code", "the exit code; null when a signal killed it", "expect exit_code == 0"),
    OWN.part("status", "the same as `exit_code`", "expect status == 2"),
    OWN.part("signal", "the name of the signal that killed it, or null", "expect signal == \"SIGKILL\""),
    OWN.part(
        "stdout",
        "what it wrote to standard output; bytes when that is no UTF-8",
        "expect stdout contains \"compacted\"",
    ),
    OWN.part("stderr", "what it wrote to standard error; bytes when that is no UTF-8", "expect stderr == \"\""),
    OWN.part("latency", "how long it ran", "expect latency < 2s"),
    OWN.part(
        "error",
        "why it has no exit code: `kind` is refused (it could not be started), timeout, cancelled, or protocol (it wrote too much), and `message` says more",
        "expect error.kind == \"timeout\"",
    ),
];

/// Runs commands.
#[derive(Debug, Default)]
pub struct Exec;

impl Protocol for Exec {
    fn name(&self) -> &'static str {
        "exec"
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
    let words = words(call)?;
    let options = Options::read(&call.options, &session.dir)?;
    let mut exchange = exchange(&words, &options, session);
    let spec = ProcessSpec {
        argv: words.into_iter().map(|word| word.text).collect(),
        dir: options.dir,
        env: options.env.into_iter().map(|(name, value)| (name, value.text)).collect(),
        stdin: options.stdin,
    };
    let began = Instant::now();
    let (end, output) = match session.processes.spawn(&spec) {
        Ok(mut process) => {
            let mut output = Output::of(&mut process, options.limit);
            let end = output.gather(&process, began + options.timeout, &session.cancel).await;
            match &end {
                End::Exit(_) => {}
                End::Timeout => drop(process.terminate(GRACE).await),
                End::Cancelled | End::TooMuch(_) => drop(process.kill_now().await),
            }
            (Ok(end), output.take())
        }
        Err(error) => (Err(error), Default::default()),
    };
    let latency = began.elapsed();
    let failed = match end {
        Ok(End::Exit(exit)) => return Ok(ended(exit, output, latency, exchange, &session.redactor)),
        Ok(End::Timeout) => (
            ErrorKind::Timeout,
            format!("it was still running after {}", show(&Value::duration(options.timeout))),
        ),
        Ok(End::Cancelled) => (ErrorKind::Cancelled, "the scenario ended first".to_owned()),
        Ok(End::TooMuch(stream)) => (
            ErrorKind::Protocol,
            format!("it wrote more than {} bytes to {stream}; `limit` allows more", options.limit),
        ),
        Err(error) => (
            ErrorKind::Refused,
            error.help.map_or(error.message.clone(), |help| format!("{}; {help}", error.message)),
        ),
    };
    let (kind, message) = failed;
    let message = session.redactor.mask(&message).into_owned();
    exchange.response = message.clone();
    exchange.response_body = shown(&output, &session.redactor);
    exchange.phases = phases(latency);
    let (stdout, stderr) = output;
    let record = Value::object([
        ("stdout", text_or_bytes(stdout)),
        ("stderr", text_or_bytes(stderr)),
        ("latency", Value::duration(latency)),
        ("error", kind.record(message)),
    ]);
    Ok(Reply { record, succeeded: false, exchange })
}

fn words(call: &Call) -> Result<Vec<Word>, Misuse> {
    let advice = "write `exec \"./ledgerctl compact\"`";
    if let Some(endpoint) = &call.endpoint {
        return Err(Misuse::new(format!("`exec` takes a command, not the service `{}`", endpoint.service))
            .help(advice));
    }
    if call.operand.is_some() {
        return Err(Misuse::new("`exec` takes no body").help("what the command reads is the option `stdin`"));
    }
    match &call.place {
        Some(CallPlace::Text(pieces)) => split_words(pieces).map_err(Misuse::new),
        _ => Err(Misuse::new("`exec` takes a command in quotes").help(advice)),
    }
}

fn ended(
    exit: Exit,
    output: (Vec<u8>, Vec<u8>),
    latency: Duration,
    mut exchange: Exchange,
    redactor: &Redactor,
) -> Reply {
    exchange.response = exit.to_string();
    exchange.response_body = shown(&output, redactor);
    exchange.phases = phases(latency);
    let code = exit.code.map_or(Value::Null, Value::int);
    let record = Value::object([
        ("exit_code", code.clone()),
        ("status", code),
        ("signal", exit.signal_name().map_or(Value::Null, Value::text)),
        ("stdout", text_or_bytes(output.0)),
        ("stderr", text_or_bytes(output.1)),
        ("latency", Value::duration(latency)),
    ]);
    Reply { record, succeeded: exit.is_success(), exchange }
}

fn text_or_bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::text(text),
        Err(error) => Value::bytes(error.into_bytes()),
    }
}

fn phases(latency: Duration) -> Vec<(String, u64)> {
    vec![("total".to_owned(), u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))]
}

/// Both outputs as one text for the report: the end of each, where errors stand.
fn shown((stdout, stderr): &(Vec<u8>, Vec<u8>), redactor: &Redactor) -> String {
    let end = |bytes: &Vec<u8>| {
        let text = String::from_utf8_lossy(bytes);
        let masked = redactor.mask(&text);
        let skipped = masked.len().saturating_sub(BODY_LIMIT / 2);
        let start = (skipped..=masked.len()).find(|at| masked.is_char_boundary(*at)).unwrap_or(0);
        if start == 0 {
            masked.into_owned()
        } else {
            format!("… {start} bytes before these left out\n{}", &masked[start..])
        }
    };
    match (stdout.is_empty(), stderr.is_empty()) {
        (_, true) => end(stdout),
        (true, false) => end(stderr),
        (false, false) => format!("{}\n--- stderr ---\n{}", end(stdout).trim_end(), end(stderr)),
    }
}

fn exchange(words: &[Word], options: &Options, session: &Session) -> Exchange {
    let line = session.redactor.mask(&shell_line(words)).into_owned();
    let masked = |text: &str| session.redactor.mask(text).into_owned();
    let mut shell = String::new();
    if options.dir != session.dir {
        shell = format!("cd {} && ", crate::value::words::shell_quote(&options.dir.display().to_string()));
    }
    for (name, value) in &options.env {
        shell.push_str(&format!("{name}={} ", shell_line(std::slice::from_ref(value))));
    }
    shell.push_str(&line);
    Exchange {
        protocol: "exec".to_owned(),
        request: format!("exec {line}"),
        request_body: masked(&options.stdin_shown),
        shell: masked(&shell),
        ..Exchange::default()
    }
}

/// The end of a [`Call`] for tests and for the runner's own commands: a command as written.
pub fn command(text: impl Into<Arc<str>>, options: Object) -> Call {
    Call {
        verb: "exec".into(),
        endpoint: None,
        stream: None,
        members: Vec::new(),
        place: Some(CallPlace::Text(vec![super::Piece::Text(text.into())])),
        operand: None,
        options,
        span: None,
        reads: crate::protocol::Parts::ALL,
    }
}

#[cfg(test)]
mod tests;
