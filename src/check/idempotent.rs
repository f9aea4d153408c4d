//! `idempotent as PROFILE { … }`: one request, the probes that attack it, what their answers have
//! in common, and the effect that happens once.

mod probe;
mod whole;

use std::sync::Arc;

use super::walker::{Hand, Walker};
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::source::Span;
use crate::syntax::ast::{
    Block, Expect, Expr, ExprKind, Idempotent, ItemKind, LetTarget, Request, Same, Statement, StatementKind,
};

/// The relations that compare a value before and after.
const CHANGES: &[&str] = &["rises", "unchanged", "becomes"];

impl<'a> Walker<'a, '_> {
    pub(super) fn idempotent(&mut self, idempotent: &'a Idempotent, keyword: Span) {
        if !self.is_at_top(keyword) {
            self.push(
                Diagnostic::error(Code::MISPLACED, keyword, "`idempotent` stands at the top of a scenario, or in a step there")
                    .help("each probe runs everything before it once more, on fresh data; nothing may repeat or skip it"),
            );
        }
        self.profile_use(idempotent);
        self.scopes.enter();
        self.clear("the request of `idempotent` stands alone", keyword);
        let request = self.idempotent_body(&idempotent.body, keyword);
        let answered = self.scopes.response().clone();
        self.clear("an effect is looked at before the request too", keyword);
        for effect in &idempotent.effects {
            self.effect(effect);
        }
        self.scopes.set_response(answered);
        for probe in &idempotent.probes {
            self.attack(probe);
        }
        for same in &idempotent.same {
            self.same(same);
        }
        self.leave();
        self.idempotent_whole(idempotent, request, keyword);
        self.clear("the request was repeated by `idempotent`", keyword);
        self.called_action = None;
    }

    /// Whether nothing but steps stands around it in a scenario.
    fn is_at_top(&self, keyword: Span) -> bool {
        fn within(block: &Block, keyword: Span) -> bool {
            block.statements.iter().any(|statement| match &statement.kind {
                StatementKind::Idempotent(_) => statement.span.start == keyword.start,
                StatementKind::Step(_, body) => within(body, keyword),
                _ => false,
            })
        }
        match &self.cx.program.item(self.item).kind {
            ItemKind::Scenario(scenario) => within(&scenario.body, keyword),
            _ => false,
        }
    }

    /// `let`s, the request, and what its answer must be. Returns the request.
    fn idempotent_body(&mut self, body: &'a Block, keyword: Span) -> Option<&'a Request> {
        let mut found: Option<(&'a Request, Span)> = None;
        for statement in &body.statements {
            match as_request(statement) {
                Some((request, alone)) => {
                    if let Some((_, first)) = found {
                        self.push(
                            Diagnostic::error(
                                Code::MISPLACED,
                                statement.span,
                                "`idempotent` repeats one request, and this is another",
                            )
                            .also(first, "the first")
                            .help("what comes before the operation stands above the block; an action that is called in a `let` may make requests"),
                        );
                    } else {
                        found = Some((request, statement.span));
                        if !alone {
                            self.push(
                                Diagnostic::error(
                                    Code::MISPLACED,
                                    statement.span,
                                    "the request of `idempotent` stands alone",
                                )
                                .help("it has many answers, and `status`, `body` and the like speak of each in turn; write it without `let`"),
                            );
                        }
                    }
                }
                None => match &statement.kind {
                    StatementKind::Let(_) if found.is_none() => {}
                    StatementKind::Expect(expect)
                        if found.is_some() && expect.within.is_none() && expect.during.is_none() => {}
                    StatementKind::Error => {}
                    _ => self.push(
                        Diagnostic::error(Code::MISPLACED, statement.span, "this does not stand in `idempotent`")
                            .help("it holds `let`s, one request, `expect`s of its answer, and then `probe`, `same` and `effect`"),
                    ),
                },
            }
        }
        self.statements(&body.statements);
        self.called_action = None;
        let broken = body.statements.iter().any(|statement| matches!(statement.kind, StatementKind::Error));
        if found.is_none() && !broken {
            self.push(
                Diagnostic::error(Code::NOTHING_CHECKED, keyword, "`idempotent` has no request")
                    .help("write the operation that it repeats: `POST orders /v1/orders { … }`"),
            );
        }
        found.map(|(request, _)| request)
    }

    /// `effect EXPR rises by 1`
    fn effect(&mut self, effect: &'a Expect) {
        self.saw_live = false;
        self.value(&effect.subject);
        let live = self.saw_live;
        self.called_action = None;
        match &effect.relation {
            Some(used) if CHANGES.contains(&&*used.name.name) && !used.negated => {
                self.relation(used);
                let by = used.phrases.iter().any(|phrase| &*phrase.word.name == "by")
                    || used.args.as_ref().is_some_and(|args| !args.args.is_empty());
                let vague = match (&*used.name.name, &used.operand) {
                    ("rises", _) if !by => Some((used.name.span, "`rises` alone holds")),
                    ("becomes", Some(Expr { kind: ExprKind::Compare(..), span })) => {
                        Some((*span, "that holds"))
                    }
                    _ => None,
                };
                if let Some((span, holds)) = vague {
                    let help = format!("{holds} of two payments as well as of one: write `rises by 1`");
                    self.push(
                        Diagnostic::error(
                            Code::WRONG_ARGUMENTS,
                            span,
                            "this effect does not say how often it happens",
                        )
                        .help(help),
                    );
                }
            }
            other => {
                if let Some(used) = other {
                    self.relation(used);
                }
                let span = other.as_ref().map_or(effect.subject.span, |used| used.span);
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, span, "an effect is compared before and after")
                        .help("write `rises by 1`, `becomes …` or `unchanged`"),
                );
            }
        }
        for (phrase, word) in [(&effect.within, "within"), (&effect.throughout, "throughout")] {
            if let Some(duration) = phrase {
                self.typed(duration, Ty::Duration, &format!("`{word}`"));
            }
        }
        if let Some(because) = &effect.because {
            self.template(because);
        }
        if let Some(during) = &effect.during {
            self.misplaced(during.span, "an effect is compared around the request, not `during` a block");
        }
        if !live {
            self.push(
                Diagnostic::error(
                    Code::NEVER_CHANGES,
                    effect.subject.span,
                    "this effect cannot change: it is computed once",
                )
                .help("read it from the service: call a `@safe` action, or read a stream or a link"),
            );
        }
    }

    /// `same status, body except .served_at`
    pub(super) fn same(&mut self, same: &'a Same) {
        for part in &same.parts {
            if same_root(part).is_none() {
                let message = "`same` names parts of the answer";
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, part.span, message)
                        .help("for example `same status, headers.etag, body except .served_at`"),
                );
            }
            self.value(part);
        }
        for path in &same.except {
            self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(path));
            if !is_path(path) {
                let message = "`except` leaves out fields";
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, path.span, message)
                        .help("a field is written `.served_at`, or `.lines[*].id`"),
                );
            }
        }
    }
}

/// The request that a statement makes, and whether it stands alone.
fn as_request(statement: &Statement) -> Option<(&Request, bool)> {
    match &statement.kind {
        StatementKind::Expr(Expr { kind: ExprKind::Request(request), .. }) => Some((request, true)),
        StatementKind::Let(binding) => match (&binding.value.kind, &binding.target) {
            (ExprKind::Request(request), LetTarget::Name(_) | LetTarget::List(..)) => Some((request, false)),
            _ => None,
        },
        _ => None,
    }
}

/// The name that a part of `same` begins with.
fn same_root(part: &Expr) -> Option<&Arc<str>> {
    match &part.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Field(base, _) | ExprKind::Index(base, _) | ExprKind::Each(base) => same_root(base),
        _ => None,
    }
}

fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::It(_) => true,
        ExprKind::Field(base, _) | ExprKind::Index(base, _) | ExprKind::Each(base) => is_path(base),
        _ => false,
    }
}
