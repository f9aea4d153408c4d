//! `honours_retry_after`: the next attempt of a group begins no sooner than the answer before asks
//! for. HTTP says so in `Retry-After` (RFC 9110 §10.2.3), in seconds or as a date, which counts from
//! the answer's own `Date`; gRPC says so in a `google.rpc.RetryInfo` among the details, or in
//! `grpc-retry-pushback-ms` (gRPC A6) or `retry-after` in the trailers. A history in which nothing
//! follows such an answer shows nothing. Time `O(n log n)`.

use chrono::DateTime;

use super::calls::{Call, at_least, calls, members, next_after, object, pair};
use super::records::{groups, invalid, nothing, records};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::value::{Object, Value, show};

const MILLISECOND: i64 = 1_000_000;
const SECOND: i64 = 1_000_000_000;

pub(super) const HONOURS_RETRY_AFTER: Rule = Rule {
    spec: &spec(
        "honours_retry_after",
        "no attempt comes sooner than the answer before asked for",
        &[PER, OR_EMPTY],
        "expect (orders -> merchant).calls honours_retry_after per .body.id",
    ),
    judge,
    says: |_| Says("honours `retry_after`", "does not honour `retry_after`"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let calls = calls(&records)?;
    let mut shown = false;
    for group in groups(&records, claim.per.as_ref())? {
        let members = members(&group, &calls);
        for call in &members {
            let (Some(asked), Some(end)) = (asked(call)?, call.end) else { continue };
            let Some(next) = next_after(&members, call, end) else { continue };
            // Whoever need not wait keeps to that, however soon they come.
            shown |= asked > 0;
            let pause = next.start - end;
            if pause < at_least(asked) {
                let why = format!(
                    "[{}] was tried {} after [{}] had been asked to wait {}{}",
                    next.at,
                    show(&Value::Duration(pause)),
                    call.at,
                    show(&Value::Duration(asked)),
                    group.label
                );
                return Ok(pair(claim, why, *call, next, &records));
            }
        }
    }
    if !shown {
        return Err(nothing(claim, "no attempt followed an answer that asks to wait"));
    }
    Ok(Verdict::Holds)
}

/// How long the caller was asked to wait; the longest, if it was told so in several ways.
fn asked(call: &Call<'_>) -> Result<Option<i64>, Verdict> {
    let Some(response) = call.heard() else { return Ok(None) };
    let mut asked = Vec::new();
    for part in [object(response, "headers"), object(response, "trailers")].into_iter().flatten() {
        if let Some(value) = part.get("retry-after") {
            asked.push(retry_after(value, response, call.at)?);
        }
        if let Some(value) = part.get("grpc-retry-pushback-ms") {
            // Below zero means: not at all. `gives_up_on` is for that.
            asked.extend(whole(value).filter(|ms| *ms >= 0).map(|ms| ms.saturating_mul(MILLISECOND)));
        }
    }
    let details = response.get("details").and_then(Value::as_list).unwrap_or_default();
    for detail in details.iter().filter_map(Value::as_object) {
        if detail.get("type").and_then(Value::as_text) == Some("google.rpc.RetryInfo")
            && let Some(Value::Duration(delay)) = detail.get("retry_delay")
        {
            asked.push(*delay);
        }
    }
    Ok(asked.into_iter().max())
}

fn retry_after(value: &Value, response: &Object, at: usize) -> Result<i64, Verdict> {
    if let Some(seconds) = whole(value).filter(|seconds| *seconds >= 0) {
        return Ok(seconds.saturating_mul(SECOND));
    }
    let date = |value: &Value| DateTime::parse_from_rfc2822(value.as_text()?).ok();
    let Some(until) = date(value) else {
        return Err(invalid(format!(
            "the answer to [{at}] says `retry-after: {}`, which is neither seconds nor a date",
            show(value)
        )));
    };
    let Some(now) = object(response, "headers").and_then(|headers| date(headers.get("date")?)) else {
        return Err(invalid(format!(
            "the answer to [{at}] says when to come back as a date and has no `date` to count from"
        )));
    };
    Ok((until - now).num_nanoseconds().unwrap_or(i64::MAX).max(0))
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Text(text) => text.text.trim().parse().ok(),
        Value::Number(number) => i64::try_from(number.to_i128()?).ok(),
        _ => None,
    }
}
