//! Catalogs: `from_csv(file("…"))` and its like. A file is read once for each of its states, however
//! many scenarios need it, and a shape reads the cells of CSV.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use crate::catalog::Malformed;
use crate::catalog::csv::{Csv, Rows};
use crate::diag::Code;
use crate::event::Detail;
use crate::function::{Arguments, Function, Reading};
use crate::lang::Ty;
use crate::load::{DataFile, Refused, Stamp};
use crate::shape::{self, Pattern};
use crate::source::Span;
use crate::syntax::ast::Args;
use crate::value::{Object, Value, show_short};

/// More rows that do not fit their shape are counted, not listed.
const LISTED: usize = 10;

/// What a file in one state, read in one way, holds. With the place of the call when a shape reads
/// its cells.
type State = (PathBuf, Stamp, Reading, Option<Span>);

/// The catalogs that were read.
#[derive(Debug)]
pub(crate) struct Catalogs {
    read: Mutex<BTreeMap<State, Value>>,
    /// When the run began: files that were changed since may change again and look the same.
    begun: Option<Stamp>,
}

impl Catalogs {
    /// None yet, in a run that has just made this directory.
    pub(crate) fn new(scratch: &Path) -> Catalogs {
        Catalogs { read: Mutex::default(), begun: Stamp::of(scratch) }
    }

    fn keeps(&self, stamp: &Stamp) -> bool {
        self.begun.is_some_and(|begun| stamp.is_before(&begun))
    }
}

/// Why there is no catalog.
enum Wrong {
    Refused(Refused),
    Malformed(Malformed),
    Misfits(Vec<String>, usize),
}

impl Cx {
    /// The value of a call of a function that reads data.
    pub(crate) async fn catalog(
        self: &Arc<Self>,
        env: &Env,
        function: &'static Function,
        args: &Args,
        span: Span,
    ) -> Flow<Value> {
        let mut shape = None;
        let (mut positional, mut named) = (Vec::new(), Vec::new());
        for (index, arg) in args.args.iter().enumerate() {
            let param = match &arg.name {
                Some(name) => function.spec.params.iter().find(|param| *param.name == *name.name),
                None => function.spec.params.get(index),
            };
            match (param, &arg.name) {
                (Some(param), _) if param.ty == Ty::Pattern => {
                    shape = Some(self.pattern(env, &arg.value).await?);
                }
                (Some(param), _) if matches!(param.ty, Ty::OneOf(_)) => {
                    let word = self.word(env, &arg.value).await?;
                    named.push((param.name.into(), word));
                }
                (_, Some(name)) => named.push((name.name.clone(), self.eval(env, &arg.value).await?)),
                (_, None) => {
                    let value = self.eval(env, &arg.value).await?;
                    self.present(env, &arg.value, &value)?;
                    positional.push(value);
                }
            }
        }
        let bad = |message: String| self.bad_value(env, span, message);
        let arguments = Arguments::bind(function.spec, positional, named).map_err(bad)?;
        let reading = Reading::of(&arguments).map_err(bad)?;
        let content = arguments.get("content").cloned().unwrap_or(Value::Absent);
        let (name, result) = match file_of(&content) {
            Some(path) => {
                let dir = self.world.plan.program.units[env.unit].dir.clone();
                let root = self.world.root.clone();
                let typed_at = (shape.is_some() && env.is_plain()).then_some(span);
                let (world, path) = (self.world.clone(), path.to_owned());
                let shown = path.clone();
                let read = move || {
                    let file = DataFile::find(&root, &dir, &path).map_err(Wrong::Refused)?;
                    let cached = (shape.is_none() || typed_at.is_some()) && world.catalogs.keeps(&file.stamp);
                    let state = (file.path.clone(), file.stamp, reading.clone(), typed_at);
                    if let Some(value) =
                        cached.then(|| lock(&world.catalogs.read).get(&state).cloned()).flatten()
                    {
                        return Ok(value);
                    }
                    let value = read(&reading, shape.as_ref(), &file.read().map_err(Wrong::Refused)?)?;
                    if cached {
                        lock(&world.catalogs.read).insert(state, value.clone());
                    }
                    Ok(value)
                };
                (shown, off_the_runtime(read).await)
            }
            None if shape.is_none() => {
                let value = (function.call)(&arguments).map_err(bad)?;
                self.masked(&value);
                return Ok(value);
            }
            None => {
                let bytes: Vec<u8> = match &content {
                    Value::Text(text) => text.text.as_bytes().to_vec(),
                    Value::Bytes(bytes) => bytes.bytes.to_vec(),
                    _ => return (function.call)(&arguments).map_err(bad),
                };
                let read = move || read(&reading, shape.as_ref(), &bytes);
                (format!("the {}", content.kind()), off_the_runtime(read).await)
            }
        };
        match result {
            Ok(value) if content.is_secret() => {
                let value = crate::function::taint(value);
                self.masked(&value);
                Ok(value)
            }
            Ok(value) => Ok(value),
            Err(Wrong::Refused(refused)) => {
                let mut failure = self.failure(env, Code::UNREADABLE, span, refused.message);
                failure.help = refused.help;
                Err(failure.into())
            }
            Err(Wrong::Malformed(wrong)) => {
                let place = format!("{name}:{}:{}", wrong.line, wrong.column);
                let message = format!("`{place}` cannot be read: {}", wrong.message);
                Err(self.failure(env, Code::CATALOG, span, message).into())
            }
            Err(Wrong::Misfits(misfits, more)) => {
                let message = format!("rows of `{name}` do not fit their shape");
                let mut failure = self.failure(env, Code::CATALOG, span, message);
                if content.is_secret() {
                    failure.help = Some("the rows are secret, so they are not shown".to_owned());
                    return Err(failure.into());
                }
                let notes = misfits.into_iter().map(|misfit| format!("{name}:{misfit}"));
                failure.details.extend(notes.map(|text| Detail::Note { text }));
                if more > 0 {
                    failure.details.push(Detail::Note { text: format!("and {more} more rows") });
                }
                Err(failure.into())
            }
        }
    }

