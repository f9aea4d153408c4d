//! What an `observe` has seen so far, as a live value.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::event::Failure;
use crate::value::{BoxFuture, Gap, Live, Object, Stopwatch, Value};

/// An observation keeps about this many bytes. Past it, it ends and proves nothing.
const MAX_KEPT: usize = if cfg!(test) { 1 << 16 } else { 128 << 20 };
/// What a record costs beside the text in it.
const OVERHEAD: usize = 256;

const FIELDS: &[&str] = &["count", "items", "first", "last", "closed"];

/// A history under a name of its own, from where the scenario began to observe to the end of the
/// block around it.
#[derive(Debug)]
pub(crate) struct Observation {
    name: Arc<str>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// Asked again and again, by a task that ends when nobody holds this any more.
    Asked { history: Arc<History>, stop: CancellationToken, _guard: DropGuard },
    /// The records of another history from this position on.
    Heard { live: Arc<dyn Live>, from: usize, ended: watch::Sender<Option<Ended>> },
}

/// What another history had come to when its observation ended.
#[derive(Debug, Clone)]
struct Ended {
    items: Vec<Value>,
    times: Vec<(i64, Option<i64>)>,
    version: u64,
    gap: Option<Gap>,
}

impl Observation {
    /// Of what is asked until `stop`; answers go to the history.
    pub(super) fn asked(name: Arc<str>, history: Arc<History>, stop: CancellationToken) -> Observation {
        Observation { name, source: Source::Asked { history, _guard: stop.clone().drop_guard(), stop } }
    }

    /// Of what another history tells from now on.
    pub(super) fn heard(name: Arc<str>, live: Arc<dyn Live>) -> Observation {
        let from = live.items().map_or(0, |items| items.len());
        Observation { name, source: Source::Heard { live, from, ended: watch::Sender::new(None) } }
    }

    /// How contracts were broken while it asked; told once.
    pub(super) fn take_breaches(&self) -> Vec<Failure> {
        match &self.source {
            Source::Asked { history, .. } => std::mem::take(&mut history.seen().breaches),
            Source::Heard { .. } => Vec::new(),
        }
    }
}

/// The answers so far.
#[derive(Debug)]
pub(super) struct History {
    stopwatch: Stopwatch,
    seen: Mutex<Seen>,
    /// Counts the changes, and says whether the last one has been.
    changes: watch::Sender<(u64, bool)>,
}

#[derive(Debug, Default)]
struct Seen {
    items: Vec<Value>,
    times: Vec<(i64, Option<i64>)>,
    kept: usize,
    overflowed: bool,
    breaches: Vec<Failure>,
}

impl History {
    pub(super) fn new(stopwatch: Stopwatch) -> Arc<History> {
        Arc::new(History { stopwatch, seen: Mutex::default(), changes: watch::Sender::new((0, false)) })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time, as records have it.
    pub(super) fn now(&self) -> i64 {
        self.stopwatch.now()
    }

    /// Keeps what was asked at `start`: its value, or why there is none. Says whether there is room
    /// for more.
    pub(super) fn keep(&self, start: i64, answer: Result<Value, Value>) -> bool {
        let end = self.now();
        let (name, answer) = match answer {
            Ok(value) => ("value", value),
            Err(error) => ("error", error),
        };
        let mut seen = self.seen();
        seen.kept += size(&answer) + OVERHEAD;
        if seen.kept > MAX_KEPT {
            seen.overflowed = true;
            return false;
        }
        let mut record = Object::new();
        record.insert(name.into(), answer);
        record.insert("start".into(), Value::Duration(start));
        record.insert("end".into(), Value::Duration(end));
        seen.items.push(Value::Object(Arc::new(record)));
        seen.times.push((start, Some(end)));
        drop(seen);
        self.changes.send_modify(|(version, _)| *version += 1);
        true
    }

    pub(super) fn breach(&self, failures: Vec<Failure>) {
        self.seen().breaches.extend(failures);
    }

    /// Nothing more is asked.
    pub(super) fn end(&self) {
        self.changes.send_modify(|(version, over)| {
            *version += 1;
            *over = true;
        });
    }
}

/// About how many bytes a value holds.
fn size(value: &Value) -> usize {
    const NODE: usize = 32;
    match value {
        Value::Text(text) => NODE + text.text.len(),
        Value::Bytes(bytes) => NODE + bytes.bytes.len(),
        Value::List(items) => NODE + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            NODE + fields.iter().map(|(name, value)| NODE + name.len() + size(value)).sum::<usize>()
        }
        Value::Tagged(tagged) => NODE + size(&tagged.value),
        _ => NODE,
    }
}

