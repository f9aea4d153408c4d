//! MySQL and MariaDB: values of the binary protocol
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html>).

use std::sync::Arc;

use bigdecimal::BigDecimal;
use futures_util::TryStreamExt as _;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow, MySqlTypeInfo};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Decode, Either, Executor as _, MySql, Row as _,
    SqlSafeStr as _, Statement as _, Type, TypeInfo as _,
};

use super::fault::Fault;
use super::rows::{Cell, Limits, Outcome, json, number, text_or_bytes};
use super::statement::Statement;
use crate::lang::sql::Dialect;
use crate::value::{Number, Value};

/// The error of a statement that cannot be prepared.
const NOT_PREPARABLE: u16 = 1295;

pub(super) async fn run(
    connection: &mut MySqlConnection,
    statement: &Statement,
    limits: &Limits,
    url: &str,
) -> Result<Outcome, Fault> {
    let fault = |error| Fault::of(error, Dialect::MySql, url);
    let sql = statement.sql(Dialect::MySql);
    let mut arguments = MySqlArguments::default();
    for value in &statement.binds {
        bind(&mut arguments, value).map_err(|error| fault(sqlx::Error::Encode(error)))?;
    }
    let query = sqlx::query_with(AssertSqlSafe(sql.clone()), arguments).persistent(false);
    let mut outcome = Outcome::default();
    let result = {
        let mut stream = connection.fetch_many(query);
        let mut new = true;
        loop {
            match stream.try_next().await {
                Ok(Some(Either::Left(done))) => {
                    new = true;
                    if statement.changes() {
                        outcome.affected += done.rows_affected();
                        let key = i128::from(done.last_insert_id());
                        outcome.key = outcome.key.or((key != 0).then_some(key));
                    }
                }
                Ok(Some(Either::Right(row))) => {
                    if std::mem::take(&mut new) {
                        outcome.begin(row.columns().iter().map(|column| column.name().into()).collect())?;
                    }
                    let (cells, bytes) = cells(&row);
                    outcome.push(cells, bytes, limits)?;
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        }
    };
    match result {
        Ok(()) => {}
        Err(error) if statement.binds.is_empty() && number_of(&error) == Some(NOT_PREPARABLE) => {
            connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map_err(fault)?;
            return Ok(outcome);
        }
        Err(error) => return Err(fault(error)),
    }
    if outcome.rows.is_empty()
        && statement.reads()
        && let Ok(prepared) = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await
    {
        outcome.columns = prepared.columns().iter().map(|column| Arc::from(column.name())).collect();
    }
    Ok(outcome)
}

fn number_of(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()?;
    Some(error.number())
}

fn bind(arguments: &mut MySqlArguments, value: &Value) -> Result<(), sqlx::error::BoxDynError> {
    match value {
        Value::Bool(value) => arguments.add(i64::from(*value)),
        Value::Number(Number::Int(value)) => match (i64::try_from(*value), u64::try_from(*value)) {
            (Ok(value), _) => arguments.add(value),
            (_, Ok(value)) => arguments.add(value),
            _ => arguments.add(BigDecimal::from(*value)),
        },
        Value::Number(Number::Decimal(value)) => arguments.add((**value).clone()),
        Value::Number(Number::Float { value, single: true }) => arguments.add(*value as f32),
        Value::Number(Number::Float { value, .. }) => arguments.add(*value),
        Value::Text(text) => arguments.add(text.text.to_string()),
        Value::Bytes(bytes) => arguments.add(bytes.bytes.to_vec()),
        _ => arguments.add(None::<String>),
    }
}

fn cells(row: &MySqlRow) -> (Vec<Cell>, usize) {
    let mut size = 0;
    let cells: Vec<Cell> = (0..row.len())
        .map(|index| {
            let info = row.column(index).type_info();
            let raw = row.try_get_raw(index).ok().map(<&[u8] as Decode<MySql>>::decode);
            match raw {
                Some(Ok(bytes)) => {
                    size += bytes.len();
                    match value(info, bytes) {
                        Some(value) => Cell::Value(value),
                        None => Cell::Unknown(info.name().to_lowercase()),
                    }
                }
                // A value without bytes is NULL; a zero date has some.
                Some(Err(_)) => Cell::Value(Value::Null),
                None => Cell::Unknown(info.name().to_lowercase()),
            }
        })
        .collect();
    let count = cells.len();
    (cells, size + 16 * count)
}

fn value(info: &MySqlTypeInfo, bytes: &[u8]) -> Option<Value> {
    let unsigned = <u64 as Type<MySql>>::compatible(info);
    Some(match info.name() {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "TINYINT UNSIGNED"
        | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED" | "YEAR" => {
            integer(bytes, unsigned || info.name() == "YEAR")?
        }
        "FLOAT" => {
            let value = f32::from_le_bytes(bytes.try_into().ok()?);
            Value::Number(Number::Float { value: f64::from(value), single: true })
        }
        "DOUBLE" => {
            let value = f64::from_le_bytes(bytes.try_into().ok()?);
            Value::Number(Number::Float { value, single: false })
        }
        "DECIMAL" => number(std::str::from_utf8(bytes).ok()?),
        "BIT" => Value::int(bytes.iter().fold(0i128, |sum, byte| sum << 8 | i128::from(*byte))),
        "DATE" => Value::text(date(bytes.get(1..)?)),
        "DATETIME" => Value::text(datetime(bytes.get(1..)?)),
        // The session's time zone is UTC.
        "TIMESTAMP" => Value::text(format!("{}Z", datetime(bytes.get(1..)?))),
        "TIME" => Value::text(time(bytes.get(1..)?)?),
        "JSON" => json(bytes),
        "NULL" => Value::Null,
        "ENUM" | "SET" => text_or_bytes(bytes),
        "GEOMETRY" => return None,
        _ if <String as Type<MySql>>::compatible(info) => text_or_bytes(bytes),
        _ => Value::bytes(bytes.to_vec()),
    })
}

/// Little-endian, of one to eight bytes.
fn integer(bytes: &[u8], unsigned: bool) -> Option<Value> {
    let mut full = [if !unsigned && bytes.last()? & 0x80 != 0 { 0xff } else { 0 }; 16];
    full.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(Value::int(i128::from_le_bytes(full)))
}

/// `2026-11-22`; a zero date has no bytes.
fn date(bytes: &[u8]) -> String {
    match bytes {
        [low, high, month, day, ..] => {
            format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([*low, *high]))
        }
        _ => "0000-00-00".to_owned(),
    }
}

/// `2026-11-22T10:00:00.5`.
fn datetime(bytes: &[u8]) -> String {
    let (hour, minute, second) = match bytes.get(4..7) {
        Some([hour, minute, second]) => (*hour, *minute, *second),
        _ => (0, 0, 0),
    };
    format!("{}T{hour:02}:{minute:02}:{second:02}{}", date(bytes), micros(bytes.get(7..11)))
}

/// `10:00:00`, and beyond a day `-30:00:00`.
fn time(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return Some("00:00:00".to_owned());
    }
    let sign = if bytes[0] == 0 { "" } else { "-" };
    let days = u32::from_le_bytes(bytes.get(1..5)?.try_into().ok()?);
    let (hour, minute, second) = (u32::from(*bytes.get(5)?), bytes.get(6)?, bytes.get(7)?);
    Some(format!("{sign}{:02}:{minute:02}:{second:02}{}", days * 24 + hour, micros(bytes.get(8..12))))
}

/// `.5`, or nothing.
fn micros(bytes: Option<&[u8]>) -> String {
    let micros = bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
    match micros {
        0 => String::new(),
        micros => format!(".{micros:06}").trim_end_matches('0').to_owned(),
    }
}
