//! The guarantees of sessions: Terry, Demers, Petersen, Spreitzer, Theimer and Welch, «Session
//! guarantees for weakly consistent replicated data», PDIS 1994.
//!
//! `by V` is the version of the thing that a read saw or a write made, such as `.value.seq`. In a
//! session, for every operation `a` that was over before `b` began, or when `b` began if one process did
//! both:
//!
//! | relation              | `a`   | `b`   | demands       |
//! |-----------------------|-------|-------|---------------|
//! | `monotonic_reads`     | read  | read  | `V(a) <= V(b)` |
//! | `read_your_writes`    | write | read  | `V(a) <= V(b)` |
//! | `monotonic_writes`    | write | write | `V(a) < V(b)`  |
//! | `writes_follow_reads` | read  | write | `V(a) < V(b)`  |
//!
//! A session is a process, or what `per` says; versions of different things cannot be compared, so
//! with more than one of them it is `per [.process, .args[0]]`. A read that found nothing, `null`,
//! saw what was before every version. Operations that failed or whose outcome nobody knows saw and
//! made no version that anybody knows. Records that are no operations are all reads to
//! `monotonic_reads` and all writes to `monotonic_writes`, timed by their places. A history in which
//! no `a` precedes a `b` shows nothing, and neither does an `a` that found nothing. Time `O(n log n)`.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::expected::is_operation;
use super::intervals::{Interval, intervals};
use super::operations::operations;
use super::records::{Group, groups, invalid, key_name, lacking, nothing, records, shows};
use super::roles::{READ, Role, Roles, WRITE};
use super::{Claim, OR_EMPTY, Rule, Says, Stays, Verdict, note, spec};
use crate::history::{Operation, Outcome, Same};
use crate::lang::{Param, Ty};
use crate::shape::compare;
use crate::value::{Key, Path, Step, Value, show};

const BY: Param = Param::required("by", Ty::Key, "the version that a read saw or a write made");
const PER: Param = Param::new("per", Ty::Key, "the session; by default `.process`");

pub(super) const MONOTONIC_READS: Rule = Rule {
    spec: &spec(
        "monotonic_reads",
        "no read of a session sees an older version than one before it",
        &[READ, BY, PER, OR_EMPTY],
        "expect ops monotonic_reads(read: balance) by .value.seq per .process",
    ),
    judge: |claim| judge(claim, &Guarantee { first: Role::Read, second: Role::Read }),
    says: |_| Says("has monotonic reads", "does not have monotonic reads"),
    stays: |_| Stays::Neither,
};

pub(super) const READ_YOUR_WRITES: Rule = Rule {
    spec: &spec(
        "read_your_writes",
        "every read of a session sees what the session wrote before",
        &[READ, WRITE, BY, PER, OR_EMPTY],
        "expect ops read_your_writes(read: balance, write: deposit) by .value.seq per .process",
    ),
    judge: |claim| judge(claim, &Guarantee { first: Role::Write, second: Role::Read }),
    says: |_| Says("lets every session read what it wrote", "does not let every session read what it wrote"),
    stays: |_| Stays::Neither,
};

pub(super) const MONOTONIC_WRITES: Rule = Rule {
    spec: &spec(
        "monotonic_writes",
        "the writes of a session take effect in their order",
        &[WRITE, BY, PER, OR_EMPTY],
        "expect ops monotonic_writes(write: deposit) by .value.seq per .process",
    ),
    judge: |claim| judge(claim, &Guarantee { first: Role::Write, second: Role::Write }),
    says: |_| Says("has monotonic writes", "does not have monotonic writes"),
    stays: |_| Stays::Neither,
};

pub(super) const WRITES_FOLLOW_READS: Rule = Rule {
    spec: &spec(
        "writes_follow_reads",
        "a write of a session makes a newer version than the session has read before",
        &[READ, WRITE, BY, PER, OR_EMPTY],
        "expect ops writes_follow_reads(read: balance, write: deposit) by .value.seq per .process",
    ),
    judge: |claim| judge(claim, &Guarantee { first: Role::Read, second: Role::Write }),
    says: |_| Says("lets writes follow what was read", "does not let writes follow what was read"),
    stays: |_| Stays::Neither,
};

