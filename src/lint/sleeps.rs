//! `sleeps`: a pause after which something is read and expected. Where a pause is meant, as in
//! `under` or between the operations of a workload, nothing is expected of what follows it.

use std::collections::BTreeSet;

use super::Sight;
use super::reach::{item_named, runs};
use crate::check::ItemRef;
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Safety};
use crate::syntax::ast::{
    Block, Expr, ExprKind, Item, ItemKind, Let, LetTarget, Place, Request, Statement, StatementKind,
    TemplatePart,
};
use crate::syntax::visit;

/// How the names of methods and statements begin that read and change nothing, where the protocol
/// does not say (the standard methods of <https://google.aip.dev/130>, SQL, and what is like them).
const READING: &[&str] = &[
    "check", "count", "describe", "exists", "fetch", "find", "get", "has", "is", "list", "lookup", "query",
    "read", "search", "select", "show", "with",
];

/// The words of a statement of SQL that changes something, wherever it stands.
const CHANGING: &[&str] = &["insert", "update", "delete", "merge"];

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
        let computed = computed(item);
        Search { sight, unit: at.unit, computed, found: &mut found }.block(body);
    }
    found
}

/// The actions that workloads call, and those that these call: their pauses are a pace.
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
    let runs = runs(program);
    let mut new: Vec<ItemRef> = found.iter().copied().collect();
    while let Some(at) = new.pop() {
        let called = runs.get(&at).into_iter().flatten().copied();
        new.extend(called.filter(|&next| found.insert(next)).collect::<Vec<_>>());
    }
    found
}

/// The variables of an item whose values were computed once: what is expected of them is so before
/// a pause and after it. Streams, histories and parameters are none.
fn computed(item: &Item) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    visit::item_statements(item, &mut |statement| {
        let StatementKind::Let(Let { target: LetTarget::Name(name), value, .. }) = &statement.kind else {
            return;
        };
        if !matches!(&value.kind, ExprKind::Request(request) if &*request.verb.name == "open") {
            found.insert(&*name.name);
        }
    });
    found
}

struct Search<'a> {
    sight: &'a Sight<'a>,
    unit: usize,
    /// Variables that do not change.
    computed: BTreeSet<&'a str>,
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
            Some(first) => match expects_now(first) {
                Some(subject) => self.is_live(subject),
                None => {
                    value(&first.kind).is_some_and(|value| self.reads(value))
                        && rest.find(|next| !idle(next)).and_then(|next| expects_now(next)).is_some()
                }
            },
            None => false,
        }
    }

    /// Whether what an expectation looks at may change by itself: not the response of a request before the
    /// pause, and not a variable that was computed before.
    fn is_live(&self, subject: &Expr) -> bool {
        let mut live = false;
        visit::expression(subject, &mut |expr| {
            live |= match &expr.kind {
                ExprKind::Request(_) | ExprKind::Next(_) | ExprKind::Link(..) => true,
                ExprKind::Name(name) => {
                    !self.computed.contains(&**name) && self.names_what_changes(expr, name)
                }
                _ => false,
            };
        });
        live
    }

    /// Services, doubles, actions, and whatever is no item and no name of the language.
    fn names_what_changes(&self, expr: &Expr, name: &str) -> bool {
        let program = &self.sight.plan.program;
        if let Some(at) = item_named(program, self.unit, expr) {
            let kind = &program.item(at).kind;
            return matches!(kind, ItemKind::Service(_) | ItemKind::Double(_) | ItemKind::Action(_));
        }
        let of_the_language = [Kind::Response, Kind::Constant, Kind::Function];
        !of_the_language.iter().any(|&kind| !self.sight.given.registry.all(kind, name).is_empty())
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
        match (method, &request.place) {
            (Some(method), _) => {
                // `GetEntry`, `get_entry` and `get`, and not `gettysburg`.
                let name = &*method.name;
                begins(name).is_some_and(|rest| !rest.starts_with(char::is_lowercase))
            }
            (None, Some(Place::Text(text))) => {
                let text = text.parts.iter().filter_map(|part| match part {
                    TemplatePart::Text(text) => Some(&**text),
                    TemplatePart::Expr(_) => None,
                });
                let text = text.collect::<Vec<_>>().join(" ").to_lowercase();
                let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                let first = words.find(|word| !word.is_empty()).unwrap_or_default();
                READING.contains(&first) && !words.any(|word| CHANGING.contains(&word))
            }
            _ => false,
        }
    }
}

/// What follows the word at the beginning of a name that says that it reads.
fn begins(name: &str) -> Option<&str> {
    READING.iter().find_map(|word| {
        let (head, rest) = name.split_at_checked(word.len())?;
        head.eq_ignore_ascii_case(word).then_some(rest)
    })
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

/// What an expectation looks at that is judged at once.
fn expects_now(statement: &Statement) -> Option<&Expr> {
    match &statement.kind {
        StatementKind::Expect(expect)
            if expect.within.is_none() && expect.throughout.is_none() && expect.during.is_none() =>
        {
            Some(&expect.subject)
        }
        _ => None,
    }
}

fn complaint(statement: &Statement, pause: &str) -> Diagnostic {
    Diagnostic::warning(Code::SLEEPS, statement.span, "this pause guesses how long the system takes").help(
        format!(
            "write `eventually within {pause} {{ … }}` around what follows: it goes on as soon as that holds; \
             to show that something stays so, write `expect … throughout {pause}`"
        ),
    )
}
