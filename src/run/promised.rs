//! Streams of events whose contract says what each of them is: what came on them is judged when their
//! scenario ends.

use std::sync::Arc;

use super::breach::{Found, Side, ignores, leg};
use super::cx::{Cx, lock};
use super::env::Env;
use crate::contract::{Contract, conform};
use crate::event::{Exchange, Failure};
use crate::protocol::Call;
use crate::source::Span;
use crate::value::{Live, Value};

/// A stream of events.
pub(crate) struct Promised {
    live: Arc<dyn Live>,
    contract: Contract,
    /// The name of the operation that opened it.
    operation: Arc<str>,
    env: Env,
    span: Span,
    exchange: Exchange,
}

impl Cx {
    /// Takes note of a stream of events, which is judged when the scenario ends.
    pub(crate) fn note_promised(
        &self,
        env: &Env,
        span: Span,
        call: &Call,
        live: &Arc<dyn Live>,
        exchange: &Exchange,
    ) {
        let Some(endpoint) = call.endpoint.as_ref().filter(|it| &*it.protocol == "http" && !ignores(call))
        else {
            return;
        };
        let Some(contract) = &endpoint.contract else { return };
        let method = call.options.get("method").and_then(Value::as_text).unwrap_or("GET");
        let url = live.field("url");
        let leg = url.as_ref().and_then(Value::as_text).and_then(|url| leg(endpoint, method, url));
        let operation = leg.and_then(|leg| contract.interface().http(method, &leg.path));
        if let Some(operation) = operation.filter(|it| conform::describes_events(it)) {
            lock(&self.promised).push(Promised {
                live: live.clone(),
                contract: contract.clone(),
                operation: operation.name.clone(),
                env: env.clone(),
                span,
                exchange: exchange.clone(),
            });
        }
    }

    /// The failures of the streams on which something came that the contract does not allow.
    pub(crate) fn broken_streams(&self) -> Vec<Failure> {
        let promised = std::mem::take(&mut *lock(&self.promised));
        let judged = promised.into_iter().filter_map(|promised| {
            let Promised { live, contract, operation, env, span, exchange } = promised;
            let known = contract.interface().operations.iter().find(|it| it.name == operation)?;
            let breach = conform::streamed(known, &live.items().unwrap_or_default())?;
            let (operation, breaches) = (operation.to_string(), vec![breach]);
            let found = Found { side: Side::Response, operation, breaches, help: None };
            Some(self.broken(&env, span, found, &exchange))
        });
        judged.collect()
    }
}
