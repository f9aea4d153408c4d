//! Expressions where a pattern stands, and drawing from them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan::ItemRef;
use super::walker::{Hand, Meaning, Walker};
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ItemKind, ObjectEntry, ObjectExpr, TemplatePart};

impl<'a> Walker<'a, '_> {
    /// An expression that describes a set of values.
    pub(super) fn pattern(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(_) | ExprKind::Field(..) if self.contract_type(expr) => {}
            ExprKind::Name(name) => {
                if self.name(name, expr.span, true) == Meaning::Shape {
                    self.lacks_arguments(name, expr.span);
                }
            }
            ExprKind::Field(base, field) => {
                if let ExprKind::Name(name) = &base.kind
                    && self.scopes.get(name).is_none()
                    && let Some(super::plan::Definition::Module(unit)) = self.cx.lookup(self.item.unit, name)
                {
                    return self.qualified(unit, field, true);
                }
                self.value(expr);
            }
            ExprKind::List(items, _) => items.iter().for_each(|item| self.pattern(item)),
            ExprKind::Sized(item, size) => {
                self.pattern(item);
                self.value(size);
            }
            ExprKind::Object(object) => self.object_pattern(object, true),
            ExprKind::Binary(BinaryOp::Union, left, right) => {
                self.pattern(left);
                self.pattern(right);
            }
            ExprKind::Unary(crate::syntax::ast::UnaryOp::Not, inner) => {
                self.pattern(inner);
                self.closed_not(inner);
            }
            ExprKind::Compare(_, inner) => {
                self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(inner))
            }
            ExprKind::Refine(base, object) => {
                self.pattern(base);
                self.refined_type(base, object);
                // What is not named here is in the shape that is refined.
                self.object_pattern(object, false);
            }
            ExprKind::Any(inner) => self.pattern(inner),
            ExprKind::Call(callee, args) => self.call(callee, args, expr.span, true),
            ExprKind::Text(_) => self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(expr)),
            _ => self.value(expr),
        }
    }

    /// A shape that takes arguments is nothing without them.
    fn lacks_arguments(&mut self, name: &str, span: Span) {
        let spec = self.cx.registry.get(Kind::Shape, name);
        let lacking = spec.and_then(|spec| spec.params.iter().find(|param| param.required));
        if let Some(param) = lacking {
            let message = format!("`{name}` lacks `{}`", param.name);
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, span, message)
                    .help(format!("it is `{name}({})`", param.name)),
            );
        }
    }

    fn object_pattern(&mut self, object: &'a ObjectExpr, whole: bool) {
        self.doubled_fields(object);
        self.computed(object, whole);
        self.at(
            |place| place.at_hand = Hand::Anything,
            |walker| {
                for entry in &object.entries {
                    match entry {
                        ObjectEntry::Field { name, value, .. } => {
                            walker.template(name);
                            walker.pattern(value);
                        }
                        ObjectEntry::Open(_) => {}
                        ObjectEntry::Spread(base) => walker.pattern(base),
                    }
                }
            },
        );
    }

    /// `{ a?: text, b: "x-${.a}" }`: where `a` is left out, `b` has no value, so it must be optional
    /// too. And there is such a field at all.
    fn computed(&mut self, object: &'a ObjectExpr, whole: bool) {
        let mut names: Vec<(Arc<str>, bool)> = Vec::new();
        let mut is_known = whole;
        for entry in &object.entries {
            match entry {
                ObjectEntry::Field { name, optional, .. } => match name.plain() {
                    Some(plain) => names.push((plain, *optional)),
                    None => is_known = false,
                },
                ObjectEntry::Open(_) | ObjectEntry::Spread(_) => is_known = false,
            }
        }
        for entry in &object.entries {
            let ObjectEntry::Field { name, value, optional, .. } = entry else { continue };
            let ExprKind::Text(text) = &value.kind else { continue };
            for part in &text.parts {
                let TemplatePart::Expr(part) = part else { continue };
                let mut root = part;
                while let ExprKind::Field(base, _) = &root.kind {
                    root = base;
                }
                let ExprKind::It(sibling) = &root.kind else { continue };
                let own = name.plain().unwrap_or_default();
                match names.iter().find(|(known, _)| *known == sibling.name) {
                    Some((_, true)) if !optional => {
                        let message =
                            format!("`{own}` is computed from `{}`, which may be left out", sibling.name);
                        let help = format!("write `{own}?:`, and it is left out where `{}` is", sibling.name);
                        self.push(Diagnostic::error(Code::WRONG_TYPE, root.span, message).help(help));
                    }
                    None if is_known => {
                        let message = format!("there is no field `{}` beside `{own}`", sibling.name);
                        let known = names.iter().map(|(known, _)| &**known).filter(|known| **known != *own);
                        self.push(
                            Diagnostic::error(Code::UNKNOWN_NAME, root.span, message)
                                .did_you_mean(&sibling.name, known),
                        );
                    }
                    _ => {}
                }
            }
        }
    }

    /// `not { id: 1 }` fits whatever has one field more, which is never what was meant. A shape by
    /// its name is meant as it is.
    fn closed_not(&mut self, inner: &'a Expr) {
        if !self.place.drawn
            && matches!(inner.kind, ExprKind::Object(_))
            && let Some(what) = self.closed(inner)
        {
            self.push(
                Diagnostic::error(Code::CLOSED_PATTERN, inner.span, format!("`not` with {what}"))
                    .label("any other field in the value would make it hold")
                    .help("end the pattern with `..`, or say what each field must not be"),
            );
        }
    }

    /// `any SHAPE`: a value is drawn, so every part of the shape must be one that can be drawn.
    pub(super) fn draw(&mut self, pattern: &'a Expr, span: Span) {
        // What is drawn is none of the shape, closed or not.
        self.at(|place| place.drawn = true, |walker| walker.pattern(pattern));
        let mut seen = BTreeSet::new();
        if let Some((name, why)) = self.undrawable(pattern, self.item.unit, &mut seen) {
            self.not_yet(span, &format!("drawing `{name}`"), Some(why));
        }
    }

    /// The first built-in shape in a pattern that cannot be drawn yet, and why.
    fn undrawable(
        &self,
        expr: &Expr,
        unit: usize,
        seen: &mut BTreeSet<ItemRef>,
    ) -> Option<(&'static str, &'static str)> {
        match &expr.kind {
            ExprKind::Name(name) => {
                if unit == self.item.unit && self.scopes.get(name).is_some() {
                    return None;
                }
                match self.cx.program.lookup_item(unit, name) {
                    Some((at, item)) => match &item.kind {
                        ItemKind::Shape(shape) if seen.insert(at) => {
                            self.undrawable(&shape.pattern, at.unit, seen)
                        }
                        _ => None,
                    },
                    None => {
                        let spec = self.cx.registry.get(Kind::Shape, name)?;
                        spec.planned.map(|why| (spec.name, why))
                    }
                }
            }
            ExprKind::Field(base, field) => {
                let ExprKind::Name(alias) = &base.kind else { return None };
                let Some(super::plan::Definition::Module(unit)) = self.cx.program.lookup(unit, alias) else {
                    return None;
                };
                let (at, item) = self.cx.program.lookup_item(unit, &field.name)?;
                match &item.kind {
                    ItemKind::Shape(shape) if seen.insert(at) => {
                        self.undrawable(&shape.pattern, at.unit, seen)
                    }
                    _ => None,
                }
            }
            ExprKind::Call(callee, _) => self.undrawable(callee, unit, seen),
            ExprKind::Any(inner)
            | ExprKind::Sized(inner, _)
            | ExprKind::Unary(crate::syntax::ast::UnaryOp::Not, inner) => self.undrawable(inner, unit, seen),
            ExprKind::List(items, _) => items.iter().find_map(|item| self.undrawable(item, unit, seen)),
            ExprKind::Binary(BinaryOp::Union, left, right) => {
                self.undrawable(left, unit, seen).or_else(|| self.undrawable(right, unit, seen))
            }
            ExprKind::Refine(base, object) => {
                self.undrawable(base, unit, seen).or_else(|| self.undrawable_fields(object, unit, seen))
            }
            ExprKind::Object(object) => self.undrawable_fields(object, unit, seen),
            _ => None,
        }
    }

    fn undrawable_fields(
        &self,
        object: &ObjectExpr,
        unit: usize,
        seen: &mut BTreeSet<ItemRef>,
    ) -> Option<(&'static str, &'static str)> {
        object.entries.iter().find_map(|entry| match entry {
            ObjectEntry::Field { value, .. } => self.undrawable(value, unit, seen),
            ObjectEntry::Spread(base) => self.undrawable(base, unit, seen),
            ObjectEntry::Open(_) => None,
        })
    }
}
