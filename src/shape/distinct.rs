//! What `unique(…)` demands of a list: that no two elements have the same at the same place.

use std::collections::BTreeMap;

use super::index::Index;
use super::matching::{Place, fits_at};
use super::walk::{Walk, dotted};
use super::{Pattern, diff};
use crate::value::Value;

/// The values that must differ: by the place in the element, with the indexes of the elements.
type Found<'v> = BTreeMap<String, Vec<(usize, &'v Value)>>;

/// Reports the elements of a list that have what an earlier one has. `item` gives the pattern of
/// an element.
pub(super) fn check<'p>(
    item: impl Fn(usize) -> Option<&'p Pattern>,
    items: &[Value],
    place: Place<'_>,
    walk: &mut Walk,
) {
    let mut found = Found::new();
    for (at, value) in items.iter().enumerate() {
        if let Some(pattern) = item(at)
            && says(pattern)
        {
            collect(pattern, value, at, &mut String::new(), place, &mut found);
        }
    }
    for (path, values) in found {
        let mut index = Index::default();
        for (nth, (at, value)) in values.iter().enumerate() {
            match index.find(value, |known| values[known].1) {
                Some(first) => {
                    let first = values[first].0;
                    walk.index(*at, |walk| {
                        walk.below(&path, |walk| {
                            walk.differ(|| {
                                (
                                    format!("a value that no other element has, and [{first}]{path} has it"),
                                    diff::shown(value),
                                )
                            });
                        });
                    });
                }
                None => index.add(value, nth),
            }
        }
    }
}

/// Whether a pattern speaks of unique values of its own list.
fn says(pattern: &Pattern) -> bool {
    match pattern {
        // Whether it does is seen when it is made.
        Pattern::Unique(_) | Pattern::Late(..) => true,
        Pattern::Named(_, inner) => says(inner),
        Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => says(inner),
        Pattern::Union(parts) | Pattern::All(parts) => parts.iter().any(says),
        Pattern::Weighted(parts) => parts.iter().any(|(_, part)| says(part)),
        Pattern::Object(object) => object.fields.iter().any(|field| says(&field.pattern)),
        _ => false,
    }
}

/// Lists below have unique values of their own, so the walk ends there.
fn collect<'v>(
    pattern: &Pattern,
    value: &'v Value,
    at: usize,
    path: &mut String,
    place: Place<'_>,
    found: &mut Found<'v>,
) {
    match pattern {
        Pattern::Unique(inner) => {
            found.entry(path.clone()).or_default().push((at, value));
            collect(inner, value, at, path, place, found);
        }
        Pattern::Named(_, inner) => collect(inner, value, at, path, place, found),
        Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => collect(inner, value, at, path, place, found),
        // What is made late is gone through along the value, which has an end.
        Pattern::Late(_, make) => {
            let made = make();
            if says(&made) {
                collect(&made, value, at, path, place, found);
            }
        }
        Pattern::All(parts) => parts.iter().for_each(|part| collect(part, value, at, path, place, found)),
        Pattern::Union(parts) => {
            if let Some(part) = parts.iter().find(|part| fits_at(part, value, place)) {
                collect(part, value, at, path, place, found);
            }
        }
        Pattern::Weighted(parts) => {
            if let Some((_, part)) = parts.iter().find(|(_, part)| fits_at(part, value, place)) {
                collect(part, value, at, path, place, found);
            }
        }
        Pattern::Object(object) => {
            let Some(fields) = value.as_object() else { return };
            for field in object.fields.iter().filter(|field| says(&field.pattern)) {
                let Some(inner) = fields.get(&field.name) else { continue };
                if matches!(inner, Value::Absent) {
                    continue;
                }
                let length = path.len();
                path.push_str(&dotted(&field.name));
                collect(&field.pattern, inner, at, path, place.around(value), found);
                path.truncate(length);
            }
        }
        _ => {}
    }
}
