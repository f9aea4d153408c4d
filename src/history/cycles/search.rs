//! Cycles, named by what they consist of; the shortest first.

use std::collections::VecDeque;

use indexmap::{IndexMap, IndexSet};
use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef as _};

use super::Respect;
use super::anomaly::Kind;
use super::graph::{Edge, Graph, Tie};
use crate::history::meter::{Meter, Stop};

/// So many cycles of one kind are told.
const MOST: usize = 10;
/// The search for the shortest cycles may look at so many edges; after that the first found is
/// told, short or not.
const STEPS: usize = 50_000_000;

/// A cycle: each transaction with the tie to the next one.
#[derive(Debug)]
pub(super) struct Cycle {
    pub(super) kind: Kind,
    pub(super) ties: Vec<(usize, Edge)>,
}

/// One cycle, of the gravest kind, of each part of the history that has any; and the limit that came
/// before all were looked for.
pub(super) fn cycles(graph: &Graph, respect: Respect, meter: &mut Meter<'_>) -> (Vec<Cycle>, Option<Stop>) {
    let mut search =
        Search { graph, found: Vec::new(), told: IndexSet::new(), steps: STEPS, meter, stop: None };
    let more = match respect {
        Respect::Results => None,
        Respect::Process => Some(Tie::Process),
        Respect::Realtime => Some(Tie::Realtime),
    };
    for (respect, more) in [(Respect::Results, None)].into_iter().chain(more.map(|tie| (respect, Some(tie))))
    {
        let with = |ties: &[Tie]| ties.iter().copied().chain(more).collect::<Vec<Tie>>();
        search.level(Kind::G0(respect), &with(&[Tie::Ww]));
        search.level(Kind::G1c(respect), &with(&[Tie::Ww, Tie::Wr]));
        search.level(Kind::GSingle(respect), &with(&[Tie::Ww, Tie::Wr, Tie::Rw]));
    }
    (search.found, search.stop)
}

struct Search<'a, 'm> {
    graph: &'a Graph,
    found: Vec<Cycle>,
    /// Nodes of parts of which a cycle was told.
    told: IndexSet<NodeIndex>,
    steps: usize,
    meter: &'a mut Meter<'m>,
    /// The limit that came first.
    stop: Option<Stop>,
}

impl Search<'_, '_> {
    /// Looks for cycles of these ties.
    fn level(&mut self, kind: Kind, ties: &[Tie]) {
        let graph = self.graph;
        if !self.goes_on(graph.edges.edge_count() as u64) {
            return;
        }
        let is_one = |tie: Tie| tie == Tie::Through || ties.contains(&tie);
        let filtered = EdgeFiltered::from_fn(&graph.edges, |edge| is_one(edge.weight().tie));
        let mut parts = kosaraju_scc(&filtered);
        parts.retain(|part| part.len() > 1 && !part.iter().any(|node| self.told.contains(node)));
        // Small parts have short cycles, and are cheap to search.
        parts.sort_by_key(|part| (part.len(), part.iter().min().copied()));
        for part in parts.into_iter().take(MOST) {
            if self.stop.is_some() {
                return;
            }
            let within: IndexSet<NodeIndex> = part.iter().copied().collect();
            let (kind, cycle) = match kind {
                Kind::GSingle(respect) => match self.single(&part, &within, ties) {
                    Some(cycle) => (kind, Some(cycle)),
                    None => (Kind::G2(respect), self.shortest(&part, &within, ties)),
                },
                _ => (kind, self.shortest(&part, &within, ties)),
            };
            if let Some(cycle) = cycle {
                self.told.extend(within);
                self.found.push(Cycle { kind, ties: self.merged(&cycle) });
            }
        }
    }

    /// Counts work; whether there is time left.
    fn goes_on(&mut self, steps: u64) -> bool {
        if let Err(stop) = self.meter.work(steps) {
            self.stop = Some(stop);
        }
        self.stop.is_none()
    }

    /// The shortest cycle among nodes that have one.
    fn shortest(
        &mut self,
        part: &[NodeIndex],
        within: &IndexSet<NodeIndex>,
        ties: &[Tie],
    ) -> Option<Vec<EdgeIndex>> {
        let mut best: Option<Vec<EdgeIndex>> = None;
        let mut nodes: Vec<NodeIndex> =
            part.iter().copied().filter(|node| self.graph.edges[*node].is_some()).collect();
        nodes.sort_unstable();
        for node in nodes {
            if best.is_some() && (self.steps == 0 || best.as_ref().is_some_and(|best| best.len() <= 2)) {
                break;
            }
            let found = self.path(node, node, within, ties);
            best = shorter(best, found);
            if self.stop.is_some() {
                break;
            }
        }
        best
    }

