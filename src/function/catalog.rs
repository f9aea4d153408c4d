//! Functions that read data: a text, bytes, or the content of a file. Of a file, and of the shape
//! that its rows are to have, only the evaluator knows; here are the texts.

use std::sync::Arc;

use super::encode::taint;
use super::{Arguments, functions, spec};
use crate::catalog::csv::{self, Csv};
use crate::catalog::sql::{self, Dialect};
use crate::catalog::{self, Malformed};
use crate::lang::{Param, Ty};
use crate::value::Value;

const CONTENT: Param =
    Param::required("content", Ty::Any, "text, bytes, or `file(\"./…\")`: a file of the project, at most 100 MiB");
const ONLY: &[Param] = &[CONTENT];

functions! {
    spec("from_json", "the value of a JSON text; every digit survives", ONLY, "let event = from_json(message.data)")
        => read;
    spec("from_jsonl", "the list of the JSON values of a text's lines; blank lines are left out", ONLY, "let events = from_jsonl(file(\"./events.jsonl\"))")
        => read;
    spec("from_csv", "the rows of a CSV text (RFC 4180) as objects: every cell is text, and one with nothing in it, not even quotes, is absent", &[CONTENT, Param::new("of", Ty::Pattern, "the shape of a row: its cells become what the shape asks for (numbers, truth values, durations, JSON), and each row must fit"), Param::new("separator", Ty::Text, "what stands between cells; default `,`"), Param::new("columns", Ty::List, "the names of the columns, when the first row is no header")], "let products = from_csv(file(\"./products.csv\"), of: { sku: text, qty: int, price: decimal })")
        => read;
    spec("from_yaml", "the value of a YAML document (1.2, core schema): `no` is a text, a key stands once, every digit survives", ONLY, "let plans = from_yaml(file(\"./plans.yaml\"))")
        => read;
    spec("from_sql", "the rows that a dump inserts, by table: `INSERT` and `COPY` of PostgreSQL, MySQL and SQLite; other statements are left out, and `UPDATE` and the like are errors", &[CONTENT, Param::new("dialect", Ty::OneOf(Dialect::NAMES), "whose dump it is; by default what its first lines say")], "let shop = from_sql(file(\"./shop.sql\"))")
        => read;
}

/// How data is to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// `from_json`
    Json,
    /// `from_jsonl`
    JsonLines,
    /// `from_csv`
    Csv(Csv),
    /// `from_yaml`
    Yaml,
    /// `from_sql`
    Sql(Option<Dialect>),
}

/// Whether a function of this name reads data.
pub fn reads(name: &str) -> bool {
    SPECS.iter().any(|spec| spec.name == name)
}

impl Reading {
    /// How a function of [`reads`] reads with its other arguments.
    pub fn of(args: &Arguments) -> Result<Reading, String> {
        Ok(match args.spec.name {
            "from_jsonl" => Reading::JsonLines,
            "from_yaml" => Reading::Yaml,
            "from_csv" => Reading::Csv(Csv { separator: separator(args)?, columns: columns(args)? }),
            "from_sql" => Reading::Sql(match args.get("dialect") {
                None => None,
                Some(name) => {
                    let named = name.as_text().and_then(Dialect::named);
                    Some(named.ok_or_else(|| {
                        format!("`from_sql`: `dialect` is one of {}", Dialect::NAMES.join(", "))
                    })?)
                }
            }),
            _ => Reading::Json,
        })
    }

    /// The value of data.
    pub fn read(&self, bytes: &[u8]) -> Result<Value, Malformed> {
        match self {
            Reading::Json => catalog::json(bytes),
            Reading::JsonLines => catalog::json_lines(bytes),
            Reading::Csv(csv) => csv::read(bytes, csv),
            Reading::Yaml => catalog::from_yaml(bytes),
            Reading::Sql(dialect) => sql::read(bytes, *dialect),
        }
    }
}

fn read(args: &Arguments) -> Result<Value, String> {
    if let Some(Value::Tagged(tagged)) = args.get("content") {
        return Err(format!("`{}` reads text, bytes or a file, not `{}(…)`", args.spec.name, tagged.tag));
    }
    let reading = Reading::of(args)?;
    let value = reading.read(args.bytes("content")?);
    let value = value.map_err(|error| format!("`{}`: {error}", args.spec.name))?;
    Ok(if args.is_secret() { taint(value) } else { value })
}

fn separator(args: &Arguments) -> Result<u8, String> {
    let Some(_) = args.get("separator") else { return Ok(b',') };
    match args.text("separator")?.text.as_bytes() {
        [byte] if !matches!(byte, b'"' | b'\n' | b'\r') && byte.is_ascii() => Ok(*byte),
        _ => Err("`from_csv`: `separator` is one ASCII character, such as `;` or `\\t`".to_owned()),
    }
}

fn columns(args: &Arguments) -> Result<Option<Vec<Arc<str>>>, String> {
    let Some(_) = args.get("columns") else { return Ok(None) };
    let mut columns: Vec<Arc<str>> = Vec::new();
    for name in args.list("columns")? {
        let name = name.as_text().filter(|name| !name.is_empty() && !columns.iter().any(|known| &**known == *name));
        columns.push(name.ok_or("`from_csv`: `columns` are different names, not empty")?.into());
    }
    if columns.is_empty() {
        return Err("`from_csv`: `columns` names at least one".to_owned());
    }
    Ok(Some(columns))
}
