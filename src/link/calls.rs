//! What passed over a link, as a history: one record a call, documented in [`Calls`].

pub(super) mod log;
mod record;

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use log::{Entry, Log, Mark};

use crate::value::{BoxFuture, Gap, Live, Value};

/// The calls of a link in the order of their starts. A record is
///
/// ```text
/// { from, to,                   the ends of the link
///   method, path,               `POST`, `/v1/orders?x=1`; `Post`, `/ledger.v1.Ledger/Post`
///   headers,                    of the request, names in lower case
///   body, request,              both the decoded request: JSON or text; the message or messages
///   raw,                        its bytes as sent, absent when they were too many to keep
///   response,                   { status headers body trailers sent }, of gRPC also `code`,
///                               `message` and `details`; absent without one; `sent`
///                               is false when a fault hid, cut or changed it: the true outcome,
///                               which the caller never heard
///   error,                      { kind message }, as in responses; absent without one
///   faults,                     the names of the faults that hit it, in order
///   attempt,                    counts from 1 among calls with the same method, path and body
///   start, end,                 durations since the run began; `end` is absent while it lasts
///   request_size, response_size bytes of the bodies
///   trace }                     the trace id of its `traceparent`, absent without one
/// ```
///
/// A body that was too large to keep, did not come whole, or is not what its headers say is
/// `unreadable({ message })`, which equals nothing. Calls past the memory for them are not kept, but
/// counted in [`Calls::dropped`], and so are connections that were not understood: a history with a
/// hole proves nothing.
#[derive(Debug, Clone)]
pub struct Calls {
    name: Arc<str>,
    /// Several links of one name, such as those to the members of a service, with the place that
    /// each is read from.
    logs: Vec<(Arc<Log>, Mark)>,
    method: Option<Arc<str>>,
}

const FIELDS: &[&str] = &["count", "items", "first", "last", "dropped"];

impl Calls {
    pub(super) fn new(log: Arc<Log>) -> Calls {
        let name = format!("{} -> {}", log.from, log.to).into();
        Calls { name, logs: vec![(log, Mark::default())], method: None }
    }

    /// Only the calls of a method: the HTTP method, or the gRPC method by its short name.
    #[must_use]
    pub fn of(&self, method: &str) -> Arc<Calls> {
        let name = format!("{}.{method}", self.name).into();
        Arc::new(Calls { name, logs: self.logs.clone(), method: Some(method.into()) })
    }

    /// Only the calls that start from now on.
    #[must_use]
    pub fn from_now(&self) -> Arc<Calls> {
        let logs = self.logs.iter().map(|(log, _)| (log.clone(), log.end())).collect();
        Arc::new(Calls { logs, ..self.clone() })
    }

    /// The calls of several links as one history, in the order of their starts; the name is the
    /// first one's.
    #[must_use]
    pub fn merged(all: &[Arc<Calls>]) -> Arc<Calls> {
        let first = all.first().map_or_else(|| "calls".into(), |calls| calls.name.clone());
        let method = all.first().and_then(|calls| calls.method.clone());
        let logs = all.iter().flat_map(|calls| calls.logs.iter().cloned()).collect();
        Arc::new(Calls { name: first, logs, method })
    }

    /// Frees the calls before those of this history, which no other history sees any more then.
    pub fn forget_before(&self) {
        for (log, from) in &self.logs {
            log.forget(*from);
        }
    }

    /// How many calls were not kept since there was no room.
    pub fn dropped(&self) -> u64 {
        self.logs.iter().map(|(log, from)| log.dropped(*from)).sum()
    }

    /// How many connections, since the links stand, were not understood: what passed on them no fault
    /// of messages could hit.
    pub fn missed(&self) -> u64 {
        self.logs.iter().map(|(log, _)| log.missed()).sum()
    }

    /// The `response` of the last call with this `traceparent` header whose answer the link hid: the
    /// true outcome of a request that seems to have failed; with the `end` of the call, since then
    /// the link had it.
    pub fn hidden(&self, traceparent: &str) -> Option<Value> {
        let entries = self.entries();
        let found = entries.iter().rev().find(|(_, entry)| {
            let state = entry.state();
            let hidden = state.hidden && state.answered;
            drop(state);
            hidden && record::parent(entry).as_deref() == Some(traceparent)
        });
        let (log, entry) = found?;
        let record = record::of(log, entry);
        let call = record.as_object()?;
        let mut response = call.get("response")?.as_object()?.clone();
        response.extend(call.get("end").map(|end| ("end".into(), end.clone())));
        Some(Value::Object(Arc::new(response)))
    }

    fn entries(&self) -> Vec<(&Log, Arc<Entry>)> {
        let all = self
            .logs
            .iter()
            .flat_map(|(log, from)| log.since(*from).into_iter().map(move |entry| (&**log, entry)));
        let fits = |entry: &Entry| self.method.as_ref().is_none_or(|method| entry.head.name() == &**method);
        let mut entries: Vec<_> = all.filter(|(_, entry)| fits(entry)).collect();
        if self.logs.len() > 1 {
            entries.sort_by_key(|(_, entry)| entry.start);
        }
        entries
    }

    fn records(&self) -> Vec<Value> {
        let mut attempts = BTreeMap::new();
        let numbered = |(log, entry): (&Log, Arc<Entry>)| {
            let attempt = attempts.entry(record::same(&entry)).or_insert(0);
            *attempt += 1;
            record::numbered(record::of(log, &entry), *attempt)
        };
        self.entries().into_iter().map(numbered).collect()
    }
}

impl Live for Calls {
    fn kind(&self) -> &'static str {
        "calls"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "count" => Value::int(self.entries().len() as i128),
            "items" => Value::list(self.records()),
            "first" => self.records().into_iter().next().unwrap_or(Value::Absent),
            "last" => self.records().pop().unwrap_or(Value::Absent),
            "dropped" => Value::int(self.dropped()),
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.records())
    }

    fn version(&self) -> u64 {
        self.logs.iter().map(|(log, _)| log.version()).sum()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let calls = self.clone();
        Box::pin(async move {
            loop {
                let mut waits: Vec<_> =
                    calls.logs.iter().map(|(log, _)| Box::pin(log.changes().notified())).collect();
                for wait in &mut waits {
                    wait.as_mut().enable();
                }
                if calls.version() != seen || waits.is_empty() {
                    return;
                }
                futures_util::future::select_all(waits).map(drop).await;
            }
        })
    }

    fn is_over(&self) -> bool {
        false
    }

    fn gap(&self) -> Option<Gap> {
        let what = match self.dropped() {
            0 => return None,
            1 => "one call or connection".to_owned(),
            count => format!("{count} calls or connections"),
        };
        Some(Gap::Hole(format!(
            "{what} over `{}` could not be understood or kept, so the history cannot be judged",
            self.name
        )))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
