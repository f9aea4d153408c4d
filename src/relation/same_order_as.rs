//! `same_order_as OTHER by K`: what both have stands in the same order in both; with `per`, in each
//! group of its own. Keys that only one of them has are left out; repeated keys are paired by their
//! count. Nothing in common is a claim about nothing. Time `O(n + m)`.

use super::pairs::{Pair, pairs};
use super::records::{key_name, nothing, shows, there};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

pub(super) const SAME_ORDER_AS: Rule = Rule {
    spec: &spec(
        "same_order_as",
        "what both lists have stands in the same order in both",
        &[Param::required("operand", Ty::List, "the other list"), BY, PER, OR_EMPTY],
        "expect projection same_order_as entries by .id per .account",
    ),
    judge,
    says: |_| Says("keeps the order of the other list", "does not keep the order of the other list"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let sides = pairs(claim)?;
    let mut common = false;
    for pair in &sides.pairs {
        let Pair { mine, theirs, label } = pair;
        let mut places = Places::of(theirs, &sides.other_keys);
        let mut last: Option<(usize, usize)> = None;
        for &at in mine {
            let key = &sides.keys[at];
            let Some(place) = places.take(key) else { continue };
            if let Some((before, its)) = last
                && place < its
            {
                let why = format!(
                    "{} {} comes before {} here, at [{before}] and [{at}], and after it there, at [{}] and [{}]{label}",
                    key_name(claim.by.as_ref()),
                    show(&sides.keys[before]),
                    show(key),
                    theirs[its],
                    theirs[place],
                );
                let mut details =
                    shows(claim, why, &[(before, &sides.records[before]), (at, &sides.records[at])]);
                let others = [theirs[place], theirs[its]];
                details.extend(others.map(|at| there(claim, "other", at, &sides.other[at])));
                return Ok(Verdict::Fails(details));
            }
            last = Some((at, place));
            common = true;
        }
    }
    if common {
        return Ok(Verdict::Holds);
    }
    Err(nothing(claim, "the two lists have nothing in common"))
}

/// Where each key stands in the other list; equal ones are taken in their order.
struct Places<'a> {
    keys: &'a [Value],
    theirs: &'a [usize],
    index: Index,
    /// Of each first place of a key: those not taken yet, the next one last.
    left: Vec<Vec<usize>>,
}

impl<'a> Places<'a> {
    fn of(theirs: &'a [usize], keys: &'a [Value]) -> Places<'a> {
        let mut places =
            Places { keys, theirs, index: Index::default(), left: vec![Vec::new(); theirs.len()] };
        for (place, &at) in theirs.iter().enumerate() {
            let first = places.first(&keys[at]).unwrap_or_else(|| {
                places.index.add(&keys[at], place);
                place
            });
            places.left[first].push(place);
        }
        places.left.iter_mut().for_each(|left| left.reverse());
        places
    }

    fn first(&self, key: &Value) -> Option<usize> {
        self.index.find(key, |place| &self.keys[self.theirs[place]])
    }

    fn take(&mut self, key: &Value) -> Option<usize> {
        let first = self.first(key)?;
        self.left[first].pop()
    }
}
