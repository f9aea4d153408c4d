//! A transaction that the scenario holds: `let tx = begin db`.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::database::{Database, Lent, guard};
use super::fault::Fault;
use super::job::Job;
use super::options::Options;
use super::rows::{Limits, Outcome};
use super::statement::Statement;
use crate::lang::sql::Dialect;
use crate::protocol::{Endpoint, Session};
use crate::value::{BoxFuture, Live, Value};

/// How long rolling back may take when its scenario or case is over.
const ROLLBACK: Duration = Duration::from_secs(5);

/// A transaction. It is rolled back when its scenario ends, or the case of a property that began
/// it, or when nobody holds it any more.
#[derive(Debug)]
pub(super) struct Transaction {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) database: Arc<Database>,
    lent: tokio::sync::Mutex<Option<Lent>>,
    /// How it ended.
    end: watch::Sender<Option<End>>,
}

/// How a transaction ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum End {
    Committed,
    RolledBack,
    /// With its scenario or case.
    Left,
    /// With its connection: why.
    Lost(String),
}

impl Transaction {
    pub(super) async fn begin(
        endpoint: Arc<Endpoint>,
        database: Arc<Database>,
        options: &Options,
        session: &Session,
    ) -> Result<Arc<Transaction>, Fault> {
        let url = database.target.shown.clone();
        let mut lent = guard(session, &url, options.timeout, database.lend()).await?;
        let begun = guard(session, &url, options.timeout, begin(&mut lent, options, session.only_safe)).await;
        if let Err(fault) = begun {
            database.abandon(lent, &fault);
            return Err(fault);
        }
        lent.connection.in_transaction = true;
        Ok(Arc::new(Transaction {
            endpoint,
            database,
            lent: tokio::sync::Mutex::new(Some(lent)),
            end: watch::Sender::new(None),
        }))
    }

    /// Does a job in it.
    pub(super) async fn run(&self, job: &Job, session: &Session) -> Result<Outcome, Fault> {
        let mut lent = self.lent.lock().await;
        let Some(mut taken) = lent.take() else { return Err(self.over()) };
        let url = &self.database.target.shown;
        let result = guard(session, url, job.options.timeout, job.run(&mut taken.connection)).await;
        match &result {
            Err(fault) if !fault.answered => {
                self.database.abandon(taken, fault);
                self.end.send_replace(Some(End::Lost(fault.message.clone())));
            }
            _ => *lent = Some(taken),
        }
        result
    }

    /// Makes what was done in it last.
    pub(super) async fn commit(&self, options: &Options, session: &Session) -> Result<(), Fault> {
        self.finish("commit", options, session).await
    }

    /// Undoes it. One that is undone already is no failure.
    pub(super) async fn roll_back(&self, options: &Options, session: &Session) -> Result<(), Fault> {
        if matches!(*self.end.borrow(), Some(End::RolledBack | End::Left | End::Lost(_))) {
            return Ok(());
        }
        self.finish("rollback", options, session).await
    }

    /// Rolls it back, unless it is over.
    async fn leave(&self) {
        let mut lent = self.lent.lock().await;
        let Some(mut taken) = lent.take() else { return };
        let done = tokio::time::timeout(ROLLBACK, taken.connection.command("rollback")).await;
        taken.connection.in_transaction = false;
        match done {
            Ok(Ok(())) => self.database.give_back(taken),
            _ => self.database.abandon(taken, &Fault::cancelled("")),
        }
        self.end.send_replace(Some(End::Left));
    }

