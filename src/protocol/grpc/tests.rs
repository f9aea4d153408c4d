//! Against real servers on loopback: tonic's, and some that misbehave.

mod calls;
mod faults;
mod reflected;
mod server;
mod streams;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Grpc;
use crate::contract::Contract;
use crate::protocol::{Call, Endpoint, Misuse, Protocol as _, Reply, Session};
use crate::system::Processes;
use crate::value::{Live, Object, Redactor, Value, from_json, show};

/// A value from JSON.
fn v(json: &str) -> Value {
    from_json(json.as_bytes()).unwrap()
}

fn session() -> Session {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736".to_owned();
    Session::new(Redactor::default(), CancellationToken::new(), PathBuf::new(), trace, Processes::default())
}

/// An endpoint with the test contract.
fn ledger(url: impl Into<String>) -> Arc<Endpoint> {
    Arc::new(Endpoint {
        service: "ledger".into(),
        protocol: "grpc".into(),
        url: url.into(),
        contract: Some(Contract::Proto(server::contract())),
        dir: PathBuf::new(),
    })
}

/// The same without a contract.
fn bare(url: impl Into<String>) -> Arc<Endpoint> {
    Arc::new(Endpoint { contract: None, ..(*ledger(url)).clone() })
}

fn request(
    verb: &str,
    endpoint: &Arc<Endpoint>,
    method: &str,
    operand: Option<Value>,
    options: Object,
) -> Call {
    Call {
        verb: verb.into(),
        endpoint: Some(endpoint.clone()),
        stream: None,
        members: method.split('.').filter(|part| !part.is_empty()).map(Arc::from).collect(),
        place: None,
        operand,
        options,
        span: None,
        reads: crate::protocol::Parts::ALL,
    }
}

fn on_stream(verb: &str, stream: &Value, operand: Option<Value>) -> Call {
    let Value::Live(live) = stream else { panic!("no stream: {}", show(stream)) };
    let options = Object::new();
    Call {
        verb: verb.into(),
        endpoint: None,
        stream: Some(live.clone()),
        members: Vec::new(),
        place: None,
        operand,
        options,
        span: None,
        reads: crate::protocol::Parts::ALL,
    }
}

fn options(json: &str) -> Object {
    v(json).as_object().unwrap().clone()
}

/// With a deadline, which JSON has no form for.
fn within(millis: u64) -> Object {
    Object::from_iter([(Arc::from("deadline"), Value::duration(std::time::Duration::from_millis(millis)))])
}

async fn perform(grpc: &Grpc, call: Call) -> Reply {
    grpc.perform(&call, &session()).await.unwrap()
}

/// `call` with a message.
async fn get(grpc: &Grpc, endpoint: &Arc<Endpoint>, method: &str, operand: &str) -> Reply {
    perform(grpc, request("call", endpoint, method, Some(v(operand)), Object::new())).await
}

async fn misuse(grpc: &Grpc, call: Call) -> (String, String) {
    let Misuse { message, help, .. } = grpc.perform(&call, &session()).await.unwrap_err();
    (message, help.unwrap_or_default())
}

/// A part of a record or stream, shown: `.error.kind`.
fn part(value: &Value, path: &str) -> String {
    show(&at(value, path))
}

fn at(value: &Value, path: &str) -> Value {
    let step = |value: Value, name: &str| match &value {
        Value::List(items) => items.get(name.parse::<usize>().unwrap()).cloned().unwrap_or(Value::Absent),
        Value::Object(fields) => fields.get(name).cloned().unwrap_or(Value::Absent),
        Value::Live(live) => live.field(name).unwrap_or_else(|| panic!("no field {name}")),
        _ => Value::Absent,
    };
    path.split('.').filter(|name| !name.is_empty()).fold(value.clone(), step)
}

fn live(value: &Value) -> Arc<dyn Live> {
    let Value::Live(live) = value else { panic!("no stream: {}", show(value)) };
    live.clone()
}

/// Waits by events until a stream fits; a test that hangs here fails by its own timeout.
async fn until(value: &Value, fits: impl Fn(&dyn Live) -> bool) {
    let live = live(value);
    let wait = async {
        loop {
            let seen = live.version();
            if fits(&*live) {
                return;
            }
            assert!(!live.is_over(), "the stream is over: {}", part(value, "error"));
            live.changed(seen).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("the stream stands still");
}

async fn over(value: &Value) {
    let live = live(value);
    let wait = async {
        while !live.is_over() {
            live.changed(live.version()).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect("the stream does not end");
}
