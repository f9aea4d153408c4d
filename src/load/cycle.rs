//! Modules that import each other in a circle.

use crate::check::{Import, Program};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::ItemKind;

/// One diagnostic for each `use` that closes a circle, showing the whole circle.
pub(super) fn find(program: &Program) -> Vec<Diagnostic> {
    let mut search = Search { program, state: vec![State::New; program.units.len()], path: Vec::new() };
    let mut found = Vec::new();
    for unit in 0..program.units.len() {
        search.visit(unit, &mut found);
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

struct Search<'a> {
    program: &'a Program,
    state: Vec<State>,
    /// The way here: each unit with the place of the `use` that leads on from it.
    path: Vec<(usize, Span)>,
}

impl Search<'_> {
    /// Walks depth first with a stack of its own, since a chain of imports may be long.
    fn visit(&mut self, start: usize, found: &mut Vec<Diagnostic>) {
        if self.state[start] != State::New {
            return;
        }
        let mut stack = vec![(start, imports(self.program, start), 0)];
        self.state[start] = State::Open;
        while let Some((unit, edges, next)) = stack.last_mut() {
            let Some(&(to, span)) = edges.get(*next) else {
                self.state[*unit] = State::Done;
                self.path.pop();
                stack.pop();
                continue;
            };
            *next += 1;
            let unit = *unit;
            match self.state[to] {
                State::New => {
                    self.state[to] = State::Open;
                    self.path.push((unit, span));
                    stack.push((to, imports(self.program, to), 0));
                }
                State::Open => found.push(self.circle(unit, to, span)),
                State::Done => {}
            }
        }
        self.path.clear();
    }

    fn circle(&self, from: usize, to: usize, span: Span) -> Diagnostic {
        let start = self.path.iter().position(|&(unit, _)| unit == to).unwrap_or(self.path.len());
        let on_the_way = &self.path[start..];
        let mut names: Vec<String> = on_the_way.iter().map(|&(unit, _)| self.name(unit)).collect();
        names.push(self.name(from));
        names.push(self.name(to));
        if from == to {
            let message = format!("{} imports itself", self.name(from));
            return Diagnostic::error(Code::IMPORT_CYCLE, span, message).label("this is the module itself");
        }
        let message = format!("modules import each other in a circle: {}", names.join(" → "));
        let mut diagnostic = Diagnostic::error(Code::IMPORT_CYCLE, span, message)
            .label("closes the circle")
            .help("move what both need into a third module");
        for &(unit, at) in on_the_way {
            diagnostic = diagnostic.also(at, format!("{} goes on here", self.name(unit)));
        }
        diagnostic
    }

    fn name(&self, unit: usize) -> String {
        format!("`{}`", self.program.sources.get(self.program.units[unit].module.source).name)
    }
}

/// The modules a module imports, with the place of the path.
fn imports(program: &Program, unit: usize) -> Vec<(usize, Span)> {
    let unit = &program.units[unit];
    unit.imports
        .iter()
        .filter_map(|(&item, import)| match (import, &unit.module.items[item].kind) {
            (Import::Unit(to), ItemKind::Use(import)) => Some((*to, import.path.span)),
            _ => None,
        })
        .collect()
}