    async fn finish(&self, verb: &'static str, options: &Options, session: &Session) -> Result<(), Fault> {
        let mut lent = self.lent.lock().await;
        let Some(mut taken) = lent.take() else { return Err(self.over()) };
        let url = &self.database.target.shown;
        let work = async {
            // PostgreSQL answers the `commit` of a transaction in which something failed with a
            // rollback, and calls that a success.
            if verb == "commit" && taken.connection.dialect == Dialect::Postgres {
                taken.connection.run(&Statement::plain("select 1"), &Limits::SMALL).await?;
            }
            taken.connection.command(verb).await
        };
        let result = guard(session, url, options.timeout, work).await;
        if matches!(&result, Err(fault) if fault.answered) && verb == "commit" {
            // A commit that was refused leaves nothing behind.
            let undone = tokio::time::timeout(ROLLBACK, taken.connection.command("rollback")).await;
            let over = matches!(&undone, Ok(Ok(())))
                || matches!(&undone, Ok(Err(fault)) if fault.answered && fault.message.contains("no transaction"));
            taken.connection.in_transaction = false;
            self.end.send_replace(Some(End::RolledBack));
            if over {
                self.database.give_back(taken);
            }
            return result.map_err(refused);
        }
        taken.connection.in_transaction = false;
        match &result {
            Ok(()) => {
                self.database.give_back(taken);
                let end = if verb == "commit" { End::Committed } else { End::RolledBack };
                self.end.send_replace(Some(end));
            }
            Err(fault) => {
                self.database.abandon(taken, fault);
                self.end.send_replace(Some(End::Lost(fault.message.clone())));
            }
        }
        result
    }

    fn over(&self) -> Fault {
        let how = match &*self.end.borrow() {
            Some(End::Committed) => "it was committed".to_owned(),
            Some(End::RolledBack) => "it was rolled back".to_owned(),
            Some(End::Left) => {
                "it was rolled back, because it was still open when its scenario or case ended".to_owned()
            }
            Some(End::Lost(why)) => format!("its connection is gone: {why}"),
            None => "its connection is in use".to_owned(),
        };
        Fault::new("aborted", format!("the transaction is over: {how}"))
    }
}

/// A commit that the database refused.
fn refused(fault: Fault) -> Fault {
    if fault.kind != "aborted" {
        return fault;
    }
    Fault {
        message: "nothing was committed: a statement in the transaction had failed, and it was rolled back"
            .to_owned(),
        ..fault
    }
}

async fn begin(lent: &mut Lent, options: &Options, only_safe: bool) -> Result<(), Fault> {
    let read_only = options.read_only || only_safe;
    let connection = &mut lent.connection;
    match connection.dialect {
        Dialect::Sqlite => {
            // SQLite knows one isolation level, which is serializable.
            connection.command(if read_only { "begin" } else { "begin immediate" }).await
        }
        Dialect::Postgres => {
            let level = options.isolation.map_or(String::new(), |level| format!(" isolation level {level}"));
            connection.command(&format!("begin{level}{}", if read_only { " read only" } else { "" })).await
        }
        Dialect::MySql => {
            if let Some(level) = options.isolation {
                connection.command(&format!("set transaction isolation level {level}")).await?;
            }
            if read_only {
                connection.command("set session transaction read only").await?;
                connection.spent = true;
            }
            connection
                .command(if read_only { "start transaction read only" } else { "start transaction" })
                .await
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // What is open on a connection that closes is rolled back by the database.
        if let Some(lent) = self.lent.get_mut().take() {
            drop(lent);
        }
    }
}

impl Live for Transaction {
    fn kind(&self) -> &'static str {
        "transaction"
    }

    fn name(&self) -> Arc<str> {
        self.endpoint.service.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let end = self.end.borrow();
        match name {
            "open" => Some(Value::Bool(end.is_none())),
            "committed" => Some(Value::Bool(*end == Some(End::Committed))),
            _ => None,
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["open", "committed"]
    }

    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn version(&self) -> u64 {
        u64::from(self.is_over())
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        let mut end = self.end.subscribe();
        Box::pin(async move {
            if seen == 0 {
                let _ = end.wait_for(Option::is_some).await;
            }
        })
    }

    fn is_over(&self) -> bool {
        self.end.borrow().is_some()
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.leave())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
