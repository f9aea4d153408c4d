//! Faults of links, as data: what happens, and to which messages. Which message is hit is a
//! function of the fault's key and of the message's own index, never of a clock or of chance.

mod read;
mod specs;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub use read::read;
pub use specs::SPECS;

use super::Wire;
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
    /// A trace whose span ids the runner keyed by place and turn: messages of it are told apart by
    /// their span, so that `share` does not depend on which of several at once came first.
    pub trace: Option<Arc<str>>,
    /// How many messages fitted so far. Links to several members that one fault is on share it, as
    /// they share one history: `first: 1` is one message, whichever member it goes to.
    pub counted: Counted,
}

/// Messages by the value of their `per`.
pub type Counted = Arc<Mutex<BTreeMap<String, u64>>>;

/// What a fault does. Those of bytes come first: they hit every connection of the link.
#[derive(Debug, Clone)]
pub enum Kind {
    /// The answer's bytes arrive later, so that a round trip takes so much longer.
    Latency {
        /// How much later.
        by: Duration,
        /// Up to how much more or less than that.
        jitter: Duration,
    },
    /// So many bytes a second in each direction.
    Bandwidth {
        /// Bytes a second.
        rate: u64,
    },
    /// Bytes arrive in slices, in both directions.
    Slice {
        /// Bytes of a slice.
        size: u64,
        /// The pause after each.
        pause: Duration,
    },
    /// The connection is reset after so many bytes of the answer, once the link has all of it or a
    /// second has passed.
    Reset {
        /// Bytes that still pass, counted on each connection from when the fault began.
        at: u64,
    },
    /// Nothing passes, and the connection stays open.
    Timeout,
    /// The connection closes later than it should.
    SlowClose {
        /// How much later.
        by: Duration,
    },
    /// Nothing passes from the service to the caller any more, who is not told.
    HalfOpen,
    /// A byte of the answer is another, once in each run of so many.
    Corrupt {
        /// The length of a run in bytes.
        every: u64,
    },
    /// The connection ends after so many bytes of the answer, as if that were all, once the link has
    /// the rest or a second has passed.
    Truncate {
        /// Bytes that still pass, counted on each connection from when the fault began.
        at: u64,
    },
    /// The request never reaches the service, and the caller's connection is reset.
    LostRequest,
    /// The service did its work and answered in full, then the caller's connection is reset.
    LostResponse,
    /// The service gets the request again, and the caller the first answer once all are answered.
    Duplicate {
        /// How many times more.
        times: u32,
    },
    /// The request reaches the service later, even when its caller gave up meanwhile.
    Delay {
        /// How much later.
        by: Duration,
        /// Up to how much more or less than that.
        jitter: Duration,
    },
    /// The request reaches the service after the next one that fits has been answered.
    Reorder {
        /// How long it waits for a next one.
        within: Duration,
    },
    /// The link answers in place of the service.
    Status {
        /// An HTTP status as a number, or a gRPC status by name, which hits gRPC calls only.
        status: Value,
        /// Headers of the answer.
        headers: Vec<(Arc<str>, Arc<str>)>,
    },
    /// HTTP/2: the connection says that it takes no more streams (RFC 9113 §6.8); the message that
    /// is hit is still answered.
    Goaway,
    /// HTTP/2: the request never reaches the service, and its stream is reset (RFC 9113 §6.4).
    RstStream {
        /// The error code (RFC 9113 §7).
        code: u32,
    },
}

impl Fault {
    /// Its name: `lost_response`.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Whether a link of this kind can be broken so. The error is one line with its reason.
    pub fn fits(&self, wire: Wire) -> Result<(), String> {
        if wire == Wire::Bytes && !self.kind.is_of_bytes() {
            return Err(format!(
                "`{}` breaks messages, and what passes on this link is only bytes",
                self.name()
            ));
        }
        Ok(())
    }
}

impl Kind {
    /// The name in the language.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Latency { .. } => "latency",
            Kind::Bandwidth { .. } => "bandwidth",
            Kind::Slice { .. } => "slice",
            Kind::Reset { .. } => "reset",
            Kind::Timeout => "timeout",
            Kind::SlowClose { .. } => "slow_close",
            Kind::HalfOpen => "half_open",
            Kind::Corrupt { .. } => "corrupt",
            Kind::Truncate { .. } => "truncate",
            Kind::LostRequest => "lost_request",
            Kind::LostResponse => "lost_response",
            Kind::Duplicate { .. } => "duplicate",
            Kind::Delay { .. } => "delay",
            Kind::Reorder { .. } => "reorder",
            Kind::Status { .. } => "status",
            Kind::Goaway => "goaway",
            Kind::RstStream { .. } => "rst_stream",
        }
    }

    /// Whether it breaks connections as bytes, and not messages.
    pub fn is_of_bytes(&self) -> bool {
        matches!(
            self,
            Kind::Latency { .. }
                | Kind::Bandwidth { .. }
                | Kind::Slice { .. }
                | Kind::Reset { .. }
                | Kind::Timeout
                | Kind::SlowClose { .. }
                | Kind::HalfOpen
                | Kind::Corrupt { .. }
                | Kind::Truncate { .. }
        )
    }
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
    /// Only messages of this trace (W3C Trace Context).
    pub of: Option<Arc<str>>,
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
