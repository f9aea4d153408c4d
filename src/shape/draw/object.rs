//! Drawing an object: which of its fields are there, those that stand for themselves, then those
//! that are computed from their siblings, in whatever order they need each other.

use std::sync::Arc;

use super::key::Label;
use super::node::{Field, Fields};
use super::part::{Drawing, Drawn, Site, Stuck};
use crate::value::{Object, Value};

impl Drawing<'_> {
    /// An object.
    pub(super) fn object(&self, shape: &Fields, site: Site<'_>) -> Drawn {
        self.of_parts(shape, &present(shape, site, None), site, |_, field| self.field(field, site))
    }

    /// An object with these of its fields. `part` gives what does not look at its siblings, by its
    /// index.
    pub(super) fn of_parts(
        &self,
        shape: &Fields,
        there: &[bool],
        site: Site<'_>,
        part: impl Fn(usize, &Field) -> Drawn,
    ) -> Drawn {
        let pruned;
        let there = if shape.hang {
            pruned = shape.without_orphans(there);
            &pruned[..]
        } else {
            there
        };
        let mut object = Object::with_capacity(shape.fields.len());
        let mut waiting: Vec<(usize, &Field)> = Vec::new();
        let mut gaps = false;
        for (at, field) in shape.fields.iter().enumerate().filter(|(at, _)| there[*at]) {
            let value = if field.node.computes {
                waiting.push((object.len(), field));
                Value::Absent
            } else {
                part(at, field)?
            };
            gaps |= matches!(value, Value::Absent) && !field.node.computes;
            object.insert(field.name.clone(), value);
        }
        let mut whole = Arc::new(object);
        while !waiting.is_empty() {
            let mut stuck = None;
            let mut left = Vec::new();
            let before = waiting.len();
            for (at, field) in waiting {
                let here = Value::Object(whole);
                let drawn = self.within(field, site, &here);
                let Value::Object(back) = here else { return Err("an object stays one".into()) };
                whole = back;
                match drawn {
                    Ok(value) => {
                        gaps |= matches!(value, Value::Absent);
                        if let Some((_, place)) = Arc::make_mut(&mut whole).get_index_mut(at) {
                            *place = value;
                        }
                    }
                    Err(Stuck::Again) => return Err(Stuck::Again),
                    Err(why) => {
                        stuck.get_or_insert(why);
                        left.push((at, field));
                    }
                }
            }
            if let Some(why) = stuck.filter(|_| left.len() == before) {
                return Err(circle(why, &left));
            }
            waiting = left;
        }
        if gaps {
            Arc::make_mut(&mut whole).retain(|_, value| !matches!(value, Value::Absent));
        }
        Ok(Value::Object(whole))
    }

    /// A field that does not look at its siblings.
    pub(super) fn field(&self, field: &Field, site: Site<'_>) -> Drawn {
        self.within(field, site, &Value::Absent)
    }

    fn within(&self, field: &Field, site: Site<'_>, here: &Value) -> Drawn {
        let site = Site { here, ..site.at(field.label) };
        self.part(&field.node, site).map_err(|stuck| match stuck {
            Stuck::Why(why) => Stuck::Why(match why.starts_with("`.") {
                true => format!("`.{}{}", field.name, &why[1..]),
                false => format!("`.{}`: {why}", field.name),
            }),
            Stuck::Again => Stuck::Again,
        })
    }
}

/// Why nothing more could be computed: several that wait may wait for each other.
fn circle(why: Stuck, left: &[(usize, &Field)]) -> Stuck {
    match why {
        Stuck::Why(why) if left.len() > 1 => {
            let names: Vec<String> = left.iter().map(|(_, field)| format!("`.{}`", field.name)).collect();
            Stuck::Why(format!("{why}; do {} need each other?", names.join(" and ")))
        }
        why => why,
    }
}

/// Which fields are there. `set` says it of one, by its index.
pub(super) fn present(shape: &Fields, site: Site<'_>, set: Option<(usize, bool)>) -> Vec<bool> {
    let mut there: Vec<bool> = Vec::with_capacity(shape.fields.len());
    for (at, field) in shape.fields.iter().enumerate() {
        there.push(match set {
            Some((set, there)) if set == at => there,
            _ if !field.optional => true,
            // The groups decide over their own.
            _ if field.grouped => false,
            _ => comes(field, site),
        });
    }
    for group in &shape.exclusive {
        let set = |at: &usize| there[*at];
        if !group.iter().any(set)
            && let Some(at) = highest(shape, group, site)
        {
            there[at] = true;
        }
    }
    there
}

/// Whether an optional field is there: every other time, and seldom deep in something that
/// contains itself.
fn comes(field: &Field, site: Site<'_>) -> bool {
    let mut stream = site.at(field.label).at(Label::THERE).place.stream();
    let shift = if field.node.late { u32::from(site.lates).min(64) } else { 0 };
    stream.below(2u128 << shift) == 0
}

/// The member of a group that is there, if any: the one with the highest number of its own, so
/// that a further member changes nothing unless it is the one.
fn highest(shape: &Fields, group: &[usize], site: Site<'_>) -> Option<usize> {
    let number = |label: Label| site.at(label).at(Label::THERE).place.stream().below(1 << 64);
    let deep = site.lates > 2;
    let members = group.iter().filter_map(|&at| {
        let field = shape.fields.get(at).filter(|field| !(deep && field.node.late))?;
        Some((number(field.label), Some(at)))
    });
    let none = (number(Label::CHOICE), None);
    members.chain([none]).max_by_key(|(number, _)| *number).and_then(|(_, at)| at)
}
