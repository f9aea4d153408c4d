//! TLS: trust, names, client certificates, negotiation, and what goes wrong with them.

use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::server::{echo, raw, serve};
use super::*;
use crate::protocol::http::probe;

/// An authority and what it signed, as files.
struct Authority {
    dir: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Authority {
        Authority::named("scn test authority")
    }

    fn named(name: &str) -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let authority =
            Authority { dir: tempfile::tempdir().unwrap(), issuer: Issuer::new(params, key), pem };
        authority.write("ca.pem", &authority.pem);
        authority
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// Certificate and key in PEM form.
    fn sign(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Serves echoes; with `clients`, only to certificates that this authority signed.
    async fn serve(&self, (cert, key): (String, String), clients: bool, alpn: &[&str]) -> String {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if clients {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()];
        let mut config =
            builder.with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
        let listener = TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        tokio::spawn(async move { axum::serve(listener, echo()).await.unwrap() });
        url
    }

    /// A call whose certificates lie in this authority's directory.
    fn call(&self, url: &str, tls: &str) -> Call {
        let mut call = call("GET", url, "/x").with("tls", json(tls));
        let mut endpoint = Arc::unwrap_or_clone(call.endpoint.unwrap());
        endpoint.dir = self.dir.path().to_owned();
        call.endpoint = Some(Arc::new(endpoint));
        call
    }
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, peer) = self.tcp.accept().await.unwrap();
            match self.acceptor.accept(stream).into_fallible().await {
                Ok(stream) => return (stream, peer),
                // The client reads the alert before a reset can overtake it.
                Err((_, mut stream)) => {
                    tokio::spawn(async move {
                        let mut sink = Vec::new();
                        let _ = stream.read_to_end(&mut sink).await;
                    });
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

const CA: &str = r#"{"ca":"ca.pem"}"#;

#[tokio::test]
async fn a_named_authority_is_trusted_and_versions_are_negotiated() {
    let authority = Authority::new();
    let url = authority.serve(authority.sign(&["localhost"], |_| ()), false, &["h2", "http/1.1"]).await;
    let world = World::new();
    let reply = world.send(authority.call(&url, CA)).await;
    assert_eq!(
        (text(&reply, "version"), text(&reply, "body.version")),
        ("2".to_owned(), "HTTP/2.0".to_owned())
    );
    for phase in ["dns", "connect", "tls", "first_byte", "total"] {
        assert!(get(&reply, &format!("timing.{phase}")).as_duration().is_some(), "{phase}");
    }
    assert!(
        reply.exchange.shell.contains(&format!("--cacert {}", authority.dir.path().join("ca.pem").display()))
    );
    let reply = world.send(authority.call(&url, CA).with("version", Value::text("1.1"))).await;
    assert_eq!(text(&reply, "body.version"), "HTTP/1.1");
    let reply = world.send(authority.call(&url, CA).with("version", Value::text("2"))).await;
    assert_eq!(text(&reply, "body.version"), "HTTP/2.0");
    assert_eq!(probe(&url, "/healthz", std::time::Duration::from_secs(10)).await, Ok(200));
}

#[tokio::test]
async fn a_server_without_http2_is_said_to_have_none() {
    let authority = Authority::new();
    let url = authority.serve(authority.sign(&["localhost"], |_| ()), false, &["http/1.1"]).await;
    let reply = World::new().send(authority.call(&url, CA).with("version", Value::text("2"))).await;
    assert_eq!(
        error(&reply),
        (
            "tls".to_owned(),
            format!("`{url}/x` does not offer the HTTP version that the option `version` demands")
        )
    );
}

#[tokio::test]
async fn certificates_that_cannot_be_trusted_say_why() {
    let authority = Authority::new();
    let other = Authority::named("another authority");
    let world = World::new();
    let good = authority.serve(authority.sign(&["localhost"], |_| ()), false, &[]).await;
    let reply = world.send(other.call(&good, CA)).await;
    let (kind, message) = error(&reply);
    assert_eq!(kind, "tls");
    assert_eq!(
        message,
        format!(
            "the certificate of `{good}/x` is signed by an authority that is not trusted: set `tls: {{ ca: \"…\" }}`"
        )
    );
    let namesake = Authority::new();
    let reply = world.send(namesake.call(&good, CA)).await;
    assert!(
        error(&reply).1.contains("is not signed by the authority whose name it bears"),
        "{}",
        error(&reply).1
    );
    let expired = authority.sign(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 2, 1);
    });
    let expired = authority.serve(expired, false, &[]).await;
    let reply = world.send(authority.call(&expired, CA)).await;
    assert_eq!(error(&reply), ("tls".to_owned(), format!("the certificate of `{expired}/x` has expired")));
    let early = authority.sign(&["localhost"], |params| params.not_before = rcgen::date_time_ymd(2999, 1, 1));
    let early = authority.serve(early, false, &[]).await;
    assert!(error(&world.send(authority.call(&early, CA)).await).1.contains("is not valid yet"));
    // `insecure` takes any of them.
    assert!(world.send(authority.call(&expired, r#"{"insecure":true}"#)).await.succeeded);
}

#[tokio::test]
async fn a_name_that_does_not_fit_is_told_with_those_that_do() {
    let authority = Authority::new();
    let url = authority.serve(authority.sign(&["orders.test", "shop.test"], |_| ()), false, &[]).await;
    let world = World::new();
    let reply = world.send(authority.call(&url, CA)).await;
    let (kind, message) = error(&reply);
    assert_eq!(kind, "tls");
    assert_eq!(
        message,
        format!(
            "the certificate of `{url}/x` is not valid for `localhost`; it is for orders.test, shop.test: call it by that name, or set `tls: {{ server_name: \"…\" }}`"
        )
    );
    for url in [url.clone(), url.replace("localhost", "127.0.0.1")] {
        let reply = world.send(authority.call(&url, r#"{"ca":"ca.pem","server_name":"shop.test"}"#)).await;
        assert!(text(&reply, "body.headers.host").starts_with("shop.test:"), "{}", shown(&reply, "body"));
        assert_eq!(text(&reply, "url"), format!("{url}/x"));
        let (host, port) = url.trim_start_matches("https://").split_once(':').unwrap();
        let line = format!("https://shop.test:{port}/x --connect-to shop.test:{port}:{host}:{port} -H");
        assert!(reply.exchange.shell.contains(&line), "{}", reply.exchange.shell);
    }
    let misuse = world.refuse(authority.call(&url, r#"{"server_name":"10.0.0.1"}"#)).await;
    assert_eq!(misuse.option.as_deref(), Some("tls"));
}

#[tokio::test]
async fn client_certificates_are_shown_and_their_lack_is_explained() {
    let authority = Authority::new();
    let url = authority.serve(authority.sign(&["localhost"], |_| ()), true, &["http/1.1"]).await;
    let world = World::new();
    let reply = world.send(authority.call(&url, CA)).await;
    assert_eq!(
        error(&reply),
        (
            "tls".to_owned(),
            format!("`{url}/x` wants a client certificate: set `tls: {{ cert: \"…\", key: \"…\" }}`")
        )
    );
    let client = |authority: &Authority| {
        authority
            .sign(&["me"], |params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth])
    };
    let (cert, key) = client(&authority);
    authority.write("me.pem", &cert);
    authority.write("me.key", &key);
    authority.write("both.pem", &format!("{cert}{key}"));
    assert!(
        world.send(authority.call(&url, r#"{"ca":"ca.pem","cert":"me.pem","key":"me.key"}"#)).await.succeeded
    );
    assert!(world.send(authority.call(&url, r#"{"ca":"ca.pem","cert":"both.pem"}"#)).await.succeeded);
    let (cert, key) = client(&Authority::new());
    authority.write("stranger.pem", &format!("{cert}{key}"));
    let reply = world.send(authority.call(&url, r#"{"ca":"ca.pem","cert":"stranger.pem"}"#)).await;
    let (kind, message) = error(&reply);
    assert!(kind == "tls" && message.contains("does not accept the client certificate"), "{kind}: {message}");
}

#[tokio::test]
async fn a_file_that_is_no_certificate_is_refused() {
    let authority = Authority::new();
    authority.write("empty.pem", "hello");
    let (cert, _) = authority.sign(&["me"], |_| ());
    let (_, key) = authority.sign(&["me"], |_| ());
    authority.write("me.pem", &cert);
    authority.write("other.key", &key);
    for (tls, says) in [
        (r#"{"ca":"empty.pem"}"#, "the `ca` file holds no certificate"),
        (r#"{"ca":"ca.pem","cert":"empty.pem"}"#, "the `cert` file holds no certificate"),
        (r#"{"ca":"ca.pem","cert":"me.pem"}"#, "holds no private key"),
        (r#"{"ca":"ca.pem","cert":"me.pem","key":"other.key"}"#, "cannot be used together"),
        (r#"{"ca":"gone.pem"}"#, "cannot read the `ca` file `gone.pem`: no such file"),
    ] {
        let misuse = World::new().refuse(authority.call("https://localhost:1", tls)).await;
        assert_eq!(misuse.option.as_deref(), Some("tls"));
        assert!(misuse.message.contains(says), "{tls}: {}", misuse.message);
    }
}

#[tokio::test]
async fn tls_and_plain_text_mixed_up() {
    let authority = Authority::new();
    let (plain, _) = raw(|mut stream| async move {
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        super::server::finish(stream).await;
    })
    .await;
    let plain = plain.replace("http:", "https:");
    let reply = World::new().send(authority.call(&plain, CA)).await;
    assert_eq!(
        error(&reply),
        ("tls".to_owned(), format!("`{plain}/x` does not speak TLS there: is it an `http://` address?"))
    );
    let secure =
        authority.serve(authority.sign(&["localhost"], |_| ()), false, &[]).await.replace("https:", "http:");
    let reply = World::new().send(authority.call(&secure, CA)).await;
    let (kind, message) = error(&reply);
    assert!(
        kind == "protocol" && message.ends_with("does it speak HTTP there, and not TLS?"),
        "{kind}: {message}"
    );
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_a_reset() {
    let (url, _) = raw(|mut stream| async move {
        let mut some = [0; 16];
        let _ = stream.read(&mut some).await;
        super::server::finish(stream).await;
    })
    .await;
    let authority = Authority::new();
    let reply = World::new().send(authority.call(&url.replace("http:", "https:"), CA)).await;
    assert_eq!(error(&reply).0, "reset");
}

#[tokio::test]
async fn plain_text_needs_no_certificates() {
    // Would fail on a machine without a single authority if plain clients read the system's.
    let url = serve(echo()).await;
    assert!(World::new().send(call("GET", &url, "/")).await.succeeded);
}
