//! Blocks, statements, requests and everything else that acts.

use pest::iterators::Pair;

use super::{Builder, Parts};
use crate::diag::did_you_mean;
use crate::lang::KEYWORDS;
use crate::source::Span;
use crate::syntax::ast::{
    BinaryOp, Block, Expect, Expr, ExprKind, Fail, Fault, Forall, Idempotent, Ident, Let, LetTarget, Observe,
    Phrase, Probe, RelationUse, Reply, Same, Statement, StatementKind, Workload,
};
use crate::syntax::grammar::Rule;

/// What stands in an `idempotent` beside its statements.
#[derive(Default)]
struct Claims {
    probes: Vec<Probe>,
    same: Vec<Same>,
    effects: Vec<Expect>,
}

impl Builder<'_> {
    pub(super) fn next_block(&mut self, parts: &mut Parts<'_>) -> Block {
        match parts.take(Rule::block) {
            Some(pair) => self.block(pair),
            None => Block { statements: Vec::new(), span: self.lost_ident().span },
        }
    }

    pub(super) fn block(&mut self, pair: Pair<'_, Rule>) -> Block {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let mut statements = Vec::new();
        while let Some(pair) = parts.next() {
            statements.push(self.statement(pair));
        }
        Block { statements, span }
    }

    /// What was taken out; statements inside it are read for their errors.
    pub(super) fn hole(&mut self, pair: Pair<'_, Rule>) {
        if let Some(block) = Parts::of(pair).take(Rule::block) {
            self.block(block);
        }
    }

    fn statement(&mut self, pair: Pair<'_, Rule>) -> Statement {
        let span = self.span(&pair);
        let kind = self.statement_kind(pair, span);
        Statement { kind, span }
    }

    fn statement_kind(&mut self, pair: Pair<'_, Rule>, span: Span) -> StatementKind {
        let rule = pair.as_rule();
        let mut parts = match rule {
            Rule::let_statement => return StatementKind::Let(self.let_statement(pair)),
            Rule::expect => return StatementKind::Expect(Box::new(self.claim(pair))),
            Rule::hole => {
                self.hole(pair);
                return StatementKind::Error;
            }
            Rule::probe | Rule::same | Rule::effect => return self.misplaced(pair, span),
            Rule::step
            | Rule::stop_when
            | Rule::rejected_when
            | Rule::under
            | Rule::workload
            | Rule::idempotent
            | Rule::forall
            | Rule::observe
            | Rule::defer
            | Rule::return_statement
            | Rule::wait
            | Rule::show
            | Rule::reply
            | Rule::fail => Parts::of(pair),
            _ => {
                if pair.as_str().starts_with('.') {
                    self.error(
                        Span { end: span.start + 1, ..span },
                        "a line that begins with `.` does not continue the one before",
                        "write it on one line, or name the part before with `let`",
                    );
                }
                return StatementKind::Expr(self.expr(pair));
            }
        };
        match rule {
            Rule::step => {
                let title = self.next_template(&mut parts);
                StatementKind::Step(title, self.next_block(&mut parts))
            }
            Rule::stop_when => StatementKind::StopWhen(self.next_expr(&mut parts)),
            Rule::rejected_when => StatementKind::RejectedWhen(self.next_expr(&mut parts)),
            Rule::under => {
                let faults = parts.take_all(Rule::fault).into_iter().map(|pair| self.fault(pair)).collect();
                StatementKind::Under(faults, self.next_block(&mut parts))
            }
            Rule::workload => StatementKind::Workload(Box::new(self.workload(parts, span))),
            Rule::idempotent => StatementKind::Idempotent(Box::new(self.idempotent(parts))),
            Rule::forall => StatementKind::Forall(Box::new(self.forall(parts))),
            Rule::observe => StatementKind::Observe(Box::new(self.observe(parts))),
            Rule::defer => StatementKind::Defer(self.defer(parts)),
            Rule::return_statement => StatementKind::Return(self.optional_expr(&mut parts)),
            Rule::wait => StatementKind::Wait(self.next_expr(&mut parts)),
            Rule::show => StatementKind::Show(self.next_expr(&mut parts)),
            Rule::reply => StatementKind::Reply(self.reply(parts)),
            _ => StatementKind::Fail(self.fail(parts)),
        }
    }

    fn fail(&mut self, mut parts: Parts<'_>) -> Fail {
        let status = parts.take(Rule::name).map(|pair| self.ident(&pair));
        let mut fail = Fail { status, message: None, with: None };
        while let Some(pair) = parts.next() {
            if pair.as_rule() == Rule::reply_with {
                fail.with = Some(self.inner_expr(pair));
            } else {
                fail.message = Some(self.expr(pair));
            }
        }
        fail
    }

    fn optional_expr(&mut self, parts: &mut Parts<'_>) -> Option<Expr> {
        parts.next().map(|pair| self.expr(pair))
    }

    /// `probe`, `same` or `effect` outside of `idempotent`.
    fn misplaced(&mut self, pair: Pair<'_, Rule>, span: Span) -> StatementKind {
        let word = pair.as_str().split([' ', '\t']).next().unwrap_or("");
        let word_span = Span { end: span.start + word.len() as u32, ..span };
        self.error(
            word_span,
            format!("`{word}` stands only in `idempotent`"),
            "put it directly into the braces of `idempotent as … { … }`",
        );
        self.idempotent_claim(pair, &mut Claims::default());
        StatementKind::Error
    }

    pub(super) fn let_statement(&mut self, pair: Pair<'_, Rule>) -> Let {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let target = self.let_target(&mut parts);
        Let { target, value: self.next_expr(&mut parts), span }
    }

    pub(super) fn let_target(&mut self, parts: &mut Parts<'_>) -> LetTarget {
        let Some(list) = parts.take(Rule::let_list) else {
            return LetTarget::Name(self.declared(parts));
        };
        let span = self.span(&list);
        let mut inner = Parts::of(list);
        let mut names: Vec<Ident> = Vec::new();
        while inner.peek().is_some() {
            names.push(self.declared(&mut inner));
        }
        LetTarget::List(names, span)
    }

    fn defer(&mut self, mut parts: Parts<'_>) -> Block {
        if parts.peek() == Some(Rule::block) {
            return self.next_block(&mut parts);
        }
        let expr = self.next_expr(&mut parts);
        let span = expr.span;
        Block { statements: vec![Statement { kind: StatementKind::Expr(expr), span }], span }
    }

    fn reply(&mut self, mut parts: Parts<'_>) -> Reply {
        let value = self.next_expr(&mut parts);
        let mut reply = Reply { value, after: None, with: None };
        while let Some(pair) = parts.next() {
            let span = self.span(&pair);
            let (slot, word) = match pair.as_rule() {
                Rule::reply_after => (&mut reply.after, "after"),
                _ => (&mut reply.with, "with"),
            };
            let value = self.inner_expr(pair);
            if slot.replace(value).is_some() {
                self.twice(span, word);
            }
        }
        reply
    }

    pub(super) fn twice(&mut self, span: Span, word: &str) {
        self.error(span, format!("`{word}` stands twice"), "leave one out");
    }

    // ---- expectations ----

    /// `expect …` or `effect …`.
    fn claim(&mut self, pair: Pair<'_, Rule>) -> Expect {
        let claim = Parts::of(pair).next();
        let Some(claim) = claim else {
            let subject = self.lost();
            return Expect {
                subject,
                relation: None,
                within: None,
                throughout: None,
                because: None,
                during: None,
            };
        };
        let mut parts = Parts::of(claim);
        let subject = self.next_expr(&mut parts);
        let relation = parts.take(Rule::relation).map(|pair| self.relation(pair));
        if let Some(relation) = &relation {
            self.refuse_after_comparison(&subject, relation);
        }
        let mut expect =
            Expect { subject, relation, within: None, throughout: None, because: None, during: None };
        while let Some(pair) = parts.next() {
            self.claim_tail(pair, &mut expect);
        }
        expect
    }

    /// An expectation is one comparison or one relation.
    fn refuse_after_comparison(&mut self, subject: &Expr, relation: &RelationUse) {
        let ExprKind::Binary(op, ..) = &subject.kind else { return };
        let joins = op.is_comparison() || matches!(op, BinaryOp::And | BinaryOp::Or);
        if !joins || self.written(subject.span).starts_with('(') {
            return;
        }
        let name = &relation.name.name;
        let phrases = KEYWORDS.iter().filter(|k| k.reserved).map(|k| k.word);
        let help = match did_you_mean(name, phrases) {
            Some(advice) => advice,
            None => "an expectation is one comparison or one relation: end the line here, or write `and`"
                .to_owned(),
        };
        self.error(relation.span, format!("`{name}` follows a comparison"), help);
    }

    fn claim_tail(&mut self, pair: Pair<'_, Rule>, expect: &mut Expect) {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        let (again, word) = match rule {
            Rule::within => (expect.within.replace(self.next_expr(&mut parts)).is_some(), "within"),
            Rule::throughout => {
                (expect.throughout.replace(self.next_expr(&mut parts)).is_some(), "throughout")
            }
            Rule::because => (expect.because.replace(self.next_template(&mut parts)).is_some(), "because"),
            _ => (expect.during.replace(self.next_block(&mut parts)).is_some(), "during"),
        };
        if again {
            self.twice(span, word);
        }
    }

    fn relation(&mut self, pair: Pair<'_, Rule>) -> RelationUse {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let negated = parts.take(Rule::k_not).is_some();
        let (name, args) = match parts.take(Rule::relation_head) {
            Some(head) => {
                let mut head = Parts::of(head);
                (self.next_ident(&mut head), head.take(Rule::args).map(|pair| self.args(pair)))
            }
            None => (self.lost_ident(), None),
        };
        let operand = parts.take(Rule::relation_operand).map(|pair| self.inner_expr(pair));
        let phrases: Vec<Phrase> =
            parts.take_all(Rule::phrase).into_iter().map(|pair| self.phrase(pair)).collect();
        self.refuse_twice(phrases.iter().map(|phrase| &phrase.word));
        RelationUse { negated, name, args, operand, phrases, span }
    }

    /// A word and its value; several values after `except` come as a list.
    fn phrase(&mut self, pair: Pair<'_, Rule>) -> Phrase {
        let mut parts = Parts::of(pair);
        let word = self.next_ident(&mut parts);
        let mut values: Vec<Expr> =
            parts.take_all(Rule::tight).into_iter().map(|pair| self.expr(pair)).collect();
        let value = match values.len() {
            0 | 1 => values.pop(),
            _ => {
                let span = values.iter().fold(values[0].span, |span, value| span.to(value.span));
                Some(Expr { kind: ExprKind::List(values, false), span })
            }
        };
        Phrase { word, value }
    }

    fn observe(&mut self, mut parts: Parts<'_>) -> Observe {
        let name = self.declared(&mut parts);
        let source = self.next_expr(&mut parts);
        let every = parts.take(Rule::observe_every).map(|pair| self.inner_expr(pair));
        Observe { name, source, every }
    }

    // ---- faults, workloads, idempotency, properties ----

    fn fault(&mut self, pair: Pair<'_, Rule>) -> Fault {
        let mut parts = Parts::of(pair);
        let fault = self.next_expr(&mut parts);
        Fault { fault, on: self.optional_expr(&mut parts) }
    }

    fn workload(&mut self, mut parts: Parts<'_>, span: Span) -> Workload {
        let name = self.declared(&mut parts);
        let mut workload = Workload {
            name,
            clients: None,
            rate: None,
            operations: None,
            duration: None,
            options: None,
            operations_mix: Vec::new(),
            body_span: span,
        };
        while let Some(pair) = parts.next() {
            let span = self.span(&pair);
            let rule = pair.as_rule();
            if rule == Rule::mix {
                workload.body_span = span;
                let mixed = Parts::of(pair).take_all(Rule::mixed);
                workload.operations_mix = mixed.into_iter().filter_map(|pair| self.mixed(pair)).collect();
                continue;
            }
            let mut inner = Parts::of(pair);
            if rule == Rule::workload_with {
                let options = inner.next().map(|pair| self.object(pair));
                if workload.options.is_some() {
                    self.twice(span, "with");
                }
                workload.options = options;
                continue;
            }
            let value = self.next_expr(&mut inner);
            let counts = inner.take(Rule::k_operations).is_some();
            let (slot, word) = match rule {
                Rule::workload_clients => (&mut workload.clients, "by … clients"),
                Rule::workload_rate => (&mut workload.rate, "at"),
                _ if counts => (&mut workload.operations, "for … operations"),
                _ => (&mut workload.duration, "for"),
            };
            if slot.replace(value).is_some() {
                self.twice(span, word);
            }
        }
        workload
    }

    fn mixed(&mut self, pair: Pair<'_, Rule>) -> Option<(Option<Expr>, Statement)> {
        let mut parts = Parts::of(pair);
        let share = parts.take(Rule::share).map(|pair| self.number(&pair));
        parts.next().map(|pair| (share, self.statement(pair)))
    }

    fn idempotent(&mut self, mut parts: Parts<'_>) -> Idempotent {
        let profile = parts.take(Rule::tight_header).map(|pair| self.expr(pair));
        let mut claims = Claims::default();
        let mut statements = Vec::new();
        let Some(block) = parts.take(Rule::block) else {
            let body = self.next_block(&mut parts);
            return Idempotent { profile, body, probes: Vec::new(), same: Vec::new(), effects: Vec::new() };
        };
        let span = self.span(&block);
        let mut inner = Parts::of(block);
        while let Some(pair) = inner.next() {
            match pair.as_rule() {
                Rule::probe | Rule::same | Rule::effect => self.idempotent_claim(pair, &mut claims),
                _ => statements.push(self.statement(pair)),
            }
        }
        let Claims { probes, same, effects } = claims;
        Idempotent { profile, body: Block { statements, span }, probes, same, effects }
    }

    /// What stands in the braces of a `profile`.
    pub(super) fn profile_parts(&mut self, body: Pair<'_, Rule>) -> (Vec<Probe>, Vec<Same>) {
        let mut claims = Claims::default();
        let mut inner = Parts::of(body);
        while let Some(pair) = inner.next() {
            match pair.as_rule() {
                Rule::probe | Rule::same => self.idempotent_claim(pair, &mut claims),
                _ => self.hole(pair),
            }
        }
        (claims.probes, claims.same)
    }

    fn idempotent_claim(&mut self, pair: Pair<'_, Rule>, claims: &mut Claims) {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::probe => {
                let mut parts = Parts::of(pair);
                let probe = self.next_expr(&mut parts);
                let on = parts.take(Rule::tight_header).map(|pair| self.expr(pair));
                let body = parts.take(Rule::block).map(|pair| self.block(pair));
                claims.probes.push(Probe { probe, on, body, span });
            }
            Rule::same => {
                let mut parts = Parts::of(pair);
                let listed = parts.take_all(Rule::tight).into_iter().map(|pair| self.expr(pair)).collect();
                let except = parts.take(Rule::same_except).map(|pair| {
                    let mut inner = Parts::of(pair);
                    inner.take(Rule::k_except);
                    inner.take_all(Rule::tight).into_iter().map(|pair| self.expr(pair)).collect()
                });
                claims.same.push(Same { parts: listed, except: except.unwrap_or_default(), span });
            }
            _ => claims.effects.push(self.claim(pair)),
        }
    }

    fn forall(&mut self, mut parts: Parts<'_>) -> Forall {
        let name = self.declared(&mut parts);
        parts.take(Rule::k_in);
        let shape = self.next_expr(&mut parts);
        let cases = parts.take(Rule::tight_header).map(|pair| self.expr(pair));
        Forall { name, shape, cases, body: self.next_block(&mut parts) }
    }
}
