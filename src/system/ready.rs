//! Readiness: when a service may be used.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::capture::Capture;
use super::{CommandSpec, Log, ProcessSpec, Processes};
use crate::value::BoxFuture;
use crate::value::Redactor;

/// Asks once whether a service is healthy; `Err` says why not yet. The run makes it from the
/// protocol's `healthy`.
pub type Health = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// How a service shows that it is ready.
#[derive(Clone)]
pub enum Ready {
    /// `ready GET /healthz`: a GET that is answered with 2xx.
    Http {
        /// Begins with `/`.
        path: String,
    },
    /// `ready health`: the protocol's own health check.
    Health(Health),
    /// `ready tcp`: a connection to its port is accepted.
    Tcp,
    /// `ready exec "…"`: a command that exits with 0.
    Command(CommandSpec),
    /// Ready as soon as it is started.
    None,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ready::Http { path } => write!(f, "GET {path}"),
            Ready::Health(_) => f.write_str("health"),
            Ready::Tcp => f.write_str("tcp"),
            Ready::Command(command) => write!(f, "{command:?}"),
            Ready::None => f.write_str("none"),
        }
    }
}

/// One question may take this long; a service that accepts and says nothing is asked again.
const ONE_QUESTION: Duration = Duration::from_secs(5);

/// Asks a service again and again.
pub(super) struct Probe<'a> {
    pub(super) ready: &'a Ready,
    pub(super) url: &'a str,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) processes: &'a Processes,
    pub(super) redactor: &'a Redactor,
    client: Option<Result<reqwest::Client, String>>,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        ready: &'a Ready,
        (url, host, port): (&'a str, &'a str, u16),
        processes: &'a Processes,
        redactor: &'a Redactor,
    ) -> Probe<'a> {
        let client = matches!(ready, Ready::Http { .. }).then(client);
        Probe { ready, url, host, port, processes, redactor, client }
    }

    /// Ends when the service is ready; every answer that says otherwise goes to `answers`.
    pub(super) async fn until_ready(&self, mut answers: impl FnMut(String)) {
        let mut pause = Duration::from_millis(5);
        loop {
            match tokio::time::timeout(ONE_QUESTION, self.ask()).await {
                Ok(Ok(())) => return,
                Ok(Err(answer)) => answers(answer),
                Err(_) => answers(format!("{} was not answered within 5s", self.question())),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// Asks once.
    pub(super) async fn once(&self) -> Result<(), String> {
        match tokio::time::timeout(ONE_QUESTION, self.ask()).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("{} was not answered within 5s", self.question())),
        }
    }

    /// What is asked, for messages.
    pub(super) fn question(&self) -> String {
        match self.ready {
            Ready::Http { path } => format!("GET {path}"),
            Ready::Health(_) => "the health check".to_owned(),
            Ready::Tcp => format!("a connection to {}:{}", self.host, self.port),
            Ready::Command(command) => format!("`{}`", self.redactor.mask(&command.argv.join(" "))),
            Ready::None => "nothing".to_owned(),
        }
    }

    async fn ask(&self) -> Result<(), String> {
        match self.ready {
            Ready::None => Ok(()),
            Ready::Health(health) => health().await,
            Ready::Tcp => match TcpStream::connect((self.host, self.port)).await {
                Ok(_) => Ok(()),
                Err(error) => Err(format!("{}: {}", self.question(), crate::value::words::plain(&error))),
            },
            Ready::Http { path } => self.get(path).await,
            Ready::Command(command) => self.command(command).await,
        }
    }

    async fn get(&self, path: &str) -> Result<(), String> {
        let client = match &self.client {
            Some(Ok(client)) => client,
            Some(Err(why)) => return Err(why.clone()),
            None => return Err("there is no client".to_owned()),
        };
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        match client.get(url).send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("GET {path} answered {}", response.status().as_u16())),
            Err(error) => Err(format!("GET {path}: {}", innermost(&error))),
        }
    }

    async fn command(&self, command: &CommandSpec) -> Result<(), String> {
        let mut process = self.processes.spawn(&ProcessSpec::from(command)).map_err(|error| error.message)?;
        let log = Arc::new(Log::new(false, watch::Sender::new(0)));
        let mut capture = Capture::start(&mut process, &log, self.processes);
        let exit = process.wait().await;
        if exit.is_success() {
            return Ok(());
        }
        capture.finish().await;
        let last = log.tail(1, self.redactor).0.pop().map(|line| format!(": {line}")).unwrap_or_default();
        Err(format!("{}: {exit}{last}", self.question()))
    }
}

/// A client for readiness alone: no proxy, no redirects, no repeats, a new connection each time.
/// Made once, since reading the certificates of the system takes longer than a question.
fn client() -> Result<reqwest::Client, String> {
    static CLIENT: OnceLock<Result<reqwest::Client, String>> = OnceLock::new();
    CLIENT.get_or_init(new_client).clone()
}

fn new_client() -> Result<reqwest::Client, String> {
    // Tests of this room have no `main` that does it; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
    let builder = builder.redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never());
    builder.build().map_err(|error| format!("no HTTP client can be made: {}", innermost(&error)))
}

/// The cause that says most: the last of the chain.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    match error.downcast_ref::<std::io::Error>() {
        Some(error) => crate::value::words::plain(error),
        None => error.to_string(),
    }
}
