//! `sleeps`: a pause after which something is read and expected. Where a pause is meant, as in
//! `under` or between the operations of a workload, nothing is expected of what follows it.

use std::collections::BTreeSet;

use super::Sight;
use super::reach::item_named;
use crate::check::ItemRef;
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Safety};
use crate::syntax::ast::{Block, Expr, ExprKind, ItemKind, Place, Request, Statement, StatementKind};
use crate::syntax::visit;

/// How the names of methods and statements begin that read and change nothing, where the protocol
/// does not say (the standard methods of <https://google.aip.dev/130>, SQL, and what is like them).
const READING: &[&str] = &[
    "check", "count", "describe", "exists", "fetch", "find", "get", "has", "is", "list", "lookup", "query",
    "read", "search", "select", "show", "with",
];

/// Pauses that stand for something that is waited for.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let program = &sight.plan.program;
    let paced = operations(sight);
    let mut found = Vec::new();
    for (at, item) in program.items() {
        let body = match &item.kind {
            ItemKind::Scenario(scenario) => &scenario.body,
            ItemKind::Fixture(fixture) => &fixture.body,
            ItemKind::Action(action) if !paced.contains(&at) => &action.body,
            _ => continue,
        };
        Search { sight, unit: at.unit, found: &mut found }.block(body);
    }
    found
}

/// The actions that workloads call: their pauses are a pace.
fn operations(sight: &Sight<'_>) -> BTreeSet<ItemRef> {
    let program = &sight.plan.program;
    let mut found = BTreeSet::new();
    for (at, item) in program.items() {
        visit::item_statements(item, &mut |statement| {
            let StatementKind::Workload(workload) = &statement.kind else { return };
            for (_, operation) in &workload.operations_mix {
                visit::statement(operation, &mut |expr| found.extend(item_named(program, at.unit, expr)));
            }
        });
    }
    found
}

struct Search<'a> {
    sight: &'a Sight<'a>,
    unit: usize,
    found: &'a mut Vec<Diagnostic>,
}

impl Search<'_> {
    /// The pauses of a block and of those inside it. Faults, load and attacks take the time that
    /// they are given, and what polls has a pace.
    fn block(&mut self, block: &Block) {
        let statements = flat(block);
        for (index, statement) in statements.iter().enumerate() {
            match &statement.kind {
                StatementKind::Forall(forall) => self.block(&forall.body),
                kind => {
                    if let Some(pause) = self.pause(statement)
                        && self.judges(&statements[index + 1..])
                    {
                        self.found.push(complaint(statement, &pause));
                    }
                    match value(kind).map(|value| &value.kind) {
                        Some(ExprKind::If(branch)) => {
                            self.block(&branch.then);
                            branch.otherwise.iter().for_each(|block| self.block(block));
                        }
                        Some(ExprKind::For(each)) if !each.parallel => self.block(&each.body),
                        _ => {}
                    }
                }
            }
        }
    }

    /// How long a statement sleeps, as it is written; none when it does something else.
    fn pause(&self, statement: &Statement) -> Option<String> {
        match &statement.kind {
            StatementKind::Wait(time) => {
                Some(self.sight.plan.program.sources.get(time.span.source).slice(time.span).to_owned())
            }
            StatementKind::Expr(Expr { kind: ExprKind::Request(request), .. })
                if request.target.is_none() =>
            {
                let Some(Place::Text(command)) = &request.place else { return None };
                let command = command.plain()?;
                let time = command.trim().strip_prefix("sleep ")?.trim();
                let is_number = time.starts_with(|c: char| c.is_ascii_digit());
                let unit = if time.ends_with(|c: char| c.is_ascii_digit()) { "s" } else { "" };
                is_number.then(|| format!("{time}{unit}"))
            }
            _ => None,
        }
    }

    /// Whether statements begin with an expectation that does not wait itself, or with a reading and
    /// then one.
    fn judges(&self, after: &[&Statement]) -> bool {
        let idle = |statement: &&&Statement| {
            matches!(statement.kind, StatementKind::Show(_)) || self.pause(statement).is_some()
        };
        let mut rest = after.iter().skip_while(idle);
        match rest.next() {
            Some(first) if expects_now(first) => true,
            Some(first) => {
                value(&first.kind).is_some_and(|value| self.reads(value))
                    && rest.find(|next| !idle(next)).is_some_and(|next| expects_now(next))
            }
            None => false,
        }
    }

    /// Whether it may be done again and again: a request that changes nothing, or a `@safe` action.
    fn reads(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Request(request) => self.is_reading(request),
            ExprKind::Call(callee, _) => {
                let program = &self.sight.plan.program;
                item_named(program, self.unit, callee).is_some_and(|at| {
                    program.item(at).attributes.iter().any(|attribute| &*attribute.name.name == "safe")
                })
            }
            _ => false,
        }
    }

    fn is_reading(&self, request: &Request) -> bool {
        let specs = self.sight.given.registry.all(Kind::Verb, &request.verb.name);
        if specs.iter().any(|spec| spec.safety == Safety::Unsafe) {
            return false;
        }
        if specs.iter().all(|spec| spec.safety == Safety::Safe) {
            return true;
        }
        let method = request.target.as_ref().and_then(|target| target.members.last());
        let begins = |text: &str| {
            let text = text.trim_start().to_lowercase();
            READING.iter().any(|word| text.starts_with(word))
        };
        match (method, &request.place) {
            (Some(method), _) => begins(&method.name),
            (None, Some(Place::Text(text))) => match text.parts.first() {
                Some(crate::syntax::ast::TemplatePart::Text(text)) => begins(text),
                _ => false,
            },
            _ => false,
        }
    }
}

/// The statements of a block, with those of its `step`s, which only group.
fn flat(block: &Block) -> Vec<&Statement> {
    let mut found = Vec::new();
    for statement in &block.statements {
        match &statement.kind {
            StatementKind::Step(_, inner) => found.extend(flat(inner)),
            _ => found.push(statement),
        }
    }
    found
}

/// What a statement computes.
fn value(kind: &StatementKind) -> Option<&Expr> {
    match kind {
        StatementKind::Expr(value) => Some(value),
        StatementKind::Let(binding) => Some(&binding.value),
        _ => None,
    }
}

/// Whether it is an expectation that is judged at once.
fn expects_now(statement: &Statement) -> bool {
    matches!(&statement.kind, StatementKind::Expect(expect)
        if expect.within.is_none() && expect.throughout.is_none() && expect.during.is_none())
}

fn complaint(statement: &Statement, pause: &str) -> Diagnostic {
    Diagnostic::warning(Code::SLEEPS, statement.span, "this pause guesses how long the system takes").help(
        format!(
            "write `eventually within {pause} {{ … }}` around what follows: it goes on as soon as that holds; \
             to show that something stays so, write `expect … throughout {pause}`"
        ),
    )
}
