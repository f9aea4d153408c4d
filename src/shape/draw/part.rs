//! Drawing one part.

use std::cell::Cell;

use super::Drawer;
use super::key::{DrawKey, Label, Place};
use super::node::{Kind, Node};
use super::unique::Scope;
use super::way_out;
use crate::shape::Pattern;
use crate::shape::describe::describe_short;
use crate::shape::matching::fits;
use crate::value::{Object, Value};
use std::sync::Arc;

/// A list without an upper bound, or with a far one, is drawn at most this much longer than its
/// least length.
pub(super) const LONGER: u64 = 10;
/// Shapes nested deeper than this are taken for endless.
const MAX_DEPTH: u16 = 96;
/// No list is drawn longer.
pub(super) const MAX_ELEMENTS: u64 = 100_000;
/// No draw has more parts in all: nested lists multiply.
const MAX_PARTS: u64 = 1_000_000;
/// So often a part is drawn again that does not fit the whole pattern.
const TRIES: u64 = 300;
/// So often with boundary values, where they are wanted.
const PATIENCE: u64 = 20;

/// Why a part was not drawn.
#[derive(Debug)]
pub(super) enum Stuck {
    /// It cannot be.
    Why(String),
    /// A value that is computed from its siblings is there already: the element around it has to
    /// be drawn again.
    Again,
}

impl From<String> for Stuck {
    fn from(why: String) -> Stuck {
        Stuck::Why(why)
    }
}

impl From<&str> for Stuck {
    fn from(why: &str) -> Stuck {
        Stuck::Why(why.to_owned())
    }
}

pub(super) type Drawn = Result<Value, Stuck>;

/// Where a part stands, and how it is to be drawn.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) place: Place<'a>,
    /// The nearest object around, as far as it is drawn.
    pub(super) here: &'a Value,
    pub(super) depth: u16,
    /// How many things that are made late are around.
    pub(super) lates: u8,
    /// How often boundary values are drawn, in thousandths.
    pub(super) edges: u16,
    /// What `unique(…)` in the list around has seen.
    pub(super) scope: Option<&'a Scope>,
}

impl<'a> Site<'a> {
    /// Of the whole.
    pub(super) fn new(place: Place<'a>, edges: u16, scope: Option<&'a Scope>) -> Site<'a> {
        Site { place, here: &Value::Absent, depth: 0, lates: 0, edges, scope }
    }

    pub(super) fn at(self, label: Label) -> Site<'a> {
        Site { place: self.place.at(label), ..self }
    }

    /// The same place for one more try. There are few boundary values, so after some tries they
    /// are left alone.
    pub(super) fn again(self, attempt: u64) -> Site<'a> {
        let edges = if attempt < PATIENCE { self.edges } else { 0 };
        if attempt == 0 { self } else { Site { edges, ..self.at(Label::attempt(attempt)) } }
    }
}

/// One draw: what may still be drawn of it.
pub(super) struct Drawing<'d> {
    pub(super) drawer: &'d Drawer,
    left: Cell<u64>,
}

