//! Who must have come before whom.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Respect;
use super::transaction::{Step, Transaction};
use super::versions::Versions;
use crate::history::meter::{Meter, Stop};
use crate::history::{Operation, Outcome, Same};

/// Why one must have come before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Tie {
    /// It appended to a list right before the other did.
    Ww,
    /// The other read what it appended.
    Wr,
    /// It did not read what the other appended.
    Rw,
    /// Its process did the other after it.
    Process,
    /// It was over before the other began.
    Realtime,
    /// From a node that only collects: the tie is that of the edge which leads to it.
    Through,
}

/// A tie with the element that shows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) tie: Tie,
    pub(super) element: Option<usize>,
}

/// The dependencies of the transactions that took effect. Where many come before many, a node
/// between them collects: it is no transaction.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) edges: DiGraph<Option<usize>, Edge>,
}

/// Of the transactions that read the end of a list and appended to it unseen, so many are tied to
/// all others; any two of them are a cycle.
const BOTH: usize = 64;

impl Graph {
    /// The dependencies of transactions.
    ///
    /// # Errors
    /// The limit that came first.
    pub(super) fn of(
        transactions: &[Transaction],
        versions: &Versions,
        operations: &[Operation],
        respect: Respect,
        meter: &mut Meter<'_>,
    ) -> Result<Graph, Stop> {
        let mut edges = DiGraph::new();
        let nodes: Vec<Option<NodeIndex>> = (0..transactions.len())
            .map(|at| versions.committed[at].then(|| edges.add_node(Some(at))))
            .collect();
        let mut maker = Maker { edges, nodes, versions, meter };
        maker.meter.take(transactions.len() * NODE_BYTES)?;
        maker.writes()?;
        maker.reads(transactions)?;
        let spans: Vec<(usize, &Operation)> = (0..transactions.len())
            .filter(|at| versions.committed[*at])
            .map(|at| (at, &operations[transactions[at].at]))
            .collect();
        match respect {
            Respect::Results => {}
            Respect::Process => maker.processes(spans)?,
            Respect::Realtime => maker.realtime(&spans)?,
        }
        Ok(Graph { edges: maker.edges })
    }

    /// The transactions in an order that is true to all dependencies, if there is one.
    pub(super) fn order(&self) -> Option<Vec<usize>> {
        let sorted = toposort(&self.edges, None).ok()?;
        Some(sorted.into_iter().filter_map(|node| self.edges[node]).collect())
    }
}

/// What a node and an edge take, growth of the vectors and what a search keeps of them included.
const NODE_BYTES: usize = 96;
const EDGE_BYTES: usize = 2 * (size_of::<Edge>() + 16);

struct Maker<'a, 'm> {
    edges: DiGraph<Option<usize>, Edge>,
    nodes: Vec<Option<NodeIndex>>,
    versions: &'a Versions,
    meter: &'a mut Meter<'m>,
}

impl Maker<'_, '_> {
    fn edge(&mut self, from: NodeIndex, to: NodeIndex, tie: Tie, element: Option<usize>) -> Result<(), Stop> {
        self.edges.add_edge(from, to, Edge { tie, element });
        self.meter.work(1)?;
        self.meter.take(EDGE_BYTES)
    }

    fn tie(&mut self, from: usize, to: usize, tie: Tie, element: Option<usize>) -> Result<(), Stop> {
        match (self.nodes[from], self.nodes[to]) {
            (Some(from), Some(to)) if from != to => self.edge(from, to, tie, element),
            _ => Ok(()),
        }
    }

    fn writes(&mut self) -> Result<(), Stop> {
        let versions = self.versions;
        for list in &versions.lists {
            let kept: Vec<(usize, usize)> = list
                .order
                .iter()
                .filter_map(|element| Some((*element, versions.committed_writer(*element)?)))
                .collect();
            for pair in kept.windows(2) {
                self.tie(pair[0].1, pair[1].1, Tie::Ww, Some(pair[1].0))?;
            }
        }
        Ok(())
    }

