//! When the phases of an exchange began and ended.
//!
//! Look-up is timed by the resolver, connecting by a layer around the connector, the TLS handshake
//! by the session store that rustls asks first of all. They find the exchange they belong to by a
//! task-local. What cannot be told apart: the wait for a free connection counts to the first byte,
//! and so does sending the request body; the "first byte" is the moment the whole response head is
//! read; a race of IPv6 and IPv4 addresses is one connect.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use crate::value::Value;

tokio::task_local! {
    static CURRENT: Arc<Phases>;
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The clock of one exchange.
#[derive(Debug)]
pub(super) struct Phases {
    start: Instant,
    connect_timeout: Option<Duration>,
    marks: Mutex<Marks>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Marks {
    dns: Option<(Instant, Option<Instant>)>,
    connect: Option<(Instant, Option<Instant>)>,
    tls: Option<Instant>,
    head: Option<Instant>,
    end: Option<Instant>,
}

/// How long each phase took.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Timing {
    dns: Option<Duration>,
    connect: Option<Duration>,
    tls: Option<Duration>,
    first_byte: Option<Duration>,
    /// From sending to the last byte, or to the failure.
    pub(super) total: Duration,
}

impl Phases {
    pub(super) fn start(connect_timeout: Option<Duration>) -> Arc<Phases> {
        Arc::new(Phases { start: Instant::now(), connect_timeout, marks: Mutex::default() })
    }

    /// Runs `work` so that the connector and the resolver find this clock.
    pub(super) async fn scope<T>(self: &Arc<Phases>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    fn current() -> Option<Arc<Phases>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    fn mark(&self, set: impl FnOnce(&mut Marks)) {
        set(&mut self.marks.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn marks(&self) -> Marks {
        *self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection is being made.
    pub(super) fn connecting(&self) {
        self.mark(|marks| marks.connect = Some((Instant::now(), None)));
    }

    /// It is there.
    pub(super) fn connected(&self) {
        self.mark(|marks| {
            if let Some((_, ended)) = &mut marks.connect {
                *ended = Some(Instant::now());
            }
        });
    }

    pub(super) fn head(&self) {
        self.mark(|marks| marks.head = Some(Instant::now()));
    }

    pub(super) fn end(&self) {
        self.mark(|marks| marks.end = Some(Instant::now()));
    }

    /// What was going on, for the message of a timeout.
    pub(super) fn word(&self) -> &'static str {
        match self.marks() {
            Marks { head: Some(_), .. } => "reading the body",
            Marks { connect: Some((_, Some(_))), .. } | Marks { connect: None, .. } => {
                "waiting for the response"
            }
            Marks { tls: Some(_), .. } => "in the TLS handshake",
            Marks { dns: Some((_, None)), .. } => "looking up the host",
            _ => "connecting",
        }
    }

    pub(super) fn timing(&self) -> Timing {
        let marks = self.marks();
        let total = marks.end.unwrap_or_else(Instant::now) - self.start;
        let mut timing =
            Timing { total, first_byte: marks.head.map(|at| at - self.start), ..Timing::default() };
        // A connection that was still being made when the response came was not the one it came by:
        // another exchange's connection had become free first.
        let connected = marks.connect.and_then(|(began, ended)| Some((began, ended?)));
        if let Some((began, ended)) =
            connected.filter(|(_, ended)| marks.head.is_none_or(|head| *ended <= head))
        {
            let dns = marks.dns.and_then(|(began, ended)| Some((began, ended?)));
            timing.dns = dns.map(|(began, ended)| ended - began);
            let from = dns.map_or(began, |(_, ended)| ended);
            timing.connect = Some(marks.tls.unwrap_or(ended) - from);
            timing.tls = marks.tls.map(|tls| ended - tls);
        }
        timing
    }
}

impl Timing {
    fn named(&self) -> impl Iterator<Item = (&'static str, Duration)> {
        [
            ("dns", self.dns),
            ("connect", self.connect),
            ("tls", self.tls),
            ("first_byte", self.first_byte),
            ("total", Some(self.total)),
        ]
        .into_iter()
        .filter_map(|(name, took)| Some((name, took?)))
    }

    pub(super) fn record(&self) -> Value {
        Value::object(self.named().map(|(name, took)| (name, Value::duration(took))))
    }

    pub(super) fn micros(&self) -> Vec<(String, u64)> {
        self.named()
            .map(|(name, took)| (name.to_owned(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX)))
            .collect()
    }
}

/// A TLS handshake begins; called by the session store.
pub(super) fn tls_begins() {
    if let Some(phases) = Phases::current() {
        phases.mark(|marks| {
            marks.tls.get_or_insert_with(Instant::now);
        });
    }
}

/// The connect timeout passed.
#[derive(Debug, thiserror::Error)]
#[error("no connection in time")]
pub(super) struct ConnectTimeout;

/// A host name has no address.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub(super) struct NoAddress {
    pub(super) host: String,
    pub(super) why: String,
}

/// Looks names up with the system's resolver, and times it.
#[derive(Debug)]
pub(super) struct Resolver {
    /// A name to speak to, and the host whose address it has instead.
    pub(super) alias: Option<(String, String)>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = match &self.alias {
            Some((alias, host)) if alias.eq_ignore_ascii_case(name.as_str()) => host.clone(),
            _ => name.as_str().to_owned(),
        };
        let phases = Phases::current();
        Box::pin(async move {
            let began = Instant::now();
            let mark = |ended| {
                if let Some(phases) = &phases {
                    phases.mark(|marks| marks.dns = Some((began, ended)));
                }
            };
            mark(None);
            let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let found = tokio::net::lookup_host((bare, 0)).await;
            mark(Some(Instant::now()));
            match found {
                Ok(found) => {
                    let found: Vec<SocketAddr> = found.collect();
                    Ok(Box::new(found.into_iter()) as Addrs)
                }
                Err(error) => Err(NoAddress { host, why: error.to_string() }.into()),
            }
        })
    }
}

/// The layer around the connector.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimedLayer;

/// A connector that marks when it begins and ends, and keeps the connect timeout.
#[derive(Debug, Clone)]
pub(super) struct Timed<S>(S);

impl<S> Layer<S> for TimedLayer {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed(inner)
    }
}

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.0.call(target);
        let Some(phases) = Phases::current() else { return Box::pin(connecting) };
        // The pool may move this future to a task of its own; the clock goes with it.
        Box::pin(CURRENT.scope(phases.clone(), async move {
            let began = Instant::now();
            phases.mark(|marks| marks.connect = Some((began, None)));
            let connected = match phases.connect_timeout {
                Some(limit) => match tokio::time::timeout(limit, connecting).await {
                    Ok(connected) => connected,
                    Err(_) => Err(ConnectTimeout.into()),
                },
                None => connecting.await,
            };
            // A failed attempt stays open, so that a timeout's message still names its phase.
            if connected.is_ok() {
                phases.mark(|marks| marks.connect = Some((began, Some(Instant::now()))));
            }
            connected
        }))
    }
}
