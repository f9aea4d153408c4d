//! Catalogs that modules read at top level: a file that is missing or malformed is an error before
//! anything runs. Those that scenarios read may be made by the scenario first.

use std::path::Path;

use super::Loader;
use super::data::{DataFile, Refused};
use crate::catalog::Malformed;
use crate::catalog::csv::Csv;
use crate::diag::{Code, Diagnostic};
use crate::function::{Reading, reads};
use crate::source::{Source, Span};
use crate::syntax::ast::{Args, Expr, ExprKind, ItemKind};
use crate::syntax::visit;

/// The excerpts of larger files are not kept.
const SHOWN: usize = 4 * 1024 * 1024;

/// `from_csv(file("./x.csv"))` with the path as plain text.
struct Read {
    written: String,
    span: Span,
    /// How, when the call says all of it literally.
    reading: Option<Reading>,
}

/// Reads the catalogs of a module's `let`s.
pub(super) fn check(loader: &mut Loader<'_>, unit: usize) {
    let mut found = Vec::new();
    for item in &loader.program.units[unit].module.items {
        if let ItemKind::Let(binding) = &item.kind {
            visit::expression(&binding.value, &mut |expr| found.extend(read_of(expr)));
        }
    }
    let dir = loader.program.units[unit].dir.clone();
    for read in found {
        if let Err(diagnostic) = try_to(loader, &dir, &read) {
            loader.diagnostics.push(*diagnostic);
        }
    }
}

fn read_of(expr: &Expr) -> Option<Read> {
    let ExprKind::Call(callee, args) = &expr.kind else { return None };
    let ExprKind::Name(name) = &callee.kind else { return None };
    if !reads(name) {
        return None;
    }
    let content =
        args.args.first().filter(|arg| arg.name.as_ref().is_none_or(|name| &*name.name == "content"))?;
    let ExprKind::Call(callee, file) = &content.value.kind else { return None };
    if !matches!(&callee.kind, ExprKind::Name(name) if &**name == "file") {
        return None;
    }
    let ExprKind::Text(path) = &file.args.first()?.value.kind else { return None };
    Some(Read { written: path.plain()?.to_string(), span: path.span, reading: literally(name, args) })
}

/// The way of reading when no option but a shape is given.
fn literally(name: &str, args: &Args) -> Option<Reading> {
    let plain = args.args.iter().skip(1).all(|arg| arg.name.as_ref().is_some_and(|name| &*name.name == "of"));
    plain.then(|| match name {
        "from_csv" => Reading::Csv(Csv::default()),
        "from_jsonl" => Reading::JsonLines,
        "from_yaml" => Reading::Yaml,
        "from_sql" => Reading::Sql(None),
        _ => Reading::Json,
    })
}

fn try_to(loader: &mut Loader<'_>, dir: &Path, read: &Read) -> Result<(), Box<Diagnostic>> {
    let refuse = |refused: Refused| {
        let diagnostic = Diagnostic::error(Code::UNREADABLE, read.span, refused.message);
        Box::new(match refused.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        })
    };
    let file = DataFile::find(&loader.root, dir, &read.written).map_err(refuse)?;
    let bytes = file.read().map_err(refuse)?;
    let Some(Err(wrong)) = read.reading.as_ref().map(|reading| reading.read(&bytes)) else { return Ok(()) };
    Err(Box::new(complaint(loader, &file, bytes, &wrong, read.span)))
}

/// The mistake at its place in the file, with the place that reads it.
fn complaint(
    loader: &mut Loader<'_>,
    file: &DataFile,
    bytes: Vec<u8>,
    wrong: &Malformed,
    read: Span,
) -> Diagnostic {
    let name = file.shown.display().to_string();
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= SHOWN);
    let Some(text) = text else {
        return Diagnostic::error(Code::CATALOG, read, format!("`{name}`: {wrong}"));
    };
    let start = text.split_inclusive('\n').take(wrong.line.saturating_sub(1)).map(str::len).sum::<usize>();
    let line = text[start..].split('\n').next().unwrap_or_default();
    let at = line.char_indices().nth(wrong.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let end = line[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let dir = file.shown.parent().map(Path::to_path_buf).unwrap_or_default();
    let source = loader.program.sources.meet(Source::new(name.clone(), dir, text.as_str()));
    let span = Span::new(source, start + at, start + end);
    Diagnostic::error(Code::CATALOG, span, format!("`{name}` cannot be read: {}", wrong.message))
        .also(read, "read here")
}