impl Live for Observation {
    fn kind(&self) -> &'static str {
        "observation"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let items = || self.items().unwrap_or_default();
        Some(match name {
            "count" => Value::int(items().len() as i128),
            "items" => Value::list(items()),
            "first" => items().into_iter().next().unwrap_or(Value::Absent),
            "last" => items().pop().unwrap_or(Value::Absent),
            "closed" => Value::Bool(self.is_over()),
            _ => match &self.source {
                Source::Asked { .. } => return None,
                Source::Heard { live, .. } => return live.field(name),
            },
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(match &self.source {
            Source::Asked { history, .. } => history.seen().items.clone(),
            Source::Heard { live, from, ended } => match &*ended.borrow() {
                Some(ended) => ended.items.clone(),
                None => rest(live.items().unwrap_or_default(), *from),
            },
        })
    }

    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        match &self.source {
            Source::Asked { history, .. } => Some(history.seen().times.clone()),
            Source::Heard { live, from, ended } => match &*ended.borrow() {
                Some(ended) => Some(ended.times.clone()),
                None => live.times().map(|times| rest(times, *from)),
            },
        }
    }

    fn version(&self) -> u64 {
        match &self.source {
            Source::Asked { history, .. } => history.changes.borrow().0,
            Source::Heard { live, ended, .. } => {
                ended.borrow().as_ref().map_or_else(|| live.version(), |ended| ended.version)
            }
        }
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        match &self.source {
            Source::Asked { history, .. } => {
                let mut changes = history.changes.subscribe();
                Box::pin(async move {
                    let _ = changes.wait_for(|(version, over)| *over || *version != seen).await;
                })
            }
            Source::Heard { live, ended, .. } => {
                let (changed, mut ended) = (live.changed(seen), ended.subscribe());
                Box::pin(async move {
                    tokio::select! {
                        () = changed => {}
                        _ = ended.wait_for(Option::is_some) => {}
                    }
                })
            }
        }
    }

    fn is_over(&self) -> bool {
        match &self.source {
            Source::Asked { history, .. } => history.changes.borrow().1,
            Source::Heard { live, ended, .. } => ended.borrow().is_some() || live.is_over(),
        }
    }

    fn ends(&self) -> &'static [&'static str] {
        match &self.source {
            Source::Asked { .. } => &["closed"],
            Source::Heard { live, .. } => live.ends(),
        }
    }

    fn gap(&self) -> Option<Gap> {
        let closed = || Gap::Closed("ended with the block that began it".to_owned());
        match &self.source {
            Source::Asked { history, .. } if history.seen().overflowed => Some(Gap::Broken(format!(
                "had more than the {MAX_KEPT} bytes that are kept, and ended: look less often"
            ))),
            Source::Asked { history, .. } => history.changes.borrow().1.then(closed),
            Source::Heard { live, ended, .. } => match &*ended.borrow() {
                Some(ended) => ended.gap.clone().or_else(|| Some(closed())),
                None => live.gap(),
            },
        }
    }

    fn source(&self) -> Arc<str> {
        match &self.source {
            Source::Asked { .. } => self.name(),
            Source::Heard { live, .. } => live.source(),
        }
    }

    fn hail(&self) -> BoxFuture<'_, Result<(), String>> {
        match &self.source {
            Source::Heard { live, ended, .. } if ended.borrow().is_none() => live.hail(),
            _ => Box::pin(async { Ok(()) }),
        }
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match &self.source {
                Source::Asked { history, stop, .. } => {
                    stop.cancel();
                    let _ = history.changes.subscribe().wait_for(|(_, over)| *over).await;
                }
                Source::Heard { live, ended, .. } if ended.borrow().is_none() => {
                    let items = self.items().unwrap_or_default();
                    let times = self.times().unwrap_or_default();
                    let (version, gap) = (live.version().wrapping_add(1), live.gap());
                    ended.send_replace(Some(Ended { items, times, version, gap }));
                }
                Source::Heard { .. } => {}
            }
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What stands in a list from a position on.
fn rest<T>(mut list: Vec<T>, from: usize) -> Vec<T> {
    let from = from.min(list.len());
    list.split_off(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_to_keep_ends_it_and_shows_no_absence() {
        let history = History::new(Stopwatch::start());
        let stop = CancellationToken::new();
        let seen = Observation::asked("seen".into(), history.clone(), stop);
        let answer = || Ok(Value::text("x".repeat(1 << 14)));
        let kept = (0..10).take_while(|_| history.keep(history.now(), answer())).count();
        assert_eq!((kept, seen.items().unwrap().len(), seen.times().unwrap().len()), (3, 3, 3));
        history.end();
        let Some(Gap::Broken(why)) = seen.gap() else { panic!("{:?}", seen.gap()) };
        assert_eq!(why, "had more than the 65536 bytes that are kept, and ended: look less often");
        let errors = History::new(Stopwatch::start());
        assert!(errors.keep(0, Err(Value::text("refused"))));
        errors.end();
        let ended = Observation::asked("seen".into(), errors, CancellationToken::new());
        assert!(matches!(ended.gap(), Some(Gap::Closed(_))));
    }
}
