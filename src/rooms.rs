//! The composition root: every room of the house, a line each. Adding a protocol or a relation
//! touches its own file and one line here.

use crate::lang::{Registry, Spec};

/// The names of every room.
const SPECS: &[&[Spec]] = &[crate::shape::types::SPECS, crate::function::PROPERTIES];

/// The names of rooms that are houses of their own.
const HOUSES: &[&[&[Spec]]] = &[crate::function::SPECS, crate::relation::SPECS];

/// The registry of all names.
pub fn registry() -> Registry {
    Registry::new(SPECS.iter().chain(HOUSES.iter().copied().flatten()).copied())
}
