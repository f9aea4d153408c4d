//! Contracts: the files that describe a service's interface.

pub mod compat;
pub mod conform;
pub mod form;
mod interface;
pub mod proto;

use std::path::PathBuf;
use std::sync::Arc;

pub use interface::{
    Address, Declared, Interface, Operation, Parameter, ParameterPlace, Payload, Response, Segment, Status,
};

/// A service's contract.
#[derive(Debug, Clone)]
pub enum Contract {
    /// Compiled `.proto` files; [`proto::Proto`] derefs to their descriptor pool.
    Proto(Arc<proto::Proto>),
    /// An OpenAPI document; read when something first needs it.
    OpenApi(Arc<PathBuf>),
}

impl Contract {
    /// What it says, in terms of operations and shapes.
    pub fn interface(&self) -> &Interface {
        static NOTHING: std::sync::OnceLock<Interface> = std::sync::OnceLock::new();
        match self {
            Contract::Proto(proto) => proto.interface(),
            Contract::OpenApi(_) => NOTHING.get_or_init(Interface::default),
        }
    }
}
