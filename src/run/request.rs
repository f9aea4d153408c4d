//! Requests: from the tree to a protocol's call and back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::ahead::Checked;
use super::cx::Cx;
use super::env::{Env, Response};
use super::flow::{Flow, Stop};
use super::service::is_exchange;
use crate::contract::Contract;
use crate::diag::{Code, did_you_mean};
use crate::event::{EventKind, Failure};
use crate::lang::{Kind, Safety};
use crate::protocol::{Call, Misuse, Parts, Protocol, Reply};
use crate::source::Span;
use crate::syntax::ast::{Place, Request, Target};
use crate::value::{Live, Object, Value};

/// A request, evaluated: it can be performed as often as one likes.
pub(crate) struct Prepared {
    aim: Aim,
    /// What is sent.
    pub(crate) call: Call,
}

impl Prepared {
    /// The service that it goes to.
    pub(crate) fn service(&self) -> Option<&Arc<super::world::ServiceRef>> {
        match &self.aim {
            Aim::Service(service) => Some(service),
            _ => None,
        }
    }
}

/// What a request came to.
pub(crate) struct Performed {
    /// The answer.
    pub(crate) response: Arc<Response>,
    /// Whether it is what a request that nobody checks must be.
    pub(crate) succeeded: bool,
    /// How it breaks the contract.
    pub(crate) broken: Option<Failure>,
}

/// What a request is aimed at, found.
pub(super) enum Aim {
    Service(Arc<super::world::ServiceRef>),
    Stream(Arc<dyn Live>),
    Nothing,
}

impl Cx {
    /// Performs a request. Unless somebody checks it, its response must be a success.
    pub(crate) async fn request(
        self: &Arc<Self>,
        env: &Env,
        request: &Request,
        span: Span,
        checked: Checked,
    ) -> Flow<Arc<Response>> {
        let mut prepared = self.prepare(env, request).await?;
        prepared.call.reads = reads(&prepared.call, checked.parts);
        if let Aim::Service(service) = &prepared.aim
            && &*prepared.call.verb == "restart"
            && is_exchange(&prepared.call.options)
        {
            return Box::pin(self.exchanged(env, service, &prepared.call.options, span)).await;
        }
        let performed = self.perform(env, request, span, &prepared, &prepared.call).await?;
        let Performed { response, succeeded, broken } = performed;
        // A response that broke off has a status too; reading that alone must not hide the break.
        let expected = match error_of(&response.record) {
            Some(_) => checked.error || (checked.verdict && has_text_status(&response.record)),
            None => checked.verdict || checked.error,
        };
        if !succeeded && self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if let Aim::Stream(live) = &prepared.aim
            && !succeeded
        {
            self.answers_for(live);
        }
        if !succeeded && !expected {
            let mut failure = self.unchecked_failure(env, request, span, &response);
            self.also_broken(&mut failure, broken);
            return Err(failure.into());
        }
        if let Some(broken) = broken {
            return Err(Stop::Broken(vec![broken]));
        }
        if !succeeded {
            let failure = self.unchecked_failure(env, request, span, &response);
            self.must_judge(env, &response.record, failure);
        } else if let Value::Live(live) = &response.record {
            let mut failure = self.failure(env, Code::REQUEST_FAILED, span, String::new());
            failure.label = "it was opened here".to_owned();
            failure.exchange = Some(Box::new(response.exchange.clone()));
            self.must_end_well(env, live, failure);
        }
        Ok(response)
    }

    /// Evaluates a request, so that it can be performed.
    pub(crate) async fn prepare(self: &Arc<Self>, env: &Env, request: &Request) -> Flow<Prepared> {
        let aim = self.aim(env, request.target.as_ref()).await?;
        let call = self.assemble(env, request, &aim).await?;
        self.allowed(env, request, &aim, &call)?;
        Ok(Prepared { aim, call })
    }

