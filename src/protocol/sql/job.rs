//! What a request has a connection do.

use super::connection::Connection;
use super::fault::Fault;
use super::insert::Insert;
use super::options::Options;
use super::rows::Outcome;
use super::statement::{Part, Statement};
use crate::diag::did_you_mean;
use crate::lang::sql::Dialect;
use crate::value::Value;

/// What a request has a connection do.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) work: Work,
    pub(super) options: Options,
    /// Whether the environment allows only what changes nothing.
    pub(super) only_safe: bool,
}

/// One statement, or as many as rows need.
#[derive(Debug)]
pub(super) enum Work {
    Query(Statement),
    Insert(Insert),
}

impl Job {
    /// Runs it: all or nothing.
    pub(super) async fn run(&self, connection: &mut Connection) -> Result<Outcome, Fault> {
        connection.wait_for_locks(self.options.timeout).await?;
        let result = match &self.work {
            Work::Query(statement) => self.query(connection, statement).await,
            Work::Insert(insert) => self.insert(connection, insert).await,
        };
        match result {
            Err(mut fault) => {
                self.advise(connection, &mut fault).await;
                Err(fault)
            }
            done => done,
        }
    }

    async fn query(&self, connection: &mut Connection, statement: &Statement) -> Result<Outcome, Fault> {
        connection.spent |= statement.marks_its_connection();
        let limits = &self.options.limits;
        if !(self.only_safe || self.options.read_only) || connection.in_transaction {
            return connection.run(statement, limits).await;
        }
        // The database itself refuses what would change something, whatever the statement says.
        let (begin, end): (&[&str], &[&str]) = match connection.dialect {
            Dialect::Sqlite => (&["pragma query_only = 1"], &["pragma query_only = 0"]),
            Dialect::Postgres => (&["begin read only"], &["rollback"]),
            // What defines tables ends a transaction before it is run; then the session counts.
            Dialect::MySql => (
                &["set session transaction read only", "start transaction read only"],
                &["rollback", "set session transaction read write"],
            ),
        };
        for command in begin {
            connection.command(command).await?;
        }
        let result = connection.run(statement, limits).await;
        if !matches!(&result, Err(fault) if !fault.answered) {
            for command in end {
                connection.command(command).await.map_err(|fault| Fault { answered: false, ..fault })?;
            }
        }
        result
    }

    async fn insert(&self, connection: &mut Connection, insert: &Insert) -> Result<Outcome, Fault> {
        let limits = super::rows::Limits { lenient: true, ..self.options.limits };
        let statements = insert.statements(connection, self.options.returning).await?;
        let alone = statements.len() == 1 || connection.in_transaction;
        if !alone {
            connection.command("begin").await?;
        }
        let mut whole = Outcome::default();
        for statement in &statements {
            match connection.run(statement, &limits).await {
                Ok(outcome) => whole.add(outcome),
                Err(fault) => {
                    if !alone && fault.answered {
                        connection
                            .command("rollback")
                            .await
                            .map_err(|fault| Fault { answered: false, ..fault })?;
                    }
                    return Err(fault);
                }
            }
        }
        if !alone {
            connection.command("commit").await.map_err(|fault| Fault { answered: false, ..fault })?;
        }
        // MariaDB counts no changes of a statement that gives rows back.
        whole.affected = whole.affected.max(whole.rows.len() as u64);
        Ok(whole)
    }

    /// Asks the database which name could have been meant.
    async fn advise(&self, connection: &mut Connection, fault: &mut Fault) {
        // After a failure, PostgreSQL answers nothing more in the same transaction.
        let silent = connection.in_transaction && connection.dialect == Dialect::Postgres;
        if fault.kind != "missing" || !fault.answered || silent {
            return;
        }
        let Some((name, table)) = missing(&fault.message, connection.dialect) else { return };
        let table = table.or(match &self.work {
            Work::Insert(insert) if name != insert.table() => Some(insert.table().to_owned()),
            _ => None,
        });
        let statement = match table {
            Some(table) => columns(&table, connection.dialect),
            None => tables(connection.dialect),
        };
        if let Ok(known) = connection.texts(&statement).await
            && let Some(advice) = did_you_mean(&name, known.iter().map(String::as_str))
        {
            fault.advise(&advice);
        }
    }
}

/// The name that is not there, and the table whose column it is, when the message says so.
fn missing(message: &str, dialect: Dialect) -> Option<(String, Option<String>)> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    match dialect {
        Dialect::Sqlite => {
            if let Some(name) = message.strip_prefix("no such table: ") {
                return Some((last(name), None));
            }
            let (table, column) = message.strip_prefix("table ")?.split_once(" has no column named ")?;
            Some((column.to_owned(), Some(last(table))))
        }
        Dialect::Postgres => {
            let quoted: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
            match (message.split(' ').next()?, quoted.as_slice()) {
                ("relation", [table]) => Some((last(table), None)),
                ("column", [column, table]) => Some(((*column).to_owned(), Some(last(table)))),
                _ => None,
            }
        }
        Dialect::MySql => {
            let name = message.split('\'').nth(1)?;
            let is_table = message.starts_with("Table ");
            (is_table || message.starts_with("Unknown column")).then(|| (last(name), None))
        }
    }
}

fn tables(dialect: Dialect) -> Statement {
    Statement::plain(match dialect {
        Dialect::Sqlite => "select name from sqlite_master where type in ('table', 'view') order by name",
        Dialect::Postgres => {
            "select relname::text from pg_class where relkind in ('r', 'v', 'm', 'p', 'f') \
             and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1"
        }
        Dialect::MySql => {
            "select table_name from information_schema.tables where table_schema = database() order by 1"
        }
    })
}

fn columns(table: &str, dialect: Dialect) -> Statement {
    let (before, after) = match dialect {
        Dialect::Sqlite => ("select name from pragma_table_info(", ")"),
        Dialect::Postgres => {
            ("select attname::text from pg_attribute where attnum > 0 and attrelid::regclass::text = ", "")
        }
        Dialect::MySql => (
            "select column_name from information_schema.columns where table_schema = database() and table_name = ",
            "",
        ),
    };
    let parts = vec![Part::Text(before.to_owned()), Part::Bind(0), Part::Text(after.to_owned())];
    Statement::of(parts, vec![Value::text(table)], "select")
}
