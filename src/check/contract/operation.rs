//! Which operation a request means: by method and path.

use super::OPEN;
use super::path::{Part, Path, Piece, path};
use super::{declared, mistake, option};
use crate::check::index::Referent;
use crate::check::literal::constant;
use crate::check::walker::{Walker, list};
use crate::contract::style::parameter_fits;
use crate::contract::{Address, Interface, Operation, ParameterPlace, Segment};
use crate::diag::{did_you_mean, nearest};
use crate::source::Span;
use crate::syntax::ast::{Ident, Place, Request, Template};
use crate::value::{Value, show_short};

/// How well a segment fits: a text that is the same, a parameter, a value that may be the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Same,
    Parameter,
    Perhaps,
}

impl<'a> Walker<'a, '_> {
    /// The operation that a request means, and its path. A mistake is reported; what only the run
    /// can tell is none.
    pub(super) fn http_operation(
        &mut self,
        interface: &'a Interface,
        request: &'a Request,
    ) -> Option<(&'a Operation, Path<'a>)> {
        let template = match request.place.as_ref()? {
            Place::Path(template) | Place::Text(template) => template,
            Place::Url(_) => return None,
        };
        let written = path(template, self.cx.program.sources.get(template.span.source))?;
        let method = self.method(request)?;
        let Some(there) = at(interface, &written) else {
            self.unknown_path(interface, &written);
            return None;
        };
        if there.is_empty() {
            return None;
        }
        let of = |wanted: &str| there.iter().copied().find(|it| method_of(it) == Some(wanted));
        // Every resource that can be read has a head (RFC 9110 §9.3.2), and options.
        let operation = of(&method).or_else(|| if method == "HEAD" { of("GET") } else { None });
        match operation {
            Some(operation) => {
                if let Some(origin) = operation.origin {
                    self.note(written.span, Referent::Declared(origin));
                }
                Some((operation, written))
            }
            None if method == "OPTIONS" || method == "TRACE" => None,
            None => {
                self.unknown_method(request, &method, &there);
                None
            }
        }
    }

    /// `ready GET /readyz`: probes are seldom in a contract, but a path that is spelt nearly like one
    /// that is there means that one.
    pub(in crate::check) fn probed(
        &mut self,
        interface: &'a Interface,
        verb: &Ident,
        template: &'a Template,
    ) {
        let source = self.cx.program.sources.get(template.span.source);
        let Some(written) = path(template, source) else { return };
        match at(interface, &written) {
            None => {
                if let Some((span, operation)) = near(interface, &written) {
                    let message = format!("the contract has no path `{}`", self.text(written.span));
                    let advice = format!("did you mean `{}`?", path_of(operation));
                    self.push(mistake(span, message, declared(operation)).help(advice));
                }
            }
            Some(there) if there.is_empty() => {}
            Some(there) => match there.iter().find(|it| method_of(it) == Some(&verb.name)) {
                Some(operation) => self.path_parameters(operation, &written),
                None if &*verb.name == "HEAD" => {}
                None => self.wrong_method(verb.span, &verb.name, &there),
            },
        }
    }

    fn method(&self, request: &'a Request) -> Option<String> {
        let given = option(request, "method");
        match (&*request.verb.name, given) {
            ("request" | OPEN, Some(given)) => constant(given)?.as_text().map(str::to_owned),
            ("request", None) => None,
            (OPEN, None) => Some("GET".to_owned()),
            (verb, _) => Some(verb.to_owned()),
        }
    }

    fn unknown_method(&mut self, request: &Request, method: &str, there: &[&Operation]) {
        let at = option(request, "method").map_or(request.verb.span, |given| given.span);
        self.wrong_method(at, method, there);
    }

    pub(super) fn wrong_method(&mut self, at: Span, method: &str, there: &[&Operation]) {
        let path = there.first().map(|it| path_of(it)).unwrap_or_default();
        let methods: Vec<&str> = there.iter().filter_map(|it| method_of(it)).collect();
        let message = format!("the contract has no `{method} {path}`");
        let place = there.first().and_then(|it| declared(it));
        self.push(mistake(at, message, place).help(format!("at this path it has {}", list(&methods))));
    }

    /// A path that the contract does not have: at the segment that makes it so, where one does.
    pub(super) fn unknown_path(&mut self, interface: &Interface, written: &Path<'_>) {
        let shown = self.text(written.span);
        let message = format!("the contract has no path `{shown}`");
        if let Some((span, operation)) = near(interface, written) {
            let advice = format!("did you mean `{}`?", path_of(operation));
            return self.push(mistake(span, message, declared(operation)).help(advice));
        }
        let operations = &interface.operations;
        let mut paths: Vec<String> = operations.iter().map(path_of).collect();
        paths.dedup();
        let names: Vec<&str> = paths.iter().map(String::as_str).collect();
        let close = did_you_mean(&shown, names.iter().copied());
        let first = nearest(&shown, names.iter().copied()).first().map(|name| (*name).to_owned());
        let like = operations.iter().find(|it| Some(path_of(it)) == first).or(operations.first());
        let help = close.unwrap_or_else(|| format!("it has {}", list(&names)));
        self.push(mistake(written.span, message, like.and_then(declared)).help(help));
    }

    /// The values in the path against the types of its parameters.
    pub(super) fn path_parameters(&mut self, operation: &Operation, written: &Path<'a>) {
        let Address::Http { path, .. } = &operation.address else { return };
        for (segment, part) in path.iter().zip(&written.segments) {
            let Segment::Parameter { prefix, name, suffix } = segment else { continue };
            let Some(parameter) = operation.parameter(ParameterPlace::Path, name) else { continue };
            let inner = |text: &str| {
                let text = text.strip_prefix(&**prefix)?.strip_suffix(&**suffix)?;
                Some(percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
            };
            let values: Vec<(String, Span)> = match (part.plain(), part.value()) {
                (Some(text), _) => inner(&text).map(|text| (text, part.span)).into_iter().collect(),
                (None, Some(expr)) => self.scalars(expr),
                (None, None) => Vec::new(),
            };
            for (text, span) in values {
                if !parameter_fits(parameter, &text) {
                    self.push(super::query::unfit("path parameter", parameter, &Value::text(text), span));
                }
            }
        }
    }

    /// The texts of the scalars that an expression stands for, each with its place.
    pub(super) fn scalars(&self, expr: &'a crate::syntax::ast::Expr) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        for behind in self.behind(expr) {
            match constant(behind) {
                Some(Value::Text(text)) => found.push((text.text.to_string(), behind.span)),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => {
                    found.push((show_short(&value, 200), behind.span));
                }
                _ => {}
            }
        }
        found
    }
}