    /// Performs a prepared request, as it is or changed, and judges nothing of its answer but the
    /// contract.
    pub(crate) async fn perform(
        self: &Arc<Self>,
        env: &Env,
        request: &Request,
        span: Span,
        prepared: &Prepared,
        call: &Call,
    ) -> Flow<Performed> {
        let aim = &prepared.aim;
        self.requests.fetch_add(1, Ordering::Relaxed);
        env.count_check();
        let sent = std::time::Instant::now();
        let mut outcome = Err(Misuse::new("no protocol takes this request"));
        for protocol in self.protocols_of(env, request, aim)? {
            outcome = protocol.perform(call, &self.session).await;
            if outcome.is_ok() {
                break;
            }
        }
        let reply = outcome.map_err(|misuse| self.misuse(env, request, span, misuse))?;
        let reply = match &aim {
            Aim::Service(service) => self.arrived(service, reply),
            Aim::Stream(_) | Aim::Nothing => reply,
        };
        match &self.load {
            Some(hand) => hand.answered(&reply.record),
            None => self.moments.request(sent, &reply.exchange),
        }
        if let Value::Live(live) = &reply.record {
            self.note_opened(env, live);
            self.note_promised(env, span, call, live, &reply.exchange);
        }
        match &self.load {
            None => self.tell(aim, call, &reply, span),
            Some(hand) => {
                if let Aim::Service(service) = aim
                    && hand.counts(span)
                {
                    self.tell_touched(hand, service, call, &reply, span);
                }
            }
        }
        let succeeded = reply.succeeded;
        let response = Arc::new(Response { record: reply.record, exchange: reply.exchange });
        let broken = match error_of(&response.record) {
            Some(_) => {
                self.broke.store(true, Ordering::Relaxed);
                None
            }
            None => self.breach(env, span, call, &response.record, &response.exchange),
        };
        Ok(Performed { response, succeeded, broken })
    }

    /// Tells of a request, and counts what it exercised.
    fn tell(&self, aim: &Aim, call: &Call, reply: &Reply, span: Span) {
        let place = self.world.bare_place(span);
        let touched = match aim {
            Aim::Service(service) => self.touched(service, call, reply, span),
            Aim::Stream(live) => {
                self.sent_on(live, call);
                None
            }
            Aim::Nothing => None,
        };
        let event = EventKind::Requested { id: self.id, place, exchange: reply.exchange.clone(), touched };
        self.world.count(&event);
        self.emit(event);
    }

    /// Counts what a request of a load exercised.
    fn tell_touched(
        &self,
        hand: &super::workload::Hand,
        service: &super::world::ServiceRef,
        call: &Call,
        reply: &Reply,
        span: Span,
    ) {
        if let Some(touched) = self.touched(service, call, reply, span) {
            let event = EventKind::StreamCounted { id: hand.scenario(), touched };
            self.world.count(&event);
            self.world.events.send(event);
        }
    }

