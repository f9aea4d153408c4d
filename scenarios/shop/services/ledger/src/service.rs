//! The contract's service, spoken over the store.

use std::{future::Future, sync::Arc, time::Duration};

use prost::Message as _;
use rusqlite::ErrorCode;
use tokio::sync::{mpsc, watch};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Code, Request, Response, Status, Streaming, metadata::AsciiMetadataValue};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::{
    Version,
    defects::{Defect, Defects},
    posting::{LIMIT_MINOR, Posting, Refusal},
    proto::{
        BalanceRequest, BalanceResponse, Entry, GetEntryRequest, ImportSummary, Kitchen, ListEntriesRequest,
        ListEntriesResponse, PostRequest, SyncAck, WatchRequest, ledger_server::Ledger,
    },
    store::{Outcome, Store},
    telemetry::log,
};

const DOMAIN: &str = "ledger";
const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;
/// When whoever met a busy store may come back.
const BUSY: Duration = Duration::from_millis(100);
const LARGEST_IMPORT: usize = 10_000;
/// Entries that a watcher may lag behind before the ledger waits for it.
const BUFFER: usize = 64;

/// The ledger as its callers see it. Clones share everything.
#[derive(Debug, Clone)]
pub(crate) struct LedgerService {
    store: Arc<Store>,
    node: AsciiMetadataValue,
    contract: Version,
    defects: Defects,
    stop: watch::Receiver<bool>,
}

type Answer<T> = Result<Response<T>, Status>;

impl LedgerService {
    /// A service over a store, named in its errors, whose streams end when `stop` turns true.
    pub(crate) fn new(
        store: Store,
        node: AsciiMetadataValue,
        contract: Version,
        defects: Defects,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self { store: Arc::new(store), node, contract, defects, stop }
    }

    /// Tells the caller why not, in the words of `google.rpc`.
    fn refuse(&self, refusal: Refusal) -> Status {
        let mut details = ErrorDetails::new();
        let (code, message) = match refusal {
            Refusal::Invalid(faults) => {
                let violations = faults.iter().map(|(field, expected)| FieldViolation::new(*field, expected));
                details.set_bad_request(violations.collect::<Vec<_>>());
                let faults: Vec<_> =
                    faults.iter().map(|(field, expected)| format!("{field} {expected}")).collect();
                let internal = self.defects.has(Defect::InvalidIsInternal);
                let code = if internal { Code::Internal } else { Code::InvalidArgument };
                (code, faults.join("; "))
            }
            Refusal::OverLimit(amount) => {
                let facts = [("limit_minor".to_owned(), LIMIT_MINOR.to_string())];
                details.set_error_info("OVER_LIMIT", DOMAIN, facts);
                let unavailable = self.defects.has(Defect::LimitIsUnavailable);
                let code = if unavailable { Code::Unavailable } else { Code::ResourceExhausted };
                (code, format!("{amount} is over the limit of {LIMIT_MINOR}"))
            }
            Refusal::Conflict(entry_id) => {
                let facts = [("entry_id".to_owned(), entry_id.clone())];
                details.set_error_info("ENTRY_ID_REUSED", DOMAIN, facts);
                (Code::AlreadyExists, format!("entry {entry_id} stands for another posting"))
            }
            Refusal::OrderUnknown(order_id) => {
                let facts = [("order_id".to_owned(), order_id.clone())];
                details.set_error_info("ORDER_UNKNOWN", DOMAIN, facts);
                (Code::NotFound, format!("no entry for order {order_id}"))
            }
            Refusal::Storage(error) if busy(&error) => {
                details.set_retry_info(Some(BUSY));
                (Code::Unavailable, "the store is busy".to_owned())
            }
            Refusal::Storage(error) => {
                log("ERROR", "the store failed", serde_json::json!({ "error": error.to_string() }));
                (Code::Internal, "the store failed".to_owned())
            }
        };
        self.signed(Status::with_error_details(code, message, details))
    }

    /// Adds which ledger it was.
    fn signed(&self, mut status: Status) -> Status {
        status.metadata_mut().insert("x-ledger-node", self.node.clone());
        status
    }

    /// Waits for a caller or a watcher, but not when the ledger is to stop.
    async fn unless_stopping<T>(&self, wait: impl Future<Output = T>) -> Result<T, Status> {
        let mut stop = self.stop.clone();
        tokio::select! {
            value = wait => Ok(value),
            _ = stop.wait_for(|stop| *stop) => Err(self.signed(Status::unavailable("the ledger is stopping"))),
        }
    }

