//! Status codes (<https://grpc.github.io/grpc/core/md_doc_statuscodes.html>).

use crate::value::Value;

/// Name and meaning of each code, by number.
pub(crate) const CODES: [(&str, &str); 17] = [
    ("OK", "the call succeeded"),
    ("CANCELLED", "the call was cancelled, mostly by the caller"),
    ("UNKNOWN", "an error that nobody gave a code"),
    ("INVALID_ARGUMENT", "the request is wrong, whatever the state of the system"),
    ("DEADLINE_EXCEEDED", "the deadline passed before the answer came"),
    ("NOT_FOUND", "what was asked for does not exist"),
    ("ALREADY_EXISTS", "what was to be created exists already"),
    ("PERMISSION_DENIED", "the caller may not do this"),
    ("RESOURCE_EXHAUSTED", "a quota or a limit is used up"),
    ("FAILED_PRECONDITION", "the system is not in the state that the call needs"),
    ("ABORTED", "the call collided with another; try it again"),
    ("OUT_OF_RANGE", "the call went past the valid range"),
    ("UNIMPLEMENTED", "the server has no such method, or does not support it"),
    ("INTERNAL", "the server, or the protocol, is broken"),
    ("UNAVAILABLE", "the server cannot be used right now"),
    ("DATA_LOSS", "data is lost or corrupt beyond repair"),
    ("UNAUTHENTICATED", "the caller did not say who it is"),
];

/// A status code by number; numbers past 16 exist on the wire and are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

impl Code {
    pub(super) const OK: Code = Code(0);
    pub(super) const CANCELLED: Code = Code(1);
    pub(super) const UNKNOWN: Code = Code(2);
    pub(super) const DEADLINE_EXCEEDED: Code = Code(4);
    pub(super) const PERMISSION_DENIED: Code = Code(7);
    pub(super) const RESOURCE_EXHAUSTED: Code = Code(8);
    pub(super) const UNIMPLEMENTED: Code = Code(12);
    pub(super) const INTERNAL: Code = Code(13);
    pub(super) const UNAVAILABLE: Code = Code(14);
    pub(super) const UNAUTHENTICATED: Code = Code(16);

    /// `NOT_FOUND`. A number without a name counts as `UNKNOWN`, as gRPC demands.
    pub(crate) fn name(self) -> &'static str {
        CODES.get(self.0 as usize).unwrap_or(&CODES[Code::UNKNOWN.0 as usize]).0
    }
}

/// The value of a bare constant such as `NOT_FOUND`: its name as text, which is what `status` is.
pub fn constant(name: &str) -> Option<Value> {
    CODES.iter().find(|(known, _)| *known == name).map(|(known, _)| Value::text(*known))
}
