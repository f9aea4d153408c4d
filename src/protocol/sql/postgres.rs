//! PostgreSQL. It says itself which type each value of a statement must have, so the statement is
//! first prepared without any values; then each value is sent as text and cast to that type, as a
//! literal in the statement would be.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnection, PgRow, PgTypeInfo, PgTypeKind, PgValueFormat,
};
use sqlx::{
    Arguments as _, AssertSqlSafe, Column as _, Either, Encode, Executor as _, Postgres, Row as _,
    SqlSafeStr as _, Statement as _, Type, TypeInfo as _, ValueRef as _,
};

use super::fault::Fault;
use super::pg_text;
use super::pg_value;
use super::rows::{Cell, Limits, Outcome};
use super::statement::Statement;
use crate::lang::sql::Dialect;
use crate::value::{Number, Value, to_json};

/// After so many prepared statements the server is told to forget them.
const PREPARED: u32 = 200;

/// The errors of a statement whose types depend on those of its values: ambiguous function,
/// indeterminate and ambiguous parameters, and what an unknown type is not compatible with.
const WANTS_TYPES: &[&str] = &["42725", "42P18", "42P08"];

pub(super) async fn run(
    connection: &mut PgConnection,
    prepared: &mut u32,
    statement: &Statement,
    limits: &Limits,
    in_transaction: bool,
    url: &str,
) -> Result<Outcome, Fault> {
    let fault = |error| Fault::of(error, Dialect::Postgres, url);
    let wanted = if statement.binds.is_empty() {
        Vec::new()
    } else {
        types(connection, prepared, statement, in_transaction).await.map_err(fault)?
    };
    let bounds: Vec<Bound> = statement
        .binds
        .iter()
        .enumerate()
        .map(|(index, value)| Bound::new(value, wanted.get(index)))
        .collect();
    let sql = statement.text(|index| match &bounds[index].cast {
        Some(cast) => format!("${}::text::{cast}", index + 1),
        None => format!("${}", index + 1),
    });
    let mut arguments = PgArguments::default();
    for bound in bounds {
        arguments.add(bound).map_err(|error| fault(sqlx::Error::Encode(error)))?;
    }
    let mut outcome = Outcome::default();
    {
        // Under a name: looking up a type that is not known yet would take an unnamed one's place.
        *prepared += 1;
        let query = sqlx::query_with(AssertSqlSafe(sql.clone()), arguments).persistent(true);
        let mut stream = connection.fetch_many(query);
        let mut new = true;
        while let Some(step) = stream.try_next().await.map_err(fault)? {
            match step {
                Either::Left(done) => {
                    new = true;
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
    if outcome.rows.is_empty() && statement.reads() {
        *prepared += 1;
        if let Ok(ready) = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await {
            outcome.columns = ready.columns().iter().map(|column| Arc::from(column.name())).collect();
        }
    }
    if *prepared > PREPARED {
        *prepared = 0;
        let _ = connection.execute("deallocate all").await;
    }
    Ok(outcome)
}

/// The type that each value must have; none where the server cannot tell without the value.
async fn types(
    connection: &mut PgConnection,
    prepared: &mut u32,
    statement: &Statement,
    in_transaction: bool,
) -> Result<Vec<PgTypeInfo>, sqlx::Error> {
    *prepared += 1;
    // A statement that fails ends the whole transaction; that must only happen to the real one.
    if in_transaction {
        connection.execute("savepoint scn_types").await?;
    }
    let ready = connection.prepare(AssertSqlSafe(statement.sql(Dialect::Postgres)).into_sql_str()).await;
    let found = match &ready {
        Ok(ready) => match ready.parameters() {
            Some(Either::Left(types)) => types.to_vec(),
            _ => Vec::new(),
        },
        Err(error) => {
            let code = error.as_database_error().and_then(|error| error.code());
            if !code.is_some_and(|code| WANTS_TYPES.contains(&&*code)) {
                return ready.map(|_| Vec::new());
            }
            Vec::new()
        }
    };
    if in_transaction {
        let end =
            if ready.is_ok() { "release savepoint scn_types" } else { "rollback to savepoint scn_types" };
        connection.execute(end).await?;
    }
    Ok(found)
}

/// A value with the form in which it is sent.
struct Bound {
    bytes: Option<Vec<u8>>,
    info: PgTypeInfo,
    /// The type that the text is cast to.
    cast: Option<String>,
}

impl Bound {
    fn new(value: &Value, wanted: Option<&PgTypeInfo>) -> Bound {
        let text = || PgTypeInfo::with_name("text");
        let Some(bytes) = pg_text::of(value) else {
            let cast = wanted.map(cast_name);
            return Bound { bytes: None, info: text(), cast };
        };
        // A list is an array, but in a column of JSON.
        let is_json = wanted.is_some_and(|info| matches!(info.name(), "JSON" | "JSONB"));
        let bytes = match value {
            Value::List(_) if is_json => to_json(value).into_bytes(),
            _ => bytes,
        };
        let is_text = wanted.is_some_and(is_text);
        match (wanted, value) {
            (Some(info), Value::Bytes(bytes)) if info.name() == "BYTEA" => {
                Bound { bytes: Some(bytes.bytes.to_vec()), info: info.clone(), cast: None }
            }
            // An unknown type counts as text; a value that is none keeps its own type, so that a
            // number is never compared as text in silence.
            (Some(info), Value::Text(_) | Value::List(_) | Value::Object(_)) if is_text => {
                Bound { bytes: Some(bytes), info: info.clone(), cast: None }
            }
            (Some(info), _) if !is_text => {
                Bound { bytes: Some(bytes), info: text(), cast: Some(cast_name(info)) }
            }
            (_, Value::Text(_)) => Bound { bytes: Some(bytes), info: text(), cast: None },
            _ => Bound { bytes: Some(bytes), info: text(), cast: Some(own_type(value).to_owned()) },
        }
    }
}

/// Types that are sent as the characters themselves.
fn is_text(info: &PgTypeInfo) -> bool {
    matches!(info.name(), "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "JSON" | "citext")
        || matches!(info.kind(), PgTypeKind::Enum(_))
}

/// The name of a type in a cast that keeps every digit and character.
fn cast_name(info: &PgTypeInfo) -> String {
    match info.name() {
        // `char` and `bit` alone mean a length of one.
        "CHAR" | "VARCHAR" | "UNKNOWN" => "text".to_owned(),
        "CHAR[]" => "text[]".to_owned(),
        "BIT" => "varbit".to_owned(),
        "BIT[]" => "varbit[]".to_owned(),
        name => name.to_owned(),
    }
}

/// The type of a value when nothing around it says which.
fn own_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(Number::Int(value)) if i64::try_from(*value).is_ok() => "int8",
        Value::Number(Number::Float { single: true, .. }) => "float4",
        Value::Number(Number::Float { .. }) => "float8",
        Value::Number(_) => "numeric",
        Value::Bytes(_) => "bytea",
        Value::Duration(_) => "interval",
        Value::List(items) => match items.first().map(own_type) {
            Some("bool") => "bool[]",
            Some("int8") => "int8[]",
            Some("float8") => "float8[]",
            Some("numeric") => "numeric[]",
            Some("bytea") => "bytea[]",
            _ => "text[]",
        },
        _ => "text",
    }
}

impl Type<Postgres> for Bound {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("text")
    }
}

impl Encode<'_, Postgres> for Bound {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.bytes {
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.info.clone())
    }
}

fn cells(row: &PgRow) -> (Vec<Cell>, usize) {
    let mut size = 0;
    let cells: Vec<Cell> = (0..row.len())
        .map(|index| {
            let unknown = |info: &PgTypeInfo| Cell::Unknown(info.name().to_lowercase());
            let info = row.column(index).type_info();
            let Ok(raw) = row.try_get_raw(index) else { return unknown(info) };
            if raw.is_null() {
                return Cell::Value(Value::Null);
            }
            let Ok(bytes) = raw.as_bytes() else { return unknown(info) };
            size += bytes.len();
            let read = match raw.format() {
                PgValueFormat::Binary => pg_value::read(info, bytes),
                PgValueFormat::Text => None,
            };
            read.map_or_else(|| unknown(info), Cell::Value)
        })
        .collect();
    let count = cells.len();
    (cells, size + 16 * count)
}
