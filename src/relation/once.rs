//! `exactly_once`, `at_least_once`, `at_most_once of EXPECTED by K`: in every group, for each
//! expected key the number of records with that key is 1, at least 1, or at most 1. Records with
//! other keys are not its business. Time `O(n + m)`.

use super::records::{groups, invalid, key_name, keys, list, nothing, shows};
use super::{Claim, OR_EMPTY, PER, Rule, Verdict, note, spec};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

/// More wrong counts than this are counted, not listed.
const LISTED: usize = 10;

const PARAMS: &[Param] = &[
    Param::required("of", Ty::List, "the expected keys, each of them once"),
    Param::new("by", Ty::Key, "the key of a record; by default the record itself"),
    PER,
    OR_EMPTY,
];

pub(super) const EXACTLY_ONCE: Rule = Rule {
    spec: &spec(
        "exactly_once",
        "each expected key stands in exactly one record",
        PARAMS,
        "expect entries exactly_once of placed[*].body.id by .order_id",
    ),
    judge: |claim| judge(claim, 1, 1),
    verb: None,
};

pub(super) const AT_LEAST_ONCE: Rule = Rule {
    spec: &spec(
        "at_least_once",
        "each expected key stands in one record or more",
        PARAMS,
        "expect deliveries at_least_once of [order.id] by .body.order_id",
    ),
    judge: |claim| judge(claim, 1, usize::MAX),
    verb: None,
};

pub(super) const AT_MOST_ONCE: Rule = Rule {
    spec: &spec(
        "at_most_once",
        "no expected key stands in more than one record",
        PARAMS,
        "expect charges at_most_once of orders by .order_id",
    ),
    judge: |claim| judge(claim, 0, 1),
    verb: None,
};

fn judge(claim: &Claim<'_>, least: usize, most: usize) -> Result<Verdict, Verdict> {
    let records = list(claim.subject, "the subject")?;
    let expected = list(claim.of, "what stands after `of`")?;
    if expected.is_empty() {
        return Err(nothing(claim, "nothing is expected: what stands after `of` is empty"));
    }
    if records.is_empty() && least == 0 {
        return Err(nothing(claim, "there are no records: a relation over nothing shows nothing"));
    }
    distinct(&expected)?;
    let keys = keys(&records, claim.by.as_ref())?;
    let name = key_name(claim.by.as_ref());
    let mut details = Vec::new();
    let mut wrong = 0;
    for group in groups(&records, claim.per.as_ref())? {
        let mut index = Index::default();
        group.members.iter().for_each(|&at| index.add(&keys[at], at));
        for key in &expected {
            let found: Vec<usize> = index.all(key, |at| &keys[at]).collect();
            if (least..=most).contains(&found.len()) {
                continue;
            }
            wrong += 1;
            if wrong > LISTED {
                continue;
            }
            let why = match found.len() {
                0 => format!(
                    "{name} is {} in none of {} records{}",
                    show(key),
                    group.members.len(),
                    group.label
                ),
                count => format!("{name} is {} in {count} records{}", show(key), group.label),
            };
            let shown: Vec<(usize, &Value)> = found.iter().take(5).map(|&at| (at, &records[at])).collect();
            details.extend(shows(claim, why, &shown));
        }
    }
    if wrong > LISTED {
        details.push(note(format!("and {} more keys", wrong - LISTED)));
    }
    Ok(if details.is_empty() { Verdict::Holds } else { Verdict::Fails(details) })
}

/// Twice the same expected key would hide that two operations became one.
fn distinct(expected: &[Value]) -> Result<(), Verdict> {
    let mut index = Index::default();
    for (at, key) in expected.iter().enumerate() {
        if matches!(key, Value::Absent) {
            return Err(invalid(format!("the expected key [{at}] is absent")));
        }
        if let Some(first) = index.find(key, |at| &expected[at]) {
            return Err(invalid(format!(
                "the expected keys [{first}] and [{at}] are the same, {}; write `.unique` if that is meant",
                show(key)
            )));
        }
        index.add(key, at);
    }
    Ok(())
}
