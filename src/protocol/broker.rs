//! What the rooms of brokers share: payloads without a content type, the history of a subscription,
//! and why something did not work.

mod address;
mod connect;
mod fault;
mod feed;
mod payload;
mod report;
#[cfg(test)]
pub(super) mod test_server;

pub(super) use address::Address;
pub(super) use connect::{Io, Secure, encrypt, tcp};
pub(super) use fault::{Fault, guard};
pub(super) use feed::{Control, Feed, History};
pub(super) use payload::{Form, decode, encode};
pub(super) use report::{Parts, Report, not_safe, plain, text};
