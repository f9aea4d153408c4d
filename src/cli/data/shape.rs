//! From a shape as text to its pattern, by the same reading, checking and evaluation as `any …` in a
//! scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::super::Exit;
use super::super::args::Color;
use super::super::terminal::{self, Stream};
use crate::check::{Definition, Plan, Program, Unit, check};
use crate::diag::{Diagnostic, nearest, render_all};
use crate::lang::{Kind, Registry};
use crate::run::values::{self, Around, Unknown};
use crate::shape::Pattern;
use crate::source::{Source, Sources};
use crate::syntax::ast::{Expr, ExprKind, Ident, Item, ItemKind, Let, LetTarget, Module};
use crate::syntax::{parse_expression, visit};
use crate::value::Redactor;

/// What is wrong with a shape has been told; this is how the program ends.
pub(super) type Told<T> = Result<T, Exit>;

/// Reads a shape. Errors are told.
pub(super) fn parse(sources: &mut Sources, name: &str, text: &str, color: Color) -> Told<Expr> {
    let source = sources.add(Source::new(name, "", text));
    match parse_expression(source, text) {
        // `any Customer` is what the language draws with; the shape is inside.
        Ok(Expr { kind: ExprKind::Any(inner), .. }) => Ok(*inner),
        Ok(expr) => Ok(expr),
        Err(errors) => Err(complain(&errors, sources, color)),
    }
}

/// Draws diagnostics.
pub(super) fn complain(diagnostics: &[Diagnostic], sources: &Sources, color: Color) -> Exit {
    terminal::tell(&render_all(diagnostics, sources, terminal::look(color, Stream::Err)));
    Exit::Wrong
}

/// The names in a shape that are no names of the language itself.
pub(super) fn own_names(expr: &Expr, registry: &Registry) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    visit::expression(expr, &mut |part| {
        if let ExprKind::Name(name) = &part.kind
            && [Kind::Shape, Kind::Function, Kind::Constant]
                .iter()
                .all(|kind| registry.get(*kind, name).is_none())
        {
            names.insert(name.clone());
        }
    });
    names
}

/// A program of one empty module, for shapes that need no others.
pub(super) fn alone(mut program: Program) -> Program {
    let source = program.sources.add(Source::new("nothing", "", ""));
    program.units.push(Unit {
        module: Module { source, doc: None, items: Vec::new() },
        pieces: Vec::new(),
        named: true,
        dir: std::path::PathBuf::new(),
        names: BTreeMap::new(),
        contracts: BTreeMap::new(),
        broken: Vec::new(),
        imports: BTreeMap::new(),
    });
    program
}

/// The named module in which the names of a shape mean something: with several, they must mean the
/// same in all. Where none knows all of them, the nearest is taken, so that its check complains.
pub(super) fn home(plan: &Plan, names: &BTreeSet<Arc<str>>) -> Result<usize, String> {
    let program = &plan.program;
    let named = || (0..program.units.len()).filter(|unit| program.units[*unit].named);
    let meaning = |unit: usize| -> Option<Vec<Definition>> {
        names.iter().map(|name| program.lookup(unit, name)).collect()
    };
    let mut found = named().filter_map(|unit| Some((unit, meaning(unit)?)));
    if let Some((home, means)) = found.next() {
        return match found.find(|(_, other)| *other != means) {
            None => Ok(home),
            Some((other, _)) => {
                let file = |unit: usize| &program.sources.get(program.units[unit].module.source).name;
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                Err(format!(
                    "{} means different things in `{}` and `{}`: name the file that is meant",
                    names.join(" and "),
                    file(home),
                    file(other)
                ))
            }
        };
    }
    let near = |unit: &usize| {
        let known = || program.units[*unit].names.keys().map(|name| &**name);
        let unknown = names.iter().filter(|name| program.lookup(*unit, name).is_none());
        std::cmp::Reverse(unknown.filter(|name| nearest(name, known()).is_empty()).count())
    };
    Ok(named().rev().max_by_key(near).unwrap_or(0))
}

/// What a shape needs besides itself.
pub(super) struct Given<'a> {
    pub(super) registry: &'a Arc<Registry>,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) seed: u64,
    pub(super) color: Color,
}

/// Checks a shape in a module and evaluates it. Errors are told.
pub(super) fn evaluate(
    mut program: Program,
    unit: usize,
    shape: &Expr,
    given: &Given<'_>,
    redactor: &Redactor,
) -> Told<Pattern> {
    // No name of the language has a space in it.
    let name = Ident { name: "the shape to draw".into(), span: shape.span };
    let drawn = Expr { kind: ExprKind::Any(Box::new(shape.clone())), span: shape.span };
    let binding = Let { target: LetTarget::Name(name), value: drawn, span: shape.span };
    let item = Item { doc: None, attributes: Vec::new(), kind: ItemKind::Let(binding), span: shape.span };
    program.units[unit].module.items.push(Arc::new(item));
    let (plan, mut diagnostics) = check(program, given.registry);
    let sources = plan.program.sources.clone();
    diagnostics.retain(Diagnostic::is_error);
    if !diagnostics.is_empty() {
        return Err(complain(&diagnostics, &sources, given.color));
    }
    let root = std::env::current_dir().map_err(|error| {
        terminal::complain(&format!("there is no current directory: {error}"));
        Exit::Environment
    })?;
    let around = Around {
        plan: Arc::new(plan),
        registry: given.registry.clone(),
        inputs: given.inputs.clone(),
        seed: given.seed,
        root,
    };
    values::pattern(&around, unit, shape, redactor).map_err(|unknown| match unknown {
        Unknown::Inputs(problems) => complain(&problems, &sources, given.color),
        Unknown::Shape(failures) => {
            let look = terminal::look(given.color, Stream::Err);
            let mut out = String::new();
            for failure in &failures {
                crate::report::write_failure(&mut out, look, failure);
            }
            terminal::tell(&redactor.mask(&out));
            Exit::Wrong
        }
        Unknown::Runtime(error) => {
            terminal::complain(&format!("no thread can be started: {error}"));
            Exit::Environment
        }
    })
}

/// The directory that imports of the command line's files may not leave.
pub(super) fn root() -> &'static Path {
    Path::new(".")
}
