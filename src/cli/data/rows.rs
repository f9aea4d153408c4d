//! Values as rows: of CSV, of JSON, of SQL.

use std::sync::Arc;

use crate::catalog::csv::write_cell;
use crate::catalog::sql::{self, Dialect};
use crate::value::{Value, to_json};

/// How rows are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// One list, a value on each line.
    Json,
    /// A value on each line.
    Jsonl,
    /// A header and a row for each value; without columns, those of the first value.
    Csv { columns: Option<Vec<Arc<str>>> },
    /// `INSERT`s of many rows each.
    Sql { columns: Option<Vec<Arc<str>>>, table: String, dialect: Dialect },
}

/// What a value that is no object is called.
const ONLY: &str = "value";
/// Rows of one `INSERT`.
const BATCH: u64 = 100;

/// Writes values one after the other.
pub(super) struct Rows {
    form: Form,
    columns: Option<Vec<Arc<str>>>,
    written: u64,
}

impl Rows {
    pub(super) fn new(form: Form) -> Rows {
        let columns = match &form {
            Form::Csv { columns } | Form::Sql { columns, .. } => columns.clone(),
            Form::Json | Form::Jsonl => None,
        };
        Rows { form, columns, written: 0 }
    }

    /// Adds a value to the text. Errors: a field that has no column, a value without a literal.
    pub(super) fn row(&mut self, value: &Value, out: &mut String) -> Result<(), String> {
        let first = self.written == 0;
        if self.columns(value).is_empty() && !matches!(self.form, Form::Json | Form::Jsonl) {
            return Err("objects without fields have no columns: only JSON holds them".to_owned());
        }
        match self.form.clone() {
            Form::Json => {
                out.push_str(if first { "[\n" } else { ",\n" });
                out.push_str(&to_json(value));
            }
            Form::Jsonl => {
                out.push_str(&to_json(value));
                out.push('\n');
            }
            Form::Csv { .. } => {
                let columns = self.columns(value);
                if first {
                    line(columns.iter().map(|name| Some(name.to_string())), out);
                }
                let cells = cells(&columns, value)?;
                line(cells.into_iter().map(cell), out);
            }
            Form::Sql { table, dialect, .. } => {
                let columns = self.columns(value);
                if first {
                    out.push_str(&format!("-- dialect: {}\n", dialect.name()));
                }
                if self.written.is_multiple_of(BATCH) {
                    if !first {
                        out.push_str(";\n");
                    }
                    let names: Vec<String> =
                        columns.iter().map(|name| sql::identifier(name, dialect)).collect();
                    let table = sql::identifier(&table, dialect);
                    out.push_str(&format!("INSERT INTO {table} ({}) VALUES\n", names.join(", ")));
                } else {
                    out.push_str(",\n");
                }
                let cells = cells(&columns, value)?;
                let literals: Result<Vec<String>, String> =
                    cells.into_iter().map(|value| sql::literal(value, dialect)).collect();
                out.push_str(&format!("({})", literals?.join(", ")));
            }
        }
        self.written += 1;
        Ok(())
    }

    /// What ends the whole.
    pub(super) fn end(&self, out: &mut String) {
        match (&self.form, self.written) {
            (Form::Json, 0) => out.push_str("[]\n"),
            (Form::Json, _) => out.push_str("\n]\n"),
            (Form::Csv { columns: Some(columns) }, 0) => {
                line(columns.iter().map(|name| Some(name.to_string())), out);
            }
            (Form::Sql { .. }, written) if written > 0 => out.push_str(";\n"),
            _ => {}
        }
    }

    /// The columns: those of the shape, else those of the first value.
    fn columns(&mut self, value: &Value) -> Vec<Arc<str>> {
        let of_value = || match value {
            Value::Object(fields) => fields.keys().cloned().collect(),
            _ => vec![ONLY.into()],
        };
        self.columns.get_or_insert_with(of_value).clone()
    }
}

