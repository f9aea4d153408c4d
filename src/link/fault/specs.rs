//! The names of the faults of links.

use super::read::refuses;
use crate::lang::{Kind, Param, Spec, Ty};

const JITTER: Param = Param::new("jitter", Ty::Duration, "up to how much more or less; 0s by default");

/// Which messages: the parameters that every fault of messages ends with.
macro_rules! messages {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            Param::new("method", Ty::Text, "only this HTTP method, or this gRPC method by its short name"),
            Param::new("route", Ty::Text, "only paths of this form; `{id}` fits any segment"),
            Param::new("nth", Ty::Number, "only this one of those that fit, from 1, on all links of the name together"),
            Param::new("first", Ty::Number, "the first so many of those that fit, on all links of the name together"),
            Param::new("every", Ty::Number, "each so manieth of those that fit, on all links of the name together"),
            Param::new("share", Ty::Number, "this share of those that fit, above 0 and up to 1, chosen by the seed"),
            Param::new("per", Ty::Key, "counts apart for each value of this key of the call"),
        ]
    };
}

const fn fault(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Fault, "link", name, summary).params(params).example(example).refuses(refuses)
}

/// Every fault of links.
pub const SPECS: &[Spec] = &[
    fault(
        "latency",
        "the answer's bytes arrive later, so that a round trip takes so much longer",
        &[Param::required("by", Ty::Duration, "how much later"), JITTER],
        "under latency(200ms, jitter: 50ms) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "bandwidth",
        "so many bytes a second pass in each direction",
        &[Param::required("rate", Ty::Size, "bytes a second")],
        "under bandwidth(64KiB) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "slice",
        "bytes arrive in small slices, in both directions",
        &[
            Param::required("size", Ty::Size, "bytes of a slice"),
            Param::new("pause", Ty::Duration, "the pause after each; 1ms by default"),
        ],
        "under slice(1, pause: 1ms) on client -> orders { GET orders /v1/orders }",
    ),
    fault(
        "reset",
        "the connection is reset after so many bytes of the answer",
        &[Param::new("at", Ty::Size, "bytes of the answer that still pass; 0 by default")],
        "under reset(at: 100) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "timeout",
        "nothing passes, and the connection stays open",
        &[],
        "under timeout on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "slow_close",
        "the connection closes later than it should",
        &[Param::required("by", Ty::Duration, "how much later")],
        "under slow_close(2s) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "half_open",
        "nothing passes from the service to the caller any more, who is not told",
        &[],
        "under half_open on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "corrupt",
        "a byte of the answer is another, once in each run of so many",
        &[Param::new("every", Ty::Size, "the length of a run in bytes; 1KiB by default")],
        "under corrupt(every: 64) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "truncate",
        "the connection ends after so many bytes of the answer, as if that were all",
        &[Param::new("at", Ty::Size, "bytes of the answer that still pass; 0 by default")],
        "under truncate(at: 100) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "lost_request",
        "the request never reaches the service, and the caller's connection is reset",
        messages![],
        "under lost_request(first: 1) on orders -> ledger { POST orders /v1/orders any Order }",
    ),
    fault(
        "lost_response",
        "the service does its work and answers in full, then the caller's connection is reset",
        messages![],
        "under lost_response(first: 1) on orders -> ledger.Post { POST orders /v1/orders any Order }",
    ),
    fault(
        "duplicate",
        "the service gets the request again; the caller gets the first answer, once all are answered",
        messages![Param::new("times", Ty::Number, "how many times more; 1 by default")],
        "under duplicate(times: 2, nth: 1) on orders -> ledger { POST orders /v1/orders any Order }",
    ),
    fault(
        "delay",
        "the request reaches the service later, even when its caller gave up meanwhile",
        messages![Param::required("by", Ty::Duration, "how much later"), JITTER],
        "under delay(500ms, first: 1) on orders -> ledger { POST orders /v1/orders any Order }",
    ),
    fault(
        "reorder",
        "the request reaches the service after the next one that fits has been answered",
        messages![Param::new("within", Ty::Duration, "how long it waits for a next one; 1s by default")],
        "under reorder(first: 1) on orders -> ledger { POST orders /v1/orders any Order }",
    ),
    fault(
        "status",
        "the link answers in place of the service",
        messages![
            Param::required(
                "code",
                Ty::Any,
                "an HTTP status such as `503`, or a gRPC status such as `UNAVAILABLE`"
            ),
            Param::new("headers", Ty::Object, "headers of the answer"),
        ],
        "under status(503, first: 2, headers: { Retry-After: \"1\" }) on orders -> ledger { GET orders /v1/orders }",
    ),
    fault(
        "goaway",
        "the HTTP/2 connection says that it takes no more streams (RFC 9113 §6.8)",
        messages![],
        "under goaway(nth: 2) on orders -> ledger { POST orders /v1/orders any Order }",
    ),
    fault(
        "rst_stream",
        "the request never reaches the service, and its HTTP/2 stream is reset (RFC 9113 §6.4)",
        messages![Param::new(
            "code",
            Ty::Any,
            "the error code by name or number (RFC 9113 §7); `REFUSED_STREAM` by default"
        )],
        "under rst_stream(\"CANCEL\", first: 1) on orders -> ledger { POST orders /v1/orders any Order }",
    ),
];
