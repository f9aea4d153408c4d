//! A request as the report shows it, and the shell line that repeats it.

use std::sync::Arc;
use std::time::Duration;

use super::database::Database;
use super::fault::Fault;
use super::job::Work;
use super::rows::Outcome;
use super::target::How;
use crate::event::Exchange;
use crate::lang::sql::Dialect;
use crate::protocol::Endpoint;
use crate::protocol::shown::{cut, veil};
use crate::source::display_path;
use crate::value::words::shell_quote;
use crate::value::{MASK, Redactor, Value, show, to_json_pretty};

/// How many rows the report shows.
const SHOWN: usize = 100;

/// The exchange of a request. Every text in it is masked.
pub(super) fn exchange(
    (verb, what): (&str, &str),
    endpoint: &Endpoint,
    database: &Arc<Database>,
    work: Option<&Work>,
    result: Result<&Outcome, &Fault>,
    (total, redactor): (Duration, &Redactor),
) -> Exchange {
    let mask = |text: &str| redactor.mask(text).into_owned();
    let dialect = database.dialect();
    let (body, values, sql) = match work {
        Some(Work::Query(statement)) => {
            let values = statement.binds.iter().enumerate();
            let values = values.map(|(index, value)| (placeholder(index, dialect), shown(value)));
            let literal = statement.text(|index| literal(&statement.binds[index], dialect));
            (statement.sql(dialect), values.collect(), literal)
        }
        Some(Work::Insert(insert)) => {
            let rows: Vec<Value> =
                insert.rows.iter().take(SHOWN).map(|row| veil(&Value::Object(row.clone()))).collect();
            let rows = if insert.rows.len() == 1 {
                rows.into_iter().next().unwrap_or(Value::Null)
            } else {
                Value::list(rows)
            };
            (to_json_pretty(&rows), Vec::new(), String::new())
        }
        None => (String::new(), Vec::new(), String::new()),
    };
    Exchange {
        protocol: "sql".to_owned(),
        service: Some(endpoint.service.to_string()),
        request: format!("{verb} {what}"),
        request_headers: values.into_iter().map(|(name, value)| (name, mask(&value))).collect(),
        request_body: cut(&mask(&body)),
        response: mask(&match result {
            Ok(outcome) => answer(verb, outcome),
            Err(fault) => fault.line(),
        }),
        response_body: match result {
            Ok(outcome) if !outcome.rows.is_empty() => {
                let rows: Vec<Value> = outcome.rows.iter().take(SHOWN).cloned().collect();
                cut(&mask(&to_json_pretty(&Value::list(rows))))
            }
            Ok(_) => String::new(),
            Err(fault) => mask(fault.detail.as_deref().unwrap_or_default()),
        },
        shell: if sql.is_empty() { String::new() } else { mask(&shell(database, &sql)) },
        phases: vec![("total".to_owned(), u64::try_from(total.as_micros()).unwrap_or(u64::MAX))],
        ..Exchange::default()
    }
}

fn answer(verb: &str, outcome: &Outcome) -> String {
    let rows = |count: u64| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
    match (verb, outcome.affected) {
        ("begin" | "commit" | "rollback", _) => "done".to_owned(),
        (_, 0) => rows(outcome.rows.len() as u64),
        (_, changed) => format!("{} changed", rows(changed)),
    }
}

fn placeholder(index: usize, dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => format!("${}", index + 1),
        Dialect::Sqlite | Dialect::MySql => format!("?{}", index + 1),
    }
}

fn shown(value: &Value) -> String {
    if value.is_secret() { MASK.to_owned() } else { show(value) }
}

/// A value as a literal, for people who repeat the statement by hand.
fn literal(value: &Value, dialect: Dialect) -> String {
    let quoted = |text: &str| {
        let text = text.replace('\'', "''");
        let text = if dialect == Dialect::MySql { text.replace('\\', "\\\\") } else { text };
        format!("'{text}'")
    };
    match value {
        _ if value.is_secret() => quoted(MASK),
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => quoted(&text.text),
        Value::Bytes(bytes) => {
            let digits: String = bytes.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            if dialect == Dialect::Postgres { format!("'\\x{digits}'") } else { format!("x'{digits}'") }
        }
        other => quoted(
            &super::pg_text::of(other)
                .map_or_else(String::new, |text| String::from_utf8_lossy(&text).into_owned()),
        ),
    }
}

fn shell(database: &Database, sql: &str) -> String {
    let (program, place) = match &database.target.how {
        How::Sqlite { path, .. } => {
            ("sqlite3", display_path(path, &std::env::current_dir().unwrap_or_default()))
        }
        How::Postgres(_) => ("psql", database.target.shown.clone()),
        How::MySql(options) => {
            let host = shell_quote(options.get_host()).into_owned();
            let user = shell_quote(options.get_username()).into_owned();
            let name =
                options.get_database().map(|name| format!(" {}", shell_quote(name))).unwrap_or_default();
            let sql = shell_quote(sql);
            return format!("mysql -h {host} -P {} -u {user} -p{name} -e {sql}", options.get_port());
        }
    };
    let flag = if program == "psql" { "-c " } else { "" };
    format!("{program} {} {flag}{}", shell_quote(&place), shell_quote(sql))
}
