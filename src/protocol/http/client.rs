//! The connection pools of a run: one client for each way to connect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::Misuse;
use super::super::tls::TlsMaterial;
use super::phases::{Resolver, TimedLayer};
use super::tls;

/// The HTTP version that must be spoken.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// Whatever TLS negotiates; HTTP/1.1 over plain text.
    #[default]
    Negotiated,
    /// HTTP/1.1.
    One,
    /// HTTP/2; over plain text with prior knowledge (RFC 9113 §3.3).
    Two,
}

/// A way to connect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) version: Version,
    /// `None` for plain text.
    pub(super) tls: Option<TlsMaterial>,
    /// A name to speak to, and the host whose address it has instead.
    pub(super) alias: Option<(String, String)>,
}

/// Clients by the way they connect.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<BTreeMap<Way, reqwest::Client>>);

impl Clients {
    pub(super) fn get(&self, way: Way) -> Result<reqwest::Client, Misuse> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&way) {
            return Ok(client.clone());
        }
        let client = make(&way)?;
        clients.insert(way, client.clone());
        Ok(client)
    }
}

/// A client that does nothing by itself: it follows no redirect, repeats nothing, decodes nothing,
/// keeps no cookies and asks no proxy.
fn make(way: &Way) -> Result<reqwest::Client, Misuse> {
    let alpn: &[&str] = match way.version {
        Version::Negotiated => &["h2", "http/1.1"],
        Version::One => &["http/1.1"],
        Version::Two => &["h2"],
    };
    let config = match &way.tls {
        Some(material) => tls::config(material, alpn)?,
        None => tls::unused()?,
    };
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .http2_max_header_list_size(64 * 1024)
        .dns_resolver(Arc::new(Resolver { alias: way.alias.clone() }))
        .connector_layer(TimedLayer);
    let builder = match way.version {
        Version::Negotiated => builder,
        Version::One => builder.http1_only(),
        Version::Two => builder.http2_prior_knowledge(),
    };
    builder.build().map_err(|error| Misuse::new(format!("the HTTP client cannot be made: {error}")))
}
