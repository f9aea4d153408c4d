//! A pattern made ready for drawing: what follows from the pattern alone is worked out here, once,
//! and not for every value.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::key::{DrawKey, Label};
use super::leaf::Leaf;
use super::{bounds, limits, merge, regex};
use crate::shape::describe::describe_short;
use crate::shape::{Derive, Make, ObjectPattern, Pattern, malformed, near_miss};
use crate::value::Value;

/// A pattern, ready.
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Whether something that is made late may be below.
    pub(super) late: bool,
    /// Whether a part below must differ from its like in the list around.
    pub(super) unique: bool,
    /// Whether it looks at its siblings.
    pub(super) computes: bool,
}

pub(super) enum Kind {
    /// A value without parts, and the pattern it fits.
    Leaf(Leaf, Pattern, Limits),
    Regex(regex::Text, Limits),
    Absent,
    /// One of them, as often as its weight says; the sum of the weights.
    Choice(Vec<(u64, Node)>, u128, OnceLock<Vec<usize>>),
    List(Vec<Node>),
    Sized(Box<Node>, u64, u64),
    Object(Fields),
    Map {
        key: Box<Node>,
        value: Box<Node>,
        least: u64,
        most: u64,
    },
    Derived(Arc<str>, Derive),
    Named(Arc<str>, Box<Node>),
    /// Differs from every value that was drawn of the same number in the list around.
    Unique(Box<Node>, usize, Pattern),
    Edges(Box<Node>, u16),
    Late(Late),
    /// Drawn of one after the other until the whole pattern fits.
    Tested(Vec<Node>, Pattern),
    /// What is wrong of a pattern, and how it is made.
    Wrong(&'static Mistake, Pattern),
    /// Nothing can be drawn, and why.
    Cannot(String),
}

/// How what is wrong of a pattern is made, by a key. Errors: nothing can be drawn of the pattern.
#[derive(Debug)]
pub(in crate::shape) struct Mistake {
    /// One of them.
    pub(in crate::shape) one: fn(&Pattern, &DrawKey) -> Result<Value, String>,
    /// One of each kind.
    pub(in crate::shape) each: fn(&Pattern, &DrawKey) -> Result<Vec<Value>, String>,
}

/// Boundary values, found when they are first asked for.
pub(super) type Limits = OnceLock<Vec<Value>>;

/// The fields of an object.
pub(super) struct Fields {
    pub(super) fields: Vec<Field>,
    /// Groups of indexes of which at most one is there.
    pub(super) exclusive: Vec<Vec<usize>>,
    /// Whether some are not there without others.
    pub(super) hang: bool,
}

pub(super) struct Field {
    pub(super) name: Arc<str>,
    pub(super) label: Label,
    pub(super) optional: bool,
    /// Whether it belongs to a group of which at most one is there.
    pub(super) grouped: bool,
    /// The optional fields, by their indexes, without which it is not there: it is optional too, and
    /// computed from them.
    pub(super) of: Vec<usize>,
    pub(super) node: Node,
}

/// What is made when a draw first comes by.
pub(super) struct Late {
    pub(super) name: Arc<str>,
    make: Make,
    /// Where it is kept for all; a node that owned itself would never be freed.
    node: OnceLock<Weak<Node>>,
    /// The node, when there are too many to keep them.
    own: OnceLock<Arc<Node>>,
}

/// What the nodes of one drawer share.
#[derive(Default)]
pub(super) struct Shared {
    uniques: AtomicUsize,
    /// What was made late, by where its maker is: descriptions that contain themselves come back
    /// to the same maker.
    made: Mutex<BTreeMap<usize, (Make, Arc<Node>)>>,
}

/// So many things that are made late are remembered; a maker that makes new makers without end is
/// asked each time.
const REMEMBERED: usize = 4_096;

impl Late {
    pub(super) fn node(&self, shared: &Shared) -> Arc<Node> {
        if let Some(node) = self.node.get().and_then(Weak::upgrade).or_else(|| self.own.get().cloned()) {
            return node;
        }
        let at = Arc::as_ptr(&self.make).cast::<()>() as usize;
        let made = || shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, node)) = made().get(&at) {
            self.node.get_or_init(|| Arc::downgrade(node));
            return node.clone();
        }
        // Not locked while it is made: making may come back here.
        let node = Arc::new(node(&(self.make)(), shared));
        let mut made = made();
        if made.len() < REMEMBERED {
            // Another thread may have been first.
            let (_, node) = made.entry(at).or_insert_with(|| (self.make.clone(), node));
            self.node.get_or_init(|| Arc::downgrade(node));
            return node.clone();
        }
        self.own.get_or_init(|| node).clone()
    }
}

