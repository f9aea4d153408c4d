//! `gives_up_on STATUSES`: once the caller has heard such a status, no further attempt of its group
//! begins. Attempts that had begun before are no matter. A history without such a status shows
//! nothing. Time `O(n log n)`.

use super::calls::{Statuses, calls, members, next_after, pair};
use super::records::{groups, invalid, nothing, records};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::value::show;

pub(super) const GIVES_UP_ON: Rule = Rule {
    spec: &spec(
        "gives_up_on",
        "no attempt follows an answer with such a status",
        &[
            Param::required("operand", Ty::Any, "statuses: numbers, ranges of them, or gRPC's names"),
            PER,
            OR_EMPTY,
        ],
        "expect (orders -> merchant).calls gives_up_on [400, 422] per .body.id",
    ),
    judge,
    says: |_| Says("gives up", "does not give up"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let operand = claim.operand.ok_or_else(|| invalid("`gives_up_on` names no status"))?;
    let final_ones = Statuses::of(operand, "`gives_up_on`")?;
    let calls = calls(&records)?;
    let mut heard = false;
    for group in groups(&records, claim.per.as_ref())? {
        let members = members(&group, &calls);
        let refused = members.iter().filter_map(|call| Some((call, call.status()?, call.end?)));
        for (call, status, end) in refused.filter(|(_, status, _)| final_ones.has(status)) {
            heard = true;
            if let Some(next) = next_after(&members, call, end) {
                let (first, next_at, status) = (call.at, next.at, show(status));
                let why =
                    format!("[{next_at}] was tried although [{first}] had heard {status}{}", group.label);
                return Ok(pair(claim, why, *call, next, &records));
            }
        }
    }
    if !heard {
        return Err(nothing(claim, "nobody heard such a status, so nobody could give up"));
    }
    Ok(Verdict::Holds)
}
