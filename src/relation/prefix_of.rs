//! `prefix_of OTHER by K`: the other list begins with this one, key by key. Time `O(n)`.

use super::records::{fails, invalid, key_name, keys, list, records};
use super::{BY, Claim, OR_EMPTY, Rule, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::value::show;

pub(super) const PREFIX_OF: Rule = Rule {
    spec: &spec(
        "prefix_of",
        "the other list begins with this one",
        &[Param::required("operand", Ty::List, "the other list"), BY, OR_EMPTY],
        "expect replica prefix_of primary by .seq",
    ),
    judge,
    verb: None,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    if claim.per.is_some() {
        return Err(invalid("`prefix_of` compares whole lists; it takes no `per`"));
    }
    let left = records(claim)?;
    let right = list(claim.operand, "the other side")?;
    let (mine, other) = (keys(&left, claim.by.as_ref())?, keys(&right, claim.by.as_ref())?);
    let name = key_name(claim.by.as_ref());
    for (at, key) in mine.iter().enumerate() {
        match other.get(at) {
            Some(theirs) if theirs == key => {}
            Some(theirs) => {
                let why = format!("{name} at [{at}] is {} here and {} there", show(key), show(theirs));
                return Ok(fails(claim, why, &[(at, &left[at])]));
            }
            None => {
                let why = format!(
                    "the other list ends after {} elements, and this one has {}",
                    other.len(),
                    mine.len()
                );
                return Ok(fails(claim, why, &[(at, &left[at])]));
            }
        }
    }
    Ok(Verdict::Holds)
}
