//! The boundary values of a whole, in a fixed order: the least, the most, then the boundaries of
//! each part, one at a time, so that what one of them breaks is not hidden by another.

use super::key::{DrawKey, Label, Place};
use super::node::{Field, Fields, Kind, Node};
use super::object::present;
use super::part::{Drawing, LONGER, MAX_ELEMENTS, Site, Stuck};
use super::{BOUNDARIES, Drawer};
use crate::shape::Index;
use crate::shape::matching::fits;
use crate::value::{Object, Value};
use std::cell::OnceCell;
use std::sync::Arc;

/// Of a part of a part no more boundary values are looked at.
const OF_A_PART: usize = 64;
/// Things that are made late are looked into so deep.
const DEPTH: u8 = 2;
/// A list at its upper limit has at most so many elements.
const LONGEST: u64 = 100;

/// The boundary values of a drawer's pattern.
pub(super) fn of(drawer: &Drawer, key: &DrawKey, most: usize) -> Vec<Value> {
    let drawing = Drawing::new(drawer);
    let site = Site::new(Place::new(key), 0, None);
    let mut index = Index::default();
    let mut found: Vec<Value> = Vec::new();
    for value in drawing.boundaries(&drawer.root, site, BOUNDARIES * 2) {
        let known = index.all(&value, |at| &found[at]).any(|at| alike(&found[at], &value));
        if !known && !matches!(value, Value::Absent) && fits(&drawer.pattern, &value) {
            index.add(&value, found.len());
            found.push(value);
        }
        if found.len() >= most {
            break;
        }
    }
    found
}

/// `1.0` and `1.00` are equal, and a test wants both.
fn alike(a: &Value, b: &Value) -> bool {
    crate::value::show(a) == crate::value::show(b)
}

