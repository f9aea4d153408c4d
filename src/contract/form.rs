//! What a contract's pattern is at a place: its names, alternatives and late parts resolved, so
//! that fields can be looked up and literals be held against it.

use std::sync::Arc;

use crate::shape::{FieldPattern, MapPattern, ObjectPattern, Pattern, types};
use crate::source::Span;
use crate::value::Value;

/// Descriptions within descriptions are followed this deep; below, everything is allowed.
const DEPTH: usize = 24;

/// One of the forms that a value may have.
#[derive(Debug, Clone)]
pub enum Form {
    /// Nothing is said.
    Anything,
    /// An object of known fields.
    Object(ObjectPattern),
    /// An object whose keys are data.
    Map(MapPattern),
    /// A list of elements that all fit one pattern, and how many.
    List(Pattern, u64, u64),
    /// A list whose elements are described one by one, or as a judge decides: only whole values can
    /// be held against it.
    Opaque(Pattern),
    /// A text, a number, a bool, `null` and the like.
    Leaf(Pattern),
}

/// What is known of a field of a pattern.
#[derive(Debug, Clone)]
pub enum Field {
    /// It has these patterns, and is declared there.
    Known(Vec<Pattern>, Option<Span>),
    /// It may be there, but nothing is said of it; the names of which something is said.
    Free(Vec<(Arc<str>, Option<Span>)>),
    /// No form has it; the names that there are, each with its place.
    Missing(Vec<(Arc<str>, Option<Span>)>),
    /// Nothing here is an object.
    NoObject,
}

/// The forms of a pattern.
pub fn forms(pattern: &Pattern) -> Vec<Form> {
    let mut found = Vec::new();
    collect(pattern, 0, &mut found);
    found
}

fn collect(pattern: &Pattern, depth: usize, found: &mut Vec<Form>) {
    if depth > DEPTH {
        return found.push(Form::Anything);
    }
    let next = depth + 1;
    match pattern {
        Pattern::Anything => found.push(Form::Anything),
        Pattern::Absent => {}
        Pattern::Named(_, inner) => collect(inner, next, found),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) => collect(inner, next, found),
        Pattern::Late(_, make) => collect(&make(), next, found),
        Pattern::Union(parts) => parts.iter().for_each(|part| collect(part, next, found)),
        Pattern::Weighted(parts) => parts.iter().for_each(|(_, part)| collect(part, next, found)),
        Pattern::Object(object) => found.push(Form::Object(object.clone())),
        Pattern::Map(map) => found.push(Form::Map((**map).clone())),
        Pattern::Sized(item, min, max) => found.push(Form::List((**item).clone(), *min, *max)),
        Pattern::List(..) | Pattern::Unordered(..) => found.push(Form::Opaque(pattern.clone())),
        Pattern::Judged(inner, _) => {
            let leaf = forms(inner).iter().all(|form| matches!(form, Form::Leaf(_)));
            found.push(if leaf { Form::Leaf(pattern.clone()) } else { Form::Opaque(pattern.clone()) });
        }
        Pattern::All(parts) => all(pattern, parts, found),
        Pattern::Not(_) | Pattern::Malformed(_) => found.push(Form::Opaque(pattern.clone())),
        Pattern::Type("list" | "object", _) | Pattern::Equals(Value::List(_) | Value::Object(_)) => {
            found.push(Form::Opaque(pattern.clone()));
        }
        _ => found.push(Form::Leaf(pattern.clone())),
    }
}

/// Several descriptions at once: objects are read as one, anything else only as a whole.
fn all(whole: &Pattern, parts: &[Pattern], found: &mut Vec<Form>) {
    let each: Vec<Vec<Form>> = parts.iter().map(forms).collect();
    if each.iter().flatten().all(|form| matches!(form, Form::Leaf(_))) {
        return found.push(Form::Leaf(whole.clone()));
    }
    let mut merged = ObjectPattern { open: true, ..ObjectPattern::default() };
    for forms in each {
        match <[Form; 1]>::try_from(forms) {
            Ok([Form::Object(object)]) => {
                merged.open &= object.open;
                for field in object.fields {
                    match merged.fields.iter_mut().find(|known| known.name == field.name) {
                        Some(known) => *known = both(known, field),
                        None => merged.fields.push(field),
                    }
                }
            }
            _ => return found.push(Form::Opaque(whole.clone())),
        }
    }
    found.push(Form::Object(merged));
}

fn both(a: &FieldPattern, b: FieldPattern) -> FieldPattern {
    FieldPattern {
        optional: a.optional && b.optional,
        pattern: Pattern::All(vec![a.pattern.clone(), b.pattern]),
        ..a.clone()
    }
}

