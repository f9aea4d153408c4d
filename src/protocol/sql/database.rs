//! A database with its connections. They are lent for one request or one transaction; one on which
//! something was left unfinished is never lent again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Connection;
use super::fault::Fault;
use super::job::Job;
use super::rows::Outcome;
use super::target::Target;
use crate::lang::sql::Dialect;
use crate::protocol::{ErrorKind, Session};

/// How many connections a database gets at once.
const CONNECTIONS: usize = 16;
/// How long a connection may take to show that it is still there.
const ALIVE: Duration = Duration::from_secs(2);
/// How long ending a statement on the server may take.
const KILL: Duration = Duration::from_secs(5);

/// A database.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) target: Target,
    idle: Mutex<Vec<Connection>>,
    room: Arc<Semaphore>,
}

/// A connection that one request or transaction has for itself.
#[derive(Debug)]
pub(super) struct Lent {
    pub(super) connection: Connection,
    _room: OwnedSemaphorePermit,
}

impl Database {
    pub(super) fn new(target: Target) -> Database {
        Database { target, idle: Mutex::default(), room: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.target.dialect()
    }

    /// A connection that was used before and still works, or a new one.
    pub(super) async fn lend(&self) -> Result<Lent, Fault> {
        let room = self.room.clone().acquire_owned().await;
        let room = room.map_err(|_| Fault::broken(ErrorKind::Reset, "the run is over"))?;
        loop {
            let Some(mut connection) = self.idle().pop() else { break };
            if tokio::time::timeout(ALIVE, connection.is_alive(&self.target)).await == Ok(true) {
                return Ok(Lent { connection, _room: room });
            }
        }
        Ok(Lent { connection: Connection::open(&self.target).await?, _room: room })
    }

    /// Takes back what is as it was when it was lent.
    pub(super) fn give_back(&self, lent: Lent) {
        if !lent.connection.spent {
            self.idle().push(lent.connection);
        }
    }

    /// Closes every connection that nobody has.
    pub(super) fn hang_up(&self) {
        self.idle().clear();
    }

    /// Closes a connection, and ends what runs on it when it is given up in the middle.
    pub(super) fn abandon(self: &Arc<Self>, lent: Lent, fault: &Fault) {
        let given_up = [ErrorKind::Timeout.word(), ErrorKind::Cancelled.word()].contains(&fault.kind);
        let Some(kill) = lent.connection.abandon().filter(|_| given_up) else { return };
        let database = self.clone();
        tokio::spawn(async move {
            let end = async {
                if let Ok(mut other) = Connection::open(&database.target).await {
                    let _ = other.run(&kill, &super::rows::Limits::SMALL).await;
                }
            };
            let _ = tokio::time::timeout(KILL, end).await;
        });
    }

    /// Does a job on a connection of its own.
    pub(super) async fn run(self: &Arc<Self>, job: &Job, session: &Session) -> Result<Outcome, Fault> {
        let begun = Instant::now();
        let url = &self.target.shown;
        let mut lent = guard(session, url, job.options.timeout, self.lend()).await?;
        let left = job.options.timeout.saturating_sub(begun.elapsed());
        let result = guard(session, url, left, job.run(&mut lent.connection))
            .await
            .map_err(|fault| late(fault, url, job.options.timeout));
        match &result {
            Err(fault) if !fault.answered => self.abandon(lent, fault),
            _ => self.give_back(lent),
        }
        result
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for something, at most so long or until the scenario's end.
pub(super) async fn guard<T>(
    session: &Session,
    url: &str,
    timeout: Duration,
    what: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        () = session.cancel.cancelled() => Err(Fault::cancelled(url)),
        done = tokio::time::timeout(timeout, what) => done.unwrap_or_else(|_| Err(Fault::timeout(url, timeout))),
    }
}

/// A timeout names the whole time, not what was left of it.
fn late(fault: Fault, url: &str, timeout: Duration) -> Fault {
    if fault.kind == ErrorKind::Timeout.word() && !fault.answered {
        Fault::timeout(url, timeout)
    } else {
        fault
    }
}
