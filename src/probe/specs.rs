//! What every probe sends, what must come back, and how often the effect may happen.

use crate::lang::{Kind, Param, Spec, Ty};

const fn spec(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Probe, "", name, summary).example(example)
}

const BUSY: Param = Param::new(
    "busy",
    Ty::Any,
    "the status, or the list of statuses, with which an attempt may be refused because another is under way; none by default",
);

/// The names of this room.
pub const SPECS: &[Spec] = &[
    spec(
        "replay",
        "sends the request, then the same again one after the other: every answer is the same as the first, and the effect happens once",
        "probe replay(times: 3)",
    )
    .params(&[Param::new("times", Ty::Number, "how often it is sent again; 3 by default")]),
    spec(
        "concurrent",
        "sends the same request several times at once, and once more when all have been answered: the answers that are no `busy` refusals are the same, there is one at least, and the effect happens once",
        "probe concurrent(times: 8, busy: 409)",
    )
    .params(&[Param::new("times", Ty::Number, "how many are sent at once; 5 by default"), BUSY]),
    spec(
        "lost_request",
        "the link loses the first request before the service has seen it and resets the caller's connection; the request is sent again: it succeeds, one more is answered the same, and the effect happens once",
        "probe lost_request on client -> orders",
    ),
    spec(
        "lost_response",
        "the service does its work and answers, the link keeps the answer back and resets the caller's connection; the request is sent again: the answer is the one that was kept back, and the effect happens once",
        "probe lost_response on client -> orders",
    ),
    spec(
        "in_flight",
        "sends the same request while the first is under way, with a link in the middle of its work: the second answer is a `busy` refusal, or the same as the first; so is one more when both are over, and the effect happens once. Without a link the two race, and when they never provably overlap that is no pass",
        "probe in_flight(busy: 409) on orders -> ledger",
    )
    .params(&[
        BUSY,
        Param::new("hold", Ty::Duration, "how long the link holds up the first; 1s by default"),
        Param::new("tries", Ty::Number, "how many races without a link; 10 by default"),
    ]),
    spec(
        "restart",
        "sends the request, restarts the service and waits until it is ready, sends the same again: the answer is the same, and the effect happens once",
        "probe restart on orders",
    ),
    spec(
        "changed_body",
        "sends the request, then another body with the same key: that is refused as the caller's mistake, and the effect is that of the first alone. A trial of its own shows that the other body is taken with a fresh key, so that the refusal is one of the key",
        "probe changed_body({ lines: [{ sku: \"tea\", qty: 3 }] }) { expect status == 422 }",
    )
    .params(&[Param::new(
        "body",
        Ty::Object,
        "the fields that change; by default the first number is one more, or the first truth value the other, or the first text longer",
    )]),
    spec(
        "reordered_body",
        "sends the request, then the same with the fields of its body in reverse order: that is the same request, so the answer is the same, and the effect happens once; fields of gRPC have no order, so there a profile goes without it",
        "probe reordered_body",
    ),
    spec(
        "missing_key",
        "sends the request without its key: it is refused as the caller's mistake, and the effect never happens",
        "probe missing_key { expect status == 400 }",
    ),
    spec(
        "malformed_key",
        "sends the request with each malformed key: it is refused as the caller's mistake, and the effect never happens",
        "probe malformed_key(length: 256) { expect status == 400 }",
    )
    .params(&[
        Param::new("keys", Ty::List, "the malformed keys; by default the empty one"),
        Param::new("length", Ty::Number, "also a key of so many characters"),
    ]),
    spec(
        "failed_first",
        "what the service calls over the link fails while the first attempt is under way, so that the attempt fails; the request is sent again with the link in order: it succeeds, since a failure is no result, one more is answered the same, and the effect happens once",
        "probe failed_first on orders -> ledger",
    )
    .params(&[Param::new("status", Ty::Any, "how the calls fail; 503 or UNAVAILABLE by default")]),
    spec(
        "expired",
        "sends the request, and the same again after the key's life: it is taken as a new one, so that it succeeds and the effect happens once more; a refusal that the probe's own block expects has no effect",
        "probe expired(after: 2s)",
    )
    .params(&[Param::required("after", Ty::Duration, "how long to wait; longer than a key lives")]),
    spec(
        "other_tenant",
        "sends the request, then the same with the same key for another tenant: that is an operation of its own, so it is not answered with what belongs to the first. Its answer differs from the first or the effect happens once more; a refusal that the probe's own block expects has no effect",
        "probe other_tenant(with: { headers: { Authorization: bob } })",
    )
    .params(&[Param::required("with", Ty::Object, "the request's options that make it the other tenant's")]),
    spec(
        "other_replica",
        "sends the request to one member of the service, then the same to each of the others: every answer is the same, and the effect happens once",
        "probe other_replica",
    ),
    spec(
        "redelivery",
        "delivers the message, waits until the effect has happened, and delivers it again: every delivery is accepted, whatever it is answered, and the effect happens once",
        "probe redelivery(times: 2)",
    )
    .params(&[Param::new("times", Ty::Number, "how often it is delivered again; 2 by default")]),
];
