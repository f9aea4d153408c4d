//! What an expected status leaves of a response: after `expect status == 201` the body is that of
//! the 201, until the braces end in which that was expected.

use super::known::Known;
use crate::check::literal::constant;
use crate::check::scope::Response;
use crate::check::walker::Walker;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ObjectEntry, ObjectExpr};

impl<'a> Walker<'a, '_> {
    /// `expect status == 201`: what follows is not reached with another status.
    pub(in crate::check) fn expected(&mut self, subject: &'a Expr) {
        match &subject.kind {
            ExprKind::Binary(BinaryOp::And, left, right) => {
                self.expected(left);
                self.expected(right);
            }
            ExprKind::Binary(BinaryOp::Equal, left, right) => {
                if let (Some(place), Some(status)) = (self.response_at(left), code(right)) {
                    self.memory.narrowed.push((self.scopes.depth(), place, status));
                }
            }
            _ => {}
        }
    }

    /// The place of the request or variable whose `status` this is.
    fn response_at(&self, expr: &Expr) -> Option<Span> {
        match &expr.kind {
            ExprKind::Name(name) if &**name == "status" && self.scopes.get(name).is_none() => {
                let Response::Of(_, request) = self.scopes.response() else { return None };
                Some(*request)
            }
            ExprKind::Field(base, field) if &*field.name == "status" => match &base.kind {
                ExprKind::Name(name) => self.scopes.get(name).map(|variable| variable.span),
                _ => None,
            },
            _ => None,
        }
    }

    /// What is known of a response after what was expected of it.
    pub(super) fn narrowed(&self, known: &Known<'a>, place: Span) -> Known<'a> {
        let said = self.memory.narrowed.iter().rev().find(|(_, at, _)| *at == place);
        match (known, said) {
            (Known::Response(operation, None), Some((_, _, status))) => {
                Known::Response(operation, Some(*status))
            }
            _ => known.clone(),
        }
    }

    /// Braces end: what was expected inside holds no longer.
    pub(in crate::check) fn widen(&mut self) {
        let depth = self.scopes.depth();
        self.memory.narrowed.retain(|(inside, ..)| *inside <= depth);
    }
}

/// The status that `{ status: 201, … }` asks for.
pub(super) fn said(pattern: &ObjectExpr) -> Option<u16> {
    pattern.entries.iter().find_map(|entry| match entry {
        ObjectEntry::Field { value, .. } if super::is_entry(entry, "status") => code(value),
        _ => None,
    })
}

fn code(expr: &Expr) -> Option<u16> {
    constant(expr)?.as_number().and_then(|number| u16::try_from(number.to_i128()?).ok())
}
