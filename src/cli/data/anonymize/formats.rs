//! The formats, each read and written as itself.

use std::path::Path;
use std::sync::Arc;

use super::super::rows::cell;
use super::work::Work;
use crate::catalog::csv::{Csv, Rows, write_cell};
use crate::catalog::sql::{Dialect, Dump, Inserted, Statement, Table, copied, identifier, literal};
use crate::catalog::{Malformed, from_yaml, json, to_yaml};
use crate::value::{Value, from_json, to_json, to_json_pretty};

/// What the command line says of formats.
pub(super) struct Options {
    pub(super) separator: u8,
    pub(super) dialect: Option<Dialect>,
}

/// The whole output of a file. Errors: the file is malformed. What is wrong with single values is
/// noted in `work`.
pub(super) fn anonymized(
    file: &Path,
    bytes: &[u8],
    options: &Options,
    work: &mut Work<'_>,
) -> Result<String, String> {
    let name = file.display();
    let stem: Arc<str> = file.file_stem().unwrap_or_default().to_string_lossy().into();
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let result = match extension.to_ascii_lowercase().as_str() {
        "csv" => of_csv(stem, bytes, options.separator, work),
        "tsv" => of_csv(stem, bytes, b'\t', work),
        "json" => of_json(stem, bytes, work),
        "jsonl" | "ndjson" => of_lines(stem, bytes, work),
        "yaml" | "yml" => of_yaml(stem, bytes, work),
        "sql" => of_sql(bytes, options.dialect, work),
        _ => return Err(format!("`{name}` is no .csv, .tsv, .json, .jsonl, .yaml or .sql file")),
    };
    result.map_err(|wrong| format!("{name}:{}:{}: {}", wrong.line, wrong.column, wrong.message))
}

fn of_csv(stem: Arc<str>, bytes: &[u8], separator: u8, work: &mut Work<'_>) -> Result<String, Malformed> {
    let mut rows = Rows::new(bytes, &Csv { separator, columns: None })?;
    let columns = rows.columns().to_vec();
    let whole = work.whole(std::slice::from_ref(&stem));
    let rules: Vec<Option<usize>> =
        columns.iter().map(|name| whole.or_else(|| work.column(&[stem.clone(), name.clone()]))).collect();
    let left: Vec<usize> =
        (0..columns.len()).filter(|at| rules[*at].is_some_and(|rule| !work.drops(rule))).collect();
    let end = if bytes.windows(2).find(|pair| pair[1] == b'\n').is_some_and(|pair| pair[0] == b'\r') {
        "\r\n"
    } else {
        "\n"
    };
    let mut out = String::with_capacity(bytes.len());
    let line = |cells: &mut dyn Iterator<Item = Option<String>>, out: &mut String| {
        for (at, cell) in cells.enumerate() {
            if at > 0 {
                out.push(char::from(separator));
            }
            write_cell(cell.as_deref(), separator, out);
        }
        out.push_str(end);
    };
    line(&mut left.iter().map(|at| Some(columns[*at].to_string())), &mut out);
    while let Some(row) = rows.row()? {
        let value = |at: usize| row[at].text.as_deref().map_or(Value::Absent, Value::text);
        let beside = |name: &str| columns.iter().position(|column| &**column == name).map(value);
        let mut cells = Vec::with_capacity(left.len());
        for (at, rule) in rules.iter().enumerate() {
            let Some(rule) = *rule else { continue };
            match work.replace(rule, &value(at), &beside) {
                Ok(_) if work.drops(rule) => {}
                Ok(value) => cells.push(cell(&value)),
                Err(why) => {
                    let place = rows.wrong(row[at].offset, "");
                    work.error(format!("{}:{}: `{stem}.{}`: {why}", place.line, place.column, columns[at]));
                }
            }
        }
        line(&mut cells.into_iter(), &mut out);
    }
    Ok(out)
}

fn of_json(stem: Arc<str>, bytes: &[u8], work: &mut Work<'_>) -> Result<String, Malformed> {
    let value = json(bytes)?;
    let since = work.errors();
    let replaced = work.walk(&mut vec![stem], &value, None);
    work.place_errors(since, "");
    // Written on several lines when it was read from several.
    let trimmed = bytes.trim_ascii();
    let text = if trimmed.contains(&b'\n') { to_json_pretty(&replaced) } else { to_json(&replaced) };
    Ok(text + "\n")
}

/// Anchors are written out, and comments are left out: they can say too much.
fn of_yaml(stem: Arc<str>, bytes: &[u8], work: &mut Work<'_>) -> Result<String, Malformed> {
    let value = from_yaml(bytes)?;
    let since = work.errors();
    let replaced = work.walk(&mut vec![stem], &value, None);
    work.place_errors(since, "");
    Ok(to_yaml(&replaced))
}

