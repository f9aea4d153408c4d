//! `serializable as list_append`: some serial order of the transactions gives every one of them
//! the results that it had. What they read of lists tells who must have come before whom; a cycle
//! of that is an anomaly and is told by its name, with what each of its transactions did.
//!
//! Linear in the number of records and elements. Adya, «Weak consistency», MIT 1999; Kingsbury and
//! Alvaro, «Elle», VLDB 2020. Transactions of unknown outcome count once somebody saw what they
//! appended; where the elements of a list are not distinct, the verdict is unknown. Transactions that
//! read nothing show nothing.

use super::operations::operations;
use super::records::{groups, invalid, nothing, records};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, note, spec};
use crate::event::Detail;
use crate::history::cycles::{Anomaly, Respect, Serial, demands, scene, serializable};
use crate::history::picture::{plain, when};
use crate::history::{Limits, Operation};
use crate::lang::{Param, Ty};
use crate::value::{Value, show_short};

/// Of several anomalies so many are told in full.
const TOLD: usize = 3;

pub(super) const SERIALIZABLE: Rule = Rule {
    spec: &spec(
        "serializable",
        "some serial order of the transactions gives all of them the results that they had",
        &[
            Param::required("as", Ty::Name, "the model, with the action that is a transaction"),
            Param::new(
                "respect",
                Ty::Text,
                "the order that it must be true to besides: \"process\" that of each process, \"realtime\" that of \
                 the clock; by default none",
            ),
            PER,
            OR_EMPTY,
        ],
        "expect txns serializable(respect: \"realtime\") as list_append(txn: transact)",
    ),
    judge,
    says: |_| Says("is serializable", "is not serializable"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let Some(model) = &claim.model else {
        return Err(invalid("`serializable` needs `as` a model"));
    };
    let respect = match claim.args.get("respect") {
        None | Some(Value::Absent) => Respect::Results,
        Some(value) => value.as_text().and_then(Respect::named).ok_or_else(|| {
            let names = Respect::ALL.map(|(name, _)| format!("\"{name}\""));
            invalid(format!("`respect` is {}, none of {}", show_short(value, 40), names.join(", ")))
        })?,
    };
    let records = records(claim)?;
    let all = operations(&records)?;
    let mut unknown = None;
    let mut tested = false;
    let mut found: Vec<Detail> = Vec::new();
    for group in groups(&records, claim.per.as_ref())? {
        let operations: Vec<Operation> = group.members.iter().map(|&at| all[at].clone()).collect();
        match serializable(&operations, model, respect, &Limits::default()) {
            Serial::Holds(_) => tested |= demands(&operations, model),
            Serial::Fails(anomalies) => found.extend(told(&anomalies, &operations, &group.label)),
            Serial::Unknown(why) => {
                unknown.get_or_insert_with(|| format!("{why}{}", group.label));
            }
            Serial::Invalid(at, why) => {
                let at = group.members[at];
                let value = show_short(&records[at], 160);
                let shown = Detail::Value { expression: format!("[{at}]"), value };
                return Err(Verdict::Invalid(vec![note(format!("[{at}]: {why}")), shown]));
            }
        }
    }
    if !found.is_empty() {
        return Ok(Verdict::Fails(found));
    }
    match unknown {
        Some(why) => Ok(Verdict::Unknown(why)),
        None if tested => Ok(Verdict::Holds),
        None => Err(nothing(claim, "no acknowledged transaction read anything, so any order explains them")),
    }
}

/// The gravest anomalies with their transactions, and the names of the others.
fn told(anomalies: &[Anomaly], operations: &[Operation], label: &str) -> Vec<Detail> {
    let lines = |anomaly: &Anomaly| Detail::Lines {
        title: format!("{}{label}", anomaly.kind),
        lines: plain(&scene(operations, anomaly, |at| when(&operations[at]))),
    };
    let mut details: Vec<Detail> = anomalies.iter().take(TOLD).map(lines).collect();
    if anomalies.len() > TOLD {
        let others: Vec<String> = anomalies[TOLD..].iter().map(|anomaly| anomaly.kind.to_string()).collect();
        details.push(note(format!("and{label} {} more: {}", others.len(), others.join(", "))));
    }
    details
}
