//! The sample shop's ledger.
fn main() {}
