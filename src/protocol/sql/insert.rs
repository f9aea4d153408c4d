//! `insert db.customers …`: objects as rows, many rows in few statements.

use std::sync::Arc;

use super::connection::Connection;
use super::fault::Fault;
use super::statement::{Part, Statement, bindable};
use crate::lang::sql::Dialect;
use crate::protocol::{Call, Misuse};
use crate::shape::{parse_datetime, show_datetime};
use crate::value::{Object, Value, to_json};

/// How many rows one statement has at most.
const ROWS: usize = 1_000;
/// How many values one statement has at most: fewer than every database allows.
const VALUES: usize = 30_000;

/// Rows for a table.
#[derive(Debug)]
pub(super) struct Insert {
    /// The table's name and what stands before it: schema, database.
    table: Vec<Arc<str>>,
    pub(super) rows: Vec<Arc<Object>>,
}

impl Insert {
    /// Reads the request.
    pub(super) fn read(call: &Call, target: &str, dialect: Dialect) -> Result<Insert, Misuse> {
        let example = format!("write `insert {target}.customers {{ name: \"Alice\" }}`");
        if call.members.is_empty() {
            return Err(Misuse::new("`insert` needs the name of a table").help(example));
        }
        if call.place.is_some() {
            return Err(Misuse::new("`insert` takes rows, not text")
                .help(format!("{example}; statements are for `query`")));
        }
        let one;
        let items = match &call.operand {
            Some(Value::List(items)) => items.as_slice(),
            Some(value @ Value::Object(_)) => {
                one = [value.clone()];
                &one
            }
            Some(other) => {
                return Err(Misuse::new(format!(
                    "`insert` takes an object or a list of objects, not {}",
                    crate::value::words::a_kind(other)
                ))
                .help(example));
            }
            None => return Err(Misuse::new("`insert` needs a row").help(example)),
        };
        if items.is_empty() {
            return Err(Misuse::new("there are no rows to insert: the list is empty"));
        }
        let mut rows = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Value::Object(fields) = item else {
                return Err(Misuse::new(format!(
                    "each row is an object, and the one at {index} is {}",
                    crate::value::words::a_kind(item)
                )));
            };
            for (name, value) in fields.iter() {
                if matches!(value, Value::Absent | Value::Object(_) | Value::List(_)) {
                    continue;
                }
                bindable(value, dialect).map_err(|misuse| Misuse {
                    message: format!("the column `{name}`: {}", misuse.message),
                    ..misuse
                })?;
            }
            rows.push(fields.clone());
        }
        Ok(Insert { table: call.members.clone(), rows })
    }

    /// The name of the table alone.
    pub(super) fn table(&self) -> &str {
        self.table.last().map_or("", AsRef::as_ref)
    }

    /// The statements that insert the rows, in their order.
    pub(super) async fn statements(
        &self,
        connection: &mut Connection,
        returning: bool,
    ) -> Result<Vec<Statement>, Fault> {
        let dialect = connection.dialect;
        let texts = self.text_columns(connection).await?;
        let tail = if returning && connection.returns_rows() { " returning *" } else { "" };
        let mut statements = Vec::new();
        for group in self.groups(dialect) {
            let columns = columns_of(&group);
            let most = (VALUES / columns.len().max(1)).clamp(1, ROWS);
            for rows in group.chunks(if columns.is_empty() { 1 } else { most }) {
                statements.push(self.statement(rows, &columns, &texts, dialect, tail));
            }
        }
        Ok(statements)
    }

    /// Rows that one statement can hold. A row that lacks a column gets its default; where SQL
    /// cannot say so among other rows, rows with the same columns stand together.
    fn groups(&self, dialect: Dialect) -> Vec<Vec<&Object>> {
        let mut groups: Vec<Vec<&Object>> = Vec::new();
        for row in &self.rows {
            let apart = |known: &Vec<&Object>| {
                let (a, b) = (columns_of(&known[..1]), columns_of(&[row]));
                if dialect == Dialect::Sqlite { a != b } else { a.is_empty() != b.is_empty() }
            };
            match groups.last_mut() {
                Some(known) if !apart(known) => known.push(row),
                _ => groups.push(vec![row]),
            }
        }
        groups
    }

    fn statement(
        &self,
        rows: &[&Object],
        columns: &[Arc<str>],
        texts: &[String],
        dialect: Dialect,
        tail: &str,
    ) -> Statement {
        let table: Vec<String> = self.table.iter().map(|name| dialect.quoted(name)).collect();
        let mut parts = vec![Part::Text(format!("insert into {} ", table.join(".")))];
        let mut binds = Vec::new();
        if columns.is_empty() {
            let nothing = if dialect == Dialect::MySql { "() values ()" } else { "default values" };
            parts.push(Part::Text(format!("{nothing}{tail}")));
            return Statement::of(parts, binds, "insert");
        }
        let names: Vec<String> = columns.iter().map(|name| dialect.quoted(name)).collect();
        parts.push(Part::Text(format!("({}) values ", names.join(", "))));
        for (index, row) in rows.iter().enumerate() {
            parts.push(Part::Text(if index == 0 { "(" } else { ", (" }.to_owned()));
            for (place, name) in columns.iter().enumerate() {
                if place > 0 {
                    parts.push(Part::Text(", ".to_owned()));
                }
                match row.get(name).filter(|value| !matches!(value, Value::Absent)) {
                    None => parts.push(Part::Text("default".to_owned())),
                    Some(value) => {
                        parts.push(Part::Bind(binds.len()));
                        binds.push(column_value(value, texts.iter().any(|text| **text == **name), dialect));
                    }
                }
            }
            parts.push(Part::Text(")".to_owned()));
        }
        parts.push(Part::Text(tail.to_owned()));
        Statement::of(parts, binds, "insert")
    }

    /// SQLite: the columns that keep a decimal's digits. MySQL: those that want a point in time
    /// without `T` and offset.
    async fn text_columns(&self, connection: &mut Connection) -> Result<Vec<String>, Fault> {
        let (wanted, statement): (fn(&Value) -> bool, _) = match connection.dialect {
            Dialect::Postgres => return Ok(Vec::new()),
            Dialect::Sqlite => (
                |value| matches!(value, Value::Number(crate::value::Number::Decimal(_))),
                "select name from pragma_table_info(%) where upper(type) like '%CHAR%' \
                 or upper(type) like '%CLOB%' or upper(type) like '%TEXT%'"
                    .replacen('%', "\u{1}", 1),
            ),
            Dialect::MySql => (
                |value| value.as_text().is_some_and(is_datetime),
                "select column_name from information_schema.columns where table_name = \u{1} \
                 and data_type in ('datetime', 'timestamp') and table_schema = database()"
                    .to_owned(),
            ),
        };
        if !self.rows.iter().flat_map(|row| row.values()).any(wanted) {
            return Ok(Vec::new());
        }
        let (before, after) = statement.split_once('\u{1}').unwrap_or_default();
        let parts = vec![Part::Text(before.to_owned()), Part::Bind(0), Part::Text(after.to_owned())];
        connection.texts(&Statement::of(parts, vec![Value::text(self.table())], "select")).await
    }
}

