//! A database of one test's own, and the calls that tests make.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::lang::sql::Dialect;
use crate::protocol::sql::Sql;
use crate::protocol::{Call, CallPlace, Endpoint, Misuse, Protocol as _, Reply, Session};
use crate::system::Processes;
use crate::value::{Live, Object, Piece, Redactor, Value};

/// A database of one test's own.
pub(super) struct World {
    pub(super) sql: Sql,
    pub(super) dialect: Dialect,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) session: Session,
    pub(super) dir: tempfile::TempDir,
}

pub(super) fn session(dir: &std::path::Path) -> Session {
    let (redactor, cancel) = (Redactor::default(), CancellationToken::new());
    Session::new(redactor, cancel, dir.to_owned(), "0".repeat(32), Processes::default())
}

pub(super) fn endpoint(url: &str, dir: &std::path::Path) -> Arc<Endpoint> {
    Arc::new(Endpoint {
        service: "db".into(),
        protocol: "sql".into(),
        url: url.to_owned(),
        contract: None,
        dir: dir.to_owned(),
    })
}

/// Where the server is. The tests that ask are ignored without one, so that asking in vain fails.
fn server(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} says where the server is; see tests/databases"))
}

impl World {
    pub(super) async fn new(dialect: Dialect, test: &str) -> World {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("t_{}_{test}", std::process::id());
        let name: String = name.chars().take(60).collect();
        let (url, setup) = match dialect {
            Dialect::Sqlite => (format!("sqlite://{}/t.db?mode=rwc", dir.path().display()), None),
            Dialect::Postgres => {
                let server = server("SCN_TEST_POSTGRES");
                let url = format!("{server}?options=-csearch_path%3D{name}");
                (url, Some((server, format!("create schema {name}"))))
            }
            Dialect::MySql => {
                let server = server("SCN_TEST_MYSQL");
                let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
                (url, Some((server, format!("create database {name} character set utf8mb4"))))
            }
        };
        let world = World {
            sql: Sql::new(),
            dialect,
            endpoint: endpoint(&url, dir.path()),
            session: session(dir.path()),
            dir,
        };
        if let Some((server, statement)) = setup {
            let at = endpoint(&server, world.dir.path());
            let call = Call { endpoint: Some(at), ..world.call("query", &statement) };
            assert!(world.send(call).await.unwrap().succeeded);
        }
        world
    }

    /// A statement without values.
    pub(super) fn call(&self, verb: &str, text: &str) -> Call {
        Call {
            verb: verb.into(),
            endpoint: Some(self.endpoint.clone()),
            stream: None,
            members: Vec::new(),
            place: (!text.is_empty()).then(|| CallPlace::Text(vec![Piece::Text(text.into())])),
            operand: None,
            options: Object::new(),
            span: None,
            reads: crate::protocol::Parts::ALL,
        }
    }

    pub(super) async fn send(&self, call: Call) -> Result<Reply, Misuse> {
        self.sql.perform(&call, &self.session).await
    }

    /// A statement that must succeed.
    #[track_caller]
    pub(super) fn query(&self, text: &str) -> impl Future<Output = Reply> {
        self.done(self.call("query", text))
    }

    /// A statement with values where `%` stands.
    #[track_caller]
    pub(super) fn bound(&self, text: &str, values: &[Value]) -> impl Future<Output = Reply> {
        self.done(self.with_values(text, values))
    }

    pub(super) fn with_values(&self, text: &str, values: &[Value]) -> Call {
        let mut pieces = Vec::new();
        for (index, part) in text.split('%').enumerate() {
            if index > 0 {
                pieces.push(Piece::Value(values[index - 1].clone()));
            }
            pieces.push(Piece::Text(part.into()));
        }
        Call { place: Some(CallPlace::Text(pieces)), ..self.call("query", "") }
    }

    pub(super) fn insert(&self, table: &str, rows: Value) -> Call {
        Call { members: vec![table.into()], operand: Some(rows), ..self.call("insert", "") }
    }

    #[track_caller]
    pub(super) fn done(&self, call: Call) -> impl Future<Output = Reply> {
        let caller = std::panic::Location::caller();
        async move {
            let reply = match self.send(call).await {
                Ok(reply) => reply,
                Err(misuse) => panic!("{caller}: {misuse:?}"),
            };
            assert!(reply.succeeded, "{caller}: {:?}", reply.record);
            reply
        }
    }

    /// The failure of a statement that must fail.
    #[track_caller]
    pub(super) fn fails(&self, call: Call) -> impl Future<Output = (String, String)> {
        let caller = std::panic::Location::caller();
        async move {
            let reply = match self.send(call).await {
                Ok(reply) => reply,
                Err(misuse) => panic!("{caller}: {misuse:?}"),
            };
            assert!(!reply.succeeded, "{caller}: {:?}", reply.record);
            error(&reply)
        }
    }

    pub(super) async fn begin(&self) -> Arc<dyn Live> {
        match self.done(self.call("begin", "")).await.record {
            Value::Live(live) => live,
            other => panic!("{other:?}"),
        }
    }
}

/// The call, aimed at a transaction.
pub(super) fn inside(call: Call, tx: &Arc<dyn Live>) -> Call {
    Call { endpoint: None, stream: Some(tx.clone()), ..call }
}

/// The call with an option.
pub(super) fn with(mut call: Call, name: &str, value: Value) -> Call {
    call.options.insert(name.into(), value);
    call
}

pub(super) fn millis(millis: i64) -> Value {
    Value::Duration(millis * 1_000_000)
}

pub(super) fn field(reply: &Reply, name: &str) -> Value {
    reply.record.as_object().unwrap().get(name).cloned().unwrap_or(Value::Absent)
}

/// A column of the only row.
#[track_caller]
pub(super) fn cell(reply: &Reply, name: &str) -> Value {
    match field(reply, "row") {
        Value::Object(row) => row.get(name).cloned().unwrap_or(Value::Absent),
        other => panic!("{other:?} in {:?}", reply.record),
    }
}

pub(super) fn error(reply: &Reply) -> (String, String) {
    let error = field(reply, "error");
    let text = |name: &str| error.as_object().unwrap()[name].as_text().unwrap().to_owned();
    (text("kind"), text("message"))
}

/// Every text that a report shows of an exchange.
pub(super) fn shown(reply: &Reply) -> String {
    format!("{:?} {:?}", reply.exchange, reply.record)
}
