//! Literals against the types of the registry. What a name or a call gives is not known before
//! the run, so only what is written as a literal can be wrong here.

use std::sync::Arc;

use super::walker::{Hand, Walker, list, plain_name};
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::value::words::article;

/// The word for the kind of a literal; `None` when it is not known before the run.
pub(super) fn literal(expr: &Expr) -> Option<&'static str> {
    Some(match &expr.kind {
        ExprKind::Null => "null",
        ExprKind::Absent => return None,
        ExprKind::Bool(_) => "bool",
        ExprKind::Number(_) | ExprKind::Percent(_) => "number",
        ExprKind::Duration(_) => "duration",
        ExprKind::Size(_) => "size",
        ExprKind::Rate(..) => "rate",
        ExprKind::Text(_) => "text",
        ExprKind::Regex(_) => "regex",
        ExprKind::List(..) | ExprKind::Many(..) => "list",
        ExprKind::Object(_) => "object",
        ExprKind::Unary(UnaryOp::Not, _) => "bool",
        ExprKind::Unary(UnaryOp::Negate, inner) => return literal(inner),
        ExprKind::Binary(BinaryOp::Range, ..) => "range",
        ExprKind::Binary(op, ..) if op.is_comparison() || matches!(op, BinaryOp::And | BinaryOp::Or) => {
            "bool"
        }
        _ => return None,
    })
}

/// How a type is called in messages.
fn word(ty: Ty) -> &'static str {
    match ty {
        Ty::Any => "value",
        Ty::Bool => "bool",
        Ty::Number => "number",
        Ty::Text => "text",
        Ty::Duration => "duration",
        Ty::Size => "size",
        Ty::Object => "object",
        Ty::List => "list",
        Ty::OneOf(_) | Ty::Word => "word",
        Ty::Key => "key",
        Ty::Place => "place",
        Ty::Pattern => "pattern",
        Ty::Name => "name",
        Ty::Role => "action",
    }
}

/// How a value of the type is written.
fn sample(ty: Ty) -> Option<&'static str> {
    Some(match ty {
        Ty::Bool => "`true` or `false`",
        Ty::Number => "a number such as `3`",
        Ty::Text => "text such as `\"eu\"`",
        Ty::Duration => "a duration such as `250ms` or `2s`",
        Ty::Size => "a size such as `64KiB`",
        Ty::Object => "an object such as `{ name: \"value\" }`",
        Ty::List => "a list such as `[1, 2]`",
        Ty::Key => "a key such as `.id`, or a list of keys",
        Ty::Name => "a name",
        Ty::Place => "a place such as `header(\"Idempotency-Key\")` or a field such as `.id`",
        Ty::Any | Ty::OneOf(_) | Ty::Pattern | Ty::Word | Ty::Role => return None,
    })
}

pub(super) fn admits(ty: Ty, kind: &str) -> bool {
    match ty {
        Ty::Any | Ty::Pattern => true,
        // Bytes are a plain count too.
        Ty::Size => matches!(kind, "size" | "number"),
        _ => word(ty) == kind,
    }
}

impl<'a> Walker<'a, '_> {
    /// A value where the registry knows the type. `what` names the parameter in messages.
    pub(super) fn typed(&mut self, expr: &'a Expr, ty: Ty, what: &str) {
        match ty {
            Ty::OneOf(words) => return self.one_of(expr, words, what),
            Ty::Pattern => return self.pattern(expr),
            Ty::Place => return self.key_place(expr, what),
            Ty::Role => return self.value_of_role(expr, Some(what)),
            Ty::Word if let Some(name) = plain_name(expr) => {
                // A variable of that name stands for its value.
                if let Some(variable) = self.scopes.find(&name.name) {
                    variable.read = true;
                }
                return;
            }
            Ty::Key => {
                self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(expr));
            }
            Ty::Name => {
                if let Some(name) = plain_name(expr) {
                    self.declared(&name);
                    return;
                }
                self.value(expr);
            }
            Ty::Any => return self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(expr)),
            _ => self.value(expr),
        }
        if let Some(kind) = literal(expr)
            && !(ty == Ty::Key && kind == "list")
            && !admits(ty, kind)
        {
            self.mistyped(expr, ty, kind, what);
        }
    }

    fn mistyped(&mut self, expr: &Expr, ty: Ty, kind: &str, what: &str) {
        let message =
            format!("{what} is {} {}, not {} {kind}", article_of(word(ty)), word(ty), article_of(kind));
        let diagnostic = Diagnostic::error(Code::WRONG_TYPE, expr.span, tidy(&message));
        self.push(match sample(ty) {
            Some(sample) => diagnostic.help(format!("write {sample}")),
            None => diagnostic,
        });
    }

    fn one_of(&mut self, expr: &'a Expr, words: &'static [&'static str], what: &str) {
        let written: Option<Arc<str>> = match &expr.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Text(template) => template.plain(),
            _ => None,
        };
        match written {
            Some(written) if words.contains(&&*written) => {}
            // A bare word that is a name in scope stands for its value.
            Some(name)
                if matches!(expr.kind, ExprKind::Name(_))
                    && (self.scopes.get(&name).is_some()
                        || self.cx.program.lookup(self.item.unit, &name).is_some()) =>
            {
                self.value(expr);
            }
            Some(written) => {
                let message = format!("{what} is {}, not `{written}`", choice(words));
                let diagnostic = Diagnostic::error(Code::WRONG_TYPE, expr.span, message);
                self.push(diagnostic.did_you_mean(&written, words.iter().copied()));
            }
            None => {
                self.value(expr);
                if let Some(kind) = literal(expr) {
                    let message = format!("{what} is {}, not {} {kind}", choice(words), article_of(kind));
                    self.push(Diagnostic::error(Code::WRONG_TYPE, expr.span, tidy(&message)));
                }
            }
        }
    }

    /// A name of anything declared.
    fn declared(&mut self, name: &crate::syntax::ast::Ident) {
        use super::plan::Definition;
        if let Some(variable) = self.scopes.find(&name.name) {
            variable.read = true;
            return;
        }
        match self.cx.lookup(self.item.unit, &name.name) {
            Some(Definition::Item(at)) => {
                self.note(name.span, Definition::Item(at));
                self.cx.graph.uses(self.item, at);
            }
            Some(definition) => self.note(name.span, definition),
            None => self.unknown(&name.name, name.span, false),
        }
    }
}

/// The one word, or the words to choose from.
fn choice(words: &[&str]) -> String {
    if words.len() == 1 { list(words) } else { format!("one of {}", list(words)) }
}

/// `a`, `an`, or nothing before words that take none.
fn article_of(word: &str) -> &'static str {
    if matches!(word, "text" | "null") { "" } else { article(word) }
}

/// Without the double space that a missing article leaves.
fn tidy(message: &str) -> String {
    message.replace("  ", " ")
}
