//! A statement in pieces: what was written, and the values that are bound to it. No value ever
//! becomes text of the statement.

use crate::lang::sql::{Dialect, Scanner, VALUE, words};
use crate::protocol::Misuse;
use crate::value::{Number, Piece, Value};

/// A piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// As written.
    Text(String),
    /// A value, by its place in [`Statement::binds`].
    Bind(usize),
}

/// A statement and its values.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) parts: Vec<Part>,
    pub(super) binds: Vec<Value>,
    /// Its words outside quotes and comments, in lower case.
    pub(super) words: Vec<String>,
    /// Whether a `;` stands in it before its end.
    pub(super) several: bool,
}

/// The words that begin statements which change rows.
const CHANGING: &[&str] = &["insert", "update", "delete", "replace", "merge", "load", "copy"];
/// The words that begin statements which give rows.
const READING: &[&str] = &[
    "select", "with", "values", "table", "show", "explain", "pragma", "describe", "desc", "call", "execute",
];

impl Statement {
    /// From quoted text with `${…}` in it.
    pub(super) fn read(pieces: &[Piece], dialect: Dialect) -> Result<Statement, Misuse> {
        let mut scanner = Scanner::new(Some(dialect));
        let mut statement =
            Statement { parts: Vec::new(), binds: Vec::new(), words: Vec::new(), several: false };
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    scanner.read(text);
                    statement.parts.push(Part::Text(text.to_string()));
                }
                Piece::Value(value) => {
                    if let Some(place) = scanner.inside() {
                        return Err(Misuse::new(format!(
                            "a `${{…}}` of the statement stands inside {place}"
                        ))
                        .help("it is bound as a value, never spliced into the text: leave the quotes out"));
                    }
                    statement.take(value, scanner.code(), dialect)?;
                    scanner.value();
                }
            }
        }
        if let Some(place) = scanner.inside().filter(|place| *place != "a comment") {
            return Err(Misuse::new(format!("the statement ends inside {place}")));
        }
        statement.words = words(scanner.code()).collect();
        statement.several =
            scanner.code().trim_end_matches(|c: char| c == ';' || c.is_whitespace()).contains(';');
        if statement.words.is_empty() {
            return Err(Misuse::new("the statement is empty"));
        }
        if let Some(written) = placeholder(scanner.code(), dialect) {
            return Err(Misuse::new(format!(
                "the statement has a placeholder `{written}`, and nothing is bound to it"
            ))
            .help("write the value where it belongs: `… where id = ${id}`"));
        }
        Ok(statement)
    }

    /// From parts that the runner wrote itself.
    pub(super) fn of(parts: Vec<Part>, binds: Vec<Value>, first: &str) -> Statement {
        Statement { parts, binds, words: vec![first.to_owned()], several: false }
    }

    /// One without values that the runner wrote itself.
    pub(super) fn plain(text: &str) -> Statement {
        Statement {
            parts: vec![Part::Text(text.to_owned())],
            binds: Vec::new(),
            words: words(text).collect(),
            several: false,
        }
    }

    fn take(&mut self, value: &Value, before: &str, dialect: Dialect) -> Result<(), Misuse> {
        let Value::List(items) = value else {
            bindable(value, dialect)?;
            self.bind(value.clone());
            return Ok(());
        };
        items.iter().try_for_each(|item| bindable(item, dialect))?;
        let before = before.trim_end();
        let open = before.ends_with('(');
        let head = before.trim_end_matches('(').trim_end();
        let last = head.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next();
        let after_in = last.is_some_and(|word| word.eq_ignore_ascii_case("in"));
        if !after_in {
            if dialect == Dialect::Postgres {
                self.bind(value.clone());
                return Ok(());
            }
            return Err(Misuse::new(format!(
                "a list is bound only after `in`; {} has no other lists",
                dialect.name()
            ))
            .help("write `… where id in ${ids}`; a list as JSON is `to_json(ids)`"));
        }
        if items.is_empty() {
            return Err(Misuse::new("the list after `in` is empty, and SQL has no empty list").help(
                "leave the statement out when there is nothing to look for, or see why there is nothing",
            ));
        }
        if !open {
            self.parts.push(Part::Text("(".to_owned()));
        }
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.parts.push(Part::Text(", ".to_owned()));
            }
            self.bind(item.clone());
        }
        if !open {
            self.parts.push(Part::Text(")".to_owned()));
        }
        Ok(())
    }

    fn bind(&mut self, value: Value) {
        self.parts.push(Part::Bind(self.binds.len()));
        self.binds.push(value);
    }

    /// Its text with a placeholder for each value.
    pub(super) fn text(&self, mut placeholder: impl FnMut(usize) -> String) -> String {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.clone(),
                Part::Bind(index) => placeholder(*index),
            })
            .collect()
    }

    /// Its text with the dialect's placeholders: `?`, `$1`.
    pub(super) fn sql(&self, dialect: Dialect) -> String {
        self.text(|index| match dialect {
            Dialect::Postgres => format!("${}", index + 1),
            Dialect::Sqlite => format!("?{}", index + 1),
            Dialect::MySql => "?".to_owned(),
        })
    }

    /// Whether it changes rows, so that how many it changed means something.
    pub(super) fn changes(&self) -> bool {
        match self.first() {
            "with" => self.words.iter().any(|word| CHANGING.contains(&word.as_str())),
            first => CHANGING.contains(&first),
        }
    }

    /// Whether it may give rows.
    pub(super) fn reads(&self) -> bool {
        READING.contains(&self.first()) || self.words.iter().any(|word| word == "returning")
    }

    pub(super) fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// Refuses what no column holds.