    /// `restart SERVICE with { variant: NAME }`: the run starts services, so it is done here.
    async fn exchanged(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<super::world::ServiceRef>,
        options: &Object,
        span: Span,
    ) -> Flow<Arc<Response>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let exchange = self.exchange(env, service, options, span).await?;
        self.emit(EventKind::Requested {
            id: self.id,
            place: self.world.bare_place(span),
            exchange: exchange.clone(),
            touched: None,
        });
        Ok(Arc::new(Response { record: Value::object([("error", Value::Absent)]), exchange }))
    }

    /// The failure of a response that is no success and that nobody checks.
    fn unchecked_failure(
        &self,
        env: &Env,
        request: &Request,
        span: Span,
        response: &Arc<Response>,
    ) -> Failure {
        let error = error_of(&response.record);
        let part =
            |record: &Value, name: &str| record.as_object().and_then(|fields| fields.get(name)).cloned();
        let mut failure = match error {
            Some(error) => {
                let text = part(&error, "message").and_then(|message| message.as_text().map(str::to_owned));
                let kind = part(&error, "kind")
                    .and_then(|kind| kind.as_text().map(str::to_owned))
                    .unwrap_or_default();
                let message = text.map(|text| self.links.unseen(text));
                let message = message.unwrap_or_else(|| format!("the request failed: {kind}"));
                let mut failure = self.failure(env, Code::REQUEST_FAILED, span, message);
                failure.help = Some(format!("to expect this, write `expect error.kind == \"{kind}\"`"));
                failure
            }
            None => {
                let got = &response.exchange.response;
                let message =
                    format!("`{}` answered {got}, and nothing here expects that", request.verb.name);
                let mut failure = self.failure(env, Code::UNEXPECTED_STATUS, span, message);
                failure.help = Some(
                    "a response that nobody checks must be a success; write the `status` you expect".into(),
                );
                failure
            }
        };
        failure.label = "this request".to_owned();
        failure.exchange = Some(Box::new(response.exchange.clone()));
        if let Some(service) = &response.exchange.service
            && self.load.is_none()
        {
            failure.logs = self.world.log_tails([service.as_str()]);
        }
        failure
    }

    fn misuse(&self, env: &Env, request: &Request, span: Span, misuse: Misuse) -> Stop {
        let at = misuse
            .option
            .as_deref()
            .and_then(|option| {
                request.options.as_ref()?.entries.iter().find_map(|entry| match entry {
                    crate::syntax::ast::ObjectEntry::Field { name, value, .. }
                        if name.plain().as_deref() == Some(option) =>
                    {
                        Some(value.span)
                    }
                    _ => None,
                })
            })
            .unwrap_or(span);
        let mut failure = self.failure(env, Code::BAD_VALUE, at, misuse.message);
        failure.help = misuse.help;
        failure.into()
    }

    /// What the target names: a service, or a stream in a variable.
    async fn aim(self: &Arc<Self>, env: &Env, target: Option<&Target>) -> Flow<Aim> {
        let Some(target) = target else { return Ok(Aim::Nothing) };
        let mut value = self.name(env, &target.name.name, target.name.span).await?;
        if let Some(index) = &target.index {
            let index = self.eval(env, index).await?;
            value = match &value {
                Value::Live(live) => {
                    let members = live.field("members").unwrap_or(Value::Absent);
                    let at = index.as_number().and_then(|number| number.to_usize());
                    let member = at.and_then(|at| members.as_list().and_then(|items| items.get(at)).cloned());
                    member.ok_or_else(|| {
                        self.bad_value(env, target.span, format!("`{}` has no such member", target.name.name))
                    })?
                }
                _ => value,
            };
        }
        match value {
            Value::Live(live) => match self.world.service_behind(&*live) {
                Some(service) => Ok(Aim::Service(service)),
                None => Ok(Aim::Stream(live)),
            },
            other => {
                let message =
                    format!("`{}` is {}, not a service or a stream", target.name.name, other.kind());
                Err(self.bad_value(env, target.span, message))
            }
        }
    }

    /// The protocols that know the verb and can take the target, best first.
    fn protocols_of(&self, env: &Env, request: &Request, aim: &Aim) -> Flow<Vec<&dyn Protocol>> {
        let verb = &*request.verb.name;
        let specs = self.world.registry.all(Kind::Verb, verb);
        let speaks = match aim {
            Aim::Service(service) => Some(service.protocol.clone()),
            Aim::Stream(_) => None,
            Aim::Nothing => match &request.place {
                Some(Place::Url(_)) => Some(Arc::from("http")),
                _ => None,
            },
        };
        let fits = |of: &str| match &speaks {
            Some(speaks) => of == &**speaks || of == "system",
            None => true,
        };
        let found: Vec<&dyn Protocol> = specs
            .iter()
            .filter(|spec| fits(spec.of))
            .filter_map(|spec| self.world.protocol(spec.of))
            .collect();
        // Another one could only say that the stream is none of its.
        if let Aim::Stream(live) = aim
            && let Some(own) = found.iter().find(|protocol| protocol.opened(&**live))
        {
            return Ok(vec![*own]);
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let known = self.world.registry.names(Kind::Verb, speaks.as_deref().unwrap_or(""));
        let message = match &speaks {
            Some(speaks) => format!("`{verb}` is no verb of {speaks}"),
            None => format!("`{verb}` is no verb"),
        };
        let mut failure = self.failure(env, Code::UNKNOWN_VERB, request.verb.span, message);
        failure.help = did_you_mean(verb, known);
        Err(failure.into())
    }

    /// An environment with `allow safe` refuses everything that may change something, whichever of
    /// the protocols takes it.
    fn allowed(&self, env: &Env, request: &Request, aim: &Aim, call: &Call) -> Flow<()> {
        let is_safe =
            |protocol: &&dyn Protocol| protocol.safety(call) == Safety::Safe || protocol.keeps_safe(call);
        if !self.world.only_safe || self.protocols_of(env, request, aim)?.iter().all(is_safe) {
            return Ok(());
        }
        let message = format!(
            "`{}` may change something, and this environment allows only safe requests",
            request.verb.name
        );
        Err(self.failure(env, Code::BAD_VALUE, request.verb.span, message).into())
    }
}

/// The `error` record of a request that got no whole response.
pub(crate) fn error_of(record: &Value) -> Option<Value> {
    let error = match record {
        Value::Object(fields) => fields.get("error").cloned(),
        Value::Live(live) => live.field("error"),
        _ => None,
    };
    error.filter(|error| matches!(error, Value::Object(_)))
}

/// Whether a status says that all went well: 2xx or `OK`; nothing when it is no status.
pub(crate) fn is_success(status: &Value) -> Option<bool> {
    match status {
        Value::Number(number) => Some(number.to_i128().is_some_and(|status| (200..300).contains(&status))),
        Value::Text(text) => Some(&*text.text == "OK"),
        _ => None,
    }
}

/// gRPC gives every outcome a status by name, the client's own failures included, so that reading
/// it reads the failure; a number comes from the server alone.
fn has_text_status(record: &Value) -> bool {
    matches!(record.as_object().and_then(|fields| fields.get("status")), Some(Value::Text(_)))
}

/// The parts of a response that are needed: a contract is held against more than statements read.
fn reads(call: &Call, read: Parts) -> Parts {
    match call.endpoint.as_ref().map(|endpoint| &endpoint.contract) {
        Some(None) => read,
        Some(Some(Contract::Proto(_))) => read.with("body"),
        _ => Parts::ALL,
    }
}
