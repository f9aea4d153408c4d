//! Whether a service is there: for readiness, before any scenario speaks to it.

use std::time::Duration;

use tokio::net::TcpStream;
use url::Url;

use super::super::tls::TlsMaterial;
use super::client::{Clients, Version, Way};
use super::fault::Fault;

const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Asks `path` of the service at `url` once, on a connection of its own, and gives the status code;
/// `Err` says in one sentence why there is none. Any certificate is taken: the question is whether
/// the service is up, not who it is, and nothing secret is sent.
pub async fn probe(url: &str, path: &str, timeout: Duration) -> Result<u16, String> {
    let whole = format!("{}{path}", url.trim_end_matches('/'));
    let target = Url::parse(&whole).map_err(|error| format!("`{whole}` is no URL: {error}"))?;
    let tls = (target.scheme() == "https").then(TlsMaterial::any_certificate);
    let way = Way { version: Version::Negotiated, tls, alias: None };
    let client = Clients::default().get(way).map_err(|misuse| misuse.message)?;
    match tokio::time::timeout(timeout, client.get(target).send()).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(error)) => Err(Fault::of_request(&error.without_url(), &whole).message),
        Err(_) => Err(format!(
            "`{whole}` did not answer within {}",
            crate::value::show(&crate::value::Value::duration(timeout))
        )),
    }
}

/// Whether a TCP connection can be made.
pub(super) async fn connects(url: &str) -> Result<(), String> {
    let parsed = Url::parse(url).map_err(|error| format!("`{url}` is no URL: {error}"))?;
    let host = parsed.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = parsed.port_or_known_default().unwrap_or(80);
    match tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => {
            Err(format!("`{url}` cannot be connected to: {}", crate::value::words::plain(&error)))
        }
        Err(_) => Err(format!("`{url}` cannot be connected to: no answer in 2s")),
    }
}
