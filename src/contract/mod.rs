//! Contracts: the files that describe a service's interface.

use std::path::PathBuf;
use std::sync::Arc;

/// A service's contract.
#[derive(Debug, Clone)]
pub enum Contract {
    /// Compiled `.proto` files.
    Proto(Arc<prost_reflect::DescriptorPool>),
    /// An OpenAPI document; read when something first needs it.
    OpenApi(Arc<PathBuf>),
}
