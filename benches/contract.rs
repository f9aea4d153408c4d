//! What holding responses against contracts costs, on one core: `cargo bench --bench contract`. A
//! request over the loopback takes some 100 µs, so judging its response must take a fraction of it.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use scn::contract::conform::{self, Came};
use scn::contract::openapi::{self, Document};
use scn::contract::{File, Interface, Reader, proto};
use scn::shape::mismatches;
use scn::source::SourceId;
use scn::value::{Value, from_json};

const OPENAPI: &str = include_str!("../scenarios/shop/contracts/orders.openapi.yaml");
const PROTO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/shop/contracts/ledger.proto");

/// The response to `GET /v1/orders/{id}`.
const ORDER: &str = r#"{
    "id": "6a1f5c7e-3d0b-4f4e-9b38-0d0c3f6f7a11", "customer": "c-1", "state": "PAID",
    "total": 59.98, "currency": "EUR", "created_at": "2026-01-02T03:04:05Z", "lines": [
    {"sku": "pot", "qty": 2, "price": 19.99}, {"sku": "tea", "qty": 1, "price": 20.00}]
}"#;

/// The contract is one file.
struct Alone;

impl Reader for Alone {
    fn read(&mut self, _: &Path, path: &str) -> Result<File, String> {
        Err(format!("`{path}` is not read"))
    }
}

fn read() -> Option<Document> {
    let file = File { path: "orders.openapi.yaml".into(), source: SourceId(0), text: Arc::from(OPENAPI) };
    openapi::read(&file, false, &mut Alone).0
}

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap_or(Value::Null)
}

fn over_http(c: &mut Criterion) {
    let document = read();
    assert!(document.is_some(), "the contract of the shop is read");
    let Some(document) = document else { return };
    let interface: &Interface = document.interface();
    let (order, headers) = (json(ORDER), json(r#"{"content-type": "application/json"}"#));
    let path = "/v1/orders/6a1f5c7e-3d0b-4f4e-9b38-0d0c3f6f7a11";
    let judge = |body: &Value| {
        let operation = interface.http("GET", path)?;
        let events = |_: &str| Ok(Vec::new());
        let came = Came { status: 200, headers: &headers, body: Some(body), events };
        Some(conform::came(operation, &came))
    };
    assert_eq!(judge(&order), Some(Vec::new()), "a benchmark of what is refused says nothing");
    assert_ne!(judge(&json("{}")), Some(Vec::new()), "nor does one of what refuses nothing");
    let mut group = c.benchmark_group("openapi");
    group.bench_function("an order", |b| b.iter(|| black_box(judge(black_box(&order)))));
    group.bench_function("read the contract", |b| b.iter(|| black_box(read())));
    group.finish();
}

fn over_grpc(c: &mut Criterion) {
    let proto = proto::compile(Path::new(PROTO));
    assert!(proto.is_ok(), "the contract of the ledger is read");
    let Ok(proto) = proto else { return };
    let message = json(
        r#"{"seq": 7, "account_seq": 3, "entry_id": "e-1", "order_id": "o-1", "customer_id": "c-1",
            "account": "customer:c-1", "amount_minor": 5998, "currency": "EUR", "type": "PAID",
            "metadata": {"shop": "1"}}"#,
    );
    let entries = proto.interface().types_named("Entry");
    assert_eq!(entries.len(), 1, "the ledger has entries");
    let Some((_, entry)) = entries.first() else { return };
    assert!(mismatches(&entry.pattern, &message).is_empty(), "{:?}", mismatches(&entry.pattern, &message));
    let mut group = c.benchmark_group("proto");
    group.bench_function("an entry against its message", |b| {
        b.iter(|| black_box(mismatches(&entry.pattern, black_box(&message))));
    });
    group.bench_function("unknown fields of an entry", |b| {
        b.iter(|| black_box(conform::unknown_fields(black_box(&message))));
    });
    group.finish();
}

criterion_group!(benches, over_http, over_grpc);
criterion_main!(benches);
