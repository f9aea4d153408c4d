//! The text format of PostgreSQL's `COPY` (PostgreSQL 17, "COPY", File Formats).

use std::borrow::Cow;

use super::super::place::Malformed;
use super::kind::{Kind, typed};
use super::token::Tokens;
use crate::value::Value;

/// The rows up to `\.`.
pub(super) fn rows(tokens: &mut Tokens<'_>, kinds: &[Kind]) -> Result<Vec<Vec<Value>>, Malformed> {
    let opened = tokens.at;
    let mut rows = Vec::new();
    loop {
        let from = tokens.at;
        if from >= tokens.text.len() {
            return Err(tokens.wrong(opened, "the rows that begin here are never ended by `\\.`"));
        }
        tokens.line();
        let line = tokens.text[from..tokens.at].trim_end_matches('\n').trim_end_matches('\r');
        if line == "\\." {
            return Ok(rows);
        }
        let mut row = Vec::with_capacity(kinds.len());
        let mut at = from;
        for cell in line.split('\t') {
            let kind = kinds.get(row.len()).copied().unwrap_or(Kind::Text);
            row.push(value(cell, kind).map_err(|why| tokens.wrong(at, why))?);
            at += cell.len() + 1;
        }
        if row.len() != kinds.len() {
            let message = format!("the row has {} values for {} columns", row.len(), kinds.len());
            return Err(tokens.wrong(from, message));
        }
        rows.push(row);
    }
}

fn value(cell: &str, kind: Kind) -> Result<Value, &'static str> {
    if cell == "\\N" {
        return Ok(Value::Null);
    }
    Ok(typed(&unescape(cell)?, kind))
}

fn unescape(cell: &str) -> Result<Cow<'_, str>, &'static str> {
    if !cell.contains('\\') {
        return Ok(Cow::Borrowed(cell));
    }
    let mut bytes = Vec::with_capacity(cell.len());
    let mut rest = cell.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let Some((&escaped, tail)) = rest.split_first() else { return Err("a cell ends in a backslash") };
        rest = tail;
        let mut code = |rest: &mut &[u8], radix: u32, most: usize, first: u32| {
            let mut code = first;
            for _ in 0..most {
                let Some(digit) = rest.first().and_then(|byte| char::from(*byte).to_digit(radix)) else {
                    break;
                };
                code = code * radix + digit;
                *rest = &rest[1..];
            }
            bytes.push(code as u8);
        };
        match escaped {
            b'b' => bytes.push(8),
            b'f' => bytes.push(12),
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'v' => bytes.push(11),
            b'0'..=b'7' => code(&mut rest, 8, 2, u32::from(escaped - b'0')),
            b'x' if rest.first().is_some_and(u8::is_ascii_hexdigit) => code(&mut rest, 16, 2, 0),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| "the escapes of a cell are not UTF-8")
}
