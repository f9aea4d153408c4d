//! Where a server is, and who one is to it.

use std::path::Path;

use super::nkey::{self, Nkey};
use crate::protocol::broker::Address;
use crate::protocol::sql::without_password;
use crate::protocol::{Endpoint, Misuse};
use crate::value::{Redactor, words::plain};

/// The port of a URL that says none.
const PORT: u16 = 4222;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// Without its password.
    pub(super) shown: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// `tls://`.
    pub(super) tls: bool,
}

/// Who one is, as options say it. What is empty is not said.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) token: Option<String>,
    /// The content of a `.creds` file, or its path.
    pub(super) creds: Option<String>,
    pub(super) nkey: Option<String>,
}

impl Target {
    /// Of a service, with the login that its address says.
    pub(super) fn new(endpoint: &Endpoint) -> Result<(Target, Login), Misuse> {
        let shown = without_password(&endpoint.url);
        let wrong = |why: &str| {
            Misuse::new(format!("`{}` has no NATS server at `{shown}`: {why}", endpoint.service))
                .help("write `nats://127.0.0.1:4222`, or `tls://…` for a server that wants TLS")
        };
        let Address { host, port, tls, user, password, .. } =
            Address::read(&endpoint.url, ("nats", "tls"), PORT).map_err(|why| wrong(&why))?;
        let login = match (user, password) {
            // A name alone is a token, as the clients of NATS have it.
            (Some(token), None) => Login { token: Some(token), ..Login::default() },
            (user, password) => Login { user, password, ..Login::default() },
        };
        Ok((Target { shown, host, port, tls }, login))
    }
}

/// What a server is told of who one is.
#[derive(Debug, Default)]
pub(super) struct Proof {
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Login {
    /// Options stand before what the address says.
    pub(super) fn or(self, other: Login) -> Login {
        if self == Login::default() { other } else { self }
    }

    /// Every secret of it is masked from now on.
    pub(super) fn mask(&self, redactor: &Redactor) {
        for secret in [&self.password, &self.token, &self.nkey].into_iter().flatten() {
            redactor.register(secret);
        }
        if let Some((jwt, seed)) = self.creds.as_deref().and_then(nkey::creds) {
            redactor.register(jwt);
            redactor.register(seed);
        }
    }

    /// Reads the file of credentials, when it is one.
    pub(super) async fn load(mut self, dir: &Path) -> Result<Login, Misuse> {
        if let Some(path) = self.creds.take() {
            let text = if path.contains("-----BEGIN") {
                path
            } else {
                tokio::fs::read_to_string(dir.join(&path)).await.map_err(|error| {
                    Misuse::option(
                        "creds",
                        format!("cannot read the credentials `{path}`: {}", plain(&error)),
                    )
                    .help("a relative path starts from the directory of the service's module")
                })?
            };
            if nkey::creds(&text).is_none() {
                return Err(Misuse::option(
                    "creds",
                    "these are no credentials: a `.creds` file has a JWT and a seed",
                ));
            }
            self.creds = Some(text);
        }
        Ok(self)
    }

    /// What to answer to a server that wants this signed.
    pub(super) fn prove(&self, nonce: Option<&str>) -> Result<Proof, String> {
        let mut proof = Proof::default();
        let mut say = |name, value: &Option<String>| {
            proof.fields.extend(value.clone().map(|value| (name, value)));
        };
        say("user", &self.user);
        say("pass", &self.password);
        say("auth_token", &self.token);
        let creds = self.creds.as_deref().and_then(nkey::creds);
        let seed = creds.map(|(_, seed)| seed).or(self.nkey.as_deref());
        let Some(seed) = seed else { return Ok(proof) };
        let key = Nkey::of_seed(seed).map_err(|why| format!("the seed cannot be used: {why}"))?;
        match creds {
            Some((jwt, _)) => proof.fields.push(("jwt", jwt.to_owned())),
            None => proof.fields.push(("nkey", key.public())),
        }
        let nonce = nonce.ok_or("the server gives nothing to sign, so that it knows no nkeys")?;
        proof.fields.push(("sig", key.sign(nonce)));
        Ok(proof)
    }
}
