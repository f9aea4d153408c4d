//! `has P`: in every group at least one record fits `P`; with `times`, so many do.
//!
//! `has P before Q`: in every group, each record that fits `Q` has an earlier one that fits `P`.
//! Records with both `start` and `end` are intervals: earlier means that `P` ended before `Q`
//! started, and where they only overlap neither order can be shown, so the verdict is unknown.
//! Other records are earlier by their position. No `Q` at all is a claim about nothing.
//! Time `O(n)` matches of each pattern.

use std::cmp::Ordering;

use super::records::{Group, fails, groups, invalid, list, nothing, records, shows};
use super::{Claim, OR_EMPTY, PER, Rule, Verdict, note, spec};
use crate::lang::{Param, Ty};
use crate::shape::{Pattern, compare, describe, mismatches_open};
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
    verb: Some("have that order"),
};

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
    for group in groups {
        let found: Vec<usize> = group.members.iter().copied().filter(|&at| fits[at]).collect();
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
        return Ok(Verdict::Fails(details));
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
    let mut unknown = None;
    for group in groups {
        let earlier: Vec<usize> = group.members.iter().copied().filter(|&at| first[at]).collect();
        let timed = group.members.iter().all(|&at| interval(&records[at]).is_some());
        for &at in group.members.iter().filter(|&&at| second[at]) {
            let order = if timed {
                in_time(records, &earlier, at)?
            } else if earlier.first().is_some_and(|&first| first < at) {
                Order::Before
            } else {
                Order::After
            };
            match order {
                Order::Before => {}
                Order::Overlaps(other) => {
                    unknown.get_or_insert_with(|| {
                        format!(
                            "[{other}] and [{at}] overlap in time{}, so neither can be shown to be first",
                            group.label
                        )
                    });
                }
                Order::After => {
                    let what = format!(
                        "[{at}] fits {}, and nothing earlier fits {}{}",
                        describe(later),
                        describe(wanted),
                        group.label
                    );
                    let mut shown = vec![(at, &records[at])];
                    shown.extend(
                        earlier
                            .iter()
                            .filter(|&&other| other != at)
                            .take(1)
                            .map(|&other| (other, &records[other])),
                    );
                    return Ok(fails(claim, what, &shown));
                }
            }
        }
    }
    Ok(unknown.map_or(Verdict::Holds, Verdict::Unknown))
}

enum Order {
    Before,
    Overlaps(usize),
    After,
}

fn in_time(records: &[Value], earlier: &[usize], at: usize) -> Result<Order, Verdict> {
    let Some((start, end)) = interval(&records[at]) else { return Ok(Order::After) };
    let mut overlap = None;
    for &other in earlier.iter().filter(|&&other| other != at) {
        let Some((other_start, other_end)) = interval(&records[other]) else { continue };
        let less = |a: &Value, b: &Value| match compare(a, b) {
            Ok(order) => Ok(order == Some(Ordering::Less)),
            Err(why) => Err(invalid(format!("the times of [{other}] and [{at}]: {why}"))),
        };
        if less(&other_end, &start)? {
            return Ok(Order::Before);
        }
        if less(&other_start, &end)? {
            overlap.get_or_insert(other);
        }
    }
    Ok(overlap.map_or(Order::After, Order::Overlaps))
}

fn interval(record: &Value) -> Option<(Value, Value)> {
    let fields = record.as_object()?;
    let time = |name: &str| {
        fields
            .get(name)
            .filter(|value| matches!(value, Value::Number(_) | Value::Duration(_) | Value::Text(_)))
    };
    Some((time("start")?.clone(), time("end")?.clone()))
}
