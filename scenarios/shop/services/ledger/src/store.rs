//! The entries, in SQLite.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use prost_types::Timestamp;
use rusqlite::{Connection, Params, Row, Transaction, params};
use tokio::sync::watch;

use crate::{
    defects::{Defect, Defects},
    posting::{Posting, Refusal},
    proto::{BalanceResponse, Entry},
};

// Rows are only ever added, so that `seq`, the row id, has no gap either.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS entries (
        seq          INTEGER PRIMARY KEY,
        account_seq  INTEGER NOT NULL,
        entry_id     TEXT    NOT NULL,
        order_id     TEXT    NOT NULL,
        customer_id  TEXT    NOT NULL,
        account      TEXT    NOT NULL,
        amount_minor INTEGER NOT NULL,
        currency     TEXT    NOT NULL,
        type         INTEGER NOT NULL,
        posted_at    INTEGER NOT NULL, -- microseconds since 1970
        metadata     TEXT    NOT NULL  -- a JSON object
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_by_posting  ON entries (entry_id);
    CREATE INDEX IF NOT EXISTS entries_by_order    ON entries (order_id);
    CREATE INDEX IF NOT EXISTS entries_by_customer ON entries (customer_id);
";
const NUMBERED_ONCE: &str =
    "CREATE UNIQUE INDEX IF NOT EXISTS entries_by_account ON entries (account, account_seq);";

const COLUMNS: &str = "seq, account_seq, entry_id, order_id, customer_id, account, \
                       amount_minor, currency, type, posted_at, metadata";

/// How long a mistake leaves others time to come between.
const MEANWHILE: Duration = Duration::from_millis(3);
/// How late a late replica is.
const BEHIND: Duration = Duration::from_millis(300);

/// Whether a posting was written just now or had been before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Written just now.
    New,
    /// The ledger had it already.
    Duplicate,
}

/// The journal. Its statements take microseconds, so they run where they are called.
#[derive(Debug)]
pub(crate) struct Store {
    db: Mutex<Connection>,
    defects: Defects,
    /// The ids written since the start. For defects alone: the entries themselves know.
    seen: Mutex<HashSet<String>>,
    /// The last entry written before the start, and how many balances were asked for since. For
    /// defects alone.
    before: i64,
    balances: AtomicU64,
    /// Marked as changed by every commit that added entries.
    grown: watch::Sender<()>,
}

