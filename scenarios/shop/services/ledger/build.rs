//! Compiles the contract in Rust alone: no `protoc` is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

const CONTRACTS: &str = "../../contracts";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={CONTRACTS}/ledger.proto");
    let descriptors = protox::compile(["ledger.proto"], [CONTRACTS])?;

    // Kept for reflection.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("ledger.bin"), descriptors.encode_to_vec())?;

    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
