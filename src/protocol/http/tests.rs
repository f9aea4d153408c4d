//! The protocol against real servers on the loopback interface: well-behaved ones by axum, hostile
//! ones by hand.

mod bodies;
mod events;
mod failures;
mod redirects;
mod reports;
mod requests;
mod server;
mod sockets;
mod tls;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::super::{Call, CallPlace, Endpoint, Misuse, Protocol, Reply, Session};
use super::Http;
use crate::system::Processes;
use crate::value::{Object, Redactor, Tagged, Text, Value, from_json, show};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A run with one scenario.
struct World {
    http: Http,
    session: Session,
}

impl World {
    fn new() -> World {
        World::in_dir(Path::new("."))
    }

    fn in_dir(dir: &Path) -> World {
        World { http: Http::new(), session: session(dir) }
    }

    async fn send(&self, call: Call) -> Reply {
        self.http.perform(&call, &self.session).await.unwrap()
    }

    async fn refuse(&self, call: Call) -> Misuse {
        self.http.perform(&call, &self.session).await.expect_err("the call should be refused")
    }
}

fn session(dir: &Path) -> Session {
    Session::new(
        Redactor::default(),
        CancellationToken::new(),
        dir.to_owned(),
        TRACE.to_owned(),
        Processes::default(),
    )
}

/// A call of a service at `url`, without options.
fn call(verb: &str, url: &str, path: &str) -> Call {
    Call {
        verb: verb.into(),
        endpoint: Some(Arc::new(Endpoint {
            service: "orders".into(),
            protocol: "http".into(),
            url: url.to_owned(),
            contract: None,
            dir: PathBuf::from("."),
        })),
        stream: None,
        members: Vec::new(),
        place: Some(CallPlace::Path(Text { text: path.into(), secret: false })),
        operand: None,
        options: Object::new(),
        span: None,
        reads: crate::protocol::Parts::ALL,
    }
}

impl Call {
    fn body(mut self, operand: Value) -> Call {
        self.operand = Some(operand);
        self
    }

    fn with(mut self, name: &str, value: Value) -> Call {
        self.options.insert(name.into(), value);
        self
    }
}

/// A wait that fails the test instead of hanging it; far longer than what it waits for ever takes.
async fn soon<T>(awaited: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(20), awaited).await.expect("it never came")
}

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

fn tagged(tag: &'static str, value: Value) -> Value {
    Value::Tagged(Arc::new(Tagged { tag, value }))
}

fn millis(millis: u64) -> Value {
    Value::duration(std::time::Duration::from_millis(millis))
}

/// A part of the record, by names joined with dots.
fn get(reply: &Reply, path: &str) -> Value {
    path.split('.').fold(reply.record.clone(), |value, name| match &value {
        Value::Object(fields) => fields.get(name).cloned().unwrap_or(Value::Absent),
        Value::Live(live) => live.field(name).unwrap_or(Value::Absent),
        Value::List(items) => items.get(name.parse::<usize>().unwrap()).cloned().unwrap_or(Value::Absent),
        _ => Value::Absent,
    })
}

/// The same as the language shows it.
fn shown(reply: &Reply, path: &str) -> String {
    show(&get(reply, path))
}

/// A part of the record that is text.
fn text(reply: &Reply, path: &str) -> String {
    let value = get(reply, path);
    value.as_text().unwrap_or_else(|| panic!("`{path}` is {}", show(&value))).to_owned()
}

/// `error.kind` and `error.message`; the request must not have succeeded.
fn error(reply: &Reply) -> (String, String) {
    assert!(!reply.succeeded, "{}", show(&reply.record));
    (text(reply, "error.kind"), text(reply, "error.message"))
}
