//! A service as expectations see it: `orders.log`, `orders.exits`, `orders.addr`.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{ExitRecord, Lines, Logs, Service};
use crate::lang::{Kind, Spec};
use crate::value::{Live, Value};

const FIELDS: &[&str] =
    &["log", "log_dropped", "exits", "addr", "host", "port", "url", "pid", "name", "running"];

const fn of_log(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Property, "log", name, summary).example(example)
}

/// The properties of services, and of their logs.
pub const SPECS: &[Spec] = &[
    Spec::new(Kind::Property, "service", "log", "its log as a history of records: `at stream text level message`, and the fields of JSON lines after `log json`, where `level` is `TRACE DEBUG INFO WARN ERROR FATAL` whatever the logger calls it; of several members, each has its `member`")
        .example("expect orders.log has { level: \"ERROR\" } within 2s"),
    Spec::new(Kind::Property, "service", "log_dropped", "how many of its oldest log lines are no longer kept")
        .example("expect orders.log_dropped == 0"),
    Spec::new(Kind::Property, "service", "exits", "how its processes ended: records of `status code signal expected at`")
        .example("expect orders.exits == []"),
    Spec::new(Kind::Property, "service", "addr", "where it listens, as `host:port`")
        .example("env { LEDGER_ADDR: ledger.addr }"),
    Spec::new(Kind::Property, "service", "host", "the host it listens on").example("env { LEDGER_HOST: ledger.host }"),
    Spec::new(Kind::Property, "service", "port", "the port it listens on").example("env { LEDGER_PORT: ledger.port }"),
    Spec::new(Kind::Property, "service", "url", "where it listens, with the scheme").example("env { LEDGER_URL: ledger.url }"),
    Spec::new(Kind::Property, "service", "pid", "the number of its process; absent when none runs here").example("show orders.pid"),
    Spec::new(Kind::Property, "service", "members", "its processes, when it has several")
        .example("expect orders.members.count == 3"),
    Spec::new(Kind::Property, "service", "name", "its name in the scenarios").example("show orders.name"),
    Spec::new(Kind::Property, "service", "contract", "what it promises, for `compatible_with`; absent when it names none")
        .example("expect ledger.contract compatible_with \"./contracts/released/ledger.proto\""),
    Spec::new(Kind::Property, "service", "running", "whether its process runs").example("expect orders.running within 5s"),
    of_log("count", "how many lines there are so far", "expect orders.log.count > 0 within 5s"),
    of_log("items", "the lines so far, as a list of records", "let so_far = orders.log.items"),
    of_log("first", "the first line", "show orders.log.first.text"),
    of_log("last", "the last line so far", "show orders.log.last.text"),
    of_log("dropped", "how many of the oldest lines are no longer kept; then nothing can be told from it", "expect orders.log.dropped == 0"),
];

impl Live for Service {
    fn kind(&self) -> &'static str {
        "service"
    }

    fn name(&self) -> Arc<str> {
        self.spec.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        Some(match name {
            "log" => {
                let place = Logs::new(self.spec.name.clone());
                place.begin(self.log());
                Value::Live(Arc::new(Lines::new(self.spec.name.clone(), vec![place])))
            }
            "log_dropped" => Value::int(self.log.dropped()),
            "exits" => Value::list(self.exits().iter().map(ExitRecord::to_value).collect()),
            "addr" => Value::text(format!("{}:{}", self.spec.host, self.spec.port)),
            "host" => Value::text(self.spec.host.as_str()),
            "port" => Value::int(self.spec.port),
            "url" => Value::text(self.spec.url.as_str()),
            "pid" => self.pid().map_or(Value::Absent, Value::int),
            "name" => Value::text(self.spec.name.clone()),
            "running" => Value::Bool(self.is_running()),
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn version(&self) -> u64 {
        *self.version.borrow()
    }

    fn changed(&self, seen: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut version = self.version.subscribe();
        Box::pin(async move {
            // An error means that the service is gone, so nothing changes any more.
            let _ = version.wait_for(|version| *version != seen).await;
        })
    }

    fn is_over(&self) -> bool {
        !self.is_ours()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
