//! `stale_below AGE`: no read returns a value that had been overwritten more than AGE before it
//! began. A read that returns `v` is too old when a write of `v` was over before a write of another
//! value began, or when it began if one process did both, and that one was acknowledged more than AGE
//! before the read began; of several writes of `v` the last counts. This is Δ-atomicity without its other half: Golab, Li and Shah,
//! «Analyzing consistency properties for fun and profit», PODC 2011.
//!
//! Writes of unknown outcome explain a read and overwrite nothing for certain. A value that nobody
//! wrote before the read was over is no stale one: the claim cannot be judged. `per` is the register,
//! such as `per .args[0]`. Time `O(n log n)`.

use std::collections::BTreeMap;

use super::expected::is_operation;
use super::operations::operations;
use super::records::{Group, groups, invalid, nothing, records, shows};
use super::roles::{INITIAL, READ, Role, Roles, WRITE, initial, written};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, spec};
use crate::history::{Operation, Outcome, Same};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

pub(super) const STALE_BELOW: Rule = Rule {
    spec: &spec(
        "stale_below",
        "no read returns what had been overwritten longer than that before it began",
        &[Param::required("operand", Ty::Duration, "the greatest age"), READ, WRITE, INITIAL, PER, OR_EMPTY],
        "expect ops stale_below(read: balance, write: set) 500ms per .args[0]",
    ),
    judge,
    says: |_| Says("stays below that age", "does not stay below that age"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let age = match claim.operand {
        Some(Value::Duration(age)) if *age >= 0 => *age,
        _ => return Err(invalid("`stale_below` takes an age such as `500ms`")),
    };
    if let Some(at) = records.iter().position(|record| !is_operation(record)) {
        return Err(invalid(format!("record [{at}] is no operation, and only these read and write")));
    }
    let operations = operations(&records)?;
    let roles = Roles::of(claim)?;
    let mut judged = false;
    for group in groups(&records, claim.per.as_ref())? {
        let register = Register::of(&roles, &group, &operations)?;
        judged |= register.is_shown(&operations);
        if let Some(stale) = register.stale(claim, age, &operations, &records)? {
            return Ok(register.explained(claim, &stale, (&operations, &records), &group));
        }
    }
    if judged {
        return Ok(Verdict::Holds);
    }
    Err(nothing(
        claim,
        "no read began after an acknowledged write of its register was over, so none could be stale",
    ))
}

/// The reads and writes of one register that count, by place.
struct Register {
    reads: Vec<usize>,
    writes: Vec<usize>,
    failed: Vec<usize>,
}

/// A read, the write it read from unless it is of what was there first, and the write that had
/// overwritten that.
struct Stale {
    read: usize,
    from: Option<usize>,
    over: usize,
}

impl Register {
    fn of(roles: &Roles, group: &Group, operations: &[Operation]) -> Result<Register, Verdict> {
        let mut register = Register { reads: Vec::new(), writes: Vec::new(), failed: Vec::new() };
        for &at in &group.members {
            let operation = &operations[at];
            match (roles.must(at, operation)?, operation.outcome) {
                (Role::Read, Outcome::Ok) if !matches!(operation.value, Value::Absent) => {
                    register.reads.push(at);
                }
                (Role::Read, _) => {}
                (Role::Write, Outcome::Fail) => register.failed.push(at),
                (Role::Write, _) => register.writes.push(at),
            }
        }
        Ok(register)
    }

    /// Whether a read could be stale: before all that had been written was over, anything is fresh.
    fn is_shown(&self, operations: &[Operation]) -> bool {
        let acknowledged = self.writes.iter().filter(|&&at| operations[at].outcome == Outcome::Ok);
        let first = acknowledged.filter_map(|&at| operations[at].end).min();
        self.reads.iter().any(|&at| first.is_some_and(|end| end < operations[at].start))
    }

    /// The first read, in their order, of what had been overwritten for too long.
    fn stale(
        &self,
        claim: &Claim<'_>,
        age: i64,
        operations: &[Operation],
        records: &[Value],
    ) -> Result<Option<Stale>, Verdict> {
        let initial = initial(claim);
        let values: Vec<Value> = self.writes.iter().map(|&at| written(&operations[at])).collect();
        let index = Index::of(&values);
        // For any moment, the acknowledged write that began last of those that were over by then.
        let mut over: Vec<usize> =
            self.writes.iter().copied().filter(|&at| operations[at].outcome == Outcome::Ok).collect();
        over.sort_by_key(|&at| (operations[at].end, at));
        let mut latest: Vec<usize> = Vec::with_capacity(over.len());
        for &at in &over {
            let last = latest.last().copied().filter(|&last| operations[last].start >= operations[at].start);
            latest.push(last.unwrap_or(at));
        }
        let follower = followers(&over, operations);
        for &read in &self.reads {
            let operation = &operations[read];
            let limit = operation.start.saturating_sub(age);
            let count = over.partition_point(|&at| operations[at].end.is_some_and(|end| end < limit));
            let until = operation.end.unwrap_or(i64::MAX);
            let over_at = |write: usize| operations[write].end.unwrap_or(i64::MAX);
            let from: Vec<usize> = index
                .all(&operation.value, |write| &values[write])
                .map(|write| self.writes[write])
                .filter(|&write| operations[write].start <= until)
                .collect();
            let last = from.iter().copied().max_by_key(|&write| (over_at(write), write));
            let end = match last {
                Some(write) => over_at(write),
                None if operation.value == initial => i64::MIN,
                None => return Err(self.unexplained(claim, read, operations, records)),
            };
            if let Some(&over) = count.checked_sub(1).and_then(|last| latest.get(last))
                && operations[over].start > end
            {
                return Ok(Some(Stale { read, from: last, over }));
            }
            // Its own process may have overwritten each of them at once.
            let next = |write: usize| {
                let next = follower.get(&write).copied();
                next.filter(|&next| {
                    operations[next].start >= end && operations[next].end.is_some_and(|end| end < limit)
                })
            };
            let all =
                from.iter().filter(|&&write| over_at(write) == end).map(|&write| Some((write, next(write)?)));
            if let Some(Some((from, over))) = all.reduce(|a, b| a.and(b)) {
                return Ok(Some(Stale { read, from: Some(from), over }));
            }
        }
        Ok(None)
    }

    fn unexplained(
        &self,
        claim: &Claim<'_>,
        read: usize,
        operations: &[Operation],
        records: &[Value],
    ) -> Verdict {
        let value = &operations[read].value;
        let failed = self.failed.iter().copied().find(|&at| written(&operations[at]) == *value);
        let mut shown = vec![(read, &records[read])];
        let why = match failed {
            Some(at) => {
                shown.insert(0, (at, &records[at]));
                format!("[{read}] read {}, which only a failed write wrote, [{at}]", show(value))
            }
            None => format!(
                "[{read}] read {}, which nothing had written; what was there before is `initial`",
                show(value)
            ),
        };
        Verdict::Invalid(shows(claim, why, &shown))
    }

    fn explained(
        &self,
        claim: &Claim<'_>,
        stale: &Stale,
        (operations, records): (&[Operation], &[Value]),
        group: &Group,
    ) -> Verdict {
        let (read, over) = (&operations[stale.read], &operations[stale.over]);
        let age = read.start - over.end.unwrap_or(read.start);
        let why = format!(
            "[{}] read {}, which [{}] had overwritten {} before{}",
            stale.read,
            show(&read.value),
            stale.over,
            show(&Value::Duration(age)),
            group.label
        );
        let places = stale.from.into_iter().chain([stale.over, stale.read]);
        let shown: Vec<(usize, &Value)> = places.map(|at| (at, &records[at])).collect();
        // A later record may be of a write that explains the read.
        Verdict::Lacks(Side::Subject, shows(claim, why, &shown))
    }
}

/// For each of these writes the next one of its process.
fn followers(writes: &[usize], operations: &[Operation]) -> BTreeMap<usize, usize> {
    let mut turns: BTreeMap<Same, Vec<usize>> = BTreeMap::new();
    for &at in writes {
        turns.entry(Same::of(&operations[at].process)).or_default().push(at);
    }
    let mut followers = BTreeMap::new();
    for turns in turns.values_mut() {
        turns.sort_by_key(|&at| (operations[at].start, operations[at].end, at));
        followers.extend(turns.windows(2).map(|pair| (pair[0], pair[1])));
    }
    followers
}
