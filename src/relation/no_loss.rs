//! `no_loss of PUT by K`: everything that was put in came out. For each key, as many records have
//! it as were put in and acknowledged; more is not its business, and what an operation of unknown
//! outcome put in may have come out or not. Time `O(n + m)`.

use super::expected::{Expected, KEY, OF};
use super::records::{key_name, keys, list, nothing, shows};
use super::{BY, Claim, OR_EMPTY, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::shape::Index;
use crate::value::{Value, show};

/// More lost keys than this are counted, not listed.
const LISTED: usize = 10;

pub(super) const NO_LOSS: Rule = Rule {
    spec: &spec(
        "no_loss",
        "everything that was put in came out, as often as it was",
        &[OF, BY, KEY, OR_EMPTY],
        "expect entries no_loss of ops by .order_id",
    ),
    judge,
    says: |_| Says("holds everything that was put in", "does not hold everything that was put in"),
    stays: |_| Stays::Subject,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = list(claim.subject, "the subject")?;
    let expected = Expected::of(claim)?;
    let acknowledged: usize = expected.puts.iter().map(|put| put.acknowledged.len()).sum();
    if acknowledged == 0 {
        return Err(nothing(claim, "nothing after `of` was put in for certain, so nothing could be lost"));
    }
    let keys = keys(&records, claim.by.as_ref())?;
    let index = Index::of(&keys);
    let name = key_name(claim.by.as_ref());
    let (mut details, mut lost) = (Vec::new(), 0);
    for put in &expected.puts {
        let found: Vec<usize> = index.all(&put.key, |at| &keys[at]).collect();
        let missing = put.acknowledged.len().saturating_sub(found.len());
        if missing == 0 {
            continue;
        }
        lost += missing;
        if details.len() >= LISTED * 3 {
            continue;
        }
        let why = match (put.acknowledged.len(), found.len()) {
            (1, _) => format!(
                "{} was put in and never came out: {name} is that in none of {} records",
                show(&put.key),
                records.len()
            ),
            (put_in, 0) => format!("{} was put in {put_in} times and never came out", show(&put.key)),
            (put_in, 1) => format!("{} was put in {put_in} times and came out once", show(&put.key)),
            (put_in, out) => format!("{} was put in {put_in} times and came out {out} times", show(&put.key)),
        };
        let shown: Vec<(usize, &Value)> = found.iter().take(3).map(|&at| (at, &records[at])).collect();
        details.extend(shows(claim, why, &shown));
        details.extend(expected.shown(claim, &put.acknowledged));
    }
    if details.is_empty() {
        return Ok(Verdict::Holds);
    }
    details.push(note(format!("{lost} of {acknowledged} that were put in are lost")));
    Ok(Verdict::Lacks(Side::Subject, details))
}
