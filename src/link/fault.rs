//! Faults of links, as data: what happens, and to which messages. Which message is hit is a
//! function of the fault's key and of the message's own index, never of a clock or of chance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::shape::DrawKey;
use crate::value::{Key, Value};

/// One fault at work.
#[derive(Debug, Clone)]
pub struct Fault {
    /// As written: `lost_response(first: 1)`.
    pub written: Arc<str>,
    /// What happens.
    pub kind: Kind,
    /// To which messages; faults of bytes look at none of it.
    pub select: Select,
    /// The seed, the scenario, the place, the link and the fault's own position.
    pub key: DrawKey,
}

/// What a fault does.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Bytes arrive later, by so much more or less.
    Latency { by: Duration, jitter: Duration },
    /// So many bytes a second in each direction.
    Bandwidth { rate: u64 },
    /// Bytes arrive in slices of this size with a pause between.
    Slice { size: u64, pause: Duration },
    /// The connection is reset after so many bytes of the answer.
    Reset { at: u64 },
    /// Nothing passes, and the connection stays open.
    Timeout,
    /// The connection closes later than it should.
    SlowClose { by: Duration },
    /// Nothing passes from the service to the caller any more, who is not told.
    HalfOpen,
    /// A byte of the answer is another, about once in so many.
    Corrupt { every: u64 },
    /// The connection ends after so many bytes of the answer, as if that were all.
    Truncate { at: u64 },
    /// The request never reaches the service, and the caller's connection is reset.
    LostRequest,
    /// The service did its work and answered in full, then the caller's connection is reset.
    LostResponse,
    /// The service gets the request so many times more; the caller gets the first answer.
    Duplicate { times: u32 },
    /// The request reaches the service later.
    Delay { by: Duration, jitter: Duration },
    /// The request reaches the service after the one that follows it, or after so long.
    Reorder { within: Duration },
    /// The link answers in place of the service: an HTTP status, or a gRPC status by name.
    Status { status: Value, headers: Vec<(Arc<str>, Arc<str>)> },
    /// HTTP/2: the connection says that it takes no more streams (RFC 9113 §6.8).
    Goaway,
    /// HTTP/2: the stream is reset with this error code (RFC 9113 §6.4).
    RstStream { code: u32 },
}

/// Which messages a fault hits: those that fit all of it.
#[derive(Debug, Clone, Default)]
pub struct Select {
    /// The HTTP method, or the gRPC method by its short name.
    pub method: Option<Arc<str>>,
    /// The path as a template: `/v1/orders/{id}`; segments in braces fit anything.
    pub route: Option<Arc<str>>,
    /// Only this one, from 1, among those that fit method and route.
    pub nth: Option<u64>,
    /// The first so many of them.
    pub first: Option<u64>,
    /// Each so manieth of them.
    pub every: Option<u64>,
    /// This share of them, from 0 to 1, in millionths.
    pub share: Option<u32>,
    /// Counts apart for each value of this key of the call's record.
    pub per: Option<Key>,
}

/// A fault hit a message or a connection.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Which: its position in what was applied.
    pub fault: usize,
    /// `POST /v1/orders`, `Post`, or `connection`.
    pub message: String,
    /// The message's index among those that fit, from 1.
    pub index: u64,
    /// When.
    pub at: Instant,
}
