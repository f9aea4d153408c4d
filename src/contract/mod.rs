//! Contracts: the files that describe a service's interface.

pub mod proto;

use std::path::PathBuf;
use std::sync::Arc;

/// A service's contract.
#[derive(Debug, Clone)]
pub enum Contract {
    /// Compiled `.proto` files; [`proto::Proto`] derefs to their descriptor pool.
    Proto(Arc<proto::Proto>),
    /// An OpenAPI document; read when something first needs it.
    OpenApi(Arc<PathBuf>),
}
