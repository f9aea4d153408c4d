//! `no_phantoms of PUT by K`: nothing came out that was not put in. A record is a phantom when its
//! key was never put in, or only by operations that failed. An operation of unknown outcome may have
//! put its key in once, so it explains one record. How often an acknowledged key comes out is
//! `at_most_once`'s business. Time `O(n + m)`.

use super::expected::{Expected, KEY, OF};
use super::records::{key_name, keys, records, shows};
use super::{BY, Claim, OR_EMPTY, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::shape::Index;
use crate::value::show;

/// More phantoms than this are counted, not listed.
const LISTED: usize = 10;

pub(super) const NO_PHANTOMS: Rule = Rule {
    spec: &spec(
        "no_phantoms",
        "nothing came out that was not put in",
        &[OF, BY, KEY, OR_EMPTY],
        "expect entries no_phantoms of ops by .order_id",
    ),
    judge,
    says: |_| Says("holds only what was put in", "holds what was never put in"),
    stays: |_| Stays::Other,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let expected = Expected::of(claim)?;
    let keys = keys(&records, claim.by.as_ref())?;
    let index = Index::of(&keys);
    let name = key_name(claim.by.as_ref());
    let (mut details, mut phantoms) = (Vec::new(), 0);
    for (at, key) in keys.iter().enumerate() {
        let put = expected.find(key);
        let why = match put {
            Some(put) if !put.acknowledged.is_empty() => continue,
            Some(put) if !put.unknown.is_empty() => {
                let allowed = put.unknown.len();
                // The first ones are explained; counting stops at the first that is not.
                let earlier = index.all(key, |at| &keys[at]).take_while(|other| *other < at).take(allowed);
                if earlier.count() < allowed {
                    continue;
                }
                let times = if allowed == 1 { "once".to_owned() } else { format!("{allowed} times") };
                format!("may have been put in {times} at most, by operations of unknown outcome")
            }
            Some(_) => "came out although the operation that was to put it in failed".to_owned(),
            None => "came out and was never put in".to_owned(),
        };
        phantoms += 1;
        if phantoms <= LISTED {
            details.extend(shows(claim, format!("{name} {} {why}", show(key)), &[(at, &records[at])]));
            if let Some(put) = put {
                details.extend(expected.shown(claim, &put.unknown));
                details.extend(expected.shown(claim, &put.failed));
            }
        }
    }
    if phantoms == 0 {
        return Ok(Verdict::Holds);
    }
    if phantoms > LISTED {
        details.push(note(format!("and {} more", phantoms - LISTED)));
    }
    Ok(Verdict::Lacks(Side::Other, details))
}
