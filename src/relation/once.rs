//! `exactly_once`, `at_least_once`, `at_most_once of EXPECTED by K`: in every group, for each
//! expected key the number of records with that key is 1, at least 1, or at most 1. Records with
//! other keys are not its business. Where EXPECTED are operations, that is so for acknowledged ones;
//! what one of unknown outcome put in may be missing too, and what a failed one put in must be.
//! Time `O(n + m)`.

use super::expected::{Expected, KEY, OF, Put, is_operation};
use super::records::{Group, groups, key_name, keys, list, nothing, shows};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::event::Detail;
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

/// More wrong counts than this are counted, not listed.
const LISTED: usize = 10;

const PARAMS: &[Param] =
    &[OF, Param::new("by", Ty::Key, "the key of a record; by default the record itself"), KEY, PER, OR_EMPTY];

pub(super) const EXACTLY_ONCE: Rule = Rule {
    spec: &spec(
        "exactly_once",
        "each expected key stands in exactly one record",
        PARAMS,
        "expect entries exactly_once of placed[*].body.id by .order_id",
    ),
    judge: |claim| judge(claim, 1, 1),
    says: |_| Says("holds each expected key exactly once", "does not hold each expected key exactly once"),
    stays: |_| Stays::Neither,
};

pub(super) const AT_LEAST_ONCE: Rule = Rule {
    spec: &spec(
        "at_least_once",
        "each expected key stands in one record or more",
        PARAMS,
        "expect deliveries at_least_once of [order.id] by .body.order_id",
    ),
    judge: |claim| judge(claim, 1, usize::MAX),
    says: |_| Says("holds each expected key at least once", "does not hold each expected key at least once"),
    stays: found,
};

pub(super) const AT_MOST_ONCE: Rule = Rule {
    spec: &spec(
        "at_most_once",
        "no expected key stands in more than one record",
        PARAMS,
        "expect charges at_most_once of orders by .order_id",
    ),
    judge: |claim| judge(claim, 0, 1),
    says: |_| Says("holds each expected key at most once", "holds an expected key more than once"),
    stays: |_| Stays::Neither,
};

/// What was found stays there, unless it may come of an operation that failed, or a new group lack it.
fn found(claim: &Claim<'_>) -> Stays {
    let operations = claim.of.and_then(Value::as_list).is_some_and(|of| of.iter().any(is_operation));
    if operations || claim.per.is_some() { Stays::Neither } else { Stays::Subject }
}

fn judge(claim: &Claim<'_>, least: usize, most: usize) -> Result<Verdict, Verdict> {
    let records = list(claim.subject, "the subject")?;
    let expected = Expected::of(claim)?;
    if expected.puts.is_empty() {
        return Err(nothing(claim, "nothing is expected: what stands after `of` is empty"));
    }
    if records.is_empty() && least == 0 {
        return Err(nothing(claim, "there are no records: a relation over nothing shows nothing"));
    }
    if least > 0 && expected.puts.iter().all(|put| put.acknowledged.is_empty()) {
        return Err(nothing(claim, "no operation after `of` was acknowledged, so nothing had to be there"));
    }
    expected.distinct()?;
    let keys = keys(&records, claim.by.as_ref())?;
    let name = key_name(claim.by.as_ref());
    let mut details = Vec::new();
    let (mut wrong, mut too_many) = (0, false);
    let mut groups = groups(&records, claim.per.as_ref())?;
    if groups.is_empty() {
        // Nothing there has no groups, and lacks the keys all the same.
        groups.push(Group { label: String::new(), members: Vec::new() });
    }
    for group in groups {
        let mut index = Index::default();
        group.members.iter().for_each(|&at| index.add(&keys[at], at));
        for put in &expected.puts {
            let found: Vec<usize> = index.all(&put.key, |at| &keys[at]).collect();
            let (low, high) = bounds(put, least, most);
            if (low..=high).contains(&found.len()) {
                continue;
            }
            wrong += 1;
            too_many |= found.len() > high;
            if wrong <= LISTED {
                let why = count(&name, put, found.len(), group.members.len());
                let shown: Vec<(usize, &Value)> =
                    found.iter().take(5).map(|&at| (at, &records[at])).collect();
                details.extend(shows(claim, format!("{why}{}", group.label), &shown));
                details.extend(from(claim, &expected, put));
            }
        }
    }
    if wrong > LISTED {
        details.push(note(format!("and {} more keys", wrong - LISTED)));
    }
    Ok(match (details.is_empty(), too_many) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Fails(details),
        (false, false) => Verdict::Lacks(Side::Subject, details),
    })
}

fn bounds(put: &Put, least: usize, most: usize) -> (usize, usize) {
    match (put.acknowledged.is_empty(), put.unknown.is_empty()) {
        (false, _) => (least, most),
        (true, false) => (0, most),
        (true, true) => (0, 0),
    }
}

fn count(name: &str, put: &Put, found: usize, of: usize) -> String {
    let key = show(&put.key);
    let failed = put.acknowledged.is_empty() && put.unknown.is_empty();
    match found {
        0 => format!("{name} is {key} in none of {of} records"),
        1 if failed => format!("{name} is {key} in a record, although the operation failed"),
        _ if failed => format!("{name} is {key} in {found} records, although the operation failed"),
        _ => format!("{name} is {key} in {found} records"),
    }
}

/// The operation behind a key; a plain key says nothing more.
fn from(claim: &Claim<'_>, expected: &Expected, put: &Put) -> Vec<Detail> {
    let of = [&put.acknowledged, &put.unknown, &put.failed].into_iter().find(|of| !of.is_empty());
    let Some(of) = of else { return Vec::new() };
    if expected.elements[of[0]] == put.key { Vec::new() } else { expected.shown(claim, of) }
}
