//! A dump as statements.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::place::Malformed;
use super::kind::{self, Kind};
use super::table::Table;
use super::token::{Token, Tokens};
use super::{Dialect, copy};
use crate::value::Value;

/// Rows that a statement inserts.
#[derive(Debug, Clone)]
pub struct Inserted {
    /// Into which table.
    pub table: Arc<Table>,
    /// The columns in the order of the values.
    pub columns: Vec<Arc<str>>,
    /// The values, as many in a row as there are columns.
    pub rows: Vec<Vec<Value>>,
    /// Whether it is a `COPY`.
    pub copied: bool,
    /// Where in the dump it begins: a 1-based line.
    pub line: usize,
}

/// A statement of a dump.
#[derive(Debug, Clone)]
pub enum Statement {
    /// `CREATE TABLE`
    Table(Arc<Table>),
    /// `INSERT`, `REPLACE` or `COPY`
    Rows(Inserted),
    /// Something that holds no rows, by its first word.
    Skipped(String),
}

/// Reads a dump statement by statement.
#[derive(Debug)]
pub struct Dump<'a> {
    pub(super) tokens: Tokens<'a>,
    pub(super) tables: BTreeMap<Arc<str>, Arc<Table>>,
    /// The line of the last statement, and the byte where it was counted to: counting goes on.
    line: (usize, usize),
}

