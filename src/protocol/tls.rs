//! Whom to trust and who to be: the option `tls` made into a rustls configuration, the same for every
//! protocol over TLS; and what went wrong with a handshake.

mod message;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::Misuse;
use crate::diag::did_you_mean;
use crate::lang::{Param, Ty};
pub(super) use message::{client_certificate, message};

use crate::value::words::{a_kind, plain};
use crate::value::{Object, Value};

/// What the option takes, whatever the protocol.
pub(super) const TLS: &[Param] = &[super::names::value(
    Ty::Object,
    "`{ ca, cert, key, insecure, server_name }`; PEM files, relative to the service's module",
)];

const FIELDS: [&str; 5] = ["ca", "cert", "key", "insecure", "server_name"];

/// The option as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TlsOptions {
    pub(super) ca: Option<String>,
    pub(super) cert: Option<String>,
    pub(super) key: Option<String>,
    pub(super) insecure: bool,
    pub(super) server_name: Option<String>,
}

/// The content of a PEM file.
type Pem = Arc<[u8]>;

/// The option with its files read. Connections are pooled by it, so a changed file makes a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TlsMaterial {
    ca: Option<Pem>,
    /// Certificate and key.
    identity: Option<(Pem, Pem)>,
    insecure: bool,
    pub(super) server_name: Option<String>,
}

impl TlsOptions {
    pub(super) fn parse(fields: &Object) -> Result<TlsOptions, Misuse> {
        let mut tls = TlsOptions::default();
        for (name, value) in fields {
            let wrong = |what: &str| {
                let given = a_kind(value);
                Misuse::option("tls", format!("`{name}` must be {what}, not {given}"))
            };
            let text = |what: &str| value.as_text().map(str::to_owned).ok_or_else(|| wrong(what));
            match &**name {
                _ if matches!(value, Value::Absent) => {}
                "ca" => tls.ca = Some(text("the path of a PEM file")?),
                "cert" => tls.cert = Some(text("the path of a PEM file")?),
                "key" => tls.key = Some(text("the path of a PEM file")?),
                "server_name" => tls.server_name = Some(text("a host name")?),
                "insecure" => tls.insecure = value.as_bool().ok_or_else(|| wrong("`true` or `false`"))?,
                _ => {
                    let advice = did_you_mean(name, FIELDS);
                    return Err(Misuse::option("tls", format!("`tls` has no field `{name}`"))
                        .help(advice.unwrap_or_else(|| format!("it has {}", FIELDS.join(", ")))));
                }
            }
        }
        if tls.key.is_some() && tls.cert.is_none() {
            return Err(Misuse::option("tls", "`key` needs a `cert` beside it"));
        }
        Ok(tls)
    }

    pub(super) async fn load(&self, dir: &Path) -> Result<TlsMaterial, Misuse> {
        let ca = match &self.ca {
            Some(path) => Some(read(dir, "ca", path).await?),
            None => None,
        };
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => Some((read(dir, "cert", cert).await?, read(dir, "key", key).await?)),
            // One file often holds both.
            (Some(both), None) => {
                let both = read(dir, "cert", both).await?;
                Some((both.clone(), both))
            }
            (None, _) => None,
        };
        Ok(TlsMaterial { ca, identity, insecure: self.insecure, server_name: self.server_name.clone() })
    }
}

async fn read(dir: &Path, field: &str, path: &str) -> Result<Pem, Misuse> {
    tokio::fs::read(dir.join(path)).await.map(Arc::from).map_err(|error| {
        Misuse::option("tls", format!("cannot read the `{field}` file `{path}`: {}", plain(&error)))
            .help("relative paths start from the directory of the service's module")
    })
}

impl TlsMaterial {
    /// Trusts any certificate.
    pub(super) fn any_certificate() -> TlsMaterial {
        TlsMaterial { insecure: true, ..TlsMaterial::default() }
    }

    /// The configuration for connections that offer these protocols by ALPN (RFC 7301). Also says,
    /// once the handshake is over, whether the server asked for a client certificate.
    pub(super) fn config(&self, alpn: &[&str]) -> Result<(ClientConfig, Arc<OnceLock<Asked>>), Misuse> {
        let wrong = |message: String| Misuse::option("tls", message);
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?;
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider.clone())))
        } else if let Some(ca) = &self.ca {
            builder.with_root_certificates(roots(ca)?)
        } else {
            let verifier = rustls_platform_verifier::Verifier::new(provider.clone()).map_err(|error| {
                wrong(format!("the system's certificate authorities cannot be used: {error}"))
                    .help("name the authority to trust: `tls: { ca: \"./ca.pem\" }`")
            })?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        };
        let identity = match &self.identity {
            None => None,
            Some((cert, key)) => {
                let chain = certificates(cert, "cert")?;
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
                    wrong("the `key` file holds no private key in PEM form that is not encrypted".to_owned())
                })?;
                let identity = CertifiedKey::from_der(chain, key, &provider)
                    .map_err(|error| wrong(format!("`cert` and `key` cannot be used together: {error}")))?;
                Some(Arc::new(identity))
            }
        };
        let asked = Arc::default();
        let client = ClientIdentity { identity, asked: Arc::clone(&asked) };
        let mut config = builder.with_client_cert_resolver(Arc::new(client));
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Ok((config, asked))
    }
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

/// That the server asked for a client certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// And got one.
    Answered,
    /// And got none.
    InVain,
}

/// Who the client is; remembers that it was asked.
#[derive(Debug)]
struct ClientIdentity {
    identity: Option<Arc<CertifiedKey>>,
    asked: Arc<OnceLock<Asked>>,
}

impl ResolvesClientCert for ClientIdentity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let answer = if self.identity.is_some() { Asked::Answered } else { Asked::InVain };
        let _ = self.asked.set(answer);
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
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
