//! `gapless`: the keys of a group, whole numbers, are all of `from ..= max`, in any order. Without
//! `from` they start at the least one there is. Repeated keys are `unique`'s business. Time
//! `O(n log n)`.

use super::records::{groups, invalid, key_name, keys, records, shows};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::value::words::a_kind;
use crate::value::{Value, show};

/// More gaps than this are counted, not listed.
const LISTED: usize = 20;

pub(super) const GAPLESS: Rule = Rule {
    spec: &spec(
        "gapless",
        "no whole number is missing among the keys",
        &[
            Param::new("from", Ty::Number, "the first key there must be; default the least there is"),
            BY,
            PER,
            OR_EMPTY,
        ],
        "expect entries gapless(from: 1) by .seq",
    ),
    judge,
    says: |_| Says("is gapless", "is not gapless"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let values = keys(&records, claim.by.as_ref())?;
    let from = claim
        .args
        .get("from")
        .map(|from| whole(from).ok_or_else(|| not_whole("`from`", from)))
        .transpose()?;
    let name = key_name(claim.by.as_ref());
    let (mut details, mut early) = (Vec::new(), false);
    for group in groups(&records, claim.per.as_ref())? {
        let mut keys = Vec::with_capacity(group.members.len());
        for &at in &group.members {
            let key =
                whole(&values[at]).ok_or_else(|| not_whole(&format!("{name} of [{at}]"), &values[at]))?;
            keys.push((key, at));
        }
        keys.sort_unstable();
        if let Some(from) = from
            && let Some(&(least, at)) = keys.first()
        {
            if least < from {
                early = true;
                let why = format!("{name} is {least} at [{at}]{}, before the first, {from}", group.label);
                details.extend(shows(claim, why, &[(at, &records[at])]));
            } else if least > from {
                let why =
                    format!("{name} starts with {least}{}: {} missing", group.label, span(from, least - 1));
                details.extend(shows(claim, why, &[(at, &records[at])]));
            }
        }
        for pair in keys.windows(2) {
            let ((a, at), (b, next)) = (pair[0], pair[1]);
            if b.checked_sub(a).is_none_or(|step| step > 1) && details.len() < LISTED * 3 {
                let why =
                    format!("{name} jumps from {a} to {b}{}: {} missing", group.label, span(a + 1, b - 1));
                details.extend(shows(claim, why, &[(at, &records[at]), (next, &records[next])]));
            }
        }
    }
    Ok(match (details.is_empty(), early) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Fails(details),
        // What is missing may come late.
        (false, false) => Verdict::Lacks(Side::Subject, details),
    })
}

fn span(first: i128, last: i128) -> String {
    if first == last { format!("{first} is") } else { format!("{first}..{last} are") }
}

fn whole(value: &Value) -> Option<i128> {
    value.as_number()?.to_i128()
}

fn not_whole(name: &str, value: &Value) -> Verdict {
    match value {
        Value::Number(_) => invalid(format!("{name} is {}, not a whole number", show(value))),
        _ => invalid(format!("{name} is {}, not a whole number", a_kind(value))),
    }
}
