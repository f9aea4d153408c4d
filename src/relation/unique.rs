//! `unique`: no two records of a group have equal keys. Time `O(n)`.

use super::records::{groups, key_name, keys, records, shows};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::shape::Index;
use crate::value::show;

/// More repetitions than this are not listed.
const LISTED: usize = 10;

pub(super) const UNIQUE: Rule = Rule {
    spec: &spec(
        "unique",
        "no two records have the same key",
        &[BY, PER, OR_EMPTY],
        "expect entries unique by .id",
    ),
    judge,
    says: |_| Says("is unique", "is not unique"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let keys = keys(&records, claim.by.as_ref())?;
    let mut details = Vec::new();
    let mut listed = 0;
    for group in groups(&records, claim.per.as_ref())? {
        let mut index = Index::default();
        for &at in &group.members {
            match index.find(&keys[at], |at| &keys[at]) {
                None => index.add(&keys[at], at),
                Some(first) if listed < LISTED => {
                    listed += 1;
                    let name = key_name(claim.by.as_ref());
                    let why = format!(
                        "{name} is {} at [{first}] and again at [{at}]{}",
                        show(&keys[at]),
                        group.label
                    );
                    details.extend(shows(claim, why, &[(first, &records[first]), (at, &records[at])]));
                }
                Some(_) => {}
            }
        }
    }
    Ok(if details.is_empty() { Verdict::Holds } else { Verdict::Fails(details) })
}
