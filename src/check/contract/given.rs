//! What blocks, fixtures, actions and variables give, in terms of contracts: what all their ways
//! to end agree on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::known::{Known, Part};
use crate::check::plan::{Definition, ItemRef};
use crate::check::record::Told;
use crate::check::walker::Walker;
use crate::shape::Pattern;
use crate::syntax::ast::{
    Block, Expr, ExprKind, Ident, ItemKind, LetTarget, ObjectEntry, ObjectExpr, Statement, StatementKind,
};
use crate::value::Value;

/// Items that need each other are walked one inside the other this deep; deeper ones when their
/// turn comes, and what they give is then not known where they are needed.
const DEPTH: usize = 32;

/// One way in which a block ends.
#[derive(Debug, Clone)]
pub(in crate::check) enum Outcome<'a> {
    /// With a value of which something is known.
    Known(Known<'a>),
    /// With `null`.
    Null,
    /// With anything.
    Unknown,
}

impl<'a> From<Option<Known<'a>>> for Outcome<'a> {
    fn from(known: Option<Known<'a>>) -> Outcome<'a> {
        known.map_or(Outcome::Unknown, Outcome::Known)
    }
}

/// What is known whichever way it ends; where one way gives anything, nothing is.
fn join(outcomes: Vec<Outcome<'_>>) -> Option<Known<'_>> {
    let mut joined: Option<Known<'_>> = None;
    let mut or_null = false;
    for outcome in outcomes {
        match (outcome, joined.take()) {
            (Outcome::Unknown, _) => return None,
            (Outcome::Null, known) => {
                or_null = true;
                joined = known;
            }
            (Outcome::Known(known), None) => joined = Some(known),
            (Outcome::Known(known), Some(other)) => joined = Some(either(&other, &known)?),
        }
    }
    match joined? {
        // A field of `null` is a mistake anyway, but comparing with it is none.
        Known::Part(part) if or_null && part.many => None,
        Known::Part(part) if or_null => {
            let mut part = (*part).clone();
            part.patterns.push(Pattern::Equals(Value::Null));
            Some(Known::Part(Arc::new(part)))
        }
        known => Some(known),
    }
}

/// What is known of a value that is one of two.
fn either<'a>(a: &Known<'a>, b: &Known<'a>) -> Option<Known<'a>> {
    match (a, b) {
        (Known::Response(x, one), Known::Response(y, other)) if std::ptr::eq(*x, *y) => {
            Some(Known::Response(x, one.filter(|_| one == other)))
        }
        (Known::List(x), Known::List(y)) => Some(Known::List(Arc::new(either(x, y)?))),
        (Known::Object(x), Known::Object(y)) => {
            let both = x.iter().filter_map(|(name, x)| Some((name.clone(), either(x, y.get(name)?)?)));
            Some(Known::Object(Arc::new(both.collect())))
        }
        (Known::Part(x), Known::Part(y)) => {
            if Arc::ptr_eq(x, y) {
                return Some(a.clone());
            }
            let same = std::ptr::eq(x.of, y.of) && x.name == y.name && x.many == y.many;
            let patterns = || x.patterns.iter().chain(&y.patterns).cloned().collect();
            let status = x.status.filter(|_| x.status == y.status);
            same.then(|| Known::Part(Arc::new(Part { patterns: patterns(), status, ..(**x).clone() })))
        }
        _ => None,
    }
}

impl<'a> Walker<'a, '_> {
    /// A producer whose value is used: what it gives is remembered by its place.
    pub(in crate::check) fn valued(&mut self, expr: &'a Expr) {
        self.memory.ends.push(Vec::new());
        self.memory.is_valued = matches!(expr.kind, ExprKind::Parallel(_));
        self.producer(expr);
        let ends = self.memory.ends.pop().unwrap_or_default();
        let given = match &expr.kind {
            ExprKind::If(_) | ExprKind::Eventually(_) => join(ends),
            ExprKind::For(_) => join(ends).map(Known::list),
            _ => return,
        };
        if let Some(given) = given {
            self.memory.answers.insert(expr.span, given);
        }
    }

    /// The branches of a `parallel`, each in a scope of its own: the value is the list of theirs.
    pub(in crate::check) fn branches(&mut self, expr: &'a Expr, block: &'a Block) {
        let is_valued = std::mem::take(&mut self.memory.is_valued);
        let mut given = Vec::new();
        for statement in &block.statements {
            self.scopes.enter();
            if is_valued {
                self.memory.ends.push(Vec::new());
            }
            self.at(|place| place.parallel = true, |walker| walker.statement(statement));
            if is_valued {
                self.ends_with(Some(statement));
                given.push(join(self.memory.ends.pop().unwrap_or_default()));
            }
            self.leave();
        }
        if is_valued {
            self.memory.answers.insert(expr.span, Known::Each(given.into()));
        }
    }

    /// `return VALUE`
    pub(in crate::check) fn returned(&mut self, value: Option<&'a Expr>) {
        let outcome = match value {
            None | Some(Expr { kind: ExprKind::Null, .. }) => Outcome::Null,
            Some(value) => self.given(value).into(),
        };
        self.ends(outcome);
    }

    /// The last statement of a block whose value is used; none when the block is empty.
    pub(in crate::check) fn ends_with(&mut self, last: Option<&'a Statement>) {
        let outcome = match last.map(|statement| &statement.kind) {
            Some(StatementKind::Return(_) | StatementKind::Step(..)) => return,
            Some(StatementKind::Expr(expr)) => match &expr.kind {
                // Their last statements were met already.
                ExprKind::If(branch) if branch.otherwise.is_some() => return,
                ExprKind::If(_) => Outcome::Null,
                ExprKind::Eventually(_) => return,
                ExprKind::For(_) | ExprKind::Parallel(_) => Outcome::Unknown,
                _ => self.given(expr).into(),
            },
            Some(
                StatementKind::Error
                | StatementKind::Under(..)
                | StatementKind::Workload(_)
                | StatementKind::Idempotent(_),
            ) => Outcome::Unknown,
            None | Some(_) => Outcome::Null,
        };
        self.ends(outcome);
    }

    fn ends(&mut self, outcome: Outcome<'a>) {
        if let Some(ends) = self.memory.ends.last_mut() {
            ends.push(outcome);
        }
    }

    /// What is known of a producer that was walked.
    pub(super) fn given(&self, expr: &Expr) -> Option<Known<'a>> {
        match &expr.kind {
            ExprKind::Request(request) => self.memory.answers.get(&request.verb.span).cloned(),
            ExprKind::If(_) | ExprKind::For(_) | ExprKind::Parallel(_) | ExprKind::Eventually(_) => {
                self.memory.answers.get(&expr.span).cloned()
            }
            ExprKind::Next(next) => self.knows(&next.stream)?.element(),
            _ => self.knows(expr),
        }
    }

    /// What is known of the fields of an object that is written out.
    pub(super) fn known_object(&self, object: &ObjectExpr) -> Option<Known<'a>> {
        let mut fields = BTreeMap::new();
        for entry in &object.entries {
            let ObjectEntry::Field { name, value, .. } = entry else { return None };
            if let (Some(name), Some(known)) = (name.plain(), self.knows(value)) {
                fields.insert(name, known);
            }
        }
        (!fields.is_empty()).then(|| Known::Object(Arc::new(fields)))
    }

    /// The names of `let [a, b] = …`.
    pub(in crate::check) fn learn_each(&mut self, names: &[Ident], value: &'a Expr) {
        let Some(known) = self.given(value) else { return };
        for (index, name) in names.iter().enumerate() {
            if let Some(known) = known.at(index) {
                self.memory.variables.insert(name.span, known);
            }
        }
    }

    /// The name of a loop, which stands for each element.
    pub(in crate::check) fn learn_element(&mut self, name: &Ident, list: &Expr) {
        if let Some(known) = self.knows(list).and_then(|list| list.element()) {
            self.memory.variables.insert(name.span, known);
        }
        if let Some(told) = self.told(list).and_then(Told::element) {
            self.memory.told.insert(name.span, told);
        }
    }

    /// The body of a fixture or an action, and what it gives.
    pub(in crate::check) fn giving(&mut self, block: &'a Block, walk: impl FnOnce(&mut Self)) {
        self.memory.ends.push(Vec::new());
        walk(self);
        let mut ends = self.memory.ends.pop().unwrap_or_default();
        if !matches!(block.statements.last(), Some(Statement { kind: StatementKind::Return(_), .. })) {
            ends.push(Outcome::Null);
        }
        if let Some(known) = join(ends) {
            self.cx.given.insert(self.item, known);
        }
    }

    /// A variable at the top, and what it holds.
    pub(in crate::check) fn holding(&mut self, target: &LetTarget, value: &'a Expr) {
        self.valued(value);
        if let (LetTarget::Name(_), Some(known)) = (target, self.given(value)) {
            self.cx.given.insert(self.item, known);
        }
    }

    /// Walks an item before its turn, since what it gives is needed here.
    pub(in crate::check) fn need(&mut self, at: ItemRef) {
        let item = self.cx.program.item(at);
        let gives = matches!(item.kind, ItemKind::Fixture(_) | ItemKind::Action(_) | ItemKind::Let(_));
        if !gives || self.cx.walking >= DEPTH || !self.cx.walked.insert(at) {
            return;
        }
        self.cx.walking += 1;
        // What is wrong there is not wrong here.
        let here = std::mem::take(&mut self.cx.diagnostics);
        Walker::new(self.cx, at).item(item);
        let there = std::mem::replace(&mut self.cx.diagnostics, here);
        self.cx.aside.extend(there);
        self.cx.walking -= 1;
    }

    /// What is known of what a top-level name gives, also behind the name of a module.
    pub(super) fn given_by(&self, expr: &Expr) -> Option<Known<'a>> {
        let (unit, name) = match &expr.kind {
            ExprKind::Name(name) => (self.item.unit, name),
            ExprKind::Field(base, field) => {
                let ExprKind::Name(alias) = &base.kind else { return None };
                match self.cx.program.lookup(self.item.unit, alias)? {
                    Definition::Module(unit) if self.scopes.get(alias).is_none() => (unit, &field.name),
                    _ => return None,
                }
            }
            _ => return None,
        };
        let (at, _) = self.cx.program.lookup_item(unit, name)?;
        self.cx.given.get(&at).cloned()
    }
}
