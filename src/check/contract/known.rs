//! What is known of values that come back: responses, their parts, and where a path through them
//! leads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fit::{At, nearest_place};
use super::{Call, mistake, near};
use crate::check::double::REQUEST;
use crate::check::index::Referent;
use crate::check::literal::constant;
use crate::check::scope::Response as Scoped;
use crate::check::walker::{Walker, list};
use crate::contract::form::{self, Field};
use crate::contract::{Address, Operation, Parameter, Response};
use crate::diag::CURSOR;
use crate::lang::Kind;
use crate::shape::Pattern;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident};

/// What is known of a value.
#[derive(Debug, Clone)]
pub(in crate::check) enum Known<'a> {
    /// The record of a response, and its status when only one is left.
    Response(&'a Operation, Option<u16>),
    /// A list of such things.
    List(Arc<Known<'a>>),
    /// A list of which each element is another thing.
    Each(Arc<[Option<Known<'a>>]>),
    /// An object that a scenario made, and what is known of its fields.
    Object(Arc<BTreeMap<Arc<str>, Known<'a>>>),
    /// A stream of messages.
    Stream(&'a Operation),
    /// The status of a response.
    Status(&'a Operation),
    /// Its headers.
    Headers(&'a Operation),
    /// One of them.
    Header(&'a Parameter),
    /// A part of its body, or of that of a request.
    Part(Arc<Part<'a>>),
    /// The record of a call that came to a double.
    Call(Call<'a>),
}

/// A part of a body.
#[derive(Debug, Clone)]
pub(in crate::check) struct Part<'a> {
    pub(super) of: &'a Operation,
    /// Whether it is one of the request, and not of its responses.
    pub(super) asked: bool,
    /// The status of the response, when only one is left.
    pub(super) status: Option<u16>,
    /// What it may be, by all responses that have one.
    pub(super) patterns: Vec<Pattern>,
    /// Where it is declared.
    pub(super) origin: Option<Span>,
    /// From the body: `lines`.
    pub(super) name: Arc<str>,
    /// Whether it is the list of what stands at this path in each element.
    pub(super) many: bool,
}

impl<'a> Known<'a> {
    /// A list of these.
    pub(super) fn list(self) -> Known<'a> {
        match self {
            Known::Part(part) if !part.many => Known::Part(Arc::new(Part { many: true, ..(*part).clone() })),
            other => Known::List(Arc::new(other)),
        }
    }

    /// The element at a place in a list.
    pub(super) fn at(&self, index: usize) -> Option<Known<'a>> {
        match self {
            Known::Each(each) => each.get(index).cloned().flatten(),
            _ => self.element(),
        }
    }

    /// An element of a list or stream.
    pub(super) fn element(&self) -> Option<Known<'a>> {
        match self {
            Known::List(element) => Some((**element).clone()),
            Known::Stream(operation) => body(operation, None),
            Known::Part(part) if part.many => {
                Some(Known::Part(Arc::new(Part { many: false, ..(**part).clone() })))
            }
            Known::Part(part) => {
                let patterns = form::elements(&part.patterns)?;
                Some(Known::Part(Arc::new(Part { patterns, ..(**part).clone() })))
            }
            _ => None,
        }
    }

    /// A field.
    pub(super) fn field(&self, name: &str) -> Option<Known<'a>> {
        match (self, name) {
            (Known::Response(operation, status), "body") => body(operation, *status),
            (Known::Response(operation, _), "status") => Some(Known::Status(operation)),
            (Known::Response(operation, _), "headers") => Some(Known::Headers(operation)),
            (Known::List(element), "first" | "last") => Some((**element).clone()),
            (Known::Object(fields), name) => fields.get(name).cloned(),
            (Known::Call(call), name) => call.field(name),
            (Known::Stream(operation), "first" | "last" | "body") => body(operation, None),
            (Known::Stream(operation), "items") => match body(operation, None)? {
                Known::Part(part) => Some(Known::Part(Arc::new(Part { many: true, ..(*part).clone() }))),
                _ => None,
            },
            (Known::Headers(operation), name) => {
                let mut all = operation.responses.iter().flat_map(|response| &response.headers);
                all.find(|header| header.name.eq_ignore_ascii_case(name)).map(Known::Header)
            }
            (Known::Part(part), name) => match form::field(&part.patterns, name) {
                Field::Known(patterns, origin) => Some(Known::Part(Arc::new(Part {
                    patterns,
                    origin: origin.or(part.origin),
                    name: name.into(),
                    ..(**part).clone()
                }))),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Part<'_> {
    /// The responses that have it, as messages name them.
    pub(super) fn responses(&self, any: &str) -> String {
        match self.status {
            _ if self.asked => format!("the request `{}`", self.of.name),
            Some(status) => format!("the response {status} of `{}`", self.of.name),
            None => format!("{any} of `{}`", self.of.name),
        }
    }

    /// As a sentence begins with it: "the body", "`lines`".
    fn told(&self) -> String {
        match &*self.name {
            "body" => "the body".to_owned(),
            "message" if self.asked => "the message".to_owned(),
            name => format!("`{name}`"),
        }
    }
}

/// What the bodies of an operation's responses may be, or that of the one with this status; none
/// when one of them may be anything.
pub(super) fn body(operation: &Operation, status: Option<u16>) -> Option<Known<'_>> {
    let mut patterns = Vec::new();
    let mut origin = None;
    let only = status.map(|status| operation.response(status));
    let responses: Vec<&Response> = match only {
        Some(only) => only.into_iter().collect(),
        None => operation.responses.iter().collect(),
    };
    for payload in responses.into_iter().filter_map(|response| response.payload.as_ref()) {
        if payload.content.is_empty() {
            return None;
        }
        for (_, pattern) in &payload.content {
            patterns.push(pattern.clone()?);
        }
        origin = origin.or(payload.origin);
    }
    let part =
        Part { of: operation, asked: false, status, patterns, origin, name: "body".into(), many: false };
    (!part.patterns.is_empty()).then(|| Known::Part(Arc::new(part)))
}

impl<'a> Walker<'a, '_> {
    /// What is known of an expression's value; nothing is reported.
    pub(super) fn knows(&self, expr: &Expr) -> Option<Known<'a>> {
        match &expr.kind {
            ExprKind::It(field) => self.at_hand()?.field(&field.name),
            // No variable of a rule can have this name.
            ExprKind::Name(name) if **name == *REQUEST && self.place.double => self.call_at_hand(),
            ExprKind::Name(name) => {
                if let Some(variable) = self.scopes.get(name) {
                    let known = self.memory.variables.get(&variable.span)?;
                    return Some(self.narrowed(known, variable.span));
                }
                if self.cx.program.lookup(self.item.unit, name).is_some() {
                    return self.given_by(expr);
                }
                let Scoped::Of(_, request) = self.scopes.response() else { return None };
                self.narrowed(self.memory.answers.get(request)?, *request).field(name)
            }
            ExprKind::Field(base, field) => {
                self.given_by(expr).or_else(|| self.knows(base)?.field(&field.name))
            }
            ExprKind::Call(callee, _) => match &callee.kind {
                ExprKind::Name(name) if self.scopes.get(name).is_some() => None,
                _ => self.given_by(callee),
            },
            ExprKind::Object(object) => self.known_object(object),
            ExprKind::Index(base, index) => match constant(index) {
                Some(crate::value::Value::Text(name)) => self.knows(base)?.field(&name.text),
                Some(crate::value::Value::Number(number)) => match (self.knows(base)?, number.to_usize()) {
                    (known, Some(index)) => known.at(index),
                    (known, None) => known.element(),
                },
                _ => None,
            },
            ExprKind::Each(base) => match self.knows(base)?.element()? {
                Known::Part(part) => Some(Known::Part(Arc::new(Part { many: true, ..(*part).clone() }))),
                _ => None,
            },
            _ => None,
        }
    }

    /// `body.totl`: a field that no response has.
    pub(in crate::check) fn known_field(&mut self, base: &Expr, field: &Ident) {
        match self.knows(base) {
            Some(Known::Headers(operation)) if is_http(operation) => self.response_header(operation, field),
            Some(Known::Part(part)) => self.part_field(&part, field),
            Some(Known::Call(call)) => self.call_field(call, field),
            _ => {}
        }
    }

    pub(super) fn part_field(&mut self, part: &Part<'_>, field: &Ident) {
        let is_property = !self.cx.registry.all(Kind::Property, &field.name).is_empty();
        let found = form::field(&part.patterns, &field.name);
        let at = At { name: part.name.clone(), origin: part.origin };
        if let Field::Known(_, Some(origin)) = found {
            self.note(field.span, Referent::Declared(origin));
        }
        match found {
            Field::Missing(names) if !is_property => {
                let words: Vec<&str> = names.iter().map(|(name, _)| &**name).collect();
                let of = part.told();
                let message = match part.status {
                    _ if part.asked => {
                        format!("{of} of {} has no field `{}`", part.responses(""), field.name)
                    }
                    Some(_) => format!("{of} of {} has no field `{}`", part.responses(""), field.name),
                    None => format!("{of} of {} has a field `{}`", part.responses("no response"), field.name),
                };
                let place = nearest_place(&field.name, &names, &at);
                let diagnostic = mistake(field.span, message, place);
                let diagnostic = if words.is_empty() {
                    diagnostic
                } else {
                    diagnostic.help(format!("it has {}", list(&words)))
                };
                self.push(diagnostic.did_you_mean(&field.name, words));
            }
            Field::Free(names) if *field.name == *CURSOR => {
                let words: Vec<&str> = names.iter().map(|(name, _)| &**name).collect();
                self.push(mistake(field.span, "", None).did_you_mean(&field.name, words));
            }
            Field::Free(names) if !is_property => {
                if let Some(meant) = near::meant(&field.name, &names) {
                    let of = format!("{} of {}", part.told(), part.responses("every response"));
                    self.push(near::misspelt(&field.name, &of, field.span, meant));
                }
            }
            Field::NoObject if !is_property => {
                let kinds: Option<Vec<Vec<&str>>> = part.patterns.iter().map(form::kinds).collect();
                let Some(kinds) = kinds else { return };
                let mut kinds: Vec<&str> = kinds.concat();
                kinds.sort_unstable();
                kinds.dedup();
                let message =
                    format!("`{}` is {}, and has no `{}`", part.name, kinds.join(" or "), field.name);
                let place = part.origin.map(|origin| (origin, format!("`{}` is declared here", part.name)));
                let diagnostic = mistake(field.span, message, place);
                self.push(if kinds == ["list"] {
                    diagnostic.help("`[0]` is its first element, `[*]` is each of them")
                } else {
                    diagnostic
                });
            }
            _ => {}
        }
    }
}

fn is_http(operation: &Operation) -> bool {
    matches!(operation.address, Address::Http { .. })
}
