//! `same_order_as OTHER by K`: what both have stands in the same order in both. Keys that only one
//! of them has are left out; repeated keys are paired by their count. Nothing in common is a claim
//! about nothing. Time `O(n + m)`.

use super::records::{invalid, key_name, keys, list, nothing, records, shows};
use super::{BY, Claim, OR_EMPTY, Rule, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

pub(super) const SAME_ORDER_AS: Rule = Rule {
    spec: &spec(
        "same_order_as",
        "what both lists have stands in the same order in both",
        &[Param::required("operand", Ty::List, "the other list"), BY, OR_EMPTY],
        "expect projection same_order_as entries by .id",
    ),
    judge,
    verb: None,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    if claim.per.is_some() {
        return Err(invalid("`same_order_as` compares whole lists; it takes no `per`"));
    }
    let left = records(claim)?;
    let right = list(claim.operand, "the other side")?;
    let (mine, other) = (keys(&left, claim.by.as_ref())?, keys(&right, claim.by.as_ref())?);
    let index = Index::of(&other);
    let mut used = vec![false; other.len()];
    let mut last: Option<(usize, usize)> = None;
    for (at, key) in mine.iter().enumerate() {
        let Some(place) = index.all(key, |at| &other[at]).find(|&place| !used[place]) else { continue };
        used[place] = true;
        if let Some((before, its)) = last
            && place < its
        {
            let name = key_name(claim.by.as_ref());
            let why = format!(
                "{name} {} comes before {} here, at [{before}] and [{at}], and after it there, at [{its}] and [{place}]",
                show(&mine[before]),
                show(key)
            );
            let shown: [(usize, &Value); 2] = [(before, &left[before]), (at, &left[at])];
            return Ok(Verdict::Fails(shows(claim, why, &shown)));
        }
        last = Some((at, place));
    }
    match last {
        Some(_) => Ok(Verdict::Holds),
        None => Err(nothing(claim, "the two lists have nothing in common")),
    }
}
