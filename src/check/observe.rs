//! `observe NAME from SOURCE every 50ms`: a source may be asked again and again, so it changes
//! nothing, or it tells of itself.

use std::sync::Arc;

use super::scope::Value;
use super::walker::{OPENERS, Walker};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Safety, Spec, Ty};
use crate::syntax::ast::{Expr, ExprKind, Observe, Request};

/// Who must be safe, in messages.
const WHO: &str = "an observation";

/// The log of a service, as what a variable is.
pub(super) const LOG: &str = "log";

/// Of a stream, its protocol: what is observed has none.
pub(super) fn protocol(of: Option<Arc<str>>) -> Option<Arc<str>> {
    of.filter(|of| ![OBSERVATION, LOG].contains(&&**of))
}

/// What the values are of that are asked for again and again, where a stream has its protocol.
pub(super) const OBSERVATION: &str = "observation";

const fn of_observation(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Property, OBSERVATION, name, summary).example(example)
}

/// The properties of observations.
pub const PROPERTIES: &[Spec] = &[
    of_observation("count", "how many records there are so far", "expect seen.count > 3 within 5s"),
    of_observation(
        "items",
        "the records so far, as a list: `{ value start end }`, or `{ error start end }`",
        "let so_far = seen.items",
    ),
    of_observation("first", "the first record", "expect seen.first.value == \"NEW\""),
    of_observation("last", "the last record so far", "expect seen.last.value == \"PAID\" within 5s"),
    of_observation(
        "closed",
        "whether it has ended, with its block or because it had too much to keep",
        "expect seen.closed == false",
    ),
];

impl<'a> Walker<'a, '_> {
    /// `observe …`
    pub(super) fn observe(&mut self, observe: &'a Observe) {
        self.saw_live = false;
        let before = self.cx.diagnostics.len();
        self.at(|place| place.safe = Some(WHO), |walker| walker.observed(&observe.source));
        let asks = self.called_action.take().is_some() || matches!(observe.source.kind, ExprKind::Request(_));
        let wrong = self.cx.diagnostics.len() > before;
        if !self.saw_live && !asks && !wrong {
            self.push(
                Diagnostic::error(
                    Code::NEVER_CHANGES,
                    observe.source.span,
                    "`observe` looks at something that cannot change",
                )
                .label("this was computed once")
                .help("observe a call of a `@safe` action, a safe request such as `GET orders /v1/orders`, or a history such as `orders.log`"),
            );
        }
        if let Some(every) = &observe.every {
            self.typed(every, Ty::Duration, "`every`");
        }
        let asks = asks || observe.every.is_some();
        // What another history tells has that one's properties too.
        let of = match () {
            () if asks => Some(OBSERVATION.into()),
            () if self.is_log(&observe.source) => Some(LOG.into()),
            () => None,
        };
        self.declare(&observe.name, Value::Stream(of), true);
    }

    fn observed(&mut self, source: &'a Expr) {
        let ExprKind::Request(request) = &source.kind else { return self.value(source) };
        let response = self.scopes.response().clone();
        let before = self.cx.diagnostics.len();
        self.request(request);
        // It is answered elsewhere: `status` and the like go on speaking of what they spoke of.
        self.scopes.set_response(response);
        if self.cx.diagnostics.len() == before {
            self.only_asks(request);
        }
    }

    /// Refuses a request that is not known to change nothing.
    fn only_asks(&mut self, request: &'a Request) {
        let verb = &request.verb;
        if OPENERS.contains(&&*verb.name) {
            let message = format!("`{}` gives something that tells of itself", verb.name);
            self.push(
                Diagnostic::error(Code::MISPLACED, verb.span, message)
                    .help(format!("name it with `let x = {} …`: it is a history already", verb.name)),
            );
            return;
        }
        let specs = self.cx.registry.all(Kind::Verb, &verb.name);
        if !specs.iter().any(|spec| spec.safety == Safety::Safe) {
            let message = format!("{WHO} uses `{}`, which may change something", verb.name);
            self.push(Diagnostic::error(Code::UNSAFE_ACTION, verb.span, message).help(
                "if it changes nothing, say so: put it into a `@safe` action and observe a call of it",
            ));
        }
    }
}
