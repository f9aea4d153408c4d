//! Shapes that are made of others: one of several, none twice, near the limits.

use std::sync::Arc;

use super::Pattern;
use crate::lang::{Kind, Param, Spec, Ty};
use crate::value::words::a_kind;
use crate::value::{Number, Value};

/// How often `edges(…)` draws boundary values unless it says so, in thousandths.
pub const SHARE: u16 = 200;

const fn shape(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Shape, "", name, summary).example(example)
}

/// The names of this room.
pub const SPECS: &[Spec] = &[
    shape(
        "weighted",
        "one of several, drawn as often as its weight says; matches each of them",
        "shape Customer { tier: weighted(gold: 1, basic: 9), note: weighted(9 of \"\", 1 of sentence) }",
    )
    .params(&[Param::required(
        "choices",
        Ty::Pattern,
        "texts by name with their weights, `gold: 1`, or weights of shapes, `9 of text`; as many as wanted",
    )]),
    shape(
        "one_of",
        "an element of a list, such as of a catalog",
        "let city = any one_of([\"Bonn\", \"Oslo\"])",
    )
    .params(&[Param::required("list", Ty::List, "the values, at least one")]),
    shape(
        "unique",
        "differs from its like in every other element of the list around, or of `n of`",
        "let customers = 50 of Customer { email: unique(email) }",
    )
    .params(&[Param::required("shape", Ty::Pattern, "what each of them fits")]),
    shape(
        "edges",
        "drawn at its limits more often: empty, longest, odd characters, 2^53 + 1, leap days",
        "let note = any edges(text(0..200), share: 50%)",
    )
    .params(&[
        Param::required("shape", Ty::Pattern, "what each value fits, boundary or not"),
        Param::new("share", Ty::Number, "how many of its parts are boundary values, 20% unless given"),
    ]),
];

/// `one_of(list)`: the pattern of a list's elements.
pub fn one_of(list: &Value) -> Result<Pattern, String> {
    match list {
        Value::List(items) if items.is_empty() => {
            Err("`one_of` takes a list with at least one element, and this one is empty".to_owned())
        }
        Value::List(items) => Ok(Pattern::Union(items.iter().cloned().map(Pattern::Equals).collect())),
        other => Err(format!("`one_of` takes a list, not {}", a_kind(other))),
    }
}

/// The weight that a value is.
pub fn weight(value: &Value) -> Result<u64, String> {
    let number = value.as_number().and_then(Number::to_i128).and_then(|number| u64::try_from(number).ok());
    number.filter(|weight| *weight <= u64::from(u32::MAX)).ok_or_else(|| match value {
        Value::Number(number) => format!("a weight is a whole number from 0 to 4294967295, not {number}"),
        other => format!("a weight is a number, not {}", a_kind(other)),
    })
}

/// `weighted(…)` of patterns with their weights.
pub fn weighted(parts: Vec<(u64, Pattern)>) -> Result<Pattern, String> {
    match parts.iter().any(|(weight, _)| *weight > 0) {
        true => Ok(Pattern::Weighted(parts)),
        false => Err("`weighted` needs a choice whose weight is more than 0".to_owned()),
    }
}

/// The alternatives that are drawn: one of the weight 0 only matches.
pub(super) fn drawn(parts: &[(u64, Pattern)]) -> impl Iterator<Item = &Pattern> {
    parts.iter().filter(|(weight, _)| *weight > 0).map(|(_, part)| part)
}

/// `edges(shape, share: 30%)`, the share as a part of 1.
pub fn edges(shape: Pattern, share: Option<&Value>) -> Result<Pattern, String> {
    let Some(share) = share else { return Ok(Pattern::Edges(Box::new(shape), SHARE)) };
    let wrong = || format!("a share is from 0% to 100%, not {}", crate::value::show(share));
    let number = share.as_number().ok_or_else(|| format!("a share is a number, not {}", a_kind(share)))?;
    let thousandths = number.mul(&Number::Int(1_000)).and_then(|number| number.round(0)).ok();
    let thousandths = thousandths.and_then(|number| number.to_i128()).filter(|n| (0..=1_000).contains(n));
    Ok(Pattern::Edges(Box::new(shape), thousandths.ok_or_else(wrong)? as u16))
}

/// What a shape that cannot be made yet stands for: nothing fits it.
pub fn nothing(name: &Arc<str>) -> Pattern {
    Pattern::Named(name.clone(), Arc::new(Pattern::Not(Box::new(Pattern::Anything))))
}
