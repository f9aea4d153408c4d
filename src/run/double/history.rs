//! What came to a double, as a history that grows: the records of [`crate::link::Calls`].

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ring::digest::{SHA256, digest};
use tokio::sync::watch;

use super::super::cx::lock;
use crate::protocol::serve::Answered;
use crate::value::{BoxFuture, Gap, Live, Object, Value};

/// Past so many bytes in all, no calls are kept: they are counted as dropped.
const ALL: usize = if cfg!(test) { 64 << 10 } else { 256 << 20 };
/// What a call costs beside its content.
const OVERHEAD: usize = 1 << 10;

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
    /// Bytes held.
    held: usize,
    /// How many were not kept.
    dropped: u64,
    /// How many came, by the digest of all that tells calls apart.
    alike: BTreeMap<Vec<u8>, u64>,
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
    /// Its index; none when there was no room to keep it.
    pub(super) number: Option<usize>,
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
    pub(super) fn begin(&self, content: &[u8], record: &Object, at_hand: &Value, start: Value) -> Noted {
        let mut calls = lock(&self.calls);
        let alike = calls.alike.entry(digest(&SHA256, content).as_ref().to_vec()).or_default();
        *alike += 1;
        let attempt = *alike;
        let number = if calls.held < ALL {
            // A body is there as it came and as what it means.
            calls.held += 2 * content.len() + OVERHEAD;
            let mut kept = Object::from_iter([(
                "to".into(),
                Value::Text(crate::value::Text { text: self.name.clone(), secret: false }),
            )]);
            kept.extend(record.clone());
            kept.insert("attempt".into(), Value::int(attempt));
            kept.insert("start".into(), start);
            calls.kept.push(Kept { record: Arc::new(kept), at_hand: at_hand.clone() });
            Some(calls.kept.len() - 1)
        } else {
            calls.dropped += 1;
            None
        };
        drop(calls);
        self.version.send_modify(|version| *version += 1);
        Noted { number, attempt }
    }

    /// Adds what was answered, or why nothing was.
    pub(super) fn finish(&self, noted: Noted, said: &[Answered], error: Option<Value>, end: Value) {
        let mut calls = lock(&self.calls);
        let Calls { kept, held, .. } = &mut *calls;
        if let Some(kept) = noted.number.and_then(|number| kept.get_mut(number)) {
            *held += said.iter().map(|one| 2 * one.body.len()).sum::<usize>();
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

    /// The calls from an index up to one, that one included. Errors: calls are missing among them.
    pub(super) fn between(&self, from: usize, noted: Noted) -> Result<Vec<Kept>, String> {
        let calls = lock(&self.calls);
        let Some(number) = noted.number else { return Err(self.hole(calls.dropped)) };
        Ok(calls.kept.get(from..=number).unwrap_or_default().to_vec())
    }

    /// Why nothing can be told from it.
    fn hole(&self, dropped: u64) -> String {
        let what = if dropped == 1 { "one call".to_owned() } else { format!("{dropped} calls") };
        format!("there was no room to keep {what} of `{}`, so the history cannot be judged", self.name)
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

    fn gap(&self) -> Option<Gap> {
        let dropped = lock(&self.calls).dropped;
        (dropped > 0).then(|| Gap::Hole(self.hole(dropped)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_no_room_for_is_a_hole_and_is_counted_all_the_same() {
        let history = History::new(&"ledger".into());
        let (record, content) = (Object::new(), vec![b'x'; ALL / 4]);
        let begin = || history.begin(&content, &record, &Value::Absent, Value::Duration(0));
        let first = begin();
        history.finish(first, &[], None, Value::Duration(1));
        assert_eq!((first.number, history.gap()), (Some(0), None));
        assert_eq!(begin().number, Some(1));
        let third = begin();
        assert_eq!((third.number, third.attempt), (None, 3));
        history.finish(third, &[], None, Value::Duration(2));
        assert_eq!(history.items().map(|items| items.len()), Some(2));
        assert_eq!(history.between(1, first).map(|kept| kept.len()), Ok(0));
        assert!(history.between(0, third).is_err_and(|why| why.contains("one call of `ledger`")));
        assert!(matches!(history.gap(), Some(Gap::Hole(why)) if why.contains("no room to keep one call")));
    }
}
