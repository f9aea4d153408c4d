//! What came to a double, as a history that grows: the records of [`crate::link::Calls`].

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::super::cx::lock;
use crate::protocol::serve::{Answered, Received};
use crate::value::{BoxFuture, Live, Object, Value};

/// The calls of a double in the order in which they came.
#[derive(Debug)]
pub(crate) struct History {
    name: Arc<str>,
    calls: Mutex<Calls>,
    version: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Calls {
    kept: Vec<Kept>,
    /// How many came, by all that tells calls apart.
    alike: BTreeMap<Arc<[u8]>, u64>,
}

/// One call.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The record so far.
    pub(super) record: Arc<Object>,
    /// What `.x` speaks of.
    pub(super) at_hand: Value,
}

/// A call that was written down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    /// Its index.
    pub(super) number: usize,
    /// How many like it came, this one included.
    pub(super) attempt: u64,
}

impl History {
    pub(super) fn new(service: &Arc<str>) -> History {
        History { name: service.clone(), calls: Mutex::default(), version: watch::Sender::new(0) }
    }

    /// The service that is called.
    pub(super) fn service(&self) -> &str {
        &self.name
    }

    /// Writes a call down as it comes; `start` counts from the beginning of the run.
    pub(super) fn begin(&self, call: &Received, start: Value) -> Noted {
        let mut calls = lock(&self.calls);
        let alike = calls.alike.entry(call.content.as_slice().into()).or_default();
        *alike += 1;
        let attempt = *alike;
        let mut record = Object::from_iter([(
            "to".into(),
            Value::Text(crate::value::Text { text: self.name.clone(), secret: false }),
        )]);
        record.extend(call.record.clone());
        record.insert("attempt".into(), Value::int(attempt));
        record.insert("start".into(), start);
        calls.kept.push(Kept { record: Arc::new(record), at_hand: call.at_hand.clone() });
        let number = calls.kept.len() - 1;
        drop(calls);
        self.version.send_modify(|version| *version += 1);
        Noted { number, attempt }
    }

    /// Adds what was answered, or why nothing was.
    pub(super) fn finish(&self, number: usize, said: &[Answered], error: Option<Value>, end: Value) {
        let mut calls = lock(&self.calls);
        if let Some(kept) = calls.kept.get_mut(number) {
            let record = Arc::make_mut(&mut kept.record);
            if let Some(response) = response(said) {
                record.insert("response".into(), response);
            }
            if let Some(error) = error {
                record.insert("error".into(), error);
            }
            record.insert("end".into(), end);
        }
        drop(calls);
        self.version.send_modify(|version| *version += 1);
    }

    /// The calls up to one.
    pub(super) fn up_to(&self, number: usize) -> Vec<Kept> {
        lock(&self.calls).kept.iter().take(number + 1).cloned().collect()
    }
}

/// What was said in all: of a stream, every message.
fn response(said: &[Answered]) -> Option<Value> {
    let (last, before) = said.split_last()?;
    let mut response = last.response.clone();
    if !before.is_empty() {
        let bodies = said.iter().filter_map(|one| one.response.get("body"));
        let bodies = bodies.flat_map(|body| match body {
            Value::List(items) => items.to_vec(),
            Value::Absent => Vec::new(),
            one => vec![one.clone()],
        });
        response.insert("body".into(), Value::list(bodies.collect()));
        if let Some(headers) = before[0].response.get("headers") {
            response.insert("headers".into(), headers.clone());
        }
    }
    response.insert("sent".into(), Value::Bool(true));
    Some(Value::Object(Arc::new(response)))
}

impl Live for History {
    fn kind(&self) -> &'static str {
        "calls"
    }

    fn name(&self) -> Arc<str> {
        format!("{}.calls", self.name).into()
    }

    fn field(&self, name: &str) -> Option<Value> {
        (name == "count").then(|| Value::int(lock(&self.calls).kept.len() as i128))
    }

    fn fields(&self) -> &'static [&'static str] {
        &["count", "first", "last"]
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(lock(&self.calls).kept.iter().map(|kept| Value::Object(kept.record.clone())).collect())
    }

    fn version(&self) -> u64 {
        *self.version.borrow()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let mut version = self.version.subscribe();
        Box::pin(async move {
            // It ends with the double, and nothing changes any more.
            let _ = version.wait_for(|version| *version != seen).await;
        })
    }

    fn is_over(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
