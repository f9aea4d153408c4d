//! The ledger as its callers meet it: over gRPC, on a port of its own.

use std::{collections::HashMap, error::Error, time::Duration};

use ledger::{
    Config, DEFECTS, Defect, Defects, Version,
    proto::{
        BalanceRequest, Entry, EntryType, GetEntryRequest, ImportSummary, Kitchen, ListEntriesRequest,
        PostRequest, WatchRequest, kitchen, ledger_client::LedgerClient,
    },
};
use prost_types::{Any, Struct, Value, value::Kind};
use tempfile::tempdir;
use tokio::{net::TcpListener, sync::oneshot, time::timeout};
use tokio_stream::StreamExt;
use tonic::{Code, Request, transport::Channel};
use tonic_types::StatusExt;

type Test = Result<(), Box<dyn Error>>;

/// A running ledger; dropping `stop` stops it.
struct Running {
    client: LedgerClient<Channel>,
    channel: Channel,
    stop: oneshot::Sender<()>,
}

async fn start(config: Config) -> Result<Running, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(ledger::serve(listener, config, async { stopped.await.unwrap_or(()) }));
    let channel = Channel::from_shared(url)?.connect().await?;
    Ok(Running { client: LedgerClient::new(channel.clone()), channel, stop })
}

async fn client() -> Result<(LedgerClient<Channel>, oneshot::Sender<()>), Box<dyn Error>> {
    let Running { client, stop, .. } =
        start(Config { node: "test-node".into(), ..Config::default() }).await?;
    Ok((client, stop))
}

/// A posting for an order `o-{entry id}`.
fn posting(entry_id: &str, customer: &str, amount_minor: i64) -> PostRequest {
    PostRequest {
        entry_id: entry_id.into(),
        order_id: format!("o-{entry_id}"),
        customer_id: customer.into(),
        account: customer.into(),
        amount_minor,
        currency: "EUR".into(),
        r#type: EntryType::Placed.into(),
        metadata: [("channel".into(), "web".into())].into(),
    }
}