impl Node {
    fn leaf(pattern: &Pattern, leaf: Result<Leaf, String>) -> Node {
        Node::plain(match leaf {
            Ok(leaf) => Kind::Leaf(leaf, pattern.clone(), Limits::new()),
            Err(why) => Kind::Cannot(why),
        })
    }

    fn plain(kind: Kind) -> Node {
        Node { kind, late: false, unique: false, computes: false }
    }

    fn around<'a>(kind: Kind, parts: impl Iterator<Item = &'a Node> + Clone) -> Node {
        Node {
            kind,
            late: parts.clone().any(|part| part.late),
            unique: parts.clone().any(|part| part.unique),
            computes: parts.clone().any(|part| part.computes),
        }
    }

    fn over(inner: Node, kind: impl FnOnce(Box<Node>) -> Kind) -> Node {
        let (late, unique, computes) = (inner.late, inner.unique, inner.computes);
        Node { kind: kind(Box::new(inner)), late, unique, computes }
    }

    /// The boundary values of a node without parts.
    pub(super) fn limits(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::Leaf(leaf, pattern, limits) => Some(limits.get_or_init(|| limits::of(pattern, leaf))),
            Kind::Regex(text, limits) => {
                Some(limits.get_or_init(|| text.edges().into_iter().map(Value::text).collect()))
            }
            _ => None,
        }
    }
}

/// Makes a pattern ready.
pub(super) fn node(pattern: &Pattern, shared: &Shared) -> Node {
    let inside = |inner: &Pattern| node(inner, shared);
    match pattern {
        Pattern::Equals(Value::Regex(source)) | Pattern::Regex(source) => match regex::Text::new(source) {
            Ok(text) => Node::plain(Kind::Regex(text, Limits::new())),
            Err(why) => Node::plain(Kind::Cannot(why)),
        },
        Pattern::Equals(Value::Range(range)) => {
            Node::leaf(&Pattern::Range(range.0.clone(), range.1.clone()), bounds::range(&range.0, &range.1))
        }
        Pattern::Absent | Pattern::Equals(Value::Absent) => Node::plain(Kind::Absent),
        Pattern::Equals(value) => Node::leaf(pattern, Ok(Leaf::Only(value.clone()))),
        Pattern::Compare(op, bound) => Node::leaf(pattern, bounds::compared(*op, bound)),
        Pattern::Type(name, args) => Node::leaf(pattern, Leaf::of_type(name, args)),
        Pattern::Range(low, high) => Node::leaf(pattern, bounds::range(low, high)),
        Pattern::Union(parts) => choice(parts.iter().map(|part| (1, part)), shared),
        Pattern::Weighted(parts) => choice(parts.iter().map(|(weight, part)| (*weight, part)), shared),
        Pattern::List(items, _) | Pattern::Unordered(items, _) => {
            let items: Vec<Node> = items.iter().map(inside).collect();
            let node = Node::around(Kind::List(Vec::new()), items.iter());
            Node { kind: Kind::List(items), unique: false, ..node }
        }
        Pattern::Sized(item, least, most) => {
            let node = Node::over(inside(item), |item| Kind::Sized(item, *least, *most));
            Node { unique: false, ..node }
        }
        Pattern::Object(object) => fields(object, shared),
        Pattern::Map(map) => {
            let (key, value) = (inside(&map.key), inside(&map.value));
            let node = Node::around(Kind::Absent, [&key, &value].into_iter());
            let kind =
                Kind::Map { key: Box::new(key), value: Box::new(value), least: map.min, most: map.max };
            Node { kind, ..node }
        }
        Pattern::Named(name, inner) => Node::over(inside(inner), |inner| Kind::Named(name.clone(), inner)),
        Pattern::Derived(text, derive) => {
            let kind = Kind::Derived(text.clone(), derive.clone());
            Node { computes: true, ..Node::plain(kind) }
        }
        Pattern::Unique(inner) => {
            let number = shared.uniques.fetch_add(1, Ordering::Relaxed);
            let node = Node::over(inside(inner), |inner| Kind::Unique(inner, number, pattern.clone()));
            Node { unique: true, ..node }
        }
        Pattern::Edges(inner, share) => Node::over(inside(inner), |inner| Kind::Edges(inner, *share)),
        Pattern::Late(name, make) => {
            let late =
                Late { name: name.clone(), make: make.clone(), node: OnceLock::new(), own: OnceLock::new() };
            Node { late: true, ..Node::plain(Kind::Late(late)) }
        }
        Pattern::All(parts) => {
            let parts: Vec<Node> = merge::candidates(parts).iter().map(inside).collect();
            tested(parts, pattern)
        }
        Pattern::Judged(inner, _) => tested(vec![inside(inner)], pattern),
        Pattern::Not(inner) => Node::plain(Kind::Wrong(&near_miss::NEAR_MISS, (**inner).clone())),
        Pattern::Malformed(inner) => Node::plain(Kind::Wrong(&malformed::MALFORMED, (**inner).clone())),
        Pattern::Anything => {
            let why = format!("nothing can be drawn of `{}`: say more about it", describe_short(pattern));
            Node::plain(Kind::Cannot(why))
        }
    }
}

