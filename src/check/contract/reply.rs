//! A double's rules and replies against the contract of the service that it plays.

use super::fit::Written;
use super::known::body;
use super::operation::at;
use super::path::path;
use super::{declared, mistake};
use crate::check::double::is_any;
use crate::check::literal::constant;
use crate::check::walker::{Walker, list};
use crate::contract::{Address, Interface, Operation, Response, Status};
use crate::shape::Pattern;
use crate::source::Span;
use crate::syntax::ast::{DoubleRule, Expr, ExprKind, ObjectEntry, Reply, Template};
use crate::value::{Value, show_short};

impl<'a> Walker<'a, '_> {
    /// The operation of `on POST /hooks/${kind}`.
    pub(in crate::check) fn path_rule(
        &mut self,
        interface: &'a Interface,
        rule: &'a DoubleRule,
        template: &'a Template,
    ) -> Option<&'a Operation> {
        if interface.operations.is_empty() {
            return None;
        }
        let written = path(template, self.cx.program.sources.get(template.span.source))?;
        let Some(there) = at(interface, &written) else {
            self.unknown_path(interface, &written);
            return None;
        };
        if there.is_empty() {
            return None;
        }
        let method = &*rule.method.name;
        let of = |wanted: &str| {
            there
                .iter()
                .copied()
                .find(|it| matches!(&it.address, Address::Http { method, .. } if **method == *wanted))
        };
        match of(method) {
            Some(operation) => Some(operation),
            None if matches!(method, "HEAD" | "OPTIONS" | "TRACE") => None,
            None => {
                self.wrong_method(rule.method.span, method, &there);
                None
            }
        }
    }

    /// The operation of `on Post`.
    pub(in crate::check) fn method_rule(
        &mut self,
        interface: &'a Interface,
        rule: &'a DoubleRule,
    ) -> Option<&'a Operation> {
        if let Some(path) = &rule.path {
            let written = path.plain().unwrap_or_default();
            let found = interface.operations.iter().find(|operation| {
                matches!(&operation.address, Address::Grpc { service, method, .. }
                    if *method == rule.method.name && *written == *format!("/{service}/{method}"))
            });
            if found.is_none() {
                let message = format!("the contract has no `{}` at this path", rule.method.name);
                let help = "leave the path out; a method that several services have is `\"/package.Service/Method\"`";
                self.push(mistake(path.span, message, None).help(help));
            }
            return found;
        }
        self.method_called(interface, &[], &rule.method)
    }

    /// What a rule replies, as far as it is written down.
    pub(in crate::check) fn reply_against(&mut self, operation: &'a Operation, reply: &'a Reply) {
        if option(reply, "contract").is_some() {
            return;
        }
        match &operation.address {
            Address::Grpc { server_streaming, .. } => self.message_reply(operation, reply, *server_streaming),
            Address::Http { .. } => self.response_reply(operation, reply),
        }
    }

    fn message_reply(&mut self, operation: &'a Operation, reply: &'a Reply, many: bool) {
        let Some(payload) = operation.responses.first().and_then(|response| response.payload.as_ref()) else {
            return;
        };
        let Some(Some(pattern)) = payload.of("") else { return };
        if is_any(&reply.value) {
            return;
        }
        for behind in self.behind(&reply.value) {
            let messages: Vec<&'a Expr> = match &behind.kind {
                ExprKind::List(items, _) if many => items.iter().collect(),
                _ => vec![behind],
            };
            for message in messages {
                let whole = match pattern {
                    Pattern::Named(name, _) => {
                        format!("the message `{}`", name.rsplit('.').next().unwrap_or(name))
                    }
                    _ => format!("the reply to `{}`", operation.name),
                };
                self.fit(message, pattern, whole, Written::Message, payload.origin);
            }
        }
    }

    fn response_reply(&mut self, operation: &'a Operation, reply: &'a Reply) {
        let Some((response, code)) = self.replied(operation, reply) else { return };
        let status = code.map_or_else(String::new, |code| format!(" with the status {code}"));
        let Some(payload) = &response.payload else {
            if !matches!(reply.value.kind, ExprKind::Absent) && !is_empty(&reply.value) {
                let place = response.origin.map(|origin| (origin, "declared here".to_owned()));
                let message = format!("the response to `{}`{status} has no body", operation.name);
                self.push(mistake(reply.value.span, message, place).help("write `reply absent`"));
            }
            return;
        };
        if is_any(&reply.value) {
            if body(operation, None).is_none() && payload.content.iter().all(|(_, pattern)| pattern.is_none())
            {
                let place = payload.origin.map(|origin| (origin, "declared here".to_owned()));
                let message = format!(
                    "the contract does not describe the body of the response to `{}`{status}",
                    operation.name
                );
                self.push(mistake(reply.value.span, message, place));
            }
            return;
        }
        for behind in self.behind(&reply.value) {
            let sent = self.sent_as(behind);
            let media = content_type(reply).unwrap_or(sent.media);
            let Some(media) = media else { continue };
            match payload.of(&media) {
                _ if payload.content.is_empty() => {}
                None => {
                    let known: Vec<&str> = payload.content.iter().map(|(media, _)| &**media).collect();
                    let message = format!("`{}` answers no `{media}`{status}", operation.name);
                    let place = payload.origin.map(|origin| (origin, "declared here".to_owned()));
                    let help = format!("it answers {}", list(&known));
                    self.push(mistake(behind.span, message, place).help(help));
                }
                Some(None) => {}
                Some(Some(pattern)) => {
                    if let Some((content, written)) = sent.content {
                        let whole = format!("the reply to `{}`{status}", operation.name);
                        self.fit(content, pattern, whole, written, payload.origin);
                    }
                }
            }
        }
    }

    /// The response of the contract that a reply is, with its status; none when only the run knows.
    fn replied(&mut self, operation: &'a Operation, reply: &'a Reply) -> Option<(&'a Response, Option<u16>)> {
        let Some(written) = option(reply, "status") else {
            let success = operation.responses.iter().filter(
                |response| matches!(response.status, Status::Code(code) if (200..300).contains(&code)),
            );
            return match success.min_by_key(|response| response.status) {
                Some(response) => Some((response, None)),
                None => self.declared_status(operation, 200, reply.value.span),
            };
        };
        let code = match constant(written)? {
            Value::Number(number) => u16::try_from(number.to_i128()?).ok(),
            _ => return None,
        };
        match code.filter(|code| (200..=599).contains(code)) {
            Some(code) => self.declared_status(operation, code, written.span),
            None => {
                let shown = show_short(&constant(written)?, 40);
                let message = format!("a status is a number from 200 to 599, not {shown}");
                self.push(mistake(written.span, message, None));
                None
            }
        }
    }

    fn declared_status(
        &mut self,
        operation: &'a Operation,
        code: u16,
        at: Span,
    ) -> Option<(&'a Response, Option<u16>)> {
        if let Some(response) = operation.response(code) {
            return Some((response, Some(code)));
        }
        let known: Vec<String> = operation
            .responses
            .iter()
            .map(|response| match response.status {
                Status::Code(code) => code.to_string(),
                Status::Class(class) => format!("{class}XX"),
                Status::Default => "default".to_owned(),
            })
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let message = format!("`{}` has no response with the status {code}", operation.name);
        let help = format!("it has {}; `with {{ contract: ignore }}` breaks it on purpose", list(&known));
        self.push(mistake(at, message, declared(operation)).help(help));
        None
    }
}

/// An option of a reply.
fn option<'r>(reply: &'r Reply, name: &str) -> Option<&'r Expr> {
    let Some(Expr { kind: ExprKind::Object(object), .. }) = &reply.with else { return None };
    object.entries.iter().find_map(|entry| match entry {
        ObjectEntry::Field { value, .. } if super::is_entry(entry, name) => Some(value),
        _ => None,
    })
}

/// The content type that is set by hand: known, not known before the run, or none.
#[expect(clippy::option_option, reason = "not set, set to what is not known, set to what is known")]
fn content_type(reply: &Reply) -> Option<Option<String>> {
    match &option(reply, "headers")?.kind {
        ExprKind::Object(object) => object.entries.iter().find_map(|entry| match entry {
            ObjectEntry::Field { name, value, .. } => name
                .plain()
                .filter(|name| name.eq_ignore_ascii_case("content-type"))
                .map(|_| constant(value).and_then(|value| value.as_text().map(str::to_owned))),
            _ => Some(None),
        }),
        _ => Some(None),
    }
}

/// `""`
fn is_empty(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Text(text) if text.plain().as_deref() == Some(""))
}
