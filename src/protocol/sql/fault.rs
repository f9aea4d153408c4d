//! Why a statement failed, in one clear sentence and with what the database says beside it.

use std::io;
use std::time::Duration;

use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::PgDatabaseError;

use crate::lang::sql::Dialect;
use crate::protocol::ErrorKind;
use crate::protocol::cause::chain;
use crate::value::{Value, show};

/// Why a statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: &'static str,
    pub(super) message: String,
    /// The SQLSTATE; SQLite's own result code.
    pub(super) code: Option<String>,
    pub(super) constraint: Option<String>,
    pub(super) table: Option<String>,
    pub(super) column: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) hint: Option<String>,
    /// Whether the database itself said so, over a connection that can be used again.
    pub(super) answered: bool,
}

impl Fault {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Fault {
        Fault {
            kind,
            message: message.into(),
            code: None,
            constraint: None,
            table: None,
            column: None,
            detail: None,
            hint: None,
            answered: false,
        }
    }

    /// One of the kinds that every protocol has.
    pub(super) fn broken(kind: ErrorKind, message: impl Into<String>) -> Fault {
        Fault::new(kind.word(), message)
    }

    /// The statement is over, and the connection is as it was.
    pub(super) fn answered(mut self) -> Fault {
        self.answered = true;
        self
    }

    pub(super) fn timeout(url: &str, timeout: Duration) -> Fault {
        let timeout = show(&Value::duration(timeout));
        Fault::broken(ErrorKind::Timeout, format!("`{url}` did not answer within {timeout}"))
    }

    pub(super) fn cancelled(url: &str) -> Fault {
        Fault::broken(ErrorKind::Cancelled, format!("the scenario ended before `{url}` had answered"))
    }

    /// With advice, which the message ends with too.
    pub(super) fn advise(&mut self, advice: &str) {
        self.message = format!("{}; {advice}", self.message);
        self.hint.get_or_insert_with(|| advice.to_owned());
    }

    /// What the driver reports.
    pub(super) fn of(error: sqlx::Error, dialect: Dialect, url: &str) -> Fault {
        match error {
            sqlx::Error::Database(error) => match dialect {
                Dialect::Sqlite => of_sqlite(error.code().as_deref().unwrap_or_default(), error.message()),
                Dialect::Postgres => match error.try_downcast_ref::<PgDatabaseError>() {
                    Some(error) => of_postgres(error),
                    None => Fault::new("database", error.message()).answered(),
                },
                Dialect::MySql => match error.try_downcast_ref::<MySqlDatabaseError>() {
                    Some(error) => of_mysql(error.number(), error.code(), error.message()),
                    None => Fault::new("database", error.message()).answered(),
                },
            },
            sqlx::Error::Io(error) => of_io(&error, url),
            sqlx::Error::Tls(error) => {
                let why = match chain(&*error).iter().find_map(|error| error.downcast_ref::<rustls::Error>())
                {
                    Some(error) => crate::protocol::tls::message(error, url),
                    None => format!("`{url}` cannot be spoken to over TLS: {error}"),
                };
                Fault::broken(ErrorKind::Tls, why)
            }
            sqlx::Error::Configuration(error) => {
                Fault::broken(ErrorKind::Refused, format!("`{url}` cannot be used: {error}"))
            }
            sqlx::Error::WorkerCrashed => {
                Fault::broken(ErrorKind::Reset, format!("the connection to `{url}` is gone"))
            }
            other => {
                Fault::broken(ErrorKind::Protocol, format!("`{url}` does not answer as it should: {other}"))
            }
        }
    }

    pub(super) fn record(&self) -> Value {
        let mut fields =
            vec![("kind", Value::text(self.kind)), ("message", Value::text(self.message.as_str()))];
        let more = [
            ("code", &self.code),
            ("constraint", &self.constraint),
            ("table", &self.table),
            ("column", &self.column),
            ("detail", &self.detail),
            ("hint", &self.hint),
        ];
        fields
            .extend(more.into_iter().filter_map(|(name, text)| Some((name, Value::text(text.as_deref()?)))));
        Value::object(fields)
    }

    /// `unique 23505: duplicate key value …`
    pub(super) fn line(&self) -> String {
        match &self.code {
            Some(code) => format!("{} {code}: {}", self.kind, self.message),
            None => format!("{}: {}", self.kind, self.message),
        }
    }
}

fn of_io(error: &io::Error, url: &str) -> Fault {
    use io::ErrorKind as K;
    match error.kind() {
        K::ConnectionRefused => Fault::broken(
            ErrorKind::Refused,
            format!("`{url}` refused the connection: nothing listens there"),
        ),
        K::ConnectionReset | K::BrokenPipe | K::UnexpectedEof | K::ConnectionAborted => {
            Fault::broken(ErrorKind::Reset, format!("`{url}` closed the connection before it had answered"))
        }
        K::TimedOut => Fault::broken(ErrorKind::Timeout, format!("`{url}` did not answer in time")),
        _ if error.to_string().contains("failed to lookup address") => {
            Fault::broken(ErrorKind::Refused, format!("the host of `{url}` has no address"))
        }
        _ => {
            let why = crate::value::words::plain(error);
            Fault::broken(ErrorKind::Refused, format!("`{url}` cannot be reached: {why}"))
        }
    }
}

