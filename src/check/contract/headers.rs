//! Headers of requests and responses.
//!
//! A header that the contract does not know is no mistake in itself: proxies, tracing and browsers
//! add their own, and few contracts list them all. It is one when it is a declared header misspelt:
//! one or two letters apart from one that some operation declares.

use super::{mistake, option};
use crate::check::plan::ItemRef;
use crate::check::walker::Walker;
use crate::contract::style::parameter_fits;
use crate::contract::{Interface, Operation, Parameter, ParameterPlace};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, ObjectEntry, ObjectExpr, Request};
use crate::value::Value;

/// Headers that are sent or set otherwise, so that no scenario need write them.
const OWN: &[&str] = &[
    "accept",
    "authorization",
    "content-type",
    "content-length",
    "cookie",
    "host",
    "traceparent",
    "user-agent",
];

/// Registered headers that are near some other, and yet no misspelling of it.
const STANDARD: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "forwarded",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "prefer",
    "priority",
    "proxy-authorization",
    "range",
    "referer",
    "retry-after",
    "server",
    "set-cookie",
    "te",
    "trailer",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
];

/// The declared header that a name misspells.
fn misspelt<'p>(name: &str, mut known: impl Iterator<Item = &'p Parameter> + Clone) -> Option<&'p Parameter> {
    let folded = name.to_ascii_lowercase().replace('_', "-");
    if STANDARD.contains(&&*folded) || known.clone().any(|it| it.name.eq_ignore_ascii_case(name)) {
        return None;
    }
    known.find(|it| folded.len() >= 4 && strsim::osa_distance(&folded, &it.name.to_ascii_lowercase()) <= 2)
}

impl<'a> Walker<'a, '_> {
    pub(super) fn request_headers(
        &mut self,
        interface: &'a Interface,
        operation: &'a Operation,
        service: ItemRef,
        request: &'a Request,
    ) {
        let own = option(request, "headers");
        let mut given: Vec<(String, &'a Expr)> = Vec::new();
        let mut more = request.options.as_ref().is_some_and(has_spread);
        for headers in own.into_iter().chain(self.service_headers(service)) {
            let ExprKind::Object(object) = &headers.kind else {
                more = true;
                continue;
            };
            more |= has_spread(object);
            let is_own = own.is_some_and(|own| own.span == headers.span);
            for entry in &object.entries {
                let ObjectEntry::Field { name, value, .. } = entry else { continue };
                let Some(plain) = name.plain() else {
                    more = true;
                    continue;
                };
                if given.iter().any(|(known, _)| known.eq_ignore_ascii_case(&plain)) {
                    continue;
                }
                given.push((plain.to_string(), value));
                if plain.eq_ignore_ascii_case("cookie") {
                    self.cookies(operation, value);
                }
                match operation.parameter(ParameterPlace::Header, &plain) {
                    Some(parameter) => self.header_value(parameter, value),
                    None if is_own => self.unknown_header(interface, operation, &plain, name.span),
                    None => {}
                }
            }
        }
        let declared = operation.parameters.iter().filter(|it| it.place == ParameterPlace::Header);
        for parameter in declared.filter(|it| it.required && !more && !OWN.contains(&&*it.name)) {
            let there = given.iter().find(|(name, _)| name.eq_ignore_ascii_case(&parameter.name));
            if there.is_some_and(|(_, value)| !matches!(value.kind, ExprKind::Absent)) {
                continue;
            }
            let message = format!("`{}` needs the header `{}`", operation.name, parameter.name);
            let place = parameter.origin.map(|origin| (origin, "required here".to_owned()));
            let form = format!("write `with {{ headers: {{ {}: … }} }}`", parameter.name);
            self.push(mistake(request.verb.span, message, place).help(form));
        }
    }

    fn service_headers(&self, service: ItemRef) -> Vec<&'a Expr> {
        let entries = self.service_options(service).into_iter().flat_map(|options| &options.entries);
        let headers = entries.filter_map(|entry| match entry {
            ObjectEntry::Field { value, .. } if super::is_entry(entry, "headers") => Some(value),
            _ => None,
        });
        headers.collect()
    }

    fn header_value(&mut self, parameter: &Parameter, value: &'a Expr) {
        for (text, at) in self.scalars(value) {
            if !parameter_fits(parameter, &text) {
                self.push(super::query::unfit("header", parameter, &Value::text(text), at));
            }
        }
    }

    /// The values in a `Cookie` header that is written out; others may be the client's.
    fn cookies(&mut self, operation: &Operation, header: &'a Expr) {
        for (text, at) in self.scalars(header) {
            for (name, value) in crate::contract::conform::cookies(&text) {
                if let Some(parameter) = operation.parameter(ParameterPlace::Cookie, name)
                    && !parameter_fits(parameter, value)
                {
                    self.push(super::query::unfit("cookie", parameter, &Value::text(value), at));
                }
            }
        }
    }

    fn unknown_header(&mut self, interface: &Interface, operation: &Operation, name: &str, at: Span) {
        let all = interface.operations.iter().flat_map(|it| &it.parameters);
        let all = all.filter(|parameter| parameter.place == ParameterPlace::Header);
        let Some(near) = misspelt(name, all) else { return };
        let message = format!("`{}` has no header `{name}`", operation.name);
        let place = near.origin.map(|origin| (origin, format!("`{}` is declared here", near.name)));
        self.push(mistake(at, message, place).help(format!("did you mean `{}`?", near.name)));
    }

    /// `headers.locatoin` of a response.
    pub(super) fn response_header(&mut self, operation: &Operation, field: &Ident) {
        let declared = operation.responses.iter().flat_map(|response| &response.headers);
        let Some(near) = misspelt(&field.name, declared) else { return };
        let message = format!("no response of `{}` has the header `{}`", operation.name, field.name);
        let place = near.origin.map(|origin| (origin, format!("`{}` is declared here", near.name)));
        self.push(mistake(field.span, message, place).help(format!("did you mean `{}`?", near.name)));
    }
}

fn has_spread(object: &ObjectExpr) -> bool {
    object.entries.iter().any(|entry| !matches!(entry, ObjectEntry::Field { .. }))
}
