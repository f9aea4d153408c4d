//! A connection to a server, encrypted where it is wanted.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use crate::protocol::tls::{Asked, TlsMaterial};
use crate::protocol::{ErrorKind, Misuse};

/// Anything that bytes go over.
pub(in crate::protocol) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How to speak TLS.
#[derive(Clone)]
pub(in crate::protocol) struct Secure {
    config: Arc<ClientConfig>,
    /// Whether the server asked for a client certificate.
    pub(in crate::protocol) asked: Arc<OnceLock<Asked>>,
    /// The name that the certificate must have, when it is not the host's.
    name: Option<String>,
}

impl std::fmt::Debug for Secure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TLS")
    }
}

impl Secure {
    pub(in crate::protocol) fn new(material: &TlsMaterial) -> Result<Secure, Misuse> {
        let (config, asked) = material.config(&[])?;
        Ok(Secure { config: Arc::new(config), asked, name: material.server_name.clone() })
    }
}

/// Connects; `shown` is the address in messages.
pub(in crate::protocol) async fn tcp(host: &str, port: u16, shown: &str) -> Result<Box<dyn Io>, Fault> {
    let tcp = TcpStream::connect((host, port)).await.map_err(|error| Fault::of_io(&error, shown))?;
    // Small messages should not wait for more to come.
    let _ = tcp.set_nodelay(true);
    Ok(Box::new(tcp))
}

/// Speaks TLS over a connection.
pub(in crate::protocol) async fn encrypt(
    io: Box<dyn Io>,
    secure: Secure,
    host: &str,
    shown: &str,
) -> Result<Box<dyn Io>, Fault> {
    let name = secure.name.unwrap_or_else(|| host.to_owned());
    let name = ServerName::try_from(name.clone()).map_err(|_| {
        Fault::broken(ErrorKind::Tls, format!("`{name}` is no name that a certificate can have"))
    })?;
    match TlsConnector::from(secure.config).connect(name, io).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => {
            let fault = Fault::of_io(&error, shown);
            Err(match fault.kind == ErrorKind::Tls.word() {
                true => fault,
                false => Fault::broken(
                    ErrorKind::Tls,
                    format!("`{shown}` broke off the TLS handshake: does it speak TLS there?"),
                ),
            })
        }
    }
}