    /// What a function makes of a secret travels on in outputs that taint cannot follow.
    fn masked(&self, value: &Value) {
        match value {
            Value::Text(text) if text.secret => self.session.redactor.register(&text.text),
            Value::List(items) => items.iter().for_each(|item| self.masked(item)),
            Value::Object(fields) => fields.values().for_each(|value| self.masked(value)),
            _ => {}
        }
    }

    /// A bare word, or the text that a name in scope stands for.
    async fn word(self: &Arc<Self>, env: &Env, expr: &crate::syntax::ast::Expr) -> Flow<Value> {
        match &expr.kind {
            crate::syntax::ast::ExprKind::Name(name)
                if env.get(name).is_none() && self.world.plan.program.lookup(env.unit, name).is_none() =>
            {
                Ok(Value::text(name.clone()))
            }
            _ => self.eval(env, expr).await,
        }
    }
}

/// The path in `file("…")`.
fn file_of(content: &Value) -> Option<&str> {
    match content {
        Value::Tagged(tagged) if tagged.tag == "file" => tagged.value.as_object()?.get("path")?.as_text(),
        _ => None,
    }
}

async fn off_the_runtime(
    read: impl FnOnce() -> Result<Value, Wrong> + Send + 'static,
) -> Result<Value, Wrong> {
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| {
        Err(Wrong::Refused(Refused { message: format!("the reading was cut off: {error}"), help: None }))
    })
}

fn read(reading: &Reading, shape: Option<&Pattern>, bytes: &[u8]) -> Result<Value, Wrong> {
    match (reading, shape) {
        (Reading::Csv(csv), Some(shape)) => shaped(csv, shape, bytes),
        _ => reading.read(bytes).map_err(Wrong::Malformed),
    }
}

/// The rows with their cells as the shape reads them; all that do not fit are told at once.
fn shaped(csv: &Csv, shape: &Pattern, bytes: &[u8]) -> Result<Value, Wrong> {
    let mut rows = Rows::new(bytes, csv).map_err(Wrong::Malformed)?;
    let columns = rows.columns().to_vec();
    // Of a file without rows, no row would tell.
    let missing: Vec<String> = shape::required_names(shape)
        .into_iter()
        .filter(|name| !columns.contains(name))
        .filter(|name| {
            shape::field(shape, name).is_some_and(|field| !shape::fits(&field.pattern, &Value::Absent))
        })
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let message = format!("it has no column {}", missing.join(", none "));
        return Err(Wrong::Malformed(rows.wrong(0, message)));
    }
    let fields: Vec<_> = columns.iter().map(|name| shape::field(shape, name)).collect();
    let nulls: Vec<bool> = fields
        .iter()
        .map(|field| {
            field.as_ref().is_some_and(|field| !field.optional && shape::fits(&field.pattern, &Value::Null))
        })
        .collect();
    let (mut list, mut misfits, mut more) = (Vec::new(), Vec::new(), 0);
    while let Some(row) = rows.row().map_err(Wrong::Malformed)? {
        let mut object = Object::with_capacity(row.len());
        for (index, cell) in row.iter().enumerate() {
            let value = match (&cell.text, &fields[index]) {
                (None, _) if nulls[index] => Value::Null,
                (None, _) => continue,
                (Some(text), Some(field)) => shape::read_text(&field.pattern, text),
                (Some(text), None) => Value::text(&**text),
            };
            object.insert(columns[index].clone(), value);
        }
        let value = Value::Object(Arc::new(object));
        if shape::fits(shape, &value) {
            list.push(value);
        } else if misfits.len() < LISTED {
            let found = shape::mismatches(shape, &value);
            let first = found.listed.first();
            let at = first.and_then(|difference| {
                let path = difference.path.trim_start_matches('.');
                columns.iter().position(|name| path == &**name || path.starts_with(&format!("{name}.")))
            });
            let why = match (first, &found.invalid) {
                (Some(first), _) => {
                    let path = if first.path.is_empty() { "the row" } else { &first.path };
                    format!("{path} is {}, not {}", first.actual, first.expected)
                }
                (None, invalid) => invalid.clone().unwrap_or_default(),
            };
            let at = rows.wrong(row[at.unwrap_or(0)].offset, "");
            misfits.push(format!("{}:{}: {}", at.line, at.column, show_short_text(&why)));
        } else {
            more += 1;
        }
    }
    if misfits.is_empty() { Ok(Value::list(list)) } else { Err(Wrong::Misfits(misfits, more)) }
}

fn show_short_text(text: &str) -> String {
    let shown = show_short(&Value::text(text), super::cx::SHOWN);
    if text.chars().count() + 2 <= super::cx::SHOWN { text.to_owned() } else { shown }
}