struct Guarantee {
    first: Role,
    second: Role,
}

/// A read or write with its version.
struct Seen {
    at: usize,
    role: Role,
    when: Interval,
    version: Value,
}

fn judge(claim: &Claim<'_>, guarantee: &Guarantee) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let Some(by) = &claim.by else {
        return Err(invalid("say with `by` which version an operation saw or made: `by .value.seq`"));
    };
    let timed = records.iter().all(is_operation);
    let operations = if timed { Some(operations(&records)?) } else { None };
    let process = Key::One(Path(vec![Step::Field("process".into())]));
    let per = claim.per.as_ref().or(timed.then_some(&process));
    let seen = versions(claim, guarantee, by, &records, operations.as_deref())?;
    let mut compared = false;
    for group in groups(&records, per)? {
        let mut turns: BTreeMap<Same, Vec<usize>> = BTreeMap::new();
        for &at in group.members.iter().filter(|_| timed) {
            turns.entry(Same::of(&process.get(&records[at]))).or_default().push(at);
        }
        let alone = turns.values().map(|turns| (turns.as_slice(), true));
        for members in alone.chain([(group.members.as_slice(), false)]) {
            let Some((a, b)) = session(guarantee, &seen, members, &mut compared)? else { continue };
            return Ok(broken(claim, guarantee, (a, b), &group, (&records, operations.as_deref())));
        }
    }
    if compared {
        return Ok(Verdict::Holds);
    }
    let roles = [guarantee.first, guarantee.second];
    let missing = roles.into_iter().find(|role| seen.iter().flatten().all(|seen| seen.role != *role));
    let why = match (missing, operations.as_deref()) {
        (Some(role), Some(operations)) => {
            let (role, functions) = (called(role), functions(operations));
            format!("no operation is a {role}: they call {functions}; say who does with `({role}: ACTION)`")
        }
        _ => {
            let [first, second] = roles.map(called);
            let found = if guarantee.first == Role::Read { " that found something" } else { "" };
            format!("no session has a {second} after a {first}{found}, so nothing was shown")
        }
    };
    Err(nothing(claim, &why))
}

fn called(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Write => "write",
    }
}

fn functions(operations: &[Operation]) -> String {
    let mut names: Vec<&str> = operations.iter().map(|operation| &*operation.function).collect();
    names.sort_unstable();
    names.dedup();
    let shown: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    shown.join(", ")
}

/// By place: what a record saw or made, when the guarantee speaks of it.
fn versions(
    claim: &Claim<'_>,
    guarantee: &Guarantee,
    by: &Key,
    records: &[Value],
    operations: Option<&[Operation]>,
) -> Result<Vec<Option<Seen>>, Verdict> {
    let roles = Roles::of(claim)?;
    if operations.is_none() && guarantee.first != guarantee.second {
        return Err(invalid(
            "the records are no operations, so nobody knows which of them read and which wrote",
        ));
    }
    let times = intervals(records, claim.origin.as_ref());
    let mut seen = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        let role = match operations.map(|operations| &operations[at]) {
            Some(operation) if operation.outcome == Outcome::Ok => roles.role(&operation.function),
            Some(_) => None,
            None => Some(guarantee.first),
        };
        let Some(role) = role.filter(|role| [guarantee.first, guarantee.second].contains(role)) else {
            seen.push(None);
            continue;
        };
        let nothing_found = role == Role::Read
            && operations.is_some_and(|operations| matches!(operations[at].value, Value::Null));
        let version = match by.get(record) {
            Value::Absent if nothing_found => Value::Null,
            Value::Absent => return Err(lacking(at, by, record)),
            Value::Null if role == Role::Write => {
                return Err(Verdict::Invalid(shows(
                    claim,
                    format!("the write [{at}] does not say which version it made: `{by}` is null"),
                    &[(at, record)],
                )));
            }
            version => version,
        };
        seen.push(Some(Seen { at, role, when: times[at], version }));
    }
    Ok(seen)
}

