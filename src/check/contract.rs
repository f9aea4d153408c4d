//! Requests and expectations against the contract of the service: what it does not have or does
//! not take is an error before anything runs, with both places shown.
//!
//! Only what is written down can be wrong here: literals, the literals behind variables and cases,
//! names of fields, and what a path leads to. What a call or a drawn value gives is held against
//! the contract when it is sent. `with { contract: ignore }` silences all of it for one call.

mod behind;
mod call;
mod compare;
mod fit;
mod given;
mod headers;
mod known;
mod method;
mod narrow;
mod near;
mod operation;
mod path;
mod payload;
mod query;
mod reply;
mod shape;

use std::collections::BTreeMap;

use super::literal::constant;
use super::plan::ItemRef;
use super::record::Told;
use super::walker::Walker;
use crate::contract::{Address, Interface, Operation};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{
    Expr, ExprKind, Ident, ItemKind, ObjectEntry, ObjectExpr, Request, SettingValue, Target, Template,
};

pub(in crate::check) use call::Call;
use given::Outcome;
pub(in crate::check) use known::Known;

/// The verb that opens a stream.
const OPEN: &str = "open";

/// What the walk learnt of the values in scope.
#[derive(Debug, Default)]
pub(super) struct Memory<'a> {
    /// What requests give, by the place of their verb, and blocks that have a value.
    answers: BTreeMap<Span, Known<'a>>,
    /// What variables hold, by the place of their declaration.
    variables: BTreeMap<Span, Known<'a>>,
    /// The literals that variables hold, likewise.
    literals: BTreeMap<Span, &'a Expr>,
    /// What variables hold of histories and responses, likewise.
    pub(super) told: BTreeMap<Span, Told>,
    /// The statuses that expectations left of responses, with the number of braces around each.
    narrowed: Vec<(usize, Span, u16)>,
    /// How the blocks around here end whose value is used, the innermost last.
    ends: Vec<Vec<Outcome<'a>>>,
    /// Set where the value of the `parallel` that comes next is used.
    is_valued: bool,
    /// What `request` and `.x` are in the rule of a double.
    call: Option<Call<'a>>,
}

impl<'a> Walker<'a, '_> {
    /// A request to a service with a contract.
    pub(super) fn against(&mut self, interface: &'a Interface, service: ItemRef, request: &'a Request) {
        if interface.operations.is_empty() || self.is_ignored(service, request) {
            return;
        }
        let Some(target) = &request.target else { return };
        let speaks_http =
            interface.operations.iter().any(|operation| matches!(operation.address, Address::Http { .. }));
        if speaks_http {
            self.http_request(interface, service, request);
        } else {
            self.grpc_request(interface, self.members(target), request);
        }
    }

    /// `ready GET /readyz` and `metrics GET /metrics` of a service with a contract.
    pub(super) fn probes(&mut self, verb: &'a Ident, path: &'a Template) {
        let ItemKind::Service(service) = &self.cx.program.item(self.item).kind else { return };
        let contract = self.cx.program.units[self.item.unit].contracts.get(&service.name.name);
        let ignored = self.service_options(self.item).iter().any(|options| ignores(options));
        if let Some(contract) = contract.filter(|_| !ignored) {
            self.probed(contract.interface(), verb, path);
        }
    }

    /// The members that name a method: those after the service.
    fn members(&self, target: &'a Target) -> &'a [Ident] {
        match self.cx.program.lookup(self.item.unit, &target.name.name) {
            Some(super::plan::Definition::Module(_)) => target.members.get(1..).unwrap_or_default(),
            _ => &target.members,
        }
    }

    fn http_request(&mut self, interface: &'a Interface, service: ItemRef, request: &'a Request) {
        let Some((operation, path)) = self.http_operation(interface, request) else { return };
        self.path_parameters(operation, &path);
        self.query(operation, &path, request);
        self.request_headers(interface, operation, service, request);
        self.http_payload(operation, service, request);
        // Where redirects lead is known when they were followed.
        if option(request, "redirects").is_none() {
            let many = option(request, "pages").is_some();
            let known = match (many, &*request.verb.name) {
                (_, OPEN) => None,
                (true, _) => Some(Known::Response(operation, None).list()),
                (false, _) => Some(Known::Response(operation, None)),
            };
            if let Some(known) = known {
                self.memory.answers.insert(request.verb.span, known);
            }
        }
    }

    /// Whether a call breaks its contract on purpose.
    fn is_ignored(&self, service: ItemRef, request: &Request) -> bool {
        option(request, "contract").is_some()
            || self.service_options(service).iter().any(|options| ignores(options))
    }

    /// The options in a service's own `with { … }`.
    fn service_options(&self, service: ItemRef) -> Vec<&'a ObjectExpr> {
        let ItemKind::Service(service) = &self.cx.program.item(service).kind else { return Vec::new() };
        let settings = service.settings.iter().filter(|setting| &*setting.name.name == "with");
        let values = settings.filter_map(|setting| match &setting.value {
            Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) => Some(object),
            _ => None,
        });
        values.collect()
    }

    /// Remembers what a variable holds.
    pub(super) fn learn(&mut self, name: &Ident, value: &'a Expr) {
        let is_literal = matches!(value.kind, ExprKind::Object(_) | ExprKind::List(..) | ExprKind::Any(_));
        if is_literal || constant(value).is_some() {
            self.memory.literals.insert(name.span, value);
        }
        if let Some(known) = self.given(value) {
            self.memory.variables.insert(name.span, known);
        }
        if let Some(told) = self.told(value) {
            self.memory.told.insert(name.span, told);
        }
    }
}

/// A mistake against a contract, with the contract's place when it has one.
fn mistake(at: Span, message: impl Into<String>, place: Option<(Span, String)>) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::OFF_CONTRACT, at, message);
    match place {
        Some((span, text)) => diagnostic.also(span, text),
        None => diagnostic,
    }
}

/// Where an operation is declared.
fn declared(operation: &Operation) -> Option<(Span, String)> {
    operation.origin.map(|origin| (origin, format!("`{}` is declared here", operation.name)))
}

/// The value of an option of a request.
fn option<'r>(request: &'r Request, name: &str) -> Option<&'r Expr> {
    let options = request.options.iter().flat_map(|options| &options.entries);
    options.into_iter().find_map(|entry| match entry {
        ObjectEntry::Field { value, .. } if is_entry(entry, name) => Some(value),
        _ => None,
    })
}

/// Whether options say `contract: ignore`.
fn ignores(options: &ObjectExpr) -> bool {
    options.entries.iter().any(|entry| is_entry(entry, "contract"))
}

fn is_entry(entry: &ObjectEntry, wanted: &str) -> bool {
    matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some(wanted))
}
