//! What acts and has a value: requests, `next`, `if`, `for`, `parallel`, `eventually`.

use pest::iterators::Pair;

use super::{Builder, Parts};
use crate::source::Span;
use crate::syntax::ast::{
    Block, Eventually, Expr, ExprKind, For, If, Next, Place, Request, Statement, StatementKind, Target,
};
use crate::syntax::grammar::Rule;

impl Builder<'_> {
    /// Requests, `next`, `if`, `for`, `parallel`, `eventually`.
    pub(super) fn action_value(&mut self, pair: Pair<'_, Rule>) -> Expr {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let is_loop =
            rule == Rule::for_value || pair.clone().into_inner().any(|inner| inner.as_rule() == Rule::k_in);
        let mut parts = Parts::of(pair);
        let kind = match rule {
            Rule::request => ExprKind::Request(Box::new(self.request(parts))),
            Rule::next => ExprKind::Next(Box::new(self.next_message(parts))),
            Rule::if_value => return self.if_value(&mut parts, span),
            Rule::parallel if !is_loop => ExprKind::Parallel(self.next_block(&mut parts)),
            Rule::parallel | Rule::for_value => {
                let target = self.let_target(&mut parts);
                parts.take(Rule::k_in);
                let list = self.next_expr(&mut parts);
                let body = self.next_block(&mut parts);
                ExprKind::For(Box::new(For { parallel: rule == Rule::parallel, target, list, body }))
            }
            Rule::eventually => ExprKind::Eventually(Box::new(self.eventually(parts))),
            _ => return self.lost(),
        };
        Expr { kind, span }
    }

    fn next_message(&mut self, mut parts: Parts<'_>) -> Next {
        let stream = self.next_expr(&mut parts);
        let mut next = Next { stream, pattern: None, within: None };
        while let Some(pair) = parts.next() {
            let rule = pair.as_rule();
            let mut inner = Parts::of(pair);
            inner.take(Rule::k_matches);
            let value = self.next_expr(&mut inner);
            match rule {
                Rule::next_matches => next.pattern = Some(value),
                _ => next.within = Some(value),
            }
        }
        next
    }

    /// `if … { … } else if … { … } else { … }`, from the last branch to the first.
    fn if_value(&mut self, parts: &mut Parts<'_>, span: Span) -> Expr {
        let mut branches = Vec::new();
        while let Some(condition) = parts.take(Rule::header) {
            let start = self.span(&condition).start;
            let condition = self.expr(condition);
            branches.push((start, condition, self.next_block(parts)));
        }
        let mut otherwise = parts.take(Rule::block).map(|pair| self.block(pair));
        if branches.len() > super::MAX_CHAIN {
            self.error(span, format!("more than {} branches", super::MAX_CHAIN), "loop over a list of cases");
            branches.truncate(super::MAX_CHAIN);
        }
        let mut expr = None;
        while let Some((start, condition, then)) = branches.pop() {
            let is_first = branches.is_empty();
            let span = if is_first { span } else { Span { start, ..span } };
            let kind = ExprKind::If(Box::new(If { condition, then, otherwise: otherwise.take() }));
            if is_first {
                expr = Some(Expr { kind, span });
            } else {
                let statement = Statement { kind: StatementKind::Expr(Expr { kind, span }), span };
                otherwise = Some(Block { statements: vec![statement], span });
            }
        }
        match expr {
            Some(expr) => expr,
            None => self.lost(),
        }
    }

    fn eventually(&mut self, mut parts: Parts<'_>) -> Eventually {
        let (mut within, mut every) = (None, None);
        while parts.peek().is_some_and(|rule| rule != Rule::block) {
            let Some(pair) = parts.next() else { break };
            let span = self.span(&pair);
            let (slot, word) = match pair.as_rule() {
                Rule::eventually_within => (&mut within, "within"),
                _ => (&mut every, "every"),
            };
            let value = self.inner_expr(pair);
            if slot.replace(value).is_some() {
                self.twice(span, word);
            }
        }
        Eventually { within, every, body: self.next_block(&mut parts) }
    }

    fn request(&mut self, mut parts: Parts<'_>) -> Request {
        let verb = self.next_ident(&mut parts);
        let target = parts.take(Rule::target).map(|pair| self.target(pair));
        let place = match parts.peek() {
            Some(Rule::path) => parts.next().map(|pair| Place::Path(self.template(pair))),
            Some(Rule::url) => parts.next().map(|pair| Place::Url(self.template(pair))),
            Some(Rule::string) => parts.next().map(|pair| Place::Text(self.template(pair))),
            _ => None,
        };
        let operand = parts.take(Rule::operand).map(|pair| self.inner_expr(pair));
        let options =
            parts.take(Rule::options).and_then(|pair| Parts::of(pair).next()).map(|pair| self.object(pair));
        Request { verb, target, place, operand, options }
    }

    fn target(&mut self, pair: Pair<'_, Rule>) -> Target {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.next_ident(&mut parts);
        let members = parts
            .take_all(Rule::target_member)
            .into_iter()
            .map(|pair| self.next_ident(&mut Parts::of(pair)))
            .collect();
        let index = parts.take(Rule::target_index).map(|pair| self.inner_expr(pair));
        Target { name, members, index, span }
    }
}
