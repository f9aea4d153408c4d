//! What a service logs as one history: the lines of its process and of those that it was restarted
//! as, and of its members beside each other. What runs as another variant begins a log of its own.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture as Wait, FutureExt as _, select_all};
use tokio::sync::watch;

use super::Log;
use crate::value::{BoxFuture, Gap, Live, Value};

/// The log of what runs at one place.
#[derive(Debug)]
pub struct Logs {
    place: Arc<str>,
    now: Mutex<Option<Arc<Log>>>,
    grown: watch::Sender<u64>,
}

impl Logs {
    /// No log yet; `place` is the name of the service, or of one of its members.
    pub fn new(place: Arc<str>) -> Arc<Logs> {
        Arc::new(Logs { place, now: Mutex::default(), grown: watch::Sender::new(0) })
    }

    /// Something else takes the place, and its log begins.
    pub fn begin(&self, log: Arc<Log>) {
        let before = self.now().replace(log).map_or(0, |before| before.version());
        self.grown.send_modify(|version| *version += before + 1);
    }

    fn now(&self) -> MutexGuard<'_, Option<Arc<Log>>> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lines of a service in the order in which they were read.
#[derive(Debug)]
pub struct Lines {
    service: Arc<str>,
    places: Vec<Arc<Logs>>,
}

const FIELDS: &[&str] = &["count", "items", "first", "last", "dropped"];

impl Lines {
    /// Of a service with these places: itself, or its members.
    pub fn new(service: Arc<str>, places: Vec<Arc<Logs>>) -> Lines {
        Lines { service, places }
    }

    /// The lines with their times in nanoseconds since the run began; of several members, each says
    /// in `member` whose it is.
    fn lines(&self) -> Vec<(i64, Value)> {
        let mut lines = Vec::new();
        for place in &self.places {
            if let Some(log) = &*place.now() {
                let several = self.places.len() > 1;
                lines.extend(log.lines().into_iter().map(|(at, record)| match record {
                    Value::Object(fields) if several => {
                        let mut fields = Arc::unwrap_or_clone(fields);
                        fields.insert("member".into(), Value::text(place.place.clone()));
                        (at, Value::Object(Arc::new(fields)))
                    }
                    record => (at, record),
                }));
            }
        }
        lines.sort_by_key(|(at, _)| *at);
        lines
    }

    fn dropped(&self) -> u64 {
        self.places.iter().flat_map(|place| place.now().clone()).map(|log| log.dropped()).sum()
    }
}

impl Live for Lines {
    fn kind(&self) -> &'static str {
        "log"
    }

    fn name(&self) -> Arc<str> {
        format!("{}.log", self.service).into()
    }

    fn source(&self) -> Arc<str> {
        self.service.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let mut records = self.lines().into_iter().map(|(_, record)| record);
        Some(match name {
            "count" => Value::int(records.len() as i128),
            "items" => Value::list(records.collect()),
            "first" => records.next().unwrap_or(Value::Absent),
            "last" => records.last().unwrap_or(Value::Absent),
            "dropped" => Value::int(self.dropped()),
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.lines().into_iter().map(|(_, record)| record).collect())
    }

    fn times(&self) -> Option<Vec<(i64, Option<i64>)>> {
        Some(self.lines().into_iter().map(|(at, _)| (at, Some(at))).collect())
    }

    fn version(&self) -> u64 {
        let of = |place: &Arc<Logs>| {
            let logs: u64 = place.now().iter().map(|log| log.version()).sum();
            logs + *place.grown.borrow()
        };
        self.places.iter().map(of).sum()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let mut waits: Vec<Wait<'static, ()>> = Vec::new();
        for place in &self.places {
            let mut changes = vec![place.grown.subscribe()];
            changes.extend(place.now().iter().map(|log| log.changes()));
            waits.extend(changes.into_iter().map(|mut change| {
                // An error means that nothing changes any more.
                async move { drop(change.changed().await) }.boxed()
            }));
        }
        if self.version() != seen || waits.is_empty() {
            return Box::pin(std::future::ready(()));
        }
        Box::pin(select_all(waits).map(drop))
    }

    fn is_over(&self) -> bool {
        false
    }

    fn gap(&self) -> Option<Gap> {
        if self.places.iter().all(|place| place.now().is_none()) {
            return Some(Gap::Hole(format!("`{}` does not run here, so nobody reads its log", self.service)));
        }
        match self.dropped() {
            0 => None,
            count => Some(Gap::Hole(format!(
                "the log of `{}` lost its first {count} lines, so it cannot be judged",
                self.service
            ))),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::system::Stream;

    fn log(lines: &[(u64, &str)]) -> Arc<Log> {
        let log = Log::new(true, watch::Sender::new(0));
        for (at, text) in lines {
            log.push(Duration::from_millis(*at), Stream::Stdout, text);
        }
        Arc::new(log)
    }

    #[tokio::test]
    async fn lines_of_members_are_one_history_and_another_variant_begins_its_own() {
        let (first, second) = (Logs::new("orders[0]".into()), Logs::new("orders[1]".into()));
        first.begin(log(&[(1, "a"), (5, "c")]));
        second.begin(log(&[(3, "b")]));
        let lines = Lines::new("orders".into(), vec![first.clone(), second]);
        let version = lines.version();
        let texts = |lines: &Lines| -> Vec<String> {
            let text =
                |record: &Value, name: &str| record.as_object()?.get(name)?.as_text().map(str::to_owned);
            let of = |record: &Value| {
                format!("{} {}", text(record, "member").unwrap(), text(record, "text").unwrap())
            };
            lines.items().unwrap().iter().map(of).collect()
        };
        assert_eq!(texts(&lines), ["orders[0] a", "orders[1] b", "orders[0] c"]);
        let times: Vec<i64> = lines.times().unwrap().into_iter().map(|(at, _)| at / 1_000_000).collect();
        assert_eq!(times, [1, 3, 5]);
        let waits = lines.changed(version);
        let restarted = log(&[(9, "d")]);
        first.begin(restarted.clone());
        waits.await;
        assert_eq!(texts(&lines), ["orders[1] b", "orders[0] d"]);
        let waits = lines.changed(lines.version());
        restarted.push(Duration::from_millis(10), Stream::Stderr, "e");
        waits.await;
        assert_eq!((lines.field("count"), lines.gap()), (Some(Value::int(3)), None));
    }

    #[test]
    fn a_log_that_lost_lines_cannot_be_judged() {
        let place = Logs::new("orders".into());
        let log = log(&[]);
        (0..=Log::LINES).for_each(|n| log.push(Duration::ZERO, Stream::Stdout, &n.to_string()));
        place.begin(log);
        let why = "the log of `orders` lost its first 1 lines, so it cannot be judged";
        assert_eq!(Lines::new("orders".into(), vec![place]).gap(), Some(Gap::Hole(why.into())));
    }
}
