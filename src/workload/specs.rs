//! The names of this room: the options of a workload, and its figures.

use crate::lang::{Kind, Param, Spec, Ty};

/// What the options belong to.
pub const OPTIONS: &str = "workload";

const fn option(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Option, OPTIONS, name, summary).params(params).example(example)
}

const fn figure(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Property, OPTIONS, name, summary).example(example)
}

/// The options of a workload, and its figures.
pub const SPECS: &[Spec] = &[
    option(
        "warm_up",
        "a time before the load that is measured, under the same load: its operations stand in the \
         history and in no figure",
        &[Param::required("value", Ty::Duration, "how long")],
        "workload w at 200/s for 30s with { warm_up: 5s } { read(key) }",
    ),
    option(
        "in_flight",
        "how many operations of an open workload may be under way at the same time, 1000 by default; \
         those that fall due while so many are, are dropped and counted",
        &[Param::required("value", Ty::Number, "how many")],
        "workload w at 200/s for 30s with { in_flight: 50 } { read(key) }",
    ),
    figure(
        "p50",
        "the time within which half of the operations ended; of an open workload, since they were due",
        "expect w.p50 < 20ms",
    ),
    figure("p90", "the time within which 90 % of the operations ended", "expect w.p90 < 50ms"),
    figure("p99", "the time within which 99 % of the operations ended", "expect w.p99 < 100ms"),
    figure("p999", "the time within which 99.9 % of the operations ended", "expect w.p999 < 250ms"),
    figure("max", "the longest time that an operation took", "expect w.max < 1s"),
    figure("mean", "the mean time that an operation took", "expect w.mean < 30ms"),
    figure(
        "service",
        "the same times since the operations really began, as an object with `p50 p90 p99 p999 max mean`",
        "expect w.service.p99 < 100ms",
    ),
    figure("rate", "how many operations succeeded a second", "expect w.rate >= 190/s"),
    figure(
        "error_rate",
        "the share of operations that neither succeeded nor were rejected",
        "expect w.error_rate < 0.1%",
    ),
    figure(
        "rejected_rate",
        "the share of operations that a `rejected when` ended",
        "expect w.rejected_rate < 20%",
    ),
    figure("longest_gap", "the longest time in which no operation succeeded", "expect w.longest_gap < 2s"),
    figure("count", "how many operations were started", "expect w.count >= 1_000"),
    figure(
        "scheduled",
        "how many operations were due: those started and those dropped",
        "expect w.scheduled == 6_000",
    ),
    figure("started", "how many operations were started", "expect w.started == 6_000"),
    figure("dropped", "how many operations were due while too many were under way", "expect w.dropped == 0"),
    figure("ok", "how many operations succeeded", "expect w.ok == 6_000"),
    figure("failed", "how many operations failed, the rejected ones included", "expect w.failed == 0"),
    figure("timed_out", "how many operations got no answer in time", "expect w.timed_out == 0"),
    figure(
        "in_flight",
        "how many operations had not ended ten seconds after the last was due",
        "expect w.in_flight == 0",
    ),
];

/// The names of the figures, in the order of [`SPECS`].
pub const FIGURES: &[&str] = &{
    const COUNT: usize = count();
    let mut names = [""; COUNT];
    let (mut at, mut next) = (0, 0);
    while at < SPECS.len() {
        if matches!(SPECS[at].kind, Kind::Property) {
            names[next] = SPECS[at].name;
            next += 1;
        }
        at += 1;
    }
    names
};

/// The figures that tell of time: nothing is known of them when the generator was at its limit.
pub const TIMES: &[&str] = &["p50", "p90", "p99", "p999", "max", "mean", "service", "rate", "longest_gap"];

const fn count() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < SPECS.len() {
        if matches!(SPECS[at].kind, Kind::Property) {
            count += 1;
        }
        at += 1;
    }
    count
}
