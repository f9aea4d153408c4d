//! `propagates_deadline`: every call says in `grpc-timeout` how much time there is, no more than
//! `at_most`, and, with `of CALLERS`, no more than the call that caused it had: the one with the same
//! trace that was under way when it began. A scenario has one trace for all its calls, so several may
//! have been: then it is the one with the same span, if its service hands on the `traceparent` as it
//! is; otherwise nobody knows which of them it was, and the claim is judged where all of them agree.
//! Time `O(n + m)`, times the calls of a trace.
//!
//! Source: gRPC over HTTP/2, `Timeout`: up to eight digits and a unit.

use super::calls::{Call, calls};
use super::records::{fails, invalid, list, records};
use super::{Claim, OR_EMPTY, Rule, Says, Stays, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

pub(super) const PROPAGATES_DEADLINE: Rule = Rule {
    spec: &spec(
        "propagates_deadline",
        "every call says how much time there is, and that is never more than its caller had",
        &[
            Param::new("at_most", Ty::Duration, "the longest that any call may take"),
            Param::new("of", Ty::List, "the calls that caused these, found by their trace and their times"),
            OR_EMPTY,
        ],
        "expect (orders -> ledger).calls propagates_deadline(at_most: 2s)",
    ),
    judge,
    says: |_| Says("propagates its deadline", "does not propagate its deadline"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let most = match claim.args.get("at_most") {
        None | Some(Value::Absent) => None,
        Some(Value::Duration(most)) => Some(*most),
        Some(other) => return Err(invalid(format!("`at_most` is a duration, not {}", show(other)))),
    };
    let callers = claim.of.map(|of| list(Some(of), "what stands after `of`")).transpose()?;
    let callers = callers.as_deref().map(calls).transpose()?;
    let mut traces = Index::default();
    for (place, caller) in callers.iter().flatten().enumerate() {
        if let Some(trace) = caller.trace() {
            traces.add(trace, place);
        }
    }
    let mut unknown = None;
    for call in calls(&records)? {
        let shown = [(call.at, &records[call.at])];
        let Some(timeout) = timeout(&call)? else {
            return Ok(fails(claim, format!("[{}] does not say how much time there is", call.at), &shown));
        };
        if let Some(most) = most.filter(|most| timeout > *most) {
            return Ok(fails(
                claim,
                format!("[{}] has {}, more than {}", call.at, span(timeout), span(most)),
                &shown,
            ));
        }
        let Some(callers) = &callers else { continue };
        let had = caused(&call, callers, &traces)?;
        let known = had.iter().map(|(_, had)| *had);
        let (Some(least), Some(most)) = (known.clone().min(), known.max()) else { continue };
        if timeout > most {
            let why = format!("[{}] has {}, and its caller had {}", call.at, span(timeout), span(most));
            return Ok(fails(claim, why, &shown));
        }
        if timeout > least {
            let callers: Vec<String> =
                had.iter().map(|(caller, had)| format!("[{}] with {}", caller.at, span(*had))).collect();
            unknown.get_or_insert_with(|| {
                format!(
                    "[{}] has {}, and nobody knows which call after `of` caused it: {} were under way at once",
                    call.at,
                    span(timeout),
                    callers.join(", ")
                )
            });
        }
    }
    Ok(unknown.map_or(Verdict::Holds, Verdict::Unknown))
}

/// The calls that may have caused a call, one at least, each with the time that it had.
fn caused<'a>(
    call: &Call<'_>,
    callers: &[Call<'a>],
    traces: &Index,
) -> Result<Vec<(Call<'a>, i64)>, Verdict> {
    let absent = Value::Absent;
    let trace = call.trace().unwrap_or(&absent);
    let same: Vec<Call<'a>> = traces
        .all(trace, |place| callers[place].trace().unwrap_or(&absent))
        .map(|place| callers[place])
        .collect();
    if same.is_empty() {
        return Err(invalid(format!("no call after `of` has the trace of [{}]", call.at)));
    }
    let mut open: Vec<Call<'a>> = same
        .into_iter()
        .filter(|caller| caller.start <= call.start && caller.end.is_none_or(|end| call.start <= end))
        .collect();
    if open.is_empty() {
        return Err(invalid(format!(
            "no call after `of` with the trace of [{}] was under way when it began",
            call.at
        )));
    }
    let handed_on = |caller: &Call<'a>| {
        call.header("traceparent").is_some_and(|parent| caller.header("traceparent") == Some(parent))
    };
    if open.iter().any(handed_on) {
        open.retain(handed_on);
    }
    let had = |caller: Call<'a>| match timeout(&caller)? {
        Some(had) => Ok((caller, had)),
        None => Err(invalid(format!(
            "a call that may have caused [{}], number [{}] after `of`, had no deadline",
            call.at, caller.at
        ))),
    };
    open.into_iter().map(had).collect()
}

fn span(nanos: i64) -> String {
    show(&Value::Duration(nanos))
}

/// `1500m` in nanoseconds.
fn timeout(call: &Call<'_>) -> Result<Option<i64>, Verdict> {
    let Some(value) = call.header("grpc-timeout").filter(|value| !matches!(value, Value::Absent)) else {
        return Ok(None);
    };
    let read = value.as_text().and_then(|text| {
        let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let nanos: i64 = match unit {
            "n" => 1,
            "u" => 1_000,
            "m" => 1_000_000,
            "S" => 1_000_000_000,
            "M" => 60_000_000_000,
            "H" => 3_600_000_000_000,
            _ => return None,
        };
        let sound = (1..=8).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        sound.then(|| digits.parse::<i64>().ok())?.map(|count| count.saturating_mul(nanos))
    });
    match read {
        Some(nanos) => Ok(Some(nanos)),
        None => {
            Err(invalid(format!("`grpc-timeout` of [{}] is {}, which is no timeout", call.at, show(value))))
        }
    }
}
