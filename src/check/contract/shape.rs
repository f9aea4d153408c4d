//! Shapes that stand where a contract has its own: `any Draft { … }`, `matches Order { … }`.

use super::fit::{At, Fit, Written};
use super::mistake;
use crate::check::plan::Definition;
use crate::shape::Pattern;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Shape};

impl<'a> Fit<'_, 'a, '_> {
    /// `any SHAPE`: what is drawn of it must fit.
    pub(super) fn drawn(&mut self, inner: &'a Expr, pattern: &Pattern, at: &At) {
        match &inner.kind {
            ExprKind::Refine(base, object) => {
                if let Some((shape, span)) = self.shape(base) {
                    let mut fields = self.again(Written::Shape);
                    // What is overridden is judged where it is written.
                    let written: Vec<_> = object
                        .entries
                        .iter()
                        .filter_map(|entry| match entry {
                            crate::syntax::ast::ObjectEntry::Field { name, .. } => name.plain(),
                            _ => None,
                        })
                        .collect();
                    fields.value(&shape.pattern, pattern, at);
                    let text = |span: Span| self.walker.cx.program.sources.get(span.source).slice(span);
                    fields.found.retain(|found| !written.iter().any(|name| **name == *text(found.at.span)));
                    self.told_at(span, fields);
                }
                let mut own = self.again(Written::Pattern);
                own.object(object, inner, pattern, at);
                self.found.append(&mut own.found);
            }
            _ => {
                if let Some((shape, span)) = self.shape(inner) {
                    let mut fields = self.again(Written::Shape);
                    fields.value(&shape.pattern, pattern, at);
                    self.told_at(span, fields);
                }
            }
        }
    }

    /// A shape's name where a pattern stands: whether it is one.
    pub(super) fn shape_by_name(&mut self, expr: &'a Expr, pattern: &Pattern, at: &At) -> bool {
        let Some((shape, span)) = self.shape(expr) else { return false };
        let mut fields = self.again(Written::Pattern);
        fields.value(&shape.pattern, pattern, at);
        self.told_at(span, fields);
        true
    }

    /// Mistakes in a shape, told where the shape is used: the shape alone is not wrong.
    fn told_at(&mut self, span: Span, fields: Fit<'_, 'a, '_>) {
        for found in fields.found {
            let mut diagnostic =
                mistake(span, found.message, Some((found.at.span, "in this shape".to_owned())));
            diagnostic.severity = found.severity;
            diagnostic.also.extend(found.also);
            diagnostic.help = found.help;
            self.found.push(diagnostic);
        }
    }

    fn shape(&self, expr: &'a Expr) -> Option<(&'a Shape, Span)> {
        let program = self.walker.cx.program;
        let unit = self.walker.item.unit;
        let item = match &expr.kind {
            ExprKind::Name(name) if self.walker.scopes.get(name).is_none() => {
                program.lookup_item(unit, name)?.1
            }
            ExprKind::Field(base, field) => {
                let ExprKind::Name(alias) = &base.kind else { return None };
                let Some(Definition::Module(unit)) = program.lookup(unit, alias) else { return None };
                program.lookup_item(unit, &field.name)?.1
            }
            _ => return None,
        };
        match &item.kind {
            ItemKind::Shape(shape) => Some((shape, expr.span)),
            _ => None,
        }
    }
}
