//! Contracts: the files that describe a service's interface.

pub mod compat;
pub mod conform;
pub mod coverage;
pub(crate) mod document;
mod drawn;
pub mod form;
mod interface;
pub mod openapi;
pub mod proto;
mod schema;
pub mod style;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::source::SourceId;

pub use interface::{
    Address, Arrives, Declared, Interface, Media, Operation, Parameter, ParameterPlace, Payload, Response,
    Segment, Status,
};

/// A service's contract.
#[derive(Debug, Clone)]
pub enum Contract {
    /// Compiled `.proto` files; [`proto::Proto`] derefs to their descriptor pool.
    Proto(Arc<proto::Proto>),
    /// An OpenAPI document.
    OpenApi(Arc<openapi::Document>),
    /// A JSON Schema by itself: types without operations.
    Schema(Arc<openapi::Document>),
}

impl Contract {
    /// What it says, in terms of operations and shapes.
    pub fn interface(&self) -> &Interface {
        match self {
            Contract::Proto(proto) => proto.interface(),
            Contract::OpenApi(document) | Contract::Schema(document) => document.interface(),
        }
    }
}

/// A file of a contract, read.
#[derive(Debug, Clone)]
pub struct File {
    /// Its canonical path.
    pub path: PathBuf,
    /// Its number among the sources.
    pub source: SourceId,
    /// Its text.
    pub text: Arc<str>,
}

/// Reads the files that contracts refer to.
pub trait Reader {
    /// The file at a path relative to the one it is written in. The error is one line that says
    /// why it cannot be read.
    fn read(&mut self, from: &Path, path: &str) -> Result<File, String>;
}
