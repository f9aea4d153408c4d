//! Against a real server: `tests/brokers` says which.

mod core;
mod jetstream;
mod security;

use crate::protocol::broker::test_server::{Server, World};
use crate::protocol::nats::Nats;
use crate::value::Value;

/// A server with JetStream, with this configuration.
async fn server(config: &str) -> (Server, World<Nats>) {
    let arguments = ["-a", "127.0.0.1", "-p", "{port}", "-js", "-sd", "{dir}", "-c", "{dir}/config"];
    let server = Server::start("SCN_TEST_NATS_SERVER", "nats", config, &arguments).await;
    let world = World::new(Nats::new(), &server.url);
    (server, world)
}

/// An object as it is written in JSON.
fn json(text: &str) -> Value {
    crate::value::from_json(text.as_bytes()).unwrap()
}

fn none() -> Value {
    json("{}")
}

/// Options with a duration, in milliseconds.
fn within(name: &str, millis: i64, rest: &str) -> Value {
    let mut options = json(rest).as_object().cloned().unwrap();
    options.insert(name.into(), Value::Duration(millis * 1_000_000));
    Value::Object(options.into())
}
