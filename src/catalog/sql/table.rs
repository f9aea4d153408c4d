//! `CREATE TABLE`, as far as the names and types of columns go.

use std::sync::Arc;

use super::super::place::Malformed;
use super::dump::{Dump, Statement, is_one, name_of};
use super::kind::Kind;
use super::token::Token;

/// A table as far as the dump says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name; with its schema when that is not the usual one.
    pub name: Arc<str>,
    /// The parts of its name in the dump.
    pub path: Vec<Arc<str>>,
    /// Its columns; none when there is no `CREATE TABLE` before.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// Its type as written, without constraints and defaults.
    pub ty: Arc<str>,
}

impl Table {
    /// What the columns hold, as far as their types are known.
    pub(super) fn kinds(&self, columns: &[Arc<str>]) -> Vec<Kind> {
        let found = |name: &Arc<str>| self.columns.iter().find(|column| column.name == *name);
        columns.iter().map(|name| found(name).map_or(Kind::Text, |column| Kind::of(&column.ty))).collect()
    }
}

impl Dump<'_> {
    /// `CREATE …`: of a table its columns, of everything else nothing.
    pub(super) fn create(&mut self) -> Result<Statement, Malformed> {
        let mut trigger = false;
        loop {
            match self.tokens.next()? {
                Token::Word(word) if word.eq_ignore_ascii_case("table") => break,
                Token::Word(word) if is_one(word, &["temp", "temporary", "unlogged", "global", "local"]) => {}
                Token::Word(word) => {
                    trigger |= is_one(word, &["trigger", "procedure", "function", "event"]);
                    if trigger {
                        return self.body();
                    }
                    return self.skip("CREATE");
                }
                Token::Sign(';') | Token::End => return Ok(Statement::Skipped("CREATE".to_owned())),
                _ => return self.skip("CREATE"),
            }
        }
        while let Token::Word(word) = self.tokens.peek()?
            && is_one(word, &["if", "not", "exists"])
        {
            self.tokens.next()?;
        }
        let path = self.path()?;
        if self.tokens.peek()? != Token::Sign('(') {
            return self.skip("CREATE TABLE");
        }
        self.tokens.next()?;
        let mut columns = Vec::new();
        while let Some(column) = self.definition()? {
            columns.extend(column);
        }
        self.skip("CREATE TABLE")?;
        let table = Arc::new(Table { name: name_of(&path), path, columns });
        self.tables.insert(table.name.clone(), table.clone());
        Ok(Statement::Table(table))
    }

    /// A trigger's or a procedure's statement: with `BEGIN`, up to its `END`.
    fn body(&mut self) -> Result<Statement, Malformed> {
        let (mut begun, mut depth) = (false, 0usize);
        loop {
            match self.tokens.next()? {
                Token::End => return Ok(Statement::Skipped("CREATE".to_owned())),
                Token::Sign(';') if !begun => return Ok(Statement::Skipped("CREATE".to_owned())),
                Token::Word(word) if word.eq_ignore_ascii_case("begin") => begun = true,
                Token::Word(word) if begun && word.eq_ignore_ascii_case("case") => depth += 1,
                Token::Word(word) if begun && word.eq_ignore_ascii_case("end") => {
                    match depth.checked_sub(1) {
                        Some(less) => depth = less,
                        None => return self.skip("CREATE"),
                    }
                }
                _ => {}
            }
        }
    }

    /// A part of a `CREATE TABLE`: a column, or nothing for a constraint; `None` after the last.
    fn definition(&mut self) -> Result<Option<Option<Column>>, Malformed> {
        let first = self.tokens.next()?;
        let name: Option<Arc<str>> = match &first {
            Token::Sign(')') => return Ok(None),
            Token::End => {
                return Err(self.tokens.wrong(self.tokens.start, "the table's definition is cut off"));
            }
            Token::Sign(',') => return Ok(Some(None)),
            Token::Name(name) => Some((**name).into()),
            Token::Word(word) if is_one(word, CONSTRAINTS) => None,
            Token::Word(word) => Some((*word).into()),
            _ => None,
        };
        let (from, mut to) = (self.tokens.at, None);
        let mut depth = 0usize;
        loop {
            let token = self.tokens.peek()?;
            match &token {
                Token::End => {
                    return Err(self.tokens.wrong(self.tokens.at, "the table's definition is cut off"));
                }
                Token::Sign('(') => depth += 1,
                Token::Sign(')' | ',') if depth == 0 => break,
                Token::Sign(')') => depth -= 1,
                Token::Word(word) if depth == 0 && to.is_none() && is_one(word, AFTER_TYPE) => {
                    to = Some(self.tokens.at);
                }
                _ => {}
            }
            self.tokens.next()?;
        }
        let ty = self.tokens.text[from..to.unwrap_or(self.tokens.at)].trim();
        Ok(Some(name.map(|name| Column { name, ty: ty.into() })))
    }
}

const CONSTRAINTS: &[&str] = &[
    "constraint",
    "primary",
    "foreign",
    "unique",
    "check",
    "key",
    "index",
    "fulltext",
    "spatial",
    "exclude",
    "like",
    "period",
];

const AFTER_TYPE: &[&str] = &[
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "check",
    "references",
    "constraint",
    "collate",
    "auto_increment",
    "autoincrement",
    "generated",
    "comment",
    "on",
    "as",
    "charset",
    "key",
    "character_set",
    "visible",
    "invisible",
    "storage",
    "compression",
    "virtual",
    "stored",
];
