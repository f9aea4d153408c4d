//! `backs_off`: the pauses before the attempts of a group after the first begin with at least
//! `from`, never shrink, and never exceed `to`, each up to `jitter`. With `factor`, pause n is
//! `from × factor^(n-1)`, at most `to`, up to `jitter`. A pause lasts from the end of the attempt
//! before, or from its start if it has no end.
//!
//! They also grow: by `factor` where it is given; without it, one of three pauses is longer than the
//! first by more than `jitter`, unless that is as long as `to` already. Where `jitter` lets a pause be
//! shorter than half, growth does not show in single pauses and is not asked for. Groups with fewer
//! attempts show no growth, and when all are such, the history shows nothing. Time `O(n)`.

use super::records::{Group, fails, groups, invalid, keys, nothing, records};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::function::operators::{mul, sub};
use crate::lang::{Param, Ty};
use crate::value::{Key, Number, Path, Step, Value, show};

pub(super) const BACKS_OFF: Rule = Rule {
    spec: &spec(
        "backs_off",
        "the pauses between attempts grow, within bounds; four attempts show it, or with `factor` three",
        &[
            Param::required("from", Ty::Duration, "the least first pause"),
            Param::required("to", Ty::Duration, "the greatest pause"),
            Param::new("factor", Ty::Number, "how much longer each pause is than the one before"),
            Param::new(
                "jitter",
                Ty::Any,
                "how much a pause may stray from these: a share such as 20%, the default, or from a share to a share, 0%..100%",
            ),
            Param::new("by", Ty::Key, "when an attempt starts; default `.start`, and pauses from `.end`"),
            PER,
            OR_EMPTY,
        ],
        "expect (orders -> merchant).calls backs_off(from: 50ms, to: 5s) per .body.id",
    ),
    judge,
    says: |_| Says("backs off", "does not back off"),
    stays: |_| Stays::Neither,
};

/// So many pauses show whether they grow: with fewer, jitter may hide it.
const GROWN: usize = 3;

struct Bounds {
    from: i64,
    to: i64,
    factor: Option<Number>,
    /// What a pause is multiplied with at least and at most.
    shrink: Number,
    grow: Number,
}

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let bounds = bounds(claim)?;
    let field = |name: &str| Key::One(Path(vec![Step::Field(name.into())]));
    let starts = keys(&records, Some(claim.by.as_ref().unwrap_or(&field("start"))))?;
    let ends: Vec<Value> = match &claim.by {
        Some(_) => starts.clone(),
        None => {
            let end = field("end");
            let or_start = |(record, start): (&Value, &Value)| match end.get(record) {
                Value::Absent => start.clone(),
                end => end,
            };
            records.iter().zip(&starts).map(or_start).collect()
        }
    };
    let (mut pauses, mut seen_to_grow) = (0, false);
    for group in groups(&records, claim.per.as_ref())? {
        let mut all: Vec<i64> = Vec::new();
        let mut expected = bounds.from;
        for pair in group.members.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let pause = match sub(&starts[b], &ends[a]) {
                Ok(Value::Duration(pause)) => pause,
                Ok(_) => return Err(invalid("attempts start at a duration or a date-time, not at a number")),
                Err(why) => return Err(invalid(format!("the times of [{a}] and [{b}]: {why}"))),
            };
            pauses += 1;
            if let Some(why) = wrong(pause, all.last().copied(), expected, &bounds, &group)? {
                let why =
                    format!("the pause between [{a}] and [{b}] is {}, {why}", show(&Value::Duration(pause)));
                return Ok(fails(claim, why, &[(a, &records[a]), (b, &records[b])]));
            }
            all.push(pause);
            if let Some(factor) = &bounds.factor {
                expected = scaled(expected, factor)?.min(bounds.to);
            }
        }
        match grows(&all, &bounds)? {
            Some(false) => {
                let (a, b) = (group.members[0], group.members[all.len()]);
                let pause = show(&Value::Duration(all[0]));
                let why = format!("the pauses stay at about {pause}, and do not grow{}", group.label);
                return Ok(fails(claim, why, &[(a, &records[a]), (b, &records[b])]));
            }
            grown => seen_to_grow |= grown.is_some(),
        }
    }
    if pauses == 0 {
        return Err(nothing(claim, "no attempt was repeated, so there is no pause to judge"));
    }
    if !seen_to_grow {
        return Err(nothing(claim, "no attempt was repeated often enough to show whether the pauses grow"));
    }
    Ok(Verdict::Holds)
}

