//! SQL: statements with bound values, rows as exact values, transactions. SQLite is built in;
//! PostgreSQL and MySQL are spoken to over the network.
//!
//! A `${…}` of a statement is always bound, never spliced. A statement that fails is a reply with
//! `error`. Where only what is safe is allowed, the database itself refuses what would change
//! something: nothing here decides that by reading SQL.

mod connection;
mod database;
mod exchange;
mod fault;
mod insert;
mod job;
mod mysql;
mod options;
mod outlast;
mod pg_text;
mod pg_value;
mod postgres;
mod rows;
mod specs;
mod sqlite;
mod statement;
mod target;
#[cfg(test)]
mod tests;
mod transaction;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Call, CallPlace, Endpoint, Misuse, Protocol, Reply, Session};
use crate::lang::Spec;
use crate::value::{BoxFuture, Live, Tagged, Value};
use database::Database;
use fault::Fault;
use insert::Insert;
use job::{Job, Work};
use options::Options;
use rows::Outcome;
use statement::Statement;
use target::Target;
use transaction::Transaction;

pub use specs::SPECS;
pub(crate) use target::{passwords, without_password};

/// What tells one database from another: its URL, where a relative path in it starts from, and
/// whether it is only read.
type Key = (String, PathBuf, bool);

/// The protocol. One instance lives for a run and holds its connections.
#[derive(Debug, Default)]
pub struct Sql {
    databases: Mutex<BTreeMap<Key, Arc<Database>>>,
}

/// What a request is aimed at.
enum On<'a> {
    Database(Arc<Database>),
    Transaction(&'a Transaction),
}

impl Sql {
    /// With no connections yet.
    pub fn new() -> Sql {
        Sql::default()
    }

    fn database(&self, endpoint: &Endpoint, only_safe: bool) -> Result<Arc<Database>, Misuse> {
        let key = (endpoint.url.clone(), endpoint.dir.clone(), only_safe);
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = databases.get(&key) {
            return Ok(known.clone());
        }
        let database = Arc::new(Database::new(Target::new(endpoint, only_safe)?));
        databases.insert(key, database.clone());
        Ok(database)
    }

    /// What the call is aimed at, with the service behind it.
    fn on<'a>(&self, call: &'a Call, session: &Session) -> Result<(On<'a>, Arc<Endpoint>), Misuse> {
        if let Some(endpoint) = &call.endpoint {
            return Ok((On::Database(self.database(endpoint, session.only_safe)?), endpoint.clone()));
        }
        let transaction = held(call).ok_or_else(|| {
            Misuse::new(format!("`{}` needs a database or a transaction", call.verb))
                .help("a transaction is what `let tx = begin db` gives")
        })?;
        Ok((On::Transaction(transaction), transaction.endpoint.clone()))
    }

    async fn work(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let options = Options::read(&call.options)?;
        let (on, endpoint) = self.on(call, session)?;
        let database = match &on {
            On::Database(database) => database.clone(),
            On::Transaction(transaction) => transaction.database.clone(),
        };
        let work = match &*call.verb {
            "insert" => Work::Insert(Insert::read(call, &endpoint.service, database.dialect())?),
            _ => Work::Query(statement(call, &database)?),
        };
        let job = Job { work, options, only_safe: session.only_safe };
        let begun = Instant::now();
        let result = match &on {
            On::Database(database) => database.run(&job, session).await,
            On::Transaction(transaction) => transaction.run(&job, session).await,
        };
        let what = std::iter::once(endpoint.service.to_string())
            .chain(call.members.iter().map(ToString::to_string))
            .collect::<Vec<_>>()
            .join(".");
        let latency = begun.elapsed();
        Ok(reply((&call.verb, &what), &endpoint, &database, Some(&job.work), result, (latency, session)))
    }

    async fn begin(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let options = Options::read(&call.options)?;
        let Some(endpoint) = &call.endpoint else {
            return Err(Misuse::new("`begin` needs a database, and a transaction has begun already")
                .help("for a transaction in a transaction, write `query tx \"savepoint name\"`"));
        };
        only_target(call)?;
        let database = self.database(endpoint, session.only_safe)?;
        let begun = Instant::now();
        let result = Transaction::begin(endpoint.clone(), database.clone(), &options, session).await;
        let latency = begun.elapsed();
        let (record, result) = match result {
            Ok(transaction) => (Some(Value::Live(transaction as Arc<dyn Live>)), Ok(Outcome::default())),
            Err(fault) => (None, Err(fault)),
        };
        let reply =
            reply(("begin", &endpoint.service), endpoint, &database, None, result, (latency, session));
        Ok(match record {
            Some(record) => Reply { record, ..reply },
            None => reply,
        })
    }

    async fn end(&self, call: &Call, session: &Session) -> Result<Reply, Misuse> {
        let options = Options::read(&call.options)?;
        let Some(transaction) = held(call).filter(|_| call.endpoint.is_none()) else {
            return Err(Misuse::new(format!("`{}` needs a transaction", call.verb))
                .help("a transaction is what `let tx = begin db` gives"));
        };
        only_target(call)?;
        let begun = Instant::now();
        let done = match &*call.verb {
            "commit" => transaction.commit(&options, session).await,
            _ => transaction.roll_back(&options, session).await,
        };
        let (endpoint, database) = (&transaction.endpoint, &transaction.database);
        let result = done.map(|()| Outcome::default());
        let latency = begun.elapsed();
        Ok(reply((&call.verb, &endpoint.service), endpoint, database, None, result, (latency, session)))
    }
}

