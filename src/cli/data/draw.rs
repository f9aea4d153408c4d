//! `scn data draw`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::args::{Color, DataFormat, Draw, Seed};
use super::super::project::{Project, named};
use super::super::run::misunderstood;
use super::super::{Exit, inputs, terminal};
use super::rows::{Form, Rows};
use super::shape::{self, Given, Told};
use super::write::Out;
use crate::check::Program;
use crate::shape::{DrawKey, Drawer, Pattern, describe, field_names};
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::Redactor;

/// Draws and writes.
pub(super) fn draw(args: &Draw, color: Color) -> Exit {
    prepared(args, color).unwrap_or_else(|exit| exit)
}

fn prepared(args: &Draw, color: Color) -> Told<Exit> {
    let redactor = Redactor::default();
    let (pattern, expr, seed) = pattern(args, color, &redactor)?;
    let form = form(args, &pattern, &expr)?;
    Ok(match written(args, &pattern, form, seed, &redactor) {
        Ok(()) => Exit::Passed,
        Err(Ended::Reader) => Exit::Passed,
        Err(Ended::Said(exit, message)) => {
            terminal::complain(&redactor.mask(&message));
            exit
        }
    })
}

/// The pattern of the shape that is asked for, the shape as it was written, and the seed.
fn pattern(args: &Draw, color: Color, redactor: &Redactor) -> Told<(Pattern, Expr, u64)> {
    let chosen = args.seed.map(|seed| match seed {
        Seed::Fixed(seed) => seed,
        Seed::Random => RandomState::new().build_hasher().finish(),
    });
    if args.seed == Some(Seed::Random) {
        terminal::tell(&format!("seed {}\n", chosen.unwrap_or(0)));
    }
    let registry = Arc::new(crate::rooms::registry());
    let mut program = Program::default();
    let expr = shape::parse(&mut program.sources, "command line", &args.shape, color)?;
    let names = shape::own_names(&expr, &registry);
    let asked = !args.set.is_empty() || args.env_file.is_some();
    if names.is_empty() && args.paths.is_empty() && !asked {
        let seed = chosen.unwrap_or(0);
        let given = Given { registry: &registry, inputs: Default::default(), seed, color };
        let pattern = shape::evaluate(shape::alone(program), 0, &expr, &given, redactor)?;
        return Ok((pattern, expr, seed));
    }
    let project = Project::open(&named(&args.paths));
    if project.is_wrong() {
        return Err(project.complain(color));
    }
    let mut warnings = Vec::new();
    let inputs = inputs::read(&project, &args.set, args.env_file.as_deref(), &mut warnings)
        .map_err(|wrong| misunderstood(&wrong, color))?;
    for warning in &warnings {
        terminal::tell(&format!("warning: {warning}\n"));
    }
    let seed = chosen.or(project.plan.seed).unwrap_or(0);
    let unit = shape::home(&project.plan, &names).map_err(|message| {
        terminal::complain(&message);
        Exit::Wrong
    })?;
    // The files once more: the shape is checked as a part of the module that knows its names.
    let paths: Vec<PathBuf> = named(&args.paths).into_iter().map(|named| named.path).collect();
    let (mut program, _) = crate::load::load(&paths, shape::root());
    let expr = shape::parse(&mut program.sources, "command line", &args.shape, color)?;
    let given = Given { registry: &registry, inputs, seed, color };
    let pattern = shape::evaluate(program, unit, &expr, &given, redactor)?;
    Ok((pattern, expr, seed))
}

/// How to write, with the columns that the shape names.
fn form(args: &Draw, pattern: &Pattern, expr: &Expr) -> Told<Form> {
    let columns = field_names(pattern);
    Ok(match args.format {
        DataFormat::Json => Form::Json,
        DataFormat::Jsonl => Form::Jsonl,
        DataFormat::Csv => Form::Csv { columns },
        DataFormat::Sql => {
            let table = args.table.clone().or_else(|| match &expr.kind {
                ExprKind::Name(name) | ExprKind::Field(_, crate::syntax::ast::Ident { name, .. }) => {
                    Some(name.to_string())
                }
                ExprKind::Refine(base, _) => match &base.kind {
                    ExprKind::Name(name) => Some(name.to_string()),
                    _ => None,
                },
                _ => None,
            });
            let Some(table) = table else {
                terminal::complain("--format sql needs a name for the table: `--table NAME`");
                return Err(Exit::Wrong);
            };
            Form::Sql { columns, table, dialect: args.dialect.into() }
        }
    })
}

/// How writing ended early.
enum Ended {
    /// The reader has seen enough.
    Reader,
    Said(Exit, String),
}

fn written(args: &Draw, pattern: &Pattern, form: Form, seed: u64, redactor: &Redactor) -> Result<(), Ended> {
    let lost = |error: io::Error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ended::Reader,
        _ => {
            let to = if args.out == "-" { "standard output".to_owned() } else { format!("`{}`", args.out) };
            let why = crate::value::words::plain(&error);
            Ended::Said(Exit::Environment, format!("{to} cannot be written: {why}"))
        }
    };
    let wrong = |message: String| Ended::Said(Exit::Wrong, message);
    let mut out = Out::open(&args.out).map_err(lost)?;
    let mut rows = Rows::new(form);
    let drawer = Drawer::new(pattern);
    let mut values = drawer.many(DrawKey::new(seed).with("scn data draw")).endless();
    let mut text = String::new();
    for _ in 0..args.count {
        let value = values
            .draw()
            .map_err(|why| wrong(format!("`{}` cannot be drawn: {why}", describe(pattern))))?;
        rows.row(&value, &mut text).map_err(wrong)?;
        if value.is_secret() || redactor.leaks(&text) {
            let message = "the shape is made of a secret, and what is drawn of it would show it";
            return Err(wrong(message.to_owned()));
        }
        out.write(&text).map_err(lost)?;
        text.clear();
    }
    rows.end(&mut text);
    out.write(&text).map_err(lost)?;
    out.put().map_err(lost)
}
