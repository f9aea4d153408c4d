//! Compiles the contract in Rust alone: no `protoc` is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;
use prost_types::FileDescriptorSet;

const CONTRACTS: &str = "../../contracts";

/// How many fields of `Kitchen` the first contract had: those for JSON, `Any` and null came later.
const V1_FIELDS: i32 = 28;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={CONTRACTS}/ledger.proto");
    let descriptors = protox::compile(["ledger.proto"], [CONTRACTS])?;

    // Kept for reflection.
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("ledger.bin"), descriptors.encode_to_vec())?;

    let older = out.join("v1");
    fs::create_dir_all(&older)?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(false)
        .out_dir(older)
        .compile_fds(v1(&descriptors))?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}

/// `Kitchen` as it was before its last fields and the last course.
fn v1(today: &FileDescriptorSet) -> FileDescriptorSet {
    let mut descriptors = today.clone();
    for file in descriptors.file.iter_mut().filter(|file| file.package() == "ledger.v1") {
        // The rest was as it is.
        file.message_type.retain(|message| message.name() == "Kitchen");
        file.enum_type.clear();
        file.service.clear();
        // Comments stand at the places where things were.
        file.source_code_info = None;
        for kitchen in &mut file.message_type {
            kitchen.field.retain(|field| field.number() <= V1_FIELDS);
            for known in &mut kitchen.enum_type {
                known.value.retain(|value| value.name() != "DESSERT");
            }
        }
    }
    descriptors
}
