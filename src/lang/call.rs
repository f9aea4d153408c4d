//! The record of a call that comes to a double, and why a call may have no answer.

/// Its fields: those of the calls of a link that are known before the answer, and over HTTP alone
/// [`QUERY`].
pub const FIELDS: &[&str] =
    &["method", "path", QUERY, "headers", "body", "request", "raw", "request_size", "trace"];

/// The words of `error.kind` over HTTP and gRPC, as `ErrorKind` of the protocols has them in order.
pub const ERROR_KINDS: [&str; 7] =
    ["refused", "reset", "timeout", "tls", "protocol", "cancelled", "exhausted"];

/// The parameters of the path.
pub const QUERY: &str = "query";
