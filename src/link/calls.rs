//! What passed over a link, as a history: one record a call, documented in [`Calls`].

use std::any::Any;
use std::sync::Arc;

use super::Spec;
use crate::value::{BoxFuture, Live, Value};

/// The calls of a link in the order of their starts. A record is
///
/// ```text
/// { from, to,                   the ends of the link
///   method, path,               `POST`, `/v1/orders?x=1`; `Post`, `/ledger.v1.Ledger/Post`
///   headers,                    of the request, names in lower case
///   body, request,              both the decoded request: JSON or text; the message or messages
///   raw,                        its bytes, absent when they were too many to keep
///   response,                   { status headers body trailers sent }; absent without one; `sent`
///                               is false when the link hid it: the true outcome, which the caller
///                               never heard
///   error,                      { kind message }, as in responses; absent without one
///   faults,                     the names of the faults that hit it, in order
///   attempt,                    counts from 1 among calls with the same method, path and body
///   start, end,                 durations since the run began; `end` is absent while it lasts
///   request_size, response_size bytes of the bodies
///   trace }                     the trace id of its `traceparent`, absent without one
/// ```
#[derive(Debug)]
pub struct Calls {
    name: Arc<str>,
}

impl Calls {
    pub(super) fn new(spec: &Spec) -> Calls {
        Calls { name: format!("{} -> {}", spec.from, spec.to).into() }
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
        (name == "count").then(|| Value::int(0))
    }

    fn fields(&self) -> &'static [&'static str] {
        &["count"]
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(Vec::new())
    }

    fn version(&self) -> u64 {
        0
    }

    fn changed(&self, _seen: u64) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn is_over(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
