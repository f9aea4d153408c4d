//! `has P`: in every group at least one record fits `P`; with `times`, so many do. `not has P` denies
//! that of every group.
//!
//! `has P before Q`: in every group, each record that fits `Q` has an earlier one that fits `P`.
//! Records with times are intervals: earlier means that `P` was over before `Q` began, and where they
//! only overlap neither order can be shown, so the verdict is unknown. What lasts, and an operation
//! of unknown outcome, is over before nothing. Other records are earlier by their position. No `Q` at
//! all is a claim about nothing. Time `O(n)` matches of each pattern, and `O(n log n)`.

use super::intervals::intervals;
use super::records::{Group, groups, invalid, list, nothing, records, shows};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::lang::{Param, Ty};
use crate::shape::{Pattern, describe, mismatches_open};
use crate::value::Value;

pub(super) const HAS: Rule = Rule {
    spec: &spec(
        "has",
        "a record fits the pattern; with `before`, one does before every record that fits the other",
        &[
            Param::required(
                "operand",
                Ty::Pattern,
                "the pattern; literal objects in it may have other fields",
            ),
            Param::new("times", Ty::Any, "how many records fit: a number or a range; default at least one"),
            Param::new(
                "before",
                Ty::Pattern,
                "every record that fits this one has an earlier one that fits the operand",
            ),
            PER,
            OR_EMPTY,
        ],
        "expect entries has { type: \"PLACED\" } before { type: \"PAID\" } per .order_id",
    ),
    judge,
    says: having,
    stays,
};

fn having(claim: &Claim<'_>) -> Says {
    if claim.before.is_some() {
        Says("keeps that order", "does not keep that order")
    } else if claim.args.contains_key("times") {
        Says("has so many such records", "does not have so many such records")
    } else {
        Says("has such a record", "has no such record")
    }
}

/// A record that was found stays there. A count may still grow, and a new group may have none.
fn stays(claim: &Claim<'_>) -> Stays {
    let one_is_enough = claim.per.is_none() || claim.denied;
    let found_once = claim.before.is_none() && !claim.args.contains_key("times") && one_is_enough;
    if found_once { Stays::Subject } else { Stays::Neither }
}

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let Some(wanted) = claim.pattern else { return Err(invalid("`has` needs a pattern")) };
    let records = match claim.before {
        None if claim.args.contains_key("times") => {
            let records = list(claim.subject, "the subject")?;
            if records.is_empty() && claim.per.is_some() {
                return Err(nothing(claim, "there are no records"));
            }
            records
        }
        _ => records(claim)?,
    };
    let groups = groups(&records, claim.per.as_ref())?;
    let first = fitting(wanted, &records)?;
    match claim.before {
        Some(_) if claim.args.contains_key("times") => {
            Err(invalid("`times` and `before` do not go together"))
        }
        Some(later) => before(claim, &records, &groups, (wanted, &first), later),
        None => count(claim, &records, &groups, wanted, &first),
    }
}

/// Which records fit. Literal objects are open, as in `contains`.
fn fitting(pattern: &Pattern, records: &[Value]) -> Result<Vec<bool>, Verdict> {
    records
        .iter()
        .enumerate()
        .map(|(at, record)| {
            let found = mismatches_open(pattern, record);
            match found.invalid {
                Some(why) => Err(invalid(format!("record [{at}]: {why}"))),
                None => Ok(found.is_empty()),
            }
        })
        .collect()
}

