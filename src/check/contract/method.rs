//! gRPC: the method that a call names, and the messages that it takes.

use super::OPEN;
use super::fit::Written;
use super::known::Known;
use super::{declared, mistake};
use crate::check::index::Referent;
use crate::check::walker::{Walker, list};
use crate::contract::{Address, Interface, Operation};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{ExprKind, Ident, Request};

impl<'a> Walker<'a, '_> {
    pub(super) fn grpc_request(
        &mut self,
        interface: &'a Interface,
        members: &'a [Ident],
        request: &'a Request,
    ) {
        let Some(operation) = self.method_named(interface, members, request) else { return };
        let Address::Grpc { method, client_streaming, server_streaming, .. } = &operation.address else {
            return;
        };
        let opens = &*request.verb.name == OPEN;
        let wrong = match (opens, server_streaming, client_streaming) {
            (false, true, _) => {
                Some((format!("`{method}` answers with a stream"), "open it: `let feed = open …`"))
            }
            (true, false, false) => Some((format!("`{method}` is no stream"), "use `call`")),
            _ => None,
        };
        if let Some((message, help)) = wrong {
            self.push(mistake(request.verb.span, message, declared(operation)).help(help));
            return;
        }
        if let Some(operand) = &request.operand {
            for behind in self.behind(operand) {
                match (&behind.kind, client_streaming) {
                    (ExprKind::List(items, _), true) => {
                        items.iter().for_each(|item| self.message(operation, item));
                    }
                    _ => self.message(operation, behind),
                }
            }
        }
        let known = if opens { Known::Stream(operation) } else { Known::Response(operation, None) };
        self.memory.answers.insert(request.verb.span, known);
    }

    /// `send feed { … }`: one more message of the method that the stream was opened for.
    pub(in crate::check) fn sends(&mut self, request: &'a Request) {
        if super::option(request, "contract").is_some() || &*request.verb.name != "send" {
            return;
        }
        let (Some(target), Some(operand)) = (&request.target, &request.operand) else { return };
        let Some(variable) = self.scopes.get(&target.name.name) else { return };
        if let Some(Known::Stream(operation)) = self.memory.variables.get(&variable.span).cloned() {
            self.message(operation, operand);
        }
    }

    fn message(&mut self, operation: &'a Operation, expr: &'a crate::syntax::ast::Expr) {
        let Some(payload) = &operation.request else { return };
        let Some(Some(pattern)) = payload.of("") else { return };
        let whole = match pattern {
            crate::shape::Pattern::Named(name, _) => {
                format!("the message `{}`", name.rsplit('.').next().unwrap_or(name))
            }
            _ => format!("the message of `{}`", operation.name),
        };
        self.fit(expr, pattern, whole, Written::Value, payload.origin);
    }

    fn method_named(
        &mut self,
        interface: &'a Interface,
        members: &'a [Ident],
        request: &'a Request,
    ) -> Option<&'a Operation> {
        let target = request.target.as_ref()?;
        let Some((member, of)) = members.split_last() else {
            let names = names(interface);
            let first = names.first().copied().unwrap_or("Method");
            let message = format!("`{}` names no method of `{}`", request.verb.name, target.name.name);
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, target.span, message).help(format!(
                "write `{} {}.{first}`; the contract has {}",
                request.verb.name,
                target.name.name,
                list(&names)
            )));
            return None;
        };
        self.method_called(interface, of, member)
    }

    /// The method with this name, in the service with that one.
    pub(super) fn method_called(
        &mut self,
        interface: &'a Interface,
        of: &'a [Ident],
        member: &'a Ident,
    ) -> Option<&'a Operation> {
        let names = names(interface);
        let of: Vec<&str> = of.iter().map(|member| &*member.name).collect();
        let of = of.join(".");
        let is_meant = |operation: &&Operation| {
            parts(operation).is_some_and(|(service, name)| name == &*member.name && is_called(service, &of))
        };
        let mut found: Vec<&'a Operation> = interface.operations.iter().filter(is_meant).collect();
        if found.len() > 1 {
            // Health and reflection are in every server; whoever means them can say so.
            found.retain(|operation| !is_infrastructure(operation));
        }
        match found.as_slice() {
            [only] => {
                if let Some(origin) = only.origin {
                    self.note(member.span, Referent::Declared(origin));
                }
                Some(only)
            }
            [] => {
                let message = format!("the contract has no method `{}`", member.name);
                let near = crate::diag::nearest(&member.name, names.iter().copied()).first().copied();
                let like = interface.operations.iter().find(|it| parts(it).map(|(_, name)| name) == near);
                self.push(
                    mistake(member.span, message, like.and_then(declared))
                        .help(format!("it has {}", list(&names)))
                        .did_you_mean(&member.name, names.iter().copied()),
                );
                None
            }
            several => {
                let services: Vec<&str> =
                    several.iter().filter_map(|it| parts(it)).map(|(service, _)| service).collect();
                let message = format!("several services of the contract have a method `{}`", member.name);
                let form = format!("say which: {}", list(&services));
                self.push(mistake(member.span, message, declared(several[0])).help(form));
                None
            }
        }
    }
}

/// The names of the methods; those of health and reflection only when there are no others.
fn names(interface: &Interface) -> Vec<&str> {
    let own = interface.operations.iter().filter(|operation| !is_infrastructure(operation));
    let mut names: Vec<&str> = own.filter_map(parts).map(|(_, name)| name).collect();
    if names.is_empty() {
        names = interface.operations.iter().filter_map(parts).map(|(_, name)| name).collect();
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// A method's service and name.
fn parts(operation: &Operation) -> Option<(&str, &str)> {
    match &operation.address {
        Address::Grpc { service, method, .. } => Some((service, method)),
        Address::Http { .. } => None,
    }
}

fn is_infrastructure(operation: &Operation) -> bool {
    parts(operation).is_some_and(|(service, _)| service.starts_with("grpc."))
}

/// Whether a service has this name, full or in its last parts; the empty name fits all.
fn is_called(service: &str, of: &str) -> bool {
    of.is_empty() || service == of || service.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'))
}
