//! Patterns combined: what fits both of two, and what fits exactly one of many.

use std::sync::Arc;

use crate::shape::{Difference, FieldPattern, Judge, ObjectPattern, Pattern, describe, fits, mismatches};
use crate::value::Value;

/// What fits both. Objects are merged where that says the same, so that they can be drawn and
/// shown as one.
pub(super) fn both(a: Pattern, b: Pattern) -> Pattern {
    if is_anything(&a) {
        return b;
    }
    if is_anything(&b) {
        return a;
    }
    let Some((merged, exact)) = merge(&a, &b) else { return Pattern::All(vec![a, b]) };
    if exact {
        return merged;
    }
    let all = Pattern::All(vec![a, b]);
    let judge: Judge = Arc::new(move |value| mismatches(&all, value).listed);
    Pattern::Judged(Box::new(merged), judge)
}

fn is_anything(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Anything => true,
        Pattern::Named(_, inner) => is_anything(inner),
        Pattern::Weighted(parts) => parts.iter().any(|(_, part)| is_anything(part)),
        _ => false,
    }
}

/// One pattern for both, and whether it says all that they say.
fn merge(a: &Pattern, b: &Pattern) -> Option<(Pattern, bool)> {
    match (a, b) {
        (Pattern::Named(_, inner), other) => merge(inner, other),
        (other, Pattern::Named(_, inner)) => merge(other, inner),
        (Pattern::Judged(inner, _), other) => Some((merge(inner, other)?.0, false)),
        (other, Pattern::Judged(inner, _)) => Some((merge(other, inner)?.0, false)),
        (Pattern::Object(a), Pattern::Object(b)) => Some(objects(a, b)),
        (Pattern::Union(parts), other) | (other, Pattern::Union(parts)) => {
            let merged: Vec<(Pattern, bool)> =
                parts.iter().map(|part| merge(part, other)).collect::<Option<_>>()?;
            let exact = merged.iter().all(|(_, exact)| *exact);
            Some((Pattern::Union(merged.into_iter().map(|(part, _)| part).collect()), exact))
        }
        _ => None,
    }
}

fn objects(a: &ObjectPattern, b: &ObjectPattern) -> (Pattern, bool) {
    let mut merged = a.clone();
    // A field that the other does not know must fit what the other says of fields it does not
    // know; where that is more than nothing, the judge sees to it.
    let alone = |one: &ObjectPattern, other: &ObjectPattern| {
        one.fields.iter().any(|field| other.fields.iter().all(|known| known.name != field.name))
            && (!other.open || other.rest.is_some())
    };
    let exact = !alone(a, b) && !alone(b, a);
    for field in &b.fields {
        match merged.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => {
                *known = FieldPattern {
                    name: known.name.clone(),
                    optional: known.optional && field.optional,
                    pattern: both(known.pattern.clone(), field.pattern.clone()),
                    origin: known.origin.or(field.origin),
                };
            }
            None => merged.fields.push(field.clone()),
        }
    }
    merged.open = a.open && b.open;
    merged.rest = match (&a.rest, &b.rest) {
        (Some(a), Some(b)) => Some(Box::new(both((**a).clone(), (**b).clone()))),
        (a, b) => a.clone().or_else(|| b.clone()),
    };
    merged.exclusive.extend(b.exclusive.clone());
    (Pattern::Object(merged), exact)
}

/// What fits exactly one of them.
pub(super) fn one_of(parts: Vec<Pattern>) -> Pattern {
    if let [only] = parts.as_slice() {
        return only.clone();
    }
    let union = Pattern::Union(parts.clone());
    let judged = union.clone();
    let judge: Judge = Arc::new(move |value: &Value| {
        let fitting: Vec<String> = parts.iter().filter(|part| fits(part, value)).map(describe).collect();
        match fitting.len() {
            0 => mismatches(&judged, value).listed,
            1 => Vec::new(),
            _ => vec![Difference {
                path: String::new(),
                expected: "exactly one of its forms".to_owned(),
                actual: format!("fits {} of them: {}", fitting.len(), fitting.join(" and ")),
            }],
        }
    });
    Pattern::Judged(Box::new(union), judge)
}