/// The first pair of some members, perhaps all of one process, that breaks the guarantee: of each
/// second one, with the first one of the greatest version.
fn session(
    guarantee: &Guarantee,
    seen: &[Option<Seen>],
    (members, turns): (&[usize], bool),
    compared: &mut bool,
) -> Result<Option<(usize, usize)>, Verdict> {
    let of = |role: Role| -> Vec<&Seen> {
        let members = members.iter().filter_map(|&at| seen[at].as_ref());
        members.filter(|seen| seen.role == role).collect()
    };
    let (mut firsts, mut seconds) = (of(guarantee.first), of(guarantee.second));
    firsts.sort_by_key(|seen| (seen.when.end, seen.when.start, seen.at));
    seconds.sort_by_key(|seen| (seen.when.start, seen.when.end, seen.at));
    let is_before = |first: &Seen, second: &Seen| {
        if turns {
            first.when.is_turn_before(first.at, second.when, second.at)
        } else {
            first.when.is_before(second.when)
        }
    };
    let mut firsts = firsts.into_iter().peekable();
    let mut greatest: Option<&Seen> = None;
    let strict = guarantee.second == Role::Write;
    for second in seconds {
        while let Some(first) = firsts.next_if(|first| is_before(first, second)) {
            let newer = match greatest {
                Some(known) => order(known, first)? == Ordering::Less,
                None => true,
            };
            if newer {
                greatest = Some(first);
            }
        }
        let Some(first) = greatest else { continue };
        // No version is older than nothing.
        *compared |= !matches!(first.version, Value::Null);
        let order = order(first, second)?;
        if order == Ordering::Greater || (strict && order == Ordering::Equal) {
            return Ok(Some((first.at, second.at)));
        }
    }
    Ok(None)
}

/// Nothing is before every version.
fn order(a: &Seen, b: &Seen) -> Result<Ordering, Verdict> {
    match (&a.version, &b.version) {
        (Value::Null, Value::Null) => Ok(Ordering::Equal),
        (Value::Null, _) => Ok(Ordering::Less),
        (_, Value::Null) => Ok(Ordering::Greater),
        (left, right) => match compare(left, right) {
            Ok(Some(order)) => Ok(order),
            Ok(None) => {
                Err(invalid(format!("the versions of [{}] and [{}] have no order: one is NaN", a.at, b.at)))
            }
            Err(why) => Err(invalid(format!("the versions of [{}] and [{}]: {why}", a.at, b.at))),
        },
    }
}

fn broken(
    claim: &Claim<'_>,
    guarantee: &Guarantee,
    (a, b): (usize, usize),
    group: &Group,
    (records, operations): (&[Value], Option<&[Operation]>),
) -> Verdict {
    let version = |at: usize| {
        let version = claim.by.as_ref().map_or(Value::Absent, |by| by.get(&records[at]));
        if matches!(version, Value::Absent | Value::Null) { "nothing".to_owned() } else { show(&version) }
    };
    let name = key_name(claim.by.as_ref());
    let (old, new) = (version(a), version(b));
    let why = match (guarantee.first, guarantee.second) {
        (Role::Read, Role::Read) => format!("the read [{b}] saw {name} {new}, after [{a}] had seen {old}"),
        (Role::Write, Role::Read) => {
            format!("the read [{b}] saw {name} {new}, after the session's own write [{a}] had made {old}")
        }
        (Role::Write, Role::Write) => {
            format!("the write [{b}] made {name} {new}, after the session's write [{a}] had made {old}")
        }
        (Role::Read, Role::Write) => {
            format!("the write [{b}] made {name} {new}, after the session had read {old} at [{a}]")
        }
    };
    let shown = [(a, &records[a]), (b, &records[b])];
    let label =
        if group.label.is_empty() { String::new() } else { format!(", in the session{}", group.label) };
    let mut details = shows(claim, format!("{why}{label}"), &shown);
    if claim.per.is_none()
        && let Some(operations) = operations
        && let (Some(first), Some(second)) = (operations[a].args.first(), operations[b].args.first())
        && first != second
    {
        details.push(note(format!(
            "they may be about different things, {} and {}: then judge each by itself, `per [.process, .args[0]]`",
            show(first),
            show(second)
        )));
    }
    Verdict::Fails(details)
}
