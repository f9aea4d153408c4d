//! `rises`, `unchanged`, `becomes`: the subject before and after a `during` block or an `effect`.
//!
//! - `rises by N`: after − before = N; without `by`, after > before.
//! - `unchanged except .a`: after = before, but for those parts.
//! - `becomes P`: it fits P after, and did not before; what was so all along did not become so.

use std::sync::Arc;

use super::records::invalid;
use super::{Claim, Rule, Says, Stays, Verdict, note, spec};
use crate::event::Detail;
use crate::function::operators::{compare, sub};
use crate::lang::{Param, Ty};
use crate::shape::{describe, diff, mismatches};
use crate::value::{Object, Step, Value, show, show_short};

pub(super) const RISES: Rule = Rule {
    spec: &spec(
        "rises",
        "the value is greater after than before, by so much",
        &[Param::new("by", Ty::Any, "the difference, exactly: a number or a duration")],
        "effect entries_of(alice).count rises by 1",
    ),
    judge: rises,
    says: rising,
    stays: |_| Stays::Neither,
};

pub(super) const UNCHANGED: Rule = Rule {
    spec: &spec(
        "unchanged",
        "the value is the same after as before",
        &[Param::new("except", Ty::Key, "parts that may change")],
        "expect balance_of(alice) unchanged during { GET orders /v1/orders }",
    ),
    judge: unchanged,
    says: |_| Says("is unchanged", "changed"),
    stays: |_| Stays::Neither,
};

pub(super) const BECOMES: Rule = Rule {
    spec: &spec(
        "becomes",
        "the value fits the pattern after, and did not before",
        &[Param::required("operand", Ty::Pattern, "what it becomes")],
        "expect state_of(order) becomes \"PAID\" during { pay(order) }",
    ),
    judge: becomes,
    says: |_| Says("becomes that", "does not become that"),
    stays: |_| Stays::Neither,
};

fn rising(claim: &Claim<'_>) -> Says {
    if claim.args.contains_key("by") {
        Says("rises by that much", "does not rise by that much")
    } else {
        Says("rises", "does not rise")
    }
}

fn change<'a>(claim: &Claim<'a>) -> Result<(&'a Value, &'a Value), Verdict> {
    claim.change.ok_or_else(|| invalid("this relation compares a value before and after: add `during { … }`"))
}

fn both(before: &Value, after: &Value) -> [Detail; 2] {
    [("before", before), ("after", after)]
        .map(|(name, value)| Detail::Value { expression: name.into(), value: show_short(value, 160) })
}

fn rises(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let (before, after) = change(claim)?;
    let rise = sub(after, before).map_err(|why| invalid(format!("the rise cannot be computed: {why}")))?;
    let zero = match rise {
        Value::Duration(_) => Value::Duration(0),
        _ => Value::int(0),
    };
    let (holds, wanted) = match claim.args.get("by") {
        Some(by @ (Value::Number(_) | Value::Duration(_))) if by.kind() == rise.kind() => {
            (rise == *by, format!("by {}", show(by)))
        }
        Some(by) => {
            return Err(invalid(format!("the rise is a {}, and `by` is a {}", rise.kind(), by.kind())));
        }
        None => (compare(&rise, &zero) == Ok(Some(std::cmp::Ordering::Greater)), "at all".to_owned()),
    };
    if holds {
        return Ok(Verdict::Holds);
    }
    let mut details = vec![note(format!("it rises by {}, not {wanted}", show(&rise)))];
    details.extend(both(before, after));
    Ok(Verdict::Fails(details))
}

fn unchanged(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let (before, after) = change(claim)?;
    let (mut before, mut after) = (before.clone(), after.clone());
    for path in &claim.except {
        before = without(&before, &path.0);
        after = without(&after, &path.0);
    }
    let found = diff(&before, &after);
    match found.invalid {
        Some(why) => Err(invalid(why)),
        None if found.is_empty() => Ok(Verdict::Holds),
        None => Ok(Verdict::Fails(found.into_details())),
    }
}

fn becomes(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let (before, after) = change(claim)?;
    let Some(wanted) = claim.pattern else { return Err(invalid("`becomes` needs a pattern")) };
    let (was, is) = (mismatches(wanted, before), mismatches(wanted, after));
    if let Some(why) = was.invalid.or_else(|| is.invalid.clone()) {
        return Err(invalid(why));
    }
    if !is.is_empty() {
        return Ok(Verdict::Fails(is.into_details()));
    }
    if was.listed.is_empty() {
        let mut details =
            vec![note(format!("it fitted {} before already, so it did not become so", describe(wanted)))];
        details.extend(both(before, after));
        return Ok(Verdict::Fails(details));
    }
    Ok(Verdict::Holds)
}

/// The value without the part at a path; the same when there is no such part.
pub fn without(value: &Value, steps: &[Step]) -> Value {
    let Some((step, rest)) = steps.split_first() else { return Value::Absent };
    match (step, value) {
        (Step::Field(name), Value::Object(fields)) => {
            let kept = fields.iter().filter_map(|(field, value)| match *field == *name {
                true if rest.is_empty() => None,
                true => Some((field.clone(), without(value, rest))),
                false => Some((field.clone(), value.clone())),
            });
            Value::Object(Arc::new(kept.collect::<Object>()))
        }
        (Step::Each, Value::List(items)) => {
            Value::list(items.iter().map(|item| without(item, rest)).collect())
        }
        (Step::Index(index), Value::List(items)) => {
            let at = if *index < 0 { index + items.len() as i64 } else { *index };
            Value::list(
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| if i as i64 == at { without(item, rest) } else { item.clone() })
                    .collect(),
            )
        }
        _ => value.clone(),
    }
}
