//! `attempted`: how many records each group has. Time `O(n)`.

use super::records::{groups, invalid, records};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::lang::{Param, Ty};
use crate::value::{Number, Value, show};

/// More groups than this are counted, not listed.
const LISTED: usize = 10;

pub(super) const ATTEMPTED: Rule = Rule {
    spec: &spec(
        "attempted",
        "each group has so many attempts",
        &[
            Param::new("at_least", Ty::Number, "the fewest"),
            Param::new("at_most", Ty::Number, "the most"),
            PER,
            OR_EMPTY,
        ],
        "expect (orders -> merchant).calls attempted(at_least: 2, at_most: 4) per .body.id",
    ),
    judge,
    says: |_| Says("is attempted as often as it should be", "is not attempted as often as it should be"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let (least, most) = (bound(claim, "at_least")?, bound(claim, "at_most")?);
    match (least, most) {
        (None, None) => return Err(invalid("say how many: `at_least`, `at_most`, or both")),
        (Some(least), Some(most)) if least > most => {
            return Err(invalid(format!("no count is at least {least} and at most {most}")));
        }
        (Some(0 | 1), None) => {
            return Err(invalid("every group has one record at least: `at_least` is 2 or more"));
        }
        _ => {}
    }
    let mut details = Vec::new();
    let (mut wrong, mut too_many) = (0, false);
    for group in groups(&records, claim.per.as_ref())? {
        let count = group.members.len();
        let (side, bound) = match (least, most) {
            (Some(least), _) if count < least => ("at least", least),
            (_, Some(most)) if count > most => ("at most", most),
            _ => continue,
        };
        wrong += 1;
        too_many |= least.is_none_or(|least| count >= least);
        if wrong <= LISTED {
            let s = if count == 1 { "" } else { "s" };
            details.push(note(format!("{count} attempt{s}, and not {side} {bound}{}", group.label)));
        }
    }
    if wrong > LISTED {
        details.push(note(format!("and {} more groups", wrong - LISTED)));
    }
    Ok(match (details.is_empty(), too_many) {
        (true, _) => Verdict::Holds,
        (false, true) => Verdict::Fails(details),
        (false, false) => Verdict::Lacks(Side::Subject, details),
    })
}

fn bound(claim: &Claim<'_>, name: &str) -> Result<Option<usize>, Verdict> {
    match claim.args.get(name) {
        None | Some(Value::Absent) => Ok(None),
        Some(Value::Number(number)) => match Number::to_usize(number) {
            Some(count) => Ok(Some(count)),
            None => Err(invalid(format!("`{name}` is a count, not {number}"))),
        },
        Some(other) => Err(invalid(format!("`{name}` is a count, not {}", show(other)))),
    }
}