pub(super) fn bindable(value: &Value, dialect: Dialect) -> Result<(), Misuse> {
    match value {
        Value::Null | Value::Bool(_) | Value::Text(_) | Value::Bytes(_) => Ok(()),
        Value::Number(number) => fits(number, dialect),
        Value::Duration(_) if dialect == Dialect::Postgres => Ok(()),
        Value::Duration(_) => Err(Misuse::new(format!("{} has no durations", dialect.name()))
            .help("bind a number, such as the seconds: `${wait / 1s}`")),
        Value::List(items) if dialect == Dialect::Postgres => {
            items.iter().try_for_each(|item| bindable(item, dialect))
        }
        Value::Object(_) => Err(Misuse::new("an object is no value that a statement takes")
            .help("name a field, as in `${customer.id}`; for a JSON column write `${to_json(customer)}`")),
        other => Err(Misuse::new(format!(
            "{} {} is no value that a statement takes",
            crate::value::words::article(other.kind()),
            other.kind()
        ))),
    }
}

fn fits(number: &Number, dialect: Dialect) -> Result<(), Misuse> {
    match (number, dialect) {
        (Number::Int(value), Dialect::Sqlite) if i64::try_from(*value).is_err() => {
            Err(Misuse::new(format!("SQLite has no integers as large as `{value}`"))
                .help("bind it as text: `${\"${n}\"}`"))
        }
        (Number::Decimal(_), Dialect::Sqlite) if !is_exact(number) => {
            Err(Misuse::new(format!("SQLite would round `{number}`: its numbers have 64 bits"))
                .help("bind it as text, and keep it in a column of type text: `${\"${amount}\"}`"))
        }
        (Number::Float { value, .. }, Dialect::Sqlite | Dialect::MySql) if !value.is_finite() => {
            Err(Misuse::new(format!("{} has no number `{value}`", dialect.name())))
        }
        _ => Ok(()),
    }
}

/// Whether the nearest 64-bit number is written with the same digits.
pub(super) fn is_exact(number: &Number) -> bool {
    let nearest = Number::Float { value: number.to_f64(), single: false };
    match (nearest.to_decimal(), number.to_decimal()) {
        (Ok(nearest), Ok(number)) => nearest == number,
        _ => false,
    }
}

