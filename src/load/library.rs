//! The standard library: modules named `std/…`, part of the program itself.

/// A module of the standard library.
#[derive(Debug, Clone, Copy)]
pub struct LibraryModule {
    /// The name that `use` gives, such as `std/health`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// The module whose profiles `idempotent as` finds without a `use`.
pub(super) const PROFILES: &str = "std/idempotency";

/// Every module of the standard library, in alphabetical order.
pub const LIBRARY: &[LibraryModule] = &[
    LibraryModule { name: "std/health", text: include_str!("../../stdlib/health.scn") },
    LibraryModule { name: PROFILES, text: include_str!("../../stdlib/idempotency.scn") },
    LibraryModule { name: "std/lossless", text: include_str!("../../stdlib/lossless.scn") },
    LibraryModule { name: "std/problem", text: include_str!("../../stdlib/problem.scn") },
    LibraryModule { name: "std/robust", text: include_str!("../../stdlib/robust.scn") },
];

/// The module with this name; a written `.scn` is no mistake.
pub(super) fn find(name: &str) -> Option<&'static LibraryModule> {
    let name = name.strip_suffix(".scn").unwrap_or(name);
    LIBRARY.iter().find(|module| module.name == name)
}
