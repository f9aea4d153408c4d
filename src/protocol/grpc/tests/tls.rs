//! TLS, client certificates, and the two ways to get plain text and TLS mixed up.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

use super::super::Grpc;
use super::server::{Server, Setup};
use super::*;

/// An authority, and the files that it signed.
struct Authority {
    dir: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { dir, issuer }
    }

    fn sign(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        (cert.pem(), key.serialize_pem())
    }

    fn server(&self, name: &str, wants_client: bool) -> Server {
        let (cert, key) = self.sign(name);
        let mut tls = ServerTlsConfig::new().identity(Identity::from_pem(cert, key));
        if wants_client {
            tls = tls.client_ca_root(Certificate::from_pem(self.issuer.pem()));
        }
        Server::with(Setup { tls: Some(tls), ..Setup::default() })
    }

    fn dir(&self) -> &Path {
        self.dir.path()
    }
}

async fn ask(dir: &Path, url: String, tls: Option<&str>) -> (bool, String, String) {
    let endpoint = Arc::new(Endpoint { dir: dir.to_owned(), ..(*ledger(url.clone())).clone() });
    let given = tls.map(|tls| options(&format!(r#"{{"tls":{tls}}}"#))).unwrap_or_default();
    let reply =
        perform(&Grpc::new(), request("call", &endpoint, "Only", Some(v(r#"{"id":"e1"}"#)), given)).await;
    let text = |path: &str| at(&reply.record, path).as_text().unwrap_or("absent").to_owned();
    let message = text("error.message").replace(&url, "URL").replace(&url.replace("http:", "https:"), "URL");
    (reply.succeeded, text("error.kind"), message)
}

#[tokio::test]
async fn trust_is_by_the_named_authority() {
    let (good, other) = (Authority::new("good"), Authority::new("other"));
    let server = good.server("127.0.0.1", false);
    let url = format!("https://{}", server.addr);
    assert!(ask(good.dir(), url.clone(), Some(r#"{"ca":"ca.pem"}"#)).await.0);
    // The option means TLS, whatever the address says.
    assert!(ask(good.dir(), server.url(), Some(r#"{"ca":"ca.pem"}"#)).await.0);
    assert!(ask(good.dir(), url.clone(), Some(r#"{"insecure":true}"#)).await.0);
    let untrusted =
        "the certificate of `URL` is signed by an authority that is not trusted: set `tls: { ca: \"…\" }`";
    for (dir, tls) in
        [(other.dir(), Some(r#"{"ca":"ca.pem"}"#)), (good.dir(), None), (good.dir(), Some("{}"))]
    {
        let (succeeded, kind, message) = ask(dir, url.clone(), tls).await;
        assert!(!succeeded);
        assert_eq!(kind, "tls");
        // Without an authority of its own, a machine may also have none at all.
        assert!(
            message == untrusted || tls.is_none_or(|tls| tls == "{}") && message.contains("certificate"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn the_name_must_fit() {
    let authority = Authority::new("good");
    let server = authority.server("ledger.example", false);
    let url = format!("https://{}", server.addr);
    let (succeeded, kind, message) = ask(authority.dir(), url.clone(), Some(r#"{"ca":"ca.pem"}"#)).await;
    assert!(!succeeded);
    assert_eq!((kind.as_str(), message.contains("it is for ledger.example")), ("tls", true), "{message}");
    let named = r#"{"ca":"ca.pem","server_name":"ledger.example"}"#;
    assert!(ask(authority.dir(), url, Some(named)).await.0);
}

#[tokio::test]
async fn a_client_certificate_is_shown_when_it_is_wanted() {
    let (authority, other) = (Authority::new("good"), Authority::new("other"));
    let server = authority.server("127.0.0.1", true);
    let url = format!("https://{}", server.addr);
    for (name, from) in [("me", &authority), ("stranger", &other)] {
        let (cert, key) = from.sign("client");
        std::fs::write(authority.dir().join(format!("{name}.pem")), cert).unwrap();
        std::fs::write(authority.dir().join(format!("{name}.key")), key).unwrap();
    }
    let with = |name: &str| format!(r#"{{"ca":"ca.pem","cert":"{name}.pem","key":"{name}.key"}}"#);
    assert!(ask(authority.dir(), url.clone(), Some(&with("me"))).await.0);
    let (succeeded, kind, message) = ask(authority.dir(), url.clone(), Some(r#"{"ca":"ca.pem"}"#)).await;
    assert!(!succeeded);
    assert_eq!(
        (kind.as_str(), message.as_str()),
        ("tls", "`URL` wants a client certificate: set `tls: { cert: \"…\", key: \"…\" }`")
    );
    let (succeeded, kind, message) = ask(authority.dir(), url, Some(&with("stranger"))).await;
    assert!(!succeeded);
    assert_eq!(
        (kind.as_str(), message.contains("does not accept the client certificate")),
        ("tls", true),
        "{message}"
    );
}

#[tokio::test]
async fn plain_text_and_tls_mixed_up() {
    let authority = Authority::new("good");
    let secure = authority.server("127.0.0.1", false);
    let (succeeded, kind, message) = ask(authority.dir(), secure.url(), None).await;
    assert!(!succeeded);
    assert_eq!(kind, "tls", "{message}");
    assert_eq!(
        message,
        "`URL` speaks TLS there, and was spoken to in plain text: use `https://`, or the option `tls`"
    );
    let plain = Server::start();
    let (succeeded, kind, message) =
        ask(authority.dir(), format!("https://{}", plain.addr), Some(r#"{"ca":"ca.pem"}"#)).await;
    assert!(!succeeded);
    assert_eq!(kind, "tls", "{message}");
    assert!(
        message.contains("does not speak TLS there") || message.contains("does it speak TLS there?"),
        "{message}"
    );
}
