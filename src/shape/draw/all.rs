//! Every value of a small shape: what a property tries whole, and what `unique(…)` takes its last
//! values from.

use super::Drawer;
use super::key::{DrawKey, Place};
use super::leaf::Leaf;
use super::node::{Fields, Kind, Node};
use super::part::{Drawing, Site, Stuck};
use crate::shape::matching::fits;
use crate::shape::{Index, Pattern};
use crate::value::Value;

/// Shapes nested deeper are not listed.
const DEPTH: u16 = 24;
/// The lists of one place together have no more elements.
const ELEMENTS: usize = 1_000_000;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Those {
    /// Whatever fits and can be sent.
    ThatFit,
    /// What a draw can give: of `decimal(0.00..0.03)` four, though more lie between.
    Drawn,
}

/// Every value that fits a drawer's pattern, each once.
pub(super) fn of(drawer: &Drawer, most: usize) -> Option<Vec<Value>> {
    // Nothing is drawn by it.
    let key = DrawKey::new(0);
    let site = Site::new(Place::new(&key), 0, None);
    let all = Drawing::new(drawer).all(&drawer.root, site, most, Those::ThatFit)?;
    let mut all = distinct(all);
    all.retain(|value| fits(&drawer.pattern, value));
    Some(all)
}

fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut index = Index::default();
    let mut found: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        if index.find(&value, |at| &found[at]).is_none() {
            index.add(&value, found.len());
            found.push(value);
        }
    }
    found
}

impl Drawing<'_> {
    /// Every value of a node, the simplest first, when they are at most so many; `None` when they
    /// are more, or nobody knows.
    pub(super) fn all(&self, node: &Node, site: Site<'_>, most: usize, those: Those) -> Option<Vec<Value>> {
        if site.depth > DEPTH {
            return None;
        }
        let inside = Site { depth: site.depth + 1, ..site };
        let of = |node: &Node| self.all(node, inside, most, those);
        let found = match &node.kind {
            Kind::Leaf(leaf, pattern, _) => match those {
                Those::ThatFit if !is_whole(leaf, pattern) => return None,
                _ => leaf.all(most)?,
            },
            Kind::Absent => vec![Value::Absent],
            Kind::Choice(parts, ..) => {
                let each = parts.iter().filter(|(weight, _)| *weight > 0).map(|(_, part)| of(part));
                distinct(each.collect::<Option<Vec<_>>>()?.concat())
            }
            Kind::List(items) => {
                let each = items.iter().map(of).collect::<Option<Vec<_>>>()?;
                product(&each, most)?.into_iter().map(Value::list).collect()
            }
            Kind::Sized(item, least, longest) => lists(&of(item)?, *least, *longest, most)?,
            Kind::Object(fields) => self.all_of_object(fields, inside, most, those)?,
            Kind::Named(_, inner) | Kind::Unique(inner, ..) | Kind::Edges(inner, _) => of(inner)?,
            Kind::Late(late) => of(&late.node(&self.drawer.shared))?,
            Kind::Regex(..)
            | Kind::Map { .. }
            | Kind::Derived(..)
            | Kind::Tested(..)
            | Kind::Wrong(..)
            | Kind::Cannot(_) => return None,
        };
        (found.len() <= most).then_some(found)
    }

    fn all_of_object(&self, shape: &Fields, site: Site<'_>, most: usize, those: Those) -> Option<Vec<Value>> {
        let each = shape.fields.iter().map(|field| {
            let values = match is_computed(&field.node) {
                // Filled in when the rest is there.
                true => vec![Value::Null],
                false if field.node.computes => return None,
                false => self.all(&field.node, site, most, those)?,
            };
            let left_out = field.optional.then_some(None);
            Some(left_out.into_iter().chain(values.into_iter().map(Some)).collect())
        });
        let rows = product(&each.collect::<Option<Vec<Vec<Option<Value>>>>>()?, most)?;
        let several = |row: &[Option<Value>]| {
            let there = |group: &Vec<usize>| group.iter().filter(|at| row[**at].is_some()).count();
            shape.exclusive.iter().any(|group| there(group) > 1)
        };
        let object = |row: Vec<Option<Value>>| {
            let there: Vec<bool> = row.iter().map(Option::is_some).collect();
            self.of_parts(shape, &there, site, |at, _| row[at].clone().ok_or(Stuck::Again)).ok()
        };
        let hangs = |row: &[Option<Value>]| {
            let there: Vec<bool> = row.iter().map(Option::is_some).collect();
            shape.without_orphans(&there) != there
        };
        rows.into_iter().filter(|row| !several(row) && !hangs(row)).map(object).collect()
    }
}

/// Whether nothing else fits than what the leaf draws.
fn is_whole(leaf: &Leaf, pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Equals(_) => true,
        Pattern::Type(..) | Pattern::Range(..) => {
            matches!(leaf, Leaf::Bool | Leaf::Units { scale: 0, .. } | Leaf::Date(..) | Leaf::Text(0, 0))
        }
        _ => false,
    }
}

/// Whether a field is nothing but computed from its siblings.
fn is_computed(node: &Node) -> bool {
    match &node.kind {
        Kind::Derived(..) => true,
        Kind::Named(_, inner) | Kind::Unique(inner, ..) | Kind::Edges(inner, _) => is_computed(inner),
        _ => false,
    }
}

