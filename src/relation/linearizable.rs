//! `linearizable as MODEL`: in every group some order of the operations is true to real time (what
//! ended before another began comes first), and the model, begun as it begins, answers in that
//! order as the operations were answered. Operations that failed did not happen; those of unknown
//! outcome may take effect once, at any time from their start on, or never.
//!
//! Herlihy and Wing, «Linearizability: a correctness condition for concurrent objects», TOPLAS
//! 1990. It is local: a history of many objects is linearizable if every object's is, so `per` the
//! object is the same claim and much cheaper. Deciding it is NP-complete in general (Gibbons and
//! Korach 1997); what is over the limits is unknown, never a pass.

use super::operations::{operations, told};
use super::records::{Group, groups, records};
use super::{Claim, OR_EMPTY, PER, Rule, Verdict, note, spec};
use crate::event::Detail;
use crate::history::{Counterexample, Judged, Limits, Operation, linearizable};
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
    verb: None,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let Some(model) = &claim.model else {
        return Err(super::records::invalid("`linearizable` needs `as` a model"));
    };
    let records = records(claim)?;
    let all = operations(&records)?;
    let limits = Limits::default();
    let mut unknown = None;
    for group in groups(&records, claim.per.as_ref())? {
        let operations: Vec<Operation> = group.members.iter().map(|&at| all[at].clone()).collect();
        match linearizable(&operations, model, &limits) {
            Judged::Holds(_) => {}
            Judged::Fails(found) => {
                return Ok(Verdict::Fails(explained(&found, &group, model.name, &records)));
            }
            Judged::Unknown(why) => {
                unknown.get_or_insert_with(|| format!("{why}{}", group.label));
            }
            Judged::Invalid(at, why) => {
                let at = group.members[at];
                return Err(Verdict::Invalid(vec![
                    note(format!("[{at}]: {why}")),
                    shown(at, &records, false),
                ]));
            }
        }
    }
    Ok(unknown.map_or(Verdict::Holds, Verdict::Unknown))
}

/// What cannot be explained, with the few operations that show it.
fn explained(found: &Counterexample, group: &Group, model: &str, records: &[Value]) -> Vec<Detail> {
    let place = |at: usize| group.members[at];
    let mut details = vec![note(format!(
        "no order of these operations that is true to real time fits `{model}`{}: nothing explains [{}]",
        group.label,
        place(found.stuck)
    ))];
    let listed = found.core.iter().take(LISTED);
    details.extend(listed.map(|&(at, weakened)| shown(place(at), records, weakened)));
    if found.core.len() > LISTED {
        details.push(note(format!("and {} more operations", found.core.len() - LISTED)));
    }
    if !found.order.is_empty() {
        let order: Vec<String> = found.order.iter().map(|&at| format!("[{}]", place(at))).collect();
        details.push(note(format!("the most that any order explains: {}", order.join(", "))));
    }
    if !found.states.is_empty() {
        let states = found.states.iter().take(4).cloned().collect::<Vec<_>>().join("; or ");
        details.push(note(format!("when [{}] should come next: {states}", place(found.stuck))));
    }
    details
}

fn shown(at: usize, records: &[Value], weakened: bool) -> Detail {
    let more = if weakened { "; even if its outcome were unknown" } else { "" };
    Detail::Value { expression: format!("[{at}]"), value: format!("{}{more}", told(&records[at])) }
}
