//! The builder: from the grammar's pairs to the tree. What the grammar cannot say, it checks
//! here: comparisons that chain, phrases that stand twice, reserved words as names, bad literals.

mod actions;
mod data;
mod docs;
mod expressions;
mod items;
mod statements;
mod text;

use std::iter::Peekable;
use std::sync::Arc;

use pest::iterators::{Pair, Pairs};

use crate::diag::{Code, Diagnostic};
use crate::lang::is_reserved;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Expr, ExprKind, Ident};
use crate::syntax::grammar::Rule;
use crate::syntax::layout::SOFT;

pub(crate) use docs::Docs;

/// How many operators, fields or alternatives may follow each other in one expression, so that
/// no tree is too deep to walk.
const MAX_CHAIN: usize = 250;

/// Makes the tree of one item.
pub(crate) struct Builder<'a> {
    source: SourceId,
    /// The whole text, as it was written.
    text: &'a str,
    /// Where the text that the grammar read begins in it.
    base: usize,
    docs: &'a Docs<'a>,
    /// What is wrong.
    pub(crate) errors: Vec<Diagnostic>,
}

/// Tells the pairs that carry meaning.
type Carries<'i> = fn(&Pair<'i, Rule>) -> bool;

/// The pairs inside a pair, without punctuation and words that only introduce.
struct Parts<'i> {
    pairs: Peekable<std::iter::Filter<Pairs<'i, Rule>, Carries<'i>>>,
}

impl<'i> Parts<'i> {
    fn of(pair: Pair<'i, Rule>) -> Self {
        let carries: Carries<'i> = |pair| carries_meaning(pair.as_rule());
        Parts { pairs: pair.into_inner().filter(carries).peekable() }
    }

    fn next(&mut self) -> Option<Pair<'i, Rule>> {
        self.pairs.next()
    }

    fn peek(&mut self) -> Option<Rule> {
        self.pairs.peek().map(Pair::as_rule)
    }

    /// The next pair, if it is of this rule.
    fn take(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.pairs.next_if(|pair| pair.as_rule() == rule)
    }

    /// All next pairs of this rule.
    fn take_all(&mut self, rule: Rule) -> Vec<Pair<'i, Rule>> {
        std::iter::from_fn(|| self.take(rule)).collect()
    }
}

/// Whether the builder reads pairs of this rule; the others only hold their place.
fn carries_meaning(rule: Rule) -> bool {
    use Rule as R;
    !matches!(
        rule,
        R::separator
            | R::data_separator
            | R::open_brace
            | R::close_brace
            | R::open_paren
            | R::close_paren
            | R::close_list
            | R::comma
            | R::colon
            | R::equals
            | R::EOI
            | R::k_use
            | R::k_seed
            | R::k_input
            | R::k_secret
            | R::k_service
            | R::k_environment
            | R::k_double
            | R::k_profile
            | R::k_stage
            | R::k_shape
            | R::k_fixture
            | R::k_action
            | R::k_check
            | R::k_fn
            | R::k_owner
            | R::k_scenario
            | R::k_let
            | R::k_expect
            | R::k_step
            | R::k_if
            | R::k_else
            | R::k_for
            | R::k_loop
            | R::k_parallel
            | R::k_eventually
            | R::k_observe
            | R::k_stop
            | R::k_rejected
            | R::k_under
            | R::k_workload
            | R::k_idempotent
            | R::k_probe
            | R::k_same
            | R::k_effect
            | R::k_forall
            | R::k_defer
            | R::k_return
            | R::k_wait
            | R::k_show
            | R::k_next
            | R::k_reply
            | R::k_fail
            | R::k_with
            | R::k_because
            | R::k_within
            | R::k_throughout
            | R::k_by
            | R::k_of
            | R::k_on
            | R::k_when
            | R::k_as
            | R::k_during
            | R::k_every
            | R::k_after
            | R::k_at
            | R::k_clients
            | R::k_cases
            | R::k_require
            | R::k_failure
            | R::k_finally
            | R::k_suite
            | R::k_variant
            | R::k_contract
            | R::k_from
            | R::k_file
            | R::k_rhai
    )
}

impl<'a> Builder<'a> {
    pub(crate) fn new(source: SourceId, text: &'a str, base: usize, docs: &'a Docs<'a>) -> Self {
        Builder { source, text, base, docs, errors: Vec::new() }
    }

    /// From the first to the last significant character.
    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let text = pair.as_str().trim_end_matches([' ', '\t', '\n', SOFT as char]);
        let start = self.base + pair.as_span().start();
        // Closers that the layout adds lie past the end of the text.
        Span::new(self.source, start.min(self.text.len()), (start + text.len()).min(self.text.len()))
    }

    /// What was written.
    fn written(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    fn ident(&self, pair: &Pair<'_, Rule>) -> Ident {
        let span = self.span(pair);
        Ident { name: self.written(span).into(), span }
    }

    fn next_ident(&mut self, parts: &mut Parts<'_>) -> Ident {
        match parts.next() {
            Some(pair) => self.ident(&pair),
            None => self.lost_ident(),
        }
    }

    /// A name that is declared: reserved words are refused.
    fn declared(&mut self, parts: &mut Parts<'_>) -> Ident {
        let ident = self.next_ident(parts);
        self.refuse_reserved(&ident);
        ident
    }

    fn refuse_reserved(&mut self, ident: &Ident) {
        if is_reserved(&ident.name) {
            let message = format!("`{}` is a reserved word", ident.name);
            self.errors.push(
                Diagnostic::error(Code::RESERVED_NAME, ident.span, message)
                    .label("cannot be a name here")
                    .help(format!("choose another name, such as `{}_`", ident.name)),
            );
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.errors.push(Diagnostic::error(Code::SYNTAX, span, message).help(help));
    }

    /// Stands where the grammar promised a name. It keeps its promises; should it ever not, the
    /// text is refused.
    fn lost_ident(&mut self) -> Ident {
        let span = Span::new(self.source, self.base, self.base);
        self.errors.push(Diagnostic::error(Code::INTERNAL, span, "the grammar lost a name here"));
        Ident { name: Arc::from(""), span }
    }

    /// The same for expressions.
    fn lost(&mut self) -> Expr {
        let span = self.lost_ident().span;
        Expr { kind: ExprKind::Null, span }
    }
}
