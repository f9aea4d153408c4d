//! What a response's parts are compared with: statuses that no response has, values that a part
//! can never be.

use super::fit::Written;
use super::known::{Known, Part};
use super::{declared, mistake};
use crate::check::literal::constant;
use crate::check::walker::{Walker, list};
use crate::contract::form;
use crate::contract::style::parameter_fits;
use crate::contract::{Address, Operation, Status};
use crate::lang::Kind;
use crate::shape::Pattern;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ObjectEntry};
use crate::value::{Value, show_short};

impl<'a> Walker<'a, '_> {
    /// `LEFT OP RIGHT`, where one side is a part of a response.
    pub(in crate::check) fn compared(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr) {
        if let Some(known) = self.knows(left) {
            self.compared_with(&known, op, right);
        } else if matches!(op, BinaryOp::Equal | BinaryOp::NotEqual)
            && let Some(known) = self.knows(right)
        {
            self.compared_with(&known, op, left);
        }
    }

    /// `next feed matches P`
    pub(in crate::check) fn next_matches(&mut self, stream: &'a Expr, pattern: &'a Expr) {
        if let Some(Known::Part(part)) = self.knows(stream).and_then(|stream| stream.element()) {
            self.part(&part, BinaryOp::Matches, pattern);
        }
    }

    fn compared_with(&mut self, known: &Known<'a>, op: BinaryOp, with: &'a Expr) {
        match known {
            Known::Status(operation) => self.status(operation, op, with),
            Known::Header(parameter) if op == BinaryOp::Equal => {
                for (text, span) in self.scalars(with) {
                    if !parameter_fits(parameter, &text) {
                        self.push(super::query::unfit("header", parameter, &Value::text(text), span));
                    }
                }
            }
            Known::Part(part) => self.part(part, op, with),
            Known::Response(..) if op == BinaryOp::Matches => self.record(known, with),
            _ => {}
        }
    }

    /// `r matches { status: 201, body: { … } }`
    fn record(&mut self, known: &Known<'a>, pattern: &'a Expr) {
        let ExprKind::Object(object) = &pattern.kind else { return };
        let Known::Response(operation, status) = known else { return };
        let status = super::narrow::said(object).or(*status);
        for entry in &object.entries {
            let ObjectEntry::Field { name, value, .. } = entry else { continue };
            match name.plain().as_deref() {
                Some("status") => self.status(operation, BinaryOp::Equal, value),
                Some("body") => {
                    if let Some(Known::Part(part)) = super::known::body(operation, status) {
                        self.part(&part, BinaryOp::Matches, value);
                    }
                }
                _ => {}
            }
        }
    }

    /// A status that no response of the operation has. That a status is *not* something may be said
    /// of any.
    fn status(&mut self, operation: &Operation, op: BinaryOp, with: &'a Expr) {
        let one_by_one: Vec<&'a Expr> = match (op, &with.kind) {
            (BinaryOp::Equal, ExprKind::Binary(BinaryOp::Union, left, right)) => vec![left, right],
            (BinaryOp::Equal, _) => vec![with],
            (BinaryOp::In, ExprKind::List(items, _)) => items.iter().collect(),
            _ => return,
        };
        for expr in one_by_one.into_iter().flat_map(|expr| self.behind(expr)).collect::<Vec<_>>() {
            let Some(value) = constant(expr) else { continue };
            match operation.address {
                Address::Grpc { .. } => self.grpc_status(&value, expr),
                Address::Http { .. } => self.http_status(operation, &value, expr),
            }
        }
    }

    fn http_status(&mut self, operation: &Operation, value: &Value, expr: &Expr) {
        if operation.responses.is_empty() {
            return;
        }
        let code = value.as_number().and_then(|number| u16::try_from(number.to_i128()?).ok());
        if code.is_some_and(|code| operation.response(code).is_some()) {
            return;
        }
        let known: Vec<String> = operation.responses.iter().map(|response| shown(response.status)).collect();
        let words: Vec<&str> = known.iter().map(String::as_str).collect();
        let message = format!("no response of `{}` has the status {}", operation.name, show_short(value, 40));
        self.push(mistake(expr.span, message, declared(operation)).help(format!("it has {}", list(&words))));
    }

    /// gRPC's statuses are declared nowhere, but there are only those seventeen.
    fn grpc_status(&mut self, value: &Value, expr: &Expr) {
        let registry = self.cx.registry;
        let known: Vec<&str> =
            registry.of_kind(Kind::Constant).filter(|spec| spec.of == "grpc").map(|spec| spec.name).collect();
        let Some(text) = value.as_text().filter(|text| !known.contains(text)) else { return };
        let message = format!("gRPC has no status `{text}`");
        let diagnostic = mistake(expr.span, message, None);
        self.push(diagnostic.did_you_mean(text, known));
    }

    fn part(&mut self, part: &Part<'a>, op: BinaryOp, with: &'a Expr) {
        let one = Pattern::Union(part.patterns.clone());
        let whole = match part.many {
            true => Pattern::Sized(Box::new(one.clone()), 0, u64::MAX),
            false => one.clone(),
        };
        match op {
            BinaryOp::NotEqual if matches!(with.kind, ExprKind::Null) => {}
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Matches | BinaryOp::NotMatches => {
                self.part_fits(part, with, &whole);
            }
            BinaryOp::In | BinaryOp::NotIn => {
                if let ExprKind::List(items, _) = &with.kind {
                    items.iter().for_each(|item| self.part_fits(part, item, &whole));
                }
            }
            BinaryOp::Contains | BinaryOp::NotContains => {
                let items = match part.many {
                    true => Some(part.patterns.clone()),
                    false => form::elements(&part.patterns),
                };
                match (items, &with.kind) {
                    (Some(items), ExprKind::List(wanted, _)) => {
                        let item = Pattern::Union(items);
                        wanted.iter().for_each(|wanted| self.part_fits(part, wanted, &item));
                    }
                    (Some(items), _) => self.part_fits(part, with, &Pattern::Union(items)),
                    (None, ExprKind::Object(_)) => self.part_fits(part, with, &one),
                    _ => {}
                }
            }
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                let mut fit = super::fit::Fit::new(self, String::new(), Written::Pattern);
                fit.kind(with, &whole, &super::fit::At { name: part.name.clone(), origin: part.origin });
                for found in fit.found {
                    self.push(found);
                }
            }
            _ => {}
        }
    }

    fn part_fits(&mut self, part: &Part<'a>, with: &'a Expr, pattern: &Pattern) {
        let whole = part.responses("every response");
        let mut fit = super::fit::Fit::new(self, whole, Written::Pattern);
        fit.value(with, pattern, &super::fit::At { name: part.name.clone(), origin: part.origin });
        for found in fit.found {
            self.push(found);
        }
    }
}

fn shown(status: Status) -> String {
    match status {
        Status::Code(code) => code.to_string(),
        Status::Class(hundreds) => format!("{hundreds}XX"),
        Status::Default => "default".to_owned(),
    }
}