impl<'d> Drawing<'d> {
    pub(super) fn new(drawer: &'d Drawer) -> Drawing<'d> {
        Drawing { drawer, left: Cell::new(MAX_PARTS) }
    }

    /// How many parts were drawn.
    pub(super) fn parts(&self) -> u64 {
        MAX_PARTS - self.left.get()
    }

    /// The whole.
    pub(super) fn draw(&self, key: &DrawKey, edges: Option<u16>) -> Result<Value, String> {
        self.whole(Place::new(key), edges, None).map_err(|stuck| match stuck {
            Stuck::Why(why) => why,
            // Without a list around nothing is kept apart.
            Stuck::Again => "a value that is unique was drawn twice".to_owned(),
        })
    }

    /// The whole, in a list.
    pub(super) fn whole(&self, place: Place<'_>, edges: Option<u16>, scope: Option<&Scope>) -> Drawn {
        self.part(&self.drawer.root, Site::new(place, edges.unwrap_or(0), scope))
    }

    /// One part.
    pub(super) fn part(&self, node: &Node, site: Site<'_>) -> Drawn {
        if site.depth > MAX_DEPTH {
            return Err(
                format!("the shape is nested more than {MAX_DEPTH} deep: does it contain itself?").into()
            );
        }
        self.left.set(self.left.get().checked_sub(1).ok_or_else(|| {
            format!("a value of more than {MAX_PARTS} parts is not drawn: make its lists shorter")
        })?);
        let inside = Site { depth: site.depth + 1, ..site };
        if site.edges > 0
            && let Some(limits) = node.limits()
            && let Some(value) = edge(limits, site)
        {
            return Ok(value);
        }
        match &node.kind {
            Kind::Leaf(leaf, ..) => Ok(leaf.draw(&mut site.place.stream())?),
            Kind::Regex(text, _) => Ok(Value::text(text.draw(&mut site.place.stream())?)),
            Kind::Absent => Ok(Value::Absent),
            Kind::Wrong(mistake, of) => Ok((mistake.one)(of, &site.place.own())?),
            Kind::Choice(parts, sum, ways) => {
                let at = match way_out::of_choice(self.drawer, parts, ways, node.late, site) {
                    Some(at) => at,
                    None => weighed(parts, site.at(Label::CHOICE).place.stream().below(*sum)),
                };
                let (_, part) = parts.get(at).ok_or("a choice of nothing has no values")?;
                self.part(part, inside.at(Label::CHOSEN))
            }
            Kind::List(items) => {
                let scope = Scope::of(items.iter().any(|item| item.unique));
                let scoped = Site { scope: scope.as_ref(), ..inside };
                let drawn = (0u64..).zip(items).map(|(i, item)| self.element(item, scoped, i));
                drawn.collect::<Result<Vec<Value>, Stuck>>().map(Value::list)
            }
            Kind::Sized(item, least, most) => self.sized(item, *least, *most, inside),
            Kind::Object(fields) => self.object(fields, inside),
            Kind::Map { key, value, least, most } => self.map((key, value), *least, *most, inside),
            Kind::Derived(text, derive) => {
                derive.of(site.here).map_err(|why| format!("`{text}` cannot be computed: {why}").into())
            }
            Kind::Named(name, inner) => self.part(inner, inside).map_err(|stuck| match stuck {
                Stuck::Why(why) if !why.starts_with('`') => Stuck::Why(format!("`{name}`: {why}")),
                stuck => stuck,
            }),
            Kind::Unique(inner, number, pattern) => self.unique(inner, *number, pattern, inside),
            Kind::Edges(inner, share) => self.part(inner, Site { edges: *share, ..inside }),
            Kind::Late(late) => {
                let node = late.node(&self.drawer.shared);
                self.part(&node, Site { lates: site.lates.saturating_add(1), ..inside }).map_err(|stuck| {
                    match stuck {
                        Stuck::Why(why) if !why.starts_with('`') => {
                            Stuck::Why(format!("`{}`: {why}", late.name))
                        }
                        stuck => stuck,
                    }
                })
            }
            Kind::Tested(parts, pattern) => self.tested(parts, pattern, inside),
            Kind::Cannot(why) => Err(why.as_str().into()),
        }
    }

    /// An element, drawn again when a value that is computed in it is there already.
    pub(super) fn element(&self, item: &Node, site: Site<'_>, index: u64) -> Drawn {
        let site = site.at(Label::index(index));
        let Some(scope) = site.scope.filter(|_| item.unique) else { return self.part(item, site) };
        let before = scope.mark();
        for attempt in 0..TRIES {
            let site = site.again(attempt);
            match self.part(item, site) {
                Err(Stuck::Again) => scope.back(&before),
                drawn => return drawn,
            }
        }
        Err("no element was found whose unique values are not there already: make the list shorter".into())
    }

    fn sized(&self, item: &Node, least: u64, most: u64, site: Site<'_>) -> Drawn {
        if least > MAX_ELEMENTS {
            return Err(format!("a list of more than {MAX_ELEMENTS} elements is not drawn").into());
        }
        let count = self.count(item.late, least, most, site);
        let scope = Scope::of(item.unique);
        let site = Site { scope: scope.as_ref(), ..site };
        let drawn = (0..count).map(|i| self.element(item, site, i));
        drawn.collect::<Result<Vec<Value>, Stuck>>().map(Value::list)
    }

    /// How many elements a list has. Deep in something that contains itself it has fewer.
    fn count(&self, late: bool, least: u64, most: u64, site: Site<'_>) -> u64 {
        let mut stream = site.at(Label::LENGTH).place.stream();
        if site.edges > 0 && stream.below(1_000) < u128::from(site.edges) {
            let near = most.min(least + LONGER);
            let ends = if late && site.lates > 0 { [least, least] } else { [least, near] };
            return ends[stream.index(2)];
        }
        let mut longer = most.min(least + LONGER).max(least) - least;
        if late {
            longer = longer.checked_shr(site.lates.into()).unwrap_or(0);
        }
        least + stream.below(u128::from(longer) + 1) as u64
    }

    fn map(&self, (key, value): (&Node, &Node), least: u64, most: u64, site: Site<'_>) -> Drawn {
        if least > MAX_ELEMENTS {
            return Err(format!("an object of more than {MAX_ELEMENTS} entries is not drawn").into());
        }
        let count = self.count(value.late, least, most, site);
        let mut entries = Object::new();
        for i in 0..count {
            let own = site.at(Label::index(i));
            let mut name = None;
            for attempt in 0..TRIES {
                let own = own.again(attempt);
                let drawn = self.part(key, own.at(Label::KEY))?;
                let text = drawn.as_text().ok_or("a key is a text")?;
                if !entries.contains_key(text) {
                    name = Some(Arc::from(text));
                    break;
                }
            }
            match name {
                Some(name) => {
                    let value = self.part(value, own.at(Label::VALUE))?;
                    entries.insert(name, value);
                }
                None if (entries.len() as u64) < least => {
                    return Err(format!("no {least} different keys were found").into());
                }
                None => break,
            }
        }
        Ok(Value::Object(Arc::new(entries)))
    }

    /// Draws until the whole pattern fits, of each part in turn.
    fn tested(&self, parts: &[Node], pattern: &Pattern, site: Site<'_>) -> Drawn {
        let mut stuck = None;
        for attempt in 0..TRIES {
            let site = site.again(attempt);
            for part in parts {
                match self.part(part, site) {
                    Ok(value) if fits(pattern, &value) => return Ok(value),
                    Ok(_) => {}
                    Err(Stuck::Again) => return Err(Stuck::Again),
                    Err(why) => {
                        stuck.get_or_insert(why);
                    }
                }
            }
        }
        Err(match stuck {
            Some(stuck) => stuck,
            None => {
                let shown = describe_short(pattern);
                format!("no value was found that fits all of `{shown}`: say more about it").into()
            }
        })
    }
}

/// A boundary value, as often as the site says.
fn edge(limits: &[Value], site: Site<'_>) -> Option<Value> {
    let mut stream = site.at(Label::EDGE).place.stream();
    let wanted = stream.below(1_000) < u128::from(site.edges);
    if wanted { limits.get(stream.index(limits.len())).cloned() } else { None }
}

/// The part on which a number below the sum of the weights falls.
pub(super) fn weighed(parts: &[(u64, Node)], mut at: u128) -> usize {
    for (index, (weight, _)) in parts.iter().enumerate() {
        match at.checked_sub(u128::from(*weight)) {
            Some(left) => at = left,
            None => return index,
        }
    }
    parts.len()
}
