//! How a draw of something that contains itself comes to its end: the deeper it is, the likelier
//! it takes the way out.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Drawer;
use super::key::Label;
use super::node::{Kind, Node};
use super::part::Site;

/// Ways out that are longer are not looked for.
const LONGEST: u32 = 24;

/// Which alternative leads out, when it is time to; `None` when each may be taken. The further in,
/// the likelier it is time.
pub(super) fn of_choice(
    drawer: &Drawer,
    parts: &[(u64, Node)],
    ways: &OnceLock<Vec<usize>>,
    late: bool,
    site: Site<'_>,
) -> Option<usize> {
    if !late || site.lates == 0 {
        return None;
    }
    let mut stream = site.at(Label::THERE).place.stream();
    let goes_on = stream.below(1u128 << u32::from(site.lates).min(64)) == 0;
    if goes_on {
        return None;
    }
    let ways = ways.get_or_init(|| nearest(drawer, parts));
    (!ways.is_empty()).then(|| ways[stream.index(ways.len())])
}

/// The alternatives from which the way out is shortest.
fn nearest(drawer: &Drawer, parts: &[(u64, Node)]) -> Vec<usize> {
    let mut known = BTreeMap::new();
    for fuel in 0..=LONGEST {
        let lengths: Vec<Option<u32>> =
            parts.iter().map(|(_, part)| length(drawer, part, fuel, &mut known)).collect();
        if let Some(least) = lengths.iter().flatten().min() {
            let nearest = lengths
                .iter()
                .enumerate()
                .filter(|(at, length)| **length == Some(*least) && parts[*at].0 > 0);
            return nearest.map(|(at, _)| at).collect();
        }
    }
    Vec::new()
}

/// How many things that are made late must be gone through at least to come to an end; `None`
/// when they are more than `fuel`.
fn length(
    drawer: &Drawer,
    node: &Node,
    fuel: u32,
    known: &mut BTreeMap<(usize, u32), Option<u32>>,
) -> Option<u32> {
    if !node.late {
        return Some(0);
    }
    let mut longest = |parts: Vec<&Node>| {
        parts.into_iter().try_fold(0, |most: u32, part| Some(most.max(length(drawer, part, fuel, known)?)))
    };
    match &node.kind {
        Kind::List(items) => longest(items.iter().collect()),
        Kind::Object(shape) => {
            longest(shape.fields.iter().filter(|field| !field.optional).map(|field| &field.node).collect())
        }
        Kind::Sized(_, 0, _) | Kind::Map { least: 0, .. } => Some(0),
        Kind::Map { key, value, .. } => longest(vec![key, value]),
        Kind::Sized(inner, ..) | Kind::Named(_, inner) | Kind::Unique(inner, ..) | Kind::Edges(inner, _) => {
            length(drawer, inner, fuel, known)
        }
        Kind::Choice(parts, ..) => {
            parts.iter().filter_map(|(_, part)| length(drawer, part, fuel, known)).min()
        }
        Kind::Tested(parts, _) => parts.iter().filter_map(|part| length(drawer, part, fuel, known)).min(),
        Kind::Late(late) => {
            let left = fuel.checked_sub(1)?;
            let inner = late.node(&drawer.shared).clone();
            let at = (std::sync::Arc::as_ptr(&inner) as usize, left);
            if let Some(known) = known.get(&at) {
                return *known;
            }
            let found = length(drawer, &inner, left, known).map(|length| length + 1);
            known.insert(at, found);
            found
        }
        Kind::Leaf(..)
        | Kind::Regex(..)
        | Kind::Absent
        | Kind::Derived(..)
        | Kind::Wrong(..)
        | Kind::Cannot(_) => Some(0),
    }
}
