//! TLS as the HTTP client configures it: verified anew for every connection, and timed.

use std::sync::Arc;

use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup, RootCertStore};

use super::super::Misuse;
use super::super::tls::TlsMaterial;
use super::phases;

/// The configuration of a client that offers these protocols by ALPN.
pub(super) fn config(material: &TlsMaterial, alpn: &[&str]) -> Result<ClientConfig, Misuse> {
    let (mut config, _) = material.config(alpn)?;
    config.resumption = Resumption::store(Arc::new(NoSessions));
    Ok(config)
}

/// A configuration for clients that never speak TLS; spares them the reading of the system's roots.
pub(super) fn unused() -> Result<ClientConfig, Misuse> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Misuse::new(error.to_string()))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Remembers no session, so that every connection verifies its certificates anew; and tells the
/// clock that a handshake begins, since rustls asks for a session before it says anything.
#[derive(Debug)]
struct NoSessions;

impl ClientSessionStore for NoSessions {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        phases::tls_begins();
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        phases::tls_begins();
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        phases::tls_begins();
        None
    }
}
