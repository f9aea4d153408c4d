//! The run: from a plan to events.

pub mod suite;
