//! `linearizable as MODEL`: in every group some order of the operations is true to real time (what
//! ended before another began comes first), and the model, begun as it begins, answers in that
//! order as the operations were answered. Operations that failed did not happen; those of unknown
//! outcome may take effect once, at any time from their start on, or never.
//!
//! Herlihy and Wing, «Linearizability: a correctness condition for concurrent objects», TOPLAS
//! 1990. It is local: a history of many objects is linearizable if every object's is, so `per` the
//! object is the same claim and much cheaper; the groups are judged at once. Deciding it is NP-complete in general (Gibbons and
//! Korach 1997); what is over the limits is unknown, never a pass.

use super::operations::operations;
use super::records::{Group, groups, invalid, nothing, records, shows};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::event::Detail;
use crate::history::{Counterexample, Judged, Limits, Operation, demands, linearizable_all, picture};
use crate::lang::{Param, Ty};
use crate::value::Value;

/// More operations of a counterexample than this are counted, not listed.
const LISTED: usize = 16;

pub(super) const LINEARIZABLE: Rule = Rule {
    spec: &spec(
        "linearizable",
        "some order of the operations, true to real time, fits the model",
        &[Param::required("as", Ty::Name, "the model, with the actions that play its roles"), PER, OR_EMPTY],
        "expect ops linearizable as cas_register(read: read, write: write, cas: cas) per .args[0]",
    ),
    judge,
    says: |_| Says("is linearizable", "is not linearizable"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let Some(model) = &claim.model else { return Err(invalid("`linearizable` needs `as` a model")) };
    let records = records(claim)?;
    let mut all: Vec<Option<Operation>> = operations(&records)?.into_iter().map(Some).collect();
    let groups = groups(&records, claim.per.as_ref())?;
    let histories: Vec<Vec<Operation>> =
        groups.iter().map(|group| group.members.iter().filter_map(|&at| all[at].take()).collect()).collect();
    let mut unknown = None;
    let judged = linearizable_all(&histories, model, &Limits::default());
    for ((group, history), judged) in groups.iter().zip(&histories).zip(judged) {
        match judged {
            Judged::Holds(_) => {}
            Judged::Fails(found) => {
                // A later record may be of an operation at the same time, which explains it.
                let details = explained(claim, &found, (group, history), &records);
                return Ok(Verdict::Lacks(Side::Subject, details));
            }
            Judged::Unknown(why) => {
                unknown.get_or_insert_with(|| format!("{why}{}", group.label));
            }
            Judged::Invalid(at, why) => {
                let at = group.members[at];
                return Err(Verdict::Invalid(shows(claim, format!("[{at}]: {why}"), &[(at, &records[at])])));
            }
        }
    }
    match unknown {
        Some(why) => Ok(Verdict::Unknown(why)),
        None if histories.iter().any(|history| demands(history, model)) => Ok(Verdict::Holds),
        None => Err(nothing(claim, "no acknowledged operation read anything, so any order explains them")),
    }
}

/// What cannot be explained: the few operations that show it, and a picture of how they overlap.
fn explained(
    claim: &Claim<'_>,
    found: &Counterexample,
    (group, operations): (&Group, &[Operation]),
    records: &[Value],
) -> Vec<Detail> {
    let places: Vec<usize> = found.core.iter().map(|&(at, _)| group.members[at]).collect();
    let shown: Vec<(usize, &Value)> = places.iter().take(LISTED).map(|&at| (at, &records[at])).collect();
    let stuck = group.members[found.stuck];
    let why = format!("no order that is true to real time explains [{stuck}]{}", group.label);
    let mut details = shows(claim, why, &shown);
    if places.len() > LISTED {
        details.push(note(format!("and {} more operations", places.len() - LISTED)));
    }
    let mut lines = picture::lines(operations, found).into_iter();
    if let Some(title) = lines.next() {
        details.push(Detail::Lines { title, lines: lines.skip_while(String::is_empty).collect() });
    }
    details
}