fn count(
    claim: &Claim<'_>,
    records: &[Value],
    groups: &[Group],
    wanted: &Pattern,
    fits: &[bool],
) -> Result<Verdict, Verdict> {
    let times = claim.args.get("times");
    let (least, most) = match times {
        None => (1, usize::MAX),
        Some(times) => bounds(times)?,
    };
    let found =
        |group: &Group| -> Vec<usize> { group.members.iter().copied().filter(|&at| fits[at]).collect() };
    let has = |group: &Group| (least..=most).contains(&found(group).len());
    // Denied, it is denied of every group: one that has it is enough.
    if claim.denied && groups.iter().any(has) {
        return Ok(Verdict::Holds);
    }
    for group in groups {
        let found = found(group);
        if (least..=most).contains(&found.len()) {
            continue;
        }
        let said = match times {
            None => String::new(),
            Some(times) => format!(", not {}", crate::value::show(times)),
        };
        let why = match found.len() {
            0 => format!(
                "none of {} records fits {}{said}{}",
                group.members.len(),
                describe(wanted),
                group.label
            ),
            1 => format!("1 record fits {}{said}{}", describe(wanted), group.label),
            count => format!("{count} records fit {}{said}{}", describe(wanted), group.label),
        };
        let shown: Vec<(usize, &Value)> = found.iter().take(5).map(|&at| (at, &records[at])).collect();
        let mut details = shows(claim, why, &shown);
        if found.is_empty()
            && let Some((at, differences)) = nearest(wanted, records, &group.members)
        {
            details.push(note(format!("the nearest is [{at}], except for:")));
            details.extend(differences);
        }
        // Too few may become enough, and too many never do; but another group may come that has it.
        let lacks = found.len() < least || (claim.denied && claim.per.is_some());
        return Ok(if lacks { Verdict::Lacks(Side::Subject, details) } else { Verdict::Fails(details) });
    }
    Ok(Verdict::Holds)
}

/// The record with the fewest differences, when it has any below itself.
fn nearest(
    wanted: &Pattern,
    records: &[Value],
    members: &[usize],
) -> Option<(usize, Vec<crate::event::Detail>)> {
    let candidates = members.iter().take(1_000).map(|&at| {
        let found = mismatches_open(wanted, &records[at]);
        ((found.listed.iter().any(|difference| difference.path.is_empty()), found.len()), at, found)
    });
    let ((at_root, _), at, found) = candidates.min_by_key(|(distance, at, _)| (*distance, *at))?;
    (!at_root).then(|| (at, found.into_details()))
}

fn bounds(times: &Value) -> Result<(usize, usize), Verdict> {
    let whole = |value: &Value| value.as_number().and_then(crate::value::Number::to_usize);
    let bounds = match times {
        Value::Range(range) => whole(&range.0).zip(whole(&range.1)),
        one => whole(one).map(|count| (count, count)),
    };
    bounds.ok_or_else(|| invalid("`times` is a whole number from 0, or a range of them"))
}

fn before(
    claim: &Claim<'_>,
    records: &[Value],
    groups: &[Group],
    (wanted, first): (&Pattern, &[bool]),
    later: &Pattern,
) -> Result<Verdict, Verdict> {
    let second = fitting(later, records)?;
    if !second.contains(&true) {
        return Err(nothing(
            claim,
            &format!("no record fits {}, so nothing had to come before", describe(later)),
        ));
    }
    let times = intervals(records, claim.origin.as_ref());
    let mut unknown = None;
    for group in groups {
        let earlier: Vec<usize> = group.members.iter().copied().filter(|&at| first[at]).collect();
        // The first to be over shows that one was before, and the first to begin that none was.
        let over = earlier.iter().copied().min_by_key(|&at| (times[at].end, at));
        let mut begun = earlier.clone();
        begun.sort_by_key(|&at| (times[at].start, at));
        begun.truncate(2);
        for &at in group.members.iter().filter(|&&at| second[at]) {
            if over.is_some_and(|over| times[over].is_before(times[at])) {
                continue;
            }
            let nearest = begun.iter().copied().find(|&other| other != at);
            match nearest.filter(|&other| !times[at].is_before(times[other])) {
                Some(other) => {
                    unknown.get_or_insert_with(|| {
                        format!(
                            "[{other}] and [{at}] overlap in time{}, so neither can be shown to be first",
                            group.label
                        )
                    });
                }
                None => {
                    let what = format!(
                        "[{at}] fits {}, and nothing before it fits {}{}",
                        describe(later),
                        describe(wanted),
                        group.label
                    );
                    let mut shown = vec![(at, &records[at])];
                    shown.extend(nearest.map(|other| (other, &records[other])));
                    let mut details = shows(claim, what, &shown);
                    if let Some(other) = nearest {
                        details.push(note(format!("the first that fits it is [{other}], after that")));
                    }
                    return Ok(Verdict::Fails(details));
                }
            }
        }
    }
    Ok(unknown.map_or(Verdict::Holds, Verdict::Unknown))
}
