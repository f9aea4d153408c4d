//! What to draw of for a pattern of which every part must fit: bounds are joined and fields are
//! merged, so that a draw need not wait for luck.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::shape::order::compare;
use crate::shape::{Comparison, ObjectPattern, Pattern, types};
use crate::value::{Number, Object, Value};

/// Patterns to draw of, the likeliest first. What is drawn of them may still not fit all parts.
pub(super) fn candidates(parts: &[Pattern]) -> Vec<Pattern> {
    let mut flat = Vec::new();
    parts.iter().for_each(|part| flatten(part, &mut flat));
    let mut found = Vec::new();
    found.extend(objects(&flat));
    found.extend(bounded(&flat));
    // A choice that stands beside other parts is taken apart, so that each alternative is tried
    // with what else is said.
    if let Some(at) = flat.iter().position(|part| matches!(part, Pattern::Union(_)))
        && let Pattern::Union(alternatives) = &flat[at]
        && flat.len() > 1
    {
        let with = |alternative: &Pattern| {
            let mut all = flat.clone();
            all[at] = alternative.clone();
            Pattern::All(all)
        };
        found.push(Pattern::Union(alternatives.iter().map(with).collect()));
    }
    let rank = |part: &Pattern| match part {
        Pattern::Equals(_) => 0,
        Pattern::Regex(_) | Pattern::Type(..) | Pattern::Range(..) => 1,
        Pattern::Compare(..) => 3,
        _ => 2,
    };
    flat.sort_by_key(rank);
    found.extend(flat);
    found
}

/// Parts of parts, and what stands behind names.
fn flatten(part: &Pattern, flat: &mut Vec<Pattern>) {
    match part {
        Pattern::All(parts) => parts.iter().for_each(|part| flatten(part, flat)),
        Pattern::Named(_, inner) => flatten(inner, flat),
        Pattern::Anything => {}
        other => flat.push(other.clone()),
    }
}

/// One object of several: every field of each, and what each says of a field that they share.
fn objects(parts: &[Pattern]) -> Option<Pattern> {
    let made: Vec<Pattern> = parts.iter().map(opened).collect();
    let objects: Vec<&ObjectPattern> = made
        .iter()
        .filter_map(|part| match part {
            Pattern::Object(object) => Some(object),
            _ => None,
        })
        .collect();
    let (first, rest) = objects.split_first()?;
    let mut whole = (*first).clone();
    for object in rest {
        for field in &object.fields {
            match whole.fields.iter_mut().find(|known| known.name == field.name) {
                Some(known) => {
                    known.optional &= field.optional;
                    known.pattern = Pattern::All(vec![known.pattern.clone(), field.pattern.clone()]);
                }
                None => whole.fields.push(field.clone()),
            }
        }
        whole.open &= object.open;
        whole.exclusive.extend(object.exclusive.iter().cloned());
    }
    Some(Pattern::Object(whole))
}

/// The object behind a name or a judge.
fn opened(part: &Pattern) -> Pattern {
    match part {
        Pattern::Late(_, make) => match make() {
            object @ Pattern::Object(_) => object,
            Pattern::Named(_, inner) => opened(&inner),
            _ => part.clone(),
        },
        Pattern::Named(_, inner) => opened(inner),
        Pattern::Judged(inner, _) => opened(inner),
        other => other.clone(),
    }
}

/// `int` and `>= 3` and `< 10` is `int(3..9)`.
fn bounded(parts: &[Pattern]) -> Option<Pattern> {
    let mut name = None;
    let (mut low, mut high): (Option<Value>, Option<Value>) = (None, None);
    let whole = parts.iter().any(|part| matches!(part, Pattern::Type("int", _)));
    let step = |bound: &Value, by: i128| match bound {
        // Only whole numbers have a next one; of others the bound itself is drawn seldom enough.
        Value::Number(number) if whole => number.add(&Number::Int(by)).ok().map(Value::Number),
        Value::Duration(nanos) => nanos.checked_add(by as i64).map(Value::Duration),
        other => Some(other.clone()),
    };
    for part in parts {
        match part {
            Pattern::Type(ty, args) => {
                if let Some(Value::Range(range)) = args.get("range") {
                    raise(&mut low, range.0.clone());
                    lower(&mut high, range.1.clone());
                }
                name.get_or_insert(*ty);
            }
            Pattern::Range(from, to) => {
                raise(&mut low, from.clone());
                lower(&mut high, to.clone());
            }
            Pattern::Compare(Comparison::GreaterEqual, bound) => raise(&mut low, bound.clone()),
            Pattern::Compare(Comparison::Greater, bound) => raise(&mut low, step(bound, 1)?),
            Pattern::Compare(Comparison::LessEqual, bound) => lower(&mut high, bound.clone()),
            Pattern::Compare(Comparison::Less, bound) => lower(&mut high, step(bound, -1)?),
            _ => {}
        }
    }
    let far = |bound: &Value, by: i128| match bound {
        Value::Number(number) => number.add(&Number::Int(by)).ok().map(Value::Number),
        Value::Duration(nanos) => nanos.checked_add(by as i64 * 1_000_000).map(Value::Duration),
        _ => None,
    };
    let (low, high) = match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low.clone(), far(&low, 1_000)?),
        (None, Some(high)) => (far(&high, -1_000)?, high),
        (None, None) => return None,
    };
    match name {
        Some(name) => {
            let range = Value::Range(Arc::new((low, high)));
            types::of_type(name, Object::from_iter([("range".into(), range)])).ok()
        }
        None => Some(Pattern::Range(low, high)),
    }
}

fn raise(low: &mut Option<Value>, bound: Value) {
    let higher = |known: &Value| compare(&bound, known) == Ok(Some(Ordering::Greater));
    if low.as_ref().is_none_or(higher) {
        *low = Some(bound);
    }
}

fn lower(high: &mut Option<Value>, bound: Value) {
    let less = |known: &Value| compare(&bound, known) == Ok(Some(Ordering::Less));
    if high.as_ref().is_none_or(less) {
        *high = Some(bound);
    }
}