    /// The shortest cycle that has one [`Tie::Rw`].
    fn single(
        &mut self,
        part: &[NodeIndex],
        within: &IndexSet<NodeIndex>,
        ties: &[Tie],
    ) -> Option<Vec<EdgeIndex>> {
        let others: Vec<Tie> = ties.iter().copied().filter(|tie| *tie != Tie::Rw).collect();
        let graph = &self.graph.edges;
        let mut best: Option<Vec<EdgeIndex>> = None;
        let mut nodes = part.to_vec();
        nodes.sort_unstable();
        for node in nodes {
            let missed = graph.edges_directed(node, Direction::Incoming);
            let missed =
                missed.filter(|edge| edge.weight().tie == Tie::Rw && within.contains(&edge.source()));
            let missed: IndexMap<NodeIndex, EdgeIndex> =
                missed.map(|edge| (edge.source(), edge.id())).collect();
            if missed.is_empty() {
                continue;
            }
            if best.is_some() && (self.steps == 0 || best.as_ref().is_some_and(|best| best.len() <= 2)) {
                break;
            }
            let found = self.reach(node, |at| missed.contains_key(&at), within, &others);
            let found = found.and_then(|(at, mut path)| {
                path.push(*missed.get(&at)?);
                Some(path)
            });
            best = shorter(best, found);
            if self.stop.is_some() {
                break;
            }
        }
        best
    }

    fn path(
        &mut self,
        from: NodeIndex,
        to: NodeIndex,
        within: &IndexSet<NodeIndex>,
        ties: &[Tie],
    ) -> Option<Vec<EdgeIndex>> {
        self.reach(from, |at| at == to, within, ties).map(|(_, path)| path)
    }

    /// The shortest path from a node to one that is wanted, of one edge at least. Nodes that are no
    /// transactions count nothing.
    fn reach(
        &mut self,
        from: NodeIndex,
        wanted: impl Fn(NodeIndex) -> bool,
        within: &IndexSet<NodeIndex>,
        ties: &[Tie],
    ) -> Option<(NodeIndex, Vec<EdgeIndex>)> {
        let graph = &self.graph.edges;
        let mut came: IndexMap<NodeIndex, (NodeIndex, EdgeIndex)> = IndexMap::new();
        let mut queue = VecDeque::from([from]);
        let mut done: IndexSet<NodeIndex> = IndexSet::new();
        while let Some(node) = queue.pop_front() {
            if !done.insert(node) {
                continue;
            }
            for edge in graph.edges(node) {
                self.steps = self.steps.saturating_sub(1);
                if !self.goes_on(1) {
                    return None;
                }
                let (tie, next) = (edge.weight().tie, edge.target());
                if !(tie == Tie::Through || ties.contains(&tie)) || !within.contains(&next) {
                    continue;
                }
                if wanted(next) {
                    let mut path = vec![edge.id()];
                    let mut at = node;
                    while at != from {
                        let Some((before, edge)) = came.get(&at) else { break };
                        path.push(*edge);
                        at = *before;
                    }
                    path.reverse();
                    return Some((next, path));
                }
                if done.contains(&next) || came.contains_key(&next) || next == from {
                    continue;
                }
                came.insert(next, (node, edge.id()));
                if graph[next].is_some() { queue.push_back(next) } else { queue.push_front(next) }
            }
        }
        None
    }

    /// A cycle of edges as one of transactions, from its earliest one on.
    fn merged(&self, cycle: &[EdgeIndex]) -> Vec<(usize, Edge)> {
        let graph = &self.graph.edges;
        let ends = |edge: EdgeIndex| graph.edge_endpoints(edge);
        // Begin where a transaction is left.
        let first = cycle.iter().position(|edge| ends(*edge).is_some_and(|(from, _)| graph[from].is_some()));
        let mut edges = cycle.to_vec();
        edges.rotate_left(first.unwrap_or(0));
        let mut ties: Vec<(usize, Edge)> = Vec::new();
        for edge in edges {
            let Some((from, _)) = ends(edge) else { continue };
            let weight = graph[edge];
            match graph[from] {
                Some(transaction) => ties.push((transaction, weight)),
                None => {
                    if let Some((_, tie)) = ties.last_mut() {
                        tie.element = weight.element;
                    }
                }
            }
        }
        let earliest = ties.iter().enumerate().min_by_key(|(_, (transaction, _))| *transaction);
        let earliest = earliest.map_or(0, |(place, _)| place);
        ties.rotate_left(earliest);
        ties
    }
}

fn shorter(best: Option<Vec<EdgeIndex>>, other: Option<Vec<EdgeIndex>>) -> Option<Vec<EdgeIndex>> {
    match (best, other) {
        (Some(best), Some(other)) if other.len() < best.len() => Some(other),
        (None, other) => other,
        (best, _) => best,
    }
}
