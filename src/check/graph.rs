//! Which item needs which, as the walk over the trees finds it.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use indexmap::{IndexMap, IndexSet};

use super::plan::{Ends, ItemRef, PlannedDouble};

/// A service that a `kill` or the like is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disturbed {
    /// This one.
    Service(ItemRef),
    /// One that only the run knows, since it came as a value.
    Unknown,
}

/// Something of items, in the order in which they were met.
type Edged<T> = IndexMap<ItemRef, T, FixedState>;

/// Other items, in the order in which they were met.
type Others = IndexSet<ItemRef, FixedState>;

/// Edges between items, in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// What an item needs in order to run.
    uses: Edged<Others>,
    /// What an item names without running it: its stage, its owner.
    mentions: Edged<Others>,
    /// Whom an item disturbs.
    disturbs: Edged<BTreeSet<Disturbed>>,
    /// The doubles that a scenario takes.
    plays: Edged<Vec<PlannedDouble>>,
    /// The links that an item observes or breaks.
    links: Edged<BTreeSet<Ends>>,
}

/// What one item needs, names and disturbs.
#[derive(Debug, Clone, Default)]
pub(super) struct Edges {
    uses: Others,
    mentions: Others,
    disturbs: BTreeSet<Disturbed>,
    plays: Vec<PlannedDouble>,
    links: BTreeSet<Ends>,
}

impl Graph {
    /// The edges that begin at an item.
    pub(super) fn edges_of(&self, from: ItemRef) -> Edges {
        Edges {
            uses: self.uses.get(&from).cloned().unwrap_or_default(),
            mentions: self.mentions.get(&from).cloned().unwrap_or_default(),
            disturbs: self.disturbs.get(&from).cloned().unwrap_or_default(),
            plays: self.plays.get(&from).cloned().unwrap_or_default(),
            links: self.links.get(&from).cloned().unwrap_or_default(),
        }
    }

    /// Lets these be all edges that begin at an item of which none is known, or the same.
    pub(super) fn put(&mut self, from: ItemRef, edges: &Edges) {
        let Edges { uses, mentions, disturbs, plays, links } = edges;
        put(&mut self.uses, from, uses, uses.is_empty());
        put(&mut self.mentions, from, mentions, mentions.is_empty());
        put(&mut self.disturbs, from, disturbs, disturbs.is_empty());
        put(&mut self.plays, from, plays, plays.is_empty());
        put(&mut self.links, from, links, links.is_empty());
    }

    pub(super) fn uses(&mut self, from: ItemRef, to: ItemRef) {
        self.uses.entry(from).or_default().insert(to);
    }

    pub(super) fn mentions(&mut self, from: ItemRef, to: ItemRef) {
        self.mentions.entry(from).or_default().insert(to);
    }

    pub(super) fn disturbs(&mut self, from: ItemRef, whom: Disturbed) {
        self.disturbs.entry(from).or_default().insert(whom);
    }

    pub(super) fn plays(&mut self, from: ItemRef, double: PlannedDouble) {
        self.plays.entry(from).or_default().push(double);
    }

    /// The doubles that a scenario takes, in order.
    pub(super) fn played_by(&self, from: ItemRef) -> impl Iterator<Item = &PlannedDouble> {
        self.plays.get(&from).into_iter().flatten()
    }

    pub(super) fn stands_on(&mut self, from: ItemRef, link: Ends) {
        self.links.entry(from).or_default().insert(link);
    }

    /// The links that an item observes or breaks.
    pub(super) fn links_of(&self, item: ItemRef) -> impl Iterator<Item = Ends> {
        self.links.get(&item).into_iter().flatten().copied()
    }

    /// What an item needs directly.
    pub(super) fn direct(&self, from: ItemRef) -> impl Iterator<Item = ItemRef> {
        self.uses.get(&from).into_iter().flatten().copied()
    }

    /// Everything the items need, and they themselves; each after what it needs.
    pub(super) fn closure(&self, roots: impl IntoIterator<Item = ItemRef>) -> Vec<ItemRef> {
        self.closure_up_to(roots, |_| false)
    }

