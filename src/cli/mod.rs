//! The command line.

pub use crate::run::Exit;
