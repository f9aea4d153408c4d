//! Protocol Buffers contracts: `.proto` files compiled at run time, without protoc, and the
//! mapping between their messages and the language's values.

mod compile;
mod error;
mod interface;
pub(super) mod places;
mod shape;
pub mod value;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use prost_types::FileDescriptorSet;

pub use compile::{Tree, compile, compile_all, compile_under, top};
pub use error::ProtoError;

use super::Interface;
use crate::source::{Source, SourceId};
use places::Places;

/// A compiled contract: the descriptors, and where they came from.
#[derive(Debug, Clone)]
pub struct Proto {
    pool: DescriptorPool,
    file: PathBuf,
    roots: Vec<PathBuf>,
    /// The files on disk by the names under which they are imported.
    files: Vec<(String, PathBuf)>,
    places: Arc<Places>,
    interface: OnceLock<Arc<Interface>>,
}

impl Proto {
    /// The file that was named.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The directories from which it and its imports were read, the file's own first: what
    /// `protoc` and `grpcurl` want as `-import-path`.
    pub fn import_roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Every file that was read from disk: the name under which it is imported, and where it is.
    pub fn files(&self) -> &[(String, PathBuf)] {
        &self.files
    }

    /// Takes note of a file's number among the sources, so that what it declares has a place. To
    /// be called before [`Proto::interface`].
    pub fn register(&mut self, name: &str, id: SourceId, source: &Source) {
        if let Some(file) = self.pool.get_file_by_name(name) {
            Arc::make_mut(&mut self.places).add(&file, id, source);
        }
    }

    /// Its methods and types.
    pub fn interface(&self) -> &Interface {
        self.interface.get_or_init(|| Arc::new(interface::interface(self)))
    }

    /// The descriptors.
    pub fn pool(&self) -> &DescriptorPool {
        &self.pool
    }
}

impl Deref for Proto {
    type Target = DescriptorPool;

    fn deref(&self) -> &DescriptorPool {
        &self.pool
    }
}

/// The message type with this full name: from `pool`, or one of the well-known types
/// (`google.protobuf.*`) and error details (`google.rpc.*`) that every contract may carry in an
/// `Any` without importing them.
pub fn find_message(pool: &DescriptorPool, name: &str) -> Option<MessageDescriptor> {
    pool.get_message_by_name(name).or_else(|| built_in().get_message_by_name(name))
}

/// The well-known types and the error details.
fn built_in() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut pool = DescriptorPool::global();
        // The bundled set always fits; without it details would still show as bytes.
        let _ = pool.add_file_descriptor_set(rpc_files());
        pool
    })
}

/// `google/rpc/status.proto` and `google/rpc/error_details.proto` under the names by which files
/// import them; the bundle leaves out the directory.
fn rpc_files() -> FileDescriptorSet {
    let mut set = FileDescriptorSet::decode(tonic_types::pb::FILE_DESCRIPTOR_SET).unwrap_or_default();
    for file in &mut set.file {
        for name in file.name.iter_mut().chain(&mut file.dependency) {
            if !name.contains('/') {
                name.insert_str(0, "google/rpc/");
            }
        }
    }
    set.file.retain(|file| file.name().starts_with("google/rpc/"));
    set
}
