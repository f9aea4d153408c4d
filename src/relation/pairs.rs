//! Two lists side by side, whole or group by group.

use super::records::{groups, keys, list, records};
use super::{Claim, Verdict};
use crate::shape::Index;
use crate::value::Value;

/// Both lists with their keys, and what is compared with what.
pub(super) struct Sides {
    pub(super) records: Vec<Value>,
    pub(super) keys: Vec<Value>,
    pub(super) other: Vec<Value>,
    pub(super) other_keys: Vec<Value>,
    pub(super) pairs: Vec<Pair>,
}

/// The places of a group here, and of the same group there, which may have none.
pub(super) struct Pair {
    pub(super) mine: Vec<usize>,
    pub(super) theirs: Vec<usize>,
    /// ` where .account is "a"`, or empty.
    pub(super) label: String,
}

/// The subject beside the operand.
pub(super) fn pairs(claim: &Claim<'_>) -> Result<Sides, Verdict> {
    let (records, other) = (records(claim)?, other(claim)?);
    let (keys, other_keys) = (keys(&records, claim.by.as_ref())?, keys(&other, claim.by.as_ref())?);
    let mut theirs = groups(&other, claim.per.as_ref())?;
    let names: Vec<Value> = match &claim.per {
        Some(per) => theirs.iter().map(|group| per.get(&other[group.members[0]])).collect(),
        None => vec![Value::Null],
    };
    let index = Index::of(&names);
    let pairs = groups(&records, claim.per.as_ref())?.into_iter().map(|group| {
        let name = claim.per.as_ref().map_or(Value::Null, |per| per.get(&records[group.members[0]]));
        let same = index.find(&name, |at| &names[at]);
        let theirs = same.map_or_else(Vec::new, |at| std::mem::take(&mut theirs[at].members));
        Pair { mine: group.members, theirs, label: group.label }
    });
    let pairs = pairs.collect();
    Ok(Sides { records, keys, other, other_keys, pairs })
}

/// The other list.
fn other(claim: &Claim<'_>) -> Result<Vec<Value>, Verdict> {
    list(claim.operand, "the other side")
}