impl Drawing<'_> {
    fn boundaries(&self, node: &Node, site: Site<'_>, most: usize) -> Vec<Value> {
        let inside = Site { depth: site.depth + 1, ..site };
        let plain = || self.part(node, site).into_iter().collect::<Vec<Value>>();
        let mut found = match &node.kind {
            Kind::Leaf(..) | Kind::Regex(..) => match node.limits() {
                Some(limits) if !limits.is_empty() => limits.to_vec(),
                _ => plain(),
            },
            Kind::Absent => vec![Value::Absent],
            Kind::Choice(parts, ..) => {
                let each = parts.iter().filter(|(weight, _)| *weight > 0);
                let each = each.map(|(_, part)| self.boundaries(part, inside.at(Label::CHOSEN), most));
                turns(each.collect()).collect()
            }
            Kind::List(items) => self.of_list(items, inside),
            Kind::Sized(item, least, most) => self.of_sized(item, *least, *most, inside),
            Kind::Object(fields) => self.of_object(fields, inside, most),
            Kind::Map { value, least, .. } => self.of_map(node, value, *least, inside, plain()),
            Kind::Derived(..) | Kind::Cannot(_) => Vec::new(),
            Kind::Named(_, inner) | Kind::Unique(inner, ..) | Kind::Edges(inner, _) => {
                self.boundaries(inner, inside, most)
            }
            Kind::Late(late) if site.lates < DEPTH => {
                let node = late.node(&self.drawer.shared);
                self.boundaries(&node, Site { lates: site.lates + 1, ..inside }, most)
            }
            Kind::Wrong(mistake, of) => (mistake.each)(of, &site.place.own()).unwrap_or_default(),
            Kind::Late(_) => plain(),
            Kind::Tested(parts, pattern) => {
                let each = parts.iter().map(|part| self.boundaries(part, inside, most)).collect();
                turns(each).filter(|value| fits(pattern, value)).chain(plain()).collect()
            }
        };
        found.truncate(most);
        found
    }

    fn of_list(&self, items: &[Node], site: Site<'_>) -> Vec<Value> {
        let drawn: Result<Vec<Value>, _> =
            (0u64..).zip(items).map(|(i, item)| self.part(item, site.at(Label::index(i)))).collect();
        let Ok(drawn) = drawn else { return Vec::new() };
        let each = (0u64..).zip(items).map(|(i, item)| {
            let edges = self.boundaries(item, site.at(Label::index(i)), OF_A_PART).into_iter();
            let with = |edge: Value| {
                let mut items = drawn.clone();
                items[i as usize] = edge;
                Value::list(items)
            };
            edges.map(with).collect()
        });
        let each = each.collect();
        turns(each).chain([Value::list(drawn.clone())]).collect()
    }

    fn of_sized(&self, item: &Node, least: u64, most: u64, site: Site<'_>) -> Vec<Value> {
        let deep = item.late && site.lates > 0;
        let long = if deep { least } else { most.min(LONGEST.max(least + LONGER)).max(least) };
        if least > MAX_ELEMENTS {
            return Vec::new();
        }
        let scope = super::unique::Scope::of(item.unique);
        let site = Site { scope: scope.as_ref(), ..site };
        // The shorter one is the beginning of the longer one.
        let mut items = Vec::new();
        for i in 0..long {
            match self.element(item, site, i) {
                Ok(element) => items.push(element),
                Err(_) => break,
            }
        }
        if (items.len() as u64) < least {
            return Vec::new();
        }
        let short = items.get(..least as usize).unwrap_or_default().to_vec();
        let mut found = vec![Value::list(short), Value::list(items.clone())];
        if most > least && least == 0 {
            found.extend(items.first().map(|one| Value::list(vec![one.clone()])));
        }
        if long > 0 && !items.is_empty() {
            let unscoped = Site { scope: None, ..site };
            for edge in self.boundaries(item, unscoped.at(Label::index(0)), OF_A_PART) {
                let mut changed = items[..least.max(1).min(items.len() as u64) as usize].to_vec();
                changed[0] = edge;
                found.push(Value::list(changed));
            }
        }
        found
    }

    fn of_object(&self, shape: &Fields, site: Site<'_>, most: usize) -> Vec<Value> {
        let mut found = Vec::new();
        let least: Vec<bool> = shape.fields.iter().map(|field| !field.optional).collect();
        let in_groups = |at: usize| shape.exclusive.iter().any(|group| group.contains(&at));
        let full: Vec<bool> = shape
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| !(field.optional && (in_groups(at) || field.node.late && site.lates > 0)))
            .collect();
        // What stands beside a boundary is drawn once, however many boundaries there are.
        let drawn: Vec<OnceCell<Option<Value>>> = vec![OnceCell::new(); shape.fields.len()];
        let beside = |at: usize, field: &Field| {
            let value = drawn[at].get_or_init(|| self.field(field, site).ok());
            value.clone().ok_or(Stuck::Again)
        };
        for there in [&least, &full] {
            found.extend(self.of_parts(shape, there, site, beside));
        }
        let each = shape.fields.iter().enumerate().filter(|(_, field)| !field.node.computes);
        let each = each.map(|(at, field)| {
            let mut edges = self.boundaries(&field.node, site.at(field.label), OF_A_PART);
            if field.optional {
                edges.insert(0, Value::Absent);
            }
            edges.into_iter().map(|edge| (at, edge)).collect()
        });
        let usual = present(shape, site, None);
        let with = |(set, edge): (usize, Value)| {
            let is_there = !matches!(edge, Value::Absent);
            let there = match shape.fields[set].grouped {
                true => present(shape, site, Some((set, is_there))),
                false => {
                    let mut there = usual.clone();
                    there[set] = is_there;
                    there
                }
            };
            let part = |at, field: &Field| if at == set { Ok(edge.clone()) } else { beside(at, field) };
            self.of_parts(shape, &there, site, part).ok()
        };
        found.extend(turns(each.collect()).filter_map(with).take(most));
        found
    }

    fn of_map(&self, node: &Node, value: &Node, least: u64, site: Site<'_>, plain: Vec<Value>) -> Vec<Value> {
        let mut found = Vec::new();
        if least == 0 {
            found.push(Value::Object(Arc::default()));
        }
        // An entry to change: of the map as it is drawn, or of one that is drawn again.
        let filled = (0..8).find_map(|attempt| {
            let drawn = self.part(node, site.at(Label::attempt(attempt))).ok()?;
            drawn.as_object().filter(|entries| !entries.is_empty()).cloned()
        });
        if let Some(entries) = filled {
            let name = entries.keys().next().cloned().unwrap_or_default();
            for edge in self.boundaries(value, site.at(Label::VALUE), OF_A_PART) {
                let mut changed: Object = entries.clone();
                changed.insert(name.clone(), edge);
                found.push(Value::Object(Arc::new(changed)));
            }
        }
        found.extend(plain);
        found
    }
}

/// One of each in turn, so that a short look sees something of every part.
fn turns<T>(each: Vec<Vec<T>>) -> impl Iterator<Item = T> {
    let longest = each.iter().map(Vec::len).max().unwrap_or(0);
    let mut each: Vec<_> = each.into_iter().map(Vec::into_iter).collect();
    (0..longest).flat_map(move |_| each.iter_mut().filter_map(Iterator::next).collect::<Vec<T>>())
}