impl Protocol for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn specs(&self) -> &'static [Spec] {
        SPECS
    }

    fn perform<'a>(&'a self, call: &'a Call, session: &'a Session) -> BoxFuture<'a, Result<Reply, Misuse>> {
        Box::pin(async move {
            match &*call.verb {
                "query" | "insert" => self.work(call, session).await,
                "begin" => self.begin(call, session).await,
                "commit" | "rollback" => self.end(call, session).await,
                verb => Err(Misuse::new(format!("SQL has no verb `{verb}`"))
                    .help("its verbs are `query`, `insert`, `begin`, `commit` and `rollback`")),
            }
        })
    }

    fn healthy<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let database = self.database(endpoint, false).map_err(|misuse| misuse.message)?;
            let mut lent = database.lend().await.map_err(|fault| fault.message)?;
            lent.connection.probe().await.map_err(|fault| fault.message)?;
            database.give_back(lent);
            Ok(())
        })
    }

    fn keeps_safe(&self, call: &Call) -> bool {
        // What begins there is a transaction that only reads.
        matches!(&*call.verb, "query" | "begin") || held(call).is_some()
    }

    fn hang_up(&self, endpoint: &Endpoint) {
        let databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = |(url, dir, _): &Key| *url == endpoint.url && *dir == endpoint.dir;
        databases.iter().filter(|(key, _)| of_it(key)).for_each(|(_, database)| database.hang_up());
    }
}

/// The transaction that a call is aimed at.
fn held(call: &Call) -> Option<&Transaction> {
    call.stream.as_ref()?.as_any().downcast_ref()
}

/// Refuses what `begin`, `commit` and `rollback` would not look at.
fn only_target(call: &Call) -> Result<(), Misuse> {
    if call.operand.is_some() || call.place.is_some() || !call.members.is_empty() {
        return Err(Misuse::new(format!("`{}` takes nothing but its target", call.verb)));
    }
    Ok(())
}

fn statement(call: &Call, database: &Database) -> Result<Statement, Misuse> {
    let example = "write `query db \"select * from entries where order_id = ${order}\"`";
    if !call.members.is_empty() {
        return Err(Misuse::new("`query` takes a database, not one of its tables").help(example));
    }
    if call.operand.is_some() {
        return Err(Misuse::new("`query` takes a statement alone").help(example));
    }
    let Some(CallPlace::Text(pieces)) = &call.place else {
        return Err(Misuse::new("`query` takes a statement in quotes").help(example));
    };
    let statement = Statement::read(pieces, database.dialect())?;
    statement.keeps_its_place(database.dialect(), call.endpoint.is_none())?;
    Ok(statement)
}

fn reply(
    (verb, what): (&str, &str),
    endpoint: &Endpoint,
    database: &Arc<Database>,
    work: Option<&Work>,
    result: Result<Outcome, Fault>,
    (latency, session): (Duration, &Session),
) -> Reply {
    let exchange = exchange::exchange(
        (verb, what),
        endpoint,
        database,
        work,
        result.as_ref(),
        (latency, &session.redactor),
    );
    let succeeded = result.is_ok();
    let record = match result {
        Ok(outcome) => record(outcome, latency),
        Err(fault) => Value::object([("latency", Value::duration(latency)), ("error", fault.record())]),
    };
    Reply { record, succeeded, exchange }
}

fn record(outcome: Outcome, latency: Duration) -> Value {
    let row = match outcome.rows.as_slice() {
        [only] => only.clone(),
        rows => {
            let message = format!(
                "`row` stands for exactly one row, and the statement gave {}",
                match rows.len() {
                    0 => "none".to_owned(),
                    count => count.to_string(),
                }
            );
            let value = Value::object([("message", Value::text(message))]);
            Value::Tagged(Arc::new(Tagged { tag: "not_one_row", value }))
        }
    };
    let count = Value::int(outcome.rows.len() as i128);
    Value::object([
        ("rows", Value::list(outcome.rows)),
        ("row", row),
        ("count", count),
        ("affected", Value::int(outcome.affected)),
        ("columns", Value::list(outcome.columns.into_iter().map(Value::text).collect())),
        ("key", outcome.key.map_or(Value::Absent, Value::int)),
        ("latency", Value::duration(latency)),
        ("error", Value::Absent),
    ])
}
