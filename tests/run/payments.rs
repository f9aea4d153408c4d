//! A payment service with idempotency keys, real and with one defect at a time: this test program
//! itself, started by a run. What it knows lies in a file, so that it survives a restart and is
//! shared by its members.
//!
//! - `POST /v1/payments { customer, amount }` with `Idempotency-Key` and `Authorization` pays
//! - `POST /hooks { id, customer, amount }` pays too, keyed by the id of the message
//! - `GET /v1/payments?customer=x` is what was paid
//!
//! - gRPC `pay.v1.Pay`: `Pay` with `idempotency-key` in the metadata, and `Paid`, on the same port
//!
//! `DEFECT` names what is wrong with it; `LIFE_MS` is how long a key lives; `BOOKS` is a service
//! that it posts to before it pays; with `BEATS` it asks the books all the time whether they are there,
//! and hands on the trace of who pays.

use std::collections::BTreeMap;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What starts one, for `start "…"`.
pub(crate) fn start() -> String {
    let program = std::env::current_exe().unwrap();
    format!("{} --exact payments::serve --ignored --nocapture", program.display())
}

/// Runs as a service of a test's scenarios, until it is killed.
#[test]
#[ignore = "this is a service, not a test"]
fn serve() {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let shop = Arc::new(Shop {
        defect: var("DEFECT"),
        file: var("STATE").into(),
        own: format!("{}.{}", var("STATE"), std::process::id()).into(),
        life: Duration::from_millis(var("LIFE_MS").parse().unwrap_or(3_600_000)),
        books: var("BOOKS"),
        beats: !var("BEATS").is_empty(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        if shop.beats {
            tokio::spawn(beat(shop.books.clone()));
        }
        let listener = tokio::net::TcpListener::bind(var("LISTEN")).await.unwrap();
        let routes = Router::new()
            .route("/healthz", get(|| async { "{}" }))
            .route("/v1/payments", post(pay).get(paid))
            .route("/hooks", post(hook))
            .route("/pay.v1.Pay/Pay", post(grpc_pay))
            .route("/pay.v1.Pay/Paid", post(grpc_paid))
            .with_state(shop);
        axum::serve(listener, routes).await.unwrap();
    });
}

struct Shop {
    defect: String,
    file: PathBuf,
    /// What only this process knows, for the defects that forget or do not share.
    own: PathBuf,
    life: Duration,
    books: String,
    beats: bool,
}

tokio::task_local! {
    /// What whoever pays says of its trace.
    static TRACE: Option<String>;
}

/// Asks the books every few milliseconds whether they are there.
async fn beat(books: String) {
    loop {
        let _ = asked(&books, "GET /healthz", "").await;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Known {
    payments: Vec<Value>,
    keys: BTreeMap<String, Kept>,
}

/// What is kept of a key.
#[derive(Serialize, Deserialize, Clone)]
struct Kept {
    at_ms: u64,
    body: String,
    /// The status and body of the answer; none while the first attempt is under way.
    answer: Option<(u16, Value)>,
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64
}

/// Reads, changes and writes what lies in a file, alone.
fn change<T>(path: &PathBuf, change: impl FnOnce(&mut Known) -> T) -> T {
    let file =
        std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
    let mut file = Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    let mut known: Known =
        if text.is_empty() { Known::default() } else { serde_json::from_str(&text).unwrap() };
    let result = change(&mut known);
    file.rewind().unwrap();
    file.set_len(0).unwrap();
    file.write_all(serde_json::to_string(&known).unwrap().as_bytes()).unwrap();
    result
}

fn answer((status, body): (u16, Value)) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

async fn paid(State(shop): State<Arc<Shop>>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let customer = query.get("customer").cloned().unwrap_or_default();
    let payments = change(&shop.file, |known| known.payments.clone());
    let own: Vec<Value> = payments.into_iter().filter(|payment| payment["customer"] == customer).collect();
    answer((200, json!({ "payments": own })))
}

async fn pay(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let tenant = text("authorization").unwrap_or_default();
    let trace = text("traceparent").filter(|_| shop.beats);
    answer(TRACE.scope(trace, attempt(&shop, text("idempotency-key"), tenant, &body)).await)
}

async fn hook(State(shop): State<Arc<Shop>>, body: Bytes) -> Response {
    let message: Value = serde_json::from_slice(&body).unwrap();
    let id = message["id"].as_str().map(str::to_owned);
    answer(attempt(&shop, id, "hooks".into(), &body).await)
}

/// What is to be done with a request.
enum Turn {
    First,
    Answer(u16, Value),
}

async fn attempt(shop: &Arc<Shop>, key: Option<String>, tenant: String, raw: &Bytes) -> (u16, Value) {
    let is = |defect: &str| shop.defect == defect;
    let body: Value = serde_json::from_slice(raw).unwrap();
    let unique = || format!("{:x}", now_ms() ^ u64::from(std::process::id()) ^ rand());
    let key = match key {
        None if is("key_optional") => unique(),
        None => return (400, json!({ "error": "no key" })),
        Some(key) if (key.is_empty() || key.len() > 255) && !is("any_key") => {
            return (400, json!({ "error": "malformed key" }));
        }
        Some(key) => key,
    };
    let name = if is("shared_key") { key } else { format!("{tenant} {key}") };
    let print = match is("raw_body") {
        true => String::from_utf8_lossy(raw).into_owned(),
        false => serde_json::to_string(&sorted(&body)).unwrap(),
    };
    let keys = if is("forgets") { &shop.own } else { &shop.file };
    let turn = change(keys, |known| {
        let life = shop.life.as_millis() as u64;
        let kept =
            known.keys.get(&name).filter(|kept| is("lives_on") || now_ms() < kept.at_ms + life).cloned();
        match kept {
            Some(_) if is("ignored") => Turn::First,
            Some(Kept { answer: None, .. }) if is("race") => Turn::First,
            Some(Kept { answer: None, .. }) => Turn::Answer(409, json!({ "error": "under way" })),
            Some(Kept { body, .. }) if body != print && !is("any_body") => {
                Turn::Answer(if is("conflict") { 409 } else { 422 }, json!({ "error": "another body" }))
            }
            Some(Kept { answer: Some((status, body)), .. }) => Turn::Answer(status, body),
            None => {
                known.keys.insert(name.clone(), Kept { at_ms: now_ms(), body: print.clone(), answer: None });
                Turn::First
            }
        }
    });
    if let Turn::Answer(status, mut stored) = turn {
        if status == 201 && is("twice") {
            change(&shop.file, |known| known.payments.push(body.clone()));
        }
        if status == 201 && is("late") {
            let (file, body) = (shop.file.clone(), body.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(120)).await;
                change(&file, |known| known.payments.push(body));
            });
        }
        if status == 201 && is("other_answer") {
            stored["id"] = unique().into();
        }
        if status == 201 && is("replay_is_200") {
            return (200, stored);
        }
        return (status, stored);
    }
    // Long enough for another attempt to come meanwhile.
    tokio::time::sleep(Duration::from_millis(40)).await;
    let posted = shop.books.is_empty() || booked(&shop.books).await.is_some();
    if !posted {
        let failed = json!({ "error": "the books are closed" });
        change(keys, |known| match known.keys.get_mut(&name) {
            Some(kept) if is("failure_kept") => kept.answer = Some((502, failed.clone())),
            Some(_) if is("never_released") => {}
            _ => {
                known.keys.remove(&name);
            }
        });
        return (502, failed);
    }
    if !is("does_nothing") {
        change(&shop.file, |known| known.payments.push(body.clone()));
    }
    let done = json!({ "id": unique(), "amount": body["amount"], "served_at": now_ms() });
    let status = if is("breaks") { 500 } else { 201 };
    change(keys, |known| {
        known.keys.insert(name, Kept { at_ms: now_ms(), body: print, answer: Some((status, done.clone())) });
    });
    (status, done)
}

/// What the service promises over gRPC.
pub(crate) const PROTO: &str = r#"
syntax = "proto3";
package pay.v1;
service Pay {
  rpc Pay(Payment) returns (Receipt);
  rpc Paid(Customer) returns (Payments);
}
message Payment { string customer = 1; int64 amount = 2; }
message Receipt { string id = 1; int64 amount = 2; int64 served_at = 3; }
message Customer { string name = 1; }
message Payments { repeated Payment payments = 1; }
"#;

#[derive(Clone, PartialEq, prost::Message)]
struct Payment {
    #[prost(string, tag = "1")]
    customer: String,
    #[prost(int64, tag = "2")]
    amount: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Receipt {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(int64, tag = "2")]
    amount: i64,
    #[prost(int64, tag = "3")]
    served_at: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Payments {
    #[prost(message, repeated, tag = "1")]
    payments: Vec<Payment>,
}

/// One message of gRPC, without its prefix.
fn told<M: prost::Message + Default>(body: &Bytes) -> M {
    M::decode(&body[5..]).unwrap()
}

/// The answer of gRPC: a message and the status behind it, or the status alone.
fn grpc(code: &'static str, message: Option<&impl prost::Message>) -> Response {
    use axum::http::{HeaderName, HeaderValue};
    use http_body_util::BodyExt as _;

    let status = (HeaderName::from_static("grpc-status"), HeaderValue::from_static(code));
    let kind = [("content-type", "application/grpc")];
    let Some(message) = message else { return (kind, [status]).into_response() };
    let bytes = message.encode_to_vec();
    let framed = [&[0][..], &(bytes.len() as u32).to_be_bytes(), &bytes].concat();
    let trailers = HeaderMap::from_iter([status]);
    let body = http_body_util::Full::from(framed).with_trailers(async move { Some(Ok(trailers)) });
    (kind, axum::body::Body::new(body)).into_response()
}

async fn grpc_pay(State(shop): State<Arc<Shop>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let payment: Payment = told(&body);
    let body = json!({ "customer": payment.customer, "amount": payment.amount }).to_string();
    let tenant = text("authorization").unwrap_or_default();
    let (status, answer) = attempt(&shop, text("idempotency-key"), tenant, &body.into()).await;
    let number = |name: &str| answer[name].as_i64().unwrap_or_default();
    let code = match status {
        200 | 201 => "0",
        400 => "3",
        409 => "10",
        422 => "9",
        502 => "14",
        _ => "13",
    };
    let receipt = (code == "0").then(|| Receipt {
        id: answer["id"].as_str().unwrap_or_default().to_owned(),
        amount: number("amount"),
        served_at: number("served_at"),
    });
    grpc(code, receipt.as_ref())
}

async fn grpc_paid(State(shop): State<Arc<Shop>>, body: Bytes) -> Response {
    let asked: Payment = told(&body);
    let all = change(&shop.file, |known| known.payments.clone());
    let own = all.iter().filter(|payment| payment["customer"] == asked.customer.as_str());
    let payments = own.map(|payment| Payment {
        customer: asked.customer.clone(),
        amount: payment["amount"].as_i64().unwrap_or_default(),
    });
    grpc("0", Some(&Payments { payments: payments.collect() }))
}

/// A number that no other call gives.
fn rand() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0)
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<String, Value> =
                fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            json!(sorted)
        }
        other => other.clone(),
    }
}

/// Posts a line in the books; whether that was answered.
async fn booked(books: &str) -> Option<()> {
    let trace = TRACE.try_with(Clone::clone).ok().flatten();
    let trace = trace.map(|trace| format!("traceparent: {trace}\r\n")).unwrap_or_default();
    let answer = asked(books, "POST /v1/payments", &trace).await?;
    answer.starts_with(b"HTTP/1.1 201").then_some(())
}

/// The head of the answer to a request.
async fn asked(books: &str, line: &str, headers: &str) -> Option<Vec<u8>> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(books).await.ok()?;
    let request = format!(
        "{line} HTTP/1.1\r\nhost: {books}\r\nidempotency-key: {:x}\r\n{headers}content-length: 2\r\nconnection: close\r\n\r\n{{}}",
        rand()
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.ok()?);
    }
    Some(answer)
}
