//! CSV (RFC 4180), strictly: a header, rows as long as it, quotes that open and close. Where the
//! `csv` crate is lenient (a quote that never closes, text after a closing quote) this is not, and
//! it tells an empty cell from an empty text in quotes.

use std::borrow::Cow;
use std::sync::Arc;

use super::place::{Malformed, text};
use crate::value::{Object, Value};

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Csv {
    /// What stands between cells: one ASCII character, no quote and no line end.
    pub separator: u8,
    /// The names of the columns, when the file has no header.
    pub columns: Option<Vec<Arc<str>>>,
}

impl Default for Csv {
    fn default() -> Csv {
        Csv { separator: b',', columns: None }
    }
}

/// A cell with the byte where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Its text, quotes undone; `None` when there is nothing, not even quotes.
    pub text: Option<Cow<'a, str>>,
    /// Where it begins.
    pub offset: usize,
}

/// Rows of a file, one after the other.
#[derive(Debug)]
pub struct Rows<'a> {
    text: &'a str,
    at: usize,
    separator: u8,
    columns: Vec<Arc<str>>,
}

/// The rows as a list of objects. A cell with nothing in it is absent; every other cell is text.
pub fn read(bytes: &[u8], csv: &Csv) -> Result<Value, Malformed> {
    let mut rows = Rows::new(bytes, csv)?;
    let columns = rows.columns.clone();
    let mut list = Vec::new();
    while let Some(row) = rows.row()? {
        let cells = columns.iter().zip(row).filter_map(|(name, cell)| Some((name.clone(), cell.text?)));
        let fields: Object = cells.map(|(name, text)| (name, Value::text(text))).collect();
        list.push(Value::Object(Arc::new(fields)));
    }
    Ok(Value::list(list))
}

impl<'a> Rows<'a> {
    /// Reads the header. Errors: no header, a name that is empty or stands twice.
    pub fn new(bytes: &'a [u8], csv: &Csv) -> Result<Rows<'a>, Malformed> {
        let text = text(bytes)?;
        let mut rows = Rows { text, at: 0, separator: csv.separator, columns: Vec::new() };
        if let Some(columns) = &csv.columns {
            rows.columns.clone_from(columns);
            return Ok(rows);
        }
        let header = rows.record()?.ok_or_else(|| Malformed::at(text, 0, "there is no header"))?;
        for cell in &header {
            let name: Arc<str> = cell.text.as_deref().unwrap_or_default().into();
            if name.is_empty() {
                return Err(Malformed::at(text, cell.offset, "a column has no name"));
            }
            if rows.columns.contains(&name) {
                let message = format!("the column `{name}` stands twice in the header");
                return Err(Malformed::at(text, cell.offset, message));
            }
            rows.columns.push(name);
        }
        if let [only] = rows.columns.as_slice()
            && let Some(other) = [";", "\t", "|", ","].into_iter().find(|other| only.contains(other))
        {
            let message = format!("the header looks separated by {other:?}: say so with `separator`");
            return Err(Malformed::at(text, 0, message));
        }
        Ok(rows)
    }

    /// The names of the columns in order.
    pub fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    /// The place of an offset with a message.
    pub fn wrong(&self, offset: usize, message: impl Into<String>) -> Malformed {
        Malformed::at(self.text, offset, message)
    }

    /// The next row, as long as the header. Blank lines are left out where they cannot be a row.
    pub fn row(&mut self) -> Result<Option<Vec<Cell<'a>>>, Malformed> {
        loop {
            let start = self.at;
            let Some(row) = self.record()? else { return Ok(None) };
            if row.len() == self.columns.len() {
                return Ok(Some(row));
            }
            if row.len() == 1 && row[0].text.is_none() {
                continue;
            }
            let message = format!(
                "the row has {}, and the header has {}",
                cells(row.len()),
                self.columns.len()
            );
            return Err(self.wrong(start, message));
        }
    }

    fn record(&mut self) -> Result<Option<Vec<Cell<'a>>>, Malformed> {
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let mut cells = Vec::with_capacity(self.columns.len());
        loop {
            cells.push(self.cell()?);
            let rest = &self.text.as_bytes()[self.at..];
            match rest {
                [] => return Ok(Some(cells)),
                [byte, ..] if *byte == self.separator => self.at += 1,
                [b'\n', ..] => {
                    self.at += 1;
                    return Ok(Some(cells));
                }
                [b'\r', b'\n', ..] => {
                    self.at += 2;
                    return Ok(Some(cells));
                }
                [b'\r', ..] => return Err(self.wrong(self.at, "a lone carriage return ends no row")),
                [b'"', ..] => {
                    let message = "a quote inside a cell: put the cell in quotes and write it twice";
                    return Err(self.wrong(self.at, message));
                }
                _ => return Err(self.wrong(self.at, "text after the closing quote of a cell")),
            }
        }
    }

    /// One cell; afterwards `at` stands at what ends it.
    fn cell(&mut self) -> Result<Cell<'a>, Malformed> {
        let (bytes, offset) = (self.text.as_bytes(), self.at);
        if bytes.get(offset) != Some(&b'"') {
            let ends = |byte: &u8| matches!(byte, b'\n' | b'\r' | b'"') || *byte == self.separator;
            let length = bytes[offset..].iter().position(ends).unwrap_or(bytes.len() - offset);
            self.at = offset + length;
            let text = &self.text[offset..self.at];
            return Ok(Cell { text: (!text.is_empty()).then_some(Cow::Borrowed(text)), offset });
        }
        let mut text = Cow::Borrowed("");
        let mut from = offset + 1;
        loop {
            let Some(length) = bytes[from..].iter().position(|byte| *byte == b'"') else {
                return Err(self.wrong(offset, "the quote that opens here is never closed"));
            };
            let piece = &self.text[from..from + length];
            match &mut text {
                Cow::Borrowed("") => text = Cow::Borrowed(piece),
                text => text.to_mut().push_str(piece),
            }
            self.at = from + length + 1;
            if bytes.get(self.at) != Some(&b'"') {
                return Ok(Cell { text: Some(text), offset });
            }
            text.to_mut().push('"');
            from = self.at + 1;
        }
    }
}

fn cells(count: usize) -> String {
    if count == 1 { "one cell".to_owned() } else { format!("{count} cells") }
}

/// Writes a cell: nothing for what is not there, quotes where they are needed.
pub fn write_cell(text: Option<&str>, separator: u8, out: &mut String) {
    let Some(text) = text else { return };
    let special = |byte: u8| matches!(byte, b'"' | b'\n' | b'\r') || byte == separator;
    let edge = |c: char| c.is_whitespace() || c == '\u{feff}';
    if text.is_empty() || text.starts_with(edge) || text.ends_with(edge) || text.bytes().any(special) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}