/// The operations at a path, the most literal template alone; none when there is no such path,
/// and empty when only the run can tell: `/v1/${kind}` may be `/v1/orders` or `/v1/login`.
pub(super) fn at<'a>(interface: &'a Interface, written: &Path<'_>) -> Option<Vec<&'a Operation>> {
    let mut found: Vec<(Vec<Fit>, &'a Operation)> =
        interface.operations.iter().filter_map(|it| Some((fit(it, written)?, it))).collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let best = found.first()?.0.clone();
    if best.contains(&Fit::Perhaps) {
        return Some(Vec::new());
    }
    Some(found.into_iter().filter(|(fits, _)| *fits == best).map(|(_, operation)| operation).collect())
}

/// An operation whose path differs in one segment that is spelt nearly alike, and that segment.
fn near<'a>(interface: &'a Interface, written: &Path<'_>) -> Option<(Span, &'a Operation)> {
    interface.operations.iter().find_map(|operation| {
        let Address::Http { path, .. } = &operation.address else { return None };
        if path.len() != written.segments.len() {
            return None;
        }
        let mut wrong =
            path.iter().zip(&written.segments).filter(|(segment, part)| fit_segment(segment, part).is_none());
        let (Some((Segment::Literal(text), part)), None) = (wrong.next(), wrong.next()) else { return None };
        let is_near = !nearest(&part.plain()?, [&**text]).is_empty();
        is_near.then_some((part.span, operation))
    })
}

/// How an operation's path fits, segment by segment.
fn fit(operation: &Operation, written: &Path<'_>) -> Option<Vec<Fit>> {
    let Address::Http { path, .. } = &operation.address else { return None };
    if path.len() != written.segments.len() {
        return None;
    }
    path.iter().zip(&written.segments).map(|(segment, part)| fit_segment(segment, part)).collect()
}

fn fit_segment(segment: &Segment, part: &Part<'_>) -> Option<Fit> {
    match (segment, part.plain()) {
        (Segment::Literal(text), Some(given)) => (**text == *given).then_some(Fit::Same),
        (Segment::Literal(text), None) => could_be(part, text).then_some(Fit::Perhaps),
        (Segment::Parameter { prefix, suffix, .. }, Some(given)) => {
            let inner = given.strip_prefix(&**prefix)?.strip_suffix(&**suffix)?;
            (!inner.is_empty()).then_some(Fit::Parameter)
        }
        (Segment::Parameter { .. }, None) => Some(Fit::Parameter),
    }
}

/// Whether texts and values together could make this text.
fn could_be(part: &Part<'_>, text: &str) -> bool {
    let starts = match part.pieces.first() {
        Some(Piece::Text(first)) => text.starts_with(first.as_str()),
        _ => true,
    };
    let ends = match part.pieces.last() {
        Some(Piece::Text(last)) => text.ends_with(last.as_str()),
        _ => true,
    };
    starts && ends
}

fn method_of(operation: &Operation) -> Option<&str> {
    match &operation.address {
        Address::Http { method, .. } => Some(method),
        Address::Grpc { .. } => None,
    }
}

/// `/v1/orders/{id}`
pub(super) fn path_of(operation: &Operation) -> String {
    let Address::Http { path, .. } = &operation.address else { return String::new() };
    let segments = path.iter().map(|segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Parameter { prefix, name, suffix } => format!("/{prefix}{{{name}}}{suffix}"),
    });
    segments.collect()
}
