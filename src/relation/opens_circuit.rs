//! `opens_circuit`: after so many failures in a row nobody is called for some time, and after each
//! failure that follows, until one call succeeds. Calls that had begun before are no matter, nor are
//! those that begin in the moment that the caller takes to hear of the failure: when several are made
//! at once, one has passed the circuit already. A history without such a row, or without a call after it, shows nothing. Time `O(n²)` at worst, in
//! the length of a row of failures.

use super::calls::{Call, Statuses, at_least, calls, members, next_after, pair};
use super::records::{groups, invalid, nothing, records};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::value::{Value, show};

/// So long a caller may take to hear what a link has seen, in nanoseconds; one that goes on calling is
/// found by what comes after.
const HEARD: i64 = 25_000_000;

/// What a service says when it is not well.
const UNWELL: [&str; 5] = ["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "DATA_LOSS"];

pub(super) const OPENS_CIRCUIT: Rule = Rule {
    spec: &spec(
        "opens_circuit",
        "after so many failures in a row nobody is called for a while",
        &[
            Param::required("after", Ty::Number, "how many failures in a row"),
            Param::required("for", Ty::Duration, "how long nobody is called"),
            Param::new(
                "failures",
                Ty::List,
                "the statuses that count, besides no answer; default 500..599 and gRPC's of a service that is not well",
            ),
            PER,
            OR_EMPTY,
        ],
        "expect (orders -> merchant).calls opens_circuit(after: 5, for: 1s)",
    ),
    judge,
    says: |_| Says("opens its circuit", "does not open its circuit"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let enough = match claim.args.get("after") {
        Some(Value::Number(count)) => count.to_usize().filter(|count| *count > 0),
        _ => None,
    };
    let enough = enough.ok_or_else(|| invalid("`after` is how many failures in a row, 1 or more"))?;
    let rest = match claim.args.get("for") {
        Some(Value::Duration(rest)) if *rest > 0 => *rest,
        _ => return Err(invalid("`for` is a duration such as `1s`")),
    };
    let failures = match claim.args.get("failures") {
        None | Some(Value::Absent) => Statuses::of(&unwell(), "`failures`")?,
        Some(given) => Statuses::of(given, "`failures`")?,
    };
    let calls = calls(&records)?;
    let mut shown = false;
    for group in groups(&records, claim.per.as_ref())? {
        let members = members(&group, &calls);
        let mut ended: Vec<(i64, Call<'_>)> =
            members.iter().filter_map(|call| Some((call.end?, *call))).collect();
        ended.sort_by_key(|(end, _)| *end);
        let mut row = 0;
        for (end, call) in ended {
            row = if failed(&call, &failures) { row + 1 } else { 0 };
            if row < enough {
                continue;
            }
            let Some(next) = next_after(&members, &call, end + HEARD.min(rest / 20)) else { continue };
            shown = true;
            let pause = next.start - end;
            if pause < at_least(rest) {
                let why = format!(
                    "[{}] was called {} after [{}], failure {row} in a row, and not {} later{}",
                    next.at,
                    show(&Value::Duration(pause)),
                    call.at,
                    show(&Value::Duration(rest)),
                    group.label
                );
                return Ok(pair(claim, why, call, next, &records));
            }
        }
    }
    if !shown {
        let why = format!("no call came after {enough} failures in a row, so no circuit was seen to be open");
        return Err(nothing(claim, &why));
    }
    Ok(Verdict::Holds)
}

fn failed(call: &Call<'_>, failures: &Statuses) -> bool {
    call.status().is_none_or(|status| failures.has(status))
}

fn unwell() -> Value {
    let mut statuses = vec![Value::Range((Value::int(500), Value::int(599)).into())];
    statuses.extend(UNWELL.map(Value::text));
    Value::list(statuses)
}
