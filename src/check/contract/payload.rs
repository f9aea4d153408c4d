//! Bodies and messages against what an operation takes.

use std::sync::Arc;

use super::fit::{At, Fit, Written};
use super::{declared, mistake, option};
use crate::check::literal::constant;
use crate::check::plan::ItemRef;
use crate::check::walker::{Walker, list};
use crate::contract::{Operation, Payload};
use crate::shape::Pattern;
use crate::syntax::ast::{Args, Expr, ExprKind, ObjectEntry, Request};

const JSON: &str = "application/json";

/// A body as it will be sent.
pub(super) struct Body<'a> {
    /// Its media type, when it is known.
    pub(super) media: Option<String>,
    /// The expression that makes its fields, and how it is written there.
    pub(super) content: Option<(&'a Expr, Written)>,
}

impl<'a> Walker<'a, '_> {
    pub(super) fn http_payload(&mut self, operation: &'a Operation, service: ItemRef, request: &'a Request) {
        let Some(operand) = &request.operand else {
            if let Some(payload) = operation.request.as_ref().filter(|payload| payload.required) {
                let place = payload.origin.map(|origin| (origin, "required here".to_owned()));
                let message = format!("`{}` needs a body", operation.name);
                self.push(mistake(request.verb.span, message, place));
            }
            return;
        };
        let Some(payload) = &operation.request else {
            let message = format!("`{}` takes no body", operation.name);
            self.push(mistake(operand.span, message, declared(operation)));
            return;
        };
        if payload.content.is_empty() {
            return;
        }
        for behind in self.behind(operand) {
            let mut body = self.sent_as(behind);
            if let Some(written) = self.content_type(service, request) {
                body.media = written;
            }
            let Some(media) = &body.media else { continue };
            match payload.of(media) {
                None => self.wrong_media(operation, payload, media, behind),
                Some(None) => {}
                Some(Some(pattern)) => {
                    if let Some((content, written)) = body.content {
                        let whole = format!("the body of `{}`", operation.name);
                        self.fit(content, pattern, whole, written, payload.origin);
                    }
                }
            }
        }
    }

    fn wrong_media(&mut self, operation: &Operation, payload: &Payload, media: &str, operand: &Expr) {
        let at = match &operand.kind {
            ExprKind::Call(callee, _) => callee.span,
            _ => operand.span,
        };
        let known: Vec<&str> = payload.content.iter().map(|(media, _)| &**media).collect();
        let message = format!("`{}` takes no `{media}`", operation.name);
        let place = payload.origin.map(|origin| (origin, "declared here".to_owned()));
        self.push(mistake(at, message, place).help(format!("it takes {}", list(&known))));
    }

    /// What an operand is sent as.
    pub(super) fn sent_as(&self, operand: &'a Expr) -> Body<'a> {
        let json = |expr| Body { media: Some(JSON.to_owned()), content: Some((expr, Written::Value)) };
        let plain = |media: &str| Body { media: Some(media.to_owned()), content: None };
        match &operand.kind {
            ExprKind::Object(_) | ExprKind::List(..) | ExprKind::Any(_) => json(operand),
            ExprKind::Text(_) => plain("text/plain"),
            ExprKind::Call(callee, args) => {
                let ExprKind::Name(name) = &callee.kind else { return Body { media: None, content: None } };
                if self.scopes.get(name).is_some() || self.cx.program.lookup(self.item.unit, name).is_some() {
                    return Body { media: None, content: None };
                }
                let first = args.args.iter().find(|arg| arg.name.is_none()).map(|arg| &arg.value);
                match (&**name, first) {
                    ("json", Some(inner)) => json(inner),
                    ("form", content) => Body {
                        media: Some("application/x-www-form-urlencoded".to_owned()),
                        content: content.map(|content| (content, Written::Form)),
                    },
                    ("multipart", _) => plain("multipart/form-data"),
                    ("graphql", _) => plain(JSON),
                    ("text", _) => Body { media: typed(args, "text/plain"), content: None },
                    ("bytes", _) => Body { media: typed(args, "application/octet-stream"), content: None },
                    _ => Body { media: None, content: None },
                }
            }
            _ => Body { media: None, content: None },
        }
    }

    /// The content type that is set by hand: known, not known before the run, or none.
    #[expect(clippy::option_option, reason = "not set, set to what is not known, set to what is known")]
    fn content_type(&self, service: ItemRef, request: &'a Request) -> Option<Option<String>> {
        let own = option(request, "headers");
        let of_service = self.service_options(service).into_iter().flat_map(|options| &options.entries);
        let of_service = of_service.filter_map(|entry| match entry {
            ObjectEntry::Field { value, .. } if super::is_entry(entry, "headers") => Some(value),
            _ => None,
        });
        own.into_iter().chain(of_service).find_map(|headers| match &headers.kind {
            ExprKind::Object(object) => object.entries.iter().find_map(|entry| match entry {
                ObjectEntry::Field { name, value, .. } => name
                    .plain()
                    .filter(|name| name.eq_ignore_ascii_case("content-type"))
                    .map(|_| constant(value).and_then(|value| value.as_text().map(str::to_owned))),
                _ => Some(None),
            }),
            _ => Some(None),
        })
    }

    /// Holds an expression against a pattern and reports what does not fit.
    pub(super) fn fit(
        &mut self,
        expr: &'a Expr,
        pattern: &Pattern,
        whole: String,
        written: Written,
        origin: Option<crate::source::Span>,
    ) {
        let mut fit = Fit::new(self, whole, written);
        fit.value(expr, pattern, &At { name: Arc::from(""), origin });
        for found in fit.found {
            self.push(found);
        }
    }
}

/// The `type:` of `text(…)` and `bytes(…)`; none when it is not known before the run.
fn typed(args: &Args, default: &str) -> Option<String> {
    let given = args.args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| &*name.name == "type"));
    let given = given.or_else(|| args.args.iter().filter(|arg| arg.name.is_none()).nth(1));
    match given {
        Some(arg) => constant(&arg.value).and_then(|value| value.as_text().map(str::to_owned)),
        None => Some(default.to_owned()),
    }
}