#[tokio::test]
async fn a_posting_becomes_a_debit_and_a_credit() -> Test {
    let (mut ledger, _stop) = client().await?;
    let posted = ledger.post(posting("e1", "alice", 5998)).await?.into_inner();
    assert_eq!((posted.seq, posted.account_seq, posted.amount_minor), (1, 1, 5998));
    assert_eq!(posted.r#type(), EntryType::Placed);
    assert!(posted.posted_at.is_some());

    let by_order = GetEntryRequest { order_id: "o-e1".into() };
    assert_eq!(ledger.get_entry(by_order).await?.into_inner(), posted);

    let of_alice = ListEntriesRequest { customer_id: "alice".into(), ..Default::default() };
    let entries = ledger.list_entries(of_alice.clone()).await?.into_inner().entries;
    let accounts: Vec<_> = entries.iter().map(|e| (e.account.as_str(), e.amount_minor)).collect();
    assert_eq!(accounts, [("alice", 5998), ("sales", -5998)]);

    let on_her_account = ListEntriesRequest { account: "alice".into(), ..of_alice };
    assert_eq!(ledger.list_entries(on_her_account).await?.into_inner().entries, [posted]);
    Ok(())
}

#[tokio::test]
async fn payments_and_cancellations_settle_the_customers_account() -> Test {
    let (mut ledger, _stop) = client().await?;
    for (entry_id, kind) in [
        ("e1", EntryType::Placed),
        ("e2", EntryType::Paid),
        ("e3", EntryType::Placed),
        ("e4", EntryType::Void),
    ] {
        ledger.post(PostRequest { r#type: kind.into(), ..posting(entry_id, "alice", 1250) }).await?;
    }
    let mut balances = HashMap::new();
    for account in ["alice", "sales", "cash", "nobody"] {
        let balance = ledger.balance(BalanceRequest { account: account.into() }).await?.into_inner();
        balances.insert(account, (balance.balances.get("EUR").copied(), balance.entries));
    }
    assert_eq!(
        balances,
        [
            ("alice", (Some(0), 4)),
            ("sales", (Some(-1250), 3)),
            ("cash", (Some(1250), 1)),
            ("nobody", (None, 0))
        ]
        .into()
    );
    Ok(())
}

#[tokio::test]
async fn a_posting_is_idempotent_by_its_id() -> Test {
    let (mut ledger, _stop) = client().await?;
    let first = ledger.post(posting("e1", "alice", 5998)).await?.into_inner();
    let again = ledger.post(posting("e1", "alice", 5998)).await?.into_inner();
    assert_eq!(first, again);

    let refused = ledger.post(posting("e1", "alice", 5999)).await.expect_err("another amount");
    assert_eq!(refused.code(), Code::AlreadyExists);
    Ok(())
}

#[tokio::test]
async fn refusals_carry_the_details_of_google_rpc() -> Test {
    let (mut ledger, _stop) = client().await?;

    let bad = PostRequest { currency: "euro".into(), ..posting("e1", "alice", 0) };
    let refused = ledger.post(bad).await.expect_err("bad fields");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields = refused.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["amount_minor", "currency"]);

    let refused = ledger.post(posting("e1", "alice", 1_000_001)).await.expect_err("too much");
    assert_eq!(refused.code(), Code::ResourceExhausted);

    let unknown = GetEntryRequest { order_id: "nope".into() };
    let refused = ledger.get_entry(unknown).await.expect_err("an unknown order");
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(
        refused.metadata().get("x-ledger-node").map(|node| node.as_bytes()),
        Some("test-node".as_bytes())
    );
    let info = refused.get_details_error_info().ok_or("no error info")?;
    assert_eq!((info.reason.as_str(), info.domain.as_str()), ("ORDER_UNKNOWN", "ledger"));
    Ok(())
}

#[tokio::test]
async fn entries_come_in_pages() -> Test {
    let (mut ledger, _stop) = client().await?;
    for n in 1..=5 {
        ledger.post(posting(&format!("e{n}"), "alice", n)).await?;
        ledger.post(posting(&format!("f{n}"), "bob", n)).await?;
    }
    let mut request = ListEntriesRequest { customer_id: "alice".into(), page_size: 4, ..Default::default() };
    let mut pages = Vec::new();
    loop {
        let page = ledger.list_entries(request.clone()).await?.into_inner();
        pages.push(page.entries.iter().map(|entry| entry.amount_minor).collect::<Vec<_>>());
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages, [vec![1, -1, 2, -2], vec![3, -3, 4, -4], vec![5, -5]]);

    for bad in [
        ListEntriesRequest { page_size: -1, ..request.clone() },
        ListEntriesRequest { page_size: 1001, ..request.clone() },
        ListEntriesRequest { page_token: "x".into(), ..request },
    ] {
        assert_eq!(ledger.list_entries(bad).await.expect_err("a bad page").code(), Code::InvalidArgument);
    }
    Ok(())
}

#[tokio::test]
async fn a_watch_shows_old_and_new_entries_without_a_gap() -> Test {
    let (mut ledger, _stop) = client().await?;
    for n in 1..=3 {
        ledger.post(posting(&format!("old{n}"), "alice", n)).await?;
    }
    let watched = WatchRequest { account: "alice".into(), from_seq: 2 };
    let mut feed = ledger.watch(watched).await?.into_inner();
    let writers = (4..=9).map(|n| {
        let mut ledger = ledger.clone();
        tokio::spawn(async move {
            ledger.post(posting(&format!("bob{n}"), "bob", n)).await?;
            ledger.post(posting(&format!("new{n}"), "alice", n)).await
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    for expected in 2..=9 {
        let entry: Entry = timeout(Duration::from_secs(5), feed.message()).await??.ok_or("the feed ended")?;
        assert_eq!((entry.account.as_str(), entry.account_seq), ("alice", expected));
    }
    Ok(())
}

#[tokio::test]
async fn an_import_is_written_as_a_whole() -> Test {
    let (mut ledger, _stop) = client().await?;
    ledger.post(posting("e1", "alice", 100)).await?;
    let import = |amounts: Vec<i64>| {
        let postings = (1..).zip(amounts).map(|(n, amount)| posting(&format!("e{n}"), "alice", amount));
        tokio_stream::iter(postings.collect::<Vec<_>>())
    };
    let refused = ledger.import(import(vec![100, 200, -1])).await.expect_err("a bad amount");
    assert_eq!(refused.code(), Code::InvalidArgument);

    let summary = ledger.import(import(vec![100, 200, 300])).await?.into_inner();
    let total_amount = [("EUR".to_owned(), 500)].into();
    assert_eq!(summary, ImportSummary { imported: 2, duplicates: 1, total_amount });
    Ok(())
}

#[tokio::test]
async fn sync_acknowledges_each_posting_as_it_arrives() -> Test {
    let (mut ledger, _stop) = client().await?;
    let (postings, requests) = tokio::sync::mpsc::channel(1);
    let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
    let mut acks = ledger.sync(requests).await?.into_inner();
    for (entry_id, seq, duplicate) in [("e1", 1, false), ("e2", 3, false), ("e1", 1, true)] {
        postings.send(posting(entry_id, "alice", 100)).await?;
        let ack = acks.message().await?.ok_or("no acknowledgement")?;
        assert_eq!((ack.entry_id.as_str(), ack.seq, ack.duplicate), (entry_id, seq, duplicate));
    }
    postings.send(posting("e3", "alice", 0)).await?;
    assert_eq!(acks.message().await.expect_err("a bad amount").code(), Code::InvalidArgument);
    Ok(())
}

#[tokio::test]
async fn echo_returns_the_kitchen_sink() -> Test {
    let (mut ledger, _stop) = client().await?;
    let line = kitchen::Line { sku: "tea".into(), qty: 2 };
    let text = Value { kind: Some(Kind::StringValue("x".into())) };
    let sink = Kitchen {
        int64: i64::MIN,
        uint64: u64::MAX,
        fixed64: 1 << 63,
        sint32: -1,
        float: 0.1,
        double: f64::MIN_POSITIVE,
        bool: true,
        bytes: vec![0, 255],
        string: "Grüße 🫖".into(),
        course: 99,
        optional_string: Some(String::new()),
        optional_int32: Some(0),
        choice: Some(kitchen::Choice::Line(line.clone())),
        counts: [("a".into(), (1 << 53) + 1)].into(),
        lines_by_number: [(-1, line.clone())].into(),
        numbers: vec![1, -1],
        lines: vec![line.clone(), line],
        nested: Some(Box::new(Kitchen { int64: 1, ..Default::default() })),
        timestamp: Some(prost_types::Timestamp { seconds: 1, nanos: 2 }),
        duration: Some(prost_types::Duration { seconds: -1, nanos: -2 }),
        field_mask: Some(prost_types::FieldMask { paths: vec!["a.b".into()] }),
        string_value: Some(String::new()),
        int64_value: Some(i64::MAX),
        bool_value: Some(false),
        bytes_value: Some(vec![0]),
        double_value: Some(0.5),
        r#struct: Some(Struct { fields: [("k".into(), text.clone())].into() }),
        value: Some(Value { kind: Some(Kind::NullValue(0)) }),
        list_value: Some(prost_types::ListValue { values: vec![text] }),
        any: Some(Any { type_url: "type.googleapis.com/x.Y".into(), value: vec![1] }),
        null_value: 0,
    };
    assert_eq!(ledger.echo(sink.clone()).await?.into_inner(), sink);
    Ok(())
}

#[tokio::test]
async fn a_request_id_comes_back() -> Test {
    let (mut ledger, _stop) = client().await?;
    let mut request = Request::new(BalanceRequest { account: "alice".into() });
    request.metadata_mut().insert("x-request-id", "r-1".parse()?);
    let answer = ledger.balance(request).await?;
    assert_eq!(answer.metadata().get("x-request-id"), Some(&"r-1".parse()?));
    Ok(())
}

#[tokio::test]
async fn health_and_reflection_are_served() -> Test {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };

    let running = start(Config::default()).await?;
    let asked = HealthCheckRequest { service: "ledger.v1.Ledger".into() };
    let health = HealthClient::new(running.channel.clone()).check(asked).await?.into_inner();
    assert_eq!(health.status(), tonic_health::pb::health_check_response::ServingStatus::Serving);

    let asked = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(running.channel.clone());
    let answers = reflection.server_reflection_info(tokio_stream::once(asked)).await?.into_inner();
    let answer = answers.map(|answer| answer.map(|answer| answer.message_response)).next().await;
    let Some(Ok(Some(MessageResponse::ListServicesResponse(listed)))) = answer else {
        return Err(format!("not a list of services: {answer:?}").into());
    };
    assert!(listed.service.iter().any(|service| service.name == "ledger.v1.Ledger"));
    Ok(())
}

#[tokio::test]
async fn entries_survive_a_restart_and_streams_end_with_the_ledger() -> Test {
    let folder = std::env::temp_dir().join(format!("ledger-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let config = || Config { db: Some(folder.join("ledger.db")), ..Config::default() };

    let mut first = start(config()).await?;
    let posted = first.client.post(posting("e1", "alice", 5998)).await?.into_inner();
    let watched = WatchRequest { account: "alice".into(), from_seq: 2 };
    let mut feed = first.client.watch(watched).await?.into_inner();
    drop(first.stop);
    let ended = timeout(Duration::from_secs(5), feed.message()).await?;
    assert_eq!(ended.expect_err("the ledger stopped").code(), Code::Unavailable);

    let mut second = start(config()).await?;
    let by_order = GetEntryRequest { order_id: "o-e1".into() };
    assert_eq!(second.client.get_entry(by_order).await?.into_inner(), posted);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

#[tokio::test]
async fn a_ledger_of_the_first_contract_keeps_numbers_and_loses_unknown_fields() -> Test {
    let config = Config { node: "old".into(), contract: Version::V1, ..Config::default() };
    let Running { mut client, channel: _channel, stop: _stop } = start(config).await?;
    let sent = Kitchen {
        int64: i64::MIN,
        course: kitchen::Course::Dessert.into(),
        optional_string: Some(String::new()),
        value: Some(Value { kind: Some(Kind::BoolValue(true)) }),
        nested: Some(Box::new(Kitchen {
            course: 7,
            value: Some(Value { kind: None }),
            ..Kitchen::default()
        })),
        ..Kitchen::default()
    };
    let mut kept = sent.clone();
    kept.value = None;
    kept.nested = Some(Box::new(Kitchen { course: 7, ..Kitchen::default() }));
    assert_eq!(client.echo(sent).await?.into_inner(), kept);
    // Money is the same in both.
    assert_eq!(client.post(posting("e1", "alice", 5998)).await?.into_inner().amount_minor, 5998);
    assert_eq!(Version::named("v9"), None);
    Ok(())
}

/// What a ledger answers to whatever a defect may touch, in words.
async fn behaviour(defects: Defects) -> Result<Vec<(Defect, String)>, Box<dyn Error>> {
    let dir = tempdir()?;
    let config = || Config {
        db: Some(dir.path().join("ledger.db")),
        node: "n".into(),
        defects: defects.clone(),
        ..Config::default()
    };
    let code = |answer: Result<tonic::Response<Entry>, tonic::Status>| match answer {
        Ok(entry) => format!("entry {}", entry.into_inner().account_seq),
        Err(status) => format!("{:?}", status.code()),
    };
    let Running { client: mut ledger, stop, .. } = start(config()).await?;
    ledger.post(posting("e1", "alice", 5998)).await?;
    // The order unknown to all, before anything is made of it.
    let unknown = code(ledger.get_entry(GetEntryRequest { order_id: "nope".into() }).await);
    let conflict = code(ledger.post(posting("e1", "alice", 1)).await);
    let invalid = code(ledger.post(posting("e9", "alice", -1)).await);
    let limit = code(ledger.post(posting("e9", "alice", 1_000_001)).await);
    let again = ledger.post(posting("e1", "alice", 5998)).await;
    let refused = matches!(&again, Err(status) if status.code() == Code::AlreadyExists);
    let twice = format!("{} entries", entries(&mut ledger, "alice").await?);
    let postings = [posting("i1", "bob", 1), posting("i2", "bob", -1)];
    assert!(ledger.import(tokio_stream::iter(postings)).await.is_err());
    let partial = format!("{} entries", entries(&mut ledger, "bob").await?);
    let watched = watched(&mut ledger).await?;
    let first = ledger.balance(BalanceRequest { account: "carol".into() }).await?.into_inner().entries;
    let second = ledger.balance(BalanceRequest { account: "carol".into() }).await?.into_inner().entries;
    let torn = torn(&mut ledger).await?;
    drop((ledger, stop));

    let Running { client: mut ledger, stop: _stop, .. } = start(config()).await?;
    let next = ledger.post(posting("w5", "carol", 1)).await?.into_inner().account_seq;
    let before = entries(&mut ledger, "alice").await?;
    let restarted = ledger.post(posting("e1", "alice", 5998)).await;
    let forgotten = restarted.is_ok() && entries(&mut ledger, "alice").await? > before;
    Ok(vec![
        (Defect::RedeliveryPostsTwice, twice),
        (Defect::EntriesForgotten, format!("forgotten: {forgotten}")),
        (Defect::PartialWrite, partial),
        (Defect::DuplicateRefused, format!("refused: {refused}")),
        (Defect::ConflictAccepted, conflict),
        (Defect::InvalidIsInternal, invalid),
        (Defect::LimitIsUnavailable, limit),
        (Defect::UnknownIsEmpty, unknown),
        (Defect::WatchSwapped, format!("in order: {}", watched.is_sorted())),
        (Defect::WatchCoalesced, format!("all: {}", (1..=4).all(|seq| watched.contains(&seq)))),
        (Defect::WatchRepeated, format!("repeated: {}", watched.windows(2).any(|two| two[0] == two[1]))),
        (Defect::SeqReused, format!("reused: {}", next < 5)),
        (Defect::SeqSkipped, format!("skipped: {}", next > 5)),
        (Defect::BalanceOfReplica, format!("falls: {}", second < first)),
        (Defect::PostingTorn, format!("torn: {torn}")),
    ])
}

/// The numbers that a watcher of an account with three entries gets, and then a fourth.
async fn watched(ledger: &mut LedgerClient<Channel>) -> Result<Vec<u64>, Box<dyn Error>> {
    let three = ["w1", "w2", "w3"].map(|id| posting(id, "carol", 1));
    ledger.import(tokio_stream::iter(three)).await?;
    let request = WatchRequest { account: "carol".into(), from_seq: 1 };
    let mut entries = ledger.watch(request).await?.into_inner();
    let mut seen = Vec::new();
    while let Some(entry) = timeout(Duration::from_secs(10), entries.message()).await?? {
        if seen.is_empty() {
            ledger.post(posting("w4", "carol", 1)).await?;
        }
        seen.push(entry.account_seq);
        if entry.account_seq == 4 {
            break;
        }
    }
    Ok(seen)
}

/// Whether somebody who asks all the time ever sees one entry of a posting without the other.
async fn torn(ledger: &mut LedgerClient<Channel>) -> Result<bool, Box<dyn Error>> {
    for turn in 0..20 {
        let customer = format!("dave-{turn}");
        let mut other = ledger.clone();
        let posting = posting(&format!("d{turn}"), &customer, 1);
        let posted = tokio::spawn(async move { other.post(posting).await.map(|_| ()) });
        loop {
            match entries(ledger, &customer).await? {
                0 => {}
                1 => {
                    posted.await??;
                    return Ok(true);
                }
                _ => break,
            }
        }
        posted.await??;
    }
    Ok(false)
}

async fn entries(ledger: &mut LedgerClient<Channel>, customer: &str) -> Result<usize, Box<dyn Error>> {
    let request = ListEntriesRequest { customer_id: customer.into(), ..Default::default() };
    Ok(ledger.list_entries(request).await?.into_inner().entries.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_defect_shows_and_none_is_there_unasked() -> Test {
    let sound = behaviour(Defects::default()).await?;
    let said: Vec<_> = sound.iter().map(|(_, said)| said.as_str()).collect();
    assert_eq!(
        said,
        [
            "2 entries",
            "forgotten: false",
            "0 entries",
            "refused: false",
            "AlreadyExists",
            "InvalidArgument",
            "ResourceExhausted",
            "NotFound",
            "in order: true",
            "all: true",
            "repeated: false",
            "reused: false",
            "skipped: false",
            "falls: false",
            "torn: false"
        ]
    );
    for (name, defect, _) in DEFECTS {
        let broken = behaviour(Defects::from(*defect)).await?;
        for ((place, sound), (_, broken)) in sound.iter().zip(&broken) {
            // One that never looks an entry up neither finds a conflict nor one from before.
            let follows = *defect == Defect::RedeliveryPostsTwice
                && matches!(place, Defect::ConflictAccepted | Defect::EntriesForgotten);
            assert_eq!(place == defect || follows, sound != broken, "{name}, {place:?}: {broken}");
        }
    }
    Ok(())
}