/// The values of the columns; what is not there is absent.
fn cells<'a>(columns: &[Arc<str>], value: &'a Value) -> Result<Vec<&'a Value>, String> {
    let Value::Object(fields) = value else {
        return if columns.len() == 1 && &*columns[0] == ONLY {
            Ok(vec![value])
        } else {
            Err("some values of the shape are objects and some are not: they share no columns".to_owned())
        };
    };
    if let Some(name) = fields.keys().find(|name| !columns.contains(name)) {
        return Err(format!("the field `{name}` has no column: only JSON holds objects of any fields"));
    }
    Ok(columns.iter().map(|name| fields.get(name).unwrap_or(&Value::Absent)).collect())
}

/// A value as a cell: texts as they are, lists and objects as JSON; nothing for `null` and absent.
pub(super) fn cell(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Absent => None,
        Value::Text(text) => Some(text.text.to_string()),
        Value::List(_) | Value::Object(_) => Some(to_json(value)),
        // Bytes in base64, durations as `1.5s`: JSON's forms without its quotes.
        other => Some(to_json(other).trim_matches('"').to_owned()),
    }
}

fn line(cells: impl Iterator<Item = Option<String>>, out: &mut String) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_cell(cell.as_deref(), b',', out);
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::from_json;

    fn written(form: Form, values: &[&str]) -> Result<String, String> {
        let mut rows = Rows::new(form);
        let mut out = String::new();
        for value in values {
            rows.row(&from_json(value.as_bytes()).unwrap(), &mut out)?;
        }
        rows.end(&mut out);
        Ok(out)
    }

    #[test]
    fn nested_values_are_json_cells_and_nothing_is_nothing() {
        let form = Form::Csv { columns: Some(vec!["a".into(), "b".into(), "c".into()]) };
        let rows = [r#"{"a":"","c":[1,{"x":"y"}]}"#, r#"{"a":"1,2","b":null,"c":1.50}"#];
        let text = written(form.clone(), &rows).unwrap();
        assert_eq!(text, "a,b,c\n\"\",,\"[1,{\"\"x\"\":\"\"y\"\"}]\"\n\"1,2\",,1.50\n");
        assert_eq!(written(form.clone(), &[]).unwrap(), "a,b,c\n");
        let error = written(form, &[r#"{"d":1}"#]).unwrap_err();
        assert!(error.contains("`d` has no column"), "{error}");
        let error = written(Form::Csv { columns: Some(Vec::new()) }, &["{}"]).unwrap_err();
        assert!(error.contains("only JSON"), "{error}");
    }

    #[test]
    fn values_that_are_no_objects_have_one_column() {
        assert_eq!(written(Form::Csv { columns: None }, &["1", "\"x\""]).unwrap(), "value\n1\nx\n");
        assert_eq!(written(Form::Jsonl, &["1", "[2]"]).unwrap(), "1\n[2]\n");
        assert_eq!(written(Form::Json, &["1", "[2]"]).unwrap(), "[\n1,\n[2]\n]\n");
        assert_eq!(written(Form::Json, &[]).unwrap(), "[]\n");
    }

    #[test]
    fn sql_is_escaped_for_its_dialect() {
        let sql = |dialect| {
            let form = Form::Sql { columns: None, table: "t".into(), dialect };
            written(form, &[r#"{"a":"it's \\","b":true,"c":null}"#]).unwrap()
        };
        assert_eq!(
            sql(Dialect::Standard),
            "-- dialect: standard\nINSERT INTO \"t\" (\"a\", \"b\", \"c\") VALUES\n('it''s \\', TRUE, NULL);\n"
        );
        assert_eq!(
            sql(Dialect::Mysql),
            "-- dialect: mysql\nINSERT INTO `t` (`a`, `b`, `c`) VALUES\n('it''s \\\\', TRUE, NULL);\n"
        );
        assert!(sql(Dialect::Sqlite).contains("('it''s \\', 1, NULL);"));
    }
}