/// A placeholder that stands in the text as written.
fn placeholder(code: &str, dialect: Dialect) -> Option<String> {
    let chars: Vec<char> = code.chars().collect();
    let word = |at: usize| -> String {
        chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect()
    };
    for (at, c) in chars.iter().enumerate() {
        let name = word(at + 1);
        let begins = at == 0
            || !(chars[at - 1].is_alphanumeric() || matches!(chars[at - 1], '_' | ':' | '@' | '$' | VALUE));
        let found = match (c, dialect) {
            ('?', Dialect::Sqlite | Dialect::MySql) => true,
            ('$', Dialect::Postgres) => {
                begins && !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
            }
            ('$' | ':' | '@', Dialect::Sqlite) => begins && !name.is_empty(),
            _ => false,
        };
        if found {
            return Some(format!("{c}{name}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dialect: Dialect, parts: &[(&str, Option<Value>)]) -> Result<Statement, Misuse> {
        let mut pieces = Vec::new();
        for (text, value) in parts {
            pieces.push(Piece::Text((*text).into()));
            pieces.extend(value.clone().map(Piece::Value));
        }
        Statement::read(&pieces, dialect)
    }

    fn ids() -> Value {
        Value::list(vec![Value::int(1), Value::int(2)])
    }

    #[test]
    fn values_become_placeholders() {
        let parts = [
            ("select * from t where a = ", Some(Value::int(1))),
            (" and b = ", Some(Value::text("'; drop table t; --"))),
        ];
        let statement = read(Dialect::Postgres, &parts).unwrap();
        assert_eq!(statement.sql(Dialect::Postgres), "select * from t where a = $1 and b = $2");
        assert_eq!(statement.sql(Dialect::MySql), "select * from t where a = ? and b = ?");
        assert_eq!(statement.binds.len(), 2);
    }

    #[test]
    fn a_list_after_in_is_expanded() {
        for text in ["select 1 where x in ", "select 1 where x IN", "select 1 where x not in\n"] {
            let statement = read(Dialect::Sqlite, &[(text, Some(ids()))]).unwrap();
            assert!(statement.sql(Dialect::Sqlite).ends_with("(?1, ?2)"), "{text}");
        }
        let statement =
            read(Dialect::Sqlite, &[("select 1 where x in (", Some(ids())), (")", None)]).unwrap();
        assert_eq!(statement.sql(Dialect::Sqlite), "select 1 where x in (?1, ?2)");
        let array =
            read(Dialect::Postgres, &[("select 1 where x = any(", Some(ids())), (")", None)]).unwrap();
        assert_eq!(array.sql(Dialect::Postgres), "select 1 where x = any($1)");
        assert!(read(Dialect::MySql, &[("select 1 where x = ", Some(ids()))]).is_err());
        assert!(read(Dialect::MySql, &[("select margin ", Some(ids()))]).is_err());
        // Letters of more than one byte before it.
        assert!(read(Dialect::Sqlite, &[("select 1 where öö=", Some(ids()))]).is_err());
        assert!(read(Dialect::Sqlite, &[("select 1 where öö in", Some(ids()))]).is_ok());
        let empty = read(Dialect::Postgres, &[("select 1 where x in ", Some(Value::list(vec![])))]);
        assert!(empty.unwrap_err().message.contains("empty"));
    }

    #[test]
    fn what_cannot_be_bound_is_refused() {
        let one =
            |dialect, value| read(dialect, &[("select ", Some(value))]).map(|_| ()).map_err(|m| m.message);
        assert!(one(Dialect::Postgres, Value::object([("a", Value::Null)])).unwrap_err().contains("object"));
        assert!(one(Dialect::Sqlite, Value::int(u64::MAX)).unwrap_err().contains("18446744073709551615"));
        assert!(one(Dialect::MySql, Value::int(u64::MAX)).is_ok());
        assert!(one(Dialect::Sqlite, Value::Duration(5)).unwrap_err().contains("durations"));
        let long = Value::Number("0.12345678901234567890".parse().unwrap());
        assert!(one(Dialect::Sqlite, long.clone()).unwrap_err().contains("round"));
        assert!(one(Dialect::Postgres, long).is_ok());
        assert!(one(Dialect::Sqlite, Value::Number("59.98".parse().unwrap())).is_ok());
    }

    #[test]
    fn placeholders_that_are_written_are_refused() {
        for (dialect, text) in [
            (Dialect::Sqlite, "select ?"),
            (Dialect::Sqlite, "select :name"),
            (Dialect::MySql, "select * from t where id = ?"),
            (Dialect::Postgres, "select $1"),
        ] {
            assert!(read(dialect, &[(text, None)]).unwrap_err().message.contains("placeholder"), "{text}");
        }
        for (dialect, text) in [
            (Dialect::Sqlite, "select '?'"),
            (Dialect::Postgres, "select '{}'::jsonb ? 'a'"),
            (Dialect::Postgres, "select 1::int"),
            (Dialect::MySql, "select @x"),
        ] {
            assert!(read(dialect, &[(text, None)]).is_ok(), "{text}");
        }
    }

    #[test]
    fn values_in_quotes_are_refused() {
        let parts = [("select * from t where a = '", Some(Value::int(1))), ("'", None)];
        let misuse = read(Dialect::Sqlite, &parts).unwrap_err();
        assert!(misuse.message.contains("inside the quotes of `'…'`"), "{}", misuse.message);
    }

    #[test]
    fn what_a_statement_does_is_seen_by_its_first_word() {
        let of = |text| read(Dialect::Postgres, &[(text, None)]).unwrap();
        assert!(of("with x as (delete from t returning id) select * from x").changes());
        assert!(!of("with x as (select 1) select 'delete'").changes());
        assert!(!of("select 1").changes() && of("/* c */ UPDATE t set a = 1").changes());
    }
}
