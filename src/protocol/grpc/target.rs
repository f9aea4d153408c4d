//! Where a service is: its URL in the parts that a connection needs.

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use url::{Host, Url};

use crate::protocol::{Endpoint, Misuse};

/// An address that can be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// As people read it in messages: without credentials or path.
    pub(super) url: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    /// A path that stands before every method, without a last `/`; mostly empty.
    prefix: String,
    authority: Authority,
}

impl Target {
    /// The target of an endpoint; `tls` when the request's options ask for it even at `http://`.
    pub(super) fn new(endpoint: &Endpoint, tls: bool) -> Result<Target, Misuse> {
        let bad = |why: &str| {
            Misuse::new(format!("`{}` is no address of a gRPC service: {why}", endpoint.url))
                .help("an address looks like `http://127.0.0.1:4100` or `https://ledger.example.com`")
        };
        let url = Url::parse(&endpoint.url).map_err(|error| bad(&error.to_string()))?;
        let secure = match url.scheme() {
            "http" | "grpc" => tls,
            "https" | "grpcs" => true,
            other => return Err(bad(&format!("its scheme is `{other}`"))),
        };
        let host = match url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => return Err(bad("it names no host")),
        };
        let port = url.port().unwrap_or(if secure { 443 } else { 80 });
        let written = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let authority = written.parse().map_err(|_| bad("its host is not valid"))?;
        let scheme = if secure { "https" } else { "http" };
        Ok(Target {
            url: format!("{scheme}://{written}"),
            host,
            port,
            tls: secure,
            prefix: url.path().trim_end_matches('/').to_owned(),
            authority,
        })
    }

    /// `127.0.0.1:4100`, as `grpcurl` takes it.
    pub(super) fn address(&self) -> &str {
        self.authority.as_str()
    }

    /// The absolute form of a method's path, from which HTTP/2 makes `:scheme` and `:authority`.
    pub(super) fn uri(&self, path: &PathAndQuery) -> Result<Uri, http::Error> {
        let scheme = if self.tls { Scheme::HTTPS } else { Scheme::HTTP };
        Uri::builder()
            .scheme(scheme)
            .authority(self.authority.clone())
            .path_and_query(format!("{}{path}", self.prefix))
            .build()
    }
}
