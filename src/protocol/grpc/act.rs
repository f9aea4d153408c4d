//! The verbs that act on a stream: `send`, `close`, `cancel`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use prost_reflect::MethodDescriptor;

use super::answer::Answer;
use super::call::encode;
use super::exchange::Draft;
use super::fault::Fault;
use super::invoke::End;
use super::options::{DEADLINE, Options};
use super::status::Code;
use super::stream::Stream;
use crate::protocol::{Call, ErrorKind, Misuse, Parts, Reply, Session};
use crate::value::Value;

/// A verb on a stream, with its options read.
struct Act<'a> {
    stream: &'a Stream,
    method: Option<&'a MethodDescriptor>,
    draft: Draft,
    patience: Duration,
    begun: Instant,
}

impl<'a> Act<'a> {
    fn read(call: &'a Call) -> Result<Act<'a>, Misuse> {
        let stream = call.stream.as_ref().and_then(|stream| stream.as_any().downcast_ref::<Stream>());
        let Some(stream) = stream else {
            return Err(Misuse::new(format!("`{}` needs a gRPC stream", call.verb))
                .help("a stream is what `open` gives: `let feed = open ledger.Watch { … }`"));
        };
        let patience = Options::parse(&call.options)?.deadline.unwrap_or(DEADLINE);
        let (method, draft) = (stream.draft.method.as_ref(), stream.draft.again(call));
        Ok(Act { stream, method, draft, patience, begun: Instant::now() })
    }

    /// Waits for something, at most until the deadline or the scenario's end.
    async fn wait<T>(&self, session: &Session, what: impl Future<Output = T>) -> Result<T, Fault> {
        tokio::select! {
            biased;
            () = session.cancel.cancelled() => Err(Fault::cancelled(&self.stream.shared.url)),
            done = tokio::time::timeout(self.patience, what) => {
                done.map_err(|_| Fault::deadline(&self.stream.shared.url, self.patience))
            }
        }
    }

    fn reply(&self, answer: &Answer, succeeded: bool, session: &Session) -> Reply {
        Reply {
            record: answer.record(&session.trace_id, Parts::ALL),
            succeeded,
            exchange: self.draft.exchange(Some(answer), self.begun.elapsed(), &session.redactor),
        }
    }

    fn failure(&self, fault: Fault, session: &Session) -> Reply {
        let shared = &self.stream.shared;
        let answer = Answer::new(End::Fault(fault), None, &shared.seen, None, self.begun.elapsed());
        self.reply(&answer, false, session)
    }

    fn done(&self, session: &Session) -> Reply {
        self.reply(&Answer::done(self.begun.elapsed()), true, session)
    }
}

/// `send sync { … }`. Succeeds when the message is on its way.
pub(super) async fn send(call: &Call, session: &Session) -> Result<Reply, Misuse> {
    let act = Act::read(call)?;
    if let Some(method) = act.method.filter(|method| !method.is_client_streaming()) {
        return Err(Misuse::new(format!(
            "`{}` takes no more messages: its one was sent by `open`",
            method.name()
        )));
    }
    let Some(method) = act.method else { return Ok(ended(&act, session)) };
    let empty = Value::Object(Arc::default());
    let bytes = encode(call.operand.as_ref().unwrap_or(&empty), method, "")?;
    if act.stream.answer().is_some() {
        return Ok(ended(&act, session));
    }
    let Some(sender) = act.stream.sender().clone() else {
        return Err(Misuse::new(format!(
            "the stream of `{}` was closed by `close`: nothing can be sent on it",
            method.name()
        )));
    };
    match act.wait(session, sender.send(bytes)).await {
        Ok(Ok(())) => Ok(act.done(session)),
        // The reader is gone: the stream is over, or will be in a moment.
        Ok(Err(_)) => match act.wait(session, act.stream.shared.over()).await {
            Ok(_) => Ok(ended(&act, session)),
            Err(fault) => Ok(act.failure(fault, session)),
        },
        Err(fault) => Ok(act.failure(fault, session)),
    }
}

/// The message could not be sent, because the stream had ended.
fn ended(act: &Act<'_>, session: &Session) -> Reply {
    let Some(end) = act.stream.answer() else { return act.done(session) };
    let mut answer = (*end).clone();
    if answer.succeeded() {
        // `OK` would read as if the message had been taken.
        let message = "the stream had ended with OK before this message was sent";
        answer.error = Some(Fault::new(ErrorKind::Reset, Code::OK, message));
    }
    act.reply(&answer, false, session)
}

/// `close upload`. Where one answer comes back, waits for it.
pub(super) async fn close(call: &Call, session: &Session) -> Result<Reply, Misuse> {
    let act = Act::read(call)?;
    if let Some(method) = act.method.filter(|method| !method.is_client_streaming()) {
        return Err(Misuse::new(format!(
            "`{}` takes one message, so its side is closed already",
            method.name()
        ))
        .help("`cancel` ends the whole stream"));
    }
    drop(act.stream.sender().take());
    let answers = act.method.is_some_and(MethodDescriptor::is_server_streaming);
    if answers && act.stream.answer().is_none() {
        return Ok(act.done(session));
    }
    match act.wait(session, act.stream.shared.over()).await {
        Ok(Some(answer)) => Ok(act.reply(&answer, answer.succeeded(), session)),
        Ok(None) => Ok(act.done(session)),
        Err(fault) => {
            // Whoever waited has given up: so does the call.
            act.stream.stop.cancel();
            Ok(act.failure(fault, session))
        }
    }
}

/// `cancel feed`. Says how the stream ended; that it did is a success.
pub(super) async fn cancel(call: &Call, session: &Session) -> Result<Reply, Misuse> {
    let act = Act::read(call)?;
    act.stream.stop.cancel();
    match act.wait(session, act.stream.shared.over()).await {
        Ok(Some(answer)) => Ok(act.reply(&answer, true, session)),
        Ok(None) => Ok(act.done(session)),
        Err(fault) => Ok(act.failure(fault, session)),
    }
}
