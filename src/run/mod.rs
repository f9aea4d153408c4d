//! The run: from a plan to events.

pub mod suite;

mod options;
pub use options::{Options, run};
