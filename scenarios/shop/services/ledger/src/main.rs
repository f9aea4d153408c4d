//! Starts the sample shop's ledger.
//!
//! `LISTEN` is its address, `LEDGER_DB` the SQLite file (in memory without it),
//! `LEDGER_NODE` its name in errors, `LEDGER_CONTRACT` the version of the contract
//! it knows (`v1`; today's without it). `SHOP_DEFECTS` names mistakes for it to make,
//! separated by commas: for tests.

use std::{
    env,
    error::Error,
    process::{self, ExitCode},
    time::Duration,
};

use ledger::{Config, Defects, Version, log, serve};
use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// How long callers may take to finish when the ledger is told to stop.
const GRACE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log("ERROR", "the ledger cannot run", json!({ "error": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:50051".to_owned());
    let version = env::var("LEDGER_CONTRACT").unwrap_or_default();
    let config = Config {
        db: env::var_os("LEDGER_DB").filter(|path| !path.is_empty()).map(Into::into),
        node: env::var("LEDGER_NODE").unwrap_or_else(|_| "ledger-1".to_owned()),
        contract: Version::named(&version)
            .ok_or_else(|| format!("LEDGER_CONTRACT: there is no version `{version}`; there is `v1`"))?,
        defects: Defects::parse(&env::var("SHOP_DEFECTS").unwrap_or_default())
            .map_err(|unknown| format!("SHOP_DEFECTS: {unknown}"))?,
    };
    let listener =
        TcpListener::bind(&address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?;
    log("INFO", "listening", json!({ "addr": listener.local_addr()?.to_string() }));

    let (stop, stopping) = oneshot::channel();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        log("INFO", "stopping", json!({}));
        // Nobody listens when the server has ended by itself.
        let _ = stop.send(());
        tokio::time::sleep(GRACE).await;
        log("WARN", "callers were cut off", json!({}));
        process::exit(0);
    });
    serve(listener, config, async { stopping.await.unwrap_or(()) }).await?;
    log("INFO", "stopped", json!({}));
    Ok(())
}
