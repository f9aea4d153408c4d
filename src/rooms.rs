//! The composition root: every room of the house, a line each. Adding a protocol or a relation
//! touches its own file and one line here.

use crate::lang::{Registry, Spec};
use crate::protocol::Protocol;
use crate::protocol::exec::Exec;
use crate::protocol::grpc::Grpc;
use crate::protocol::http::Http;
use crate::protocol::nats::Nats;
use crate::protocol::redis::Redis;
use crate::protocol::sql::Sql;
use crate::protocol::system::System;
use crate::value::Value;

/// The names of every room.
const SPECS: &[&[Spec]] = &[
    // the structure's own names: settings, attributes, gates
    crate::check::SPECS,
    crate::check::PROPERTIES,
    // protocols
    crate::protocol::exec::SPECS,
    crate::protocol::grpc::SPECS,
    crate::protocol::grpc::PLAYED,
    crate::protocol::http::SPECS,
    crate::protocol::http::PLAYED,
    crate::protocol::nats::SPECS,
    crate::protocol::redis::SPECS,
    crate::protocol::sql::SPECS,
    crate::protocol::system::SPECS,
    // the system under test
    crate::system::SPECS,
    crate::system::fault::SPECS,
    // what breaks between its parts
    crate::link::fault::SPECS,
    // values
    crate::shape::choice::SPECS,
    crate::shape::types::SPECS,
    crate::shape::malformed::SPECS,
    crate::function::PROPERTIES,
    // attacks on idempotent operations
    crate::probe::SPECS,
    // load and its figures
    crate::workload::SPECS,
    // what a history is explained by
    crate::history::SPECS,
    crate::history::cycles::SPECS,
    // data that only looks real
    crate::anonymize::SPECS,
];

/// The names of rooms that are houses of their own.
const HOUSES: &[&[&[Spec]]] = &[crate::function::SPECS, crate::relation::SPECS];

/// The registry of all names.
pub fn registry() -> Registry {
    Registry::new(SPECS.iter().chain(HOUSES.iter().copied().flatten()).copied())
}

/// The protocols of a run, new for each run since they hold its connections.
pub fn protocols() -> Vec<Box<dyn Protocol>> {
    vec![
        Box::new(Exec),
        Box::new(Grpc::new()),
        Box::new(Http::new()),
        Box::new(Nats::new()),
        Box::new(Redis::new()),
        Box::new(Sql::new()),
        Box::new(System),
    ]
}

/// The value of a constant, such as `NOT_FOUND`.
pub fn constant(name: &str) -> Option<Value> {
    crate::protocol::grpc::constant(name)
}
