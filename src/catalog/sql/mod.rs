//! SQL dumps of PostgreSQL, MySQL and SQLite, as far as they hold data: `INSERT`, `REPLACE` and
//! `COPY … FROM stdin`, with the names and types of columns from `CREATE TABLE`. Everything else is
//! skipped and counted; what changes data and is none of these is an error.

mod copy;
mod dump;
mod kind;
mod literal;
mod table;
mod token;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use dump::{Dump, Inserted, Statement};
pub use table::{Column, Table};
pub use write::{copied, identifier, literal};

use super::place::Malformed;
use crate::value::{Object, Value};

/// Whose syntax a dump has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// ISO SQL: a backslash is a backslash.
    Standard,
    /// `pg_dump`.
    Postgres,
    /// `mysqldump`, `mariadb-dump`: a backslash escapes.
    Mysql,
    /// `.dump` of SQLite.
    Sqlite,
}

impl Dialect {
    /// The names by which a dialect is asked for.
    pub const NAMES: &'static [&'static str] = &["standard", "postgres", "mysql", "sqlite"];

    /// The dialect of a name.
    pub fn named(name: &str) -> Option<Dialect> {
        Some(match name {
            "standard" => Dialect::Standard,
            "postgres" => Dialect::Postgres,
            "mysql" => Dialect::Mysql,
            "sqlite" => Dialect::Sqlite,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Standard => "standard",
            Dialect::Postgres => "postgres",
            Dialect::Mysql => "mysql",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// What the dumper wrote about itself, in the first lines.
    pub fn detect(text: &str) -> Option<Dialect> {
        let mut end = text.len().min(64 * 1024);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let head = &text[..end];
        let signs = [
            ("-- dialect: postgres", Dialect::Postgres),
            ("-- dialect: mysql", Dialect::Mysql),
            ("-- dialect: sqlite", Dialect::Sqlite),
            ("-- dialect: standard", Dialect::Standard),
            ("-- PostgreSQL database", Dialect::Postgres),
            ("-- MySQL dump", Dialect::Mysql),
            ("-- MariaDB dump", Dialect::Mysql),
            ("PRAGMA foreign_keys", Dialect::Sqlite),
        ];
        let found = signs.iter().filter_map(|(sign, dialect)| Some((head.find(sign)?, *dialect)));
        found.min_by_key(|(at, _)| *at).map(|(_, dialect)| dialect)
    }
}

/// The tables of a dump by name, each a list of rows. A column that a statement does not name is
/// absent; `DEFAULT` is absent too. `public`, `main` and `dbo` before a table's name are left out.
pub fn read(bytes: &[u8], dialect: Option<Dialect>) -> Result<Value, Malformed> {
    let text = text(bytes)?;
    let mut dump = Dump::new(text, dialect);
    let mut tables: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    let mut rows: Vec<(Arc<str>, Vec<Value>)> = Vec::new();
    while let Some(statement) = dump.statement()? {
        let (name, found) = match statement {
            Statement::Table(table) => (table.name.clone(), Vec::new()),
            Statement::Rows(inserted) => (inserted.table.name.clone(), inserted.objects()),
            Statement::Skipped(_) => continue,
        };
        let at = *tables.entry(name.clone()).or_insert_with(|| {
            rows.push((name, Vec::new()));
            rows.len() - 1
        });
        rows[at].1.extend(found);
    }
    Ok(Value::Object(Arc::new(rows.into_iter().map(|(name, rows)| (name, Value::list(rows))).collect())))
}

/// The bytes of a dump as text. MySQL's tools write bytes as they are, unless told otherwise.
pub fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    super::place::text(bytes).map_err(|wrong| {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]);
        match Dialect::detect(&head) {
            Some(Dialect::Mysql) => Malformed {
                message: format!(
                    "{}: dump with `--hex-blob` and `--default-character-set=utf8mb4`",
                    wrong.message
                ),
                ..wrong
            },
            _ => wrong,
        }
    })
}

impl Inserted {
    /// The rows as objects.
    fn objects(self) -> Vec<Value> {
        let columns = &self.columns;
        let object = |row: Vec<Value>| {
            let fields = columns.iter().cloned().zip(row);
            let there = fields.filter(|(_, value)| !matches!(value, Value::Absent));
            Value::Object(Arc::new(there.collect::<Object>()))
        };
        self.rows.into_iter().map(object).collect()
    }
}