    /// The same, where nothing of what some items need is asked for.
    pub(super) fn closure_up_to(
        &self,
        roots: impl IntoIterator<Item = ItemRef>,
        is_end: impl Fn(ItemRef) -> bool,
    ) -> Vec<ItemRef> {
        self.walked(roots, |item| {
            let needs: Vec<ItemRef> = if is_end(item) { Vec::new() } else { self.direct(item).collect() };
            needs.into_iter()
        })
    }

    /// The same, but for some and what only those need.
    pub(super) fn closure_without(
        &self,
        roots: impl IntoIterator<Item = ItemRef>,
        left_out: impl Fn(&ItemRef) -> bool,
    ) -> Vec<ItemRef> {
        self.walked(roots, |item| {
            let needs: Vec<ItemRef> = self.direct(item).filter(|next| !left_out(next)).collect();
            needs.into_iter()
        })
    }

    fn walked(
        &self,
        roots: impl IntoIterator<Item = ItemRef>,
        needs: impl Fn(ItemRef) -> std::vec::IntoIter<ItemRef>,
    ) -> Vec<ItemRef> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for root in roots {
            visit(root, &needs, &mut seen, &mut found);
        }
        found
    }

    /// Everything that is reached or named from the items.
    pub(super) fn reached(&self, roots: impl IntoIterator<Item = ItemRef>) -> BTreeSet<ItemRef> {
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<ItemRef> = roots.into_iter().collect();
        while let Some(item) = waiting.pop() {
            if seen.insert(item) {
                waiting.extend(self.direct(item));
                waiting.extend(self.mentions.get(&item).into_iter().flatten());
            }
        }
        seen
    }

    /// Whom an item disturbs.
    pub(super) fn disturbed_by(&self, item: ItemRef) -> impl Iterator<Item = Disturbed> {
        self.disturbs.get(&item).into_iter().flatten().copied()
    }

    /// A circle among the items that pass the filter, each once: the first item leads to the
    /// next, and the last to the first.
    pub(super) fn circles(
        &self,
        items: &[ItemRef],
        through: impl Fn(ItemRef) -> bool,
        starts: impl Fn(ItemRef) -> bool,
    ) -> Vec<Vec<ItemRef>> {
        let mut found: Vec<Vec<ItemRef>> = Vec::new();
        for &start in items.iter().filter(|&&item| starts(item)) {
            if found.iter().any(|circle| circle.contains(&start)) {
                continue;
            }
            if let Some(circle) = self.way_back(start, &through) {
                found.push(circle);
            }
        }
        found
    }

    /// The shortest way from an item back to itself.
    fn way_back(&self, start: ItemRef, through: &impl Fn(ItemRef) -> bool) -> Option<Vec<ItemRef>> {
        let mut came_from: Edged<ItemRef> = Edged::default();
        let mut waiting = std::collections::VecDeque::from([start]);
        while let Some(item) = waiting.pop_front() {
            for next in self.direct(item).filter(|&next| through(next)) {
                if next == start {
                    let mut way = vec![item];
                    while let Some(&before) = way.last().and_then(|last| came_from.get(last)) {
                        way.push(before);
                    }
                    way.reverse();
                    return Some(way);
                }
                if !came_from.contains_key(&next) {
                    came_from.insert(next, item);
                    waiting.push_back(next);
                }
            }
        }
        None
    }
}

/// Most items have edges of one kind or two, and the check of a keystroke puts those of all.
fn put<T: Clone>(all: &mut Edged<T>, from: ItemRef, edges: &T, is_none: bool) {
    if !is_none {
        all.insert(from, edges.clone());
    }
}

/// Depth first with a stack of its own: a chain of actions may be long.
fn visit(
    root: ItemRef,
    needs: &impl Fn(ItemRef) -> std::vec::IntoIter<ItemRef>,
    seen: &mut BTreeSet<ItemRef>,
    found: &mut Vec<ItemRef>,
) {
    if !seen.insert(root) {
        return;
    }
    let mut stack = vec![(root, needs(root))];
    while let Some((item, rest)) = stack.last_mut() {
        match rest.next() {
            Some(next) if seen.insert(next) => stack.push((next, needs(next))),
            Some(_) => {}
            None => {
                found.push(*item);
                stack.pop();
            }
        }
    }
}