fn lists(items: &[Value], least: u64, longest: u64, most: usize) -> Option<Vec<Value>> {
    if longest > most as u64 {
        return None;
    }
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    let mut found = Vec::new();
    let mut elements = 0;
    for length in 0..=longest {
        if length > 0 {
            rows = longer(&rows, items, most)?;
        }
        elements += rows.len() * length as usize;
        if elements > ELEMENTS {
            return None;
        }
        if length >= least {
            found.extend(rows.iter().cloned().map(Value::list));
        }
    }
    Some(found)
}

/// One of each, in every combination.
fn product<T: Clone>(each: &[Vec<T>], most: usize) -> Option<Vec<Vec<T>>> {
    each.iter().try_fold(vec![Vec::new()], |rows, values| longer(&rows, values, most))
}

/// Each row with each value after it.
fn longer<T: Clone>(rows: &[Vec<T>], values: &[T], most: usize) -> Option<Vec<Vec<T>>> {
    if rows.len().checked_mul(values.len())? > most {
        return None;
    }
    let with = |row: &Vec<T>, value: &T| [row.as_slice(), std::slice::from_ref(value)].concat();
    Some(rows.iter().flat_map(|row| values.iter().map(move |value| with(row, value))).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::shape::{FieldPattern, ObjectPattern, types};
    use crate::value::{Object, show};

    fn texts(words: &[&str]) -> Pattern {
        Pattern::Union(words.iter().map(|word| Pattern::Equals(Value::text(*word))).collect())
    }

    fn all(pattern: &Pattern, most: usize) -> Option<Vec<String>> {
        Some(Drawer::new(pattern).all(most)?.iter().map(show).collect())
    }

    fn object(fields: Vec<FieldPattern>, exclusive: Vec<Vec<Arc<str>>>) -> Pattern {
        Pattern::Object(ObjectPattern { fields, exclusive, ..ObjectPattern::default() })
    }

    fn one_to_three() -> Pattern {
        Pattern::Range(Value::int(1), Value::int(3))
    }

    #[test]
    fn small_shapes_are_told_whole() {
        assert_eq!(all(&texts(&["a", "b", "a"]), 10).unwrap(), ["\"a\"", "\"b\""]);
        let fields =
            vec![FieldPattern::new("n", false, one_to_three()), FieldPattern::new("w", true, texts(&["x"]))];
        let pair = object(fields, Vec::new());
        let found = all(&pair, 6).unwrap();
        assert_eq!((found.len(), found[1].as_str()), (6, "{ n: 1, w: \"x\" }"));
        assert!(all(&pair, 5).is_none(), "one too many");
        assert_eq!(all(&Pattern::Sized(Box::new(one_to_three()), 0, 2), 20).unwrap().len(), 1 + 3 + 9);
        assert!(all(&Pattern::Range(Value::int(0), Value::int(i64::MAX)), 100).is_none());
        let one = Pattern::Sized(Box::new(texts(&["a"])), 0, 90_000);
        assert!(all(&one, 100_000).is_none(), "few lists of very many elements");
    }

    #[test]
    fn of_what_excludes_another_one_is_there() {
        let fields =
            ["a", "b"].map(|name| FieldPattern::new(name, true, Pattern::Equals(Value::int(1)))).to_vec();
        let found = all(&object(fields, vec![vec!["a".into(), "b".into()]]), 9).unwrap();
        assert_eq!(found, ["{}", "{ b: 1 }", "{ a: 1 }"]);
    }

    #[test]
    fn what_is_never_drawn_is_not_there() {
        let weighted = Pattern::Weighted(vec![(0, texts(&["a"])), (3, texts(&["b"]))]);
        assert_eq!(all(&weighted, 9).unwrap(), ["\"b\""]);
    }

    #[test]
    fn what_only_looks_small_is_not_listed() {
        let within = |name, argument: &str, low: &str, high: &str| {
            let number = |text: &str| Value::Number(text.parse().unwrap());
            let range = Value::Range(Arc::new((number(low), number(high))));
            let args: Object = [(argument.into(), range)].into_iter().collect();
            types::of_type(name, args).unwrap()
        };
        assert_eq!(all(&within("int", "range", "1", "2"), 9).unwrap(), ["1", "2"]);
        // Between two decimals lie more, and a text of one character is not only a letter.
        assert!(all(&within("decimal", "range", "0.00", "0.03"), 99).is_none());
        assert!(all(&within("text", "length", "0", "1"), 99).is_none());
        assert_eq!(all(&within("text", "length", "0", "0"), 9).unwrap(), ["\"\""]);
    }

    #[test]
    fn what_is_computed_follows_its_siblings_in_any_order() {
        let sibling = |of: &'static str| {
            Pattern::Derived(
                of.into(),
                crate::shape::Derive::new([of], move |object: &Value| {
                    let value = object.as_object().and_then(|fields| fields.get(of));
                    let text = value.and_then(Value::as_text).ok_or("not yet")?;
                    Ok(Value::text(format!("{text}!")))
                }),
            )
        };
        let fields = vec![
            FieldPattern::new("b", false, sibling("a")),
            FieldPattern::new("a", false, sibling("w")),
            FieldPattern::new("w", false, texts(&["x", "y"])),
        ];
        let found = all(&object(fields, Vec::new()), 9).unwrap();
        assert_eq!(found, ["{ b: \"x!!\", a: \"x!\", w: \"x\" }", "{ b: \"y!!\", a: \"y!\", w: \"y\" }"]);
    }
}