    fn post_one(&self, request: PostRequest) -> Result<(Entry, Outcome), Status> {
        Posting::try_from(request)
            .and_then(|posting| self.store.post(&posting))
            .map_err(|refusal| self.refuse(refusal))
    }

    /// Sends an account's entries, page after page, and waits for more whenever there is none.
    async fn follow(
        &self,
        watched: &WatchRequest,
        entries: &mpsc::Sender<Result<Entry, Status>>,
    ) -> Result<(), Status> {
        let mut grown = self.store.subscribe();
        let mut next = watched.from_seq;
        loop {
            let page = self.store.entries_on(&watched.account, next, DEFAULT_PAGE);
            let mut page = page.map_err(|error| self.refuse(error.into()))?;
            if page.len() > 1 && self.defects.has(Defect::WatchCoalesced) {
                page.drain(..page.len() - 1);
            }
            if self.defects.has(Defect::WatchSwapped) {
                page.reverse();
            }
            if page.is_empty() {
                let more = async {
                    tokio::select! {
                        changed = grown.changed() => changed.is_ok(),
                        () = entries.closed() => false,
                    }
                };
                if !self.unless_stopping(more).await? {
                    return Ok(());
                }
                if self.defects.has(Defect::WatchRepeated) {
                    next = next.saturating_sub(1);
                }
            }
            for entry in page {
                next = next.max(entry.account_seq + 1);
                if self.unless_stopping(entries.send(Ok(entry))).await?.is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// Acknowledges postings as they come in.
    async fn acknowledge(
        &self,
        mut requests: Streaming<PostRequest>,
        acks: &mpsc::Sender<Result<SyncAck, Status>>,
    ) -> Result<(), Status> {
        while let Some(request) = self.unless_stopping(requests.message()).await?? {
            let (entry, outcome) = self.post_one(request)?;
            let ack = SyncAck {
                entry_id: entry.entry_id,
                seq: entry.seq,
                duplicate: outcome == Outcome::Duplicate,
            };
            if acks.send(Ok(ack)).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl Ledger for LedgerService {
    async fn post(&self, request: Request<PostRequest>) -> Answer<Entry> {
        let (entry, _) = self.post_one(request.into_inner())?;
        Ok(Response::new(entry))
    }

    async fn get_entry(&self, request: Request<GetEntryRequest>) -> Answer<Entry> {
        let GetEntryRequest { order_id } = request.into_inner();
        let found = self.store.entry_of(&order_id).map_err(Refusal::from);
        let empty = self.defects.has(Defect::UnknownIsEmpty).then(Entry::default);
        let entry = found.and_then(|entry| entry.or(empty).ok_or(Refusal::OrderUnknown(order_id)));
        entry.map(Response::new).map_err(|refusal| self.refuse(refusal))
    }

    async fn list_entries(&self, request: Request<ListEntriesRequest>) -> Answer<ListEntriesResponse> {
        let ListEntriesRequest { customer_id, page_size, page_token, account } = request.into_inner();
        let size = match u32::try_from(page_size) {
            Ok(0) => DEFAULT_PAGE,
            Ok(size) if size <= LARGEST_PAGE => size,
            _ => {
                let expected = format!("must be 0 to {LARGEST_PAGE}");
                return Err(self.refuse(Refusal::invalid("page_size", expected)));
            }
        };
        let after = match page_token.as_str() {
            "" => 0,
            token => token.parse().map_err(|_| {
                self.refuse(Refusal::invalid("page_token", "must be a next_page_token of this ledger"))
            })?,
        };
        // One more than asked for tells whether there is another page.
        let found = self.store.entries_of(&customer_id, &account, after, size + 1);
        let mut entries = found.map_err(|error| self.refuse(error.into()))?;
        let next_page_token = if entries.len() > size as usize {
            entries.truncate(size as usize);
            entries.last().map(|last| last.seq.to_string()).unwrap_or_default()
        } else {
            String::new()
        };
        Ok(Response::new(ListEntriesResponse { entries, next_page_token }))
    }

    type WatchStream = ReceiverStream<Result<Entry, Status>>;

    async fn watch(&self, request: Request<WatchRequest>) -> Answer<Self::WatchStream> {
        let watched = request.into_inner();
        let (sender, entries) = mpsc::channel(BUFFER);
        let ledger = self.clone();
        tokio::spawn(async move {
            if let Err(status) = ledger.follow(&watched, &sender).await {
                // The watcher may be gone; then nobody needs to know.
                let _ = sender.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(entries)))
    }

    async fn import(&self, request: Request<Streaming<PostRequest>>) -> Answer<ImportSummary> {
        let mut requests = request.into_inner();
        let mut postings = Vec::new();
        let mut written = Vec::new();
        while let Some(request) = self.unless_stopping(requests.next()).await? {
            if postings.len() == LARGEST_IMPORT {
                let message = format!("one import takes {LARGEST_IMPORT} postings");
                return Err(self.signed(Status::resource_exhausted(message)));
            }
            let posting = Posting::try_from(request?).map_err(|refusal| self.refuse(refusal))?;
            if self.defects.has(Defect::PartialWrite) {
                let (_, outcome) = self.store.post(&posting).map_err(|refusal| self.refuse(refusal))?;
                written.push(outcome);
            }
            postings.push(posting);
        }
        let outcomes = match written.is_empty() {
            true => self.store.post_all(&postings).map_err(|refusal| self.refuse(refusal))?,
            false => written,
        };
        let mut summary = ImportSummary::default();
        for (posting, outcome) in postings.iter().zip(outcomes) {
            match outcome {
                Outcome::Duplicate => summary.duplicates += 1,
                Outcome::New => {
                    summary.imported += 1;
                    *summary.total_amount.entry(posting.currency.clone()).or_default() +=
                        posting.amount_minor;
                }
            }
        }
        Ok(Response::new(summary))
    }

    type SyncStream = ReceiverStream<Result<SyncAck, Status>>;

    async fn sync(&self, request: Request<Streaming<PostRequest>>) -> Answer<Self::SyncStream> {
        let requests = request.into_inner();
        let (sender, acks) = mpsc::channel(BUFFER);
        let ledger = self.clone();
        tokio::spawn(async move {
            if let Err(status) = ledger.acknowledge(requests, &sender).await {
                // The caller may be gone; then nobody needs to know.
                let _ = sender.send(Err(status)).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(acks)))
    }

    async fn balance(&self, request: Request<BalanceRequest>) -> Answer<BalanceResponse> {
        let balance = self.store.balance(&request.into_inner().account);
        balance.map(Response::new).map_err(|error| self.refuse(error.into()))
    }

    async fn echo(&self, request: Request<Kitchen>) -> Answer<Kitchen> {
        let kitchen = request.into_inner();
        let kitchen = match self.contract {
            Version::Current => kitchen,
            Version::V1 => {
                as_v1(&kitchen).map_err(|error| self.signed(Status::internal(error.to_string())))?
            }
        };
        Ok(Response::new(kitchen))
    }
}

/// Whether someone else has the store to himself: then it may well work later, and nothing is wrong.
fn busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// What a message is after one who knows the first contract has read and written it. prost keeps no
/// fields that it does not know, and numbers of enums as they are.
fn as_v1(kitchen: &Kitchen) -> Result<Kitchen, prost::DecodeError> {
    let read = crate::v1::Kitchen::decode(kitchen.encode_to_vec().as_slice())?;
    Kitchen::decode(read.encode_to_vec().as_slice())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Error, ffi};

    use super::*;

    #[test]
    fn a_busy_store_is_no_broken_store() -> Result<(), Box<dyn std::error::Error>> {
        let stop = watch::Sender::new(false);
        let store = Store::open(None, Defects::default())?;
        let node = AsciiMetadataValue::from_static("test-node");
        let ledger = LedgerService::new(store, node, Version::Current, Defects::default(), stop.subscribe());
        let told = |code| ledger.refuse(Error::SqliteFailure(ffi::Error::new(code), None).into());

        let busy = told(ffi::SQLITE_BUSY);
        assert_eq!(busy.code(), Code::Unavailable);
        let after = busy.get_details_retry_info().and_then(|info| info.retry_delay);
        assert_eq!(after, Some(BUSY));
        let broken = told(ffi::SQLITE_CORRUPT);
        assert_eq!(broken.code(), Code::Internal);
        assert!(broken.get_details_retry_info().is_none());
        Ok(())
    }
}
