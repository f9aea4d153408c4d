//! What is known of the call that a double answers: `.x` and `request` in its rules.

use std::sync::Arc;

use super::known::{Known, Part};
use crate::check::walker::{Hand, Walker, list};
use crate::contract::{Address, Operation};
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::lang::call::{FIELDS, QUERY};
use crate::syntax::ast::Ident;

/// The media types whose bodies are read as they are described.
const JSON: &str = "json";

/// The calls that a rule takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) struct Call<'a> {
    is_http: bool,
    /// What the contract says of them.
    operation: Option<&'a Operation>,
}

impl<'a> Call<'a> {
    /// A field of their record.
    pub(super) fn field(self, name: &str) -> Option<Known<'a>> {
        match name {
            "body" | "request" => self.body(if self.is_http { "body" } else { "message" }),
            _ => None,
        }
    }

    /// The body, or the message.
    fn body(self, name: &'static str) -> Option<Known<'a>> {
        let of = self.operation?;
        let payload = of.request.as_ref()?;
        let mut patterns = Vec::new();
        for (media, pattern) in &payload.content {
            if !media.is_empty() && !media.contains(JSON) {
                return None;
            }
            patterns.push(pattern.clone()?);
        }
        let part = Part {
            of,
            asked: true,
            status: None,
            patterns,
            origin: payload.origin,
            name: name.into(),
            many: false,
        };
        (!part.patterns.is_empty()).then(|| Known::Part(Arc::new(part)))
    }

    /// What `.x` is a field of: the record, or over gRPC the message; of a stream of them, all.
    fn at_hand(self) -> Option<Known<'a>> {
        if self.is_http {
            return Some(Known::Call(self));
        }
        match self.operation?.address {
            Address::Grpc { client_streaming: true, server_streaming: false, .. } => None,
            _ => self.body("message"),
        }
    }
}

impl<'a> Walker<'a, '_> {
    /// From here on `.x` and `request` speak of such calls.
    pub(in crate::check) fn takes(&mut self, is_http: bool, operation: Option<&'a Operation>) {
        self.memory.call = Some(Call { is_http, operation });
    }

    /// They speak of nothing any more.
    pub(in crate::check) fn takes_nothing(&mut self) {
        self.memory.call = None;
    }

    /// What `.x` is a field of.
    pub(super) fn at_hand(&self) -> Option<Known<'a>> {
        self.memory.call.filter(|_| self.place.at_hand == Hand::Call)?.at_hand()
    }

    /// The record that `request` is.
    pub(super) fn call_at_hand(&self) -> Option<Known<'a>> {
        self.memory.call.map(Known::Call)
    }

    /// `.qurey`: a field that the call at hand never has.
    pub(in crate::check) fn known_at_hand(&mut self, field: &Ident) {
        match self.at_hand() {
            Some(Known::Call(call)) => self.call_field(call, field),
            Some(Known::Part(part)) => self.part_field(&part, field),
            _ => {}
        }
    }

    /// A field of the record.
    pub(super) fn call_field(&mut self, call: Call<'a>, field: &Ident) {
        let is_property = !self.cx.registry.all(Kind::Property, &field.name).is_empty();
        let known = FIELDS.iter().copied().filter(|name| call.is_http || *name != QUERY);
        let known: Vec<&str> = known.collect();
        if is_property || known.contains(&&*field.name) {
            return;
        }
        let message = format!("a call has no `{}`", field.name);
        self.push(
            Diagnostic::error(Code::UNKNOWN_FIELD, field.span, message)
                .help(format!("it has {}", list(&known)))
                .did_you_mean(&field.name, known),
        );
    }
}
