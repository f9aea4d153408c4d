//! `prefix_of OTHER by K`: the other list begins with this one, key by key; with `per`, each group of
//! the other with this one's. Time `O(n)`.

use super::pairs::{Pair, pairs};
use super::records::{key_name, shows, there};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::value::show;

pub(super) const PREFIX_OF: Rule = Rule {
    spec: &spec(
        "prefix_of",
        "the other list begins with this one",
        &[Param::required("operand", Ty::List, "the other list"), BY, PER, OR_EMPTY],
        "expect replica prefix_of primary by .seq",
    ),
    judge,
    says: |_| Says("begins the other list", "does not begin the other list"),
    stays: |_| Stays::Other,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let sides = pairs(claim)?;
    let name = key_name(claim.by.as_ref());
    for Pair { mine, theirs, label } in &sides.pairs {
        for (place, &at) in mine.iter().enumerate() {
            let key = &sides.keys[at];
            let shown = [(at, &sides.records[at])];
            match theirs.get(place) {
                Some(&other) if sides.other_keys[other] == *key => {}
                Some(&other) => {
                    let theirs = show(&sides.other_keys[other]);
                    let why = if at == other {
                        format!("{name} at [{at}] is {} here and {theirs} there{label}", show(key))
                    } else {
                        format!(
                            "{name} is {} here, at [{at}], and {theirs} there, at [{other}]{label}",
                            show(key)
                        )
                    };
                    let mut details = shows(claim, why, &shown);
                    details.push(there(claim, "other", other, &sides.other[other]));
                    return Ok(Verdict::Fails(details));
                }
                None => {
                    let why = format!(
                        "the other list ends after {} elements, and this one has {}{label}",
                        theirs.len(),
                        mine.len()
                    );
                    return Ok(Verdict::Lacks(Side::Other, shows(claim, why, &shown)));
                }
            }
        }
    }
    Ok(Verdict::Holds)
}
