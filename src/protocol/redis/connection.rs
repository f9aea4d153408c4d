//! Connections to a server. Each is one request's alone while that runs: a command that blocks
//! holds nobody else up, and one that is given up takes its connection with it.

use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Cmd, ProtocolVersion, RedisConnectionInfo, Value as Reply};
use tokio::task::AbortHandle;

use super::reply::{error_within, fault};
use crate::protocol::broker::{Address, Fault, Io, Secure, encrypt, tcp};
use crate::protocol::sql::without_password;
use crate::protocol::tls::TlsMaterial;
use crate::protocol::{Endpoint, ErrorKind, Misuse};

/// The port of a URL that says none.
const PORT: u16 = 6379;

/// Where a server is, and who one is to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// Without its password.
    pub(super) shown: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) database: i64,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl Target {
    /// `redis://user:password@host:port/database`, `rediss://` for TLS.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Target, Misuse> {
        let shown = without_password(&endpoint.url);
        let wrong = |why: &str| {
            Misuse::new(format!("`{}` has no Redis server at `{shown}`: {why}", endpoint.service))
                .help("write `redis://127.0.0.1:6379`, or `rediss://…` for TLS")
        };
        let Address { host, port, tls, user, password, path } =
            Address::read(&endpoint.url, ("redis", "rediss"), PORT).map_err(|why| wrong(&why))?;
        let database = match &*path {
            "" => 0,
            number => number.parse().map_err(|_| wrong("a database is a number"))?,
        };
        Ok(Target { shown, host, port, tls, database, user, password })
    }

    fn info(&self) -> RedisConnectionInfo {
        let mut info = RedisConnectionInfo::default()
            .set_db(self.database)
            .set_protocol(ProtocolVersion::RESP3)
            .set_skip_set_lib_name();
        if let Some(user) = &self.user {
            info = info.set_username(user);
        }
        if let Some(password) = &self.password {
            info = info.set_password(password);
        }
        info
    }

    async fn io(&self, secure: Option<Secure>) -> Result<Box<dyn Io>, Fault> {
        let io = tcp(&self.host, self.port, &self.shown).await?;
        if !self.tls && secure.is_none() {
            return Ok(io);
        }
        let secure = match secure {
            Some(secure) => secure,
            None => Secure::new(&TlsMaterial::default())
                .map_err(|misuse| Fault::broken(ErrorKind::Tls, misuse.message))?,
        };
        encrypt(io, secure, &self.host, &self.shown).await
    }

    /// Subscribes to nothing yet.
    pub(super) async fn listen(&self, secure: Option<Secure>) -> Result<PubSub, Fault> {
        let io = self.io(secure).await?;
        // Messages of channels are what RESP2 pushes.
        let info = self.info().set_protocol(ProtocolVersion::RESP2);
        PubSub::new(&info, io).await.map_err(|error| fault(&error, &self.shown))
    }
}

/// One connection. It ends when it is dropped.
pub(super) struct Connection {
    inner: MultiplexedConnection,
    driver: AbortHandle,
    shown: String,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a connection to {}", self.shown)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    pub(super) async fn open(target: &Target, secure: Option<Secure>) -> Result<Connection, Fault> {
        let io = target.io(secure).await?;
        // How long a reply may take is the request's to say.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let made = MultiplexedConnection::new_with_config(&target.info(), io, config).await;
        let (inner, driver) = made.map_err(|error| fault(&error, &target.shown))?;
        Ok(Connection { inner, driver: tokio::spawn(driver).abort_handle(), shown: target.shown.clone() })
    }

    pub(super) async fn run(&mut self, command: &Cmd) -> Result<Reply, Fault> {
        match self.inner.send_packed_command(command).await {
            Ok(reply) => error_within(&reply).map_or(Ok(reply), Err),
            Err(error) => Err(fault(&error, &self.shown)),
        }
    }
}

/// A server with the connections to it that nobody uses just now.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// A connection that still works, or a new one.
    pub(super) async fn lend(&self, target: &Target, secure: Option<Secure>) -> Result<Connection, Fault> {
        loop {
            let known = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut known) = known else { return Connection::open(target, secure).await };
            if known.run(&redis::cmd("PING")).await.is_ok() {
                return Ok(known);
            }
        }
    }

    /// Takes back what is as it was when it was lent.
    pub(super) fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    pub(super) fn hang_up(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A pool for several holders.
pub(super) type SharedPool = Arc<Pool>;