impl Store {
    /// Opens the journal at a path, or one in memory.
    pub(crate) fn open(path: Option<&Path>, defects: Defects) -> rusqlite::Result<Self> {
        let db = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        // With a write-ahead log, NORMAL survives a killed process; only a power cut may undo.
        db.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;",
        )?;
        db.execute_batch(SCHEMA)?;
        if !defects.has(Defect::SeqReused) {
            db.execute_batch(NUMBERED_ONCE)?;
        }
        let before = db.query_row("SELECT coalesce(max(seq), 0) FROM entries", [], |row| row.get(0))?;
        Ok(Self {
            db: Mutex::new(db),
            defects,
            seen: Mutex::default(),
            before,
            balances: AtomicU64::new(0),
            grown: watch::Sender::new(()),
        })
    }

    /// Learns of entries to come.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }

    /// Writes one posting; answers its entry on the customer's account.
    pub(crate) fn post(&self, posting: &Posting) -> Result<(Entry, Outcome), Refusal> {
        if self.defects.has(Defect::PostingTorn) {
            return self.post_torn(posting);
        }
        let mut db = self.lock();
        let tx = db.transaction()?;
        let posted = self.write(&tx, posting)?;
        tx.commit()?;
        self.grown.send_replace(());
        Ok(posted)
    }

    /// Writes the entries of a posting in a transaction each.
    fn post_torn(&self, posting: &Posting) -> Result<(Entry, Outcome), Refusal> {
        let known = self.known(&self.lock().transaction()?, &posting.entry_id)?;
        if known.is_none() {
            for leg in posting.legs() {
                let mut db = self.lock();
                let tx = db.transaction()?;
                self.insert(&tx, posting, &[leg])?;
                tx.commit()?;
                drop(db);
                std::thread::sleep(MEANWHILE);
            }
        }
        let mut db = self.lock();
        let (entry, _) = self.write(&db.transaction()?, posting)?;
        self.grown.send_replace(());
        Ok((entry, if known.is_none() { Outcome::New } else { Outcome::Duplicate }))
    }

    /// Writes all postings or none.
    pub(crate) fn post_all(&self, postings: &[Posting]) -> Result<Vec<Outcome>, Refusal> {
        let mut db = self.lock();
        let tx = db.transaction()?;
        let outcomes =
            postings.iter().map(|posting| Ok(self.write(&tx, posting)?.1)).collect::<Result<_, Refusal>>()?;
        tx.commit()?;
        self.grown.send_replace(());
        Ok(outcomes)
    }

    /// The latest entry of an order on the customer's account.
    pub(crate) fn entry_of(&self, order_id: &str) -> rusqlite::Result<Option<Entry>> {
        let filter = "order_id = ? AND account NOT IN ('sales', 'cash') ORDER BY seq DESC LIMIT 1";
        Ok(select(&self.lock(), filter, [order_id])?.pop())
    }

    /// A customer's entries after `seq`; on one account unless that is empty.
    pub(crate) fn entries_of(
        &self,
        customer_id: &str,
        account: &str,
        after: u64,
        limit: u32,
    ) -> rusqlite::Result<Vec<Entry>> {
        let filter = "customer_id = ?1 AND ?2 IN ('', account) AND seq > ?3 ORDER BY seq LIMIT ?4";
        select(&self.lock(), filter, params![customer_id, account, stored(after), limit])
    }

    /// An account's entries from `account_seq` on.
    pub(crate) fn entries_on(&self, account: &str, from: u64, limit: u32) -> rusqlite::Result<Vec<Entry>> {
        let filter = "account = ?1 AND account_seq >= ?2 ORDER BY account_seq LIMIT ?3";
        select(&self.lock(), filter, params![account, stored(from), limit])
    }

    /// What an account adds up to.
    pub(crate) fn balance(&self, account: &str) -> rusqlite::Result<BalanceResponse> {
        let late = self.defects.has(Defect::BalanceOfReplica) && self.balances.fetch_add(1, Relaxed) % 2 == 1;
        let until = if late { micros(SystemTime::now() - BEHIND) } else { i64::MAX };
        let db = self.lock();
        let mut statement = db.prepare_cached(
            "SELECT currency, sum(amount_minor), count(*) FROM entries
             WHERE account = ? AND posted_at <= ? GROUP BY currency",
        )?;
        let mut answer = BalanceResponse { account: account.to_owned(), ..Default::default() };
        let mut rows = statement.query(params![account, until])?;
        while let Some(row) = rows.next()? {
            answer.balances.insert(row.get(0)?, row.get(1)?);
            answer.entries += row.get::<_, u64>(2)?;
        }
        Ok(answer)
    }

    /// Writes a posting unless its id is known.
    fn write(&self, tx: &Transaction<'_>, posting: &Posting) -> Result<(Entry, Outcome), Refusal> {
        match self.known(tx, &posting.entry_id)? {
            None => Ok((self.insert(tx, posting, &posting.legs())?, Outcome::New)),
            Some(_) if self.defects.has(Defect::DuplicateRefused) => {
                Err(Refusal::Conflict(posting.entry_id.clone()))
            }
            Some(entry) if stands_for(&entry, posting) || self.defects.has(Defect::ConflictAccepted) => {
                Ok((entry, Outcome::Duplicate))
            }
            Some(_) => Err(Refusal::Conflict(posting.entry_id.clone())),
        }
    }

    /// The entry on the customer's account that was written under an id.
    fn known(&self, tx: &Transaction<'_>, entry_id: &str) -> rusqlite::Result<Option<Entry>> {
        let new = self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(entry_id.to_owned());
        if self.defects.has(Defect::RedeliveryPostsTwice) || new && self.defects.has(Defect::EntriesForgotten)
        {
            return Ok(None);
        }
        Ok(select(tx, "entry_id = ? ORDER BY seq LIMIT 1", [entry_id])?.pop())
    }

    /// Writes entries, each with the next number of its account; answers the one on the customer's.
    fn insert(
        &self,
        tx: &Transaction<'_>,
        posting: &Posting,
        legs: &[(&str, i64)],
    ) -> Result<Entry, Refusal> {
        let since = if self.defects.has(Defect::SeqReused) { self.before } else { 0 };
        let skipped = if self.defects.has(Defect::SeqSkipped) { self.before } else { 0 };
        let mut insert = tx.prepare_cached(
            "INSERT INTO entries (account_seq, entry_id, order_id, customer_id, account,
                                  amount_minor, currency, type, posted_at, metadata)
             SELECT coalesce(max(account_seq), 0) + 1 + iif(max(seq) <= ?11, 10, 0),
                    ?2, ?3, ?4, ?1, ?5, ?6, ?7, ?8, ?9
             FROM entries WHERE account = ?1 AND seq > ?10",
        )?;
        for (account, amount) in legs {
            insert.execute(params![
                account,
                posting.entry_id,
                posting.order_id,
                posting.customer_id,
                amount,
                posting.currency,
                posting.r#type,
                micros(SystemTime::now()),
                serde_json::json!(posting.metadata).to_string(),
                since,
                skipped,
            ])?;
        }
        let filter = "entry_id = ? AND account NOT IN ('sales', 'cash') ORDER BY seq DESC LIMIT 1";
        let entry = select(tx, filter, [&posting.entry_id])?.pop();
        Ok(entry.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
    }

    /// Every change is a transaction, so that a panic elsewhere leaves nothing half-done.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a time is stored.
fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// SQLite counts to 2^63 - 1; no sequence number comes near.
fn stored(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// Whether the entry on the customer's account is what the posting would have written.
fn stands_for(entry: &Entry, posting: &Posting) -> bool {
    let [(account, amount), _] = posting.legs();
    entry.order_id == posting.order_id
        && entry.customer_id == posting.customer_id
        && entry.account == account
        && entry.amount_minor == amount
        && entry.currency == posting.currency
        && entry.r#type == posting.r#type
        && entry.metadata == posting.metadata
}

fn select(db: &Connection, filter: &str, params: impl Params) -> rusqlite::Result<Vec<Entry>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE {filter}"))?
        .query_map(params, entry)?
        .collect()
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let posted_at: i64 = row.get("posted_at")?;
    let metadata: String = row.get("metadata")?;
    Ok(Entry {
        seq: row.get("seq")?,
        account_seq: row.get("account_seq")?,
        entry_id: row.get("entry_id")?,
        order_id: row.get("order_id")?,
        customer_id: row.get("customer_id")?,
        account: row.get("account")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        r#type: row.get("type")?,
        posted_at: Some(Timestamp {
            seconds: posted_at.div_euclid(1_000_000),
            nanos: i32::try_from(posted_at.rem_euclid(1_000_000) * 1_000).unwrap_or_default(),
        }),
        metadata: serde_json::from_str::<HashMap<_, _>>(&metadata).unwrap_or_default(),
    })
}
