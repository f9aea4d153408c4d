//! The sample shop's ledger: an append-only, double-entry journal over gRPC.
//!
//! The contract, `contracts/ledger.proto`, says what the service promises. Here
//! `posting` knows the rules of book-keeping, `store` keeps the entries,
//! `service` speaks gRPC, `decoding` tells callers what is no message,
//! `telemetry` logs, and `defects` are mistakes for tests to find.

mod decoding;
mod defects;
mod posting;
mod service;
mod store;
mod telemetry;

use std::{error::Error, future::Future, path::PathBuf};

use tokio::{net::TcpListener, sync::watch};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{codec::CompressionEncoding, metadata::AsciiMetadataValue, transport::Server};

use crate::{
    decoding::Decoding, proto::ledger_server::LedgerServer, service::LedgerService, store::Store,
    telemetry::Telemetry,
};

pub use crate::{
    defects::{Defect, Defects, TABLE as DEFECTS},
    telemetry::log,
};

/// The messages and the service, generated from the contract.
#[expect(clippy::allow_attributes, reason = "the generator writes `allow`")]
pub mod proto {
    tonic::include_proto!("ledger.v1");

    /// The contract itself, for reflection.
    pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("ledger");
}

/// What the first contract says otherwise, for a ledger that was never built anew.
#[expect(unreachable_pub, reason = "the generator writes `pub`")]
mod v1 {
    include!(concat!(env!("OUT_DIR"), "/v1/ledger.v1.rs"));
}

/// Which contract a ledger was built from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Version {
    /// Today's.
    #[default]
    Current,
    /// The first, whose `Kitchen` had neither the last fields nor DESSERT. The messages about money
    /// are the same in both.
    V1,
}

impl Version {
    /// The version with this name; today's has none.
    #[must_use]
    pub fn named(name: &str) -> Option<Version> {
        match name {
            "" => Some(Version::Current),
            "v1" => Some(Version::V1),
            _ => None,
        }
    }
}

/// What a ledger needs to know.
#[derive(Debug, Default)]
pub struct Config {
    /// Where the entries are kept; in memory without it.
    pub db: Option<PathBuf>,
    /// The name of this ledger in its errors.
    pub node: String,
    /// The contract it was built from.
    pub contract: Version,
    /// The mistakes it makes.
    pub defects: Defects,
}

/// Serves the ledger on a listener until `shutdown`; then finishes what is under way.
///
/// # Errors
/// When the store cannot be opened, or the listener fails.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let store = Store::open(config.db.as_deref(), config.defects.clone())?;
    let node = AsciiMetadataValue::try_from(config.node)?;
    let (stop, stopping) = watch::channel(false);
    let service = LedgerService::new(store, node, config.contract, config.defects, stopping);
    let ledger = LedgerServer::new(service)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Zstd);

    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<LedgerServer<LedgerService>>().await;

    Server::builder()
        .layer(Telemetry)
        .layer(Decoding)
        .add_service(ledger)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async {
            shutdown.await;
            health.set_not_serving::<LedgerServer<LedgerService>>().await;
            stop.send_replace(true);
        })
        .await?;
    Ok(())
}

/// Everything a caller may meet: the contract, health, and the details of errors.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}
