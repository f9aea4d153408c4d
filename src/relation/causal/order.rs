//! The causal order as vector clocks: for each operation, how many of each process it depends on
//! (Fidge 1988, Mattern 1989).

use super::Node;

/// What the clocks of one history may take, in bytes.
const MEMORY: usize = 1 << 30;

/// A step of the causal order, from one operation to one that depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The later one follows in the same process.
    Process(usize, usize),
    /// The later one read what the earlier one wrote.
    Read(usize, usize),
}

impl Step {
    pub(super) fn from(&self) -> usize {
        let (Step::Process(from, _) | Step::Read(from, _)) = *self;
        from
    }

    pub(super) fn to(&self) -> usize {
        let (Step::Process(_, to) | Step::Read(_, to)) = *self;
        to
    }
}

/// The causal order of a history in which nothing depends on itself.
pub(super) struct Order {
    clocks: Vec<u32>,
    width: usize,
    /// Of each node: its process, and its place there from 1.
    places: Vec<(usize, u32)>,
}

impl Order {
    /// The order, or a cycle of it.
    ///
    /// # Errors
    /// When it would take too much memory.
    pub(super) fn of(nodes: &[Node], chains: usize) -> Result<Result<Order, Vec<Step>>, String> {
        let size = nodes.len().saturating_mul(chains);
        if size.saturating_mul(size_of::<u32>()) > MEMORY {
            return Err(format!(
                "{} operations of {chains} processes are more than can be held; judge fewer, or split \
                 them with `per` if they have nothing to do with each other",
                nodes.len()
            ));
        }
        let mut counts = vec![0u32; chains];
        let places: Vec<(usize, u32)> = nodes
            .iter()
            .map(|node| {
                counts[node.chain] += 1;
                (node.chain, counts[node.chain])
            })
            .collect();
        let mut order = Order { clocks: vec![0; size], width: chains, places };
        let mut waits: Vec<usize> = nodes.iter().map(|node| parents(node).count()).collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            parents(node).for_each(|parent| children[parent].push(at));
        }
        let mut ready: Vec<usize> = (0..nodes.len()).filter(|&at| waits[at] == 0).collect();
        let mut done = 0;
        while let Some(at) = ready.pop() {
            done += 1;
            for parent in parents(&nodes[at]) {
                order.join(parent, at);
            }
            let (chain, place) = order.places[at];
            order.clocks[at * chains + chain] = place;
            for &child in &children[at] {
                waits[child] -= 1;
                if waits[child] == 0 {
                    ready.push(child);
                }
            }
        }
        Ok(if done == nodes.len() { Ok(order) } else { Err(cycle(nodes, &waits)) })
    }

    fn join(&mut self, from: usize, into: usize) {
        for column in 0..self.width {
            let known = self.clocks[from * self.width + column];
            let own = &mut self.clocks[into * self.width + column];
            *own = known.max(*own);
        }
    }

    /// Whether `b` depends on `a`.
    pub(super) fn is_before(&self, a: usize, b: usize) -> bool {
        let (chain, place) = self.places[a];
        a != b && self.clocks[b * self.width + chain] >= place
    }

    /// Steps from `a` to `b`, which depends on it; steps of one process in a row are one.
    pub(super) fn path(&self, nodes: &[Node], a: usize, b: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at = b;
        while at != a {
            let next = steps_to(nodes, at).find(|step| step.from() == a || self.is_before(a, step.from()));
            let Some(step) = next else { break };
            steps.push(step);
            at = step.from();
        }
        steps.reverse();
        joined(steps)
    }
}

fn parents(node: &Node) -> impl Iterator<Item = usize> {
    node.before.into_iter().chain(node.from)
}

fn steps_to(nodes: &[Node], at: usize) -> impl Iterator<Item = Step> {
    let before = nodes[at].before.map(|before| Step::Process(before, at));
    let from = nodes[at].from.map(|from| Step::Read(from, at));
    from.into_iter().chain(before)
}

/// A cycle among the nodes that never became ready: every one of them has a parent that did not.
fn cycle(nodes: &[Node], waits: &[usize]) -> Vec<Step> {
    let Some(mut at) = waits.iter().position(|waits| *waits > 0) else { return Vec::new() };
    let mut visited = vec![false; nodes.len()];
    let mut steps: Vec<Step> = Vec::new();
    while !visited[at] {
        visited[at] = true;
        let Some(step) = steps_to(nodes, at).find(|step| waits[step.from()] > 0) else { break };
        steps.push(step);
        at = step.from();
    }
    // What led into the cycle is no part of it.
    let begins = steps.iter().position(|step| step.to() == at).unwrap_or(0);
    let mut steps = steps.split_off(begins);
    steps.reverse();
    joined(steps)
}

/// Steps of one process in a row as one.
fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut joined: Vec<Step> = Vec::new();
    for step in steps {
        match (joined.last_mut(), step) {
            (Some(Step::Process(_, last)), Step::Process(_, to)) => *last = to,
            _ => joined.push(step),
        }
    }
    joined
}
