//! `open`: begins a stream, and hands it to the scenario.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Grpc;
use super::call::Request;
use super::fault::{Fault, Stop};
use super::options::DEADLINE;
use super::stream::Stream;
use crate::protocol::{Call, Misuse, Reply, Session};
use crate::value::{Live, Value};

/// How long `open` waits for a server that streams to begin its answer. A server that sends its
/// headers when it has subscribed the client is waited for; one that sends them only with the
/// first message (as Go's does) cannot be.
const SETTLE: Duration = Duration::from_millis(200);

impl Grpc {
    /// `open ledger.Watch { … }`.
    pub(super) async fn open(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let request = Request::read(call, session)?;
        let patience = request.options.deadline.unwrap_or(DEADLINE);
        let url = request.target.url.clone();
        let (mut draft, begun) = (request.draft(), Instant::now());
        let prepared = tokio::select! {
            biased;
            () = session.cancel.cancelled() => Err(Stop::Fault(Fault::cancelled(&url))),
            prepared = tokio::time::timeout(patience, self.prepare(&request, &mut draft, session)) => match prepared {
                Ok(prepared) => prepared,
                Err(_) => Err(Stop::Fault(Fault::deadline(&url, patience))),
            },
        };
        let stream = match prepared {
            Ok(prepared) => Stream::start(&request, prepared, draft.clone(), begun, session),
            Err(Stop::Fault(fault)) => Stream::failed(draft.clone(), fault, begun, session),
            Err(Stop::Misuse(misuse)) => return Err(misuse),
        };
        if stream.waits_for_answer() {
            let _ = tokio::time::timeout(SETTLE, stream.begun()).await;
        }
        let answer = stream.answer();
        let exchange = draft.exchange(answer.as_deref(), begun.elapsed(), &session.redactor);
        let succeeded = answer.is_none_or(|answer| answer.succeeded());
        let live: Arc<dyn Live> = Arc::new(stream);
        Ok(Reply { record: Value::Live(live), succeeded, exchange })
    }
}
