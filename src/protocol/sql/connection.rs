//! One connection, whatever it speaks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::fault::Fault;
use super::rows::{Limits, Outcome};
use super::statement::Statement;
use super::target::{BUSY, How, Target};
use super::{mysql, postgres, sqlite};
use crate::lang::sql::Dialect;

/// One connection.
pub(super) struct Connection {
    pub(super) dialect: Dialect,
    /// Where it goes, as it may be shown.
    pub(super) url: String,
    kind: Kind,
    /// Whether a transaction that the scenario began is open on it.
    pub(super) in_transaction: bool,
}

enum Kind {
    Sqlite {
        connection: Box<SqliteConnection>,
        stop: Arc<AtomicBool>,
        file: Option<(u64, u64)>,
        busy: Duration,
    },
    Postgres {
        connection: Box<PgConnection>,
        id: i64,
        prepared: u32,
    },
    MySql {
        connection: Box<MySqlConnection>,
        id: i64,
        is_mariadb: bool,
    },
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a connection to {}", self.url)
    }
}

impl Connection {
    pub(super) async fn open(target: &Target) -> Result<Connection, Fault> {
        let (dialect, url) = (target.dialect(), target.shown.clone());
        let fault = |error| Fault { answered: false, ..Fault::of(error, dialect, &url) };
        let kind = match &target.how {
            How::Sqlite { path, options } => {
                sqlite::openable(path, options, &url)?;
                let mut connection = options.connect().await.map_err(fault)?;
                let stop = Arc::new(AtomicBool::new(false));
                let seen = stop.clone();
                connection
                    .lock_handle()
                    .await
                    .map_err(fault)?
                    .set_progress_handler(1_000, move || !seen.load(Ordering::Relaxed));
                Kind::Sqlite {
                    connection: Box::new(connection),
                    stop,
                    file: sqlite::identity(path),
                    busy: BUSY,
                }
            }
            How::Postgres(options) => {
                let mut connection = options.connect().await.map_err(fault)?;
                let row = sqlx::query("select pg_backend_pid()").persistent(false);
                let row = row.fetch_one(&mut connection).await.map_err(fault)?;
                let id: i32 = row.try_get(0).map_err(fault)?;
                Kind::Postgres { connection: Box::new(connection), id: i64::from(id), prepared: 0 }
            }
            How::MySql(options) => {
                let mut connection = options.connect().await.map_err(fault)?;
                let row = sqlx::query("select cast(connection_id() as signed), version()").persistent(false);
                let row = row.fetch_one(&mut connection).await.map_err(fault)?;
                let id: i64 = row.try_get(0).map_err(fault)?;
                let version: String = row.try_get(1).map_err(fault)?;
                Kind::MySql { connection: Box::new(connection), id, is_mariadb: version.contains("MariaDB") }
            }
        };
        Ok(Connection { dialect, url, kind, in_transaction: false })
    }

    /// Whether it can still be used: the server answers, the file is still the same.
    pub(super) async fn is_alive(&mut self, target: &Target) -> bool {
        match (&mut self.kind, &target.how) {
            (Kind::Sqlite { file, .. }, How::Sqlite { path, .. }) => *file == sqlite::identity(path),
            (Kind::Postgres { connection, .. }, _) => connection.ping().await.is_ok(),
            (Kind::MySql { connection, .. }, _) => connection.ping().await.is_ok(),
            _ => false,
        }
    }

    /// Runs a statement.
    pub(super) async fn run(&mut self, statement: &Statement, limits: &Limits) -> Result<Outcome, Fault> {
        match &mut self.kind {
            Kind::Sqlite { connection, .. } => sqlite::run(connection, statement, limits, &self.url).await,
            Kind::Postgres { connection, prepared, .. } => {
                postgres::run(connection, prepared, statement, limits, self.in_transaction, &self.url).await
            }
            Kind::MySql { connection, .. } => mysql::run(connection, statement, limits, &self.url).await,
        }
    }

    /// Whether an `insert` can give back the rows as they are kept.
    pub(super) fn returns_rows(&self) -> bool {
        !matches!(self.kind, Kind::MySql { is_mariadb: false, .. })
    }

    /// Asks for something that only a database answers.
    pub(super) async fn probe(&mut self) -> Result<(), Fault> {
        match self.dialect {
            Dialect::Sqlite => self.command("select count(*) from sqlite_master").await,
            Dialect::Postgres | Dialect::MySql => self.command("select 1").await,
        }
    }

    /// Runs a statement of the runner's own that gives no rows.
    pub(super) async fn command(&mut self, text: &str) -> Result<(), Fault> {
        self.run(&Statement::plain(text), &Limits::SMALL).await.map(drop)
    }

    /// The texts in the first column of what a statement of the runner's own gives.
    pub(super) async fn texts(&mut self, statement: &Statement) -> Result<Vec<String>, Fault> {
        let rows = self.run(statement, &Limits::SMALL).await?.rows;
        let first = |row: &crate::value::Value| {
            row.as_object().and_then(|fields| fields.values().next()?.as_text().map(str::to_owned))
        };
        Ok(rows.iter().filter_map(first).collect())
    }

    /// Has SQLite wait less long for a lock than the request waits for its answer, so that the
    /// answer says what it waited for.
    pub(super) async fn wait_for_locks(&mut self, timeout: Duration) -> Result<(), Fault> {
        let wanted = BUSY.min(timeout * 4 / 5);
        let Kind::Sqlite { busy, .. } = &mut self.kind else { return Ok(()) };
        if *busy == wanted {
            return Ok(());
        }
        *busy = wanted;
        self.command(&format!("pragma busy_timeout = {}", wanted.as_millis())).await
    }

    /// Gives up what is running on it. The connection is closed; what ends the statement on the
    /// server's side, if anything can, is left to do.
    pub(super) fn abandon(self) -> Option<Statement> {
        match self.kind {
            Kind::Sqlite { stop, .. } => {
                stop.store(true, Ordering::Relaxed);
                None
            }
            Kind::Postgres { id, .. } => {
                Some(Statement::plain(&format!("select pg_terminate_backend({id})")))
            }
            Kind::MySql { id, .. } => Some(Statement::plain(&format!("kill {id}"))),
        }
    }
}
