//! `backs_off`: the pauses between the starts of a group's attempts begin with at least `from`,
//! never shrink, and never exceed `to`, each up to `jitter`. A group with one attempt has no pause;
//! no pause at all is a claim about nothing. Time `O(n)`.

use super::records::{Group, fails, groups, invalid, keys, nothing, records};
use super::{Claim, OR_EMPTY, PER, Rule, Verdict, spec};
use crate::function::operators::{mul, sub};
use crate::lang::{Param, Ty};
use crate::value::{Key, Number, Path, Step, Value, show};

pub(super) const BACKS_OFF: Rule = Rule {
    spec: &spec(
        "backs_off",
        "the pauses between attempts grow, within bounds",
        &[
            Param::required("from", Ty::Duration, "the least first pause"),
            Param::required("to", Ty::Duration, "the greatest pause"),
            Param::new(
                "jitter",
                Ty::Number,
                "how much a pause may stray from these, as a share; default 20%",
            ),
            Param::new("by", Ty::Key, "when an attempt starts; default `.start`"),
            PER,
            OR_EMPTY,
        ],
        "expect (orders -> merchant).calls backs_off(from: 50ms, to: 5s) per .body.id",
    ),
    judge,
};

struct Bounds {
    from: i64,
    to: i64,
    /// `1 - jitter` and `1 + jitter`.
    shrink: Value,
    grow: Value,
}

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let bounds = bounds(claim)?;
    let start = Key::One(Path(vec![Step::Field("start".into())]));
    let times = keys(&records, Some(claim.by.as_ref().unwrap_or(&start)))?;
    let mut pauses = 0;
    for group in groups(&records, claim.per.as_ref())? {
        let mut last: Option<i64> = None;
        for pair in group.members.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let pause = match sub(&times[b], &times[a]) {
                Ok(Value::Duration(pause)) => pause,
                Ok(_) => return Err(invalid("attempts start at a duration or a date-time, not at a number")),
                Err(why) => return Err(invalid(format!("the starts of [{a}] and [{b}]: {why}"))),
            };
            pauses += 1;
            if let Some(why) = wrong(pause, last, &bounds, &group)? {
                let why =
                    format!("the pause between [{a}] and [{b}] is {}, {why}", show(&Value::Duration(pause)));
                return Ok(fails(why, &[(a, &records[a]), (b, &records[b])]));
            }
            last = Some(pause);
        }
    }
    if pauses == 0 {
        return Err(nothing(claim, "no attempt was repeated, so there is no pause to judge"));
    }
    Ok(Verdict::Holds)
}

fn wrong(pause: i64, last: Option<i64>, bounds: &Bounds, group: &Group) -> Result<Option<String>, Verdict> {
    let shown = |nanos: i64| show(&Value::Duration(nanos));
    let (from, to) = (scaled(bounds.from, &bounds.shrink)?, scaled(bounds.to, &bounds.grow)?);
    let label = &group.label;
    if pause < from {
        return Ok(Some(format!("shorter than {}{label}", shown(bounds.from))));
    }
    if pause > to {
        return Ok(Some(format!("longer than {}{label}", shown(bounds.to))));
    }
    match last {
        Some(last) if pause < scaled(last, &bounds.shrink)? => {
            Ok(Some(format!("shorter than the one before, {}{label}", shown(last))))
        }
        _ => Ok(None),
    }
}

fn scaled(nanos: i64, factor: &Value) -> Result<i64, Verdict> {
    match mul(&Value::Duration(nanos), factor) {
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
    let jitter = match claim.args.get("jitter") {
        None => Number::Int(20).div(&Number::Int(100)).map_err(|e| invalid(e.to_string()))?,
        Some(Value::Number(share)) if *share >= Number::Int(0) && *share < Number::Int(1) => share.clone(),
        Some(_) => return Err(invalid("`jitter` is a share from 0% up to 100%")),
    };
    let one = Number::Int(1);
    let (shrink, grow) = (one.sub(&jitter), one.add(&jitter));
    match (shrink, grow) {
        (Ok(shrink), Ok(grow)) => Ok(Bounds {
            from: span("from")?,
            to: span("to")?,
            shrink: Value::Number(shrink),
            grow: Value::Number(grow),
        }),
        _ => Err(invalid("`jitter` is a share from 0% up to 100%")),
    }
}
