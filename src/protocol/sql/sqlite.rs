//! SQLite: values by their own type, whatever the column's.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Decode, Either, Executor as _, Row as _, SqlSafeStr as _,
    Sqlite, Statement as _, TypeInfo as _, ValueRef as _,
};

use super::fault::Fault;
use super::rows::{Cell, Limits, Outcome, text_or_bytes};
use super::statement::Statement;
use crate::lang::sql::Dialect;
use crate::protocol::ErrorKind;
use crate::value::{Number, Value};

/// Says of a file that cannot be a database why, better than SQLite would.
pub(super) fn openable(path: &Path, options: &SqliteConnectOptions, url: &str) -> Result<(), Fault> {
    let refused = |why: String| Err(Fault::broken(ErrorKind::Refused, why));
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => refused(format!("`{url}` is a directory, not a database")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let made = format!("{options:?}").contains("create_if_missing: true");
            let parent = path.parent().is_none_or(Path::is_dir);
            match (made, parent) {
                (true, true) => Ok(()),
                (_, false) => refused(format!("`{url}` is not there, nor is its directory")),
                (false, true) => {
                    refused(format!("`{url}` is not there; `?mode=rwc` after the path would make it"))
                }
            }
        }
        Err(error) => refused(format!("`{url}` cannot be opened: {}", crate::value::words::plain(&error))),
        Ok(_) => Ok(()),
    }
}

/// Which file stands at the path now; another one may be put in its place.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

pub(super) async fn run(
    connection: &mut SqliteConnection,
    statement: &Statement,
    limits: &Limits,
    url: &str,
) -> Result<Outcome, Fault> {
    let fault = |error| Fault::of(error, Dialect::Sqlite, url);
    let mut arguments = SqliteArguments::default();
    for value in &statement.binds {
        bind(&mut arguments, value).map_err(|error| fault(sqlx::Error::Encode(error)))?;
    }
    let sql = statement.sql(Dialect::Sqlite);
    let mut outcome = Outcome::default();
    let query = sqlx::query_with(AssertSqlSafe(sql.clone()), arguments).persistent(false);
    {
        let mut stream = connection.fetch_many(query);
        let mut new = true;
        while let Some(step) = stream.try_next().await.map_err(fault)? {
            match step {
                Either::Left(done) => {
                    new = true;
                    // SQLite counts the changes of the last statement that made some.
                    if statement.changes() {
                        outcome.affected += done.rows_affected();
                    }
                }
                Either::Right(row) => {
                    if std::mem::take(&mut new) {
                        outcome.begin(row.columns().iter().map(|column| column.name().into()).collect())?;
                    }
                    let (cells, bytes) = cells(&row);
                    outcome.push(cells, bytes, limits)?;
                }
            }
        }
    }
    if outcome.rows.is_empty()
        && statement.reads()
        && let Ok(prepared) = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await
    {
        outcome.columns = prepared.columns().iter().map(|column| Arc::from(column.name())).collect();
    }
    Ok(outcome)
}

fn bind(arguments: &mut SqliteArguments, value: &Value) -> Result<(), sqlx::error::BoxDynError> {
    match value {
        Value::Bool(value) => arguments.add(i64::from(*value)),
        Value::Number(number @ (Number::Int(_) | Number::Decimal(_))) => match number {
            Number::Int(value) => arguments.add(i64::try_from(*value)?),
            number => arguments.add(number.to_f64()),
        },
        Value::Number(number) => arguments.add(number.to_f64()),
        Value::Text(text) => arguments.add(text.text.to_string()),
        Value::Bytes(bytes) => arguments.add(bytes.bytes.to_vec()),
        _ => arguments.add(None::<i64>),
    }
}

fn cells(row: &SqliteRow) -> (Vec<Cell>, usize) {
    let mut bytes = 0;
    let cells = (0..row.len()).map(|index| {
        let Ok(value) = row.try_get_raw(index) else { return Cell::Unknown("unreadable".to_owned()) };
        let kind = if value.is_null() { "NULL".to_owned() } else { value.type_info().name().to_owned() };
        let read = |found: Result<Value, sqlx::error::BoxDynError>| {
            found.map_or(Cell::Unknown(kind.clone()), Cell::Value)
        };
        match kind.as_str() {
            "NULL" => Cell::Value(Value::Null),
            "INTEGER" => read(<i64 as Decode<Sqlite>>::decode(value).map(Value::int)),
            "REAL" => read(
                <f64 as Decode<Sqlite>>::decode(value)
                    .map(|value| Value::Number(Number::Float { value, single: false })),
            ),
            "TEXT" => read(<Vec<u8> as Decode<Sqlite>>::decode(value).map(|text| {
                bytes += text.len();
                text_or_bytes(&text)
            })),
            "BLOB" => read(<Vec<u8> as Decode<Sqlite>>::decode(value).map(|blob| {
                bytes += blob.len();
                Value::bytes(blob)
            })),
            _ => Cell::Unknown(kind),
        }
    });
    let cells: Vec<Cell> = cells.collect();
    let count = cells.len();
    (cells, bytes + 16 * count)
}
