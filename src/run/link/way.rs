//! The runner's own requests over its links: they go to the link, and reports show the service.

use std::sync::Arc;

use super::super::cx::{Cx, lock};
use super::super::service::ServiceRef;
use super::seen::moved;
use super::{Links, Standing};
use crate::event::Exchange;
use crate::protocol::{Endpoint, Reply};
use crate::value::{Text, Value, show};

impl Cx {
    /// Where a request to a service goes: to the runner's own link, when one stands.
    pub(crate) fn endpoint(&self, service: &ServiceRef) -> Arc<Endpoint> {
        let endpoint = service.endpoint(&self.world);
        match self.links.way_to(service) {
            Some(way) => {
                let url = moved(&endpoint.url, way.link.address());
                Arc::new(Endpoint { url, ..(*endpoint).clone() })
            }
            None => endpoint,
        }
    }

    /// What came back over a link as if it had come from the service itself; with the answer that
    /// the link hid, when it did.
    pub(crate) fn arrived(&self, service: &ServiceRef, mut reply: Reply) -> Reply {
        let Some(way) = self.links.way_to(service) else { return reply };
        if let Some(rename) = Rename::of(&way) {
            rename.exchange(&mut reply.exchange);
            reply.record = rename.value(&reply.record);
        }
        if let Some(hidden) = hidden(&way, &reply) {
            let status = hidden.as_object().and_then(|hidden| hidden.get("status"));
            let told = match status {
                Some(Value::Text(name)) => name.text.to_string(),
                other => other.map_or_else(String::new, show),
            };
            reply.exchange.response += &format!(" (it had answered {told}, which the link kept back)");
            reply.record = with_hidden(&reply.record, hidden);
        }
        reply
    }
}

impl Links {
    /// A text of a stream, which is no record to be changed, as if its service had sent it itself.
    pub(crate) fn unseen(&self, mut text: String) -> String {
        for standing in lock(&self.standing).values().flatten() {
            if let Some(rename) = Rename::of(standing) {
                rename.text(&mut text);
            }
        }
        text
    }
}

/// Puts a service's own address where that of a link stands.
struct Rename {
    link: String,
    own: String,
}

impl Rename {
    fn of(way: &Standing) -> Option<Rename> {
        let own = way.to.address()?;
        Some(Rename { link: way.link.address().to_string(), own: format!("{}:{}", own.host, own.port) })
    }

    fn text(&self, text: &mut String) {
        if text.contains(&self.link) {
            *text = text.replace(&self.link, &self.own);
        }
    }

    fn exchange(&self, exchange: &mut Exchange) {
        let Exchange { request, request_headers, response, response_headers, response_body, shell, .. } =
            exchange;
        [request, response, response_body, shell].into_iter().for_each(|text| self.text(text));
        request_headers.iter_mut().chain(response_headers).for_each(|(_, value)| self.text(value));
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Text(text) if text.text.contains(&self.link) => Value::Text(Text {
                text: text.text.replace(&self.link, &self.own).into(),
                secret: text.secret,
            }),
            Value::List(items) => Value::list(items.iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => {
                Value::object(fields.iter().map(|(name, value)| (name.clone(), self.value(value))))
            }
            other => other.clone(),
        }
    }
}

/// The answer to this request that the link did not let through: found by the span that the request
/// carried, which no other has.
fn hidden(way: &Standing, reply: &Reply) -> Option<Value> {
    reply.record.as_object()?.get("error")?.as_object()?;
    let sent = &reply.exchange.request_headers;
    let (_, span) = sent.iter().find(|(name, _)| name.eq_ignore_ascii_case("traceparent"))?;
    let hidden = way.link.calls().hidden(span)?;
    let parts = hidden.as_object()?.iter().filter(|(name, _)| &***name != "sent");
    Some(Value::object(parts.map(|(name, value)| (name.clone(), value.clone()))))
}

/// A record whose `error` has the true outcome.
fn with_hidden(record: &Value, hidden: Value) -> Value {
    let Some(fields) = record.as_object() else { return record.clone() };
    let mut fields = fields.clone();
    if let Some(error) = fields.get("error").and_then(Value::as_object) {
        let mut error = error.clone();
        error.insert("hidden".into(), hidden);
        fields.insert("error".into(), Value::Object(Arc::new(error)));
    }
    Value::Object(Arc::new(fields))
}
