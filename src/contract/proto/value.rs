//! Messages as values and back: the proto3 JSON mapping, but exact.
//!
//! Differences from the mapping of <https://protobuf.dev/programming-guides/json/>, all so that
//! nothing is lost:
//! - Fields come out under the names written in the `.proto`; both those and the JSON names go in.
//! - 64-bit integers are numbers, `bytes` are bytes (base64 text goes in too), a
//!   `google.protobuf.Duration` is a duration when it fits 64 bits of nanoseconds.
//! - A field with presence that is not set is absent; one without is always there, lists and maps
//!   too.
//! - Fields that the contract does not know are kept under `@unknown` as the bytes they came as,
//!   and are sent again from there; extensions stand under `[full.name]`.
//! - An `Any` of an unknown type is `{ @type, @bytes }`. A timestamp, duration or field mask
//!   that its text form cannot express is an object of its raw fields.
//! - A `google.protobuf.Value` with no kind set is absent.
//! - `null` for a field means not set, as in the mapping; decimal text goes into 64-bit integer
//!   fields, because that is how JSON carries them, but into no other number.

mod decode;
mod known;
mod read;
mod write;

pub use decode::decode;
pub(super) use known::NULL_VALUE;
pub(super) use read::is_base64;
pub use read::to_message;
pub(crate) use write::{any, from_message};

/// The name under which unknown fields stand.
pub(in crate::contract) const UNKNOWN: &str = "@unknown";
/// The name under which an `Any` says its type.
pub(crate) const TYPE: &str = "@type";
/// The name under which an `Any` of an unknown type holds its bytes.
pub(crate) const RAW: &str = "@bytes";

/// A part of a value that does not fit its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// From the message: `.lines[2].qty`; empty for the message itself.
    pub path: String,
    /// What does not fit: `expected int32, got text "x"`.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
}

/// `.lines[2].qty: expected int32, got text "x"`.
impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests;
