//! `scn data`: data of shapes, and data that only looks like what is real.

mod anonymize;
mod draw;
mod rows;
mod shape;
mod write;

use super::Exit;
use super::args::{Color, Data, SqlDialect};
use crate::catalog::sql::Dialect;

/// Obeys a command of `scn data`.
pub(super) fn data(args: &Data, color: Color) -> Exit {
    match args {
        Data::Draw(args) => draw::draw(args, color),
        Data::Anonymize(args) => anonymize::anonymize(args, color),
    }
}

impl From<SqlDialect> for Dialect {
    fn from(dialect: SqlDialect) -> Dialect {
        match dialect {
            SqlDialect::Standard => Dialect::Standard,
            SqlDialect::Postgres => Dialect::Postgres,
            SqlDialect::Mysql => Dialect::Mysql,
            SqlDialect::Sqlite => Dialect::Sqlite,
        }
    }
}