impl<'a> Dump<'a> {
    /// A dump of the dialect, else of what the dump says itself.
    pub fn new(text: &'a str, dialect: Option<Dialect>) -> Dump<'a> {
        let dialect = dialect.or_else(|| Dialect::detect(text));
        let tokens = Tokens { text, at: 0, dialect, start: 0 };
        Dump { tokens, tables: BTreeMap::new(), line: (1, 0) }
    }

    /// Whose dump this is, as far as it is known.
    pub fn dialect(&self) -> Option<Dialect> {
        self.tokens.dialect
    }

    /// The next statement.
    pub fn statement(&mut self) -> Result<Option<Statement>, Malformed> {
        loop {
            let first = self.tokens.next()?;
            let start = self.tokens.start;
            match first {
                Token::End => return Ok(None),
                Token::Sign(';') => continue,
                // What `psql` is told, such as `\restrict`: the whole line is its own.
                Token::Sign('\\') => {
                    self.tokens.line();
                    return Ok(Some(Statement::Skipped("psql command".to_owned())));
                }
                Token::Word(word) => {
                    let word = word.to_ascii_uppercase();
                    return self.worded(&word, start).map(Some);
                }
                _ => return Err(self.tokens.wrong(start, "no statement begins like this")),
            }
        }
    }

    fn worded(&mut self, word: &str, start: usize) -> Result<Statement, Malformed> {
        match word {
            "INSERT" | "REPLACE" => self.insert(word, start),
            "COPY" => self.copy(start),
            "CREATE" => self.create(),
            "DELETE" if self.is_internal()? => self.skip(word),
            "UPDATE" | "DELETE" | "MERGE" | "LOAD" => {
                let message = format!("`{word}` changes rows, and a catalog reads only what is inserted");
                Err(self.tokens.wrong(start, message))
            }
            "DELIMITER" => self.delimiter(),
            _ => self.skip(word),
        }
    }

    /// `DELETE FROM sqlite_sequence`, as SQLite's own dumps have it.
    fn is_internal(&mut self) -> Result<bool, Malformed> {
        let (at, start) = (self.tokens.at, self.tokens.start);
        let from = self.tokens.next()?;
        let table = self.tokens.next()?;
        (self.tokens.at, self.tokens.start) = (at, start);
        let name = match &table {
            Token::Word(name) => name,
            Token::Name(name) => &**name,
            _ => "",
        };
        Ok(matches!(from, Token::Word(word) if word.eq_ignore_ascii_case("from")) && is_own(name))
    }

    /// Up to the `;` that ends the statement.
    pub(super) fn skip(&mut self, word: &str) -> Result<Statement, Malformed> {
        loop {
            if matches!(self.tokens.next()?, Token::Sign(';') | Token::End) {
                return Ok(Statement::Skipped(word.to_owned()));
            }
        }
    }

    /// What stands between `DELIMITER ;;` and `DELIMITER ;`: bodies of triggers and procedures.
    fn delimiter(&mut self) -> Result<Statement, Malformed> {
        loop {
            let from = self.tokens.at;
            self.tokens.line();
            let line = self.tokens.text[from..self.tokens.at].trim();
            let first = !self.tokens.text[..from].ends_with('\n');
            let own = match line.get(..9) {
                Some(word) if word.eq_ignore_ascii_case("delimiter") => &line[9..],
                _ if first => line,
                _ => "",
            };
            if own.trim() == ";" || self.tokens.at >= self.tokens.text.len() {
                return Ok(Statement::Skipped("DELIMITER".to_owned()));
            }
        }
    }

    fn insert(&mut self, word: &str, start: usize) -> Result<Statement, Malformed> {
        loop {
            match self.tokens.next()? {
                Token::Word(word) if word.eq_ignore_ascii_case("into") => break,
                Token::Word(word)
                    if is_one(
                        word,
                        &[
                            "ignore",
                            "or",
                            "replace",
                            "abort",
                            "fail",
                            "rollback",
                            "low_priority",
                            "high_priority",
                            "delayed",
                        ],
                    ) => {}
                _ => {
                    return Err(self
                        .tokens
                        .wrong(self.tokens.start, format!("`INTO` is missing after `{word}`")));
                }
            }
        }
        let path = self.path()?;
        if path.last().is_some_and(|name| is_own(name)) {
            return self.skip(word);
        }
        let table = self.table(path);
        let mut columns: Vec<Arc<str>> = table.columns.iter().map(|column| column.name.clone()).collect();
        if self.tokens.peek()? == Token::Sign('(') {
            columns = self.columns()?;
        }
        loop {
            match self.tokens.next()? {
                Token::Word(word)
                    if is_one(word, &["overriding", "system", "user", "value"]) && self.more()? => {}
                Token::Word(word) if is_one(word, &["values", "value"]) => break,
                _ => {
                    let message = "only `VALUES` can be read here: a catalog computes nothing";
                    return Err(self.tokens.wrong(self.tokens.start, message));
                }
            }
        }
        if columns.is_empty() {
            let message = format!(
                "the columns of `{}` are not known: dump them with the rows, or with `CREATE TABLE` before",
                table.name
            );
            return Err(self.tokens.wrong(start, message));
        }
        let kinds = table.kinds(&columns);
        let mut rows = Vec::new();
        loop {
            rows.push(self.tuple(&kinds)?);
            match self.tokens.next()? {
                Token::Sign(',') => {}
                Token::Sign(';') | Token::End => break,
                Token::Word(word) if word.eq_ignore_ascii_case("on") => {
                    self.conflict()?;
                    break;
                }
                _ => return Err(self.tokens.wrong(self.tokens.start, "`,` or `;` is missing after a row")),
            }
        }
        let line = self.line_of(start);
        Ok(Statement::Rows(Inserted { table, columns, rows, copied: false, line }))
    }

    /// Whether the word at hand is not yet the `VALUE` of the rows: `OVERRIDING SYSTEM VALUE`.
    fn more(&mut self) -> Result<bool, Malformed> {
        Ok(self.tokens.peek()? != Token::Sign('('))
    }

    /// `ON CONFLICT … DO NOTHING`; what would change rows is refused.
    fn conflict(&mut self) -> Result<(), Malformed> {
        let start = self.tokens.start;
        let mut nothing = false;
        loop {
            match self.tokens.next()? {
                Token::Sign(';') | Token::End if nothing => return Ok(()),
                Token::Sign(';') | Token::End => break,
                Token::Word(word) if is_one(word, &["update", "returning"]) => break,
                Token::Word(word) => nothing |= word.eq_ignore_ascii_case("nothing"),
                _ => {}
            }
        }
        Err(self.tokens.wrong(start, "only `ON CONFLICT DO NOTHING` can be read here"))
    }

    fn tuple(&mut self, kinds: &[Kind]) -> Result<Vec<Value>, Malformed> {
        if self.tokens.next()? != Token::Sign('(') {
            return Err(self.tokens.wrong(self.tokens.start, "`(` is missing before a row"));
        }
        let open = self.tokens.start;
        let mut row = Vec::with_capacity(kinds.len());
        loop {
            let value = self.value()?;
            row.push(match (value, kinds.get(row.len())) {
                (Value::Text(text), Some(Kind::Bytes)) => kind::typed(&text.text, Kind::Bytes),
                (Value::Text(text), Some(Kind::Blob)) if self.tokens.dialect == Some(Dialect::Mysql) => {
                    Value::bytes(text.text.as_bytes().to_vec())
                }
                (value, _) => value,
            });
            match self.tokens.next()? {
                Token::Sign(',') => {}
                Token::Sign(')') if row.len() == kinds.len() => return Ok(row),
                Token::Sign(')') => {
                    let message = format!("the row has {} values for {} columns", row.len(), kinds.len());
                    return Err(self.tokens.wrong(open, message));
                }
                _ => return Err(self.tokens.wrong(self.tokens.start, "`,` or `)` is missing after a value")),
            }
        }
    }

    fn copy(&mut self, start: usize) -> Result<Statement, Malformed> {
        let path = self.path()?;
        let table = self.table(path);
        let mut columns: Vec<Arc<str>> = table.columns.iter().map(|column| column.name.clone()).collect();
        if self.tokens.peek()? == Token::Sign('(') {
            columns = self.columns()?;
        }
        let plain = matches!(self.tokens.next()?, Token::Word(word) if word.eq_ignore_ascii_case("from"))
            && matches!(self.tokens.next()?, Token::Word(word) if word.eq_ignore_ascii_case("stdin"))
            && self.tokens.next()? == Token::Sign(';');
        if !plain {
            let message = "only `COPY … FROM stdin;` in the text format can be read";
            return Err(self.tokens.wrong(start, message));
        }
        if columns.is_empty() {
            let message = format!("the columns of `{}` are not known", table.name);
            return Err(self.tokens.wrong(start, message));
        }
        self.tokens.line();
        let rows = copy::rows(&mut self.tokens, &table.kinds(&columns))?;
        let line = self.line_of(start);
        Ok(Statement::Rows(Inserted { table, columns, rows, copied: true, line }))
    }

    /// `public.customers`, quoted or not.
    pub(super) fn path(&mut self) -> Result<Vec<Arc<str>>, Malformed> {
        let mut path: Vec<Arc<str>> = Vec::new();
        loop {
            match self.tokens.next()? {
                Token::Word(word) => path.push(word.into()),
                Token::Name(name) => path.push((*name).into()),
                _ => return Err(self.tokens.wrong(self.tokens.start, "a table's name is missing")),
            }
            if self.tokens.peek()? != Token::Sign('.') {
                return Ok(path);
            }
            self.tokens.next()?;
        }
    }

    /// `(a, b)`
    fn columns(&mut self) -> Result<Vec<Arc<str>>, Malformed> {
        let mut columns: Vec<Arc<str>> = Vec::new();
        self.tokens.next()?;
        loop {
            let name: Arc<str> = match self.tokens.next()? {
                Token::Word(word) => word.into(),
                Token::Name(name) => (*name).into(),
                _ => return Err(self.tokens.wrong(self.tokens.start, "a column's name is missing")),
            };
            if columns.contains(&name) {
                let message = format!("the column `{name}` stands twice");
                return Err(self.tokens.wrong(self.tokens.start, message));
            }
            columns.push(name);
            match self.tokens.next()? {
                Token::Sign(',') => {}
                Token::Sign(')') => return Ok(columns),
                _ => {
                    return Err(self.tokens.wrong(self.tokens.start, "`,` or `)` is missing after a column"));
                }
            }
        }
    }

    fn table(&self, path: Vec<Arc<str>>) -> Arc<Table> {
        let name = name_of(&path);
        match self.tables.get(&name) {
            Some(table) => table.clone(),
            None => Arc::new(Table { name, path, columns: Vec::new() }),
        }
    }

    fn line_of(&mut self, offset: usize) -> usize {
        let (line, counted) = self.line;
        let between = &self.tokens.text.as_bytes()[counted..offset.max(counted)];
        self.line = (line + between.iter().filter(|byte| **byte == b'\n').count(), offset.max(counted));
        self.line.0
    }
}

pub(super) fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// SQLite keeps its own books in tables of its own.
fn is_own(table: &str) -> bool {
    table.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("sqlite_"))
}

pub(super) fn name_of(path: &[Arc<str>]) -> Arc<str> {
    match path {
        [schema, name] if is_one(schema, &["public", "main", "dbo"]) => name.clone(),
        [name] => name.clone(),
        path => path.join(".").into(),
    }
}