/// Looks a field up in all forms of several patterns.
pub fn field(patterns: &[Pattern], name: &str) -> Field {
    let mut known = Vec::new();
    let mut origin = None;
    let mut names: Vec<(Arc<str>, Option<Span>)> = Vec::new();
    let mut objects = 0;
    let mut open = false;
    for form in patterns.iter().flat_map(forms) {
        match form {
            Form::Anything | Form::Opaque(_) => return Field::Free(Vec::new()),
            Form::Map(map) => {
                objects += 1;
                known.push(map.value);
            }
            Form::Object(object) => {
                objects += 1;
                match object.fields.iter().find(|field| *field.name == *name) {
                    Some(field) => {
                        known.push(field.pattern.clone());
                        origin = origin.or(field.origin);
                    }
                    None if object.rest.is_some() => known.extend(object.rest.map(|rest| *rest)),
                    None => {
                        open |= object.open;
                        names.extend(shown(&object));
                    }
                }
            }
            Form::List(..) | Form::Leaf(_) => {}
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|(name, _)| seen.insert(name.clone()));
    match (known.is_empty(), objects) {
        _ if open => Field::Free(names),
        (false, _) => Field::Known(known, origin),
        (true, 0) => Field::NoObject,
        (true, _) => Field::Missing(names),
    }
}

/// The fields that people would write: what only the wire knows begins with `@` or `[`, and JSON's
/// names for fields of `.proto` files stand beside the declared ones.
pub fn shown(object: &ObjectPattern) -> Vec<(Arc<str>, Option<Span>)> {
    let mut seen: Vec<Span> = Vec::new();
    let mut names = Vec::new();
    for field in object.fields.iter().filter(|field| !field.name.starts_with(['@', '['])) {
        match field.origin {
            Some(origin) if seen.contains(&origin) => continue,
            Some(origin) => seen.push(origin),
            None => {}
        }
        names.push((field.name.clone(), field.origin));
    }
    names
}

/// The patterns of the elements of lists; none when something else than a list may be there that
/// elements are read of, or nothing is said of them.
pub fn elements(patterns: &[Pattern]) -> Option<Vec<Pattern>> {
    let mut items = Vec::new();
    for form in patterns.iter().flat_map(forms) {
        match form {
            Form::List(item, ..) => items.push(item),
            Form::Leaf(_) => {}
            _ => return None,
        }
    }
    (!items.is_empty()).then_some(items)
}

/// The values that a pattern lists one by one, such as those of an enum.
pub fn listed(pattern: &Pattern) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for form in forms(pattern) {
        let Form::Leaf(leaf) = form else { return None };
        match &leaf {
            Pattern::Equals(value) => values.push(value.clone()),
            Pattern::Judged(inner, _) => values.extend(listed(inner)?),
            _ => return None,
        }
    }
    (!values.is_empty()).then_some(values)
}

/// The kinds of values that a pattern allows, as [`Value::kind`] names them; none when that is not
/// known for certain.
pub fn kinds(pattern: &Pattern) -> Option<Vec<&'static str>> {
    let mut kinds = Vec::new();
    for form in forms(pattern) {
        match form {
            Form::Anything | Form::Opaque(_) => return None,
            Form::Object(_) | Form::Map(_) => kinds.push("object"),
            Form::List(..) => kinds.push("list"),
            Form::Leaf(leaf) => kinds.push(leaf_kind(&leaf)?),
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    (!kinds.is_empty()).then_some(kinds)
}

fn leaf_kind(leaf: &Pattern) -> Option<&'static str> {
    match leaf {
        Pattern::Equals(value) => Some(value.kind()),
        Pattern::Type(name, _) => types::find(name).map(|ty| ty.kind).filter(|kind| *kind != "anything"),
        Pattern::Regex(_) => Some("text"),
        Pattern::Range(low, _) => Some(low.kind()),
        Pattern::All(parts) => parts.iter().find_map(|part| match kinds(part)?.as_slice() {
            [one] => Some(*one),
            _ => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(open: bool, names: &[&str]) -> Pattern {
        let basic = || Pattern::Type("text", Arc::default());
        let fields = names.iter().map(|name| FieldPattern::new(*name, false, basic())).collect();
        Pattern::Object(ObjectPattern { fields, open, ..ObjectPattern::default() })
    }

    #[test]
    fn a_field_is_missing_only_where_nothing_could_have_it() {
        let closed = object(false, &["id"]);
        assert!(matches!(field(std::slice::from_ref(&closed), "id"), Field::Known(..)));
        assert!(matches!(field(std::slice::from_ref(&closed), "total"), Field::Missing(_)));
        assert!(matches!(field(&[closed.clone(), object(true, &[])], "total"), Field::Free(_)));
        assert!(matches!(field(&[closed.clone(), object(false, &["total"])], "total"), Field::Known(..)));
        let text = Pattern::Type("text", Arc::default());
        assert!(matches!(field(std::slice::from_ref(&text), "x"), Field::NoObject));
        let both = Pattern::All(vec![closed.clone(), object(true, &["note"])]);
        assert!(matches!(field(std::slice::from_ref(&both), "note"), Field::Known(..)));
        assert!(matches!(field(&[Pattern::Anything, closed], "total"), Field::Free(_)));
    }

    #[test]
    fn descriptions_within_themselves_end() {
        fn tree() -> Pattern {
            Pattern::Late("Tree".into(), Arc::new(tree))
        }
        assert!(matches!(forms(&tree()).as_slice(), [Form::Anything]));
    }

    #[test]
    fn values_and_kinds_are_listed() {
        let known =
            Pattern::Union(vec![Pattern::Equals(Value::text("a")), Pattern::Equals(Value::text("b"))]);
        assert_eq!(listed(&known).unwrap().len(), 2);
        assert_eq!(kinds(&known), Some(vec!["text"]));
    }
}
