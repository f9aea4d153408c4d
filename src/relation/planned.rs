//! Relations that the language knows and this version cannot judge yet: `check` says so.

use super::{BY, PER, spec};
use crate::lang::{Param, Spec, Ty};

const HISTORY: &str = "histories of workloads are not recorded yet";
const TRACES: &str = "traces are not collected yet";
const MODEL: &[Param] = &[Param::required("as", Ty::Name, "the model"), PER];

/// Their names.
pub(super) const SPECS: &[Spec] = &[
    spec(
        "serializable",
        "some order of the transactions fits the model",
        MODEL,
        "expect txns serializable as list_append",
    )
    .planned(HISTORY),
    spec(
        "fifo",
        "what was put in first comes out first",
        &[BY, PER],
        "expect deliveries fifo by .seq per .queue",
    )
    .planned(HISTORY),
    spec(
        "causal",
        "no operation is seen before one that it depends on",
        &[PER],
        "expect ops causal per .process",
    )
    .planned(HISTORY),
    spec(
        "monotonic_reads",
        "no read of a session sees less than an earlier one",
        &[PER],
        "expect ops monotonic_reads per .process",
    )
    .planned(HISTORY),
    spec(
        "monotonic_writes",
        "the writes of a session take effect in their order",
        &[PER],
        "expect ops monotonic_writes per .process",
    )
    .planned(HISTORY),
    spec(
        "read_your_writes",
        "every read of a session sees the session's writes",
        &[PER],
        "expect ops read_your_writes per .process",
    )
    .planned(HISTORY),
    spec(
        "writes_follow_reads",
        "a write of a session comes after what the session has read",
        &[PER],
        "expect ops writes_follow_reads per .process",
    )
    .planned(HISTORY),
    spec(
        "converges_with",
        "both become the same and stay so",
        &[Param::required("operand", Ty::Any, "the other"), BY],
        "expect replica converges_with primary by .id within 5s",
    )
    .planned(HISTORY),
    spec(
        "stale_below",
        "no read is older than that",
        &[Param::required("operand", Ty::Duration, "the greatest age")],
        "expect ops stale_below 500ms",
    )
    .planned(HISTORY),
    spec("connected", "every span but one has its parent in the trace", &[], "expect trace connected")
        .planned(TRACES),
    spec(
        "leaks_none",
        "no secret stands in the output",
        &[Param::required("of", Ty::Name, "`secrets`")],
        "expect orders.log leaks_none of secrets",
    )
    .planned("outputs are masked, but leaks are not judged yet"),
];