fn is_datetime(text: &str) -> bool {
    parse_datetime(text).is_some()
}

/// A point in time as MySQL reads it, in UTC as the session is.
fn utc(text: &str) -> Option<String> {
    let utc = show_datetime(parse_datetime(text)?)?;
    Some(utc.trim_end_matches('Z').replacen('T', " ", 1))
}

/// Every column that a row has, in the order in which they first come.
fn columns_of(rows: &[&Object]) -> Vec<Arc<str>> {
    let mut columns: indexmap::IndexSet<Arc<str>> = indexmap::IndexSet::new();
    for row in rows {
        let present = row.iter().filter(|(_, value)| !matches!(value, Value::Absent));
        columns.extend(present.map(|(name, _)| name.clone()));
    }
    columns.into_iter().collect()
}

/// A value as its column keeps it: objects and lists as JSON, and what `special` columns want.
fn column_value(value: &Value, special: bool, dialect: Dialect) -> Value {
    match (value, dialect) {
        (Value::Object(_) | Value::List(_), Dialect::Sqlite | Dialect::MySql) => {
            Value::text_with(to_json(value), value.is_secret())
        }
        (Value::Number(number), Dialect::Sqlite) if special => Value::text(number.to_string()),
        (Value::Text(text), Dialect::MySql) if special => match utc(&text.text) {
            Some(utc) => Value::text_with(utc, text.secret),
            None => value.clone(),
        },
        _ => value.clone(),
    }
}
