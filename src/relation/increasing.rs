//! `increasing` and `ordered`: for any two neighbours `a` before `b` of a group,
//! `key(a) < key(b)`, or `key(a) <= key(b)`. Time `O(n)`.

use std::cmp::Ordering;

use super::records::{fails, groups, invalid, key_name, keys, records};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::lang::Param;
use crate::shape::compare;
use crate::value::show;

const PARAMS: &[Param] = &[BY, PER, OR_EMPTY];

pub(super) const INCREASING: Rule = Rule {
    spec: &spec(
        "increasing",
        "every key is greater than the one before",
        PARAMS,
        "expect entries increasing by .seq",
    ),
    judge: |claim| judge(claim, true),
    says: |_| Says("is increasing", "is not increasing"),
    stays: |_| Stays::Neither,
};

pub(super) const ORDERED: Rule = Rule {
    spec: &spec(
        "ordered",
        "no key is less than the one before",
        PARAMS,
        "expect entries ordered by .at per .account",
    ),
    judge: |claim| judge(claim, false),
    says: |_| Says("is ordered", "is not ordered"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>, strict: bool) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let keys = keys(&records, claim.by.as_ref())?;
    for group in groups(&records, claim.per.as_ref())? {
        // Alone, a key that has no order would never be asked for it.
        let first = group.members[0];
        order(&keys[first], &keys[first], first, first)?;
        for pair in group.members.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let holds = match order(&keys[a], &keys[b], a, b)? {
                Ordering::Less => true,
                Ordering::Equal => !strict,
                Ordering::Greater => false,
            };
            if !holds {
                let name = key_name(claim.by.as_ref());
                let (from, to) = (show(&keys[a]), show(&keys[b]));
                let how = if keys[a] == keys[b] { "stays at" } else { "falls" };
                let change = if keys[a] == keys[b] { from } else { format!("from {from} to {to}") };
                let why = format!("{name} {how} {change} between [{a}] and [{b}]{}", group.label);
                return Ok(fails(claim, why, &[(a, &records[a]), (b, &records[b])]));
            }
        }
    }
    Ok(Verdict::Holds)
}

fn order(
    left: &crate::value::Value,
    right: &crate::value::Value,
    a: usize,
    b: usize,
) -> Result<Ordering, Verdict> {
    match compare(left, right) {
        Ok(Some(order)) => Ok(order),
        Ok(None) => Err(invalid(format!("the keys of [{a}] and [{b}] have no order: one is NaN"))),
        Err(why) => Err(invalid(format!("the keys of [{a}] and [{b}]: {why}"))),
    }
}
