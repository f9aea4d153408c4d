//! Whom to trust and who to be: the option `tls` made into a rustls configuration.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, NamedGroup, RootCertStore, SignatureScheme};

use super::super::Misuse;
use super::phases;

/// The option as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TlsOptions {
    pub(super) ca: Option<String>,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) insecure: bool,
    pub(super) server_name: Option<String>,
}

/// The option with its files read. Clients are pooled by it, so that a changed file makes a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct TlsMaterial {
    ca: Option<Arc<[u8]>>,
    identity: Option<Identity>,
    insecure: bool,
}

/// Who to be: a certificate chain and its key, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Identity {
    cert: Arc<[u8]>,
    key: Arc<[u8]>,
}

impl TlsOptions {
    pub(super) async fn load(&self, dir: &Path) -> Result<TlsMaterial, Misuse> {
        let ca = match &self.ca {
            Some(path) => Some(read(dir, "ca", path).await?),
            None => None,
        };
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                Some(Identity { cert: read(dir, "cert", cert).await?, key: read(dir, "key", key).await? })
            }
            // One file often holds both.
            (Some(both), None) => {
                let both = read(dir, "cert", both).await?;
                Some(Identity { cert: both.clone(), key: both })
            }
            (None, Some(_)) => return Err(Misuse::option("tls", "`key` needs a `cert` beside it")),
            (None, None) => None,
        };
        Ok(TlsMaterial { ca, identity, insecure: self.insecure })
    }
}

async fn read(dir: &Path, field: &str, path: &str) -> Result<Arc<[u8]>, Misuse> {
    match tokio::fs::read(dir.join(path)).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => {
            Err(Misuse::option("tls", format!("cannot read the `{field}` file `{path}`: {}", plain(&error)))
                .help("relative paths start from the directory of the service's module"))
        }
    }
}

/// The reason without the number of the system's error.
pub(super) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

impl TlsMaterial {
    /// Trusts any certificate.
    pub(super) fn any_certificate() -> TlsMaterial {
        TlsMaterial { insecure: true, ..TlsMaterial::default() }
    }

    /// The configuration for connections that offer these protocols by ALPN (RFC 7301).
    pub(super) fn config(&self, alpn: &[&str]) -> Result<ClientConfig, Misuse> {
        let wrong = |message: String| Misuse::option("tls", message);
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?;
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        } else if let Some(ca) = &self.ca {
            builder.with_root_certificates(roots(ca)?)
        } else {
            let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(|error| {
                wrong(format!("the system's certificate authorities cannot be used: {error}"))
                    .help("name the authority to trust: `tls: { ca: \"./ca.pem\" }`")
            })?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(Identity { cert, key }) => {
                let chain = certificates(cert, "cert")?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
                    wrong("the `key` file holds no private key in PEM form that is not encrypted".to_owned())
                })?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| wrong(format!("`cert` and `key` cannot be used together: {error}")))?
            }
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.resumption = Resumption::store(Arc::new(NoSessions));
        Ok(config)
    }
}

/// A configuration for clients that never speak TLS; spares them the reading of the system's roots.
pub(super) fn unused() -> Result<ClientConfig, Misuse> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Misuse::new(error.to_string()))?;
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn certificates(pem: &[u8], field: &str) -> Result<Vec<CertificateDer<'static>>, Misuse> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().unwrap_or_default();
    if chain.is_empty() {
        return Err(Misuse::option("tls", format!("the `{field}` file holds no certificate in PEM form")));
    }
    Ok(chain)
}

fn roots(pem: &[u8]) -> Result<RootCertStore, Misuse> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, "ca")? {
        roots.add(certificate).map_err(|error| {
            Misuse::option("tls", format!("the `ca` file holds a bad certificate: {error}"))
        })?;
    }
    Ok(roots)
}

/// Takes any certificate, for `insecure: true`; signatures are still verified.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
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