/// SQLite's extended result codes (<https://www.sqlite.org/rescode.html>).
fn of_sqlite(code: &str, message: &str) -> Fault {
    let number: i64 = code.parse().unwrap_or(1);
    let kind = match (number, number & 0xff) {
        (2067 | 1555 | 2579, _) => "unique",
        (787, _) => "foreign_key",
        (1299, _) => "not_null",
        (275, _) => "check",
        (_, 5 | 6) => "locked",
        (_, 8) => "read_only",
        (_, 14) => "refused",
        (_, 9) => "cancelled",
        (_, 26 | 11) => "protocol",
        (_, 3 | 23) => "permission",
        (_, 20) => "value",
        (_, 1) if message.starts_with("no such") || message.contains("has no column named") => "missing",
        (_, 1) if message.contains("syntax error") || message.contains("incomplete input") => "syntax",
        _ => "database",
    };
    let mut fault = Fault::new(kind, message).answered();
    fault.code = Some(code.to_owned());
    // `UNIQUE constraint failed: customers.email`, `CHECK constraint failed: positive`.
    if let Some((_, what)) = message.split_once("constraint failed: ") {
        match (kind, what.split_once('.')) {
            ("check", _) => fault.constraint = Some(what.to_owned()),
            (_, Some((table, column))) if !column.contains(',') => {
                fault.table = Some(table.to_owned());
                fault.column = Some(column.to_owned());
            }
            (_, Some((table, _))) => fault.table = Some(table.to_owned()),
            _ => {}
        }
    }
    near_a_value(&mut fault);
    fault
}

/// SQLSTATE (PostgreSQL, appendix A).
fn of_postgres(error: &PgDatabaseError) -> Fault {
    let code = error.code();
    let kind = match (code, code.get(..2).unwrap_or_default()) {
        ("23505", _) => "unique",
        ("23503", _) => "foreign_key",
        ("23502", _) => "not_null",
        ("23514", _) => "check",
        ("23P01", _) => "exclusion",
        ("42P01" | "42703" | "42883" | "42704" | "3F000" | "3D000", _) => "missing",
        ("42501", _) => "permission",
        ("25006", _) => "read_only",
        ("25P02", _) => "aborted",
        ("40P01", _) => "deadlock",
        ("40001", _) => "serialization",
        ("55P03", _) => "locked",
        ("57014", _) => "cancelled",
        ("57P01" | "57P02" | "57P03", _) => "reset",
        ("53300", _) => "refused",
        ("42804" | "42P18" | "42846", _) => "value",
        (_, "28") => "permission",
        (_, "22") => "value",
        (_, "42") => "syntax",
        _ => "database",
    };
    let mut fault = Fault::new(kind, error.message()).answered();
    fault.answered = kind != "reset";
    let own = |text: Option<&str>| text.map(str::to_owned);
    fault.code = Some(code.to_owned());
    fault.constraint = own(error.constraint());
    fault.table = own(error.table());
    fault.column = own(error.column());
    fault.detail = own(error.detail());
    fault.hint = own(error.hint());
    near_a_value(&mut fault);
    fault
}

/// MySQL's error numbers; its SQLSTATEs are too coarse to tell them apart.
fn of_mysql(number: u16, state: Option<&str>, message: &str) -> Fault {
    let kind = match number {
        1062 | 1169 | 1586 => "unique",
        1216 | 1217 | 1451 | 1452 => "foreign_key",
        1048 | 1263 | 1364 => "not_null",
        3819 | 4025 => "check",
        1054 | 1146 | 1049 | 1051 | 1305 => "missing",
        1044 | 1045 | 1142 | 1143 | 1227 | 1698 => "permission",
        1792 | 1290 => "read_only",
        1213 => "deadlock",
        1020 => "serialization",
        1205 | 3572 => "locked",
        1317 | 3024 | 1969 => "cancelled",
        1040 => "refused",
        1053 | 1927 => "reset",
        1064 | 1149 => "syntax",
        1264 | 1265 | 1292 | 1366 | 1406 | 1690 => "value",
        _ => "database",
    };
    let mut fault = Fault::new(kind, message).answered();
    fault.answered = kind != "reset";
    fault.code = state.map(str::to_owned);
    match kind {
        // `Duplicate entry 'a' for key 'customers.email'`, `CONSTRAINT `positive` failed …`
        "unique" => fault.constraint = message.rsplit('\'').nth(1).map(str::to_owned),
        "check" => fault.constraint = message.split('`').nth(1).map(str::to_owned),
        _ => {}
    }
    near_a_value(&mut fault);
    fault
}

/// Where a value stands for a name, the database finds a placeholder where it expects the name.
fn near_a_value(fault: &mut Fault) {
    let near = |what: &str| fault.message.contains(what);
    if fault.kind == "syntax" && (near("near \"?") || near("near \"$") || near("near '?")) {
        fault.advise(
            "`${…}` is a value, never a part of the statement: write names of tables and columns out",
        );
    }
}
