//! The record of a call that comes to a double.

/// Its fields: those of the calls of a link that are known before the answer, and over HTTP alone
/// [`QUERY`].
pub const FIELDS: &[&str] =
    &["method", "path", QUERY, "headers", "body", "request", "raw", "request_size", "trace"];

/// The parameters of the path.
pub const QUERY: &str = "query";