/// Whether the pauses of a group grow; nothing when they are too few to show it.
fn grows(pauses: &[i64], bounds: &Bounds) -> Result<Option<bool>, Verdict> {
    if bounds.factor.is_some() {
        // Each was as long as it had to be.
        return Ok((pauses.len() > 1).then_some(true));
    }
    if scaled(1_000, &bounds.shrink)? < 500 {
        return Ok((!pauses.is_empty()).then_some(true));
    }
    let (Some(first), Some(longest)) = (pauses.first(), pauses.iter().max()) else { return Ok(None) };
    let is_long = *longest > scaled(*first, &bounds.grow)? || *first >= scaled(bounds.to, &bounds.shrink)?;
    Ok((is_long || pauses.len() >= GROWN).then_some(is_long))
}

fn wrong(
    pause: i64,
    last: Option<i64>,
    expected: i64,
    bounds: &Bounds,
    group: &Group,
) -> Result<Option<String>, Verdict> {
    let shown = |nanos: i64| show(&Value::Duration(nanos));
    let label = &group.label;
    let least = if bounds.factor.is_some() { expected } else { bounds.from };
    let most = if bounds.factor.is_some() { expected } else { bounds.to };
    if pause < scaled(least, &bounds.shrink)? {
        return Ok(Some(format!("shorter than {}{label}", shown(least))));
    }
    if pause > scaled(most, &bounds.grow)? {
        return Ok(Some(format!("longer than {}{label}", shown(most))));
    }
    match last.filter(|_| bounds.factor.is_none()) {
        Some(last) if pause < scaled(last, &bounds.shrink)? => {
            Ok(Some(format!("shorter than the one before, {}{label}", shown(last))))
        }
        _ => Ok(None),
    }
}

fn scaled(nanos: i64, factor: &Number) -> Result<i64, Verdict> {
    match mul(&Value::Duration(nanos), &Value::Number(factor.clone())) {
        Ok(Value::Duration(nanos)) => Ok(nanos),
        Ok(_) => Ok(nanos),
        Err(why) => Err(invalid(why)),
    }
}

fn bounds(claim: &Claim<'_>) -> Result<Bounds, Verdict> {
    let span = |name: &str| match claim.args.get(name) {
        Some(Value::Duration(nanos)) if *nanos >= 0 => Ok(*nanos),
        _ => Err(invalid(format!("`{name}` is a duration such as `100ms`"))),
    };
    let factor = match claim.args.get("factor") {
        None | Some(Value::Absent) => None,
        Some(Value::Number(factor)) if *factor >= Number::Int(1) => Some(factor.clone()),
        Some(_) => return Err(invalid("`factor` is how much longer each pause is, 1 or more")),
    };
    let (from, to) = (span("from")?, span("to")?);
    if from > to {
        return Err(invalid("`from` is longer than `to`"));
    }
    let (shrink, grow) = jitter(claim.args.get("jitter"))?;
    Ok(Bounds { from, to, factor, shrink, grow })
}

/// What a pause is multiplied with at least and at most.
fn jitter(given: Option<&Value>) -> Result<(Number, Number), Verdict> {
    const SAY: &str = "`jitter` is a share from 0% up to 100%, or two of them such as `0%..100%`";
    let (zero, one) = (Number::Int(0), Number::Int(1));
    let wrong = |_| invalid(SAY);
    let (less, more) = match given {
        None | Some(Value::Absent) => {
            let share = Number::Int(20).div(&Number::Int(100)).map_err(wrong)?;
            (share.negate(), share)
        }
        Some(Value::Number(share)) if *share >= zero && *share < one => (share.negate(), share.clone()),
        Some(Value::Range(range)) => match (&range.0, &range.1) {
            (Value::Number(less), Value::Number(more)) if *less > one.negate() && less <= more => {
                (less.clone(), more.clone())
            }
            _ => return Err(invalid(SAY)),
        },
        Some(_) => return Err(invalid(SAY)),
    };
    Ok((one.add(&less).map_err(wrong)?, one.add(&more).map_err(wrong)?))
}
