//! All values of a small shape, and those at the limits of a large one: what a property tries
//! first.

use std::sync::Arc;

use super::draw::{DrawKey, edges};
use super::matching::fits;
use super::{FieldPattern, Index, Pattern, change, malformed};
use crate::value::{Object, Value};

/// Shapes nested deeper are not enumerated.
const DEPTH: usize = 24;

/// Every value of the shape, the simplest first, if there are at most so many; `None` when there
/// are more, or nobody knows.
pub fn enumerate(pattern: &Pattern, most: usize) -> Option<Vec<Value>> {
    let mut distinct: Vec<Value> = Vec::new();
    let mut known = Index::default();
    for value in all(pattern, most, 0)? {
        let value = change::recompute(pattern, &value, 0)?;
        if fits(pattern, &value) && known.find(&value, |at| &distinct[at]).is_none() {
            known.add(&value, distinct.len());
            distinct.push(value);
        }
    }
    Some(distinct)
}

fn all(pattern: &Pattern, most: usize, depth: usize) -> Option<Vec<Value>> {
    if depth > DEPTH {
        return None;
    }
    let deeper = |pattern: &Pattern| all(pattern, most, depth + 1);
    let values = match pattern {
        Pattern::Equals(Value::Regex(_)) => return None,
        Pattern::Equals(Value::Range(range)) => range_of(&range.0, &range.1, most)?,
        Pattern::Equals(value) => vec![value.clone()],
        Pattern::Absent => vec![Value::Absent],
        Pattern::Range(low, high) => range_of(low, high, most)?,
        Pattern::Type("bool", _) => vec![Value::Bool(false), Value::Bool(true)],
        Pattern::Type("int", args) => match args.get("range") {
            Some(Value::Range(range)) => range_of(&range.0, &range.1, most)?,
            _ => return None,
        },
        Pattern::Union(parts) => {
            parts.iter().map(deeper).collect::<Option<Vec<Vec<Value>>>>()?.concat()
        }
        Pattern::Weighted(parts) => {
            parts.iter().map(|(_, part)| deeper(part)).collect::<Option<Vec<Vec<Value>>>>()?.concat()
        }
        Pattern::List(items, _) => {
            let each = items.iter().map(deeper).collect::<Option<Vec<Vec<Value>>>>()?;
            product(&each, most)?.into_iter().map(Value::list).collect()
        }
        Pattern::Sized(item, least, longest) => lists(&deeper(item)?, *least, *longest, most)?,
        Pattern::Object(object) => objects(&object.fields, most, depth)?,
        Pattern::Named(_, inner) => deeper(inner)?,
        Pattern::Edges(inner, _) | Pattern::Unique(inner) => deeper(inner)?,
        Pattern::Late(_, make) => deeper(&make())?,
        // Filled in when the object around it is complete.
        Pattern::Derived(..) => vec![Value::Null],
        _ => return None,
    };
    (values.len() <= most).then_some(values)
}

fn range_of(low: &Value, high: &Value, most: usize) -> Option<Vec<Value>> {
    // A range of decimals has no next one.
    let whole = |value: &Value| match value {
        Value::Number(crate::value::Number::Int(int)) => Some(*int),
        _ => None,
    };
    let (low, high) = (whole(low)?, whole(high)?);
    let count = high.checked_sub(low)?;
    (count < most as i128).then(|| (low..=high).map(Value::int).collect())
}

fn lists(items: &[Value], least: u64, longest: u64, most: usize) -> Option<Vec<Value>> {
    if longest > most as u64 {
        return None;
    }
    let mut lists = Vec::new();
    for length in least..=longest {
        lists.extend(product(&vec![items.to_vec(); length as usize], most)?.into_iter().map(Value::list));
        if lists.len() > most {
            return None;
        }
    }
    Some(lists)
}

fn objects(fields: &[FieldPattern], most: usize, depth: usize) -> Option<Vec<Value>> {
    let mut each = Vec::with_capacity(fields.len());
    for field in fields {
        let mut values = all(&field.pattern, most, depth + 1)?;
        if field.optional {
            values.insert(0, Value::Absent);
        }
        each.push(values);
    }
    let object = |parts: Vec<Value>| {
        let there = fields.iter().zip(parts).filter(|(_, part)| !matches!(part, Value::Absent));
        Value::Object(Arc::new(there.map(|(field, part)| (field.name.clone(), part)).collect::<Object>()))
    };
    Some(product(&each, most)?.into_iter().map(object).collect())
}

/// One of each, in every combination.
fn product(each: &[Vec<Value>], most: usize) -> Option<Vec<Vec<Value>>> {
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for values in each {
        if rows.len().checked_mul(values.len())? > most {
            return None;
        }
        rows = rows
            .iter()
            .flat_map(|row| values.iter().map(|value| [row.as_slice(), std::slice::from_ref(value)].concat()))
            .collect();
    }
    Some(rows)
}

/// What a property tries before anything else, at most so many: the boundary values of the shape;
/// of a malformed one, one of each kind of mistake.
pub fn boundaries(pattern: &Pattern, key: &DrawKey, most: usize) -> Vec<Value> {
    let mut found = match pattern {
        Pattern::Malformed(inner) => malformed::each(inner, key).unwrap_or_default(),
        Pattern::Named(_, inner) => return boundaries(inner, key, most),
        _ => edges(pattern, key),
    };
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::ObjectPattern;
    use crate::value::show;

    fn texts(words: &[&str]) -> Pattern {
        Pattern::Union(words.iter().map(|word| Pattern::Equals(Value::text(*word))).collect())
    }

    #[test]
    fn small_shapes_are_told_whole() {
        let all = enumerate(&texts(&["a", "b", "a"]), 10).unwrap();
        assert_eq!(all, [Value::text("a"), Value::text("b")]);
        let range = Pattern::Range(Value::int(1), Value::int(3));
        let object = Pattern::Object(ObjectPattern {
            fields: vec![
                FieldPattern::new("n", false, range.clone()),
                FieldPattern::new("w", true, texts(&["x"])),
            ],
            ..ObjectPattern::default()
        });
        let all = enumerate(&object, 6).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(show(&all[1]), "{ n: 1, w: \"x\" }");
        assert!(enumerate(&object, 5).is_none(), "one too many");
        assert_eq!(enumerate(&Pattern::Sized(Box::new(range), 0, 2), 20).unwrap().len(), 1 + 3 + 9);
        assert!(enumerate(&Pattern::Range(Value::int(0), Value::int(i64::MAX)), 100).is_none());
    }
}
