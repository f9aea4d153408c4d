//! `converges_with OTHER by K`: both are the same. With a key, they have the same keys, and what has
//! the same key is equal, in any order; without one, they are equal as they stand. `within 5s` waits
//! until they are, and `throughout 1s` demands that they stay so. Two empty sides show nothing. Time
//! `O(n + m)`.

use super::records::{invalid, key_name, keys, list, nothing, shows, there};
use super::{BY, Claim, OR_EMPTY, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::event::Detail;
use crate::lang::{Param, Ty};
use crate::shape::{Index, diff};
use crate::value::{Value, show};

/// More differences than this are counted, not listed.
const LISTED: usize = 10;

pub(super) const CONVERGES_WITH: Rule = Rule {
    spec: &spec(
        "converges_with",
        "both are the same; with `within` they become so, with `throughout` they stay so",
        &[Param::required("operand", Ty::Any, "the other"), BY, OR_EMPTY],
        "expect replica converges_with primary by .id within 5s throughout 500ms",
    ),
    judge,
    says: |_| Says("agrees with the other side", "does not agree with the other side"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let (Some(left), Some(right)) = (claim.subject, claim.operand) else {
        return Err(invalid("`converges_with` needs the other side"));
    };
    if let (Some([]), Some([])) = (left.as_list(), right.as_list()) {
        return Err(nothing(claim, "both sides are empty: that they are the same shows nothing"));
    }
    if matches!(right, Value::Absent) {
        return Err(invalid("the other side is absent"));
    }
    let Some(by) = &claim.by else {
        let found = diff(right, left);
        return match found.invalid {
            Some(why) => Err(invalid(why)),
            None if left == right => Ok(Verdict::Holds),
            None => Ok(Verdict::Lacks(Side::Either, found.into_details())),
        };
    };
    let (left, right) = (list(claim.subject, "the subject")?, list(claim.operand, "the other side")?);
    let (mine, theirs) = (keys(&left, Some(by))?, keys(&right, Some(by))?);
    let own = distinct(&mine).map_err(|[first, at]| {
        let why = format!("{} stands twice here, at [{first}] and [{at}]", show(&mine[at]));
        Verdict::Invalid(shows(claim, why, &[(first, &left[first]), (at, &left[at])]))
    })?;
    let index = distinct(&theirs).map_err(|[first, at]| {
        let why = note(format!("{} stands twice there, at [{first}] and [{at}]", show(&theirs[at])));
        let shown = [first, at].map(|at| there(claim, "other", at, &right[at]));
        Verdict::Invalid(std::iter::once(why).chain(shown).collect())
    })?;
    let name = key_name(Some(by));
    let (mut found, mut differ) = (Vec::new(), false);
    for (at, key) in mine.iter().enumerate() {
        match index.find(key, |at| &theirs[at]) {
            Some(other) if left[at] == right[other] => {}
            Some(other) => {
                let why = format!("{name} {} is not the same here, [{at}], and there, [{other}]", show(key));
                let mut details = shows(claim, why, &[(at, &left[at])]);
                details.push(there(claim, "other", other, &right[other]));
                found.push(details);
                differ = true;
            }
            None => {
                let why = format!("{name} {} is only here", show(key));
                found.push(shows(claim, why, &[(at, &left[at])]));
            }
        }
    }
    for (at, key) in theirs.iter().enumerate() {
        if own.find(key, |at| &mine[at]).is_none() {
            let why = note(format!("{name} {} is only there", show(key)));
            found.push(vec![why, there(claim, "other", at, &right[at])]);
        }
    }
    let more = found.len().saturating_sub(LISTED);
    let mut details: Vec<Detail> = found.into_iter().take(LISTED).flatten().collect();
    if more > 0 {
        details.push(note(format!("and {more} more that differ")));
    }
    Ok(match (details.is_empty(), differ) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Fails(details),
        (false, false) => Verdict::Lacks(Side::Either, details),
    })
}

/// A key that stands twice on a side would let two records hide behind one: where it does.
fn distinct(keys: &[Value]) -> Result<Index, [usize; 2]> {
    let mut index = Index::default();
    for (at, key) in keys.iter().enumerate() {
        if let Some(first) = index.find(key, |at| &keys[at]) {
            return Err([first, at]);
        }
        index.add(key, at);
    }
    Ok(index)
}