fn tested(parts: Vec<Node>, pattern: &Pattern) -> Node {
    let parts: Vec<Node> = parts.into_iter().filter(|part| !matches!(part.kind, Kind::Cannot(_))).collect();
    if parts.is_empty() {
        let why = format!("nothing can be drawn of `{}`: say more about it", describe_short(pattern));
        return Node::plain(Kind::Cannot(why));
    }
    let node = Node::around(Kind::Absent, parts.iter());
    Node { kind: Kind::Tested(parts, pattern.clone()), ..node }
}

fn choice<'a>(parts: impl Iterator<Item = (u64, &'a Pattern)>, shared: &Shared) -> Node {
    let parts: Vec<(u64, Node)> = parts.map(|(weight, part)| (weight, node(part, shared))).collect();
    let sum = parts.iter().map(|(weight, _)| u128::from(*weight)).sum();
    if sum == 0 {
        return Node::plain(Kind::Cannot("a union of nothing has no values".to_owned()));
    }
    let node = Node::around(Kind::Absent, parts.iter().map(|(_, part)| part));
    Node { kind: Kind::Choice(parts, sum, OnceLock::new()), ..node }
}

/// The optional fields from which a pattern is computed.
fn computed_of(object: &ObjectPattern, pattern: &Pattern) -> Vec<usize> {
    match pattern {
        Pattern::Derived(_, derive) => {
            let may_lack = |name: &Arc<str>| {
                object.fields.iter().position(|field| field.name == *name && field.optional)
            };
            derive.siblings().iter().filter_map(may_lack).collect()
        }
        Pattern::Named(_, inner) => computed_of(object, inner),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) => computed_of(object, inner),
        _ => Vec::new(),
    }
}

impl Fields {
    /// Which fields are there when these are wanted: without those that are computed from one that
    /// is not.
    pub(super) fn without_orphans(&self, wanted: &[bool]) -> Vec<bool> {
        let mut there = wanted.to_vec();
        // One may be computed from another that is computed.
        while let Some(orphan) = (0..there.len())
            .find(|&at| there[at] && self.fields[at].of.iter().any(|&sibling| !there[sibling]))
        {
            there[orphan] = false;
        }
        there
    }
}

fn fields(object: &ObjectPattern, shared: &Shared) -> Node {
    let place = |name: &Arc<str>| object.fields.iter().position(|field| field.name == *name);
    let exclusive: Vec<Vec<usize>> =
        object.exclusive.iter().map(|group| group.iter().filter_map(place).collect()).collect();
    let fields: Vec<Field> = object
        .fields
        .iter()
        .enumerate()
        .map(|(at, field)| Field {
            name: field.name.clone(),
            label: Label::field(&field.name),
            optional: field.optional,
            grouped: field.optional && exclusive.iter().any(|group| group.contains(&at)),
            of: if field.optional { computed_of(object, &field.pattern) } else { Vec::new() },
            node: node(&field.pattern, shared),
        })
        .collect();
    let node = Node::around(Kind::Absent, fields.iter().map(|field| &field.node));
    // Siblings that are looked at are looked at here.
    let hang = fields.iter().any(|field| !field.of.is_empty());
    Node { kind: Kind::Object(Fields { fields, exclusive, hang }), computes: false, ..node }
}