fn of_lines(stem: Arc<str>, bytes: &[u8], work: &mut Work<'_>) -> Result<String, Malformed> {
    // The lines are read once as a whole, so that what is malformed is told with its place.
    crate::catalog::json_lines(bytes)?;
    let mut out = String::with_capacity(bytes.len());
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| index == 0).unwrap_or(line).trim_ascii();
        if line.is_empty() {
            continue;
        }
        let since = work.errors();
        let replaced = work.walk(&mut vec![stem.clone()], &from_json(line).map_err(Malformed::from)?, None);
        work.place_errors(since, &format!("{}:", index + 1));
        out.push_str(&to_json(&replaced));
        out.push('\n');
    }
    Ok(out)
}

fn of_sql(bytes: &[u8], dialect: Option<Dialect>, work: &mut Work<'_>) -> Result<String, Malformed> {
    let text = crate::catalog::sql::text(bytes)?;
    let mut dump = Dump::new(text, dialect);
    let dialect = dump.dialect().unwrap_or(Dialect::Standard);
    let mut out = format!("-- dialect: {}\n", dialect.name());
    while let Some(statement) = dump.statement()? {
        match statement {
            Statement::Table(table) => definition(&table, dialect, work, &mut out),
            Statement::Rows(inserted) => rows(inserted, dialect, work, &mut out),
            Statement::Skipped(word) => work.skip(word),
        }
    }
    Ok(out)
}

fn path_of(table: &Table, dialect: Dialect) -> String {
    let parts: Vec<String> = table.path.iter().map(|part| identifier(part, dialect)).collect();
    parts.join(".")
}

/// The rules of columns, by position; a rule of the whole table stands for all.
fn column_rules(table: &Table, columns: &[Arc<str>], work: &mut Work<'_>) -> Vec<Option<usize>> {
    let whole = work.whole(&table.path);
    let mut rule = |name: &Arc<str>| {
        let mut path = table.path.clone();
        path.push(name.clone());
        whole.or_else(|| work.column(&path))
    };
    columns.iter().map(&mut rule).collect()
}

/// A table with the names and types of its columns: defaults, checks and comments can say too much.
fn definition(table: &Table, dialect: Dialect, work: &mut Work<'_>, out: &mut String) {
    let names: Vec<Arc<str>> = table.columns.iter().map(|column| column.name.clone()).collect();
    let rules = column_rules(table, &names, work);
    let left = table.columns.iter().zip(rules).filter(|(_, rule)| rule.is_some_and(|rule| !work.drops(rule)));
    let columns: Vec<String> = left
        .map(|(column, _)| {
            format!("  {} {}", identifier(&column.name, dialect), column.ty).trim_end().to_owned()
        })
        .collect();
    if !columns.is_empty() {
        out.push_str(&format!("CREATE TABLE {} (\n{}\n);\n", path_of(table, dialect), columns.join(",\n")));
    }
}

fn rows(inserted: Inserted, dialect: Dialect, work: &mut Work<'_>, out: &mut String) {
    let Inserted { table, columns, rows, copied: copy, line } = inserted;
    let rules = column_rules(&table, &columns, work);
    let left = columns.iter().zip(&rules).filter(|(_, rule)| rule.is_some_and(|rule| !work.drops(rule)));
    let names: Vec<String> = left.map(|(name, _)| identifier(name, dialect)).collect();
    let head = format!("{} ({})", path_of(&table, dialect), names.join(", "));
    let mut lines = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        // A line of COPY is a row; where in an INSERT a row stands is not known any more.
        let place =
            if copy { format!("{}:", line + 1 + index) } else { format!("{line}: row {}:", index + 1) };
        let beside =
            |name: &str| columns.iter().position(|column| &**column == name).map(|at| row[at].clone());
        let mut cells = Vec::with_capacity(names.len());
        for ((at, value), name) in row.iter().enumerate().zip(&columns) {
            let Some(rule) = rules[at] else { continue };
            let written =
                work.replace(rule, value, &beside).and_then(|replaced| match (work.drops(rule), copy) {
                    (true, _) => Ok(None),
                    (_, true) => copied(&replaced).map(Some),
                    (_, false) if matches!(replaced, Value::Absent) => Ok(Some("DEFAULT".to_owned())),
                    (_, false) => literal(&replaced, dialect).map(Some),
                });
            match written {
                Ok(written) => cells.extend(written),
                Err(why) => work.error(format!("{place} `{}.{name}`: {why}", table.name)),
            }
        }
        lines.push(if copy { cells.join("\t") + "\n" } else { format!("({})", cells.join(", ")) });
    }
    if names.is_empty() {
        return;
    }
    if copy {
        out.push_str(&format!("COPY {head} FROM stdin;\n{}\\.\n", lines.concat()));
    } else {
        out.push_str(&format!("INSERT INTO {head} VALUES\n{};\n", lines.join(",\n")));
    }
}