    fn reads(&mut self, transactions: &[Transaction]) -> Result<(), Stop> {
        let versions = self.versions;
        // For each list, for each length of it, the next element that took effect.
        let next: Vec<Vec<Option<usize>>> = versions
            .lists
            .iter()
            .map(|list| {
                let mut next = vec![None; list.order.len() + 1];
                for (at, element) in list.order.iter().enumerate().rev() {
                    let kept = versions.committed_writer(*element).map(|_| *element);
                    next[at] = kept.or(next[at + 1]);
                }
                next
            })
            .collect();
        // For each list, who saw all of it that anybody saw.
        let mut ends: Vec<BTreeMap<usize, Tie>> = vec![BTreeMap::new(); versions.lists.len()];
        for (list, ends) in versions.lists.iter().zip(&mut ends) {
            let last = list.order.iter().rev().find_map(|element| versions.committed_writer(*element));
            ends.extend(last.map(|last| (last, Tie::Ww)));
        }
        for (at, transaction) in transactions.iter().enumerate() {
            if transaction.outcome != Outcome::Ok {
                continue;
            }
            for ((list, elements), step) in versions.steps[at].iter().zip(&transaction.steps) {
                if !versions.lists[*list].is_told || !matches!(step, Step::Read { elements: Some(_), .. }) {
                    continue;
                }
                // The last element that others appended; its own ones stand behind it.
                let others = |element: &&usize| {
                    versions.committed_writer(**element).is_some_and(|writer| writer != at)
                };
                if let Some(&seen) = elements.iter().rev().find(others)
                    && let Some(writer) = versions.committed_writer(seen)
                {
                    self.tie(writer, at, Tie::Wr, Some(seen))?;
                }
                match next[*list].get(elements.len()).copied().flatten() {
                    Some(missed) => {
                        if let Some(writer) = versions.committed_writer(missed) {
                            self.tie(at, writer, Tie::Rw, Some(missed))?;
                        }
                    }
                    None => {
                        ends[*list].entry(at).or_insert(Tie::Rw);
                    }
                }
            }
        }
        for (list, ends) in ends.into_iter().enumerate() {
            self.unseen(list, &ends)?;
        }
        Ok(())
    }

    /// Whoever saw the end of a list came before all who appended unseen.
    fn unseen(&mut self, list: usize, ends: &BTreeMap<usize, Tie>) -> Result<(), Stop> {
        let versions = self.versions;
        let list = &versions.lists[list];
        if !list.is_told || list.unseen.is_empty() || ends.is_empty() {
            return Ok(());
        }
        let mut writers: BTreeMap<usize, usize> = BTreeMap::new();
        for &element in &list.unseen {
            if let Some(writer) = versions.committed_writer(element) {
                writers.entry(writer).or_insert(element);
            }
        }
        let middle = self.edges.add_node(None);
        for (&writer, &element) in &writers {
            if let Some(node) = self.nodes[writer] {
                self.edge(middle, node, Tie::Through, Some(element))?;
            }
        }
        let both: BTreeSet<usize> = ends.keys().copied().filter(|at| writers.contains_key(at)).collect();
        for (&at, &tie) in ends {
            if both.contains(&at) {
                continue;
            }
            if let Some(node) = self.nodes[at] {
                self.edge(node, middle, tie, None)?;
            }
        }
        // Through the middle these would come before themselves.
        for &at in both.iter().take(BOTH) {
            for (&writer, &element) in &writers {
                self.tie(at, writer, ends[&at], Some(element))?;
            }
        }
        Ok(())
    }

    fn processes(&mut self, mut spans: Vec<(usize, &Operation)>) -> Result<(), Stop> {
        spans.sort_by_key(|(_, operation)| operation.start);
        let mut last: IndexMap<Same, usize> = IndexMap::new();
        for (at, operation) in spans {
            let process = Same::of(&operation.process);
            if let Some(&before) = last.get(&process) {
                self.tie(before, at, Tie::Process, None)?;
            }
            // One of unknown outcome may take effect after what its process did next.
            if operation.outcome == Outcome::Ok {
                last.insert(process, at);
            }
        }
        Ok(())
    }

    fn realtime(&mut self, spans: &[(usize, &Operation)]) -> Result<(), Stop> {
        self.meter.take(spans.len() * NODE_BYTES)?;
        let mut ends: BTreeMap<i64, Option<NodeIndex>> = BTreeMap::new();
        ends.extend(spans.iter().filter_map(|(_, operation)| Some((operation.end?, None))));
        let mut before: Option<NodeIndex> = None;
        for node in ends.values_mut() {
            let moment = self.edges.add_node(None);
            if let Some(before) = before {
                self.edge(before, moment, Tie::Through, None)?;
            }
            before = Some(moment);
            *node = Some(moment);
        }
        for (at, operation) in spans {
            let Some(node) = self.nodes[*at] else { continue };
            if let Some(moment) = operation.end.and_then(|end| ends.get(&end).copied().flatten()) {
                self.edge(node, moment, Tie::Realtime, None)?;
            }
            if let Some((_, Some(moment))) = ends.range(..operation.start).next_back() {
                self.edge(*moment, node, Tie::Through, None)?;
            }
        }
        Ok(())
    }
}
