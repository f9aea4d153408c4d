//! Transactions and the serial order that explains them, in scenarios.

use crate::harness::{Ran, scn};

/// Runs an expectation over two transactions that followed each other.
fn over(first: &str, second: &str, expectation: &str) -> Ran {
    let record = |steps: &str, start: u32| {
        format!(
            "{{ process: 0, f: \"txn\", value: {steps}, start: {start}s, end: {}s, outcome: \"ok\" }}",
            start + 1
        )
    };
    let history = format!("let txns = [{}, {}]", record(first, 1), record(second, 3));
    scn(&format!("scenario \"it\" {{\n  exec \"true\"\n  {history}\n  expect txns {expectation}\n}}\n"))
        .run(&[])
}

#[test]
fn an_anomaly_fails_the_scenario_and_is_told() {
    let skew = (r#"[["r", "x", []], ["append", "y", 1]]"#, r#"[["r", "y", []], ["append", "x", 2]]"#);
    over(skew.0, skew.1, "serializable as list_append").ends(
        1,
        &[
            "G2: write skew: transactions missed what each other wrote",
            "T1 read x as [], without the 2 that T2 appended, so T1 came before T2",
            "T2 r y [], append x 2",
        ],
    );
    over(skew.0, skew.1, "not serializable as list_append").ends(0, &[]);
}

#[test]
fn the_clock_counts_when_it_is_asked_for() {
    let stale = (r#"[["append", "x", 1]]"#, r#"[["r", "x", []]]"#);
    over(stale.0, stale.1, "serializable as list_append").ends(0, &[]);
    over(stale.0, stale.1, "serializable(respect: \"realtime\") as list_append")
        .ends(1, &["G-single-realtime", "T1 was over before T2 began"]);
}

#[test]
fn what_is_not_known_is_inconclusive() {
    let twice = r#"[["append", "x", 1]]"#;
    over(twice, twice, "serializable as list_append").ends(5, &["elements must be distinct"]);
}
